//! APNG: PNG (third edition), whose frames are what changed since the one before, without loss.
//!
//! The `png` crate makes the image data of each frame by itself, as a PNG file that is taken apart again: it would ask
//! for the number of frames before the first. The chunks of the animation are written here, and that number is patched.
//! In memory are two frames and what one is compressed to.

mod delays;

#[cfg(test)]
mod tests;

use self::delays::Delays;
use super::animation::{Frame, Frames, Rect, is_for_screens};
use super::{Container, MuxSettings, Muxer, append, patch};
use crate::error::{Error, Result};
use crate::media::{Packet, Track};
use crate::sink::Sink;

pub(super) fn open(_: Container, _: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Ok(Box::new(ApngMuxer { animation: None }))
}

/// The signature of PNG (5.2).
const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Frames are written when they have ended, so the first is written when it is known whether it is the only one.
struct ApngMuxer {
    animation: Option<Animation>,
}

struct Animation {
    frames: Frames,
    delays: Delays,
    /// What is shown before the next frame.
    shown: Option<Vec<u8>>,
    /// Where the body of `acTL` begins, once it is written.
    control: Option<u64>,
    /// `num_frames`, and the number of the next chunk of the animation.
    count: u32,
    sequence: u32,
}

impl Muxer for ApngMuxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let track = tracks.first().ok_or_else(|| Error::input("an animation without a track"))?;
        let frames = Frames::new(track, None)?;
        if frames.width.max(frames.height) > i32::MAX as u32 {
            return Err(Error::input(format!(
                "{}x{} pixels: PNG holds 2147483647 a side",
                frames.width, frames.height
            )));
        }
        append(sink, &SIGNATURE)?;
        let mut header = Vec::new();
        header.extend(frames.width.to_be_bytes());
        header.extend(frames.height.to_be_bytes());
        header.push(8); // bit depth
        header.push(if frames.channels() == 4 { 6 } else { 2 }); // colour type: truecolour, with alpha or without
        header.extend([0, 0, 0]); // compression, filter, interlace method
        write_chunk(sink, b"IHDR", &[&header])?;
        if is_for_screens(frames.color) {
            write_chunk(sink, b"sRGB", &[&[0]])?; // rendering intent: perceptual
        } else {
            let (primaries, transfer) = (frames.color.primaries.code(), frames.color.transfer.code());
            write_chunk(sink, b"cICP", &[&[primaries, transfer, 0, 1]])?; // matrix: RGB; full range
        }
        let delays = Delays::new(frames.base);
        self.animation = Some(Animation { frames, delays, shown: None, control: None, count: 0, sequence: 0 });
        Ok(())
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let animation = self.animation.as_mut().ok_or_else(|| Error::state("a packet before the header"))?;
        match animation.frames.take(&packet, |_, _| false)? {
            Some(frame) => animation.show(frame, false, sink),
            None => Ok(()),
        }
    }

    /// The number of frames is not known before.
    fn plays_from(&self) -> Option<u64> {
        None
    }

    fn finish(&mut self, _: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let animation = self.animation.as_mut().ok_or_else(|| Error::state("an end before the header"))?;
        let last = animation.frames.finish();
        let last = last.ok_or_else(|| Error::input("no frame is shown after 0, so there is no picture to write"))?;
        animation.show(last, true, sink)?;
        if let Some(control) = animation.control {
            let body = animation_control(animation.count);
            let checked = crc(&[b"acTL", &body]);
            patch(sink, control, &[&body[..], &checked.to_be_bytes()].concat())?;
        }
        write_chunk(sink, b"IEND", &[])
    }
}

impl Animation {
    fn show(&mut self, frame: Frame, last: bool, sink: &mut dyn Sink) -> Result<()> {
        let (width, height, channels) = (self.frames.width, self.frames.height, self.frames.channels());
        if self.shown.is_none() && last {
            let data = self.compress(&frame.pixels, width, height)?;
            return write_data(sink, b"IDAT", &data, None);
        }
        if self.shown.is_none() {
            self.control = Some(sink.position() + 8);
            write_chunk(sink, b"acTL", &[&animation_control(0)])?;
        }
        let rect = match &self.shown {
            None => Rect::whole(width, height),
            Some(shown) => Rect::of_changes(shown, &frame.pixels, width as usize, channels).unwrap_or(Rect::PIXEL),
        };
        let mut rect = rect;
        for delay in self.delays.until(frame.end)? {
            self.write_frame(&frame.pixels, rect, delay, sink)?;
            // What is longer than a delay can say goes on with a frame that changes nothing.
            rect = Rect::PIXEL;
        }
        self.shown = Some(frame.pixels);
        Ok(())
    }

