//! Running the program in a folder of its own.

#![allow(dead_code)] // every test file uses its part

use assert_cmd::Command;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

#[cfg(unix)]
pub mod script;

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

/// A folder to run the program in.
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

    /// The names in the folder, in order.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The program, without what the environment of the tests would set.
    pub fn ebm(&self, arguments: &[&str]) -> Command {
        self.program(env!("CARGO_BIN_EXE_ebm-tested"), arguments)
    }

    /// Another program, likewise.
    pub fn program(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("EBM_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command.current_dir(self.0.path()).args(arguments);
        command
    }

    /// Runs the program and expects it to succeed; its stdout.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.ebm(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the program and expects an exit code; what it says on stderr.
    pub fn end(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.ebm(arguments).output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    /// Runs the program and expects it to fail with an exit code; its one line of error.
    pub fn fail(&self, code: i32, arguments: &[&str]) -> String {
        let error = self.end(code, arguments);
        assert!(error.starts_with("error: "), "{arguments:?}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{arguments:?}: {error}");
        error
    }
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
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

/// The lines of a metrics file.
pub fn metrics(run: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
