//! From nothing to a trained run: new crates, their own tests, their programs, and one program with all.
//!
//! It compiles `ebm` for the new crates, sharing the workspace's target directory: three and a half minutes on two cores,
//! in release, where the dependencies are built already.

#![cfg(unix)] // what the book says is done in a shell

mod command;

use command::{Folder, metrics, stderr};
use ebm_tests::book::page::Page;
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

fn new_crate(folder: &Folder, what: &[&str], name: &str) {
    let checkout = checkout();
    let local = ["--local", checkout.to_str().unwrap()];
    let told = folder.succeed(&[&["new"], what, &[name], &local[..]].concat());
    assert!(told.contains("cargo test"), "{told}");
    formatted(folder, name);
}

fn formatted(folder: &Folder, name: &str) {
    let formatted = Command::new(env!("CARGO"))
        .args(["fmt", "--check"])
        .current_dir(folder.path(name))
        .output()
        .unwrap();
    done(&formatted);
}

/// Runs cargo in the new crate's folder; what it printed.
fn cargo(folder: &Folder, name: &str, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--offline", "--profile", PROFILE])
        .current_dir(folder.path(name))
        .env("CARGO_TARGET_DIR", target())
        .output()
        .unwrap();
    done(&output);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs the new crate's tests and builds its program; the program.
fn tested(folder: &Folder, name: &str) -> PathBuf {
    let told = cargo(folder, name, &["test", "--lib", "--tests"]);
    assert!(told.contains("the_value_is_that_of_the_formula"), "{told}");
    cargo(folder, name, &["build", "--features", "program"]);
    let kind = if PROFILE == "dev" { "debug" } else { PROFILE };
    target().join(kind).join(format!("ebm-{name}"))
}

/// What the page on writing a bound begins with: from nothing to a trained run. Only the profile is that of these tests, and the
/// run is short.
fn done_as_in_the_book(folder: &Folder) {
    folder.link(&checkout(), "path/to/ebm");
    folder.put_program("ebm", &format!("exec {} \"$@\"", env!("CARGO_BIN_EXE_ebm-tested")));
    let cargo = format!(
        "[ \"$2\" = --release ] || exit 2\n\
         command=$1; shift 2\n\
         [ $command = test ] && set -- --lib --tests \"$@\"\n\
         [ $command = run ] && set -- \"$@\" --quiet --set train.steps=60 --set train.evaluate_every=30\n\
         export CARGO_TARGET_DIR={}\n\
         exec {} $command --offline --profile {PROFILE} \"$@\"",
        target().display(),
        env!("CARGO"),
    );
    folder.put_program("cargo", &cargo);
    let blocks = Page::read("docs/src/write-a-bound.md").blocks();
    let commands = blocks.iter().find(|block| block.language() == "sh").unwrap();
    assert_eq!(commands.text.lines().count(), 3, "{}", commands.text);
    let told = folder.script(&commands.text);
    assert!(told.contains("the_value_is_that_of_the_formula"), "{told}");
    formatted(folder, "noise-floor");
    at_its_end(&folder.path("noise-floor/runs/example-seed0"));
}

/// The metrics are of a whole run.
fn at_its_end(run: &Path) {
    let last = metrics(run).pop().unwrap();
    assert_eq!(last["step"].as_u64(), Some(60), "{last}");
}

/// Trains in the new crate's folder.
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
    at_its_end(&folder.path(run));
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
    done_as_in_the_book(&folder);
    new_crate(&folder, &["bound", "--upper"], "calm-energy");
    let program = tested(&folder, "calm-energy");
    trained(&folder, &program, "calm-energy/example.toml", "runs/calm-energy");

    let neighbours = checkout().join("examples/entropy-knn");
    done(&build(
        &folder,
        &["noise-floor", "calm-energy", neighbours.to_str().unwrap()],
    ));
    let mine = folder.path("mine");
    let listed = Command::new(&mine).args(["bounds", "list"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for name in ["noise-floor", "calm-energy", "entropy-knn"] {
        assert!(listed.lines().any(|line| line.starts_with(name)), "{listed}");
    }
    let example = neighbours.join("example.toml");
    trained(&folder, &mine, example.to_str().unwrap(), "runs/neighbours");

    // Two crates that register one name: the program is built, does not start, and nothing is put in place.
    std::fs::remove_file(&mine).unwrap();
    let copy = folder.path("copy");
    std::fs::create_dir_all(copy.join("src")).unwrap();
    for file in ["Cargo.toml", "src/lib.rs"] {
        let text = folder.read(&format!("noise-floor/{file}"));
        std::fs::write(
            copy.join(file),
            text.replace("name = \"noise-floor\"", "name = \"loud-floor\""),
        )
        .unwrap();
    }
    let manifest = folder.read("copy/Cargo.toml");
    let (before, after) = manifest.split_once("# `ebm` with this bound").unwrap();
    let (_, after) = after.split_once("[dependencies]").unwrap();
    folder.write("copy/Cargo.toml", &format!("{before}[dependencies]{after}"));
    let output = build(&folder, &["noise-floor", "copy"]);
    let error = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{error}");
    let last = error.lines().last().unwrap();
    assert!(
        last.contains("noise-floor 0.1.0 and") || last.contains("loud-floor 0.1.0 and"),
        "{last}"
    );
    assert!(!mine.exists());
}

/// What the tests of a new crate compile: neither the command line nor what it draws and parses with, nor the trainer.
#[test]
fn the_tests_of_a_new_bound_compile_no_more_than_it_needs() {
    let folder = Folder::with("");
    new_crate(&folder, &["bound", "--lower"], "noise-floor");
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--prefix",
            "none",
            "--edges",
            "normal,build,dev",
            "--format",
            "{p}",
        ])
        .current_dir(folder.path("noise-floor"))
        .output()
        .unwrap();
    done(&output);
    let packages = String::from_utf8(output.stdout).unwrap();
    let packages: Vec<&str> = packages.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(
        packages.contains(&"ebm-core") && packages.contains(&"ebm-conformance"),
        "{packages:?}"
    );
    for absent in [
        "ebm-cli",
        "ebm-train",
        "ebm-eval",
        "ebm-data",
        "clap",
        "plotters",
        "image",
        "figment",
    ] {
        assert!(!packages.contains(&absent), "{absent}");
    }
}

