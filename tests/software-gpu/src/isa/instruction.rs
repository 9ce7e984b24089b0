//! Instructions as they are run: registers are numbers, types have become functions.
//!
//! A register holds 64 bits, of which those beyond its type are zero; a predicate holds 0 or 1. Constants and special
//! registers (`%tid.x`) are registers too, filled in before a thread starts.

use super::operation::{Function, Register};

/// The register that always holds zero.
pub const ZERO: Register = 0;

/// The register for results that are discarded. It is never read.
pub const SINK: Register = 1;

/// The register of the carry that an instruction leaves for another.
pub const CARRY: Register = 2;

/// The number of special registers, which the machine fills in.
pub const SPECIALS: usize = 15;

/// The number of the special register of this name.
pub fn special(name: &str) -> Option<usize> {
    let find = |known: &[&str], text: &str| known.iter().position(|name| *name == text);
    match name.split_once('.') {
        Some((vector, axis)) => {
            let vector = find(&["%tid", "%ntid", "%ctaid", "%nctaid"], vector)?;
            Some(3 * vector + find(&["x", "y", "z"], axis)?)
        }
        None => Some(12 + find(&["%laneid", "%warpid", "%nwarpid"], name)?),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    Generic,
    Global,
    Shared,
    Local,
    Param,
}

#[derive(Debug, Clone, Copy)]
pub struct Address {
    pub base: Register,
    pub offset: i64,
}

/// The condition of an instruction.
#[derive(Debug, Clone, Copy)]
pub struct Predicate {
    pub register: Register,
    pub negated: bool,
}

/// The operands of a load, a store or an atomic operation.
#[derive(Debug, Clone)]
pub struct Transfer {
    pub space: Space,
    pub address: Address,
    /// The bytes of one value.
    pub width: usize,
    /// For each of neighbouring values, or for the operands of an atomic operation.
    pub registers: Vec<Register>,
    /// For loads that extend the sign: the bits that the registers have.
    pub sign_mask: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeKind {
    Up,
    Down,
    Butterfly,
    Index,
    /// Moves nothing: lanes wait for one another.
    Synchronise,
}

/// An operation of several lanes of a warp together.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    pub kind: ExchangeKind,
    pub d: Register,
    /// Whether the value comes from within the lane's part of the warp.
    pub valid: Register,
    pub a: Register,
    pub b: Register,
    pub c: Register,
    pub mask: Register,
}

/// A parameter or result of a function: where it is in the function's parameter space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    pub offset: usize,
    pub bytes: usize,
}

/// The offset of what a call copies in the caller's parameter space, and the parameter or result of the callee.
pub type Passed = (usize, Parameter);

#[derive(Debug, Clone)]
pub struct Call {
    pub function: usize,
    pub arguments: Box<[Passed]>,
    pub results: Box<[Passed]>,
}

#[derive(Debug, Clone)]
pub enum Op {
    Compute(Function, Register, [Register; 4]),
    /// Computes a value, and the carry that it leaves.
    Carry(Function, Register, Function, Box<[Register; 4]>),
    Load(Box<Transfer>),
    Store(Box<Transfer>),
    /// Computes what memory is to hold from what it holds, which goes to a register, and one or two operands.
    Atomic(Box<Transfer>, Function, Register),
    /// Computes the address of a variable in local memory.
    Local(Register, u64),
    /// Splits one value into several of so many bits, the first lowest.
    Unpack(Box<[Register]>, u32, Register),
    Jump(usize),
    Call(Box<Call>),
    Return,
    Exit,
    Trap,
    Barrier(Register),
    Exchange(Box<Exchange>),
    Nothing,
    /// Cannot be run, for this reason.
    Unknown(Box<str>),
}

#[derive(Debug, Clone)]
pub struct Instruction {
    pub guard: Option<Predicate>,
    pub op: Op,
    /// The line of the module's text.
    pub line: u32,
}
