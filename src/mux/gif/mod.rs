//! GIF (89a): each frame has a palette of its own and is what changed since the one before.
//!
//! Pixels of an alpha below 128 are transparent, all others opaque. Times are rounded to hundredths of a second, each by
//! itself. Players take a delay of less than two of them for ten, so a frame that comes less than two after the one before
//! is left out. In memory are three frames and what one is compressed to.

mod palette;

#[cfg(test)]
mod tests;

use gif::{DisposalMethod, Encoder, Repeat};

use self::palette::Indexed;
use super::animation::{self, Frames, Rect, is_for_screens};
use super::{Container, MuxSettings, Muxer, append};
use crate::error::{Error, Result};
use crate::media::{Packet, TimeBase, Track};
use crate::sink::Sink;

pub(super) fn open(_: Container, _: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::new(GifMuxer { animation: None, plays_from: None }))
}

struct GifMuxer {
    animation: Option<Animation>,
    /// Where the first frame ends, once it is written.
    plays_from: Option<u64>,
}

struct Animation {
    frames: Frames,
    /// Writes to memory, from where the bytes go to the sink after each frame.
    encoder: Encoder<Vec<u8>>,
    /// What is shown before the next frame: transparent where nothing is.
    shown: Vec<u8>,
    count: u64,
}

/// The least delay that players take at its word, in hundredths of a second.
const SHORTEST: i64 = 2;
const HUNDREDTHS: TimeBase = TimeBase::per_second(100);
const TRANSPARENT: [u8; 4] = [0; 4];

impl Muxer for GifMuxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let track = tracks.first().ok_or_else(|| Error::input("an animation without a track"))?;
        let frames = Frames::new(track, Some(4))?;
        let (Ok(width), Ok(height)) = (u16::try_from(frames.width), u16::try_from(frames.height)) else {
            return Err(Error::input(format!("{}x{} pixels: GIF holds 65535 a side", frames.width, frames.height)));
        };
        if !is_for_screens(frames.color) {
            return Err(Error::unsupported(format!("GIF is sRGB and cannot say {}: use apng or avif", frames.color)));
        }
        let encoder = Encoder::new(Vec::new(), width, height, &[]).map_err(failed)?;
        let shown = vec![0; 4 * usize::from(width) * usize::from(height)];
        let animation = self.animation.insert(Animation { frames, encoder, shown, count: 0 });
        animation.write_out(sink)
    }

    fn packet(&mut self, mut packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let animation = self.animation.as_mut().ok_or_else(|| Error::state("a packet before the header"))?;
        // Transparency is all or nothing, and what is transparent has no colour.
        let pixels = packet.data.len() / 4;
        if packet.data.len() == animation.shown.len() && animation.frames.source_channels() == 4 {
            let (colors, alphas) = packet.data.split_at_mut(3 * pixels);
            for (index, alpha) in alphas.iter_mut().enumerate() {
                *alpha = if *alpha < 128 { 0 } else { u8::MAX };
                if *alpha == 0 {
                    (0..3).for_each(|channel| colors[channel * pixels + index] = 0);
                }
            }
        }
        let base = animation.frames.base;
        // Both are times of packets that were found to fit.
        let moment = |ticks: i64| base.rescale(ticks, HUNDREDTHS).unwrap_or(i64::MAX);
        let too_soon = |before: i64, start: i64| moment(start).saturating_sub(moment(before)) < SHORTEST;
        match animation.frames.take(&packet, too_soon)? {
            Some(frame) => animation.show(frame, sink)?,
            None => return Ok(()),
        }
        self.plays_from.get_or_insert(sink.position());
        Ok(())
    }

    /// But for its last byte, which players do not miss.
    fn plays_from(&self) -> Option<u64> {
        self.plays_from
    }

    fn finish(&mut self, _: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let mut animation = self.animation.take().ok_or_else(|| Error::state("an end before the header"))?;
        let last = animation.frames.finish();
        let last = last.ok_or_else(|| Error::input("no frame is shown after 0, so there is no picture to write"))?;
        animation.show(last, sink)?;
        self.plays_from.get_or_insert(sink.position());
        append(sink, &animation.encoder.into_inner().map_err(failed)?)
    }
}

