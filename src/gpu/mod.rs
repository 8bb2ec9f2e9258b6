//! Pictures by way of a GPU, and the search for motion there: the only room that knows wgpu.
//!
//! A stage here is the twin of one on the CPU: integer arithmetic by the same definition, and the same bytes. It is one
//! Rust file and one WGSL file of the same name. What a GPU does not take (deep frames, luma and chroma that need other
//! coding, planes of red, green and blue) goes the way of the CPU, and the result is the same.
//!
//! [`context`] finds a GPU and makes errors of what goes wrong there; [`source`] is frames and textures on their way in;
//! [`rgb`] is the conversion, twin of `convert::rgb`; [`scale`] is what brings its pictures to another size, twin of
//! `convert::picture::scale`; [`ring`] is pictures on their way back: while one is read, those after it are at work already;
//! [`textures`] has its public face for other encoders.
//!
//! [`pyramid`] and [`search`] are the twins of `motion::pyramid` and `motion::search`, and [`searcher`] hands pictures to them;
//! [`read_back`] is a buffer on its way back.

mod context;
mod pyramid;
mod read_back;
mod rgb;
mod ring;
mod scale;
#[cfg(test)]
mod scale_tests;
mod search;
#[cfg(test)]
mod search_tests;
mod searcher;
mod source;
#[cfg(test)]
mod tests;
mod textures;

pub use context::{Device, GpuContext};
pub(crate) use ring::GpuConverter;
pub(crate) use searcher::GpuSearcher;
pub use textures::TextureConverter;
