//! Conversions (`cvt`).

use super::arithmetic::Word;
use super::instruction::Unary;
use crate::ptx::ty::Ty;

/// The function of `cvt` with these modifiers: the type of the result first.
pub fn conversion(modifiers: &[&str], to: Ty, from: Ty) -> Option<Unary> {
    match (to.is_float(), from.is_float()) {
        (false, false) => whole_to_whole(modifiers, to, from),
        (true, false) => whole_to_float(modifiers, to, from),
        (false, true) => float_to_whole(modifiers, to, from),
        (true, true) => float_to_float(modifiers, to, from),
    }
}

/// A function for every pair of two lists of types.
macro_rules! pairs {
    ($to:expr, $from:expr, $outer:tt, $inner:tt, |$x:ident: $S:ident -> $T:ident| $body:expr) => {
        pairs!(@outer $to, $from, $outer, $inner, |$x: $S -> $T| $body)
    };
    (@outer $to:expr, $from:expr, [$($target:ty),*], $inner:tt, |$x:ident: $S:ident -> $T:ident| $body:expr) => {{
        $(
            if $to == <$target as Word>::TY {
                pairs!(@inner $from, $target, $inner, |$x: $S -> $T| $body);
            }
        )*
        None
    }};
    (@inner $from:expr, $target:ty, [$($source:ty),*], |$x:ident: $S:ident -> $T:ident| $body:expr) => {
        $(
            if $from == <$source as Word>::TY {
                #[allow(dead_code)]
                type $T = $target;
                #[allow(dead_code)]
                type $S = $source;
                #[allow(clippy::unnecessary_cast)]
                fn apply($x: u64) -> u64 {
                    let $x = <$source as Word>::of($x);
                    let converted: $target = $body;
                    converted.word()
                }
                return Some(apply);
            }
        )*
    };
}

fn whole_to_whole(modifiers: &[&str], to: Ty, from: Ty) -> Option<Unary> {
    match modifiers {
        [] => pairs!(to, from, [u8, u16, u32, u64, i8, i16, i32, i64], [u8, u16, u32, u64, i8, i16, i32, i64],
            |x: S -> T| x as T),
        ["sat"] => pairs!(to, from, [u8, u16, u32, u64, i8, i16, i32, i64], [u8, u16, u32, u64, i8, i16, i32, i64],
            |x: S -> T| (x as i128).clamp(T::MIN as i128, T::MAX as i128) as T),
        _ => None,
    }
}

fn whole_to_float(modifiers: &[&str], to: Ty, from: Ty) -> Option<Unary> {
    match modifiers {
        ["rn"] => pairs!(to, from, [f32, f64], [u8, u16, u32, u64, i8, i16, i32, i64], |x: S -> T| x as T),
        _ => None,
    }
}

/// What a NaN becomes: zero, or of double precision and for 64 bits the highest bit alone.
fn of_nan(to: Ty, from: Ty) -> u64 {
    if from.bits == 64 || to.bits == 64 {
        1 << (to.bits - 1)
    } else {
        0
    }
}

fn float_to_whole(modifiers: &[&str], to: Ty, from: Ty) -> Option<Unary> {
    // `as` clamps to what the type holds, as PTX does.
    macro_rules! rounded {
        (|$x:ident| $body:expr) => {
            pairs!(to, from, [u8, u16, u32, u64, i8, i16, i32, i64], [f32, f64], |$x: S -> T| {
                if $x.is_nan() {
                    T::of(of_nan(T::TY, S::TY))
                } else {
                    $body as T
                }
            })
        };
    }
    match modifiers {
        ["rni"] | ["rni", "ftz"] => rounded!(|x| x.round_ties_even()),
        ["rzi"] | ["rzi", "ftz"] => rounded!(|x| x.trunc()),
        ["rmi"] | ["rmi", "ftz"] => rounded!(|x| x.floor()),
        ["rpi"] | ["rpi", "ftz"] => rounded!(|x| x.ceil()),
        _ => None,
    }
}

