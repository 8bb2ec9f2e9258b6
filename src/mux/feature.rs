//! What a container may be able to say.

/// What a container can say beside the data of its codecs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// The language of a track.
    Language,
    /// The title of a track.
    TrackTitle,
    /// Default and forced flags, and groups of alternatives.
    TrackFlags,
    /// Quarter turns.
    Rotation,
    /// Mirrored pictures, turned or not.
    Mirroring,
    /// Pixels that are not square.
    AspectRatio,
    /// Mastering display and light level.
    Hdr,
    /// Transparency.
    Alpha,
    /// Names and values.
    Tags,
    /// When the file was made.
    CreationTime,
    /// Chapters.
    Chapters,
    /// A cover picture.
    Cover,
    /// Attached files.
    Attachments,
    /// Streams that begin before 0: decoded from there, presented from 0 on.
    EarlyStart,
}

impl Feature {
    /// Every feature.
    pub const ALL: &'static [Feature] = &[
        Feature::Language,
        Feature::TrackTitle,
        Feature::TrackFlags,
        Feature::Rotation,
        Feature::Mirroring,
        Feature::AspectRatio,
        Feature::Hdr,
        Feature::Alpha,
        Feature::Tags,
        Feature::CreationTime,
        Feature::Chapters,
        Feature::Cover,
        Feature::Attachments,
        Feature::EarlyStart,
    ];

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Feature::Language => "language",
            Feature::TrackTitle => "track title",
            Feature::TrackFlags => "track flags",
            Feature::Rotation => "rotation",
            Feature::Mirroring => "mirroring",
            Feature::AspectRatio => "pixel shape",
            Feature::Hdr => "HDR metadata",
            Feature::Alpha => "alpha",
            Feature::Tags => "tags",
            Feature::CreationTime => "creation time",
            Feature::Chapters => "chapters",
            Feature::Cover => "cover",
            Feature::Attachments => "attachments",
            Feature::EarlyStart => "starts before 0",
        }
    }
}
