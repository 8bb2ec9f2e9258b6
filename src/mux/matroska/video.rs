//! The Video element: sizes, colour, HDR, how the picture is turned, whether it has transparency.

use super::ebml;
use super::ids;
use crate::error::{Error, Result};
use crate::media::{
    ChromaSubsampling, CodecConfig, Color, ColorRange, Hdr, MasteringDisplay, Orientation, PixelFormat, VideoTrack,
};

/// Refuses what would make a track that readers misread.
pub(super) fn check(index: usize, video: &VideoTrack, config: &CodecConfig) -> Result<()> {
    let cropped = video.width <= video.coded_width && video.height <= video.coded_height;
    if video.width == 0 || video.height == 0 || !cropped {
        return Err(Error::input(format!(
            "track {index}: {}x{} pixels are to be shown of {}x{}",
            video.width, video.height, video.coded_width, video.coded_height
        )));
    }
    match (&video.alpha, config) {
        (None, _) | (Some(CodecConfig::Av1(_)), CodecConfig::Av1(_)) => Ok(()),
        (Some(alpha), _) => Err(Error::unsupported(format!(
            "track {index}: alpha of {} beside {}: Matroska and WebM carry alpha of av1 beside av1",
            alpha.name(),
            config.name()
        ))),
    }
}

pub(super) fn settings(out: &mut Vec<u8>, video: &VideoTrack, config: &CodecConfig) {
    ebml::uint(out, ids::FLAG_INTERLACED, 2);
    if video.alpha.is_some() {
        ebml::uint(out, ids::ALPHA_MODE, 1);
    }
    ebml::uint(out, ids::PIXEL_WIDTH, video.coded_width.into());
    ebml::uint(out, ids::PIXEL_HEIGHT, video.coded_height.into());
    let (right, bottom) = (video.coded_width - video.width, video.coded_height - video.height);
    if bottom > 0 {
        ebml::uint(out, ids::PIXEL_CROP_BOTTOM, bottom.into());
    }
    if right > 0 {
        ebml::uint(out, ids::PIXEL_CROP_RIGHT, right.into());
    }
    let ratio = video.sample_aspect_ratio;
    if right > 0 || bottom > 0 || !ratio.is_square() {
        // Of square pixels they follow from the above (RFC 9559, 5.1.4.1.28.12), but readers that know no cropping take
        // them as they are.
        ebml::uint(out, ids::DISPLAY_WIDTH, ratio.display_width(video.width).into());
        ebml::uint(out, ids::DISPLAY_HEIGHT, video.height.into());
    }
    if let CodecConfig::Raw(config) = config
        && let Some(fourcc) = fourcc(config.format)
    {
        ebml::binary(out, ids::UNCOMPRESSED_FOURCC, fourcc);
    }
    ebml::master(out, ids::COLOUR, |out| colour(out, video, config));
    if !video.orientation.is_upright() {
        ebml::master(out, ids::PROJECTION, |out| projection(out, video.orientation));
    }
}

/// There is no list of these. The names of 8 bits are those of AVI; those of 10 bits are how FFmpeg names planar formats
/// of its own, and nothing else reads or writes such video. RGB in planes has none, and the table of formats refuses it.
fn fourcc(format: PixelFormat) -> Option<&'static [u8; 4]> {
    Some(match format {
        PixelFormat::Yuv420p => b"I420",
        PixelFormat::Yuv422p => b"Y42B",
        PixelFormat::Yuv444p => b"444P",
        PixelFormat::Gray => b"Y800",
        PixelFormat::Yuv420p10 => b"Y3\x0b\x0a",
        PixelFormat::Yuv422p10 => b"Y3\x0a\x0a",
        PixelFormat::Yuv444p10 => b"Y3\x00\x0a",
        PixelFormat::Gray10 => b"Y1\x00\x0a",
        PixelFormat::Rgb | PixelFormat::Rgba => return None,
    })
}

fn colour(out: &mut Vec<u8>, video: &VideoTrack, config: &CodecConfig) {
    match config {
        CodecConfig::Av1(config) => chroma(out, config.bit_depth, config.chroma, config.chroma_sample_position),
        CodecConfig::Raw(config) => chroma(out, config.format.bit_depth(), config.format.chroma(), 0),
        _ => {}
    }
    code_points(out, &video.color);
    hdr(out, &video.hdr);
}

