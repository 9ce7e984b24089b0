//! The operations of instructions: one table, with a row for each instruction and the types that it supports.
//!
//! Results of `.approx` are those of the correctly rounded or the C library's function, so they are closer than a GPU's.

use super::ty::{Class, Ftz, Gross, Ty, Word};

const INFINITY: f32 = f32::INFINITY;

/// The number of a register in a function.
pub type Register = u32;

/// A function of up to four registers, given by their numbers.
pub type Function = fn(registers: &[u64], operands: &[Register; 4]) -> u64;

/// The function that an instruction computes, and the types of its operands.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    pub operands: &'static [Ty],
    pub function: Function,
}

/// An instruction's name and types: `fma.rn.ftz.f32` is `fma.rn` on the type [`Ftz`].
pub fn split(mnemonic: &str) -> (String, Vec<Ty>) {
    let mut parts: Vec<&str> = mnemonic.split('.').collect();
    let last = parts.iter().rposition(|part| Ty::parse(part).is_none());
    let first = last.map_or(0, |last| last + 1);
    let mut types: Vec<Ty> = parts.drain(first..).filter_map(Ty::parse).collect();
    // The last type is that of the operands.
    let flushes = parts.contains(&"ftz");
    if let Some(ty) = types.last_mut().filter(|ty| flushes && ty.class == Class::Float) {
        ty.class = Class::Flushed;
        parts.retain(|part| *part != "ftz");
    }
    (parts.join("."), types)
}

/// Looks up the operation of an instruction that computes one value from one to four.
pub fn compute(name: &str, types: &[Ty]) -> Option<Operation> {
    match (name, types) {
        (name, [to, from]) => conversion(name, *to, *from).or_else(|| operation(name, *to).filter(|_| to == from)),
        // Selects bits, whatever their type.
        ("selp", [ty]) => operation("selp", Ty::new(Class::Unsigned, ty.bits)),
        (name, [ty]) => operation(name, *ty),
        _ => None,
    }
}

/// Calls a function with values that are not in registers.
pub fn apply(function: Function, values: [u64; 4]) -> u64 {
    function(&values, &[0, 1, 2, 3])
}

/// The second type if there is one, else the first.
macro_rules! or {
    ($default:ty) => {
        $default
    };
    ($default:ty, $given:ty) => {
        $given
    };
}

/// An [`Operation`] on one type, `T`: operands and result have it where they name no other.
macro_rules! typed {
    ($T:ty, ($($operand:ident $(: $O:ident)?),+ $(-> $R:ty)?), $body:expr) => {{
        #[allow(dead_code)]
        type T = $T;
        #[allow(clippy::unnecessary_cast)]
        fn function(registers: &[u64], operands: &[Register; 4]) -> u64 {
            let [$($operand,)+ ..] = *operands;
            $(let $operand = <or!($T $(, $O)?) as Word>::of(registers[$operand as usize]);)+
            <or!($T $(, $R)?) as Word>::bits($body)
        }
        Operation { operands: &[$(<or!($T $(, $O)?) as Word>::TY),+], function }
    }};
}

/// The table: names without type and `.ftz`, the types, and the function.
macro_rules! operations {
    ($($($name:literal)|+ [$($T:ty),+] $signature:tt => $body:expr;)+) => {
        /// Looks up an operation by its name, with all modifiers but `.ftz`, and by its type.
        // "Less or unordered" is what `!(x >= y)` says.
        #[allow(clippy::neg_cmp_op_on_partial_ord)]
        pub fn operation(name: &str, ty: Ty) -> Option<Operation> {
            $(if matches!(name, $($name)|+) {
                $(if ty == <$T as Word>::TY {
                    return Some(typed!($T, $signature, $body));
                })+
            })+
            None
        }
    };
}

