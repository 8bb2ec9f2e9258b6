//! The walls of the house (see DESIGN.md): a module uses only floors below its own, and siblings never see each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floors from the ground up. Rooms of one line stand side by side.
const FLOORS: &[&[&str]] = &[
    &["error"],
    &["media"],
    &["sink", "parallel"],
    &["convert", "codec", "motion", "mux", "input"],
    &["gpu"],
    &["encoder", "inspect"],
    &["testing"],
];

#[test]
fn no_floor_is_crossed_and_no_siblings_meet() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    for file in rust_files(&source) {
        let room = room_of(&source, &file);
        if room == "lib" || room == "bin" || is_test(&file) {
            continue;
        }
        let Some(floor) = floor_of(&room) else {
            faults.push(format!("{}: room `{room}` is on no floor: add it to FLOORS and DESIGN.md", file.display()));
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        if let Some(line) = leaves_its_room(depth_of(&source, &file), &text) {
            faults.push(format!("{}:{}: leaves `{room}` by `super::`: write `crate::`", file.display(), line + 1));
        }
        for (line, used) in rooms_used(&text) {
            if used != room && floor_of(&used).is_none_or(|below| below >= floor) {
                faults.push(format!("{}:{line}: `{room}` uses `{used}`", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "walls are crossed:\n{}", faults.join("\n"));
}

#[test]
fn the_design_names_every_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let design = fs::read_to_string(root.join("DESIGN.md")).unwrap();
    let source = root.join("src");
    for room in FLOORS.iter().copied().flatten() {
        assert!(source.join(room).is_dir() || source.join(format!("{room}.rs")).is_file(), "no room {room}");
        assert!(design.contains(&format!("`{room}`")), "DESIGN.md does not name `{room}`");
    }
    let mut faults = Vec::new();
    let mut named = inner_rooms(&design);
    for file in rust_files(&source) {
        let rooms = rooms_of(&fs::read_to_string(&file).unwrap());
        let outer = path_of(&source, &file);
        // Those of the library itself are on the floors.
        if outer.is_empty() || is_test(&file) || rooms.is_empty() {
            continue;
        }
        let known = named.remove(&outer).unwrap_or_default();
        let missing = rooms.difference(&known).map(|room| format!("`{outer}` has no `{room}` in DESIGN.md"));
        let stale =
            known.difference(&rooms).map(|room| format!("`{outer}` in DESIGN.md has `{room}`, which is not there"));
        faults.extend(missing.chain(stale));
    }
    faults.extend(named.keys().map(|outer| format!("DESIGN.md has a row of `{outer}`, which has no rooms")));
    assert!(faults.is_empty(), "the table in DESIGN.md is wrong:\n{}", faults.join("\n"));
}

#[test]
fn the_check_sees_the_rooms_of_a_table_and_of_a_file() {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    let text = "| Room | What is in it |\n|---|---|\n| `a/b` | `c`: with `d_e` |\nprose of `f`\n";
    assert_eq!(inner_rooms(text), BTreeMap::from([("a/b".to_owned(), words(&["c", "d_e"]))]));
    let text = "mod a;\npub(crate) mod b;\n#[cfg(test)]\nmod tests;\n#[cfg(test)]\n#[path = \"x.rs\"]\nmod verifier;\n\
                #[cfg(feature = \"f\")]\npub mod c;\n#[cfg(all(test, feature = \"f\"))]\nmod d_tests;\nmod e {\n    mod f;\n}\n";
    assert_eq!(rooms_of(text), words(&["a", "b", "c"]));
    let path = |file: &str| path_of(Path::new("src"), &Path::new("src").join(file));
    assert_eq!(
        ["mux/avi/mod.rs", "bin/x/main.rs", "lib.rs", "media/time.rs"].map(path),
        ["mux/avi", "bin/x", "", "media/time"]
    );
}

#[test]
fn the_check_sees_every_form_of_use() {
    let text = "#[cfg(test)]\nmod tests;\nuse crate::media::Packet;\nuse crate::{error::Error, codec::{av1, opus}};\nlet x = crate::mux::open();\n\
                // crate::input is only spoken of\nuse super::super::x;\npub(in crate::encoder) fn f();\nuse crate::Encoder;\n";
    let seen: Vec<_> = rooms_used(text).into_iter().map(|(line, room)| format!("{line} {room}")).collect();
    assert_eq!(seen, ["3 media", "4 codec", "4 error", "5 mux", "8 encoder", "9 Encoder"]);
    let depth = |file: &str| depth_of(Path::new("src"), &Path::new("src").join(file));
    assert_eq!(
        ["codec/mod.rs", "codec/opus/mod.rs", "codec/pcm.rs", "codec/av1/obu.rs", "error.rs"].map(depth),
        [0, 1, 1, 2, 0]
    );
    assert_eq!(leaves_its_room(1, "use super::CodedAudio;\nuse super::super::mux::Container;"), Some(1));
    assert_eq!(floor_of("codec"), floor_of("mux"));
    assert!(floor_of("media") < floor_of("sink") && floor_of("Encoder").is_none());
}

/// The table of inner rooms: of each row, the words in backticks of its second cell.
fn inner_rooms(design: &str) -> BTreeMap<String, BTreeSet<String>> {
    let table = design.split("| Room | What is in it |\n").nth(1).unwrap_or_default();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let mut quoted = row.split('`').skip(1).step_by(2).map(str::to_owned);
        (quoted.next().unwrap_or_default(), quoted.collect())
    })
    .collect()
}

/// The modules that a file declares, but for those of tests.
fn rooms_of(text: &str) -> BTreeSet<String> {
    let (mut rooms, mut for_tests) = (BTreeSet::new(), false);
    for line in text.lines() {
        if line.starts_with("#[") {
            for_tests |= line.starts_with("#[cfg(") && line.contains("test");
            continue;
        }
        let declared = line.strip_suffix(';').and_then(|line| line.split_once("mod "));
        if let Some((_, name)) = declared.filter(|(before, _)| before.is_empty() || before.starts_with("pub"))
            && !for_tests
        {
            rooms.insert(name.to_owned());
        }
        for_tests = false;
    }
    rooms
}

/// The path of the module that a file is, from the library's or the program's root.
fn path_of(source: &Path, file: &Path) -> String {
    let path = file.strip_prefix(source).unwrap().with_extension("");
    let is_face = ["mod", "main", "lib"].iter().any(|name| path.ends_with(name));
    let path = if is_face { path.parent().unwrap() } else { &path };
    path.to_string_lossy().replace('\\', "/")
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The room that a file belongs to: its first folder below `src`, or its own name.
fn room_of(source: &Path, file: &Path) -> String {
    let relative = file.strip_prefix(source).unwrap();
    let first = relative.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// Tests may look at more than what they test.
fn is_test(file: &Path) -> bool {
    let is_shared = file.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("_tests"));
    is_shared || file.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

/// How many `super::` lead from a file's module to its room: none from the room's own file.
fn depth_of(source: &Path, file: &Path) -> usize {
    let parts = file.strip_prefix(source).unwrap().components().count();
    let is_face = file.file_name().is_some_and(|name| name == "mod.rs");
    if is_face { parts.saturating_sub(2) } else { parts - 1 }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Each `crate::NAME` and each `NAME` of a `crate::{…}`, with the line where it stands. Comments and tests inside the
/// file do not count: tests may look at more.
fn rooms_used(text: &str) -> Vec<(usize, String)> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code: Vec<&str> =
        code.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (position, _) in code.match_indices("crate::") {
        let line = code[..position].matches('\n').count() + 1;
        let rest = &code[position + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            found.extend(top_level_names(group).into_iter().map(|name| (line, name)));
        } else {
            found.push((line, leading_name(rest)));
        }
    }
    found.sort();
    found
}

/// Where paths of `super::` lead out of their room: those with more of them than the file is deep.
fn leaves_its_room(depth: usize, text: &str) -> Option<usize> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines().position(|line| {
        let path = line.trim_start().strip_prefix("use ").unwrap_or_default();
        path.matches("super::").count() > depth
    })
}

/// The first names of the comma-separated paths up to the closing brace.
fn top_level_names(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (index, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(leading_name(group[start..index].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(leading_name(group[start..index].trim_start()));
                start = index + 1;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn leading_name(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

/// SECURITY.md says why each dependency is there, and of no other.
#[test]
fn each_dependency_has_its_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let mut named = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]") && line != "[dev-dependencies]";
        } else if let (true, Some((name, _))) = (inside && !line.starts_with('#'), line.split_once(" = ")) {
            named.insert(name.to_owned());
        }
    }
    let security = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let (_, table) = security.split_once("## Why each dependency is there").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let listed: BTreeSet<_> = rows.map(|(name, _)| name.to_owned()).collect();
    assert!(named.len() > 20, "{named:?}");
    assert_eq!(listed, named);
}
