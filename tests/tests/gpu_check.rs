//! What `scripts/gpu-check.sh` says where it cannot do its work, and in which order it does it where it can: with stand-ins for
//! the driver, the toolkit, the compiler and the program.
#![cfg(unix)]

mod command;

use assert_cmd::Command;
use command::{Folder, stderr};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

/// What the script uses of a Unix system.
const TOOLS: [&str; 17] = [
    "bash", "cat", "cp", "chmod", "date", "dirname", "env", "grep", "ls", "mkdir", "mv", "sh", "tail", "tee",
    "timeout", "true", "uname",
];

/// A program that writes what it was asked, and then does what it is to do.
fn stand_in(folder: &Folder, name: &str, script: &str) {
    folder.put_program(name, &format!("echo \"{name} $*\" >> \"$ASKED\"\n{script}"));
}

/// A folder whose `bin` has the tools, and nothing else that the script may find.
fn machine() -> Folder {
    let folder = Folder::with("");
    let path = std::env::var("PATH").unwrap_or_default();
    for tool in TOOLS {
        let places = path.split(':').map(|place| Path::new(place).join(tool));
        let found: PathBuf = places
            .into_iter()
            .find(|path| path.is_file())
            .unwrap_or_else(|| panic!("no {tool}"));
        folder.link(&found, &format!("bin/{tool}"));
    }
    folder
}

fn check(folder: &Folder, arguments: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/gpu-check.sh");
    let mut command = Command::new(folder.path("bin/bash"));
    command.arg(script).args(arguments).current_dir(folder.path("."));
    command
        .env("PATH", folder.path("bin"))
        .env("CUDA_HOME", folder.path("no-toolkit"));
    command
        .env("ASKED", folder.path("asked"))
        .env("CARGO_TARGET_DIR", folder.path("target"));
    command.output().unwrap()
}

fn refused(folder: &Folder, code: i32, arguments: &[&str]) -> String {
    let output = check(folder, arguments);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.starts_with("gpu-check: ") && said.lines().count() == 1, "{said}");
    said
}

#[test]
fn wrong_arguments_are_told_before_anything_is_done() {
    let folder = machine();
    assert!(refused(&folder, 2, &["--fast"]).contains("unknown argument --fast"));
    assert!(refused(&folder, 2, &["--out"]).contains("--out needs a value"));
    for seconds in ["0", "61", "1.5", "five"] {
        let said = refused(&folder, 2, &["--seconds", seconds]);
        assert!(
            said.contains(&format!("--seconds {seconds}: expected a whole number from 1 to 60")),
            "{said}"
        );
    }
    // A folder with something in it is not written to.
    assert!(refused(&folder, 2, &["--out", "."]).contains("--out .: expected a folder that is new or empty"));
    let help = check(&folder, &["--help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).starts_with("usage: scripts/gpu-check.sh"));
    assert_eq!(folder.names(), ["bin", "run.toml"]);
}

#[test]
fn what_is_missing_is_named() {
    let folder = machine();
    assert!(refused(&folder, 3, &[]).contains("nvidia-smi is not on PATH"));
    stand_in(&folder, "nvidia-smi", "echo 'No devices were found'; exit 6");
    let said = refused(&folder, 3, &[]);
    assert!(
        said.contains("nvcc is neither on PATH nor in ") && said.contains("no-toolkit/bin"),
        "{said}"
    );
    stand_in(&folder, "nvcc", "");
    assert!(refused(&folder, 3, &[]).contains("cargo is not on PATH"));
    stand_in(&folder, "cargo", "exit 101");
    assert!(refused(&folder, 3, &[]).contains("nvidia-smi finds no GPU: No devices were found"));
    stand_in(&folder, "nvidia-smi", "echo 'A Card, 1.0'");
    let output = check(&folder, &["--out", "report"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("the build failed; all it said is in "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn every_step_is_done_and_a_missed_figure_is_the_exit_code() {
    let folder = machine();
    stand_in(&folder, "nvidia-smi", "echo 'A Card, 1.0'");
    stand_in(&folder, "nvcc", "echo 'release 13.0'");
    stand_in(&folder, "python3", "exit 1");
    let program =
        "#!/bin/sh\necho \"ebm $*\" >> \"$ASKED\"\ncase $1 in selftest) echo 'MISSED: kernel dense'; exit 10;; esac\n";
    folder.write("ebm-stand-in", program);
    // The script works in the repository: the compiler's stand-in is told where the program is.
    let build = format!(
        "mkdir -p \"$CARGO_TARGET_DIR/release\"; cp {0} \"$CARGO_TARGET_DIR/release/ebm\"; chmod +x \"$CARGO_TARGET_DIR/release/ebm\"",
        folder.path("ebm-stand-in").display()
    );
    stand_in(&folder, "cargo", &build);
    let output = check(&folder, &["--out", "report", "--seconds", "2"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(10), "{said}{}", stderr(&output));
    let asked = folder.read("asked");
    let report = folder.path("report");
    let report = fs::canonicalize(&report).unwrap();
    for step in [
        "cargo build --release -p ebm-cli --features cuda".to_string(),
        "ebm selftest".into(),
        "ebm selftest --json".into(),
        format!("ebm bench --seconds 2 --json {}", report.join("bench.json").display()),
    ] {
        assert!(asked.lines().any(|line| line == step), "{step:?} is not in {asked}");
    }
    let summary = folder.read("report/summary.txt");
    for part in [
        "A Card, 1.0; release 13.0",
        "selftest: exit code 10",
        "MISSED: kernel dense",
        "no PyTorch for CUDA in python3",
    ] {
        assert!(summary.contains(part), "{part:?} is not in {summary}");
    }
    assert!(said.contains(&summary), "{said}");
}
