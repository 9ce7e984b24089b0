//! The template of a bound's crate, filled in. What the placeholders mean stands in `templates/README.md`.

use super::{CrateName, Origin, OriginError};

/// The edition that the template is written in.
pub(crate) const EDITION: &str = "2024";

/// The oldest compiler it is known to work with.
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// Compiler options for the machine that builds, as a `.cargo/config.toml`.
pub(crate) const CARGO_CONFIG: &str = include_str!("../../templates/bound/common/cargo-config.toml.in");

/// How programs of numerical code are compiled, as the end of a manifest: as in this workspace, so that what is built of its
/// dependencies can be shared.
pub(crate) const PROFILES: &str = include_str!("../../templates/bound/common/profiles.toml.in");

/// Which side a bound is on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A lower bound of the negative log-likelihood.
    Lower,
    /// An upper one.
    Upper,
}

macro_rules! template {
    ($($path:literal from $file:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../../templates/bound/", $file)))),+]
    };
}

const COMMON: [(&str, &str); 5] = template![
    "Cargo.toml" from "common/Cargo.toml.in",
    ".gitignore" from "common/gitignore.in",
    "rustfmt.toml" from "common/rustfmt.toml.in",
    ".cargo/config.toml" from "common/cargo-config.toml.in",
    "src/main.rs" from "common/src/main.rs.in",
];

const LOWER: [(&str, &str); 4] = template![
    "src/lib.rs" from "lower/src/lib.rs.in",
    "tests/bound.rs" from "lower/tests/bound.rs.in",
    "example.toml" from "lower/example.toml.in",
    "README.md" from "lower/README.md.in",
];

const UPPER: [(&str, &str); 4] = template![
    "src/lib.rs" from "upper/src/lib.rs.in",
    "tests/bound.rs" from "upper/tests/bound.rs.in",
    "example.toml" from "upper/example.toml.in",
    "README.md" from "upper/README.md.in",
];

/// The files of a new bound's crate: paths within its folder, and what they hold.
///
/// # Errors
/// If the origin's path is no text, or its lock file cannot be read.
pub(crate) fn bound(name: &CrateName, kind: Kind, origin: &Origin) -> Result<Vec<(String, String)>, OriginError> {
    let values = [
        ("{{name}}", name.kebab().to_string()),
        ("{{crate}}", name.identifier()),
        ("{{Type}}", name.type_name()),
        ("{{ebm-core}}", origin.dependency("ebm-core")?),
        ("{{ebm-cli}}", origin.dependency("ebm-cli")?),
        ("{{edition}}", EDITION.into()),
        ("{{rust-version}}", RUST_VERSION.into()),
        ("{{profiles}}", PROFILES.into()),
    ];
    let fill = |text: &str| {
        values
            .iter()
            .fold(text.to_string(), |text, (key, value)| text.replace(key, value))
    };
    let own = match kind {
        Kind::Lower => LOWER,
        Kind::Upper => UPPER,
    };
    let filled = COMMON
        .iter()
        .chain(&own)
        .map(|(path, text)| ((*path).to_string(), fill(text)));
    let lock = origin.lock()?.map(|lock| ("Cargo.lock".to_string(), lock));
    Ok(filled.chain(lock).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::Table;

    fn files(kind: Kind) -> Vec<(String, String)> {
        let name = CrateName::new("my-first-bound", &[]).unwrap();
        bound(&name, kind, &Origin::Registry).unwrap()
    }

    #[test]
    fn every_placeholder_is_filled_in_and_every_manifest_parses() {
        for kind in [Kind::Lower, Kind::Upper] {
            for (path, text) in files(kind) {
                assert!(!text.contains("{{") && !text.contains("}}"), "{path}: {text}");
                if path.ends_with(".toml") {
                    text.parse::<Table>().unwrap_or_else(|error| panic!("{path}: {error}"));
                }
            }
        }
    }

    #[test]
    fn a_simple_bound_is_at_most_60_lines_with_its_options_and_its_registration() {
        for kind in [Kind::Lower, Kind::Upper] {
            let files = files(kind);
            let sources = files.iter().filter(|(path, _)| path.starts_with("src/"));
            let of_the_bound = sources.filter(|(path, _)| path != "src/main.rs");
            let lines: usize = of_the_bound.map(|(_, text)| text.lines().count()).sum();
            assert!((1..=60).contains(&lines), "{kind:?}: {lines} lines");
        }
    }

    #[test]
    fn versions_are_those_of_this_workspace() {
        let workspace: Table = include_str!("../../../Cargo.toml").parse().unwrap();
        let dependencies = &workspace["workspace"]["dependencies"];
        assert_eq!(workspace["workspace"]["package"]["edition"].as_str(), Some(EDITION));
        assert_eq!(CARGO_CONFIG, include_str!("../../../.cargo/config.toml"));
        let (_, manifest) = &files(Kind::Lower)[0];
        let ours: Table = manifest.parse().unwrap();
        for name in ["schemars", "typetag"] {
            let there = &dependencies[name];
            let version = there.get("version").unwrap_or(there);
            assert_eq!(&ours["dependencies"][name], version, "{name}");
        }
        assert_eq!(ours["profile"], workspace["profile"]);
    }
}
