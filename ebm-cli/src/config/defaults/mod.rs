//! Defaults that suit the data: what a file that names no part of a model resolves to.
//!
//! They stand between the program's defaults and the file, as a whole or not at all: a file with `[generator]`, `[energy]`,
//! `[lower]` or `[upper]` means what it says, whatever its data. A run keeps the values, not the choice.

mod image;
mod plane;
mod table;

use ebm_core::data::Dataset;
use ebm_core::image::ImageShape;
use ebm_core::random::Random;
use ebm_core::registry::DatasetConfig;
use figment::value::Value;
use std::path::Path;

use super::fault::{ConfigFault, Origin};
use super::layers::{Layers, Merged};
use super::value;

/// The number of training rows below which settings for few of them apply.
const FEW: usize = 1_000;

/// The facts about data that choose the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Number of dimensions, `D`.
    pub width: usize,
    /// Number of samples to train on, if finite.
    pub rows: Option<usize>,
    /// The shape of the images that the samples are, if they are.
    pub image: Option<ImageShape>,
}

impl Facts {
    /// The facts about a data set.
    pub fn of(data: &dyn Dataset) -> Self {
        Self { width: data.width(), rows: data.len(), image: data.image() }
    }

    /// The kind of data, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self { image: Some(_), .. } => "images",
            Self { width: 0..=2, .. } => "data in the plane",
            _ => "tables",
        }
    }

    /// The settings for such data: a part of a configuration file, with comments that say why.
    pub fn settings(&self) -> String {
        match self.image {
            Some(shape) => image::settings(self, shape),
            None if self.width <= 2 => plane::settings(self),
            None => table::settings(self),
        }
    }

    /// Puts the settings between the program's defaults and what stands above them.
    pub(super) fn beneath(&self, file: Layers) -> Result<Layers, ConfigFault> {
        let origin = Origin::Fitted(self.kind());
        let table = Layers::table(&origin, &self.settings())?;
        Ok(file.beneath(origin, value::of_table(table)))
    }

    /// Samples a step: `most`, or all there are.
    fn batch(&self, most: usize) -> usize {
        self.rows.map_or(most, |rows| rows.clamp(2, most))
    }

    /// Whether there are few samples that are no images, for which networks are smaller and steps fewer.
    pub fn is_small(&self) -> bool {
        self.image.is_none() && self.rows.is_some_and(|rows| rows < FEW)
    }
}

/// Puts the defaults for the data of `whole`, which is `file` and all that stands above it, beneath the file. A file that
/// names a part of a model stays as it is, and so does one whose data cannot be read: loading them will say why.
pub(super) fn beneath(file: Layers, whole: Layers, folder: &Path) -> Result<Layers, ConfigFault> {
    if file.has_model() {
        return Ok(file);
    }
    match facts(&whole.merge(), folder) {
        Some(facts) => facts.beneath(file),
        None => Ok(file),
    }
}

/// The folder that relative paths of data start from: the one that is named, or else that of the configuration.
pub(super) fn folder<'a>(file: &'a Path, named: Option<&'a Path>) -> &'a Path {
    named.or(file.parent()).unwrap_or(Path::new(""))
}

fn facts(merged: &Merged, folder: &Path) -> Option<Facts> {
    let Some(Value::Dict(_, table)) = merged.values.get("data") else { return None };
    let (_, config) = merged.component::<dyn DatasetConfig>("data", table, None).ok()?;
    config.check().ok()?;
    // Neither the width nor the number of rows depends on the seed.
    let data = config.load(folder, Random::new(0)).ok()?;
    Some(Facts::of(&*data))
}

/// How the players of data in columns are trained.
const PLAYERS: &str = r#"
[train.energy]
# Averaged weights, and rates that end at 0: the last step is not worse than the one before. A rare large gradient is clipped.
average = 0.999
optimizer = { learning_rate = {energy_rate}, beta1 = 0.0, beta2 = 0.99, epsilon = 1e-8, clip = 10.0 }
schedule = { course = "cosine", warmup = {warmup}, last = 0.0 }

[train.generator]
{generator_steps}average = 0.999
# Twice as fast as the energy, so that its samples follow the model, where the bounds are tight.
optimizer = { learning_rate = {generator_rate}, beta1 = 0.0, beta2 = 0.99, epsilon = 1e-8, clip = 10.0 }
schedule = { course = "cosine", warmup = {warmup}, last = 0.0 }
"#;

