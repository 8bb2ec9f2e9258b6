//! Files of several RIFF chunks, past 4 GiB, and of a million packets.

use std::io::{self, Read, Seek, SeekFrom};

use super::*;
use crate::mux::avi::index::{OLD_ENTRIES, STANDARD_ENTRIES};

/// Keeps what is short, and of the rest only how long it is.
#[derive(Default)]
struct Hollow {
    /// Pieces of less than 32 MiB, joined where nothing lies between, and where they are.
    pieces: Vec<(u64, Vec<u8>)>,
    length: u64,
    at: u64,
}

impl Hollow {
    /// The piece that `offset` lies in, or the last one before it.
    fn piece(&self, offset: u64) -> Option<usize> {
        self.pieces.partition_point(|(at, _)| *at <= offset).checked_sub(1)
    }
}

impl Sink for Hollow {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() < 32 << 20 {
            match self.pieces.last_mut() {
                Some((at, piece)) if *at + piece.len() as u64 == self.length => piece.extend_from_slice(bytes),
                _ => self.pieces.push((self.length, bytes.to_vec())),
            }
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let index = self.piece(offset).expect("a patch of what was kept");
        let (at, piece) = &mut self.pieces[index];
        piece[(offset - *at) as usize..][..bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn can_patch(&self) -> bool {
        true
    }

    fn position(&self) -> u64 {
        self.length
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Hollow {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let Some((at, piece)) = self.piece(self.at).map(|index| &self.pieces[index]) else { return Ok(0) };
        let count = piece.get((self.at - at) as usize..).unwrap_or(&[]).read(bytes)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Hollow {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(back) => self.length.saturating_add_signed(back),
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

#[test]
fn files_past_4_gib_are_of_riff_chunks_below_one() {
    let tracks =
        [jpeg_track(Some(FrameRate::from(25)), TimeBase::per_second(25)), pcm_track(8000, 1, SampleFormat::S16)];
    let mut sink = Hollow::default();
    let mut muxer = muxer(Metadata::new()).unwrap();
    muxer.begin(&tracks, &mut sink).unwrap();
    let data = vec![0; (60 << 20) + 1];
    for i in 0..75 {
        muxer.packet(Packet::new(0, i * 2, 2, true, data.clone()), &mut sink).unwrap();
        muxer.packet(sound(1, &tracks, i * 640, 640), &mut sink).unwrap();
    }
    muxer.finish(&tracks, &mut sink).unwrap();
    assert!(sink.length > 75 * (60 << 20));
    let read = verifier::verify_from(sink).unwrap();
    // 17 of these packets are 1020 MiB.
    assert_eq!(read.riffs, 5);
    let full: Vec<_> =
        (0..5).map(|riff| read.streams[0].chunks.iter().filter(|c| c.riff == riff && c.size > 0).count()).collect();
    assert_eq!(full, [17, 17, 17, 17, 7]);
    assert_eq!(read.streams.iter().map(|stream| stream.indexes).collect::<Vec<_>>(), [5, 5]);
    assert!(read.streams[0].chunks.iter().all(|chunk| chunk.size == 0 || chunk.size == (60 << 20) + 1));
    assert_eq!(read.streams[0].chunks.len(), 150);
    assert!(read.streams[0].chunks.last().unwrap().offset > 4 << 30);
}

#[test]
fn a_million_packets_hold_less_than_32_bytes_each() {
    const PACKETS: i64 = 1_000_000;
    let tracks = [jpeg_track(Some(FrameRate::from(30)), TimeBase::per_second(30))];
    let mut muxer = muxer(Metadata::new()).unwrap();
    let mut sink = Hollow::default();
    muxer.begin(&tracks, &mut sink).unwrap();
    let mut most = 0;
    for i in 0..PACKETS {
        muxer.packet(Packet::new(0, i, 1, true, vec![1; 3]), &mut sink).unwrap();
        if i % 50_000 == 0 {
            most = most.max(held(&muxer));
        }
    }
    most = most.max(held(&muxer));
    assert!((most as i64) < 32 * PACKETS, "{most} bytes");
    muxer.finish(&tracks, &mut sink).unwrap();
    let read = verifier::verify_from(sink).unwrap();
    assert_eq!(read.streams[0].chunks.len(), PACKETS as usize);
    assert_eq!(read.streams[0].indexes, (PACKETS as usize).div_ceil(STANDARD_ENTRIES));
}

#[test]
fn what_is_held_stops_growing_when_the_old_index_is_full() {
    let tracks = [jpeg_track(None, TimeBase::MILLISECONDS)];
    let mut muxer = muxer(Metadata::new()).unwrap();
    let mut sink = Hollow::default();
    muxer.begin(&tracks, &mut sink).unwrap();
    // Almost all chunks are empty ones.
    for i in 0..2500 {
        muxer.packet(Packet::new(0, i * 1000, 1000, true, vec![1; 3]), &mut sink).unwrap();
    }
    assert!(held(&muxer) < (18 << 20) + (1 << 20), "{}", held(&muxer));
    muxer.finish(&tracks, &mut sink).unwrap();
    let read = verifier::verify_from(sink).unwrap();
    assert_eq!((read.riffs, read.streams[0].chunks.len()), (2, 2_500_000));
    assert_eq!(read.streams[0].chunks.iter().filter(|chunk| chunk.riff == 0).count(), OLD_ENTRIES);
}

fn held(muxer: &AviMuxer) -> usize {
    muxer.old_index.allocated() + muxer.streams.iter().map(|stream| stream.index.allocated()).sum::<usize>()
}

#[test]
fn small_riff_chunks_hold_all_of_many_streams() {
    let tracks = [
        jpeg_track(Some(FrameRate::from(25)), TimeBase::per_second(25)),
        pcm_track(8000, 1, SampleFormat::S16),
        pcm_track(11_025, 3, SampleFormat::S24),
    ];
    let mut packets = Vec::new();
    for i in 0..200 {
        packets.push(frame(0, i, 1, 1 + (i as usize * 37) % 900));
        packets.push(sound(1, &tracks, i * 320, 320));
        packets.push(sound(2, &tracks, i * 441, 441));
    }
    let mut muxer = muxer(Metadata::new()).unwrap();
    muxer.limits = (200_000, 40);
    let bytes = try_file_of(muxer, &tracks, &packets).unwrap();
    let read = verified(&bytes);
    assert!(read.riffs > 5, "{}", read.riffs);
    let in_first = read.streams.iter().flat_map(|stream| &stream.chunks).filter(|chunk| chunk.riff == 0).count();
    assert_eq!(in_first, 40);
    for (index, track) in tracks.iter().enumerate() {
        assert!(shown(&bytes, &read.streams[index]) == wanted(&packets, index, track, |tick| tick));
        assert_eq!(read.streams[index].indexes, read.riffs);
    }
}

#[test]
fn a_full_header_ends_the_file_soundly() {
    let tracks = [jpeg_track(Some(FrameRate::from(25)), TimeBase::per_second(25))];
    let mut muxer = muxer(Metadata::new()).unwrap();
    muxer.limits = (1, 1);
    let file = SharedWriter::new(Cursor::new(Vec::new()));
    let mut sink = SeekSink::new(file.clone()).unwrap();
    muxer.begin(&tracks, &mut sink).unwrap();
    // A RIFF chunk for each packet.
    let refused = (0..2000).find_map(|i| muxer.packet(frame(0, i, 1, 10), &mut sink).err());
    let error = refused.expect("the header is full some time");
    assert!(error.kind() == crate::error::ErrorKind::Limit && error.to_string().contains("shorter"), "{error}");
    muxer.finish(&tracks, &mut sink).unwrap();
    sink.flush().unwrap();
    let read = file.with(|file| verified(file.get_ref()));
    assert_eq!(read.streams[0].chunks.len(), 1024);
}
