//! `ebm sweep`: one configuration at many points, written for Slurm or trained here, and what it came to.

mod collect;
mod local;
mod plan;

use std::path::{Path, PathBuf};

use super::print;
use crate::cli::{Sweep, SweepCommand};
use crate::config;
use crate::exit::{Exit, Failure, OrExit};
use crate::series::SeriesDirectory;
use crate::sweep::SWEEP;
use plan::Plan;

/// Does it.
///
/// Nothing is written before every point is known to be good, its models could be built, and what is in the folder is known
/// to be of this sweep.
///
/// # Errors
/// If the sweep, a configuration, the data or the folder cannot be used, somebody asks to stop, or runs fail.
pub fn run(arguments: &Sweep) -> Result<Exit, Failure> {
    let spec = match (&arguments.command, &arguments.spec) {
        (Some(SweepCommand::Collect(arguments)), _) => return collect::run(arguments),
        (None, Some(spec)) => spec,
        (None, None) => return Err(Failure::message(Exit::Usage, "give the file of a sweep")),
    };
    let sweep = config::Sweep::load(spec, &arguments.set).or_exit(Exit::Config)?;
    let plan = Plan::of(arguments, spec, &sweep)?;
    let out = out_of(arguments, &sweep);
    if arguments.dry_run {
        plan.can_be_built()?;
        return match arguments.quiet {
            true => Ok(Exit::Success),
            false => print(&plan.listed()),
        };
    }
    match SeriesDirectory::look(&out, &SWEEP)? {
        true => plan.is_at(&out)?,
        false => plan.can_be_built()?,
    }
    let directory = SeriesDirectory::open(&out, &SWEEP, &plan.manifest)?;
    plan.write(&directory)?;
    if !arguments.quiet {
        print(&told(&plan, &out, arguments.run))?;
    }
    match arguments.run {
        true => local::run(&plan, &out, arguments),
        false => Ok(Exit::Success),
    }
}

fn out_of(arguments: &Sweep, sweep: &config::Sweep) -> PathBuf {
    let given = arguments.out.clone().or_else(|| sweep.spec.out.clone());
    given.unwrap_or_else(|| Path::new("runs").join(format!("sweep-{}", sweep.name)))
}

/// What was written, and how to go on.
fn told(plan: &Plan<'_>, out: &Path, runs_here: bool) -> String {
    let (runs, points) = (plan.manifest.runs.len(), plan.sweep.points.len());
    let (seeds, place) = (plan.sweep.seeds.len(), out.display());
    let mut text = format!("{runs} runs in {place}: points {points}, seeds {seeds}\n");
    if !runs_here {
        text.push_str(&format!("train them: sbatch {place}/{}\n", plan::SCRIPT));
        text.push_str(&format!("their table: ebm sweep collect {place}\n"));
    }
    text
}
