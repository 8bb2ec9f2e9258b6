//! Laces (RFC 9559, 10.3): several frames in one block.

use super::elements::vint;
use super::{Result, Track};

/// The frames of a lace, whose sizes are written as the flags `lacing` say.
pub fn frames(lacing: u8, bytes: &[u8]) -> Result<Vec<&[u8]>> {
    let (&last, bytes) = bytes.split_first().ok_or("a lace without a head")?;
    let count = usize::from(last) + 1;
    ensure!(count > 1, "a lace of one frame");
    let (sizes, head) = match lacing {
        0x02 => xiph(count, bytes)?,
        0x04 => {
            ensure!(bytes.len().is_multiple_of(count), "{} bytes for {count} frames of one size", bytes.len());
            (vec![bytes.len() / count; count - 1], 0)
        }
        _ => ebml(count, bytes)?,
    };
    let mut rest = &bytes[head..];
    let mut frames = Vec::new();
    for size in sizes {
        let (frame, behind) = rest.split_at_checked(size).ok_or("a lace whose sizes are more than its bytes")?;
        frames.push(frame);
        rest = behind;
    }
    frames.push(rest);
    let alike = frames.iter().all(|frame| frame.len() == frames[0].len());
    ensure!(alike == (lacing == 0x04), "frames of one size in a lace that writes each, or the reverse");
    Ok(frames)
}

/// 10.3.2: full bytes, and one that is not.
fn xiph(count: usize, bytes: &[u8]) -> Result<(Vec<usize>, usize)> {
    let (mut sizes, mut at) = (Vec::new(), 0);
    while sizes.len() < count - 1 {
        let full = bytes[at..].iter().take_while(|byte| **byte == 255).count();
        let rest = *bytes.get(at + full).ok_or("the sizes of a lace are cut off")?;
        sizes.push(full * 255 + usize::from(rest));
        at += full + 1;
    }
    Ok((sizes, at))
}

/// 10.3.3: the first as it is, the others less the one before and moved by half the range.
fn ebml(count: usize, bytes: &[u8]) -> Result<(Vec<usize>, usize)> {
    let (mut sizes, mut at) = (Vec::<usize>::new(), 0);
    while sizes.len() < count - 1 {
        let (value, length) = vint(bytes, at, false)?;
        let unknown = (1u64 << (7 * length)) - 1;
        ensure!(value != unknown, "a size in a lace that means unknown");
        let half = |length: usize| (1i64 << (7 * length - 1)) - 1;
        let shortest = |fits: &dyn Fn(usize) -> bool| (1..=8).find(|&length| fits(length)) == Some(length);
        let size = match sizes.last() {
            None => {
                ensure!(shortest(&|length| value < (1 << (7 * length)) - 1), "a size in a lace is too long");
                value as i64
            }
            Some(&before) => {
                let more = value as i64 - half(length);
                ensure!(shortest(&|length| more.abs() <= half(length)), "a size in a lace is too long");
                before as i64 + more
            }
        };
        sizes.push(usize::try_from(size).map_err(|_| format!("a size of {size} in a lace"))?);
        at += length;
    }
    Ok((sizes, at))
}

/// The frames of a block of `track`. This crate laces sound, of a duration that the track says, few and small packets, a
/// second at most.
pub(super) fn read<'a>(track: &Track, lacing: u8, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>> {
    ensure!(track.flag_lacing, "a lace in a track without FlagLacing");
    let frames = frames(lacing, bytes)?;
    let lasts = track.default_duration_ns.ok_or("a lace of frames whose duration is not said")?;
    let short = frames.len() <= 8 && lasts * frames.len() as u64 <= 1_000_000_000;
    ensure!(short, "a lace of {} frames of {lasts} ns", frames.len());
    let longest = frames.iter().map(|frame| frame.len()).max();
    ensure!(longest.is_some_and(|bytes| bytes <= 16 << 10), "a frame of {longest:?} bytes in a lace");
    Ok(frames)
}
