//! What a file says of itself, gathered piece by piece.

use framewright::media::{Attachment, Chapter, Cover, Metadata};
use wasm_bindgen::prelude::*;

use crate::failure::{from_library, timestamp};

/// Tags, chapters, a cover and attachments of a file to be. What no file can say is refused by the session that takes it.
#[wasm_bindgen]
#[derive(Default)]
pub struct About(Metadata);

#[wasm_bindgen]
impl About {
    /// Says nothing.
    #[wasm_bindgen(constructor)]
    pub fn new() -> About {
        About::default()
    }

    /// Adds a tag.
    pub fn tag(&mut self, name: &str, value: &str) {
        self.0.tags.push((name.into(), value.into()));
    }

    /// When the file was made, in seconds from 1970-01-01 00:00 UTC.
    pub fn created(&mut self, unix_seconds: f64) {
        self.0.creation_time = Some(unix_seconds as i64);
    }

    /// Adds a chapter; its times are in microseconds.
    pub fn chapter(&mut self, start: f64, end: Option<f64>, title: &str) -> Result<(), JsValue> {
        let mut chapter = Chapter::new(timestamp(start)?, title);
        chapter.end = end.map(timestamp).transpose()?;
        self.0.chapters.push(chapter);
        Ok(())
    }

    /// Sets the cover: a JPEG or PNG file.
    pub fn cover(&mut self, data: Vec<u8>) -> Result<(), JsValue> {
        self.0.cover = Some(Cover::new(data).map_err(from_library)?);
        Ok(())
    }

    /// Adds a file that travels in this one.
    pub fn attachment(&mut self, name: &str, media_type: &str, data: Vec<u8>) {
        self.0.attachments.push(Attachment::new(name, media_type, data));
    }
}

impl About {
    /// What was gathered.
    pub fn into_metadata(self) -> Metadata {
        self.0
    }
}
