//! Groups, however and wherever they are encoded, against one engine for the whole stream.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use super::*;
use crate::codec::av1::Tune;
use crate::codec::av1::tests::{picture, settings};
use crate::error::ErrorKind;
use crate::media::{Picture, PixelFormat, Plane};
use proptest::prelude::*;

/// Pictures that move, and are negatives of that from one cut to the next.
fn scene(settings: &Av1Settings, time: usize, cuts: &[usize]) -> Picture {
    let Av1Settings { format, width, height, .. } = *settings;
    let mut picture = picture(format, width, height, time);
    if cuts.iter().filter(|&&cut| cut <= time).count() % 2 == 1 {
        for plane in &mut picture.planes {
            match plane {
                Plane::U8(samples) => samples.iter_mut().for_each(|sample| *sample = 255 - *sample),
                Plane::U16(samples) => samples.iter_mut().for_each(|sample| *sample = 1023 - *sample),
            }
        }
    }
    picture
}

fn encode(
    mut engine: Box<dyn VideoEngine>,
    settings: &Av1Settings,
    count: usize,
    cuts: &[usize],
    forced: &[usize],
) -> Vec<CodedPicture> {
    let mut out = Vec::new();
    for time in 0..count {
        let picture = scene(settings, time, cuts);
        let input = VideoInput { picture: picture.view(), force_key: forced.contains(&time), analysis: None };
        engine.encode(input, &mut out).unwrap();
    }
    engine.end_input(&mut out).unwrap();
    engine.finish(&mut out).unwrap();
    assert_eq!(out.len(), count);
    out
}

fn threads(settings: &Av1Settings, groups: usize, bytes: u64) -> Box<dyn VideoEngine> {
    open(settings, Place::Threads { groups, bytes }).unwrap()
}

/// What the engine of the whole stream gives, and that the groups give the same.
fn compare(settings: &Av1Settings, count: usize, cuts: &[usize], forced: &[usize]) -> Vec<usize> {
    let one = encode(settings.open().unwrap(), settings, count, cuts, forced);
    for (groups, bytes) in [(2, u64::MAX), (3, 1)] {
        let several = encode(threads(settings, groups, bytes), settings, count, cuts, forced);
        let keys = |coded: &[CodedPicture]| (0..coded.len()).filter(|&i| coded[i].key).collect::<Vec<_>>();
        assert_eq!(keys(&several), keys(&one), "{count} pictures, cuts {cuts:?}, forced {forced:?}: {settings:?}");
        for (index, (several, one)) in several.iter().zip(&one).enumerate() {
            assert!(
                several.data == one.data,
                "picture {index} of {count}, cuts {cuts:?}, forced {forced:?}: {settings:?}"
            );
        }
    }
    (0..count).filter(|&index| one[index].key).collect()
}

#[test]
fn groups_give_the_bytes_of_one_engine_for_all() {
    let base = Av1Settings { keyframe_interval: 9, ..settings(PixelFormat::Yuv420p, 48, 32) };
    let off = Av1Settings { scene_detection: SceneDetection::Off, ..base.clone() };
    let weighed = Av1Settings { tx_domain_distortion: false, ..base.clone() };
    for settings in [
        base.clone(),
        off.clone(),
        weighed.clone(),
        Av1Settings { scene_detection: SceneDetection::Standard, ..weighed },
        Av1Settings { low_latency: true, ..base.clone() },
        Av1Settings { preset: 6, tune: Tune::Psnr, ..base.clone() },
        Av1Settings { format: PixelFormat::Yuv444p10, ..base.clone() },
        Av1Settings { format: PixelFormat::Gray, min_keyframe_interval: Some(2), ..base.clone() },
    ] {
        compare(&settings, 32, &[13], &[20, 21]);
    }
    assert_eq!(compare(&off, 30, &[], &[4, 5]), [0, 4, 5, 14, 23]);
    assert_eq!(compare(&off, 14, &[], &[]), [0, 9], "in the last pictures too");
    let cut = Av1Settings { keyframe_interval: 100, min_keyframe_interval: Some(1), ..base };
    assert_eq!(compare(&cut, 24, &[11], &[]), [0, 11], "there is a cut, and it is found");
    assert!(encode(threads(&cut, 2, 1), &cut, 0, &[], &[]).is_empty());
}

