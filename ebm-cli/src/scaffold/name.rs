//! Names of new bounds' crates.

use thiserror::Error;

/// Longest name: it becomes a folder, a file and a type.
const LONGEST: usize = 64;

/// Names that a crate cannot have in Rust: its keywords, and the crates that are always there.
const RESERVED: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// The crates that a bound's crate depends on.
const DEPENDENCIES: &[&str] = &[
    "ebm-core",
    "ebm-cli",
    "dfdx",
    "schemars",
    "serde",
    "serde-json",
    "typetag",
];

/// Types that the template's files use by these names.
const TYPES: &[&str] = &[
    "BoundError",
    "Box",
    "ConfigError",
    "EnergySituation",
    "EnergyView",
    "Err",
    "Estimate",
    "GeneratorView",
    "Geometry",
    "Guarantee",
    "JsonSchema",
    "Level",
    "LinearGaussian",
    "LowerBound",
    "LowerBoundConfig",
    "LowerBoundSpec",
    "Measurement",
    "Need",
    "None",
    "Ok",
    "Option",
    "Parts",
    "QuadraticEnergy",
    "Random",
    "Real",
    "Result",
    "Runtime",
    "SharedTape",
    "Some",
    "String",
    "Target",
    "UpperBound",
    "UpperBoundConfig",
    "UpperBoundSpec",
    "Vec",
];

/// Why a name cannot be a bound's.
#[derive(Debug, Error, PartialEq)]
pub(crate) enum NameError {
    /// Not the form of a crate's name.
    #[error(
        "{0:?} is no name of a bound: expected at most {LONGEST} small letters, digits and single hyphens, a letter first"
    )]
    Form(String),
    /// Rust or the template has it already.
    #[error("{name:?} is no name of a bound: {owner} has it already; take another")]
    Taken {
        /// The name.
        name: String,
        /// Who has it.
        owner: String,
    },
}

/// The name of a bound and of its crate, in kebab case.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CrateName(String);

impl CrateName {
    /// Checks a name; `registered` are the names of bounds and of their crates that are there, with who has them.
    ///
    /// # Errors
    /// If it is not in kebab case, or taken.
    pub fn new(name: &str, registered: &[(String, String)]) -> Result<Self, NameError> {
        let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let good =
            name.starts_with(|c: char| c.is_ascii_lowercase()) && name.len() <= LONGEST && name.split('-').all(part);
        if !good {
            return Err(NameError::Form(name.into()));
        }
        let named = Self(name.into());
        let registered = registered.iter().find(|(taken, _)| taken == name);
        let owner = match registered {
            Some((_, owner)) => Some(owner.clone()),
            None if RESERVED.contains(&name) => Some("Rust".into()),
            None if DEPENDENCIES.contains(&name) => Some("a crate that the bound depends on".into()),
            None if TYPES.contains(&named.type_name().as_str()) => {
                Some(format!("ebm-core, as the type {},", named.type_name()))
            }
            None => None,
        };
        match owner {
            None => Ok(named),
            Some(owner) => Err(NameError::Taken {
                name: name.into(),
                owner,
            }),
        }
    }

    /// As it is written in a manifest and in configurations: `noise-floor`.
    pub fn kebab(&self) -> &str {
        &self.0
    }

    /// As the crate is called in Rust: `noise_floor`.
    pub fn identifier(&self) -> String {
        self.0.replace('-', "_")
    }

    /// As a type is called: `NoiseFloor`.
    pub fn type_name(&self) -> String {
        let capital = |part: &str| -> String {
            let mut letters = part.chars();
            letters
                .next()
                .map(|c| c.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect()
        };
        self.0.split('-').map(capital).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_in_the_three_ways_it_is_written() {
        let name = CrateName::new("noise-floor-2d", &[]).unwrap();
        assert_eq!(name.kebab(), "noise-floor-2d");
        assert_eq!(name.identifier(), "noise_floor_2d");
        assert_eq!(name.type_name(), "NoiseFloor2d");
    }

    #[test]
    fn what_is_no_crate_name_is_refused() {
        let long = "a".repeat(LONGEST + 1);
        for name in [
            "", "-", "a--b", "a-", "-a", "2d", "Noise", "a_b", "a b", "a/b", "é", "..", &long,
        ] {
            assert_eq!(CrateName::new(name, &[]), Err(NameError::Form(name.into())));
        }
    }

    #[test]
    fn what_is_taken_is_refused_with_who_has_it() {
        let registered = [("gp".to_string(), "bounds-gp 0.1.0".to_string())];
        for (name, owner) in [
            ("gp", "bounds-gp 0.1.0"),
            ("match", "Rust"),
            ("serde", "depends on"),
            ("lower-bound", "LowerBound"),
        ] {
            let error = CrateName::new(name, &registered).unwrap_err().to_string();
            assert!(error.contains(owner) && error.contains(name), "{error}");
        }
    }
}
