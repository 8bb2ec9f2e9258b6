//! Options that only one codec has.

use super::{Entry, OptionInfo, boolean, check_range, number, set_by_name};
use crate::codec::av1::{Av1Settings, SceneDetection, Tune};
use crate::codec::flac::FlacSettings;
use crate::codec::mjpeg::MjpegSettings;
use crate::codec::opus::{OpusApplication, OpusFrameDuration, OpusRateControl, OpusSettings};
use crate::error::{Error, Result};

/// A codec's table of extra options.
macro_rules! extra {
    ($name:ident, $owner:literal, $settings:ty, $table:expr) => {
        pub(super) struct $name;

        impl $name {
            const TABLE: &'static [Entry<$settings>] = &$table;

            pub fn table() -> impl Iterator<Item = &'static OptionInfo> {
                Self::TABLE.iter().map(|entry| &entry.info)
            }

            /// `settings` with `options` applied, in their order.
            pub fn apply(mut settings: $settings, options: &[(String, String)]) -> Result<$settings> {
                for (name, value) in options {
                    set_by_name(Self::TABLE, $owner, &mut settings, name, value)?;
                }
                Ok(settings)
            }
        }
    };
}

extra!(
    Av1Extra,
    "av1",
    Av1Settings,
    [
        Entry::new("tune", "what the encoder optimises for", "psychovisual, psnr", "psychovisual", |o, v| {
            o.tune = match v {
                "psychovisual" => Tune::Psychovisual,
                "psnr" => Tune::Psnr,
                _ => return Err(Error::option("tune", format_args!("`{v}`"), "use psychovisual or psnr")),
            };
            Ok(())
        },),
        Entry::new(
            "scene_detection",
            "key frames at scene cuts; standard needs tx_domain_distortion=false, motion holds one frame more back",
            "off, fast, standard, motion",
            "fast",
            |o, v| {
                o.scene_detection = match v {
                    "off" => SceneDetection::Off,
                    "fast" => SceneDetection::Fast,
                    "standard" => SceneDetection::Standard,
                    "motion" => SceneDetection::Motion,
                    _ => {
                        return Err(Error::option(
                            "scene_detection",
                            format_args!("`{v}`"),
                            "use off, fast, standard or motion",
                        ));
                    }
                };
                Ok(())
            }
        ),
        Entry::new(
            "min_keyframe_interval",
            "frames from key frame to key frame at least",
            "1 to 100000",
            "12",
            |o, v| {
                let frames = number("min_keyframe_interval", v, "a number from 1 to 100000")?;
                o.min_keyframe_interval = Some(check_range("min_keyframe_interval", frames, 1..=100_000)?);
                Ok(())
            },
        ),
        Entry::new(
            "tx_domain_distortion",
            "reckon distortion on coefficients; without it some 6% fewer bits for 1.2 times the time and 1.7 times the memory",
            "true, false",
            "true",
            |o, v| {
                o.tx_domain_distortion = boolean("tx_domain_distortion", v)?;
                Ok(())
            },
        ),
    ]
);

extra!(
    MjpegExtra,
    "mjpeg",
    MjpegSettings,
    [Entry::new("quality", "JPEG quality", "1 to 100", "90", |o, v| {
        let quality = number("quality", v, "a number from 1 to 100")?;
        o.quality = check_range("quality", quality, 1..=100)?;
        Ok(())
    })]
);

extra!(
    OpusExtra,
    "opus",
    OpusSettings,
    [
        Entry::new("rate_control", "how the bit rate varies", "vbr, cvbr, cbr", "cvbr", |o, v| {
            o.rate_control = match v {
                "vbr" => OpusRateControl::Vbr,
                "cvbr" => OpusRateControl::ConstrainedVbr,
                "cbr" => OpusRateControl::Cbr,
                _ => return Err(Error::option("rate_control", format_args!("`{v}`"), "use vbr, cvbr or cbr")),
            };
            Ok(())
        }),
        Entry::new("application", "what the sound is", "audio, voip, lowdelay", "audio", |o, v| {
            o.application = match v {
                "audio" => OpusApplication::Audio,
                "voip" => OpusApplication::Voip,
                "lowdelay" => OpusApplication::LowDelay,
                _ => return Err(Error::option("application", format_args!("`{v}`"), "use audio, voip or lowdelay")),
            };
            Ok(())
        }),
        Entry::new("complexity", "effort: 0 is fastest, 10 best", "0 to 10", "10", |o, v| {
            let complexity = number("complexity", v, "a number from 0 to 10")?;
            o.complexity = check_range("complexity", complexity, 0..=10)?;
            Ok(())
        }),
        Entry::new("frame_duration", "milliseconds a packet", "2.5, 5, 10, 20, 40, 60", "20", |o, v| {
            o.frame_duration = match v {
                "2.5" => OpusFrameDuration::Ms2_5,
                "5" => OpusFrameDuration::Ms5,
                "10" => OpusFrameDuration::Ms10,
                "20" => OpusFrameDuration::Ms20,
                "40" => OpusFrameDuration::Ms40,
                "60" => OpusFrameDuration::Ms60,
                _ => {
                    return Err(Error::option("frame_duration", format_args!("`{v}`"), "use 2.5, 5, 10, 20, 40 or 60"));
                }
            };
            Ok(())
        }),
    ]
);

extra!(
    FlacExtra,
    "flac",
    FlacSettings,
    [Entry::new("block_size", "samples a frame", "256 to 16384", "4096", |o, v| {
        let samples = number("block_size", v, "a number from 256 to 16384")?;
        o.block_size = check_range("block_size", samples, 256..=16_384)?;
        Ok(())
    })]
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{Color, FrameRate, PixelFormat};

    fn av1_defaults() -> Av1Settings {
        Av1Settings::new(PixelFormat::Yuv420p, 64, 64, FrameRate::from(30), Color::BT709)
    }

    fn pairs(options: &[(&str, &str)]) -> Vec<(String, String)> {
        options.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn extra_options_are_applied_or_refused_by_name() {
        let opus =
            pairs(&[("rate_control", "cbr"), ("application", "voip"), ("complexity", "3"), ("frame_duration", "60")]);
        let settings = OpusExtra::apply(OpusSettings::default(), &opus).unwrap();
        assert_eq!(settings.complexity, 3);
        let av1 = pairs(&[("tune", "psnr"), ("scene-detection", "off"), ("min_keyframe_interval", "1")]);
        assert_eq!(Av1Extra::apply(av1_defaults(), &av1).unwrap().scene_detection, SceneDetection::Off);
        for (name, value) in [("complexity", "11"), ("frame_duration", "3"), ("tune", "psnr"), ("application", "x")] {
            let error = OpusExtra::apply(OpusSettings::default(), &pairs(&[(name, value)])).err().unwrap();
            assert!(error.to_string().contains(name), "{error}");
        }
        assert!(FlacExtra::apply(FlacSettings::default(), &pairs(&[("block_size", "255")])).is_err());
        assert!(Av1Extra::apply(av1_defaults(), &pairs(&[("quality", "3")])).is_err());
        assert_eq!([Av1Extra::table().count(), MjpegExtra::table().count(), OpusExtra::table().count()], [4, 1, 4]);
    }
}
