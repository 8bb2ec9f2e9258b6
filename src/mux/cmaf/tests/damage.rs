//! That the readers are worth their name: outputs that are damaged in one place each, none of which they let pass.

use super::*;

/// Changes the first `old` in a text file whose name ends so; a word of the refusal.
type Damage = (&'static str, &'static str, &'static str, &'static str);

fn check(container: Container, layout: Layout, damages: &[Damage]) {
    let (tracks, packets) = film();
    let files = write(container, settings(layout, 2000), &tracks, &packets).unwrap().files();
    shown(container, &files);
    for (ending, old, new, refusal) in damages {
        let name = files.keys().find(|name| name.ends_with(ending)).expect(ending);
        let text = String::from_utf8(files[name].clone()).unwrap();
        assert!(text.contains(old), "no {old} in {text}");
        let mut damaged = files.clone();
        damaged.insert(name.clone(), text.replacen(old, new, 1).into_bytes());
        let fault = read(container, &damaged).err().unwrap_or_else(|| panic!("{old} as {new} passes"));
        assert!(fault.contains(refusal), "{old} as {new}: {fault}");
    }
}

#[test]
fn every_line_of_a_playlist_counts() {
    let manifest = "$1.m3u8";
    check(
        Container::Hls,
        Layout::Segments,
        &[
            (manifest, "#EXTM3U\n", "", "#EXTM3U"),
            (manifest, "VERSION:7", "VERSION:3", "version"),
            (manifest, "#EXT-X-INDEPENDENT-SEGMENTS\n", "", "independent"),
            (manifest, "Opus", "opus", "CODECS"),
            (manifest, "fLaC", "flac", "CODECS"),
            (manifest, "av01.0.08M.08", "av01.0.09M.08", "CODECS"),
            (manifest, "640x360", "360x640", "RESOLUTION"),
            (manifest, "CHANNELS=\"6\"", "CHANNELS=\"2\"", "CHANNELS"),
            (manifest, "BANDWIDTH=", "BANDWIDTH=1,X-OLD=", "BANDWIDTH"),
            (manifest, "AUDIO=\"audio\",S", "AUDIO=\"other\",S", "no variant"),
            (manifest, "NAME=\"en\"", "NAME=\"Leser & <Hörer> 'A'\"", "two renditions"),
            (manifest, "DEFAULT=NO", "DEFAULT=YES", "default"),
            (manifest, "DEFAULT=YES,AUTOSELECT=YES", "DEFAULT=YES,AUTOSELECT=NO", "not automatic"),
            (manifest, "video1.m3u8", "video2.m3u8", "is not there"),
            (manifest, "%241_hls_video1.m3u8", "$1_hls_video1.m3u8", "escaped"),
            ("video1.m3u8", "TARGETDURATION:4", "TARGETDURATION:2", "target"),
            ("audio2.m3u8", "TARGETDURATION:4", "TARGETDURATION:3", "target"),
            ("subtitles1.m3u8", "TARGETDURATION:4", "TARGETDURATION:2", "a segment of"),
            ("subtitles1.m3u8", "TARGETDURATION:4", "TARGETDURATION:5", "target"),
            ("video1.m3u8", "MEDIA-SEQUENCE:0", "MEDIA-SEQUENCE:1", "have gone"),
            ("video1.m3u8", "#EXT-X-MAP", "#EXT-X-MOP", "MOP"),
            ("video1.m3u8", "_init.mp4", "_1.m4s", ""),
            ("video1.m3u8", "EXTINF:2.002000", "EXTINF:2.003000", "that ends at"),
            ("video1.m3u8", "EXTINF:2.002000", "EXTINF:2.002", "EXTINF"),
            ("video1.m3u8", "video1_2.m4s", "video1_3.m4s", ""),
            ("video1.m3u8", "video1_2.m4s", "audio1_2.m4s", ""),
            ("video1.m3u8", "EVENT", "VOD", "VOD"),
            ("video1.m3u8", "#EXT-X-ENDLIST\n", "", "ended"),
            ("audio1.m3u8", "#EXTINF", "#EXT-X-GAP\n#EXTINF", ""),
        ],
    );
    check(
        Container::Hls,
        Layout::ByteRanges,
        &[
            ("video1.m3u8", "@0\"", "@1\"", ""),
            ("video1.m3u8", "#EXT-X-BYTERANGE:", "#EXT-X-BYTERANGE:1", ""),
            ("video1.m3u8", "#EXT-X-ENDLIST\n", "", "VOD"),
        ],
    );
}

