//! Tokens of PTX, and a cursor for parsers.

use crate::fault::{Fault, fault};

/// A word (with its dots, as in `ld.global.f32` or `%tid.x`) or a mark of one character, and its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    pub text: &'a str,
    pub line: u32,
}

fn is_part_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$' | '%')
}

/// Splits a text into tokens and leaves out its comments. A text in quotes is one token.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::with_capacity(source.len() / 4);
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let end_of = |mark: &str| rest[1..].find(mark).map_or(rest.len(), |place| 1 + place + mark.len());
        let (length, is_token) = match first {
            _ if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            _ if rest.starts_with("/*") => (end_of("*/"), false),
            '"' => (end_of("\""), true),
            c if is_part_of_word(c) => (rest.find(|c| !is_part_of_word(c)).unwrap_or(rest.len()), true),
            // Marks are ASCII; any other character is kept whole and refused by the parser.
            c => (c.len_utf8(), !c.is_ascii_whitespace()),
        };
        let text = &rest[..length];
        if is_token {
            found.push(Token { text, line });
        }
        line += text.matches('\n').count() as u32;
        rest = &rest[length..];
    }
    found
}

/// A place in a sequence of tokens.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'t, 'a> {
    rest: &'t [Token<'a>],
    /// The line of the last token read.
    pub line: u32,
}

impl<'t, 'a> Cursor<'t, 'a> {
    pub fn new(tokens: &'t [Token<'a>]) -> Self {
        Self { rest: tokens, line: 1 }
    }

    /// The text that comes next; empty at the end.
    pub fn peek(&self) -> &'a str {
        self.rest.first().map_or("", |token| token.text)
    }

    pub fn peek_second(&self) -> &'a str {
        self.rest.get(1).map_or("", |token| token.text)
    }

    pub fn advance(&mut self) -> Result<&'a str, Fault> {
        let [first, rest @ ..] = self.rest else {
            fault!("the text ends too soon");
        };
        self.rest = rest;
        self.line = first.line;
        Ok(first.text)
    }

    /// Steps over a mark if it comes next; the empty one is the end.
    pub fn accept(&mut self, mark: &str) -> bool {
        self.peek() == mark && (mark.is_empty() || self.advance().is_ok())
    }

    pub fn expect(&mut self, mark: &str) -> Result<(), Fault> {
        if !self.accept(mark) {
            fault!("{:?} where {mark:?} is expected", self.peek());
        }
        Ok(())
    }

    /// Returns everything before the next `mark`, and steps over both.
    pub fn until(&mut self, mark: &str) -> Result<Self, Fault> {
        let Some(length) = self.rest.iter().position(|token| token.text == mark) else {
            fault!("no {mark:?}");
        };
        let (before, after) = self.rest.split_at(length);
        let found = Self { rest: before, ..*self };
        self.line = before.first().map_or(self.line, |first| first.line);
        self.rest = &after[1..];
        Ok(found)
    }

    /// Reads items between commas, and the closing `mark`.
    pub fn list<T>(&mut self, mark: &str, item: impl Fn(&mut Self) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
        let mut found = Vec::new();
        while !self.accept(mark) {
            if !found.is_empty() {
                self.expect(",")?;
            }
            found.push(item(self)?);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_marks() {
        let text = "// nothing\n@!%p1 ld.global.f32 \t%f1, [%rd2+-4]; /* a\nb */ $L__1: .reg .b32 %r<3>;";
        let found: Vec<_> = tokens(text).iter().map(|t| t.text).collect();
        let expected = "@ ! %p1 ld.global.f32 %f1 , [ %rd2 + - 4 ] ; $L__1 : .reg .b32 %r < 3 > ;";
        assert_eq!(found, expected.split(' ').collect::<Vec<_>>());
        let lines: Vec<_> = tokens(text).iter().map(|t| t.line).collect();
        assert_eq!((lines[0], lines[13], lines[21]), (2, 3, 3));
    }
}
