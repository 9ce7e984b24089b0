//! Whatever happens to a run from outside, nothing of it is lost: killed at any moment, with a full disk, by signals.

mod command;

use command::Folder;
use ebm_core::random::Random;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

/// Three columns: no quadrature, no pictures of a plane. A critic of its own, warm starts and averages make a full checkpoint.
const RUN: &str = r#"
seed = 3
data = { kind = "csv", path = "data.csv" }

[generator]
kind = "mlp"
hidden = [6]
noise = 0.1

[energy]
hidden = [6]
confinement = 1.0

[lower]
kind = "mi"
estimator = "nwj"
critic = { hidden = [6] }

[upper]
kind = "gp"
volume = "none"

[train]
steps = 12
batch = 8
log_every = 1
evaluate_every = 6
energy.average = 0.9
generator.average = 0.9

[evaluate]
held_out = 50
generated = 50

[checkpoint]
seconds = 0.0
every = 2
best = "upper"
"#;

fn folder() -> Folder {
    let folder = Folder::with(RUN);
    let draws = Random::new(1).normals(600);
    let rows: Vec<String> = draws
        .chunks(3)
        .map(|row| format!("{},{},{}", row[0], row[1], row[2]))
        .collect();
    folder.write("data.csv", &format!("a,b,c\n{}\n", rows.join("\n")));
    folder
}

