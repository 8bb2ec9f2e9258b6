//! Segments: their types and indexes (ISO/IEC 14496-12, 8.16; ISO/IEC 23009-1, 6.3; ISO/IEC 23000-19, 7.3).

use super::boxes::Node;
use super::{Checked, Edit, Movie, ensure};

/// The segments of a file, or of a header and what was put behind it.
#[derive(Default)]
pub(super) struct Segments {
    /// For each segment: how many fragments stand before it, and whether it says that it has an index.
    starts: Vec<(usize, bool)>,
    indexes: Vec<Index>,
    before: String,
    /// Where each `moof` begins and the `mdat` behind it ends.
    pairs: Vec<(u64, u64)>,
}

struct Index {
    /// Behind it.
    end: u64,
    fragment: usize,
    timescale: u32,
    earliest: u64,
    size: u64,
    duration: u64,
    sap: u32,
}

impl Segments {
    /// Checks the order of boxes.
    pub fn follow(&mut self, kind: &str, at: u64, end: u64) -> Checked<()> {
        let before = std::mem::replace(&mut self.before, kind.to_owned());
        let segmented = !self.starts.is_empty();
        match kind {
            "moof" => self.pairs.push((at, end)),
            "mdat" if before == "moof" => self.pairs.last_mut().expect("moof was there").1 = end,
            "sidx" => ensure!(before == "styp", "sidx behind {before}"),
            "styp" => ensure!(before == "moov" || before == "mdat", "styp behind {before}"),
            _ => ensure!(!segmented, "{kind} among segments"),
        }
        ensure!(!segmented || before != "sidx" || kind == "moof", "{kind} behind sidx");
        ensure!(!segmented || before != "styp" || kind == "moof" || kind == "sidx", "{kind} behind styp");
        Ok(())
    }

    pub fn read(&mut self, node: &Node, end: u64, fragments: usize) -> Checked<()> {
        if node.kind == "styp" {
            let mut body = node.fields();
            body.expect("major brand and minor version of styp", b"msdh\0\0\0\0")?;
            let mut brands = Vec::new();
            while !body.is_empty() {
                brands.push(body.kind()?);
            }
            let indexed = brands.iter().any(|brand| brand == "msix");
            brands.retain(|brand| brand != "msix");
            ensure!(brands == ["msdh", "cmfs"], "styp with brands {brands:?}");
            self.starts.push((fragments, indexed));
            return Ok(());
        }
        let (mut body, version, flags) = node.full_fields(1)?;
        ensure!(version == 1 && flags == 0, "sidx of version {version}");
        ensure!(body.u32()? == 1, "sidx of another track");
        let (timescale, earliest) = (body.u32()?, body.u64()?);
        body.zeros("first_offset and reserved", 10)?;
        ensure!(body.u16()? == 1, "sidx with other than one reference");
        // A reference to another index has the top bit set, and is then too large.
        let (size, duration, sap) = (body.u32()?.into(), body.u32()?.into(), body.u32()?);
        body.end("sidx")?;
        self.indexes.push(Index { end, fragment: fragments, timescale, earliest, size, duration, sap });
        Ok(())
    }

    pub fn check(&self, movie: &Movie) -> Checked<()> {
        if self.starts.is_empty() {
            return Ok(());
        }
        let [track] = &movie.tracks[..] else { return Err("segments of several tracks".into()) };
        ensure!(self.starts[0].0 == 0, "a fragment before the first segment");
        let skipped = match track.edits[..] {
            [] => 0,
            [Edit { media_time, .. }] if media_time > 0 => media_time as u64,
            _ => return Err(format!("an edit list of {:?}", track.edits)),
        };
        let counts: Vec<usize> = movie.fragments.iter().map(|members| members.iter().map(|(_, n)| n).sum()).collect();
        let first_of = |fragment: usize| counts[..fragment].iter().sum::<usize>();
        for (index, &(start, indexed)) in self.starts.iter().enumerate() {
            let end = self.starts.get(index + 1).map_or(movie.fragments.len(), |next| next.0);
            ensure!(end > start, "segment {index} is empty");
            let samples = &track.samples[first_of(start)..first_of(end)];
            ensure!(samples[0].sync, "segment {index} begins with a sample that is no sync sample");
            let found = self.indexes.iter().find(|found| found.fragment == start);
            ensure!(found.is_some() == indexed, "segment {index}: brand msix {indexed}, sidx {}", found.is_some());
            let Some(found) = found else { continue };
            ensure!(end == start + 1, "an indexed segment of {} fragments", end - start);
            let last = samples.last().expect("not empty");
            let presented = |time: u64| time.saturating_sub(skipped);
            let (from, until) = (presented(samples[0].time), presented(last.time + u64::from(last.duration)));
            ensure!(found.timescale == track.timescale, "sidx timescale {}", found.timescale);
            ensure!(found.earliest == from, "sidx earliest_presentation_time {} and not {from}", found.earliest);
            let lasts = (until - from).max(1);
            ensure!(found.duration == lasts, "sidx subsegment_duration {} and not {lasts}", found.duration);
            let (moof, mdat_end) = self.pairs[start];
            ensure!(moof == found.end && found.size == mdat_end - moof, "sidx referenced_size {}", found.size);
            ensure!(found.sap == 0x9000_0000, "sidx SAP {:08x}", found.sap);
        }
        ensure!(self.indexes.len() == self.starts.iter().filter(|(_, indexed)| *indexed).count(), "a sidx too many");
        Ok(())
    }
}
