use half::f16;

/// The storage of an array's elements, such as `<f4`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    pub bytes: usize,
    pub number: Number,
    /// The value of so many bytes, the least significant first.
    value: fn(&[u8]) -> f64,
    /// Whether the file has the most significant one first.
    reversed: bool,
}

/// The kinds of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// 0 or 1.
    Boolean,
    /// Whole numbers, negative ones among them.
    Signed,
    /// Whole numbers from 0.
    Unsigned,
    Float,
}

impl Element {
    /// The types that are read, for messages.
    pub const EXPECTED: &str = "booleans, whole numbers or floats of up to 64 bits (array.astype(\"float32\"))";

    /// The element of a type, if it is a number that is read.
    pub fn parse(descr: &str) -> Option<Self> {
        use Number::{Boolean, Float, Signed, Unsigned};
        let kind = descr.strip_prefix(['<', '>', '|', '='])?;
        let (bytes, number, value): (usize, _, fn(&[u8]) -> f64) = match kind {
            "b1" => (1, Boolean, |b| f64::from(u8::from(array(b) != [0]))),
            "f2" => (2, Float, |b| f16::from_le_bytes(array(b)).to_f64()),
            "f4" => (4, Float, |b| f64::from(f32::from_le_bytes(array(b)))),
            "f8" => (8, Float, |b| f64::from_le_bytes(array(b))),
            "i1" => (1, Signed, |b| f64::from(i8::from_le_bytes(array(b)))),
            "i2" => (2, Signed, |b| f64::from(i16::from_le_bytes(array(b)))),
            "i4" => (4, Signed, |b| f64::from(i32::from_le_bytes(array(b)))),
            "i8" => (8, Signed, |b| i64::from_le_bytes(array(b)) as f64),
            "u1" => (1, Unsigned, |b| f64::from(u8::from_le_bytes(array(b)))),
            "u2" => (2, Unsigned, |b| f64::from(u16::from_le_bytes(array(b)))),
            "u4" => (4, Unsigned, |b| f64::from(u32::from_le_bytes(array(b)))),
            "u8" => (8, Unsigned, |b| u64::from_le_bytes(array(b)) as f64),
            _ => return None,
        };
        let reversed = match &descr[..1] {
            "<" => false,
            ">" => true,
            // "It does not matter" and "as on this machine": only the first is portable.
            "|" if bytes == 1 => false,
            _ => return None,
        };
        Some(Self { bytes, number, value, reversed })
    }

    /// Appends the values of whole elements, whose bytes may be reversed on the way.
    pub fn append(self, bytes: &mut [u8], to: &mut Vec<f64>) {
        for one in bytes.chunks_exact_mut(self.bytes) {
            if self.reversed {
                one.reverse();
            }
            to.push((self.value)(one));
        }
    }
}

/// The first bytes as an array; zeros where there are too few.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(descr: &str, bytes: &[u8]) -> Vec<f64> {
        let mut values = Vec::new();
        Element::parse(descr).unwrap().append(&mut bytes.to_vec(), &mut values);
        values
    }

    #[test]
    fn values_are_those_of_numpy() {
        // numpy.array([...], descr).tobytes()
        assert_eq!(
            values("<f2", &[0x00, 0x3c, 0x00, 0xc1, 0x01, 0x00, 0xff, 0x7b]),
            [1.0, -2.5, 2f64.powi(-24), 65504.0]
        );
        assert_eq!(values(">f2", &[0x3c, 0x00, 0xc1, 0x00]), [1.0, -2.5]);
        assert_eq!(values(">f4", &[0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0]), [1.0, -2.5]);
        assert_eq!(values(">f8", &[0xc0, 0x04, 0, 0, 0, 0, 0, 0]), [-2.5]);
        assert_eq!(values(">i2", &[0x01, 0x00, 0xff, 0xfe]), [256.0, -2.0]);
        assert_eq!(values(">i4", &[0, 1, 0, 0, 0xff, 0xff, 0xff, 0xfe]), [65536.0, -2.0]);
        assert_eq!(values(">i8", &[0, 0, 0, 1, 0, 0, 0, 0]), [4294967296.0]);
        assert_eq!(values(">u2", &[0xff, 0xfe]), [65534.0]);
        assert_eq!(values("<u4", &[0, 0, 0, 0x80]), [2147483648.0]);
        for descr in ["|b1", "<b1"] {
            assert_eq!(values(descr, &[0, 1, 255]), [0.0, 1.0, 1.0]);
        }
        assert!(values("<f2", &[0x00, 0x7e])[0].is_nan());
    }

    #[test]
    fn types_that_are_no_numbers_or_are_not_portable_are_none() {
        for descr in ["<f16", "<c8", "<U4", "|O", "<m8[ns]", "f4", "|f4", "=f8", "", "<", "<é"] {
            assert!(Element::parse(descr).is_none(), "{descr}");
        }
    }
}
