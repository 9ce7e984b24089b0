//! One configuration for every pair of bounds.

use ebm_core::registry::{LowerBoundConfig, Registered, UpperBoundConfig};
use ebm_train::Objective;
use figment::value::{Dict, Value};
use std::collections::BTreeMap;
use std::path::Path;

use super::comparison::{COMPARE, Comparison, NamedBound};
use super::fault::ConfigFault;
use super::layers::{KIND, Layers, Merged, PREFIX};
use super::origin::Origin;
use super::resolve::Resolved;
use super::{environment, suggest, value};

/// The configurations of a comparison: one file, for every pair of bounds and every seed.
///
/// Of a pair, the values are taken from the highest of: `--set`, the environment, `[compare.pair]` (the closest pattern
/// highest), `[compare.lower]` and `[compare.upper]`, the rest of the file, the defaults.
#[derive(Clone, Debug)]
pub struct Grid {
    file: Layers,
    variables: Vec<(String, String)>,
    assignments: Vec<String>,
    section: Comparison,
    base: Resolved,
}

impl Grid {
    /// Reads a file, the process's environment and `--set` assignments.
    ///
    /// # Errors
    /// The first fault found; the file must also be a good configuration by itself.
    pub fn load(path: &Path, assignments: &[String]) -> Result<Self, ConfigFault> {
        Self::of(Layers::default().file(path)?, environment(), assignments)
    }

    fn of(file: Layers, variables: Vec<(String, String)>, assignments: &[String]) -> Result<Self, ConfigFault> {
        let all = file.clone().environment(variables.clone()).sets(assignments)?;
        let base = all.resolve()?;
        Ok(Self {
            file,
            variables,
            assignments: assignments.to_vec(),
            section: Comparison::read(&base.merged)?,
            base,
        })
    }

    /// The configuration by itself.
    pub fn base(&self) -> &Resolved {
        &self.base
    }

    /// Another configuration to compare with: its own file, and of the environment and the `--set` assignments what they
    /// say of anything but bounds.
    ///
    /// # Errors
    /// The first fault found.
    pub fn baseline(&self, path: &Path) -> Result<Resolved, ConfigFault> {
        let key = |name: &str| {
            name.strip_prefix(PREFIX)
                .map(|key| key.to_lowercase().replace("__", "."))
        };
        let variables = self
            .variables
            .iter()
            .filter(|(name, _)| !key(name).is_some_and(|key| of_bounds(&key)));
        let assignments: Vec<_> = self
            .assignments
            .iter()
            .filter(|text| !of_bounds(text))
            .cloned()
            .collect();
        Layers::default()
            .file(path)?
            .environment(variables.cloned())
            .sets(&assignments)?
            .resolve()
    }

    /// The names of the lower and upper bounds to compare: those given, or the configuration's own.
    ///
    /// # Errors
    /// What is wrong with the first name that cannot be used.
    pub fn names(&self, lower: &[String], upper: &[String]) -> Result<(Vec<String>, Vec<String>), String> {
        Ok((
            self.side::<dyn LowerBoundConfig>("lower", lower, &self.section.lower)?,
            self.side::<dyn UpperBoundConfig>("upper", upper, &self.section.upper)?,
        ))
    }

    fn side<C: Registered + ?Sized>(
        &self,
        side: &str,
        given: &[String],
        own: &BTreeMap<String, NamedBound>,
    ) -> Result<Vec<String>, String> {
        if given.is_empty() {
            let key = format!("{side}.{KIND}");
            let kind = self.base.merged.find(&key).and_then(Value::as_str);
            return Ok(kind.map(str::to_string).into_iter().collect());
        }
        let names = Comparison::names::<C>(own);
        for (place, name) in given.iter().enumerate() {
            if !names.contains(name) {
                let hint = suggest::hint(name, &names);
                return Err(format!("--{side} {name}: there is no {} of this name; {hint}", C::KIND));
            }
            if given[..place].contains(name) {
                return Err(format!("--{side}: {name} is named twice"));
            }
        }
        Ok(given.to_vec())
    }

    /// The configuration of a pair and a seed. The names are those that [`Grid::names`] let pass.
    ///
    /// # Errors
    /// The first fault found.
    pub fn resolve(&self, lower: &str, upper: &str, seed: u64) -> Result<Resolved, ConfigFault> {
        let section = &self.section;
        let sides = [
            ("lower", lower, section.lower.get(lower)),
            ("upper", upper, section.upper.get(upper)),
        ];
        let mut layers = self.file.clone();
        for (side, name, own) in sides {
            let kind = own.map_or(name, |own| &own.kind);
            let chosen = |mut table: Dict| {
                table.insert(KIND.into(), Value::from(kind));
                Dict::from([(side.to_string(), Value::from(table))])
            };
            layers = layers.above(Origin::Section(format!("--{side} {name}")), chosen(Dict::new()));
            if let Some(own) = own {
                layers = layers.above(own.origin.clone(), chosen(own.options.clone()));
            }
        }
        for pair in section.pairs.iter().filter(|pair| pair.fits(lower, upper)) {
            layers = layers.above(pair.origin.clone(), pair.values.clone());
        }
        let seed = Dict::from([("seed".to_string(), Value::from(seed))]);
        let resolved = layers
            .environment(self.variables.iter().cloned())
            .sets(&self.assignments)?
            .above(Origin::Section("--seed-start".into()), seed)
            .resolve()?;
        for (side, name, own) in sides {
            let kind = own.map_or(name, |own| &own.kind);
            let expected = format!("{kind:?}: a comparison takes its bounds from --lower and --upper");
            demand(&resolved.merged, &format!("{side}.{KIND}"), kind, &expected)?;
        }
        match resolved.config.train.objective {
            Objective::Bidirectional => Ok(resolved),
            _ => Err(fault(
                &resolved.merged,
                "train.objective",
                "\"bidirectional\": a comparison is one of bounds",
            )),
        }
    }
}

