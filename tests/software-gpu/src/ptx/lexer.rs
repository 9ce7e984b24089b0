//! Words and marks of PTX.

/// A word (with its dots, as in `ld.global.f32` or `%tid.x`) or a mark of one character, and its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    pub text: &'a str,
    pub line: u32,
}

fn of_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'$' | b'%')
}

/// The tokens of `text`, without its comments. A text in quotes is one token.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut found = Vec::with_capacity(bytes.len() / 4);
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'\n' => {
                line += 1;
                at += 1;
            }
            c if c.is_ascii_whitespace() => at += 1,
            b'/' if bytes[at..].starts_with(b"//") => {
                at += bytes[at..].iter().position(|c| *c == b'\n').unwrap_or(bytes.len() - at);
            }
            b'/' if bytes[at..].starts_with(b"/*") => {
                let end = text[at..].find("*/").map_or(bytes.len(), |length| at + length + 2);
                line += bytes[at..end].iter().filter(|c| **c == b'\n').count() as u32;
                at = end;
            }
            b'"' => {
                at += 1;
                at += bytes[at..]
                    .iter()
                    .position(|c| *c == b'"')
                    .map_or(bytes.len() - at, |n| n + 1);
                found.push(Token {
                    text: &text[start..at],
                    line,
                });
            }
            c if of_word(c) => {
                while at < bytes.len() && of_word(bytes[at]) {
                    at += 1;
                }
                found.push(Token {
                    text: &text[start..at],
                    line,
                });
            }
            _ => {
                // Marks are ASCII; whatever else there may be is kept whole and understood by nobody.
                at += text[at..].chars().next().map_or(1, char::len_utf8);
                found.push(Token {
                    text: &text[start..at],
                    line,
                });
            }
        }
    }
    found
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