/// The length of a run on data in columns, and the learning rates of its energy and its generator.
struct Training {
    steps: usize,
    warmup: usize,
    rates: [&'static str; 2],
    /// A line on the generator's steps, if they are more than one.
    generator_steps: &'static str,
}

impl Training {
    /// The settings of a model with those of its training.
    fn of(&self, model: &str, facts: &Facts) -> String {
        let numbers = [
            ("steps", self.steps),
            ("half_life", self.steps / 5),
            ("evaluate_every", self.steps / 10),
            ("warmup", self.warmup),
            ("batch", facts.batch(256)),
        ];
        let [energy, generator] = self.rates;
        let text = filled(&format!("{model}{PLAYERS}"), &numbers);
        let rates = text.replace("{energy_rate}", energy).replace("{generator_rate}", generator);
        rates.replace("{generator_steps}", self.generator_steps)
    }
}

/// A text with numbers in the places of the names in braces.
fn filled(text: &str, numbers: &[(&str, usize)]) -> String {
    numbers
        .iter()
        .fold(text.to_string(), |text, (name, number)| text.replace(&format!("{{{name}}}"), &number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Resolved;

    fn facts(width: usize, rows: Option<usize>) -> Facts {
        Facts { width, rows, image: None }
    }

    fn images(height: usize, width: usize, channels: usize) -> Facts {
        let image = ImageShape { height, width, channels };
        Facts { width: image.values(), rows: Some(50), image: Some(image) }
    }

    fn resolved(facts: Facts) -> Resolved {
        facts.beneath(Layers::default()).and_then(Layers::resolve).unwrap_or_else(|fault| panic!("{facts:?}: {fault}"))
    }

    fn with_file(text: &str) -> Resolved {
        let file = Layers::default().toml(Origin::File("run.toml".into()), text).unwrap();
        beneath(file.clone(), file, Path::new("")).unwrap().resolve().unwrap()
    }

    fn shown(resolved: &Resolved, key: &str) -> String {
        resolved.merged.find(key).map_or_else(|| "-".into(), value::text)
    }

    #[test]
    fn the_settings_for_every_kind_of_data_are_good_configurations() {
        for width in [1, 2, 3, 10, 11, 300] {
            for rows in [None, Some(2), Some(100), Some(100_000)] {
                let config = resolved(facts(width, rows)).config;
                assert!(rows.is_none_or(|rows| config.train.batch <= rows), "{width} {rows:?}");
                config.generator.check().unwrap();
            }
        }
    }

    #[test]
    fn tables_wider_than_the_networks_get_parts_of_full_rank() {
        for (width, rows, wide) in [(64, None, false), (65, None, true), (32, Some(500), false), (33, Some(500), true)]
        {
            let of = resolved(facts(width, rows));
            let number = |key| shown(&of, key).parse::<f64>().unwrap_or(0.0);
            assert_eq!(shown(&of, "generator.linear"), if wide { "true" } else { "-" }, "{width} {rows:?}");
            // The energy starts as that of a Gaussian with the columns' deviations.
            assert_eq!(number("energy.quadratic") + number("energy.confinement"), 1.0);
        }
    }

    #[test]
    fn the_layers_for_images_of_any_size_end_with_the_image() {
        use ebm_core::geometry::Runtime;
        for (height, width, channels) in
            [(28, 28, 1), (32, 32, 3), (64, 64, 3), (5, 4, 3), (1, 1, 1), (30, 45, 3), (9, 64, 1)]
        {
            let facts = images(height, width, channels);
            let config = resolved(facts).config;
            let g = Runtime { latent: config.generator.latent_width(facts.width), data: facts.width };
            // Building refuses layers that do not fit together.
            config.generator.build_runtime(g, Random::new(0)).unwrap();
            config.energy.build_runtime(g, Random::new(0)).unwrap();
        }
    }

    #[test]
    fn a_file_without_a_model_gets_the_defaults_for_its_data_and_keeps_what_it_says() {
        let of = with_file("data = \"two-moons\"\n[generator]\n[train]\nsteps = 7\nenergy.optimizer.beta1 = 0.5\n");
        assert_eq!(shown(&of, "generator.kind"), "\"flow\"");
        assert_eq!(shown(&of, "train.steps"), "7");
        assert_eq!(shown(&of, "train.energy.optimizer.beta1"), "0.5");
        assert_eq!(of.merged.source("train.steps").to_string(), "run.toml");
        assert_eq!(of.merged.source("train.energy.optimizer.beta2").to_string(), "default for data in the plane");
    }

    #[test]
    fn a_file_that_names_a_part_of_a_model_means_what_it_says() {
        for part in ["generator = \"mlp\"", "[energy]\nhidden = [8]", "lower = \"none\"", "upper.weight = 1.0"] {
            let file = Layers::default().toml(Origin::File("run.toml".into()), part).unwrap();
            let form = |resolved: &Resolved| serde_json::to_value(&resolved.config).unwrap();
            assert_eq!(form(&with_file(part)), form(&file.resolve().unwrap()), "{part}");
        }
    }

    #[test]
    fn what_stands_above_the_file_takes_nothing_over_from_another_kind() {
        let file = Layers::default().toml(Origin::File("run.toml".into()), "").unwrap();
        let above = |layers: Layers| layers.sets(&["upper=none".into(), "generator=mlp".into()]).unwrap();
        let layers = above(beneath(file.clone(), above(file), Path::new("")).unwrap());
        let of = layers.resolve().unwrap();
        assert_eq!(shown(&of, "upper"), "{ kind = \"none\" }");
        assert_eq!(shown(&of, "generator"), "{ kind = \"mlp\" }");
        assert_eq!(shown(&of, "lower.variant"), "\"log-det\"");
    }

    #[test]
    fn data_that_cannot_be_read_leave_the_defaults_of_the_program() {
        let of = with_file("data = { kind = \"csv\", path = \"nowhere.csv\" }");
        assert_eq!(shown(&of, "generator.kind"), "\"mlp\"");
    }
}
