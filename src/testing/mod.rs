//! Scenes, sounds and whole small files by seed (feature `testing`): what tests and fuzzing harnesses feed and compare.
//!
//! [`video`] and [`audio`] give frames and samples of any size and format, [`Session`] a file that is valid by
//! construction and says what has to be found in it. All of it is integers that follow from the seed: the same on every
//! machine. With feature `arbitrary`, options, frames, samples and sessions are `Arbitrary` too, for the crate of that name.
//!
//! ```
//! use framewright::Container;
//! use framewright::testing::Session;
//!
//! for seed in 0..4 {
//!     let session = Session::of(Container::Matroska, seed);
//!     let file = session.write()?;
//!     assert_eq!(file[..4], [0x1a, 0x45, 0xdf, 0xa3]);
//!     assert!(session.streams().iter().all(|stream| stream.count > 0));
//! }
//! # Ok::<(), framewright::Error>(())
//! ```
//!
//! A target of `cargo fuzz` for a demuxer of one's own, with feature `arbitrary`:
//!
//! ```
//! # #[cfg(feature = "arbitrary")]
//! fn target(session: framewright::testing::Session) {
//!     let file = session.write().expect("sessions are valid");
//!     // Read `file`, and compare what is found with `session.streams()`; or damage it first.
//!     assert!(!file.is_empty() && !session.streams().is_empty());
//! }
//! # #[cfg(feature = "arbitrary")]
//! # target(arbitrary::Unstructured::new(&[7; 32]).arbitrary().unwrap());
//! ```

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod random;
mod scene;
mod session;
mod sound;

pub use scene::{Frame, Scene, video};
pub use session::{ExpectedKind, ExpectedStream, Session};
pub use sound::{Block, Sound, audio};
