//! Checkpoints from the command line: going on, what is kept, looking at runs, exporting models.

mod command;

use command::{Folder, TINY};
use std::fs;
use std::path::Path;

fn with_checkpoints(more: &str) -> Folder {
    Folder::with(&format!("{TINY}\n[checkpoint]\nseconds = 0.0\nevery = 10\n{more}"))
}

fn saved(run: &Path) -> Vec<String> {
    let entries = fs::read_dir(run.join("checkpoints")).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_run_goes_on_for_longer_as_if_it_had_been_asked_to_from_the_start() {
    let folder = with_checkpoints("");
    folder.succeed(&["train", "run.toml", "--run", "short", "--quiet"]);
    assert!(
        folder
            .succeed(&["train", "--resume", "short"])
            .contains("the run ended as completed after 30 steps")
    );
    folder.succeed(&["train", "--resume", "short", "--set", "train.steps=50", "--quiet"]);
    folder.succeed(&[
        "train",
        "run.toml",
        "--run",
        "long",
        "--set",
        "train.steps=50",
        "--quiet",
    ]);
    for file in [
        "metrics.jsonl",
        "config.toml",
        "weights/energy.safetensors",
        "weights/generator.safetensors",
        "pictures/curves.png",
    ] {
        let read = |run: &str| fs::read(folder.path(run).join(file)).unwrap();
        assert!(read("short") == read("long"), "{file}");
    }
}

#[test]
fn another_configuration_is_refused_with_what_differs_and_harmless_keys_are_not() {
    let folder = with_checkpoints("");
    folder.succeed(&["train", "run.toml", "--run", "run", "--quiet"]);
    let before = fs::read(folder.path("run/summary.json")).unwrap();
    let said = folder.fail(
        3,
        &[
            "train",
            "--resume",
            "run",
            "--set",
            "energy.confinement=2",
            "--set",
            "train.steps=40",
        ],
    );
    assert!(
        said.contains("energy.confinement = 2.0 instead of 1.0") && said.contains("train.log_every"),
        "{said}"
    );
    let said = folder.fail(3, &["train", "--resume", "run", "--set", "upper=none"]);
    assert!(said.contains("upper.kind = \"none\" instead of \"gp\""), "{said}");
    let said = folder.fail(3, &["train", "--resume", "run", "--set", "train.steps=20"]);
    assert!(said.contains("30 steps are done, more than train.steps = 20"), "{said}");
    assert_eq!(fs::read(folder.path("run/summary.json")).unwrap(), before);
    let harmless = [
        "train.steps=40",
        "train.log_every=5",
        "checkpoint.keep=1",
        "evaluate.generated=300",
        "train.stop.seconds=1e6",
    ];
    let sets = harmless.iter().flat_map(|set| ["--set", *set]);
    let arguments: Vec<&str> = ["train", "--resume", "run", "--quiet"]
        .into_iter()
        .chain(sets)
        .collect();
    folder.succeed(&arguments);
    assert!(folder.read("run/config.toml").contains("steps = 40"));
    assert_eq!(saved(&folder.path("run")), ["step-000000000040"]);
}

#[test]
fn a_run_that_stopped_by_itself_stays_as_it_is_and_one_out_of_time_goes_on() {
    let folder = with_checkpoints("");
    // Nothing improves on a share that is 0 all the time.
    let stops = [
        "--set",
        "train.stop.patience=1",
        "--set",
        "train.stop.metric=\"data_entropy\"",
    ];
    let train = [&["train", "run.toml", "--resume", "run", "--quiet"][..], &stops].concat();
    folder.succeed(&train);
    let before = fs::read(folder.path("run/metrics.jsonl")).unwrap();
    assert!(folder.read("run/summary.json").contains("has not improved"));
    folder.succeed(&train);
    assert_eq!(fs::read(folder.path("run/metrics.jsonl")).unwrap(), before);

    let limited = [
        "train",
        "run.toml",
        "--resume",
        "limited",
        "--quiet",
        "--set",
        "train.stop.seconds=1e-6",
    ];
    for steps in 1..=3 {
        folder.succeed(&limited);
        let summary: serde_json::Value = serde_json::from_str(&folder.read("limited/summary.json")).unwrap();
        assert_eq!(summary["steps"], steps);
    }

    // Without a checkpoint there is nothing to go on from, and nothing is started over.
    let off = [
        "train",
        "run.toml",
        "--resume",
        "off",
        "--quiet",
        "--set",
        "checkpoint.every=0",
    ];
    folder.succeed(&off);
    let summary = fs::read(folder.path("off/summary.json")).unwrap();
    folder.succeed(&off);
    let said = folder.fail(5, &[&off[..], &["--set", "train.steps=40"]].concat());
    assert!(said.contains("no checkpoint to go on from"), "{said}");
    assert_eq!(fs::read(folder.path("off/summary.json")).unwrap(), summary);
}

#[test]
fn with_a_configuration_what_is_not_there_is_started() {
    let folder = with_checkpoints("");
    folder.succeed(&["train", "run.toml", "--resume", "run", "--quiet"]);
    let first = fs::read(folder.path("run/metrics.jsonl")).unwrap();
    assert!(
        folder
            .succeed(&["train", "run.toml", "--resume", "run"])
            .contains("the run ended as completed")
    );
    assert_eq!(fs::read(folder.path("run/metrics.jsonl")).unwrap(), first);
    let said = folder.fail(5, &["train", "--resume", "nowhere"]);
    assert!(said.contains("nowhere") && said.contains("no run is here"), "{said}");
    folder.write("file", "mine");
    folder.fail(5, &["train", "run.toml", "--resume", "file"]);
    assert_eq!(folder.read("file"), "mine");
    folder.end(2, &["train"]);
}

#[test]
fn the_last_checkpoints_and_the_best_one_are_kept() {
    let folder = with_checkpoints("keep = 2\nbest = \"upper\"\n");
    folder.succeed(&[
        "train",
        "run.toml",
        "--run",
        "run",
        "--set",
        "train.steps=60",
        "--set",
        "checkpoint.every=5",
        "--quiet",
    ]);
    let lines = command::metrics(&folder.path("run"));
    let evaluations = lines.iter().filter(|line| line["event"] == "evaluation");
    let values = evaluations.map(|line| {
        (
            line["metrics"]["upper"]["value"].as_f64().unwrap(),
            line["step"].as_u64().unwrap(),
        )
    });
    let (_, best) = values.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    let mut expected = vec![best, 55, 60];
    expected.sort_unstable();
    expected.dedup();
    let expected: Vec<_> = expected.iter().map(|step| format!("step-{step:012}")).collect();
    assert_eq!(saved(&folder.path("run")), expected);
    let said = folder.fail(
        5,
        &[
            "train",
            "run.toml",
            "--run",
            "other",
            "--set",
            "checkpoint.best=\"beauty\"",
        ],
    );
    assert!(
        said.contains("checkpoint.best") && said.contains("beauty") && said.contains("lower"),
        "{said}"
    );
}

#[test]
fn the_best_by_another_metric_does_not_stand_in_for_the_best() {
    let folder = with_checkpoints("keep = 1\nbest = \"lower\"\n");
    folder.succeed(&["train", "run.toml", "--run", "run", "--quiet"]);
    // Every value of `lower` is below every value of `upper`.
    let sets = ["--set", "train.steps=60", "--set", "checkpoint.best=\"upper\""];
    folder.succeed(&[&["train", "--resume", "run", "--quiet"][..], &sets].concat());
    let lines = command::metrics(&folder.path("run"));
    let later = lines
        .iter()
        .filter(|line| line["event"] == "evaluation" && line["step"].as_u64() > Some(30));
    let value = |line: &serde_json::Value| line["metrics"]["upper"]["value"].as_f64().unwrap();
    let best = later.min_by(|a, b| value(a).total_cmp(&value(b))).unwrap()["step"]
        .as_u64()
        .unwrap();
    let mut expected = vec![format!("step-{best:012}"), format!("step-{:012}", 60)];
    expected.dedup();
    assert_eq!(saved(&folder.path("run")), expected);
}

#[test]
fn a_damaged_checkpoint_is_found_named_and_passed_over() {
    let folder = with_checkpoints("");
    folder.succeed(&["train", "run.toml", "--run", "run", "--quiet"]);
    let truth = fs::read(folder.path("run/metrics.jsonl")).unwrap();
    let whole = folder.succeed(&["runs", "verify", "run"]);
    assert!(
        whole.contains("checkpoint of step 20: good") && whole.contains("metrics: good"),
        "{whole}"
    );
    let file = folder.path("run/checkpoints/step-000000000030/energy.safetensors");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let output = folder.ebm(&["runs", "verify", "run"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(5));
    assert!(
        said.contains("step 30: DAMAGED") && said.contains("energy.safetensors"),
        "{said}"
    );
    assert!(said.contains("step 20: good"), "{said}");

    fs::remove_file(folder.path("run/summary.json")).unwrap();
    let output = folder.ebm(&["train", "--resume", "run", "--quiet"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && said.contains("warning: a checkpoint cannot be used"),
        "{said}"
    );
    assert_eq!(fs::read(folder.path("run/metrics.jsonl")).unwrap(), truth);
    folder.succeed(&["runs", "verify", "run"]);

    // With none that is whole, nothing is started over.
    fs::remove_file(folder.path("run/summary.json")).unwrap();
    for step in saved(&folder.path("run")) {
        fs::write(folder.path("run/checkpoints").join(step).join("manifest.json"), "{").unwrap();
    }
    let said = folder.end(5, &["train", "--resume", "run"]);
    assert!(
        said.contains("no checkpoint can be used") && said.contains("manifest.json"),
        "{said}"
    );
    assert_eq!(fs::read(folder.path("run/metrics.jsonl")).unwrap(), truth);
}

#[test]
fn what_a_newer_version_wrote_is_refused_and_what_it_added_is_passed_over() {
    let folder = with_checkpoints("");
    folder.succeed(&["train", "run.toml", "--run", "run", "--quiet"]);
    let marker = folder.read("run/run.json");
    folder.write("run/run.json", &marker.replacen('{', "{\"colour\": \"blue\",", 1));
    folder.succeed(&["runs", "inspect", "run"]);
    folder.write("run/run.json", &marker.replace("version 2", "version 3"));
    let said = folder.fail(5, &["runs", "inspect", "run"]);
    assert!(said.contains("newer ebm"), "{said}");
    folder.write("run/run.json", &marker.replace("version 2", "version 1"));
    folder.succeed(&["runs", "inspect", "run"]);
    let manifest = folder.read("run/checkpoints/step-000000000030/manifest.json");
    folder.write(
        "run/checkpoints/step-000000000030/manifest.json",
        &manifest.replace("checkpoint, version 1", "checkpoint, version 9"),
    );
    let output = folder.ebm(&["runs", "verify", "run"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("newer ebm"));
}

#[test]
fn runs_are_listed_with_how_they_stand_and_pruned() {
    let folder = with_checkpoints("keep = 3\n");
    folder.succeed(&["train", "run.toml", "--quiet"]);
    folder.succeed(&[
        "train",
        "run.toml",
        "--run",
        "runs/deep/er",
        "--quiet",
        "--set",
        "upper=diffusion",
    ]);
    fs::remove_file(folder.path("runs/deep/er/summary.json")).unwrap();
    let listed = folder.succeed(&["runs", "list"]);
    let line = |name: &str| listed.lines().find(|line| line.contains(name)).unwrap().to_string();
    assert!(
        line("runs/run-seed7").contains("sv+gp") && line("run-seed7").contains("30/30"),
        "{listed}"
    );
    assert!(
        line("deep/er").contains("sv+diffusion") && line("deep/er").ends_with("interrupted"),
        "{listed}"
    );
    let json: serde_json::Value = serde_json::from_str(&folder.succeed(&["runs", "list", "--json"])).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    let inspected = folder.succeed(&["runs", "inspect", "runs/deep/er"]);
    assert!(
        inspected.contains("step 20") && inspected.contains("ebm train --resume runs/deep/er"),
        "{inspected}"
    );

    let would = folder.succeed(&["runs", "prune", "runs/run-seed7", "--dry-run"]);
    assert!(would.contains("would remove") && would.contains("10, 20"), "{would}");
    assert_eq!(saved(&folder.path("runs/run-seed7")).len(), 3);
    folder.succeed(&["runs", "prune", "runs/run-seed7"]);
    assert_eq!(saved(&folder.path("runs/run-seed7")), ["step-000000000030"]);
    folder.fail(5, &["runs", "list", "nowhere"]);
    folder.fail(5, &["runs", "prune", "nowhere"]);
}

#[test]
fn checkpoints_and_runs_without_an_end_are_evaluated_and_sampled() {
    let folder = with_checkpoints("keep = 3\n");
    folder.succeed(&["train", "run.toml", "--run", "run", "--quiet"]);
    let of = |arguments: &[&str]| folder.succeed(&[&["evaluate", "run", "--json"], arguments].concat());
    let end = of(&[]);
    assert_eq!(of(&["--checkpoint", "latest"]), end);
    assert_eq!(of(&["--checkpoint", "30"]), end);
    let earlier = of(&["--checkpoint", "10"]);
    assert_ne!(earlier, end);
    let said = folder.fail(5, &["evaluate", "run", "--checkpoint", "15"]);
    assert!(said.contains("steps 10, 20, 30"), "{said}");
    folder.fail(5, &["evaluate", "run", "--checkpoint", "best"]);
    folder.end(2, &["evaluate", "run", "--checkpoint", "lately"]);

    fs::remove_file(folder.path("run/summary.json")).unwrap();
    fs::remove_dir_all(folder.path("run/weights")).unwrap();
    let output = folder.ebm(&["evaluate", "run", "--json"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), end);
    assert!(String::from_utf8_lossy(&output.stderr).contains("checkpoint of step 30"));
    folder.succeed(&["sample", "run", "-n", "10", "--out", "x.npy", "--checkpoint", "20"]);
}

#[test]
fn an_exported_model_is_one_file_that_samples_and_evaluates_like_the_run() {
    let folder = with_checkpoints("");
    folder.succeed(&["train", "run.toml", "--run", "run", "--quiet"]);
    folder.succeed(&["export", "run", "--out", "model.safetensors"]);
    let card = folder.read("model.md");
    for text in [
        "# model",
        "lower bound `sv`",
        "30 steps",
        "NLL",
        "certified",
        "ebm sample model.safetensors",
        "confinement = 1.0",
    ] {
        assert!(card.contains(text), "{text}: {card}");
    }
    fs::rename(folder.path("model.safetensors"), folder.path("alone.safetensors")).unwrap();
    let sample = |from: &str, out: &str| {
        folder.succeed(&["sample", from, "-n", "100", "--out", out]);
        fs::read(folder.path(out)).unwrap()
    };
    assert_eq!(sample("run", "a.npy"), sample("alone.safetensors", "b.npy"));
    assert_eq!(
        folder.succeed(&["evaluate", "run", "--json"]),
        folder.succeed(&["evaluate", "alone.safetensors", "--json"])
    );

    let said = folder.fail(2, &["export", "run", "--out", "alone.safetensors"]);
    assert!(said.contains("--overwrite"), "{said}");
    folder.fail(2, &["export", "run", "--out", "model.bin"]);
    let said = folder.fail(
        5,
        &["sample", "run/weights/energy.safetensors", "-n", "5", "--out", "c.npy"],
    );
    assert!(said.contains("no model of `ebm export`"), "{said}");
    folder.write("text.safetensors", "not at all");
    let said = folder.fail(5, &["evaluate", "text.safetensors"]);
    assert!(
        said.contains("text.safetensors") && said.contains("not a safetensors file"),
        "{said}"
    );
}

#[test]
fn an_exported_model_of_a_table_samples_in_its_units_without_the_table() {
    let rows: Vec<String> = (0..60)
        .map(|i| format!("{},{}", 100 + i, 5.0 + 0.01 * f64::from(i % 7)))
        .collect();
    let config = TINY.replace(
        "data = \"25-gaussians\"",
        "data = { kind = \"csv\", path = \"t.csv\", standardize = true }",
    );
    let folder = Folder::with(&config);
    folder.write("t.csv", &format!("height,width\n{}\n", rows.join("\n")));
    folder.succeed(&["train", "run.toml", "--run", "run", "--quiet"]);
    folder.succeed(&["export", "run", "--out", "model.safetensors"]);
    let sample = |from: &str, out: &str| {
        folder.succeed(&["sample", from, "-n", "50", "--out", out]);
        fs::read(folder.path(out)).unwrap()
    };
    let truth = sample("run", "a.npy");
    fs::remove_file(folder.path("t.csv")).unwrap();
    assert_eq!(sample("model.safetensors", "b.npy"), truth);
    let said = folder.fail(4, &["evaluate", "model.safetensors"]);
    assert!(said.contains("t.csv"), "{said}");
}
