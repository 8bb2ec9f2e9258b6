//! From arguments to the library's options, by their names there.

use framewright::{
    AudioCodec, AudioOptions, AudioStream, Container, Encoder, Error, OptionInfo, VideoCodec, VideoOptions, VideoStream,
};

use crate::args::{AudioArgs, EncodeArgs, RunArgs, VideoArgs};
use crate::failure::Failure;

/// Which streams a file will have, and of what codecs.
#[derive(Clone, Copy, Debug)]
pub struct Codecs {
    pub video: Option<VideoCodec>,
    pub audio: Option<AudioCodec>,
}

/// Options of single codecs, sorted by who takes them.
#[derive(Debug, Default, PartialEq)]
pub struct Extra {
    video: Vec<(String, String)>,
    audio: Vec<(String, String)>,
}

/// A flag, the library's name for it, and the value if it was given.
type Row<'a> = (&'static str, &'static str, Option<&'a str>);

/// Flags of `encode` that are no options of the encoder alone: the inputs have a say in them.
const ENCODE_FLAGS: [(&str, &str); 3] = [("--fps", "frame_rate"), ("--size", "out_size"), ("--fit", "fit")];

/// Flags of what a track says of itself, whatever its kind.
const LABEL_FLAGS: [(&str, &str); 5] = [
    ("--language", "language"),
    ("--track", "title"),
    ("--track", "default"),
    ("--track", "forced"),
    ("--track", "alternate_group"),
];

impl VideoArgs {
    fn rows(&self) -> [Row<'_>; 21] {
        [
            ("--crf", "crf", self.crf.as_deref()),
            ("--preset", "preset", self.preset.as_deref()),
            ("--bitrate", "bit_rate", self.bitrate.as_deref()),
            ("--keyint", "keyframe_interval", self.keyint.as_deref()),
            ("--pixel-format", "pixel_format", self.pixel_format.as_deref()),
            ("--color", "color", self.color.as_deref()),
            ("--range", "range", self.range.as_deref()),
            ("--time-base", "time_base", self.time_base.as_deref()),
            ("--video-codec", "codec", self.video_codec.as_deref()),
            ("--threads", "threads", self.threads.as_deref()),
            ("--parallel-groups", "parallel_groups", self.parallel_groups.as_deref()),
            ("--group-bytes", "group_bytes", self.group_bytes.as_deref()),
            ("--tiles", "tiles", self.tiles.as_deref()),
            ("--low-latency", "low_latency", self.low_latency.then_some("true")),
            ("--rotate", "rotate", self.rotate.as_deref()),
            ("--pixel-aspect", "sample_aspect_ratio", self.pixel_aspect.as_deref()),
            ("--mastering-display", "mastering_display", self.mastering_display.as_deref()),
            ("--content-light", "content_light", self.content_light.as_deref()),
            ("--alpha", "alpha", self.alpha.then_some("true")),
            ("--merge-repeats", "merge_repeats", self.merge_repeats.then_some("true")),
            ("--denoise", "denoise", self.denoise.as_deref()),
        ]
    }

    /// The flag of a library option.
    pub fn flag(name: &str) -> Option<&'static str> {
        let rows = VideoArgs::default().rows().map(|(flag, name, _)| (flag, name));
        rows.into_iter().chain(ENCODE_FLAGS).chain(LABEL_FLAGS).find(|row| row.1 == name).map(|row| row.0)
    }

    /// Sets what was given.
    pub fn apply(&self, options: &mut VideoOptions, extra: &Extra) -> Result<(), Failure> {
        for (flag, name, value) in given(self.rows()) {
            options.set(name, value).map_err(|error| naming(flag, value, error))?;
        }
        *options = extra.video.iter().fold(options.clone(), |options, (key, value)| options.extra_option(key, value));
        Ok(())
    }

    /// Adds the stream. What is refused only now is told by its flag.
    pub fn add_to(&self, encoder: &mut Encoder, options: VideoOptions) -> Result<VideoStream, Failure> {
        #[cfg(feature = "gpu")]
        let options = options.device(self.device.open()?);
        encoder.add_video(options).map_err(|error| blame(self.rows(), error))
    }
}

impl AudioArgs {
    fn rows(&self) -> [Row<'_>; 5] {
        [
            ("--audio-codec", "codec", self.audio_codec.as_deref()),
            ("--audio-bitrate", "bit_rate", self.audio_bitrate.as_deref()),
            ("--sample-rate", "out_sample_rate", self.sample_rate.as_deref()),
            ("--channels", "out_num_channels", self.channels.as_deref()),
            ("--sample-format", "sample_format", self.sample_format.as_deref()),
        ]
    }

    /// The flag of a library option.
    pub fn flag(name: &str) -> Option<&'static str> {
        let rows = AudioArgs::default().rows().map(|(flag, name, _)| (flag, name));
        rows.into_iter().chain(LABEL_FLAGS).find(|row| row.1 == name).map(|row| row.0)
    }

    /// Sets what was given.
    pub fn apply(&self, options: &mut AudioOptions, extra: &Extra) -> Result<(), Failure> {
        for (flag, name, value) in given(self.rows()) {
            options.set(name, value).map_err(|error| naming(flag, value, error))?;
        }
        *options = extra.audio.iter().fold(options.clone(), |options, (key, value)| options.extra_option(key, value));
        Ok(())
    }

    /// Adds the stream. What is refused only now is told by its flag.
    pub fn add_to(&self, encoder: &mut Encoder, options: AudioOptions) -> Result<AudioStream, Failure> {
        encoder.add_audio(options).map_err(|error| blame(self.rows(), error))
    }
}

