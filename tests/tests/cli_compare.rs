//! A comparison from its grid to its report.

mod command;

use command::{Folder, TINY, bytes, metrics};
use serde_json::Value;
use std::fs;

/// A grid of seconds: two pairs, two seeds, small networks, a coarse quadrature.
fn grid() -> Folder {
    let section = r#"
[compare.upper.weak]
kind = "zero-gp"
weight = 0.01

[compare.pair."*+weak"]
train.steps = 20
"#;
    Folder::with(&format!("{TINY}{section}"))
}

const COMPARE: [&str; 9] = [
    "compare", "run.toml", "--lower", "sv", "--upper", "gp,weak", "--seeds", "2", "--quiet",
];
const DIRECTORY: &str = "runs/compare-run";
const RUNS: [&str; 4] = ["sv+gp-seed7", "sv+gp-seed8", "sv+weak-seed7", "sv+weak-seed8"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&COMPARE[..], more].concat()
}

fn table(folder: &Folder) -> Value {
    serde_json::from_str(&folder.read(&format!("{DIRECTORY}/table.json"))).unwrap()
}

/// The final value of a figure, from the run's own metrics.
fn last(folder: &Folder, run: &str, name: &str) -> Option<f64> {
    let lines = metrics(&folder.path(&format!("{DIRECTORY}/runs/{run}")));
    let last = lines.into_iter().find(|line| line["event"] == "final").unwrap();
    last["metrics"][name]["value"].as_f64()
}

fn near(ours: &Value, truth: f64) {
    let ours = ours.as_f64().unwrap();
    assert!(
        (ours - truth).abs() <= 1e-12 * (1.0 + truth.abs()),
        "{ours} is not {truth}"
    );
}

