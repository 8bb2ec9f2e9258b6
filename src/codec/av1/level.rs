//! Levels (AV1 specification, Annex A.3): what a decoder must be able to do, as the sequence header and the codec
//! string of a container announce it.

/// The limits of one level in the Main tier.
struct Level {
    /// `seq_level_idx`.
    index: u8,
    max_picture_size: u64,
    max_width: u64,
    max_height: u64,
    /// Luma samples a second.
    max_display_rate: u64,
    /// Frame headers a second.
    max_header_rate: u64,
    /// In kilobits a second.
    main_bit_rate: u64,
    max_tiles: usize,
    max_tile_columns: usize,
}

macro_rules! levels {
    ($($index:literal: $size:literal, $width:literal, $height:literal, $display:literal, $headers:literal, $kbps:literal,
        $tiles:literal, $columns:literal;)*) => {
        &[$(Level {
            index: $index,
            max_picture_size: $size,
            max_width: $width,
            max_height: $height,
            max_display_rate: $display,
            max_header_rate: $headers,
            main_bit_rate: $kbps,
            max_tiles: $tiles,
            max_tile_columns: $columns,
        },)*]
    };
}

/// 2.0, 2.1, 3.0, 3.1, 4.0, 4.1, 5.0 to 5.3, 6.0 to 6.3; the others are not defined.
const LEVELS: &[Level] = levels! {
    0: 147_456, 2048, 1152, 4_423_680, 150, 1_500, 8, 4;
    1: 278_784, 2816, 1584, 8_363_520, 150, 3_000, 8, 4;
    4: 665_856, 4352, 2448, 19_975_680, 150, 6_000, 16, 6;
    5: 1_065_024, 5504, 3096, 31_950_720, 150, 10_000, 16, 6;
    8: 2_359_296, 6144, 3456, 70_778_880, 300, 12_000, 32, 8;
    9: 2_359_296, 6144, 3456, 141_557_760, 300, 20_000, 32, 8;
    12: 8_912_896, 8192, 4352, 267_386_880, 300, 30_000, 64, 8;
    13: 8_912_896, 8192, 4352, 534_773_760, 300, 40_000, 64, 8;
    14: 8_912_896, 8192, 4352, 1_069_547_520, 300, 60_000, 64, 8;
    15: 8_912_896, 8192, 4352, 1_069_547_520, 300, 60_000, 64, 8;
    16: 35_651_584, 16384, 8704, 1_069_547_520, 300, 60_000, 128, 16;
    17: 35_651_584, 16384, 8704, 2_139_095_040, 300, 100_000, 128, 16;
    18: 35_651_584, 16384, 8704, 4_278_190_080, 300, 160_000, 128, 16;
    19: 35_651_584, 16384, 8704, 4_278_190_080, 300, 160_000, 128, 16;
};

/// "Maximum parameters": no level holds the stream.
pub(crate) const MAXIMUM_PARAMETERS: u8 = 31;

/// What decides the level of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demands {
    pub width: u64,
    pub height: u64,
    /// Frames a second, as a fraction.
    pub frame_rate: (u64, u64),
    /// `seq_profile`: the higher ones are allowed two and three times the bit rate.
    pub profile: u8,
    /// Where it is known. Without it, as with a constant quality, the level follows from size and rate alone.
    pub bit_rate: Option<u32>,
    pub tiles: usize,
    pub tile_columns: usize,
}

/// The lowest `seq_level_idx` whose limits hold, or [`MAXIMUM_PARAMETERS`].
pub(crate) fn choose(demands: &Demands) -> u8 {
    let Demands { width, height, frame_rate: (num, den), tiles, tile_columns, .. } = *demands;
    let size = width.saturating_mul(height);
    let at_most =
        |per_frame: u64, limit: u64| u128::from(per_frame) * u128::from(num) <= u128::from(limit) * u128::from(den);
    let kilobits = u64::from(demands.bit_rate.unwrap_or(0)) / 1000;
    let profile_factor = u64::from(demands.profile) + 1;
    LEVELS
        .iter()
        .find(|level| {
            size <= level.max_picture_size
                && width <= level.max_width
                && height <= level.max_height
                && at_most(size, level.max_display_rate)
                && at_most(1, level.max_header_rate)
                && kilobits <= level.main_bit_rate * profile_factor
                && tiles <= level.max_tiles
                && tile_columns <= level.max_tile_columns
        })
        .map_or(MAXIMUM_PARAMETERS, |level| level.index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_annex_a_have_their_levels() {
        let level = |width, height, fps, bit_rate| {
            choose(&Demands { width, height, frame_rate: (fps, 1), profile: 0, bit_rate, tiles: 1, tile_columns: 1 })
        };
        for (width, height, fps, index) in [
            (16, 16, 30, 0),
            (426, 240, 30, 0),
            (640, 360, 30, 1),
            (854, 480, 30, 4),
            (1280, 720, 30, 5),
            (1280, 720, 60, 8),
            (1920, 1080, 30, 8),
            (1920, 1080, 60, 9),
            (3840, 2160, 30, 12),
            (3840, 2160, 60, 13),
            (3840, 2160, 120, 14),
            (7680, 4320, 30, 16),
            (7680, 4320, 60, 17),
            (7680, 4320, 120, 18),
            (7680, 4320, 240, 31),
            (16, 16, 301, 31),
            (16, 16, 200, 8),
            (65535, 16, 1, 31),
        ] {
            assert_eq!(level(width, height, fps, None), index, "{width}x{height} at {fps}");
        }
        assert_eq!(level(426, 240, 30, Some(1_500_000)), 0);
        assert_eq!(level(426, 240, 30, Some(1_501_000)), 1);
        assert_eq!(level(1280, 720, 30, Some(15_000_000)), 9);
    }

    #[test]
    fn tiles_and_profile_count() {
        let demands = Demands {
            width: 1280,
            height: 720,
            frame_rate: (30000, 1001),
            profile: 0,
            bit_rate: Some(15_000_000),
            tiles: 1,
            tile_columns: 1,
        };
        assert_eq!(choose(&demands), 9);
        assert_eq!(choose(&Demands { profile: 1, ..demands }), 5);
        assert_eq!(choose(&Demands { profile: 1, tiles: 32, ..demands }), 8);
        assert_eq!(choose(&Demands { profile: 1, tile_columns: 16, ..demands }), 16);
    }
}
