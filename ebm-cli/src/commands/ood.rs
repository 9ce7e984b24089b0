//! `ebm ood`: measures how well scores of a model's energy tell its data from outliers.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ebm_core::{data::Dataset, device::Real, random::Random, registry::SupportedGeometry};
use ebm_eval::evaluate::Report;
use ebm_eval::ood::{BuiltIn, Known, Score, detection_values, mean_energy};
use std::{cell::LazyCell, path::Path};

use super::arguments::count;
use super::loaded_run::{DataOptions, LoadedRun, TrainedModel};
use crate::dispatch::{widths, with_geometry};
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::{memory::Needs, ood_source::Source, output::print_either};

#[derive(Args, Debug)]
#[command(after_help = "\
Outliers are the positives, which should score higher: an AUROC of 50 % is chance.

Examples:
  ebm ood runs/mnist-seed0
  ebm ood runs/mnist-seed0 --against inverted --against '{ kind = \"idx\", path = \"fashion\" }'
  ebm ood runs/mnist-seed0 --score energy --score typicality
  ebm ood runs/25-gaussians-seed0 --against two-moons --json")]
pub struct Ood {
    #[command(flatten)]
    pub model: TrainedModel,
    /// Outliers to tell the data from; may be repeated [default: all kinds that are made from the data]
    ///
    /// Made from the data: uniform-noise, gaussian-noise, constant, and for images inverted and blurred. Anything else is the
    /// held-out part of a data set: its name, or a table as in a configuration; relative paths start from the working folder.
    #[arg(long, value_name = "OUTLIERS")]
    pub against: Vec<String>,
    /// What tells outliers; may be repeated [default: energy]
    ///
    /// energy: E(x). typicality: how far E(x) is from the mean energy of training samples. gradient-norm: ||grad E(x)||.
    #[arg(long, value_name = "SCORE", value_parser = score())]
    pub score: Vec<Score>,
    /// Samples of each kind [default: evaluate.held_out of the run's configuration]
    #[arg(long, value_name = "N", value_parser = count(2..=100_000_000))]
    pub samples: Option<usize>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub data: DataOptions,
}

pub fn run(arguments: &Ood) -> Result<Exit, Failure> {
    let given: Result<Vec<Source>, _> = arguments.against.iter().map(|given| Source::parse(given)).collect();
    let sources = given.or_exit(Exit::Usage)?;
    let run = arguments.model.open()?.with_data(arguments.data.data.as_deref())?;
    let (data, changed) = run.data_or_changed(&arguments.data)?;
    let mut report = Report::default();
    report.warnings.extend(changed);
    with_geometry!(widths(&run.config, data.width()), |geometry| {
        compare(&run, &*data, sources, arguments, report, geometry)
    })
}

fn compare<G: SupportedGeometry>(
    run: &LoadedRun,
    data: &dyn Dataset,
    mut sources: Vec<Source>,
    arguments: &Ood,
    mut report: Report,
    geometry: G,
) -> Result<Exit, Failure> {
    let count = arguments.samples.unwrap_or(run.config.evaluate.held_out);
    let given = arguments.samples.map_or("evaluate.held_out".into(), |samples| format!("--samples {samples}"));
    run.fits(&Needs::of_scores(&run.config, data, count, &given))?;
    let random = Random::new(run.config.seed).stream("ood");
    let players = run.players(geometry)?;
    let held_out = data.held_out(count, random.stream("data"));
    if held_out.is_empty() {
        fail!(Exit::Data, "the data set holds out no samples");
    }
    let known = Known { samples: &held_out, width: data.width(), image: data.image() };
    // Without a choice, all kinds that there are.
    if sources.is_empty() {
        let fits = |kind: &BuiltIn| known.image.is_some() || !kind.needs_images();
        sources.extend(BuiltIn::ALL.into_iter().filter(fits).map(Source::BuiltIn));
    }
    let typical = LazyCell::new(|| mean_energy(&*players.energy, &data.draw(count, random.stream("reference"))));
    let scores = if arguments.score.is_empty() { &[Score::Energy][..] } else { &arguments.score };
    let scored = |samples: &[Real]| -> Vec<Vec<f64>> {
        scores.iter().map(|score| score.of(&*players.energy, samples, || *typical)).collect()
    };
    let of_data = scored(&held_out);
    for source in &sources {
        let (what, samples) = outliers(source, known, run, count, random)?;
        for ((score, of_outliers), of_data) in scores.iter().zip(scored(&samples)).zip(&of_data) {
            let values = detection_values(*score, (source.name(), &what), &of_outliers, of_data);
            report.values.extend(values.or_exit(Exit::Other)?);
        }
    }
    print_either(&report, arguments.json)
}

/// Reads a score by its name.
fn score() -> impl TypedValueParser<Value = Score> {
    let by_name = |name: String| Score::ALL.into_iter().find(|score| score.name() == name).ok_or("no such score");
    PossibleValuesParser::new(Score::ALL.map(Score::name)).try_map(by_name)
}

/// The samples of a source, and a description of them.
fn outliers(
    source: &Source,
    known: Known<'_>,
    run: &LoadedRun,
    count: usize,
    random: Random,
) -> Result<(String, Vec<Real>), Failure> {
    match source {
        Source::BuiltIn(kind) => match kind.make(known, random.stream("outliers")) {
            Some(samples) => Ok((kind.meaning().into(), samples)),
            None => fail!(Exit::Usage, "--against {}: the data of this run are no images", kind.name()),
        },
        Source::Data(name, config) => {
            // Paths on a command line start where it is typed.
            let place = Random::new(run.config.seed).stream("data-set");
            let data = config.load(Path::new("."), place).or_exit(Exit::Data)?;
            if data.width() != known.width {
                let (theirs, ours) = (data.width(), known.width);
                fail!(Exit::Usage, "--against {name}: its samples have {theirs} dimensions; the model is of {ours}");
            }
            let samples = data.held_out(count, random.stream("outliers"));
            Ok((format!("held-out samples of {name}"), samples))
        }
    }
}
