//! From an instruction's name and operands to what is run.

use super::body::{Body, Symbol};
use super::module::Parameter;
use super::operand::Operand;
use super::ty::{Class, Ty};
use crate::machine::arithmetic::{atomic, binary, comparison, quaternary, ternary, unary};
use crate::machine::conversion;
use crate::machine::instruction::{
    Access, Atomic, Call, Carry, CarryKind, Comparison, Exchange, ExchangeKind, Op, Passed, Register, Space, ZERO,
};
use crate::memory::{LOCAL_WINDOW, SHARED_WINDOW};

/// The instruction of this name.
///
/// # Errors
/// Why it cannot be run.
pub fn instruction<'a>(body: &mut Body<'_, 'a>, mnemonic: &'a str, operands: &[Operand<'a>]) -> Result<Op, String> {
    let parts: Vec<&str> = mnemonic.split('.').collect();
    let (name, rest) = (parts[0], &parts[1..]);
    let typed = rest.len() - rest.iter().rev().take_while(|part| Ty::parse(part).is_some()).count();
    let (modifiers, types) = rest.split_at(typed);
    let types: Vec<Ty> = types.iter().filter_map(|text| Ty::parse(text)).collect();
    let decoder = Decoder {
        body,
        name,
        modifiers,
        types: &types,
        operands,
    };
    decoder.decode()
}

struct Decoder<'b, 'f, 'a, 'm> {
    body: &'b mut Body<'f, 'a>,
    name: &'m str,
    modifiers: &'m [&'m str],
    types: &'m [Ty],
    operands: &'m [Operand<'a>],
}

fn unknown<T>() -> Result<T, String> {
    Err("not known".into())
}

