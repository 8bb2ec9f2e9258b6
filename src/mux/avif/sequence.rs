//! The image sequence: a track of pictures, and one of alpha planes, in a movie behind the samples (ISO/IEC 23008-12, 7).

use super::{ALPHA, Pictures, item};
use crate::error::{Error, Result};
use crate::media::{Av1Config, Packet};
use crate::mux::isobmff::boxes::BoxWriter;
use crate::mux::isobmff::sample_table::SampleTable;
use crate::mux::isobmff::visual::{self, Shown};
use crate::mux::{append, patch};
use crate::sink::Sink;

/// `ftyp`, `meta`, `free`, `mdat` that grows as pictures come, and then `moov`. As in MP4, `free` is for the 64-bit size of
/// an `mdat` past 4 GiB. Each picture is a chunk of its own where alpha planes stand between them.
pub(super) struct Sequence {
    shown: Shown,
    tables: Vec<SampleTable>,
    /// Where `free` begins.
    free: u64,
    /// The ticks of the media, of which there are `den` to the second, in one of the track.
    ticks: i64,
    /// When the last picture begins and ends, in ticks of the track.
    last: Option<(i64, i64)>,
}

impl Sequence {
    /// Checks that both packets can be told of.
    pub fn new(pictures: &Pictures, first: &Packet, second: &Packet) -> Result<Self> {
        let tables = (0..1 + usize::from(pictures.alpha.is_some())).map(|_| SampleTable::default()).collect();
        let ticks = pictures.track.time_base.num().into();
        let shown = Shown::new(&pictures.video)?;
        let sequence = Sequence { shown, tables, free: 0, ticks, last: Some((first.pts, first.end())) };
        sequence.check(second)?;
        Ok(Sequence { last: None, ..sequence })
    }

    /// Refuses a packet that cannot follow.
    pub fn check(&self, packet: &Packet) -> Result<()> {
        let Some((start, end)) = self.last else { return Ok(()) };
        let (pts, duration) = (packet.pts, i64::from(packet.duration));
        if pts < end || [pts - start, duration].iter().any(|&ticks| self.media_ticks(ticks).is_none()) {
            let most = i64::from(u32::MAX) / self.ticks;
            return Err(Error::input(format!(
                "a picture at tick {pts} for {duration}: the one before it is at {start} and ends at {end}, and one lasts \
                 {most} at most"
            )));
        }
        self.tables.iter().try_for_each(|table| table.check_room(1))
    }

    pub fn begin(&mut self, pictures: &Pictures, first: &Packet, sink: &mut dyn Sink) -> Result<()> {
        let mut brands = vec![*b"avis", *b"avif", *b"mif1", *b"miaf", *b"msf1", *b"iso8"];
        brands.extend(pictures.profile());
        append(sink, &item::head(pictures, &brands, first, 16)?)?;
        self.free = sink.position();
        let mut w = BoxWriter::new();
        w.boxed(*b"free", |_| {});
        w.u32(0); // to the end of the file
        w.bytes(b"mdat");
        append(sink, &w.finish()?)
    }

    pub fn packet(&mut self, packet: &Packet, sink: &mut dyn Sink) -> Result<()> {
        if let Some((start, _)) = self.last {
            self.add_duration(packet.pts - start)?;
        }
        self.last = Some((packet.pts, packet.end()));
        let single = self.tables.len() == 1;
        let payloads = [Some(&packet.data), packet.alpha.as_ref()];
        for (table, payload) in self.tables.iter_mut().zip(payloads.into_iter().flatten()) {
            if !single || table.count() == 0 {
                table.begin_chunk(sink.position())?;
            }
            // Below 2^31, as was checked.
            table.add_samples(1, payload.len() as u32, packet.key)?;
            append(sink, payload)?;
        }
        Ok(())
    }

    fn media_ticks(&self, ticks: i64) -> Option<u32> {
        ticks.checked_mul(self.ticks).and_then(|ticks| u32::try_from(ticks).ok())
    }

    fn add_duration(&mut self, ticks: i64) -> Result<()> {
        let too_long = || Error::limit("a picture that lasts longer than AVIF can tell");
        let ticks = self.media_ticks(ticks).ok_or_else(too_long)?;
        self.tables.iter_mut().for_each(|table| table.add_durations(1, ticks));
        Ok(())
    }

    pub fn finish(&mut self, pictures: &Pictures, sink: &mut dyn Sink) -> Result<()> {
        if let Some((start, end)) = self.last {
            self.add_duration(end - start)?;
        }
        let end = sink.position();
        match u32::try_from(end - self.free - 8) {
            Ok(size) => patch(sink, self.free + 8, &size.to_be_bytes())?,
            Err(_) => {
                let header = [&1u32.to_be_bytes()[..], b"mdat", &(end - self.free).to_be_bytes()].concat();
                patch(sink, self.free, &header)?;
            }
        }
        let mut w = BoxWriter::new();
        self.write_movie(&mut w, pictures);
        append(sink, &w.finish()?)
    }

