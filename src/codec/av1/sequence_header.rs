//! The sequence header (AV1 specification, 5.5): what a container has to say about a stream.

use super::obu::{Obu, ObuType};
use crate::error::{Error, Result};
use crate::media::{
    Av1Config, ChromaSubsampling, Color, ColorRange, MatrixCoefficients, Primaries, TransferCharacteristics,
};

/// Reads a sequence header OBU. Of several operating points the first counts.
pub(crate) fn parse(obu: Obu<'_>) -> Result<Av1Config> {
    if obu.obu_type != ObuType::SequenceHeader {
        return Err(Error::input(format!("an AV1 sequence header was expected, not {:?}", obu.obu_type)));
    }
    let mut bits = BitReader { data: obu.payload, position: 0 };
    let profile = bits.read(3)? as u8;
    if profile > 2 {
        return Err(Error::unsupported(format!("AV1 profile {profile} is reserved; 0, 1 and 2 exist")));
    }
    let _still_picture = bits.flag()?;
    let reduced = bits.flag()?;
    let (level, tier) = if reduced { (bits.read(5)? as u8, 0) } else { operating_points(&mut bits)? };

    let width_bits = bits.read(4)? + 1;
    let height_bits = bits.read(4)? + 1;
    let max_frame_width = bits.read(width_bits)? + 1;
    let max_frame_height = bits.read(height_bits)? + 1;

    if !reduced && bits.flag()? {
        bits.skip(4 + 3)?; // delta_frame_id_length_minus_2, additional_frame_id_length_minus_1
    }
    bits.skip(3)?; // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
    if !reduced {
        inter_tools(&mut bits)?;
    }
    bits.skip(3)?; // enable_superres, enable_cdef, enable_restoration

    let ColorConfig { bit_depth, chroma, chroma_sample_position, color } = color_config(&mut bits, profile)?;
    let _film_grain_params_present = bits.flag()?;
    Ok(Av1Config {
        profile,
        level,
        tier,
        bit_depth,
        chroma,
        chroma_sample_position,
        max_frame_width,
        max_frame_height,
        color,
        sequence_header: obu.to_sized(),
    })
}

/// From `timing_info_present_flag` to the last operating point: `seq_level_idx[0]` and `seq_tier[0]`.
fn operating_points(bits: &mut BitReader<'_>) -> Result<(u8, u8)> {
    let mut buffer_delay_length = None;
    if bits.flag()? {
        bits.skip(32 + 32)?; // num_units_in_display_tick, time_scale
        if bits.flag()? {
            bits.skip_uvlc()?; // num_ticks_per_picture_minus_1
        }
        if bits.flag()? {
            buffer_delay_length = Some(bits.read(5)? + 1);
            bits.skip(32 + 5 + 5)?; // num_units_in_decoding_tick, two lengths of times in frame headers
        }
    }
    let initial_display_delay_present = bits.flag()?;
    let count = bits.read(5)? + 1;
    let mut first = None;
    for _ in 0..count {
        bits.skip(12)?; // operating_point_idc
        let level = bits.read(5)? as u8;
        let tier = if level > 7 { bits.read(1)? as u8 } else { 0 };
        if let Some(length) = buffer_delay_length
            && bits.flag()?
        {
            bits.skip(2 * length + 1)?; // operating_parameters_info
        }
        if initial_display_delay_present && bits.flag()? {
            bits.skip(4)?;
        }
        first.get_or_insert((level, tier));
    }
    first.ok_or_else(|| Error::input("an AV1 sequence header has no operating point"))
}

/// From `enable_interintra_compound` to `order_hint_bits_minus_1`.
fn inter_tools(bits: &mut BitReader<'_>) -> Result<()> {
    bits.skip(4)?; // enable_interintra_compound, _masked_compound, _warped_motion, _dual_filter
    let enable_order_hint = bits.flag()?;
    if enable_order_hint {
        bits.skip(2)?; // enable_jnt_comp, enable_ref_frame_mvs
    }
    let choose_screen_content_tools = bits.flag()?;
    let screen_content_tools = choose_screen_content_tools || bits.flag()?;
    if screen_content_tools && !bits.flag()? {
        bits.skip(1)?; // seq_force_integer_mv, where it is not chosen by frame
    }
    if enable_order_hint {
        bits.skip(3)?;
    }
    Ok(())
}

