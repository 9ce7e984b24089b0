//! The templates of new crates, filled in. `templates/README.md` explains the placeholders.

use super::{CrateName, Origin};

/// The edition that the templates are written in.
pub(crate) const EDITION: &str = "2024";

/// The oldest compiler they are known to work with.
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// Compiler options for the machine that builds, as a `.cargo/config.toml`.
pub(crate) const CARGO_CONFIG: &str = include_str!("../../templates/common/cargo-config.toml.in");

/// Compiler options for numerical code, as the end of a manifest: as in this workspace, so that compiled dependencies
/// can be shared with it.
pub(crate) const PROFILES: &str = include_str!("../../templates/common/profiles.toml.in");

/// The kinds of components that there are templates for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A lower bound of the negative log-likelihood.
    LowerBound,
    /// An upper bound of it.
    UpperBound,
    /// An energy.
    Energy,
    /// A generator.
    Generator,
    /// A data set.
    Dataset,
}

macro_rules! template {
    ($($path:literal from $file:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../../templates/", $file)))),+]
    };
}

const COMMON: [(&str, &str); 6] = template![
    "Cargo.toml" from "common/Cargo.toml.in",
    "README.md" from "common/README.md.in",
    ".gitignore" from "common/gitignore.in",
    "rustfmt.toml" from "common/rustfmt.toml.in",
    ".cargo/config.toml" from "common/cargo-config.toml.in",
    "src/main.rs" from "common/src/main.rs.in",
];

impl Kind {
    /// The kind in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::LowerBound => "lower bound",
            Self::UpperBound => "upper bound",
            Self::Energy => "energy",
            Self::Generator => "generator",
            Self::Dataset => "data set",
        }
    }

    /// A description of what the template's component computes.
    fn about(self) -> &'static str {
        match self {
            Self::LowerBound => {
                "the entropy of the generator's noise,\n`D/2 ln(2 pi e sigma^2)`, certified for every generator with noise."
            }
            Self::UpperBound => {
                "a penalty on the size of the energy,\n`weight (E_data[E^2] + E_pg[E^2])`, heuristic: it keeps training calm and \
                 bounds nothing."
            }
            Self::Energy => "a quadratic, so that the model is a Gaussian.",
            Self::Generator => "an affine map of the latents, with noise.",
            Self::Dataset => "points around a circle in the plane.",
        }
    }

    fn files(self) -> [(&'static str, &'static str); 3] {
        match self {
            Self::LowerBound => template![
                "src/lib.rs" from "bound/lower/src/lib.rs.in",
                "tests/bound.rs" from "bound/lower/tests/bound.rs.in",
                "example.toml" from "bound/lower/example.toml.in",
            ],
            Self::UpperBound => template![
                "src/lib.rs" from "bound/upper/src/lib.rs.in",
                "tests/bound.rs" from "bound/upper/tests/bound.rs.in",
                "example.toml" from "bound/upper/example.toml.in",
            ],
            Self::Energy => template![
                "src/lib.rs" from "energy/src/lib.rs.in",
                "tests/energy.rs" from "energy/tests/energy.rs.in",
                "example.toml" from "energy/example.toml.in",
            ],
            Self::Generator => template![
                "src/lib.rs" from "generator/src/lib.rs.in",
                "tests/generator.rs" from "generator/tests/generator.rs.in",
                "example.toml" from "generator/example.toml.in",
            ],
            Self::Dataset => template![
                "src/lib.rs" from "dataset/src/lib.rs.in",
                "tests/dataset.rs" from "dataset/tests/dataset.rs.in",
                "example.toml" from "dataset/example.toml.in",
            ],
        }
    }
}

/// The files of a new crate: paths within its folder, and their contents.
pub(crate) fn new_crate(name: &CrateName, kind: Kind, origin: &Origin) -> anyhow::Result<Vec<(String, String)>> {
    let conformance = match kind {
        Kind::LowerBound | Kind::UpperBound => {
            format!("ebm-conformance = {{ {} }}\n", origin.dependency("ebm-conformance")?)
        }
        _ => String::new(),
    };
    let values = [
        ("{{name}}", name.kebab().to_string()),
        ("{{crate}}", name.identifier()),
        ("{{Type}}", name.type_name()),
        ("{{kind}}", kind.words().into()),
        ("{{about}}", kind.about().into()),
        ("{{ebm-core}}", origin.dependency("ebm-core")?),
        ("{{ebm-cli}}", origin.dependency("ebm-cli")?),
        ("{{ebm-conformance}}", conformance),
        ("{{edition}}", EDITION.into()),
        ("{{rust-version}}", RUST_VERSION.into()),
        ("{{profiles}}", PROFILES.into()),
    ];
    let fill = |text: &str| {
        let text = text.to_string();
        values.iter().fold(text, |text, (key, value)| text.replace(key, value))
    };
    let filled = COMMON.into_iter().chain(kind.files());
    let filled = filled.map(|(path, text)| (path.to_string(), fill(text)));
    let lock = origin.lock()?.map(|lock| ("Cargo.lock".to_string(), lock));
    Ok(filled.chain(lock).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::Table;

    const KINDS: [Kind; 5] = [Kind::LowerBound, Kind::UpperBound, Kind::Energy, Kind::Generator, Kind::Dataset];

    fn files(kind: Kind) -> Vec<(String, String)> {
        let name = CrateName::new("my-first-one", &[]).unwrap();
        new_crate(&name, kind, &Origin::Registry).unwrap()
    }

    #[test]
    fn every_placeholder_is_filled_in_and_every_manifest_parses() {
        for (path, text) in KINDS.into_iter().flat_map(files) {
            assert!(!text.contains("{{") && !text.contains("}}"), "{path}: {text}");
            if path.ends_with(".toml") {
                text.parse::<Table>().unwrap_or_else(|error| panic!("{path}: {error}"));
            }
        }
    }

    #[test]
    fn a_simple_bound_is_at_most_60_lines_with_its_options_and_its_registration() {
        for kind in [Kind::LowerBound, Kind::UpperBound] {
            let files = files(kind);
            let sources = files.iter().filter(|(path, _)| path.starts_with("src/"));
            let of_the_bound = sources.filter(|(path, _)| path != "src/main.rs");
            let lines: usize = of_the_bound.map(|(_, text)| text.lines().count()).sum();
            assert!((1..=60).contains(&lines), "{kind:?}: {lines} lines");
        }
    }

    #[test]
    fn only_the_program_depends_on_the_command_line() {
        for kind in KINDS {
            let manifest: Table = files(kind)[0].1.parse().unwrap();
            assert_eq!(manifest["dependencies"]["ebm-cli"]["optional"].as_bool(), Some(true));
            assert!(manifest["features"].get("default").is_none(), "{kind:?}");
            assert!(manifest["dev-dependencies"].get("ebm-cli").is_none(), "{kind:?}");
        }
    }

    #[test]
    fn versions_are_those_of_this_workspace() {
        let workspace: Table = include_str!("../../../Cargo.toml").parse().unwrap();
        let dependencies = &workspace["workspace"]["dependencies"];
        assert_eq!(workspace["workspace"]["package"]["edition"].as_str(), Some(EDITION));
        assert_eq!(CARGO_CONFIG, include_str!("../../../.cargo/config.toml"));
        let ours: Table = files(Kind::LowerBound)[0].1.parse().unwrap();
        for name in ["schemars", "typetag"] {
            let there = &dependencies[name];
            let version = there.get("version").unwrap_or(there);
            assert_eq!(&ours["dependencies"][name], version, "{name}");
        }
        assert_eq!(ours["profile"], workspace["profile"]);
    }
}
