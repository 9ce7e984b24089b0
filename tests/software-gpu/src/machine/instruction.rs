//! Instructions as they are run: registers are numbers, types have become functions.
//!
//! A register holds 64 bits, of which those beyond its type are zero; a predicate holds 0 or 1. Constants and special
//! registers (`%tid.x`) are registers too, filled in before a thread starts.

/// The number of a register in a function.
pub type Register = u32;

/// Always holds zero.
pub const ZERO: Register = 0;

pub type Unary = fn(u64) -> u64;
pub type Binary = fn(u64, u64) -> u64;
pub type Ternary = fn(u64, u64, u64) -> u64;
pub type Quaternary = fn(u64, u64, u64, u64) -> u64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    Generic,
    Global,
    Shared,
    Local,
    Param,
}

/// What a load or store moves.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    pub space: Space,
    /// Bytes of one value.
    pub width: u8,
    /// Values: 1, 2 or 4.
    pub count: u8,
    /// Whether what is loaded keeps its sign in a register that is wider.
    pub signed: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub base: Register,
    pub offset: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarryKind {
    Add,
    Subtract,
    /// The lower half of a product, plus a number.
    MultiplyLow,
    MultiplyHigh,
}

#[derive(Debug, Clone, Copy)]
pub struct Carry {
    pub kind: CarryKind,
    pub bits: u32,
    pub d: Register,
    pub from: [Register; 3],
    pub takes: bool,
    pub leaves: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    pub compare: Binary,
    /// Joins the comparison with `c`.
    pub join: Binary,
    pub d: Register,
    pub complement: Option<Register>,
    pub a: Register,
    pub b: Register,
    pub c: Register,
    pub negates_c: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Atomic {
    pub space: Space,
    pub width: u8,
    /// What memory is to hold: from what it holds, and two operands.
    pub change: Ternary,
    pub d: Option<Register>,
    pub place: Place,
    pub b: Register,
    pub c: Register,
}

#[derive(Debug, Clone, Copy)]
pub enum ExchangeKind {
    Up,
    Down,
    Butterfly,
    Index,
    All,
    Any,
    Uniform,
    Ballot,
    /// All lanes' values joined by a function.
    Reduce(Binary),
    /// Nothing moves: lanes wait for one another.
    Synchronise,
}

/// What the lanes of a warp do together.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    pub kind: ExchangeKind,
    pub d: Option<Register>,
    pub predicate: Option<Register>,
    pub a: Register,
    pub negates_a: bool,
    pub b: Register,
    pub c: Register,
    pub mask: Register,
}

/// Bytes of a caller's parameter space that are the same as those of the callee's.
#[derive(Debug, Clone, Copy)]
pub struct Passed {
    pub caller: usize,
    pub callee: usize,
    pub length: usize,
}

#[derive(Debug, Clone)]
pub struct Call {
    pub function: usize,
    pub arguments: Box<[Passed]>,
    pub results: Box<[Passed]>,
}

#[derive(Debug, Clone)]
pub enum Op {
    Unary(Unary, Register, Register),
    Binary(Binary, Register, [Register; 2]),
    Ternary(Ternary, Register, [Register; 3]),
    Quaternary(Quaternary, Register, Box<[Register; 4]>),
    Compare(Box<Comparison>),
    Carry(Box<Carry>),
    /// One value of unsigned bits.
    Load(Space, u8, Register, Place),
    Store(Space, u8, Register, Place),
    LoadMany(Access, Box<[(Register, u64)]>, Place),
    StoreMany(Access, Box<[Register]>, Place),
    Atomic(Box<Atomic>),
    /// The address of a variable in local memory.
    Local(Register, u64),
    /// One value from several of so many bits, the first lowest; and the reverse, where no register takes nothing.
    Pack(Register, u32, Box<[Register]>),
    Unpack(Box<[Option<Register>]>, u32, Register),
    Jump(usize),
    Call(Box<Call>),
    Return,
    Exit,
    Trap,
    Barrier(Register),
    Exchange(Box<Exchange>),
    Nothing,
    /// Why it cannot be run.
    Unknown(Box<str>),
}

#[derive(Debug, Clone, Copy)]
pub struct Guard {
    pub register: Register,
    pub negated: bool,
}

#[derive(Debug, Clone)]
pub struct Instruction {
    pub guard: Option<Guard>,
    pub op: Op,
    /// In the module's text.
    pub line: u32,
}

/// Registers that the machine fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Special {
    Thread(usize),
    Threads(usize),
    Block(usize),
    Blocks(usize),
    Lane,
    Warp,
    Warps,
}

impl Special {
    pub fn parse(name: &str) -> Option<Self> {
        let axis = |rest: &str| ["x", "y", "z"].iter().position(|axis| *axis == rest);
        match name.split_once('.') {
            Some(("%tid", rest)) => axis(rest).map(Self::Thread),
            Some(("%ntid", rest)) => axis(rest).map(Self::Threads),
            Some(("%ctaid", rest)) => axis(rest).map(Self::Block),
            Some(("%nctaid", rest)) => axis(rest).map(Self::Blocks),
            Some(_) => None,
            None => match name {
                "%laneid" => Some(Self::Lane),
                "%warpid" => Some(Self::Warp),
                "%nwarpid" => Some(Self::Warps),
                _ => None,
            },
        }
    }
}
