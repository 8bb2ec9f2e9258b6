//! Pictures in, what is known of each out, one picture later.

use std::fmt;

use super::repeats::Repeats;
use super::scenes::{Costs, stands_out};
use super::searcher::{Depth, Found, Pictures, SearchRecord, Searcher};
use crate::error::{Error, Result};
use crate::media::{FrameAnalysis, FrameFormat, FrameView, MotionField, PictureView, PlaneData, PlaneView, Samples};
use crate::parallel::Workers;

/// Tells of each frame how it moved, whether a scene begins with it, and whether it repeats the one before it.
///
/// What is known of a frame comes out when the next has gone in, or at the end: one that differs from both beside it is
/// a flash, no cut. The results do not depend on the number of threads.
///
/// ```
/// use framewright::FrameView;
/// use framewright::motion::{Analyzer, BlockSize};
///
/// let mut analyzer = Analyzer::new(64, 48)?.with_vectors(true);
/// // Rings around a corner, further and further apart.
/// let level = |x: usize, y: usize| ((x * x + 2 * y * y) / 40) as u8;
/// let picture = |shift: usize| -> Vec<u8> { (0..64 * 48).map(|i| level(i % 64 + shift, i / 64)).collect() };
/// assert!(analyzer.add(&FrameView::gray(64, 48, &picture(0)[..])?)?.is_none());
/// let first = analyzer.add(&FrameView::gray(64, 48, &picture(3)[..])?)?;
/// assert!(first.is_some_and(|first| !first.is_cut && first.motion.is_none()));
/// let second = analyzer.finish().expect("two frames went in");
/// let field = second.motion.expect("vectors were asked for");
/// assert_eq!(field.block(BlockSize::B16, 1, 1).map(|block| block.vector.x), Some(12));
/// # Ok::<(), framewright::Error>(())
/// ```
pub struct Analyzer {
    scenes: SceneAnalyzer,
    width: u32,
    height: u32,
    /// The format of the first frame, which the others have to have.
    format: Option<(FrameFormat, u8)>,
}

impl Analyzer {
    /// For frames of `width` x `height`, with a worker thread for each core.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for sides outside 1 to 16384.
    pub fn new(width: u32, height: u32) -> Result<Self> {
        for (name, value) in [("width", width), ("height", height)] {
            if !(1..=16_384).contains(&value) {
                return Err(Error::option(name, value, "use 1 to 16384"));
            }
        }
        Ok(Analyzer { scenes: SceneAnalyzer::new(0)?, width, height, format: None })
    }

    /// With this many worker threads; 0 means one for each core. The results do not depend on it.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) above 256.
    pub fn with_threads(mut self, threads: usize) -> Result<Self> {
        if threads > 256 {
            return Err(Error::option("threads", threads, "use 0 (one for each core) to 256"));
        }
        self.scenes.pictures.set_workers(Workers::new(threads)?);
        Ok(self)
    }

    /// Whether vectors are searched for, which takes several times as long as all else. Off unless said.
    pub fn with_vectors(mut self, on: bool) -> Self {
        self.scenes.has_vectors = on;
        self
    }

    /// Has another searcher search: for `gpu`, which stands above this room.
    #[cfg(feature = "gpu")]
    pub(crate) fn with_searcher(mut self, searcher: Box<dyn Searcher>) -> Self {
        self.scenes = self.scenes.with_searcher(searcher, SearchRecord::default());
        self
    }

    /// What that searcher did.
    #[cfg(feature = "gpu")]
    pub(crate) fn search_record(&self) -> &SearchRecord {
        self.scenes.pictures.record()
    }

    /// Takes the next frame, of luma and chroma or of luma alone; gives what is known of the one before it.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where size, layout or depth are not those of the frames before, and
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for frames of RGB. Such a frame has left no trace.
    pub fn add(&mut self, frame: &FrameView<'_>) -> Result<Option<FrameAnalysis>> {
        if (frame.width(), frame.height()) != (self.width, self.height) {
            return Err(Error::input(format!(
                "a frame of {}x{}: the analyzer is for {}x{}",
                frame.width(),
                frame.height(),
                self.width,
                self.height
            )));
        }
        let layout = frame.format();
        if !layout.is_yuv() && layout != FrameFormat::Gray {
            return Err(Error::unsupported(format!(
                "the analyzer takes luma and chroma, or luma alone (i420, nv12, gray): convert {layout} first"
            )));
        }
        let found = (layout, frame.bit_depth());
        let format = *self.format.get_or_insert(found);
        if format != found {
            return Err(Error::input(format!(
                "a frame of {} with {} bits: those before were {} with {}",
                found.0, found.1, format.0, format.1
            )));
        }
        let planes = planes(frame);
        // P010 has the value in the high bits, all others in the low ones.
        let depth = if layout == FrameFormat::Nv12 && frame.bit_depth() > 8 { 16 } else { frame.bit_depth() };
        Ok(self.scenes.add(&planes, u32::from(depth) - 8))
    }

