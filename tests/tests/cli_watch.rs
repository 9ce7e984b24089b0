//! `ebm watch`, and event files for TensorBoard.

mod command;

use command::{Folder, metrics, stderr};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const RUN: &str = "runs/run-seed7";

fn trained() -> Folder {
    let folder = Folder::tiny();
    folder.succeed(&["train", "run.toml", "--quiet"]);
    folder
}

#[test]
fn a_run_that_ended_is_told_by_its_evaluations_and_its_end() {
    let folder = trained();
    let told = folder.succeed(&["watch", RUN]);
    let lines: Vec<&str> = told.lines().collect();
    let evaluations: Vec<_> = metrics(&folder.path(RUN))
        .into_iter()
        .filter(|line| line["event"] != "training")
        .collect();
    let steps: Vec<_> = lines.iter().filter(|line| line.starts_with("step ")).collect();
    assert_eq!((steps.len(), evaluations.len()), (4, 4), "{told}");
    for (line, evaluation) in steps.iter().zip(&evaluations) {
        assert!(line.starts_with(&format!("step {}/30", evaluation["step"])), "{line}");
        for (name, label) in [("lower", "lower"), ("nll", "NLL"), ("upper", "upper")] {
            let value = evaluation["metrics"][name]["value"].as_f64().unwrap();
            assert!(line.contains(&format!("| {label} {value:.3}")), "{line}: {value}");
        }
    }
    assert!(lines[1].starts_with("  sandwich: lower "), "{told}");
    assert!(steps[3].starts_with("step 30/30 at the end | "), "{told}");
    let end = lines.last().unwrap();
    assert!(
        end.starts_with("ended as completed after 30 steps in ") && end.ends_with(": all steps done"),
        "{told}"
    );
}

#[test]
fn the_state_of_a_moment_says_whether_the_run_goes_on() {
    let folder = trained();
    let ended = folder.succeed(&["watch", RUN, "--once"]);
    assert!(
        ended.starts_with("runs/run-seed7 (lower sv, upper gp): ended as completed"),
        "{ended}"
    );
    for part in [
        "\nstep 30/30, 100 %\n",
        "\nlower ",
        "\nNLL ",
        "\nupper ",
        "\ngap ",
        "\ngood samples ",
        "\nsandwich at step 30: lower ",
        "\ngradient norms: energy ",
    ] {
        assert!(ended.contains(part), "{part:?} in {ended}");
    }
    assert!(ended.contains(", certified, at step 30\n"), "{ended}");
    let curves = ended
        .lines()
        .filter(|line| line.contains('█') && line.ends_with(" nats"));
    assert_eq!(curves.count(), 3, "{ended}");

    // Before its end, with its process and without.
    fs::remove_file(folder.path(RUN).join("summary.json")).unwrap();
    let lock = File::open(folder.path(RUN).join("lock.json")).unwrap();
    lock.lock().unwrap();
    assert!(
        folder
            .succeed(&["watch", RUN, "--once"])
            .contains("upper gp): in training\n")
    );
    drop(lock);
    let left = folder.succeed(&["watch", RUN, "--once"]);
    assert!(
        left.contains(": no process trains it, and it has not ended\n"),
        "{left}"
    );
    let error = folder.fail(1, &["watch", RUN, "--every", "0.01"]);
    assert!(
        error.contains("no process trains this run any more") && error.contains("is 30"),
        "{error}"
    );
}

#[test]
fn a_watcher_ends_with_the_code_of_its_run() {
    let folder = trained();
    let summary = format!("{RUN}/summary.json");
    let text = folder.read(&summary);
    let diverged = text.replace("\"completed\"", "\"diverged\"").replace(
        "\"divergence\": null",
        r#""divergence": {"reason": "it rose", "advice": "lower it"}"#,
    );
    folder.write(&summary, &diverged);
    let error = folder.fail(7, &["watch", RUN]);
    assert!(error.contains("the run diverged: it rose; lower it"), "{error}");
    folder.write(&summary, &text.replace("\"completed\"", "\"not-finite\""));
    folder.fail(6, &["watch", RUN]);
    folder.succeed(&["watch", RUN, "--once"]);
}

