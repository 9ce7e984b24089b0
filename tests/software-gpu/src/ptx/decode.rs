//! Decoding: from an instruction's name and operands to its operation.

use super::operand::Operand;
use super::symbols::{Symbol, Symbols};
use crate::fault::{Fault, fault};
use crate::isa::instruction::{
    CARRY, Call, Exchange, ExchangeKind, Op, Parameter, Passed, SINK, Space, Transfer, ZERO,
};
use crate::isa::module;
use crate::isa::operation::{Function, Register, compute, operation, split};
use crate::isa::ty::{Class, Ty};
use crate::memory::{LOCAL_WINDOW, SHARED_WINDOW};

/// Decodes an instruction; the fault says why it cannot be run.
pub fn decode<'a>(
    symbols: &mut Symbols<'a>,
    functions: &[module::Function],
    mnemonic: &str,
    operands: &[Operand<'a>],
) -> Result<Op, Fault> {
    let (name, types) = &split(mnemonic);
    Decoder { symbols, functions, name, types, operands }.decode()
}

struct Decoder<'s, 'a> {
    symbols: &'s mut Symbols<'a>,
    functions: &'s [module::Function],
    name: &'s str,
    types: &'s [Ty],
    operands: &'s [Operand<'a>],
}

fn unknown<T>() -> Result<T, Fault> {
    fault!("not known")
}

fn function(name: &str, ty: Ty) -> Result<Function, Fault> {
    operation(name, ty).map_or_else(unknown, |operation| Ok(operation.function))
}

impl<'s, 'a> Decoder<'s, 'a> {
    fn decode(mut self) -> Result<Op, Fault> {
        match self.name {
            "mov" => self.copy(),
            "bra" | "bra.uni" => self.jump(),
            "call" | "call.uni" => self.call(),
            "ret" | "ret.uni" => Ok(Op::Return),
            "exit" => Ok(Op::Exit),
            "trap" => Ok(Op::Trap),
            "bar.sync" | "bar.cta.sync" | "barrier.sync" | "barrier.cta.sync" => self.barrier(),
            "barrier.sync.aligned" | "barrier.cta.sync.aligned" => self.barrier(),
            "bar.warp.sync" => self.exchange(ExchangeKind::Synchronise),
            "shfl.sync.up" => self.exchange(ExchangeKind::Up),
            "shfl.sync.down" => self.exchange(ExchangeKind::Down),
            "shfl.sync.bfly" => self.exchange(ExchangeKind::Butterfly),
            "shfl.sync.idx" => self.exchange(ExchangeKind::Index),
            name => match name.split('.').next() {
                Some("ld" | "ldu") => self.load_or_store(0),
                Some("st") => self.load_or_store(1),
                Some("atom") => self.atomic(1),
                Some("red") => self.atomic(0),
                Some("cvta") => self.convert_address(),
                // Every write is visible at once.
                Some("membar" | "fence" | "prefetch" | "pragma") => Ok(Op::Nothing),
                _ => self.compute(),
            },
        }
    }

    fn ty(&self) -> Result<Ty, Fault> {
        match *self.types {
            [ty] => Ok(ty),
            _ => unknown(),
        }
    }

    fn operand(&self, index: usize) -> Result<&'s Operand<'a>, Fault> {
        let missing = || Fault("an operand is missing".into());
        self.operands.get(index).ok_or_else(missing)
    }

    fn source(&mut self, index: usize, ty: Ty) -> Result<Register, Fault> {
        let operand = self.operand(index)?;
        self.symbols.source(operand, ty)
    }

    fn target(&self, index: usize) -> Result<Register, Fault> {
        self.symbols.target(self.operand(index)?)
    }

    fn expects(&self, count: usize) -> Result<(), Fault> {
        match self.operands.len() {
            found if found == count => Ok(()),
            found => fault!("{found} operands where {count} are expected"),
        }
    }

