//! File names: `*` and `?`, printf numbers, and the order in which people count.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The most digits that a printf number may be padded to.
const MAX_PADDING: usize = 20;

/// Whether `text` is a pattern rather than a name.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?']) || Numbered::parse(text).is_ok_and(|numbered| numbered.is_some())
}

/// The files that `pattern` means, in order: those that match `*` and `?` in natural order, or those of a printf number
/// counted up from the first that exists. Never none.
pub(super) fn expand(pattern: &str) -> Result<Vec<PathBuf>> {
    let (directory, name) = split(pattern);
    if directory.contains(['*', '?']) || Numbered::parse(directory)?.is_some() {
        return Err(Error::input(format!(
            "`{pattern}` has a pattern in its directory: only the file name may have one"
        )));
    }
    let names = list(directory)?;
    let found = if name.contains(['*', '?']) {
        matching(names, name)
    } else {
        match Numbered::parse(name)? {
            Some(numbered) => consecutive(names, &numbered, directory)?,
            None => vec![name.to_owned()],
        }
    };
    if found.is_empty() {
        return Err(Error::input(format!("no file matches `{pattern}`")));
    }
    Ok(found.into_iter().map(|name| Path::new(directory).join(name)).collect())
}

/// The directory, with its separator, and the file name.
fn split(pattern: &str) -> (&str, &str) {
    let start = pattern.rfind(std::path::is_separator).map_or(0, |at| at + 1);
    pattern.split_at(start)
}

/// The names in `directory`. Those that are not Unicode match no pattern and are left out.
fn list(directory: &str) -> Result<Vec<String>> {
    let path = if directory.is_empty() { "." } else { directory };
    let failed = |error| Error::io(format_args!("reading the directory `{path}`"), error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        if let Ok(name) = entry.map_err(failed)?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}

fn matching(names: Vec<String>, pattern: &str) -> Vec<String> {
    // As in a shell, a leading dot has to be written.
    let hidden = pattern.starts_with('.');
    let mut found: Vec<_> =
        names.into_iter().filter(|name| (hidden || !name.starts_with('.')) && matches(pattern, name)).collect();
    found.sort_by(|a, b| natural_order(a, b));
    found
}

fn consecutive(names: Vec<String>, numbered: &Numbered<'_>, directory: &str) -> Result<Vec<String>> {
    let mut found: Vec<(u64, String)> =
        names.into_iter().filter_map(|name| Some((numbered.number(&name)?, name))).collect();
    found.sort();
    for pair in found.windows(2) {
        if pair[0].0 + 1 != pair[1].0 {
            return Err(Error::input(format!(
                "`{directory}{}` is missing: the sequence goes on with `{directory}{}`; to take the files that exist, \
                 use a pattern with `*`",
                numbered.name(pair[0].0 + 1),
                pair[1].1
            )));
        }
    }
    Ok(found.into_iter().map(|(_, name)| name).collect())
}

/// Whether `name` is what `pattern` means: `*` any characters, `?` one, others themselves.
///
/// At a mismatch only the latest `*` need take one more character, so the time is at most the product of the lengths.
fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    let mut star = None;
    loop {
        let mut after = pattern.clone();
        match (after.next(), name.clone().next()) {
            (Some('*'), _) => {
                star = Some((after.clone(), name.clone()));
                pattern = after;
            }
            (None, None) => return true,
            (Some(wanted), Some(got)) if wanted == '?' || wanted == got => {
                pattern = after;
                name.next();
            }
            _ => {
                let Some((after, from)) = &mut star else { return false };
                if from.next().is_none() {
                    return false;
                }
                (pattern, name) = (after.clone(), from.clone());
            }
        }
    }
}

/// Numbers by their value, everything else by its characters: `frame2` stands before `frame10`.
fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (digits_left, digits_right) = (leading_digits(left), leading_digits(right));
        let order = if !digits_left.is_empty() && !digits_right.is_empty() {
            (left, right) = (&left[digits_left.len()..], &right[digits_right.len()..]);
            let (x, y) = (digits_left.trim_start_matches('0'), digits_right.trim_start_matches('0'));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            let (mut rest_left, mut rest_right) = (left.chars(), right.chars());
            let order = match (rest_left.next(), rest_right.next()) {
                // Equal but for leading zeros: the bytes decide, so that the order is total.
                (None, None) => return a.cmp(b),
                (x, y) => x.cmp(&y),
            };
            (left, right) = (rest_left.as_str(), rest_right.as_str());
            order
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn leading_digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

/// A name with one `%d` or `%04d` in it; `%%` stands for a percent sign.
#[derive(Debug, PartialEq, Eq)]
struct Numbered<'a> {
    before: &'a str,
    padding: usize,
    after: &'a str,
}

