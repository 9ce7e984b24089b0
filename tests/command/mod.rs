//! Runs the program in a folder of its own.

#![allow(dead_code)] // every suite uses its part

use assert_cmd::Command;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

#[cfg(unix)]
pub mod script;

/// The program that the tests run.
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

    /// A folder with the configuration [`TINY`].
    pub fn tiny() -> Self {
        Self::with(TINY)
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

    /// The names in the folder, in order.
    pub fn names(&self) -> Vec<String> {
        self.names_in("")
    }

    /// The program, without the settings of the tests' environment.
    pub fn ebm(&self, line: &str) -> Command {
        self.program(PROGRAM, line)
    }

    /// Another program, likewise.
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

    pub fn output(&self, line: &str) -> Output {
        self.ebm(line).output().unwrap()
    }

    /// Runs the program and expects it to succeed; its stdout.
    pub fn succeed(&self, line: &str) -> String {
        let output = self.output(line);
        assert!(output.status.success(), "{line}: {}", stderr(&output));
        stdout(&output)
    }

    /// The same, with the stdout read as JSON.
    pub fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.succeed(line)).unwrap()
    }

    /// Trains the folder's configuration to a run directory, quietly.
    pub fn train(&self, run: &str, more: &str) {
        assert_eq!(self.succeed(&format!("train run.toml --run {run} --quiet {more}")), "");
    }

    /// Runs the program and expects an exit code; returns its stderr.
    pub fn end(&self, code: i32, line: &str) -> String {
        let output = self.output(line);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        said
    }

    /// Runs the program and expects it to fail with an exit code; its one line of error.
    pub fn fail(&self, code: i32, line: &str) -> String {
        let error = self.end(code, line);
        assert!(error.starts_with("error: "), "{line}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{line}: {error}");
        error
    }

    /// The same for an error that must contain all of the given parts.
    pub fn refuse(&self, code: i32, line: &str, parts: &[&str]) {
        contains(&self.fail(code, line), parts);
    }

    /// Runs each line of a table, `code | command line | part of the error | ...`, and expects it to fail so.
    pub fn refuse_all(&self, table: &str) {
        for row in rows(table) {
            self.refuse(row[0].parse().unwrap(), row[1], &row[2..]);
        }
    }

    /// The lines of a run's metrics file.
    pub fn metrics(&self, run: &str) -> Vec<Value> {
        let text = self.read(&format!("{run}/metrics.jsonl"));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
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
pub fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Sends a signal to a process.
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

/// The bytes of every file below a folder, by its path.
pub fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(bytes(&path));
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}
