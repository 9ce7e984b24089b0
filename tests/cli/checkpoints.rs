//! Checkpoints from the command line: resuming, pruning, looking at runs, exporting models.

use crate::command::{Folder, TINY, contains, tiny_with_table, two_columns, unlike};
use serde_json::Value;
use std::fs;

fn with_checkpoints(more: &str) -> Folder {
    Folder::with(&format!("{TINY}\n[checkpoint]\nseconds = 0.0\nevery = 10\n{more}"))
}

/// A run that saved after 10, 20 and 30 steps, as far as the configuration keeps them.
fn trained(more: &str) -> Folder {
    let folder = with_checkpoints(more);
    folder.train("run", "");
    folder
}

/// The first step after `after` of those whose evaluations have the smallest multiple of a metric.
fn best_by(folder: &Folder, run: &str, (sign, metric): (f64, &str), after: u64) -> u64 {
    let lines = folder.metrics(run);
    let step = |line: &Value| line["step"].as_u64().unwrap();
    let value = |line: &Value| sign * line["metrics"][metric]["value"].as_f64().unwrap();
    let evaluations = lines.iter().filter(|line| line["event"] == "evaluation" && step(line) > after);
    step(evaluations.min_by(|a, b| value(a).total_cmp(&value(b))).unwrap())
}

#[test]
fn a_run_goes_on_for_longer_as_if_it_had_been_asked_to_from_the_start() {
    let folder = with_checkpoints("");
    folder.train("short", "");
    let said = folder.succeed("train --resume short");
    contains(&said, &["the run ended as completed after 30 steps"]);
    folder.succeed("train --resume short --set train.steps=50 --quiet");
    folder.train("long", "--set train.steps=50");
    assert_eq!(unlike(&folder.lasting("short"), &folder.lasting("long")), [].into());
    let [short, long] = ["short", "long"].map(|run| folder.read_bytes(&format!("{run}/pictures/curves.png")));
    assert!(short == long);
}

#[test]
fn another_configuration_is_refused_with_what_differs_and_harmless_keys_are_not() {
    let folder = trained("");
    let before = folder.read("run/summary.json");
    folder.refuse_all(
        "3 | train --resume run --set energy.confinement=2 --set train.steps=40 | energy.confinement = 2.0 instead of 1.0 | train.log_every
         3 | train --resume run --set upper=none     | upper.kind = \"none\" instead of \"gp\"
         3 | train --resume run --set train.steps=20 | 30 steps are done, more than train.steps = 20",
    );
    assert_eq!(folder.read("run/summary.json"), before);
    folder.succeed(
        "train --resume run --quiet --set train.steps=40 --set train.log_every=5 --set checkpoint.keep=1 \
         --set evaluate.generated=300 --set train.stop.seconds=1e6",
    );
    contains(&folder.read("run/config.toml"), &["steps = 40"]);
    assert_eq!(folder.checkpoints("run"), [40].into());
}

#[test]
fn a_run_that_stopped_by_itself_stays_as_it_is_and_one_out_of_time_goes_on() {
    let folder = with_checkpoints("");
    // Nothing improves on a share that is 0 all the time.
    let stops = "--set train.stop.patience=1 --set 'train.stop.metric=\"data_entropy\"'";
    let train = format!("train run.toml --resume run --quiet {stops}");
    folder.succeed(&train);
    let before = folder.read("run/metrics.jsonl");
    contains(&folder.read("run/summary.json"), &["has not improved"]);
    folder.succeed(&train);
    assert_eq!(folder.read("run/metrics.jsonl"), before);

    for steps in 1..=3 {
        folder.succeed("train run.toml --resume limited --quiet --set train.stop.seconds=1e-6");
        assert_eq!(folder.read_json("limited/summary.json")["steps"], steps);
    }

    // Without a checkpoint there is nothing to go on from, and nothing is started over.
    let off = "train run.toml --resume off --quiet --set checkpoint.every=0";
    folder.succeed(off);
    let summary = folder.read("off/summary.json");
    folder.succeed(off);
    folder.refuse(5, &format!("{off} --set train.steps=40"), &["no checkpoint to go on from"]);
    assert_eq!(folder.read("off/summary.json"), summary);
}

