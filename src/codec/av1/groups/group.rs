//! One group in an engine.

use std::sync::Arc;

use ::rav1e::prelude::Frame;

use super::super::Av1Settings;
use super::super::rav1e::{Rav1e, Sample};
use super::remote::picture_of;
use crate::codec::VideoEngine;
use crate::error::Result;

/// Encodes the pictures from one key frame to the next, and looks at some behind those.
pub(crate) struct Group<T: Sample> {
    engine: Rav1e<T>,
    seen: usize,
    /// How many of them are its own, known when another key frame comes.
    own: Option<usize>,
    coded: Vec<crate::codec::CodedPicture>,
}

impl<T: Sample> Group<T> {
    /// `settings` are those [of a group](Av1Settings::of_group).
    pub fn open(settings: &Av1Settings) -> Result<Self> {
        Ok(Group { engine: Rav1e::open(settings)?, seen: 0, own: None, coded: Vec::new() })
    }

    /// The next picture, its own or another's.
    pub fn picture(&mut self, frame: Arc<Frame<T>>, is_key: bool) -> Result<()> {
        if is_key && self.seen > 0 {
            self.own.get_or_insert(self.seen);
        }
        self.seen += 1;
        if self.is_done() {
            return Ok(());
        }
        self.engine.send(frame, is_key, &mut self.coded)
    }

    fn is_done(&self) -> bool {
        self.own.is_some_and(|own| self.coded.len() >= own)
    }

    /// It has seen all that it has to; gives its own pictures. The engine ends early where the stream does.
    pub fn finish(mut self) -> Result<Vec<Vec<u8>>> {
        if !self.is_done() {
            self.engine.finish(&mut self.coded)?;
        }
        self.coded.truncate(self.own.unwrap_or(self.seen));
        Ok(self.coded.into_iter().map(|picture| picture.data).collect())
    }
}

/// A group of pictures of any depth, which come as bytes.
pub(crate) enum AnyGroup {
    Bytes(Group<u8>),
    #[cfg(feature = "ten-bit")]
    Words(Group<u16>),
}

impl AnyGroup {
    pub fn open(settings: &Av1Settings) -> Result<Self> {
        settings.validate()?;
        Ok(match settings.format.bit_depth() {
            #[cfg(feature = "ten-bit")]
            9.. => AnyGroup::Words(Group::open(settings)?),
            _ => AnyGroup::Bytes(Group::open(settings)?),
        })
    }

    /// The next picture, as a [`GroupPool`](super::GroupPool) was handed it.
    pub fn picture(&mut self, settings: &Av1Settings, picture: &[u8]) -> Result<()> {
        let (picture, is_key) = picture_of(settings, picture)?;
        match self {
            AnyGroup::Bytes(group) => {
                let frame = group.engine.padded_frame(&picture.view())?;
                group.picture(Arc::new(frame), is_key)
            }
            #[cfg(feature = "ten-bit")]
            AnyGroup::Words(group) => {
                let frame = group.engine.padded_frame(&picture.view())?;
                group.picture(Arc::new(frame), is_key)
            }
        }
    }

    pub fn finish(self) -> Result<Vec<Vec<u8>>> {
        match self {
            AnyGroup::Bytes(group) => group.finish(),
            #[cfg(feature = "ten-bit")]
            AnyGroup::Words(group) => group.finish(),
        }
    }
}
