//! Options of an audio stream.

use super::extra::{FlacExtra, OpusExtra};
use super::labels::{self, label_setters};
use super::video::bit_rate;
use super::{Entry, OptionInfo, check_labels, check_range, not_taken, number, set_with_labels};
use crate::codec::AudioEngine;
use crate::codec::flac::FlacSettings;
use crate::codec::opus::{self, OpusSettings};
use crate::codec::pcm::PcmSettings;
use crate::error::{Error, Result};
use crate::media::{AudioCodec, MAX_CHANNELS, SampleFormat, TimeBase, TrackLabels};
use crate::mux::{Container, Feature};

/// Options of an audio stream: typed setters, or [`set`](Self::set) by name.
///
/// ```
/// use framewright::{AudioCodec, AudioOptions};
///
/// let typed = AudioOptions::new(44_100, 2).codec(AudioCodec::Opus).bit_rate(96_000);
/// let mut by_name = AudioOptions::new(44_100, 2);
/// by_name.set("codec", "opus")?;
/// by_name.set("bit_rate", "96k")?;
/// assert_eq!(typed, by_name);
/// # Ok::<(), framewright::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AudioOptions {
    sample_rate: u32,
    num_channels: usize,
    codec: Option<AudioCodec>,
    bit_rate: Option<u32>,
    out_sample_rate: Option<u32>,
    out_num_channels: Option<usize>,
    sample_format: Option<SampleFormat>,
    labels: TrackLabels,
    extra: Vec<(String, String)>,
}

static TABLE: &[Entry<AudioOptions>] = &[
    Entry::new(
        "codec",
        "the audio codec",
        "opus, flac, pcm",
        "by container: pcm in mov, avi and wav, flac in flac, else opus",
        |o, v| {
            o.codec = Some(v.parse()?);
            Ok(())
        },
    ),
    Entry::new(
        "bit_rate",
        "bits a second of all channels together (opus)",
        "6000 a channel to 512000, or to 256000 a channel where there are more than two",
        "64k mono, 128k stereo, 256k for 5.1",
        |o, v| {
            o.bit_rate = Some(bit_rate("bit_rate", v)?);
            Ok(())
        },
    ),
    Entry::new(
        "out_sample_rate",
        "samples a second in the file; resampled where it differs",
        "8000 to 192000; opus: 8000, 12000, 16000, 24000, 48000",
        "the input's; opus: 48000 where it has not the input's",
        |o, v| {
            o.out_sample_rate = Some(number("out_sample_rate", v, "a number from 8000 to 192000")?);
            Ok(())
        },
    ),
    Entry::new(
        "out_num_channels",
        "channels in the file; mixed up or down where they differ",
        "1 to 8",
        "the input's",
        |o, v| {
            o.out_num_channels = Some(number("out_num_channels", v, "a number from 1 to 8")?);
            Ok(())
        },
    ),
    Entry::new("sample_format", "form of a sample (flac, pcm)", "s16, s24; pcm also s32, f32", "s16", |o, v| {
        o.sample_format = Some(v.parse()?);
        Ok(())
    }),
];

impl AudioOptions {
    /// Samples of 8,000 to 192,000 a second in 1 to 8 channels.
    pub fn new(sample_rate: u32, num_channels: usize) -> Self {
        AudioOptions {
            sample_rate,
            num_channels,
            codec: None,
            bit_rate: None,
            out_sample_rate: None,
            out_num_channels: None,
            sample_format: None,
            labels: TrackLabels::default(),
            extra: Vec::new(),
        }
    }

    /// The codec; unless said, the container's usual one: PCM in MOV, AVI and WAV, FLAC in FLAC, Opus in all others.
    pub fn codec(mut self, codec: AudioCodec) -> Self {
        self.codec = Some(codec);
        self
    }

    /// Bits a second of all channels together; for Opus. Allowed are 6,000 a channel (more in packets of 5 ms or less, up to
    /// 40,000) to 512,000, and for more than two channels to 256,000 a channel. 64,000 for mono, 128,000 for stereo, and
    /// for more channels 32,000 each and 64,000 beside, unless said.
    pub fn bit_rate(mut self, bits_per_second: u32) -> Self {
        self.bit_rate = Some(bits_per_second);
        self
    }

    /// The sample rate in the file, 8,000 to 192,000; of Opus 8,000, 12,000, 16,000, 24,000 or 48,000. Unless said it is
    /// the input's, or for Opus, where it has not that, 48,000.
    pub fn out_sample_rate(mut self, rate: u32) -> Self {
        self.out_sample_rate = Some(rate);
        self
    }

    /// The channels in the file, 1 to 8. Unless said the input's.
    pub fn out_num_channels(mut self, channels: usize) -> Self {
        self.out_num_channels = Some(channels);
        self
    }

    /// The form of a sample in FLAC (`s16` and `s24`) and PCM: 16 bits unless said.
    pub fn sample_format(mut self, format: SampleFormat) -> Self {
        self.sample_format = Some(format);
        self
    }

    label_setters!();

