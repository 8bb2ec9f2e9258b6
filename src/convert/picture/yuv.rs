//! Luma and chroma of any layout and coding into those of the target, or into red, green and blue.
//!
//! Chroma is reduced by averaging two or four samples (the last column or row of an odd size counts twice), which puts
//! it in the middle of the pixels that it belongs to. It is enlarged by repeating samples, so that what was 4:2:0 and
//! is reduced to it again gets its samples back. Where the matrix changes, the luma of a pixel takes the chroma sample
//! that covers it. It is the same where pixels become red, green and blue, which are of the full range of 8 bits.

use super::rule::{Coding, MIX_BITS, Rule};
use super::{Sample, resize_plane};
use crate::error::{Error, Result};
use crate::media::{
    ChromaSubsampling, Color, FrameFormat, FrameView, PictureView, PixelFormat, Plane, PlaneData, PlaneView, Primaries,
    Samples, TransferCharacteristics,
};
use crate::parallel::Workers;

/// Converts YUV frames. Planes that are as the target wants them are borrowed.
pub(super) struct YuvConverter {
    format: PixelFormat,
    color: Color,
    /// The rules for the kind of frame that came last.
    rules: Option<(ChromaSubsampling, Coding, Vec<Rule>)>,
    planes: Vec<Plane>,
}

impl YuvConverter {
    pub fn new(format: PixelFormat, color: Color) -> Self {
        let plane = |_| if format.bit_depth() == 8 { Plane::U8(Vec::new()) } else { Plane::U16(Vec::new()) };
        YuvConverter { format, color, rules: None, planes: (0..format.planes()).map(plane).collect() }
    }

    /// The frame in the target's format and colour, at the frame's size.
    pub fn convert<'a>(&'a mut self, frame: &'a FrameView<'a>, workers: &Workers) -> Result<PictureView<'a>> {
        let color = frame.color().unwrap_or(self.color);
        check_color(color, self.color, self.format)?;
        let channels = channels(frame)?;
        let (format, width, height) = (self.format, frame.width() as usize, frame.height() as usize);

        let coding = Coding { depth: frame.bit_depth(), color };
        let known = self.rules.take().filter(|(was, with, _)| (*was, *with) == (chroma_of(frame), coding));
        let (.., rules) = self.rules.insert(known.unwrap_or_else(|| {
            let target = Coding { depth: format.bit_depth(), color: self.color };
            (chroma_of(frame), coding, rules(chroma_of(frame), coding, format, target))
        }));

        let mut borrowed = [None; 4];
        let mut bands = Vec::new();
        for (index, (plane, rule)) in self.planes.iter_mut().zip(rules.iter()).enumerate() {
            let shifts = shifts(format.chroma(), index);
            if let (Rule::Same, Some(channel)) = (rule, channels.get(index))
                && channel.shifts == shifts
            {
                borrowed[index] = channel.borrow();
            }
            if borrowed[index].is_none() {
                let size = format.plane_size(index, width, height);
                resize_plane(plane, size)?;
                Band::divide(
                    PlaneWork { channels: &channels, plane: index, rule, shifts, width: size.0 },
                    plane,
                    &mut bands,
                );
            }
        }
        workers.for_each(bands, Band::run);

        let planes = self.planes.iter().zip(borrowed).enumerate().map(|(index, (plane, borrowed))| {
            let (width, height) = format.plane_size(index, width, height);
            let samples = match plane {
                Plane::U8(samples) => Samples::U8(samples),
                Plane::U16(samples) => Samples::U16(samples),
            };
            borrowed.unwrap_or(PlaneView { samples, stride: width, width, height })
        });
        Ok(PictureView { format, width, height, planes: planes.collect() })
    }
}

/// Refuses what would need light to be converted: primaries and transfer. Red, green and blue are for screens, which show
/// all of standard range alike: there the primaries and curves of SD and HD are those of sRGB.
fn check_color(frame: Color, target: Color, format: PixelFormat) -> Result<()> {
    let refuse = |what: &str, frame: &dyn std::fmt::Display, target: &dyn std::fmt::Display| {
        Err(Error::unsupported(format!(
            "a frame with {what} `{frame}` for a video with `{target}`: matrix and range are converted, primaries and \
             transfer are not; give the video the frame's, or say `unspecified` where they are to be taken as they are"
        )))
    };
    // The same chromaticities (H.273, table 2).
    let primaries = |primaries| match primaries {
        Primaries::Smpte170M | Primaries::Smpte240M | Primaries::Bt470Bg if format.is_rgb() => Primaries::Bt709,
        Primaries::Smpte240M => Primaries::Smpte170M,
        other => other,
    };
    // The same curve (H.273, table 3).
    let transfer = |transfer| match transfer {
        TransferCharacteristics::Srgb | TransferCharacteristics::Smpte240M if format.is_rgb() => {
            TransferCharacteristics::Bt709
        }
        TransferCharacteristics::Smpte170M
        | TransferCharacteristics::Bt2020Ten
        | TransferCharacteristics::Bt2020Twelve => TransferCharacteristics::Bt709,
        other => other,
    };
    let (a, b) = (frame.primaries, target.primaries);
    if primaries(a) != primaries(b) && a != Primaries::Unspecified && b != Primaries::Unspecified {
        return refuse("primaries", &a, &b);
    }
    let (a, b) = (frame.transfer, target.transfer);
    let unsaid = TransferCharacteristics::Unspecified;
    if transfer(a) != transfer(b) && a != unsaid && b != unsaid {
        return refuse("transfer", &a, &b);
    }
    Ok(())
}

