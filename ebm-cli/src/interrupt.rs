use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, sync::Arc};

use crate::exit::{Exit, Failure, fail};

/// Whether somebody asked the program to stop, by Ctrl-C or a signal to terminate.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on, instead of ending at once.
    pub fn listen() -> io::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, asked.clone())?;
        }
        Ok(Self(asked))
    }

    /// Whether somebody asked the program to stop.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Ends the command if somebody asked the program to stop.
    pub fn check(&self) -> Result<(), Failure> {
        if self.asked() {
            fail!(Exit::Interrupted, "interrupted; finished runs are kept, and the same command goes on from there");
        }
        Ok(())
    }
}
