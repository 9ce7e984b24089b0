//! Device memory.
//!
//! Addresses are made up: the upper bits number the allocation, the lower ones are the place in it. An address past the end of
//! an allocation, or of one that was freed, therefore never is an address of another one, however far off it is.

use crate::fault;
use crate::fault::Fault;
use crate::race::{History, Moment, Use};

/// Bits of an address that say where in its allocation it is.
const PLACE_BITS: u32 = 34;
const LARGEST: usize = 1 << PLACE_BITS;

/// The addresses below the first allocation are those of shared and local memory, as seen through generic addresses.
pub const SHARED_WINDOW: u64 = 1 << 32;
pub const LOCAL_WINDOW: u64 = 2 << 32;
pub const WINDOWS_END: u64 = 3 << 32;

/// Bytes, and which of them have been written.
#[derive(Debug, Clone)]
pub struct Bytes {
    values: Vec<u8>,
    written: Vec<u8>,
}

const WRITTEN: u8 = 0xff;

impl Bytes {
    pub fn new(length: usize) -> Self {
        Self {
            values: vec![0; length],
            written: vec![0; length],
        }
    }

    /// New bytes have not been written.
    pub fn resize(&mut self, length: usize) {
        self.values.resize(length, 0);
        self.written.resize(length, 0);
    }

    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The `width` bytes (1, 2, 4 or 8) at `place`, little-endian; `None` if one of them has never been written.
    ///
    /// # Panics
    /// If they are not all within.
    #[inline]
    pub fn load(&self, place: usize, width: usize) -> Option<u64> {
        let known = word(&self.written, place, width);
        let all = u64::MAX >> (64 - 8 * width);
        (known == all).then(|| word(&self.values, place, width))
    }

    /// # Panics
    /// If the place is not within.
    #[inline]
    pub fn store(&mut self, place: usize, width: usize, value: u64) {
        set_word(&mut self.values, place, width, value);
        set_word(&mut self.written, place, width, u64::MAX);
    }

    /// Nothing has been written any more.
    pub fn forget(&mut self) {
        self.written.fill(0);
    }

    fn first_unwritten(&self, place: usize, length: usize) -> Option<usize> {
        self.written[place..place + length]
            .iter()
            .position(|known| *known != WRITTEN)
    }
}

/// `width` bytes (1, 2, 4 or 8), little-endian.
#[inline]
pub fn word(bytes: &[u8], place: usize, width: usize) -> u64 {
    let bytes = &bytes[place..place + width];
    match *bytes {
        [a] => a.into(),
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => unreachable!("words of 1, 2, 4 or 8 bytes"),
    }
}

#[inline]
pub fn set_word(bytes: &mut [u8], place: usize, width: usize, value: u64) {
    bytes[place..place + width].copy_from_slice(&value.to_le_bytes()[..width]);
}

#[derive(Debug)]
struct Allocation {
    bytes: Bytes,
    /// Of every four bytes, once a kernel has used them.
    histories: Vec<History>,
}

/// All allocations of a device.
#[derive(Debug)]
pub struct Memory {
    /// Freed ones stay as `None`; the first stands for the windows.
    allocations: Vec<Option<Box<Allocation>>>,
    sees_races: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(true)
    }
}

fn split(address: u64) -> (usize, usize) {
    (
        (address >> PLACE_BITS) as usize,
        (address & (LARGEST as u64 - 1)) as usize,
    )
}

impl Memory {
    /// Without allocations; whether to look for races between threads.
    pub fn new(sees_races: bool) -> Self {
        Self {
            allocations: vec![None],
            sees_races,
        }
    }

    /// The address of `length` new bytes, or `None` if there cannot be so many.
    pub fn allocate(&mut self, length: usize) -> Option<u64> {
        if length > LARGEST {
            return None;
        }
        self.allocations.push(Some(Box::new(Allocation {
            bytes: Bytes::new(length),
            histories: Vec::new(),
        })));
        Some(((self.allocations.len() - 1) as u64) << PLACE_BITS)
    }

