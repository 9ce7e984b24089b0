//! Runs several processes at a time: one that breaks down takes no other with it.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt::Interrupt;

/// The interval between two looks at the running processes.
const GLANCE: Duration = Duration::from_millis(20);

/// The output of a process, and how it ended.
#[derive(Clone, Debug)]
pub struct Said {
    /// All of its stderr.
    pub text: String,
    pub status: ExitStatus,
    pub seconds: f64,
}

impl Said {
    /// The last line of the output, or the exit status if there was no output.
    pub fn reason(&self) -> String {
        let line = self.text.lines().rev().find(|line| !line.trim().is_empty());
        line.map_or_else(|| self.status.to_string(), |line| line.trim_start_matches("error: ").into())
    }

    /// Its exit code, as a shell counts it.
    pub fn code(&self) -> i32 {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&self.status) {
            return 128 + signal;
        }
        self.status.code().unwrap_or(Exit::Other as i32)
    }
}

struct Worker {
    task: usize,
    since: Instant,
    child: Child,
    said: JoinHandle<String>,
}

impl Worker {
    fn start(task: usize, mut command: Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::piped());
        // Ctrl-C in a terminal reaches this process alone, which asks the others: asked twice, they would not save.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let stderr = child.stderr.take();
        let said = thread::spawn(move || {
            let mut text = String::new();
            // Output that cannot be read is lost; the exit status is not.
            let _ = stderr.map(|mut stderr| stderr.read_to_string(&mut text));
            text
        });
        Ok(Self { task, since: Instant::now(), child, said })
    }

    /// Asks the process to save and to end; it may have ended by itself in the meantime.
    fn ask_to_stop(&mut self) {
        #[cfg(unix)]
        let _ = {
            use rustix::process::{Pid, Signal, kill_process};
            kill_process(Pid::from_child(&self.child), Signal::TERM)
        };
        #[cfg(not(unix))]
        let _ = self.child.kill();
    }
}

/// Runs the process of each task, `at_once` at a time, and tells that one starts, and what one that ended has said.
pub fn run_all(
    tasks: &[usize],
    at_once: usize,
    command: impl Fn(usize) -> io::Result<Command>,
    interrupt: &Interrupt,
    mut tell: impl FnMut(usize, Option<Said>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut running: Vec<Worker> = Vec::new();
    let mut waiting = tasks.iter();
    let mut turn = || -> Result<bool, Failure> {
        interrupt.check()?;
        while running.len() < at_once
            && let Some(&task) = waiting.next()
        {
            tell(task, None)?;
            let worker = command(task).and_then(|command| Worker::start(task, command));
            running.push(worker.or_exit(Exit::Other)?);
        }
        let mut index = 0;
        while index < running.len() {
            let Some(status) = running[index].child.try_wait().or_exit(Exit::Other)? else {
                index += 1;
                continue;
            };
            let worker = running.swap_remove(index);
            if status.code().is_none() {
                // Ended by a signal: Ctrl-C goes to all processes, and this one may not have noticed yet.
                thread::sleep(5 * GLANCE);
                interrupt.check()?;
            }
            let said = Said {
                text: worker.said.join().unwrap_or_default(),
                status,
                seconds: worker.since.elapsed().as_secs_f64(),
            };
            tell(worker.task, Some(said))?;
        }
        Ok(!running.is_empty() || waiting.len() > 0)
    };
    let outcome = loop {
        match turn() {
            Ok(true) => thread::sleep(GLANCE),
            Ok(false) => break Ok(()),
            Err(failure) => break Err(failure),
        }
    };
    running.iter_mut().for_each(Worker::ask_to_stop);
    for mut worker in running {
        // It saves its state first; a second signal would end it at once, and is up to the person who waits.
        let _ = worker.child.wait();
        let _ = worker.said.join();
    }
    outcome
}
