//! The data of a run: what it remembers of them, and what happens where they have changed.

use crate::command::{Folder, contains, figure, tiny_with_table, two_columns, unlike};
use ebm_core::{device::Real, random::Random, registry::DatasetSpec};
use ebm_data::CsvFile;
use serde_json::Value;

/// A finished run `r` of 30 steps on the standardised table `t.csv`.
fn trained() -> Folder {
    let folder = Folder::with(&tiny_with_table("t.csv"));
    folder.write("t.csv", &table(|a, b| [a, b]));
    folder.train("r", "");
    folder
}

/// The table with each row changed.
fn table(row: impl Fn(f64, f64) -> [f64; 2]) -> String {
    let columns = two_columns();
    let changed = columns.lines().map(|line| {
        let (a, b) = line.split_once(',').unwrap();
        let [a, b] = row(a.parse().unwrap(), b.parse().unwrap());
        format!("{a},{b}\n")
    });
    format!("a,b\n{}", changed.collect::<String>())
}

const GO_ON: &str = "train --resume r --quiet --set train.steps=40";

#[test]
fn a_run_says_how_many_rows_are_in_each_part_and_chooses_by_those_for_validation() {
    let folder = trained();
    let described = folder.read_json("r/data.json");
    let print = &described["fingerprint"];
    let split = &print["split"];
    let counts = [&print["rows"], &split["training"], &split["validation"], &split["held_out"]].map(Value::as_u64);
    assert_eq!(counts, [200, 162, 18, 20].map(Some));
    for line in folder.metrics("r").iter().filter(|line| line["event"] != "training") {
        let expected = if line["event"] == "final" { 20 } else { 18 };
        for name in ["nll", "data_energy"] {
            assert_eq!(line["metrics"][name]["samples"], expected, "{line}");
        }
    }
}

#[test]
fn what_is_held_out_decides_nothing_during_training() {
    let (plain, changed) = (trained(), Folder::with(&tiny_with_table("t.csv")));
    // The rows that the run holds out, by numbers that no other row has.
    plain.write("numbers.csv", &(0..200).map(|row| format!("{row},0\n")).collect::<String>());
    let numbers = CsvFile { path: "numbers.csv".into(), ..Default::default() };
    let numbers = numbers.load(&plain.path(""), Random::new(7).stream("data-set")).unwrap();
    let held_out: Vec<Real> = numbers.held_out(usize::MAX, Random::new(0)).chunks(2).map(|row| row[0]).collect();
    assert_eq!(held_out.len(), 20);
    let rows = table(|a, b| [a, b]);
    let moved = rows.lines().skip(1).enumerate().map(|(row, line)| {
        let (a, b) = line.split_once(',').unwrap();
        let b: f64 = b.parse().unwrap();
        format!("{a},{}\n", if held_out.contains(&(row as Real)) { b + 1.0 } else { b })
    });
    changed.write("t.csv", &format!("a,b\n{}", moved.collect::<String>()));
    changed.train("r", "");
    let (before, after) = (plain.metrics("r"), changed.metrics("r"));
    let (last, all) = before.split_last().unwrap();
    assert_eq!(after.split_last().unwrap().1, all);
    assert!(last["event"] == "final" && after.last() != Some(last));
    assert_eq!(plain.read_bytes("r/weights/energy.safetensors"), changed.read_bytes("r/weights/energy.safetensors"));
}

#[test]
fn other_data_are_refused_with_what_differs_and_evaluated_only_on_request() {
    let folder = trained();
    let (before, truth) = (folder.read("t.csv"), folder.succeed("evaluate r --json"));
    let (metrics, marker) = (folder.read("r/metrics.jsonl"), folder.read("r/data.json"));
    let more = format!("{before}{}", "3,4\n".repeat(50));
    let renamed = before.replacen("a,b", "b,a", 1);
    let cases = [
        (more, "rows: 250 instead of 200; split: 202 to train on, 23 for validation, 25 held out instead of 162"),
        (table(|a, b| [b, a]), "the values have changed"),
        // Standardising undoes this change of units.
        (table(|a, b| [2.0 * a, 4.0 * b]), "the values have changed"),
        (renamed, "columns: b, a instead of a, b"),
    ];
    for (text, difference) in cases {
        folder.write("t.csv", &text);
        folder.refuse(4, GO_ON, &["r: the data are not those", difference, "--data DIR"]);
        for command in ["evaluate r", "ood r --against constant"] {
            folder.refuse(4, command, &["r: the data are not those", difference, "--changed-data"]);
            let report = folder.json(&format!("{command} --json --changed-data"));
            let warnings = report["warnings"].to_string();
            contains(&warnings, &["not those that the model was trained on", difference, "may have been trained on"]);
        }
        assert_eq!((folder.read("r/metrics.jsonl"), folder.read("r/data.json")), (metrics.clone(), marker.clone()));
    }
    // The model is of two dimensions, whatever is accepted.
    folder.write("t.csv", &(0..60).map(|i| format!("{i},{},{}\n", i * i % 7, i % 5)).collect::<String>());
    folder.refuse(4, "evaluate r --changed-data", &["dimensions: 3 instead of 2"]);
    folder.write("t.csv", &before);
    assert_eq!(folder.succeed("evaluate r --json"), truth);
    folder.succeed(GO_ON);
}

