//! Types of registers and instructions, and the Rust types that stand for them.

/// The interpretation of bits. Untyped bits (`.b32`) count as unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Unsigned,
    Signed,
    Float,
    /// A float of an instruction with `.ftz`, to which subnormal numbers are zero.
    Flushed,
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

    /// Parses a type without its leading dot. Half precision is not supported.
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

    pub fn is_signed(self) -> bool {
        self.class == Class::Signed
    }

    /// The bits that a register of this type has.
    pub fn mask(self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }
}

/// A type of PTX and the Rust type of its values.
pub trait Word {
    type Value;
    const TY: Ty;
    fn of(bits: u64) -> Self::Value;
    /// The bits in a register: those above the type are zero.
    fn bits(value: Self::Value) -> u64;
}

macro_rules! words {
    ($($(#[$doc:meta])* $word:ty: $class:ident $bits:literal $value:ty, $of:expr, $to_bits:expr;)*) => {$(
        $(#[$doc])*
        impl Word for $word {
            type Value = $value;
            const TY: Ty = Ty::new(Class::$class, $bits);
            #[inline]
            fn of(bits: u64) -> $value {
                let of: fn(u64) -> $value = $of;
                of(bits)
            }
            #[inline]
            fn bits(value: $value) -> u64 {
                let to_bits: fn($value) -> u64 = $to_bits;
                to_bits(value)
            }
        }
    )*};
}

words! {
    bool: Predicate 1 bool, |bits| bits != 0, u64::from;
    u8: Unsigned 8 u8, |bits| bits as u8, u64::from;
    u16: Unsigned 16 u16, |bits| bits as u16, u64::from;
    u32: Unsigned 32 u32, |bits| bits as u32, u64::from;
    u64: Unsigned 64 u64, |bits| bits, u64::from;
    i8: Signed 8 i8, |bits| bits as i8, |x| (x as u8).into();
    i16: Signed 16 i16, |bits| bits as i16, |x| (x as u16).into();
    i32: Signed 32 i32, |bits| bits as i32, |x| (x as u32).into();
    i64: Signed 64 i64, |bits| bits as i64, |x| x as u64;
    // Arithmetic of single precision gives the one NaN that GPUs give.
    f32: Float 32 f32, |bits| f32::from_bits(bits as u32), |x| if x.is_nan() { 0x7fff_ffff } else { x.to_bits().into() };
    f64: Float 64 f64, f64::from_bits, f64::to_bits;
    Ftz: Flushed 32 f32, |bits| flushed(f32::of(bits)), |x| f32::bits(flushed(x));
    Gross: Flushed 64 f64, |bits| upper_half(f64::from_bits(bits)), |x| upper_half(x).to_bits();
}

/// Single precision where subnormal numbers become zero, with their sign.
pub struct Ftz;

/// Double precision of gross approximations, of which only the upper 32 bits are used.
pub struct Gross;

fn flushed(x: f32) -> f32 {
    if x.is_subnormal() { 0.0_f32.copysign(x) } else { x }
}

fn upper_half(x: f64) -> f64 {
    let x = if x.is_subnormal() { 0.0_f64.copysign(x) } else { x };
    f64::from_bits(x.to_bits() & !0xffff_ffff)
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
