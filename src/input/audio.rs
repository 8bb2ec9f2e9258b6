//! Sound files, decoded by symphonia.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_PCM_F32BE, CODEC_ID_PCM_F32LE, CODEC_ID_PCM_F64BE, CODEC_ID_PCM_F64LE,
};
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known::FORMAT_ID_WAVE;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, ReadOnlySource};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use super::source::{AudioInfo, AudioSource};
use crate::error::{Error, Result, catch_panic};
use crate::media::{AudioSamples, MAX_CHANNELS, SampleFormat};

/// The file name extensions of the formats that are read.
pub(super) const EXTENSIONS: &[&str] =
    &["wav", "wave", "flac", "mp3", "ogg", "oga", "aac", "adts", "m4a", "m4b", "f4a"];

/// The longest damaged packet that silence can stand for: a FLAC block is the longest of all.
const MAX_PACKET_FRAMES: u64 = 65_535;

/// Reads a sound file: WAV, FLAC, MP3, Ogg Vorbis, AAC (LC, mono and stereo; bare or in MP4).
///
/// Integers up to 16 bits come as `i16`, up to 32 as `i32`, everything else as `f32`, so that what is lossless in the
/// file stays so. Channels come in the order of [`AudioSamples`]. Delay and padding of the encoder are cut away where the
/// file tells them: MP3 with a LAME header, and Ogg Vorbis; not AAC, which begins with its encoder's delay.
///
/// A packet that cannot be decoded becomes as much silence, and a warning in the log, where the codec is lossy; in a
/// lossless file it is an error.
///
/// ```
/// use framewright::input::{AudioReader, AudioSource};
///
/// let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("sound.wav");
/// let spec = hound::WavSpec { channels: 1, sample_rate: 8000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
/// let mut writer = hound::WavWriter::create(&path, spec).unwrap();
/// (0..8000).for_each(|_| writer.write_sample(0i16).unwrap());
/// writer.finalize().unwrap();
///
/// let mut reader = AudioReader::open(&path)?;
/// assert_eq!((reader.info().sample_rate, reader.info().channels, reader.info().frames), (8000, 1, Some(8000)));
/// let mut frames = 0;
/// while let Some(samples) = reader.next_block()? {
///     frames += samples.frames();
/// }
/// assert_eq!(frames, 8000);
/// # Ok::<(), framewright::Error>(())
/// ```
pub struct AudioReader {
    /// What errors call it.
    name: String,
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    info: AudioInfo,
    /// Whether the samples are floats of PCM.
    float_pcm: bool,
    block: Block,
    /// Whether `block` was decoded to learn the `info` and has not been given out yet.
    ahead: bool,
    /// Samples a channel that have been decoded.
    position: u64,
}

/// The samples of one packet, interleaved.
enum Block {
    F32(Vec<f32>),
    I16(Vec<i16>),
    I32(Vec<i32>),
}