#[test]
fn a_grid_is_trained_and_its_table_is_that_of_the_runs() {
    let folder = grid();
    assert_eq!(folder.succeed(&COMPARE), "");
    for file in [
        "table.md",
        "table.csv",
        "report.html",
        "pictures/nll.png",
        "pictures/good-share.png",
    ] {
        let path = folder.path(&format!("{DIRECTORY}/{file}"));
        assert!(fs::metadata(&path).is_ok_and(|m| m.len() > 0), "{file}");
    }
    let table = table(&folder);
    let rows = table["rows"].as_array().unwrap();
    let names: Vec<_> = rows
        .iter()
        .map(|row| (row["lower"].as_str(), row["upper"].as_str()))
        .collect();
    assert_eq!(names, [(Some("sv"), Some("gp")), (Some("sv"), Some("weak"))]);
    assert_eq!(table["seeds"], serde_json::json!([7, 8]));
    for (pair, row) in rows.iter().enumerate() {
        assert_eq!(
            (&row["runs"], &row["diverged"], &row["failed"]),
            (&2.into(), &0.into(), &0.into()),
            "{row}"
        );
        for (column, figure) in [
            ("nll", "nll"),
            ("gap", "gap"),
            ("modes", "modes_covered"),
            ("good_share", "good_share"),
        ] {
            let values: Vec<f64> = RUNS[2 * pair..2 * pair + 2]
                .iter()
                .filter_map(|run| last(&folder, run, figure))
                .collect();
            let [a, b] = values[..] else {
                // A penalty that is no bound has no upper bound of L, and no gap.
                assert_eq!((pair, column, &row[column]), (1, "gap", &Value::Null));
                continue;
            };
            near(&row[column]["mean"], (a + b) / 2.0);
            near(&row[column]["standard_deviation"], (a - b).abs() / 2f64.sqrt());
        }
        // Three evaluations on the way, or two; the final one stands for the last.
        let evaluations = [6, 4][pair];
        assert_eq!(row["lower_held"]["evaluations"], evaluations, "{row}");
        assert!(row["steps_per_second"].as_f64().unwrap() > 0.0);
    }
    near(&rows[0]["cost"], 1.0);
    let cost = rows[0]["steps_per_second"].as_f64().unwrap() / rows[1]["steps_per_second"].as_f64().unwrap();
    near(&rows[1]["cost"], cost);
    assert_eq!(rows[1]["upper_held"], Value::Null);

    let csv = folder.read(&format!("{DIRECTORY}/table.csv"));
    let cells: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let column = cells[0].iter().position(|head| *head == "nll_mean").unwrap();
    assert_eq!(cells.len(), 3);
    assert_eq!(cells[1][column].parse::<f64>().ok(), rows[0]["nll"]["mean"].as_f64());

    let markdown = folder.read(&format!("{DIRECTORY}/table.md"));
    assert!(
        markdown.lines().any(|line| line.starts_with("| sv+weak | ")),
        "{markdown}"
    );
    assert!(markdown.contains("ebm compare run.toml --lower sv"), "{markdown}");
    let page = folder.read(&format!("{DIRECTORY}/report.html"));
    assert!(page.contains("data:image/png;base64,") && page.contains("sv+weak"));
    // Self-contained: nothing is fetched from anywhere.
    for outside in ["http:", "https:", "src=\"/", "<link", "<script", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn what_is_finished_is_not_trained_again_and_what_is_not_is() {
    let folder = grid();
    folder.succeed(&COMPARE);
    let runs = folder.path(&format!("{DIRECTORY}/runs"));
    let first = bytes(&runs);
    folder.succeed(&COMPARE);
    assert_eq!(bytes(&runs), first);

    // As a run is left that was killed: without its summary, with half of its metrics.
    let killed = format!("{DIRECTORY}/runs/{}", RUNS[1]);
    fs::remove_file(folder.path(&format!("{killed}/summary.json"))).unwrap();
    let whole = folder.read(&format!("{killed}/metrics.jsonl"));
    folder.write(&format!("{killed}/metrics.jsonl"), &whole[..whole.len() / 2]);
    fs::remove_dir_all(runs.join(RUNS[3])).unwrap();
    let told = folder.succeed(&COMPARE[..8]);
    assert!(told.contains("2 runs are there already, 2 to train"), "{told}");
    let again = bytes(&runs);
    assert_eq!(again.keys().collect::<Vec<_>>(), first.keys().collect::<Vec<_>>());
    for (file, content) in first.iter().filter(|(file, _)| file.ends_with("metrics.jsonl")) {
        assert!(again[file] == *content, "{file}");
    }

    // More seeds are trained beside those that are there.
    folder.succeed(&with(&["--seed-start", "8"]));
    assert_eq!(table(&folder)["seeds"], serde_json::json!([8, 9]));
    assert!(runs.join("sv+gp-seed9").is_dir() && runs.join("sv+gp-seed7").is_dir());
}

#[test]
fn a_finished_run_of_another_configuration_is_refused_or_replaced() {
    let folder = grid();
    folder.succeed(&COMPARE);
    let before = bytes(&folder.path(DIRECTORY));
    let changed = with(&["--set", "train.batch=16"]);
    let error = folder.fail(5, &changed);
    for part in [RUNS[0], "train.batch = 32 instead of 16", "--overwrite", "--out"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(bytes(&folder.path(DIRECTORY)), before);
    folder.succeed(&[&changed[..], &["--overwrite"]].concat());
    for run in RUNS {
        let config: toml::Table = folder
            .read(&format!("{DIRECTORY}/runs/{run}/config.toml"))
            .parse()
            .unwrap();
        assert_eq!(config["train"]["batch"].as_integer(), Some(16));
    }
}

/// A refusal a line: the exit code, the arguments, and parts of the error.
const REFUSED: &str = r#"
2: --upper gpp => --upper gpp & did you mean `gp`?
2: --upper gp,waek => --upper waek & did you mean `weak`?
2: --lower sv,sv => twice
3: --set upper=none => upper & --upper
3: --set compare.upper.weak.wieght=1 => compare.upper.weak.wieght & `weight`
3: --set compare.pair.sv+weak.energy.hiden=[3] => compare.pair.sv+weak & `hidden`
3: --set compare.upper.gp.form=log-sobolev => sv+gp & log-Sobolev
4: --set data={kind="csv",path="missing.csv"} => missing.csv
"#;

#[test]
fn a_grid_that_cannot_be_used_is_refused_before_anything_is_trained() {
    let folder = grid();
    for line in REFUSED.trim().lines() {
        let (given, parts) = line.split_once(" => ").unwrap();
        let (code, more) = given.split_once(": ").unwrap();
        let more: Vec<&str> = more.split(' ').collect();
        let arguments = match more[0] {
            "--set" => with(&more),
            _ => [&["compare", "run.toml", "--seeds", "2"][..], &more].concat(),
        };
        let error = folder.fail(code.parse().unwrap(), &arguments);
        for part in parts.split(" & ") {
            assert!(error.contains(part), "{line}: {part:?} is not in {error}");
        }
        assert_eq!(folder.names(), ["run.toml"], "{line}");
    }
    // What is no comparison is left alone.
    folder.write("notes.txt", "mine");
    assert!(folder.fail(5, &with(&["--out", "."])).contains("--out DIR"));
    assert_eq!(folder.names(), ["notes.txt", "run.toml"]);
}

#[test]
fn a_pair_that_diverges_is_a_result_and_the_others_go_on() {
    let folder = Folder::with(&format!(
        "{TINY}\n[compare.pair.\"sv+none\"]\ntrain.generator.optimizer.learning_rate = 1e38\n"
    ));
    let arguments = [
        "compare", "run.toml", "--upper", "none,gp", "--seeds", "2", "--jobs", "2",
    ];
    let told = folder.succeed(&arguments);
    assert!(told.contains("sv+none-seed7: diverged: "), "{told}");
    let table = table(&folder);
    let [none, gp] = &table["rows"].as_array().unwrap()[..] else {
        panic!("{table}")
    };
    assert_eq!(
        (&none["diverged"], &none["nll"], &none["cost"]),
        (&2.into(), &Value::Null, &Value::Null)
    );
    assert!(
        none["not_timed"]
            .as_str()
            .is_some_and(|reason| reason.contains("step ")),
        "{none}"
    );
    assert_eq!((&gp["diverged"], &gp["nll"]["runs"]), (&0.into(), &2.into()));
    let run = &table["runs"][0];
    assert_eq!(
        (&run["name"], &run["status"]),
        (&"sv+none-seed7".into(), &"diverged".into())
    );
    let reason = run["reason"].as_str().unwrap();
    assert!(reason.contains("NaN") || reason.contains("inf"), "{reason}");
    for file in ["table.md", "report.html"] {
        let text = folder.read(&format!("{DIRECTORY}/{file}"));
        assert!(text.contains("sv+none-seed8") && text.contains("2/2"), "{file}");
    }
    // The first pair broke down, so there is nothing to take costs relative to.
    assert!(gp["steps_per_second"].as_f64().is_some() && gp["cost"] == Value::Null);
}

#[test]
fn costs_are_relative_to_a_baseline_that_is_not_trained() {
    let folder = grid();
    let baseline = TINY.replace("[16, 16]", "[8]") + "\n[lower]\nkind = \"none\"\n[upper]\nkind = \"wgan-gp\"\n";
    folder.write("critic.toml", &baseline);
    let arguments = ["compare", "run.toml", "--upper", "gp,weak", "--seeds", "1", "--quiet"];
    let baseline = ["--baseline", "critic.toml", "--set", "train.batch=16"];
    folder.succeed(&[&arguments[..], &baseline].concat());
    let table = table(&folder);
    assert_eq!(table["baseline"]["name"], "critic");
    let rate = table["baseline"]["steps_per_second"].as_f64().unwrap();
    for row in table["rows"].as_array().unwrap() {
        near(&row["cost"], rate / row["steps_per_second"].as_f64().unwrap());
        let unlike: Vec<_> = row["unlike_baseline"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| d["key"].clone())
            .collect();
        // The batch was set for both.
        assert_eq!(unlike, ["energy.hidden", "generator.hidden"]);
    }
    let runs = fs::read_dir(folder.path(&format!("{DIRECTORY}/runs"))).unwrap().count();
    assert_eq!(runs, 2);
    assert!(
        folder
            .read(&format!("{DIRECTORY}/table.md"))
            .contains("critic has energy.hidden = [8] instead of [16,16]")
    );
}

#[test]
fn data_is_found_from_the_folder_of_the_configuration() {
    let folder = Folder::tiny();
    fs::create_dir(folder.path("configs")).unwrap();
    let rows: String = (0..200).map(|i| format!("{},{}\n", i % 7, (i * i) % 11)).collect();
    folder.write("configs/table.csv", &rows);
    let config = TINY.replace(
        "\"25-gaussians\"",
        "{ kind = \"csv\", path = \"table.csv\", standardize = true }",
    );
    folder.write("configs/run.toml", &config);
    folder.succeed(&["compare", "configs/run.toml", "--seeds", "1", "--quiet"]);
    let row = &table(&folder)["rows"][0];
    assert_eq!((&row["failed"], &row["modes"]), (&0.into(), &Value::Null), "{row}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_comparison_goes_on_where_it_was() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let folder = grid();
    // Long enough that it cannot have ended by itself.
    let long = ["--set", "train.steps=100000000", "--set", "train.evaluate_every=0"];
    let arguments = [&COMPARE[..8], &long[..]].concat();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ebm-tested"))
        .args(&arguments)
        .current_dir(folder.path("."))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let started = lines.map_while(Result::ok).find(|line| line.contains(": training"));
    assert!(started.is_some());
    let metrics = folder.path(&format!("{DIRECTORY}/runs/{}/metrics.jsonl", RUNS[0]));
    while !fs::read_to_string(&metrics).is_ok_and(|text| text.contains('\n')) {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let signalled = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(signalled.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", command::stderr(&output));
    assert!(command::stderr(&output).starts_with("error: interrupted"));
    assert!(!folder.path(&format!("{DIRECTORY}/table.md")).exists());
    // The run was asked to save, and waited for: with the same configuration it would go on from there.
    let saved = folder.path(&format!("{DIRECTORY}/runs/{}/checkpoints", RUNS[0]));
    let said = folder.read(&format!("{DIRECTORY}/runs/{}/log.txt", RUNS[0]));
    assert!(
        fs::read_dir(saved).unwrap().count() == 1 && said.contains("interrupted"),
        "{said}"
    );

    // The run that was cut short is no obstacle, whatever it was trained with, and nobody trains it any longer.
    folder.succeed(&COMPARE);
    assert_eq!(table(&folder)["rows"][0]["nll"]["runs"], 2);
}
