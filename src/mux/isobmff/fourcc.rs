//! The four-character codes that this room writes, each with its clause of ISO/IEC 14496-12:2015 unless it says
//! otherwise.

/// A box type, brand, handler, or sample entry format.
pub(super) type FourCc = [u8; 4];

// Boxes of the file.
/// File type and compatibility (4.3).
pub(super) const FTYP: FourCc = *b"ftyp";
/// Space that is free: for a 64-bit size, for an index, or for an index that is not to be seen yet (8.1.2).
pub(super) const FREE: FourCc = *b"free";
/// The samples (8.1.1).
pub(super) const MDAT: FourCc = *b"mdat";

// Random access into fragments.
/// Movie fragment random access (8.8.9).
pub(super) const MFRA: FourCc = *b"mfra";
/// Track fragment random access: the sync samples and where they are (8.8.10).
pub(super) const TFRA: FourCc = *b"tfra";
/// Movie fragment random access offset: how long `mfra` is, for who comes from the end (8.8.11).
pub(super) const MFRO: FourCc = *b"mfro";

// Boxes of the movie.
/// The movie (8.2.1).
pub(super) const MOOV: FourCc = *b"moov";
/// Movie header (8.2.2).
pub(super) const MVHD: FourCc = *b"mvhd";
/// A track (8.3.1).
pub(super) const TRAK: FourCc = *b"trak";
/// Track header (8.3.2).
pub(super) const TKHD: FourCc = *b"tkhd";
/// Container of the edit list (8.6.5).
pub(super) const EDTS: FourCc = *b"edts";
/// Edit list: which media time is shown when (8.6.6).
pub(super) const ELST: FourCc = *b"elst";
/// The media of a track (8.4.1).
pub(super) const MDIA: FourCc = *b"mdia";
/// Media header: time scale and language (8.4.2).
pub(super) const MDHD: FourCc = *b"mdhd";
/// Extended language tag, BCP 47 (8.4.6).
pub(super) const ELNG: FourCc = *b"elng";
/// Handler: what kind of media it is (8.4.3).
pub(super) const HDLR: FourCc = *b"hdlr";
/// Media information (8.4.4).
pub(super) const MINF: FourCc = *b"minf";
/// Video media header (12.1.2).
pub(super) const VMHD: FourCc = *b"vmhd";
/// Sound media header (12.2.2).
pub(super) const SMHD: FourCc = *b"smhd";
/// Where the samples are (8.7.1).
pub(super) const DINF: FourCc = *b"dinf";
/// Data references (8.7.2).
pub(super) const DREF: FourCc = *b"dref";
/// A data reference: with flag 1, this very file (8.7.2).
pub(super) const URL: FourCc = *b"url ";

/// Media header of what is neither picture nor sound (8.4.5.2).
pub(super) const NMHD: FourCc = *b"nmhd";
/// Media header of QuickTime's text (QTFF).
pub(super) const GMHD: FourCc = *b"gmhd";
/// Its general part (QTFF).
pub(super) const GMIN: FourCc = *b"gmin";
/// Tracks that this one refers to (8.3.3).
pub(super) const TREF: FourCc = *b"tref";
/// The reference to a track of chapters (QTFF).
pub(super) const CHAP: FourCc = *b"chap";

// Boxes of what is said beside.
/// User data, of the movie or a track (8.10.1).
pub(super) const UDTA: FourCc = *b"udta";
/// The role of a track (8.10.4).
pub(super) const KIND: FourCc = *b"kind";
/// The title of a track, as text of a language (QTFF).
pub(super) const TITLE: FourCc = *b"\xa9nam";
/// The name of a free-form item (iTunes).
pub(super) const NAME: FourCc = *b"name";
/// Chapters as Nero lists them.
pub(super) const CHPL: FourCc = *b"chpl";
/// Metadata (8.11.1; QTFF).
pub(super) const META: FourCc = *b"meta";
/// The names of items (QTFF).
pub(super) const KEYS: FourCc = *b"keys";
/// The items (QTFF).
pub(super) const ILST: FourCc = *b"ilst";
/// The value of an item (QTFF).
pub(super) const DATA: FourCc = *b"data";
/// An item of a name that has no code (iTunes).
pub(super) const FREE_FORM: FourCc = *b"----";
/// Who gave that name (iTunes).
pub(super) const MEAN: FourCc = *b"mean";
/// Track number and how many there are (iTunes).
pub(super) const TRKN: FourCc = *b"trkn";
/// A cover picture (iTunes).
pub(super) const COVR: FourCc = *b"covr";

