//! `ebm data`: describes the contents of a data set.

use clap::Subcommand;
use ebm_core::image::{Part, level_of};
use ebm_core::{data::Dataset, device::Real, random::Random};
use ebm_data::recognise;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::{collections::HashSet, fmt};

use super::data_warnings::few_rows;
use crate::exit::{Exit, Failure, OrExit};
use crate::output::print_either;

#[derive(Debug, Subcommand)]
pub enum Data {
    /// Read all of a file or folder and describe it: format, images, classes, values, problems
    #[command(after_help = "\
Recognised are folders of MNIST's four files, of CIFAR's binary batches, of NPZ or NPY files, and of PNG,
JPEG, WebP, BMP and TIFF files (with a sub-folder for each class, or without), and files in IDX, NPZ, NPY
and CSV format.

Exit code 4: the data cannot be read or trained on.

Examples:
  ebm data check data/mnist
  ebm data check pictures --json")]
    Check {
        /// File or folder
        path: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

const AT_ONCE: usize = 1000;

/// Most different values of a column that is taken for one of a scale of steps, and fewest samples a value.
const FEW_VALUES: usize = 20;
const REPEATS: f64 = 5.0;

pub fn run(command: &Data) -> Result<Exit, Failure> {
    let Data::Check { path, json } = command;
    let config = recognise(path).or_exit(Exit::Data)?;
    let data = config.load(Path::new(""), Random::new(0)).or_exit(Exit::Data)?;
    let form = serde_json::to_value(&config).or_exit(Exit::Other)?;
    let kind = form["kind"].as_str().unwrap_or_default();
    let found = Found::of(&*data, path, kind);
    data.intact().or_exit(Exit::Data)?;
    print_either(&found, *json)
}

/// The contents of a data set.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    path: String,
    kind: String,
    training: usize,
    validation: usize,
    held_out: usize,
    dimensions: usize,
    /// Height, width and channels of images.
    image: Option<[usize; 3]>,
    /// Classes with their number of images to train on.
    classes: Vec<(String, usize)>,
    /// The values of the training part: by channel for images, with levels 0 to 255 as 0 to 1, by column for tables.
    values: Vec<Values>,
    problems: Vec<String>,
}

/// The values of a channel or column.
#[derive(Clone, Debug, Default, Serialize)]
struct Values {
    name: String,
    smallest: f64,
    largest: f64,
    mean: f64,
    standard_deviation: f64,
    #[serde(skip)]
    count: f64,
    #[serde(skip)]
    squares: f64,
    /// The different values, as bits, while there are few.
    #[serde(skip)]
    different: HashSet<u64>,
}

impl Values {
    fn new(name: String) -> Self {
        Self { name, smallest: f64::INFINITY, largest: f64::NEG_INFINITY, ..Self::default() }
    }

    fn is_constant(&self) -> bool {
        self.smallest == self.largest
    }

    /// Whether the values are few different ones, each of them often.
    fn has_steps(&self) -> bool {
        let different = self.different.len();
        !self.is_constant() && different <= FEW_VALUES && self.count >= REPEATS * different as f64
    }

    fn add(&mut self, value: f64) {
        if self.different.len() <= FEW_VALUES {
            self.different.insert(value.to_bits());
        }
        self.smallest = self.smallest.min(value);
        self.largest = self.largest.max(value);
        self.count += 1.0;
        let away = value - self.mean;
        self.mean += away / self.count;
        self.squares += away * (value - self.mean);
        self.standard_deviation = (self.squares / self.count).sqrt();
    }
}

impl Found {
    /// Whether there is a column of few different values.
    pub(super) fn has_steps(&self) -> bool {
        self.image.is_none() && self.values.iter().any(Values::has_steps)
    }

