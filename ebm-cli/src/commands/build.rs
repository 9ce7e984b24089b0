//! `ebm build`: this program with more bounds.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use thiserror::Error;

use super::print;
use crate::cli::Build;
use crate::exit::{Exit, Failure, OrExit};
use crate::link::{Cargo, Given, Program, command_line};
use crate::scaffold::{FolderError, Origin, write_folder};

/// A program that was built and is no good, or cannot be put where it shall be.
#[derive(Debug, Error)]
enum BuildError {
    #[error("{path}: {source}")]
    Io { path: String, source: io::Error },
    #[error("the program was built and does not start: {0}")]
    NoStart(String),
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> BuildError {
    let path = path.display().to_string();
    move |source| BuildError::Io { path, source }
}

/// Does it.
///
/// # Errors
/// If a crate cannot be linked in, cargo fails, or the program that was built does not start.
pub fn run(arguments: &Build) -> Result<Exit, Failure> {
    let origin = Origin::new(arguments.local.as_deref()).or_exit(Exit::Usage)?;
    let given = Given::all(&arguments.with, &origin).or_exit(Exit::Usage)?;
    let program = Program::new(&given, &origin).or_exit(Exit::Other)?;
    let here = env::current_dir().or_exit(Exit::Other)?;
    let builds = here.join("target").join("ebm-build");
    let folder = builds.join(program.fingerprint());
    if arguments.dry_run {
        return print(&format!(
            "# Cargo.toml\n{}\n// src/main.rs\n{}\n# then\n{}\n",
            program.manifest,
            program.main,
            command_line(&folder, &arguments.profile)
        ));
    }
    match write_folder(&folder, &program.files()) {
        // Its name is that of what it holds.
        Ok(()) | Err(FolderError::Occupied(_)) => {}
        Err(error) => return Err(Failure::new(Exit::Other, error)),
    }
    let target = match env::var_os("CARGO_TARGET_DIR") {
        Some(shared) => here.join(shared),
        None => builds.join("target"),
    };
    let cargo = Cargo {
        folder: &folder,
        target: &target,
    };
    cargo.check_versions().or_exit(Exit::Other)?;
    let built = cargo.build(&arguments.profile).or_exit(Exit::Other)?;
    starts(&built).or_exit(Exit::Other)?;
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => PathBuf::from(format!("ebm-with-bounds{}", env::consts::EXE_SUFFIX)),
    };
    put(&built, &out).or_exit(Exit::Other)?;
    let names: Vec<&str> = given.iter().map(|bound| bound.name.as_str()).collect();
    print(&format!("{}: ebm with {}\n", out.display(), names.join(", ")))
}

/// A program whose bounds collide, or whose crate registers nothing, says so when it starts.
fn starts(program: &Path) -> Result<(), BuildError> {
    let output = Command::new(program)
        .args(["bounds", "list"])
        .output()
        .map_err(failed(program))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim();
    Err(BuildError::NoStart(said.strip_prefix("error: ").unwrap_or(said).into()))
}

/// Copies the program to a file beside first, which then gets its name: one that is running is not written into.
fn put(program: &Path, out: &Path) -> Result<(), BuildError> {
    let no_name = || failed(out)(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
    let name = out.file_name().ok_or_else(no_name)?;
    let beside = out.with_file_name(format!(".{}.{}.tmp", name.display(), std::process::id()));
    let done = fs::copy(program, &beside).and_then(|_| fs::rename(&beside, out));
    if done.is_err() {
        // The first error is the one to report; the file may not even exist.
        let _ = fs::remove_file(&beside);
    }
    done.map_err(failed(out))
}
