//! The list `hdrl`: the file's header, and those of its streams. It has one length however much its numbers are, so that
//! it can be written again when they are known.

use super::info::Info;
use super::stream::{Format, Stream, VideoFormat};
use crate::mux::riff::{RiffWriter, write_wave_format};

/// AVIF_HASINDEX, AVIF_ISINTERLEAVED, AVIF_TRUSTCKTYPE
const FILE_FLAGS: u32 = 0x10 | 0x100 | 0x800;

/// What has become known when the file is finished.
#[derive(Default)]
pub(super) struct Totals {
    /// Frames of the first video stream in the first RIFF chunk.
    pub first_frames: u64,
}

/// `hdrl`, and `INFO` behind it.
pub(super) fn header(streams: &[Stream], titles: &[Option<String>], info: &Info, totals: &Totals) -> Vec<u8> {
    let video = streams.iter().find_map(|stream| match &stream.format {
        Format::Video(video) => Some((stream, video)),
        Format::Audio(_) => None,
    });
    let mut w = RiffWriter::new();
    w.list(*b"hdrl", |w| {
        w.chunk(*b"avih", |w| write_file_header(w, streams, video, totals));
        for (stream, title) in streams.iter().zip(titles) {
            w.list(*b"strl", |w| write_stream(w, stream, title.as_deref()));
        }
        w.list(*b"odml", |w| {
            w.chunk(*b"dmlh", |w| {
                w.u32(video.map_or(0, |(stream, _)| stream.length) as u32); // dwTotalFrames, of the whole file
                w.zeros(61 * 4); // dwFuture
            });
        });
        info.write_digitization_time(w);
    });
    info.write(&mut w);
    w.finish()
}

/// MainAVIHeader
fn write_file_header(w: &mut RiffWriter, streams: &[Stream], video: Option<(&Stream, &VideoFormat)>, totals: &Totals) {
    let rate = streams.iter().map(Stream::peak).sum::<u64>();
    let micros = video.map_or(0, |(_, video)| {
        let (rate, scale) = video.rate();
        (u64::from(scale) * 2_000_000 / u64::from(rate)).div_ceil(2)
    });
    w.u32(u32::try_from(micros).unwrap_or(u32::MAX)); // dwMicroSecPerFrame
    w.u32(u32::try_from(rate).unwrap_or(u32::MAX)); // dwMaxBytesPerSec
    w.u32(0); // dwPaddingGranularity
    w.u32(FILE_FLAGS); // dwFlags
    w.u32(totals.first_frames as u32); // dwTotalFrames, of the first RIFF chunk
    w.u32(0); // dwInitialFrames
    w.u32(streams.len() as u32); // dwStreams
    w.u32(streams.iter().map(|stream| stream.largest).max().unwrap_or(0)); // dwSuggestedBufferSize
    w.u32(video.map_or(0, |(_, video)| video.width)); // dwWidth
    w.u32(video.map_or(0, |(_, video)| video.height)); // dwHeight
    w.zeros(16); // dwReserved
}

fn write_stream(w: &mut RiffWriter, stream: &Stream, title: Option<&str>) {
    w.chunk(*b"strh", |w| write_stream_header(w, stream));
    w.chunk(*b"strf", |w| match &stream.format {
        Format::Video(video) => write_video_format(w, video),
        Format::Audio(audio) => write_wave_format(w, &audio.config),
    });
    stream.index.write_super(w);
    if let Some(title) = title {
        w.text(*b"strn", title);
    }
    if let Format::Video(video) = &stream.format
        && let Some(aspect) = video.frame_aspect
    {
        w.chunk(*b"vprp", |w| write_video_properties(w, video, aspect));
    }
}

/// AVIStreamHeader
fn write_stream_header(w: &mut RiffWriter, stream: &Stream) {
    let (kind, handler, sample_size, (width, height)) = match &stream.format {
        Format::Video(video) => (b"vids", video.compression, 0, (video.width, video.height)),
        Format::Audio(audio) => (b"auds", [0; 4], audio.block, (0, 0)),
    };
    let (rate, scale) = stream.rate();
    w.bytes(kind); // fccType
    w.bytes(&handler); // fccHandler
    w.u32(0); // dwFlags
    w.u16(0); // wPriority
    w.u16(0); // wLanguage
    w.u32(0); // dwInitialFrames
    w.u32(scale); // dwScale
    w.u32(rate); // dwRate
    w.u32(0); // dwStart
    w.u32(stream.length as u32); // dwLength
    w.u32(stream.largest); // dwSuggestedBufferSize
    w.u32(u32::MAX); // dwQuality: not said
    w.u32(sample_size); // dwSampleSize
    w.u16(0); // rcFrame.left
    w.u16(0); // rcFrame.top
    w.u16(width as u16); // rcFrame.right, below 32,768 as the format was checked
    w.u16(height as u16); // rcFrame.bottom
}

/// BITMAPINFOHEADER
fn write_video_format(w: &mut RiffWriter, video: &VideoFormat) {
    w.u32(40); // biSize
    w.u32(video.width); // biWidth
    w.u32(video.height); // biHeight
    w.u16(1); // biPlanes
    w.u16(video.bit_count); // biBitCount
    w.bytes(&video.compression); // biCompression
    // Of compressed pictures, what they would be without.
    let bytes = video.width.saturating_mul(video.height).saturating_mul(3);
    w.u32(video.picture_bytes.unwrap_or(bytes)); // biSizeImage
    w.u32(0); // biXPelsPerMeter
    w.u32(0); // biYPelsPerMeter
    w.u32(0); // biClrUsed
    w.u32(0); // biClrImportant
}

/// The video properties header of OpenDML, for the shape of pixels. The refresh rate and the blanking of a signal that
/// there is not are said as the pictures': some readers divide by them.
fn write_video_properties(w: &mut RiffWriter, video: &VideoFormat, (x, y): (u16, u16)) {
    let (rate, scale) = video.rate();
    w.u32(0); // VideoFormatToken: unknown
    w.u32(0); // VideoStandard: unknown
    w.u32(rate.div_ceil(scale)); // dwVerticalRefreshRate
    w.u32(video.width); // dwHTotalInT
    w.u32(video.height); // dwVTotalInLines
    w.u16(y); // dwFrameAspectRatio, low word
    w.u16(x); // dwFrameAspectRatio, high word
    w.u32(video.width); // dwFrameWidthInPixels
    w.u32(video.height); // dwFrameHeightInLines
    w.u32(1); // nbFieldPerFrame
    w.u32(video.height); // CompressedBMHeight
    w.u32(video.width); // CompressedBMWidth
    w.u32(video.height); // ValidBMHeight
    w.u32(video.width); // ValidBMWidth
    w.u32(0); // ValidBMXOffset
    w.u32(0); // ValidBMYOffset
    w.u32(0); // VideoXOffsetInT
    w.u32(0); // VideoYValidStartLine
}
