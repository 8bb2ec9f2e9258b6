//! What GIF and APNG share: raw packets as frames of interleaved pixels, each from when to when it is shown, and which
//! part of a frame is new.

use crate::error::{Error, Result};
use crate::media::{CodecConfig, Color, Packet, PixelFormat, Primaries, TimeBase, Track, TransferCharacteristics};

/// A frame whose end is known.
pub(super) struct Frame {
    /// Red, green, blue and perhaps alpha of each pixel, row after row.
    pub pixels: Vec<u8>,
    /// In ticks of the track, from 0.
    pub start: i64,
    pub end: i64,
}

/// Puts frames in order. One is held back, since it lasts until the next begins.
pub(super) struct Frames {
    pub width: u32,
    pub height: u32,
    pub color: Color,
    pub base: TimeBase,
    format: PixelFormat,
    /// Samples of a pixel, 3 or 4.
    channels: usize,
    pending: Option<Frame>,
}

impl Frames {
    /// Checks that `track` is one of pictures that can be taken. Pixels get `channels` samples, or what the track has.
    pub fn new(track: &Track, channels: Option<usize>) -> Result<Self> {
        let (Some(video), CodecConfig::Raw(config)) = (track.video(), &track.config) else {
            return Err(Error::unsupported(format!("an animation takes no {} track", track.config.name())));
        };
        if !config.format.is_rgb() {
            let format = config.format;
            return Err(Error::unsupported(format!("an animation of {format} pictures: they have to be rgba or rgb")));
        }
        if (video.coded_width, video.coded_height) != (video.width, video.height) || video.width.min(video.height) == 0
        {
            return Err(Error::input(format!(
                "an animation of {}x{} pixels, not shown whole",
                video.width, video.height
            )));
        }
        Ok(Frames {
            width: video.width,
            height: video.height,
            color: video.color,
            base: track.time_base,
            format: config.format,
            channels: channels.unwrap_or(config.format.planes()),
            pending: None,
        })
    }

    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Planes of a packet, 3 or 4.
    pub fn source_channels(&self) -> usize {
        self.format.planes()
    }

    fn pixel_count(&self) -> usize {
        // Sides of at most 32 bits; a product that memory cannot hold is no packet's length.
        (self.width as usize).saturating_mul(self.height as usize)
    }

    /// Takes the next packet; gives the frame before it, which has ended now. What is not shown after 0 is left out. A
    /// first packet that comes late has a frame of nothing before it. A packet that `too_soon` finds too near to the
    /// beginning of the one before is left out, whose frame takes its time.
    pub fn take(&mut self, packet: &Packet, too_soon: impl Fn(i64, i64) -> bool) -> Result<Option<Frame>> {
        let count = self.pixel_count();
        if count.checked_mul(self.format.planes()) != Some(packet.data.len()) {
            let (bytes, width, height, format) = (packet.data.len(), self.width, self.height, self.format);
            return Err(Error::input(format!("a packet of {bytes} bytes is no {format} picture of {width}x{height}")));
        }
        if packet.end() <= 0 {
            return Ok(None);
        }
        let mut start = packet.pts.max(0);
        let mut before = self.pending.take();
        match &mut before {
            Some(frame) if too_soon(frame.start, start) => {
                frame.end = packet.end();
                self.pending = before;
                return Ok(None);
            }
            Some(frame) => frame.end = start,
            None if start > 0 && !too_soon(0, start) => {
                before = Some(Frame { pixels: vec![0; count * self.channels], start: 0, end: start });
            }
            None => start = 0,
        }
        self.pending = Some(Frame { pixels: self.interleave(&packet.data, count), start, end: packet.end() });
        Ok(before)
    }

    /// The frame that [`take`](Self::take) has taken last.
    pub fn pending(&self) -> Option<&Frame> {
        self.pending.as_ref()
    }

    /// The last frame of all.
    pub fn finish(&mut self) -> Option<Frame> {
        self.pending.take()
    }

    fn interleave(&self, planes: &[u8], count: usize) -> Vec<u8> {
        let mut pixels = vec![u8::MAX; count * self.channels];
        for (channel, plane) in planes.chunks(count).enumerate().take(self.channels) {
            for (pixel, &sample) in pixels.chunks_exact_mut(self.channels).zip(plane) {
                pixel[channel] = sample;
            }
        }
        pixels
    }
}

/// Whether `color` is what a screen shows when it is told nothing: sRGB, and what is taken for it everywhere.
pub(super) fn is_for_screens(color: Color) -> bool {
    use {Primaries as P, TransferCharacteristics as T};
    matches!(color.primaries, P::Bt709 | P::Unspecified | P::Smpte170M | P::Smpte240M | P::Bt470Bg)
        && matches!(color.transfer, T::Bt709 | T::Unspecified | T::Smpte170M | T::Smpte240M | T::Srgb)
}

/// A part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

impl Rect {
    /// One pixel: the least that a frame can be of which nothing is new.
    pub const PIXEL: Rect = Rect { left: 0, top: 0, width: 1, height: 1 };

    pub fn whole(width: u32, height: u32) -> Self {
        Rect { left: 0, top: 0, width: width as usize, height: height as usize }
    }

    /// The smallest part that holds all pixels, of `channels` samples in rows of `width`, in which two frames differ.
    pub fn of_changes(before: &[u8], after: &[u8], width: usize, channels: usize) -> Option<Self> {
        let (mut rows, mut columns) = (None, None);
        let grow = |range: &mut Option<(usize, usize)>, at: usize| {
            let (first, last) = range.get_or_insert((at, at));
            (*first, *last) = ((*first).min(at), (*last).max(at));
        };
        let stride = width * channels;
        for (y, (before, after)) in before.chunks_exact(stride).zip(after.chunks_exact(stride)).enumerate() {
            if before == after {
                continue;
            }
            grow(&mut rows, y);
            let pairs = || before.chunks_exact(channels).zip(after.chunks_exact(channels));
            let first = pairs().position(|(before, after)| before != after);
            let last = pairs().rposition(|(before, after)| before != after);
            first.into_iter().chain(last).for_each(|x| grow(&mut columns, x));
        }
        let ((top, bottom), (left, right)) = (rows?, columns?);
        Some(Rect { left, top, width: right - left + 1, height: bottom - top + 1 })
    }

    /// The rows of this part of a frame.
    pub fn rows(self, pixels: &[u8], width: usize, channels: usize) -> impl Iterator<Item = &[u8]> {
        let rows = pixels.chunks_exact(width * channels).skip(self.top).take(self.height);
        rows.map(move |row| &row[self.left * channels..(self.left + self.width) * channels])
    }
}