impl AudioReader {
    /// Opens a file. The format is found by the content, with the extension for a hint.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where it cannot be read, [`Unsupported`](crate::ErrorKind::Unsupported) where it is
    /// of no known format, holds no sound, or has more than 8 channels.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let name = format!("`{}`", path.display());
        let file = File::open(path).map_err(|error| Error::io(format_args!("reading {name}"), error))?;
        Self::from_source(Box::new(file), path.extension().and_then(|extension| extension.to_str()), name)
    }

    /// Reads from anything, without seeking; `extension` is a hint. MP4 whose index stands at the end needs a file.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn new(reader: impl Read + Send + Sync + 'static, extension: Option<&str>) -> Result<Self> {
        Self::from_source(Box::new(ReadOnlySource::new(reader)), extension, "the sound".into())
    }

    fn from_source(source: Box<dyn MediaSource>, extension: Option<&str>, name: String) -> Result<Self> {
        let mut hint = Hint::new();
        if let Some(extension) = extension {
            hint.with_extension(extension);
        }
        let len = source.byte_len();
        let opened = guarded(&name, || {
            let stream = MediaSourceStream::new(source, Default::default());
            let probe = symphonia::default::get_probe();
            probe.probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        })?;
        let format = opened.map_err(|error| not_sound(&name, error))?;

        let track = format.default_track(TrackType::Audio);
        let Some((track, CodecParameters::Audio(parameters))) =
            track.and_then(|track| Some((track, track.codec_params.as_ref()?)))
        else {
            return Err(Error::unsupported(format!("{name} holds no sound that can be decoded")));
        };
        let decoder = guarded(&name, || {
            symphonia::default::get_codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default())
        })?
        .map_err(|error| not_sound(&name, error))?;

        let float = [CODEC_ID_PCM_F32LE, CODEC_ID_PCM_F32BE, CODEC_ID_PCM_F64LE, CODEC_ID_PCM_F64BE];
        let float_pcm = float.contains(&parameters.codec);
        let info = AudioInfo {
            sample_rate: parameters.sample_rate.unwrap_or(0),
            channels: 0,
            sample_format: None,
            frames: track.num_frames,
        };
        let track = track.id;
        let block = Block::F32(Vec::new());
        let mut reader =
            AudioReader { name, format, decoder, track, info, float_pcm, block, ahead: false, position: 0 };
        if reader.is_wav() {
            // A byte a sample at least: what claims more comes from a pipe. Through one, nothing can be checked.
            reader.info.frames = reader.info.frames.filter(|&frames| len.is_some_and(|len| frames <= len));
        }
        // Some formats tell rate and channels with the first packet only.
        reader.ahead = reader.decode_next()?;
        if !reader.ahead {
            return Err(Error::input(format!("{} holds no samples", reader.name)));
        }
        Ok(reader)
    }

    /// Decodes the next packet that has samples into `block`; false at the end.
    fn decode_next(&mut self) -> Result<bool> {
        loop {
            let packet = match guarded(&self.name, || self.format.next_packet())? {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(false),
                // A WAV file from a pipe claims more than there is, for its writer could not know.
                Err(SymphoniaError::IoError(error))
                    if error.kind() == io::ErrorKind::UnexpectedEof && self.is_wav() =>
                {
                    return Ok(false);
                }
                Err(error) => return Err(self.damaged(error)),
            };
            if packet.track_id != self.track {
                continue;
            }
            let bits = self.decoder.codec_params().bits_per_sample;
            let frames = match guarded(&self.name, || self.decoder.decode(&packet))? {
                Ok(buffer) if buffer.frames() == 0 => continue,
                Ok(buffer) => {
                    let rate = buffer.spec().rate();
                    let (channels, frames) = (buffer.spec().channels().count(), buffer.frames());
                    let format = sample_format(&buffer, bits, self.float_pcm);
                    self.block.copy(&buffer, format);
                    self.accept(rate, channels, format)?;
                    frames
                }
                Err(error @ SymphoniaError::DecodeError(_)) => match self.silence(&packet) {
                    Some(frames) => {
                        let (name, position) = (&self.name, self.position);
                        tracing::warn!("{name}: sample {position}: {error}; {frames} samples are silent instead");
                        frames
                    }
                    None => return Err(self.damaged(error)),
                },
                Err(error) => return Err(self.damaged(error)),
            };
            self.position += frames as u64;
            return Ok(true);
        }
    }

    fn is_wav(&self) -> bool {
        self.format.format_info().format == FORMAT_ID_WAVE
    }

    /// Takes the parameters of the first block; checks that every other has the same.
    fn accept(&mut self, rate: u32, channels: usize, format: Option<SampleFormat>) -> Result<()> {
        if self.info.channels == 0 {
            let Some(channels) = u8::try_from(channels).ok().filter(|&n| (1..=MAX_CHANNELS).contains(&n.into())) else {
                let name = &self.name;
                return Err(Error::unsupported(format!(
                    "{name} has {channels} channels: taken are 1 to {MAX_CHANNELS}"
                )));
            };
            self.info = AudioInfo { sample_rate: rate, channels, sample_format: format, ..self.info };
        }
        if (self.info.sample_rate, usize::from(self.info.channels)) != (rate, channels) {
            return Err(Error::unsupported(format!(
                "{} goes from {} Hz and {} channels to {rate} Hz and {channels} channels at sample {}: sound that changes \
                 midway is not taken",
                self.name, self.info.sample_rate, self.info.channels, self.position
            )));
        }
        Ok(())
    }

    /// Fills the block with silence for a packet that is lost, where that is sound; gives its samples a channel.
    fn silence(&mut self, packet: &Packet) -> Option<usize> {
        let base = self.format.tracks().iter().find(|track| track.id == self.track)?.time_base?;
        let counts_samples = base.numer.get() == 1 && base.denom.get() == self.info.sample_rate;
        let known = self.info.channels > 0 && self.info.sample_format.is_none() && counts_samples;
        let frames = Some(packet.dur.get()).filter(|&frames| known && (1..=MAX_PACKET_FRAMES).contains(&frames))?;
        let frames = usize::try_from(frames).ok()?;
        self.block = Block::F32(vec![0.0; frames * usize::from(self.info.channels)]);
        Some(frames)
    }

    fn damaged(&self, error: SymphoniaError) -> Error {
        let (name, position) = (&self.name, self.position);
        match error {
            SymphoniaError::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                Error::io(format_args!("reading {name}"), error)
            }
            SymphoniaError::ResetRequired => {
                Error::unsupported(format!("{name} is a chain of sounds: another begins at sample {position}"))
            }
            error => Error::input(format!("{name} cannot be decoded from sample {position} on: {error}")),
        }
    }
}