#[test]
fn a_run_keeps_its_scale_whatever_becomes_of_the_file() {
    let folder = trained();
    let sampled = |from: &str| {
        folder.succeed(&format!("sample {from} -n 50 --out x.npy"));
        folder.read_bytes("x.npy")
    };
    let truth = sampled("r");
    let log_volume: f64 = {
        let deviations = &folder.read_json("r/data.json")["standardization"]["deviation"];
        deviations.as_array().unwrap().iter().map(|value| value.as_f64().unwrap().ln()).sum()
    };
    folder.write("t.csv", &table(|a, b| [1.8 * a + 3.2, 1.8 * b + 3.2]));
    assert_eq!(sampled("r"), truth);
    let report = folder.json("evaluate r --json --changed-data");
    let value = |name: &str| figure(&report, name)["value"].as_f64().unwrap();
    assert!((value("nll_in_source_units") - value("nll") - log_volume).abs() < 1e-9, "{report}");
    // By the constants of today's file the values would be those of training.
    assert!((value("nll") - folder.final_value("r", "nll").unwrap()).abs() > 0.01, "{report}");

    folder.remove("t.csv");
    assert_eq!(sampled("r"), truth);
    for command in ["export r --out m.safetensors", "diagnose r --samples 8", "watch r --once", "runs inspect r"] {
        folder.succeed(command);
    }
    assert_eq!(sampled("m.safetensors"), truth);
    folder.refuse(4, "evaluate r --changed-data", &["t.csv"]);
}

#[test]
fn an_exported_model_knows_the_data_that_it_was_trained_on() {
    let folder = trained();
    folder.succeed("export r --out m.safetensors");
    let truth = folder.succeed("evaluate m.safetensors --json");
    assert_eq!(folder.succeed("evaluate r --json"), truth);
    folder.write("t.csv", &table(|a, b| [b, a]));
    folder.refuse(4, "evaluate m.safetensors", &["m.safetensors: the data are not those", "--changed-data"]);
}

#[test]
fn an_energy_alone_is_sampled_without_its_data() {
    let folder = Folder::with(&tiny_with_table("t.csv"));
    folder.write("t.csv", &two_columns());
    folder.train("r", "--set train.objective=maximum-likelihood");
    folder.remove("t.csv");
    folder.succeed("sample r -n 10 --out x.npy --refine 2");
}

#[test]
fn a_run_of_an_earlier_release_keeps_its_two_parts_and_goes_on_with_a_note() {
    let folder = Folder::with(&tiny_with_table("t.csv"));
    folder.write("t.csv", &two_columns());
    for run in ["r", "whole"] {
        let steps = if run == "whole" { 40 } else { 30 };
        folder.train(run, &format!("--set data.validation=0 --set train.steps={steps}"));
    }
    let truth = folder.succeed("evaluate r --json");
    // What such a release did not write.
    let config = folder.read("r/config.toml");
    assert!(config.contains("validation = 0.0\n"), "{config}");
    let is_kept = |line: &&str| !line.starts_with("# checksum: ") && *line != "validation = 0.0";
    let kept: String = config.lines().filter(is_kept).map(|line| format!("{line}\n")).collect();
    folder.write("r/config.toml", &kept);
    folder.remove("r/data.json");
    let strip = |name: &str, keys: &[&str]| {
        let mut value = folder.read_json(name);
        keys.iter().for_each(|key| drop(value.as_object_mut().unwrap().remove(*key)));
        folder.write(name, &serde_json::to_string_pretty(&value).unwrap());
    };
    strip("r/summary.json", &["checksum", "files"]);
    strip("r/versions.json", &["checksum"]);
    for step in folder.checkpoints("r") {
        strip(&format!("r/checkpoints/step-{step:012}/manifest.json"), &["checksum", "config_text", "data_text"]);
    }

    let (report, said) = folder.run(0, "evaluate r --json");
    assert_eq!(report, truth);
    assert_eq!(said.matches("note: r: written by an earlier release").count(), 1, "{said}");
    contains(&folder.run(0, "sample r -n 5 --out x.npy").1, &["earlier release"]);
    folder.refuse(3, "train run.toml --resume r", &["data.validation = 0.1 instead of 0.0", "--set data.validation=0"]);
    contains(&folder.run(0, GO_ON).1, &["earlier release"]);
    assert_eq!(unlike(&folder.lasting("whole"), &folder.lasting("r")), [].into());
    // From now on it knows.
    assert_eq!(folder.run(0, "evaluate r").1, "");
    folder.write("t.csv", "1,2\n3,4\n5,7\n");
    folder.refuse(4, "evaluate r", &["rows: 3 instead of 200"]);
}
