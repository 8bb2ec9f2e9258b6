//! The still picture: `ftyp`, and `meta` with its items and their properties (ISO/IEC 23008-12, 6 and 9).

use super::{ALPHA, Pictures};
use crate::error::{Error, Result};
use crate::media::{Av1Config, ChromaSubsampling, Packet};
use crate::mux::isobmff::boxes::{BoxWriter, Reserved};
use crate::mux::isobmff::visual;

/// The items: the picture, and its alpha plane.
const PICTURE: u16 = 1;
const ALPHA_PLANE: u16 = 2;

/// `ftyp` and `meta`, with which the file begins. The items' data stand one after the other, `gap` bytes after both.
pub(super) fn head(pictures: &Pictures, brands: &[[u8; 4]], packet: &Packet, gap: usize) -> Result<Vec<u8>> {
    let mut w = BoxWriter::new();
    w.boxed(*b"ftyp", |w| {
        brands.iter().take(1).for_each(|major| w.bytes(major)); // major_brand
        w.u32(0); // minor_version
        brands.iter().for_each(|brand| w.bytes(brand)); // compatible_brands
    });
    // A picture has at most 2^31 bytes, as was checked.
    let sizes = [Some(packet.data.len() as u32), packet.alpha.as_ref().map(|alpha| alpha.len() as u32)];
    let mut offsets = Vec::new();
    w.full_box(*b"meta", 0, 0, |w| {
        w.full_box(*b"hdlr", 0, 0, |w| {
            w.u32(0); // pre_defined
            w.bytes(b"pict"); // handler_type
            w.zeros(12); // reserved
            w.u8(0); // name: none
        });
        w.full_box(*b"pitm", 0, 0, |w| w.u16(PICTURE)); // item_ID
        w.full_box(*b"iloc", 0, 0, |w| offsets = write_locations(w, &sizes));
        w.full_box(*b"iinf", 0, 0, |w| {
            w.u16(1 + u16::from(pictures.alpha.is_some())); // entry_count
            write_entry(w, PICTURE, b"Color\0");
            if pictures.alpha.is_some() {
                write_entry(w, ALPHA_PLANE, b"Alpha\0");
            }
        });
        if pictures.alpha.is_some() {
            w.full_box(*b"iref", 0, 0, |w| {
                w.boxed(*b"auxl", |w| {
                    w.u16(ALPHA_PLANE); // from_item_ID
                    w.u16(1); // reference_count
                    w.u16(PICTURE); // to_item_ID
                });
            });
        }
        w.boxed(*b"iprp", |w| write_properties(w, pictures));
    });
    let mut at = w.len() + gap;
    for (reserved, size) in offsets.into_iter().zip(sizes.into_iter().flatten()) {
        let offset = u32::try_from(at).map_err(|_| Error::limit("an AVIF picture behind 4 GiB"))?;
        w.fill_in(reserved, offset);
        at = at.saturating_add(size as usize);
    }
    w.finish()
}

/// The body of `iloc`; gives the places of the offsets.
fn write_locations(w: &mut BoxWriter, sizes: &[Option<u32>]) -> Vec<Reserved> {
    w.u16(0x4400); // offset_size and length_size: 4 bytes; base_offset_size, reserved
    w.u16(sizes.iter().flatten().count() as u16); // item_count, at most 2
    let mut offsets = Vec::new();
    for (size, id) in sizes.iter().flatten().zip([PICTURE, ALPHA_PLANE]) {
        w.u16(id); // item_ID
        w.u16(0); // data_reference_index: this file
        w.u16(1); // extent_count
        offsets.push(w.reserve_u32()); // extent_offset
        w.u32(*size); // extent_length
    }
    offsets
}

fn write_entry(w: &mut BoxWriter, id: u16, name: &[u8]) {
    w.full_box(*b"infe", 2, 0, |w| {
        w.u16(id); // item_ID
        w.u16(0); // item_protection_index
        w.bytes(b"av01"); // item_type
        w.bytes(name); // item_name
    });
}

