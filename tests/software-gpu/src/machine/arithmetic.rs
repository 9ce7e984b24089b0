//! What instructions compute, as functions from the bits of registers to those of a register.
//!
//! Arithmetic of single precision gives the one NaN that GPUs give (`0x7fffffff`). Results of `.approx` are those of the
//! correctly rounded or the C library's function, so they are closer than a GPU's. `.ftz` is honoured.

use super::instruction::{Binary, Quaternary, Ternary, Unary};
use crate::ptx::ty::{Class, Ty};

/// A type that bits of a register stand for.
pub(super) trait Word: Copy {
    const TY: Ty;
    fn of(bits: u64) -> Self;
    fn word(self) -> u64;
}

macro_rules! integer_word {
    ($($integer:ty, $unsigned:ty, $class:ident;)*) => {$(
        impl Word for $integer {
            const TY: Ty = Ty::new(Class::$class, <$integer>::BITS);
            #[inline]
            fn of(bits: u64) -> Self {
                bits as $integer
            }
            #[inline]
            fn word(self) -> u64 {
                self as $unsigned as u64
            }
        }
    )*};
}
integer_word! {
    u8, u8, Unsigned; u16, u16, Unsigned; u32, u32, Unsigned; u64, u64, Unsigned;
    i8, u8, Signed; i16, u16, Signed; i32, u32, Signed; i64, u64, Signed;
}

impl Word for f32 {
    const TY: Ty = Ty::new(Class::Float, 32);
    #[inline]
    fn of(bits: u64) -> Self {
        f32::from_bits(bits as u32)
    }
    #[inline]
    fn word(self) -> u64 {
        if self.is_nan() {
            0x7fff_ffff
        } else {
            self.to_bits().into()
        }
    }
}

impl Word for f64 {
    const TY: Ty = Ty::new(Class::Float, 64);
    #[inline]
    fn of(bits: u64) -> Self {
        f64::from_bits(bits)
    }
    #[inline]
    fn word(self) -> u64 {
        self.to_bits()
    }
}

impl Word for bool {
    const TY: Ty = Ty::PREDICATE;
    #[inline]
    fn of(bits: u64) -> Self {
        bits != 0
    }
    #[inline]
    fn word(self) -> u64 {
        self.into()
    }
}

/// The function for one of several types, by `Ty`.
macro_rules! over {
    ($ty:expr, $t:ident in [], |$($x:ident),+| $body:expr) => {
        return None
    };
    ($ty:expr, $t:ident in [$T:ty $(, $more:ty)*], |$($x:ident),+| $body:expr) => {{
        if $ty == <$T as Word>::TY {
            #[allow(dead_code)]
            type $t = $T;
            #[allow(clippy::unnecessary_cast)]
            fn apply($($x: u64),+) -> u64 {
                $(let $x = <$T as Word>::of($x);)+
                Word::word($body)
            }
            return Some(apply);
        }
        over!($ty, $t in [$($more),*], |$($x),+| $body)
    }};
}

/// Subnormal numbers become zero, with their sign.
#[inline]
fn flushed(x: f32) -> f32 {
    if x.is_subnormal() { 0.0_f32.copysign(x) } else { x }
}

fn one_of(modifiers: &[&str], known: &[&str]) -> bool {
    modifiers.iter().all(|modifier| known.contains(modifier))
}

/// A function of one single, with `.ftz` or without.
macro_rules! of_single {
    ($modifiers:expr, |$x:ident| $body:expr) => {{
        fn plain($x: f32) -> f32 {
            $body
        }
        fn kept(x: u64) -> u64 {
            plain(f32::of(x)).word()
        }
        fn flushing(x: u64) -> u64 {
            flushed(plain(flushed(f32::of(x)))).word()
        }
        Some(if $modifiers.contains(&"ftz") {
            flushing as Unary
        } else {
            kept
        })
    }};
}

