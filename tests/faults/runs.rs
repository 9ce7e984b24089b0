//! Whatever happens to a run from outside, nothing is lost: killed at any moment, with a full disk, by signals.

use crate::command::{Files, Folder, contains, ended, files, unlike, wait_for};
use ebm_core::random::Random;
use std::process::{Child, Output};
use std::time::{Duration, Instant};
use std::{fs, io, sync::LazyLock};

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
    let rows = draws.chunks(3).map(|row| format!("{},{},{}\n", row[0], row[1], row[2]));
    folder.write("data.csv", &format!("a,b,c\n{}", rows.collect::<String>()));
    folder
}

/// Asserts that nothing of what happened to the run on the way is left.
fn assert_same(folder: &Folder, truth: &Files, what: &str) {
    let unlike = unlike(&folder.lasting("run"), truth);
    assert!(unlike.is_empty(), "{what}: {unlike:?} are not those of the undisturbed run");
}

/// Asserts that there is nothing in the run that an undisturbed one would not have.
fn assert_tidy(folder: &Folder, what: &str) {
    let left = ["run", "run/weights", "run/pictures", "run/checkpoints"].map(|place| folder.names_in(place)).concat();
    assert!(left.iter().all(|name| !name.starts_with('.')), "killed before {what}: {left:?}");
    // Two are kept, and the best.
    assert!(folder.checkpoints("run").len() <= 3, "killed before {what}: {:?}", folder.checkpoints("run"));
}

/// The operations on files of an undisturbed run, and the files it leaves.
static UNDISTURBED: LazyLock<(Vec<String>, Files)> = LazyLock::new(|| {
    let folder = folder();
    let mut command = folder.ebm("train run.toml --run undisturbed --quiet");
    command.env("FAULT_TRACE", folder.path("trace")).assert().success();
    (folder.read("trace").lines().map(str::to_string).collect(), folder.lasting("undisturbed"))
});

/// The program, with a fault at an operation.
fn disturbed(folder: &Folder, line: &str, at: usize, kind: &str) -> io::Result<Output> {
    folder.ebm(line).env("FAULT_AT", at.to_string()).env("FAULT_KIND", kind).output()
}

const GO_ON: &str = "train run.toml --resume run --quiet";
const TRAIN: &str = "train run.toml --run run --overwrite --quiet";

#[test]
fn killed_at_every_operation_of_a_save_and_at_a_hundred_others_it_ends_the_same() {
    let folder = folder();
    let (operations, truth) = &*UNDISTURBED;
    // The saves of steps 4, 6 and 8: an old one goes at each, and that of step 6 is the best so far and stays.
    let begins = |step: u64| {
        let name = format!("checkpoints/.unfinished-step-{step:012}");
        operations.iter().position(|line| line.contains(&name)).unwrap()
    };
    let save = begins(4)..=begins(10);
    assert!(save.clone().count() >= 100, "{save:?}");
    let draws = Random::new(5).uniforms(100).into_iter();
    let others = draws.map(|u| 1 + (f64::from(u) * operations.len() as f64) as usize);
    for at in save.chain(others) {
        let _ = fs::remove_dir_all(folder.path("run"));
        let output = disturbed(&folder, GO_ON, at, "die").unwrap();
        assert!(output.status.code().is_none(), "operation {at}: {output:?}");
        if folder.path("run/run.json").exists() {
            // A death is no damage.
            folder.succeed("runs verify run");
        }
        folder.succeed(GO_ON);
        assert_same(&folder, truth, &format!("killed before {}", operations[at - 1]));
        assert_tidy(&folder, &operations[at - 1]);
    }
}

#[test]
fn killed_while_an_ended_run_is_taken_up_again_nothing_counts_as_damaged() {
    let folder = folder();
    folder.succeed(GO_ON);
    let whole = files(&folder.path("run"));
    let longer = format!("{GO_ON} --set train.steps=14");
    // The old end goes, and configuration, versions and the description of the data are written anew.
    for at in 1..=18 {
        fs::remove_dir_all(folder.path("run")).unwrap();
        folder.put("run", &whole);
        let output = disturbed(&folder, &longer, at, "die").unwrap();
        assert!(output.status.code().is_none(), "operation {at}: {output:?}");
        folder.succeed("runs verify run");
    }
    folder.succeed(&longer);
    folder.train("whole", "--set train.steps=14");
    assert_same(&folder, &folder.lasting("whole"), "taken up again");
}

