//! One configuration for every pair of bounds.

use ebm_train::Objective;
use figment::value::Value;
use std::path::Path;

use super::comparison::{COMPARE, Comparison};
use super::layers::{KIND, Layers, PREFIX};
use super::points::{Point, Sources};
use super::{defaults, fault::ConfigFault, resolve::Resolved};

/// The configurations of a comparison: one file, for every pair of bounds and every seed.
///
/// The values of a pair are taken from the highest of: `--set`, the environment, `[compare.pair]` (the closest pattern
/// highest), `[compare.lower]` and `[compare.upper]`, the rest of the file, the defaults.
#[derive(Clone, Debug)]
pub struct Grid {
    sources: Sources,
    section: Comparison,
    base: Resolved,
}

impl Grid {
    /// Reads a file, which must be good by itself, the environment and `--set` assignments; fails at the first fault. Relative
    /// paths of data start from the folder of the file, unless `data` names another.
    pub fn load(path: &Path, data: Option<&Path>, assignments: &[String]) -> Result<Self, ConfigFault> {
        Self::of(Sources::new(Layers::default().file(path)?, defaults::folder(path, data), assignments)?)
    }

    fn of(sources: Sources) -> Result<Self, ConfigFault> {
        let base = sources.base()?;
        Ok(Self { section: Comparison::read(&base.merged)?, sources, base })
    }

    /// The configuration by itself.
    pub fn base(&self) -> &Resolved {
        &self.base
    }

    /// Reads another configuration to compare with: its own file, and those values of the environment and of the
    /// `--set` assignments that do not concern the bounds. Fails at the first fault.
    pub fn baseline(&self, path: &Path, data: Option<&Path>) -> Result<Resolved, ConfigFault> {
        let mut sources = Sources { below: Layers::default().file(path)?, ..self.sources.clone() };
        sources.variables.retain(|(name, _)| {
            let key = name.strip_prefix(PREFIX).unwrap_or_default();
            !of_bounds(&key.to_lowercase().replace("__", "."))
        });
        sources.assignments.retain(|text| !of_bounds(text));
        sources.fitted(defaults::folder(path, data))?.base()
    }

    /// The names of the lower and upper bounds to compare: those given, or the configuration's own. An error describes the
    /// first that cannot be used.
    pub fn names(&self, lower: &[String], upper: &[String]) -> Result<[Vec<String>; 2], String> {
        Ok([self.side(0, lower)?, self.side(1, upper)?])
    }

    fn side(&self, side: usize, given: &[String]) -> Result<Vec<String>, String> {
        let side = &self.section.sides[side];
        if given.is_empty() {
            let kind = self.base.merged.find(&format!("{}.{KIND}", side.key));
            return Ok(kind.and_then(Value::as_str).map(str::to_string).into_iter().collect());
        }
        for (place, name) in given.iter().enumerate() {
            let unknown = |hint| format!("--{} {name}: there is no {} of this name; {hint}", side.key, side.noun);
            side.known(name).map_err(unknown)?;
            if given[..place].contains(name) {
                return Err(format!("--{}: {name} is named twice", side.key));
            }
        }
        Ok(given.to_vec())
    }

    /// The configuration of a pair, named as [`Grid::names`] accepted, and a seed; fails at the first fault.
    pub fn resolve(&self, lower: &str, upper: &str, seed: u64) -> Result<Resolved, ConfigFault> {
        let pair = [lower, upper];
        let chosen = self.section.sides.iter().zip(pair);
        let point = Point {
            values: chosen.map(|(side, name)| (format!("{}.{KIND}", side.key), side.kind(name).into())).collect(),
            layers: self.section.layers(pair),
            reason: "a comparison takes its bounds from --lower and --upper",
        };
        let resolved = self.sources.resolve(&point, seed)?;
        match resolved.config.train.objective {
            Objective::Bidirectional => Ok(resolved),
            _ => Err(resolved.merged.wrong("train.objective", "\"bidirectional\": a comparison is one of bounds")),
        }
    }
}

/// Whether a key concerns the bounds; a baseline has bounds of its own.
fn of_bounds(key: &str) -> bool {
    let first = key.split(['.', '=']).next().unwrap_or(key).trim();
    ["lower", "upper", COMPARE].contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Origin, value};

    const FILE: &str = r#"
[lower]
kind = "sv"
variant = "log-det"

[upper]
kind = "gp"
weight = 0.5

[compare.lower.sv-smallest]
kind = "sv"
variant = "smallest"

[compare.upper.zero-gp]
weight = 7.0

[compare.pair."sv+*"]
train.steps = 11

[compare.pair."*+zero-gp"]
train = { steps = 12, batch = 13 }