struct ColorConfig {
    bit_depth: u8,
    chroma: ChromaSubsampling,
    chroma_sample_position: u8,
    color: Color,
}

/// `color_config()` (5.5.2). Code points that [`Color`] does not know read as unspecified.
fn color_config(bits: &mut BitReader<'_>, profile: u8) -> Result<ColorConfig> {
    let high_bit_depth = bits.flag()?;
    let bit_depth = match high_bit_depth {
        true if profile == 2 && bits.flag()? => 12,
        true => 10,
        false => 8,
    };
    let monochrome = profile != 1 && bits.flag()?;
    let (primaries, transfer, matrix) = match bits.flag()? {
        true => (bits.read(8)? as u8, bits.read(8)? as u8, bits.read(8)? as u8),
        false => (2, 2, 2),
    };
    let color = |full_range: bool| Color {
        primaries: Primaries::from_code(primaries).unwrap_or(Primaries::Unspecified),
        transfer: TransferCharacteristics::from_code(transfer).unwrap_or(TransferCharacteristics::Unspecified),
        matrix: MatrixCoefficients::from_code(matrix).unwrap_or(MatrixCoefficients::Unspecified),
        range: if full_range { ColorRange::Full } else { ColorRange::Limited },
    };
    if monochrome {
        return Ok(ColorConfig {
            bit_depth,
            chroma: ChromaSubsampling::Monochrome,
            chroma_sample_position: 0,
            color: color(bits.flag()?),
        });
    }

    // BT.709 primaries, the sRGB curve and the identity matrix: RGB, which has no subsampling and full range.
    let rgb = (primaries, transfer, matrix) == (1, 13, 0);
    let full_range = rgb || bits.flag()?;
    let (x, y) = match (profile, bit_depth) {
        _ if rgb => (false, false),
        (0, _) => (true, true),
        (1, _) => (false, false),
        (_, 12) => {
            let x = bits.flag()?;
            (x, x && bits.flag()?)
        }
        _ => (true, false),
    };
    let chroma = match (x, y) {
        (true, true) => ChromaSubsampling::Yuv420,
        (true, false) => ChromaSubsampling::Yuv422,
        _ => ChromaSubsampling::Yuv444,
    };
    let chroma_sample_position = if chroma == ChromaSubsampling::Yuv420 { bits.read(2)? as u8 } else { 0 };
    let _separate_uv_delta_q = bits.flag()?;
    Ok(ColorConfig { bit_depth, chroma, chroma_sample_position, color: color(full_range) })
}

/// Bits, the most significant of a byte first.
struct BitReader<'a> {
    data: &'a [u8],
    position: usize,
}

