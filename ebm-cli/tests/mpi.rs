//! `mpirun ebm train`: what several processes of one machine train, and how they end. Needs `mpirun` of the MPI library that the
//! program was built with.

mod job;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use job::{distance, ebm, good, told};

/// Every layer smooth, every term a mean over the samples; noise, warm starts and averages among what is shared.
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

struct Place {
    folder: tempfile::TempDir,
    config: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("moons.toml");
        fs::write(&config, CONFIG).unwrap();
        Self { folder, config }
    }

    fn run(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Trains to a run directory, by so many processes.
    fn train(&self, processes: usize, name: &str, set: &[&str]) -> Output {
        self.training(processes, name, set).output().unwrap()
    }

    fn training(&self, processes: usize, name: &str, set: &[&str]) -> Command {
        let mut command = ebm(processes);
        command.arg("train").arg(&self.config).arg("--run").arg(self.run(name));
        for set in set {
            command.args(["--set", set]);
        }
        command
    }

    /// Two processes that train to a run directory for longer than a test waits, and have saved.
    fn long_job(&self, name: &str) -> Child {
        let mut command = self.training(2, name, &["train.steps=1000000", "checkpoint.every=20"]);
        let job = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for("a checkpoint", || (checkpoints(&self.run(name)) > 0).then_some(()));
        job
    }

    /// Goes on with a run, by so many processes.
    fn resume(&self, processes: usize, name: &str, set: &[&str]) -> Output {
        let mut command = ebm(processes);
        command.args(["train", "--resume"]).arg(self.run(name));
        for set in set {
            command.args(["--set", set]);
        }
        command.output().unwrap()
    }
}

#[test]
fn two_and_four_processes_train_what_one_does() {
    let place = Place::new();
    good(place.train(1, "one", &[]));
    for processes in [2, 4] {
        let name = format!("of-{processes}");
        let said = good(place.train(processes, &name, &[]));
        // One of them tells, and there is nothing to warn of.
        assert_eq!(said.matches("100 steps in").count(), 1, "{said}");
        assert!(!said.contains("do not train quite"), "{said}");
        let far = distance(&place.run(&name), &place.run("one"));
        assert!(far <= 1e-5, "{processes} processes: {far:e}");
        // The figures are those of the whole batch.
        let metrics = fs::read_to_string(place.run(&name).join("metrics.jsonl")).unwrap();
        let first: serde_json::Value = serde_json::from_str(metrics.lines().next().unwrap()).unwrap();
        assert_eq!(first["metrics"]["data_energy"]["samples"], 48, "{first}");
    }
}

#[test]
fn another_number_of_processes_goes_on_and_says_so() {
    let place = Place::new();
    good(place.train(1, "one", &[]));
    good(place.train(4, "run", &["train.steps=50"]));
    let said = good(place.resume(2, "run", &["train.steps=80"]));
    assert_eq!(
        said.matches("goes on with 2 processes instead of 4").count(),
        1,
        "{said}"
    );
    let said = good(place.resume(1, "run", &["train.steps=100"]));
    assert!(said.contains("goes on with 1 process instead of 2 processes"), "{said}");
    let far = distance(&place.run("run"), &place.run("one"));
    assert!(far <= 1e-5, "{far:e}");
    // There is nothing left to do, and nobody waits.
    let said = good(place.resume(2, "run", &["train.steps=100"]));
    assert_eq!(said.matches("for more, --set train.steps=N").count(), 1, "{said}");
}

#[test]
fn what_several_processes_do_not_train_alike_is_said_once() {
    let place = Place::new();
    let said = good(place.train(
        2,
        "run",
        &[
            "lower={kind=\"mi\",estimator=\"dv\"}",
            "generator={kind=\"mlp\",noise=0.1}",
        ],
    ));
    let warnings: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("warning: 2 processes of 24 samples"))
        .collect();
    assert!(
        warnings.len() == 1 && warnings[0].contains("lower: dv has the logarithm"),
        "{said}"
    );
}

#[test]
fn an_error_is_told_once_and_nothing_is_written() {
    let place = Place::new();
    let output = place.train(4, "run", &["train.batch=50"]);
    let said = told(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    assert!(
        said.contains("train.batch = 50: expected a multiple of 4, the number of processes"),
        "{said}"
    );
    assert!(!place.run("run").exists());
}

#[test]
fn a_job_that_mpi_does_not_know_of_is_refused() {
    let place = Place::new();
    let mut command = ebm(1);
    command
        .envs([("PMI_RANK", "0"), ("PMI_SIZE", "2")])
        .arg("train")
        .arg(&place.config);
    let output = command.arg("--run").arg(place.run("run")).output().unwrap();
    let said = told(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("mpirun started 2 processes, but MPI knows of 1"),
        "{said}"
    );
    assert!(!place.run("run").exists());
}

/// Waits for what is bound to happen; a failure to happen is a failure.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(300), "{what} does not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn checkpoints(run: &Path) -> usize {
    let entries = fs::read_dir(run.join("checkpoints")).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("step-"))
        .count()
}

/// The processes of a job, by number.
fn children(of: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    let mut all: Vec<u32> = text.split_whitespace().map(|id| id.parse().unwrap()).collect();
    all.sort_unstable();
    all
}

fn signal(signal: &str, process: u32) {
    let status = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn a_killed_process_ends_the_job_and_its_checkpoint_goes_on() {
    let place = Place::new();
    let job = place.long_job("run");
    let victim = *children(job.id()).last().unwrap();
    signal("-9", victim);
    let output = job.wait_with_output().unwrap();
    let said = told(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("signal 9"), "{said}");

    // It goes on by one process, from the last checkpoint.
    let steps = wait_for("a checkpoint", || {
        let folder = place.run("run").join("checkpoints");
        let names = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.file_name());
        names
            .filter_map(|name| name.to_str()?.strip_prefix("step-")?.parse::<u64>().ok())
            .max()
    });
    let more = format!("train.steps={}", steps + 20);
    let said = good(place.resume(1, "run", &[&more]));
    assert!(said.contains(&format!("{} steps in", steps + 20)), "{said}");
}

#[test]
fn a_job_that_is_asked_to_end_saves_first() {
    let place = Place::new();
    let job = place.long_job("run");
    // To the process that writes, as a launcher hands it on.
    let first = children(job.id())[0];
    signal("-TERM", first);
    let output = job.wait_with_output().unwrap();
    let said = told(&output);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("the state is saved; go on with: ebm train --resume"),
        "{said}"
    );
}
