//! Operands as they are written.

use super::lexer::Cursor;
use crate::fault::{Fault, fault};

#[derive(Debug, Clone, PartialEq)]
pub enum Operand<'a> {
    Name(&'a str),
    /// `%r1|%p2`
    Pair(&'a str, &'a str),
    Whole(i128),
    /// The bits of a single or a double.
    Single(u32),
    Double(u64),
    /// `[%rd1+4]`, or a name alone in brackets.
    Address(&'a str, i64),
    /// In braces or parentheses.
    List(Vec<Operand<'a>>),
}

impl<'a> Operand<'a> {
    pub fn parse(cursor: &mut Cursor<'_, 'a>) -> Result<Self, Fault> {
        Ok(match cursor.advance()? {
            "{" => Self::List(cursor.list("}", Self::parse)?),
            "(" => Self::List(cursor.list(")", Self::parse)?),
            "[" => {
                let name = cursor.advance()?;
                // `+4`, `-4` or `+-4`.
                let offset = if cursor.accept("+") || cursor.peek() == "-" { integer(cursor)? } else { 0 };
                cursor.expect("]")?;
                Self::Address(name, offset)
            }
            "-" => match number(cursor.advance()?) {
                Some(Self::Whole(value)) => Self::Whole(-value),
                _ => fault!("no number after \"-\""),
            },
            text if text.starts_with(|c: char| c.is_ascii_digit()) => match number(text) {
                Some(number) => number,
                None => fault!("{text:?} is no number"),
            },
            text if text.starts_with(|c: char| c.is_ascii_alphabetic() || "_$%".contains(c)) => {
                match cursor.accept("|") {
                    true => Self::Pair(text, cursor.advance()?),
                    false => Self::Name(text),
                }
            }
            text => fault!("{text:?} where an operand is expected"),
        })
    }
}

/// Reads a whole number that a declaration or an address needs.
pub fn integer<T: TryFrom<i128>>(cursor: &mut Cursor) -> Result<T, Fault> {
    let operand = Operand::parse(cursor)?;
    match operand {
        Operand::Whole(value) => T::try_from(value).map_err(|_| Fault(format!("{value} is out of range"))),
        other => fault!("{other:?} where a whole number is expected"),
    }
}

/// Reads a whole number, or the bits of a float.
pub fn number(text: &str) -> Option<Operand<'static>> {
    let hexadecimal = |digits: &str| u64::from_str_radix(digits, 16).ok();
    match text.get(..2) {
        Some("0f" | "0F") => return Some(Operand::Single(hexadecimal(&text[2..])?.try_into().ok()?)),
        Some("0d" | "0D") => return hexadecimal(&text[2..]).map(Operand::Double),
        _ => {}
    }
    let digits = text.strip_suffix('U').unwrap_or(text);
    let value = match digits.get(..2) {
        Some("0x" | "0X") => hexadecimal(&digits[2..])?,
        _ => digits.parse().ok()?,
    };
    Some(Operand::Whole(value.into()))
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::*;

    fn read(text: &str) -> Result<Vec<Operand<'_>>, Fault> {
        Cursor::new(&tokens(text)).list("", Operand::parse)
    }

    #[test]
    fn operands_are_read() {
        use Operand::*;
        assert_eq!(read("%r1, -3, 0x10U"), Ok(vec![Name("%r1"), Whole(-3), Whole(16)]));
        assert_eq!(
            read("0f3F800000, 0d3FF0000000000000"),
            Ok(vec![Single(0x3f80_0000), Double(0x3ff0_0000_0000_0000)])
        );
        assert_eq!(
            read("{%r1,%r2}, [%rd3+-8], %r1|%p2"),
            Ok(vec![List(vec![Name("%r1"), Name("%r2")]), Address("%rd3", -8), Pair("%r1", "%p2")])
        );
        assert_eq!(read("(), f, (a, b)").map(|x| x.len()), Ok(3));
        for broken in ["%r1 %r2", "[%r1", "%r1,", "-%r1", "!%p1", "[a+b]"] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }
}
