//! One thread, which runs until it ends or has to wait for others.

use crate::fault::{Fault, fault};
use crate::isa::instruction::{
    Address, CARRY, Call, Exchange, ExchangeKind, Instruction, Op, Parameter, SPECIALS, Space, Transfer,
};
use crate::isa::module::{self, Module};
use crate::isa::operation::{Function, Register, apply};
use crate::memory::{LOCAL_WINDOW, Memory, Region, SHARED_WINDOW, WINDOWS_END, aligned};
use crate::race::{Moment, Use};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Ready,
    /// At the barrier of this number.
    Barrier(u64),
    /// At an instruction for several lanes of its warp.
    Exchange,
    Done,
}

/// The state that a thread shares with others.
pub struct Machine<'a> {
    pub module: &'a Module,
    pub memory: &'a mut Memory,
    pub shared: &'a mut Region,
    pub now: Moment,
}

/// A function that is being run.
#[derive(Debug)]
struct Frame {
    function: usize,
    /// The next instruction or, in a caller, the call.
    pc: usize,
    registers: Vec<u64>,
    parameters: Region,
    /// The offset of its local variables.
    local_base: usize,
}

impl Frame {
    fn new(local_base: usize) -> Self {
        Self { function: 0, pc: 0, registers: Vec::new(), parameters: Region::new("the parameters", 0, 0), local_base }
    }
}

#[derive(Debug)]
pub struct Thread {
    pub state: State,
    /// How many instructions it has run.
    pub executed: u64,
    frame: Frame,
    callers: Vec<Frame>,
    specials: [u64; SPECIALS],
    local: Region,
}

/// Deeper than any kernel calls, but not without end.
const DEEPEST: usize = 64;

impl Thread {
    pub fn new() -> Self {
        Self {
            state: State::Done,
            executed: 0,
            frame: Frame::new(0),
            callers: Vec::new(),
            specials: [0; SPECIALS],
            local: Region::new("local memory", 0, 0),
        }
    }

    /// Goes back to the start of a kernel.
    pub fn start(&mut self, module: &Module, kernel: usize, parameters: &[u8], specials: [u64; SPECIALS]) {
        self.state = State::Ready;
        self.callers.clear();
        self.specials = specials;
        self.local.resize(0);
        self.frame.local_base = 0;
        self.enter(module, kernel);
        self.frame.parameters.write(0, parameters);
    }

    /// Sets the frame up for a function.
    fn enter(&mut self, module: &Module, function: usize) {
        let frame = &mut self.frame;
        frame.function = function;
        frame.pc = 0;
        let function = &module.functions[function];
        self.local.resize(frame.local_base + function.local_bytes);
        frame.registers.clone_from(&function.registers);
        for (register, special) in &function.specials {
            frame.registers[*register as usize] = self.specials[*special];
        }
        // Structs that are passed may have padding, so all bytes count as written.
        frame.parameters.resize(function.parameter_bytes);
        frame.parameters.fill(0, 0, function.parameter_bytes);
    }

    #[inline]
    pub fn get(&self, register: Register) -> u64 {
        self.frame.registers[register as usize]
    }

    #[inline]
    pub fn set(&mut self, register: Register, value: u64) {
        self.frame.registers[register as usize] = value;
    }

    /// The current function, and the place of the next instruction.
    pub fn place(&self) -> (usize, usize) {
        (self.frame.function, self.frame.pc)
    }

