//! `ebm sample`: draw samples from a run.

use clap::Args;
use ebm_core::models::{self, Generator};
use ebm_core::{device::Real, geometry::Geometry, random::Random, registry::SupportedGeometry, tape::SharedTape};
use ebm_eval::quadrature::energies;
use ebm_eval::sampling::{Method, RefineOptions, RefineReport, refine};
use ebm_train::Objective;
use std::path::PathBuf;

use super::arguments::count;
use super::loaded_run::{LoadedRun, TrainedModel};
use super::sample_pictures::{between, neighbours};
use crate::dispatch::{widths, with_geometry};
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::memory::Needs;
use crate::output::{print, write_named};
use crate::sample_output::{Format, NamedFormat, SampleSet};
use crate::{observers::gaussian_draws, run_directory::Description};

#[derive(Args, Debug)]
#[command(after_help = "\
The file's extension decides what is written: .npy one array [n, D]; .npz the arrays `samples`, `energy` and `latents`;
.png a scatter plot of two-dimensional samples. Values are in the units of the data's source.

Images: .npz holds `arr_0`, uint8 [n, height, width, channels], as the evaluators of ADM read it; .png is one
picture of all; --format png writes a folder of PNG files, as pytorch-fid and torch-fidelity read it.

Examples:
  ebm sample runs/25-gaussians-seed0 -n 10000 --out samples.npy
  ebm sample runs/25-gaussians-seed0 -n 2000 --out samples.png --refine 200 --method hmc
  ebm sample runs/mnist-mini-seed0 -n 64 --out samples.png
  ebm sample runs/mnist-mini-seed0 -n 10000 --out samples --format png
  ebm sample runs/mnist-mini-seed0 -n 8 --out between.png --show interpolation
  ebm sample runs/mnist-mini-seed0 -n 8 --out nearest.png --show neighbors")]
pub struct Sample {
    #[command(flatten)]
    pub model: TrainedModel,
    /// Number of samples
    #[arg(short = 'n', long = "number", value_name = "N", value_parser = count(1..=100_000_000))]
    pub number: usize,
    /// File to write, replacing it: .npy, .npz or .png
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// What to write [default: by the file's extension]
    #[arg(long, value_enum)]
    pub format: Option<NamedFormat>,
    /// What a picture of images shows
    #[arg(long, value_enum, default_value_t)]
    pub show: Show,
    /// Refine the generator's samples by this many steps on the energy
    #[arg(long, value_name = "STEPS", default_value_t = 0)]
    pub refine: u64,
    /// How samples are refined
    #[arg(long, value_enum, default_value_t)]
    pub method: RefineMethod,
    /// First step size of the refinement, in units of the model's data [default: 0.05]
    #[arg(long, value_name = "EPS")]
    pub step_size: Option<f64>,
    /// Seed of the samples [default: that of the run]
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// Folder that relative data paths start from, for --show neighbors [default: the one used in training]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// How samples are refined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum RefineMethod {
    /// Unadjusted Langevin steps: every step is taken. Robust, but its stationary distribution is off by O(step size^2).
    Ula,
    /// Langevin steps with a Metropolis test: the stationary distribution is the energy's, exactly.
    #[default]
    Mala,
    /// Hamiltonian Monte Carlo: several leapfrog steps before each Metropolis test. Exact, and it moves further.
    Hmc,
}

/// What a picture of images shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Show {
    /// The samples
    #[default]
    Samples,
    /// For each sample, a path in latent space to another one
    Interpolation,
    /// For each sample, the nearest training images
    #[value(alias = "neighbours")]
    Neighbors,
}

/// Most samples generated at once.
const CHUNK: usize = 8192;
/// Most samples in a picture with a row for each.
const MOST_SHOWN: usize = 64;

pub fn run(arguments: &Sample) -> Result<Exit, Failure> {
    let run = arguments.model.open()?.with_data(arguments.data.as_deref())?;
    let data = run.description()?;
    // Checked before the work, not after it.
    let format = Format::of(&arguments.out, arguments.format, data.width, data.image).or_exit(Exit::Usage)?;
    if arguments.show != Show::Samples {
        showable(arguments, format, &run)?;
    }
    if run.config.train.objective == Objective::MaximumLikelihood && arguments.refine == 0 {
        fail!(
            Exit::Usage,
            "this run trained an energy only, no generator (train.objective = \"maximum-likelihood\"); give --refine STEPS to \
             draw from the energy"
        );
    }
    with_geometry!(widths(&run.config, data.width), |geometry| draw(&run, data, arguments, geometry))
}