impl AudioSource for AudioReader {
    fn info(&self) -> &AudioInfo {
        &self.info
    }

    fn next_block(&mut self) -> Result<Option<AudioSamples<'_>>> {
        if !std::mem::take(&mut self.ahead) && !self.decode_next()? {
            return Ok(None);
        }
        let channels = self.info.channels.into();
        match &self.block {
            Block::F32(samples) => AudioSamples::interleaved(samples, channels),
            Block::I16(samples) => AudioSamples::interleaved(samples, channels),
            Block::I32(samples) => AudioSamples::interleaved(samples, channels),
        }
        .map(Some)
    }
}

impl std::fmt::Debug for AudioReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AudioReader").field("name", &self.name).field("info", &self.info).finish_non_exhaustive()
    }
}

impl Block {
    /// Takes the samples in the type that `format` asks for, without dither: the ones that are cut off are zeros.
    fn copy(&mut self, buffer: &GenericAudioBufferRef<'_>, format: Option<SampleFormat>) {
        match (format, &mut *self) {
            (Some(SampleFormat::S16), Block::I16(samples)) => buffer.copy_to_vec_interleaved(samples),
            (Some(SampleFormat::S24 | SampleFormat::S32), Block::I32(samples)) => {
                buffer.copy_to_vec_interleaved(samples)
            }
            (Some(SampleFormat::F32) | None, Block::F32(samples)) => buffer.copy_to_vec_interleaved(samples),
            _ => {
                *self = match format {
                    Some(SampleFormat::S16) => Block::I16(Vec::new()),
                    Some(SampleFormat::S24 | SampleFormat::S32) => Block::I32(Vec::new()),
                    Some(SampleFormat::F32) | None => Block::F32(Vec::new()),
                };
                self.copy(buffer, format);
            }
        }
    }
}