/// The rule of each plane of the target.
fn rules(chroma: ChromaSubsampling, mut from: Coding, format: PixelFormat, to: Coding) -> Vec<Rule> {
    if format.is_rgb() {
        return (0..format.planes()).map(|plane| Rule::rgb(plane, from, to, chroma)).collect();
    }
    let target_chroma = format.chroma();
    if chroma == ChromaSubsampling::Monochrome {
        // Without chroma, all matrices give the same luma.
        from.color.matrix = to.color.matrix;
    }
    let rule = |plane: usize| {
        if plane >= chroma.planes() {
            return Rule::neutral(to);
        }
        let (from_shifts, to_shifts) = (shifts(chroma, plane), shifts(target_chroma, plane));
        let averaged = to_shifts.0.saturating_sub(from_shifts.0) + to_shifts.1.saturating_sub(from_shifts.1);
        Rule::new(plane, from, to, 1 << averaged)
    };
    (0..target_chroma.planes()).map(rule).collect()
}

fn chroma_of(frame: &FrameView<'_>) -> ChromaSubsampling {
    match frame.format() {
        FrameFormat::Yuv(chroma) => chroma,
        _ => ChromaSubsampling::Yuv420,
    }
}

fn shifts(chroma: ChromaSubsampling, plane: usize) -> (u32, u32) {
    if plane == 0 { (0, 0) } else { chroma.shifts() }
}

/// Where the samples of Y, Cb or Cr stand in a frame.
struct Channel<'a> {
    data: PlaneData<'a>,
    stride: usize,
    /// Samples before the first, and from one to the next: 2 where Cb and Cr are interleaved.
    first: usize,
    step: usize,
    width: usize,
    height: usize,
    shifts: (u32, u32),
    /// Unused bits below the value.
    unused: u32,
    max: u32,
}

/// Y, or Y, Cb and Cr.
fn channels<'a>(frame: &FrameView<'a>) -> Result<Vec<Channel<'a>>> {
    let (format, depth) = (frame.format(), frame.bit_depth());
    let channel = |index: usize| {
        let (plane_index, first, step) = match (format, index) {
            (FrameFormat::Nv12, 1 | 2) => (1, index - 1, 2),
            _ => (index, 0, 1),
        };
        let plane = frame
            .plane(plane_index)
            .ok_or_else(|| Error::input(format!("a {format} frame without its plane {plane_index}")))?;
        let (row, height) = format.plane_size(plane_index, frame.width() as usize, frame.height() as usize);
        let container = if matches!(plane.data, PlaneData::U8(_)) { 8 } else { 16 };
        Ok(Channel {
            data: plane.data,
            stride: plane.stride,
            first,
            step,
            width: row / step,
            height,
            shifts: shifts(chroma_of(frame), index),
            unused: if format == FrameFormat::Nv12 { container - u32::from(depth) } else { 0 },
            max: (1 << depth) - 1,
        })
    };
    (0..chroma_of(frame).planes()).map(channel).collect()
}

