//! Clusters, their blocks, and what the index and the Duration say about them.

use super::elements::{Element, vint};
use super::{Block, Cue, Result, Track, codecs, laces};

pub(super) fn read_clusters(segment: &Element<'_>, tracks: &[Track]) -> Result<(Vec<u64>, Vec<Block>)> {
    let (mut times, mut blocks) = (Vec::new(), Vec::new());
    // A file that was cut off has no size either, but room for its SeekHead, and clusters that have theirs.
    let live = segment.unknown_size && segment.children.first().is_none_or(|first| first.name != "Void");
    for (index, cluster) in segment.all("Cluster").enumerate() {
        ensure!(cluster.unknown_size == live, "cluster {index}: its size is known, or is not");
        ensure!(cluster.children[0].name == "Timestamp", "cluster {index} does not begin with its Timestamp");
        let time = cluster.uint("Timestamp")?;
        ensure!(times.last().is_none_or(|last| *last <= time), "cluster {index} is earlier than the one before it");
        times.push(time);
        let from = blocks.len();
        for child in &cluster.children {
            let (block, group) = match child.name {
                "SimpleBlock" => (child, None),
                "BlockGroup" => (child.get("Block")?, Some(child)),
                _ => continue,
            };
            let is_first = blocks.len() == from;
            for mut block in read_block(block, group, time, tracks)? {
                block.at = child.at;
                block.cluster = index;
                block.first_in_cluster = is_first;
                blocks.push(block);
            }
        }
        let of_cluster = &blocks[from..];
        ensure!(!of_cluster.is_empty(), "cluster {index} is empty");
        let latest = of_cluster.iter().map(|block| block.time_ms).max().unwrap_or(0);
        ensure!(latest - time as i64 <= 5_000, "cluster {index} is longer than 5 s");
        ensure!(of_cluster.len() == 1 || cluster.data.len() <= 5_100_000, "cluster {index} is larger than 5 MB");
    }
    Ok((times, blocks))
}

/// Its frames, of which there are several in a lace.
fn read_block(
    block: &Element<'_>,
    group: Option<&Element<'_>>,
    cluster_time: u64,
    tracks: &[Track],
) -> Result<Vec<Block>> {
    let (track, length) = vint(block.data, 0, false)?;
    let Some(([high, low, flags], payload)) = block.data[length..].split_first_chunk() else {
        return Err(format!("at {}: a block of {} bytes", block.at, block.data.len()));
    };
    let relative = i16::from_be_bytes([*high, *low]);
    ensure!(flags & !0x86 == 0, "at {}: a block with flags {flags:#x}", block.at);
    let own = tracks.iter().find(|other| other.number == track).ok_or_else(|| format!("a block of track {track}"))?;
    let (lacing, mut frames) = (flags & 0x06, vec![payload]);
    if lacing != 0 {
        ensure!(group.is_none(), "at {}: a lace in a BlockGroup", block.at);
        frames = laces::read(own, lacing, payload).map_err(|fault| format!("at {}: {fault}", block.at))?;
    }
    let time_ms = cluster_time as i64 + i64::from(relative);
    ensure!(time_ms >= 0 || cluster_time == 0, "at {}: a block before 0 in a cluster at {cluster_time}", block.at);
    let reference = group.and_then(|group| group.find("ReferenceBlock")).map(Element::signed);
    let more = group.and_then(|group| group.find("BlockAdditions")).map(|additions| additions.get("BlockMore"));
    let more = more.transpose()?;
    let addition =
        more.map(|more| more.get("BlockAdditional").map(|additional| additional.data.to_vec())).transpose()?;
    if let Some(more) = more {
        ensure!(more.uint("BlockAddID")? == 1, "at {}: a BlockAddID that is not 1", block.at);
        ensure!(more.children[0].name == "BlockAddID", "at {}: a BlockAdditional before its ID", block.at);
    }
    ensure!(group.is_none() || flags & 0x80 == 0, "at {}: a key flag in a BlockGroup", block.at);
    // A frame in a lace may be one: nobody asks for a packet of no bytes, but nothing forbids it.
    ensure!(!payload.is_empty(), "at {}: an empty block", block.at);
    let count = frames.len();
    let lasts = own.default_duration_ns.unwrap_or(0) as i64;
    let one = |(index, frame): (usize, &[u8])| Block {
        track,
        time_ms: time_ms + (index as i64 * lasts + 500_000).div_euclid(1_000_000),
        time_ns: time_ms * 1_000_000 + index as i64 * lasts,
        lace: (lacing != 0).then_some((index, count)),
        key: if group.is_some() { reference.is_none() } else { flags & 0x80 != 0 },
        duration_ms: group.and_then(|group| group.find("BlockDuration")).map(Element::value),
        discard_padding_ns: group.and_then(|group| group.find("DiscardPadding")).map_or(0, Element::signed),
        payload: frame.to_vec(),
        addition: addition.clone(),
        reference_ms: reference,
        grouped: group.is_some(),
        cluster: 0,
        first_in_cluster: false,
        at: 0,
    };
    Ok(frames.into_iter().enumerate().map(one).collect())
}

