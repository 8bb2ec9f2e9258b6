//! The muxers by themselves, for packets that come from elsewhere.

use super::{Container, MuxOptions, Muxer};
use crate::error::{Error, ErrorKind, Result};
use crate::media::{CodecConfig, Cue, Packet, Track};
use crate::sink::Sink;

/// Writes packets that somebody else has encoded into a container.
///
/// Packets of all tracks are given in the order of their times. On a sink that can patch, the file is finished in place;
/// on one that cannot, MP4 is fragmented and Matroska live. A writer that is dropped without [`finish`](Self::finish)
/// leaves its sink as it is, neither completed nor discarded.
///
/// ```
/// use std::io::Cursor;
/// use framewright::media::{AudioTrack, CodecConfig, Packet, PcmConfig, TimeBase, Track, TrackKind};
/// use framewright::sink::{SeekSink, SharedWriter};
/// use framewright::{Container, PacketWriter, SampleFormat};
///
/// let config = PcmConfig { sample_rate: 8000, channels: 1, format: SampleFormat::S16 };
/// let kind = TrackKind::Audio(AudioTrack { sample_rate: 8000, channels: 1 });
/// let track = Track::new(kind, CodecConfig::Pcm(config), TimeBase::per_second(8000));
///
/// let file = SharedWriter::new(Cursor::new(Vec::new()));
/// let mut writer = PacketWriter::new(Container::Mp4, vec![track], SeekSink::new(file.clone())?)?;
/// writer.write(Packet::new(0, 0, 800, true, vec![0; 1600]))?;
/// writer.finish()?;
/// assert_eq!(&file.into_inner().unwrap().into_inner()[4..8], b"ftyp");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PacketWriter<S> {
    muxer: Box<dyn Muxer>,
    sink: S,
    tracks: Vec<Track>,
    /// When each track's next packet begins at the earliest, in its own ticks.
    bounds: Vec<Option<i64>>,
    failed: bool,
}

impl<S: Sink> PacketWriter<S> {
    /// Checks the tracks and writes what stands before the first packet.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where the container does not take a track's codec, or cannot say
    /// what is to be said, [`InvalidInput`](crate::ErrorKind::InvalidInput) where there is no track,
    /// [`Io`](crate::ErrorKind::Io).
    pub fn new(container: Container, tracks: Vec<Track>, sink: S) -> Result<Self> {
        Self::with_options(container, tracks, sink, &MuxOptions::default())
    }

    /// As [`new`](Self::new), with a layout and metadata of one's own.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`InvalidOption`](crate::ErrorKind::InvalidOption) for an option that is out of range, or
    /// a layout that the container has not or the sink does not allow.
    pub fn with_options(container: Container, tracks: Vec<Track>, mut sink: S, options: &MuxOptions) -> Result<Self> {
        container.check_tracks(&tracks)?;
        let mut muxer = super::open(container, options, &mut sink)?;
        muxer.begin(&tracks, &mut sink)?;
        Ok(PacketWriter { muxer, sink, bounds: vec![None; tracks.len()], tracks, failed: false })
    }

    /// Writes one packet.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the track does not exist, the packet is empty, lasts no
    /// time, begins before the track's last one ended, begins before 0 where the container cannot say that, or is none of
    /// its codec; the writer goes on
    /// after that. After any other error it does not.
    pub fn write(&mut self, packet: Packet) -> Result<()> {
        if self.failed {
            return Err(Error::state("the writer failed before; start a new file"));
        }
        let (Some(bound), Some(track)) = (self.bounds.get_mut(packet.track), self.tracks.get(packet.track)) else {
            let tracks = self.tracks.len();
            return Err(Error::input(format!("a packet of track {}: there are {tracks} tracks", packet.track)));
        };
        if packet.data.is_empty() || packet.duration == 0 {
            let (bytes, ticks) = (packet.data.len(), packet.duration);
            return Err(Error::input(format!(
                "a packet of {bytes} bytes that lasts {ticks} ticks: both have to be above 0"
            )));
        }
        if track.is_subtitle() {
            Cue::from_packet(&packet.data)?;
        }
        let alpha = track.video().is_some_and(|video| video.alpha.is_some());
        if packet.alpha.is_some() != alpha || packet.alpha.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::input(format!(
                "a packet of track {}: a track with `alpha` has an alpha picture in each packet, and any other none",
                packet.track
            )));
        }
        if packet.pts.checked_add(packet.duration.into()).is_none() {
            return Err(Error::input(format!("a packet at tick {}: it ends after the last tick there is", packet.pts)));
        }
        if let Some(bound) = bound.filter(|&bound| packet.pts < bound) {
            let (number, pts) = (packet.track, packet.pts);
            let before = if track.is_subtitle() { "begins" } else { "ends" };
            return Err(Error::input(format!(
                "a packet of track {number} at tick {pts}: the one before it {before} at {bound}"
            )));
        }
        // Cues may overlap.
        let next = if track.is_subtitle() { packet.pts } else { packet.end() };
        match self.muxer.packet(packet, &mut self.sink) {
            Ok(()) => *bound = Some(next),
            // A muxer refuses a packet before it has changed anything.
            Err(error) if error.kind() == ErrorKind::InvalidInput => return Err(error),
            Err(error) => {
                self.failed = true;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Replaces a track's configuration by one that has become known at its end (a FLAC STREAMINFO with its totals).
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the track does not exist or has another codec.
    pub fn set_config(&mut self, track: usize, config: CodecConfig) -> Result<()> {
        match self.tracks.get_mut(track) {
            Some(track) if track.config.name() == config.name() => {
                track.config = config;
                Ok(())
            }
            _ => Err(Error::input(format!("there is no track {track} of codec {}", config.name()))),
        }
    }

    /// Writes what stands after the last packet and gives the sink back.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), and [`State`](crate::ErrorKind::State) after an earlier failure.
    pub fn finish(mut self) -> Result<S> {
        if self.failed {
            return Err(Error::state("the writer failed before; the file is not complete"));
        }
        self.muxer.finish(&self.tracks, &mut self.sink)?;
        self.sink.complete().map_err(|error| Error::io("completing the output", error))?;
        Ok(self.sink)
    }
}