#[test]
fn with_a_configuration_what_is_not_there_is_started() {
    let folder = with_checkpoints("");
    folder.succeed("train run.toml --resume run --quiet");
    let first = folder.read("run/metrics.jsonl");
    let said = folder.succeed("train run.toml --resume run");
    contains(&said, &["the run ended as completed"]);
    assert_eq!(folder.read("run/metrics.jsonl"), first);
    folder.refuse(5, "train --resume nowhere", &["nowhere", "no run is here"]);
    folder.write("file", "mine");
    folder.fail(5, "train run.toml --resume file");
    assert_eq!(folder.read("file"), "mine");
    folder.run(2, "train");
}

#[test]
fn the_last_checkpoints_and_the_best_one_are_kept() {
    let folder = with_checkpoints("keep = 2\nbest = \"upper\"\n");
    folder.train("run", "--set train.steps=60 --set checkpoint.every=5");
    let best = best_by(&folder, "run", (1.0, "upper"), 0);
    assert_eq!(folder.checkpoints("run"), [best, 55, 60].into());
    // More good samples are better.
    folder.train("shares", "--set train.steps=60 --set checkpoint.every=5 --set 'checkpoint.best=\"good_share\"'");
    let best = best_by(&folder, "shares", (-1.0, "good_share"), 0);
    assert_eq!(folder.checkpoints("shares"), [best, 55, 60].into());
    let unknown = "train run.toml --run other --set 'checkpoint.best=\"beauty\"'";
    folder.refuse(3, unknown, &["checkpoint.best", "beauty", "ebm list metric"]);
    assert!(!folder.path("other").exists());
}

#[test]
fn a_metric_that_the_run_will_not_have_is_refused_before_it_begins() {
    let folder = Folder::tiny();
    folder.write("table.csv", &two_columns());
    folder.write("table.toml", &tiny_with_table("table.csv"));
    folder.refuse_all(
        r#"
        3 | config check run.toml --set checkpoint.best=uper | checkpoint.best = uper | did you mean `upper`
        3 | config check run.toml --set train.stop.patience=1 --set train.stop.metric=ais_nll | this run's evaluations have: nll
        3 | train table.toml --run r --set checkpoint.best=good_share | this run's evaluations have: nll
        "#,
    );
    assert!(!folder.path("r").exists());
    // Without a likelihood yet, the run waits for one.
    folder.train("waiting", "--set energy.confinement=0 --set train.stop.patience=1 --set train.stop.metric=nll");
}

#[test]
fn in_three_dimensions_the_bracket_of_the_likelihood_is_watched_in_its_place() {
    let folder = with_checkpoints("best = \"nll\"\n");
    let rows = (0..200).map(|i| format!("{},{},{}\n", i % 7, (i * i) % 11, (i * 3) % 13));
    folder.write("three.csv", &rows.collect::<String>());
    let data = "--set 'data={kind=\"csv\", path=\"three.csv\", standardize=true}' --set generator.kind=flow";
    folder.train("run", &format!("{data} --set train.stop.patience=9 --set 'train.stop.metric=\"nll\"'"));
    let manifest = |step: u64| folder.read(&format!("run/checkpoints/step-{step:012}/manifest.json"));
    let manifests: String = folder.checkpoints("run").into_iter().map(manifest).collect();
    assert!(manifests.contains("\"cubo_nll\"") || manifests.contains("\"weights_nll\""), "{manifests}");
    assert!(!manifests.contains("\"metric\": \"nll\""), "{manifests}");
}

#[test]
fn the_best_by_another_metric_does_not_stand_in_for_the_best() {
    let folder = trained("keep = 1\nbest = \"lower\"\n");
    // Every value of `lower` is below every value of `upper`.
    folder.succeed("train --resume run --quiet --set train.steps=60 --set 'checkpoint.best=\"upper\"'");
    let best = best_by(&folder, "run", (1.0, "upper"), 30);
    assert_eq!(folder.checkpoints("run"), [best, 60].into());
}

