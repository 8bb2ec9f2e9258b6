//! `demo`: a clip made from nothing.

mod maths;
mod scene;
mod score;
mod sound;

use framewright::{AudioOptions, AudioSamples, Encoder, FrameView, VideoCodec, VideoOptions};

use self::scene::Scene;
use self::score::SAMPLE_RATE;
use self::sound::{CHANNELS, Sound};
use crate::args::DemoArgs;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::job::Job;
use crate::options::Codecs;
use crate::output::Output;
use crate::progress::Unit;

/// Frames a second.
const FRAME_RATE: u32 = 30;
/// A little better than the library's default, which leaves blocks in a dark sky.
const CRF: u8 = 24;
/// A frame lasts a whole number of samples, so picture and sound end together.
const SAMPLES_PER_FRAME: u64 = (SAMPLE_RATE / FRAME_RATE) as u64;

/// Makes the clip; gives the exit code.
pub fn run(args: &DemoArgs) -> Result<u8, Failure> {
    let interrupt = Interrupt::watch()?;
    let output = Output::check(&args.output, &args.run)?;
    let codecs = Codecs::choose(output.container(), Some(&args.video), Some(&args.audio))?;
    let extra = codecs.sort(&args.run)?;
    let (width, height) = args.size;
    let frames = ((args.seconds * f64::from(FRAME_RATE)).round() as u64).max(1);

    let mut video = VideoOptions::new(width, height).frame_rate(FRAME_RATE);
    // Said, so that its own options are known before the container is.
    if let Some(codec) = codecs.video {
        video = video.codec(codec);
    }
    if codecs.video == Some(VideoCodec::Av1) {
        // Two tiles let a second core help with a picture as small as the default one.
        video = video.tiles(2);
        if args.video.bitrate.is_none() {
            video = video.crf(CRF);
        }
    }
    args.video.apply(&mut video, &extra)?;
    let mut audio = AudioOptions::new(SAMPLE_RATE, CHANNELS);
    if let Some(codec) = codecs.audio {
        audio = audio.codec(codec);
    }
    args.audio.apply(&mut audio, &extra)?;
    let mut encoder = Encoder::with_options(args.run.encoder_options()?)?;
    let mut video = args.video.add_to(&mut encoder, video)?;
    let mut audio = args.audio.add_to(&mut encoder, audio)?;

    let scene = Scene::new(width as usize, height as usize);
    let mut sound = Sound::new(frames * SAMPLES_PER_FRAME);
    let (mut pixels, mut samples) = (Vec::new(), Vec::new());
    Job { encoder, output, run: &args.run, interrupt: &interrupt }.run(Unit::Frames, Some(frames), |monitor| {
        for frame in 0..frames {
            scene.render(frame * SAMPLES_PER_FRAME, &mut pixels);
            video.add_frame(&FrameView::rgb(width, height, &pixels)?)?;
            sound.render_to((frame + 1) * SAMPLES_PER_FRAME, &mut samples);
            audio.add_samples(AudioSamples::interleaved(&samples, CHANNELS)?)?;
            if !monitor.go_on(frame + 1) {
                break;
            }
        }
        Ok(())
    })
}