/// Whether a key is about the bounds, which a baseline has of its own.
fn of_bounds(key: &str) -> bool {
    let first = key.split(['.', '=']).next().unwrap_or(key).trim();
    ["lower", "upper", COMPARE].contains(&first)
}

fn demand(merged: &Merged, key: &str, wanted: &str, expected: &str) -> Result<(), ConfigFault> {
    match merged.find(key).and_then(Value::as_str) == Some(wanted) {
        true => Ok(()),
        false => Err(fault(merged, key, expected)),
    }
}

fn fault(merged: &Merged, key: &str, expected: &str) -> ConfigFault {
    ConfigFault::Value {
        origin: merged.blame(key),
        key: key.into(),
        value: merged.find(key).map_or_else(|| "nothing".into(), value::text),
        expected: expected.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let file = Layers::default().toml(Origin::File("run.toml".into()), text)?;
        let assignments: Vec<_> = assignments.iter().map(|text| text.to_string()).collect();
        Grid::of(file, Vec::new(), &assignments)
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
        assert_eq!(
            (shown(&resolved, "train.steps"), shown(&resolved, "upper.weight")),
            ("99".into(), "9".into())
        );
        assert_eq!(
            resolved.merged.origin("train.batch").unwrap().to_string(),
            "run.toml [compare.pair.*+zero-gp]"
        );
    }

    #[test]
    fn names_are_kinds_or_tables_of_the_section() {
        let grid = grid(FILE, &[]).unwrap();
        let names = |text: &[&str]| text.iter().map(|t| t.to_string()).collect::<Vec<_>>();
        assert_eq!(grid.names(&[], &[]).unwrap(), (names(&["sv"]), names(&["gp"])));
        let given = (names(&["sv", "sv-smallest"]), names(&["none", "zero-gp"]));
        assert_eq!(grid.names(&given.0, &given.1).unwrap(), given);
        let refused = |lower: &[&str]| grid.names(&names(lower), &[]).unwrap_err();
        assert_eq!(
            refused(&["sv-smalest"]),
            "--lower sv-smalest: there is no lower bound of this name; did you mean `sv-smallest`?"
        );
        assert!(refused(&["sv", "sv"]).contains("twice"));
    }

    #[test]
    fn a_fault_in_the_section_is_told_with_its_place_in_every_use_of_the_file() {
        for (text, parts) in [
            ("[compare.lowre.sv]", &["compare.lowre", "did you mean `lower`?"][..]),
            (
                "[compare.lower.sw]",
                &["compare.lower.sw", "\"sw\"", "did you mean `sv`?"],
            ),
            (
                "[compare.upper.gp]\nwieght = 1",
                &["compare.upper.gp.wieght", "did you mean `weight`?"],
            ),
            (
                "[compare.upper.gp]\nweight = \"x\"",
                &["compare.upper.gp.weight = \"x\""],
            ),
            ("[compare.pair.sv]\nseed = 1", &["compare.pair.sv", "lower+upper"]),
            ("[compare.pair.\"sv+pg\"]", &["\"pg\"", "did you mean `gp`?"]),
            (
                "[compare.pair.\"sv+gp\"]\nseed = 1",
                &["compare.pair.sv+gp.seed", "unknown key"],
            ),
            ("[compare]\nlower = 3", &["compare.lower = 3", "a table"]),
        ] {
            let fault = grid(text, &[]).unwrap_err().to_string();
            for part in parts.iter().chain(&["run.toml"]) {
                assert!(fault.contains(part), "{text}: {part:?} is not in {fault}");
            }
        }
    }

    #[test]
    fn a_fault_of_a_pair_names_the_table_it_is_from() {
        let text = "[compare.pair.\"sv+gp\"]\ntrain.stepz = 1\n[compare.upper.zero-gp]\nweight = -1";
        let grid = grid(text, &[]).unwrap();
        let fault = |upper: &str| grid.resolve("sv", upper, 0).unwrap_err().to_string();
        assert_eq!(
            fault("gp"),
            "run.toml [compare.pair.sv+gp]: train.stepz: unknown key; did you mean `steps`?"
        );
        assert!(
            fault("zero-gp").starts_with("run.toml [compare.upper.zero-gp]: upper.weight = -1"),
            "{}",
            fault("zero-gp")
        );
    }

    #[test]
    fn the_bounds_of_a_comparison_are_not_set_by_other_means() {
        for assignment in ["upper=none", "train.objective=maximum-likelihood"] {
            let grid = grid("", &[assignment]).unwrap();
            let fault = grid.resolve("sv", "gp", 0).unwrap_err().to_string();
            assert!(fault.starts_with(&format!("--set {assignment}: ")), "{fault}");
        }
    }
}
