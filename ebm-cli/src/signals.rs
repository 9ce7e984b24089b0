use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, sync::Arc};

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

    /// Whether somebody asked to save since the last call.
    pub fn save(&self) -> bool {
        self.save.load(Ordering::Relaxed) && self.save.swap(false, Ordering::Relaxed)
    }
}
