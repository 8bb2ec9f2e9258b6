//! How a picture moved since the one before it, and what that says of it.

/// From where in the picture before a block came, in quarters of a sample: positive is from the right and from below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MotionVector {
    /// To the right.
    pub x: i16,
    /// Downwards.
    pub y: i16,
}

/// What the search found for one block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockMotion {
    /// Where the best match stands.
    pub vector: MotionVector,
    /// The sum of absolute differences to that match.
    pub sad: u32,
    /// The sum of absolute values of the differences' 8x8 Hadamard transforms, each an eighth: nearer to the bits that
    /// the differences cost than `sad`.
    pub satd: u32,
    /// The variance of the block's own samples, rounded down.
    pub variance: u32,
    /// The sum of absolute differences to the block at the same place.
    pub zero_sad: u32,
}

/// The size of the blocks of a [`MotionField`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockSize {
    /// 8x8 samples of luma.
    B8,
    /// 16x16 samples of luma.
    B16,
}

impl BlockSize {
    /// The samples of a side.
    pub fn side(self) -> usize {
        match self {
            BlockSize::B8 => 8,
            BlockSize::B16 => 16,
        }
    }
}

/// How each block of a picture moved since the picture before it. All values are of luma in 8 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MotionField {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) blocks16: Vec<BlockMotion>,
    pub(crate) blocks8: Vec<BlockMotion>,
}

impl MotionField {
    /// Width and height of the picture, in samples.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// How many blocks stand in a row, and how many rows there are. Those at the right and lower edge may reach beyond
    /// the picture.
    pub fn grid(&self, size: BlockSize) -> (usize, usize) {
        (self.width.div_ceil(size.side()), self.height.div_ceil(size.side()))
    }

    /// All blocks of a size, row after row.
    pub fn blocks(&self, size: BlockSize) -> &[BlockMotion] {
        match size {
            BlockSize::B8 => &self.blocks8,
            BlockSize::B16 => &self.blocks16,
        }
    }

    /// The block in this column and row of the grid.
    pub fn block(&self, size: BlockSize, column: usize, row: usize) -> Option<&BlockMotion> {
        let (columns, _) = self.grid(size);
        if column < columns { self.blocks(size).get(row * columns + column) } else { None }
    }
}

/// What a stream is to find out about its frames: [`VideoOptions::analysis`](crate::VideoOptions::analysis).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Analysis {
    /// Nothing. The default.
    #[default]
    Off,
    /// Where scenes begin, and which frames repeat the one before: all of [`FrameAnalysis`] but `motion`.
    Scenes,
    /// Vectors too, which takes several times as long.
    Vectors,
}

/// What is known about a picture from those beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameAnalysis {
    /// Its number, from 0.
    pub index: u64,
    /// Whether a scene begins with it. The first picture is no cut.
    pub is_cut: bool,
    /// Whether each of its samples, chroma and all bits included, is that of the picture before it.
    pub is_repeat: bool,
    /// What its luma costs from the picture before it: a sum of absolute differences at a quarter of the resolution, after
    /// motion and a change of light of the whole picture. 0 of the first picture.
    pub inter_cost: u64,
    /// What its luma costs from its own neighbours, on the same scale.
    pub intra_cost: u64,
    /// How it moved, where that was asked for; `None` of the first picture.
    pub motion: Option<MotionField>,
}
