use crate::npy_element::{Element, Number};

/// Converts the elements of an array of images to grey levels of 8 bits.
///
/// Black is 0. White is 1 for floats and booleans, 65535 for unsigned numbers of 16 bits, and 255 for all other whole numbers.
/// Values in between are rounded to the nearest of the 256 levels.
pub(super) struct ToLevels {
    element: Element,
    white: f64,
    /// The largest value so far.
    largest: f64,
    values: Vec<f64>,
    levels: Vec<u8>,
}

/// White of unsigned numbers of 16 bits.
const WHITE_OF_16: f64 = 65535.0;

impl ToLevels {
    /// The elements that are read, for messages.
    pub const EXPECTED: &str = "bytes, unsigned numbers of 16 bits, booleans, floats from 0 (black) to 1 (white), or other whole \
                                numbers from 0 to 255";

    /// The conversion from a type such as `|u1`, if it is one of numbers.
    pub fn of(descr: &str) -> Option<Self> {
        let element = Element::parse(descr)?;
        let white = match (element.number, element.bytes) {
            (Number::Boolean | Number::Float, _) => 1.0,
            (Number::Unsigned, 2) => WHITE_OF_16,
            (Number::Unsigned | Number::Signed, _) => 255.0,
        };
        Some(Self { element, white, largest: 0.0, values: Vec::new(), levels: Vec::new() })
    }

    /// Bytes of an element.
    pub fn element_bytes(&self) -> usize {
        self.element.bytes
    }

    /// The levels of whole elements, whose bytes may be reversed on the way.
    ///
    /// # Errors
    /// The reason, if a value is beyond black or white.
    pub fn convert<'a>(&'a mut self, bytes: &'a mut [u8]) -> Result<&'a [u8], String> {
        if (self.element.number, self.element.bytes) == (Number::Unsigned, 1) {
            return Ok(bytes);
        }
        self.values.clear();
        self.element.append(bytes, &mut self.values);
        let what = if self.element.number == Number::Float { "floats" } else { "such numbers" };
        require_scale(self.values.iter().copied(), self.white, what)?;
        self.largest = self.values.iter().copied().fold(self.largest, f64::max);
        self.levels.clear();
        self.levels.extend(self.values.iter().map(|value| (value * 255.0 / self.white).round() as u8));
        Ok(&self.levels)
    }

    /// Refuses an array of 16 bits, all of it converted, that holds levels of 8 bits: all of them would be black.
    ///
    /// # Errors
    /// The reason.
    pub fn end(&self) -> Result<(), String> {
        match self.white == WHITE_OF_16 && self.largest <= 255.0 {
            true => Err(format!(
                "none of its values of 16 bits is above {}, so that with 65535 as white all are black; if 255 is white, write \
                 array.astype(\"uint8\")",
                self.largest
            )),
            false => Ok(()),
        }
    }
}

/// Refuses values that are not all from 0, which is black, to `white`. `what` they are is for the reason.
///
/// # Errors
/// The reason, with the range that was found.
pub(super) fn require_scale(values: impl Iterator<Item = f64> + Clone, white: f64, what: &str) -> Result<(), String> {
    if values.clone().all(|value| (0.0..=white).contains(&value)) {
        return Ok(());
    }
    let expected = format!("{what} are from 0 (black) to {white} (white)");
    if values.clone().any(f64::is_nan) {
        return Err(format!("a value is NaN; {expected}"));
    }
    let smallest = values.clone().fold(f64::INFINITY, f64::min);
    let largest = values.fold(f64::NEG_INFINITY, f64::max);
    Err(format!("its values are from {} to {}; {expected}, so scale them", smallest as f32, largest as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(descr: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut to_levels = ToLevels::of(descr).unwrap();
        let levels = to_levels.convert(&mut bytes.to_vec())?.to_vec();
        to_levels.end()?;
        Ok(levels)
    }

    fn floats(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    #[test]
    fn white_is_255_whatever_it_is_stored_as() {
        assert_eq!(converted("|u1", &[0, 7, 255]).unwrap(), [0, 7, 255]);
        assert_eq!(converted("|b1", &[0, 1]).unwrap(), [0, 255]);
        // 1000 / 257 = 3.89; halfway between 127 and 128 lies no number of 16 bits.
        let sixteen: Vec<u8> = [0u16, 1000, 32767, 32768, 65535].iter().flat_map(|v| v.to_be_bytes()).collect();
        assert_eq!(converted(">u2", &sixteen).unwrap(), [0, 4, 127, 128, 255]);
        assert_eq!(converted("<f4", &floats(&[0.0, 0.5, 0.25, 1.0])).unwrap(), [0, 128, 64, 255]);
        assert_eq!(converted("<f2", &[0x00, 0x38, 0x00, 0x3c]).unwrap(), [128, 255]);
        assert_eq!(converted(">i8", &[0, 0, 0, 0, 0, 0, 0, 200]).unwrap(), [200]);
    }

    #[test]
    fn values_beyond_black_and_white_are_told_with_their_range() {
        let refused = |descr: &str, bytes: &[u8], part: &str| {
            let reason = converted(descr, bytes).unwrap_err();
            assert!(reason.contains(part), "{part:?} is not in {reason}");
        };
        refused(
            "<f4",
            &floats(&[0.0, -1.0, 0.1]),
            "from -1 to 0.1; floats are from 0 (black) to 1 (white), so scale them",
        );
        refused("<f4", &floats(&[0.0, 254.5]), "from 0 to 254.5; floats");
        refused("<f4", &floats(&[0.0, f32::NAN]), "a value is NaN; floats");
        refused("<i2", &[0, 1, 255, 255], "from -1 to 256; such numbers are from 0 (black) to 255 (white)");
        refused("<u2", &[200, 0, 255, 0], "none of its values of 16 bits is above 255");
        assert!(ToLevels::of("<c8").is_none());
    }
}
