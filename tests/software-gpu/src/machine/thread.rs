//! One thread: runs until it ends, or has to wait for others.

use super::instruction::{
    Access, Atomic, Call, Carry, CarryKind, Exchange, ExchangeKind, Instruction, Op, Place, Register, Space, Special,
};
use super::shared::Shared;
use crate::fault;
use crate::fault::Fault;
use crate::memory::{Bytes, LOCAL_WINDOW, Memory, SHARED_WINDOW, WINDOWS_END, aligned, set_word, word};
use crate::ptx::{Function, Module};
use crate::race::{Moment, Use};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Ready,
    /// At a barrier of this number.
    Barrier(u64),
    /// At an instruction for several lanes of its warp.
    Exchange,
    Done,
}

/// What a thread shares with others.
pub struct Machine<'a> {
    pub module: &'a Module,
    pub memory: &'a mut Memory,
    pub shared: &'a mut Shared,
}

/// Who called, to be gone on with after.
#[derive(Debug)]
struct Frame {
    function: usize,
    /// Of the call.
    pc: usize,
    registers: Vec<u64>,
    parameters: Vec<u8>,
    local_base: usize,
}

#[derive(Debug)]
pub struct Thread {
    pub state: State,
    pub function: usize,
    pub pc: usize,
    pub executed: u64,
    registers: Vec<u64>,
    parameters: Vec<u8>,
    local: Bytes,
    local_base: usize,
    carry: bool,
    frames: Vec<Frame>,
}

/// Deeper than any kernel calls, but not without end.
const DEEPEST: usize = 64;

impl Thread {
    pub fn new() -> Self {
        Self {
            state: State::Done,
            function: 0,
            pc: 0,
            executed: 0,
            registers: Vec::new(),
            parameters: Vec::new(),
            local: Bytes::new(0),
            local_base: 0,
            carry: false,
            frames: Vec::new(),
        }
    }

    /// Back to the start of a kernel.
    pub fn start(&mut self, module: &Module, kernel: usize, parameters: &[u8], specials: impl Fn(Special) -> u64) {
        let function = &module.functions[kernel];
        self.state = State::Ready;
        self.function = kernel;
        self.pc = 0;
        self.frames.clear();
        self.registers.clear();
        self.registers.extend_from_slice(&function.registers);
        for (register, special) in &function.specials {
            self.registers[*register as usize] = specials(*special);
        }
        self.parameters.clear();
        self.parameters.extend_from_slice(parameters);
        self.parameters.resize(function.parameter_bytes, 0);
        self.local_base = 0;
        self.local.resize(0);
        self.local.resize(function.local_bytes);
    }

    #[inline]
    pub fn get(&self, register: Register) -> u64 {
        self.registers[register as usize]
    }

    #[inline]
    pub fn set(&mut self, register: Register, value: u64) {
        self.registers[register as usize] = value;
    }

