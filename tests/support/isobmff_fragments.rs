//! Movie fragments (ISO/IEC 14496-12, 8.8).

use super::boxes::Node;
use super::{Checked, Movie, Sample, Track, ensure, group_of_all};

/// What `trex` says.
#[derive(Debug)]
pub struct Defaults {
    duration: u32,
    size: u32,
    flags: u32,
}

pub(super) fn read_defaults(extends: &Node, tracks: &mut [Track]) -> Checked<()> {
    for node in extends.all("trex") {
        let (mut body, _, _) = node.full_fields(0)?;
        let (id, description) = (body.u32()?, body.u32()?);
        let defaults = Defaults { duration: body.u32()?, size: body.u32()?, flags: body.u32()? };
        body.end("trex")?;
        ensure!(description == 1, "trex for sample description {description}");
        check_flags(defaults.flags)?;
        let track = tracks.iter_mut().find(|track| track.id == id).ok_or(format!("trex for track {id}"))?;
        ensure!(track.defaults.replace(defaults).is_none(), "two trex for track {id}");
    }
    ensure!(tracks.iter().all(|track| track.defaults.is_some()), "a track without trex");
    Ok(())
}

/// Adds the samples of all fragments to the movie's tracks.
pub(super) fn read(fragments: &[Node], movie: &mut Movie) -> Checked<()> {
    ensure!(fragments.is_empty() || fragments.len() == movie.media_data.len(), "not one mdat for each moof");
    let mut first = 1;
    for (index, fragment) in fragments.iter().enumerate() {
        let (mut body, _, _) = fragment.only("mfhd").full_fields(0)?;
        let number = body.u32()?;
        // Of a live recording only the last segments may be left.
        if index == 0 && movie.boxes.iter().any(|kind| kind == "styp") {
            first = number as usize;
            ensure!(first > 0, "fragment 1 has the number 0");
        }
        ensure!(number as usize == index + first, "fragment {} has the number {number}", index + 1);
        let mut members = Vec::new();
        for traf in fragment.all("traf") {
            let member = track_fragment(traf, fragment.at, movie).map_err(|e| format!("fragment {number}: {e}"))?;
            ensure!(members.iter().all(|(id, _)| *id != member.0), "track {} is twice in fragment {number}", member.0);
            members.push(member);
        }
        for (id, count) in &members {
            let track = movie.tracks.iter().find(|track| track.id == *id).expect("found before");
            let data = &movie.media_data[index];
            let samples = &track.samples[track.samples.len() - count..];
            let inside = samples.iter().all(|s| data.contains(&s.offset) && s.offset + u64::from(s.size) <= data.end);
            ensure!(inside, "samples of fragment {number} outside of its media data {data:?}");
        }
        movie.fragments.push(members);
    }
    Ok(())
}

/// The index at the end names the first sync sample of each fragment, and is as long as it says.
pub(super) fn check_random_access(node: &Node, fragments: &[Node], movie: &Movie) -> Checked<()> {
    let mut size = 8;
    let mut found = Vec::new();
    for table in node.all("tfra") {
        size += 8 + table.body.len();
        let (mut body, version, _) = table.full_fields(1)?;
        let id = body.u32()?;
        let lengths = body.u32()?;
        ensure!([0, 0b00_00_11].contains(&lengths), "tfra with lengths {lengths:b}");
        let count = body.u32()?;
        ensure!(count > 0, "tfra without entries says that all samples are sync samples");
        let mut entries = Vec::new();
        for _ in 0..count {
            let mut long = || if version == 1 { body.u64() } else { body.u32().map(u64::from) };
            let (time, moof) = (long()?, long()?);
            let (traf, trun) = (body.u8()?, body.u8()?);
            entries.push((time, moof, traf, trun, if lengths == 0 { body.u8()?.into() } else { body.u32()? }));
        }
        body.end("tfra")?;
        found.push((id, entries));
    }
    let (mut body, _, _) = node.only("mfro").full_fields(0)?;
    size += 16;
    let said = body.u32()?;
    body.end("mfro")?;
    ensure!(said as usize == size, "mfro says {said}, mfra has {size} bytes");

    let mut wanted = Vec::new();
    // Of pictures where there are any, and else of each track.
    let has_video = movie.tracks.iter().any(|track| track.handler == "vide");
    for track in movie.tracks.iter().filter(|track| track.handler == "vide" || !has_video) {
        let mut entries = Vec::new();
        let mut done = 0;
        for (members, fragment) in movie.fragments.iter().zip(fragments) {
            let Some(place) = members.iter().position(|(id, _)| *id == track.id) else { continue };
            let samples = &track.samples[done..done + members[place].1];
            done += samples.len();
            if let Some(index) = samples.iter().position(|sample| sample.sync) {
                entries.push((samples[index].time, fragment.at, place as u8 + 1, 1, index as u32 + 1));
            }
        }
        if !entries.is_empty() {
            wanted.push((track.id, entries));
        }
    }
    ensure!(found == wanted, "tfra says {found:?}, the fragments {wanted:?}");
    Ok(())
}

