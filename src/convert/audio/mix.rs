//! Channel mixing by speaker, with the coefficients of ITU-R BS.775 (annex 4).

use std::f64::consts::FRAC_1_SQRT_2;

use crate::media::AudioBlock;

/// Where a channel is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    FrontLeft,
    FrontRight,
    FrontCenter,
    Lfe,
    BackLeft,
    BackRight,
    BackCenter,
    SideLeft,
    SideRight,
}

use Speaker::*;

/// The channels of each channel count, in the order of [`AudioSamples`](crate::AudioSamples).
const LAYOUTS: [&[Speaker]; 8] = [
    &[FrontCenter],
    &[FrontLeft, FrontRight],
    &[FrontLeft, FrontRight, FrontCenter],
    &[FrontLeft, FrontRight, BackLeft, BackRight],
    &[FrontLeft, FrontRight, FrontCenter, BackLeft, BackRight],
    &[FrontLeft, FrontRight, FrontCenter, Lfe, BackLeft, BackRight],
    &[FrontLeft, FrontRight, FrontCenter, Lfe, BackCenter, SideLeft, SideRight],
    &[FrontLeft, FrontRight, FrontCenter, Lfe, BackLeft, BackRight, SideLeft, SideRight],
];

/// A matrix of gains from the channels of one count to those of another.
pub(super) struct ChannelMixer {
    /// A row for each output channel, with a gain for each input channel.
    gains: Vec<Vec<f64>>,
}

impl ChannelMixer {
    /// Both counts are 1 to 8. Speakers that both sides have pass through; the others of the input fold into their
    /// nearest neighbours, the low frequency channel is left out, and speakers that only the output has are silent. All
    /// is scaled by one gain such that no channel can go beyond full scale.
    pub fn new(in_channels: usize, out_channels: usize) -> Self {
        let (inputs, outputs) = (LAYOUTS[in_channels - 1], LAYOUTS[out_channels - 1]);
        let mut gains = vec![vec![0.0; inputs.len()]; outputs.len()];
        for (input, &speaker) in inputs.iter().enumerate() {
            // One voice to both sides at full level is the same programme; a centre among others keeps its power.
            let gain = if inputs.len() == 1 && !outputs.contains(&FrontCenter) { 1.0 / FRAC_1_SQRT_2 } else { 1.0 };
            fold(speaker, gain, inputs, outputs, &mut |output, gain| gains[output][input] += gain);
        }
        let loudest = gains.iter().map(|row| row.iter().sum::<f64>()).fold(1.0, f64::max);
        for gain in gains.iter_mut().flatten() {
            *gain /= loudest;
        }
        ChannelMixer { gains }
    }

    /// The block has as many channels as the mixer takes.
    pub fn mix(&self, block: &AudioBlock) -> AudioBlock {
        let mut mixed = AudioBlock { channels: vec![vec![0.0; block.frames()]; self.gains.len()] };
        for (to, row) in mixed.channels.iter_mut().zip(&self.gains) {
            for (from, &gain) in block.channels.iter().zip(row).filter(|(_, gain)| **gain != 0.0) {
                for (to, from) in to.iter_mut().zip(from) {
                    *to += gain * from;
                }
            }
        }
        mixed
    }
}

