//! The header of an NPY file: a Python dictionary of three entries.

use ebm_core::data::DataError;
use std::io::{self, Read};
use std::path::Path;

use crate::files::{damaged, malformed, shown};

/// The longest header that is read, in bytes. NumPy itself reads 10,000 unless told otherwise.
const LIMIT: usize = 1 << 16;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NpyHeader {
    /// The type of its elements, such as `<f4`; of a structured one the list, as it is written.
    pub descr: String,
    /// Whether it is stored column by column.
    pub fortran_order: bool,
    pub shape: Vec<u64>,
}

impl NpyHeader {
    /// Reads the header that a file starts with, and leaves the reader where the numbers start. `path` and `place` are for
    /// errors.
    pub fn read(path: &Path, place: &str, reader: &mut impl Read) -> Result<Self, DataError> {
        let refuse = |reason: String| malformed(path, place, format!("{reason}; expected an NPY array"));
        let mut fill = |bytes: &mut [u8], at_the_end: &str| {
            reader.read_exact(bytes).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => refuse(at_the_end.into()),
                _ => damaged(path, &format!("{place}, header"), error),
            })
        };
        let mut start = [0; 8];
        fill(&mut start, "it is no NPY file")?;
        if !start.starts_with(b"\x93NUMPY") {
            return Err(refuse("it is no NPY file".into()));
        }
        // Two or four bytes, the least significant first.
        let mut length = [0; 4];
        let size = match start[6] {
            1 => 2,
            2 | 3 => 4,
            version => return Err(refuse(format!("it is of version {version}; expected 1, 2 or 3"))),
        };
        let cut = "the file ends inside its header";
        fill(&mut length[..size], cut)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LIMIT {
            return Err(refuse(format!("it claims {length} bytes, more than the limit of {LIMIT}")));
        }
        let mut text = vec![0; length];
        fill(&mut text, cut)?;
        let text = std::str::from_utf8(&text).map_err(|_| refuse("it is no text".into()))?;
        Cursor(text).dictionary().map_err(refuse)
    }
}