    /// # Errors
    /// If `address` is not that of an allocation's first byte.
    pub fn free(&mut self, address: u64) -> Result<(), Fault> {
        let (allocation, place) = split(address);
        match self.allocations.get_mut(allocation) {
            Some(found @ Some(_)) if place == 0 => *found = None,
            Some(None) if allocation > 0 => fault!("frees {address:#x}, which has been freed before"),
            _ => fault!("frees {address:#x}, which is not the start of an allocation"),
        }
        Ok(())
    }

    /// How many allocations there are.
    pub fn allocations(&self) -> usize {
        self.allocations.iter().flatten().count()
    }

    #[inline]
    fn find(&self, address: u64, length: usize) -> Result<(usize, usize), Fault> {
        let (allocation, place) = split(address);
        match self.allocations.get(allocation) {
            Some(Some(found)) if place <= found.bytes.len() && length <= found.bytes.len() - place => {
                Ok((allocation, place))
            }
            _ => Err(self.outside(address, length)),
        }
    }

    #[cold]
    fn outside(&self, address: u64, length: usize) -> Fault {
        let (allocation, place) = split(address);
        Fault(match self.allocations.get(allocation) {
            Some(Some(found)) => format!(
                "{length} bytes at place {place} of an allocation of {} bytes (address {address:#x}): outside of it",
                found.bytes.len()
            ),
            Some(None) if allocation > 0 => {
                format!("{length} bytes at {address:#x}, place {place} of an allocation that has been freed")
            }
            _ if address < 1 << 16 => format!("{length} bytes at {address:#x}: a null pointer"),
            _ => format!("{length} bytes at {address:#x}, which is no address of the device"),
        })
    }

    fn bytes(&self, allocation: usize) -> &Bytes {
        &self.allocations[allocation]
            .as_deref()
            .expect("found to be alive")
            .bytes
    }

    fn bytes_mut(&mut self, allocation: usize) -> &mut Bytes {
        &mut self.allocations[allocation]
            .as_deref_mut()
            .expect("found to be alive")
            .bytes
    }

    /// A kernel is about to use memory. Races are looked for word by word, and not where less is used.
    ///
    /// # Errors
    /// A race. What is wrong otherwise is found when it is used.
    #[inline]
    pub fn note(&mut self, address: u64, width: usize, how: Use, now: Moment) -> Result<(), Fault> {
        const WORD: usize = 4;
        let (allocation, place) = split(address);
        if !self.sees_races || width < WORD || !place.is_multiple_of(WORD) {
            return Ok(());
        }
        let Some(Some(found)) = self.allocations.get_mut(allocation) else {
            return Ok(());
        };
        if found.histories.is_empty() {
            found.histories = vec![History::default(); found.bytes.len() / WORD];
        }
        for word in place / WORD..(place + width) / WORD {
            if let Some(history) = found.histories.get_mut(word)
                && let Err(race) = history.note(how, now)
            {
                let bytes = found.bytes.len();
                fault!("place {} of an allocation of {bytes} bytes, {race}", word * WORD);
            }
        }
        Ok(())
    }

    /// # Errors
    /// Outside of an allocation, misaligned, or never written.
    #[inline]
    pub fn load(&self, address: u64, width: usize) -> Result<u64, Fault> {
        aligned(address, width)?;
        let (allocation, place) = self.find(address, width)?;
        match self.bytes(allocation).load(place, width) {
            Some(value) => Ok(value),
            None => fault!(
                "reads {width} bytes at place {place} of an allocation of {} bytes: never written",
                self.bytes(allocation).len()
            ),
        }
    }

    /// # Errors
    /// Outside of an allocation, or misaligned.
    #[inline]
    pub fn store(&mut self, address: u64, width: usize, value: u64) -> Result<(), Fault> {
        aligned(address, width)?;
        let (allocation, place) = self.find(address, width)?;
        self.bytes_mut(allocation).store(place, width, value);
        Ok(())
    }

    /// # Errors
    /// If so many bytes are not all of one allocation.
    pub fn is_within(&self, address: u64, length: usize) -> Result<(), Fault> {
        self.find(address, length).map(|_| ())
    }

    /// Copies from the host.
    ///
    /// # Errors
    /// Outside of an allocation.
    pub fn write(&mut self, address: u64, values: &[u8]) -> Result<(), Fault> {
        let (allocation, place) = self.find(address, values.len())?;
        let bytes = self.bytes_mut(allocation);
        bytes.values[place..place + values.len()].copy_from_slice(values);
        bytes.written[place..place + values.len()].fill(WRITTEN);
        Ok(())
    }

