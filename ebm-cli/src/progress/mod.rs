//! What a person sees of a run while it goes on.

mod bar;
mod lines;
mod status;

pub use bar::Bar;
pub use lines::Lines;
pub use status::Status;

use ebm_core::geometry::Geometry;
use ebm_train::Observer;
use std::io::IsTerminal;

/// What is shown of a run of `steps` steps that begins after step `from`: a bar where stdout is a terminal, lines where it is not, nothing where nothing is wanted.
/// `launched`: lines in any case, since launchers give processes a terminal whose output goes elsewhere.
pub fn progress<G: Geometry>(steps: u64, from: u64, quiet: bool, launched: bool) -> Option<Box<dyn Observer<G>>> {
    match (quiet, std::io::stdout().is_terminal() && !launched) {
        (true, _) => None,
        (false, true) => Some(Box::new(Bar::new(steps, from))),
        (false, false) => Some(Box::new(Lines::new(steps, from, std::io::stdout()))),
    }
}