#[test]
fn killed_again_and_again_it_still_comes_to_its_end() {
    let folder = folder();
    let (operations, truth) = &*UNDISTURBED;
    let mut deaths = 0;
    // Long enough for one save, so that every attempt gets somewhere.
    while !disturbed(&folder, GO_ON, operations.len() / 4, "die").unwrap().status.success() {
        deaths += 1;
        assert!(deaths < 20);
    }
    assert!(deaths >= 2, "{deaths}");
    assert_same(&folder, truth, "killed again and again");
}

#[test]
fn a_save_that_fails_leaves_the_one_before_and_training_goes_on() {
    let folder = folder();
    let (operations, truth) = &*UNDISTURBED;
    for (operation, file) in [
        ("Create", "checkpoints/.unfinished-step-000000000004"),
        ("Write", "checkpoints/.unfinished-step-000000000004/energy.safetensors"),
        ("Sync", "checkpoints/.unfinished-step-000000000004/manifest.json"),
        ("Rename", "checkpoints/step-000000000004"),
    ] {
        let is_it = |line: &String| line.contains(operation) && line.ends_with(file);
        let at = operations.iter().position(is_it).unwrap() + 1;
        let _ = fs::remove_dir_all(folder.path("run"));
        let (_, said) = ended(0, disturbed(&folder, "train run.toml --run run --quiet", at, "full-once"));
        contains(&said, &["step 4: not saved", "000000000004"]);
        assert_same(&folder, truth, &format!("{operation} {file}"));
    }
}

#[test]
fn an_old_checkpoint_that_cannot_be_removed_is_a_warning_of_its_own() {
    let folder = folder();
    let (operations, truth) = &*UNDISTURBED;
    let is_it = |line: &String| line.contains("Remove") && line.contains("unfinished-removed-step-");
    // Of each checkpoint, the first of two makes room, and the second removes.
    let at = operations.iter().rposition(is_it).unwrap() + 1;
    let (_, said) = ended(0, disturbed(&folder, "train run.toml --run run --quiet", at, "full-once"));
    contains(&said, &["saved, and an old checkpoint stays", "cannot remove the checkpoint"]);
    assert!(!said.contains("not saved"), "{said}");
    assert_same(&folder, truth, "an old checkpoint stays");
}

#[test]
fn a_full_disk_and_a_forbidden_folder_end_the_run_with_path_and_cause_and_the_last_save_stays() {
    let folder = folder();
    let (operations, truth) = &*UNDISTURBED;
    let is_save = |line: &String| line.contains(".unfinished-step-000000000008");
    let save = operations.iter().position(is_save).unwrap();
    for (kind, cause) in [("full", "no storage space"), ("denied", "permission denied")] {
        let _ = fs::remove_dir_all(folder.path("run"));
        let (_, said) = ended(5, disturbed(&folder, "train run.toml --run run --quiet", save + 5, kind));
        contains(&said, &["error: ", "run/", cause]);
        contains(&folder.succeed("runs verify run"), &["step 6"]);
        folder.succeed("train --resume run --quiet");
        assert_same(&folder, truth, kind);
    }
}

/// Saves only on request, and reports every step.
const UNSAVED: &str = "--set checkpoint.every=0 --set train.log_every=1 --set train.evaluate_every=0";

