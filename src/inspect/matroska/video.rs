//! Video: sizes, colour, and how a picture is shown.

use std::io::{Read, Seek};

use super::id;
use crate::error::Result;
use crate::inspect::codec::color;
use crate::inspect::ebml::{Element, decimal, each_child, unsigned};
use crate::inspect::reader::Reader;
use crate::media::{AspectRatio, Color, ContentLightLevel, Hdr, MasteringDisplay, Orientation};

#[derive(Default)]
pub(super) struct Video {
    pub pixel: (u64, u64),
    /// Left and right, top and bottom.
    crop: (u64, u64),
    display: (Option<u64>, Option<u64>),
    display_unit: u64,
    pub color: Option<Color>,
    pub hdr: Hdr,
    pub alpha: bool,
    projection: Projection,
}

impl Video {
    pub fn read<R: Read + Seek>(reader: &mut Reader<R>, element: Element) -> Result<Self> {
        let mut video = Video::default();
        each_child(reader, element, |reader, child| {
            let add = |sum: &mut u64, value: u64| *sum = sum.saturating_add(value);
            match child.id {
                id::PIXEL_WIDTH => video.pixel.0 = unsigned(reader, child)?,
                id::PIXEL_HEIGHT => video.pixel.1 = unsigned(reader, child)?,
                id::PIXEL_CROP_LEFT | id::PIXEL_CROP_RIGHT => add(&mut video.crop.0, unsigned(reader, child)?),
                id::PIXEL_CROP_TOP | id::PIXEL_CROP_BOTTOM => add(&mut video.crop.1, unsigned(reader, child)?),
                id::DISPLAY_WIDTH => video.display.0 = Some(unsigned(reader, child)?),
                id::DISPLAY_HEIGHT => video.display.1 = Some(unsigned(reader, child)?),
                id::DISPLAY_UNIT => video.display_unit = unsigned(reader, child)?,
                id::ALPHA_MODE => video.alpha = unsigned(reader, child)? == 1,
                id::PROJECTION => video.projection = Projection::read(reader, child)?,
                id::COLOUR => video.read_color(reader, child)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(video)
    }

    fn read_color<R: Read + Seek>(&mut self, reader: &mut Reader<R>, element: Element) -> Result<()> {
        // The defaults of RFC 9559, 5.1.4.1.28.16 and after: unspecified.
        let (mut primaries, mut transfer, mut matrix, mut range) = (2, 2, 2, 0);
        let (mut content, mut average) = (None, None);
        each_child(reader, element, |reader, part| {
            match part.id {
                id::PRIMARIES => primaries = unsigned(reader, part)?,
                id::TRANSFER_CHARACTERISTICS => transfer = unsigned(reader, part)?,
                id::MATRIX_COEFFICIENTS => matrix = unsigned(reader, part)?,
                id::RANGE => range = unsigned(reader, part)?,
                id::MAX_CLL => content = Some(unsigned(reader, part)?),
                id::MAX_FALL => average = Some(unsigned(reader, part)?),
                id::MASTERING_METADATA => self.hdr.mastering = read_mastering(reader, part)?,
                _ => {}
            }
            Ok(())
        })?;
        self.color = color(primaries, transfer, matrix, range == 2);
        if content.or(average).is_some() {
            let fit = |value: Option<u64>| u16::try_from(value.unwrap_or(0)).unwrap_or(u16::MAX);
            self.hdr.light = Some(ContentLightLevel { max_content: fit(content), max_frame_average: fit(average) });
        }
        Ok(())
    }

    pub fn orientation(&self) -> Orientation {
        self.projection.orientation()
    }

    /// The shape of a pixel, as far as the sizes in pixels, or their ratio, tell it.
    pub fn sample_aspect_ratio(&self) -> AspectRatio {
        let (width, height) = self.cropped();
        let shape = match (self.display, self.display_unit) {
            // 0 pixels, 1 and 2 lengths, 3 a ratio: all are proportional.
            ((Some(shown_width), Some(shown_height)), 0..=3) => {
                ratio(u128::from(shown_width) * u128::from(height), u128::from(shown_height) * u128::from(width))
            }
            _ => None,
        };
        shape.unwrap_or_default()
    }

    fn cropped(&self) -> (u64, u64) {
        (self.pixel.0.saturating_sub(self.crop.0), self.pixel.1.saturating_sub(self.crop.1))
    }

    /// Width and height to show; a display size in another unit than pixels is a ratio only.
    pub fn shown(&self) -> (u64, u64) {
        let cropped = self.cropped();
        match self.display_unit {
            0 => (self.display.0.unwrap_or(cropped.0), self.display.1.unwrap_or(cropped.1)),
            _ => cropped,
        }
    }
}

/// `num` to `den` in lowest terms, where that fits.
fn ratio(num: u128, den: u128) -> Option<AspectRatio> {
    let (mut a, mut b) = (num, den);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let (num, den) = (num.checked_div(a)?, den.checked_div(a)?);
    AspectRatio::new(u32::try_from(num).ok()?, u32::try_from(den).ok()?).ok()
}

/// How the picture stands, in degrees.
#[derive(Default)]
struct Projection {
    kind: u64,
    yaw: f64,
    pitch: f64,
    roll: f64,
}

impl Projection {
    fn read<R: Read + Seek>(reader: &mut Reader<R>, element: Element) -> Result<Self> {
        let mut found = Projection::default();
        each_child(reader, element, |reader, part| {
            match part.id {
                id::PROJECTION_TYPE => found.kind = unsigned(reader, part)?,
                id::PROJECTION_POSE_YAW => found.yaw = decimal(reader, part)?,
                id::PROJECTION_POSE_PITCH => found.pitch = decimal(reader, part)?,
                id::PROJECTION_POSE_ROLL => found.roll = decimal(reader, part)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// A flat picture that is rolled by quarters, against the clock, and seen from behind where it is turned about its
    /// upright axis. Other poses are none of these.
    fn orientation(&self) -> Orientation {
        let quarters = |degrees: f64| {
            let quarters = degrees / 90.0;
            (quarters.fract() == 0.0 && quarters.abs() <= 4.0).then(|| (quarters as i8).rem_euclid(4) as u8)
        };
        match (self.kind, quarters(self.yaw), quarters(self.pitch), quarters(self.roll)) {
            (0, Some(0), Some(0), Some(roll)) => Orientation::turned(4 - roll),
            (0, Some(2), Some(0), Some(roll)) => Orientation::turned(4 - roll).mirror(),
            _ => Orientation::default(),
        }
    }
}

/// MasteringMetadata, in the units of ST 2086. It is of use as a whole only.
fn read_mastering<R: Read + Seek>(reader: &mut Reader<R>, element: Element) -> Result<Option<MasteringDisplay>> {
    // Red, green, blue and white, x and y of each, stand in a row of identifiers.
    let mut points = [None; 8];
    let (mut max, mut min) = (None, None);
    let scaled = |value: f64, unit: f64| {
        let value = (value * unit).round();
        if (0.0..=f64::from(u32::MAX)).contains(&value) { value as u32 } else { 0 }
    };
    each_child(reader, element, |reader, part| {
        match part.id {
            id::PRIMARY_R_CHROMATICITY_X..=id::WHITE_POINT_CHROMATICITY_Y => {
                let value = scaled(decimal(reader, part)?, 50_000.0);
                let index = (part.id - id::PRIMARY_R_CHROMATICITY_X) as usize;
                if let Some(point) = points.get_mut(index) {
                    *point = Some(u16::try_from(value).unwrap_or(u16::MAX));
                }
            }
            id::LUMINANCE_MAX => max = Some(scaled(decimal(reader, part)?, 10_000.0)),
            id::LUMINANCE_MIN => min = Some(scaled(decimal(reader, part)?, 10_000.0)),
            _ => {}
        }
        Ok(())
    })?;
    let whole = || {
        let point = |index: usize| Some((points[index]?, points[index + 1]?));
        Some(MasteringDisplay {
            red: point(0)?,
            green: point(2)?,
            blue: point(4)?,
            white: point(6)?,
            max_luminance: max?,
            min_luminance: min?,
        })
    };
    Ok(whole())
}