fn code_points(out: &mut Vec<u8>, color: &Color) {
    ebml::uint(out, ids::MATRIX_COEFFICIENTS, color.matrix.code().into());
    let range = match color.range {
        ColorRange::Limited => 1,
        ColorRange::Full => 2,
    };
    ebml::uint(out, ids::RANGE, range);
    ebml::uint(out, ids::TRANSFER_CHARACTERISTICS, color.transfer.code().into());
    ebml::uint(out, ids::PRIMARIES, color.primaries.code().into());
}

fn chroma(out: &mut Vec<u8>, bit_depth: u8, chroma: ChromaSubsampling, sample_position: u8) {
    ebml::uint(out, ids::BITS_PER_CHANNEL, bit_depth.into());
    if chroma == ChromaSubsampling::Monochrome {
        return;
    }
    let (horizontal, vertical) = chroma.shifts();
    ebml::uint(out, ids::CHROMA_SUBSAMPLING_HORZ, horizontal.into());
    ebml::uint(out, ids::CHROMA_SUBSAMPLING_VERT, vertical.into());
    let siting = match sample_position {
        1 => Some((1, 2)), // CSP_VERTICAL
        2 => Some((1, 1)), // CSP_COLOCATED
        _ => None,
    };
    if let Some((horizontal, vertical)) = siting {
        ebml::uint(out, ids::CHROMA_SITING_HORZ, horizontal);
        ebml::uint(out, ids::CHROMA_SITING_VERT, vertical);
    }
}

fn hdr(out: &mut Vec<u8>, hdr: &Hdr) {
    if let Some(light) = hdr.light {
        // 0 means that it is not known, which is said by saying nothing.
        for (id, value) in [(ids::MAX_CLL, light.max_content), (ids::MAX_FALL, light.max_frame_average)] {
            if value > 0 {
                ebml::uint(out, id, value.into());
            }
        }
    }
    if let Some(display) = hdr.mastering {
        ebml::master(out, ids::MASTERING_METADATA, |out| mastering(out, &display));
    }
}

/// As fractions of 1 and in cd/m², where the display counts units.
fn mastering(out: &mut Vec<u8>, display: &MasteringDisplay) {
    const LUMINANCE_UNITS: f64 = 10_000.0;
    let points = [
        (ids::PRIMARY_R_CHROMATICITY_X, ids::PRIMARY_R_CHROMATICITY_Y, display.red),
        (ids::PRIMARY_G_CHROMATICITY_X, ids::PRIMARY_G_CHROMATICITY_Y, display.green),
        (ids::PRIMARY_B_CHROMATICITY_X, ids::PRIMARY_B_CHROMATICITY_Y, display.blue),
        (ids::WHITE_POINT_CHROMATICITY_X, ids::WHITE_POINT_CHROMATICITY_Y, display.white),
    ];
    for (x_id, y_id, (x, y)) in points {
        for (id, value) in [(x_id, x), (y_id, y)] {
            ebml::float(out, id, f64::from(value) / f64::from(MasteringDisplay::CHROMATICITY_UNITS));
        }
    }
    ebml::float(out, ids::LUMINANCE_MAX, f64::from(display.max_luminance) / LUMINANCE_UNITS);
    ebml::float(out, ids::LUMINANCE_MIN, f64::from(display.min_luminance) / LUMINANCE_UNITS);
}

/// A picture seen from behind is a mirrored one, and yaw comes before roll, as mirroring comes before turning. Roll turns
/// against the clock.
fn projection(out: &mut Vec<u8>, orientation: Orientation) {
    let roll = match orientation.quarter_turns % 4 {
        0 => 0.0,
        1 => -90.0,
        2 => 180.0,
        _ => 90.0,
    };
    ebml::uint(out, ids::PROJECTION_TYPE, 0);
    ebml::float(out, ids::PROJECTION_POSE_YAW, if orientation.mirrored { 180.0 } else { 0.0 });
    ebml::float(out, ids::PROJECTION_POSE_PITCH, 0.0);
    ebml::float(out, ids::PROJECTION_POSE_ROLL, roll);
}
