//! What a picture is and how it is shown: the boxes of visual sample entries, and the matrix of the track header.

use super::boxes::{Body, Node};
use super::codecs::clean_aperture;
use super::{Checked, Track, ensure};

/// Chromaticities of green, blue, red and white, the brightest and the darkest.
pub type Mastering = ([(u16, u16); 4], u32, u32);

/// What stands in a visual sample entry beside the codec.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Left, top, width, height.
    pub clean_aperture: Option<(u32, u32, u32, u32)>,
    /// Of a pixel, width and height.
    pub shape: Option<(u32, u32)>,
    /// Chromaticities of green, blue, red and white, the brightest and the darkest.
    pub mastering: Option<Mastering>,
    /// MaxCLL and MaxFALL.
    pub light: Option<(u16, u16)>,
}

/// Motion JPEG in MOV.
#[derive(Debug)]
pub struct Jpeg {
    pub width: u16,
    pub height: u16,
    /// Primaries, transfer, matrix.
    pub color: (u16, u16, u16),
    pub extras: Extras,
}

impl Extras {
    /// `clap`, `pasp`, `mdcv` and `clli`, in this order, each at most once.
    pub fn read(boxes: &[Node], coded: (u16, u16)) -> Checked<Self> {
        let kinds: Vec<_> = boxes.iter().map(|node| node.kind.as_str()).collect();
        let places: Option<Vec<usize>> =
            kinds.iter().map(|kind| ["clap", "pasp", "mdcv", "clli"].iter().position(|known| known == kind)).collect();
        ensure!(places.is_some_and(|places| places.is_sorted_by(|a, b| a < b)), "the sample entry holds {kinds:?}");
        let mut extras = Extras::default();
        for node in boxes {
            let mut body = node.fields();
            match node.kind.as_str() {
                "clap" => extras.clean_aperture = Some(clean_aperture(node, coded)?),
                "pasp" => {
                    let shape = (body.u32()?, body.u32()?);
                    body.end("pasp")?;
                    ensure!(shape.0 > 0 && shape.1 > 0, "pasp of {shape:?}");
                    ensure!(shape != (1, 1) || extras.clean_aperture.is_some(), "pasp of squares, for no reason");
                    extras.shape = Some(shape);
                }
                "mdcv" => {
                    let mut point = || -> Checked<(u16, u16)> {
                        let (x, y) = (body.u16()?, body.u16()?);
                        ensure!(x.max(y) <= 50_000, "mdcv has the chromaticity {x}, {y}");
                        Ok((x, y))
                    };
                    let points = [point()?, point()?, point()?, point()?];
                    let (brightest, darkest) = (body.u32()?, body.u32()?);
                    body.end("mdcv")?;
                    let [green, blue, red, _] = points;
                    // The greenest is the highest of the three in the diagram, the reddest the one at the right.
                    ensure!(
                        green.1 > blue.1.max(red.1) && red.0 > blue.0.max(green.0),
                        "mdcv is not in the order G, B, R"
                    );
                    ensure!(brightest > darkest, "mdcv goes from {darkest} to {brightest}");
                    extras.mastering = Some((points, brightest, darkest));
                }
                _ => {
                    extras.light = Some((body.u16()?, body.u16()?));
                    body.end("clli")?;
                }
            }
        }
        ensure!(extras.clean_aperture.is_none() || extras.shape.is_some(), "clap without pasp");
        Ok(extras)
    }

    /// The track header says the part that is shown, as wide as it is in square pixels.
    pub fn check(&self, track: &Track, coded: (u16, u16)) -> Checked<()> {
        let (left, top, width, height) = self.clean_aperture.unwrap_or((0, 0, coded.0.into(), coded.1.into()));
        ensure!((left, top) == (0, 0), "the clean aperture begins at {left}, {top}");
        let (num, den) = self.shape.unwrap_or((1, 1));
        let exact = f64::from(width) * f64::from(num) / f64::from(den);
        let said = f64::from(track.size.0) / 65_536.0;
        ensure!(
            (said - exact).abs() < 1.0 / 65_536.0 && track.size.1 == height << 16,
            "tkhd does not say {exact} x {height}"
        );
        Ok(())
    }
}