    /// Decodes whatever is in the table of operations.
    fn compute(&mut self) -> Result<Op, Fault> {
        let leaves_carry = self.name.ends_with(".cc");
        let name = self.name.trim_end_matches(".cc");
        let takes_carry = matches!(name, "addc" | "subc" | "madc.lo" | "madc.hi");
        let types = self.types;
        let Some(operation) = compute(name, types) else {
            return unknown();
        };
        let count = operation.operands.len() - usize::from(takes_carry);
        self.expects(1 + count)?;
        let mut operands = [ZERO; 4];
        for (i, ty) in operation.operands.iter().enumerate() {
            operands[i] = if i < count { self.source(i + 1, *ty)? } else { CARRY };
        }
        if let ([to, _], Operand::Name(d)) = (types, self.operand(0)?) {
            // A narrower result would have to keep its sign in the register.
            let register = self.symbols.register(d)?.1;
            if to.is_signed() && register.bits > to.bits {
                fault!("a signed result of {} bits in a register of {}", to.bits, register.bits);
            }
        }
        let (value, d) = (operation.function, self.target(0)?);
        if leaves_carry {
            let carry = function(self.name, self.ty()?)?;
            return Ok(Op::Carry(value, d, carry, Box::new(operands)));
        }
        Ok(Op::Compute(value, d, operands))
    }

    fn copy(&mut self) -> Result<Op, Fault> {
        self.expects(2)?;
        let ty = self.ty()?;
        let part = |parts: &[Operand]| Ty::new(Class::Unsigned, ty.bits / parts.len().max(1) as u32);
        let mut sources = [ZERO; 4];
        let copied = match (self.operand(0)?, self.operand(1)?) {
            (_, Operand::List(parts)) if parts.len() <= 4 => {
                for (source, operand) in sources.iter_mut().zip(parts) {
                    *source = self.symbols.source(operand, part(parts))?;
                }
                function("pack", part(parts))?
            }
            (Operand::List(parts), _) => {
                let targets = parts.iter().map(|operand| self.symbols.target(operand));
                let targets = targets.collect::<Result<_, _>>()?;
                return Ok(Op::Unpack(targets, part(parts).bits, self.source(1, ty)?));
            }
            (_, Operand::Name(name)) if let Some(Symbol::Local(offset)) = self.symbols.find(name) => {
                return Ok(Op::Local(self.target(0)?, offset));
            }
            _ => {
                sources[0] = self.source(1, ty)?;
                function("mov", Ty::U64)?
            }
        };
        Ok(Op::Compute(copied, self.target(0)?, sources))
    }

    /// The common part of loads, stores and atomic operations. `ld.global.nc.v2.f32` names the space, hints about caches and
    /// order, and something else, which is returned. The address is the operand at `address`.
    fn transfer(&mut self, address: usize, registers: Vec<Register>) -> Result<(Box<Transfer>, &'s str), Fault> {
        let (mut space, mut rest) = (Space::Generic, "");
        for modifier in self.name.split('.').skip(1) {
            match modifier {
                "global" | "const" => space = Space::Global,
                "shared" | "shared::cta" => space = Space::Shared,
                "local" => space = Space::Local,
                "param" => space = Space::Param,
                "volatile" | "relaxed" | "acquire" | "release" | "acq_rel" | "weak" | "cta" | "gpu" | "sys" => {}
                "nc" | "ca" | "cg" | "cs" | "lu" | "cv" | "wb" | "wt" => {}
                other if rest.is_empty() => rest = other,
                _ => return unknown(),
            }
        }
        let transfer = Transfer {
            space,
            width: self.ty()?.bytes(),
            registers,
            sign_mask: None,
            address: self.symbols.address(self.operand(address)?)?,
        };
        Ok((Box::new(transfer), rest))
    }

    /// Decodes a load, whose values are the operand at 0, or a store, whose values are the operand at 1.
    fn load_or_store(&mut self, index: usize) -> Result<Op, Fault> {
        self.expects(2)?;
        let ty = self.ty()?;
        let values = match self.operand(index)? {
            Operand::List(values) => &values[..],
            value => std::slice::from_ref(value),
        };
        let registers = values.iter().map(|value| match index {
            0 => self.symbols.target(value),
            _ => self.symbols.source(value, ty),
        });
        let registers = registers.collect::<Result<_, _>>()?;
        let (mut transfer, rest) = self.transfer(1 - index, registers)?;
        if let (Some(Operand::Name(name)), true) = (values.first(), ty.is_signed()) {
            transfer.sign_mask = Some(self.symbols.register(name)?.1.mask());
        }
        match (rest, values.len()) {
            ("", 1) | ("v2", 2) | ("v4", 4) if index == 0 => Ok(Op::Load(transfer)),
            ("", 1) | ("v2", 2) | ("v4", 4) => Ok(Op::Store(transfer)),
            ("" | "v2" | "v4", count) => fault!("{count} registers for values {rest:?}"),
            _ => unknown(),
        }
    }