    /// Reads all of a finite data set.
    pub(super) fn of(data: &dyn Dataset, path: &Path, kind: &str) -> Self {
        let (width, random) = (data.width(), Random::new(0));
        let training = data.len().unwrap_or(0);
        let held_out = data.held_out(usize::MAX, random);
        let validation = match data.fingerprint().map_or(0, |print| print.split.validation) {
            // Held-out samples would stand in.
            0 => Vec::new(),
            all => data.validation(all, random),
        };
        let mut values = channels(data);
        let columns = values.len().max(1);
        let mut seen = Seen::default();
        for (step, start) in (0..training).step_by(AT_ONCE).enumerate() {
            // The first epoch has every sample once; the last draw goes into the second.
            let draw = data.draw(AT_ONCE, random.stream("check").at(step as u64));
            for sample in draw.chunks_exact(width).take(training - start) {
                for (index, value) in sample.iter().enumerate() {
                    values[index % columns].add(match data.image() {
                        Some(_) => f64::from(level_of(*value)) / 255.0,
                        None => f64::from(*value),
                    });
                }
                seen.training(sample);
            }
        }
        validation.chunks_exact(width).for_each(|sample| seen.validation(sample));
        held_out.chunks_exact(width).for_each(|sample| seen.held_out(sample));
        let classes = classes(data, random);
        let mut problems = seen.problems();
        let empty: Vec<_> = classes.iter().filter(|(_, count)| *count == 0).map(|(name, _)| name.clone()).collect();
        if !empty.is_empty() {
            problems.push(format!("classes without a sample to train on: {}", empty.join(", ")));
        }
        if data.image().is_none() {
            problems.extend(columns_apart(&values));
        }
        problems.extend(few_rows(training, data));
        problems.extend(data.notes());
        Self {
            path: path.display().to_string(),
            kind: kind.into(),
            training,
            validation: validation.len() / width,
            held_out: held_out.len() / width,
            dimensions: width,
            image: data.image().map(|shape| [shape.height, shape.width, shape.channels]),
            classes,
            values,
            problems,
        }
    }
}

fn channels(data: &dyn Dataset) -> Vec<Values> {
    let names: Vec<String> = match (data.image().map(|shape| shape.channels), data.columns()) {
        (Some(1), _) => vec!["gray".into()],
        (Some(_), _) => ["red", "green", "blue"].map(String::from).into(),
        (None, Some(columns)) => columns,
        (None, None) => (1..=data.width()).map(|column| format!("column {column}")).collect(),
    };
    names.into_iter().map(Values::new).collect()
}

/// Columns that have no density: those of one value, and those of few.
fn columns_apart(values: &[Values]) -> Vec<String> {
    let named = |apart: &dyn Fn(&Values) -> bool, told: &dyn Fn(&Values) -> String| {
        let named: Vec<_> = values.iter().filter(|values| apart(values)).map(told).collect();
        named.join(", ")
    };
    let problems = [
        (
            named(&Values::is_constant, &|v| format!("{} ({})", v.name, v.smallest as Real)),
            "columns of one value; remove them",
        ),
        (
            named(&Values::has_steps, &|v| format!("{} ({} values)", v.name, v.different.len())),
            "columns of few different values, at which a likelihood grows without limit; set dither (0.1 of a deviation, say)",
        ),
    ];
    let told = problems.into_iter().filter(|(columns, _)| !columns.is_empty());
    told.map(|(columns, problem)| format!("{problem}: {columns}")).collect()
}

fn classes(data: &dyn Dataset, random: Random) -> Vec<(String, usize)> {
    let Some(labelled) = data.labelled(Part::Training, usize::MAX, random) else { return Vec::new() };
    let mut classes: Vec<_> = labelled.classes.into_iter().map(|name| (name, 0)).collect();
    labelled.labels.iter().for_each(|label| classes[*label as usize].1 += 1);
    classes
}

/// Looks for samples that should not be there.
#[derive(Default)]
struct Seen {
    hashes: HashSet<blake3::Hash>,
    repeated: usize,
    leaked: usize,
    constant: usize,
}

impl Seen {
    fn hash(sample: &[Real]) -> blake3::Hash {
        let bytes: Vec<u8> = sample.iter().flat_map(|value| value.to_le_bytes()).collect();
        blake3::hash(&bytes)
    }

    fn training(&mut self, sample: &[Real]) {
        self.repeated += usize::from(!self.hashes.insert(Self::hash(sample)));
        self.look(sample);
    }

    fn validation(&mut self, sample: &[Real]) {
        self.held_out(sample);
        self.look(sample);
    }

    fn held_out(&mut self, sample: &[Real]) {
        self.leaked += usize::from(self.hashes.contains(&Self::hash(sample)));
    }

    fn look(&mut self, sample: &[Real]) {
        self.constant += usize::from(sample.len() > 1 && sample.iter().all(|value| *value == sample[0]));
    }

    fn problems(&self) -> Vec<String> {
        let counts = [
            (self.constant, "to train on or for validation have one value throughout"),
            (self.repeated, "to train on repeat another one"),
            (self.leaked, "for validation or held out are among those to train on"),
        ];
        let told = counts.into_iter().filter(|(count, _)| *count > 0);
        told.map(|(count, what)| format!("{count} samples {what}")).collect()
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Number of classes, or of columns, that are listed one by one.
        const TOLD: usize = 20;
        let what = if self.image.is_some() { "images" } else { "samples" };
        writeln!(f, "{}: {what} (kind = \"{}\")", self.path, self.kind)?;
        let Self { training, validation, held_out, .. } = self;
        writeln!(f, "  {what:<9} {training} to train on, {validation} for validation, {held_out} held out")?;
        match self.image {
            Some([height, width, channels]) => writeln!(
                f,
                "  size      {height} x {width}, {channels} channel{} (D = {})",
                if channels == 1 { "" } else { "s" },
                self.dimensions
            )?,
            None => writeln!(f, "  size      D = {}", self.dimensions)?,
        }
        if !self.classes.is_empty() {
            let shown = self.classes.iter().take(TOLD).map(|(name, count)| format!("{name} ({count})"));
            let more = if self.classes.len() > TOLD { ", ..." } else { "" };
            let shown: Vec<_> = shown.collect();
            writeln!(f, "  classes   {}: {}{more}", self.classes.len(), shown.join(", "))?;
        }
        let scale = if self.image.is_some() { ", of [0, 1]" } else { "" };
        for values in self.values.iter().take(TOLD) {
            let Values { name, smallest, largest, mean, standard_deviation, .. } = values;
            writeln!(
                f,
                "  {name:<9} {smallest:.4} to {largest:.4}, mean {mean:.4}, standard deviation {standard_deviation:.4}{scale}"
            )?;
        }
        if self.values.len() > TOLD {
            writeln!(f, "  and {} columns more", self.values.len() - TOLD)?;
        }
        match &self.problems[..] {
            [] => writeln!(f, "  problems  none"),
            problems => problems.iter().try_for_each(|problem| writeln!(f, "  problem   {problem}")),
        }
    }
}
