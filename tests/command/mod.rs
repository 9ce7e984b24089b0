//! Runs the program in a folder of its own.

#![allow(dead_code)] // every suite uses its part

use assert_cmd::Command;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::{fs, io, sync::LazyLock, time::Duration};
use tempfile::TempDir;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_ebm-tested");
/// The same program with a bound that breaks its contract.
pub const FAULTY: &str = env!("CARGO_BIN_EXE_ebm-faulty");

/// A run that takes a second: small networks, few steps, a coarse quadrature.
pub const TINY: &str = r#"
seed = 7
data = "25-gaussians"

[generator]
hidden = [16, 16]

[energy]
hidden = [16, 16]
confinement = 1.0

[train]
steps = 30
batch = 32
log_every = 10
evaluate_every = 10

[evaluate]
held_out = 500
generated = 500
quadrature = { tolerance = 1e-3, max_evaluations = 200_000 }
"#;

/// Rows of two columns, as text.
pub fn two_columns() -> String {
    (0..200).map(|i| format!("{},{}\n", i % 7, (i * i) % 11)).collect()
}

/// [`TINY`] with a table in place of its data.
pub fn tiny_with_table(file: &str) -> String {
    let data = format!("{{ kind = \"csv\", path = \"{file}\", standardize = true }}");
    TINY.replace("\"25-gaussians\"", &data)
}

/// A folder to run the program in. Command lines are written as in a shell.
pub struct Folder(TempDir);

impl Folder {
    /// A folder with a configuration `run.toml`.
    pub fn with(config: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("run.toml", config);
        folder
    }

    pub fn tiny() -> Self {
        Self::with(TINY)
    }

    /// The same with a finished run of it, which is trained once for all tests.
    pub fn trained(run: &str) -> Self {
        static RUN: LazyLock<Files> = LazyLock::new(|| {
            let folder = Folder::tiny();
            folder.train("run", "");
            files(&folder.path("run"))
        });
        let folder = Self::tiny();
        folder.put(run, &RUN);
        folder
    }

