//! A comparison from its grid to its report.

use crate::command::{Folder, TINY, contains, files, rows, tiny_with_table, two_columns, unlike};
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

const COMPARE: &str = "compare run.toml --lower sv --upper gp,weak --seeds 2";
const DIRECTORY: &str = "runs/compare-run";
const RUNS: [&str; 4] = ["sv+gp-seed7", "sv+gp-seed8", "sv+weak-seed7", "sv+weak-seed8"];

fn within(file: &str) -> String {
    format!("{DIRECTORY}/{file}")
}

/// The comparison of the grid, quietly.
fn compare(folder: &Folder, more: &str) {
    assert_eq!(folder.succeed(&format!("{COMPARE} --quiet {more}")), "");
}

fn table(folder: &Folder) -> Value {
    folder.read_json(&within("table.json"))
}

fn near(ours: &Value, truth: f64) {
    let ours = ours.as_f64().unwrap();
    assert!((ours - truth).abs() <= 1e-12 * (1.0 + truth.abs()), "{ours} is not {truth}");
}

#[test]
fn a_grid_is_trained_and_its_table_is_that_of_the_runs() {
    let folder = grid();
    compare(&folder, "");
    for file in ["table.md", "table.csv", "report.html", "pictures/nll.png", "pictures/good-share.png"] {
        assert!(folder.has_file(&within(file), 1), "{file}");
    }
    let table = table(&folder);
    let rows = table["rows"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| [&row["lower"], &row["upper"]]).collect();
    assert_eq!(names, [["sv", "gp"], ["sv", "weak"]]);
    assert_eq!(table["seeds"], serde_json::json!([7, 8]));
    for (pair, row) in rows.iter().enumerate() {
        assert_eq!(["runs", "diverged", "failed"].map(|key| &row[key]), [2, 0, 0], "{row}");
        for (column, name) in [
            ("nll", "nll"),
            ("gap", "gap"),
            ("modes", "modes_covered"),
            ("good_share", "good_share"),
            ("gaussian_nll", "gaussian_nll"),
        ] {
            let value = |run: usize| folder.final_value(&within(&format!("runs/{}", RUNS[2 * pair + run])), name);
            match value(0).zip(value(1)) {
                Some((a, b)) => near(&row[column]["mean"], (a + b) / 2.0),
                // A penalty that is not a bound has no upper bound of L, and no gap.
                None => assert_eq!((pair, column, &row[column]), (1, "gap", &Value::Null)),
            }
        }
        // Three evaluations on the way, or two; the final one stands for the last.
        assert_eq!(row["lower_held"]["evaluations"], [6, 4][pair], "{row}");
        assert!(row["steps_per_second"].as_f64().unwrap() > 0.0);
    }
    let rate = |row: usize| rows[row]["steps_per_second"].as_f64().unwrap();
    near(&rows[0]["cost"], 1.0);
    near(&rows[1]["cost"], rate(0) / rate(1));
    assert_eq!(rows[1]["upper_held"], Value::Null);

    let csv = folder.read(&within("table.csv"));
    let cells: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let column = cells[0].iter().position(|head| *head == "nll_mean").unwrap();
    assert_eq!(cells.len(), 3);
    assert_eq!(cells[1][column].parse::<f64>().ok(), rows[0]["nll"]["mean"].as_f64());

    let markdown = folder.read(&within("table.md"));
    contains(&markdown, &["\n| sv+weak | ", "ebm compare run.toml --lower sv", " gaussian_nll, nats |"]);
    let page = folder.read(&within("report.html"));
    contains(&page, &["data:image/png;base64,", "sv+weak"]);
    // Self-contained: nothing is fetched from anywhere.
    for outside in ["http:", "https:", "src=\"/", "<link", "<script", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn what_is_finished_is_not_trained_again_and_what_is_not_is() {
    let folder = grid();
    compare(&folder, "");
    let runs = folder.path(&within("runs"));
    let first = files(&runs);
    compare(&folder, "");
    assert_eq!(unlike(&files(&runs), &first), [].into());

    // The state of a run that was killed: without its summary, with half of its metrics.
    let killed = within(&format!("runs/{}", RUNS[1]));
    folder.remove(&format!("{killed}/summary.json"));
    let whole = folder.read(&format!("{killed}/metrics.jsonl"));
    folder.write(&format!("{killed}/metrics.jsonl"), &whole[..whole.len() / 2]);
    fs::remove_dir_all(runs.join(RUNS[3])).unwrap();
    contains(&folder.succeed(COMPARE), &["2 runs are there already, 2 to train"]);
    let again = files(&runs);
    assert!(again.keys().eq(first.keys()));
    let unlike = unlike(&again, &first);
    assert!(!unlike.iter().any(|file| file.ends_with("metrics.jsonl")), "{unlike:?}");

    // More seeds are trained beside those that are there.
    compare(&folder, "--seed-start 8");
    assert_eq!(table(&folder)["seeds"], serde_json::json!([8, 9]));
    assert!(runs.join("sv+gp-seed9").is_dir() && runs.join("sv+gp-seed7").is_dir());
}

#[test]
fn a_finished_run_of_another_configuration_is_refused_or_replaced() {
    let folder = grid();
    compare(&folder, "");
    let before = files(&folder.path(DIRECTORY));
    let parts = [RUNS[0], "train.batch = 32 instead of 16", "--overwrite", "--out"];
    folder.refuse(5, &format!("{COMPARE} --set train.batch=16"), &parts);
    assert_eq!(unlike(&files(&folder.path(DIRECTORY)), &before), [].into());
    // Nor are figures of a damaged run any of the comparison's.
    let metrics = within(&format!("runs/{}/metrics.jsonl", RUNS[0]));
    let whole = folder.read(&metrics);
    folder.write(&metrics, &whole.replacen(":", ": ", 1));
    let parts = ["a finished run is there, with damage (", &metrics, "--overwrite"];
    folder.refuse(5, COMPARE, &parts);
    folder.write(&metrics, &whole);
    compare(&folder, "--set train.batch=16 --overwrite");
    for run in RUNS {
        let config = folder.read_toml(&within(&format!("runs/{run}/config.toml")));
        assert_eq!(config["train"]["batch"].as_integer(), Some(16));
    }
}

#[test]
fn a_grid_that_cannot_be_used_is_refused_before_anything_is_trained() {
    let folder = grid();
    for row in rows(
        r#"
        2 | --seeds 2 --upper gpp | --upper gpp | did you mean `gp`?
        2 | --seeds 2 --upper gp,waek | --upper waek | did you mean `weak`?
        2 | --seeds 2 --lower sv,sv | twice
        3 | --upper gp,weak --set upper=none | upper | --upper
        3 | --upper gp,weak --set compare.upper.weak.wieght=1 | compare.upper.weak.wieght | `weight`
        3 | --upper gp,weak --set compare.pair.sv+weak.energy.hiden=[3] | compare.pair.sv+weak | `hidden`
        3 | --upper gp,weak --set compare.upper.gp.form=log-sobolev | sv+gp | log-Sobolev
        4 | --upper gp,weak --set 'data={kind="csv", path="missing.csv"}' | missing.csv
        "#,
    ) {
        let line = format!("compare run.toml {}", row[1]);
        folder.refuse(row[0].parse().unwrap(), &line, &row[2..]);
        assert_eq!(folder.names(), ["run.toml"], "{line}");
    }
    // A folder that is not a comparison is left alone.
    folder.write("notes.txt", "mine");
    folder.refuse(5, &format!("{COMPARE} --out ."), &["--out DIR"]);
    assert_eq!(folder.names(), ["notes.txt", "run.toml"]);
}

#[test]
fn a_pair_that_diverges_is_a_result_and_the_others_go_on() {
    let wild = "[compare.pair.\"sv+none\"]\ntrain.generator.optimizer.learning_rate = 1e38";
    let folder = Folder::with(&format!("{TINY}\n{wild}\n"));
    let told = folder.succeed("compare run.toml --upper none,gp --seeds 2 --jobs 2");
    contains(&told, &["sv+none-seed7: diverged: "]);
    let table = table(&folder);
    let [none, gp] = &table["rows"].as_array().unwrap()[..] else { panic!("{table}") };
    assert_eq!(none["diverged"], 2);
    assert!(none["nll"].is_null() && none["cost"].is_null(), "{none}");
    contains(none["not_timed"].as_str().unwrap(), &["step "]);
    assert_eq!([&gp["diverged"], &gp["nll"]["runs"]], [0, 2]);
    let run = &table["runs"][0];
    assert_eq!([&run["name"], &run["status"]], ["sv+none-seed7", "diverged"]);
    let reason = run["reason"].as_str().unwrap();
    assert!(reason.contains("NaN") || reason.contains("inf"), "{reason}");
    for file in ["table.md", "report.html"] {
        contains(&folder.read(&within(file)), &["sv+none-seed8", "2/2"]);
    }
    // The first pair broke down, so there is nothing to take costs relative to.
    assert!(gp["steps_per_second"].as_f64().is_some() && gp["cost"].is_null());
}

#[test]
fn costs_are_relative_to_a_baseline_that_is_not_trained() {
    let folder = grid();
    let critic = "[lower]\nkind = \"none\"\n[upper]\nkind = \"wgan-gp\"\n";
    folder.write("critic.toml", &format!("{}\n{critic}", TINY.replace("[16, 16]", "[8]")));
    let baseline = "--baseline critic.toml --set train.batch=16";
    folder.succeed(&format!("compare run.toml --upper gp,weak --seeds 1 --quiet {baseline}"));
    let table = table(&folder);
    assert_eq!(table["baseline"]["name"], "critic");
    let rate = table["baseline"]["steps_per_second"].as_f64().unwrap();
    for row in table["rows"].as_array().unwrap() {
        near(&row["cost"], rate / row["steps_per_second"].as_f64().unwrap());
        let unlike = row["unlike_baseline"].as_array().unwrap().iter();
        // The batch was set for both.
        let keys: Vec<_> = unlike.map(|difference| &difference["key"]).collect();
        assert_eq!(keys, ["energy.hidden", "generator.hidden"]);
    }
    assert_eq!(folder.names_in(&within("runs")).len(), 2);
    let said = "critic has energy.hidden = [8] instead of [16,16]";
    contains(&folder.read(&within("table.md")), &[said]);
}

#[test]
fn data_is_found_from_the_folder_of_the_configuration() {
    let folder = Folder::tiny();
    fs::create_dir(folder.path("configs")).unwrap();
    folder.write("configs/table.csv", &two_columns());
    folder.write("configs/run.toml", &tiny_with_table("table.csv"));
    folder.succeed("compare configs/run.toml --seeds 1 --quiet");
    let row = &table(&folder)["rows"][0];
    assert!(row["failed"] == 0 && row["modes"].is_null(), "{row}");
    // Figures of other data are none of this comparison.
    folder.write("configs/table.csv", &two_columns().replace('3', "4"));
    let again = "compare configs/run.toml --seeds 1 --quiet";
    folder.refuse(5, again, &["a finished run is there, with other data (the values have changed)"]);
    folder.succeed(&format!("{again} --overwrite"));
    folder.succeed(again);
    // A run that was interrupted cannot go on with others: it is trained from its start.
    let run = within(&format!("runs/{}", folder.names_in(&within("runs"))[0]));
    let before = folder.read(&format!("{run}/data.json"));
    folder.remove(&format!("{run}/summary.json"));
    folder.write("configs/table.csv", &two_columns());
    folder.succeed(again);
    assert_ne!(folder.read(&format!("{run}/data.json")), before);
}

#[cfg(unix)]
#[test]
fn an_interrupted_comparison_goes_on_where_it_was() {
    use crate::command::{ended, signal, wait_for};
    use std::io::{BufRead, BufReader};

    let folder = grid();
    // Long enough that it cannot have ended by itself.
    let long = "--set train.steps=100000000 --set train.evaluate_every=0";
    let mut child = folder.start(&format!("{COMPARE} {long}"));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(": training")));
    let run = within(&format!("runs/{}", RUNS[0]));
    wait_for(&mut child, || folder.step(&run) > 0);
    signal("-INT", child.id());
    let (_, said) = ended(130, child.wait_with_output());
    assert!(said.starts_with("error: interrupted"), "{said}");
    assert!(!folder.path(&within("table.md")).exists());
    // The run was asked to save, and waited for: with the same configuration it would go on from there.
    assert_eq!(folder.checkpoints(&run).len(), 1);
    contains(&folder.read(&format!("{run}/log.txt")), &["interrupted"]);

    // The run that was cut short does not get in the way, whatever it was trained with: nobody trains it any longer.
    compare(&folder, "");
    assert_eq!(table(&folder)["rows"][0]["nll"]["runs"], 2);
}