/// The function of an instruction with one operand, such as `neg.f32`: by its name, what is written between name and type, and
/// its type.
pub fn unary(name: &str, modifiers: &[&str], ty: Ty) -> Option<Unary> {
    if ty == f32::TY {
        let known: &[&str] = match name {
            "neg" | "abs" => &["ftz"],
            "rcp" | "sqrt" => &["rn", "approx", "ftz"],
            "rsqrt" | "ex2" | "lg2" | "sin" | "cos" | "tanh" => &["approx", "ftz"],
            _ => return None,
        };
        if !one_of(modifiers, known) {
            return None;
        }
        return match name {
            "neg" => of_single!(modifiers, |x| -x),
            "abs" => of_single!(modifiers, |x| x.abs()),
            "rcp" => of_single!(modifiers, |x| 1.0 / x),
            "sqrt" => of_single!(modifiers, |x| x.sqrt()),
            "rsqrt" => of_single!(modifiers, |x| (1.0 / f64::from(x).sqrt()) as f32),
            "ex2" => of_single!(modifiers, |x| f64::from(x).exp2() as f32),
            "lg2" => of_single!(modifiers, |x| f64::from(x).log2() as f32),
            "sin" => of_single!(modifiers, |x| f64::from(x).sin() as f32),
            "cos" => of_single!(modifiers, |x| f64::from(x).cos() as f32),
            "tanh" => of_single!(modifiers, |x| f64::from(x).tanh() as f32),
            _ => None,
        };
    }
    match (name, modifiers) {
        ("neg", []) if ty.is_float() => over!(ty, T in [f64], |x| -x),
        ("neg", []) => over!(ty, T in [i16, i32, i64], |x| x.wrapping_neg()),
        ("abs", []) if ty.is_float() => over!(ty, T in [f64], |x| x.abs()),
        ("abs", []) => over!(ty, T in [i16, i32, i64], |x| x.wrapping_abs()),
        ("not", []) => over!(ty, T in [bool, u16, u32, u64], |x| !x),
        ("cnot", []) => over!(ty, T in [u16, u32, u64], |x| (x == 0) as T),
        ("popc", []) => over!(ty, T in [u32, u64], |x| x.count_ones()),
        ("clz", []) => over!(ty, T in [u32, u64], |x| x.leading_zeros()),
        ("brev", []) => over!(ty, T in [u32, u64], |x| x.reverse_bits()),
        ("rcp", ["rn"]) => over!(ty, T in [f64], |x| 1.0 / x),
        ("sqrt", ["rn"]) => over!(ty, T in [f64], |x| x.sqrt()),
        // Gross approximations: only the upper half of the result is there.
        ("rcp", ["approx", "ftz"]) => over!(ty, T in [f64], |x| upper_half(1.0 / upper_half(x))),
        ("rsqrt", ["approx", "ftz"]) => over!(ty, T in [f64], |x| upper_half(1.0 / upper_half(x).sqrt())),
        _ => None,
    }
}

fn upper_half(x: f64) -> f64 {
    let x = if x.is_subnormal() { 0.0_f64.copysign(x) } else { x };
    f64::from_bits(x.to_bits() & !0xffff_ffff)
}

/// A function of two singles, with `.ftz` or without.
macro_rules! of_singles {
    ($modifiers:expr, |$x:ident, $y:ident| $body:expr) => {{
        fn plain($x: f32, $y: f32) -> f32 {
            $body
        }
        fn kept(x: u64, y: u64) -> u64 {
            plain(f32::of(x), f32::of(y)).word()
        }
        fn flushing(x: u64, y: u64) -> u64 {
            flushed(plain(flushed(f32::of(x)), flushed(f32::of(y)))).word()
        }
        Some(if $modifiers.contains(&"ftz") {
            flushing as Binary
        } else {
            kept
        })
    }};
}

macro_rules! extremum {
    ($name:ident, $before:tt) => {
        /// NaN only if both are; of two zeros, by sign.
        fn $name<T: PartialOrd + Copy>(x: T, y: T, x_is_negative: bool) -> T {
            if x $before y {
                x
            } else if y $before x {
                y
            } else if x == y {
                // Equal but for the sign of zero.
                if x_is_negative == (0 $before 1) { x } else { y }
            } else if x.partial_cmp(&x).is_none() {
                y
            } else {
                x
            }
        }
    };
}
extremum!(smaller, <);
extremum!(larger, >);