    pub fn instruction<'m>(&self, module: &'m Module) -> &'m Instruction {
        &module.functions[self.frame.function].code[self.frame.pc]
    }

    /// The exchange that it is waiting at.
    pub fn exchange<'m>(&self, module: &'m Module) -> Option<&'m Exchange> {
        match (&self.state, &self.instruction(module).op) {
            (State::Exchange, Op::Exchange(exchange)) => Some(exchange),
            _ => None,
        }
    }

    /// Whether it is waiting at a barrier of its warp.
    pub fn synchronises(&self, module: &Module) -> bool {
        self.exchange(module).is_some_and(|exchange| exchange.kind == ExchangeKind::Synchronise)
    }

    /// Goes on after the instruction that it has waited at.
    pub fn resume(&mut self) {
        self.state = State::Ready;
        self.frame.pc += 1;
    }

    /// Runs until it has to wait, is done, or the instruction at its place breaks a rule. Does nothing unless it is ready.
    pub fn run(&mut self, machine: &mut Machine) -> Result<(), Fault> {
        if self.state != State::Ready {
            return Ok(());
        }
        let module = machine.module;
        let mut function: &module::Function = &module.functions[self.frame.function];
        let mut executed = 0;
        let mut pc = self.frame.pc;
        self.state = loop {
            self.frame.pc = pc;
            executed += 1;
            let instruction = &function.code[pc];
            pc += 1;
            if let Some(guard) = instruction.guard
                && (self.get(guard.register) != 0) == guard.negated
            {
                continue;
            }
            match &instruction.op {
                Op::Compute(function, d, operands) => self.set(*d, function(&self.frame.registers, operands)),
                Op::Load(transfer) => self.transfer(machine, transfer, Use::Read)?,
                Op::Store(transfer) => self.transfer(machine, transfer, Use::Write)?,
                Op::Jump(target) => pc = *target,
                Op::Carry(value, d, carry, operands) => {
                    let [value, carry] = [value, carry].map(|f| f(&self.frame.registers, operands));
                    self.set(*d, value);
                    self.set(CARRY, carry);
                }
                Op::Atomic(transfer, change, d) => self.atomic(machine, transfer, *change, *d)?,
                Op::Local(d, offset) => self.set(*d, self.frame.local_base as u64 + offset),
                Op::Unpack(parts, bits, a) => {
                    let mut value = self.get(*a);
                    for part in parts {
                        self.set(*part, value & (u64::MAX >> (64 - bits)));
                        value = value.unbounded_shr(*bits);
                    }
                }
                Op::Call(call) => {
                    self.call(module, call)?;
                    function = &module.functions[call.function];
                    pc = 0;
                }
                Op::Return => match self.callers.pop() {
                    Some(caller) => {
                        pc = self.go_back(module, caller);
                        function = &module.functions[self.frame.function];
                    }
                    None => break State::Done,
                },
                Op::Exit => break State::Done,
                Op::Barrier(number) => break State::Barrier(self.get(*number)),
                Op::Exchange(_) => break State::Exchange,
                Op::Nothing => {}
                Op::Trap => fault!("the kernel stops itself"),
                Op::Unknown(why) => fault!("an instruction that the software GPU does not know: {why}"),
            }
        };
        self.executed += executed;
        Ok(())
    }

    #[inline]
    fn address(&self, address: &Address) -> u64 {
        self.get(address.base).wrapping_add(address.offset as u64)
    }

    /// Finds the memory that an address is in and the offset there, and records the use.
    #[inline(always)]
    fn region<'r>(
        &'r mut self,
        machine: &'r mut Machine,
        (space, address): (Space, u64),
        width: usize,
        how: Use,
    ) -> Result<(&'r mut Region, usize), Fault> {
        let (region, offset) = match (space, address) {
            (Space::Generic, SHARED_WINDOW..LOCAL_WINDOW) => machine.shared.at(address - SHARED_WINDOW, width),
            (Space::Generic, LOCAL_WINDOW..WINDOWS_END) => self.local.at(address - LOCAL_WINDOW, width),
            (Space::Generic | Space::Global, _) => machine.memory.region(address, width),
            (Space::Shared, _) => machine.shared.at(address, width),
            (Space::Local, _) => self.local.at(address, width),
            (Space::Param, _) => self.frame.parameters.at(address, width),
        }?;
        region.record(offset, width, how, machine.now)?;
        Ok((region, offset))
    }

    #[inline(always)]
    fn transfer(&mut self, machine: &mut Machine, transfer: &Transfer, how: Use) -> Result<(), Fault> {
        let (mut address, width) = (self.address(&transfer.address), transfer.width);
        aligned(address, width * transfer.registers.len())?;
        for register in &transfer.registers {
            let mut value = self.get(*register);
            let (region, offset) = self.region(machine, (transfer.space, address), width, how)?;
            if how == Use::Write {
                region.store(offset, width, value);
            } else {
                value = region.load(offset, width)?;
                if let Some(mask) = transfer.sign_mask {
                    let above = 64 - 8 * width;
                    value = ((value << above) as i64 >> above) as u64 & mask;
                }
                self.set(*register, value);
            }
            address += width as u64;
        }
        Ok(())
    }

    fn atomic(&mut self, machine: &mut Machine, transfer: &Transfer, f: Function, d: Register) -> Result<(), Fault> {
        let (address, width) = (self.address(&transfer.address), transfer.width);
        let operand = |i: usize| transfer.registers.get(i).map_or(0, |register| self.get(*register));
        let (b, c) = (operand(0), operand(1));
        aligned(address, width)?;
        match (transfer.space, address) {
            (Space::Local | Space::Param, _) | (Space::Generic, LOCAL_WINDOW..WINDOWS_END) => {
                fault!("an atomic operation in memory of the thread's own");
            }
            _ => {}
        }
        let (region, offset) = self.region(machine, (transfer.space, address), width, Use::Atomic)?;
        let old = region.load(offset, width)?;
        region.store(offset, width, apply(f, [old, b, c, 0]));
        self.set(d, old);
        Ok(())
    }

    fn call(&mut self, module: &Module, call: &Call) -> Result<(), Fault> {
        if self.callers.len() == DEEPEST {
            fault!("calls deeper than {DEEPEST}");
        }
        let callee = Frame::new(self.local.len().next_multiple_of(16));
        let caller = std::mem::replace(&mut self.frame, callee);
        self.enter(module, call.function);
        for (from, Parameter { offset, bytes }) in &call.arguments {
            let values = caller.parameters.bytes(*from, *bytes);
            self.frame.parameters.write(*offset, values);
        }
        self.callers.push(caller);
        Ok(())
    }

    /// Returns to the caller: the instruction to go on with.
    fn go_back(&mut self, module: &Module, caller: Frame) -> usize {
        let callee = std::mem::replace(&mut self.frame, caller);
        self.local.resize(callee.local_base);
        if let Op::Call(call) = &self.instruction(module).op {
            for (to, Parameter { offset, bytes }) in &call.results {
                let values = callee.parameters.bytes(*offset, *bytes);
                self.frame.parameters.write(*to, values);
            }
        }
        self.frame.pc + 1
    }
}