/// The entry `jpeg`, from behind its data_reference_index (QTFF, "Video sample description").
pub fn jpeg(mut body: Body<'_>) -> Checked<Jpeg> {
    body.zeros("version, revision, vendor, qualities", 16)?;
    let (width, height) = (body.u16()?, body.u16()?);
    body.expect("resolution, data size, frame count", b"\0\x48\0\0\0\x48\0\0\0\0\0\0\0\x01")?;
    let name = body.take(32)?;
    let length = usize::from(name[0]);
    ensure!(length < 32 && name[1 + length..].iter().all(|&byte| byte == 0), "compressor name of {length} bytes");
    body.expect("depth and color table id", &[0, 0x18, 0xff, 0xff])?;
    let boxes = Node::parse_all("jpeg", body.rest())?;
    let [colr, fiel, extras @ ..] = &boxes[..] else { return Err("jpeg without colr and fiel".into()) };
    ensure!(colr.kind == "colr" && fiel.kind == "fiel", "jpeg holds {} and {}", colr.kind, fiel.kind);
    fiel.fields().expect("fiel", &[1, 0])?;
    ensure!(fiel.body.len() == 2, "fiel of {} bytes", fiel.body.len());
    let color = nclc(colr)?;
    Ok(Jpeg { width, height, color, extras: Extras::read(extras, (width, height))? })
}

/// MOV's `colr`, which has no range.
pub fn nclc(node: &Node) -> Checked<(u16, u16, u16)> {
    let mut body = node.fields();
    body.expect("colour_type", b"nclc")?;
    let color = (body.u16()?, body.u16()?, body.u16()?);
    body.end("colr")?;
    ensure!(color.0 > 0 && color.1 > 0, "colr has a reserved 0");
    Ok(color)
}

/// Quarter turns clockwise, of a picture that was mirrored first if the second is true. The matrix has to bring the
/// corners of a picture of `size` (16.16) to the corners of one that begins at 0, 0 too.
pub fn orientation(matrix: [i32; 9], size: (u32, u32)) -> Checked<(u8, bool)> {
    let [a, b, u, c, d, v, x, y, w] = matrix;
    ensure!((u, v, w) == (0, 0, 0x4000_0000), "matrix {matrix:x?}");
    const ONE: i32 = 0x1_0000;
    ensure!([a, b, c, d].iter().all(|value| [0, ONE, -ONE].contains(value)), "matrix {matrix:x?}");
    let sign = |value: i32| i64::from(value / ONE);
    let (width, height) = (i64::from(size.0), i64::from(size.1));
    let place = |p: i64, q: i64| (sign(a) * p + sign(c) * q + i64::from(x), sign(b) * p + sign(d) * q + i64::from(y));
    let corners = [place(0, 0), place(width, 0), place(0, height), place(width, height)];
    let (left, top) = (corners.iter().map(|c| c.0).min(), corners.iter().map(|c| c.1).min());
    ensure!((left, top) == (Some(0), Some(0)), "matrix {matrix:x?} brings a corner to {left:?}, {top:?}");
    let turns = match (sign(a), sign(b), sign(c), sign(d)) {
        (1, 0, 0, 1) => (0, false),
        (0, 1, -1, 0) => (1, false),
        (-1, 0, 0, -1) => (2, false),
        (0, -1, 1, 0) => (3, false),
        (-1, 0, 0, 1) => (0, true),
        (0, -1, -1, 0) => (1, true),
        (1, 0, 0, -1) => (2, true),
        (0, 1, 1, 0) => (3, true),
        _ => return Err(format!("matrix {matrix:x?} is no turn")),
    };
    Ok(turns)
}
