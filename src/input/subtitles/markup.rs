//! The marks within the text of cues: those of SRT as WebVTT's.

/// The text of an SRT cue as WebVTT's, and the settings that its marks ask for.
pub(super) fn from_srt(text: &str) -> (String, String) {
    let (mut out, mut settings) = (String::with_capacity(text.len()), String::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let used = match c {
            '<' => tag(rest, &mut out),
            '{' => override_block(rest, &mut settings),
            '&' => ENTITIES.iter().find(|entity| rest.starts_with(*entity)).map(|entity| {
                out.push_str(entity);
                entity.len()
            }),
            _ => None,
        };
        rest = match used {
            Some(used) => &rest[used..],
            None => {
                match c {
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '&' => out.push_str("&amp;"),
                    c => out.push(c),
                }
                &rest[c.len_utf8()..]
            }
        };
    }
    (out, settings)
}

/// WebVTT's character references; in SRT they stand for the same characters.
const ENTITIES: [&str; 6] = ["&amp;", "&lt;", "&gt;", "&nbsp;", "&lrm;", "&rlm;"];

/// The longest tag that is looked for.
const MAX_TAG: usize = 200;

/// A tag at the start of `text`: how long it is. What is not one is text.
fn tag(text: &str, out: &mut String) -> Option<usize> {
    let end = text.bytes().take(MAX_TAG).position(|byte| byte == b'>')?;
    let inside = text[1..end].trim();
    let (slash, inside) = inside.strip_prefix('/').map_or(("", inside), |inside| ("/", inside));
    let name = inside.trim_end_matches('/').split_whitespace().next()?.to_ascii_lowercase();
    match &*name {
        "i" | "b" | "u" => *out += &format!("<{slash}{name}>"),
        "em" => *out += &format!("<{slash}i>"),
        "strong" => *out += &format!("<{slash}b>"),
        "br" => out.push('\n'),
        "font" | "s" | "strike" | "span" | "p" => {}
        _ => return None,
    }
    Some(end + 1)
}

/// A block of ASS overrides, as in `{\an8}`, at the start of `text`: how long it is. Its alignment goes into `settings`
/// unless an earlier one did; the rest has no counterpart.
fn override_block(text: &str, settings: &mut String) -> Option<usize> {
    let end = text.bytes().take(MAX_TAG).position(|byte| byte == b'}')?;
    let inside = text[1..end].trim_start();
    if !inside.starts_with('\\') {
        return None;
    }
    for part in inside.split('\\') {
        let part = part.trim();
        // Rows from the bottom, and columns from the left.
        let place = match (part.strip_prefix("an"), part.strip_prefix('a')) {
            (Some(number), _) => {
                number.parse().ok().filter(|n| (1..=9u8).contains(n)).map(|n| ((n - 1) / 3, (n - 1) % 3))
            }
            // The older numbers: 1 to 3 at the bottom, 5 to 7 on top, 9 to 11 in the middle.
            (_, Some(number)) => match number.parse().ok() {
                Some(n @ 1..=3u8) => Some((0, n - 1)),
                Some(n @ 5..=7) => Some((2, n - 5)),
                Some(n @ 9..=11) => Some((1, n - 9)),
                _ => None,
            },
            _ => None,
        };
        if let (Some((row, column)), true) = (place, settings.is_empty()) {
            let row = ["", "line:50%", "line:0"][usize::from(row.min(2))];
            let column = ["align:left", "", "align:right"][usize::from(column.min(2))];
            *settings = [row, column].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        }
    }
    Some(end + 1)
}

/// Whether there is anything but marks and space.
pub(super) fn shows_something(text: &str) -> bool {
    let mut in_tag = false;
    text.chars().any(|c| {
        let is_mark = in_tag || c == '<';
        in_tag = is_mark && c != '>';
        !is_mark && !c.is_whitespace()
    })
}

/// The text without marks, in one line.
pub(in crate::input) fn plain(text: &str) -> String {
    let mut in_tag = false;
    let shown: String = text
        .chars()
        .filter(|&c| {
            let is_mark = in_tag || c == '<';
            in_tag = is_mark && c != '>';
            !is_mark
        })
        .collect();
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    // The ampersand last: `&amp;lt;` is `&lt;`.
    let shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}");
    shown.replace("&lrm;", "\u{200e}").replace("&rlm;", "\u{200f}").replace("&amp;", "&")
}