[compare.pair."sv+zero-gp"]
energy.confinement = 0.25
upper.weight = 8.0
"#;

    fn grid(text: &str, assignments: &[&str]) -> Result<Grid, ConfigFault> {
        Grid::of(Sources {
            below: Layers::default().toml(Origin::File("run.toml".into()), text)?,
            variables: Vec::new(),
            assignments: assignments.iter().map(|text| text.to_string()).collect(),
        })
    }

    fn shown(resolved: &Resolved, path: &str) -> String {
        resolved.merged.find(path).map_or_else(|| "-".into(), value::text)
    }

    #[test]
    fn the_closest_description_of_a_pair_stands_highest() {
        let grid = grid(FILE, &[]).unwrap();
        for (lower, upper, path, expected) in [
            ("sv", "gp", "upper.weight", "0.5"),
            ("sv", "gp", "lower.variant", "\"log-det\""),
            ("sv-smallest", "gp", "lower.variant", "\"smallest\""),
            ("sv-smallest", "gp", "lower.kind", "\"sv\""),
            ("sv-smallest", "gp", "train.steps", "-"),
            ("sv-smallest", "zero-gp", "upper.weight", "7.0"),
            ("sv-smallest", "zero-gp", "train.steps", "12"),
            ("sv", "zero-gp", "train.steps", "11"),
            ("sv", "zero-gp", "train.batch", "13"),
            ("sv", "zero-gp", "upper.weight", "8.0"),
            ("sv", "zero-gp", "energy.confinement", "0.25"),
            ("sv", "none", "upper.weight", "-"),
            ("none", "none", "lower.variant", "-"),
        ] {
            let resolved = grid.resolve(lower, upper, 3).unwrap();
            assert_eq!(shown(&resolved, path), expected, "{lower}+{upper} {path}");
            assert_eq!(resolved.config.seed, 3);
        }
    }

    #[test]
    fn what_is_set_from_outside_stands_above_the_pairs() {
        let grid = grid(FILE, &["train.steps=99", "compare.upper.zero-gp.weight=9"]).unwrap();
        let resolved = grid.resolve("sv-smallest", "zero-gp", 0).unwrap();
        assert_eq!((shown(&resolved, "train.steps"), shown(&resolved, "upper.weight")), ("99".into(), "9".into()));
        assert_eq!(resolved.merged.source("train.batch").to_string(), "run.toml [compare.pair.*+zero-gp]");
    }

    /// A fault a line: the section with `|` for a line break, and parts of the message.
    const FAULTS: &str = r#"
[compare.lowre.sv] => compare.lowre & did you mean `lower`?
[compare.lower.sw] => compare.lower.sw & "sw" & did you mean `sv`?
[compare.lower."s v"] => compare.lower.s v & letters, digits
[compare.upper.gp] | wieght = 1 => compare.upper.gp.wieght & did you mean `weight`?
[compare.upper.gp] | weight = "x" => compare.upper.gp.weight = "x"
[compare.pair.sv] | seed = 1 => compare.pair.sv & lower+upper
[compare.pair."sv+pg"] => "pg" & did you mean `gp`?
[compare.pair."sv+gp"] | seed = 1 => compare.pair.sv+gp.seed & unknown key
[compare] | lower = 3 => compare.lower = 3 & a table
"#;

    #[test]
    fn a_fault_in_the_section_is_told_with_its_place_in_every_use_of_the_file() {
        for line in FAULTS.trim().lines() {
            let (text, parts) = line.split_once(" => ").unwrap();
            let fault = grid(&text.replace(" | ", "\n"), &[]).unwrap_err().to_string();
            for part in parts.split(" & ").chain(["run.toml"]) {
                assert!(fault.contains(part), "{line}: {part:?} is not in {fault}");
            }
        }
    }

    #[test]
    fn a_fault_of_a_pair_names_the_source_it_is_from() {
        let text = "[compare.pair.\"sv+gp\"]\ntrain.stepz = 1\n[compare.upper.zero-gp]\nweight = -1";
        for (assignment, upper, start) in [
            (None, "gp", "run.toml [compare.pair.sv+gp]: train.stepz: unknown key; did you mean `steps`?"),
            (None, "zero-gp", "run.toml [compare.upper.zero-gp]: upper.weight = -1"),
            // The bounds of a comparison are not set by other means.
            (Some("upper=gp"), "none", "--set upper=gp: upper.kind = \"gp\": expected \"none\": "),
            (Some("train.objective=maximum-likelihood"), "none", "--set train.objective=maximum-likelihood: "),
        ] {
            let grid = grid(text, assignment.as_slice()).unwrap();
            let fault = grid.resolve("sv", upper, 0).unwrap_err().to_string();
            assert!(fault.starts_with(start), "{fault}");
        }
    }
}
