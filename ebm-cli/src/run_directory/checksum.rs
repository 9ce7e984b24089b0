//! Checksums within the files that they cover.
//!
//! File and checksum are one file, which is renamed into its place whole: there is no moment at which a process can die and
//! leave the one without the other.

/// Digits of a checksum: BLAKE3 in hexadecimal.
const DIGITS: usize = 64;

/// The plain beginning of a file of the given name, what stands there before the checksum instead, and what follows it.
fn form(name: &str) -> [&'static [u8]; 3] {
    match name.ends_with(".toml") {
        true => [b"", b"# checksum: ", b"\n"],
        false => [b"{\n", b"{\n  \"checksum\": \"", b"\",\n"],
    }
}

/// The checksum of a file. With its name, so that no file passes for another.
fn checksum(name: &str, rest: &[u8]) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(name.as_bytes()).update(b"\n").update(rest);
    hash.finalize().to_hex().to_string()
}

/// Puts a checksum into the content of the file `name`, which is TOML or an indented JSON object: BLAKE3 of the name, a line
/// feed and all that follows the line of the checksum.
pub fn with_checksum(name: &str, plain: &[u8]) -> Vec<u8> {
    let [beginning, before, after] = form(name);
    match plain.strip_prefix(beginning) {
        Some(rest) => [before, checksum(name, rest).as_bytes(), after, rest].concat(),
        // An empty object has nothing to be damaged.
        None => plain.to_vec(),
    }
}

/// Checks the content of the file `name` against the checksum in it. `false` if it has none, as files of earlier versions.
pub fn check(name: &str, bytes: &[u8]) -> Result<bool, String> {
    let [_, before, after] = form(name);
    let (head, rest) = bytes.split_at(bytes.len().min(before.len() + DIGITS));
    let (start, digits) = head.split_at(head.len().min(before.len()));
    // Either is enough: damage to the one must not make it a file that never had a checksum.
    let is_there = start == before || digits.len() == DIGITS && digits.iter().all(u8::is_ascii_hexdigit);
    let is_whole = || {
        let rest = rest.strip_prefix(after)?;
        (start == before && digits == checksum(name, rest).as_bytes()).then_some(())
    };
    match (is_there, is_whole()) {
        (false, _) => Ok(false),
        (true, Some(())) => Ok(true),
        (true, None) => Err("its content is not what was written (its checksum differs)".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: [(&str, &str); 2] =
        [("a.json", "{\n  \"b\": 1,\n  \"c\": []\n}\n"), ("a.toml", "b = 1\n[c]\nd = \"e\"\n")];

    #[test]
    fn content_is_the_same_with_its_checksum_which_is_of_name_and_content() {
        let [json, toml] = PLAIN.map(|(name, plain)| String::from_utf8(with_checksum(name, plain.as_bytes())).unwrap());
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let expected = blake3::hash(b"a.json\n  \"b\": 1,\n  \"c\": []\n}\n").to_hex();
        assert_eq!(value, serde_json::json!({"checksum": expected.as_str(), "b": 1, "c": []}));
        let expected = blake3::hash(b"a.toml\nb = 1\n[c]\nd = \"e\"\n").to_hex();
        assert_eq!(toml, format!("# checksum: {expected}\nb = 1\n[c]\nd = \"e\"\n"));
        assert_eq!(toml.parse::<toml::Table>().unwrap(), PLAIN[1].1.parse::<toml::Table>().unwrap());
    }

    #[test]
    fn every_flipped_bit_and_every_lost_end_is_found_by_checksum_or_format() {
        for (name, plain) in PLAIN {
            assert_eq!(check(name, plain.as_bytes()), Ok(false));
            let whole = with_checksum(name, plain.as_bytes());
            assert_eq!(check(name, &whole), Ok(true));
            for at in 0..8 * whole.len() {
                let mut other = whole.clone();
                other[at / 8] ^= 1 << (at % 8);
                assert!(check(name, &other).is_err(), "{name}, bit {at}");
            }
            for length in 0..whole.len() {
                let cut = &whole[..length];
                // What is left of the first line alone is no such file to its reader.
                assert!(check(name, cut).is_err() || length < 1 + form(name)[1].len(), "{name}, {length} bytes");
            }
            assert!(check(&format!("b-{name}"), &whole).is_err());
        }
    }
}
