//! Running kernels.

mod block;
mod exchange;
mod launch;
mod thread;

use crate::fault::Fault;
use crate::memory::Memory;
use block::Block;
pub use launch::{Grid, Launch, Order};

impl Launch<'_> {
    /// Runs all blocks, one after the other, and counts the instructions that threads ran.
    pub fn run(&self, memory: &mut Memory) -> Result<u64, Fault> {
        self.check()?;
        let function = &self.module.functions[self.kernel];
        let shared_bytes = match self.grid.shared_bytes {
            0 => function.shared_bytes,
            more => function.shared_of_launch() + more,
        };
        let mut block = Block::new(self, self.threads(), shared_bytes);
        let [x, y, z] = self.grid.blocks.map(|n| n as usize);
        for number in launch::shuffled(x * y * z, self.order.seed) {
            let place = [number % x, number / x % y, number / (x * y)];
            block.run(memory, place.map(|n| n as u32))?;
        }
        Ok(block.executed())
    }
}