    /// Decodes `atom.global.add` or `red`, which has no result.
    fn atomic(&mut self, results: usize) -> Result<Op, Fault> {
        let ty = self.ty()?;
        let values = results + 1..self.operands.len();
        let sources = values.map(|index| self.source(index, ty)).collect::<Result<_, _>>()?;
        let (transfer, name) = self.transfer(results, sources)?;
        let Some(change) = operation(&format!("atom.{name}"), ty) else {
            return unknown();
        };
        // The first operand of the function is what is in memory.
        self.expects(results + change.operands.len())?;
        let d = if results == 1 { self.target(0)? } else { SINK };
        Ok(Op::Atomic(transfer, change.function, d))
    }

    /// Converts between addresses of a space and generic ones, where shared and local memory do not start at zero.
    fn convert_address(&mut self) -> Result<Op, Fault> {
        let shift = match self.name {
            "cvta.global" | "cvta.const" | "cvta.to.global" | "cvta.to.const" => 0,
            "cvta.shared" => SHARED_WINDOW.into(),
            "cvta.local" => LOCAL_WINDOW.into(),
            "cvta.to.shared" => -i128::from(SHARED_WINDOW),
            "cvta.to.local" => -i128::from(LOCAL_WINDOW),
            _ => return unknown(),
        };
        if self.ty()? != Ty::U64 {
            return unknown();
        }
        let shift = self.symbols.source(&Operand::Whole(shift), Ty::U64)?;
        let operands = [self.source(1, Ty::U64)?, shift, ZERO, ZERO];
        Ok(Op::Compute(function("add", Ty::U64)?, self.target(0)?, operands))
    }

    /// Decodes a barrier of all threads of the block. Barriers of fewer are not supported.
    fn barrier(&mut self) -> Result<Op, Fault> {
        self.expects(1)?;
        Ok(Op::Barrier(self.source(0, Ty::U32)?))
    }

    fn jump(&mut self) -> Result<Op, Fault> {
        match self.operands {
            // Its target is the label's number until the whole function is read.
            [Operand::Name(label)] => Ok(Op::Jump(self.symbols.label(label))),
            _ => unknown(),
        }
    }

    fn call(&mut self) -> Result<Op, Fault> {
        let (results, name, arguments): (&[Operand], _, &[Operand]) = match self.operands {
            [Operand::Name(name)] => (&[], name, &[]),
            [Operand::Name(name), Operand::List(arguments)] => (&[], name, arguments),
            [Operand::List(results), Operand::Name(name)] => (results, name, &[]),
            [Operand::List(results), Operand::Name(name), Operand::List(arguments)] => (results, name, arguments),
            _ => return unknown(),
        };
        let Some(Symbol::Function(function)) = self.symbols.find(name) else {
            fault!("calls {name}, which is not in the module");
        };
        Ok(Op::Call(Box::new(Call {
            function,
            arguments: self.passed(arguments, &self.functions[function].parameters)?,
            results: self.passed(results, &self.functions[function].results)?,
        })))
    }

    fn passed(&self, given: &[Operand<'a>], expected: &[Parameter]) -> Result<Box<[Passed]>, Fault> {
        if given.len() != expected.len() {
            fault!("{} parameters for {}", given.len(), expected.len());
        }
        let one = |(operand, parameter): (&Operand<'a>, &Parameter)| match operand {
            Operand::Name(name) => match self.symbols.find(name) {
                Some(Symbol::Param(own)) if own.bytes == parameter.bytes => Ok((own.offset, *parameter)),
                _ => fault!("{name} is no parameter of {} bytes", parameter.bytes),
            },
            other => fault!("{other:?} as a parameter"),
        };
        given.iter().zip(expected).map(one).collect()
    }

    /// Decodes a shuffle, whose operands are a result, three values and the mask of the lanes that take part, or a barrier of a
    /// warp, which has the mask alone.
    fn exchange(&mut self, kind: ExchangeKind) -> Result<Op, Fault> {
        let mut exchange = Exchange { kind, d: SINK, valid: SINK, a: ZERO, b: ZERO, c: ZERO, mask: ZERO };
        if kind != ExchangeKind::Synchronise {
            self.expects(5)?;
            (exchange.d, exchange.valid) = self.symbols.targets(self.operand(0)?)?;
            exchange.a = self.source(1, self.ty()?)?;
            (exchange.b, exchange.c) = (self.source(2, Ty::U32)?, self.source(3, Ty::U32)?);
        } else {
            self.expects(1)?;
        }
        exchange.mask = self.source(self.operands.len() - 1, Ty::U32)?;
        Ok(Op::Exchange(Box::new(exchange)))
    }
}
