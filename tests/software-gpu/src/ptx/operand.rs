//! Operands as they are written.

use super::lexer::Token;

#[derive(Debug, Clone, PartialEq)]
pub enum Operand<'a> {
    Name(&'a str),
    /// `!%p1`.
    Not(&'a str),
    /// `%r1|%p2`.
    Pair(&'a str, &'a str),
    Whole(i128),
    /// Bits of a single or a double.
    Single(u32),
    Double(u64),
    /// `[%rd1+4]`, or a name alone in brackets.
    Address(&'a str, i64),
    /// In braces or parentheses.
    List(Vec<Operand<'a>>),
}

/// The operands of an instruction: what is between commas.
pub fn operands<'a>(tokens: &[Token<'a>]) -> Result<Vec<Operand<'a>>, String> {
    let mut found = Vec::new();
    let mut rest = tokens;
    while !rest.is_empty() {
        let (operand, after) = operand(rest)?;
        found.push(operand);
        rest = match after {
            [] => after,
            [comma, after @ ..] if comma.text == "," && !after.is_empty() => after,
            [other, ..] => return Err(format!("{:?} after an operand", other.text)),
        };
    }
    Ok(found)
}

fn operand<'t, 'a>(tokens: &'t [Token<'a>]) -> Result<(Operand<'a>, &'t [Token<'a>]), String> {
    let Some(first) = tokens.first() else {
        return Err("an operand is missing".into());
    };
    match first.text {
        "{" | "(" => {
            let closing = if first.text == "{" { "}" } else { ")" };
            let end = tokens.iter().position(|t| t.text == closing);
            let end = end.ok_or_else(|| format!("no {closing:?}"))?;
            Ok((Operand::List(operands(&tokens[1..end])?), &tokens[end + 1..]))
        }
        "[" => {
            let end = tokens.iter().position(|t| t.text == "]").ok_or("no \"]\"")?;
            Ok((address(&tokens[1..end])?, &tokens[end + 1..]))
        }
        "!" => match tokens.get(1) {
            Some(name) => Ok((Operand::Not(name.text), &tokens[2..])),
            None => Err("nothing after \"!\"".into()),
        },
        "-" => match tokens.get(1).map(|t| number(t.text)) {
            Some(Some(Operand::Whole(value))) => Ok((Operand::Whole(-value), &tokens[2..])),
            _ => Err("no number after \"-\"".into()),
        },
        text => {
            if let Some(number) = number(text) {
                return Ok((number, &tokens[1..]));
            }
            match tokens {
                [a, bar, b, rest @ ..] if bar.text == "|" => Ok((Operand::Pair(a.text, b.text), rest)),
                [_, rest @ ..] => Ok((Operand::Name(text), rest)),
                [] => unreachable!("there is a first token"),
            }
        }
    }
}

fn address<'a>(tokens: &[Token<'a>]) -> Result<Operand<'a>, String> {
    let texts: Vec<&str> = tokens.iter().map(|t| t.text).collect();
    let offset = |text: &str, sign: i64| match number(text) {
        Some(Operand::Whole(value)) => i64::try_from(value).map(|x| sign * x).map_err(|e| e.to_string()),
        _ => Err(format!("{text:?} is no offset")),
    };
    match texts[..] {
        [name] => Ok(Operand::Address(name, 0)),
        [name, "+", value] => Ok(Operand::Address(name, offset(value, 1)?)),
        [name, "+", "-", value] | [name, "-", value] => Ok(Operand::Address(name, offset(value, -1)?)),
        _ => Err(format!("the address {texts:?}")),
    }
}

/// A whole number, or the bits of another.
pub fn number(text: &str) -> Option<Operand<'static>> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let hexadecimal = |digits: &str| u64::from_str_radix(digits, 16).ok();
    match text.get(..2) {
        Some("0f" | "0F") => return hexadecimal(&text[2..]).and_then(|x| Some(Operand::Single(x.try_into().ok()?))),
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

    fn read(text: &str) -> Result<Vec<Operand<'_>>, String> {
        operands(&tokens(text))
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
            read("{%r1,%r2}, [%rd3+-8], !%p1, %r1|%p2"),
            Ok(vec![
                List(vec![Name("%r1"), Name("%r2")]),
                Address("%rd3", -8),
                Not("%p1"),
                Pair("%r1", "%p2")
            ])
        );
        assert_eq!(read("(), f, (a, b)").map(|x| x.len()), Ok(3));
        for broken in ["%r1 %r2", "[%r1", "%r1,", "-%r1", "[a+b]"] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }
}
