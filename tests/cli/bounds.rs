//! The program's output about the bounds it is built with.

use crate::command::{FAULTY, Folder, contains, ended};
use serde_json::Value;

#[test]
fn bounds_are_listed_for_people_and_programs() {
    let folder = Folder::with("");
    let table = folder.succeed("bounds list");
    let entries = folder.json("bounds list --json");
    let found: Vec<_> = entries.as_array().unwrap().iter().map(|e| (&e["name"], &e["kind"])).collect();
    for (name, kind) in [
        ("sv", "lower bound"),
        ("mi", "lower bound"),
        ("gp", "upper bound"),
        ("diffusion", "upper bound"),
        ("zero-gp", "upper bound"),
        ("wgan-gp", "upper bound"),
        ("none", "upper bound"),
        ("none", "lower bound"),
    ] {
        assert!(found.contains(&(&name.into(), &kind.into())), "{found:?}");
        let mut rows = table.lines().filter(|line| line.split_whitespace().next() == Some(name));
        assert!(rows.any(|row| row.contains(kind)), "{table}");
    }
}

#[test]
fn everything_else_is_listed_beside_them() {
    let folder = Folder::with("");
    let table = folder.succeed("list");
    for (name, kind) in [
        ("gp", "upper bound"),
        ("mlp", "generator"),
        ("mlp", "energy"),
        ("two-moons", "data set"),
        ("lion", "optimizer"),
        ("good_share", "metric"),
    ] {
        let mut rows = table.lines().filter(|line| line.split_whitespace().next() == Some(name));
        assert!(rows.any(|row| row.contains(kind)), "{name}: {table}");
    }
    let optimizers = folder.json("list optimizer --json");
    let optimizers = optimizers.as_array().unwrap();
    assert!(optimizers.iter().all(|entry| entry["kind"] == "optimizer"), "{optimizers:?}");
    assert!(
        ["adam", "lion"].iter().all(|name| optimizers.iter().any(|entry| entry["name"] == *name)),
        "{optimizers:?}"
    );
    assert_eq!(folder.json("list bound --json"), folder.json("bounds list --json"));
}

#[test]
fn every_bound_is_described_with_its_options_and_an_example_that_can_be_used() {
    let folder = Folder::with("");
    for entry in folder.json("bounds list --json").as_array().unwrap() {
        let text = folder.succeed(&format!("bounds describe {}", entry["name"].as_str().unwrap()));
        contains(&text, &["Guarantee: ", "Needs: ", "Reference: ", "Options:", "Example:"]);
        // One name may be a lower and an upper bound; the examples are the indented lines after their headings.
        for example in text.split("Example:\n").skip(1) {
            let indented = |line: &&str| line.is_empty() || line.starts_with("    ");
            let lines: Vec<_> = example.lines().skip(1).take_while(indented).collect();
            let example = lines.join("\n");
            contains(&example, &["kind = "]);
            // Options of the models that the bound needs are not its own.
            let noisy = text.contains("noise > 0");
            let needed = if noisy { "[generator]\nnoise = 0.1\n" } else { "" };
            folder.write("run.toml", &format!("{example}\n\n{needed}"));
            folder.succeed("config check run.toml");
        }
    }
    // An option has a type, a default and words.
    let text = folder.succeed("bounds describe gp");
    let (_, after) = text.split_once("  margin = ").unwrap();
    let mut lines = after.lines();
    assert!(lines.next().unwrap().ends_with("(number)"), "{text}");
    assert!(lines.next().unwrap().trim().len() > 10, "{text}");
    folder.refuse(2, "bounds describe zerogp", &["did you mean `zero-gp`?"]);
}

#[test]
fn the_help_names_the_exit_codes_and_shells_get_completions() {
    let folder = Folder::with("");
    let codes = ["0  success", "2  wrong command line", "3  a configuration", "4  data", "5  a run directory"];
    contains(&folder.succeed("--help"), &codes);
    contains(&folder.succeed("completions bash"), &["ebm"]);
}

#[test]
fn a_bound_that_breaks_its_contract_is_told_by_rule_and_exit_code() {
    let folder = Folder::with("");
    let check =
        |code, line: &str| ended(code, folder.program(FAULTY, &format!("bounds check {line} --cases 5")).output()).0;
    let parts = ["FAILED  certified-value", "FAILED  claims", "passed  registered", "rules are broken"];
    contains(&check(9, "overclaimed"), &parts);
    let json = check(9, "overclaimed --json");
    let reports: Value = serde_json::from_str(&json).unwrap();
    let mut entries = reports[0]["entries"].as_array().unwrap().iter();
    let broken = |entry: &Value| entry["outcome"].get("failed").is_some() && entry["rule"] == "certified-value";
    assert!(entries.any(broken), "{json}");
    // The same program, asked about a sound bound only.
    check(0, "none");
}

#[test]
fn a_bound_is_checked_for_people_and_programs() {
    let folder = Folder::with("");
    let text = folder.succeed("bounds check zero-gp --cases 5");
    contains(&text, &["upper bound \"zero-gp\", 5 cases", "passed  gradient", "no rule is broken"]);
    let reports = folder.json("bounds check none --cases 2 --json");
    let sides: Vec<_> = reports.as_array().unwrap().iter().map(|report| &report["side"]).collect();
    assert_eq!(sides, ["lower", "upper"], "one name, two bounds");
    folder.refuse(2, "bounds check zerogp", &["did you mean `zero-gp`?"]);
}
