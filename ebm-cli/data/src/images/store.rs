//! Bytes of many equal records: in memory, or in an unnamed temporary file where they are too many.

use std::fs::File;
use std::io::{self, BufWriter, Write};

/// Most bytes that are kept in memory.
const IN_MEMORY: usize = 2 << 30;

/// Bytes that were written once and are read in any order.
#[derive(Debug)]
pub(super) enum Store {
    Memory(Vec<u8>),
    /// Removed by the system when it is closed.
    File(File),
}

/// Collects bytes.
pub(super) struct StoreWriter {
    memory: Vec<u8>,
    file: Option<BufWriter<File>>,
    most: usize,
}

impl StoreWriter {
    pub fn new() -> Self {
        Self::keeping(IN_MEMORY)
    }

    /// Keeps at most `most` bytes in memory.
    fn keeping(most: usize) -> Self {
        Self { memory: Vec::new(), file: None, most }
    }

    /// Appends bytes.
    pub fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            return file.write_all(bytes);
        }
        if self.memory.len() + bytes.len() <= self.most {
            self.memory.extend_from_slice(bytes);
            return Ok(());
        }
        let mut file = BufWriter::with_capacity(1 << 20, tempfile::tempfile()?);
        file.write_all(&std::mem::take(&mut self.memory))?;
        self.file.insert(file).write_all(bytes)
    }

    pub fn finish(self) -> io::Result<Store> {
        match self.file {
            None => Ok(Store::Memory(self.memory)),
            Some(file) => Ok(Store::File(file.into_inner().map_err(io::IntoInnerError::into_error)?)),
        }
    }
}

impl Store {
    /// Copies the bytes from a place on.
    pub fn copy(&self, place: usize, to: &mut [u8]) -> io::Result<()> {
        match self {
            Store::Memory(bytes) => to.copy_from_slice(&bytes[place..place + to.len()]),
            Store::File(file) => read_at(file, place as u64, to)?,
        }
        Ok(())
    }
}

#[cfg(unix)]
fn read_at(file: &File, place: u64, to: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, to, place)
}

/// Clones of a file share its cursor: one reader at a time.
#[cfg(not(unix))]
fn read_at(file: &File, place: u64, to: &mut [u8]) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(place))?;
    file.read_exact(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_memory_and_from_a_file() {
        for (most, in_memory) in [(6, true), (5, false), (2, false), (0, false)] {
            let mut writer = StoreWriter::keeping(most);
            for record in [[1, 2], [3, 4], [5, 6]] {
                writer.push(&record).unwrap();
            }
            let store = writer.finish().unwrap();
            assert_eq!(matches!(store, Store::Memory(_)), in_memory, "{most}");
            let mut found = [0; 3];
            for (place, expected) in [(3, [4, 5, 6]), (0, [1, 2, 3])] {
                store.copy(place, &mut found).unwrap();
                assert_eq!(found, expected, "{most}");
            }
        }
    }
}