#[test]
fn every_attribute_of_a_description_counts() {
    let manifest = ".mpd";
    check(
        Container::Dash,
        Layout::Segments,
        &[
            (manifest, "type=\"static\"", "type=\"dynamic\"", "availabilityStartTime"),
            (manifest, "isoff-live", "isoff-main", ""),
            (manifest, "PT10.010000S", "PT10.009S", "a track to"),
            (manifest, "maxSegmentDuration=\"PT3S\"", "maxSegmentDuration=\"PT2S\"", "where the most is"),
            (manifest, "timescale=\"30000\"", "timescale=\"30001\"", "timescale"),
            (manifest, "t=\"0\" d=\"60060\"", "t=\"1\" d=\"60060\"", "S at"),
            (manifest, "d=\"60060\"", "d=\"60059\"", "S "),
            (manifest, "r=\"4\"", "r=\"5\"", "is not there"),
            (manifest, "startNumber=\"1\"", "startNumber=\"2\"", "is not there"),
            (manifest, "$Number$", "$Time$", "$Number$"),
            (manifest, "codecs=\"opus\"", "codecs=\"Opus\"", "codecs"),
            (manifest, "codecs=\"av01.0.08M.08\"", "codecs=\"av01.0.08M.10\"", "codecs"),
            (manifest, "width=\"640\"", "width=\"641\"", "size"),
            (manifest, "audioSamplingRate=\"48000\"", "audioSamplingRate=\"44100\"", "audioSamplingRate"),
            (manifest, "value=\"6\"", "value=\"5\"", "value"),
            (manifest, "bandwidth=\"", "bandwidth=\"1\" x=\"", "bandwidth"),
            (manifest, "mimeType=\"video/mp4\"", "mimeType=\"video/webm\"", "mimeType"),
            (manifest, "id=\"audio1\"", "id=\"video1\"", "twice"),
            (manifest, "</Period>", "", "ends as"),
            (manifest, "&amp;", "&", "&"),
            (manifest, "<Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"main\"/>", "<BaseURL/>", "BaseURL in"),
            (manifest, "</Label>\n", "</Label>\n<Role x=\"\"/><Label/>\n", "Label of AdaptationSet behind Role"),
        ],
    );
    check(
        Container::Dash,
        Layout::ByteRanges,
        &[
            (manifest, "mediaRange=\"", "mediaRange=\"1", ""),
            (manifest, "<Initialization range=\"0-", "<Initialization range=\"1-", ""),
        ],
    );
}

#[test]
fn every_field_of_a_segment_counts() {
    let (tracks, packets) = film();
    let files = write(Container::Hls, settings(Layout::Segments, 2000), &tracks, &packets).unwrap().files();
    let damages: &[(&str, &str, usize, &[u8], &str)] = &[
        ("video1_1.m4s", "styp", 0, b"msdx", "major brand"),
        ("video1_1.m4s", "styp", 12, b"cmfx", "brands"),
        ("video1_1.m4s", "styp", 16, b"cmfs", "brands"),
        ("video1_1.m4s", "sidx", 0, b"\0", "version"),
        ("video1_1.m4s", "sidx", 7, b"\x02", "another track"),
        ("video1_1.m4s", "sidx", 11, b"\0", "timescale"),
        ("video1_2.m4s", "sidx", 19, b"\0", "earliest_presentation_time"),
        ("audio1_2.m4s", "sidx", 19, b"\0", "earliest_presentation_time"),
        ("video1_1.m4s", "sidx", 27, b"\x01", "first_offset"),
        ("video1_1.m4s", "sidx", 31, b"\x02", "reference"),
        ("video1_1.m4s", "sidx", 35, b"\0", "referenced_size"),
        ("video1_1.m4s", "sidx", 39, b"\0", "subsegment_duration"),
        ("video1_1.m4s", "sidx", 40, b"\0", "SAP"),
        ("video1_2.m4s", "mfhd", 7, b"\x09", "number"),
        ("video1_2.m4s", "tfhd", 1, b"\0", "default-base-is-moof"),
        ("video1_2.m4s", "tfdt", 4, b"\0\0\0\0\0\0\0\0", "decode time"),
        ("video1_2.m4s", "tfdt", 0, b"\0", "version"),
        ("video1_2.m4s", "trun", 11, b"\0", ""),
        ("video1_2.m4s", "moof", 0, b"free", ""),
        ("video1_init.mp4", "cmfc", 0, b"cmfx", "cmfc"),
        ("video1_init.mp4", "mvex", 0, b"free", ""),
        ("video1_init.mp4", "av1C", 1, b"\x09", "av1C"),
        ("audio1_init.mp4", "elst", 12, b"\0\0\0\0", ""),
    ];
    for (ending, kind, offset, bytes, refusal) in damages {
        let name = files.keys().find(|name| name.ends_with(ending)).expect(ending);
        let mut file = files[name].clone();
        let at = file.windows(4).position(|window| window == kind.as_bytes()).expect(kind);
        // A brand or box that is renamed as a whole, or a field behind the type of its box.
        let at = if kind == &"cmfc" || bytes == b"free" { at } else { at + 4 + offset };
        assert_ne!(&file[at..at + bytes.len()], *bytes, "{ending} {kind} {offset}: no damage");
        file[at..at + bytes.len()].copy_from_slice(bytes);
        let mut damaged = files.clone();
        damaged.insert(name.clone(), file);
        let fault = read(Container::Hls, &damaged).err().unwrap_or_else(|| panic!("{ending} {kind} {offset} passes"));
        assert!(fault.contains(refusal), "{ending} {kind} {offset}: {fault}");
    }
}
