//! The names in a function, and the registers that hold its operands.

use super::operand::Operand;
use crate::fault::{Fault, fault};
use crate::isa::instruction::{Address, CARRY, Parameter, SINK, ZERO, special};
use crate::isa::operation::Register;
use crate::isa::ty::{Class, Ty};
use std::collections::HashMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    /// A register, or the first of several with this stem.
    Register(Register, Ty),
    Param(Parameter),
    Shared(u64),
    /// A register that the machine fills in, by its number.
    Special(usize),
    Local(u64),
    Global(u64),
    Function(usize),
}

#[derive(Debug, Default)]
pub struct Symbols<'a> {
    /// The outermost is the module's.
    pub scopes: Vec<HashMap<&'a str, Symbol>>,
    /// The initial values of the function's registers.
    pub registers: Vec<u64>,
    /// The registers that hold special registers, by the numbers of the latter.
    pub specials: HashMap<usize, Register>,
    /// Labels by number, and their places in the code once they are known.
    pub labels: Vec<(&'a str, Option<usize>)>,
    constants: HashMap<u64, Register>,
}

impl<'a> Symbols<'a> {
    /// Starts with an empty scope, the module's.
    pub fn new() -> Self {
        Self { scopes: vec![HashMap::new()], ..Self::default() }
    }

    /// Forgets the registers and labels of the function before.
    pub fn start_function(&mut self) {
        self.registers = vec![0; 1 + CARRY as usize];
        self.constants = HashMap::from([(0, ZERO)]);
        self.specials.clear();
        self.labels.clear();
    }

    pub fn insert(&mut self, name: &'a str, symbol: Symbol) {
        self.scopes.last_mut().expect("the module's scope is never left").insert(name, symbol);
    }

    pub fn find(&self, name: &str) -> Option<Symbol> {
        let declared = self.scopes.iter().rev().find_map(|scope| scope.get(name));
        declared.copied().or_else(|| special(name).map(Symbol::Special))
    }

    /// Declares a register, or `count` with this stem.
    pub fn declare_registers(&mut self, name: &'a str, ty: Ty, count: usize) {
        let first = self.registers.len();
        self.registers.resize(first + count, 0);
        self.insert(name, Symbol::Register(first as Register, ty));
    }

    pub fn label(&mut self, name: &'a str) -> usize {
        let known = self.labels.iter().position(|(label, _)| *label == name);
        known.unwrap_or_else(|| {
            self.labels.push((name, None));
            self.labels.len() - 1
        })
    }

    /// The register of this name, whether declared alone or as one of many.
    pub fn register(&self, name: &str) -> Result<(Register, Ty), Fault> {
        if let Some(Symbol::Register(register, ty)) = self.find(name) {
            return Ok((register, ty));
        }
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        match (self.find(stem), name[stem.len()..].parse::<Register>()) {
            (Some(Symbol::Register(first, ty)), Ok(index)) => Ok((first + index, ty)),
            _ => fault!("no register {name}"),
        }
    }

    /// The register for a result; `_` discards it.
    pub fn target(&self, operand: &Operand<'a>) -> Result<Register, Fault> {
        match operand {
            Operand::Name("_") => Ok(SINK),
            Operand::Name(name) => Ok(self.register(name)?.0),
            other => fault!("the result {other:?}"),
        }
    }

    /// The registers for the two results of `d|p`, the second of which may be missing.
    pub fn targets(&self, operand: &Operand<'a>) -> Result<(Register, Register), Fault> {
        match operand {
            Operand::Pair(d, p) => Ok((self.target(&Operand::Name(d))?, self.target(&Operand::Name(p))?)),
            other => Ok((self.target(other)?, SINK)),
        }
    }

    /// The register that an operand of this type is in: a register, a constant, a special register, or a variable's address.
    pub fn source(&mut self, operand: &Operand<'a>, ty: Ty) -> Result<Register, Fault> {
        let value = match operand {
            Operand::Name(name) => match self.find(name) {
                Some(Symbol::Shared(address) | Symbol::Global(address)) => address,
                Some(Symbol::Special(special)) => return Ok(self.special(special)),
                Some(Symbol::Local(_) | Symbol::Param(_)) => fault!("the address of {name}"),
                _ => return Ok(self.register(name)?.0),
            },
            Operand::Whole(value) if ty.class == Class::Predicate => (*value != 0).into(),
            Operand::Whole(value) => *value as u64 & ty.mask(),
            Operand::Single(bits) if ty.bits == 32 => (*bits).into(),
            Operand::Double(bits) if ty.bits == 64 => *bits,
            other => fault!("the operand {other:?}"),
        };
        let constant = self.constants.entry(value).or_insert_with(|| {
            self.registers.push(value);
            (self.registers.len() - 1) as Register
        });
        Ok(*constant)
    }

    fn special(&mut self, special: usize) -> Register {
        *self.specials.entry(special).or_insert_with(|| {
            self.registers.push(0);
            (self.registers.len() - 1) as Register
        })
    }

    pub fn address(&mut self, operand: &Operand<'a>) -> Result<Address, Fault> {
        let Operand::Address(name, offset) = *operand else {
            fault!("{operand:?} is no address");
        };
        let (base, start) = match self.find(name) {
            Some(Symbol::Param(Parameter { offset: start, bytes })) => match usize::try_from(offset) {
                Ok(offset) if offset < bytes => (ZERO, start as u64),
                _ => fault!("{name} has {bytes} bytes"),
            },
            Some(Symbol::Shared(start) | Symbol::Global(start)) => (ZERO, start),
            Some(Symbol::Local(_)) => fault!("the local variable {name} in an address"),
            _ => (self.register(name)?.0, 0),
        };
        let offset = start as i64 + offset;
        Ok(Address { base, offset })
    }
}
