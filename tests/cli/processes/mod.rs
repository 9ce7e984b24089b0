//! `mpirun ebm train`: the program as several processes of one machine, and the results.

mod mpi;
#[cfg(feature = "nccl")]
mod nccl;

use ebm_train::state_file;
use std::process::{Command, Stdio};
use std::{collections::BTreeMap, fs};

use crate::command::{Folder, PROGRAM, ended, words};

/// The program as one process, or as several with a thread each.
fn ebm(folder: &Folder, processes: usize, line: &str) -> Command {
    let mut command = match processes {
        1 => Command::new(PROGRAM),
        _ => Command::new("mpirun"),
    };
    if processes > 1 {
        command.args(["-n", &processes.to_string(), PROGRAM]);
    }
    // More processes than cores, as root, in a container.
    let variables = [
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
        ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
        ("OMPI_MCA_btl_vader_single_copy_mechanism", "none"),
        ("RAYON_NUM_THREADS", "1"),
    ];
    command.current_dir(folder.path("")).args(words(line));
    command.envs(variables).stdin(Stdio::null());
    command
}

/// Runs a command that must end with this code; returns all that it says.
fn told(code: i32, command: &mut Command) -> String {
    let (stdout, stderr) = ended(code, command.output());
    stdout + &stderr
}

/// The arrays of weights that a run left, by file and name.
fn weights(folder: &Folder, run: &str) -> BTreeMap<String, Vec<f64>> {
    let mut all = BTreeMap::new();
    let found = fs::read_dir(folder.path(run).join("weights")).unwrap();
    for path in found.map(|entry| entry.unwrap().path()) {
        for (name, (_, values)) in state_file::load(&path).unwrap() {
            let key = format!("{}: {name}", path.file_stem().unwrap().to_string_lossy());
            all.insert(key, values.into_iter().map(f64::from).collect());
        }
    }
    assert!(all.len() > 6, "{:?}", all.keys());
    all
}

/// The largest difference between any weight of two runs.
fn distance(folder: &Folder, a: &str, b: &str) -> f64 {
    let (a, b) = (weights(folder, a), weights(folder, b));
    assert!(a.keys().eq(b.keys()));
    let pairs = a.values().flatten().zip(b.values().flatten());
    let differences = pairs.map(|(a, b): (&f64, &f64)| (a - b).abs());
    // A NaN must not be lost.
    differences.fold(0.0, |largest, d| if d <= largest { largest } else { d })
}
