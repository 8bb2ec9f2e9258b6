//! Stub.
use super::{Container, MuxSettings, Muxer};
use crate::error::{Error, Result};
pub(super) fn open(_: Container, _: &MuxSettings) -> Result<Box<dyn Muxer>> {
    Err(Error::unsupported("not yet"))
}
