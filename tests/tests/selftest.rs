//! Whether a build computes what one in double precision computed on a CPU, and whether that is still what it computes.
//!
//! `REGENERATE_GOLDEN=1 cargo test -p ebm-tests --test selftest --features ebm-tests/f64` writes the reference anew.

mod command;

use command::{Folder, stderr};
use ebm_cli::selftest::Reference;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

use ebm_tests as _; // every bound is linked in

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn file() -> PathBuf {
    root().join("ebm-cli/src/selftest/reference.safetensors")
}

/// Of another machine: its exponential, its fused multiply-adds, its sums in another order.
#[cfg(feature = "f64")]
const ROUNDING: f64 = 1e-9;

#[cfg(feature = "f64")]
#[test]
fn the_reference_is_what_a_build_in_double_precision_computes() {
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
    let folder = Folder::with("");
    let output = folder.ebm(&["selftest", "--json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = told["rows"].as_array().unwrap();
    let missed: Vec<&Value> = rows.iter().filter(|row| row["verdict"] == "missed").collect();
    assert!(missed.is_empty(), "{missed:#?}");
    assert_eq!(
        (output.status.code(), &told["failed"]),
        (Some(0), &Value::Bool(false)),
        "{}",
        stderr(&output)
    );
    // Nothing of the reference is left out.
    let reference = Reference::embedded().unwrap();
    for name in reference.names() {
        let row = rows
            .iter()
            .find(|row| row["name"] == name)
            .unwrap_or_else(|| panic!("no row for {name}"));
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
    let folder = Folder::with("");
    let table = folder.succeed(&["selftest", "--filter", ": EXAMPLE"]);
    for name in [
        "generator mlp: example",
        "generator flow: example, in training",
        "generator conv: example",
        "energy mlp: example",
        "energy conv: example",
        "lower sv: example",
        "lower mi: example",
        "lower none: example",
        "upper gp: example",
        "upper diffusion: example",
        "upper wgan-gp: example",
        "upper zero-gp: example",
    ] {
        let row = table.lines().find(|line| line.starts_with(&format!("{name} ")));
        let verdict = row
            .unwrap_or_else(|| panic!("no {name}: {table}"))
            .split_whitespace()
            .last();
        assert!(matches!(verdict, Some("passed" | "ran")), "{row:?}");
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
    let output = folder
        .ebm(&["selftest", "--reference", "wrong.safetensors"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(10), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let missed = text.lines().filter(|line| line.starts_with("MISSED: ")).count();
    assert_eq!(missed, 1, "{text}");
    assert!(text.contains(" passed, 1 missed, "), "{text}");
}

#[test]
fn what_cannot_be_done_is_told() {
    let folder = Folder::with("");
    let error = folder.fail(2, &["selftest", "--filter", "no such thing"]);
    assert!(
        error.contains("--filter no such thing: nothing has that in its name"),
        "{error}"
    );
    let error = folder.fail(4, &["selftest", "--reference", "none.safetensors"]);
    assert!(error.contains("none.safetensors: "), "{error}");
    folder.write("text.safetensors", "text");
    let error = folder.fail(4, &["selftest", "--reference", "text.safetensors"]);
    assert!(error.contains("expected a file of `ebm selftest --write`"), "{error}");
    folder.end(2, &["selftest", "--write", "mine.safetensors", "--json"]);
    if cfg!(not(feature = "f64")) {
        let error = folder.fail(2, &["selftest", "--write", "mine.safetensors"]);
        assert!(
            error.contains("--write mine.safetensors: this build is in single precision"),
            "{error}"
        );
        assert!(!folder.path("mine.safetensors").exists());
    }
}

#[test]
fn bounds_of_others_are_run() {
    let folder = Folder::with("");
    let arguments = ["selftest", "--filter", "overclaimed", "--json"];
    let output = folder
        .program(env!("CARGO_BIN_EXE_ebm-faulty"), &arguments)
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let rows = told["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0]["name"], &rows[0]["verdict"]),
        (&"lower overclaimed: example".into(), &"ran".into())
    );
    // Its value is the same for every draw: a reference of one's own has it.
    if cfg!(feature = "f64") {
        let run = |arguments: &[&str]| {
            folder
                .program(env!("CARGO_BIN_EXE_ebm-faulty"), arguments)
                .output()
                .unwrap()
        };
        assert!(run(&["selftest", "--write", "mine.safetensors"]).status.success());
        let output = run(&[&arguments[..], &["--reference", "mine.safetensors"]].concat());
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["rows"][0]["verdict"], "passed", "{told:#}");
    }
}
