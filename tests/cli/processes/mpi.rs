//! Training with several processes, and how they end. Needs `mpirun` of the MPI library the program was built with.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::{distance, ebm, told};
use crate::command::{Folder, contains, ended, signal};

/// Every layer smooth, every term a mean over the samples; with noise, warm starts and averages, which are shared.
const CONFIG: &str = r#"
data = "two-moons"
generator = { kind = "flow" }
energy = { kind = "mlp", hidden = [32, 32], activation = "tanh", confinement = 1.0 }
lower = { kind = "sv", variant = "smallest", solver = { iterative = { steps = 3, warm_start = true } } }
upper = { kind = "gp", volume = "log-det", projections = 2, weight = 0.01 }

[train]
steps = 100
batch = 48
log_every = 10
evaluate_every = 50
energy = { average = 0.9 }

[evaluate]
held_out = 200
generated = 200
quadrature = { tolerance = 1e-2, max_evaluations = 100_000 }
"#;

/// Trains to a run directory, by so many processes.
fn train(folder: &Folder, processes: usize, run: &str, more: &str) -> String {
    told(0, &mut ebm(folder, processes, &format!("train run.toml --run {run} {more}")))
}

/// Goes on until so many steps, by so many processes.
fn resume(folder: &Folder, processes: usize, steps: u64) -> String {
    told(0, &mut ebm(folder, processes, &format!("train --resume run --set train.steps={steps}")))
}

/// Two processes that train for longer than a test waits, and have saved.
fn long_job(folder: &Folder) -> Child {
    let line = "train run.toml --run run --set train.steps=1000000 --set checkpoint.every=20";
    let mut command = ebm(folder, 2, line);
    let job = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while folder.checkpoints("run").is_empty() {
        assert!(started.elapsed() < Duration::from_secs(300), "nothing is saved");
        std::thread::sleep(Duration::from_millis(20));
    }
    job
}

fn children(of: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    let mut all: Vec<u32> = text.split_whitespace().map(|id| id.parse().unwrap()).collect();
    all.sort_unstable();
    all
}

#[test]
fn two_and_four_processes_train_what_one_does() {
    let folder = Folder::with(CONFIG);
    train(&folder, 1, "one", "");
    for processes in [2, 4] {
        let run = format!("of-{processes}");
        let said = train(&folder, processes, &run, "");
        // One of them prints, and there is nothing to warn of.
        assert_eq!(said.matches("100 steps in").count(), 1, "{said}");
        assert!(!said.contains("do not train quite"), "{said}");
        let far = distance(&folder, &run, "one");
        assert!(far <= 1e-5, "{processes} processes: {far:e}");
        // The figures are those of the whole batch.
        let first = &folder.metrics(&run)[0];
        assert_eq!(first["metrics"]["data_energy"]["samples"], 48, "{first}");
    }
}

#[test]
fn another_number_of_processes_goes_on_and_says_so() {
    let folder = Folder::with(CONFIG);
    train(&folder, 1, "one", "");
    train(&folder, 4, "run", "--set train.steps=50");
    let said = resume(&folder, 2, 80);
    assert_eq!(said.matches("goes on with 2 processes instead of 4").count(), 1, "{said}");
    let said = resume(&folder, 1, 100);
    contains(&said, &["goes on with 1 process instead of 2 processes"]);
    let far = distance(&folder, "run", "one");
    assert!(far <= 1e-5, "{far:e}");
    // There is nothing left to do, and nobody waits.
    let said = resume(&folder, 2, 100);
    assert_eq!(said.matches("for more, --set train.steps=N").count(), 1, "{said}");
}

#[test]
fn what_several_processes_do_not_train_alike_is_said_once() {
    let folder = Folder::with(CONFIG);
    let sets = "--set 'lower={kind=\"mi\",estimator=\"dv\"}' --set 'generator={kind=\"mlp\",noise=0.1}'";
    let said = train(&folder, 2, "run", sets);
    let warnings = said.lines().filter(|line| line.starts_with("warning: 2 processes of 24 samples"));
    let [warning] = warnings.collect::<Vec<_>>()[..] else { panic!("{said}") };
    contains(warning, &["lower: dv has the logarithm"]);
}

#[test]
fn an_error_is_told_once_and_nothing_is_written() {
    let folder = Folder::with(CONFIG);
    let said = told(3, &mut ebm(&folder, 4, "train run.toml --run run --set train.batch=50"));
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    contains(&said, &["train.batch = 50: expected a multiple of 4, the number of processes"]);

    // A job that MPI does not know of.
    let mut command = ebm(&folder, 1, "train run.toml --run run");
    let said = told(2, command.envs([("PMI_RANK", "0"), ("PMI_SIZE", "2")]));
    contains(&said, &["mpirun started 2 processes, but MPI knows of 1"]);
    assert!(!folder.path("run").exists());
}

#[test]
fn a_killed_process_ends_the_job_and_its_checkpoint_goes_on() {
    let folder = Folder::with(CONFIG);
    let job = long_job(&folder);
    signal("-9", *children(job.id()).last().unwrap());
    let output = job.wait_with_output().unwrap();
    assert!(!output.status.success());
    contains(&String::from_utf8_lossy(&[output.stdout, output.stderr].concat()), &["signal 9"]);

    // One process continues it, from the last checkpoint.
    let steps = folder.checkpoints("run").last().unwrap() + 20;
    contains(&resume(&folder, 1, steps), &[&format!("{steps} steps in")]);
}

#[test]
fn a_job_that_is_asked_to_end_saves_first() {
    let folder = Folder::with(CONFIG);
    let job = long_job(&folder);
    // To the process that writes, as a launcher hands it on.
    signal("-TERM", children(job.id())[0]);
    let (out, said) = ended(130, job.wait_with_output());
    contains(&(out + &said), &["the state is saved; go on with: ebm train --resume"]);
}
