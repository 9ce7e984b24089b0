use super::instruction::{Instruction, Op, Parameter, Predicate};
use super::operation::Register;
use std::collections::HashMap;

#[derive(Debug, Default)]
pub struct Function {
    pub name: String,
    pub is_kernel: bool,
    pub parameters: Vec<Parameter>,
    pub results: Vec<Parameter>,
    pub code: Vec<Instruction>,
    /// The initial values of registers, constants among them.
    pub registers: Vec<u64>,
    /// Registers that the machine fills in, with the numbers of special registers.
    pub specials: Vec<(Register, usize)>,
    /// The size of parameter space, with what is passed on to other functions.
    pub parameter_bytes: usize,
    pub local_bytes: usize,
    pub shared_bytes: usize,
    /// The number of threads that a block may have at most, and the sizes that it must have.
    pub most_threads: Option<u64>,
    pub required_threads: Option<[u32; 3]>,
}

impl Function {
    pub fn push(&mut self, guard: Option<Predicate>, op: Op, line: u32) {
        self.code.push(Instruction { guard, op, line });
    }
}

#[derive(Debug, Default)]
pub struct Module {
    pub functions: Vec<Function>,
    pub names: HashMap<String, usize>,
    /// The addresses of its variables.
    pub variables: Vec<u64>,
    pub source: String,
}

impl Module {
    /// The number of the kernel of this name.
    pub fn kernel(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied().filter(|i| self.functions[*i].is_kernel)
    }

    pub fn line(&self, line: u32) -> &str {
        let line = (line as usize).saturating_sub(1);
        self.source.lines().nth(line).unwrap_or_default().trim()
    }
}
