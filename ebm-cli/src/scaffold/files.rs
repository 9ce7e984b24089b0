//! The templates of new crates, filled in. `templates/README.md` explains the placeholders.

use super::{CrateName, Origin};

/// The edition that the templates are written in.
pub(crate) const EDITION: &str = "2024";

/// Compiler options for the machine that builds, as a `.cargo/config.toml`.
pub(crate) const CARGO_CONFIG: &str = include_str!("../../templates/common/.cargo/config.toml.in");

/// Compiler options for numerical code, a manifest's end: this workspace's, to share compiled dependencies with it.
pub(crate) const PROFILES: &str = include_str!("../../templates/common/profiles.toml.in");

macro_rules! template {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../../templates/", $folder, "/", $path, ".in")))),+]
    };
}

/// Files of every crate.
const COMMON: [(&str, &str); 6] = template![
    "common": "Cargo.toml", "README.md", ".gitignore", "rustfmt.toml", ".cargo/config.toml", "src/main.rs",
];

/// The dependencies of what has options.
const WITH_OPTIONS: &str =
    "schemars = \"1\"\nserde = { version = \"1\", features = [\"derive\"] }\ntypetag = \"0.2\"\n";

/// A kind of component that there is a template for.
#[derive(Debug)]
pub(crate) struct Kind {
    pub words: &'static str,
    /// What the template's component computes.
    about: &'static str,
    /// The files of its own: paths within the crate, and texts.
    files: [(&'static str, &'static str); 3],
    /// Its dependencies beside `ebm-core`, in TOML.
    dependencies: &'static str,
    dev_dependencies: &'static str,
}

impl Kind {
    pub const LOWER_BOUND: Self = Self {
        words: "lower bound",
        about: "the entropy of the generator's noise,\n`D/2 ln(2 pi e sigma^2)`, certified for every generator with noise.",
        files: template!["bound/lower": "src/lib.rs", "tests/bound.rs", "example.toml"],
        dependencies: WITH_OPTIONS,
        dev_dependencies: "ebm-conformance = { {{ebm-conformance}} }\nserde_json = \"1\"\n",
    };
    pub const UPPER_BOUND: Self = Self {
        words: "upper bound",
        about: "a penalty on the size of the energy,\n`weight (E_data[E^2] + E_pg[E^2])`, heuristic: it keeps training calm and \
                bounds nothing.",
        files: template!["bound/upper": "src/lib.rs", "tests/bound.rs", "example.toml"],
        ..Self::LOWER_BOUND
    };
    pub const ENERGY: Self = Self {
        words: "energy",
        about: "a quadratic, so that the model is a Gaussian.",
        files: template!["energy": "src/lib.rs", "tests/energy.rs", "example.toml"],
        dependencies: WITH_OPTIONS,
        dev_dependencies: "serde_json = \"1\"\n",
    };
    pub const GENERATOR: Self = Self {
        words: "generator",
        about: "an affine map of the latents, with noise.",
        files: template!["generator": "src/lib.rs", "tests/generator.rs", "example.toml"],
        ..Self::ENERGY
    };
    pub const DATASET: Self = Self {
        words: "data set",
        about: "points around a circle in the plane.",
        files: template!["dataset": "src/lib.rs", "tests/dataset.rs", "example.toml"],
        ..Self::ENERGY
    };
    pub const METRIC: Self = Self {
        words: "metric",
        about: "how far the spread of generated samples is from that of the data.",
        files: template!["metric": "src/lib.rs", "tests/metric.rs", "example.toml"],
        dependencies: "ebm-eval = { {{ebm-eval}} }\n",
        dev_dependencies: "ebm-train = { {{ebm-train}} }\n",
    };
}