/// The function of an instruction with two operands.
pub fn binary(name: &str, modifiers: &[&str], ty: Ty) -> Option<Binary> {
    if ty.is_float() {
        return binary_float(name, modifiers, ty);
    }
    match (name, modifiers) {
        ("add", []) => over!(ty, T in [u16, u32, u64, i16, i32, i64], |x, y| x.wrapping_add(y)),
        ("sub", []) => over!(ty, T in [u16, u32, u64, i16, i32, i64], |x, y| x.wrapping_sub(y)),
        ("mul", ["lo"]) => over!(ty, T in [u16, u32, u64, i16, i32, i64], |x, y| x.wrapping_mul(y)),
        ("mul", ["hi"]) => over!(ty, T in [u16, u32, u64, i16, i32, i64], |x, y| {
            ((x as i128).wrapping_mul(y as i128) >> T::BITS) as T
        }),
        ("mul", ["wide"]) if ty.is_signed() => match ty.bits {
            16 => Some(|x, y| (i32::from(i16::of(x)) * i32::from(i16::of(y))).word()),
            32 => Some(|x, y| (i64::from(i32::of(x)) * i64::from(i32::of(y))).word()),
            _ => None,
        },
        ("mul", ["wide"]) => match ty.bits {
            16 => Some(|x, y| u64::from(u16::of(x)) * u64::from(u16::of(y))),
            32 => Some(|x, y| u64::from(u32::of(x)) * u64::from(u32::of(y))),
            _ => None,
        },
        // By zero: PTX leaves it to the machine, and GPUs give all ones.
        ("div", []) => over!(ty, T in [u16, u32, u64, i16, i32, i64], |x, y| {
            if y == 0 { !0 as T } else { x.wrapping_div(y) }
        }),
        ("rem", []) => over!(ty, T in [u16, u32, u64, i16, i32, i64], |x, y| {
            if y == 0 { x } else { x.wrapping_rem(y) }
        }),
        ("min", []) => over!(ty, T in [u16, u32, u64, i16, i32, i64], |x, y| x.min(y)),
        ("max", []) => over!(ty, T in [u16, u32, u64, i16, i32, i64], |x, y| x.max(y)),
        ("and", []) => over!(ty, T in [bool, u16, u32, u64], |x, y| x & y),
        ("or", []) => over!(ty, T in [bool, u16, u32, u64], |x, y| x | y),
        ("xor", []) => over!(ty, T in [bool, u16, u32, u64], |x, y| x ^ y),
        // Shifts by as many bits as there are, or more, leave nothing but the sign.
        ("shl", []) => match ty.bits {
            16 => Some(|x, n| u16::of(x).checked_shl(n as u32).unwrap_or(0).word()),
            32 => Some(|x, n| u32::of(x).checked_shl(n as u32).unwrap_or(0).word()),
            64 => Some(|x, n| x.checked_shl(n as u32).unwrap_or(0)),
            _ => None,
        },
        ("shr", []) if ty.is_signed() => match ty.bits {
            16 => Some(|x, n| (i16::of(x) >> (n as u32).min(15)).word()),
            32 => Some(|x, n| (i32::of(x) >> (n as u32).min(31)).word()),
            64 => Some(|x, n| (i64::of(x) >> (n as u32).min(63)).word()),
            _ => None,
        },
        ("shr", []) => match ty.bits {
            16 => Some(|x, n| u16::of(x).checked_shr(n as u32).unwrap_or(0).word()),
            32 => Some(|x, n| u32::of(x).checked_shr(n as u32).unwrap_or(0).word()),
            64 => Some(|x, n| x.checked_shr(n as u32).unwrap_or(0)),
            _ => None,
        },
        _ => None,
    }
}

