//! The file that describes a sweep.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use smart_default::SmartDefault;
use std::path::PathBuf;

use super::slurm::SlurmConfig;

/// The most runs of a sweep: their numbers have four digits.
pub const MOST_RUNS: usize = 10_000;
/// Runs that may be trained at once on one machine.
pub const MOST_JOBS: u32 = 1024;

/// What `ebm sweep` reads. Its points are those of `[grid]`, then the listed ones, then the drawn ones; each is trained with
/// every seed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SweepSpec {
    /// Name of the sweep, of letters, digits, `-` and `_`; without one, that of the file.
    pub name: Option<String>,
    /// Folder of the sweep, below the working folder if it is relative; without one, `runs/sweep-NAME`. `--out` stands above
    /// it.
    pub out: Option<PathBuf>,
    /// Configuration file that every point starts from, relative to this file; without one, everything has its default.
    pub base: Option<PathBuf>,
    /// Values above those of the base, for every point: any part of a configuration.
    #[serde(skip_serializing)]
    pub config: Map<String, Json>,
    /// Seeds that every point is trained with, or how many from the configuration's on; without them, the configuration's.
    #[serde(skip_serializing)]
    #[schemars(with = "Seeds")]
    pub seeds: Json,
    /// Keys of the configuration, each with a list of values: every combination is a point, the last key varying fastest.
    #[serde(skip_serializing)]
    pub grid: Map<String, Json>,
    /// Points by themselves (`[[point]]`), each with values of keys; one without any is the configuration as it is.
    #[serde(skip_serializing)]
    #[schemars(with = "Vec<Map<String, Json>>")]
    pub point: Json,
    /// Points that are drawn at random.
    pub random: RandomSearch,
    /// What the array script asks of Slurm, for every run.
    pub slurm: SlurmConfig,
    /// How runs are trained here, by `--run`.
    pub local: LocalConfig,
}

/// For the schema: seeds are read by hand, so that the message names the one that is wrong.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum Seeds {
    Count(u64),
    List(Vec<u64>),
}

/// Points that are drawn at random.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RandomSearch {
    /// Number of points.
    pub samples: u64,
    /// Seed of the draws. A value is a function of this seed, its key and the number of its point, so that more points or
    /// more keys leave the others as they are.
    pub seed: u64,
    /// Keys of the configuration, each with `{ linear = [LOW, HIGH] }` or `{ log = [LOW, HIGH] }`. Where both ends are whole
    /// numbers, the values are; others have four significant digits.
    #[serde(skip_serializing)]
    pub range: Map<String, Json>,
}

/// How runs are trained by `--run`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(default, deny_unknown_fields)]
pub struct LocalConfig {
    /// Runs to train at once, each with its share of the processor's cores; at most 1024. `--jobs` stands above it.
    #[default(1)]
    pub jobs: u32,
}