/// Each is started, tested, linked in with the others, and trained with.
#[test]
fn a_new_energy_generator_and_data_set_are_tested_and_linked_in() {
    let folder = Folder::with("");
    let kinds = [("energy", "my-bowl"), ("generator", "my-map"), ("dataset", "my-circle")];
    for (kind, name) in kinds {
        new_crate(&folder, &[kind], name);
        let told = cargo(&folder, name, &["test", "--lib", "--tests"]);
        assert!(told.contains("registered_and_its_options_are_read_back"), "{told}");
    }
    done(&build(&folder, &kinds.map(|(_, name)| name)));
    for (_, name) in kinds {
        trained(
            &folder,
            &folder.path("mine"),
            &format!("{name}/example.toml"),
            &format!("runs/{name}"),
        );
    }
    // A crate that registers nothing is built, does not start, and is named.
    std::fs::write(folder.path("my-map/src/lib.rs"), "").unwrap();
    let output = build(&folder, &["my-map"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("the crate my_map is linked in and registers nothing"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn what_cannot_be_used_is_refused_by_name_and_nothing_is_written() {
    let folder = Folder::with("");
    let before = folder.names();
    for (expected, arguments) in [
        ("\"gp\"", vec!["new", "bound", "gp", "--lower"]),
        ("\"Floor\"", vec!["new", "bound", "Floor", "--lower"]),
        ("\"two-moons\"", vec!["new", "dataset", "two-moons"]),
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