/// The format that holds the samples of `buffer`, of whose bits `bits` are used. Floats are kept as 32 bits; only those
/// of PCM are not the work of a lossy codec.
fn sample_format(buffer: &GenericAudioBufferRef<'_>, bits: Option<u32>, float_pcm: bool) -> Option<SampleFormat> {
    use GenericAudioBufferRef::{F32, F64, S8, S16, S24, S32, U8, U16, U24, U32};
    match buffer {
        U8(_) | S8(_) | U16(_) | S16(_) => Some(SampleFormat::S16),
        U24(_) | S24(_) => Some(SampleFormat::S24),
        U32(_) | S32(_) => Some(match bits {
            Some(..=16) => SampleFormat::S16,
            Some(..=24) => SampleFormat::S24,
            _ => SampleFormat::S32,
        }),
        F32(_) | F64(_) => float_pcm.then_some(SampleFormat::F32),
    }
}

/// Runs a piece of symphonia, which must not bring the caller down even where a damaged file finds a bug in it.
fn guarded<T>(name: &str, run: impl FnOnce() -> T) -> Result<T> {
    catch_panic(format_args!("the decoder of {name}"), run)
}

/// The error for a file that symphonia does not open.
fn not_sound(name: &str, error: SymphoniaError) -> Error {
    match error {
        SymphoniaError::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            Error::io(format_args!("reading {name}"), error)
        }
        error => Error::unsupported(format!(
            "{name} is no sound that can be read ({error}): taken are WAV, FLAC, MP3, Ogg Vorbis, and AAC-LC of one or \
             two channels"
        )),
    }
}

#[cfg(test)]
mod tests {
    use flacenc::component::BitRepr;
    use proptest::prelude::*;

    use super::super::testing::media;
    use super::*;
    use crate::error::ErrorKind;

    /// All samples, interleaved, as integers or the bits of floats.
    fn read(mut reader: AudioReader) -> Result<(AudioInfo, Vec<i64>)> {
        let mut all = Vec::new();
        while let Some(block) = reader.next_block()? {
            assert!(block.frames() > 0);
            match &reader.block {
                Block::I16(samples) => all.extend(samples.iter().map(|&sample| i64::from(sample))),
                Block::I32(samples) => all.extend(samples.iter().map(|&sample| i64::from(sample))),
                Block::F32(samples) => all.extend(samples.iter().map(|&sample| i64::from(sample.to_bits()))),
            }
        }
        Ok((reader.info.clone(), all))
    }

    fn open(bytes: Vec<u8>) -> Result<(AudioInfo, Vec<i64>)> {
        read(AudioReader::from_source(Box::new(io::Cursor::new(bytes)), None, "the sound".into())?)
    }