#[test]
fn what_is_no_run_is_refused() {
    let folder = trained();
    assert!(
        folder
            .fail(5, &["watch", "runs/none"])
            .contains("runs/none: no run is here")
    );
    assert!(folder.fail(5, &["watch", "."]).contains("no run is here"));
    folder.write(
        &format!("{RUN}/metrics.jsonl"),
        "{\"step\": 1, \"event\": \"training\"}\n{\"step\": \n",
    );
    let error = folder.fail(5, &["watch", RUN, "--every", "0.01"]);
    assert!(error.contains("metrics.jsonl: line 2: "), "{error}");
    folder.fail(5, &["watch", RUN, "--once"]);
    for every in ["0", "-1", "nan", "1e9", "soon"] {
        let output = folder
            .ebm(&["watch", RUN, &format!("--every={every}")])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{every}");
        assert!(stderr(&output).contains("0.01 to 3600"), "{every}");
    }
}

/// The program, to be run beside the test.
fn beside(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ebm-tested"));
    command
        .current_dir(folder.path("."))
        .args(arguments)
        .stdout(Stdio::piped());
    command
}

#[test]
fn a_run_that_is_not_there_yet_can_be_waited_for_and_is_followed_to_its_end() {
    let folder = Folder::tiny();
    let watch = beside(&folder, &["watch", RUN, "--wait", "--every", "0.25"])
        .spawn()
        .unwrap();
    folder.succeed(&["train", "run.toml", "--quiet"]);
    let watched = watch.wait_with_output().unwrap();
    let told = String::from_utf8(watched.stdout).unwrap();
    assert!(watched.status.success(), "{told}");
    assert!(
        told.contains("\nstep 30/30 at the end | lower ") && told.contains("\nended as completed"),
        "{told}"
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_watcher() {
    let folder = trained();
    fs::remove_file(folder.path(RUN).join("summary.json")).unwrap();
    let lock = File::open(folder.path(RUN).join("lock.json")).unwrap();
    lock.lock().unwrap();
    let mut watch = beside(&folder, &["watch", RUN]).spawn().unwrap();
    let mut first = String::new();
    let mut told = BufReader::new(watch.stdout.take().unwrap());
    told.read_line(&mut first).unwrap();
    assert!(first.starts_with("step 10/30 | "), "{first}");
    let signal = Command::new("kill")
        .args(["-INT", &watch.id().to_string()])
        .status()
        .unwrap();
    assert!(signal.success());
    assert_eq!(watch.wait().unwrap().code(), Some(130));
}

#[test]
fn event_files_are_written_where_they_are_wanted_and_change_nothing_else() {
    let folder = Folder::tiny();
    folder.succeed(&["train", "run.toml", "--quiet", "--run", "without"]);
    let wanted = [
        "train",
        "run.toml",
        "--quiet",
        "--run",
        "with",
        "--set",
        "log.tensorboard=true",
    ];
    folder.succeed(&wanted);
    assert!(!folder.path("without/tensorboard").exists());
    assert_eq!(folder.read("with/metrics.jsonl"), folder.read("without/metrics.jsonl"));
    let files = |run: &str| -> Vec<_> {
        let entries = fs::read_dir(folder.path(run).join("tensorboard")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let written = files("with");
    let bytes = fs::read(&written[0]).unwrap();
    assert_eq!(written.len(), 1);
    for text in [
        "brain.Event:2",
        "training/lower",
        "training/energy_gradient_norm",
        "evaluation/nll",
        "evaluation/good_share",
    ] {
        assert!(bytes.windows(text.len()).any(|part| part == text.as_bytes()), "{text}");
    }
    // The files of a run that is replaced go with it.
    folder.succeed(&[&wanted[..], &["--overwrite"]].concat());
    assert_eq!(files("with").len(), 1);
    let error = folder.fail(3, &["train", "run.toml", "--set", "log.tensorbord=true"]);
    assert!(error.contains("did you mean `tensorboard`?"), "{error}");
}
