//! From nothing to a trained run: new crates of bounds, their own tests, their programs, and one program with all.
//!
//! It compiles `ebm` for the new crates, sharing the workspace's target directory: three and a half minutes on two cores,
//! in release, where the dependencies are built already.

mod command;

use command::{Folder, metrics, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The profile that the tests themselves are built with: its dependencies are there.
const PROFILE: &str = if cfg!(debug_assertions) { "dev" } else { "release" };

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The workspace's target directory.
fn target() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_ebm-tested"));
    program.ancestors().nth(2).unwrap().to_path_buf()
}

fn done(output: &Output) {
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{out}\n{}", stderr(output));
}

fn new_bound(folder: &Folder, name: &str, side: &str) {
    let checkout = checkout();
    let told = folder.succeed(&["new", "bound", name, side, "--local", checkout.to_str().unwrap()]);
    assert!(told.contains("cargo test"), "{told}");
    let formatted = Command::new(env!("CARGO"))
        .args(["fmt", "--check"])
        .current_dir(folder.path(name))
        .output()
        .unwrap();
    done(&formatted);
}

/// Runs the new crate's tests, which builds its program too; the program.
fn tested(folder: &Folder, name: &str) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--profile", PROFILE, "--lib", "--bins", "--tests"])
        .current_dir(folder.path(name))
        .env("CARGO_TARGET_DIR", target())
        .output()
        .unwrap();
    done(&output);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("the_value_is_that_of_the_formula"), "{told}");
    let kind = if PROFILE == "dev" { "debug" } else { PROFILE };
    target().join(kind).join(format!("ebm-{name}"))
}

/// Trains in the new crate's folder; the metrics are of a whole run.
fn trained(folder: &Folder, program: &Path, config: &str, run: &str) {
    let arguments = [
        "train",
        config,
        "--quiet",
        "--run",
        run,
        "--set",
        "train.steps=60",
        "--set",
    ];
    let output = Command::new(program)
        .args(arguments)
        .arg("train.evaluate_every=30")
        .current_dir(folder.path("."))
        .output()
        .unwrap();
    done(&output);
    let last = metrics(&folder.path(run)).pop().unwrap();
    assert_eq!(last["step"].as_u64(), Some(60), "{last}");
}

fn build(folder: &Folder, with: &[&str]) -> Output {
    let checkout = checkout();
    let mut arguments = vec![
        "build",
        "--profile",
        PROFILE,
        "--out",
        "mine",
        "--local",
        checkout.to_str().unwrap(),
    ];
    with.iter().for_each(|one| arguments.extend(["--with", one]));
    folder
        .ebm(&arguments)
        .env("CARGO_TARGET_DIR", target())
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO", env!("CARGO"))
        .output()
        .unwrap()
}

#[test]
fn a_new_bound_of_either_side_is_tested_trained_with_and_linked_with_others() {
    let folder = Folder::with("");
    new_bound(&folder, "quiet-floor", "--lower");
    new_bound(&folder, "calm-energy", "--upper");
    for name in ["quiet-floor", "calm-energy"] {
        let program = tested(&folder, name);
        trained(
            &folder,
            &program,
            &format!("{name}/example.toml"),
            &format!("runs/{name}"),
        );
    }

    let neighbours = checkout().join("examples/entropy-knn");
    done(&build(
        &folder,
        &["quiet-floor", "calm-energy", neighbours.to_str().unwrap()],
    ));
    let mine = folder.path("mine");
    let listed = Command::new(&mine).args(["bounds", "list"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for name in ["quiet-floor", "calm-energy", "entropy-knn"] {
        assert!(listed.lines().any(|line| line.starts_with(name)), "{listed}");
    }
    let example = neighbours.join("example.toml");
    trained(&folder, &mine, example.to_str().unwrap(), "runs/neighbours");

    // Two crates that register one name: the program is built, does not start, and nothing is put in place.
    std::fs::remove_file(&mine).unwrap();
    let copy = folder.path("copy");
    std::fs::create_dir_all(copy.join("src")).unwrap();
    for file in ["Cargo.toml", "src/lib.rs"] {
        let text = folder.read(&format!("quiet-floor/{file}"));
        std::fs::write(
            copy.join(file),
            text.replace("name = \"quiet-floor\"", "name = \"loud-floor\""),
        )
        .unwrap();
    }
    let manifest = folder.read("copy/Cargo.toml");
    let (before, after) = manifest.split_once("# `ebm` with this bound").unwrap();
    let (_, after) = after.split_once("[dependencies]").unwrap();
    folder.write("copy/Cargo.toml", &format!("{before}[dependencies]{after}"));
    let output = build(&folder, &["quiet-floor", "copy"]);
    let error = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{error}");
    let last = error.lines().last().unwrap();
    assert!(
        last.contains("quiet-floor 0.1.0 and") || last.contains("loud-floor 0.1.0 and"),
        "{last}"
    );
    assert!(!mine.exists());
}

#[test]
fn what_cannot_be_used_is_refused_by_name_and_nothing_is_written() {
    let folder = Folder::with("");
    let before = folder.names();
    for (expected, arguments) in [
        ("\"gp\"", vec!["new", "bound", "gp", "--lower"]),
        ("\"Floor\"", vec!["new", "bound", "Floor", "--lower"]),
        ("--local .", vec!["new", "bound", "my-floor", "--lower", "--local", "."]),
        ("./nowhere", vec!["build", "--with", "./nowhere"]),
        ("no Cargo.toml", vec!["build", "--with", "."]),
    ] {
        let error = folder.fail(2, &arguments);
        assert!(error.contains(expected), "{error}");
    }
    assert!(
        folder
            .fail(1, &["new", "bound", "my-floor", "--lower", "--path", "."])
            .contains("not an empty folder")
    );
    assert_eq!(folder.names(), before);
}

#[test]
fn without_cargo_the_error_says_so() {
    let folder = Folder::with("");
    let output = folder
        .ebm(&["build", "--with", "my-bound"])
        .env("CARGO", folder.path("no-cargo"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cargo was not found"), "{}", stderr(&output));
}

#[test]
fn a_dry_run_shows_the_program_and_writes_nothing() {
    let folder = Folder::with("");
    let before = folder.names();
    let told = folder.succeed(&["build", "--with", "my-bound@1.2", "--dry-run"]);
    for part in [
        "my-bound = { version = \"1.2\" }",
        "ebm_cli::main!(my_bound);",
        "cargo build --profile release",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(folder.names(), before);
}
