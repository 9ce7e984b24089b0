//! Memory of the device.
//!
//! Addresses are made up: the upper bits are the number of the allocation, the lower ones the offset in it. An address past the
//! end of an allocation, or in one that was freed, therefore never belongs to another one, however far off it is.

use crate::fault::{Fault, fault};
use crate::race::{History, Moment, Use};

/// The bits of an address that are the offset in its allocation.
const OFFSET_BITS: u32 = 34;
const LARGEST: usize = 1 << OFFSET_BITS;

/// Generic addresses below the first allocation belong to shared and local memory.
pub const SHARED_WINDOW: u64 = 1 << 32;
pub const LOCAL_WINDOW: u64 = 2 << 32;
pub const WINDOWS_END: u64 = 3 << 32;

const WRITTEN: u8 = 0xff;

/// A stretch of memory: its bytes, which of them have been written, and their last uses.
#[derive(Debug)]
pub struct Region {
    name: &'static str,
    values: Vec<u8>,
    written: Vec<u8>,
    /// The number of bytes that share a history; zero where races are not looked for.
    grain: usize,
    /// Empty until a kernel has used the region.
    histories: Vec<History>,
}

impl Region {
    /// Makes `length` bytes that have not been written. Races are looked for among `grain` bytes at a time; smaller accesses are
    /// not checked.
    pub fn new(name: &'static str, length: usize, grain: usize) -> Self {
        Self { name, values: vec![0; length], written: vec![0; length], grain, histories: Vec::new() }
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

    /// Forgets all writes and uses.
    pub fn forget(&mut self) {
        self.written.fill(0);
        self.histories.clear();
    }

    fn describe(&self, offset: usize) -> String {
        format!("offset {offset} of {} of {} bytes", self.name, self.len())
    }

    /// The region and the offset of `length` bytes, which have to be within.
    #[inline]
    pub fn at(&mut self, address: u64, length: usize) -> Result<(&mut Self, usize), Fault> {
        match address as usize {
            offset if offset <= self.len() && length <= self.len() - offset => Ok((self, offset)),
            offset => fault!("{length} bytes at {}: outside of it", self.describe(offset)),
        }
    }

    /// Records that a kernel uses memory, and finds races.
    #[inline]
    pub fn record(&mut self, offset: usize, width: usize, how: Use, now: Moment) -> Result<(), Fault> {
        let grain = self.grain;
        if grain == 0 || width < grain {
            return Ok(());
        }
        if self.histories.is_empty() {
            self.histories.resize(self.values.len().div_ceil(grain), History::EMPTY);
        }
        for place in offset / grain..(offset + width) / grain {
            if let Err(race) = self.histories[place].record(how, now) {
                fault!("{}, {race}", self.describe(place * grain));
            }
        }
        Ok(())
    }

    /// Reads `width` bytes (1, 2, 4 or 8), little-endian, which have to have been written.
    #[inline]
    pub fn load(&self, offset: usize, width: usize) -> Result<u64, Fault> {
        if word(&self.written[offset..offset + width]) != u64::MAX >> (64 - 8 * width) {
            fault!("reads {width} bytes at {}: never written", self.describe(offset));
        }
        Ok(word(&self.values[offset..offset + width]))
    }

    #[inline]
    pub fn store(&mut self, offset: usize, width: usize, value: u64) {
        self.write(offset, &value.to_le_bytes()[..width]);
    }

    #[inline]
    pub fn write(&mut self, offset: usize, values: &[u8]) {
        self.values[offset..offset + values.len()].copy_from_slice(values);
        self.written[offset..offset + values.len()].fill(WRITTEN);
    }

    pub fn fill(&mut self, offset: usize, value: u8, length: usize) {
        self.values[offset..offset + length].fill(value);
        self.written[offset..offset + length].fill(WRITTEN);
    }

    /// Returns bytes whether they have been written or not.
    pub fn bytes(&self, offset: usize, length: usize) -> &[u8] {
        &self.values[offset..offset + length]
    }
}

/// A little-endian number of 1, 2, 4 or 8 bytes.
#[inline]
pub fn word(bytes: &[u8]) -> u64 {
    match *bytes {
        [a] => a.into(),
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => unreachable!("words of 1, 2, 4 or 8 bytes"),
    }
}

/// All allocations of a device. Whatever is not within one of them is a fault.
#[derive(Debug)]
pub struct Memory {
    /// Freed ones stay as `None`; the first stands for the windows.
    allocations: Vec<Option<Box<Region>>>,
    grain: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(true)
    }
}

impl Memory {
    /// Starts without allocations. If `sees_races`, races between threads are looked for word by word.
    pub fn new(sees_races: bool) -> Self {
        Self { allocations: vec![None], grain: if sees_races { 4 } else { 0 } }
    }

