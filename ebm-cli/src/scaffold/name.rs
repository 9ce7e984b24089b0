use anyhow::{Result, bail};

/// Longest name: it becomes a folder, a file and a type.
const LONGEST: usize = 64;

/// Names that a crate cannot have in Rust: its keywords, and the crates that are always there.
const RESERVED: &str = "abstract alloc as async await become box break const continue core crate do dyn else enum extern \
    false final fn for gen if impl in let loop macro match mod move mut override priv proc-macro pub ref return self static \
    std struct super test trait true try type typeof unsafe unsized use virtual where while yield";

/// The crates that a new crate depends on.
const DEPENDENCIES: &str = "ebm-core ebm-kernels ebm-models ebm-train ebm-data ebm-eval ebm-conformance ebm-cli dfdx schemars \
    serde serde-json typetag";

/// Types that the templates use by these names.
const TYPES: &str = "BoundError Box ConfigError Context DataError Dataset DatasetConfig DatasetSpec Energy EnergyConfig \
    EnergySituation EnergySpec EnergyView Err Estimate Findings Generator GeneratorConfig GeneratorSpec GeneratorView Geometry \
    Guarantee JsonSchema Level LinearGaussian LowerBound LowerBoundConfig LowerBoundSpec Measurement Metric MetricValue Need \
    None Ok Option Parts Path QuadraticEnergy Random Real Reason Result Runtime SharedTape Some String Target Unit UpperBound \
    UpperBoundConfig UpperBoundSpec Vec";

fn lists(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|one| one == word)
}

/// The name of a component and of its crate, in kebab case.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CrateName(String);

impl CrateName {
    /// Checks a name against those of registered components and their crates, given with their owners.
    pub fn new(name: &str, registered: &[(String, String)]) -> Result<Self> {
        let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let good =
            name.starts_with(|c: char| c.is_ascii_lowercase()) && name.len() <= LONGEST && name.split('-').all(part);
        if !good {
            bail!(
                "{name:?} is no name of a crate: expected at most {LONGEST} small letters, digits and single hyphens, a letter first"
            );
        }
        let named = Self(name.into());
        let owner = match registered.iter().find(|(taken, _)| taken == name) {
            Some((_, owner)) => owner.clone(),
            None if lists(RESERVED, name) => "Rust".into(),
            None if lists(DEPENDENCIES, name) => "a crate that it depends on".into(),
            None if lists(TYPES, &named.type_name()) => format!("ebm-core, as the type {},", named.type_name()),
            None => return Ok(named),
        };
        bail!("{name:?} is no name of a new crate: {owner} has it already; take another")
    }

    /// The name in a manifest and in configurations: `noise-floor`.
    pub fn kebab(&self) -> &str {
        &self.0
    }

    /// The name of the crate in Rust: `noise_floor`.
    pub fn identifier(&self) -> String {
        self.0.replace('-', "_")
    }

    /// The name of the type: `NoiseFloor`.
    pub fn type_name(&self) -> String {
        let capital = |part: &str| part[..1].to_ascii_uppercase() + &part[1..];
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
        for name in ["", "-", "a--b", "a-", "-a", "2d", "Noise", "a_b", "a b", "a/b", "é", "..", &long] {
            let error = CrateName::new(name, &[]).unwrap_err().to_string();
            assert!(error.contains("is no name of a crate"), "{error}");
        }
    }

    #[test]
    fn what_is_taken_is_refused_with_who_has_it() {
        let registered = [("gp".to_string(), "bounds-gp 0.1.0".to_string())];
        for (name, owner) in
            [("gp", "bounds-gp 0.1.0"), ("match", "Rust"), ("serde", "depends on"), ("lower-bound", "LowerBound")]
        {
            let error = CrateName::new(name, &registered).unwrap_err().to_string();
            assert!(error.contains(owner) && error.contains(name), "{error}");
        }
    }
}
