use flate2::read::MultiGzDecoder;
use std::io::{BufRead, BufReader, Read, Seek};

use crate::prelude::*;

/// Longest line, in bytes.
const MAX_LINE: u64 = 1 << 26;
/// The first bytes of what gzip has packed.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The lines of a file, packed by gzip or not, with their numbers and without their ends, one in memory at a time. A line whose
/// quotes are not closed goes on in the next one.
pub struct Lines<'a> {
    path: &'a Path,
    reader: BufReader<Box<dyn Read>>,
    line: Vec<u8>,
    number: u64,
}

impl<'a> Lines<'a> {
    pub fn open(path: &'a Path) -> Result<Self, DataError> {
        let (mut file, _) = open(path)?;
        let mut start = Vec::new();
        file.by_ref().take(GZIP.len() as u64).read_to_end(&mut start).map_err(unreadable(path))?;
        file.rewind().map_err(unreadable(path))?;
        let reader: Box<dyn Read> = if start == GZIP { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(Self { path, reader: BufReader::with_capacity(1 << 16, reader), line: Vec::new(), number: 0 })
    }

    /// The number of the next line's first line, from 1, and what it holds.
    pub fn next(&mut self) -> Result<Option<(u64, &[u8])>, DataError> {
        self.line.clear();
        let number = self.number + 1;
        let place = || format!("line {number}");
        let mut closed = true;
        loop {
            let begun = self.line.len();
            let most = MAX_LINE - begun as u64;
            let mut reader = self.reader.by_ref().take(most);
            let read = reader.read_until(b'\n', &mut self.line);
            let read = read.map_err(|error| damaged(self.path, &place(), error))?;
            self.number += 1;
            if read as u64 == most && !self.line.ends_with(b"\n") {
                let reason = format!("it is longer than {MAX_LINE} bytes; expected one sample a line");
                return Err(malformed(self.path, &place(), reason));
            }
            // Of what is new only: a quote may stay open for a million lines.
            closed ^= self.line[begun..].iter().filter(|byte| **byte == b'"').count() % 2 == 1;
            if closed || self.line.starts_with(b"#") {
                break;
            }
            if read == 0 {
                return Err(malformed(self.path, &place(), "a quote (\") is opened there and never closed"));
            }
        }
        let mut line = &self.line[..];
        if number == 1 {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        let any = !self.line.is_empty();
        // Blanks other than line ends stay: they may be the delimiter.
        while let Some(shorter) = line.strip_suffix(b"\n").or_else(|| line.strip_suffix(b"\r")) {
            line = shorter;
        }
        if line.trim_ascii().is_empty() {
            line = b"";
        }
        Ok(any.then_some((number, line)))
    }
}
