//! The threads of a block: every one runs until it has to wait.

use super::exchange::{LANES, exchange};
use super::launch::{Launch, shuffled};
use super::shared::Shared;
use super::thread::{Machine, State, Thread};
use crate::fault::Fault;
use crate::memory::Memory;
use crate::race::Moment;

/// Threads and shared memory, which one block after the other uses.
pub struct Block {
    threads: Vec<Thread>,
    shared: Shared,
    /// Barriers that warps have passed by themselves.
    warp_barriers: Vec<u16>,
}

impl Block {
    pub fn new(threads: usize, shared_bytes: usize) -> Self {
        Self {
            threads: (0..threads).map(|_| Thread::new()).collect(),
            shared: Shared::new(shared_bytes),
            warp_barriers: vec![1; threads.div_ceil(LANES)],
        }
    }

    /// Instructions that its threads have run.
    pub fn executed(&self) -> u64 {
        self.threads.iter().map(|thread| thread.executed).sum()
    }

    /// Runs one block to its end.
    ///
    /// # Errors
    /// A rule that is broken.
    pub fn run(&mut self, launch: &Launch, memory: &mut Memory, place: [u32; 3]) -> Result<(), Fault> {
        self.shared.forget();
        self.warp_barriers.fill(1);
        for (i, thread) in self.threads.iter_mut().enumerate() {
            thread.start(launch.module, launch.kernel, launch.parameters, |special| {
                launch.special(special, i, place)
            });
        }
        let warps = shuffled(self.warp_barriers.len(), launch.order.seed);
        let lanes = shuffled(LANES, launch.order.seed);
        let mut barriers = 1;
        loop {
            for warp in &warps {
                let found = self.run_warp(launch, memory, place, *warp, &lanes, barriers);
                found.map_err(|(thread, fault)| self.told(launch, place, thread, &fault))?;
            }
            if self.threads.iter().all(|thread| thread.state == State::Done) {
                return Ok(());
            }
            self.barrier(launch)
                .map_err(|(thread, fault)| self.told(launch, place, thread, &fault))?;
            barriers += 1;
        }
    }

    /// Runs the lanes of a warp, in their order, until all wait for other warps or are done.
    fn run_warp(
        &mut self,
        launch: &Launch,
        memory: &mut Memory,
        place: [u32; 3],
        warp: usize,
        lanes: &[usize],
        barriers: u32,
    ) -> Result<(), (usize, Fault)> {
        let start = warp * LANES;
        let end = (start + LANES).min(self.threads.len());
        loop {
            for lane in lanes.iter().filter(|lane| start + **lane < end) {
                let index = start + lane;
                let thread = &mut self.threads[index];
                if thread.state != State::Ready {
                    continue;
                }
                let now = Moment {
                    launch: launch.number,
                    block: launch.linear(place),
                    thread: index as u16,
                    barriers,
                    warp_barriers: self.warp_barriers[warp],
                };
                let mut machine = Machine {
                    module: launch.module,
                    memory,
                    shared: &mut self.shared,
                };
                thread.run(&mut machine, now).map_err(|fault| (index, fault))?;
            }
            let threads = &mut self.threads[start..end];
            let whole = threads.iter().all(|thread| thread.synchronises(launch.module));
            match exchange(launch.module, threads) {
                Ok(true) => self.warp_barriers[warp] = self.warp_barriers[warp].saturating_add(whole.into()),
                Ok(false) => break,
                Err((lane, fault)) => return Err((start + lane, fault)),
            }
        }
        Ok(())
    }

    /// Lets all threads go on that have met at a barrier.
    fn barrier(&mut self, launch: &Launch) -> Result<(), (usize, Fault)> {
        let threads = &self.threads;
        if let Some(lane) = threads.iter().position(|thread| thread.state == State::Exchange) {
            let message =
                "waits for lanes of its warp that never come: they are at another instruction, or at a barrier";
            return Err((lane, Fault::new(message)));
        }
        let waits = |thread: &Thread| matches!(thread.state, State::Barrier(_));
        let Some(first) = threads.iter().position(waits) else {
            unreachable!("threads are ready, done or waiting");
        };
        let place = |thread: &Thread| (thread.function, thread.pc, thread.state);
        for (i, thread) in threads.iter().enumerate() {
            if thread.state == State::Done {
                if launch.order.ended_threads_pass_barriers {
                    continue;
                }
                let message = format!("divergent barrier: thread {i} has ended and never comes to it");
                return Err((first, Fault(message)));
            }
            if place(thread) != place(&threads[first]) {
                let line = thread.instruction(launch.module).line;
                let message = format!("divergent barrier: thread {i} waits at another, in line {line}");
                return Err((first, Fault(message)));
            }
        }
        for thread in self.threads.iter_mut().filter(|thread| waits(thread)) {
            thread.resume();
        }
        Ok(())
    }

    /// A fault with the place where it happened.
    fn told(&self, launch: &Launch, place: [u32; 3], thread: usize, fault: &Fault) -> Fault {
        let function = &launch.module.functions[launch.kernel];
        let found = &self.threads[thread];
        let line = found.instruction(launch.module).line;
        let within = match found.function == launch.kernel {
            true => String::new(),
            false => format!(" in {}", launch.module.functions[found.function].name),
        };
        let [x, y, z] = launch.thread(thread);
        Fault(format!(
            "kernel {}, block {place:?} of {:?}, thread {:?} of {:?}{within}, PTX line {line}: `{}`: {fault}",
            function.name,
            launch.grid.blocks,
            [x, y, z],
            launch.grid.threads,
            launch.module.line(line),
        ))
    }
}
