//! A block: each of its threads runs until it has to wait.

use super::exchange::{LANES, exchange};
use super::launch::{Launch, shuffled};
use super::thread::{Machine, State, Thread};
use crate::memory::{Memory, Region};
use crate::{fault::Fault, race::Moment};

/// Threads and shared memory, which one block after the other uses.
pub struct Block<'a> {
    launch: &'a Launch<'a>,
    place: [u32; 3],
    threads: Vec<Thread>,
    shared: Region,
    /// The launch, the block, and how many barriers it has passed, counted from 1.
    now: Moment,
    /// How many barriers its warps have passed by themselves, counted from 1.
    warp_barriers: Vec<u16>,
    /// The order of warps, and of the lanes of each.
    warps: Vec<usize>,
    lanes: Vec<usize>,
}

impl<'a> Block<'a> {
    pub fn new(launch: &'a Launch<'a>) -> Self {
        let (threads, shared_bytes) = (launch.threads(), launch.module.functions[launch.kernel].shared_bytes);
        let warps = threads.div_ceil(LANES);
        Self {
            launch,
            place: [0; 3],
            threads: (0..threads).map(|_| Thread::new()).collect(),
            shared: Region::new("shared memory", shared_bytes, 1),
            now: Moment::NEVER,
            warp_barriers: vec![1; warps],
            warps: shuffled(warps, launch.order.seed),
            lanes: shuffled(LANES, launch.order.seed),
        }
    }

    /// The number of instructions that its threads have run.
    pub fn executed(&self) -> u64 {
        self.threads.iter().map(|thread| thread.executed).sum()
    }

    /// Runs the block at this place of the grid to its end.
    pub fn run(&mut self, memory: &mut Memory, place: [u32; 3]) -> Result<(), Fault> {
        self.place = place;
        self.shared.forget();
        self.now =
            Moment { launch: self.launch.number, block: self.launch.linear(place), barriers: 1, ..Moment::NEVER };
        self.warp_barriers.fill(1);
        let launch = self.launch;
        for (i, thread) in self.threads.iter_mut().enumerate() {
            let specials = launch.specials(i, place);
            thread.start(launch.module, launch.kernel, launch.parameters, specials);
        }
        self.run_threads(memory).map_err(|(thread, fault)| self.locate(thread, &fault))
    }

    fn run_threads(&mut self, memory: &mut Memory) -> Result<(), (usize, Fault)> {
        loop {
            for i in 0..self.warps.len() {
                self.run_warp(memory, self.warps[i])?;
            }
            if self.threads.iter().all(|thread| thread.state == State::Done) {
                return Ok(());
            }
            self.pass_barrier()?;
        }
    }

    /// Runs the lanes of a warp, in their order, until all wait for other warps or are done.
    fn run_warp(&mut self, memory: &mut Memory, warp: usize) -> Result<(), (usize, Fault)> {
        let module = self.launch.module;
        let start = warp * LANES;
        let end = (start + LANES).min(self.threads.len());
        loop {
            for index in self.lanes.iter().map(|lane| start + lane).filter(|index| *index < end) {
                let now = Moment { thread: index as u16, warp_barriers: self.warp_barriers[warp], ..self.now };
                let mut machine = Machine { module, memory, shared: &mut self.shared, now };
                self.threads[index].run(&mut machine).map_err(|fault| (index, fault))?;
            }
            let threads = &mut self.threads[start..end];
            let whole = threads.iter().all(|thread| thread.synchronises(module));
            if !exchange(module, threads).map_err(|(lane, fault)| (start + lane, fault))? {
                return Ok(());
            }
            self.warp_barriers[warp] = self.warp_barriers[warp].saturating_add(whole.into());
        }
    }

    /// Lets all threads go on that have met at a barrier.
    fn pass_barrier(&mut self) -> Result<(), (usize, Fault)> {
        let threads = &self.threads;
        if let Some(lane) = threads.iter().position(|thread| thread.state == State::Exchange) {
            let message =
                "waits for lanes of its warp that never come: they are at another instruction, or at a barrier";
            return Err((lane, Fault(message.into())));
        }
        let Some(first) = threads.iter().position(|thread| thread.state != State::Done) else {
            return Ok(());
        };
        for (i, thread) in threads.iter().enumerate() {
            let message = if thread.state == State::Done {
                if self.launch.order.ended_threads_pass_barriers {
                    continue;
                }
                format!("divergent barrier: thread {i} has ended and never comes to it")
            } else if (thread.place(), thread.state) != (threads[first].place(), threads[first].state) {
                let line = thread.instruction(self.launch.module).line;
                format!("divergent barrier: thread {i} waits at another, in line {line}")
            } else {
                continue;
            };
            return Err((first, Fault(message)));
        }
        for thread in self.threads.iter_mut().filter(|thread| thread.state != State::Done) {
            thread.resume();
        }
        self.now.barriers += 1;
        Ok(())
    }

    /// Adds the place of a fault to its message.
    fn locate(&self, index: usize, fault: &Fault) -> Fault {
        let Launch { module, kernel, grid, .. } = self.launch;
        let thread = &self.threads[index];
        let line = thread.instruction(module).line;
        let within = match thread.place().0 {
            function if function == *kernel => String::new(),
            function => format!(" in {}", module.functions[function].name),
        };
        Fault(format!(
            "kernel {}, block {:?} of {:?}, thread {:?} of {:?}{within}, PTX line {line}: `{}`: {fault}",
            module.functions[*kernel].name,
            self.place,
            grid.blocks,
            self.launch.thread(index),
            grid.threads,
            module.line(line),
        ))
    }
}
