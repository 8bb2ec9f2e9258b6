//! The README's tables are those of the code.

use std::path::Path;

use framewright::{Container, Feature};

/// The matrix, as README.md has to show it.
fn matrix() -> String {
    let mut text = String::from("| Container | Video | Audio | Subtitles | Layouts |\n|---|---|---|---|---|\n");
    for &container in Container::ALL {
        let extensions: Vec<_> = container.extensions().iter().map(|extension| format!(".{extension}")).collect();
        let list = |names: Vec<&str>| if names.is_empty() { "–".into() } else { names.join(", ") };
        text += &format!(
            "| {} (`{}`) | {} | {} | {} | {} |\n",
            container.title(),
            extensions.join(" "),
            list(container.video_codecs().iter().map(|codec| codec.name()).collect()),
            list(container.audio_codecs().iter().map(|codec| codec.name()).collect()),
            list(container.subtitle_codecs().iter().map(|codec| codec.name()).collect()),
            list(container.layouts().iter().map(|layout| layout.name()).collect()),
        );
    }
    text
}

/// Who can say what.
fn features() -> String {
    let mut text = String::from("| | Containers |\n|---|---|\n");
    for &feature in Feature::ALL {
        let able = Container::ALL.iter().filter(|container| container.features().contains(&feature));
        let able: Vec<_> = able.map(|container| container.title()).collect();
        text += &format!("| {} | {} |\n", feature.name(), if able.is_empty() { "–".into() } else { able.join(", ") });
    }
    text
}

#[test]
fn the_readme_shows_the_matrix_of_the_code() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    for table in [matrix(), features()] {
        assert!(readme.contains(&table), "README.md has to have this table, and has it not:\n\n{table}");
    }
}