fn binary_float(name: &str, modifiers: &[&str], ty: Ty) -> Option<Binary> {
    use Direction::{Down, Up, Zero};
    // As products with one, or with nothing added to them: negative, since that leaves the sign of a zero.
    match (name, modifiers) {
        ("add", ["rz"]) => over!(ty, T in [f32], |x, y| fused_directed(x, 1.0, y, Zero)),
        ("add", ["rm"]) => over!(ty, T in [f32], |x, y| fused_directed(x, 1.0, y, Down)),
        ("add", ["rp"]) => over!(ty, T in [f32], |x, y| fused_directed(x, 1.0, y, Up)),
        ("sub", ["rz"]) => over!(ty, T in [f32], |x, y| fused_directed(x, 1.0, -y, Zero)),
        ("sub", ["rm"]) => over!(ty, T in [f32], |x, y| fused_directed(x, 1.0, -y, Down)),
        ("sub", ["rp"]) => over!(ty, T in [f32], |x, y| fused_directed(x, 1.0, -y, Up)),
        ("mul", ["rz"]) => over!(ty, T in [f32], |x, y| fused_directed(x, y, -0.0, Zero)),
        ("mul", ["rm"]) => over!(ty, T in [f32], |x, y| fused_directed(x, y, -0.0, Down)),
        ("mul", ["rp"]) => over!(ty, T in [f32], |x, y| fused_directed(x, y, -0.0, Up)),
        _ => {}
    }
    let known: &[&str] = match (name, ty.bits) {
        ("add" | "sub" | "mul", 32) => &["rn", "ftz"],
        ("div", 32) => &["rn", "full", "approx", "ftz"],
        ("min" | "max", 32) => &["ftz"],
        ("add" | "sub" | "mul" | "div", 64) => &["rn"],
        ("min" | "max" | "copysign", _) => &[],
        _ => return None,
    };
    if !one_of(modifiers, known) {
        return None;
    }
    match (name, ty.bits) {
        ("add", 32) => of_singles!(modifiers, |x, y| x + y),
        ("sub", 32) => of_singles!(modifiers, |x, y| x - y),
        ("mul", 32) => of_singles!(modifiers, |x, y| x * y),
        ("div", 32) => of_singles!(modifiers, |x, y| x / y),
        ("min", 32) => of_singles!(modifiers, |x, y| smaller(x, y, x.is_sign_negative())),
        ("max", 32) => of_singles!(modifiers, |x, y| larger(x, y, x.is_sign_negative())),
        ("add", _) => over!(ty, T in [f64], |x, y| x + y),
        ("sub", _) => over!(ty, T in [f64], |x, y| x - y),
        ("mul", _) => over!(ty, T in [f64], |x, y| x * y),
        ("div", _) => over!(ty, T in [f64], |x, y| x / y),
        ("min", _) => over!(ty, T in [f64], |x, y| smaller(x, y, x.is_sign_negative())),
        ("max", _) => over!(ty, T in [f64], |x, y| larger(x, y, x.is_sign_negative())),
        // The sign of the first, and all else of the second.
        ("copysign", 32) => Some(|x, y| (y & 0x7fff_ffff) | (x & 0x8000_0000)),
        ("copysign", _) => Some(|x, y| (y & !(1 << 63)) | (x & (1 << 63))),
        _ => None,
    }
}

