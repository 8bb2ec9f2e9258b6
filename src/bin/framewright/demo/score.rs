//! The tune: which bar is struck when. The picture and the sound both read it, so they cannot drift apart.

use super::maths::mix;

/// Samples a second, and the unit of the score's times.
pub const SAMPLE_RATE: u32 = 48_000;

/// How many bars there are.
pub const BARS: usize = 8;

/// The bars' pitches in hertz, from left to right: A minor pentatonic.
pub const PITCHES: [f64; BARS] = [220.0, 261.63, 293.66, 329.63, 392.0, 440.0, 523.25, 587.33];

/// An eighth note, in samples, at 120 beats a minute.
pub const EIGHTH: u64 = 12_000;

/// Bar, and how many eighths until the next strike: four seconds, and four more that answer them.
#[rustfmt::skip]
const TUNE: [(usize, u64); 20] = [
    (3, 2), (5, 1), (6, 1), (5, 2), (3, 2), (4, 1), (3, 1), (2, 2), (0, 3), (2, 1),
    (3, 2), (4, 1), (5, 1), (7, 2), (6, 2), (5, 1), (6, 1), (4, 2), (5, 2), (1, 2),
];

/// How long the tune takes before it begins again.
const ROUND: u64 = 32 * EIGHTH;

/// The ball falls in during the first two eighths.
const LEAD_IN: u64 = 2 * EIGHTH;

/// The ball meets a bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strike {
    /// Counted from 0 over all rounds.
    pub number: u64,
    /// In samples from the start.
    pub time: u64,
    /// Which of the bars.
    pub bar: usize,
}

/// Strike `number`.
pub fn strike(number: u64) -> Strike {
    let (round, index) = (number / TUNE.len() as u64, (number % TUNE.len() as u64) as usize);
    let eighths: u64 = TUNE[..index].iter().map(|&(_, length)| length).sum();
    Strike { number, time: LEAD_IN + round * ROUND + eighths * EIGHTH, bar: TUNE[index].0 }
}

/// The strikes from `time` back to `window` samples before it, the latest first.
pub fn recent(time: u64, window: u64) -> impl Iterator<Item = Strike> {
    let round = time.saturating_sub(LEAD_IN) / ROUND;
    let first = round * TUNE.len() as u64;
    let begun = (first..first + TUNE.len() as u64).take_while(|&number| strike(number).time <= time).count() as u64;
    (0..first + begun).rev().map(strike).take_while(move |strike| strike.time + window > time)
}

/// Where the ball is: its place along the row of bars (0 to 7), and its height, 0 on a bar.
pub fn ball(time: u64) -> (f32, f32) {
    let before = recent(time, ROUND).next();
    let after = strike(before.map_or(0, |strike| strike.number + 1));
    let (from, begin) = before.map_or((0.5, 0), |strike| (strike.bar as f32, strike.time));
    let length = after.time - begin;
    let progress = (time - begin) as f32 / length as f32;
    let peak = [0.0, 0.15, 0.35, 0.47][((length / EIGHTH) as usize).min(3)];
    (mix(from, after.bar as f32, progress), 4.0 * peak * progress * (1.0 - progress))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tune_fills_its_rounds() {
        assert_eq!(TUNE.iter().map(|&(_, length)| length).sum::<u64>() * EIGHTH, ROUND);
        assert!(TUNE.iter().all(|&(bar, length)| bar < BARS && (1..=3).contains(&length)));
        for number in 0..100 {
            let this = strike(number);
            assert!(this.time < strike(number + 1).time);
            assert_eq!(recent(this.time, 1).collect::<Vec<_>>(), [this]);
            assert_eq!(recent(this.time - 1, 1).count(), 0);
        }
        assert_eq!(recent(0, u64::MAX / 2).count(), 0);
    }

    #[test]
    fn the_ball_is_on_the_bar_at_each_strike() {
        for number in 0..60 {
            let Strike { time, bar, .. } = strike(number);
            assert_eq!(ball(time), (bar as f32, 0.0));
            let (place, height) = ball(time - 1);
            assert!((place - bar as f32).abs() < 0.01 && height < 0.01);
            assert!(ball(time + 100).1 > 0.0);
        }
    }
}
