//! `ebm watch`, and event files for TensorBoard.

use crate::command::{Folder, contains, ended};
use std::fs::{self, File};

const RUN: &str = "runs/run-seed7";

/// The run as it is before its end, with its process: locked, until the file is dropped.
fn in_training(folder: &Folder) -> File {
    folder.remove(&format!("{RUN}/summary.json"));
    let lock = File::open(folder.path(RUN).join("lock.json")).unwrap();
    lock.lock().unwrap();
    lock
}

#[test]
fn a_run_that_ended_is_told_by_its_evaluations_and_its_end() {
    let folder = Folder::trained(RUN);
    let told = folder.succeed(&format!("watch {RUN}"));
    let lines: Vec<&str> = told.lines().collect();
    let metrics = folder.metrics(RUN);
    let evaluations: Vec<_> = metrics.iter().filter(|line| line["event"] != "training").collect();
    let steps: Vec<_> = lines.iter().filter(|line| line.starts_with("step ")).collect();
    assert_eq!((steps.len(), evaluations.len()), (4, 4), "{told}");
    for (line, evaluation) in steps.iter().zip(&evaluations) {
        assert!(line.starts_with(&format!("step {}/30", evaluation["step"])), "{line}");
        for (name, label) in [("lower", "lower"), ("nll", "NLL"), ("upper", "upper")] {
            let value = evaluation["metrics"][name]["value"].as_f64().unwrap();
            contains(line, &[&format!("| {label} {value:.3}")]);
        }
    }
    assert!(lines[1].starts_with("  sandwich: lower "), "{told}");
    assert!(steps[3].starts_with("step 30/30 at the end | "), "{told}");
    let end = lines.last().unwrap();
    assert!(end.starts_with("ended as completed after 30 steps in "), "{told}");
    assert!(end.ends_with(": all steps done"), "{told}");
}

#[test]
fn the_state_of_a_moment_says_whether_the_run_goes_on() {
    let folder = Folder::trained(RUN);
    let once = || folder.succeed(&format!("watch {RUN} --once"));
    let ended = once();
    assert!(ended.starts_with("runs/run-seed7 (lower sv, upper gp): ended as completed"), "{ended}");
    contains(
        &ended,
        &[
            "\nstep 30/30, 100 %\n",
            "\nlower ",
            "\nNLL ",
            "\nupper ",
            "\ngap ",
            "\ngood samples ",
            "\nsandwich at step 30: lower ",
            "\ngradient norms: energy ",
            ", certified, at step 30\n",
        ],
    );
    let curve = |line: &&str| line.contains('█') && line.ends_with(" nats");
    assert_eq!(ended.lines().filter(curve).count(), 3, "{ended}");

    let lock = in_training(&folder);
    contains(&once(), &["upper gp): in training\n"]);
    drop(lock);
    contains(&once(), &[": no process trains it, and it has not ended\n"]);
    let parts = ["no process trains this run any more", "is 30"];
    folder.refuse(1, &format!("watch {RUN} --every 0.01"), &parts);
}

#[test]
fn a_watcher_ends_with_the_code_of_its_run() {
    let folder = Folder::trained(RUN);
    let summary = format!("{RUN}/summary.json");
    let text = folder.read(&summary);
    let divergence = r#""divergence": {"reason": "it rose", "advice": "lower it"}"#;
    let diverged = text.replace("\"divergence\": null", divergence);
    folder.write(&summary, &diverged.replace("\"completed\"", "\"diverged\""));
    let watch = format!("watch {RUN}");
    folder.refuse(7, &watch, &["the run diverged: it rose; lower it"]);
    folder.write(&summary, &text.replace("\"completed\"", "\"not-finite\""));
    folder.fail(6, &watch);
    folder.succeed(&format!("{watch} --once"));
}

#[test]
fn what_is_no_run_is_refused() {
    let folder = Folder::trained(RUN);
    folder.refuse(5, "watch runs/none", &["runs/none: no run is here"]);
    folder.refuse(5, "watch .", &["no run is here"]);
    let broken = "{\"step\": 1, \"event\": \"training\"}\n{\"step\": \n";
    folder.write(&format!("{RUN}/metrics.jsonl"), broken);
    folder.refuse(5, &format!("watch {RUN} --every 0.01"), &["metrics.jsonl: line 2: "]);
    folder.fail(5, &format!("watch {RUN} --once"));
    for every in ["0", "-1", "nan", "1e9", "soon"] {
        contains(&folder.run(2, &format!("watch {RUN} --every={every}")).1, &["0.01 to 3600"]);
    }
}

#[test]
fn a_run_that_is_not_there_yet_can_be_waited_for_and_is_followed_to_its_end() {
    let folder = Folder::tiny();
    let watch = folder.start(&format!("watch {RUN} --wait --every 0.25"));
    folder.train(RUN, "");
    let (told, _) = ended(0, watch.wait_with_output());
    contains(&told, &["\nstep 30/30 at the end | lower ", "\nended as completed"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_watcher() {
    use std::io::{BufRead, BufReader};

    let folder = Folder::trained(RUN);
    let _lock = in_training(&folder);
    let mut watch = folder.start(&format!("watch {RUN}"));
    let mut first = String::new();
    let mut told = BufReader::new(watch.stdout.take().unwrap());
    told.read_line(&mut first).unwrap();
    assert!(first.starts_with("step 10/30 | "), "{first}");
    crate::command::signal("-INT", watch.id());
    assert_eq!(watch.wait().unwrap().code(), Some(130));
}

#[test]
fn event_files_are_written_where_they_are_wanted_and_change_nothing_else() {
    let folder = Folder::tiny();
    folder.train("without", "");
    let wanted = "--set log.tensorboard=true";
    folder.train("with", wanted);
    assert!(!folder.path("without/tensorboard").exists());
    assert_eq!(folder.read("with/metrics.jsonl"), folder.read("without/metrics.jsonl"));
    let files = || folder.names_in("with/tensorboard");
    let written = files();
    let [file] = &written[..] else { panic!("{written:?}") };
    let bytes = fs::read(folder.path("with/tensorboard").join(file)).unwrap();
    for text in
        ["brain.Event:2", "training/lower", "training/energy_gradient_norm", "evaluation/nll", "evaluation/good_share"]
    {
        assert!(bytes.windows(text.len()).any(|part| part == text.as_bytes()), "{text}");
    }
    // The files of a run that is replaced go with it.
    folder.train("with", &format!("{wanted} --overwrite"));
    assert_eq!(files().len(), 1);
    let misspelt = "train run.toml --set log.tensorbord=true";
    folder.refuse(3, misspelt, &["did you mean `tensorboard`?"]);
}
