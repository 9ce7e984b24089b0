use std::fs::File;
use std::io::{self, BufWriter};
use tempfile::{SpooledData, SpooledTempFile};

/// Most bytes that are kept in memory.
pub(super) const IN_MEMORY: usize = 2 << 30;

/// Bytes of many equal records, written once and read in any order: in memory, or in an unnamed temporary file where they are
/// too many.
#[derive(Debug)]
pub(super) enum Store {
    Memory(Vec<u8>),
    /// Removed by the system when it is closed.
    File(File),
}

/// Collects the bytes of a store, at most `most` of them in memory.
pub(super) fn collecting(most: usize) -> BufWriter<SpooledTempFile> {
    BufWriter::with_capacity(1 << 20, SpooledTempFile::new(most))
}

impl Store {
    pub fn of(collected: BufWriter<SpooledTempFile>) -> io::Result<Self> {
        Ok(match collected.into_inner().map_err(io::IntoInnerError::into_error)?.into_inner() {
            SpooledData::InMemory(bytes) => Store::Memory(bytes.into_inner()),
            SpooledData::OnDisk(file) => Store::File(file),
        })
    }

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
    use std::io::Write;

    #[test]
    fn bytes_come_back_from_memory_and_from_a_file() {
        for (most, in_memory) in [(6, true), (5, false), (2, false), (0, false)] {
            let mut writer = collecting(most);
            for record in [[1, 2], [3, 4], [5, 6]] {
                writer.write_all(&record).unwrap();
            }
            let store = Store::of(writer).unwrap();
            assert_eq!(matches!(store, Store::Memory(_)), in_memory, "{most}");
            let mut found = [0; 3];
            for (place, expected) in [(3, [4, 5, 6]), (0, [1, 2, 3])] {
                store.copy(place, &mut found).unwrap();
                assert_eq!(found, expected, "{most}");
            }
        }
    }
}
