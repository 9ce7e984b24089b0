use crate::prelude::*;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read};

/// The first bytes of every gzip file (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BUFFER: usize = 1 << 16;

/// The bytes of a file in their order, unpacked where it is a gzip file. Memory is set aside for what comes, never for what a
/// header announces.
pub(super) struct ByteStream {
    path: PathBuf,
    bytes: Box<dyn BufRead>,
    /// Bytes of the file, where they are not packed.
    size: Option<u64>,
    /// Bytes read so far.
    place: u64,
}

impl ByteStream {
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let (file, size) = open(path)?;
        let mut file = BufReader::with_capacity(BUFFER, file);
        let start = file.fill_buf().map_err(unreadable(path))?;
        let (bytes, size): (Box<dyn BufRead>, _) = match start.starts_with(&GZIP) {
            true => (Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(file))), None),
            false => (Box::new(file), Some(size)),
        };
        Ok(Self { path: path.into(), bytes, size, place: 0 })
    }

    /// Reads the next `count` bytes into `to`, which loses what it held. They are called `what` where the file ends too
    /// early.
    pub fn take_into(&mut self, to: &mut Vec<u8>, count: u64, what: &str) -> Result<(), DataError> {
        to.clear();
        if let Some(size) = self.size {
            let left = size.saturating_sub(self.place);
            if left < count {
                return Err(self.cut_short(left, count, what));
            }
            to.reserve_exact(count as usize);
        }
        let read = self.bytes.by_ref().take(count).read_to_end(to);
        self.place += to.len() as u64;
        match read {
            Err(error) => Err(self.failed(error)),
            Ok(_) if (to.len() as u64) < count => Err(self.cut_short(to.len() as u64, count, what)),
            Ok(_) => Ok(()),
        }
    }

    /// The next `count` bytes, as [`ByteStream::take_into`] reads them.
    pub fn take(&mut self, count: u64, what: &str) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        self.take_into(&mut bytes, count, what)?;
        Ok(bytes)
    }

    pub fn is_at_end(&mut self) -> Result<bool, DataError> {
        let left = self.bytes.fill_buf().map(<[u8]>::is_empty);
        left.map_err(|error| self.failed(error))
    }

    /// Refuses a file that goes on.
    pub fn end(mut self) -> Result<(), DataError> {
        if self.is_at_end()? {
            return Ok(());
        }
        let reason = "the data ends here, as the header says, and the file goes on; expected its end";
        Err(malformed(&self.path, &format!("byte {}", self.place), reason))
    }

    fn cut_short(&self, found: u64, wanted: u64, what: &str) -> DataError {
        malformed(&self.path, what, format!("the file is cut short: {wanted} bytes belong here, and there are {found}"))
    }

    fn failed(&self, error: io::Error) -> DataError {
        let damaged = [io::ErrorKind::UnexpectedEof, io::ErrorKind::InvalidData, io::ErrorKind::InvalidInput];
        match self.size {
            None if damaged.contains(&error.kind()) => {
                let place = self.place;
                let reason =
                    format!("it is cut short or damaged after {place} unpacked bytes ({error}); fetch the file again");
                malformed(&self.path, "gzip stream", reason)
            }
            _ => unreadable(&self.path)(error),
        }
    }
}
