//! Shared memory of a block.

use crate::fault;
use crate::fault::Fault;
use crate::memory::{Bytes, aligned};
use crate::race::{History, Moment, Use};

#[derive(Debug)]
pub struct Shared {
    bytes: Bytes,
    /// Of every byte.
    histories: Vec<History>,
}

impl Shared {
    pub fn new(length: usize) -> Self {
        Self {
            bytes: Bytes::new(length),
            histories: vec![History::default(); length],
        }
    }

    /// For another block, which finds nothing in it.
    pub fn forget(&mut self) {
        self.bytes.forget();
        self.histories.fill(History::default());
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
            if let Err(race) = self.histories[byte].note(how, now) {
                fault!("byte {byte} of shared memory, {race}");
            }
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

    #[test]
    fn places_are_checked() {
        let mut shared = Shared::new(6);
        let now = Moment {
            launch: 1,
            block: 0,
            thread: 0,
            barriers: 1,
            warp_barriers: 1,
        };
        let other = Moment { thread: 1, ..now };
        assert!(
            shared
                .load(0, 4, Use::Read, now)
                .unwrap_err()
                .0
                .contains("never written")
        );
        assert!(
            shared
                .store(4, 4, 0, Use::Write, now)
                .unwrap_err()
                .0
                .contains("of which")
        );
        assert!(
            shared
                .store(2, 4, 0, Use::Write, now)
                .unwrap_err()
                .0
                .contains("aligned")
        );
        assert!(shared.store(0, 4, 7, Use::Write, now).is_ok());
        assert_eq!(shared.load(0, 4, Use::Read, now), Ok(7));
        assert!(shared.load(0, 4, Use::Read, other).unwrap_err().0.contains("a race"));
        shared.forget();
        assert!(
            shared
                .load(0, 4, Use::Read, other)
                .unwrap_err()
                .0
                .contains("never written")
        );
    }
}
