//! Two threads that use the same memory, one of them to write, with nothing between them that puts one before the other.

/// Who uses memory, and after how many barriers of its block and of its warp, the first of which is number 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Launches are one after the other.
    pub launch: u32,
    pub block: u32,
    pub thread: u16,
    pub barriers: u32,
    pub warp_barriers: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Read,
    Write,
    /// May meet others of its kind.
    Atomic,
}

const LANES: u16 = 32;
/// No block, and no thread: several of them.
const SEVERAL: u32 = u32::MAX;
const SEVERAL_OF_A_WARP: u16 = 1 << 14;
const SEVERAL_WARPS: u16 = 1 << 15;

/// The last use of a place: by one, or by several at once.
#[derive(Debug, Clone, Copy)]
struct Mark {
    launch: u32,
    block: u32,
    barriers: u32,
    warp_barriers: u16,
    /// Of several threads of one warp: one of them, with a bit that says so.
    thread: u16,
}

const NEVER: Mark = Mark {
    launch: 0,
    block: SEVERAL,
    barriers: 0,
    warp_barriers: 0,
    thread: SEVERAL_WARPS,
};

impl Mark {
    fn of(now: Moment) -> Self {
        Self {
            launch: now.launch,
            block: now.block,
            barriers: now.barriers,
            warp_barriers: now.warp_barriers,
            thread: now.thread,
        }
    }

    /// Whether it was in a launch before, by the same thread, or there has been a barrier of the block or of the warp since.
    #[inline]
    fn is_before(&self, now: Moment) -> bool {
        if self.launch != now.launch {
            return true;
        }
        if self.block != now.block {
            return false;
        }
        let thread = self.thread & !SEVERAL_OF_A_WARP;
        self.thread == now.thread
            || self.barriers < now.barriers
            || (thread / LANES == now.thread / LANES && self.warp_barriers < now.warp_barriers)
    }

    /// Both uses at once; the other is by one thread.
    fn join(self, other: Self) -> Self {
        let thread = if self.thread == other.thread {
            self.thread
        } else if (self.thread & !SEVERAL_OF_A_WARP) / LANES == other.thread / LANES {
            other.thread | SEVERAL_OF_A_WARP
        } else {
            SEVERAL_WARPS
        };
        Self {
            block: if self.block == other.block { self.block } else { SEVERAL },
            thread,
            ..other
        }
    }

    fn who(&self) -> String {
        match (self.block, self.thread) {
            (SEVERAL, _) => "several blocks".into(),
            (block, thread) if thread < SEVERAL_OF_A_WARP => format!("thread {thread} of block {block}"),
            (block, _) => format!("several threads of block {block}"),
        }
    }
}

/// The last uses of a place.
#[derive(Debug, Clone, Copy)]
pub struct History {
    wrote: Mark,
    read: Mark,
    atomic: bool,
}

impl Default for History {
    fn default() -> Self {
        Self {
            wrote: NEVER,
            read: NEVER,
            atomic: false,
        }
    }
}

impl History {
    /// Takes down another use.
    ///
    /// # Errors
    /// What races with it, told after the name of the place.
    #[inline]
    pub fn note(&mut self, how: Use, now: Moment) -> Result<(), String> {
        let after_write = self.wrote.is_before(now);
        let both_atomic = how == Use::Atomic && self.atomic;
        if !after_write && !both_atomic {
            return Err(told(self.wrote, "written", how, now));
        }
        let mark = Mark::of(now);
        let after_read = self.read.is_before(now);
        if how == Use::Read {
            self.read = if after_read { mark } else { self.read.join(mark) };
            return Ok(());
        }
        if !after_read {
            return Err(told(self.read, "read", how, now));
        }
        self.wrote = if after_write { mark } else { self.wrote.join(mark) };
        self.atomic = how == Use::Atomic;
        Ok(())
    }
}

#[cold]
fn told(before: Mark, what: &str, how: Use, now: Moment) -> String {
    let does = if how == Use::Read { "read" } else { "written" };
    let who = before.who();
    let Moment { thread, block, .. } = now;
    format!("{what} by {who}, is {does} by thread {thread} of block {block} without a barrier between: a race")
}

#[cfg(test)]
mod tests {
    use super::*;
    use Use::{Atomic, Read, Write};

    fn at(thread: u16, barriers: u32, warp_barriers: u16) -> Moment {
        Moment {
            launch: 1,
            block: 0,
            thread,
            barriers,
            warp_barriers,
        }
    }

    #[test]
    fn a_barrier_lies_between_one_thread_s_write_and_another_s_use() {
        let mut place = History::default();
        place.note(Write, at(0, 1, 1)).unwrap();
        assert!(place.note(Read, at(0, 1, 1)).is_ok());
        assert!(
            place
                .note(Read, at(1, 1, 1))
                .unwrap_err()
                .contains("thread 0 of block 0")
        );
        // After a barrier of the block.
        assert!(place.note(Read, at(40, 2, 1)).is_ok());
        assert!(place.note(Read, at(1, 2, 1)).is_ok());
        assert!(place.note(Write, at(40, 2, 1)).unwrap_err().contains("several threads"));
        // Or, for a thread of the same warp, of the warp.
        place.note(Write, at(2, 3, 1)).unwrap();
        assert!(place.note(Read, at(3, 3, 2)).is_ok());
        assert!(place.note(Read, at(4, 3, 2)).is_ok());
        assert!(place.note(Write, at(5, 3, 3)).is_ok());
        assert!(place.note(Read, at(40, 3, 3)).is_err());
    }

    #[test]
    fn blocks_never_wait_for_one_another_and_launches_do() {
        let mut place = History::default();
        let of_block = |block, launch| Moment {
            block,
            launch,
            ..at(0, 9, 9)
        };
        place.note(Write, of_block(0, 1)).unwrap();
        assert!(place.note(Read, of_block(1, 1)).is_err());
        assert!(place.note(Read, of_block(1, 2)).is_ok());
        assert!(place.note(Read, of_block(2, 2)).is_ok());
        assert!(
            place
                .note(Write, of_block(2, 2))
                .unwrap_err()
                .contains("several blocks")
        );
    }

    #[test]
    fn atomic_operations_may_meet() {
        let mut place = History::default();
        place.note(Write, at(0, 1, 1)).unwrap();
        for thread in 0..64 {
            place.note(Atomic, at(thread, 2, 1)).unwrap();
        }
        assert!(place.note(Read, at(3, 2, 1)).is_err());
        assert!(place.note(Read, at(3, 3, 1)).is_ok());
    }
}
