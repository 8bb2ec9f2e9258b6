//! Files as they come, nasty ones among them, and files written and read again.

use proptest::prelude::*;

use super::*;
use crate::error::ErrorKind;

/// Start, end, settings and text of each cue.
type Shown = Vec<(i64, i64, String, String)>;

fn shown(bytes: &[u8]) -> Shown {
    let subtitles = read_subtitles(bytes).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)));
    let cue = |cue: TimedCue| (cue.start.ticks, cue.end.ticks, cue.cue.settings, cue.cue.text);
    subtitles.cues.into_iter().map(cue).collect()
}

fn cue(start: i64, end: i64, text: &str) -> (i64, i64, String, String) {
    (start, end, String::new(), text.to_owned())
}

#[test]
fn srt_as_people_have_it() {
    let plain = vec![cue(1_000, 2_000, "a"), cue(3_000, 4_000, "b\nc")];
    for text in [
        "1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:03,000 --> 00:00:04,000\nb\nc\n",
        "\u{feff}1\r\n00:00:01,000 --> 00:00:02,000\r\na\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nb\r\nc\r\n\r\n",
        // Old Macs' line ends; a doubled carriage return, which is an empty line between all lines.
        "1\r00:00:01,000 --> 00:00:02,000\ra\r\r2\r00:00:03,000 --> 00:00:04,000\rb\rc",
        "1\r\r\n00:00:01,000 --> 00:00:02,000\r\r\na\r\r\n\r\r\n2\r\r\n00:00:03,000 --> 00:00:04,000\r\r\nb\r\r\nc\r\r\n",
        // No numbers, or wrong ones, dots, no hours, no fraction, spaces, coordinates, no empty line between.
        "00:00:01,000 --> 00:00:02,000\na\n\n00:00:03,000 --> 00:00:04,000\nb\nc",
        "7\n00:00:01.000-->00:00:02.000\na\n7\n00:03 --> 00:04\nb\n\nc",
        "1\n00:00:01, 000 --> 00:00:02, 000 X1:40 X2:600 Y1:20 Y2:50\n a \n\n\n\n2\n0:0:3,0 --> 0:0:4,0\nb  \n\tc\n\n3",
        // Out of order; one that shows nothing, and one for no time.
        "2\n00:00:03,000 --> 00:00:04,000\nb\nc\n\n1\n00:00:01,000 --> 00:00:02,000\na\n\n3\n00:00:09,000 --> \
         00:00:10,000\n<i> </i>\n\n4\n00:00:11,000 --> 00:00:11,000\nx\n\n5\n00:00:12,000 --> 00:00:13,000\n\n",
    ] {
        let mut found = shown(text.as_bytes());
        // A last number without a cue is text, as far as anybody can tell.
        found[1].3 = found[1].3.replace("\n3", "");
        assert_eq!(found, plain, "{text:?}");
    }
    let overlapping = "1\n100:00:00,000 --> 1000:00:00,500\na\n\n2\n100:00:00,000 --> 100:00:01,000\nb";
    assert_eq!(
        shown(overlapping.as_bytes()),
        [cue(360_000_000, 3_600_000_500, "a"), cue(360_000_000, 360_001_000, "b")]
    );
}

#[test]
fn marks_of_srt_become_those_of_webvtt() {
    for (srt, settings, vtt) in [
        ("<i>a</i> <B>b</B> < u >c</ u >", "", "<i>a</i> <b>b</b> <u>c</u>"),
        ("<font color=\"#fff\" size=7>a</font>", "", "a"),
        ("<i class=\"x\">a</i><br/>b", "", "<i>a</i>\nb"),
        ("Tom & Jerry &amp; &lt;co&gt; &eacute; &", "", "Tom &amp; Jerry &amp; &lt;co&gt; &amp;eacute; &amp;"),
        ("I <3 you, 1 < 2 > 0 <unknown>", "", "I &lt;3 you, 1 &lt; 2 &gt; 0 &lt;unknown&gt;"),
        ("<", "", "&lt;"),
        ("<é>", "", "&lt;é&gt;"),
        ("go --> there", "", "go --&gt; there"),
        ("{\\an8}up", "line:0", "up"),
        ("{\\an7}{\\an1}up", "line:0 align:left", "up"),
        ("{\\an2}down", "", "down"),
        ("{\\an5\\i1}mid{\\i0}dle", "line:50%", "middle"),
        ("{\\a6}old", "line:0", "old"),
        ("{\\pos(10,20)}x", "", "x"),
        ("{\\an99}x {not} {\\open", "", "x {not} {\\open"),
    ] {
        let text = format!("1\n00:00:01,000 --> 00:00:02,000\n{srt}\n");
        let expected = [(1_000, 2_000, settings.to_owned(), vtt.to_owned())];
        assert_eq!(shown(text.as_bytes()), expected, "{srt}");
        assert!(Cue::new(vtt).settings(settings).to_packet().is_ok());
    }
}