operations! {
    "mov" [u64] (x) => x;
    // Joins parts into one value, the first lowest.
    "pack" [u8, u16, u32, u64] (a: u64, b: u64, c: u64, d: u64 -> u64) =>
        a | b.unbounded_shl(T::BITS) | c.unbounded_shl(2 * T::BITS) | d.unbounded_shl(3 * T::BITS);

    // Whole numbers wrap around.
    "add" [u16, u32, u64, i16, i32, i64] (x, y) => x.wrapping_add(y);
    "sub" [u16, u32, u64, i16, i32, i64] (x, y) => x.wrapping_sub(y);
    "mul.lo" [u16, u32, u64, i16, i32, i64] (x, y) => x.wrapping_mul(y);
    "mul.hi" [u16, u32, u64, i16, i32, i64] (x, y) => ((x as i128).wrapping_mul(y as i128) >> T::BITS) as T;
    "mul.wide" [u16] (x, y -> u32) => u32::from(x) * u32::from(y);
    "mul.wide" [u32] (x, y -> u64) => u64::from(x) * u64::from(y);
    "mul.wide" [i16] (x, y -> i32) => i32::from(x) * i32::from(y);
    "mul.wide" [i32] (x, y -> i64) => i64::from(x) * i64::from(y);
    "mad.lo" [u16, u32, u64, i16, i32, i64] (x, y, z) => x.wrapping_mul(y).wrapping_add(z);
    "mad.hi" [u16, u32, u64, i16, i32, i64] (x, y, z) =>
        (((x as i128).wrapping_mul(y as i128) >> T::BITS) as T).wrapping_add(z);
    "mad.wide" [u16] (x, y, z: u32 -> u32) => (u32::from(x) * u32::from(y)).wrapping_add(z);
    "mad.wide" [u32] (x, y, z: u64 -> u64) => (u64::from(x) * u64::from(y)).wrapping_add(z);
    "mad.wide" [i16] (x, y, z: i32 -> i32) => (i32::from(x) * i32::from(y)).wrapping_add(z);
    "mad.wide" [i32] (x, y, z: i64 -> i64) => (i64::from(x) * i64::from(y)).wrapping_add(z);
    // PTX leaves division by zero undefined, and GPUs return all ones.
    "div" [u16, u32, u64, i16, i32, i64] (x, y) => if y == 0 { !0 as T } else { x.wrapping_div(y) };
    "rem" [u16, u32, u64, i16, i32, i64] (x, y) => if y == 0 { x } else { x.wrapping_rem(y) };
    "min" | "atom.min" [u16, u32, u64, i16, i32, i64] (x, y) => x.min(y);
    "max" | "atom.max" [u16, u32, u64, i16, i32, i64] (x, y) => x.max(y);
    "neg" [i16, i32, i64] (x) => x.wrapping_neg();
    "abs" [i16, i32, i64] (x) => x.wrapping_abs();
    // With the carry or borrow that another instruction left.
    "addc" [u32, u64, i32, i64] (x, y, c: bool) => x.wrapping_add(y).wrapping_add(c as T);
    "subc" [u32, u64, i32, i64] (x, y, c: bool) => x.wrapping_sub(y).wrapping_sub(c as T);
    "madc.lo" [u32, u64, i32, i64] (x, y, z, c: bool) => x.wrapping_mul(y).wrapping_add(z).wrapping_add(c as T);
    "madc.hi" [u32, u64] (x, y, z, c: bool) => x.carrying_mul(y, 0).1.wrapping_add(z).wrapping_add(c as T);
    // The carry or borrow that an instruction leaves for another.
    "add.cc" [u32, u64, i32, i64] (x, y -> bool) => carries::<T>(x, y, false);
    "addc.cc" [u32, u64, i32, i64] (x, y, c: bool -> bool) => carries::<T>(x, y, c);
    "sub.cc" [u32, u64, i32, i64] (x, y -> bool) => T::bits(x) < T::bits(y);
    "subc.cc" [u32, u64, i32, i64] (x, y, c: bool -> bool) => T::bits(x) < T::bits(y) || (c && x == y);
    "mad.lo.cc" [u32, u64, i32, i64] (x, y, z -> bool) => carries::<T>(x.wrapping_mul(y), z, false);
    "madc.lo.cc" [u32, u64, i32, i64] (x, y, z, c: bool -> bool) => carries::<T>(x.wrapping_mul(y), z, c);
    "mad.hi.cc" [u32, u64] (x, y, z -> bool) => carries::<T>(x.carrying_mul(y, 0).1, z, false);
    "madc.hi.cc" [u32, u64] (x, y, z, c: bool -> bool) => carries::<T>(x.carrying_mul(y, 0).1, z, c);

    // Bits.
    "and" | "atom.and" [bool, u16, u32, u64] (x, y) => x & y;
    "or" | "atom.or" [bool, u16, u32, u64] (x, y) => x | y;
    "xor" | "atom.xor" [bool, u16, u32, u64] (x, y) => x ^ y;
    "not" [bool, u16, u32, u64] (x) => !x;
    "popc" [u32, u64] (x -> u32) => x.count_ones();
    "clz" [u32, u64] (x -> u32) => x.leading_zeros();
    // Shifts by the width of the type or more leave nothing but the sign.
    "shl" [u16, u32, u64] (x, n: u32) => x.unbounded_shl(n);
    "shr" [u16, u32, u64, i16, i32, i64] (x, n: u32) => x.unbounded_shr(n);
    "shf.l.wrap" [u32] (low, high, n) => (joined(low, high) << (n & 31) >> 32) as u32;
    "shf.l.clamp" [u32] (low, high, n) => (joined(low, high) << n.min(32) >> 32) as u32;
    "shf.r.wrap" [u32] (low, high, n) => (joined(low, high) >> (n & 31)) as u32;
    "shf.r.clamp" [u32] (low, high, n) => (joined(low, high) >> n.min(32)) as u32;
    "bfe" [u32, u64] (x, at: u8, n: u8) => window(x.into(), at).unbounded_shl(spare(n)).unbounded_shr(spare(n)) as T;
    "bfe" [i32, i64] (x, at: u8, n: u8) =>
        (window(x.into(), at) as i64).unbounded_shl(spare(n)).unbounded_shr(spare(n)) as T;
    "bfi" [u32, u64] (from, into, at: u8, n: u8) => {
        let mask = T::MAX.unbounded_shr(T::BITS.saturating_sub(n.into())).unbounded_shl(at.into());
        (into & !mask) | (from.unbounded_shl(at.into()) & mask)
    };
    "selp" [u8, u16, u32, u64] (x, y, p: bool) => if p { x } else { y };

    // Floats.
    "add" | "add.rn" [f32, Ftz, f64] (x, y) => x + y;
    "sub" | "sub.rn" [f32, Ftz, f64] (x, y) => x - y;
    "mul" | "mul.rn" [f32, Ftz, f64] (x, y) => x * y;
    "div" | "div.rn" [f32, Ftz, f64] (x, y) => x / y;
    "div.full" | "div.approx" [f32, Ftz] (x, y) => x / y;
    "fma.rn" [f32, Ftz, f64] (x, y, z) => x.mul_add(y, z);
    // A sum is a product with one.
    "add.rz" [f32] (x, y) => fused(x, 1.0, y, 0.0);
    "fma.rz" [f32] (x, y, z) => fused(x, y, z, 0.0);
    "fma.rm" [f32] (x, y, z) => fused(x, y, z, -INFINITY);
    "fma.rp" [f32] (x, y, z) => fused(x, y, z, INFINITY);
    // The result is NaN only if both are; zeros are ordered by sign.
    "min" [f32, Ftz, f64] (x, y) => if x < y || y.is_nan() || (x == y && x.is_sign_negative()) { x } else { y };
    "max" [f32, Ftz, f64] (x, y) => if x > y || y.is_nan() || (x == y && x.is_sign_positive()) { x } else { y };
    "neg" [f32, Ftz, f64] (x) => -x;
    "abs" [f32, Ftz, f64] (x) => x.abs();
    // The sign of the first and the magnitude of the second.
    "copysign" [f32] (x: u32, y: u32 -> u32) => (y & 0x7fff_ffff) | (x & 0x8000_0000);
    "copysign" [f64] (x: u64, y: u64 -> u64) => (y & !(1 << 63)) | (x & (1 << 63));
    "rcp" | "rcp.approx" [f32, Ftz] (x) => 1.0 / x;
    "rcp.rn" [f32, Ftz, f64] (x) => 1.0 / x;
    "rcp.approx" [Gross] (x) => 1.0 / x;
    "sqrt" | "sqrt.approx" [f32, Ftz] (x) => x.sqrt();
    "sqrt.rn" [f32, Ftz, f64] (x) => x.sqrt();
    "rsqrt" | "rsqrt.approx" [f32, Ftz] (x) => (1.0 / f64::from(x).sqrt()) as f32;
    "rsqrt.approx" [Gross] (x) => 1.0 / x.sqrt();
    "ex2" | "ex2.approx" [f32, Ftz] (x) => f64::from(x).exp2() as f32;
    "lg2" | "lg2.approx" [f32, Ftz] (x) => f64::from(x).log2() as f32;
    "sin" | "sin.approx" [f32, Ftz] (x) => f64::from(x).sin() as f32;
    "cos" | "cos.approx" [f32, Ftz] (x) => f64::from(x).cos() as f32;
    "tanh" | "tanh.approx" [f32, Ftz] (x) => f64::from(x).tanh() as f32;
    // Conversions within a type. Saturated, numbers lie between zero and one, and a NaN is zero, without a sign.
    "cvt.sat" [f32, f64] (x) => if x > 1.0 { 1.0 } else if x > 0.0 { x } else { 0.0 };
    "cvt.rni" [f32, f64] (x) => x.round_ties_even();
    "cvt.rzi" [f32, f64] (x) => x.trunc();
    "cvt.rmi" [f32, f64] (x) => x.floor();
    "cvt.rpi" [f32, f64] (x) => x.ceil();

    // Comparisons. With a NaN, only those that end in u hold.
    "setp.eq" [u16, u32, u64, i16, i32, i64, f32, Ftz, f64] (x, y -> bool) => x == y;
    "setp.ne" [u16, u32, u64, i16, i32, i64] (x, y -> bool) => x != y;
    "setp.ne" [f32, Ftz, f64] (x, y -> bool) => x != y && !x.is_nan() && !y.is_nan();
    "setp.lt" [u16, u32, u64, i16, i32, i64, f32, Ftz, f64] (x, y -> bool) => x < y;
    "setp.le" [u16, u32, u64, i16, i32, i64, f32, Ftz, f64] (x, y -> bool) => x <= y;
    "setp.gt" [u16, u32, u64, i16, i32, i64, f32, Ftz, f64] (x, y -> bool) => x > y;
    "setp.ge" [u16, u32, u64, i16, i32, i64, f32, Ftz, f64] (x, y -> bool) => x >= y;
    "setp.equ" [f32, Ftz, f64] (x, y -> bool) => x == y || x.is_nan() || y.is_nan();
    "setp.neu" [f32, Ftz, f64] (x, y -> bool) => x != y;
    "setp.ltu" [f32, Ftz, f64] (x, y -> bool) => !(x >= y);
    "setp.leu" [f32, Ftz, f64] (x, y -> bool) => !(x > y);
    "setp.gtu" [f32, Ftz, f64] (x, y -> bool) => !(x <= y);
    "setp.geu" [f32, Ftz, f64] (x, y -> bool) => !(x < y);
    "setp.num" [f32, Ftz, f64] (x, y -> bool) => !x.is_nan() && !y.is_nan();
    "setp.nan" [f32, Ftz, f64] (x, y -> bool) => x.is_nan() || y.is_nan();

    // The other atomic operations compute the new value in memory from the old one and their operands. Additions of singles
    // flush subnormal numbers.
    "atom.add" [u32, u64, i32, i64] (old, x) => old.wrapping_add(x);
    "atom.add" [f32] (old: Ftz, x: Ftz -> Ftz) => old + x;
    "atom.add" [f64] (old, x) => old + x;
    "atom.exch" [u32, u64] (_old, x) => x;
    "atom.cas" [u16, u32, u64] (old, x, y) => if old == x { y } else { old };
}

