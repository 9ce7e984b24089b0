//! Running a kernel over a grid.

use super::block::Block;
use super::exchange::LANES;
use super::instruction::Special;
use crate::fault;
use crate::fault::Fault;
use crate::memory::Memory;
use crate::ptx::Module;

/// How many blocks, of how many threads and with how much shared memory beside what the kernel declares.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    pub blocks: [u32; 3],
    pub threads: [u32; 3],
    pub shared_bytes: usize,
}

/// In which order blocks, warps and lanes take their turns, and how strictly.
#[derive(Debug, Clone, Copy, Default)]
pub struct Order {
    /// Zero is the order of their numbers; any other shuffles them.
    pub seed: u64,
    /// Whether a barrier does not wait for threads that have ended, as GPUs do, though CUDA does not allow it.
    pub ended_threads_pass_barriers: bool,
}

/// A kernel with all that it is run with.
#[derive(Debug, Clone, Copy)]
pub struct Launch<'a> {
    pub module: &'a Module,
    pub kernel: usize,
    pub grid: Grid,
    /// Laid out as the kernel's function declares them.
    pub parameters: &'a [u8],
    pub order: Order,
    /// No two launches after one another have the same number, which starts at 1.
    pub number: u32,
}

/// The most that a block may have, as on GPUs of today without asking for more.
pub const MOST_THREADS: u64 = 1024;
pub const MOST_SHARED_BYTES: usize = 48 << 10;

impl Launch<'_> {
    /// Runs all blocks, one after the other; the instructions run.
    ///
    /// # Errors
    /// A grid that a GPU refuses, or a rule that is broken.
    pub fn run(&self, memory: &mut Memory) -> Result<u64, Fault> {
        self.check()?;
        let function = &self.module.functions[self.kernel];
        let shared_bytes = match self.grid.shared_bytes {
            0 => function.shared_bytes,
            more => function.shared_bytes.next_multiple_of(16) + more,
        };
        let threads = self.grid.threads.iter().product::<u32>() as usize;
        let mut block = Block::new(threads, shared_bytes);
        let [x, y, z] = self.grid.blocks.map(|n| n as usize);
        for number in shuffled(x * y * z, self.order.seed) {
            let place = [number % x, number / x % y, number / (x * y)];
            block.run(self, memory, place.map(|n| n as u32))?;
        }
        Ok(block.executed())
    }

    fn check(&self) -> Result<(), Fault> {
        let function = &self.module.functions[self.kernel];
        let Grid {
            blocks,
            threads,
            shared_bytes,
        } = self.grid;
        let told = format!("kernel {}, {blocks:?} blocks of {threads:?} threads", function.name);
        if blocks.contains(&0) || threads.contains(&0) {
            fault!("{told}: there are none");
        }
        if blocks[0] > i32::MAX as u32 || blocks[1] > 65535 || blocks[2] > 65535 {
            fault!("{told}: more blocks than a grid has");
        }
        let count = threads.iter().map(|n| u64::from(*n)).product::<u64>();
        let most = function.most_threads.unwrap_or(MOST_THREADS).min(MOST_THREADS);
        if count > most || threads[2] > 64 {
            fault!("{told}: more than the {most} threads that a block of it has");
        }
        if function.required_threads.is_some_and(|required| required != threads) {
            fault!("{told}: it requires {:?} threads", function.required_threads);
        }
        if function.shared_bytes + shared_bytes > MOST_SHARED_BYTES {
            let bytes = function.shared_bytes + shared_bytes;
            fault!("{told}: {bytes} bytes of shared memory, of which there are {MOST_SHARED_BYTES}");
        }
        Ok(())
    }

    /// The number of a block in the grid.
    pub(super) fn linear(&self, [x, y, z]: [u32; 3]) -> u32 {
        let [width, height, _] = self.grid.blocks;
        x + width * (y + height * z)
    }

    /// Where a thread is in its block.
    pub(super) fn thread(&self, index: usize) -> [u32; 3] {
        let [x, y, _] = self.grid.threads;
        let index = index as u32;
        [index % x, index / x % y, index / (x * y)]
    }

    pub(super) fn special(&self, special: Special, thread: usize, block: [u32; 3]) -> u64 {
        let threads = self.grid.threads.iter().product::<u32>() as usize;
        match special {
            Special::Thread(axis) => self.thread(thread)[axis].into(),
            Special::Threads(axis) => self.grid.threads[axis].into(),
            Special::Block(axis) => block[axis].into(),
            Special::Blocks(axis) => self.grid.blocks[axis].into(),
            Special::Lane => (thread % LANES) as u64,
            Special::Warp => (thread / LANES) as u64,
            Special::Warps => threads.div_ceil(LANES) as u64,
        }
    }
}

/// The numbers below `count`, in their order for a seed of zero, and in one of its own for any other.
pub(super) fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..count).collect();
    if seed == 0 {
        return numbers;
    }
    let mut state = seed;
    for i in (1..count).rev() {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        numbers.swap(i, (mixed % (i as u64 + 1)) as usize);
    }
    numbers
}