#[test]
fn encodings_are_told_by_marks() {
    let text = "1\n00:00:01,000 --> 00:00:02,000\nÜ€ 日\n";
    let expected = [cue(1_000, 2_000, "Ü€ 日")];
    let units: Vec<u16> = format!("\u{feff}{text}").encode_utf16().collect();
    assert_eq!(shown(&units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>()), expected);
    assert_eq!(shown(&units.iter().flat_map(|unit| unit.to_be_bytes()).collect::<Vec<_>>()), expected);
    assert_eq!(shown(b"00:00:01,000 --> 00:00:02,000\n\xdc\x80 \x85\n"), [cue(1_000, 2_000, "Ü€ …")]);

    let unmarked: Vec<u8> = text.encode_utf16().flat_map(|unit| unit.to_le_bytes()).collect();
    let unmarked_latin: Vec<u8> = text.replace('日', "").bytes().flat_map(|byte| [byte, 0]).collect();
    for (bytes, what) in [
        (&b"00:00:01,000 --> 00:00:02,000\n\x81\n"[..], "line 2 of the subtitles is not UTF-8 or Windows-1252"),
        (b"\xef\xbb\xbf00:00:01,000 --> 00:00:02,000\n\n\xdc", "line 3 of the subtitles is not UTF-8"),
        (b"WEBVTT\n\n00:00.000 --> 00:01.000\n\xdc", "line 4 of the subtitles is not UTF-8, as WebVTT"),
        (b"\xff\xfe\0", "not UTF-16"),
        (b"\xff\xfe\0\xd8", "not UTF-16"),
        (&unmarked, "UTF-"),
        (&unmarked_latin, "UTF-16 without"),
    ] {
        let error = read_subtitles(bytes).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn webvtt_keeps_what_it_has() {
    let text = "\u{feff}WEBVTT - a title\nKind: captions\n\nSTYLE\n::cue {\n  color: red;\n}\n\nNOTE no\nno\n\nREGION \nid:x\n\n\
                first\n00:00.000 --> 00:01.500 line:0 align:start\n<v Ada>a &amp; <00:01.000><c.x>b</c>\nc\n\n\
                NOTE x\n\nSTYLE\nlate\n\n01:00:00.000\t-->\t01:00:01.000\nd\nsecond\n00:02.000 --> 00:03.000\ne\n\nlost\n";
    let found = read_subtitles(text.as_bytes()).unwrap();
    assert_eq!(found.header, "STYLE\n::cue {\n  color: red;\n}\n\nREGION \nid:x");
    assert_eq!(found.config().header, found.header);
    let cues: Vec<_> = found.cues.iter().map(|cue| (cue.start.ticks, cue.end.ticks, cue.cue.clone())).collect();
    let expected = [
        (
            0,
            1_500,
            Cue::new("<v Ada>a &amp; <00:01.000><c.x>b</c>\nc").identifier("first").settings("line:0 align:start"),
        ),
        (2_000, 3_000, Cue::new("e")),
        (3_600_000, 3_601_000, Cue::new("d\nsecond")),
    ];
    assert_eq!(cues, expected);
    assert_eq!(read_subtitles(&b"WEBVTT"[..]).unwrap(), Subtitles::default());
    assert_eq!(read_subtitles(&b"WEBVTT\n00:00.000 --> 00:01.000\na"[..]).unwrap().cues.len(), 1);
}

#[test]
fn errors_name_the_line() {
    for (text, what) in [
        ("", "neither SRT nor WebVTT"),
        ("words\nand words", "neither SRT nor WebVTT"),
        ("WEBVTTX\n", "neither"),
        ("words\n00:00:01,000 --> 00:00:02,000\na", "line 1 of the subtitles: there is text before"),
        (
            "1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:0x,000 --> 00:00:04,000\nb",
            "line 6 of the subtitles, `00:00:0x",
        ),
        ("1\n00:00:01,000 -->\na", "line 2"),
        ("1\n00:00:61,000 --> 00:01:02,000\na", "line 2"),
        ("1\n00:60:01,000 --> 01:01:02,000\na", "line 2"),
        ("1\n99999999999999999999:00:01,000 --> 01:01:02,000\na", "line 2"),
        ("1\n9223372036854775807:00:01,000 --> 01:01:02,000\na", "line 2"),
        (
            "1\n00:00:05,000 --> 00:00:04,000\na",
            "line 2 of the subtitles, `00:00:05,000 --> 00:00:04,000`: the cue ends",
        ),
        ("WEBVTT\n\nx --> 00:01.000\na", "line 3"),
        ("WEBVTT\n\n00:01.000 --> 00:00.000\na", "line 3"),
    ] {
        let error = read_subtitles(text.as_bytes()).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(what), "{text}: {error}");
    }
    for other in ["[Script Info]\nTitle: x", "<?xml version=\"1.0\"?>", "{1}{25}a", "<SAMI>"] {
        assert_eq!(read_subtitles(other.as_bytes()).unwrap_err().kind(), ErrorKind::Unsupported, "{other}");
    }
    let long = format!("1\n00:00:01,000 --> 00:00:02,000\n{}", "x".repeat(MAX_LINE + 1));
    let error = read_subtitles(long.as_bytes()).unwrap_err();
    assert!(error.kind() == ErrorKind::Limit && error.to_string().contains("line 3"), "{error}");
    assert_eq!(read_subtitles(std::io::repeat(b'\n')).unwrap_err().kind(), ErrorKind::Limit);
}

/// A WebVTT file of these cues.
fn write_vtt(subtitles: &Subtitles) -> String {
    let mut text = String::from("WEBVTT\n\n");
    if !subtitles.header.is_empty() {
        text += &format!("{}\n\n", subtitles.header);
    }
    let time = |at: Timestamp| {
        let ms = at.ticks;
        format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
    };
    for TimedCue { start, end, cue } in &subtitles.cues {
        if !cue.identifier.is_empty() {
            text += &format!("{}\n", cue.identifier);
        }
        text += &format!("{} --> {} {}\n{}\n\n", time(*start), time(*end), cue.settings, cue.text);
    }
    text
}

fn any_cue() -> impl Strategy<Value = TimedCue> {
    let line = "[a-zé<>&;:,.0-9 ]{0,12}x[a-z日]{0,3}";
    (
        0..400_000_000i64,
        1..100_000i64,
        "[a-z0-9]{0,5}",
        "(line:[0-9]{1,2}%? ?(align:left)?)?",
        proptest::collection::vec(line, 1..4),
    )
        .prop_map(|(start, length, identifier, settings, lines)| {
            // Closed tags, so that something is shown.
            let text = lines.join("\n").replace('<', "<i>");
            TimedCue {
                start: Timestamp::from_millis(start),
                end: Timestamp::from_millis(start + length),
                cue: Cue::new(text).identifier(identifier).settings(settings.trim()),
            }
        })
}

proptest! {
    #[test]
    fn a_written_file_reads_back(
        mut cues in proptest::collection::vec(any_cue(), 0..8),
        header in "(STYLE\n[a-z{};: ]{1,9}[;}])?",
        line_end in 0..3usize,
        mark in any::<bool>(),
    ) {
        cues.sort_by_key(|cue| cue.start.ticks);
        // Identifiers that mean something else in their place.
        cues.retain(|cue| !cue.cue.text.lines().any(|line| line.trim().is_empty()));
        let subtitles = Subtitles { header, cues };
        let text = write_vtt(&subtitles).replace('\n', ["\n", "\r\n", "\r"][line_end]);
        let text = if mark { format!("\u{feff}{text}") } else { text };
        prop_assert_eq!(read_subtitles(text.as_bytes()).unwrap(), subtitles);
    }

    #[test]
    fn what_is_read_can_be_written(head in 0..2usize, text in "[0-9:.,<>{}\\\\anib/é\n &;-]{0,80}") {
        let head = ["1\n00:00:01,000 --> 00:00:02,000\n", "WEBVTT\n\n00:01.000 --> 00:02.000 "][head];
        if let Ok(found) = read_subtitles(format!("{head}{text}").as_bytes()) {
            for cue in found.cues {
                cue.cue.to_packet().unwrap();
            }
        }
    }

    #[test]
    fn no_bytes_panic(head in 0..3usize, tail in proptest::collection::vec(any::<u8>(), 0..100)) {
        let head = [&b""[..], b"\xff\xfe", b"WEBVTT\n"][head];
        let _ = read_subtitles(&[head, &tail].concat()[..]);
    }
}