/// A run that continues until it is stopped, and has begun.
fn endless(folder: &Folder) -> Child {
    let line = format!("train run.toml --run run --set train.steps=100000000 {UNSAVED}");
    let mut child = folder.start(&line);
    wait_for(&mut child, || folder.step("run") > 0);
    child
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
#[cfg(unix)]
fn asked_to_stop_it_saves_and_goes_on_later_as_if_nothing_had_been() {
    for name in ["-INT", "-TERM"] {
        let folder = folder();
        let child = endless(&folder);
        crate::command::signal(name, child.id());
        let (told, _) = ended(130, child.wait_with_output());
        contains(&told, &["ebm train --resume run"]);
        let saved = folder.checkpoints("run");
        assert_eq!(saved.len(), 1, "{saved:?}");
        let step = saved.first().unwrap();

        // Some steps more, in both: the run that was stopped, and one that never was.
        let end = format!("--quiet --set train.steps={}", step + 5);
        folder.succeed(&format!("train --resume run {end}"));
        folder.succeed(&format!("train run.toml --run whole {end} {UNSAVED}"));
        assert_same(&folder, &folder.lasting("whole"), name);
    }
}

#[test]
#[cfg(unix)]
fn asked_to_save_it_saves_and_goes_on() {
    let folder = folder();
    let mut child = endless(&folder);
    assert!(folder.checkpoints("run").is_empty());
    crate::command::signal("-USR1", child.id());
    wait_for(&mut child, || !folder.checkpoints("run").is_empty());
    let before = folder.step("run");
    wait_for(&mut child, || folder.step("run") > before + 10);
    kill(child);
}

#[test]
#[cfg(unix)]
fn asked_to_stop_during_the_last_evaluation_it_leaves_and_makes_it_when_it_goes_on() {
    let folder = folder();
    // Hours, if nothing ended it.
    let chains = "--set evaluate.annealing.chains=1000 --set evaluate.annealing.temperatures=1000000";
    let mut child = folder.start(&format!("train run.toml --run run {chains}"));
    wait_for(&mut child, || folder.has_file("run/weights/generator.safetensors", 1));
    let asked = Instant::now();
    crate::command::signal("-TERM", child.id());
    let (told, _) = ended(130, child.wait_with_output());
    contains(&told, &["interrupted after step 12", "ebm train --resume run"]);
    // A second or less where nothing else runs.
    assert!(asked.elapsed() < Duration::from_secs(60), "{:?}", asked.elapsed());
    assert!(!folder.path("run/summary.json").exists());

    let less = "--set evaluate.annealing.chains=20 --set evaluate.annealing.temperatures=10 --quiet";
    folder.succeed(&format!("train --resume run {less}"));
    folder.succeed(&format!("train run.toml --run whole {less}"));
    assert_same(&folder, &folder.lasting("whole"), "stopped during the last evaluation");
}

#[test]
#[cfg(unix)]
fn a_run_whose_directory_is_gone_notices_at_the_next_save() {
    let folder = folder();
    let child = endless(&folder);
    fs::remove_dir_all(folder.path("run")).unwrap();
    crate::command::signal("-USR1", child.id());
    let (_, said) = ended(5, child.wait_with_output());
    contains(&said, &["error: run/metrics.jsonl: it was removed or replaced while the run was trained"]);
    assert!(!folder.path("run").exists());
}

#[test]
#[cfg(unix)]
fn a_file_size_limit_ends_a_run_as_a_full_disk_does() {
    let folder = folder();
    // 32 or 64 KiB, depending on the shell: the metrics reach them first.
    let line = format!("train run.toml --run run --quiet --set train.steps=100000000 {UNSAVED}");
    let mut shell = folder.program("sh", "-c");
    let (_, said) = ended(5, shell.arg(format!("ulimit -f 64; exec '{}' {line}", crate::command::PROGRAM)).output());
    contains(&said, &["error: run/metrics.jsonl: cannot write the file", "File too large"]);
}

#[test]
fn a_second_process_is_refused_at_once_and_told_of_the_first() {
    let folder = folder();
    let mut child = endless(&folder);
    let before = folder.read("run/config.toml");
    for line in [TRAIN, "train --resume run", "train run.toml --resume run", "runs prune run"] {
        folder.refuse(5, line, &[&format!("process {} on ", child.id())]);
    }
    assert_eq!(folder.read("run/config.toml"), before);
    assert!(child.try_wait().unwrap().is_none());
    kill(child);
    // The dead hold nothing.
    folder.succeed(TRAIN);
}
