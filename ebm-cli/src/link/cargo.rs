use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{ffi::OsStr, io::ErrorKind};

/// The crate that the program must have in one version only.
const CORE: &str = "ebm-core";

/// Cargo, for one crate.
pub(crate) struct Cargo<'a> {
    pub folder: &'a Path,
    /// The folder for what it builds; an absolute path.
    pub target: &'a Path,
}

/// The command that builds the program, for people.
pub(crate) fn command_line(folder: &Path, profile: &str) -> String {
    format!("cd {} && cargo build --profile {profile}", folder.display())
}

impl Cargo<'_> {
    /// Checks that every crate of the program has the same `ebm-core`.
    pub fn check_versions(&self) -> Result<()> {
        // Of this platform only: what others need may not be there, and would be fetched.
        let platform = env!("BUILT_FOR_TARGET");
        let printed = self.run("metadata", &["--format-version", "1", "--filter-platform", platform])?;
        let metadata = serde_json::from_str(&printed).map_err(|_| unreadable("metadata"))?;
        match other_cores(&metadata) {
            None => Ok(()),
            Some(text) => bail!(
                "{text}: a component is registered with its own ebm-core only, so all must have one version; change what the \
                 Cargo.toml of the crate asks for"
            ),
        }
    }

    /// Builds the program with one of cargo's profiles, and returns its path.
    pub fn build(&self, profile: &str) -> Result<PathBuf> {
        let format = "--message-format=json-render-diagnostics";
        let arguments = ["--profile", profile, format, "--target-dir"].map(OsStr::new);
        let printed = self.run("build", &[&arguments[..], &[self.target.as_os_str()]].concat())?;
        let messages = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut programs = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
        programs.next_back().ok_or_else(|| unreadable("build"))
    }

    fn run<S: AsRef<OsStr>>(&self, command: &'static str, arguments: &[S]) -> Result<String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .arg(command)
            .args(arguments)
            .current_dir(self.folder)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output();
        let output = match output {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("cargo was not found; install Rust (https://rustup.rs), or set CARGO to the program to run")
            }
            output => output.context("cargo")?,
        };
        let (status, folder) = (output.status, self.folder.display());
        if !status.success() {
            bail!("cargo {command} failed ({status}) for the reasons above; the program's crate is {folder}");
        }
        String::from_utf8(output.stdout).map_err(|_| unreadable(command))
    }
}

fn unreadable(command: &str) -> anyhow::Error {
    anyhow!("cargo {command} printed something that this program does not understand; is it a recent one?")
}

/// Lists which crates depend on which `ebm-core`, if there are several.
fn other_cores(metadata: &Value) -> Option<String> {
    let packages = metadata["packages"].as_array()?;
    let cores: Vec<&Value> = packages.iter().filter(|package| package["name"] == CORE).collect();
    if cores.len() < 2 {
        return None;
    }
    let users = |core: &Value| -> Vec<String> {
        let nodes = metadata["resolve"]["nodes"].as_array().into_iter().flatten();
        let users = nodes.filter(|node| {
            let mut dependencies = node["dependencies"].as_array().into_iter().flatten();
            dependencies.any(|dependency| *dependency == core["id"])
        });
        let name = |node: &Value| {
            packages.iter().find(|package| package["id"] == node["id"])?["name"].as_str().map(String::from)
        };
        users.filter_map(name).collect()
    };
    let told = |core: &&Value| {
        let version = core["version"].as_str().unwrap_or("?");
        format!("{} with {CORE} {version}", users(core).join(", "))
    };
    Some(cores.iter().map(told).collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn several_versions_of_the_core_are_told_with_who_has_them() {
        let package =
            |name: &str, version: &str| json!({ "name": name, "version": version, "id": format!("{name} {version}") });
        let node = |id: &str, on: &str| json!({ "id": id, "dependencies": [on] });
        let mut metadata = json!({
            "packages": [package(CORE, "0.1.0"), package("ebm-cli", "0.1.0"), package("my-bound", "1.0.0")],
            "resolve": { "nodes": [node("ebm-cli 0.1.0", "ebm-core 0.1.0"), node("my-bound 1.0.0", "ebm-core 0.2.0")] },
        });
        assert_eq!(other_cores(&metadata), None);
        metadata["packages"].as_array_mut().unwrap().push(package(CORE, "0.2.0"));
        let told = other_cores(&metadata).unwrap();
        assert_eq!(told, "ebm-cli with ebm-core 0.1.0; my-bound with ebm-core 0.2.0");
    }
}
