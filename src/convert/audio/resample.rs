//! Sample rate conversion by windowed sinc filters, without delay and to the exact length.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{
    Async, FixedAsync, Indexing, Resampler as _, SincInterpolationParameters, SincInterpolationType, WindowFunction,
    calculate_cutoff,
};

use crate::error::{Error, Result};
use crate::media::{AudioBlock, gcd};

/// Input samples a step. The filter sees the same steps however the samples came.
const STEP: usize = 1024;
/// Taps of the filter, at the lower one of both rates.
const TAPS: u64 = 256;
const WINDOW: WindowFunction = WindowFunction::BlackmanHarris2;
/// The most coefficients of all phases together: 8 MiB.
const MAX_COEFFICIENTS: u64 = 1 << 20;

pub(super) struct Resampler {
    filter: Async<f64>,
    in_rate: u32,
    out_rate: u32,
    /// Samples that wait for a step to become full; at first the silence of [`Alignment::lead_in`].
    pending: AudioBlock,
    /// Output samples that come before time 0 and are still to be dropped.
    to_drop: usize,
    /// Where the filter writes.
    output: Vec<Vec<f64>>,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// The rates are not 0 and differ; `channels` is not 0.
    pub fn new(in_rate: u32, out_rate: u32, channels: usize) -> Result<Self> {
        let divisor = gcd(in_rate.into(), out_rate.into());
        let (a, b) = (u64::from(in_rate) / divisor, u64::from(out_rate) / divisor);
        // Going down, the filter has to be as much longer as the output's samples are.
        let taps = (TAPS * a.div_ceil(b)).max(TAPS);
        let phases = phases(b, taps);
        let alignment = Alignment::new(a, b, taps, phases);

        let failed = |error: &dyn std::fmt::Display| {
            Error::codec(format!("a resampler from {in_rate} to {out_rate} Hz cannot be made: {error}"))
        };
        let size = |value: u64| usize::try_from(value).map_err(|error| failed(&error));
        let parameters = SincInterpolationParameters::new(size(taps)?, WINDOW)
            // That of the shortest filter, whose stop band begins where the lower rate's Nyquist frequency is.
            .f_cutoff(calculate_cutoff(TAPS as usize, WINDOW))
            .oversampling_factor(size(phases)?)
            .interpolation(if phases == b { SincInterpolationType::Nearest } else { SincInterpolationType::Cubic });
        let ratio = f64::from(out_rate) / f64::from(in_rate);
        let filter = Async::new_sinc(ratio, 1.0, &parameters, STEP, channels, FixedAsync::Input)
            .map_err(|error| failed(&error))?;

        Ok(Resampler {
            output: vec![vec![0.0; filter.output_frames_max()]; channels],
            filter,
            in_rate,
            out_rate,
            pending: AudioBlock { channels: vec![vec![0.0; size(alignment.lead_in)?]; channels] },
            to_drop: size(alignment.to_drop)?,
            taken: 0,
            given: 0,
        })
    }

    pub fn resample(&mut self, block: &AudioBlock) -> Result<AudioBlock> {
        self.taken += block.frames() as u64;
        self.pending.append(block);
        let mut out = AudioBlock::new(self.output.len());
        let mut start = 0;
        while self.pending.frames() - start >= STEP {
            self.step(start, STEP, &mut out)?;
            start += STEP;
        }
        self.pending.take_front(start);
        Ok(out)
    }

    /// Gives what is left, up to the whole length.
    pub fn finish(&mut self) -> Result<AudioBlock> {
        let (taken, in_rate, out_rate) = (u128::from(self.taken), u128::from(self.in_rate), u128::from(self.out_rate));
        let total = (2 * taken * out_rate + in_rate) / (2 * in_rate);
        let mut out = AudioBlock::new(self.output.len());
        let mut rest = self.pending.frames();
        while u128::from(self.given) < total {
            self.step(0, rest, &mut out)?;
            rest = 0;
        }
        let surplus = usize::try_from(u128::from(self.given) - total).unwrap_or(usize::MAX);
        for samples in &mut out.channels {
            samples.truncate(samples.len().saturating_sub(surplus));
        }
        Ok(out)
    }

    /// Filters the `frames` pending samples from `start` on, with silence after them where they do not fill a step.
    fn step(&mut self, start: usize, frames: usize, out: &mut AudioBlock) -> Result<()> {
        let failed = |error: &dyn std::fmt::Display| Error::codec(format!("the resampler failed: {error}"));
        let channels = self.output.len();
        let capacity = self.filter.output_frames_max();
        let input = SequentialSliceOfVecs::new(&self.pending.channels, channels, self.pending.frames())
            .map_err(|error| failed(&error))?;
        let mut output =
            SequentialSliceOfVecs::new_mut(&mut self.output, channels, capacity).map_err(|error| failed(&error))?;
        let indexing = Indexing::new().input_offset(start).partial_len(frames);
        let (_, made) =
            self.filter.process_into_buffer(&input, &mut output, Some(&indexing)).map_err(|error| failed(&error))?;

        let dropped = made.min(self.to_drop);
        self.to_drop -= dropped;
        self.given += (made - dropped) as u64;
        for (to, from) in out.channels.iter_mut().zip(&self.output) {
            to.extend_from_slice(&from[dropped..made]);
        }
        Ok(())
    }
}

/// How many positions between two input samples have a filter of their own. With `b` of them each output sample falls
/// on one; where those are too many, values between filters are interpolated.
fn phases(b: u64, taps: u64) -> u64 {
    let most = MAX_COEFFICIENTS / taps;
    if b <= most {
        return b;
    }
    // A divisor of `b` lets the alignment be exact.
    (64..=most).rev().find(|phases| b.is_multiple_of(*phases)).unwrap_or(most)
}

/// What makes an output sample fall on time 0: silence before the input, and output samples to drop.
#[derive(Debug, PartialEq, Eq)]
struct Alignment {
    lead_in: u64,
    to_drop: u64,
}

impl Alignment {
    /// For a step of `a / b` input samples an output sample.
    ///
    /// The filter's output sample `k`, from 0, shows the input at `(k + 1) * a / b - taps / 2 + 1 / phases`. Behind
    /// `lead_in` samples of silence, sample `d - 1` shows time 0 if `d * a / b + 1 / phases` is the whole number
    /// `taps / 2 + lead_in`: so `d * a` has to be `-b / phases` modulo `b`, which has a solution, as `a` and `b` have
    /// no common factor. Where `phases` does not divide `b`, the rounding is off by less than `1 / b` input samples,
    /// and `b` is more than a hundred.
    fn new(a: u64, b: u64, taps: u64, phases: u64) -> Self {
        let advance = (2 * b + phases) / (2 * phases);
        let first = (taps / 2 * b).saturating_sub(advance).div_ceil(a).max(1);
        let d = (first..first + b).find(|d| (d * a + advance).is_multiple_of(b)).unwrap_or(first);
        Alignment { lead_in: (d * a + advance) / b - taps / 2, to_drop: d - 1 }
    }
}