    /// What is known of the last frame. The analyzer then begins anew.
    pub fn finish(&mut self) -> Option<FrameAnalysis> {
        self.format = None;
        self.scenes.finish()
    }
}

impl fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Analyzer({}x{})", self.width, self.height)
    }
}

fn planes<'a>(frame: &FrameView<'a>) -> Vec<PlaneView<'a>> {
    let planes = (0..frame.format().planes()).filter_map(|index| {
        let plane = frame.plane(index)?;
        let (width, height) = frame.format().plane_size(index, frame.width() as usize, frame.height() as usize);
        let samples = match plane.data {
            PlaneData::U8(samples) => Samples::U8(samples),
            PlaneData::U16(samples) => Samples::U16(samples),
        };
        Some(PlaneView { samples, stride: plane.stride, width, height })
    });
    planes.collect()
}

/// The same for pictures on their way into an engine.
pub(crate) struct SceneAnalyzer {
    has_vectors: bool,
    /// The newest picture and those before it.
    pictures: Pictures,
    repeats: Repeats,
    /// What is known of the newest picture, and the costs of the one before it.
    pending: Option<Pending>,
    costs_before: Costs,
    last_field: Option<MotionField>,
    index: u64,
}

struct Pending {
    analysis: FrameAnalysis,
    costs: Costs,
}

impl SceneAnalyzer {
    pub fn new(threads: usize) -> Result<Self> {
        Ok(SceneAnalyzer {
            has_vectors: false,
            pictures: Pictures::new(Workers::new(threads)?),
            repeats: Repeats::default(),
            pending: None,
            costs_before: Costs::default(),
            last_field: None,
            index: 0,
        })
    }

    /// Whether vectors are searched for.
    pub fn with_vectors(mut self, on: bool) -> Self {
        self.has_vectors = on;
        self
    }

    /// Has another searcher search, as long as it does not fail; `record` says later what it did.
    #[cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "without the feature there is none but in tests"))]
    pub fn with_searcher(mut self, searcher: Box<dyn Searcher>, record: SearchRecord) -> Self {
        self.pictures.set_searcher(searcher, record);
        self
    }

    /// Takes a picture; gives what is known of the one before it.
    pub fn add_picture(&mut self, picture: &PictureView<'_>) -> Option<FrameAnalysis> {
        self.add(&picture.planes, u32::from(picture.format.bit_depth()) - 8)
    }

    /// Takes planes whose samples are by `shift` bits deeper than 8.
    fn add(&mut self, planes: &[PlaneView<'_>], shift: u32) -> Option<FrameAnalysis> {
        let luma = planes.first()?;
        let is_repeat = self.repeats.take(planes);
        match is_repeat {
            true => self.pictures.repeat(),
            false => self.pictures.take(luma, shift),
        }
        let mut analysis =
            FrameAnalysis { index: self.index, is_cut: false, is_repeat, inter_cost: 0, intra_cost: 0, motion: None };
        self.index += 1;
        let mut costs = Costs::default();
        if self.pictures.held() > 1 {
            let depth = if self.has_vectors { Depth::Field(self.last_field.as_ref()) } else { Depth::Coarse };
            let found = self.pictures.search(0, 1, depth);
            costs = found.costs;
            (analysis.inter_cost, analysis.intra_cost) = (costs.inter, costs.intra);
            self.last_field = found.field.clone();
            analysis.motion = found.field;
        }
        let known = self.settle(Some(costs));
        self.pending = Some(Pending { analysis, costs });
        known
    }

    /// What is known of the last picture. The analyzer then begins anew.
    pub fn finish(&mut self) -> Option<FrameAnalysis> {
        let known = self.settle(None);
        self.pictures.clear();
        (self.index, self.last_field) = (0, None);
        self.costs_before = Costs::default();
        self.repeats = Repeats::default();
        known
    }

    /// Decides on the pending picture: the newest but one, or the newest at the end, where `after` is `None`.
    fn settle(&mut self, after: Option<Costs>) -> Option<FrameAnalysis> {
        let Pending { mut analysis, costs } = self.pending.take()?;
        let at = usize::from(after.is_some());
        if costs.is_strange() && stands_out(self.costs_before, costs, after.unwrap_or_default()) {
            // A flash: what follows is as what was before it. Then neither it nor what follows is another scene.
            let is_flash = at == 1 && !self.costs_between(0, 2).is_strange();
            let follows_a_flash = self.pictures.held() > at + 2 && !self.costs_between(at, at + 2).is_strange();
            analysis.is_cut = !is_flash && !follows_a_flash;
        }
        self.costs_before = costs;
        Some(analysis)
    }

    fn costs_between(&mut self, newer: usize, older: usize) -> Costs {
        let Found { costs, .. } = self.pictures.search(newer, older, Depth::Coarse);
        costs
    }
}
