//! The conversion of pictures against the formulas, in floating point.
//!
//! The reference knows nothing of the library's tables and integers: each sample of the result is worked out by itself,
//! from the numbers that code values stand for (H.273, 8.3) and from K_R and K_B as H.273 prints them.

use std::io::Cursor;

use arbitrary::{Result, Unstructured};
use framewright::media::{ChromaSubsampling, MatrixCoefficients, PlaneData, Primaries, TransferCharacteristics};
use framewright::sink::SharedWriter;
use framewright::testing::Frame;
use framewright::{
    Color, ColorRange, Container, Encoder, Fit, FrameFormat, FrameView, PixelFormat, VideoCodec, VideoOptions,
};

/// Half a code value, and what the library says that its coefficients may be off: `convert/rgb` 0.006, else 2^-14.
const RGB_TO_YUV: f64 = 0.5 + 0.006;
const OTHERS: f64 = 0.5 + 0.000_2;

/// Any frame into raw pictures of any format, of its size and of another: each sample is the nearest to the exact one.
pub fn run(data: &[u8]) {
    let _ = convert(&mut Unstructured::new(data));
}

fn convert(u: &mut Unstructured<'_>) -> Result<()> {
    let frame: Frame = u.arbitrary()?;
    let format: PixelFormat = u.arbitrary()?;
    let target = Color {
        primaries: Primaries::Bt709,
        transfer: TransferCharacteristics::Bt709,
        matrix: u.arbitrary()?,
        range: u.arbitrary()?,
    };
    // Matrix and range are converted; primaries and transfer are not.
    let own =
        if u.arbitrary()? { None } else { Some(Color { matrix: u.arbitrary()?, range: u.arbitrary()?, ..target }) };
    let view = frame.view().expect("frames are sound");
    let view = own.map_or(view.clone(), |color| view.clone().with_color(color));
    let (width, height) = (view.width(), view.height());

    let options = VideoOptions::new(width, height).codec(VideoCodec::Raw).pixel_format(format).color(target).threads(1);
    let picture = picture(&view, options.clone(), format, (width, height));
    let wanted = Wanted { view: &view, format, target, own: own.unwrap_or(target) };
    wanted.compare(&picture);

    if u.ratio(1, 3)? {
        let to = (u.int_in_range(1..=40)?, u.int_in_range(1..=40)?);
        let fit = if u.arbitrary()? { Fit::Pad } else { Fit::Stretch };
        let scaled = self::picture(&view, options.out_size(to.0, to.1).fit(fit), format, to);
        compare_scaled(&picture, &scaled, format, target.range, (width, height), to, fit);
    }
    Ok(())
}

/// The planes of the picture that the library makes of a frame.
fn picture(
    view: &FrameView<'_>,
    options: VideoOptions,
    format: PixelFormat,
    (width, height): (u32, u32),
) -> Vec<Plane> {
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let mut encoder = Encoder::new();
    let mut stream = encoder.add_video(options).expect("options in their ranges");
    let container = if format.is_rgb() { Container::Apng } else { Container::Y4m };
    encoder.open_writer(file.clone(), container).expect("raw pictures in their containers");
    stream.add_frame(view).unwrap_or_else(|error| panic!("a {} frame for {format}: {error:?}", view.format()));
    drop(stream);
    encoder.close().expect("one picture");
    let file = file.into_inner().expect("the encoder let go of it").into_inner();
    if format.is_rgb() {
        return png(&file, format, width as usize, height as usize);
    }
    let start = file.windows(6).position(|word| word == b"FRAME\n").expect("a frame of Y4M") + 6;
    let mut samples = file[start..].iter().copied();
    let planes: Vec<Plane> = (0..format.planes())
        .map(|plane| {
            let (width, height) = plane_size(format, plane, width as usize, height as usize);
            let mut sample = || {
                let mut byte = || f64::from(samples.next().expect("a whole frame"));
                if format.bit_depth() == 8 { byte() } else { byte() + 256.0 * byte() }
            };
            Plane { width, samples: (0..width * height).map(|_| sample()).collect() }
        })
        .collect();
    assert_eq!(samples.next(), None, "bytes behind a frame of {format}");
    planes
}