impl<'a> Channel<'a> {
    /// The samples where they are, if a codec can take them so: one beside the other, values in the low bits, none
    /// above the largest, which the AV1 engine would take for granted.
    fn borrow(&self) -> Option<PlaneView<'a>> {
        let samples = match self.data {
            PlaneData::U8(samples) => Samples::U8(samples),
            PlaneData::U16(samples) => {
                let used = |row: &[u16]| row[..self.width].iter().fold(0, |bits, sample| bits | sample);
                if samples.chunks(self.stride).take(self.height).any(|row| u32::from(used(row)) > self.max) {
                    return None;
                }
                Samples::U16(samples)
            }
        };
        let fits = self.step == 1 && self.unused == 0;
        fits.then_some(PlaneView { samples, stride: self.stride, width: self.width, height: self.height })
    }

    /// Adds to each of `sums` the samples that belong to it, where these are those from column `x` on in row `y` of a
    /// plane with the subsampling `shifts`.
    fn add(&self, shifts: (u32, u32), x: usize, y: usize, sums: &mut [u32]) {
        let mut add = |y: usize| match (self.data, self.step) {
            (PlaneData::U8(samples), 1) => self.add_row::<u8, 1>(samples, shifts.0, x, y, sums),
            (PlaneData::U8(samples), _) => self.add_row::<u8, 2>(samples, shifts.0, x, y, sums),
            (PlaneData::U16(samples), 1) => self.add_row::<u16, 1>(samples, shifts.0, x, y, sums),
            (PlaneData::U16(samples), _) => self.add_row::<u16, 2>(samples, shifts.0, x, y, sums),
        };
        if shifts.1 > self.shifts.1 {
            add(2 * y);
            add((2 * y + 1).min(self.height - 1));
        } else {
            add(y >> (self.shifts.1 - shifts.1));
        }
    }

    fn add_row<S: Sample, const STEP: usize>(&self, samples: &[S], shift: u32, x: usize, y: usize, sums: &mut [u32]) {
        let row = &samples[y * self.stride + self.first..][..(self.width - 1) * STEP + 1];
        let (unused, max) = (self.unused, self.max);
        let value = |sample: S| (sample.into() >> unused).min(max);
        if shift > self.shifts.0 {
            for (sum, pair) in sums.iter_mut().zip(row[2 * x * STEP..].chunks(2 * STEP)) {
                *sum += value(pair[0]) + value(*pair.get(STEP).unwrap_or(&pair[0]));
            }
        } else if shift < self.shifts.0 {
            for (sums, sample) in sums.chunks_mut(2).zip(row[x / 2 * STEP..].chunks(STEP)) {
                sums.iter_mut().for_each(|sum| *sum += value(sample[0]));
            }
        } else {
            for (sum, sample) in sums.iter_mut().zip(row[x * STEP..].chunks(STEP)) {
                *sum += value(sample[0]);
            }
        }
    }
}

/// What there is to do for one plane of the target.
#[derive(Clone, Copy)]
struct PlaneWork<'a> {
    channels: &'a [Channel<'a>],
    plane: usize,
    rule: &'a Rule,
    shifts: (u32, u32),
    width: usize,
}

/// Columns at a time: even, and few enough for the stack.
const COLUMNS: usize = 256;

impl PlaneWork<'_> {
    /// Fills `rows`, the first of which is row `y` of the plane.
    fn run<S: Sample>(&self, y: usize, rows: &mut [S]) {
        for (y, row) in (y..).zip(rows.chunks_mut(self.width)) {
            for (x, out) in (0..).step_by(COLUMNS).zip(row.chunks_mut(COLUMNS)) {
                self.run_columns(x, y, out);
            }
        }
    }

    fn run_columns<S: Sample>(&self, x: usize, y: usize, out: &mut [S]) {
        let sums_of = |channel: &Channel<'_>| {
            let mut sums = [0; COLUMNS];
            channel.add(self.shifts, x, y, &mut sums[..out.len()]);
            sums
        };
        match self.rule {
            Rule::Same => {
                let sums = sums_of(&self.channels[self.plane]);
                for (out, &sum) in out.iter_mut().zip(&sums) {
                    *out = S::new(sum);
                }
            }
            Rule::Table(table) => {
                let sums = sums_of(&self.channels[self.plane]);
                for (out, &sum) in out.iter_mut().zip(&sums) {
                    *out = S::new(table[sum as usize].into());
                }
            }
            Rule::Mix(mix) => {
                let mut mixed = [mix.bias; COLUMNS];
                for (channel, &weight) in self.channels.iter().zip(&mix.weights).filter(|(_, weight)| **weight != 0) {
                    for (mixed, sum) in mixed.iter_mut().zip(sums_of(channel)) {
                        *mixed += weight * i64::from(sum);
                    }
                }
                for (out, mixed) in out.iter_mut().zip(mixed) {
                    *out = S::new((mixed >> MIX_BITS).clamp(0, mix.max) as u32);
                }
            }
        }
    }
}

/// Some rows of a plane of the target: what one worker does at a time.
struct Band<'a> {
    work: PlaneWork<'a>,
    first: usize,
    rows: Rows<'a>,
}

enum Rows<'a> {
    U8(&'a mut [u8]),
    U16(&'a mut [u16]),
}

impl<'a> Band<'a> {
    fn divide(work: PlaneWork<'a>, plane: &'a mut Plane, bands: &mut Vec<Band<'a>>) {
        /// Samples of a band, or one row if that is more.
        const SAMPLES: usize = 1 << 16;
        let rows = (SAMPLES / work.width).max(1);
        let band = |(index, samples): (usize, Rows<'a>)| Band { work, first: index * rows, rows: samples };
        match plane {
            Plane::U8(samples) => {
                bands.extend(samples.chunks_mut(rows * work.width).map(Rows::U8).enumerate().map(band));
            }
            Plane::U16(samples) => {
                bands.extend(samples.chunks_mut(rows * work.width).map(Rows::U16).enumerate().map(band));
            }
        }
    }

    fn run(self) {
        match self.rows {
            Rows::U8(rows) => self.work.run(self.first, rows),
            Rows::U16(rows) => self.work.run(self.first, rows),
        }
    }
}
