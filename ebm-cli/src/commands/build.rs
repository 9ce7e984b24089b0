//! `ebm build`: builds this program with more crates linked in.

use clap::Args;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use thiserror::Error;

use crate::exit::{Exit, Failure, OrExit};
use crate::link::{Cargo, Given, Program, command_line};
use crate::output::print;
use crate::scaffold::{FolderError, Origin, write_folder};

/// A program that was built but does not start, or cannot be put where it should be.
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

/// `ebm build`.
#[derive(Args, Debug)]
#[command(after_help = "\
Writes a program of a few lines to target/ebm-build, compiles it with cargo (into CARGO_TARGET_DIR if
that is set), checks that it starts, and copies it. Cargo's own variables apply, such as
CARGO_NET_OFFLINE=true.

Examples:
  ebm build --with ./my-bound --local ~/ebm
  ebm build --with ./my-bound --with other-bound@0.2 --out bin/ebm
  ebm build --with ./my-bound --dry-run")]
pub struct Build {
    /// Folder of a crate, or a crate of the registry (NAME or NAME@VERSION); may be repeated
    ///
    /// It may register anything: bounds, energies, generators, data sets.
    #[arg(long, value_name = "PATH_OR_CRATE", required = true, num_args = 1..)]
    pub with: Vec<String>,
    /// File to write, replacing it [default: ./ebm-with-bounds]
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Take the crates of ebm from this checkout, and versions from its Cargo.lock [default: from the registry]
    #[arg(long, value_name = "CHECKOUT")]
    pub local: Option<PathBuf>,
    /// Cargo's profile: release, or dev for a quicker build of a slower program
    #[arg(long, value_name = "NAME", default_value = "release")]
    pub profile: String,
    /// Only print what would be written and run
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs the command.
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
        // Its name is a hash of its files.
        Ok(()) | Err(FolderError::Occupied(_)) => {}
        Err(error) => return Err(Failure::new(Exit::Other, error)),
    }
    let target = match env::var_os("CARGO_TARGET_DIR") {
        Some(shared) => here.join(shared),
        None => builds.join("target"),
    };
    let (folder, target) = (&*folder, &*target);
    let cargo = Cargo { folder, target };
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

/// A program whose crates register one name twice, or nothing, says so when it starts.
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

/// Copies the program to a file beside its place, which then gets its name: a program that is running is not overwritten.
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