/// Order within each track, and padding at its end only.
pub(super) fn check_blocks(tracks: &[Track], blocks: &[Block]) -> Result<()> {
    for track in tracks {
        let own: Vec<_> = blocks.iter().filter(|block| block.track == track.number).collect();
        for pair in own.windows(2) {
            let times = (pair[0].time_ms, pair[1].time_ms);
            ensure!(times.0 <= times.1, "track {}: {} ms comes after {} ms", track.number, times.1, times.0);
            ensure!(pair[0].discard_padding_ns == 0, "track {}: padding before the last block", track.number);
        }
        let mut last = None;
        for block in &own {
            let stated = block.reference_ms.is_none_or(|ms| ms == last.map_or(0, |last: i64| last - block.time_ms));
            ensure!(stated, "track {}: a ReferenceBlock of {:?}", track.number, block.reference_ms);
            last = Some(block.time_ms);
            let told = block.addition.is_none() || track.max_addition == 1;
            ensure!(told, "track {}: BlockAdditions beyond the MaxBlockAdditionID", track.number);
            // What says no duration lasts as the track says, which its codec knows.
            let lasts = block.duration_ms.is_none().then_some(track.default_duration_ns).flatten();
            let own = codecs::audio_duration_ms(track, &block.payload).filter(|_| !track.is_video);
            let right = lasts.zip(own).is_none_or(|(ns, ms)| (ns as f64 - ms * 1e6).abs() < 1.0);
            ensure!(right, "track {}: {lasts:?} ns for a frame of {own:?} ms", track.number);
            // RFC 9559, 5.1.3.5.3.
            let timed = !block.grouped || track.default_duration_ns.is_none() || block.duration_ms.is_some();
            ensure!(timed, "track {}: a BlockGroup without a BlockDuration", track.number);
        }
        ensure!(own.iter().all(|block| block.discard_padding_ns >= 0), "track {}: padding below 0", track.number);
        ensure!(own.first().is_none_or(|block| block.key), "track {} does not begin with a key frame", track.number);
        // Without one, the last frame has no end.
        let timed = |block: &&&Block| block.duration_ms.is_some() || track.default_duration_ns.is_some();
        ensure!(!track.is_video || own.iter().all(|b| timed(&b)), "track {}: frames without a duration", track.number);
    }
    Ok(())
}

