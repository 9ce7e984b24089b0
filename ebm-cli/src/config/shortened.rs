use std::borrow::Cow;

/// The longest text that is quoted whole, in characters.
const LONGEST: usize = 240;
/// The longest message. Some quote lists of what is expected.
const LONGEST_MESSAGE: usize = 4000;

/// A text as messages quote it: of one that is too long to read, the beginning.
pub(super) fn shortened(text: &str) -> Cow<'_, str> {
    beginning(text, LONGEST)
}

/// A message that a person can read, whatever it quotes.
pub(super) fn readable(message: &str) -> Cow<'_, str> {
    beginning(message, LONGEST_MESSAGE)
}

fn beginning(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        None => text.into(),
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_quoted_with_its_length() {
        assert_eq!(shortened("ab"), "ab");
        let whole = "\u{e9}".repeat(LONGEST);
        assert_eq!(shortened(&whole), whole);
        let long = whole.clone() + "x";
        assert_eq!(shortened(&long), format!("{whole}... (481 bytes)"));
        assert!(readable(&long) == long && readable(&long.repeat(100)).len() < 2 * LONGEST_MESSAGE + 20);
    }
}