/// The rest of the text. Nothing here recurses: a header nests as deep as it likes.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn dictionary(mut self) -> Result<NpyHeader, String> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        self.expect('{')?;
        while !self.takes('}') {
            let key = self.string()?;
            self.expect(':')?;
            match key {
                "descr" => descr = Some(self.description()?),
                "fortran_order" => fortran_order = Some(self.truth()?),
                "shape" => shape = Some(self.shape()?),
                other => return Err(format!("it has an entry {}, which no NPY file has", shown(other))),
            }
            if !self.takes(',') {
                self.expect('}')?;
                break;
            }
        }
        self.skip_blanks();
        if !self.0.is_empty() {
            return Err(format!("{} stands after its end", shown(self.0)));
        }
        let missing = |key: &str| format!("it has no entry {key:?}");
        Ok(NpyHeader {
            descr: descr.ok_or_else(|| missing("descr"))?,
            fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }

    fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
    }

    /// Goes past this, if it is next.
    fn takes(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        let rest = self.0.strip_prefix(wanted);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        match self.takes(wanted) {
            true => Ok(()),
            false => Err(format!("expected {wanted:?} where it says {}", shown(self.0))),
        }
    }

    /// A text in quotes; none that a header needs has an escape.
    fn string(&mut self) -> Result<&'a str, String> {
        self.skip_blanks();
        let text = self.0;
        let fault = || format!("expected a text in quotes where it says {}", shown(text));
        let quote = text.chars().next().filter(|quote| ['\'', '"'].contains(quote)).ok_or_else(fault)?;
        let (inside, rest) = text[1..].split_once(quote).ok_or_else(fault)?;
        self.0 = rest;
        Ok(inside)
    }

    /// A type's name, or a list as it is written.
    fn description(&mut self) -> Result<String, String> {
        self.skip_blanks();
        if !self.0.starts_with('[') {
            return self.string().map(str::to_string);
        }
        let text = self.0;
        let (mut depth, mut quote) = (0usize, None);
        for (place, letter) in text.char_indices() {
            match (quote, letter) {
                (Some(open), _) => quote = (letter != open).then_some(open),
                (None, '\'' | '"') => quote = Some(letter),
                (None, '[') => depth += 1,
                (None, ']') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.0 = &text[place + 1..];
                return Ok(text[..=place].to_string());
            }
        }
        Err(format!("the list {} has no end", shown(text)))
    }

    fn truth(&mut self) -> Result<bool, String> {
        self.skip_blanks();
        for (name, truth) in [("True", true), ("False", false)] {
            if let Some(rest) = self.0.strip_prefix(name) {
                self.0 = rest;
                return Ok(truth);
            }
        }
        Err(format!("expected True or False where it says {}", shown(self.0)))
    }

    fn shape(&mut self) -> Result<Vec<u64>, String> {
        let mut sides = Vec::new();
        self.expect('(')?;
        while !self.takes(')') {
            self.skip_blanks();
            let rest = self.0.trim_start_matches(|letter: char| letter.is_ascii_digit());
            let side = self.0[..self.0.len() - rest.len()].parse();
            sides.push(side.map_err(|_| {
                let found = shown(self.0);
                format!("expected a side of the array, a whole number, where it says {found}")
            })?);
            // Python 2 wrote long numbers so.
            self.0 = rest.strip_prefix('L').unwrap_or(rest);
            if !self.takes(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(sides)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, text: &[u8]) -> Vec<u8> {
        let length = (text.len() as u32).to_le_bytes();
        let length = if version == 1 { &length[..2] } else { &length };
        [b"\x93NUMPY", &[version, 0][..], length, text, b"numbers"].concat()
    }

    fn read_bytes(bytes: &mut &[u8]) -> Result<NpyHeader, String> {
        NpyHeader::read(Path::new("a.npy"), "header", bytes).map_err(|error| error.to_string())
    }

    fn read(text: &str) -> Result<NpyHeader, String> {
        read_bytes(&mut &file(1, text.as_bytes())[..])
    }

    #[test]
    fn what_numpy_writes_is_read_and_the_numbers_are_next() {
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }      \n";
        for version in [1, 2, 3] {
            let file = file(version, text.as_bytes());
            let mut rest = &file[..];
            let header = read_bytes(&mut rest).unwrap();
            let expected = NpyHeader { descr: "<f4".into(), fortran_order: false, shape: vec![3, 2] };
            assert_eq!((header, rest), (expected, &b"numbers"[..]), "{version}");
        }
    }

    #[test]
    fn order_quotes_blanks_and_long_numbers_do_not_matter() {
        let header = read("{ \"shape\" : ( 3L, ),'fortran_order':True,\"descr\":\"|u1\"}").unwrap();
        assert_eq!((&header.descr[..], header.fortran_order, header.shape), ("|u1", true, vec![3]));
        let scalar = read("{'shape': (), 'descr': '', 'fortran_order': True}").unwrap();
        assert!(scalar.shape.is_empty());
        let structured = "[('a', '<f4'), (']', [('b', '<i2')])]";
        let header = read(&format!("{{'descr': {structured}, 'fortran_order': False, 'shape': (1,)}}")).unwrap();
        assert_eq!(header.descr, structured);
    }

    #[test]
    fn what_is_no_header_is_told() {
        for (text, part) in [
            ("", "expected '{' where it says \"\""),
            ("{'descr': '<f4', 'shape': (1,)}", "no entry \"fortran_order\""),
            ("{'descr': '<f4', 'colour': 1}", "\"colour\""),
            ("{'descr': 4}", "text in quotes where it says \"4}\""),
            ("{'descr': '<f4}", "text in quotes"),
            ("{'descr': [('a'}", "has no end"),
            ("{'fortran_order': 0}", "True or False"),
            ("{'shape': (-1,)}", "whole number, where it says \"-1,)}\""),
            ("{'shape': (99999999999999999999,)}", "whole number"),
            ("{'shape': (1 2)}", "expected ')'"),
            ("{'shape': (1,)} {", "\"{\" stands after its end"),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.contains(part), "{text}: {part:?} is not in {fault}");
        }
        let long = read(&format!("{{{}", "é".repeat(99))).unwrap_err();
        assert!(long.contains("é\"...;") && long.len() < 200, "{long}");
    }

    #[test]
    fn what_the_file_claims_is_checked_before_memory_is_set_aside() {
        let fault = |bytes: &[u8]| read_bytes(&mut &bytes[..]).unwrap_err();
        let huge = fault(b"\x93NUMPY\x02\0\xff\xff\xff\xff");
        assert!(huge.contains("it claims 4294967295 bytes, more than the limit of 65536"), "{huge}");
        assert!(fault(b"\x93NUMPY\x01\0\x09\0{").contains("ends inside"));
        assert!(fault(b"\x93NUMPY\x04\0").contains("version 4"));
        assert!(fault(b"\x93NUMPY").contains("no NPY file"));
        // A parser that recurses would run out of stack.
        let deep = "[".repeat(60_000);
        assert!(read(&format!("{{'descr': {deep}")).unwrap_err().contains("has no end"));
    }
}
