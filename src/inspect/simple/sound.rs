//! WAV, RF64 and FLAC.

use std::io::{Read, Seek};

use super::cues::Cues;
use super::{WaveFormat, comments, each_chunk, read_info, summary};
use crate::error::{Error, Result};
use crate::inspect::about::{About, if_sound};
use crate::inspect::codec::StreamInfo;
use crate::inspect::reader::Reader;
use crate::inspect::{AudioDetails, Counts, Details, FileInfo, Format, IndexPlacement, Times};
use crate::media::TimeBase;

/// RIFF, or RF64 where sizes are in `ds64` (EBU Tech 3306).
pub(in crate::inspect) fn wav<R: Read + Seek>(reader: &mut Reader<R>) -> Result<FileInfo> {
    let is_long = reader.peek::<4>()? != *b"RIFF";
    reader.skip(12)?;
    let (mut format, mut data, mut long_size) = (None, None, None);
    let (mut about, mut cues) = (About::default(), Cues::default());
    let len = reader.len();
    let mut truncated = each_chunk(reader, len, |reader, chunk, _| {
        match &chunk.kind {
            b"ds64" if is_long => {
                reader.skip(8)?; // riffSize
                long_size = Some(u64::from_le_bytes(reader.read()?));
            }
            b"fmt " => format = Some(WaveFormat::read(reader, chunk.end)?),
            b"LIST" if chunk.end - chunk.body >= 4 => {
                let read = match &reader.read::<4>()? {
                    b"INFO" => read_info(reader, chunk.end, &mut about),
                    b"adtl" => cues.read_list(reader, chunk.end),
                    _ => Ok(()),
                };
                if_sound(read)?;
            }
            b"cue " => {
                let read = cues.read_points(reader, chunk);
                if_sound(read)?;
            }
            b"data" if data.is_none() => data = Some((chunk.body, chunk.end)),
            _ => {}
        }
        Ok(())
    })?;
    let Some(format) = format else { return Err(Error::input("the WAV file has no `fmt ` chunk before its data")) };
    let Some((body, mut end)) = data else { return Err(Error::input("the WAV file has no `data` chunk")) };
    if let Some(size) = long_size {
        end = body.saturating_add(size);
        truncated = end > len;
    } else if !is_long && truncated {
        // A stream of unknown length says 0xffffffff, and is as long as it is.
        reader.seek_to(body - 4)?;
        truncated = reader.read()? != [0xff; 4];
    }
    if format.sample_rate == 0 || format.block_align == 0 {
        return Err(Error::input("the WAV file's `fmt ` chunk has no sample rate, or samples of no size"));
    }
    cues.into_chapters(format.sample_rate, &mut about);
    let bytes = end.min(len) - body;
    let frames = bytes / u64::from(format.block_align);
    let times = Times { duration: frames, ..Times::default() };
    let counts = Counts { packets: frames, key_packets: frames, bytes };
    let base = TimeBase::per_second(format.sample_rate);
    let track = summary(1, format.details(), &format.codec, base, times, counts).into();
    Ok(FileInfo::new(Format::Wav, IndexPlacement::Stream, len, truncated, vec![track], about))
}

/// `fLaC` and metadata blocks (RFC 9639, 8). Frames are not read: packets are counted where all blocks have one size.
pub(in crate::inspect) fn flac<R: Read + Seek>(reader: &mut Reader<R>) -> Result<FileInfo> {
    let len = reader.len();
    reader.skip(4)?;
    let (mut about, mut info, mut language) = (About::default(), None, None);
    loop {
        let head = reader.u32()?;
        let (kind, size) = (head >> 24 & 0x7f, u64::from(head & 0xff_ffff));
        let end = reader.position() + size;
        if end > len {
            return Err(Error::input(format!("the FLAC metadata block at {} is cut off", reader.position() - 4)));
        }
        match kind {
            0 if info.is_none() => {
                let body = reader.read_up_to(end, 34)?;
                let block = [&[0; 4][..], &body].concat();
                let total =
                    body.get(13..18).map(|bytes| bytes.iter().fold(0u64, |sum, &byte| sum << 8 | u64::from(byte)));
                let sizes =
                    body.get(..4).map(|sizes| (sizes[..2] == sizes[2..], u16::from_be_bytes([sizes[0], sizes[1]])));
                info = StreamInfo::parse(&block).zip(total.zip(sizes));
            }
            4 => {
                let head = reader.read_up_to(end, comments::MAX_HEAD)?;
                language = language.or(comments::read(&head, size, &mut about));
            }
            6 => {
                let head = reader.read_up_to(end, comments::MAX_HEAD)?;
                about.cover = about.cover.or(comments::picture(&head, size));
            }
            _ => {}
        }
        reader.seek_to(end)?;
        if head >> 31 == 1 {
            break;
        }
    }
    let Some((info, (total, (is_fixed, block_size)))) = info.filter(|(info, _)| info.sample_rate > 0) else {
        return Err(Error::input("the FLAC file has no STREAMINFO, or one without a sample rate"));
    };
    let duration = total & 0xf_ffff_ffff;
    let block_size = Some(u64::from(block_size)).filter(|&size| is_fixed && size > 0);
    let packets = block_size.map_or(0, |size| duration.div_ceil(size));
    let counts = Counts { packets, key_packets: packets, bytes: len - reader.position() };
    let details = Details::Audio(AudioDetails {
        sample_rate: info.sample_rate,
        channels: info.channels,
        sample_format: Some(info.sample_format),
    });
    let times = Times { duration, ..Times::default() };
    let mut track = summary(1, details, "flac", TimeBase::per_second(info.sample_rate), times, counts);
    track.codec_string = Some("flac".into());
    track.labels.language = language.unwrap_or(track.labels.language);
    Ok(FileInfo::new(Format::Flac, IndexPlacement::Stream, len, false, vec![track.into()], about))
}