fn png(file: &[u8], format: PixelFormat, width: usize, height: usize) -> Vec<Plane> {
    let mut reader = png::Decoder::new(Cursor::new(file)).read_info().expect("crate png reads the header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let info = reader.next_frame(&mut pixels).expect("crate png reads the picture");
    assert_eq!((info.width as usize, info.height as usize), (width, height));
    let channels = format.planes();
    assert_eq!(info.color_type.samples(), channels, "channels of {format}");
    let plane = |channel| Plane {
        width,
        samples: pixels
            .iter()
            .skip(channel)
            .step_by(channels)
            .take(width * height)
            .map(|&sample| sample.into())
            .collect(),
    };
    (0..channels).map(plane).collect()
}

struct Plane {
    width: usize,
    samples: Vec<f64>,
}

fn plane_size(format: PixelFormat, plane: usize, width: usize, height: usize) -> (usize, usize) {
    let (x, y) = if plane == 0 || format.is_rgb() { (1, 1) } else { steps(format.chroma()) };
    (width.div_ceil(x), height.div_ceil(y))
}

/// Pixels that share a chroma sample.
fn steps(chroma: ChromaSubsampling) -> (usize, usize) {
    match chroma {
        ChromaSubsampling::Yuv444 => (1, 1),
        ChromaSubsampling::Yuv422 => (2, 1),
        ChromaSubsampling::Yuv420 | ChromaSubsampling::Monochrome => (2, 2),
    }
}

/// K_R and K_B, as H.273 has them.
fn weights(matrix: MatrixCoefficients) -> (f64, f64) {
    match matrix {
        MatrixCoefficients::Bt709 => (0.2126, 0.0722),
        MatrixCoefficients::Fcc => (0.30, 0.11),
        MatrixCoefficients::Smpte240M => (0.212, 0.087),
        MatrixCoefficients::Bt2020Ncl => (0.2627, 0.0593),
        _ => (0.299, 0.114),
    }
}

/// Where 0 and 1 of luma, or 0 and 1 of chroma, stand among code values.
fn scale(plane: usize, depth: u8, range: ColorRange) -> (f64, f64) {
    let step = f64::from(1u32 << (depth - 8));
    match (plane, range) {
        (0, ColorRange::Limited) => (16.0 * step, 219.0 * step),
        (0, ColorRange::Full) => (0.0, largest(depth)),
        (_, ColorRange::Limited) => (128.0 * step, 224.0 * step),
        (_, ColorRange::Full) => (128.0 * step, largest(depth)),
    }
}

fn largest(depth: u8) -> f64 {
    f64::from((1u32 << depth) - 1)
}

/// What is to come of a frame.
struct Wanted<'a> {
    view: &'a FrameView<'a>,
    format: PixelFormat,
    target: Color,
    /// The frame's, or the target's where it says nothing.
    own: Color,
}