    /// What is to be copied to the host.
    ///
    /// # Errors
    /// Outside of an allocation, or never written.
    pub fn read(&self, address: u64, length: usize) -> Result<&[u8], Fault> {
        let (allocation, place) = self.find(address, length)?;
        let bytes = self.bytes(allocation);
        if let Some(first) = bytes.first_unwritten(place, length) {
            fault!(
                "reads {length} bytes at place {place} of an allocation of {} bytes: byte {} never written",
                bytes.len(),
                place + first
            );
        }
        Ok(&bytes.values[place..place + length])
    }

    /// # Errors
    /// Outside of an allocation.
    pub fn fill(&mut self, address: u64, value: u8, length: usize) -> Result<(), Fault> {
        let (allocation, place) = self.find(address, length)?;
        let bytes = self.bytes_mut(allocation);
        bytes.values[place..place + length].fill(value);
        bytes.written[place..place + length].fill(WRITTEN);
        Ok(())
    }

    /// Copies within the device. Bytes that were never written are copied as such.
    ///
    /// # Errors
    /// Outside of an allocation, or overlapping.
    pub fn copy(&mut self, to: u64, from: u64, length: usize) -> Result<(), Fault> {
        let (source, start) = self.find(from, length)?;
        let (target, place) = self.find(to, length)?;
        if source == target && start < place + length && place < start + length && length > 0 {
            fault!("copies {length} bytes from place {start} to place {place} of the same allocation: they overlap");
        }
        let bytes = self.bytes(source);
        let values = bytes.values[start..start + length].to_vec();
        let written = bytes.written[start..start + length].to_vec();
        let bytes = self.bytes_mut(target);
        bytes.values[place..place + length].copy_from_slice(&values);
        bytes.written[place..place + length].copy_from_slice(&written);
        Ok(())
    }
}

/// # Errors
/// If the address is not a multiple of `width`.
#[inline]
pub fn aligned(address: u64, width: usize) -> Result<(), Fault> {
    if !address.is_multiple_of(width as u64) {
        fault!("{width} bytes at {address:#x}: not aligned");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut memory = Memory::default();
        let a = memory.allocate(16).unwrap();
        memory.store(a + 8, 4, 0x0102_0304).unwrap();
        assert_eq!(memory.load(a + 8, 4), Ok(0x0102_0304));
        assert_eq!(memory.load(a + 10, 2), Ok(0x0102));
        memory.write(a, &[9; 8]).unwrap();
        assert_eq!(memory.read(a, 12).unwrap(), [9, 9, 9, 9, 9, 9, 9, 9, 4, 3, 2, 1]);
        let nothing = memory.allocate(0).unwrap();
        assert!(memory.load(nothing, 1).is_err());
        assert!(memory.allocate(LARGEST + 1).is_none());
    }

    #[test]
    fn every_access_is_checked() {
        let mut memory = Memory::default();
        let a = memory.allocate(16).unwrap();
        let b = memory.allocate(16).unwrap();
        let told = |result: Result<u64, Fault>| result.unwrap_err().0;
        assert!(told(memory.load(a + 16, 4)).contains("outside"));
        assert!(told(memory.load(a.wrapping_sub(4), 4)).contains("no address"));
        assert!(told(memory.load(8, 4)).contains("null"));
        assert!(told(memory.load(a + 2, 4)).contains("aligned"));
        assert!(told(memory.load(a, 4)).contains("never written"));
        assert!(memory.store(a + 12, 8, 0).is_err());
        // Copies take along what was never written.
        memory.store(a, 4, 1).unwrap();
        memory.copy(b, a, 8).unwrap();
        assert_eq!(memory.load(b, 4), Ok(1));
        assert!(told(memory.load(b + 4, 4)).contains("never written"));
        assert!(memory.read(b, 8).is_err());
        assert!(memory.copy(a, a + 4, 8).unwrap_err().0.contains("overlap"));
        memory.free(a).unwrap();
        assert!(told(memory.load(a, 4)).contains("freed"));
        assert!(memory.free(a).unwrap_err().0.contains("before"));
        assert!(memory.free(b + 4).is_err());
        assert_eq!(memory.allocations(), 1);
    }
}