#[test]
fn a_damaged_checkpoint_is_found_named_and_passed_over() {
    let folder = trained("");
    let truth = folder.read("run/metrics.jsonl");
    let whole = folder.succeed("runs verify run");
    contains(&whole, &["checkpoint of step 20: good", "metrics: good"]);
    let file = "run/checkpoints/step-000000000030/energy.safetensors";
    let mut bytes = folder.read_bytes(file);
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(folder.path(file), bytes).unwrap();
    contains(&folder.run(5, "runs verify run").0, &["step 30: DAMAGED", "energy.safetensors", "step 20: good"]);

    folder.remove("run/summary.json");
    contains(&folder.run(0, "train --resume run --quiet").1, &["warning: a checkpoint cannot be used"]);
    assert_eq!(folder.read("run/metrics.jsonl"), truth);
    folder.succeed("runs verify run");

    // Without an undamaged one, nothing is started over.
    folder.remove("run/summary.json");
    for step in folder.checkpoints("run") {
        folder.write(&format!("run/checkpoints/step-{step:012}/manifest.json"), "{");
    }
    contains(&folder.run(5, "train --resume run").1, &["no checkpoint can be used", "manifest.json"]);
    assert_eq!(folder.read("run/metrics.jsonl"), truth);
}

#[test]
fn what_a_newer_version_wrote_is_refused_and_what_it_added_is_passed_over() {
    let folder = trained("");
    let marker = folder.read("run/run.json");
    folder.write("run/run.json", &marker.replacen('{', "{\"colour\": \"blue\",", 1));
    folder.succeed("runs inspect run");
    folder.write("run/run.json", &marker.replace("version 2", "version 3"));
    folder.refuse(5, "runs inspect run", &["newer ebm"]);
    folder.write("run/run.json", &marker.replace("version 2", "version 1"));
    folder.succeed("runs inspect run");
    let manifest = "run/checkpoints/step-000000000030/manifest.json";
    let newer = folder.read(manifest).replace("checkpoint, version 1", "checkpoint, version 9");
    folder.write(manifest, &newer);
    contains(&folder.run(5, "runs verify run").0, &["newer ebm"]);
}

#[test]
fn runs_are_listed_with_how_they_stand_and_pruned() {
    let folder = with_checkpoints("keep = 3\n");
    folder.succeed("train run.toml --quiet");
    folder.train("runs/deep/er", "--set upper=diffusion");
    folder.remove("runs/deep/er/summary.json");
    let listed = folder.succeed("runs list");
    let line = |name: &str| listed.lines().find(|line| line.contains(name)).unwrap();
    contains(line("runs/run-seed7"), &["sv+gp", "30/30"]);
    contains(line("deep/er"), &["sv+diffusion"]);
    assert!(line("deep/er").ends_with("interrupted"), "{listed}");
    assert_eq!(folder.json("runs list --json").as_array().unwrap().len(), 2);
    let inspected = folder.succeed("runs inspect runs/deep/er");
    contains(&inspected, &["step 20", "ebm train --resume runs/deep/er"]);

    let would = folder.succeed("runs prune runs/run-seed7 --dry-run");
    contains(&would, &["would remove", "10, 20"]);
    assert_eq!(folder.checkpoints("runs/run-seed7").len(), 3);
    folder.succeed("runs prune runs/run-seed7");
    assert_eq!(folder.checkpoints("runs/run-seed7"), [30].into());
    folder.fail(5, "runs list nowhere");
    folder.fail(5, "runs prune nowhere");
}

#[test]
fn checkpoints_and_runs_without_an_end_are_evaluated_and_sampled() {
    let folder = trained("keep = 3\n");
    let of = |checkpoint: &str| folder.succeed(&format!("evaluate run --json {checkpoint}"));
    let end = of("");
    assert_eq!(of("--checkpoint latest"), end);
    assert_eq!(of("--checkpoint 30"), end);
    assert_ne!(of("--checkpoint 10"), end);
    folder.refuse(5, "evaluate run --checkpoint 15", &["steps 10, 20, 30"]);
    folder.fail(5, "evaluate run --checkpoint best");
    folder.run(2, "evaluate run --checkpoint lately");

    folder.remove("run/summary.json");
    fs::remove_dir_all(folder.path("run/weights")).unwrap();
    let (found, said) = folder.run(0, "evaluate run --json");
    assert_eq!(found, end);
    contains(&said, &["checkpoint of step 30"]);
    folder.succeed("sample run -n 10 --out x.npy --checkpoint 20");
}