// Boxes of the sample table.
/// Sample table (8.5.1).
pub(super) const STBL: FourCc = *b"stbl";
/// Sample descriptions (8.5.2).
pub(super) const STSD: FourCc = *b"stsd";
/// Durations of samples, in runs (8.6.1.2).
pub(super) const STTS: FourCc = *b"stts";
/// Numbers of the sync samples (8.6.2).
pub(super) const STSS: FourCc = *b"stss";
/// Samples in a chunk, in runs of chunks (8.7.4).
pub(super) const STSC: FourCc = *b"stsc";
/// Sizes of samples (8.7.3.2).
pub(super) const STSZ: FourCc = *b"stsz";
/// Offsets of chunks, 32 bits (8.7.5).
pub(super) const STCO: FourCc = *b"stco";
/// Offsets of chunks, 64 bits (8.7.5).
pub(super) const CO64: FourCc = *b"co64";
/// Descriptions of sample groups (8.9.3).
pub(super) const SGPD: FourCc = *b"sgpd";
/// Which samples are in which group (8.9.2).
pub(super) const SBGP: FourCc = *b"sbgp";
/// The grouping "decode this many samples before what is to be heard" (10.1).
pub(super) const ROLL: FourCc = *b"roll";

// Boxes of movie fragments.
/// Says that fragments follow (8.8.1).
pub(super) const MVEX: FourCc = *b"mvex";
/// Defaults of a track's fragments (8.8.3).
pub(super) const TREX: FourCc = *b"trex";
/// A movie fragment (8.8.4).
pub(super) const MOOF: FourCc = *b"moof";
/// Its header: a sequence number (8.8.5).
pub(super) const MFHD: FourCc = *b"mfhd";
/// A track's part of the fragment (8.8.6).
pub(super) const TRAF: FourCc = *b"traf";
/// Its header (8.8.7).
pub(super) const TFHD: FourCc = *b"tfhd";
/// The decode time of its first sample (8.8.12).
pub(super) const TFDT: FourCc = *b"tfdt";
/// A run of samples (8.8.8).
pub(super) const TRUN: FourCc = *b"trun";

// Boxes of segments.
/// The type of a segment (8.16.2).
pub(super) const STYP: FourCc = *b"styp";
/// Segment index (8.16.3).
pub(super) const SIDX: FourCc = *b"sidx";

// Sample entries and their boxes.
/// AV1 (AV1-ISOBMFF 2.2).
pub(super) const AV01: FourCc = *b"av01";
/// AV1 configuration (AV1-ISOBMFF 2.3).
pub(super) const AV1C: FourCc = *b"av1C";
/// Colour information (12.1.5).
pub(super) const COLR: FourCc = *b"colr";
/// Its form by code points, with the range flag (12.1.5).
pub(super) const NCLX: FourCc = *b"nclx";
/// Clean aperture: which part of the coded picture is shown (12.1.4).
pub(super) const CLAP: FourCc = *b"clap";
/// Pixel aspect ratio (12.1.4).
pub(super) const PASP: FourCc = *b"pasp";
/// Opus (Opus in ISOBMFF 4.3.1).
pub(super) const OPUS: FourCc = *b"Opus";
/// Opus configuration (Opus in ISOBMFF 4.3.2).
pub(super) const DOPS: FourCc = *b"dOps";
/// FLAC (FLAC in ISOBMFF 3.3.1; RFC 9639, 10.3, refers to it).
pub(super) const FLAC: FourCc = *b"fLaC";
/// FLAC metadata blocks (FLAC in ISOBMFF 3.3.2).
pub(super) const DFLA: FourCc = *b"dfLa";
/// Integer PCM (ISO/IEC 23003-5).
pub(super) const IPCM: FourCc = *b"ipcm";
/// Floating-point PCM (ISO/IEC 23003-5).
pub(super) const FPCM: FourCc = *b"fpcm";
/// PCM configuration (ISO/IEC 23003-5).
pub(super) const PCMC: FourCc = *b"pcmC";
/// Channel layout (12.2.4).
pub(super) const CHNL: FourCc = *b"chnl";
/// Sampling rate that 16 bits cannot hold (12.2.3).
pub(super) const SRAT: FourCc = *b"srat";

