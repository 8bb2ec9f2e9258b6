//! framewright for JavaScript.
//!
//! A [`Session`](session::Session) is an encoder that takes strings, numbers and bytes; the TypeScript around it gives
//! that its types, a Worker and sinks. Nothing here waits, and nothing here keeps what was written: after each call the
//! caller takes the writes away, so the memory of the module does not grow with the length of the file,
//! but for layout `faststart`, which is held to its end.
#![deny(unsafe_code)]
#![warn(missing_docs)]

mod about;
mod failure;
mod folder;
mod frame;
mod groups;
mod outbox;
mod report;
mod session;

pub use about::About;
pub use groups::Group;
pub use session::Session;