impl BitReader<'_> {
    /// `f(count)`, up to 32 bits.
    fn read(&mut self, count: u32) -> Result<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.flag()?);
        }
        Ok(value)
    }

    fn flag(&mut self) -> Result<bool> {
        let byte = self
            .data
            .get(self.position / 8)
            .ok_or_else(|| Error::input("an AV1 sequence header ends before its last field"))?;
        let bit = byte >> (7 - self.position % 8) & 1;
        self.position += 1;
        Ok(bit == 1)
    }

    fn skip(&mut self, count: u32) -> Result<()> {
        (0..count).try_for_each(|_| self.flag().map(drop))
    }

    /// `uvlc()` (4.10.3).
    fn skip_uvlc(&mut self) -> Result<()> {
        let mut leading_zeros = 0;
        while !self.flag()? {
            leading_zeros += 1;
        }
        if leading_zeros < 32 { self.skip(leading_zeros) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::av1::obu::obus;

    fn parse_hex(hex: &str) -> Result<Av1Config> {
        let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let bytes: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        let config = parse(obus(&bytes).next().unwrap()?);
        if let Ok(config) = &config {
            assert_eq!(config.sequence_header, bytes);
        }
        config
    }

    /// Headers by libaom 3.6 and SVT-AV1 1.4, whose options say what is in them.
    #[test]
    fn headers_of_other_encoders_are_understood() {
        const UNSPECIFIED: Color = Color {
            primaries: Primaries::Unspecified,
            transfer: TransferCharacteristics::Unspecified,
            matrix: MatrixCoefficients::Unspecified,
            range: ColorRange::Limited,
        };
        const FULL: Color = Color { range: ColorRange::Full, ..UNSPECIFIED };
        // RGB, whose matrix `Color` cannot name.
        const RGB: Color = Color { primaries: Primaries::Bt709, transfer: TransferCharacteristics::Srgb, ..FULL };
        use ChromaSubsampling::{Monochrome, Yuv420, Yuv422, Yuv444};
        for (hex, profile, bit_depth, chroma, position, width, height, level, tier, color) in [
            ("0a0e00000003bd7c79b5f22020202080", 0, 8, Yuv420, 0, 176, 144, 0, 0, Color::BT709),
            ("0a0e00000003bd7c79b5f2a122012080", 0, 10, Yuv420, 0, 176, 144, 0, 0, Color::BT2100_PQ),
            ("0a0b40000003bd7c79b5f2c880", 2, 12, Yuv444, 0, 176, 144, 0, 0, FULL),
            ("0a0b40000003bd7c79b5f2c440", 2, 12, Yuv422, 0, 176, 144, 0, 0, UNSPECIFIED),
            ("0a0a00000003bd7c79b5f254", 0, 8, Monochrome, 0, 176, 144, 0, 0, FULL),
            ("0a0d20000003bd7c79b5f240434008", 1, 8, Yuv444, 0, 176, 144, 0, 0, RGB),
            // A still picture with the reduced header.
            ("0a07181debe3da0080", 0, 8, Yuv420, 0, 176, 144, 0, 0, UNSPECIFIED),
            ("0a0b00000042abbfc373efe401", 0, 8, Yuv420, 0, 1920, 1080, 8, 0, UNSPECIFIED),
            // Timing information, without and with the decoder model.
            ("0a14040000000400000067400000bc457e3e6d7c8020", 0, 8, Yuv420, 0, 352, 288, 0, 0, UNSPECIFIED),
            (
                "0a1e040000000400000065780000000a530000035f915f90bc457e3e6d7c8020",
                0,
                8,
                Yuv420,
                0,
                352,
                288,
                0,
                0,
                UNSPECIFIED,
            ),
        ] {
            let config = parse_hex(hex).unwrap();
            let expected = Av1Config {
                profile,
                level,
                tier,
                bit_depth,
                chroma,
                chroma_sample_position: position,
                max_frame_width: width,
                max_frame_height: height,
                color,
                sequence_header: config.sequence_header.clone(),
            };
            assert_eq!(config, expected, "{hex}");
        }
    }

    #[test]
    fn what_is_no_sequence_header_is_refused() {
        for (hex, part) in [
            ("3202100a", "expected, not Frame"),
            ("0a0160", "reserved"),
            ("0a00", "ends before"),
            ("0a0a00000003bd7c79b5f2", "only 9 bytes"),
            ("0a0900000003bd7c79b5f2", "ends before"),
        ] {
            let error = parse_hex(hex).unwrap_err();
            assert!(error.to_string().contains(part), "{hex}: {error}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_headers_do_not_panic(payload in proptest::collection::vec(any::<u8>(), 0..60)) {
            let data = [&[0x08], &payload[..]].concat();
            let obu = obus(&data).next().unwrap().unwrap();
            if let Ok(config) = parse(obu) {
                prop_assert!(config.profile <= 2 && [8, 10, 12].contains(&config.bit_depth));
                prop_assert!((1..=65536).contains(&config.max_frame_width));
            }
        }
    }
}