    /// An option that only one codec has; [`extra_table`](Self::extra_table) lists them.
    pub fn extra_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    /// Sets an option from strings, as the tool does.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for an unknown name or a value that does not parse. Ranges
    /// are checked in `add_audio`, as those of the typed setters are.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        set_with_labels(TABLE, "an audio stream", self, |options| &mut options.labels, name, value)
    }

    /// All options that [`set`](Self::set) knows.
    pub fn table() -> impl Iterator<Item = &'static OptionInfo> {
        TABLE.iter().map(|entry| &entry.info).chain(labels::table())
    }

    /// The [extra options](Self::extra_option) of a codec.
    pub fn extra_table(codec: AudioCodec) -> Vec<&'static OptionInfo> {
        match codec {
            AudioCodec::Opus => OpusExtra::table().collect(),
            AudioCodec::Flac => FlacExtra::table().collect(),
            AudioCodec::Pcm => Vec::new(),
        }
    }

    /// Checks all options, for a container if that is known by now. Where neither it nor the codec is, what any codec
    /// takes passes: the container is to choose one.
    pub(in crate::encoder) fn resolve(&self, container: Option<Container>) -> Result<AudioPlan> {
        let codec = match (self.codec, container) {
            (Some(codec), Some(container)) if !container.takes_audio(codec) => return Err(not_taken(container, codec)),
            (Some(codec), _) => codec,
            (None, Some(container)) => container.default_audio_codec().ok_or_else(|| not_taken(container, "audio"))?,
            (None, None) => {
                let other = |&codec: &AudioCodec| self.resolve_as(codec, None).ok();
                let usual = self.resolve_as(AudioCodec::Opus, None);
                return usual.or_else(|error| AudioCodec::ALL.iter().find_map(other).ok_or(error));
            }
        };
        self.resolve_as(codec, container)
    }

    fn resolve_as(&self, codec: AudioCodec, container: Option<Container>) -> Result<AudioPlan> {
        if let Some(feature) = codec.left_out() {
            return Err(Error::left_out("codec", codec, feature));
        }
        check_range("sample_rate", self.sample_rate, 8_000..=192_000)?;
        check_range("num_channels", self.num_channels, 1..=MAX_CHANNELS)?;
        let channels =
            check_range("out_num_channels", self.out_num_channels.unwrap_or(self.num_channels), 1..=MAX_CHANNELS)?;
        check_labels(container, &self.labels, false)?;
        let out_rate = match (self.out_sample_rate, codec) {
            (Some(rate), AudioCodec::Opus) if !opus::SAMPLE_RATES.contains(&rate) => {
                return Err(Error::option("out_sample_rate", rate, "opus has 8000, 12000, 16000, 24000 and 48000"));
            }
            (Some(rate), _) => check_range("out_sample_rate", rate, 8_000..=192_000)?,
            (None, AudioCodec::Opus) if !opus::SAMPLE_RATES.contains(&self.sample_rate) => 48_000,
            (None, _) => self.sample_rate,
        };
        if let (AudioCodec::Opus, Some(format)) = (codec, self.sample_format) {
            return Err(Error::option("sample_format", format, "opus has none: it is for flac and pcm"));
        }
        if let (AudioCodec::Flac | AudioCodec::Pcm, Some(bits)) = (codec, self.bit_rate) {
            return Err(Error::option("bit_rate", bits, format_args!("{codec} is lossless and has none")));
        }
        let format = self.sample_format.unwrap_or(SampleFormat::S16);
        let count = channels as u8;
        let engine = match codec {
            AudioCodec::Opus => AudioEngineSettings::Opus(OpusExtra::apply(
                OpusSettings {
                    sample_rate: out_rate,
                    input_sample_rate: self.sample_rate,
                    channels: count,
                    bit_rate: self.bit_rate,
                    ..OpusSettings::default()
                },
                &self.extra,
            )?),
            AudioCodec::Flac => {
                if !matches!(format, SampleFormat::S16 | SampleFormat::S24) {
                    return Err(Error::option("sample_format", format, "flac takes s16 and s24"));
                }
                AudioEngineSettings::Flac(FlacExtra::apply(
                    FlacSettings {
                        sample_rate: out_rate,
                        channels: count,
                        bits_per_sample: format.bits() as u8,
                        ..FlacSettings::default()
                    },
                    &self.extra,
                )?)
            }
            AudioCodec::Pcm => {
                if let Some((name, value)) = self.extra.first() {
                    return Err(Error::option(name, format_args!("`{value}`"), "pcm has no extra options"));
                }
                AudioEngineSettings::Pcm(PcmSettings { sample_rate: out_rate, channels: count, format })
            }
        };
        // Opened once here for its own checks, so that a bit rate that it has not is refused in `add_audio`.
        engine.open()?;
        let ticks = if codec == AudioCodec::Opus { opus::TICKS_PER_SECOND } else { out_rate };
        Ok(AudioPlan {
            in_rate: self.sample_rate,
            in_channels: self.num_channels,
            out_rate,
            out_channels: channels,
            codec,
            engine,
            time_base: TimeBase::new(1, ticks)?,
            labels: self.labels.clone(),
            early_start: container.is_none_or(|container| container.features().contains(&Feature::EarlyStart)),
        })
    }
}

