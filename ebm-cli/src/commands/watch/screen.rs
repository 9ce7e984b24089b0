//! A view that is redrawn in its place on a terminal.

use console::{Term, truncate_str};
use std::io;

use super::view::view;
use super::watched::Watched;

/// A view that is redrawn in its place on a terminal.
#[derive(Debug)]
pub(super) struct Screen {
    term: Term,
    drawn: usize,
}

impl Screen {
    /// Nothing is drawn yet.
    pub(super) fn new() -> Self {
        Self {
            term: Term::buffered_stdout(),
            drawn: 0,
        }
    }

    /// Draws the run over what was drawn before.
    ///
    /// # Errors
    /// If the terminal does not take it.
    pub(super) fn draw(&mut self, watched: &Watched) -> io::Result<()> {
        let (rows, columns) = self.term.size();
        // A line that wraps, or a view higher than the terminal, could not be cleared again.
        let (rows, columns) = (usize::from(rows).saturating_sub(1).max(1), usize::from(columns));
        let lines = view(watched, columns);
        self.term.clear_last_lines(self.drawn.min(rows))?;
        self.drawn = lines.len().min(rows);
        for line in lines.iter().take(rows) {
            self.term.write_line(&truncate_str(line, columns, "…"))?;
        }
        self.term.flush()
    }
}
