//! Frames into pictures: colour conversion, scaling, padding. Samples into blocks: resampling and channel mixing.

pub(crate) mod audio;
pub(crate) mod picture;
pub(crate) mod rgb;