fn track_fragment(node: &Node, moof: u64, movie: &mut Movie) -> Checked<(u32, usize)> {
    let (mut body, _, flags) = node.only("tfhd").full_fields(0)?;
    ensure!(flags & !0x02_0038 == 0, "tfhd has flags {flags:x}");
    ensure!(flags & 0x02_0000 != 0, "tfhd without default-base-is-moof");
    let id = body.u32()?;
    let track = movie.tracks.iter_mut().find(|track| track.id == id).ok_or(format!("no track {id}"))?;
    let Defaults { mut duration, mut size, flags: mut sample_flags } = *track.defaults.as_ref().expect("checked");
    for (flag, field) in [(0x08, &mut duration), (0x10, &mut size), (0x20, &mut sample_flags)] {
        if flags & flag != 0 {
            *field = body.u32()?;
        }
    }
    body.end("tfhd")?;

    let (mut body, version, _) = node.only("tfdt").full_fields(1)?;
    ensure!(version == 1, "tfdt of version {version}");
    let mut time = body.u64()?;
    body.end("tfdt")?;
    let before = track.samples.last().map_or(0, |last| last.time + u64::from(last.duration));
    ensure!(time >= before, "track {id}: a decode time of {time} where {before} has been reached");

    let (mut body, version, flags) = node.only("trun").full_fields(0)?;
    ensure!(version == 0 && flags & !0x705 == 0, "trun has flags {flags:x}");
    ensure!(flags & 1 != 0, "trun without data_offset");
    ensure!(flags & 0x404 != 0x404, "trun with first_sample_flags and flags of each sample");
    let count = body.u32()? as usize;
    ensure!(count > 0, "trun without samples");
    let mut offset = moof + u64::from(body.u32()?);
    let first_flags = if flags & 0x04 != 0 { Some(body.u32()?) } else { None };
    for index in 0..count {
        let mut sample = [duration, size, if index == 0 { first_flags.unwrap_or(sample_flags) } else { sample_flags }];
        for (flag, field) in [0x100, 0x200, 0x400].into_iter().zip(&mut sample) {
            if flags & flag != 0 {
                *field = body.u32()?;
            }
        }
        let [duration, size, sample_flags] = sample;
        ensure!(duration > 0 && size > 0, "track {id}: a sample of {size} bytes that lasts {duration}");
        let sync = check_flags(sample_flags)?;
        track.samples.push(Sample { offset, size, time, duration, sync });
        offset += u64::from(size);
        time += u64::from(duration);
    }
    body.end("trun")?;
    ensure!(node.child("sgpd").is_none(), "a fragment with roll distances of its own");
    match (node.child("sbgp"), track.roll_choices.is_empty()) {
        (None, true) => {}
        (Some(groups), false) => {
            let index = group_of_all(groups, count)?;
            let distance = (index as usize).checked_sub(1).and_then(|index| track.roll_choices.get(index));
            track.roll_distances.push(*distance.ok_or(format!("sbgp names the roll distance {index}"))?);
        }
        _ => return Err(format!("track {id}: sgpd in moov without sbgp in traf, or the other way round")),
    }
    Ok((id, count))
}

/// Whether flags say that a sample is a sync sample; only two values are expected.
fn check_flags(flags: u32) -> Checked<bool> {
    match flags {
        0x0200_0000 => Ok(true),
        0x0101_0000 => Ok(false),
        _ => Err(format!("sample flags {flags:08x}")),
    }
}