    /// Allocates `length` bytes, and returns their address, or `None` if there cannot be so many.
    pub fn allocate(&mut self, length: usize) -> Option<u64> {
        if length > LARGEST {
            return None;
        }
        let region = Region::new("an allocation", length, self.grain);
        self.allocations.push(Some(Box::new(region)));
        Some(((self.allocations.len() - 1) as u64) << OFFSET_BITS)
    }

    /// Frees an allocation by the address of its first byte.
    pub fn free(&mut self, address: u64) -> Result<(), Fault> {
        match self.allocations.get_mut((address >> OFFSET_BITS) as usize) {
            Some(found @ Some(_)) if address.is_multiple_of(LARGEST as u64) => *found = None,
            Some(None) if address >= LARGEST as u64 => fault!("frees {address:#x}, which has been freed before"),
            _ => fault!("frees {address:#x}, which is not the start of an allocation"),
        }
        Ok(())
    }

    /// The number of living allocations.
    pub fn allocations(&self) -> usize {
        self.allocations.iter().flatten().count()
    }

    /// The allocation that `length` bytes are in, and their offset.
    #[inline]
    pub fn region(&mut self, address: u64, length: usize) -> Result<(&mut Region, usize), Fault> {
        let offset = address & (LARGEST as u64 - 1);
        match self.allocations.get_mut((address >> OFFSET_BITS) as usize) {
            Some(Some(found)) => {
                let outside = |fault| Fault(format!("address {address:#x}: {fault}"));
                found.at(offset, length).map_err(outside)
            }
            Some(None) if address >= LARGEST as u64 => {
                fault!("{length} bytes at {address:#x}, offset {offset} of an allocation that has been freed")
            }
            _ if address < 1 << 16 => fault!("{length} bytes at {address:#x}: a null pointer"),
            _ => fault!("{length} bytes at {address:#x}, which is no address of the device"),
        }
    }

    pub fn load(&mut self, address: u64, width: usize) -> Result<u64, Fault> {
        aligned(address, width)?;
        let (region, offset) = self.region(address, width)?;
        region.load(offset, width)
    }

    pub fn store(&mut self, address: u64, width: usize, value: u64) -> Result<(), Fault> {
        aligned(address, width)?;
        let (region, offset) = self.region(address, width)?;
        region.store(offset, width, value);
        Ok(())
    }

    /// Copies from the host.
    pub fn write(&mut self, address: u64, values: &[u8]) -> Result<(), Fault> {
        let (region, offset) = self.region(address, values.len())?;
        region.write(offset, values);
        Ok(())
    }

    /// The bytes to copy to the host, which have to have been written.
    pub fn read(&mut self, address: u64, length: usize) -> Result<&[u8], Fault> {
        let (region, offset) = self.region(address, length)?;
        if let Some(first) = region.written[offset..offset + length].iter().position(|known| *known != WRITTEN) {
            fault!("reads {length} bytes at {}: byte {} never written", region.describe(offset), offset + first);
        }
        Ok(region.bytes(offset, length))
    }

    pub fn fill(&mut self, address: u64, value: u8, length: usize) -> Result<(), Fault> {
        let (region, offset) = self.region(address, length)?;
        region.fill(offset, value, length);
        Ok(())
    }

    /// Copies within the device. Bytes that were never written are copied as such.
    pub fn copy(&mut self, to: u64, from: u64, length: usize) -> Result<(), Fault> {
        if to.abs_diff(from) < length as u64 {
            fault!("copies {length} bytes from {from:#x} to {to:#x}: they overlap");
        }
        let (source, start) = self.region(from, length)?;
        let values = source.bytes(start, length).to_vec();
        let written = source.written[start..start + length].to_vec();
        let (target, start) = self.region(to, length)?;
        target.write(start, &values);
        target.written[start..start + length].copy_from_slice(&written);
        Ok(())
    }
}

/// Checks that the address is a multiple of `width`.
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
        assert!(memory.load(a - 4, 4).unwrap_err().0.contains("no address"));
        assert!(memory.store(a + 12, 8, 0).is_err());
        // Copies take along what was never written.
        memory.store(a, 4, 1).unwrap();
        memory.copy(b, a, 8).unwrap();
        assert_eq!(memory.load(b, 4), Ok(1));
        assert!(memory.load(b + 4, 4).unwrap_err().0.contains("never written"));
        assert!(memory.read(b, 8).is_err());
        assert!(memory.copy(a, a + 4, 8).unwrap_err().0.contains("overlap"));
        memory.free(a).unwrap();
        assert!(memory.load(a, 4).unwrap_err().0.contains("freed"));
        assert!(memory.free(a).unwrap_err().0.contains("before"));
        assert!(memory.free(b + 4).is_err());
        assert_eq!(memory.allocations(), 1);
    }
}