fn given<'a, const N: usize>(rows: [Row<'a>; N]) -> impl Iterator<Item = (&'static str, &'static str, &'a str)> {
    rows.into_iter().filter_map(|(flag, name, value)| Some((flag, name, value?)))
}

/// The error, with the flag and its value in front.
pub fn naming(flag: &str, value: &str, error: Error) -> Failure {
    Failure::from(error).context(format_args!("{flag} {value}"))
}

/// The error, with the flag in front whose option it names.
fn blame<const N: usize>(rows: [Row<'_>; N], error: Error) -> Failure {
    let message = error.to_string();
    match given(rows).find(|(_, name, _)| message.contains(&format!("`{name}`"))) {
        Some((flag, _, value)) => naming(flag, value, error),
        None => error.into(),
    }
}

impl Codecs {
    /// What the arguments choose for a file with or without video and audio.
    pub fn choose(container: Container, video: Option<&VideoArgs>, audio: Option<&AudioArgs>) -> Result<Self, Failure> {
        let nothing_for = |kind| Failure::usage(format!("{container} takes no {kind}: give OUT another extension"));
        let video = video.map(|args| match &args.video_codec {
            Some(name) => name.parse().map_err(|error| naming("--video-codec", name, error)),
            None => container.default_video_codec().ok_or_else(|| nothing_for("video")),
        });
        let audio = audio.map(|args| match &args.audio_codec {
            Some(name) => name.parse().map_err(|error| naming("--audio-codec", name, error)),
            None => container.default_audio_codec().ok_or_else(|| nothing_for("audio")),
        });
        Ok(Codecs { video: video.transpose()?, audio: audio.transpose()? })
    }

    /// Gives each `--option` to the codec that has it.
    pub fn sort(&self, run: &RunArgs) -> Result<Extra, Failure> {
        let video = self.video.map(|codec| (codec.name(), VideoOptions::extra_table(codec)));
        let audio = self.audio.map(|codec| (codec.name(), AudioOptions::extra_table(codec)));
        let mut extra = Extra::default();
        for (key, value) in &run.options {
            let name = key.replace('-', "_");
            let has = |table: &Option<(_, Vec<&OptionInfo>)>| {
                table.as_ref().is_some_and(|(_, table)| table.iter().any(|info| info.name == name))
            };
            let (for_video, for_audio) = (has(&video), has(&audio));
            if for_video {
                extra.video.push((name.clone(), value.clone()));
            }
            if for_audio {
                extra.audio.push((name.clone(), value.clone()));
            }
            if !for_video && !for_audio {
                let known: Vec<_> = video.iter().chain(&audio).map(|(codec, table)| describe(codec, table)).collect();
                return Err(Failure::usage(format!(
                    "--option {key}={value}: no codec of this file has it; {}",
                    known.join("; ")
                )));
            }
        }
        Ok(extra)
    }
}

fn describe(codec: &str, table: &[&OptionInfo]) -> String {
    if table.is_empty() {
        return format!("{codec} has none");
    }
    let names: Vec<_> = table.iter().map(|info| info.name).collect();
    format!("{codec} has {}", names.join(", "))
}

/// Refuses options for a kind of stream that there is none of: they would be ignored.
pub fn refuse_unused(has_video: bool, args: &EncodeArgs, has_audio: bool) -> Result<(), Failure> {
    let own = [("--fps", args.fps.is_some()), ("--size", args.size.is_some()), ("--raw", args.raw.is_some())];
    let own = own.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag);
    #[cfg(feature = "gpu")]
    let own = own.or((args.video.device != crate::device::DeviceArg::Cpu).then_some("--device"));
    let video = given(args.video.rows()).next().map(|(flag, ..)| flag).or(own).filter(|_| !has_video);
    let audio = given(args.audio.rows()).next().map(|(flag, ..)| flag).filter(|_| !has_audio);
    match video.map(|flag| (flag, "video")).or(audio.map(|flag| (flag, "audio"))) {
        Some((flag, kind)) => Err(Failure::usage(format!("{flag} is for {kind}, but there is no {kind} input"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::CommandFactory;

    #[test]
    fn every_option_of_the_library_has_a_flag() {
        let program = Cli::command();
        let encode = program.find_subcommand("encode").unwrap();
        let video = VideoOptions::table().map(|info| (info.name, VideoArgs::flag(info.name)));
        let audio = AudioOptions::table().map(|info| (info.name, AudioArgs::flag(info.name)));
        for (name, flag) in video.chain(audio) {
            let flag = flag.unwrap_or_else(|| panic!("{name} has no flag"));
            assert!(encode.get_arguments().any(|arg| arg.get_long() == flag.strip_prefix("--")), "{flag}");
        }
    }

    #[test]
    fn options_of_codecs_go_to_the_codec_that_has_them() {
        let codecs = Codecs { video: Some(VideoCodec::Av1), audio: Some(AudioCodec::Opus) };
        let sort = |key: &str| {
            let run = RunArgs { options: vec![(key.into(), "1".into())], ..RunArgs::default() };
            codecs.sort(&run).map(|extra| (extra.video.len(), extra.audio.len()))
        };
        assert_eq!(sort("scene-detection").unwrap(), (1, 0));
        assert_eq!(sort("complexity").unwrap(), (0, 1));
        assert_eq!(sort("block_size").unwrap_err().code(), 2);
    }
}
