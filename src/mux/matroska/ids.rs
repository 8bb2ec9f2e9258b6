//! The elements that are written, by their IDs (RFC 8794 and RFC 9559).

/// An element ID as it stands in the file, its length marker included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(pub u32);

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident = $id:literal,)*) => {
        $($(#[$meta])* pub(super) const $name: Id = Id($id);)*
    };
}

// Of any EBML document.
ids! {
    /// What kind of document follows, and which versions of a reader take it.
    EBML = 0x1A45_DFA3,
    /// Version of EBML in use.
    EBML_VERSION = 0x4286,
    /// Version of EBML that a reader must know.
    EBML_READ_VERSION = 0x42F7,
    /// The longest ID, in bytes.
    EBML_MAX_ID_LENGTH = 0x42F2,
    /// The longest element size, in bytes.
    EBML_MAX_SIZE_LENGTH = 0x42F3,
    /// `matroska` or `webm`.
    DOC_TYPE = 0x4282,
    /// Version of Matroska in use: 4 for CodecDelay, DiscardPadding, Colour and CueRelativePosition.
    DOC_TYPE_VERSION = 0x4287,
    /// Version of Matroska that a reader must know: 2 for SimpleBlock.
    DOC_TYPE_READ_VERSION = 0x4285,
    /// Bytes of no meaning.
    VOID = 0xEC,
}

// The top of a Matroska document.
ids! {
    /// Everything but the EBML header. Positions count from its first byte of data.
    SEGMENT = 0x1853_8067,
    /// Where the other elements of the top stand.
    SEEK_HEAD = 0x114D_9B74,
    /// One entry of it.
    SEEK = 0x4DBB,
    /// The ID of the element that is pointed at.
    SEEK_ID = 0x53AB,
    /// Its position.
    SEEK_POSITION = 0x53AC,
    /// What is known about the whole.
    INFO = 0x1549_A966,
    /// 16 bytes that tell this segment from any other.
    SEGMENT_UUID = 0x73A4,
    /// Nanoseconds in a tick of the segment.
    TIMESTAMP_SCALE = 0x2A_D7B1,
    /// Ticks from 0 to the end of the last track.
    DURATION = 0x4489,
    /// The library that wrote the file.
    MUXING_APP = 0x4D80,
    /// The program that wrote the file.
    WRITING_APP = 0x5741,
}

// Tracks.
ids! {
    /// All tracks.
    TRACKS = 0x1654_AE6B,
    /// One track.
    TRACK_ENTRY = 0xAE,
    /// The number by which blocks name it.
    TRACK_NUMBER = 0xD7,
    /// The number by which tags and other files name it; never 0.
    TRACK_UID = 0x73C5,
    /// 1 video, 2 audio.
    TRACK_TYPE = 0x83,
    /// Whether a player takes it unless told otherwise; 1 where it is not written.
    FLAG_DEFAULT = 0x88,
    /// Whether blocks hold several frames; 1 where it is not written.
    FLAG_LACING = 0x9C,
    /// Nanoseconds between frames, for constant frame rates.
    DEFAULT_DURATION = 0x23_E383,
    /// ISO 639-2; English where it is not written.
    LANGUAGE = 0x22_B59C,
    /// The codec's name.
    CODEC_ID = 0x86,
    /// What its decoder needs before the first block.
    CODEC_PRIVATE = 0x63A2,
    /// Nanoseconds of decoder output before the first that is to be heard.
    CODEC_DELAY = 0x56AA,
    /// Nanoseconds to decode before the target of a seek.
    SEEK_PRE_ROLL = 0x56BB,
    /// What only video has.
    VIDEO = 0xE0,
    /// 2: progressive.
    FLAG_INTERLACED = 0x9A,
    /// Width of the coded picture.
    PIXEL_WIDTH = 0xB0,
    /// Height of the coded picture.
    PIXEL_HEIGHT = 0xBA,
    /// Rows at the bottom that are not shown.
    PIXEL_CROP_BOTTOM = 0x54AA,
    /// Columns at the right that are not shown.
    PIXEL_CROP_RIGHT = 0x54DD,
    /// Width to show, in pixels.
    DISPLAY_WIDTH = 0x54B0,
    /// Height to show, in pixels.
    DISPLAY_HEIGHT = 0x54BA,
    /// Colour, by the code points of ITU-T H.273.
    COLOUR = 0x55B0,
    /// H.273 table 4.
    MATRIX_COEFFICIENTS = 0x55B1,
    /// Bits a sample.
    BITS_PER_CHANNEL = 0x55B2,
    /// Chroma samples left out for each that is there, along a row.
    CHROMA_SUBSAMPLING_HORZ = 0x55B3,
    /// The same, along a column.
    CHROMA_SUBSAMPLING_VERT = 0x55B4,
    /// 1: chroma stands on the left luma sample.
    CHROMA_SITING_HORZ = 0x55B7,
    /// 1: chroma stands on the upper luma sample; 2: halfway down.
    CHROMA_SITING_VERT = 0x55B8,
    /// 1 limited, 2 full.
    RANGE = 0x55B9,
    /// H.273 table 3.
    TRANSFER_CHARACTERISTICS = 0x55BA,
    /// H.273 table 2.
    PRIMARIES = 0x55BB,
    /// What only audio has.
    AUDIO = 0xE1,
    /// Samples a second, a float.
    SAMPLING_FREQUENCY = 0xB5,
    /// How many channels.
    CHANNELS = 0x9F,
    /// Bits a sample.
    BIT_DEPTH = 0x6264,
}

// Clusters and the index.
ids! {
    /// A few seconds of all tracks.
    CLUSTER = 0x1F43_B675,
    /// Its time, which those of its blocks count from.
    TIMESTAMP = 0xE7,
    /// A frame with no more than a key flag.
    SIMPLE_BLOCK = 0xA3,
    /// A frame with more to say about it.
    BLOCK_GROUP = 0xA0,
    /// The frame of a group.
    BLOCK = 0xA1,
    /// How long it lasts, in ticks.
    BLOCK_DURATION = 0x9B,
    /// The time of a frame that it is predicted from, counted from its own: what has none is a key frame.
    REFERENCE_BLOCK = 0xFB,
    /// Nanoseconds at its end (where negative: at its start) that are not to be heard.
    DISCARD_PADDING = 0x75A2,
    /// Where key frames stand.
    CUES = 0x1C53_BB6B,
    /// All key frames of one time.
    CUE_POINT = 0xBB,
    /// That time, in ticks.
    CUE_TIME = 0xB3,
    /// The key frame of one track.
    CUE_TRACK_POSITIONS = 0xB7,
    /// The track's number.
    CUE_TRACK = 0xF7,
    /// The position of its cluster in the segment.
    CUE_CLUSTER_POSITION = 0xF1,
    /// The position of its block in the cluster.
    CUE_RELATIVE_POSITION = 0xF0,
}
