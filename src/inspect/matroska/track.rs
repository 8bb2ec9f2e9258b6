//! TrackEntry, and what its blocks add up to.

use std::io::{Read, Seek};

use super::video::Video;
use super::{PacketHead, id};
use crate::error::{Error, Result};
use crate::inspect::about::words;
use crate::inspect::codec::{Av1Record, StreamInfo, flac_samples, integer_format, opus_samples};
use crate::inspect::ebml::{Element, each_child, float, string, unsigned};
use crate::inspect::reader::{Reader, text};
use crate::inspect::{AudioDetails, Counts, Details, Labels, Summary, Times, VideoDetails};
use crate::media::{FrameRate, SampleFormat, TimeBase};

/// The longest CodecPrivate of which anything is read: STREAMINFO after its marker.
const MAX_PRIVATE: usize = 64;

/// Nanoseconds a second.
const SECOND: u32 = 1_000_000_000;

/// A TrackEntry, with what its blocks add.
#[derive(Default)]
pub(super) struct Track {
    pub number: u64,
    kind: u64,
    codec: String,
    private: Vec<u8>,
    /// Nanoseconds.
    codec_delay: u64,
    /// Nanoseconds; 0 where there is none.
    pub default_duration: u64,
    language: Option<String>,
    language_bcp47: Option<String>,
    name: Option<String>,
    is_not_default: bool,
    forced: bool,
    video: Video,
    sample_rate: u32,
    channels: u16,
    bit_depth: u16,
    pub counts: Counts,
    /// First and last block's time and the end of the last, in the Segment's ticks.
    pub first: Option<i64>,
    pub last: i64,
    pub end: i64,
    /// Whether a block said how long it lasts, the last one so far.
    pub duration_known: bool,
    /// Samples that the packets decode to; `None` as soon as one does not tell.
    pub samples: Option<u64>,
    /// Nanoseconds.
    pub discarded: u64,
}

