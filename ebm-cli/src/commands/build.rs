//! `ebm build`: builds this program with more crates linked in.

use anyhow::{Context, bail};
use clap::Args;
use std::path::{Path, PathBuf};
use std::{env, fs, process::Command};

use crate::exit::{Exit, Failure, OrExit};
use crate::link::{Cargo, Given, Program, command_line};
use crate::output::print;
use crate::scaffold::{Origin, write_files};

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
    // Its name is a hash of its files.
    if !folder.join("Cargo.toml").exists() {
        write_files(&folder, &program.files()).or_exit(Exit::Other)?;
    }
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| builds.join("target"), |shared| here.join(shared));
    let cargo = Cargo { folder: &folder, target: &target };
    cargo.check_versions().or_exit(Exit::Other)?;
    let built = cargo.build(&arguments.profile).or_exit(Exit::Other)?;
    starts(&built).or_exit(Exit::Other)?;
    let default = || format!("ebm-with-bounds{}", env::consts::EXE_SUFFIX).into();
    let out = arguments.out.clone().unwrap_or_else(default);
    put(&built, &out).or_exit(Exit::Other)?;
    let names: Vec<&str> = given.iter().map(|bound| bound.name.as_str()).collect();
    print(&format!("{}: ebm with {}\n", out.display(), names.join(", ")))
}

/// A program whose crates register one name twice, or nothing, says so when it starts.
fn starts(program: &Path) -> anyhow::Result<()> {
    let output = Command::new(program).args(["bounds", "list"]).output();
    let output = output.with_context(|| program.display().to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim();
        let reason = said.strip_prefix("error: ").unwrap_or(said);
        bail!("the program was built and does not start: {reason}");
    }
    Ok(())
}

/// Copies the program to a file beside its place, which then gets its name: a program that is running is not overwritten.
fn put(program: &Path, out: &Path) -> anyhow::Result<()> {
    let Some(name) = out.file_name() else {
        bail!("{}: the path names no file", out.display());
    };
    let beside = out.with_file_name(format!(".{}.{}.tmp", name.display(), std::process::id()));
    let done = fs::copy(program, &beside).and_then(|_| fs::rename(&beside, out));
    if done.is_err() {
        // The first error is the one to report; the file may not even exist.
        let _ = fs::remove_file(&beside);
    }
    done.with_context(|| out.display().to_string())
}
