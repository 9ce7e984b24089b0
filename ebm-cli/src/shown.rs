//! Showing text that comes from files, which may be anybody's.

use std::fmt::{self, Display, Formatter, Write};

/// A text on one line: line breaks, and whatever else would control the terminal, are shown escaped.
pub(crate) struct Shown<T>(pub T);

impl<T: Display> Display for Shown<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|letter| match letter.is_control() {
            true => write!(self.0, "{}", letter.escape_default()),
            false => self.0.write_char(letter),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_all_others_stay() {
        assert_eq!(Shown("a\r\n\t\u{1b}[2J\u{9b}1m é '\"\\").to_string(), "a\\r\\n\\t\\u{1b}[2J\\u{9b}1m é '\"\\");
        assert_eq!(Shown(0.5).to_string(), "0.5");
    }
}