    fn write_movie(&mut self, w: &mut BoxWriter, pictures: &Pictures) {
        let Sequence { shown, tables, .. } = self;
        let timescale = pictures.track.time_base.den();
        let duration = tables.first().map_or(0, SampleTable::duration);
        let wide = duration > u64::from(u32::MAX);
        let times = |w: &mut BoxWriter, between: &dyn Fn(&mut BoxWriter)| {
            w.zeros(if wide { 16 } else { 8 }); // creation_time, modification_time
            between(w);
            if wide { w.u64(duration) } else { w.u32(duration as u32) } // duration
        };
        let count = tables.len() as u32;
        w.boxed(*b"moov", |w| {
            w.full_box(*b"mvhd", wide.into(), 0, |w| {
                times(w, &|w| w.u32(timescale));
                w.u32(0x0001_0000); // rate
                w.u16(0x0100); // volume
                w.zeros(2 + 8); // reserved
                visual::UPRIGHT.iter().for_each(|&value| w.i32(value)); // matrix
                w.zeros(24); // pre_defined
                w.u32(count + 1); // next_track_ID
            });
            let configs = [Some(&pictures.config), pictures.alpha.as_ref()];
            for ((table, config), id) in tables.iter_mut().zip(configs.into_iter().flatten()).zip(1u32..) {
                let is_alpha = id > 1;
                w.boxed(*b"trak", |w| {
                    w.full_box(*b"tkhd", wide.into(), 3, |w| {
                        times(w, &|w| {
                            w.u32(id); // track_ID
                            w.u32(0); // reserved
                        });
                        w.zeros(8 + 2 + 2 + 2 + 2); // reserved, layer, alternate_group, volume, reserved
                        shown.write(w);
                    });
                    if is_alpha {
                        w.boxed(*b"tref", |w| w.boxed(*b"auxl", |w| w.u32(1))); // track_IDs
                    }
                    w.boxed(*b"mdia", |w| {
                        w.full_box(*b"mdhd", wide.into(), 0, |w| {
                            times(w, &|w| w.u32(timescale));
                            w.u16(0x55c4); // language: und
                            w.u16(0); // pre_defined
                        });
                        w.full_box(*b"hdlr", 0, 0, |w| {
                            w.u32(0); // pre_defined
                            w.bytes(if is_alpha { b"auxv" } else { b"pict" }); // handler_type
                            w.zeros(12); // reserved
                            w.bytes(if is_alpha { b"Alpha\0" } else { b"Color\0" }); // name
                        });
                        w.boxed(*b"minf", |w| {
                            w.full_box(*b"vmhd", 0, 1, |w| w.zeros(8)); // graphicsmode, opcolor
                            w.boxed(*b"dinf", |w| {
                                w.full_box(*b"dref", 0, 0, |w| {
                                    w.u32(1); // entry_count
                                    w.full_box(*b"url ", 0, 1, |_| {}); // the samples are in this file
                                });
                            });
                            w.boxed(*b"stbl", |w| {
                                w.full_box(*b"stsd", 0, 0, |w| {
                                    w.u32(1); // entry_count
                                    write_entry(w, pictures, config, is_alpha);
                                });
                                table.write(w);
                            });
                        });
                    });
                });
            }
        });
    }
}

fn write_entry(w: &mut BoxWriter, pictures: &Pictures, config: &Av1Config, is_alpha: bool) {
    let video = &pictures.video;
    w.boxed(*b"av01", |w| {
        w.zeros(6); // reserved
        w.u16(1); // data_reference_index
        w.zeros(16); // pre_defined, reserved
        w.u16(config.max_frame_width as u16); // width, which was checked
        w.u16(config.max_frame_height as u16); // height
        w.u32(0x0048_0000); // horizresolution, 72 dpi
        w.u32(0x0048_0000); // vertresolution
        w.u32(0); // reserved
        w.u16(1); // frame_count
        w.bytes(b"\x0aAOM Coding"); // compressorname
        w.zeros(32 - 11);
        w.u16(0x0018); // depth
        w.i16(-1); // pre_defined
        w.boxed(*b"av1C", |w| w.bytes(&config.configuration_record()));
        if !is_alpha {
            visual::write_color(w, video.color);
        }
        let crop = pictures.crop();
        if let Some((coded, shown)) = crop {
            visual::write_clean_aperture(w, coded, shown);
        }
        let shape = video.sample_aspect_ratio;
        if crop.is_some() || !shape.is_square() {
            w.boxed(*b"pasp", |w| {
                w.u32(shape.num()); // hSpacing
                w.u32(shape.den()); // vSpacing
            });
        }
        if let Some(display) = video.hdr.mastering.as_ref().filter(|_| !is_alpha) {
            visual::write_mastering_display(w, display);
        }
        if let Some(light) = video.hdr.light.as_ref().filter(|_| !is_alpha) {
            visual::write_light_level(w, light);
        }
        // Coding constraints: pictures refer to any others, with prediction inside of them, and up to 15 at a time.
        w.full_box(*b"ccst", 0, 0, |w| w.u32(0x7c00_0000)); // all_ref_pics_intra, intra_pred_used, max_ref_per_pic
        if is_alpha {
            w.full_box(*b"auxi", 0, 0, |w| w.bytes(ALPHA)); // aux_track_type
        }
    });
}