impl Wanted<'_> {
    fn compare(&self, picture: &[Plane]) {
        let (width, height) = (self.view.width() as usize, self.view.height() as usize);
        let most = if self.view.format().is_yuv() || self.format.is_rgb() { OTHERS } else { RGB_TO_YUV };
        for (index, plane) in picture.iter().enumerate() {
            let (step_x, step_y) =
                if index == 0 || self.format.is_rgb() { (1, 1) } else { steps(self.format.chroma()) };
            for (at, &got) in plane.samples.iter().enumerate() {
                let (x, y) = (at % plane.width * step_x, at / plane.width * step_y);
                // Of an odd size, the last column and row count twice.
                let columns: Vec<usize> = (x..x + step_x).map(|x| x.min(width - 1)).collect();
                let rows: Vec<usize> = (y..y + step_y).map(|y| y.min(height - 1)).collect();
                let exact = self.sample(index, &columns, &rows).clamp(0.0, largest(self.format.bit_depth()));
                if (got - exact).abs() > most {
                    let (format, depth) = (self.view.format(), self.view.bit_depth());
                    let pixel = [0, 1, 2, 3].map(|channel| match format.is_yuv() {
                        true => Some(self.number(channel.min(2), x, y)),
                        false => self.component(channel, x, y),
                    });
                    panic!(
                        "{x}, {y} of plane {index}: {got}, not {exact}: {pixel:?} of {format}, {depth} bits, {width}x{height}, \
                         {:?} into {} of {:?}",
                        self.own, self.format, self.target
                    );
                }
            }
        }
    }

    /// The exact code value of plane `plane` for some pixels.
    fn sample(&self, plane: usize, columns: &[usize], rows: &[usize]) -> f64 {
        let mean = |of: &dyn Fn(usize, usize) -> f64| {
            let sum: f64 = rows.iter().flat_map(|&y| columns.iter().map(move |&x| (x, y))).map(|(x, y)| of(x, y)).sum();
            sum / (rows.len() * columns.len()) as f64
        };
        match (self.view.format().is_yuv(), self.format.is_rgb()) {
            (false, true) => self.channel(plane, columns[0], rows[0]),
            (false, false) => {
                let rgb = [0, 1, 2].map(|channel| mean(&|x, y| self.composed(channel, x, y)));
                self.code(plane, yuv(rgb, self.target.matrix)[plane])
            }
            (true, true) if plane == 3 => 255.0,
            (true, true) => {
                let unsaid = self.own.matrix == MatrixCoefficients::Unspecified;
                let matrix = if unsaid { self.target.matrix } else { self.own.matrix };
                255.0 * rgb([0, 1, 2].map(|channel| self.number(channel, columns[0], rows[0])), matrix)[plane]
            }
            (true, false) => {
                let numbers = [0, 1, 2].map(|channel| mean(&|x, y| self.number(channel, x, y)));
                let is_unsaid = |color: Color| color.matrix == MatrixCoefficients::Unspecified;
                let has_chroma = self.view.format() != FrameFormat::Yuv(ChromaSubsampling::Monochrome);
                if plane > 0 && !has_chroma {
                    return self.code(plane, 0.0);
                }
                let keeps = !has_chroma || is_unsaid(self.own) || is_unsaid(self.target);
                let numbers = if keeps { numbers } else { yuv(rgb(numbers, self.own.matrix), self.target.matrix) };
                self.code(plane, numbers[plane])
            }
        }
    }

    /// The code value of a number.
    fn code(&self, plane: usize, number: f64) -> f64 {
        let (zero, unit) = scale(plane, self.format.bit_depth(), self.target.range);
        zero + unit * number
    }

    /// A sample of the frame, at most the largest of its depth.
    fn raw(&self, plane: usize, x: usize, y: usize) -> f64 {
        let (data, stride) = self.view.plane_data(plane).expect("a plane");
        let value = match data {
            PlaneData::U8(samples) => samples[y * stride + x].into(),
            PlaneData::U16(samples) if self.view.format() == FrameFormat::Nv12 => {
                samples[y * stride + x] >> (16 - self.view.bit_depth())
            }
            PlaneData::U16(samples) => samples[y * stride + x],
        };
        f64::from(value).min(largest(self.view.bit_depth()))
    }

    /// The number that Y, Cb or Cr of a pixel stands for; chroma is that of the sample which covers it.
    fn number(&self, channel: usize, x: usize, y: usize) -> f64 {
        let chroma = match self.view.format() {
            FrameFormat::Yuv(ChromaSubsampling::Monochrome) if channel > 0 => return 0.0,
            FrameFormat::Yuv(chroma) => chroma,
            _ => ChromaSubsampling::Yuv420,
        };
        let (step_x, step_y) = steps(chroma);
        let value = match (self.view.format(), channel) {
            (_, 0) => self.raw(0, x, y),
            (FrameFormat::Nv12, _) => self.raw(1, x / 2 * 2 + channel - 1, y / 2),
            _ => self.raw(channel, x / step_x, y / step_y),
        };
        let (zero, unit) = scale(channel, self.view.bit_depth(), self.own.range);
        (value - zero) / unit
    }

    /// Red, green, blue (or grey for each) or alpha of a pixel.
    fn component(&self, channel: usize, x: usize, y: usize) -> Option<f64> {
        Some(match (self.view.format(), channel) {
            (FrameFormat::Rgb | FrameFormat::Bgr | FrameFormat::Gray | FrameFormat::RgbPlanar, 3) => return None,
            (FrameFormat::Rgb, _) => self.raw(0, 3 * x + channel, y),
            (FrameFormat::Bgr, _) => self.raw(0, 3 * x + 2 - channel, y),
            (FrameFormat::Rgba, _) | (FrameFormat::Bgra, 3) => self.raw(0, 4 * x + channel, y),
            (FrameFormat::Bgra, _) => self.raw(0, 4 * x + 2 - channel, y),
            (FrameFormat::Gray, _) => self.raw(0, x, y),
            _ => self.raw(channel, x, y),
        })
    }

    /// Red, green or blue from 0 to 1, over black. The result of that is a sample of the frame's depth, rounded.
    fn composed(&self, channel: usize, x: usize, y: usize) -> f64 {
        let (value, max) = (self.component(channel, x, y).expect("a colour"), largest(self.view.bit_depth()));
        let alpha = self.component(3, x, y).unwrap_or(max);
        (value * alpha / max).round() / max
    }

    /// The code value, 0 to 255, of red, green, blue or alpha. It is rounded once.
    fn channel(&self, channel: usize, x: usize, y: usize) -> f64 {
        let max = largest(self.view.bit_depth());
        let Some(value) = self.component(channel, x, y) else { return 255.0 };
        let over_black = channel < 3 && self.format == PixelFormat::Rgb;
        let alpha = self.component(3, x, y).filter(|_| over_black).unwrap_or(max);
        255.0 * value * alpha / (max * max)
    }
}

/// Y, Cb and Cr of red, green and blue.
fn yuv([red, green, blue]: [f64; 3], matrix: MatrixCoefficients) -> [f64; 3] {
    let (kr, kb) = weights(matrix);
    let luma = kr * red + (1.0 - kr - kb) * green + kb * blue;
    [luma, (blue - luma) / (2.0 - 2.0 * kb), (red - luma) / (2.0 - 2.0 * kr)]
}

