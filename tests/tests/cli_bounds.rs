//! What the program says about the bounds it is built with.

mod command;

use command::Folder;
use serde_json::Value;

#[test]
fn bounds_are_listed_for_people_and_programs() {
    let folder = Folder::with("");
    let table = folder.succeed(&["bounds", "list"]);
    let entries: Vec<Value> = serde_json::from_str(&folder.succeed(&["bounds", "list", "--json"])).unwrap();
    let found: Vec<_> = entries
        .iter()
        .map(|e| (e["name"].as_str().unwrap(), e["kind"].as_str().unwrap()))
        .collect();
    for expected in [
        ("sv", "lower bound"),
        ("mi", "lower bound"),
        ("gp", "upper bound"),
        ("diffusion", "upper bound"),
        ("zero-gp", "upper bound"),
        ("wgan-gp", "upper bound"),
        ("none", "upper bound"),
        ("none", "lower bound"),
    ] {
        assert!(found.contains(&expected), "{found:?}");
        let named = |line: &&str| line.split_whitespace().next() == Some(expected.0);
        let mut rows = table.lines().filter(named);
        assert!(rows.any(|row| row.contains(expected.1)), "{table}");
    }
}

#[test]
fn every_bound_is_described_with_its_options_and_an_example_that_can_be_used() {
    let folder = Folder::with("");
    let entries: Vec<Value> = serde_json::from_str(&folder.succeed(&["bounds", "list", "--json"])).unwrap();
    for entry in entries {
        let text = folder.succeed(&["bounds", "describe", entry["name"].as_str().unwrap()]);
        for part in ["Guarantee: ", "Needs: ", "Reference: ", "Options:", "Example:"] {
            assert!(text.contains(part), "{text}");
        }
        // One name may be a lower and an upper bound; the examples are what is indented after their headings.
        for example in text.split("Example:\n").skip(1) {
            let lines = example
                .lines()
                .skip(1)
                .take_while(|line| line.is_empty() || line.starts_with("    "));
            let example: String = lines.map(|line| format!("{line}\n")).collect();
            assert!(example.contains("kind = "), "{text}");
            // Options of the models that the bound needs are not its own.
            let needed = if text.contains("noise > 0") {
                "[generator]\nnoise = 0.1\n"
            } else {
                ""
            };
            folder.write("run.toml", &format!("{example}\n{needed}"));
            folder.succeed(&["config", "check", "run.toml"]);
        }
    }
}

#[test]
fn options_have_a_type_a_default_and_words() {
    let folder = Folder::with("");
    let text = folder.succeed(&["bounds", "describe", "gp"]);
    let (_, after) = text.split_once("  weight = ").unwrap();
    let mut lines = after.lines();
    assert!(lines.next().unwrap().ends_with("(number)"), "{text}");
    assert!(lines.next().unwrap().trim().len() > 10, "{text}");
}

#[test]
fn a_misspelt_bound_is_answered_with_the_nearest() {
    assert!(
        Folder::with("")
            .fail(2, &["bounds", "describe", "zerogp"])
            .contains("did you mean `zero-gp`?")
    );
}

#[test]
fn the_help_names_the_exit_codes_and_shells_get_completions() {
    let folder = Folder::with("");
    let help = folder.succeed(&["--help"]);
    for code in [
        "0  success",
        "2  wrong command line",
        "3  a configuration",
        "4  data",
        "5  a run directory",
    ] {
        assert!(help.contains(code), "{help}");
    }
    assert!(folder.succeed(&["completions", "bash"]).contains("ebm"));
}

#[test]
fn a_bound_that_breaks_its_contract_is_told_by_rule_and_exit_code() {
    let folder = Folder::with("");
    let check = |name: &str, more: &[&str]| {
        let arguments = [&["bounds", "check", name, "--cases", "5"], more].concat();
        let output = folder.program(env!("CARGO_BIN_EXE_ebm-faulty"), &arguments).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = check("overclaimed", &[]);
    assert_eq!(code, Some(9), "{text}");
    for part in [
        "FAILED  certified-value",
        "FAILED  claims",
        "passed  registered",
        "rules are broken",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (code, json) = check("overclaimed", &["--json"]);
    let reports: Vec<Value> = serde_json::from_str(&json).unwrap();
    let failed = |entry: &&Value| entry["outcome"].get("failed").is_some();
    let broken: Vec<_> = reports[0]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(failed)
        .collect();
    assert_eq!(code, Some(9), "{json}");
    assert!(broken.iter().any(|entry| entry["rule"] == "certified-value"), "{json}");
    // The same program, asked about a sound bound only.
    assert_eq!(check("none", &[]).0, Some(0));
}

#[test]
fn a_bound_is_checked_for_people_and_programs() {
    let folder = Folder::with("");
    let text = folder.succeed(&["bounds", "check", "zero-gp", "--cases", "5"]);
    for part in [
        "upper bound \"zero-gp\", 5 cases",
        "passed  gradient",
        "no rule is broken",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let reports = folder.succeed(&["bounds", "check", "none", "--cases", "2", "--json"]);
    let reports: Vec<Value> = serde_json::from_str(&reports).unwrap();
    let sides: Vec<_> = reports.iter().map(|report| report["side"].as_str().unwrap()).collect();
    assert_eq!(sides, ["lower", "upper"], "one name, two bounds");
    assert!(
        folder
            .fail(2, &["bounds", "check", "zerogp"])
            .contains("did you mean `zero-gp`?")
    );
}