    /// What it is to run next.
    pub fn instruction<'m>(&self, module: &'m Module) -> &'m Instruction {
        &module.functions[self.function].code[self.pc]
    }

    /// The exchange that it waits at.
    pub fn exchange<'m>(&self, module: &'m Module) -> Option<&'m Exchange> {
        match (&self.state, &self.instruction(module).op) {
            (State::Exchange, Op::Exchange(exchange)) => Some(exchange),
            _ => None,
        }
    }

    /// Whether it waits at a barrier of its warp.
    pub fn synchronises(&self, module: &Module) -> bool {
        let exchange = self.exchange(module);
        exchange.is_some_and(|what| matches!(what.kind, ExchangeKind::Synchronise))
    }

    /// Goes on behind what it has waited for.
    pub fn resume(&mut self) {
        self.state = State::Ready;
        self.pc += 1;
    }

    /// Runs until it has to wait, or is done.
    ///
    /// # Errors
    /// A rule that is broken; `pc` says where.
    pub fn run(&mut self, machine: &mut Machine, now: Moment) -> Result<(), Fault> {
        let module = machine.module;
        let mut function: &Function = &module.functions[self.function];
        let mut executed = 0;
        let mut pc = self.pc;
        loop {
            self.pc = pc;
            executed += 1;
            let instruction = &function.code[pc];
            if let Some(guard) = instruction.guard
                && (self.get(guard.register) != 0) == guard.negated
            {
                pc += 1;
                continue;
            }
            pc += 1;
            match &instruction.op {
                Op::Unary(f, d, a) => self.set(*d, f(self.get(*a))),
                Op::Binary(f, d, [a, b]) => self.set(*d, f(self.get(*a), self.get(*b))),
                Op::Ternary(f, d, [a, b, c]) => self.set(*d, f(self.get(*a), self.get(*b), self.get(*c))),
                Op::Load(space, width, d, place) => {
                    let value = self.load(machine, now, *space, (*width).into(), self.address(place))?;
                    self.set(*d, value);
                }
                Op::Store(space, width, a, place) => {
                    let value = self.get(*a);
                    self.store(machine, now, *space, (*width).into(), self.address(place), value)?;
                }
                Op::Jump(target) => pc = *target,
                Op::Quaternary(f, d, from) => {
                    let [a, b, c, e] = from.map(|r| self.get(r));
                    self.set(*d, f(a, b, c, e));
                }
                Op::Compare(compare) => {
                    let result = (compare.compare)(self.get(compare.a), self.get(compare.b));
                    let c = self.get(compare.c) ^ u64::from(compare.negates_c);
                    self.set(compare.d, (compare.join)(result, c));
                    if let Some(complement) = compare.complement {
                        self.set(complement, (compare.join)(1 - result, c));
                    }
                }
                Op::Carry(carry) => self.carry(carry),
                Op::LoadMany(access, targets, place) => self.load_many(machine, now, *access, targets, place)?,
                Op::StoreMany(access, values, place) => self.store_many(machine, now, *access, values, place)?,
                Op::Atomic(atomic) => self.atomic(machine, now, atomic)?,
                Op::Local(d, offset) => self.set(*d, self.local_base as u64 + offset),
                Op::Pack(d, bits, parts) => {
                    let value = parts
                        .iter()
                        .rev()
                        .fold(0, |value, part| value << bits | self.get(*part));
                    self.set(*d, value);
                }
                Op::Unpack(parts, bits, a) => {
                    let mut value = self.get(*a);
                    for part in parts {
                        if let Some(part) = part {
                            self.set(*part, value & (u64::MAX >> (64 - bits)));
                        }
                        value >>= bits;
                    }
                }
                Op::Call(call) => {
                    self.call(module, call)?;
                    function = &module.functions[self.function];
                    pc = 0;
                }
                Op::Return => match self.back(module) {
                    Some(after) => {
                        function = &module.functions[self.function];
                        pc = after;
                    }
                    None => {
                        self.state = State::Done;
                        break;
                    }
                },
                Op::Exit => {
                    self.state = State::Done;
                    break;
                }
                Op::Barrier(number) => {
                    self.state = State::Barrier(self.get(*number));
                    break;
                }
                Op::Exchange(_) => {
                    self.state = State::Exchange;
                    break;
                }
                Op::Nothing => {}
                Op::Trap => fault!("the kernel stops itself"),
                Op::Unknown(why) => fault!("an instruction that the software GPU does not know: {why}"),
            }
        }
        self.executed += executed;
        Ok(())
    }

    #[inline]
    fn address(&self, place: &Place) -> u64 {
        self.get(place.base).wrapping_add(place.offset as u64)
    }

    fn locate(space: Space, address: u64) -> (Space, u64) {
        match (space, address) {
            (Space::Generic, SHARED_WINDOW..LOCAL_WINDOW) => (Space::Shared, address - SHARED_WINDOW),
            (Space::Generic, LOCAL_WINDOW..WINDOWS_END) => (Space::Local, address - LOCAL_WINDOW),
            (Space::Generic, _) => (Space::Global, address),
            _ => (space, address),
        }
    }

    fn within(address: u64, width: usize, length: usize, what: &str) -> Result<usize, Fault> {
        aligned(address, width)?;
        match usize::try_from(address) {
            Ok(place) if place <= length && width <= length - place => Ok(place),
            _ => fault!("{width} bytes at place {address} of {what}, of which there are {length} bytes"),
        }
    }

    #[inline]
    fn load(&self, machine: &mut Machine, now: Moment, space: Space, width: usize, address: u64) -> Result<u64, Fault> {
        match Self::locate(space, address) {
            (Space::Shared, address) => machine.shared.load(address, width, Use::Read, now),
            (Space::Local, address) => {
                let place = Self::within(address, width, self.local.len(), "local memory")?;
                let value = self.local.load(place, width);
                value.ok_or_else(|| {
                    Fault(format!(
                        "reads {width} bytes at place {place} of local memory: never written"
                    ))
                })
            }
            (Space::Param, address) => {
                let place = Self::within(address, width, self.parameters.len(), "the parameters")?;
                Ok(word(&self.parameters, place, width))
            }
            (_, address) => {
                machine.memory.note(address, width, Use::Read, now)?;
                machine.memory.load(address, width)
            }
        }
    }

    #[inline]
    fn store(
        &mut self,
        machine: &mut Machine,
        now: Moment,
        space: Space,
        width: usize,
        address: u64,
        value: u64,
    ) -> Result<(), Fault> {
        match Self::locate(space, address) {
            (Space::Shared, address) => machine.shared.store(address, width, value, Use::Write, now),
            (Space::Local, address) => {
                let place = Self::within(address, width, self.local.len(), "local memory")?;
                self.local.store(place, width, value);
                Ok(())
            }
            (Space::Param, address) => {
                let place = Self::within(address, width, self.parameters.len(), "the parameters")?;
                set_word(&mut self.parameters, place, width, value);
                Ok(())
            }
            (_, address) => {
                machine.memory.note(address, width, Use::Write, now)?;
                machine.memory.store(address, width, value)
            }
        }
    }

    fn load_many(
        &mut self,
        machine: &mut Machine,
        now: Moment,
        access: Access,
        targets: &[(Register, u64)],
        place: &Place,
    ) -> Result<(), Fault> {
        let (start, width) = (self.address(place), usize::from(access.width));
        aligned(start, width * targets.len())?;
        for (i, (register, mask)) in targets.iter().enumerate() {
            let mut value = self.load(machine, now, access.space, width, start + (i * width) as u64)?;
            if access.signed {
                let above = 64 - 8 * width;
                value = ((value << above) as i64 >> above) as u64 & mask;
            }
            self.set(*register, value);
        }
        Ok(())
    }

    fn store_many(
        &mut self,
        machine: &mut Machine,
        now: Moment,
        access: Access,
        values: &[Register],
        place: &Place,
    ) -> Result<(), Fault> {
        let (start, width) = (self.address(place), usize::from(access.width));
        aligned(start, width * values.len())?;
        for (i, register) in values.iter().enumerate() {
            let value = self.get(*register);
            self.store(machine, now, access.space, width, start + (i * width) as u64, value)?;
        }
        Ok(())
    }

    fn atomic(&mut self, machine: &mut Machine, now: Moment, atomic: &Atomic) -> Result<(), Fault> {
        let width = usize::from(atomic.width);
        let (b, c) = (self.get(atomic.b), self.get(atomic.c));
        let old = match Self::locate(atomic.space, self.address(&atomic.place)) {
            (Space::Shared, address) => {
                let old = machine.shared.load(address, width, Use::Atomic, now)?;
                let new = (atomic.change)(old, b, c);
                machine.shared.store(address, width, new, Use::Atomic, now)?;
                old
            }
            (Space::Global, address) => {
                machine.memory.note(address, width, Use::Atomic, now)?;
                let old = machine.memory.load(address, width)?;
                machine.memory.store(address, width, (atomic.change)(old, b, c))?;
                old
            }
            (space, _) => fault!("an atomic operation in {space:?} memory"),
        };
        if let Some(d) = atomic.d {
            self.set(d, old);
        }
        Ok(())
    }

    /// Arithmetic with a carry, or a borrow, from or for another.
    fn carry(&mut self, carry: &Carry) {
        let [a, b, c] = carry.from.map(|r| u128::from(self.get(r)));
        let taken = u128::from(carry.takes && self.carry);
        let (bits, mask) = (carry.bits, u128::from(u64::MAX >> (64 - carry.bits)));
        let (result, left) = match carry.kind {
            CarryKind::Subtract => (a.wrapping_sub(b).wrapping_sub(taken), a < b + taken),
            kind => {
                let sum = match kind {
                    CarryKind::Add => a + b,
                    CarryKind::MultiplyLow => ((a * b) & mask) + c,
                    _ => ((a * b) >> bits) + c,
                } + taken;
                (sum, sum > mask)
            }
        };
        self.set(carry.d, (result & mask) as u64);
        if carry.leaves {
            self.carry = left;
        }
    }

    fn call(&mut self, module: &Module, call: &Call) -> Result<(), Fault> {
        if self.frames.len() == DEEPEST {
            fault!("calls deeper than {DEEPEST}");
        }
        let callee = &module.functions[call.function];
        let mut parameters = vec![0; callee.parameter_bytes];
        for passed in &call.arguments {
            parameters[passed.callee..passed.callee + passed.length]
                .copy_from_slice(&self.parameters[passed.caller..passed.caller + passed.length]);
        }
        let caller = Frame {
            function: self.function,
            pc: self.pc,
            registers: std::mem::replace(&mut self.registers, callee.registers.to_vec()),
            parameters: std::mem::replace(&mut self.parameters, parameters),
            local_base: self.local_base,
        };
        if let Some((register, special)) = callee.specials.first() {
            // What a kernel may ask for, a function has to be told; none does.
            fault!(
                "register {register} of {} asks for {special:?} in a function",
                callee.name
            );
        }
        self.frames.push(caller);
        self.function = call.function;
        self.local_base = self.local.len().next_multiple_of(16);
        self.local.resize(self.local_base + callee.local_bytes);
        Ok(())
    }

    /// Back to the caller: the instruction to go on with, or `None` from a kernel.
    fn back(&mut self, module: &Module) -> Option<usize> {
        let frame = self.frames.pop()?;
        let given = std::mem::replace(&mut self.parameters, frame.parameters);
        self.function = frame.function;
        self.registers = frame.registers;
        self.local.resize(self.local_base);
        self.local_base = frame.local_base;
        if let Op::Call(call) = &module.functions[frame.function].code[frame.pc].op {
            for passed in &call.results {
                self.parameters[passed.caller..passed.caller + passed.length]
                    .copy_from_slice(&given[passed.callee..passed.callee + passed.length]);
            }
        }
        Some(frame.pc + 1)
    }
}