/// The table of conversions: names without types and `.ftz`, the types of the result and of the operand, and the function. `T`
/// is the type of the result.
macro_rules! conversions {
    ($($name:literal $results:tt <- [$($S:ident),+] ($x:ident) $body:expr;)+) => {
        pub fn conversion(name: &str, to: Ty, from: Ty) -> Option<Operation> {
            $(if name == $name {
                $(if from == <$S as Word>::TY {
                    conversions!(@from $S, to, $results, $x, $body);
                })+
            })+
            None
        }
    };
    (@from $S:ident, $to:ident, [$($T:ty),+], $x:ident, $body:expr) => {
        $(if $to == <$T as Word>::TY {
            return Some(typed!($T, ($x: $S), $body));
        })+
    };
}

/// A float with its fraction rounded away as a whole number: `as` clamps to what the type holds, as PTX does. NaN becomes zero
/// or, where 64 bits are involved, the highest bit alone.
macro_rules! whole {
    ($rounded:expr, $T:ty) => {
        match $rounded {
            x if !x.is_nan() => x as $T,
            x if size_of_val(&x) == 8 || size_of::<$T>() == 8 => <$T>::of(1 << (<$T>::BITS - 1)),
            _ => 0,
        }
    };
}

conversions! {
    "cvt" [u8, u16, u32, u64, i8, i16, i32, i64] <- [u8, u16, u32, u64, i8, i16, i32, i64] (x) x as T;
    "cvt.sat" [u8, u16, u32, u64, i8, i16, i32, i64] <- [u8, u16, u32, u64, i8, i16, i32, i64] (x)
        (x as i128).clamp(T::MIN as i128, T::MAX as i128) as T;
    "cvt.rn" [f32, f64] <- [u8, u16, u32, u64, i8, i16, i32, i64] (x) x as T;
    "cvt.rni" [u8, u16, u32, u64, i8, i16, i32, i64] <- [f32, Ftz, f64] (x) whole!(x.round_ties_even(), T);
    "cvt.rzi" [u8, u16, u32, u64, i8, i16, i32, i64] <- [f32, Ftz, f64] (x) whole!(x.trunc(), T);
    "cvt.rmi" [u8, u16, u32, u64, i8, i16, i32, i64] <- [f32, Ftz, f64] (x) whole!(x.floor(), T);
    "cvt.rpi" [u8, u16, u32, u64, i8, i16, i32, i64] <- [f32, Ftz, f64] (x) whole!(x.ceil(), T);
    "cvt" [f64] <- [f32, Ftz] (x) f64::from(x);
    "cvt.rn" [f32] <- [f64] (x) x as f32;
}

