//! The sound of the scene: a struck bar for each bounce, an echo, and a quiet chord under it.

use std::collections::VecDeque;

use super::maths::{cos_turns, sin_turns};
use super::score::{self, BARS, EIGHTH, PITCHES, SAMPLE_RATE};

/// The natural logarithm of 1000.
const LN_1000: f64 = 6.907_755_278_982_137;

/// Left and right.
pub const CHANNELS: usize = 2;

/// The partials of a bar of wood: pitch as a multiple of the fundamental, loudness, and seconds until it has faded
/// to a thousandth.
const PARTIALS: [(f64, f64, f64); 3] = [(1.0, 0.34, 1.6), (3.98, 0.10, 0.45), (9.6, 0.045, 0.12)];

/// The chord under the tune, in hertz, and how far to the right each of its voices stands.
const CHORD: [(f64, f64); 4] = [(110.0, 0.5), (164.81, 0.2), (220.6, 0.8), (261.2, 0.4)];

/// The echo comes back after three eighths, half as loud, on the other side.
const ECHO: usize = 3 * EIGHTH as usize;

/// Makes the samples, one after the other, for as long as they are asked for.
pub struct Sound {
    time: u64,
    end: u64,
    next: u64,
    voices: Vec<Voice>,
    chord: Vec<Voice>,
    echo: VecDeque<[f64; 2]>,
}

/// A sine that fades: a point that turns about the origin and draws nearer with each step.
struct Voice {
    point: (f64, f64),
    step: (f64, f64),
    left: f64,
    right: f64,
}

impl Voice {
    /// `loudness` at the start, a thousandth of it after `fade` seconds; `pan` from 0, left, to 1, right.
    fn new(pitch: f64, loudness: f64, fade: f64, pan: f64) -> Self {
        let turns = pitch / f64::from(SAMPLE_RATE);
        // e^-x for the small x of one step.
        let x = LN_1000 / (fade * f64::from(SAMPLE_RATE));
        let decay = 1.0 - x + x * x / 2.0;
        Voice {
            point: (loudness, 0.0),
            step: (decay * cos_turns(turns), decay * sin_turns(turns)),
            left: cos_turns(pan / 4.0),
            right: sin_turns(pan / 4.0),
        }
    }

    fn next(&mut self) -> [f64; 2] {
        let ((x, y), (cos, sin)) = (self.point, self.step);
        self.point = (x * cos - y * sin, x * sin + y * cos);
        [y * self.left, y * self.right]
    }

    fn is_heard(&self) -> bool {
        self.point.0.abs() + self.point.1.abs() > 1e-5
    }
}

impl Sound {
    /// The sound of a scene of `length` samples a channel, after which it has faded out.
    pub fn new(length: u64) -> Self {
        let forever = 1e9;
        Sound {
            time: 0,
            end: length,
            next: 0,
            voices: Vec::new(),
            chord: CHORD.iter().map(|&(pitch, pan)| Voice::new(pitch, 0.022, forever, pan)).collect(),
            echo: VecDeque::from(vec![[0.0; 2]; ECHO]),
        }
    }

    /// Replaces `samples` by all samples before `time`, left and right in turn.
    pub fn render_to(&mut self, time: u64, samples: &mut Vec<f32>) {
        samples.clear();
        while self.time < time.min(self.end) {
            samples.extend(self.sample());
        }
    }

    fn sample(&mut self) -> [f32; 2] {
        let strike = score::strike(self.next);
        if strike.time == self.time {
            self.next += 1;
            let pan = 0.2 + 0.6 * strike.bar as f64 / (BARS - 1) as f64;
            let pitch = PITCHES[strike.bar];
            self.voices.retain(Voice::is_heard);
            self.voices
                .extend(PARTIALS.iter().map(|&(ratio, loudness, fade)| Voice::new(pitch * ratio, loudness, fade, pan)));
        }
        let mut dry = [0.0; 2];
        for voice in &mut self.voices {
            let [left, right] = voice.next();
            dry = [dry[0] + left, dry[1] + right];
        }
        let back = self.echo.pop_front().unwrap_or_default();
        self.echo.push_back([dry[0] + back[1] * 0.5, dry[1] + back[0] * 0.5]);

        // The chord breathes in over the first second and then swells once in four.
        let swell = (self.time as f64 / f64::from(SAMPLE_RATE)).min(1.0)
            * (0.75 - 0.25 * cos_turns(self.time as f64 / (4.0 * f64::from(SAMPLE_RATE))));
        let mut mixed = [dry[0] + back[0] * 0.5, dry[1] + back[1] * 0.5];
        for voice in &mut self.chord {
            let [left, right] = voice.next();
            mixed = [mixed[0] + swell * left, mixed[1] + swell * right];
        }
        let fade = ((self.end - self.time) as f64 / (0.4 * f64::from(SAMPLE_RATE))).min(1.0);
        self.time += 1;
        // The soft limit leaves quiet sounds alone and never reaches full scale.
        mixed.map(|sample| (fade * sample / (1.0 + 0.3 * sample.abs())) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(chunk: u64) -> Vec<f32> {
        let mut sound = Sound::new(96_000);
        let (mut all, mut block) = (Vec::new(), Vec::new());
        for step in 1..=48_000 / chunk {
            sound.render_to(step * chunk, &mut block);
            all.extend_from_slice(&block);
        }
        all
    }

    #[test]
    fn each_strike_is_heard_at_its_sample() {
        let sound = second(480);
        // What the highest partial does within a millisecond, the chord does not.
        let edge =
            |at: usize| sound[2 * at..2 * at + 96].windows(3).map(|s| (s[2] - s[0]).abs()).fold(0.0f32, f32::max);
        let strike = score::strike(0).time as usize;
        assert!(edge(strike) > 10.0 * edge(strike - 49), "{} {}", edge(strike), edge(strike - 49));
    }

    #[test]
    fn it_is_the_same_in_any_pieces_and_ends_in_silence() {
        assert_eq!(second(48), second(16_000));
        let (mut sound, mut samples) = (Sound::new(30_000), Vec::new());
        sound.render_to(u64::MAX, &mut samples);
        assert_eq!(samples.len(), 60_000);
        assert!(samples[59_998].abs() < 1e-3 && samples.iter().all(|sample| sample.abs() < 1.0));
        assert!(samples.iter().any(|sample| sample.abs() > 0.05));
    }
}
