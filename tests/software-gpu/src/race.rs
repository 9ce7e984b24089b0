//! Races: two threads use the same memory, at least one of them writes, and no barrier orders them.

/// The thread that uses memory, and how many barriers of its block and of its warp came before, counted from 1.
///
/// A moment also stands for several uses at once: of several blocks the block is [`SEVERAL`]; of several threads of one warp
/// the thread is one of them with [`SEVERAL_OF_A_WARP`], and of several warps [`SEVERAL_WARPS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Launches are one after the other.
    pub launch: u32,
    pub block: u32,
    pub barriers: u32,
    pub warp_barriers: u16,
    pub thread: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Read,
    Write,
    /// May meet others of its kind.
    Atomic,
}

const LANES: u16 = 32;
const SEVERAL: u32 = u32::MAX;
const SEVERAL_OF_A_WARP: u16 = 1 << 14;
const SEVERAL_WARPS: u16 = 1 << 15;

impl Moment {
    /// Before the first launch.
    pub const NEVER: Self = Self { launch: 0, block: SEVERAL, barriers: 0, warp_barriers: 0, thread: SEVERAL_WARPS };

    fn warp(self) -> u16 {
        (self.thread & !SEVERAL_OF_A_WARP) / LANES
    }

    /// Whether it was in an earlier launch, by the same thread, or there has been a barrier of the block or of the warp since.
    #[inline]
    fn is_before(self, now: Self) -> bool {
        if self.launch != now.launch || self.block != now.block {
            return self.launch != now.launch;
        }
        self.thread == now.thread
            || self.barriers < now.barriers
            || (self.warp() == now.warp() && self.warp_barriers < now.warp_barriers)
    }

    /// Combines this use with another one by a single thread.
    fn join(self, other: Self) -> Self {
        let thread = if self.thread == other.thread {
            self.thread
        } else if self.warp() == other.warp() {
            other.thread | SEVERAL_OF_A_WARP
        } else {
            SEVERAL_WARPS
        };
        let block = if self.block == other.block { self.block } else { SEVERAL };
        Self { block, thread, ..other }
    }

    fn who(self) -> String {
        match (self.block, self.thread) {
            (SEVERAL, _) => "several blocks".into(),
            (block, thread) if thread < SEVERAL_OF_A_WARP => format!("thread {thread} of block {block}"),
            (block, _) => format!("several threads of block {block}"),
        }
    }
}

/// The last uses of one place in memory.
#[derive(Debug, Clone, Copy)]
pub struct History {
    written: Moment,
    read: Moment,
    is_atomic: bool,
}

impl History {
    pub const EMPTY: Self = Self { written: Moment::NEVER, read: Moment::NEVER, is_atomic: false };

    /// Records another use. The error describes a race as the end of a sentence about the place.
    #[inline]
    pub fn record(&mut self, how: Use, now: Moment) -> Result<(), String> {
        let after_write = self.written.is_before(now);
        let both_atomic = how == Use::Atomic && self.is_atomic;
        if !after_write && !both_atomic {
            return Err(race(self.written, "written", how, now));
        }
        let after_read = self.read.is_before(now);
        if how == Use::Read {
            self.read = if after_read { now } else { self.read.join(now) };
            return Ok(());
        }
        if !after_read {
            return Err(race(self.read, "read", how, now));
        }
        self.written = if after_write { now } else { self.written.join(now) };
        self.is_atomic = how == Use::Atomic;
        Ok(())
    }
}

#[cold]
fn race(before: Moment, what: &str, how: Use, now: Moment) -> String {
    let does = if how == Use::Read { "read" } else { "written" };
    let (first, second) = (before.who(), now.who());
    format!("{what} by {first}, is {does} by {second} without a barrier between: a race")
}

#[cfg(test)]
mod tests {
    use super::*;
    use Use::{Atomic, Read, Write};

    fn at(thread: u16, barriers: u32, warp_barriers: u16) -> Moment {
        Moment { launch: 1, block: 0, barriers, warp_barriers, thread }
    }

    /// Uses one place time after time. Each use is accepted, or refused with a message that contains the text.
    fn check(uses: &[(Use, Moment, &str)]) {
        let mut place = History::EMPTY;
        for (how, now, text) in uses {
            let message = place.record(*how, *now).err().unwrap_or_default();
            assert!(message.contains(text) && message.is_empty() == text.is_empty(), "{how:?} {now:?}: {message}");
        }
    }

    #[test]
    fn a_barrier_lies_between_one_thread_s_write_and_another_s_use() {
        check(&[
            (Write, at(0, 1, 1), ""),
            (Read, at(0, 1, 1), ""),
            (Read, at(1, 1, 1), "thread 0 of block 0"),
            // After a barrier of the block.
            (Read, at(40, 2, 1), ""),
            (Read, at(1, 2, 1), ""),
            (Write, at(40, 2, 1), "several threads"),
            // Or, for a thread of the same warp, of the warp.
            (Write, at(2, 3, 1), ""),
            (Read, at(3, 3, 2), ""),
            (Read, at(4, 3, 2), ""),
            (Write, at(5, 3, 3), ""),
            (Read, at(40, 3, 3), "a race"),
        ]);
    }

    #[test]
    fn blocks_never_wait_for_one_another_and_launches_do() {
        let of_block = |block, launch| Moment { block, launch, ..at(0, 9, 9) };
        check(&[
            (Write, of_block(0, 1), ""),
            (Read, of_block(1, 1), "a race"),
            (Read, of_block(1, 2), ""),
            (Read, of_block(2, 2), ""),
            (Write, of_block(2, 2), "several blocks"),
        ]);
    }

    #[test]
    fn atomic_operations_may_meet() {
        let mut uses = vec![(Write, at(0, 1, 1), "")];
        uses.extend((0..64).map(|thread| (Atomic, at(thread, 2, 1), "")));
        uses.extend([(Read, at(3, 2, 1), "a race"), (Read, at(3, 3, 1), "")]);
        check(&uses);
    }
}