/// `x y + z`, exactly, rounded towards a number: zero, or one of the infinities.
fn fused(x: f32, y: f32, z: f32, towards: f32) -> f32 {
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
    match nearest > towards {
        true if is_above => nearest.next_down(),
        false if is_below => nearest.next_up(),
        _ => nearest,
    }
}

/// Whether a sum does not fit its type.
fn carries<T: Word<Value = T>>(x: T, y: T, carry: bool) -> bool {
    let sum = u128::from(T::bits(x)) + u128::from(T::bits(y)) + u128::from(carry);
    sum >> T::TY.bits > 0
}

fn joined(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// The 64 bits from bit `at` on.
fn window(x: i128, at: u8) -> u64 {
    (x >> at.min(127)) as u64
}

/// The number of bits that remain of 64 without `n`.
fn spare(n: u8) -> u32 {
    64_u32.saturating_sub(n.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f32 = f32::NAN;

    fn single(x: f32) -> u64 {
        x.to_bits().into()
    }

    fn check(cases: &[(&str, &[u64], u64)]) {
        for (mnemonic, operands, expected) in cases {
            let (name, types) = split(mnemonic);
            let operation = compute(&name, &types).expect(mnemonic);
            assert_eq!(operation.operands.len(), operands.len(), "{mnemonic}");
            let values = std::array::from_fn(|i| operands.get(i).copied().unwrap_or(0));
            assert_eq!(apply(operation.function, values), *expected, "{mnemonic} {operands:x?}");
        }
    }

    fn check_singles(cases: &[(&str, &[f32], f32)]) {
        for (mnemonic, operands, expected) in cases {
            let operands: Vec<u64> = operands.iter().copied().map(single).collect();
            check(&[(mnemonic, &operands, single(*expected))]);
        }
    }

    #[test]
    fn whole_numbers_and_bits() {
        check(&[
            ("add.s32", &[0xffff_ffff, 1], 0),
            ("mul.lo.s16", &[0xffff, 3], 0xfffd),
            ("mul.wide.s32", &[0xffff_ffff, 3], -3_i64 as u64),
            ("mul.hi.u32", &[0xffff_ffff, 0xffff_ffff], 0xffff_fffe),
            ("mul.hi.u64", &[u64::MAX, u64::MAX], u64::MAX - 1),
            ("mul.hi.s64", &[u64::MAX, 7], u64::MAX),
            ("div.s32", &[0xffff_fff9, 2], 0xffff_fffd),
            ("rem.s32", &[0xffff_fff9, 2], 0xffff_ffff),
            ("shr.s32", &[0xffff_fff8, 40], 0xffff_ffff),
            ("shl.b32", &[1, 32], 0),
            ("mad.lo.u32", &[0x1_0000, 0x1_0000, 5], 5),
            ("clz.b64", &[1], 63),
            ("bfi.b64", &[0xabcd, 0x1111_1111, 8, 8], 0x1111_cd11),
            ("bfi.b64", &[1, 0, 63, 1], 1 << 63),
            ("bfe.s32", &[0x0000_0f00, 8, 4], 0xffff_ffff),
            ("bfe.u32", &[0x0000_0f00, 8, 4], 0xf),
            ("shf.l.wrap.b32", &[0x8000_0000, 0x1, 1], 0x3),
            ("shf.r.wrap.b32", &[0x1, 0x1, 1], 0x8000_0000),
            ("setp.lt.s32", &[0xffff_ffff, 0], 1),
            ("setp.lt.u32", &[0xffff_ffff, 0], 0),
            ("and.pred", &[1, 0], 0),
            ("not.pred", &[0], 1),
            ("cvt.s64.s32", &[0xffff_fffe], u64::MAX - 1),
            ("cvt.u64.u32", &[0xffff_fffe], 0xffff_fffe),
            ("cvt.u32.u64", &[0x1_2345_6789], 0x2345_6789),
            ("cvt.sat.u8.s32", &[300], 255),
            ("cvt.sat.u8.s32", &[0xffff_ffff], 0),
        ]);
    }

    #[test]
    fn floats_round_to_nearest_and_have_one_nan() {
        // 1 - eps^2, less 1, would be lost if the product were rounded by itself.
        let (above, below) = (1.0 + f32::EPSILON, 1.0 - f32::EPSILON);
        let tiny = f32::MIN_POSITIVE / 2.0;
        check_singles(&[
            ("add.f32", &[1.5, 2.25], 3.75),
            ("fma.rn.f32", &[above, below, -1.0], -f32::EPSILON * f32::EPSILON),
            ("min.f32", &[NAN, 3.0], 3.0),
            ("min.f32", &[0.0, -0.0], -0.0),
            ("copysign.f32", &[-1.0, 3.0], -3.0),
            // Subnormal numbers are flushed only where asked for.
            ("add.f32", &[tiny, 0.0], tiny),
            ("add.ftz.f32", &[tiny, 0.0], 0.0),
            ("neg.ftz.f32", &[tiny], -0.0),
            ("ex2.approx.ftz.f32", &[-130.0], 0.0),
            ("ex2.approx.f32", &[3.0], 8.0),
            ("cvt.rmi.f32.f32", &[-0.5], -1.0),
            ("cvt.sat.f32.f32", &[NAN], 0.0),
            ("cvt.sat.f32.f32", &[1.5], 1.0),
        ]);
        check(&[
            ("add.f32", &[single(INFINITY), single(-INFINITY)], 0x7fff_ffff),
            ("max.f64", &[(-0.0_f64).to_bits(), 0], 0),
            ("max.f64", &[1.0_f64.to_bits(), f64::NAN.to_bits()], 1.0_f64.to_bits()),
        ]);
    }

    /// 1 + 2^-24 lies between 1 and the next single, 1 + 2^-23, and the nearer of the two by the rule of ties is 1.
    #[test]
    fn directed_rounding() {
        let (half, above) = (f32::EPSILON / 2.0, 1.0 + f32::EPSILON);
        check_singles(&[
            ("fma.rm.f32", &[half, 1.0, 1.0], 1.0),
            ("fma.rp.f32", &[half, 1.0, 1.0], above),
            ("fma.rm.f32", &[-half, 1.0, -1.0], -above),
            ("fma.rz.f32", &[-half, 1.0, -1.0], -1.0),
            // Far below what the sum in double precision holds.
            ("fma.rm.f32", &[-1e-30, 1.0, 1.0], 1.0_f32.next_down()),
            ("fma.rp.f32", &[1e-30, 1.0, 1.0], above),
            ("fma.rm.f32", &[1e-30, 1.0, 1.0], 1.0),
            ("add.rz.f32", &[1.0, -1e-30], 1.0_f32.next_down()),
        ]);
    }

    #[test]
    fn comparisons_with_nan() {
        let operands = [single(NAN), single(1.0)];
        for name in ["eq", "ne", "lt", "le", "gt", "ge", "num"] {
            check(&[(&format!("setp.{name}.f32"), &operands, 0)]);
        }
        for name in ["equ", "neu", "ltu", "leu", "gtu", "geu", "nan"] {
            check(&[(&format!("setp.{name}.f32"), &operands, 1)]);
        }
    }

    #[test]
    fn floats_become_whole_numbers_and_back() {
        check(&[
            ("cvt.rzi.s32.f32", &[single(-2.7)], 0xffff_fffe),
            ("cvt.rni.s32.f32", &[single(2.5)], 2),
            ("cvt.rni.s32.f32", &[single(3.5)], 4),
            ("cvt.rzi.u32.f32", &[single(-3.0)], 0),
            ("cvt.rzi.s32.f32", &[single(1e20)], 0x7fff_ffff),
            ("cvt.rzi.s32.f32", &[single(NAN)], 0),
            ("cvt.rzi.u64.f32", &[single(NAN)], 1 << 63),
            ("cvt.rn.f32.u64", &[1 << 40], single(1_099_511_627_776.0)),
            ("cvt.rn.f64.s32", &[0xffff_ffff], (-1.0_f64).to_bits()),
            ("cvt.rn.f32.f64", &[0.1_f64.to_bits()], single(0.1)),
        ]);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for unknown in ["neg.pred", "add.sat.s32", "add.rz.f64", "fma.rm.f64", "setp.ltu.u32", "add.ftz.s32", "add.f16"]
        {
            let (name, types) = split(unknown);
            assert!(compute(&name, &types).is_none(), "{unknown}");
        }
    }
}