/// The files of a new crate: paths within its folder, and their contents.
pub(crate) fn new_crate(name: &CrateName, kind: &Kind, origin: &Origin) -> anyhow::Result<Vec<(String, String)>> {
    let mut values: Vec<(&str, String)> = vec![
        ("{{dependencies}}", kind.dependencies.into()),
        ("{{dev-dependencies}}", kind.dev_dependencies.into()),
        ("{{name}}", name.kebab().into()),
        ("{{crate}}", name.identifier()),
        ("{{Type}}", name.type_name()),
        ("{{kind}}", kind.words.into()),
        ("{{about}}", kind.about.into()),
        ("{{edition}}", EDITION.into()),
        ("{{rust-version}}", env!("CARGO_PKG_RUST_VERSION").into()),
        ("{{profiles}}", PROFILES.into()),
    ];
    for placeholder in ["{{ebm-core}}", "{{ebm-cli}}", "{{ebm-conformance}}", "{{ebm-eval}}", "{{ebm-train}}"] {
        values.push((placeholder, origin.dependency(placeholder.trim_matches(['{', '}']))?));
    }
    let fill = |text: &str| values.iter().fold(text.to_string(), |text, (key, value)| text.replace(key, value));
    let filled = COMMON.into_iter().chain(kind.files).map(|(path, text)| (path.to_string(), fill(text)));
    let lock = origin.lock()?.map(|lock| ("Cargo.lock".to_string(), lock));
    Ok(filled.chain(lock).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::Table;

    const KINDS: [&Kind; 6] =
        [&Kind::LOWER_BOUND, &Kind::UPPER_BOUND, &Kind::ENERGY, &Kind::GENERATOR, &Kind::DATASET, &Kind::METRIC];

    fn files(kind: &Kind) -> Vec<(String, String)> {
        let name = CrateName::new("my-first-one", &[]).unwrap();
        new_crate(&name, kind, &Origin::Registry).unwrap()
    }

    #[test]
    fn every_placeholder_is_filled_in_and_only_the_program_depends_on_the_command_line() {
        for kind in KINDS {
            let files = files(kind);
            for (path, text) in &files {
                assert!(!text.contains("{{") && !text.contains("}}"), "{path}: {text}");
                if path.ends_with(".toml") {
                    text.parse::<Table>().unwrap_or_else(|error| panic!("{path}: {error}"));
                }
            }
            let manifest: Table = files[0].1.parse().unwrap();
            assert_eq!(manifest["dependencies"]["ebm-cli"]["optional"].as_bool(), Some(true));
            assert!(manifest["features"].get("default").is_none(), "{kind:?}");
            assert!(manifest["dev-dependencies"].get("ebm-cli").is_none(), "{kind:?}");
        }
    }

    #[test]
    fn a_simple_bound_is_at_most_60_lines_with_its_options_and_its_registration() {
        for kind in [Kind::LOWER_BOUND, Kind::UPPER_BOUND] {
            let (path, text) = kind.files[0];
            let lines = text.lines().count();
            assert!(path == "src/lib.rs" && (1..=60).contains(&lines), "{}: {lines} lines", kind.words);
        }
    }

    #[test]
    fn versions_are_those_of_this_workspace() {
        let workspace: Table = include_str!("../../../Cargo.toml").parse().unwrap();
        let dependencies = &workspace["workspace"]["dependencies"];
        assert_eq!(workspace["workspace"]["package"]["edition"].as_str(), Some(EDITION));
        assert_eq!(CARGO_CONFIG, include_str!("../../../.cargo/config.toml"));
        let mut ours: Table = files(&Kind::LOWER_BOUND)[0].1.parse().unwrap();
        for name in ["schemars", "typetag"] {
            let there = &dependencies[name];
            let version = there.get("version").unwrap_or(there);
            assert_eq!(&ours["dependencies"][name], version, "{name}");
        }
        // This workspace's own crates are dependencies there.
        let packages = ours["profile"]["dev"]["package"].as_table_mut().unwrap();
        packages.retain(|name, _| !name.starts_with("ebm-"));
        assert_eq!(ours["profile"], workspace["profile"]);
    }
}
