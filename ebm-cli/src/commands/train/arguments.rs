//! The arguments of `ebm train`.

use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "\
Values come from, in this order: --set, the environment (EBM_TRAIN__STEPS=100 sets train.steps), the file, the defaults.

Examples:
  ebm train run.toml
  ebm train run.toml --set seed=1 --set train.energy.optimizer.learning_rate=1e-4
  ebm train run.toml --set upper=none --run runs/one-sided
  ebm train run.toml --overwrite --quiet
  ebm train stacked-mnist.toml --data ~/data               data.path mnist is then ~/data/mnist
  ebm train --resume runs/run-seed0                        continue after an interruption
  ebm train --resume runs/run-seed0 --set train.steps=50000  train for longer
  ebm train run.toml --resume runs/a                       start or continue: for job scripts

On SIGINT (Ctrl-C) or SIGTERM the current step is finished, the state is saved, and the exit code is 130; a second
signal ends the program at once. SIGUSR1 saves and continues.")]
pub struct Train {
    /// Configuration file (TOML) [default with --resume: the run's own]
    #[arg(required_unless_present = "resume")]
    pub config: Option<PathBuf>,
    /// Override a value of the file and the environment; may be repeated
    ///
    /// KEY is the full dotted key (train.steps). VALUE is TOML, or plain text (upper=none).
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Run directory [default: runs/<name of the configuration>-seed<seed>]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub run: Option<PathBuf>,
    /// Continue the run in this directory from its last checkpoint
    ///
    /// The result is the same, byte for byte, as if the run had never been interrupted. If a configuration is given, too, a run
    /// that does not exist yet is started.
    #[arg(long, value_name = "RUN", conflicts_with = "overwrite")]
    pub resume: Option<PathBuf>,
    /// Folder that relative data paths start from [default: that of the configuration file; with --resume, the run's]
    ///
    /// With --resume, the run remembers the folder for all other commands.
    #[arg(long, value_name = "DIR", visible_alias = "base")]
    pub data: Option<PathBuf>,
    /// Replace an existing run
    #[arg(long)]
    pub overwrite: bool,
    /// Sum the gradients of several processes by MPI even where NCCL could
    #[cfg_attr(feature = "nccl", arg(long))]
    #[cfg_attr(not(feature = "nccl"), arg(skip))]
    pub without_nccl: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}
