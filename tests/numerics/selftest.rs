//! Checks whether a build computes what one in double precision computed on a CPU, and whether that is still so.
//!
//! `REGENERATE_GOLDEN=1 cargo test -p ebm-tests --test numerics --features ebm-tests/f64 selftest` writes the reference anew.

use crate::command::{FAULTY, Folder, contains, ended};
use ebm_cli::selftest::Reference;
use ebm_tests::book::root;
use serde_json::Value;
use std::{fs, path::PathBuf};

fn file() -> PathBuf {
    root().join("ebm-cli/src/selftest/reference.safetensors")
}

#[cfg(feature = "f64")]
#[test]
fn the_reference_is_what_a_build_in_double_precision_computes() {
    /// The rounding of another machine: its exponential, its fused multiply-adds, its sums in another order.
    const ROUNDING: f64 = 1e-9;

    let now = ebm_cli::selftest::record();
    if std::env::var_os("REGENERATE_GOLDEN").is_some() {
        fs::write(file(), now.encode().unwrap()).unwrap();
        return;
    }
    let distance = Reference::load(&file()).unwrap().distance(&now);
    let stale = "the reference of the selftest is not what this build computes; if that is meant, REGENERATE_GOLDEN=1";
    assert!(distance.as_ref().is_ok_and(|d| *d < ROUNDING), "{stale}: {distance:?}");
}

#[test]
fn this_build_computes_what_the_reference_has() {
    let told = Folder::with("").json("selftest --json");
    let rows = told["rows"].as_array().unwrap();
    let missed: Vec<&Value> = rows.iter().filter(|row| row["verdict"] == "missed").collect();
    assert!(missed.is_empty(), "{missed:#?}");
    assert_eq!(told["failed"], false);
    // Nothing of the reference is left out.
    let reference = Reference::embedded().unwrap();
    for name in reference.names() {
        let row = rows.iter().find(|row| row["name"] == name);
        let row = row.unwrap_or_else(|| panic!("no row for {name}"));
        assert_eq!(row["verdict"], "passed", "{row:#?}");
        for error in row["errors"].as_object().unwrap().values() {
            assert!(error.as_f64() <= row["tolerance"].as_f64(), "{row:#?}");
        }
    }
    for key in ["ebm", "rustc", "target", "precision", "device", "cores", "threads"] {
        assert!(!told["machine"][key].is_null(), "{key}");
    }
}

#[test]
fn what_is_registered_is_run_and_has_a_row() {
    let table = Folder::with("").succeed("selftest --filter ': EXAMPLE'");
    for name in [
        "generator mlp: example",
        "generator flow: example, in training",
        "generator conv: example",
        "energy mlp: example",
        "energy conv: example",
        "energy mixture: example",
        "lower sv: example",
        "lower mi: example",
        "lower none: example",
        "upper gp: example",
        "upper diffusion: example",
        "upper wgan-gp: example",
        "upper zero-gp: example",
    ] {
        let row = table.lines().find(|line| line.starts_with(&format!("{name} ")));
        let row = row.unwrap_or_else(|| panic!("no {name}: {table}"));
        assert!(row.ends_with("passed") || row.ends_with("ran"), "{row:?}");
    }
    assert!(!table.contains("kernel"), "{table}");
}

#[test]
fn a_wrong_value_is_found_and_gives_the_exit_code() {
    let folder = Folder::with("");
    let mut bytes = fs::read(file()).unwrap();
    // One bit of the last number: that of a value by a quarter of it.
    let last = bytes.len() - 2;
    bytes[last] ^= 0x04;
    fs::write(folder.path("wrong.safetensors"), &bytes).unwrap();
    let (text, _) = folder.run(10, "selftest --reference wrong.safetensors");
    let missed = text.lines().filter(|line| line.starts_with("MISSED: ")).count();
    assert_eq!(missed, 1, "{text}");
    contains(&text, &[" passed, 1 missed, "]);
}

#[test]
fn what_cannot_be_done_is_told() {
    let folder = Folder::with("");
    folder.write("text.safetensors", "text");
    folder.refuse_all(
        "2 | selftest --filter 'no such thing'      | --filter no such thing: nothing has that in its name
         4 | selftest --reference none.safetensors | none.safetensors:
         4 | selftest --reference text.safetensors | expected a file of `ebm selftest --write`",
    );
    folder.run(2, "selftest --write mine.safetensors --json");
    if cfg!(not(feature = "f64")) {
        let part = "--write mine.safetensors: this build is in single precision";
        folder.refuse(2, "selftest --write mine.safetensors", &[part]);
        assert!(!folder.path("mine.safetensors").exists());
    }
}

#[test]
fn bounds_of_others_are_run() {
    let folder = Folder::with("");
    let run = |line: &str| ended(0, folder.program(FAULTY, line).output()).0;
    let json = |line: &str| serde_json::from_str::<Value>(&run(line)).unwrap();
    let line = "selftest --filter overclaimed --json";
    let told = json(line);
    let [row] = &told["rows"].as_array().unwrap()[..] else { panic!("{told}") };
    assert_eq!([&row["name"], &row["verdict"]], ["lower overclaimed: example", "ran"]);
    // Its value is the same for every draw: a reference of one's own has it.
    if cfg!(feature = "f64") {
        run("selftest --write mine.safetensors");
        let told = json(&format!("{line} --reference mine.safetensors"));
        assert_eq!(told["rows"][0]["verdict"], "passed", "{told:#}");
    }
}
