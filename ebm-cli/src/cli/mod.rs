//! The command line.

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

use crate::commands::loaded_run::Which;
use crate::exit::Exit;
use crate::sample_output::NamedFormat;

const EXAMPLES: &str = "\
Examples:
  ebm config default > run.toml                 a commented configuration to start from
  ebm train run.toml --set train.steps=2000     train; the run goes to runs/run-seed0
  ebm watch runs/run-seed0                      how a run goes, from another terminal
  ebm evaluate runs/run-seed0                   likelihood, bounds, modes
  ebm ood runs/run-seed0                        its data against outliers, by the energy
  ebm diagnose runs/run-seed0                   its generator's Jacobian, and the solver of its bound
  ebm compare run.toml --upper gp,none          pairs of bounds over several seeds
  ebm sweep weights.toml --run                  a grid of values, and ebm sweep collect DIR its table
  ebm sample runs/run-seed0 -n 1000 --out x.png samples, as a picture or as NumPy arrays
  ebm export runs/run-seed0 --out m.safetensors the model in one file
  ebm data check data/mnist                     what a data set holds, and whether it can be read
  ebm runs list                                 the runs there are, and how they stand
  ebm bounds list                               the bounds there are
  ebm new bound my-bound --lower                a crate for a bound of your own
  ebm build --with my-bound                     this program with that bound
  ebm selftest                                  whether this machine computes what it should
  ebm bench                                     how fast it trains";

/// Train, evaluate and sample energy-based models between a lower and an upper bound of their likelihood.
#[derive(Debug, Parser)]
#[command(name = "ebm", version, max_term_width = 100, after_help = format!("{EXAMPLES}\n\n{}", Exit::table()))]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a model and write a run directory
    Train(Train),
    /// Watch a run, in training or ended: progress, bounds, curves
    Watch(Watch),
    /// Train and compare pairs of bounds over several seeds: tables, pictures, a report
    Compare(Compare),
    /// Train one configuration at many points: a grid, listed or drawn ones; here, or as an array of jobs under Slurm
    Sweep(Sweep),
    /// Evaluate a run: likelihood on held-out data, bounds, sample quality
    Evaluate(Evaluate),
    /// Tell a run's data from outliers by the energy: AUROC, AUPRC, FPR at 95 % TPR
    Ood(Ood),
    /// Diagnose a run's generator: singular values of its Jacobian, conditioning, entropies, error of the iterative solver
    Diagnose(Diagnose),
    /// Compare features of real and generated samples: Frechet distance, precision, recall, density, coverage
    Distance(Distance),
    /// Draw samples from a run
    Sample(Sample),
    /// Write a trained model to one file, with a model card
    Export(Export),
    /// Look at data before training on it
    #[command(subcommand)]
    Data(Data),
    /// List, inspect, verify and prune runs
    #[command(subcommand)]
    Runs(Runs),
    /// List and describe the bounds that are linked into this program
    #[command(subcommand)]
    Bounds(Bounds),
    /// Write a crate to start from
    #[command(subcommand)]
    New(New),
    /// Build this program with more bounds linked in
    Build(Build),
    /// Show, check and start configurations
    #[command(subcommand)]
    Config(Config),
    /// Check that this machine computes what a build in double precision computes: every kernel, model and bound
    Selftest(Selftest),
    /// Time training on this machine: steps/s, time of each phase and FLOP/s of standard problems
    Bench(Bench),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  ebm completions bash > ~/.local/share/bash-completion/completions/ebm")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// A configuration file and what is set above it.