/// [`AudioOptions`] that cannot be wrong.
#[derive(Clone)]
pub(in crate::encoder) struct AudioPlan {
    pub in_rate: u32,
    pub in_channels: usize,
    pub out_rate: u32,
    pub out_channels: usize,
    pub codec: AudioCodec,
    pub engine: AudioEngineSettings,
    pub time_base: TimeBase,
    pub labels: TrackLabels,
    /// Whether samples may have times before 0.
    pub early_start: bool,
}

/// What an engine is made from.
#[derive(Clone)]
pub(in crate::encoder) enum AudioEngineSettings {
    Opus(OpusSettings),
    Flac(FlacSettings),
    Pcm(PcmSettings),
}

impl AudioEngineSettings {
    pub fn open(&self) -> Result<Box<dyn AudioEngine>> {
        Ok(match self {
            AudioEngineSettings::Opus(settings) => Box::new(settings.open()?),
            AudioEngineSettings::Flac(settings) => settings.open()?,
            AudioEngineSettings::Pcm(settings) => Box::new(settings.open()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn refused(options: AudioOptions, words: &[&str]) {
        let error = options.resolve(None).err().expect("has to be refused");
        assert_eq!(error.kind(), ErrorKind::InvalidOption, "{error}");
        words.iter().for_each(|word| assert!(error.to_string().contains(word), "{error} lacks {word}"));
    }

    #[test]
    fn each_bad_value_is_named_with_what_is_allowed() {
        let options = || AudioOptions::new(48_000, 2);
        assert!(options().resolve(None).is_ok());
        refused(AudioOptions::new(7_999, 2), &["sample_rate", "7999", "8000"]);
        refused(AudioOptions::new(48_000, 0), &["num_channels", "0", "1 to 8"]);
        refused(AudioOptions::new(48_000, 9), &["num_channels", "9"]);
        refused(options().out_num_channels(9), &["out_num_channels", "9"]);
        refused(options().codec(AudioCodec::Opus).out_sample_rate(44_100), &["out_sample_rate", "44100", "48000"]);
        refused(options().out_sample_rate(7_000), &["out_sample_rate", "7000", "48000"]);
        refused(options().codec(AudioCodec::Opus).sample_format(SampleFormat::S24), &["sample_format", "opus"]);
        refused(options().bit_rate(1), &["bit_rate", "1"]);
        refused(options().extra_option("colour", "red"), &["colour", "opus"]);
        refused(options().codec(AudioCodec::Flac).bit_rate(64_000), &["bit_rate", "flac"]);
        refused(options().codec(AudioCodec::Flac).sample_format(SampleFormat::F32), &["sample_format", "flac"]);
        refused(options().codec(AudioCodec::Pcm).extra_option("a", "b"), &["pcm"]);
        let webm = options().codec(AudioCodec::Flac).resolve(Some(Container::WebM));
        assert_eq!(webm.err().unwrap().kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn what_the_containers_own_codec_takes_is_taken() {
        let rate = AudioOptions::new(48_000, 2).out_sample_rate(44_100);
        assert!(rate.resolve(None).is_ok());
        for (container, codec) in [(Container::Wav, AudioCodec::Pcm), (Container::Flac, AudioCodec::Flac)] {
            let plan = rate.resolve(Some(container)).unwrap();
            assert_eq!((plan.codec, plan.out_rate), (codec, 44_100));
        }
        // Opus is what this container chooses.
        let error = rate.resolve(Some(Container::Ogg)).err().unwrap().to_string();
        assert!(error.contains("out_sample_rate") && error.contains("opus has"), "{error}");
        let flac = AudioOptions::new(48_000, 2).extra_option("block_size", "1024");
        assert!(flac.resolve(None).is_ok() && flac.resolve(Some(Container::Flac)).is_ok());
        // No codec takes both.
        refused(flac.sample_format(SampleFormat::S32), &["sample_format", "opus"]);
    }

    #[test]
    fn opus_gets_a_rate_that_it_has() {
        for (rate, out) in [(8_000, 8_000), (44_100, 48_000), (48_000, 48_000), (192_000, 48_000), (11_025, 48_000)] {
            assert_eq!(AudioOptions::new(rate, 1).resolve(None).unwrap().out_rate, out);
        }
        let flac = AudioOptions::new(44_100, 1).codec(AudioCodec::Flac).resolve(None).unwrap();
        assert_eq!((flac.out_rate, flac.time_base), (44_100, TimeBase::per_second(44_100)));
    }

    #[test]
    fn the_table_reaches_every_field() {
        let defaults = AudioOptions::new(48_000, 2);
        let values = ["flac", "96k", "24000", "1", "s24", "fr", "Commentary", "false", "true", "0"];
        for (info, value) in AudioOptions::table().zip(values) {
            let mut options = defaults.clone();
            options.set(info.name, value).unwrap();
            assert_ne!(options, defaults, "{} changed nothing", info.name);
            let is_text = ["language", "title"].contains(&info.name);
            assert!(is_text || options.set(info.name, "?").is_err(), "{}", info.name);
        }
        assert_eq!(AudioOptions::table().count(), values.len());
    }
}