    fn wav(channels: u16, bits: u16, format: hound::SampleFormat, samples: &[i32]) -> Vec<u8> {
        let mut bytes = io::Cursor::new(Vec::new());
        let spec = hound::WavSpec { channels, sample_rate: 44_100, bits_per_sample: bits, sample_format: format };
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for &sample in samples {
            match format {
                hound::SampleFormat::Int => writer.write_sample(sample).unwrap(),
                hound::SampleFormat::Float => writer.write_sample(f32::from_bits(sample as u32)).unwrap(),
            }
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn wav_is_exact_at_every_depth_and_channel_count() {
        use hound::SampleFormat::{Float, Int};
        for (bits, kind, format, shift) in [
            (8, Int, SampleFormat::S16, 8),
            (16, Int, SampleFormat::S16, 0),
            (24, Int, SampleFormat::S24, 8),
            (32, Int, SampleFormat::S32, 0),
            (32, Float, SampleFormat::F32, 0),
        ] {
            for channels in 1..=8u16 {
                let one = (1.0f32).to_bits() as i32;
                let values = match kind {
                    Int => [i32::MIN >> (32 - bits), i32::MAX >> (32 - bits), 0, 1, -1],
                    Float => [one, one + 1, 0, 1, i32::MIN | one],
                };
                let samples: Vec<i32> = values.iter().copied().cycle().take(3000 * usize::from(channels)).collect();
                let (info, read) = open(wav(channels, bits, kind, &samples)).unwrap();
                let expected: Vec<i64> = samples
                    .iter()
                    .map(|&sample| if kind == Float { i64::from(sample as u32) } else { i64::from(sample) << shift })
                    .collect();
                assert!(read == expected, "{bits} bits, {channels} channels");
                let channels = channels as u8;
                let sample_format = Some(format);
                assert_eq!(info, AudioInfo { sample_rate: 44_100, channels, sample_format, frames: Some(3000) });
            }
        }
        let nine = open(wav(9, 16, Int, &[0; 90])).unwrap_err();
        assert!(nine.kind() == ErrorKind::Unsupported && nine.to_string().contains("9 channels"), "{nine}");
    }

    #[test]
    fn flac_is_exact() {
        for (bits, shift, format) in [(16, 0, SampleFormat::S16), (24, 8, SampleFormat::S24)] {
            // Five whole blocks: of a short last one flacenc makes the smallest in STREAMINFO, which symphonia refuses.
            let samples: Vec<i32> =
                (0..5 * 4096 * 2i32).map(|n| n.wrapping_mul(n).wrapping_mul(77_773) >> (32 - bits)).collect();
            let config = flacenc::error::Verify::into_verified(flacenc::config::Encoder::default()).unwrap();
            let source = flacenc::source::MemSource::from_samples(&samples, 2, bits, 48_000);
            let stream = flacenc::encode_with_fixed_block_size(&config, source, 4096).unwrap();
            let mut sink = flacenc::bitsink::ByteSink::new();
            stream.write(&mut sink).unwrap();
            let (info, read) = open(sink.as_slice().to_vec()).unwrap();
            assert_eq!((info.sample_rate, info.channels, info.sample_format), (48_000, 2, Some(format)));
            assert!(read.iter().zip(&samples).all(|(&read, &sample)| read == i64::from(sample) << shift));
            assert_eq!(read.len(), samples.len());

            // Damage in a lossless file is not smoothed over.
            let mut damaged = sink.as_slice().to_vec();
            let middle = damaged.len() / 2;
            damaged[middle..middle + 64].fill(0x55);
            assert!(!open(damaged).is_ok_and(|(_, damaged)| damaged.len() == read.len() && damaged != read));
        }
    }

    #[test]
    fn wav_from_a_pipe_ends_where_it_ends() {
        let mut bytes = wav(2, 16, hound::SampleFormat::Int, &[7; 5000]);
        bytes[4..8].fill(0xff);
        let at = bytes.windows(4).position(|window| window == b"data").unwrap();
        bytes[at + 4..at + 8].fill(0xff);
        let (info, read) = open(bytes).unwrap();
        assert_eq!((info.frames, read), (None, vec![7; 5000]));
    }

    #[test]
    fn real_sound_agrees_with_another_reader() {
        let Some(media) = media("audio") else { return };
        for (name, channels) in
            [("bbb_48k_5.1.wav", 6), ("guitar_44k1_mono_10s.wav", 1), ("speech_dialog_48k_stereo.wav", 2)]
        {
            let (info, read) = read(AudioReader::open(media.join(name)).unwrap()).unwrap();
            let mut other = hound::WavReader::open(media.join(name)).unwrap();
            assert_eq!((info.channels, info.frames), (channels, Some(u64::from(other.duration()))));
            assert!(read.iter().copied().eq(other.samples::<i16>().map(|sample| i64::from(sample.unwrap()))), "{name}");
        }
    }

    #[test]
    fn what_is_no_sound_is_refused() {
        for bytes in [vec![], b"RIFF".to_vec(), vec![0x55; 5000], wav(2, 16, hound::SampleFormat::Int, &[])] {
            assert!(open(bytes).is_err());
        }
        assert_eq!(AudioReader::open("/nowhere.wav").unwrap_err().kind(), ErrorKind::Io);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_panic(flips in proptest::collection::vec((0..200usize, any::<u8>()), 0..6), cut in 0..200usize) {
            let mut bytes = wav(2, 16, hound::SampleFormat::Int, &[77; 100]);
            for (at, value) in flips {
                bytes[at] ^= value;
            }
            bytes.truncate(bytes.len() - cut);
            let _ = open(bytes);
        }
    }
}
