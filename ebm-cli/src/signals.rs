use ebm_train::Cancel;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, sync::Arc};

/// Takes the signal of a file size limit (`ulimit -f`), which would end the process: the write that meets the limit fails
/// instead, as one on a full disk does.
pub fn outlive_file_size_limits() {
    #[cfg(unix)]
    // Where the system refuses, the signal ends the process, as it did before.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// The requests received so far, to stop or to save.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    stop: Arc<AtomicBool>,
    save: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on: the first SIGINT (Ctrl-C) or SIGTERM asks to stop, the second one ends the process at once with
    /// 128 plus its number; SIGUSR1 asks to save.
    pub fn listen() -> io::Result<Self> {
        let signals = Self::default();
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            // In this order: it ends the process only if an earlier signal has set the flag.
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, signals.stop.clone())?;
            signal_hook::flag::register(signal, signals.stop.clone())?;
        }
        #[cfg(unix)]
        signal_hook::flag::register(signal_hook::consts::SIGUSR1, signals.save.clone())?;
        Ok(signals)
    }

    /// Whether somebody asked to stop.
    pub fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The same request, to end evaluations by.
    pub fn cancel(&self) -> Cancel {
        Cancel::by(self.stop.clone())
    }

    /// Whether somebody asked to save since the last call.
    pub fn save(&self) -> bool {
        self.save.load(Ordering::Relaxed) && self.save.swap(false, Ordering::Relaxed)
    }
}