/// The display that pictures were graded on (ISO/IEC 14496-12:2020).
pub(super) const MDCV: FourCc = *b"mdcv";
/// How bright pictures get (ISO/IEC 14496-12:2020).
pub(super) const CLLI: FourCc = *b"clli";
/// WebVTT (ISO/IEC 14496-30).
pub(super) const WVTT: FourCc = *b"wvtt";
/// What stands before its cues (ISO/IEC 14496-30).
pub(super) const VTTC_CONFIG: FourCc = *b"vttC";

// Sample entries and their boxes in MOV (QTFF).
/// Motion JPEG.
pub(super) const JPEG: FourCc = *b"jpeg";
/// Colour information by code points, without the range flag.
pub(super) const NCLC: FourCc = *b"nclc";
/// Fields of a picture.
pub(super) const FIEL: FourCc = *b"fiel";
/// PCM of 16 bits, little-endian.
pub(super) const SOWT: FourCc = *b"sowt";
/// PCM of 24 bits.
pub(super) const IN24: FourCc = *b"in24";
/// PCM of 32 bits.
pub(super) const IN32: FourCc = *b"in32";
/// PCM in floating point of 32 bits.
pub(super) const FL32: FourCc = *b"fl32";
/// PCM of any kind.
pub(super) const LPCM: FourCc = *b"lpcm";
/// Parameters of a decoder of sound.
pub(super) const WAVE: FourCc = *b"wave";
/// The format that they are for.
pub(super) const FRMA: FourCc = *b"frma";
/// The order of bytes.
pub(super) const ENDA: FourCc = *b"enda";
/// Channel layout.
pub(super) const CHAN: FourCc = *b"chan";
/// Text; also its part of `gmhd`, and its handler.
pub(super) const TEXT: FourCc = *b"text";

// Samples of WebVTT (ISO/IEC 14496-30).
/// A cue.
pub(super) const VTTC: FourCc = *b"vttc";
/// A sample without a cue.
pub(super) const VTTE: FourCc = *b"vtte";
/// What the pieces of a divided cue have in common.
pub(super) const VSID: FourCc = *b"vsid";
/// The identifier of a cue.
pub(super) const IDEN: FourCc = *b"iden";
/// The settings of a cue.
pub(super) const STTG: FourCc = *b"sttg";
/// The text of a cue.
pub(super) const PAYL: FourCc = *b"payl";

// Handlers.
/// Metadata as iTunes has them.
pub(super) const MDIR: FourCc = *b"mdir";
/// Metadata as QuickTime has them; also the namespace of their keys.
pub(super) const MDTA: FourCc = *b"mdta";
/// QuickTime's handlers of media.
pub(super) const MHLR: FourCc = *b"mhlr";
/// QuickTime's handlers of where the samples are.
pub(super) const DHLR: FourCc = *b"dhlr";
/// Video.
pub(super) const VIDE: FourCc = *b"vide";
/// Sound.
pub(super) const SOUN: FourCc = *b"soun";

// Brands (annex E), but `AV01`, which is also one.
/// The first version of the format; what players look for.
pub(super) const ISOM: FourCc = *b"isom";
/// Everything up to 64-bit decode times and `default-base-is-moof`.
pub(super) const ISO6: FourCc = *b"iso6";
/// MP4, version 2 (ISO/IEC 14496-14).
pub(super) const MP42: FourCc = *b"mp42";
/// QuickTime (QTFF).
pub(super) const QT: FourCc = *b"qt  ";
/// CMAF (ISO/IEC 23000-19): a file of one track whose fragments follow its rules.
pub(super) const CMFC: FourCc = *b"cmfc";
/// A CMAF segment (ISO/IEC 23000-19).
pub(super) const CMFS: FourCc = *b"cmfs";
/// A media segment of DASH (ISO/IEC 23009-1).
pub(super) const MSDH: FourCc = *b"msdh";
/// One with an index in front (ISO/IEC 23009-1).
pub(super) const MSIX: FourCc = *b"msix";
