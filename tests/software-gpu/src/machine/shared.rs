//! Shared memory of a block, with what is needed to see two threads use the same bytes without a barrier between them.

use crate::fault;
use crate::fault::Fault;
use crate::memory::{Bytes, aligned};

/// Who uses memory, and after how many barriers of its block and of its warp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub thread: u32,
    pub barriers: u32,
    pub warp_barriers: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Read,
    Write,
    /// May meet others of its kind.
    Atomic,
}

const LANES: u32 = 32;
const SEVERAL: u32 = u32::MAX;

/// The last use of a byte: by whom, or by several.
#[derive(Debug, Clone, Copy)]
struct Mark {
    thread: u32,
    warp: u32,
    barriers: u32,
    warp_barriers: u32,
    atomic: bool,
}

/// Before all barriers, the first of which is number 1.
const NEVER: Mark = Mark {
    thread: SEVERAL,
    warp: SEVERAL,
    barriers: 0,
    warp_barriers: 0,
    atomic: false,
};

impl Mark {
    fn of(now: Moment, atomic: bool) -> Self {
        Self {
            thread: now.thread,
            warp: now.thread / LANES,
            barriers: now.barriers,
            warp_barriers: now.warp_barriers,
            atomic,
        }
    }

    /// Whether it was the same thread, or there has been a barrier of the block or of the warp since.
    fn is_before(&self, now: Moment) -> bool {
        self.thread == now.thread
            || self.barriers < now.barriers
            || (self.warp == now.thread / LANES && self.warp_barriers < now.warp_barriers)
    }

    /// Both uses at once.
    fn join(self, other: Self) -> Self {
        Self {
            thread: if self.thread == other.thread {
                self.thread
            } else {
                SEVERAL
            },
            warp: if self.warp == other.warp { self.warp } else { SEVERAL },
            ..other
        }
    }

    fn who(&self) -> String {
        match self.thread {
            SEVERAL => "several threads".into(),
            thread => format!("thread {thread}"),
        }
    }
}

#[derive(Debug)]
pub struct Shared {
    bytes: Bytes,
    writes: Vec<Mark>,
    reads: Vec<Mark>,
}

impl Shared {
    pub fn new(length: usize) -> Self {
        Self {
            bytes: Bytes::new(length),
            writes: vec![NEVER; length],
            reads: vec![NEVER; length],
        }
    }

    /// For another block, which finds nothing in it.
    pub fn forget(&mut self) {
        self.bytes.forget();
        self.writes.fill(NEVER);
        self.reads.fill(NEVER);
    }

    fn check(&mut self, address: u64, width: usize, how: Use, now: Moment) -> Result<usize, Fault> {
        aligned(address, width)?;
        let place = match usize::try_from(address) {
            Ok(place) if place <= self.bytes.len() && width <= self.bytes.len() - place => place,
            _ => fault!(
                "{width} bytes at place {address} of shared memory, of which there are {} bytes",
                self.bytes.len()
            ),
        };
        for byte in place..place + width {
            let (wrote, read) = (self.writes[byte], self.reads[byte]);
            let both_atomic = how == Use::Atomic && wrote.atomic;
            if !wrote.is_before(now) && !both_atomic {
                fault!(
                    "a race: byte {byte} of shared memory, written by {} since the last barrier, is {} by thread {}",
                    wrote.who(),
                    if how == Use::Read { "read" } else { "written" },
                    now.thread
                );
            }
            if how == Use::Read {
                let mark = Mark::of(now, false);
                self.reads[byte] = if read.is_before(now) { mark } else { read.join(mark) };
                continue;
            }
            if !read.is_before(now) {
                fault!(
                    "a race: byte {byte} of shared memory, read by {} since the last barrier, is written by thread {}",
                    read.who(),
                    now.thread
                );
            }
            let mark = Mark::of(now, how == Use::Atomic);
            self.writes[byte] = if wrote.is_before(now) { mark } else { wrote.join(mark) };
        }
        Ok(place)
    }

    /// # Errors
    /// Outside, misaligned, never written, or a race.
    pub fn load(&mut self, address: u64, width: usize, how: Use, now: Moment) -> Result<u64, Fault> {
        let place = self.check(address, width, how, now)?;
        match self.bytes.load(place, width) {
            Some(value) => Ok(value),
            None => fault!("reads {width} bytes at place {place} of shared memory: never written"),
        }
    }

    /// # Errors
    /// Outside, misaligned, or a race.
    pub fn store(&mut self, address: u64, width: usize, value: u64, how: Use, now: Moment) -> Result<(), Fault> {
        let place = self.check(address, width, how, now)?;
        self.bytes.store(place, width, value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(thread: u32, barriers: u32, warp_barriers: u32) -> Moment {
        Moment {
            thread,
            barriers,
            warp_barriers,
        }
    }

    #[test]
    fn a_barrier_lies_between_one_thread_s_write_and_another_s_use() {
        let mut shared = Shared::new(8);
        let (read, write) = (Use::Read, Use::Write);
        shared.store(0, 4, 7, write, at(0, 1, 1)).unwrap();
        assert_eq!(shared.load(0, 4, read, at(0, 1, 1)), Ok(7));
        assert!(shared.load(0, 4, read, at(1, 1, 1)).unwrap_err().0.contains("race"));
        // After a barrier of the block, or for a thread of the same warp of the warp.
        assert_eq!(shared.load(0, 4, read, at(40, 2, 1)), Ok(7));
        assert_eq!(shared.load(0, 4, read, at(1, 2, 1)), Ok(7));
        let told = shared.store(0, 4, 8, write, at(40, 2, 1)).unwrap_err().0;
        assert!(told.contains("several"), "{told}");
        shared.store(0, 4, 8, write, at(2, 3, 1)).unwrap();
        assert_eq!(shared.load(0, 4, read, at(3, 3, 2)), Ok(8));
        assert!(shared.load(0, 4, read, at(40, 3, 2)).is_err());
    }

    #[test]
    fn atomic_operations_may_meet() {
        let mut shared = Shared::new(4);
        shared.store(0, 4, 0, Use::Write, at(0, 1, 1)).unwrap();
        for thread in 0..64 {
            shared.load(0, 4, Use::Atomic, at(thread, 2, 1)).unwrap();
            shared.store(0, 4, 1, Use::Atomic, at(thread, 2, 1)).unwrap();
        }
        assert!(shared.load(0, 4, Use::Read, at(3, 2, 1)).is_err());
        assert!(shared.load(0, 4, Use::Read, at(3, 3, 1)).is_ok());
    }

    #[test]
    fn places_are_checked() {
        let mut shared = Shared::new(6);
        assert!(
            shared
                .load(0, 4, Use::Read, at(0, 1, 1))
                .unwrap_err()
                .0
                .contains("never written")
        );
        assert!(
            shared
                .store(4, 4, 0, Use::Write, at(0, 1, 1))
                .unwrap_err()
                .0
                .contains("of which")
        );
        assert!(
            shared
                .store(2, 4, 0, Use::Write, at(0, 1, 1))
                .unwrap_err()
                .0
                .contains("aligned")
        );
    }
}