/// Between zero and one; zero for a NaN, and without a sign.
fn within_one<T: PartialOrd>(x: T, zero: T, one: T) -> T {
    if x > one {
        one
    } else if x > zero {
        x
    } else {
        zero
    }
}

fn float_to_float(modifiers: &[&str], to: Ty, from: Ty) -> Option<Unary> {
    match (modifiers, to.bits, from.bits) {
        ([], 64, 32) => Some(|x| f64::from(f32::of(x)).word()),
        (["rn"], 32, 64) => Some(|x| (f64::of(x) as f32).word()),
        (["sat"], 32, 32) => Some(|x| within_one(f32::of(x), 0.0, 1.0).word()),
        (["sat"], 64, 64) => Some(|x| within_one(f64::of(x), 0.0, 1.0).word()),
        (["rni"], 32, 32) => Some(|x| f32::of(x).round_ties_even().word()),
        (["rni"], 64, 64) => Some(|x| f64::of(x).round_ties_even().word()),
        (["rzi"], 32, 32) => Some(|x| f32::of(x).trunc().word()),
        (["rzi"], 64, 64) => Some(|x| f64::of(x).trunc().word()),
        (["rmi"], 32, 32) => Some(|x| f32::of(x).floor().word()),
        (["rmi"], 64, 64) => Some(|x| f64::of(x).floor().word()),
        (["rpi"], 32, 32) => Some(|x| f32::of(x).ceil().word()),
        (["rpi"], 64, 64) => Some(|x| f64::of(x).ceil().word()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(modifiers: &[&str], to: &str, from: &str, x: u64) -> u64 {
        let parse = |text| Ty::parse(text).unwrap();
        conversion(modifiers, parse(to), parse(from)).unwrap()(x)
    }

    #[test]
    fn between_whole_numbers() {
        assert_eq!(convert(&[], "s64", "s32", 0xffff_fffe), u64::MAX - 1);
        assert_eq!(convert(&[], "u64", "u32", 0xffff_fffe), 0xffff_fffe);
        assert_eq!(convert(&[], "u32", "u64", 0x1_2345_6789), 0x2345_6789);
        assert_eq!(convert(&["sat"], "u8", "s32", 300), 255);
        assert_eq!(convert(&["sat"], "u8", "s32", 0xffff_ffff), 0);
    }

    #[test]
    fn from_and_to_numbers() {
        let single = |x: f32| u64::from(x.to_bits());
        assert_eq!(convert(&["rn"], "f32", "u64", 1 << 40), single(1_099_511_627_776.0));
        assert_eq!(convert(&["rn"], "f64", "s32", 0xffff_ffff), (-1.0_f64).to_bits());
        assert_eq!(convert(&["rzi"], "s32", "f32", single(-2.7)), 0xffff_fffe);
        assert_eq!(convert(&["rni"], "s32", "f32", single(2.5)), 2);
        assert_eq!(convert(&["rni"], "s32", "f32", single(3.5)), 4);
        assert_eq!(convert(&["rzi"], "u32", "f32", single(-3.0)), 0);
        assert_eq!(convert(&["rzi"], "s32", "f32", single(1e20)), 0x7fff_ffff);
        assert_eq!(convert(&["rzi"], "s32", "f32", single(f32::NAN)), 0);
        assert_eq!(convert(&["rzi"], "u64", "f32", single(f32::NAN)), 1 << 63);
        assert_eq!(convert(&["rmi"], "f32", "f32", single(-0.5)), single(-1.0));
        assert_eq!(convert(&["sat"], "f32", "f32", single(f32::NAN)), 0);
        assert_eq!(convert(&["sat"], "f32", "f32", single(1.5)), single(1.0));
        assert_eq!(convert(&["rn"], "f32", "f64", 0.1_f64.to_bits()), single(0.1));
    }
}