#[derive(Args, Debug)]
pub struct Source {
    /// Configuration file (TOML)
    pub config: PathBuf,
    /// Set a value above the file and the environment; may be repeated
    ///
    /// KEY is dotted from the top (train.steps). VALUE is TOML, or a plain text (upper=none).
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// `ebm train`.
#[derive(Args, Debug)]
#[command(after_help = "\
A value is taken from, in this order: --set, the environment (EBM_TRAIN__STEPS=100 sets train.steps), the file, the default.

Examples:
  ebm train run.toml
  ebm train run.toml --set seed=1 --set train.energy.optimizer.learning_rate=1e-4
  ebm train run.toml --set upper=none --run runs/one-sided
  ebm train run.toml --overwrite --quiet
  ebm train stacked-mnist.toml --data ~/data               data.path mnist is then ~/data/mnist
  ebm train --resume runs/run-seed0                        go on after an interruption
  ebm train --resume runs/run-seed0 --set train.steps=50000  go on for longer
  ebm train run.toml --resume runs/a                       start, or go on: for job scripts

SIGINT (Ctrl-C) and SIGTERM end the step, save, and exit with code 130; a second one ends at once.
SIGUSR1 saves and goes on.")]
pub struct Train {
    /// Configuration file (TOML); with --resume, the run's own if none is given
    #[arg(required_unless_present = "resume")]
    pub config: Option<PathBuf>,
    /// Set a value above the file and the environment; may be repeated
    ///
    /// KEY is dotted from the top (train.steps). VALUE is TOML, or a plain text (upper=none).
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Run directory [default: runs/<name of the configuration>-seed<seed>]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub run: Option<PathBuf>,
    /// Go on with the run in this directory from its last checkpoint
    ///
    /// It ends as if it had never been interrupted, byte for byte. With a configuration, a run that is not there yet is
    /// started.
    #[arg(long, value_name = "RUN", conflicts_with = "overwrite")]
    pub resume: Option<PathBuf>,
    /// Folder that relative paths of data start from [default: the configuration's own; with --resume, the run's]
    ///
    /// With --resume it is the run's from then on, for every other command, too.
    #[arg(long, value_name = "DIR", visible_alias = "base")]
    pub data: Option<PathBuf>,
    /// Replace the run that is in the run directory
    #[arg(long)]
    pub overwrite: bool,
    /// Of several processes, sum the gradients by MPI, also where NCCL can
    #[cfg(feature = "nccl")]
    #[arg(long)]
    pub without_nccl: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// `ebm watch`.
#[derive(Args, Debug)]
#[command(after_help = "\
On a terminal, a view that is redrawn in its place; elsewhere a line for each evaluation. It ends
when the run ends, with the run's own exit code, and with 1 when the run has not ended and no
process trains it. It only reads the run's files, and the run does not notice.

Examples:
  ebm watch runs/run-seed0
  ebm watch runs/run-seed0 --once
  ebm train run.toml --quiet & ebm watch runs/run-seed0 --wait
  ebm watch runs/run-seed0 --every 60 | tee course.txt")]
pub struct Watch {
    /// Run directory
    pub run: PathBuf,
    /// Print the state of this moment and end
    #[arg(long)]
    pub once: bool,
    /// Wait for a run that is not there yet
    #[arg(long)]
    pub wait: bool,
    /// Time between two looks at the run's files, 0.01 to 3600
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    pub every: f64,
}

fn seconds(text: &str) -> Result<f64, String> {
    let read = text.parse().ok().filter(|seconds| (0.01..=3600.0).contains(seconds));
    read.ok_or_else(|| "expected a number of seconds from 0.01 to 3600".into())
}

/// `ebm compare`.
#[derive(Args, Debug)]
#[command(after_help = "\
Every pair of a lower and an upper bound is trained with every seed, each run in a directory of
its own under DIR/runs. Then DIR has table.md, table.csv, table.json, report.html and pictures:
exact NLL, gap between the bounds, modes, good samples, how often the sandwich held, steps/s,
cost and divergence, as mean and standard deviation over the seeds.

Nothing is trained before the whole grid is known to be good. A run that is finished is not
trained again, so the same command goes on after an interruption; one of another configuration
is refused, or replaced with --overwrite. A run that diverges is a result, and the grid goes on.

NAME is a kind from `ebm bounds list`, or a table [compare.lower.NAME] or [compare.upper.NAME]
of the configuration with options (and a `kind`, where the name is none).
[compare.pair.\"LOWER+UPPER\"] holds any values for a pair; either name may be *. Values are taken
from, in this order: --set, the environment, the closest pair, the bound's table, the file.

Examples:
  ebm compare run.toml --lower sv --upper gp,zero-gp,none --seeds 5
  ebm compare run.toml --upper gp,none --seeds 3 --set train.steps=5000 --out runs/short --jobs 2
  ebm compare run.toml --baseline examples/baselines/wgan-gp-25-gaussians.toml
  ebm compare stacked-mnist.toml --lower sv,mi --seeds 2 --data ~/data")]
pub struct Compare {
    /// Where the configuration is from.
    #[command(flatten)]
    pub source: Source,
    /// Lower bounds, separated by commas [default: the configuration's own]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub lower: Vec<String>,
    /// Upper bounds, separated by commas [default: the configuration's own]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub upper: Vec<String>,
    /// Number of seeds that each pair is trained with
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub seeds: u64,
    /// First seed [default: the configuration's]
    #[arg(long, value_name = "N")]
    pub seed_start: Option<u64>,
    /// Directory of the comparison [default: runs/compare-<name of the configuration>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Configuration whose step the cost is relative to; it is timed, not trained [default: the first pair]
    ///
    /// The environment and --set reach it too, but for what they say of lower and upper bounds.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Folder that relative paths of data start from, also those of the baseline [default: the configurations' own]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Runs to train at once, each with its share of the processor's cores
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub jobs: u64,
    /// Replace runs of another configuration
    #[arg(long)]
    pub overwrite: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// `ebm sweep`.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
SPEC names a configuration, keys with the values they take, seeds, and what to ask of Slurm; `ebm
config reference sweep` has all it may say. Every point is checked before anything is written. Then
DIR has sweep.toml (what was asked), points.csv (the runs), configs/NNNN.toml (a complete
configuration a run), array.sbatch (the script for sbatch), and below runs/ and logs/ what the runs
write. The same command again changes nothing there; a folder with another sweep is refused.

--run trains here what is not finished, each run in a process of its own, and goes on with what was
interrupted. A run that diverges is a result, one that fails is code 8, and the others go on.

Examples:
  ebm sweep examples/sweeps/penalty.toml --dry-run
  ebm sweep examples/sweeps/penalty.toml && sbatch runs/sweep-penalty/array.sbatch
  ebm sweep examples/sweeps/penalty.toml --run --jobs 2
  ebm sweep collect runs/sweep-penalty --sort nll --csv penalty.csv"
)]
pub struct Sweep {
    /// What to do with a sweep that is there.
    #[command(subcommand)]
    pub command: Option<SweepCommand>,
    /// The sweep's file (TOML)
    #[arg(required = true)]
    pub spec: Option<PathBuf>,
    /// Set a value above the file, its base and the environment, for every point; may be repeated
    ///
    /// KEY is dotted from the top of a configuration (train.steps), and none that the sweep gives values to.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Folder of the sweep [default: the file's `out`, or runs/sweep-<name of the sweep>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Folder that relative paths of data start from [default: that of the base, or of the sweep's file]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Train the runs here
    #[arg(long)]
    pub run: bool,
    /// Runs to train at once, each with its share of the processor's cores [default: the file's local.jobs]
    #[arg(long, value_name = "N", requires = "run", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub jobs: Option<u32>,
    /// Only check every point, and list the runs
    #[arg(long, conflicts_with = "run")]
    pub dry_run: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// What to do with a sweep that is there.
#[derive(Debug, Subcommand)]
pub enum SweepCommand {
    /// Print what a sweep came to so far: a line a point, mean and standard error over its seeds
    #[command(after_help = "\
It only reads, and works while runs are trained. The best point is marked: by --sort, or by nll.

Examples:
  ebm sweep collect runs/sweep-penalty
  ebm sweep collect runs/sweep-penalty --sort good_share --json penalty.json")]
    Collect(SweepCollect),
}

/// `ebm sweep collect`.
#[derive(Args, Debug)]
pub struct SweepCollect {
    /// Folder of the sweep
    pub directory: PathBuf,
    /// Write every run to this file for spreadsheets, too
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write every point and run to this file for programs, too
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// The figure that points are judged by, the best first: nll, gap, good_share, ...
    #[arg(long, value_name = "METRIC")]
    pub sort: Option<String>,
}

/// `ebm evaluate`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ebm evaluate runs/25-gaussians-seed0
  ebm evaluate runs/25-gaussians-seed0 --json --samples 100000")]
pub struct Evaluate {
    /// Run directory, or a file of `ebm export`
    pub run: PathBuf,
    /// A checkpoint of the run: latest, best, or a step [default: the run's end, or its latest checkpoint]
    #[arg(long, value_name = "WHICH")]
    pub checkpoint: Option<Which>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Folder that relative paths of data start from [default: as the run was trained]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Generated samples and held-out samples [default: as the run's configuration says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=100_000_000))]
    pub samples: Option<u64>,
    /// Compare generated and held-out images by the features of this network (ONNX) as well
    ///
    /// Its input is [n, channels, height, width] with values from 0 to 1, its first output the features [n, F].
    #[arg(long, value_name = "FILE")]
    pub extractor: Option<PathBuf>,
    /// Features of real images by the extractor (.npz), in place of held-out images
    ///
    /// An array `features` [n, F], or `mu` [F] and `sigma` [F, F] as pytorch-fid writes them.
    #[arg(long, value_name = "FILE", requires = "extractor")]
    pub reference: Option<PathBuf>,
}

/// `ebm ood`.
#[derive(Args, Debug)]
#[command(after_help = "\
Outliers are the positives, and the energy is their score: a share of 50 % in the first figure is chance.

Examples:
  ebm ood runs/mnist-seed0
  ebm ood runs/mnist-seed0 --against inverted --against '{ kind = \"idx\", path = \"fashion\" }'
  ebm ood runs/25-gaussians-seed0 --against two-moons --json")]
pub struct Ood {
    /// Run directory, or a file of `ebm export`
    pub run: PathBuf,
    /// A checkpoint of the run: latest, best, or a step [default: the run's end, or its latest checkpoint]
    #[arg(long, value_name = "WHICH")]
    pub checkpoint: Option<Which>,
    /// What to tell the data from; may be repeated [default: all that is made from the data]
    ///
    /// Made from the data: uniform-noise, gaussian-noise, constant, and of images inverted and blurred. Else the held-out samples
    /// of a data set: its name, or a table as in a configuration; relative paths in it start from the working folder.
    #[arg(long, value_name = "OUTLIERS")]
    pub against: Vec<String>,
    /// Samples of each kind [default: evaluate.held_out of the run's configuration]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=100_000_000))]
    pub samples: Option<u64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ebm diagnose`.
#[derive(Args, Debug)]
#[command(after_help = "\
Tells why the bound sv is loose, or is none: where the smallest singular value is far from the others, d ln s_1 gives much
away, and an iterative solver that stops early is far above it.

Examples:
  ebm diagnose runs/mnist-mini-seed0
  ebm diagnose runs/mnist-mini-seed0 --checkpoint 2000 --out spectrum.png
  ebm diagnose runs/25-gaussians-seed0 --samples 1000 --json")]
pub struct Diagnose {
    /// Run directory, or a file of `ebm export`
    pub run: PathBuf,
    /// A checkpoint of the run: latest, best, or a step [default: the run's end, or its latest checkpoint]
    #[arg(long, value_name = "WHICH")]
    pub checkpoint: Option<Which>,
    /// Latents to look at, drawn by the run's seed
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub samples: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Draw the spectrum to this file (.png); one that is there is replaced
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Folder that relative paths of data start from [default: as the run was trained]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// `ebm distance`.
#[derive(Args, Debug)]
#[command(after_help = "\
Each file holds an array `features` [n, F], or `mu` [F] and `sigma` [F, F] as pytorch-fid writes them. With features of
the Inception network as ported for it, the distance is the FID.

Example:
  ebm distance cifar10-train.npz samples.npz")]
pub struct Distance {
    /// Features of real samples (.npz)
    pub real: PathBuf,
    /// Features of generated samples (.npz), by the same extractor
    pub generated: PathBuf,
    /// Neighbours k of precision, recall, density and coverage
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub neighbours: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ebm sample`.
#[derive(Args, Debug)]
#[command(after_help = "\
The file's extension says what is written: .npy one array [n, D]; .npz the arrays `samples`, `energy` and `latents`;
.png a scatter plot of two-dimensional samples. Values are in the units of the data's source.

Images: .npz has them as `arr_0`, uint8 [n, height, width, channels], as the evaluators of ADM read them; .png
is one picture of all; --format png a folder of PNG files, as pytorch-fid and torch-fidelity read it.

Examples:
  ebm sample runs/25-gaussians-seed0 -n 10000 --out samples.npy
  ebm sample runs/25-gaussians-seed0 -n 2000 --out samples.png --refine 200 --method hmc
  ebm sample runs/mnist-mini-seed0 -n 64 --out samples.png
  ebm sample runs/mnist-mini-seed0 -n 10000 --out samples --format png
  ebm sample runs/mnist-mini-seed0 -n 8 --out between.png --show interpolation
  ebm sample runs/mnist-mini-seed0 -n 8 --out nearest.png --show neighbors")]
pub struct Sample {
    /// Run directory, or a file of `ebm export`
    pub run: PathBuf,
    /// A checkpoint of the run: latest, best, or a step [default: the run's end, or its latest checkpoint]
    #[arg(long, value_name = "WHICH")]
    pub checkpoint: Option<Which>,
    /// Number of samples
    #[arg(short = 'n', long = "number", value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub number: u64,
    /// File to write: .npy, .npz or .png; one that is there is replaced
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// What to write [default: what the file's extension says]
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
    /// Seed of the draws [default: the run's]
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// Folder that relative paths of data start from [default: as the run was trained]
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
    /// For each of them, the way of the latents to another one
    Interpolation,
    /// For each of them, the training images that are nearest to it
    #[value(alias = "neighbours")]
    Neighbors,
}

/// `ebm export`.
#[derive(Args, Debug)]
#[command(after_help = "\
The file has the weights (averaged where the run kept an average), the configuration, versions and the final evaluation.
Beside it, a model card with the same name and the extension .md is written.

Examples:
  ebm export runs/25-gaussians-seed0 --out model.safetensors
  ebm sample model.safetensors -n 1000 --out samples.npy")]
pub struct Export {
    /// Run directory
    pub run: PathBuf,
    /// A checkpoint of the run: latest, best, or a step [default: the run's end, or its latest checkpoint]
    #[arg(long, value_name = "WHICH")]
    pub checkpoint: Option<Which>,
    /// File to write, ending with .safetensors
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace files that are there
    #[arg(long)]
    pub overwrite: bool,
}

/// `ebm data`.
#[derive(Debug, Subcommand)]
pub enum Data {
    /// Read all of a file or folder and describe it: format, images, classes, values, problems
    #[command(after_help = "\
Recognised are folders of MNIST's four files, of CIFAR's binary batches, of NPZ or NPY files, and of PNG
and JPEG files (one sub-folder a class, or none), and files in IDX, NPZ, NPY and CSV format.

Exit code 4: what is there cannot be read, or not be trained on.

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

/// `ebm runs`.
#[derive(Debug, Subcommand)]
pub enum Runs {
    /// List the runs in a folder and below: bounds, steps, likelihood, size, state
    #[command(after_help = "Example:\n  ebm runs list\n  ebm runs list runs/compare-run --json")]
    List {
        /// Folder to look in
        #[arg(default_value = "runs")]
        folder: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell how a run stands, with its checkpoints
    #[command(after_help = "Example:\n  ebm runs inspect runs/25-gaussians-seed0")]
    Inspect {
        /// Run directory
        run: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check that everything of a run is what was written (BLAKE3 of every file of every checkpoint)
    #[command(after_help = "Exit code 5 if anything is damaged.\n\nExample:\n  ebm runs verify runs/*")]
    Verify {
        /// Run directories
        #[arg(required = true)]
        runs: Vec<PathBuf>,
    },
    /// Remove old checkpoints of runs that nobody trains
    #[command(after_help = "Example:\n  ebm runs prune runs/* --keep 1 --dry-run")]
    Prune {
        /// Run directories
        #[arg(required = true)]
        runs: Vec<PathBuf>,
        /// Checkpoints to keep, the last ones; the best one by the watched metric stays, too
        #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
        keep: usize,
        /// Only tell what would be removed
        #[arg(long)]
        dry_run: bool,
    },
}

/// `ebm bounds`.
#[derive(Debug, Subcommand)]
pub enum Bounds {
    /// List the bounds that are linked into this program
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Describe a bound: guarantee, needs, options, reference, example
    #[command(after_help = "Example:\n  ebm bounds describe gp")]
    Describe {
        /// Name of the bound, as in `ebm bounds list`
        name: String,
    },
    /// Check bounds against every rule of the contract, in random situations whose every quantity is known
    #[cfg(feature = "conformance")]
    #[command(after_help = "Example:\n  ebm bounds check gp --cases 1000\n\nExit code 9: a bound breaks a rule.")]
    Check {
        /// Name of a bound, as in `ebm bounds list` [default: all]
        name: Option<String>,
        /// Random situations a rule [default: 200, or the environment's CONFORMANCE_CASES]
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        cases: Option<u32>,
        /// Seed of the situations
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// `ebm new`.
#[derive(Debug, Subcommand)]
pub enum New {
    /// Write the crate of a new bound: mathematics, options, registration, tests, a program, an example
    #[command(after_help = "\
The crate builds, passes its tests and trains as it is: the lower bound is the entropy of the
generator's noise (certified), the upper one a penalty on the size of the energy (heuristic).

Examples:
  ebm new bound my-bound --lower
  ebm new bound my-bound --upper --local ~/ebm --path work/my-bound")]
    Bound(NewBound),
}

/// `ebm new bound`.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("side").required(true).args(["lower", "upper"]))]
pub struct NewBound {
    /// Name of the bound and of its crate, in kebab case
    pub name: String,
    /// A lower bound: of the generator's entropy
    #[arg(long)]
    pub lower: bool,
    /// An upper bound: of the divergence or the cross-entropy
    #[arg(long)]
    pub upper: bool,
    /// Folder to write, new or empty [default: ./NAME]
    #[arg(long, value_name = "DIR")]
    pub path: Option<PathBuf>,
    /// Take ebm-core and ebm-cli from this checkout, and versions from its Cargo.lock [default: from the registry]
    #[arg(long, value_name = "CHECKOUT")]
    pub local: Option<PathBuf>,
}

/// `ebm build`.
#[derive(Args, Debug)]
#[command(after_help = "\
Writes a program of some lines to target/ebm-build, compiles it with cargo (into CARGO_TARGET_DIR if
that is set), tries whether it starts, and copies it. Cargo's own variables hold, such as
CARGO_NET_OFFLINE=true.

Examples:
  ebm build --with ./my-bound --local ~/ebm
  ebm build --with ./my-bound --with other-bound@0.2 --out bin/ebm
  ebm build --with ./my-bound --dry-run")]
pub struct Build {
    /// Folder of a bound's crate, or a crate of the registry (NAME or NAME@VERSION); may be repeated
    #[arg(long, value_name = "PATH_OR_CRATE", required = true, num_args = 1..)]
    pub with: Vec<String>,
    /// File to write; one that is there is replaced [default: ./ebm-with-bounds]
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Take ebm-core and ebm-cli from this checkout, and versions from its Cargo.lock [default: from the registry]
    #[arg(long, value_name = "CHECKOUT")]
    pub local: Option<PathBuf>,
    /// Cargo's profile: release, or dev for a quicker build of a slower program
    #[arg(long, value_name = "NAME", default_value = "release")]
    pub profile: String,
    /// Print what would be written and run
    #[arg(long)]
    pub dry_run: bool,
}

/// `ebm config`.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print the resolved configuration, each value with where it is from
    #[command(after_help = "Example:\n  EBM_SEED=3 ebm config show run.toml --set upper=none")]
    Show(Source),
    /// Print a commented configuration with every option at its default
    #[command(after_help = "Example:\n  ebm config default > run.toml")]
    Default,
    /// Check a configuration without running it
    #[command(after_help = "Example:\n  ebm config check run.toml --set train.batch=64")]
    Check(Source),
    /// Print what options there are, with types, defaults and meaning, as Markdown
    #[command(after_help = "\
Examples:
  ebm config reference > options.md     everything that is linked into this program
  ebm config reference train
  ebm config reference generator.flow")]
    Reference {
        /// A section (train) or a component (upper.gp) [default: all]
        place: Option<String>,
    },
}

/// `ebm selftest`.
#[derive(Args, Debug)]
#[command(after_help = "\
The one command to run on a new machine, above all on one with a GPU: values, pushforwards and
gradients on the device of this build against a build in double precision on a CPU, whose figures
are part of the program. Errors are relative to the largest figure. What is linked in beside and has
no reference is run, and its figures must be finite.

Exit code 10: a figure is not that of the reference.

Examples:
  ebm selftest
  ebm selftest --filter conv
  ebm selftest --json > selftest.json
  ebm selftest --reference mine.safetensors        with models and bounds of your own, see --write")]
pub struct Selftest {
    /// Only what has this in its name, such as \"kernel conv\" or sv
    #[arg(long, value_name = "NAME")]
    pub filter: Option<String>,
    /// Compare with the figures in this file [default: those that are part of the program]
    #[arg(long, value_name = "FILE")]
    pub reference: Option<PathBuf>,
    /// Write the figures of this build to a file for --reference; needs a build in double precision (feature f64)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["filter", "reference", "json"])]
    pub write: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `ebm bench`.
#[derive(Args, Debug)]
#[command(after_help = "\
Problems: the papers' toy setting (sv+gp), 25-gaussians with mi+diffusion, fully connected and
convolutional networks for StackedMNIST, and the DCGANs of the released CIFAR-10 settings at batch 64.
Data are random numbers, so nothing needs a download. FLOP are those of matrix products and
convolutions, counted where they are done.

Examples:
  ebm bench
  ebm bench --filter 25-gaussians --seconds 2
  ebm bench --json bench.json
  ebm bench --json - | jq '.problems[].steps_per_second'")]
pub struct Bench {
    /// Only the problems that have this in their name, such as dcgan or mi+diffusion
    #[arg(long, value_name = "NAME")]
    pub filter: Option<String>,
    /// Time to train on each problem, 0.01 to 3600; a step at least
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    pub seconds: f64,
    /// Write the timings to this file as JSON, too; - prints JSON in place of the tables
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_tells_the_exit_codes() {
        let help = Cli::command().render_help().to_string();
        for line in Exit::table().lines() {
            assert!(help.contains(line.trim()), "{line}");
        }
    }
}