impl Animation {
    fn write_out(&mut self, sink: &mut dyn Sink) -> Result<()> {
        append(sink, &std::mem::take(self.encoder.get_mut()))
    }

    /// Writes a frame that has ended.
    fn show(&mut self, frame: animation::Frame, sink: &mut dyn Sink) -> Result<()> {
        let next = self.frames.pending().map(|next| next.pixels.as_slice());
        if self.count == 0 && next.is_some() {
            self.encoder.set_repeat(Repeat::Infinite).map_err(failed)?;
        }
        // Pixels can be drawn over, but not taken away: where the next frame has fewer, all go.
        let vanishes = |(now, next): (&[u8], &[u8])| now[3] != 0 && next[3] == 0;
        let clears = next.is_some_and(|next| frame.pixels.chunks_exact(4).zip(next.chunks_exact(4)).any(vanishes));
        let (width, whole) = (self.frames.width as usize, Rect::whole(self.frames.width, self.frames.height));
        let changed = Rect::of_changes(&self.shown, &frame.pixels, width, 4).unwrap_or(Rect::PIXEL);

        let delays = self.delays(&frame)?;
        for (index, &delay) in delays.iter().enumerate() {
            let (first, clears) = (index == 0, clears && index + 1 == delays.len());
            let rect = match (clears, first) {
                (true, _) => whole,
                (false, true) => changed,
                (false, false) => Rect::PIXEL,
            };
            // What is there already stays: it costs next to nothing, and does not flicker.
            let shown = if first { &self.shown } else { &frame.pixels };
            let rows = rect.rows(&frame.pixels, width, 4).zip(rect.rows(shown, width, 4));
            let pixels = rows.flat_map(|(row, shown)| row.chunks_exact(4).zip(shown.chunks_exact(4)));
            let drawn = pixels.map(|(pixel, shown)| match pixel {
                [r, g, b, alpha] if *alpha != 0 && pixel != shown => Some([*r, *g, *b]),
                _ => None,
            });
            let Indexed { palette, indices, transparent } = Indexed::new(&drawn.collect::<Vec<_>>(), rect.width);
            let dispose = if clears { DisposalMethod::Background } else { DisposalMethod::Keep };
            // Parts of a picture whose sides have 16 bits.
            let [left, top, width, height] = [rect.left, rect.top, rect.width, rect.height].map(|value| value as u16);
            let (palette, buffer) = (Some(palette), indices.into());
            let written = gif::Frame {
                delay,
                dispose,
                transparent,
                top,
                left,
                width,
                height,
                palette,
                buffer,
                ..Default::default()
            };
            self.encoder.write_frame(&written).map_err(failed)?;
        }
        self.count += 1;
        self.shown = frame.pixels;
        if clears {
            self.shown.as_chunks_mut::<4>().0.fill(TRANSPARENT);
        }
        self.write_out(sink)
    }

    /// How long the frame is shown, in hundredths of a second, in pieces that 16 bits hold.
    fn delays(&self, frame: &animation::Frame) -> Result<Vec<u16>> {
        /// Some days.
        const MOST: i64 = 1000 * u16::MAX as i64;
        let moment = |ticks: i64| self.frames.base.rescale(ticks, HUNDREDTHS);
        let length = moment(frame.end).zip(moment(frame.start)).and_then(|(end, start)| end.checked_sub(start));
        let length = length.filter(|&length| length <= MOST);
        let mut rest = length.ok_or_else(|| Error::limit("a frame that lasts longer than GIF can tell"))?.max(SHORTEST);
        let mut delays = Vec::new();
        while rest > 0 {
            // What a full piece leaves has to be as long as players take at its word.
            let longest = i64::from(u16::MAX);
            let piece = if rest > longest { longest.min(rest - SHORTEST) } else { rest };
            delays.push(piece as u16); // at most 65,535
            rest -= piece;
        }
        Ok(delays)
    }
}

fn failed(error: gif::EncodingError) -> Error {
    Error::codec("GIF encoding failed").with_source(error)
}