impl Track {
    pub fn read<R: Read + Seek>(reader: &mut Reader<R>, entry: Element) -> Result<Self> {
        let mut track = Track::default();
        each_child(reader, entry, |reader, child| {
            match child.id {
                id::TRACK_NUMBER => track.number = unsigned(reader, child)?,
                id::TRACK_TYPE => track.kind = unsigned(reader, child)?,
                id::CODEC_ID => track.codec = string(reader, child)?,
                id::CODEC_PRIVATE => {
                    track.private = reader.read_up_to(child.end.unwrap_or(0), MAX_PRIVATE)?;
                }
                id::CODEC_DELAY => track.codec_delay = unsigned(reader, child)?,
                id::DEFAULT_DURATION => track.default_duration = unsigned(reader, child)?,
                id::LANGUAGE => track.language = Some(string(reader, child)?),
                id::LANGUAGE_BCP47 => track.language_bcp47 = Some(string(reader, child)?),
                id::NAME => track.name = Some(words(reader, child.end.unwrap_or(0))?).filter(|name| !name.is_empty()),
                id::FLAG_DEFAULT => track.is_not_default = unsigned(reader, child)? == 0,
                id::FLAG_FORCED => track.forced = unsigned(reader, child)? != 0,
                id::VIDEO => track.video = Video::read(reader, child)?,
                id::AUDIO => each_child(reader, child, |reader, part| {
                    let small = |value: u64| u16::try_from(value).unwrap_or(u16::MAX);
                    match part.id {
                        id::SAMPLING_FREQUENCY => track.sample_rate = float(reader, part)?,
                        id::CHANNELS => track.channels = small(unsigned(reader, part)?),
                        id::BIT_DEPTH => track.bit_depth = small(unsigned(reader, part)?),
                        _ => {}
                    }
                    Ok(())
                })?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(track)
    }

    /// How many samples a channel a packet decodes to.
    pub fn packet_samples(&self, packet: &PacketHead) -> Option<u64> {
        match &*self.codec {
            "A_OPUS" => opus_samples(&packet.head),
            "A_FLAC" => flac_samples(&packet.head),
            codec if codec.starts_with("A_PCM/") => {
                (packet.bytes * 8).checked_div(u64::from(self.channels) * u64::from(self.bit_depth))
            }
            _ => None,
        }
    }

    pub fn summary(self, timestamp_scale: u32) -> Result<Summary> {
        let flac = (self.codec == "A_FLAC").then(|| StreamInfo::parse(self.private.get(4..)?)).flatten();
        let av1 = (self.codec == "V_AV1").then(|| Av1Record::parse(&self.private)).flatten();
        let (codec, codec_string) = match &*self.codec {
            "V_AV1" => ("av1", av1.map(|record| record.codec_string(self.video.color))),
            "V_MJPEG" => ("mjpeg", None),
            "V_UNCOMPRESSED" => ("raw", None),
            "S_TEXT/WEBVTT" | "D_WEBVTT/SUBTITLES" => ("webvtt", None),
            "A_OPUS" => ("opus", Some("opus".into())),
            "A_FLAC" => ("flac", Some("flac".into())),
            "A_PCM/INT/LIT" | "A_PCM/FLOAT/IEEE" => ("pcm", None),
            other => (other, None),
        };
        let (details, time_base, times) = match self.kind {
            1 => {
                let video = &self.video;
                let (width, height) = video.shown();
                let fit = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
                let details = Details::Video(VideoDetails {
                    width: fit(width),
                    height: fit(height),
                    coded_width: fit(video.pixel.0),
                    coded_height: fit(video.pixel.1),
                    frame_rate: frame_rate(self.default_duration),
                    bit_depth: av1.map(|record| record.bit_depth),
                    chroma: av1.map(|record| record.chroma),
                    color: video.color,
                    hdr: video.hdr,
                    orientation: video.orientation(),
                    sample_aspect_ratio: video.sample_aspect_ratio(),
                    alpha: video.alpha,
                });
                let base = TimeBase::new(timestamp_scale, SECOND)?;
                (details, base, self.ticks(timestamp_scale))
            }
            2 => {
                let sample_rate = flac.as_ref().map_or(self.sample_rate, |info| info.sample_rate);
                let pcm = |bits| if codec == "pcm" { Some(integer_format(bits)) } else { None };
                let details = Details::Audio(AudioDetails {
                    sample_rate,
                    channels: flac.as_ref().map_or(self.channels, |info| info.channels),
                    sample_format: match &*self.codec {
                        "A_PCM/FLOAT/IEEE" => Some(SampleFormat::F32),
                        _ => flac.as_ref().map(|info| info.sample_format).or(pcm(self.bit_depth)),
                    },
                });
                if sample_rate == 0 {
                    return Err(Error::input(format!("track {} has no sampling frequency", self.number)));
                }
                let base = TimeBase::new(1, sample_rate)?;
                (details, base, self.samples(timestamp_scale, base))
            }
            17 => (Details::Subtitle, TimeBase::new(timestamp_scale, SECOND)?, self.ticks(timestamp_scale)),
            _ => (Details::Other, TimeBase::new(timestamp_scale, SECOND)?, self.ticks(timestamp_scale)),
        };
        Ok(Summary {
            number: self.number,
            details,
            codec: text(codec.as_bytes()),
            codec_string,
            labels: Labels {
                // The default of the element is English (RFC 9559, 5.1.4.1.19).
                language: self.language_bcp47.clone().or(self.language.clone()).unwrap_or_else(|| "eng".into()),
                title: self.name.clone(),
                default: !self.is_not_default,
                forced: self.forced,
                alternate_group: None,
            },
            time_base,
            times,
            counts: self.counts,
        })
    }

    /// In ticks of the Segment. A last block that does not tell how long it lasts is taken to last as long as the others
    /// do on average.
    fn ticks(&self, timestamp_scale: u32) -> Times {
        let Some(first) = self.first else { return Times::default() };
        let intervals = i64::try_from(self.counts.packets.saturating_sub(1)).unwrap_or(i64::MAX);
        let average = self.last.saturating_sub(first).checked_div(intervals).unwrap_or(0);
        let end = if self.duration_known { self.end } else { self.last.saturating_add(average) };
        let rounded = end.abs_diff(first);
        // Both ends are rounded to ticks. Frames of one rate say more exactly what lies between.
        let exact =
            u128::from(self.default_duration) * u128::from(self.counts.packets) + u128::from(timestamp_scale / 2);
        let exact = exact.checked_div(timestamp_scale.into()).and_then(|exact| u64::try_from(exact).ok());
        let duration = exact.filter(|&exact| exact > 0 && exact.abs_diff(rounded) <= 1).unwrap_or(rounded);
        Times { start: first, duration, priming: 0, padding: 0 }
    }

    /// In samples: what the packets decode to, without delay and padding.
    fn samples(&self, timestamp_scale: u32, base: TimeBase) -> Times {
        let ticks = self.ticks(timestamp_scale);
        let from_nanoseconds = |nanoseconds: i128| {
            let scaled = nanoseconds * i128::from(base.den());
            let second = i128::from(SECOND);
            (scaled + second / 2).div_euclid(second)
        };
        let whole = |samples: i128| u64::try_from(samples.max(0)).unwrap_or(u64::MAX);
        let scale = i128::from(timestamp_scale);
        let priming = whole(from_nanoseconds(self.codec_delay.into()));
        let padding = whole(from_nanoseconds(self.discarded.into()));
        let all = self.samples.unwrap_or_else(|| whole(from_nanoseconds(i128::from(ticks.duration) * scale)));
        Times {
            start: i64::try_from(from_nanoseconds(i128::from(ticks.start) * scale)).unwrap_or(i64::MAX),
            duration: all.saturating_sub(priming).saturating_sub(padding),
            priming,
            padding,
        }
    }
}

/// The rate whose frames last `nanoseconds`, a number that was rounded: the NTSC rate or whole number that rounds to it,
/// where there is one.
pub(in crate::inspect) fn frame_rate(nanoseconds: u64) -> Option<FrameRate> {
    let nanoseconds = u32::try_from(nanoseconds).ok().filter(|&nanoseconds| nanoseconds > 0)?;
    let second = u64::from(SECOND);
    let rounds_to_it = |rate: FrameRate| {
        let exact = second * u64::from(rate.den());
        rate.is_valid() && exact.abs_diff(u64::from(nanoseconds) * u64::from(rate.num())) < u64::from(rate.num())
    };
    let nearest = |den: u64| {
        let num = (second * den + u64::from(nanoseconds) / 2) / u64::from(nanoseconds);
        // NTSC's numerators are whole thousands.
        let num = if den == 1 { num } else { (num + 500) / 1000 * 1000 };
        Some(FrameRate::new(u32::try_from(num).ok()?, u32::try_from(den).ok()?)).filter(|&rate| rounds_to_it(rate))
    };
    nearest(1).or_else(|| nearest(1001)).or(Some(FrameRate::new(SECOND, nanoseconds)))
}
