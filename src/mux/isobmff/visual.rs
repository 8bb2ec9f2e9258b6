//! Sample entries of pictures, and how the track header has them shown.

use super::boxes::BoxWriter;
use super::description::Flavor;
use super::{fourcc, mov};
use crate::error::{Error, Result};
use crate::media::{Av1Config, Color, ColorRange, ContentLightLevel, MasteringDisplay, Orientation, VideoTrack};

/// An entry of AV1 or, without a configuration, of Motion JPEG.
pub(super) struct VisualEntry<'a> {
    config: Option<&'a Av1Config>,
    video: &'a VideoTrack,
    /// Of the coded picture.
    size: (u16, u16),
    /// What of it is shown, where that is not all.
    clean_aperture: Option<(u16, u16)>,
}

impl<'a> VisualEntry<'a> {
    /// Checks that all of `video` can be said.
    pub fn new(video: &'a VideoTrack, config: Option<&'a Av1Config>) -> Result<Self> {
        let dimension = |name: &str, pixels: u32| match u16::try_from(pixels) {
            Ok(pixels) if pixels > 0 => Ok(pixels),
            _ => Err(Error::input(format!("a video {name} of {pixels}: MP4 holds 1 to {}", u16::MAX))),
        };
        let (width, height) = match config {
            Some(config) => (config.max_frame_width, config.max_frame_height),
            None => (video.coded_width, video.coded_height),
        };
        let size = (dimension("width", width)?, dimension("height", height)?);
        let shown = (dimension("width", video.width)?, dimension("height", video.height)?);
        if shown.0 > size.0 || shown.1 > size.1 {
            return Err(Error::input(format!(
                "a picture of {} x {} in frames of {} x {}",
                shown.0, shown.1, size.0, size.1
            )));
        }
        Shown::new(video)?;
        Ok(VisualEntry { config, video, size, clean_aperture: (shown != size).then_some(shown) })
    }

    /// Writes the entry.
    pub fn write(&self, w: &mut BoxWriter, flavor: Flavor) {
        let (kind, name) = match self.config {
            Some(_) => (fourcc::AV01, "AOM Coding"), // as AV1-ISOBMFF 2.2.4 recommends it
            None => (fourcc::JPEG, "Photo - JPEG"),
        };
        w.boxed(kind, |w| {
            w.zeros(6); // reserved
            w.u16(1); // data_reference_index
            w.zeros(16); // pre_defined, reserved
            w.u16(self.size.0); // width
            w.u16(self.size.1); // height
            w.u32(0x0048_0000); // horizresolution, 72 dpi
            w.u32(0x0048_0000); // vertresolution
            w.u32(0); // reserved
            w.u16(1); // frame_count
            w.u8(name.len() as u8); // compressorname
            w.bytes(name.as_bytes());
            w.zeros(31 - name.len());
            w.u16(0x0018); // depth
            w.i16(-1); // pre_defined
            if let Some(config) = self.config {
                w.boxed(fourcc::AV1C, |w| w.bytes(&config.configuration_record()));
            }
            match flavor {
                Flavor::Mp4 => write_color(w, self.video.color),
                Flavor::QuickTime => mov::write_color(w, self.video.color),
            }
            if self.config.is_none() {
                mov::write_fields(w);
            }
            if let Some(shown) = self.clean_aperture {
                write_clean_aperture(w, self.size, shown);
            }
            // The track header says the size that is shown. A reader that knows no `clap` would take the quotient of
            // that and the coded size for the shape of a pixel.
            let shape = self.video.sample_aspect_ratio;
            if self.clean_aperture.is_some() || !shape.is_square() {
                w.boxed(fourcc::PASP, |w| {
                    w.u32(shape.num()); // hSpacing
                    w.u32(shape.den()); // vSpacing
                });
            }
            if let Some(display) = &self.video.hdr.mastering {
                write_mastering_display(w, display);
            }
            if let Some(light) = &self.video.hdr.light {
                write_light_level(w, light);
            }
        });
    }
}

pub(in crate::mux) fn write_color(w: &mut BoxWriter, color: Color) {
    w.boxed(fourcc::COLR, |w| {
        w.bytes(&fourcc::NCLX);
        w.u16(color.primaries.code().into());
        w.u16(color.transfer.code().into());
        w.u16(color.matrix.code().into());
        w.u8(u8::from(color.range == ColorRange::Full) << 7); // full_range_flag, reserved
    });
}