/// What of a run must not depend on what happened to it on the way.
fn lasting(run: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![(
        "metrics.jsonl".to_string(),
        fs::read(run.join("metrics.jsonl")).unwrap(),
    )];
    let mut weights: Vec<_> = fs::read_dir(run.join("weights"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    weights.sort();
    for path in weights {
        files.push((
            path.file_name().unwrap().to_string_lossy().into_owned(),
            fs::read(&path).unwrap(),
        ));
    }
    assert!(files.len() >= 6, "{:?}", files.iter().map(|f| &f.0).collect::<Vec<_>>());
    files
}

fn assert_same(run: &Path, truth: &[(String, Vec<u8>)], what: &str) {
    let found = lasting(run);
    for ((name, found), (_, truth)) in found.iter().zip(truth) {
        assert!(
            found == truth,
            "{what}: {name} differs from that of the undisturbed run"
        );
    }
    assert_eq!(found.len(), truth.len(), "{what}");
}

/// The operations on files of an undisturbed run.
fn operations(folder: &Folder) -> Vec<String> {
    let trace = folder.path("trace");
    let output = folder
        .ebm(&["train", "run.toml", "--run", "undisturbed", "--quiet"])
        .env("FAULT_TRACE", &trace)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    fs::read_to_string(trace).unwrap().lines().map(str::to_string).collect()
}

/// Trains with a fault at an operation, then goes on until the end.
fn disturbed(folder: &Folder, at: u64, kind: &str) {
    let run = folder.path("run");
    let _ = fs::remove_dir_all(&run);
    let train = ["train", "run.toml", "--resume", "run", "--quiet"];
    let output = folder
        .ebm(&train)
        .env("FAULT_AT", at.to_string())
        .env("FAULT_KIND", kind)
        .output()
        .unwrap();
    if kind == "die" {
        assert!(output.status.code().is_none(), "operation {at}: {output:?}");
    }
    let output = folder.ebm(&train).output().unwrap();
    assert!(output.status.success(), "operation {at}: {output:?}");
}

#[test]
fn killed_at_every_operation_of_a_save_and_at_a_hundred_others_it_ends_the_same() {
    let folder = folder();
    let operations = operations(&folder);
    let truth = lasting(&folder.path("undisturbed"));
    // The saves of steps 4, 6 and 8: an old one goes at each, and that of step 6 is the best so far and stays.
    let begins = |step: u64| {
        let name = format!("checkpoints/.unfinished-step-{step:012}");
        operations.iter().position(|line| line.contains(&name)).unwrap()
    };
    let save: Vec<u64> = (begins(4) as u64..=begins(10) as u64).collect();
    assert!(save.len() >= 100, "{} operations", save.len());
    let draws = Random::new(5).uniforms(100);
    let others = draws
        .into_iter()
        .map(|u| 1 + (f64::from(u) * operations.len() as f64) as u64);
    for at in save.into_iter().chain(others) {
        disturbed(&folder, at, "die");
        let what = format!("killed before {}", operations[at as usize - 1]);
        assert_same(&folder.path("run"), &truth, &what);
    }
}

#[test]
fn killed_again_and_again_it_still_comes_to_its_end() {
    let folder = folder();
    let count = operations(&folder).len();
    let truth = lasting(&folder.path("undisturbed"));
    let mut deaths = 0;
    loop {
        // Long enough for one save, so that every attempt gets somewhere.
        let output = folder
            .ebm(&["train", "run.toml", "--resume", "run", "--quiet"])
            .env("FAULT_AT", (count / 4).to_string())
            .env("FAULT_KIND", "die")
            .output()
            .unwrap();
        if output.status.success() {
            break;
        }
        deaths += 1;
        assert!(deaths < 20, "{output:?}");
    }
    assert!(deaths >= 2, "{deaths}");
    assert_same(&folder.path("run"), &truth, "killed again and again");
}

#[test]
fn a_save_that_fails_leaves_the_one_before_and_training_goes_on() {
    let folder = folder();
    let operations = operations(&folder);
    let truth = lasting(&folder.path("undisturbed"));
    let at = |text: &str| operations.iter().position(|line| line.contains(text)).unwrap() as u64 + 1;
    for place in [
        "Create checkpoints/.unfinished-step-000000000004",
        "Write checkpoints/.unfinished-step-000000000004/energy.safetensors",
        "Sync checkpoints/.unfinished-step-000000000004/manifest.json",
        "Rename checkpoints/step-000000000004",
    ] {
        let place = place.split_once(' ').unwrap();
        let line = operations
            .iter()
            .find(|line| line.contains(place.0) && line.ends_with(place.1))
            .unwrap();
        let _ = fs::remove_dir_all(folder.path("run"));
        let output = folder
            .ebm(&["train", "run.toml", "--run", "run", "--quiet"])
            .env("FAULT_AT", at(line).to_string())
            .env("FAULT_KIND", "full-once")
            .output()
            .unwrap();
        let said = command::stderr(&output);
        assert!(output.status.success(), "{line}: {said}");
        assert!(
            said.contains("step 4: not saved") && said.contains("000000000004"),
            "{line}: {said}"
        );
        assert_same(&folder.path("run"), &truth, line);
    }
}

#[test]
fn a_full_disk_and_a_forbidden_folder_end_the_run_with_path_and_cause_and_the_last_save_stays() {
    let folder = folder();
    let operations = operations(&folder);
    let truth = lasting(&folder.path("undisturbed"));
    let save = operations
        .iter()
        .position(|line| line.contains(".unfinished-step-000000000008"))
        .unwrap() as u64;
    for kind in ["full", "denied"] {
        let _ = fs::remove_dir_all(folder.path("run"));
        let output = folder
            .ebm(&["train", "run.toml", "--run", "run", "--quiet"])
            .env("FAULT_AT", (save + 5).to_string())
            .env("FAULT_KIND", kind)
            .output()
            .unwrap();
        let said = command::stderr(&output);
        assert_eq!(output.status.code(), Some(5), "{said}");
        let cause = if kind == "full" {
            "no storage space"
        } else {
            "permission denied"
        };
        assert!(
            said.contains("error: ") && said.contains("run/") && said.contains(cause),
            "{said}"
        );
        let verified = folder.succeed(&["runs", "verify", "run"]);
        assert!(verified.contains("step 6"), "{verified}");
        folder.succeed(&["train", "--resume", "run", "--quiet"]);
        assert_same(&folder.path("run"), &truth, kind);
    }
}

/// A run that goes on until it is told otherwise.
fn endless(folder: &Folder) -> Child {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ebm-tested"));
    command
        .current_dir(folder.path(""))
        .args(["train", "run.toml", "--run", "run", "--set", "train.steps=100000000"]);
    command.args([
        "--set",
        "checkpoint.every=0",
        "--set",
        "train.log_every=1",
        "--set",
        "train.evaluate_every=0",
    ]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&mut child, || {
        fs::read_to_string(folder.path("run/metrics.jsonl")).is_ok_and(|text| text.contains('\n'))
    });
    child
}

/// Waits until something is so, or the process has ended.
fn wait_for(child: &mut Child, so: impl Fn() -> bool) {
    while !so() {
        assert!(child.try_wait().unwrap().is_none(), "the process has ended");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// The steps that checkpoints are of.
fn saved(run: &Path) -> Vec<u64> {
    let entries = fs::read_dir(run.join("checkpoints")).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let mut steps: Vec<u64> = names
        .filter_map(|name| name.strip_prefix("step-")?.parse().ok())
        .collect();
    steps.sort_unstable();
    steps
}

#[test]
#[cfg(unix)]
fn asked_to_stop_it_saves_and_goes_on_later_as_if_nothing_had_been() {
    for name in ["-INT", "-TERM"] {
        let folder = folder();
        let child = endless(&folder);
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("ebm train --resume run"), "{said}");
        let [step] = saved(&folder.path("run"))[..] else {
            panic!("one checkpoint")
        };

        // Some steps more, in both: the run that was stopped, and one that never was.
        let (steps, end) = (format!("train.steps={}", step + 5), ["--quiet", "--set"]);
        folder.succeed(&["train", "--resume", "run", end[0], end[1], &steps]);
        let rest = [
            "--set",
            "checkpoint.every=0",
            "--set",
            "train.log_every=1",
            "--set",
            "train.evaluate_every=0",
        ];
        let whole = [
            &["train", "run.toml", "--run", "whole", end[0], end[1], &steps][..],
            &rest,
        ]
        .concat();
        folder.succeed(&whole);
        assert_same(&folder.path("run"), &lasting(&folder.path("whole")), name);
    }
}

#[test]
#[cfg(unix)]
fn asked_to_save_it_saves_and_goes_on() {
    let folder = folder();
    let mut child = endless(&folder);
    assert!(saved(&folder.path("run")).is_empty());
    signal(&child, "-USR1");
    wait_for(&mut child, || !saved(&folder.path("run")).is_empty());
    let lines = || {
        fs::read_to_string(folder.path("run/metrics.jsonl"))
            .unwrap()
            .lines()
            .count()
    };
    let before = lines();
    wait_for(&mut child, || lines() > before + 10);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_second_process_is_refused_at_once_and_told_of_the_first() {
    let folder = folder();
    let mut child = endless(&folder);
    let before = fs::read(folder.path("run/config.toml")).unwrap();
    for arguments in [
        &["train", "run.toml", "--run", "run", "--overwrite"][..],
        &["train", "--resume", "run"],
        &["train", "run.toml", "--resume", "run"],
        &["runs", "prune", "run"],
    ] {
        let said = folder.fail(5, arguments);
        assert!(
            said.contains(&format!("process {} on ", child.id())),
            "{arguments:?}: {said}"
        );
    }
    assert_eq!(fs::read(folder.path("run/config.toml")).unwrap(), before);
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    // The dead hold nothing.
    folder.succeed(&["train", "run.toml", "--run", "run", "--overwrite", "--quiet"]);
}
