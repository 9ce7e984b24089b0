//! The messages of `scripts/gpu-check.sh` where it cannot do its work, and the order of its steps where it can: with
//! stand-ins for the driver, the toolkit, the compiler and the program.

use crate::command::{Folder, contains, ended};
use std::{fs, path::Path};

/// The tools of a Unix system that the script uses.
const TOOLS: [&str; 17] = [
    "bash", "cat", "cp", "chmod", "date", "dirname", "env", "grep", "ls", "mkdir", "mv", "sh", "tail", "tee",
    "timeout", "true", "uname",
];

/// A program that records its name and arguments, and then runs `script`.
fn stand_in(folder: &Folder, name: &str, script: &str) {
    folder.put_program(name, &format!("echo \"{name} $*\" >> \"$ASKED\"\n{script}"));
}

/// A folder whose `bin` has the tools, and nothing else that the script may find.
fn machine() -> Folder {
    let folder = Folder::with("");
    let path = std::env::var("PATH").unwrap_or_default();
    for tool in TOOLS {
        let mut places = path.split(':').map(|place| Path::new(place).join(tool));
        let found = places.find(|path| path.is_file()).unwrap_or_else(|| panic!("no {tool}"));
        folder.link(&found, &format!("bin/{tool}"));
    }
    folder
}

/// Runs the script, which must end with this code; returns its stdout and stderr.
fn check(folder: &Folder, code: i32, arguments: &str) -> (String, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/gpu-check.sh");
    let bash = folder.path("bin/bash").display().to_string();
    let mut command = folder.program(&bash, &format!("{script} {arguments}"));
    let variables = [("PATH", "bin"), ("CUDA_HOME", "no-toolkit"), ("ASKED", "asked"), ("CARGO_TARGET_DIR", "target")];
    command.envs(variables.map(|(name, place)| (name, folder.path(place))));
    ended(code, command.output())
}

fn refused(folder: &Folder, code: i32, arguments: &str, parts: &[&str]) {
    let (_, said) = check(folder, code, arguments);
    assert!(said.starts_with("gpu-check: ") && said.lines().count() == 1, "{said}");
    contains(&said, parts);
}

#[test]
fn wrong_arguments_are_told_before_anything_is_done() {
    let folder = machine();
    refused(&folder, 2, "--fast", &["unknown argument --fast"]);
    refused(&folder, 2, "--out", &["--out needs a value"]);
    for seconds in ["0", "61", "1.5", "five"] {
        let told = format!("--seconds {seconds}: expected a whole number from 1 to 60");
        refused(&folder, 2, &format!("--seconds {seconds}"), &[&told]);
    }
    // A folder with something in it is not written to.
    refused(&folder, 2, "--out .", &["--out .: expected a folder that is new or empty"]);
    let (help, _) = check(&folder, 0, "--help");
    assert!(help.starts_with("usage: scripts/gpu-check.sh"), "{help}");
    assert_eq!(folder.names(), ["bin", "run.toml"]);
}

#[test]
fn what_is_missing_is_named() {
    let folder = machine();
    refused(&folder, 3, "", &["nvidia-smi is not on PATH"]);
    stand_in(&folder, "nvidia-smi", "echo 'No devices were found'; exit 6");
    refused(&folder, 3, "", &["nvcc is neither on PATH nor in ", "no-toolkit/bin"]);
    stand_in(&folder, "nvcc", "");
    refused(&folder, 3, "", &["cargo is not on PATH"]);
    stand_in(&folder, "cargo", "exit 101");
    refused(&folder, 3, "", &["nvidia-smi finds no GPU: No devices were found"]);
    stand_in(&folder, "nvidia-smi", "echo 'A Card, 1.0'");
    let (_, said) = check(&folder, 4, "--out report");
    contains(&said, &["the build failed; all it said is in "]);
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
    let program = folder.path("ebm-stand-in");
    let build = "release=\"$CARGO_TARGET_DIR/release\"; mkdir -p \"$release\"; cp";
    let build = format!("{build} {} \"$release/ebm\"; chmod +x \"$release/ebm\"", program.display());
    stand_in(&folder, "cargo", &build);
    let (said, _) = check(&folder, 10, "--out report --seconds 2");
    let asked = folder.read("asked");
    let report = fs::canonicalize(folder.path("report")).unwrap();
    for step in [
        "cargo build --release -p ebm-cli --features cuda",
        "ebm selftest",
        "ebm selftest --json",
        &format!("ebm bench --seconds 2 --json {}", report.join("bench.json").display()),
    ] {
        assert!(asked.lines().any(|line| line == step), "{step:?} is not in {asked}");
    }
    let summary = folder.read("report/summary.txt");
    contains(
        &summary,
        &[
            "A Card, 1.0; release 13.0",
            "selftest: exit code 10",
            "MISSED: kernel dense",
            "no PyTorch for CUDA in python3",
        ],
    );
    contains(&said, &[&summary]);
}