/// Samples of a run or model, as the bytes of their file.
fn sampled(folder: &Folder, from: &str) -> Vec<u8> {
    folder.succeed(&format!("sample {from} -n 100 --out samples.npy"));
    folder.read_bytes("samples.npy")
}

#[test]
fn an_exported_model_is_one_file_that_samples_and_evaluates_like_the_run() {
    let folder = trained("");
    folder.succeed("export run --out model.safetensors");
    contains(
        &folder.read("model.md"),
        &[
            "# model",
            "lower bound `sv`",
            "30 steps",
            "NLL",
            "certified",
            "ebm sample model.safetensors",
            "confinement = 1.0",
        ],
    );
    folder.rename("model.safetensors", "alone.safetensors");
    assert_eq!(sampled(&folder, "run"), sampled(&folder, "alone.safetensors"));
    let evaluated = |from: &str| folder.succeed(&format!("evaluate {from} --json"));
    assert_eq!(evaluated("run"), evaluated("alone.safetensors"));

    folder.write("text.safetensors", "not at all");
    folder.fail(2, "export run --out model.bin");
    folder.refuse_all(
        "2 | export run --out alone.safetensors | --overwrite
         5 | sample run/weights/energy.safetensors -n 5 --out c.npy | no model of `ebm export`
         5 | evaluate text.safetensors | text.safetensors | not a safetensors file",
    );
}

#[test]
fn an_exported_model_of_a_table_samples_in_its_units_without_the_table() {
    let folder = Folder::with(&tiny_with_table("t.csv"));
    let rows = (0..60).map(|i| format!("{},{}\n", 100 + i, 5.0 + 0.01 * f64::from(i % 7)));
    folder.write("t.csv", &format!("height,width\n{}", rows.collect::<String>()));
    folder.train("run", "");
    folder.succeed("export run --out model.safetensors");
    let truth = sampled(&folder, "run");
    folder.remove("t.csv");
    assert_eq!(sampled(&folder, "model.safetensors"), truth);
    folder.refuse(4, "evaluate model.safetensors", &["t.csv"]);
}

#[test]
fn a_model_has_the_noise_of_its_step_and_the_metrics_the_weights_of_theirs() {
    let folder = with_checkpoints("keep = 3\n");
    folder.train(
        "run",
        "--set 'generator.noise={ from = 0.4, to = 0.1, over = 30 }' --set train.head_start=5 \
         --set 'train.lambda={ steps = [[0, 1.0], [10, 0.5]] }'",
    );
    folder.succeed("export run --out model.safetensors");
    for (of, sigma) in [
        ("run --checkpoint 10", "0.3000"),
        ("run --checkpoint 20", "0.2000"),
        ("run", "0.1000"),
        ("model.safetensors", "0.1000"),
    ] {
        let text = folder.succeed(&format!("diagnose {of} --samples 5"));
        contains(&text, &[&format!("noise of standard deviation {sigma}")]);
    }
    let lines = folder.metrics("run");
    let value = |step: u64, name: &str| {
        let line = lines.iter().find(|line| line["step"] == step && line["event"] == "training").unwrap();
        line["metrics"][name]["value"].as_f64()
    };
    // The line of an iteration has the weight that it trained with, and none that is the same throughout.
    assert_eq!([1, 10, 20].map(|step| value(step, "lambda")), [Some(1.0), Some(1.0), Some(0.5)]);
    assert_eq!((value(1, "energy_weight"), value(1, "energy_learning_rate")), (None, Some(0.0)));
    assert!(value(1, "data_energy").is_some() && value(1, "energy_gradient_norm").is_none());
    assert!(value(10, "energy_gradient_norm").is_some());
}