impl<'a> Decoder<'_, '_, 'a, '_> {
    fn decode(mut self) -> Result<Op, String> {
        match self.name {
            "mov" => self.copy(),
            "ld" | "ldu" => self.load(),
            "st" => self.store(),
            "cvta" => self.address(),
            "cvt" => self.convert(),
            "setp" => self.compare(),
            "add" | "sub" | "addc" | "subc" | "mad" | "madc" if self.has_carry() => self.carry(),
            "bra" => self.jump(),
            "call" => self.call(),
            "ret" => Ok(Op::Return),
            "exit" => Ok(Op::Exit),
            "trap" => Ok(Op::Trap),
            "bar" | "barrier" => self.barrier(),
            "shfl" | "vote" | "redux" => self.exchange(),
            "atom" | "red" => self.atomic(),
            // All that is written is seen at once.
            "membar" | "fence" | "prefetch" | "pragma" => Ok(Op::Nothing),
            _ => self.compute(),
        }
    }

    fn ty(&self) -> Result<Ty, String> {
        match self.types {
            [ty] => Ok(*ty),
            _ => unknown(),
        }
    }

    fn source(&mut self, index: usize, ty: Ty) -> Result<Register, String> {
        let operand = self.operands.get(index).ok_or("an operand is missing")?;
        self.body.source(operand, ty)
    }

    fn target(&mut self, index: usize) -> Result<Register, String> {
        let operand = self.operands.get(index).ok_or("an operand is missing")?;
        self.body.target(operand)
    }

    fn place(&mut self, index: usize) -> Result<crate::machine::instruction::Place, String> {
        let operand = self.operands.get(index).ok_or("an operand is missing")?;
        self.body.place(operand)
    }

    fn has_count(&self, count: usize) -> Result<(), String> {
        match self.operands.len() == count {
            true => Ok(()),
            false => Err(format!("{} operands where {count} are expected", self.operands.len())),
        }
    }

    /// Arithmetic: one result, one to four operands.
    fn compute(&mut self) -> Result<Op, String> {
        let (ty, d) = (self.ty()?, self.target(0)?);
        let count = self.operands.len() - 1;
        // Operands whose type is not the instruction's.
        let of = |index: usize| match (self.name, index) {
            ("shl" | "shr", 2) | ("bfe", 2 | 3) | ("bfi", 3 | 4) | ("shf", 3) | ("lop3", 4) => Ty::U32,
            ("selp", 3) => Ty::PREDICATE,
            ("mad", 3) if self.modifiers == ["wide"] => Ty::new(ty.class, 2 * ty.bits),
            _ => ty,
        };
        let types: Vec<Ty> = (1..=count).map(of).collect();
        let mut sources = Vec::with_capacity(count);
        for (index, ty) in types.into_iter().enumerate() {
            sources.push(self.source(index + 1, ty)?);
        }
        let op = match sources[..] {
            [a] => unary(self.name, self.modifiers, ty).map(|f| Op::Unary(f, d, a)),
            [a, b] => binary(self.name, self.modifiers, ty).map(|f| Op::Binary(f, d, [a, b])),
            [a, b, c] => ternary(self.name, self.modifiers, ty).map(|f| Op::Ternary(f, d, [a, b, c])),
            [a, b, c, e] => quaternary(self.name, ty).map(|f| Op::Quaternary(f, d, Box::new([a, b, c, e]))),
            _ => None,
        };
        op.map_or_else(unknown, Ok)
    }

    fn copy(&mut self) -> Result<Op, String> {
        self.has_count(2)?;
        let ty = self.ty()?;
        match (&self.operands[0], &self.operands[1]) {
            (d, Operand::List(parts)) => {
                let bits = ty.bits / parts.len() as u32;
                let part = Ty::new(Class::Unsigned, bits);
                let d = self.body.target(d)?;
                let parts = parts
                    .iter()
                    .map(|p| self.body.source(p, part))
                    .collect::<Result<_, _>>()?;
                Ok(Op::Pack(d, bits, parts))
            }
            (Operand::List(parts), a) => {
                let bits = ty.bits / parts.len() as u32;
                let a = self.body.source(a, ty)?;
                let parts = parts
                    .iter()
                    .map(|part| match part {
                        Operand::Name("_") => Ok(None),
                        part => self.body.target(part).map(Some),
                    })
                    .collect::<Result<_, _>>()?;
                Ok(Op::Unpack(parts, bits, a))
            }
            (d, Operand::Name(name)) => {
                let d = self.body.target(d)?;
                if let Some(Symbol::Local(offset)) = self.body.find(name) {
                    return Ok(Op::Local(d, offset));
                }
                Ok(Op::Unary(|x| x, d, self.source(1, ty)?))
            }
            (d, _) => Ok(Op::Unary(|x| x, self.body.target(d)?, self.source(1, ty)?)),
        }
    }

    /// `ld.global.nc.v2.f32`: the space, hints about caches, how many, and the type.
    fn access(&self) -> Result<Access, String> {
        let ty = self.ty()?;
        let mut access = Access {
            space: Space::Generic,
            width: ty.bytes() as u8,
            count: 1,
            signed: ty.is_signed(),
        };
        for modifier in self.modifiers {
            match *modifier {
                "global" | "const" => access.space = Space::Global,
                "shared" | "shared::cta" => access.space = Space::Shared,
                "local" => access.space = Space::Local,
                "param" => access.space = Space::Param,
                "v2" => access.count = 2,
                "v4" => access.count = 4,
                "volatile" | "relaxed" | "acquire" | "release" | "weak" | "cta" | "gpu" | "sys" => {}
                "nc" | "ca" | "cg" | "cs" | "lu" | "cv" | "wb" | "wt" => {}
                _ => return unknown(),
            }
        }
        Ok(access)
    }

    fn load(&mut self) -> Result<Op, String> {
        self.has_count(2)?;
        let access = self.access()?;
        let place = self.place(1)?;
        let one = [self.operands[0].clone()];
        let targets = match &self.operands[0] {
            Operand::List(targets) => &targets[..],
            _ => &one,
        };
        if targets.len() != usize::from(access.count) {
            return Err(format!("{} registers for {} values", targets.len(), access.count));
        }
        if let ([Operand::Name(name)], false) = (targets, access.signed) {
            return Ok(Op::Load(access.space, access.width, self.body.register(name)?.0, place));
        }
        let targets = targets
            .iter()
            .map(|target| match target {
                Operand::Name(name) => self.body.register(name).map(|(register, ty)| (register, ty.mask())),
                other => Err(format!("the result {other:?}")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Op::LoadMany(access, targets, place))
    }

    fn store(&mut self) -> Result<Op, String> {
        self.has_count(2)?;
        let (access, ty) = (self.access()?, self.ty()?);
        let place = self.place(0)?;
        match &self.operands[1] {
            Operand::List(values) => {
                let values: Box<[Register]> = values
                    .iter()
                    .map(|value| self.body.source(value, ty))
                    .collect::<Result<_, _>>()?;
                match values.len() == usize::from(access.count) {
                    true => Ok(Op::StoreMany(access, values, place)),
                    false => Err(format!("{} registers for {} values", values.len(), access.count)),
                }
            }
            value => Ok(Op::Store(
                access.space,
                access.width,
                self.body.source(value, ty)?,
                place,
            )),
        }
    }

    /// Between addresses of a space and generic ones, where the windows of shared and local memory do not start at zero.
    fn address(&mut self) -> Result<Op, String> {
        let ty = self.ty()?;
        if ty != Ty::U64 {
            return unknown();
        }
        let (d, a) = (self.target(0)?, self.source(1, ty)?);
        let shift = match self.modifiers {
            ["global" | "const"] | ["to", "global" | "const"] => return Ok(Op::Unary(|x| x, d, a)),
            ["shared"] => SHARED_WINDOW,
            ["local"] => LOCAL_WINDOW,
            ["to", "shared"] => SHARED_WINDOW.wrapping_neg(),
            ["to", "local"] => LOCAL_WINDOW.wrapping_neg(),
            _ => return unknown(),
        };
        let shift = self.body.constant(shift);
        Ok(Op::Binary(u64::wrapping_add, d, [a, shift]))
    }

    fn convert(&mut self) -> Result<Op, String> {
        self.has_count(2)?;
        let [to, from] = self.types else {
            return unknown();
        };
        let (d, a) = (self.target(0)?, self.source(1, *from)?);
        let Some(f) = conversion(self.modifiers, *to, *from) else {
            return unknown();
        };
        // A result narrower than its register keeps its sign there.
        let Operand::Name(name) = &self.operands[0] else {
            return unknown();
        };
        let (_, register) = self.body.register(name)?;
        match to.is_signed() && register.bits > to.bits {
            true => Err(format!(
                "a signed result of {} bits in a register of {}",
                to.bits, register.bits
            )),
            false => Ok(Op::Unary(f, d, a)),
        }
    }

    fn compare(&mut self) -> Result<Op, String> {
        let ty = self.ty()?;
        let (name, join) = match self.modifiers {
            [name] => (*name, None),
            // Numbers below the normal ones are not flushed in comparisons, which nothing here asks for.
            [name, join @ ("and" | "or" | "xor")] => (*name, Some(*join)),
            _ => return unknown(),
        };
        let compare = comparison(name, ty).ok_or("not known")?;
        let (d, complement) = match &self.operands[0] {
            Operand::Pair(d, complement) => {
                let complement = match *complement {
                    "_" => None,
                    complement => Some(self.body.register(complement)?.0),
                };
                (self.body.register(d)?.0, complement)
            }
            d => (self.body.target(d)?, None),
        };
        let (a, b) = (self.source(1, ty)?, self.source(2, ty)?);
        if join.is_none() && complement.is_none() {
            self.has_count(3)?;
            return Ok(Op::Binary(compare, d, [a, b]));
        }
        let (c, negates_c) = match (join, self.operands.get(3)) {
            (None, None) => (ZERO, false),
            (Some(_), Some(Operand::Not(name))) => (self.body.register(name)?.0, true),
            (Some(_), Some(_)) => (self.source(3, Ty::PREDICATE)?, false),
            _ => return unknown(),
        };
        let join = match join {
            None => |x, _| x,
            Some(join) => binary(join, &[], Ty::PREDICATE).ok_or("not known")?,
        };
        Ok(Op::Compare(Box::new(Comparison {
            compare,
            join,
            d,
            complement,
            a,
            b,
            c,
            negates_c,
        })))
    }

    fn has_carry(&self) -> bool {
        matches!(self.name, "addc" | "subc" | "madc") || self.modifiers.contains(&"cc")
    }

    fn carry(&mut self) -> Result<Op, String> {
        let ty = self.ty()?;
        let kind = match (self.name, self.modifiers) {
            ("add" | "addc", [] | ["cc"]) => CarryKind::Add,
            ("sub" | "subc", [] | ["cc"]) => CarryKind::Subtract,
            ("mad" | "madc", ["lo"] | ["lo", "cc"]) => CarryKind::MultiplyLow,
            ("mad" | "madc", ["hi"] | ["hi", "cc"]) if !ty.is_signed() => CarryKind::MultiplyHigh,
            _ => return unknown(),
        };
        let multiplies = matches!(kind, CarryKind::MultiplyLow | CarryKind::MultiplyHigh);
        self.has_count(if multiplies { 4 } else { 3 })?;
        Ok(Op::Carry(Box::new(Carry {
            kind,
            bits: ty.bits,
            d: self.target(0)?,
            from: [
                self.source(1, ty)?,
                self.source(2, ty)?,
                if multiplies { self.source(3, ty)? } else { ZERO },
            ],
            takes: self.name.ends_with('c'),
            leaves: self.modifiers.contains(&"cc"),
        })))
    }

    fn jump(&mut self) -> Result<Op, String> {
        match (self.operands, self.modifiers) {
            ([Operand::Name(label)], [] | ["uni"]) => {
                self.body.jumps_to(label);
                Ok(Op::Jump(0))
            }
            _ => unknown(),
        }
    }

    fn call(&mut self) -> Result<Op, String> {
        let (results, name, arguments): (&[Operand], _, &[Operand]) = match self.operands {
            [Operand::Name(name)] => (&[], name, &[]),
            [Operand::Name(name), Operand::List(arguments)] => (&[], name, arguments),
            [Operand::List(results), Operand::Name(name)] => (results, name, &[]),
            [Operand::List(results), Operand::Name(name), Operand::List(arguments)] => (results, name, arguments),
            _ => return unknown(),
        };
        let (function, (parameters, gives)) = self.body.callee(name)?;
        Ok(Op::Call(Box::new(Call {
            function,
            arguments: self.passed(arguments, parameters)?,
            results: self.passed(results, gives)?,
        })))
    }

    fn passed(&self, given: &[Operand<'a>], expected: &[Parameter]) -> Result<Box<[Passed]>, String> {
        if given.len() != expected.len() {
            return Err(format!("{} parameters for {}", given.len(), expected.len()));
        }
        let one = |(operand, parameter): (&Operand<'a>, &Parameter)| match operand {
            Operand::Name(name) => match self.body.find(name) {
                Some(Symbol::Param(caller, bytes)) if bytes == parameter.bytes => Ok(Passed {
                    caller,
                    callee: parameter.offset,
                    length: bytes,
                }),
                _ => Err(format!("{name} is no parameter of {} bytes", parameter.bytes)),
            },
            other => Err(format!("{other:?} as a parameter")),
        };
        given.iter().zip(expected).map(one).collect()
    }

    /// All threads of the block. Barriers of fewer threads are not known.
    fn barrier(&mut self) -> Result<Op, String> {
        match (self.name, self.modifiers, self.operands.len()) {
            ("bar", ["warp", "sync"], 1) => {
                let mask = self.source(0, Ty::U32)?;
                Ok(Op::Exchange(Box::new(Exchange {
                    kind: ExchangeKind::Synchronise,
                    d: None,
                    predicate: None,
                    a: ZERO,
                    negates_a: false,
                    b: ZERO,
                    c: ZERO,
                    mask,
                })))
            }
            ("bar", ["sync"] | ["cta", "sync"], 1)
            | ("barrier", ["sync"] | ["sync", "aligned"], 1)
            | ("barrier", ["cta", "sync"] | ["cta", "sync", "aligned"], 1) => Ok(Op::Barrier(self.source(0, Ty::U32)?)),
            _ => unknown(),
        }
    }

    fn exchange(&mut self) -> Result<Op, String> {
        let ty = self.ty()?;
        let kind = match (self.name, self.modifiers) {
            ("shfl", ["sync", "up"]) => ExchangeKind::Up,
            ("shfl", ["sync", "down"]) => ExchangeKind::Down,
            ("shfl", ["sync", "bfly"]) => ExchangeKind::Butterfly,
            ("shfl", ["sync", "idx"]) => ExchangeKind::Index,
            ("vote", ["sync", "all"]) => ExchangeKind::All,
            ("vote", ["sync", "any"]) => ExchangeKind::Any,
            ("vote", ["sync", "uni"]) => ExchangeKind::Uniform,
            ("vote", ["sync", "ballot"]) => ExchangeKind::Ballot,
            ("redux", ["sync", name @ ("add" | "min" | "max" | "and" | "or" | "xor")]) if ty.bits == 32 => {
                ExchangeKind::Reduce(binary(name, &[], ty).ok_or("not known")?)
            }
            _ => return unknown(),
        };
        let (d, predicate) = match self.operands.first() {
            Some(Operand::Pair(d, p)) => (self.body.register(d)?.0, Some(self.body.register(p)?.0)),
            _ => (self.target(0)?, None),
        };
        let moves = self.name == "shfl";
        self.has_count(if moves { 5 } else { 3 })?;
        let (a, negates_a) = match &self.operands[1] {
            Operand::Not(name) => (self.body.register(name)?.0, true),
            _ => (
                self.source(1, if self.name == "vote" { Ty::PREDICATE } else { ty })?,
                false,
            ),
        };
        Ok(Op::Exchange(Box::new(Exchange {
            kind,
            d: Some(d),
            predicate,
            a,
            negates_a,
            b: if moves { self.source(2, Ty::U32)? } else { ZERO },
            c: if moves { self.source(3, Ty::U32)? } else { ZERO },
            mask: self.source(self.operands.len() - 1, Ty::U32)?,
        })))
    }

    fn atomic(&mut self) -> Result<Op, String> {
        let ty = self.ty()?;
        let mut space = Space::Generic;
        let mut change = None;
        for modifier in self.modifiers {
            match *modifier {
                "global" => space = Space::Global,
                "shared" | "shared::cta" => space = Space::Shared,
                "relaxed" | "acquire" | "release" | "acq_rel" | "cta" | "gpu" | "sys" => {}
                name if change.is_none() => change = Some(name),
                _ => return unknown(),
            }
        }
        let change = change.and_then(|name| atomic(name, ty)).ok_or("not known")?;
        let gives = usize::from(self.name == "atom");
        let d = match gives {
            1 if self.operands.first() == Some(&Operand::Name("_")) => None,
            1 => Some(self.target(0)?),
            _ => None,
        };
        Ok(Op::Atomic(Box::new(Atomic {
            space,
            width: ty.bytes() as u8,
            change,
            d,
            place: self.place(gives)?,
            b: self.source(gives + 1, ty)?,
            c: match self.operands.len() - gives {
                3 => self.source(gives + 2, ty)?,
                _ => ZERO,
            },
        })))
    }
}
