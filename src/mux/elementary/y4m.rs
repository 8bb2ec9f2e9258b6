//! YUV4MPEG2, the uncompressed format of mjpegtools: a line of parameters, then frames of planes, each behind a line of
//! its own. It says one rate and no times, so frames have to come at that rate, from 0 on. It holds nothing.

use super::only_track;
use crate::error::{Error, Result};
use crate::media::{CodecConfig, ColorRange, Packet, PixelFormat, Track, VideoTrack};
use crate::mux::frame_grid::FrameGrid;
use crate::mux::{Muxer, append};
use crate::sink::Sink;

/// The line in front of each frame.
const FRAME: &[u8] = b"FRAME\n";

#[derive(Default)]
pub(super) struct Y4mMuxer {
    stream: Option<Stream>,
    /// How many frames there are.
    frames: u64,
    /// Where the first packet ends; `None` before that.
    plays_from: Option<u64>,
}

struct Stream {
    grid: FrameGrid,
    picture_bytes: u64,
}

impl Muxer for Y4mMuxer {
    fn begin(&mut self, tracks: &[Track], sink: &mut dyn Sink) -> Result<()> {
        let (track, video) = only_track(tracks, "Y4M")?;
        let CodecConfig::Raw(config) = &track.config else {
            return Err(Error::unsupported(format!("Y4M takes no {} track", track.config.name())));
        };
        if (video.coded_width, video.coded_height) != (video.width, video.height) {
            return Err(Error::unsupported(format!(
                "a video track of {}x{} pixels that shows {}x{}: Y4M shows all of a picture",
                video.coded_width, video.coded_height, video.width, video.height
            )));
        }
        let grid = FrameGrid::constant(track, "Y4M")?;
        let picture_bytes = picture_bytes(config.format, video)?;
        append(sink, header(config.format, video, &grid)?.as_bytes())?;
        self.stream = Some(Stream { grid, picture_bytes });
        Ok(())
    }

    fn packet(&mut self, packet: Packet, sink: &mut dyn Sink) -> Result<()> {
        let stream = self.stream.as_ref().ok_or_else(|| Error::state("a packet before the header"))?;
        stream.grid.check_next(&packet, self.frames, "Y4M")?;
        if packet.data.len() as u64 != stream.picture_bytes {
            let (is, due) = (packet.data.len(), stream.picture_bytes);
            return Err(Error::input(format!("a picture of {is} bytes: those of this stream have {due}")));
        }
        self.frames += 1;
        append(sink, FRAME)?;
        append(sink, &packet.data)?;
        self.plays_from.get_or_insert(sink.position());
        Ok(())
    }

    fn plays_from(&self) -> Option<u64> {
        self.plays_from
    }

    fn finish(&mut self, _: &[Track], _: &mut dyn Sink) -> Result<()> {
        Ok(())
    }
}

/// The first line. `XYSCSS` says the sampling to readers from before `C` did, `XCOLORRANGE` the range to FFmpeg.
fn header(format: PixelFormat, video: &VideoTrack, grid: &FrameGrid) -> Result<String> {
    let (full, rate, pixel) = (video.color.range == ColorRange::Full, grid.rate(), video.sample_aspect_ratio);
    let (sampling, sampling_before) = match format {
        // Where chroma is, tracks do not say. It is taken to be where MPEG has it, but JPEG's place in JPEG's range.
        PixelFormat::Yuv420p if full => ("420jpeg", "420JPEG"),
        PixelFormat::Yuv420p => ("420mpeg2", "420MPEG2"),
        PixelFormat::Yuv422p => ("422", "422"),
        PixelFormat::Yuv444p => ("444", "444"),
        PixelFormat::Gray => ("mono", ""),
        PixelFormat::Yuv420p10 => ("420p10", "420P10"),
        PixelFormat::Yuv422p10 => ("422p10", "422P10"),
        PixelFormat::Yuv444p10 => ("444p10", "444P10"),
        PixelFormat::Gray10 => ("mono10", ""),
        PixelFormat::Rgb | PixelFormat::Rgba => {
            return Err(Error::unsupported(format!(
                "Y4M holds luma and chroma, not {format}: use `pixel_format` yuv444p"
            )));
        }
    };
    let before = if sampling_before.is_empty() { String::new() } else { format!(" XYSCSS={sampling_before}") };
    let range = if full { "FULL" } else { "LIMITED" };
    Ok(format!(
        "YUV4MPEG2 W{} H{} F{}:{} Ip A{}:{} C{sampling}{before} XCOLORRANGE={range}\n",
        video.width,
        video.height,
        rate.num(),
        rate.den(),
        pixel.num(),
        pixel.den(),
    ))
}

/// The bytes of a picture.
fn picture_bytes(format: PixelFormat, video: &VideoTrack) -> Result<u64> {
    let (width, height) = (video.width as usize, video.height as usize);
    if width == 0 || height == 0 {
        return Err(Error::input(format!("a video track of {width}x{height} pixels")));
    }
    let sample = if format.bit_depth() > 8 { 2 } else { 1 };
    let plane = |plane| {
        let (width, height) = format.plane_size(plane, width, height);
        (width as u64).checked_mul(height as u64)?.checked_mul(sample)
    };
    let bytes = (0..format.chroma().planes()).try_fold(0u64, |sum, index| sum.checked_add(plane(index)?));
    bytes.ok_or_else(|| Error::unsupported(format!("{width}x{height} pixels are more than can be counted")))
}