/// Shows the top left `shown` pixels of `coded`. Offsets are measured from centre to centre.
pub(in crate::mux) fn write_clean_aperture(w: &mut BoxWriter, coded: (u16, u16), shown: (u16, u16)) {
    w.boxed(fourcc::CLAP, |w| {
        for length in [shown.0, shown.1] {
            w.u32(length.into()); // cleanApertureWidthN, cleanApertureHeightN
            w.u32(1); // cleanApertureWidthD, cleanApertureHeightD
        }
        for (shown, coded) in [(shown.0, coded.0), (shown.1, coded.1)] {
            w.i32(i32::from(shown) - i32::from(coded)); // horizOffN, vertOffN
            w.u32(2); // horizOffD, vertOffD
        }
    });
}

/// Writes `mdcv`: a plain box, in units of 0.00002 and of 0.0001 cd/m², where VP9 has a full one in others.
pub(in crate::mux) fn write_mastering_display(w: &mut BoxWriter, display: &MasteringDisplay) {
    w.boxed(fourcc::MDCV, |w| {
        for (x, y) in [display.green, display.blue, display.red] {
            w.u16(x); // display_primaries_x
            w.u16(y); // display_primaries_y
        }
        w.u16(display.white.0); // white_point_x
        w.u16(display.white.1); // white_point_y
        w.u32(display.max_luminance); // max_display_mastering_luminance
        w.u32(display.min_luminance); // min_display_mastering_luminance
    });
}

/// Writes `clli`.
pub(in crate::mux) fn write_light_level(w: &mut BoxWriter, light: &ContentLightLevel) {
    w.boxed(fourcc::CLLI, |w| {
        w.u16(light.max_content); // max_content_light_level
        w.u16(light.max_frame_average); // max_pic_average_light_level
    });
}

/// How the track header has a picture shown: how large, in square pixels, and then turned.
pub(in crate::mux) struct Shown {
    /// In 16.16 fixed point, before it is turned.
    width: u32,
    height: u32,
    matrix: [i32; 9],
}

/// What shows a picture, or anything else, as it is (8.3.2.2): `a b u c d v x y w`.
pub(in crate::mux) const UPRIGHT: [i32; 9] = [ONE, 0, 0, 0, ONE, 0, 0, 0, 0x4000_0000];

/// 1 in 16.16 fixed point.
const ONE: i32 = 0x0001_0000;

impl Shown {
    /// Nothing, of a track that is no picture.
    pub const NOTHING: Shown = Shown { width: 0, height: 0, matrix: UPRIGHT };

    pub fn new(video: &VideoTrack) -> Result<Self> {
        let shape = video.sample_aspect_ratio;
        let exact = (u128::from(video.width) << 17) * u128::from(shape.num()) / u128::from(shape.den());
        let width = exact.div_ceil(2);
        let (Ok(width @ 1..), Ok(height)) = (u32::try_from(width), u32::try_from(u64::from(video.height) << 16)) else {
            let width = video.width;
            return Err(Error::unsupported(format!(
                "pixels of {shape} make a width of {width} into one that MP4 does not hold: it holds 1 to {}",
                u16::MAX
            )));
        };
        let matrix = match video.orientation.is_upright() {
            true => UPRIGHT,
            false => turned(video.orientation, width, height)?,
        };
        Ok(Shown { width, height, matrix })
    }

    /// Writes the matrix, the width and the height of `tkhd`.
    pub fn write(&self, w: &mut BoxWriter) {
        self.matrix.iter().for_each(|&value| w.i32(value)); // matrix
        w.u32(self.width); // width
        w.u32(self.height); // height
    }
}

/// The matrix that mirrors a picture and then turns it, and brings it back to where its corner was: a point (p, q) goes
/// to (a p + c q + x, b p + d q + y).
fn turned(orientation: Orientation, width: u32, height: u32) -> Result<[i32; 9]> {
    let (Ok(width), Ok(height)) = (i32::try_from(width), i32::try_from(height)) else {
        return Err(Error::unsupported("MP4 can turn and mirror pictures of up to 32,767 pixels a side"));
    };
    // Mirrored, p becomes `sign` p + `corner`.
    let (sign, corner) = if orientation.mirrored { (-ONE, width) } else { (ONE, 0) };
    let [a, b, c, d, x, y] = match orientation.quarter_turns % 4 {
        0 => [sign, 0, 0, ONE, corner, 0],
        1 => [0, sign, -ONE, 0, height, corner],
        2 => [-sign, 0, 0, -ONE, width - corner, height],
        _ => [0, -sign, ONE, 0, 0, width - corner],
    };
    Ok([a, b, 0, c, d, 0, x, y, UPRIGHT[8]])
}
