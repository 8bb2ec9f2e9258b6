//! Groups of pictures on their way to other Workers and back.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use framewright::{Container, GroupEncoder, GroupPool, VideoOptions};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::failure::from_library;
use crate::session::video_options;

/// What the encoder of a stream wants encoded elsewhere, and what has come back. A handle: the encoder has one, the session
/// another.
#[derive(Clone, Default)]
pub struct GroupDesk(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    /// A picture for a group, or its end.
    parts: VecDeque<(u64, Option<Vec<u8>>)>,
    done: BTreeMap<u64, Vec<Vec<u8>>>,
}

impl GroupDesk {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends what waits to `parts`: `stream`, number of the group, and a picture or `undefined` for its end.
    pub fn take(&self, stream: usize, parts: &Array) {
        for (group, picture) in self.lock().parts.drain(..) {
            parts.push(&(stream as f64).into());
            parts.push(&(group as f64).into());
            parts.push(&picture.map_or(JsValue::UNDEFINED, |picture| Uint8Array::from(&picture[..]).into()));
        }
    }

    /// A group has come back.
    pub fn give(&self, group: u64, packets: Vec<Vec<u8>>) {
        self.lock().done.insert(group, packets);
    }
}

impl GroupPool for GroupDesk {
    fn picture(&mut self, group: u64, picture: Vec<u8>) -> io::Result<()> {
        self.lock().parts.push_back((group, Some(picture)));
        Ok(())
    }

    fn end(&mut self, group: u64) -> io::Result<()> {
        self.lock().parts.push_back((group, None));
        Ok(())
    }

    fn take(&mut self, group: u64) -> io::Result<Option<Vec<Vec<u8>>>> {
        Ok(self.lock().done.remove(&group))
    }
}

/// Encodes one group of pictures, in a Worker beside that of the session.
#[wasm_bindgen]
pub struct Group(GroupEncoder);

#[wasm_bindgen]
impl Group {
    /// Container and options are those of the session and its stream.
    #[wasm_bindgen(constructor)]
    pub fn new(
        container: &str,
        width: u32,
        height: u32,
        options: Vec<String>,
        extra: Vec<String>,
    ) -> Result<Group, JsValue> {
        let container: Container = container.parse().map_err(from_library)?;
        let options: VideoOptions = video_options(width, height, &options, &extra)?;
        Ok(Group(GroupEncoder::new(&options, container).map_err(from_library)?))
    }

    /// Takes a picture that the session gave for it.
    #[wasm_bindgen(js_name = addPicture)]
    pub fn add_picture(&mut self, picture: &[u8]) -> Result<(), JsValue> {
        self.0.add_picture(picture).map_err(from_library)
    }

    /// Ends the group; gives its packets, which the session takes back.
    pub fn finish(self) -> Result<Array, JsValue> {
        let packets = self.0.finish().map_err(from_library)?;
        Ok(packets.iter().map(|packet| Uint8Array::from(&packet[..])).collect())
    }
}