/// Red, green and blue of Y, Cb and Cr.
fn rgb([luma, cb, cr]: [f64; 3], matrix: MatrixCoefficients) -> [f64; 3] {
    let (kr, kb) = weights(matrix);
    let (red, blue) = (luma + (2.0 - 2.0 * kr) * cr, luma + (2.0 - 2.0 * kb) * cb);
    [red, (luma - kr * red - kb * blue) / (1.0 - kr - kb), blue]
}

/// A scaled picture: the cubic of Catmull and Rom in both directions, in the middle of black.
fn compare_scaled(
    from: &[Plane],
    scaled: &[Plane],
    format: PixelFormat,
    range: ColorRange,
    own: (u32, u32),
    to: (u32, u32),
    fit: Fit,
) {
    if own == to {
        return assert!(from.iter().zip(scaled).all(|(a, b)| a.samples == b.samples), "a size that is kept");
    }
    let place = if fit == Fit::Pad { padded(own, to) } else { (0, 0, to.0 as usize, to.1 as usize) };
    let max = largest(format.bit_depth());
    for (index, (source, plane)) in from.iter().zip(scaled).enumerate() {
        let in_plane = |x, y| plane_size(format, index, x, y);
        let ((left, top), (width, height)) = (in_plane(place.0, place.1), in_plane(place.2, place.3));
        let rows = source.samples.len() / source.width;
        let black = if format.is_rgb() { 0.0 } else { scale(index, format.bit_depth(), range).0 };
        for (at, &got) in plane.samples.iter().enumerate() {
            let (x, y) = (at % plane.width, at / plane.width);
            let is_inside = (left..left + width).contains(&x) && (top..top + height).contains(&y);
            if !is_inside {
                assert_eq!(got, black, "{x}, {y} of plane {index} beside the picture: {own:?} to {to:?}");
                continue;
            }
            let (across, down) = (taps(source.width, width, x - left), taps(rows, height, y - top));
            let row = |y: usize| across.iter().map(|&(x, k)| k * source.samples[y * source.width + x]).sum::<f64>();
            let exact: f64 = down.iter().map(|&(y, k)| k * row(y)).sum();
            // Weights are rounded to 2^-14, and so are the rows between.
            let most = 0.51 + max * 1.5 * (across.len() + down.len()) as f64 / 16_384.0;
            let off = (got - exact.clamp(0.0, max)).abs();
            assert!(off <= most, "{x}, {y} of plane {index}: {got}, not {exact}: {format}, {own:?} to {to:?}, {fit}");
        }
    }
}

/// Where a picture goes in another, with its proportions: left, top, width and height. Offsets and shorter sides are even.
fn padded(own: (u32, u32), to: (u32, u32)) -> (usize, usize, usize, usize) {
    let ratio = (f64::from(to.0) / f64::from(own.0)).min(f64::from(to.1) / f64::from(own.1));
    let fills_width = u64::from(to.0) * u64::from(own.1) <= u64::from(to.1) * u64::from(own.0);
    let even = |side: u32, most: u32| {
        ((f64::from(side) * ratio / 2.0 + 1e-9).round() as usize * 2)
            .clamp(2, (most as usize).max(2))
            .min(most as usize)
    };
    let (width, height) = match fills_width {
        true => (to.0 as usize, even(own.1, to.1)),
        false => (even(own.0, to.0), to.1 as usize),
    };
    let middle = |free: usize| free / 2 / 2 * 2;
    (middle(to.0 as usize - width), middle(to.1 as usize - height), width, height)
}

/// The samples of a row of `from` that make sample `index` of one of `to`, and their weights, which sum to 1.
fn taps(from: usize, to: usize, index: usize) -> Vec<(usize, f64)> {
    let ratio = from as f64 / to as f64;
    let (centre, widen) = ((index as f64 + 0.5) * ratio - 0.5, ratio.max(1.0));
    let reach = (2.0 * widen).ceil() + 1.0;
    let mut taps = Vec::new();
    let mut sample = (centre - reach).floor();
    while sample <= centre + reach {
        let t = ((sample - centre) / widen).abs();
        let weight = match t {
            t if t < 1.0 => (1.5 * t - 2.5) * t * t + 1.0,
            t if t < 2.0 => ((-0.5 * t + 2.5) * t - 4.0) * t + 2.0,
            _ => 0.0,
        };
        if weight != 0.0 {
            taps.push((sample.clamp(0.0, from as f64 - 1.0) as usize, weight));
        }
        sample += 1.0;
    }
    let total: f64 = taps.iter().map(|(_, weight)| weight).sum();
    taps.iter_mut().for_each(|(_, weight)| *weight /= total);
    taps
}
