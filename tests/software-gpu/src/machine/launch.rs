use super::{block::Block, exchange::LANES};
use crate::fault::{Fault, fault};
use crate::isa::{instruction::SPECIALS, module::Module};
use crate::memory::Memory;

/// The sizes of a launch: blocks, and threads of each.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    pub blocks: [u32; 3],
    pub threads: [u32; 3],
}

/// The order in which blocks, warps and lanes take their turns, and how strict barriers are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Order {
    /// Zero keeps the natural order; any other seed shuffles it.
    pub seed: u64,
    /// Whether a barrier does not wait for threads that have ended, as GPUs do, though CUDA does not allow it.
    pub ended_threads_pass_barriers: bool,
}

/// A kernel with everything it needs to run.
#[derive(Debug, Clone, Copy)]
pub struct Launch<'a> {
    pub module: &'a Module,
    pub kernel: usize,
    pub grid: Grid,
    /// Laid out as the kernel's function declares them.
    pub parameters: &'a [u8],
    pub order: Order,
    /// Starts at 1, and differs from that of the launch before.
    pub number: u32,
}

/// The limits of a block, as current GPUs have them without opting in to more.
pub const MOST_THREADS: u64 = 1024;
pub const MOST_SHARED_BYTES: usize = 48 << 10;

impl Launch<'_> {
    /// Runs all blocks, one after the other, and counts the instructions that threads ran.
    pub fn run(&self, memory: &mut Memory) -> Result<u64, Fault> {
        self.check()?;
        let mut block = Block::new(self);
        let [x, y, z] = self.grid.blocks.map(|n| n as usize);
        for number in shuffled(x * y * z, self.order.seed) {
            let place = [number % x, number / x % y, number / (x * y)];
            block.run(memory, place.map(|n| n as u32))?;
        }
        Ok(block.executed())
    }

    /// Checks that a GPU would accept the grid.
    fn check(&self) -> Result<(), Fault> {
        let function = &self.module.functions[self.kernel];
        let Grid { blocks, threads } = self.grid;
        let launch = format!("kernel {}, {blocks:?} blocks of {threads:?} threads", function.name);
        if blocks.contains(&0) || threads.contains(&0) {
            fault!("{launch}: there are none");
        }
        if blocks[0] > i32::MAX as u32 || blocks[1] > 65535 || blocks[2] > 65535 {
            fault!("{launch}: more blocks than a grid has");
        }
        let count = threads.iter().map(|n| u64::from(*n)).product::<u64>();
        let most = function.most_threads.unwrap_or(MOST_THREADS).min(MOST_THREADS);
        if count > most || threads[2] > 64 {
            fault!("{launch}: more than the {most} threads that a block of it has");
        }
        if function.required_threads.is_some_and(|required| required != threads) {
            fault!("{launch}: it requires {:?} threads", function.required_threads);
        }
        if function.shared_bytes > MOST_SHARED_BYTES {
            let bytes = function.shared_bytes;
            fault!("{launch}: {bytes} bytes of shared memory, of which there are {MOST_SHARED_BYTES}");
        }
        Ok(())
    }

    /// The number of a block in the grid.
    pub(super) fn linear(&self, [x, y, z]: [u32; 3]) -> u32 {
        let [width, height, _] = self.grid.blocks;
        x + width * (y + height * z)
    }

    /// The place of a thread in its block.
    pub(super) fn thread(&self, index: usize) -> [u32; 3] {
        let [x, y, _] = self.grid.threads;
        let index = index as u32;
        [index % x, index / x % y, index / (x * y)]
    }

    pub(super) fn threads(&self) -> usize {
        self.grid.threads.iter().product::<u32>() as usize
    }

    pub(super) fn specials(&self, thread: usize, block: [u32; 3]) -> [u64; SPECIALS] {
        let (lane, warp) = ((thread % LANES) as u32, (thread / LANES) as u32);
        let warps = self.threads().div_ceil(LANES) as u32;
        let Grid { blocks, threads } = self.grid;
        let values = [self.thread(thread), threads, block, blocks, [lane, warp, warps]];
        std::array::from_fn(|i| values.as_flattened()[i].into())
    }
}

/// The numbers below `count`: in their order for a seed of zero, shuffled for any other.
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
