//! Identifiers of the elements that are read (RFC 9559, 5.1).

pub const EBML: u32 = 0x1a45_dfa3;
pub const DOC_TYPE: u32 = 0x4282;
pub const SEGMENT: u32 = 0x1853_8067;
pub const SEEK_HEAD: u32 = 0x114d_9b74;
pub const INFO: u32 = 0x1549_a966;
pub const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
pub const TRACKS: u32 = 0x1654_ae6b;
pub const TRACK_ENTRY: u32 = 0xae;
pub const TRACK_NUMBER: u32 = 0xd7;
pub const TRACK_TYPE: u32 = 0x83;
pub const CODEC_ID: u32 = 0x86;
pub const CODEC_PRIVATE: u32 = 0x63a2;
pub const CODEC_DELAY: u32 = 0x56aa;
pub const DEFAULT_DURATION: u32 = 0x23_e383;
pub const LANGUAGE: u32 = 0x22_b59c;
pub const LANGUAGE_BCP47: u32 = 0x22_b59d;
pub const VIDEO: u32 = 0xe0;
pub const PIXEL_WIDTH: u32 = 0xb0;
pub const PIXEL_HEIGHT: u32 = 0xba;
pub const PIXEL_CROP_BOTTOM: u32 = 0x54aa;
pub const PIXEL_CROP_TOP: u32 = 0x54bb;
pub const PIXEL_CROP_LEFT: u32 = 0x54cc;
pub const PIXEL_CROP_RIGHT: u32 = 0x54dd;
pub const DISPLAY_WIDTH: u32 = 0x54b0;
pub const DISPLAY_HEIGHT: u32 = 0x54ba;
pub const DISPLAY_UNIT: u32 = 0x54b2;
pub const COLOUR: u32 = 0x55b0;
pub const MATRIX_COEFFICIENTS: u32 = 0x55b1;
pub const RANGE: u32 = 0x55b9;
pub const TRANSFER_CHARACTERISTICS: u32 = 0x55ba;
pub const PRIMARIES: u32 = 0x55bb;
pub const AUDIO: u32 = 0xe1;
pub const SAMPLING_FREQUENCY: u32 = 0xb5;
pub const CHANNELS: u32 = 0x9f;
pub const BIT_DEPTH: u32 = 0x6264;
pub const CLUSTER: u32 = 0x1f43_b675;
pub const TIMESTAMP: u32 = 0xe7;
pub const SIMPLE_BLOCK: u32 = 0xa3;
pub const BLOCK_GROUP: u32 = 0xa0;
pub const BLOCK: u32 = 0xa1;
pub const BLOCK_DURATION: u32 = 0x9b;
pub const REFERENCE_BLOCK: u32 = 0xfb;
pub const DISCARD_PADDING: u32 = 0x75a2;
pub const CUES: u32 = 0x1c53_bb6b;
pub const TAGS: u32 = 0x1254_c367;
pub const CHAPTERS: u32 = 0x1043_a770;
pub const ATTACHMENTS: u32 = 0x1941_a469;

/// Children of the Segment: one of them ends a Cluster of unknown size.
pub const LEVEL_1: [u32; 8] = [SEEK_HEAD, INFO, TRACKS, CLUSTER, CUES, TAGS, CHAPTERS, ATTACHMENTS];

// What is said for people.
pub const TITLE: u32 = 0x7ba9;
pub const DATE_UTC: u32 = 0x4461;
pub const TAG: u32 = 0x7373;
pub const TARGETS: u32 = 0x63c0;
pub const TARGET_TYPE_VALUE: u32 = 0x68ca;
/// TagTrackUID, TagEditionUID, TagChapterUID, TagAttachmentUID: what a tag is of, if not of the file.
pub const TAG_UIDS: [u32; 4] = [0x63c5, 0x63c9, 0x63c4, 0x63c6];
pub const SIMPLE_TAG: u32 = 0x67c8;
pub const TAG_NAME: u32 = 0x45a3;
pub const TAG_STRING: u32 = 0x4487;
pub const EDITION_ENTRY: u32 = 0x45b9;
pub const CHAPTER_ATOM: u32 = 0xb6;
pub const CHAPTER_TIME_START: u32 = 0x91;
pub const CHAPTER_TIME_END: u32 = 0x92;
pub const CHAPTER_FLAG_HIDDEN: u32 = 0x98;
pub const CHAPTER_DISPLAY: u32 = 0x80;
pub const CHAP_STRING: u32 = 0x85;
pub const ATTACHED_FILE: u32 = 0x61a7;
pub const FILE_NAME: u32 = 0x466e;
pub const FILE_MEDIA_TYPE: u32 = 0x4660;
pub const FILE_DATA: u32 = 0x465c;

// What tracks say of themselves.
pub const NAME: u32 = 0x536e;
pub const FLAG_DEFAULT: u32 = 0x88;
pub const FLAG_FORCED: u32 = 0x55aa;
pub const ALPHA_MODE: u32 = 0x53c0;
pub const PROJECTION: u32 = 0x7670;
pub const PROJECTION_TYPE: u32 = 0x7671;
pub const PROJECTION_POSE_YAW: u32 = 0x7673;
pub const PROJECTION_POSE_PITCH: u32 = 0x7674;
pub const PROJECTION_POSE_ROLL: u32 = 0x7675;
pub const MAX_CLL: u32 = 0x55bc;
pub const MAX_FALL: u32 = 0x55bd;
pub const MASTERING_METADATA: u32 = 0x55d0;
pub const PRIMARY_R_CHROMATICITY_X: u32 = 0x55d1;
pub const WHITE_POINT_CHROMATICITY_Y: u32 = 0x55d8;
pub const LUMINANCE_MAX: u32 = 0x55d9;
pub const LUMINANCE_MIN: u32 = 0x55da;