/// Whether a comparison (`lt`, `geu`, ...) holds, as 0 or 1.
pub fn comparison(name: &str, ty: Ty) -> Option<Binary> {
    macro_rules! all {
        (|$x:ident, $y:ident| $body:expr) => {
            over!(ty, T in [u16, u32, u64, i16, i32, i64, f32, f64], |$x, $y| $body)
        };
    }
    macro_rules! floats {
        (|$x:ident, $y:ident| $body:expr) => {
            over!(ty, T in [f32, f64], |$x, $y| $body)
        };
    }
    macro_rules! unsigned {
        (|$x:ident, $y:ident| $body:expr) => {
            over!(ty, T in [u16, u32, u64], |$x, $y| $body)
        };
    }
    match name {
        "eq" => all!(|x, y| x == y),
        // Of numbers: with a NaN, only the comparisons that end in u hold.
        "ne" if ty.is_float() => floats!(|x, y| x != y && !x.is_nan() && !y.is_nan()),
        "ne" => all!(|x, y| x != y),
        "lt" => all!(|x, y| x < y),
        "le" => all!(|x, y| x <= y),
        "gt" => all!(|x, y| x > y),
        "ge" => all!(|x, y| x >= y),
        "equ" => floats!(|x, y| x == y || x.is_nan() || y.is_nan()),
        "neu" => floats!(|x, y| x != y),
        "ltu" => floats!(|x, y| x < y || x.is_nan() || y.is_nan()),
        "leu" => floats!(|x, y| x <= y || x.is_nan() || y.is_nan()),
        "gtu" => floats!(|x, y| x > y || x.is_nan() || y.is_nan()),
        "geu" => floats!(|x, y| x >= y || x.is_nan() || y.is_nan()),
        "num" => floats!(|x, y| !x.is_nan() && !y.is_nan()),
        "nan" => floats!(|x, y| x.is_nan() || y.is_nan()),
        "lo" => unsigned!(|x, y| x < y),
        "ls" => unsigned!(|x, y| x <= y),
        "hi" => unsigned!(|x, y| x > y),
        "hs" => unsigned!(|x, y| x >= y),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Zero,
    Down,
    Up,
}

/// `x y + z`, exactly, rounded in a direction.
fn fused_directed(x: f32, y: f32, z: f32, direction: Direction) -> f32 {
    // The product is exact, and so are the sum and its error together.
    let (product, z) = (f64::from(x) * f64::from(y), f64::from(z));
    let sum = product + z;
    let virtual_z = sum - product;
    let error = (product - (sum - virtual_z)) + (z - virtual_z);
    let nearest = sum as f32;
    if !nearest.is_finite() || !error.is_finite() {
        return nearest;
    }
    let wide = f64::from(nearest);
    let is_above = wide > sum || (wide == sum && error < 0.0);
    let is_below = wide < sum || (wide == sum && error > 0.0);
    let down = match direction {
        Direction::Zero => nearest > 0.0,
        Direction::Down => true,
        Direction::Up => false,
    };
    match down {
        true if is_above => nearest.next_down(),
        false if is_below => nearest.next_up(),
        _ => nearest,
    }
}

/// The function of an instruction with three operands.
pub fn ternary(name: &str, modifiers: &[&str], ty: Ty) -> Option<Ternary> {
    match (name, modifiers) {
        ("fma", ["rn"]) => over!(ty, T in [f32, f64], |x, y, z| x.mul_add(y, z)),
        ("fma", ["rn", "ftz"]) => over!(ty, T in [f32], |x, y, z| {
            flushed(flushed(x).mul_add(flushed(y), flushed(z)))
        }),
        ("fma", ["rm"]) => over!(ty, T in [f32], |x, y, z| fused_directed(x, y, z, Direction::Down)),
        ("fma", ["rp"]) => over!(ty, T in [f32], |x, y, z| fused_directed(x, y, z, Direction::Up)),
        ("fma", ["rz"]) => over!(ty, T in [f32], |x, y, z| fused_directed(x, y, z, Direction::Zero)),
        ("mad", ["lo"]) => over!(ty, T in [u16, u32, u64, i16, i32, i64], |x, y, z| {
            x.wrapping_mul(y).wrapping_add(z)
        }),
        ("mad", ["hi"]) => over!(ty, T in [u16, u32, u64, i16, i32, i64], |x, y, z| {
            (((x as i128).wrapping_mul(y as i128) >> T::BITS) as T).wrapping_add(z)
        }),
        ("mad", ["wide"]) => match (ty.is_signed(), ty.bits) {
            (false, 16) => Some(|x, y, z| {
                (u32::from(u16::of(x)) * u32::from(u16::of(y)))
                    .wrapping_add(u32::of(z))
                    .word()
            }),
            (true, 16) => Some(|x, y, z| {
                (i32::from(i16::of(x)) * i32::from(i16::of(y)))
                    .wrapping_add(i32::of(z))
                    .word()
            }),
            (false, 32) => Some(|x, y, z| (u64::from(u32::of(x)) * u64::from(u32::of(y))).wrapping_add(z)),
            (true, 32) => Some(|x, y, z| {
                (i64::from(i32::of(x)) * i64::from(i32::of(y)))
                    .wrapping_add(i64::of(z))
                    .word()
            }),
            _ => None,
        },
        ("selp", []) => Some(|x, y, z| if z != 0 { x } else { y }),
        ("sad", []) => over!(ty, T in [u16, u32, u64], |x, y, z| x.abs_diff(y).wrapping_add(z)),
        ("bfe", []) => match (ty.is_signed(), ty.bits) {
            (false, 32) => Some(|x, at, n| extract(u32::of(x).into(), at, n, false)),
            (false, 64) => Some(|x, at, n| extract(x.into(), at, n, false)),
            (true, 32) => Some(|x, at, n| u32::of(extract(i32::of(x).into(), at, n, true)).word()),
            (true, 64) => Some(|x, at, n| extract(i64::of(x).into(), at, n, true)),
            _ => None,
        },
        // Both words make one of 64 bits, of which one is taken.
        ("shf", ["l", "wrap"]) if ty.bits == 32 => Some(|low, high, n| ((high << 32 | low) << (n & 31)) >> 32),
        ("shf", ["l", "clamp"]) if ty.bits == 32 => {
            Some(|low, high, n| (u128::from(high << 32 | low) << n.min(32) >> 32) as u32 as u64)
        }
        ("shf", ["r", "wrap"]) if ty.bits == 32 => Some(|low, high, n| (high << 32 | low) >> (n & 31) & 0xffff_ffff),
        ("shf", ["r", "clamp"]) if ty.bits == 32 => Some(|low, high, n| (high << 32 | low) >> n.min(32) & 0xffff_ffff),
        ("prmt", []) if ty.bits == 32 => Some(|low, high, selection| {
            let bytes = (high << 32 | low).to_le_bytes();
            let pick = |i: u32| {
                let selector = (selection >> (4 * i)) as usize & 0xf;
                let byte = bytes[selector & 7];
                let byte = if selector & 8 == 0 {
                    byte
                } else {
                    ((byte as i8) >> 7) as u8
                };
                u64::from(byte) << (8 * i)
            };
            (0..4).map(pick).sum()
        }),
        _ => None,
    }
}

/// `n` bits from bit `at` on, with copies of the last of them (or of the highest bit there is) above if `signed`.
fn extract(x: i128, at: u64, n: u64, signed: bool) -> u64 {
    let (at, n) = (at & 0xff, n & 0xff);
    match n {
        0 => 0,
        _ if n >= 64 => (x >> at.min(127)) as u64,
        _ => {
            let bits = (x >> at.min(127)) as u64 & (u64::MAX >> (64 - n));
            match signed {
                true => ((bits << (64 - n)) as i64 >> (64 - n)) as u64,
                false => bits,
            }
        }
    }
}

/// The function of an instruction with four operands.
pub fn quaternary(name: &str, ty: Ty) -> Option<Quaternary> {
    match (name, ty.bits) {
        ("bfi", 32) => Some(|from, into, at, n| u32::of(insert(from, into, at, n, 32)).word()),
        ("bfi", 64) => Some(|from, into, at, n| insert(from, into, at, n, 64)),
        ("lop3", 32) => Some(|x, y, z, table| {
            (0..32)
                .map(|bit| {
                    let index = (x >> bit & 1) << 2 | (y >> bit & 1) << 1 | (z >> bit & 1);
                    (table >> index & 1) << bit
                })
                .sum()
        }),
        _ => None,
    }
}

/// `into` with its `n` bits from bit `at` on replaced by the lowest of `from`.
fn insert(from: u64, into: u64, at: u64, n: u64, bits: u64) -> u64 {
    let (at, n) = (at & 0xff, n & 0xff);
    if n == 0 || at >= bits {
        return into;
    }
    let mask = (u64::MAX >> (64 - n.min(64))) << at;
    (into & !mask) | (from << at & mask)
}

/// What an atomic operation leaves in memory: from what is there, and its operands.
pub fn atomic(name: &str, ty: Ty) -> Option<Ternary> {
    match name {
        "add" => over!(ty, T in [u32, u64, i32, i64, f32, f64], |old, x, _y| Add::plus(old, x)),
        "min" => over!(ty, T in [u32, u64, i32, i64], |old, x, _y| old.min(x)),
        "max" => over!(ty, T in [u32, u64, i32, i64], |old, x, _y| old.max(x)),
        "and" => over!(ty, T in [u32, u64], |old, x, _y| old & x),
        "or" => over!(ty, T in [u32, u64], |old, x, _y| old | x),
        "xor" => over!(ty, T in [u32, u64], |old, x, _y| old ^ x),
        "exch" => over!(ty, T in [u32, u64], |_old, x, _y| x),
        "cas" => over!(ty, T in [u16, u32, u64], |old, x, y| if old == x { y } else { old }),
        "inc" => over!(ty, T in [u32], |old, x, _y| if old >= x { 0 } else { old + 1 }),
        "dec" => over!(ty, T in [u32], |old, x, _y| if old == 0 || old > x { x } else { old - 1 }),
        _ => None,
    }
}

trait Add {
    fn plus(self, other: Self) -> Self;
}

macro_rules! add {
    ($($integer:ty),*) => {$(
        impl Add for $integer {
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
        }
    )*};
}
add!(u32, u64, i32, i64);

impl Add for f32 {
    /// Atomic additions of singles in global memory flush subnormal numbers.
    fn plus(self, other: Self) -> Self {
        flushed(flushed(self) + flushed(other))
    }
}

impl Add for f64 {
    fn plus(self, other: Self) -> Self {
        self + other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(text: &str) -> Ty {
        Ty::parse(text).unwrap()
    }

    fn single(x: f32) -> u64 {
        x.to_bits().into()
    }

    #[test]
    fn whole_numbers_wrap_at_their_width() {
        let add = binary("add", &[], ty("s32")).unwrap();
        assert_eq!(add(0xffff_ffff, 1), 0);
        let mul = binary("mul", &["lo"], ty("s16")).unwrap();
        assert_eq!(mul(0xffff, 3), 0xfffd);
        let wide = binary("mul", &["wide"], ty("s32")).unwrap();
        assert_eq!(wide(0xffff_ffff, 3) as i64, -3);
        let high = binary("mul", &["hi"], ty("u32")).unwrap();
        assert_eq!(high(0xffff_ffff, 0xffff_ffff), 0xffff_fffe);
        let high = binary("mul", &["hi"], ty("u64")).unwrap();
        assert_eq!(high(u64::MAX, u64::MAX), u64::MAX - 1);
        let high = binary("mul", &["hi"], ty("s64")).unwrap();
        assert_eq!(high(u64::MAX, 7) as i64, -1);
        let divide = binary("div", &[], ty("s32")).unwrap();
        assert_eq!(divide((-7_i32).word(), 2) as u32 as i32, -3);
        let remainder = binary("rem", &[], ty("s32")).unwrap();
        assert_eq!(remainder((-7_i32).word(), 2) as u32 as i32, -1);
        let shift = binary("shr", &[], ty("s32")).unwrap();
        assert_eq!(shift((-8_i32).word(), 40) as u32 as i32, -1);
        assert_eq!(binary("shl", &[], ty("b32")).unwrap()(1, 32), 0);
        assert_eq!(ternary("mad", &["lo"], ty("u32")).unwrap()(0x1_0000, 0x1_0000, 5), 5);
        assert_eq!(unary("clz", &[], ty("b64")).unwrap()(1), 63);
    }

    #[test]
    fn numbers_round_to_nearest_and_have_one_nan() {
        let add = binary("add", &[], ty("f32")).unwrap();
        assert_eq!(add(single(1.5), single(2.25)), single(3.75));
        assert_eq!(add(single(f32::INFINITY), single(f32::NEG_INFINITY)), 0x7fff_ffff);
        let fma = ternary("fma", &["rn"], ty("f32")).unwrap();
        let (x, y) = (1.0 + f32::EPSILON, 1.0 - f32::EPSILON);
        // 1 - eps^2, less 1: lost if the product were rounded by itself.
        assert_eq!(
            fma(single(x), single(y), single(-1.0)),
            single(-f32::EPSILON * f32::EPSILON)
        );
        let min = binary("min", &[], ty("f32")).unwrap();
        assert_eq!(min(single(f32::NAN), single(3.0)), single(3.0));
        assert_eq!(min(single(0.0), single(-0.0)), single(-0.0));
        let max = binary("max", &[], ty("f64")).unwrap();
        assert_eq!(max((-0.0_f64).to_bits(), 0), 0);
        assert_eq!(max(1.0_f64.to_bits(), f64::NAN.to_bits()), 1.0_f64.to_bits());
        let copysign = binary("copysign", &[], ty("f32")).unwrap();
        assert_eq!(copysign(single(-1.0), single(3.0)), single(-3.0));
    }

    #[test]
    fn small_numbers_are_flushed_only_where_asked_for() {
        let small = single(f32::MIN_POSITIVE / 2.0);
        assert_eq!(binary("add", &[], ty("f32")).unwrap()(small, 0), small);
        assert_eq!(binary("add", &["ftz"], ty("f32")).unwrap()(small, 0), 0);
        assert_eq!(unary("neg", &["ftz"], ty("f32")).unwrap()(small), single(-0.0));
        assert_eq!(unary("ex2", &["approx", "ftz"], ty("f32")).unwrap()(single(-130.0)), 0);
        assert_eq!(unary("ex2", &["approx"], ty("f32")).unwrap()(single(3.0)), single(8.0));
    }

    /// 1 + 2^-24 lies between 1 and the next single, 1 + 2^-23, and the nearer of the two by the rule of ties is 1.
    #[test]
    fn directed_rounding() {
        let apply = |modifier, z: f32, tiny: f32| {
            let f = ternary("fma", &[modifier], ty("f32")).unwrap();
            f32::of(f(single(tiny), single(1.0), single(z)))
        };
        let half = f32::EPSILON / 2.0;
        assert_eq!(apply("rm", 1.0, half), 1.0);
        assert_eq!(apply("rp", 1.0, half), 1.0 + f32::EPSILON);
        assert_eq!(apply("rm", -1.0, -half), -1.0 - f32::EPSILON);
        assert_eq!(apply("rz", -1.0, -half), -1.0);
        // Far below what the sum in double precision holds.
        assert_eq!(apply("rm", 1.0, -1e-30), 1.0_f32.next_down());
        assert_eq!(apply("rp", 1.0, 1e-30), 1.0_f32.next_up());
        assert_eq!(apply("rm", 1.0, 1e-30), 1.0);
        let apply = |name, modifier, x: f32, y: f32| {
            let f = binary(name, &[modifier], ty("f32")).unwrap();
            f32::of(f(single(x), single(y)))
        };
        assert_eq!(apply("add", "rz", 1.0, -1e-30), 1.0_f32.next_down());
        assert_eq!(apply("sub", "rp", 1.0, -1e-30), 1.0_f32.next_up());
        // (1 + eps)^2 = 1 + 2 eps + eps^2.
        let x = 1.0 + f32::EPSILON;
        assert_eq!(apply("mul", "rz", x, x), 1.0 + 2.0 * f32::EPSILON);
        assert_eq!(apply("mul", "rp", x, x), 1.0 + 3.0 * f32::EPSILON);
        assert!(apply("mul", "rz", -0.0, 1.0).is_sign_negative());
    }

    #[test]
    fn comparisons_with_nan() {
        let nan = single(f32::NAN);
        let holds = |name| comparison(name, ty("f32")).unwrap()(nan, single(1.0)) == 1;
        for name in ["eq", "ne", "lt", "le", "gt", "ge", "num"] {
            assert!(!holds(name), "{name}");
        }
        for name in ["equ", "neu", "ltu", "leu", "gtu", "geu", "nan"] {
            assert!(holds(name), "{name}");
        }
        assert_eq!(comparison("lt", ty("s32")).unwrap()(0xffff_ffff, 0), 1);
        assert_eq!(comparison("lt", ty("u32")).unwrap()(0xffff_ffff, 0), 0);
        assert!(comparison("ltu", ty("u32")).is_none());
    }

    #[test]
    fn bits_are_moved() {
        let insert = quaternary("bfi", ty("b64")).unwrap();
        assert_eq!(insert(0xabcd, 0x1111_1111, 8, 8), 0x1111_cd11);
        assert_eq!(insert(1, 0, 63, 1), 1 << 63);
        let extract = ternary("bfe", &[], ty("s32")).unwrap();
        assert_eq!(extract(0x0000_0f00, 8, 4), 0xffff_ffff);
        assert_eq!(ternary("bfe", &[], ty("u32")).unwrap()(0x0000_0f00, 8, 4), 0xf);
        let funnel = ternary("shf", &["l", "wrap"], ty("b32")).unwrap();
        assert_eq!(funnel(0x8000_0000, 0x1, 1), 0x3);
        let rotate = ternary("shf", &["r", "wrap"], ty("b32")).unwrap();
        assert_eq!(rotate(0x1, 0x1, 1), 0x8000_0000);
        let permute = ternary("prmt", &[], ty("b32")).unwrap();
        assert_eq!(permute(0x3322_1100, 0x7766_5544, 0x7531), 0x7755_3311);
        // (x & y) | !z has the truth table 11010101.
        let lop3 = quaternary("lop3", ty("b32")).unwrap();
        let (x, y, z) = (0xff00_ff00, 0x0ff0_0ff0, 0xcccc_cccc_u64);
        assert_eq!(lop3(x, y, z, 0xd5), (x & y | !z) & 0xffff_ffff);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(unary("neg", &[], Ty::PREDICATE).is_none());
        assert!(binary("add", &["sat"], ty("s32")).is_none());
        assert!(binary("add", &["rz"], ty("f64")).is_none());
        assert!(ternary("fma", &["rm"], ty("f64")).is_none());
    }
}
