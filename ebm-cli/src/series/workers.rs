//! Training the runs of a series, each in a process of its own: one that breaks down takes no other with it.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::config::PREFIX;
use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt::Interrupt;

/// How often running processes are looked at.
const GLANCE: Duration = Duration::from_millis(20);
/// The variable that tells a process how many threads to use.
const THREADS: &str = "RAYON_NUM_THREADS";

/// A run to train.
#[derive(Clone, Debug)]
pub struct Task {
    /// Which run of the series.
    pub index: usize,
    /// Its resolved configuration.
    pub config: PathBuf,
    /// The folder that relative paths of the configuration are relative to.
    pub base: PathBuf,
    /// Its run directory.
    pub run: PathBuf,
    /// Whether the run that is there goes on; else it is replaced.
    pub goes_on: bool,
}

/// What happens to a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Its process was started.
    Started,
    /// Its process ended; what it said on stderr, and how it ended.
    Ended(Said),
}

/// What a process said, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// All of its stderr.
    pub text: String,
    /// How it ended.
    pub status: ExitStatus,
}

impl Said {
    /// Its last line, or how it ended if it said nothing.
    pub fn reason(&self) -> String {
        let line = self.text.lines().rev().find(|line| !line.trim().is_empty());
        line.map_or_else(
            || self.status.to_string(),
            |line| line.trim_start_matches("error: ").to_string(),
        )
    }
}

struct Worker {
    task: Task,
    child: Child,
    said: JoinHandle<String>,
}

impl Worker {
    fn start(task: Task, at_once: usize) -> std::io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("train")
            .arg(&task.config)
            .arg("--quiet")
            .arg("--base")
            .arg(&task.base);
        match task.goes_on {
            true => command.arg("--resume").arg(&task.run),
            false => command.arg("--overwrite").arg("--run").arg(&task.run),
        };
        // The configuration is resolved already.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(PREFIX)) {
            command.env_remove(name);
        }
        if at_once > 1 && std::env::var_os(THREADS).is_none() {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            command.env(THREADS, (cores / at_once).max(1).to_string());
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // Ctrl-C in a terminal reaches this process alone, which asks the others: asked twice, they would not save.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let stderr = child.stderr.take();
        let said = thread::spawn(move || {
            let mut text = String::new();
            // What cannot be read is not known; the exit status still is.
            let _ = stderr.map(|mut stderr| stderr.read_to_string(&mut text));
            text
        });
        Ok(Self { task, child, said })
    }

    fn end(self, status: ExitStatus) -> (Task, Said) {
        let text = self.said.join().unwrap_or_default();
        (self.task, Said { text, status })
    }
}

/// Trains the tasks, `at_once` at a time, and tells what happens to each.
///
/// # Errors
/// If somebody asks to stop (the processes are ended first), no process can be started, or `tell` fails.
pub fn train_all(
    tasks: Vec<Task>,
    at_once: usize,
    interrupt: &Interrupt,
    mut tell: impl FnMut(&Task, Event) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut running: Vec<Worker> = Vec::new();
    let outcome = turn(tasks, at_once, interrupt, &mut tell, &mut running);
    running.iter_mut().for_each(|worker| ask_to_stop(&mut worker.child));
    for mut worker in running {
        // It saves its state first; a second signal ends it at once, and is for whoever waits to give.
        let _ = worker.child.wait();
        let _ = worker.said.join();
    }
    outcome
}

/// Asks a process to save and to end; it may have ended by itself in the meantime.
#[cfg(unix)]
fn ask_to_stop(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process};
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
}

/// Ends a process.
#[cfg(not(unix))]
fn ask_to_stop(child: &mut Child) {
    let _ = child.kill();
}

fn turn(
    tasks: Vec<Task>,
    at_once: usize,
    interrupt: &Interrupt,
    tell: &mut impl FnMut(&Task, Event) -> Result<(), Failure>,
    running: &mut Vec<Worker>,
) -> Result<(), Failure> {
    let mut waiting = tasks.into_iter();
    loop {
        interrupt.check()?;
        while running.len() < at_once
            && let Some(task) = waiting.next()
        {
            tell(&task, Event::Started)?;
            running.push(Worker::start(task, at_once).or_exit(Exit::Other)?);
        }
        if running.is_empty() {
            return Ok(());
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
            let (task, said) = worker.end(status);
            tell(&task, Event::Ended(said))?;
        }
        thread::sleep(GLANCE);
    }
}
