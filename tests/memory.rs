//! Memory does not grow with the length of a recording: counted by an allocator, so that it is the same every time.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use framewright::{AudioOptions, AudioSamples, Container, Encoder, FrameView, VideoOptions};
use support::{gradient, tone};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that were held at a time while so many frames, and sound of their length, were encoded.
fn peak(frames: u32, container: Container, live: bool) -> usize {
    let before = HELD.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let mut encoder = Encoder::new();
    let options = VideoOptions::new(16, 16).frame_rate(25).threads(1).keyframe_interval(50);
    let mut video = encoder.add_video(options).unwrap();
    let mut audio = encoder.add_audio(AudioOptions::new(16_000, 1)).unwrap();
    let file = tempfile::tempfile().unwrap();
    match live {
        true => encoder.open_stream(file, container).unwrap(),
        false => encoder.open_writer(file, container).unwrap(),
    }
    let sound = tone(16_000, 640, 400.0);
    for frame in 0..frames {
        video.add_frame(&FrameView::rgb(16, 16, &gradient(16, 16, frame)).unwrap()).unwrap();
        audio.add_samples(AudioSamples::planar(&sound, 1).unwrap()).unwrap();
    }
    encoder.close().unwrap();
    PEAK.load(Ordering::Relaxed) - before
}

#[test]
fn memory_is_flat_over_any_length() {
    // What is made once in a process and stays is made here.
    peak(10, Container::Mp4, false);
    for (container, live) in
        [(Container::Mp4, false), (Container::Mp4, true), (Container::Matroska, false), (Container::WebM, true)]
    {
        let (short, long) = (peak(250, container, live), peak(1500, container, live));
        // A plain MP4 has its tables: of 1250 frames and 2500 packets of sound more, at most 32 bytes each, doubled
        // while a table grows. The rest is the engine's own, whose pictures differ a little in what they need.
        let tables = if container == Container::Mp4 && !live { 2 * 32 * 3750 } else { 0 };
        assert!(
            long <= short + short / 20 + tables,
            "{container}, live {live}: {short} bytes for 250 frames, {long} for 1500"
        );
    }
}