/// The Duration is that of what is seen and heard, to the rounding of the blocks' times.
pub(super) fn check_duration(duration: Option<f64>, tracks: &[Track], blocks: &[Block]) -> Result<()> {
    let end = |block: &Block| {
        let track = tracks.iter().find(|track| track.number == block.track)?;
        let lasts = block.duration_ms.map(|ms| ms as f64).or(track.default_duration_ns.map(|ns| ns as f64 / 1e6));
        let heard = |ms| ms - block.discard_padding_ns as f64 / 1e6;
        let lasts = lasts.or_else(|| codecs::audio_duration_ms(track, &block.payload).map(heard))?;
        Some(block.time_ms as f64 + lasts - track.codec_delay_ns as f64 / 1e6)
    };
    let ends = blocks.iter().map(end).collect::<Option<Vec<_>>>().ok_or("a block whose duration nobody can tell")?;
    let Some(last) = ends.into_iter().reduce(f64::max).filter(|last| *last > 0.0) else {
        ensure!(duration.is_none(), "the Duration of nothing");
        return Ok(());
    };
    let duration = duration.ok_or("there is no Duration")?;
    ensure!((duration - last).abs() <= 1.01, "Duration is {duration} ms, the last block ends at {last} ms");
    Ok(())
}

pub(super) fn check_cues(
    cues: Option<&Element<'_>>,
    segment: &Element<'_>,
    tracks: &[Track],
    blocks: &[Block],
) -> Result<Vec<Cue>> {
    let mut found = Vec::new();
    let mut last = None;
    for point in cues.iter().flat_map(|cues| cues.all("CuePoint")) {
        let time = point.uint("CueTime")?;
        ensure!(last.is_none_or(|last| last < time), "CueTime {time} is not after the one before it");
        last = Some(time);
        for positions in point.all("CueTrackPositions") {
            let (track, position) = (positions.uint("CueTrack")?, positions.uint("CueClusterPosition")?);
            let at_position = |cluster: &&Element<'_>| (cluster.at - segment.data_at) as u64 == position;
            let cluster = segment.all("Cluster").find(at_position);
            let cluster = cluster.ok_or_else(|| format!("CueClusterPosition {position} is not of a Cluster"))?;
            // Where it is not said which block of the cluster is meant, it is the first.
            let relative = positions.find("CueRelativePosition").map(|relative| relative.value());
            let at = cluster.data_at as u64 + relative.unwrap_or(0);
            // Of a lace, the first frame.
            let block = blocks.iter().find(|block| match relative {
                Some(_) => block.at as u64 == at,
                None => block.at as u64 >= at,
            });
            let right = |block: &Block| block.key && block.track == track && cue_time(block) == time;
            ensure!(block.is_some_and(right), "the cue at {time} ms is not of a key block of track {track}");
            let duration_ms = positions.find("CueDuration").map(Element::value);
            let lasts = tracks.iter().any(|other| other.number == track && other.is_subtitle);
            let stated = block.and_then(|block| block.duration_ms).filter(|_| lasts);
            ensure!(duration_ms == stated, "the cue at {time} ms has a duration of {duration_ms:?}, not {stated:?}");
            found.push(Cue { time_ms: time, track, duration_ms });
        }
    }
    let has_video = tracks.iter().any(|track| track.is_video);
    for (index, block) in blocks.iter().enumerate().filter(|(_, block)| block.key) {
        let indexed = tracks.iter().any(|track| track.number == block.track && (track.is_video || track.is_subtitle));
        // Of the blocks before 0 one is enough.
        let later = |other: &Block| other.track == block.track && other.key && other.time_ms <= 0;
        let is_past = block.time_ms < 0 && blocks[index + 1..].iter().any(later);
        let here = |cue: &Cue| (cue.time_ms, cue.track) == (cue_time(block), block.track);
        ensure!(!indexed || is_past || found.iter().any(here), "the key frame at {} ms has no cue", block.time_ms);
    }
    ensure!(has_video || blocks.is_empty() || !found.is_empty(), "sound without cues");
    Ok(found)
}

/// A cue cannot lie before 0.
fn cue_time(block: &Block) -> u64 {
    u64::try_from(block.time_ms).unwrap_or(0)
}
