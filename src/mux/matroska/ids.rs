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
    /// The title of the whole.
    TITLE = 0x7BA9,
    /// When it was made: nanoseconds from 2001-01-01 00:00 UTC.
    DATE_UTC = 0x4461,
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
    /// 1 video, 2 audio, 17 subtitles.
    TRACK_TYPE = 0x83,
    /// Whether a player takes it unless told otherwise; 1 where it is not written.
    FLAG_DEFAULT = 0x88,
    /// Whether subtitles are shown even to who has them off; 0 where it is not written.
    FLAG_FORCED = 0x55AA,
    /// Whether blocks hold several frames; 1 where it is not written.
    FLAG_LACING = 0x9C,
    /// Nanoseconds between frames, for constant frame rates.
    DEFAULT_DURATION = 0x23_E383,
    /// The largest BlockAddID of the track; 0, where it is not written, for a track without BlockAdditions.
    MAX_BLOCK_ADDITION_ID = 0x55EE,
    /// A name for people.
    NAME = 0x536E,
    /// ISO 639-2; English where it is not written.
    LANGUAGE = 0x22_B59C,
    /// BCP 47; who knows it ignores Language.
    LANGUAGE_BCP47 = 0x22_B59D,
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
    /// 1: the BlockAdditions hold the alpha planes.
    ALPHA_MODE = 0x53C0,
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
    /// How uncompressed pictures are laid out, by four characters.
    UNCOMPRESSED_FOURCC = 0x2E_B524,
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
    /// The brightest pixel, in cd/m².
    MAX_CLL = 0x55BC,
    /// The brightest average of a frame, in cd/m².
    MAX_FALL = 0x55BD,
    /// The display that the pictures were graded on (SMPTE ST 2086).
    MASTERING_METADATA = 0x55D0,
    /// Its red primary.
    PRIMARY_R_CHROMATICITY_X = 0x55D1,
    /// The same, y.
    PRIMARY_R_CHROMATICITY_Y = 0x55D2,
    /// Its green primary.
    PRIMARY_G_CHROMATICITY_X = 0x55D3,
    /// The same, y.
    PRIMARY_G_CHROMATICITY_Y = 0x55D4,
    /// Its blue primary.
    PRIMARY_B_CHROMATICITY_X = 0x55D5,
    /// The same, y.
    PRIMARY_B_CHROMATICITY_Y = 0x55D6,
    /// Its white.
    WHITE_POINT_CHROMATICITY_X = 0x55D7,
    /// The same, y.
    WHITE_POINT_CHROMATICITY_Y = 0x55D8,
    /// Its brightest white, in cd/m².
    LUMINANCE_MAX = 0x55D9,
    /// Its darkest black, in cd/m².
    LUMINANCE_MIN = 0x55DA,
    /// How the picture is turned, and what it is projected on.
    PROJECTION = 0x7670,
    /// 0: flat.
    PROJECTION_TYPE = 0x7671,
    /// Degrees about the vertical axis, first: 180 mirrors.
    PROJECTION_POSE_YAW = 0x7673,
    /// Degrees about the horizontal axis.
    PROJECTION_POSE_PITCH = 0x7674,
    /// Degrees in the plane, counter-clockwise, last.
    PROJECTION_POSE_ROLL = 0x7675,
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
    /// What a block has beside its frame.
    BLOCK_ADDITIONS = 0x75A1,
    /// One of these.
    BLOCK_MORE = 0xA6,
    /// Which one: 1 is what the codec says it is.
    BLOCK_ADD_ID = 0xEE,
    /// Its bytes.
    BLOCK_ADDITIONAL = 0xA5,
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
    /// How long it lasts, in ticks.
    CUE_DURATION = 0xB2,
}

// Chapters, tags and attachments.
ids! {
    /// All chapters.
    CHAPTERS = 0x1043_A770,
    /// One set of chapters.
    EDITION_ENTRY = 0x45B9,
    /// One chapter.
    CHAPTER_ATOM = 0xB6,
    /// The number by which tags name it; never 0.
    CHAPTER_UID = 0x73C4,
    /// When it begins, in nanoseconds.
    CHAPTER_TIME_START = 0x91,
    /// When it ends, in nanoseconds.
    CHAPTER_TIME_END = 0x92,
    /// Its name in a language.
    CHAPTER_DISPLAY = 0x80,
    /// The name.
    CHAP_STRING = 0x85,
    /// ISO 639-2; English where it is not written.
    CHAP_LANGUAGE = 0x437C,
    /// What is said about the file and its parts.
    TAGS = 0x1254_C367,
    /// What is said about one of them.
    TAG = 0x7373,
    /// Which one.
    TARGETS = 0x63C0,
    /// 50: the film or album; 30: the track or chapter.
    TARGET_TYPE_VALUE = 0x68CA,
    /// One name with its value.
    SIMPLE_TAG = 0x67C8,
    /// The name.
    TAG_NAME = 0x45A3,
    /// The value.
    TAG_STRING = 0x4487,
    /// Files that travel along.
    ATTACHMENTS = 0x1941_A469,
    /// One file.
    ATTACHED_FILE = 0x61A7,
    /// Its name.
    FILE_NAME = 0x466E,
    /// Its media type.
    FILE_MEDIA_TYPE = 0x4660,
    /// Its bytes.
    FILE_DATA = 0x465C,
    /// The number by which tags name it; never 0.
    FILE_UID = 0x46AE,
}