    pub fn put(&self, folder: &str, files: &Files) {
        for (name, bytes) in files {
            let path = self.path(folder).join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn read_bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn read_json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    pub fn read_toml(&self, name: &str) -> toml::Table {
        self.read(name).parse().unwrap()
    }

    pub fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Whether there is a file of at least so many bytes.
    pub fn has_file(&self, name: &str, bytes: u64) -> bool {
        fs::metadata(self.path(name)).is_ok_and(|file| file.len() >= bytes)
    }

    /// The names in a folder within this one, in order.
    pub fn names_in(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(name)).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn names(&self) -> Vec<String> {
        self.names_in("")
    }

    /// The program, without the settings of the tests' environment.
    pub fn ebm(&self, line: &str) -> Command {
        self.program(PROGRAM, line)
    }

    pub fn program(&self, program: &str, line: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("EBM_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command.current_dir(self.0.path()).args(words(line));
        command
    }

    /// Starts the program beside the test; its output is collected.
    pub fn start(&self, line: &str) -> Child {
        let mut command = std::process::Command::new(PROGRAM);
        command.current_dir(self.0.path()).args(words(line));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs the program and expects an exit code; returns its stdout and stderr.
    #[track_caller]
    pub fn run(&self, code: i32, line: &str) -> (String, String) {
        println!("ebm {line}");
        ended(code, self.ebm(line).output())
    }

    /// Runs the program and expects it to succeed; its stdout.
    #[track_caller]
    pub fn succeed(&self, line: &str) -> String {
        self.run(0, line).0
    }

    /// The same, with the stdout read as JSON.
    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.succeed(line)).unwrap()
    }

    /// Trains the folder's configuration to a run directory, quietly.
    #[track_caller]
    pub fn train(&self, run: &str, more: &str) {
        assert_eq!(self.succeed(&format!("train run.toml --run {run} --quiet {more}")), "");
    }

    /// Runs the program and expects it to fail with an exit code; its one line of error.
    #[track_caller]
    pub fn fail(&self, code: i32, line: &str) -> String {
        let (_, error) = self.run(code, line);
        assert!(error.starts_with("error: "), "{line}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{line}: {error}");
        error
    }

    /// The same for an error that must contain all of the given parts.
    #[track_caller]
    pub fn refuse(&self, code: i32, line: &str, parts: &[&str]) {
        contains(&self.fail(code, line), parts);
    }

    /// Runs each line of a table, `code | command line | part of the error | ...`, and expects it to fail so.
    #[track_caller]
    pub fn refuse_all(&self, table: &str) {
        for row in rows(table) {
            self.refuse(row[0].parse().unwrap(), row[1], &row[2..]);
        }
    }

    pub fn metrics(&self, run: &str) -> Vec<Value> {
        let text = self.read(&format!("{run}/metrics.jsonl"));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The files of a run that are functions of its configuration.
    pub fn lasting(&self, run: &str) -> Files {
        let mut found = files(&self.path(run));
        found.retain(|name, _| name.starts_with("weights/") || ["metrics.jsonl", "config.toml"].contains(&&**name));
        assert!(found.len() >= 4, "{:?}", found.keys());
        found
    }

    /// The last step in a run's metrics, which may be on the way; 0 before the first.
    pub fn step(&self, run: &str) -> u64 {
        let text = fs::read_to_string(self.path(run).join("metrics.jsonl")).unwrap_or_default();
        let whole = text.rsplit_once('\n').and_then(|(whole, _)| whole.lines().last());
        whole.map_or(0, |line| serde_json::from_str::<Value>(line).unwrap()["step"].as_u64().unwrap())
    }

    /// The steps of a run's checkpoints.
    pub fn checkpoints(&self, run: &str) -> BTreeSet<u64> {
        let entries = fs::read_dir(self.path(run).join("checkpoints")).into_iter().flatten();
        let names = entries.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        names.filter_map(|name| name.strip_prefix("step-")?.parse().ok()).collect()
    }

    /// A figure at the end of a run, from its metrics.
    pub fn final_value(&self, run: &str, name: &str) -> Option<f64> {
        let last = self.metrics(run).into_iter().find(|line| line["event"] == "final");
        last.unwrap()["metrics"][name]["value"].as_f64()
    }
}

/// Programs of the folder's own, and scripts that find them.
#[cfg(unix)]
impl Folder {
    /// Makes a program of a shell script, to be found before any other of its name.
    pub fn put_program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::create_dir_all(self.path("bin")).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// The search path with the folder's own programs first.
    pub fn search_path(&self) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        format!("{}:{path}", self.path("bin").display())
    }

    /// Makes a file or folder from elsewhere appear under a name.
    pub fn link(&self, target: &Path, name: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    /// Runs a script in the folder, every command of which must succeed; its stdout.
    pub fn script(&self, text: &str) -> String {
        let mut shell = self.program("sh", "-e -c");
        ended(0, shell.arg(text).env("PATH", self.search_path()).output()).0
    }
}

pub fn figure<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut figures = report["figures"].as_array().unwrap().iter();
    figures.find(|figure| figure["name"] == name).unwrap_or_else(|| panic!("{name} is not there: {report}"))
}

pub fn words(line: &str) -> Vec<String> {
    shlex::split(line).unwrap_or_else(|| panic!("{line}: no command line"))
}

/// The rows of a table in a text: a line each, with cells between bars.
pub fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = table.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| line.split(" | ").map(str::trim).collect())
}

/// Asserts that a text has every part.
#[track_caller]
pub fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

/// Expects that a program has ended with an exit code; returns its stdout and stderr.
#[track_caller]
pub fn ended(code: i32, output: io::Result<Output>) -> (String, String) {
    let Output { status, stdout, stderr } = output.unwrap();
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(status.code(), Some(code), "{stdout}\n{stderr}");
    (stdout, stderr)
}

#[cfg(unix)]
pub fn signal(name: &str, process: u32) {
    let status = std::process::Command::new("kill").args([name, &process.to_string()]).status();
    assert!(status.unwrap().success());
}

/// Waits until a condition holds; the process must not end before.
pub fn wait_for(child: &mut Child, so: impl Fn() -> bool) {
    while !so() {
        assert!(child.try_wait().unwrap().is_none(), "the process has ended");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Files by their names, as paths within a folder.
pub type Files = BTreeMap<String, Vec<u8>>;

pub fn files(folder: &Path) -> Files {
    let mut found = Files::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(within, bytes)| (format!("{name}/{within}"), bytes)));
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

/// The names of the files that are in one only, or differ.
pub fn unlike(a: &Files, b: &Files) -> BTreeSet<String> {
    a.keys().chain(b.keys()).filter(|name| a.get(*name) != b.get(*name)).cloned().collect()
}
