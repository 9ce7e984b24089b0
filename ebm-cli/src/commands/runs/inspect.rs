//! `ebm runs inspect`: one run.

use std::fmt::Write;
use std::path::Path;

use super::bytes;
use crate::commands::print;
use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::{Standing, State};

/// Tells how a run stands.
///
/// # Errors
/// If the path holds no run.
pub fn run(path: &Path, json: bool) -> Result<Exit, Failure> {
    let standing = Standing::of(path).or_exit(Exit::RunDirectory)?;
    match json {
        true => print(&format!(
            "{}\n",
            serde_json::to_string_pretty(&standing).or_exit(Exit::Other)?
        )),
        false => print(&text(&standing)),
    }
}

fn text(run: &Standing) -> String {
    let mut text = format!("{}\n", run.path.display());
    let mut line = |label: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {label:12}  {value}");
    };
    line("state", run.state.to_string());
    line("made from", run.config.display().to_string());
    line("bounds", run.bounds.clone().unwrap_or_else(|| "-".into()));
    line(
        "steps",
        run.of
            .map_or_else(|| run.steps.to_string(), |of| format!("{} of {of}", run.steps)),
    );
    for (label, value) in [("lower", run.lower), ("NLL", run.nll), ("upper", run.upper)] {
        if let Some(value) = value {
            line(label, format!("{value:.4} nats"));
        }
    }
    line("size", bytes(run.bytes));
    for saved in &run.checkpoints {
        let time = saved
            .seconds
            .map_or_else(|| "damaged".into(), |s| format!("after {s:.0} s of training"));
        let best = saved
            .best
            .as_ref()
            .map_or_else(String::new, |(name, value)| format!(", best {name} so far: {value:.4}"));
        line(
            "checkpoint",
            format!("step {}, {}, {time}{best}", saved.step, bytes(saved.bytes)),
        );
    }
    match run.state {
        State::Interrupted | State::Begun => {
            let _ = writeln!(text, "go on with: ebm train --resume {}", run.path.display());
        }
        State::Training(_) | State::Ended(_) => {}
    }
    text
}