#[test]
fn scenes_of_scaled_pictures_are_found_alike() {
    // Up to 240 lines the detector looks at pictures as they are.
    let settings = Av1Settings { min_keyframe_interval: Some(3), ..settings(PixelFormat::Gray, 260, 244) };
    assert_eq!(compare(&settings, 14, &[7], &[]), [0, 7]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn groups_give_the_bytes_of_one_engine_wherever_key_frames_are(
        count in 0usize..26,
        interval in 1u32..12,
        minimum in 1u32..5,
        cuts in prop::collection::btree_set(1usize..24, 0..3),
        forced in prop::collection::btree_set(0usize..24, 0..4),
        low_latency: bool,
        tx_domain_distortion: bool,
        format in prop::sample::select(vec![PixelFormat::Gray, PixelFormat::Yuv420p]),
        width in 16usize..50,
    ) {
        let settings = Av1Settings {
            keyframe_interval: interval,
            min_keyframe_interval: Some(minimum.min(interval)),
            low_latency,
            tx_domain_distortion,
            ..settings(format, width, 24)
        };
        compare(&settings, count, &Vec::from_iter(cuts), &Vec::from_iter(forced));
    }
}

type Damage = fn(&mut Vec<Vec<u8>>);

/// Encodes each group as it comes, and keeps what came of it until it is called for.
struct Desk {
    settings: Av1Settings,
    groups: BTreeMap<u64, AnyGroup>,
    done: Arc<Mutex<BTreeMap<u64, Vec<Vec<u8>>>>>,
    /// What is done to what comes back.
    damage: Damage,
}

impl GroupPool for Desk {
    fn picture(&mut self, group: u64, picture: Vec<u8>) -> io::Result<()> {
        let settings = self.settings.of_group(1);
        let group = self.groups.entry(group).or_insert_with(|| AnyGroup::open(&settings).unwrap());
        group.picture(&settings, &picture).map_err(io::Error::other)
    }

    fn end(&mut self, group: u64) -> io::Result<()> {
        let mut samples = self.groups.remove(&group).unwrap().finish().map_err(io::Error::other)?;
        (self.damage)(&mut samples);
        self.done.lock().unwrap().insert(group, samples);
        Ok(())
    }

    fn take(&mut self, group: u64) -> io::Result<Option<Vec<Vec<u8>>>> {
        Ok(self.done.lock().unwrap().remove(&group))
    }
}

fn desk(settings: &Av1Settings, damage: Damage) -> Desk {
    Desk { settings: settings.clone(), groups: BTreeMap::new(), done: Arc::default(), damage }
}

#[test]
fn groups_from_elsewhere_are_the_same() {
    for format in [PixelFormat::Yuv420p, PixelFormat::Yuv422p10, PixelFormat::Gray10] {
        let settings = Av1Settings { keyframe_interval: 5, ..settings(format, 35, 21) };
        let one = encode(settings.open().unwrap(), &settings, 13, &[], &[]);
        let engine = open(&settings, Place::Elsewhere(Box::new(desk(&settings, |_| ())))).unwrap();
        let other = encode(engine, &settings, 13, &[], &[]);
        assert!(other.iter().zip(&one).all(|(other, one)| other.data == one.data && other.key == one.key));
    }
}

#[test]
fn what_comes_back_is_looked_at() {
    let settings = Av1Settings { keyframe_interval: 3, ..settings(PixelFormat::Gray, 16, 16) };
    let damages: [(Damage, &str); 4] = [
        (|samples| samples.truncate(1), "1 came back of 3"),
        (|samples| samples.swap(0, 1), "a key frame"),
        (|samples| samples[1] = samples[0].clone(), "picture 1 has to be none"),
        (|samples| samples[0].truncate(9), "OBU"),
    ];
    for (damage, said) in damages {
        let mut engine = open(&settings, Place::Elsewhere(Box::new(desk(&settings, damage)))).unwrap();
        let failure = (0..20).find_map(|time| {
            let picture = scene(&settings, time, &[]);
            let input = VideoInput { picture: picture.view(), force_key: false, analysis: None };
            engine.encode(input, &mut Vec::new()).err()
        });
        let failure = failure.expect(said);
        assert_eq!(failure.kind(), ErrorKind::Codec, "{failure}");
        assert!(failure.to_string().contains(said), "{failure}");
        assert_eq!(engine.finish(&mut Vec::new()).unwrap_err().kind(), ErrorKind::State);
    }
}

#[test]
fn a_group_that_does_not_come_back_is_missed() {
    let settings = Av1Settings { keyframe_interval: 3, ..settings(PixelFormat::Gray, 16, 16) };
    let desk = desk(&settings, |_| ());
    let done = Arc::clone(&desk.done);
    let mut engine = open(&settings, Place::Elsewhere(Box::new(desk))).unwrap();
    let picture = scene(&settings, 0, &[]);
    engine.encode(VideoInput { picture: picture.view(), force_key: false, analysis: None }, &mut Vec::new()).unwrap();
    engine.end_input(&mut Vec::new()).unwrap();
    let kept = std::mem::take(&mut *done.lock().unwrap());
    assert_eq!(kept.len(), 1);
    let missed = engine.finish(&mut Vec::new()).unwrap_err();
    assert_eq!(missed.kind(), ErrorKind::State);
    assert!(missed.to_string().contains("have not come back"), "{missed}");
}

#[test]
fn engines_that_are_dropped_leave_no_thread_waiting() {
    let settings = Av1Settings { keyframe_interval: 3, ..settings(PixelFormat::Gray, 16, 16) };
    for count in [0, 1, 9, 30] {
        let mut engine = threads(&settings, 2, u64::MAX);
        for time in 0..count {
            let picture = scene(&settings, time, &[]);
            let input = VideoInput { picture: picture.view(), force_key: false, analysis: None };
            engine.encode(input, &mut Vec::new()).unwrap();
        }
        drop(engine);
    }
}

#[test]
fn groups_do_not_go_with_a_bit_rate() {
    let bits = RateControl::BitRate { bits_per_second: 100_000, min_quantizer: 0, reservoir_frames: None };
    let settings = Av1Settings { rate_control: bits, ..settings(PixelFormat::Gray, 16, 16) };
    let refused = open(&settings, Place::Threads { groups: 2, bytes: 1 }).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::InvalidOption);
    assert!(refused.to_string().contains("bit_rate"), "{refused}");
}