/// The body of `iprp`: all properties, and which of them, by their numbers from 1, an item has.
fn write_properties(w: &mut BoxWriter, pictures: &Pictures) {
    /// A reader that does not know the property must not show the item.
    const ESSENTIAL: u8 = 0x80;
    let Pictures { video, config, .. } = pictures;
    let (mut picture, mut alpha) = (Vec::new(), Vec::new());
    w.boxed(*b"ipco", |w| {
        let mut number = 0;
        let mut next = || {
            number += 1;
            number
        };
        let extent = next();
        w.full_box(*b"ispe", 0, 0, |w| {
            w.u32(config.max_frame_width); // image_width
            w.u32(config.max_frame_height); // image_height
        });
        picture.push(extent);
        alpha.push(extent);
        picture.push(next());
        write_depths(w, config);
        picture.push(next() | ESSENTIAL);
        w.boxed(*b"av1C", |w| w.bytes(&config.configuration_record()));
        picture.push(next());
        visual::write_color(w, video.color);
        if !video.sample_aspect_ratio.is_square() {
            picture.push(next());
            w.boxed(*b"pasp", |w| {
                w.u32(video.sample_aspect_ratio.num()); // hSpacing
                w.u32(video.sample_aspect_ratio.den()); // vSpacing
            });
        }
        if let Some(display) = &video.hdr.mastering {
            picture.push(next());
            visual::write_mastering_display(w, display);
        }
        if let Some(light) = &video.hdr.light {
            picture.push(next());
            visual::write_light_level(w, light);
        }
        if let Some(config) = &pictures.alpha {
            alpha.push(next());
            write_depths(w, config);
            alpha.push(next() | ESSENTIAL);
            w.boxed(*b"av1C", |w| w.bytes(&config.configuration_record()));
            alpha.push(next());
            w.full_box(*b"auxC", 0, 0, |w| w.bytes(ALPHA)); // aux_type
        }
        // What changes the picture comes last, in this order (MIAF 7.3.6.7), and is done to both.
        let mut transformations = Vec::new();
        if let Some((coded, shown)) = pictures.crop() {
            transformations.push(next() | ESSENTIAL);
            visual::write_clean_aperture(w, coded, shown);
        }
        // Here a picture is turned first, anticlockwise, and then mirrored; ours is mirrored first. Left and right changed
        // and then turned to the right is the same as turned to the left and then changed.
        let orientation = video.orientation;
        let quarters = orientation.quarter_turns % 4;
        let anticlockwise = if orientation.mirrored { quarters } else { (4 - quarters) % 4 };
        if anticlockwise != 0 {
            transformations.push(next() | ESSENTIAL);
            w.boxed(*b"irot", |w| w.u8(anticlockwise)); // reserved, angle
        }
        if orientation.mirrored {
            transformations.push(next() | ESSENTIAL);
            w.boxed(*b"imir", |w| w.u8(1)); // reserved, axis: left and right change places
        }
        picture.extend(&transformations);
        alpha.extend(&transformations);
    });
    w.full_box(*b"ipma", 0, 0, |w| {
        let items = [Some((PICTURE, &picture)), pictures.alpha.as_ref().map(|_| (ALPHA_PLANE, &alpha))];
        w.u32(items.iter().flatten().count() as u32); // entry_count, at most 2
        for (id, properties) in items.into_iter().flatten() {
            w.u16(id); // item_ID
            w.u8(properties.len() as u8); // association_count, at most 12
            w.bytes(properties); // essential, property_index
        }
    });
}

/// Writes `pixi`: bits of each channel.
fn write_depths(w: &mut BoxWriter, config: &Av1Config) {
    let channels = if config.chroma == ChromaSubsampling::Monochrome { 1 } else { 3 };
    w.full_box(*b"pixi", 0, 0, |w| {
        w.u8(channels); // num_channels
        (0..channels).for_each(|_| w.u8(config.bit_depth)); // bits_per_channel
    });
}

impl Pictures {
    /// The coded size and what of it is shown, where that is not all. Both were checked to have 16 bits.
    pub(super) fn crop(&self) -> Option<((u16, u16), (u16, u16))> {
        let coded = (self.config.max_frame_width as u16, self.config.max_frame_height as u16);
        let shown = (self.video.width as u16, self.video.height as u16);
        (coded != shown).then_some((coded, shown))
    }
}