impl<'a> Numbered<'a> {
    /// `None` where `text` has no such number.
    fn parse(text: &'a str) -> Result<Option<Self>> {
        let mut found: Option<Self> = None;
        let mut start = 0;
        while let Some(percent) = text[start..].find('%').map(|at| start + at) {
            let rest = &text[percent + 1..];
            if rest.starts_with('%') {
                start = percent + 2;
                continue;
            }
            let digits = leading_digits(rest);
            start = percent + 1 + digits.len();
            let Some(after) = rest[digits.len()..].strip_prefix('d') else { continue };
            let padding = if digits.is_empty() { Some(0) } else { digits.parse().ok().filter(|&n| n <= MAX_PADDING) };
            match (padding, &found) {
                // `%4d` pads with blanks in C; nobody means that in a file name.
                (Some(padding), None) => found = Some(Numbered { before: &text[..percent], padding, after }),
                (None, _) => {
                    return Err(Error::input(format!("`{text}`: numbers are padded to {MAX_PADDING} digits at most")));
                }
                (_, Some(_)) => return Err(Error::input(format!("`{text}` has more than one number"))),
            }
        }
        Ok(found)
    }

    fn name(&self, number: u64) -> String {
        let width = self.padding;
        format!("{}{number:0width$}{}", self.before.replace("%%", "%"), self.after.replace("%%", "%"))
    }

    /// The number of `name`, where the pattern gives that name for one.
    fn number(&self, name: &str) -> Option<u64> {
        let digits =
            name.strip_prefix(&*self.before.replace("%%", "%"))?.strip_suffix(&*self.after.replace("%%", "%"))?;
        // `parse` would take a plus sign.
        let number: u64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
        (number < u64::MAX && self.name(number) == name).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, without any care for time.
    fn matches_naively(pattern: &[char], name: &[char]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => (0..=name.len()).any(|skip| matches_naively(rest, &name[skip..])),
            (Some((wanted, rest)), Some((got, name))) => {
                (*wanted == '?' || wanted == got) && matches_naively(rest, name)
            }
            _ => false,
        }
    }

    #[test]
    fn numbers_are_read_and_written() {
        let numbered = Numbered::parse("a%%b%04d.png").unwrap().unwrap();
        assert_eq!((numbered.name(7), numbered.number("a%b0007.png")), ("a%b0007.png".into(), Some(7)));
        assert_eq!(numbered.number("a%b12345.png"), Some(12345));
        for other in ["a%b7.png", "a%b00007.png", "a%b+007.png", "a%b.png", "b0007.png", "a%b0007.jpg"] {
            assert_eq!(numbered.number(other), None, "{other}");
        }
        assert_eq!(Numbered::parse("%d").unwrap().unwrap().name(7), "7");
        for plain in ["", "a", "100%", "50%%d", "%x", "%5", "a%20b"] {
            assert_eq!(Numbered::parse(plain).unwrap(), None, "{plain}");
        }
        assert!(Numbered::parse("%d%d").is_err() && Numbered::parse("%99999d").is_err());
    }

    #[test]
    fn people_count_like_this() {
        let mut names = ["f10", "f2", "f1", "f02", "f", "g1", "f2a10", "f2a9", "é", "f99999999999999999999999"];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(names, ["f", "f1", "f02", "f2", "f2a9", "f2a10", "f10", "f99999999999999999999999", "g1", "é"]);
    }

    #[test]
    fn patterns_find_files() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["f2.png", "f10.png", "f1.png", ".f3.png", "f4.jpg"] {
            std::fs::write(dir.path().join(name), b"").unwrap();
        }
        let expand = |name: &str| expand(&format!("{}/{name}", dir.path().display()));
        let names = |name: &str| -> Vec<String> {
            expand(name).unwrap().iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names("*.png"), ["f1.png", "f2.png", "f10.png"]);
        assert_eq!(names("f?.png"), ["f1.png", "f2.png"]);
        assert_eq!(names("f%d.jpg"), ["f4.jpg"]);
        let gap = expand("f%d.png").unwrap_err().to_string();
        assert!(gap.contains("f3.png` is missing") && gap.contains("f10.png"), "{gap}");
        assert!(expand("*.gif").unwrap_err().to_string().contains("no file matches"));
        assert!(expand("f%04d.png").is_err());
        assert!(super::expand("a*/b.png").is_err() && super::expand("/nowhere/*.png").is_err());
    }

    proptest! {
        #[test]
        fn the_matcher_agrees_with_its_definition(pattern in "[ab*?é]{0,8}", name in "[abé]{0,10}") {
            let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
            prop_assert_eq!(matches(&pattern, &name), matches_naively(&p, &n));
        }

        #[test]
        fn the_order_is_total(mut names in proptest::collection::vec("[a0-9]{0,6}", 3)) {
            names.sort_by(|a, b| natural_order(a, b));
            prop_assert!(natural_order(&names[0], &names[2]) != Ordering::Greater);
            prop_assert_eq!(natural_order(&names[0], &names[1]) == Ordering::Equal, names[0] == names[1]);
        }

        #[test]
        fn no_text_panics(text in ".{0,30}|[%0-9d*?]{0,12}", name in ".{0,12}") {
            let _ = is_pattern(&text);
            let _ = matches(&text, &name);
            if let Ok(Some(numbered)) = Numbered::parse(&text) {
                prop_assert_eq!(numbered.number(&numbered.name(42)), Some(42));
            }
        }
    }
}
