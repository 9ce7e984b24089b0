//! Types of registers and instructions.

/// What the bits of a value stand for. Untyped bits (`.b32`) count as unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Unsigned,
    Signed,
    Float,
    Predicate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ty {
    pub class: Class,
    pub bits: u32,
}

impl Ty {
    pub const PREDICATE: Self = Self::new(Class::Predicate, 1);
    pub const U32: Self = Self::new(Class::Unsigned, 32);
    pub const U64: Self = Self::new(Class::Unsigned, 64);

    pub const fn new(class: Class, bits: u32) -> Self {
        Self { class, bits }
    }

    /// The type that is written so, without its dot. Half precision is not known.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "pred" {
            return Some(Self::PREDICATE);
        }
        let (letter, bits) = (text.get(..1)?, text.get(1..)?.parse().ok()?);
        let class = match letter {
            "b" | "u" => Class::Unsigned,
            "s" => Class::Signed,
            "f" if bits == 32 || bits == 64 => Class::Float,
            _ => return None,
        };
        matches!(bits, 8 | 16 | 32 | 64).then_some(Self { class, bits })
    }

    pub fn bytes(self) -> usize {
        self.bits.div_ceil(8) as usize
    }

    pub fn is_float(self) -> bool {
        self.class == Class::Float
    }

    pub fn is_signed(self) -> bool {
        self.class == Class::Signed
    }

    pub fn unsigned(self) -> Self {
        Self {
            class: Class::Unsigned,
            ..self
        }
    }

    /// The bits that a register of this type has.
    pub fn mask(self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read() {
        assert_eq!(Ty::parse("s32"), Some(Ty::new(Class::Signed, 32)));
        assert_eq!(Ty::parse("b64"), Some(Ty::U64));
        assert_eq!(Ty::parse("f64").map(Ty::bytes), Some(8));
        for unknown in ["f16", "b128", "rn", "", "u", "é1"] {
            assert_eq!(Ty::parse(unknown), None, "{unknown}");
        }
        assert_eq!(Ty::U32.mask(), 0xffff_ffff);
    }
}