/// Finds the output channels of `speaker` and their gains. Each step leads nearer to the front, so it ends.
fn fold(speaker: Speaker, gain: f64, inputs: &[Speaker], outputs: &[Speaker], add: &mut dyn FnMut(usize, f64)) {
    if let Some(output) = outputs.iter().position(|&output| output == speaker) {
        return add(output, gain);
    }
    let half = gain * FRAC_1_SQRT_2;
    let has = |speaker| outputs.contains(&speaker);
    // A pair of surrounds takes the place of the other; where it is taken already, they join it at equal power.
    let beside = |neighbour| if inputs.contains(&neighbour) { half } else { gain };
    let targets: &[(Speaker, f64)] = match speaker {
        Lfe => &[],
        BackLeft if has(SideLeft) => &[(SideLeft, beside(SideLeft))],
        BackRight if has(SideRight) => &[(SideRight, beside(SideRight))],
        SideLeft if has(BackLeft) => &[(BackLeft, beside(BackLeft))],
        SideRight if has(BackRight) => &[(BackRight, beside(BackRight))],
        BackLeft | SideLeft => &[(FrontLeft, half)],
        BackRight | SideRight => &[(FrontRight, half)],
        BackCenter if has(SideLeft) => &[(SideLeft, half), (SideRight, half)],
        BackCenter => &[(BackLeft, half), (BackRight, half)],
        FrontCenter => &[(FrontLeft, half), (FrontRight, half)],
        FrontLeft | FrontRight => &[(FrontCenter, half)],
    };
    for &(speaker, gain) in targets {
        fold(speaker, gain, inputs, outputs, add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const H: f64 = FRAC_1_SQRT_2;

    /// Rows before they are scaled, and the gain that all of them share.
    fn assert_gains(inputs: usize, outputs: usize, rows: &[&[f64]]) {
        let loudest = rows.iter().map(|row| row.iter().sum::<f64>()).fold(1.0, f64::max);
        let gains = ChannelMixer::new(inputs, outputs).gains;
        assert_eq!(gains.len(), rows.len());
        for (row, expected) in gains.iter().zip(rows) {
            let expected: Vec<f64> = expected.iter().map(|gain| gain / loudest).collect();
            assert!(
                row.len() == expected.len() && row.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12),
                "{inputs} to {outputs}: {row:?}, expected {expected:?}"
            );
        }
    }

    #[test]
    fn downmixes_are_those_of_bs775() {
        assert_gains(2, 1, &[&[H, H]]);
        assert_gains(3, 2, &[&[1.0, 0.0, H], &[0.0, 1.0, H]]);
        assert_gains(4, 2, &[&[1.0, 0.0, H, 0.0], &[0.0, 1.0, 0.0, H]]);
        assert_gains(6, 1, &[&[H, H, 1.0, 0.0, 0.5, 0.5]]);
        assert_gains(6, 2, &[&[1.0, 0.0, H, 0.0, H, 0.0], &[0.0, 1.0, H, 0.0, 0.0, H]]);
        assert_gains(7, 2, &[&[1.0, 0.0, H, 0.0, 0.5, H, 0.0], &[0.0, 1.0, H, 0.0, 0.5, 0.0, H]]);
        assert_gains(5, 3, &[&[1.0, 0.0, 0.0, H, 0.0], &[0.0, 1.0, 0.0, 0.0, H], &[0.0, 0.0, 1.0, 0.0, 0.0]]);
        let mut rows = [[0.0; 8]; 6];
        (0..6).for_each(|channel| rows[channel][channel] = 1.0);
        (rows[4][6], rows[5][7]) = (H, H);
        assert_gains(8, 6, &rows.each_ref().map(|row| &row[..]));
    }

    #[test]
    fn upmixes_keep_what_there_is() {
        assert_gains(1, 2, &[&[1.0], &[1.0]]);
        assert_gains(1, 3, &[&[0.0], &[0.0], &[1.0]]);
        assert_gains(2, 4, &[&[1.0, 0.0], &[0.0, 1.0], &[0.0, 0.0], &[0.0, 0.0]]);
        let mut rows = [[0.0; 6]; 7];
        (0..4).for_each(|channel| rows[channel][channel] = 1.0);
        (rows[5][4], rows[6][5]) = (1.0, 1.0);
        assert_gains(6, 7, &rows.each_ref().map(|row| &row[..]));
    }

    #[test]
    fn full_scale_never_clips() {
        for inputs in 1..=8 {
            for outputs in 1..=8 {
                let loud = AudioBlock { channels: vec![vec![1.0, -1.0]; inputs] };
                let mixed = ChannelMixer::new(inputs, outputs).mix(&loud);
                assert!(
                    mixed.channels.iter().flatten().all(|sample| sample.abs() <= 1.0 + 1e-12),
                    "{inputs} {outputs}"
                );
                assert!(mixed.channels[0].iter().any(|sample| *sample != 0.0) || inputs == 1, "{inputs} {outputs}");
            }
        }
    }
}