/// Refuses options that do not apply to a picture of anything other than samples.
fn showable(arguments: &Sample, format: Format, run: &LoadedRun) -> Result<(), Failure> {
    let between = arguments.show == Show::Interpolation;
    let reason = if format != Format::Gallery {
        "it is for pictures of images; give a file that ends with .png, and no --format".into()
    } else if arguments.number > MOST_SHOWN {
        format!("a picture has room for {MOST_SHOWN} samples at most; give -n {MOST_SHOWN} or fewer")
    } else if between && arguments.refine > 0 {
        "what lies between two latents is not refined; leave out --refine".into()
    } else if between && run.config.train.objective == Objective::MaximumLikelihood {
        "this run has no generator, and no latents to go between".into()
    } else {
        return Ok(());
    };
    fail!(Exit::Usage, "--show: {reason}")
}

fn draw<G: SupportedGeometry>(
    run: &LoadedRun,
    data: Description,
    arguments: &Sample,
    geometry: G,
) -> Result<Exit, Failure> {
    let number = arguments.number;
    run.fits(&Needs::of_samples(&run.config, data.width, number))?;
    let players = run.players(geometry)?;
    let random = Random::new(arguments.seed.unwrap_or(run.config.seed)).stream("samples");
    if let (Show::Interpolation, Some(shape)) = (arguments.show, data.image) {
        let picture = between(&*players.generator, shape, number, random);
        write_named(&arguments.out, |out| Ok(picture.save(out)?)).or_exit(Exit::Other)?;
        return print(&format!("{}: {number} ways between samples\n", arguments.out.display()));
    }
    let (mut points, latents) = match run.config.train.objective {
        Objective::MaximumLikelihood => {
            let start = gaussian_draws(data.moments.as_deref().unwrap_or_default(), number, random);
            (start, None)
        }
        // Every other objective trains a generator.
        _ => {
            let (points, latents) = generate(&*players.generator, number, random);
            (points, Some(latents))
        }
    };
    let mut said = String::new();
    if arguments.refine > 0 {
        let options = RefineOptions {
            method: match arguments.method {
                RefineMethod::Ula => Method::Ula,
                RefineMethod::Mala => Method::Mala,
                RefineMethod::Hmc => Method::Hmc,
            },
            steps: arguments.refine,
            step_size: arguments.step_size.unwrap_or(RefineOptions::default().step_size),
            ..RefineOptions::default()
        };
        options.check().or_exit(Exit::Usage)?;
        let start = geometry.samples(points);
        let (refined, report) = refine(&*players.energy, start, &options, random).or_exit(Exit::Other)?;
        points = refined.as_vec();
        said = tell(&report);
    }
    if let (Show::Neighbors, Some(shape)) = (arguments.show, data.image) {
        let picture = neighbours(&*run.data()?, &points, shape, random);
        write_named(&arguments.out, |out| Ok(picture.save(out)?)).or_exit(Exit::Other)?;
        let out = arguments.out.display();
        return print(&format!("{said}{out}: {number} samples and what is nearest to them\n"));
    }
    let energy = energies(&*players.energy, &points);
    let values = data.standardization.map_or_else(|| points.clone(), |s| s.invert(&points));
    let columns = data.columns.unwrap_or_default();
    let axis = |index: usize, name| columns.get(index).map_or(name, String::as_str);
    let title = match arguments.refine {
        0 => format!("{number} samples of the generator"),
        steps => format!("{number} samples, refined by {steps} steps on the energy"),
    };
    let set = SampleSet {
        title: &title,
        axes: [axis(0, "x1"), axis(1, "x2")],
        samples: &values,
        width: geometry.data_width(),
        energy: Some(&energy),
        latents: latents.as_deref().map(|latents| (latents, geometry.latent_width())),
        image: data.image,
    };
    set.save(&arguments.out, arguments.format).or_exit(Exit::Other)?;
    let (out, width) = (arguments.out.display(), geometry.data_width());
    print(&format!("{said}{out}: {number} samples of {width} dimensions\n"))
}

/// Samples `[n, D]` of a generator, and the latents `[n, d]` they are from.
fn generate<G: Geometry>(generator: &dyn Generator<G>, number: usize, random: Random) -> (Vec<Real>, Vec<Real>) {
    let geometry = generator.geometry();
    let (mut points, mut latents) = (Vec::new(), Vec::new());
    let chunk = geometry.rows_at_once(CHUNK);
    for (index, start) in (0..number).step_by(chunk).enumerate() {
        let random = random.at(index as u64);
        let from = random.stream("latents").normals(chunk.min(number - start) * geometry.latent_width());
        let drawn = models::sample(generator, &geometry.latents(from.clone()), &SharedTape::off(), random);
        points.extend(drawn.as_vec());
        latents.extend(from);
    }
    (points, latents)
}

fn tell(report: &RefineReport) -> String {
    let RefineReport { steps, step_size, acceptance, energy_before, energy_after, unmoved, .. } = report;
    let stuck = if *unmoved > 0 { format!(", {unmoved} samples never moved") } else { String::new() };
    format!(
        "refined by {steps} steps of size {step_size:.3}, acceptance {acceptance:.2}, mean energy {energy_before:.3} -> \
         {energy_after:.3} nats{stuck}\n"
    )
}