    fn write_frame(&mut self, pixels: &[u8], rect: Rect, delay: (u16, u16), sink: &mut dyn Sink) -> Result<()> {
        let rows = rect.rows(pixels, self.frames.width as usize, self.frames.channels());
        let part = rows.collect::<Vec<_>>().concat();
        // Parts of a picture whose sides have 31 bits.
        let [left, top, width, height] = [rect.left, rect.top, rect.width, rect.height].map(|value| value as u32);
        let data = self.compress(&part, width, height)?;
        let mut control = Vec::new();
        control.extend(self.next_sequence()?.to_be_bytes()); // sequence_number
        for value in [width, height, left, top] {
            control.extend(value.to_be_bytes()); // width, height, x_offset, y_offset
        }
        control.extend(delay.0.to_be_bytes()); // delay_num
        control.extend(delay.1.to_be_bytes()); // delay_den
        control.extend([0, 0]); // dispose_op: none; blend_op: source
        write_chunk(sink, b"fcTL", &[&control])?;
        match self.count {
            // The first frame is the picture that is shown by who knows no animations.
            0 => write_data(sink, b"IDAT", &data, None)?,
            _ => write_data(sink, b"fdAT", &data, Some(self))?,
        }
        self.count += 1; // never more than there are sequence numbers
        Ok(())
    }

    fn next_sequence(&mut self) -> Result<u32> {
        let number = self.sequence;
        let allowed = number < i32::MAX as u32;
        self.sequence += u32::from(allowed);
        allowed.then_some(number).ok_or_else(|| Error::limit("an APNG of more chunks than it can count"))
    }

    /// The zlib stream of an image.
    fn compress(&self, pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
        let failed = |error| Error::codec("PNG encoding failed").with_source(error);
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(if self.frames.channels() == 4 { png::ColorType::Rgba } else { png::ColorType::Rgb });
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(pixels).map_err(failed)?;
        writer.finish().map_err(failed)?;
        image_data(&file).ok_or_else(|| Error::codec("PNG encoding gave no image data"))
    }
}

/// The bodies of the `IDAT` chunks of a file.
fn image_data(file: &[u8]) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    let mut rest = file.get(SIGNATURE.len()..)?;
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let (body, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        if kind == b"IDAT" {
            data.extend_from_slice(body);
        }
        rest = after.get(4..)?;
    }
    (!data.is_empty()).then_some(data)
}

/// The body of `acTL`: `num_frames`, and `num_plays`, where 0 is for ever.
fn animation_control(count: u32) -> [u8; 8] {
    let [a, b, c, d] = count.to_be_bytes();
    [a, b, c, d, 0, 0, 0, 0]
}

/// Writes image data in chunks, those of an animation's later frames with numbers.
fn write_data(sink: &mut dyn Sink, kind: &[u8; 4], data: &[u8], mut numbers: Option<&mut Animation>) -> Result<()> {
    /// A chunk has fewer than 2^31 bytes.
    const LONGEST: usize = 1 << 30;
    for piece in data.chunks(LONGEST) {
        match &mut numbers {
            None => write_chunk(sink, kind, &[piece])?,
            Some(animation) => write_chunk(sink, kind, &[&animation.next_sequence()?.to_be_bytes(), piece])?,
        }
    }
    Ok(())
}

/// Writes a chunk (5.3): length, type, data, and the CRC of type and data.
fn write_chunk(sink: &mut dyn Sink, kind: &[u8; 4], body: &[&[u8]]) -> Result<()> {
    let length: usize = body.iter().map(|part| part.len()).sum();
    let length = u32::try_from(length).map_err(|_| Error::limit("a PNG chunk of 4 GiB"))?;
    append(sink, &length.to_be_bytes())?;
    append(sink, kind)?;
    body.iter().try_for_each(|part| append(sink, part))?;
    let parts: Vec<&[u8]> = [&kind[..]].into_iter().chain(body.iter().copied()).collect();
    append(sink, &crc(&parts).to_be_bytes())
}

/// The CRC of PNG (annex D), which is that of ISO/IEC 3309.
fn crc(parts: &[&[u8]]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let (mut value, mut bit) = (index as u32, 0);
            while bit < 8 {
                value = if value & 1 == 1 { 0xedb8_8320 ^ value >> 1 } else { value >> 1 };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    let bytes = parts.iter().copied().flatten();
    !bytes.fold(u32::MAX, |crc, byte| TABLE[usize::from(crc as u8 ^ byte)] ^ crc >> 8)
}
