//! The body of a kernel or function: its registers, variables and labels, in their scopes.

use super::decode::instruction;
use super::lexer::Token;
use super::module::{Declaration, Function, Parameter, declaration};
use super::operand::{Operand, operands};
use super::ty::{Class, Ty};
use crate::machine::instruction::{Guard, Instruction, Op, Place, Register, Special, ZERO};
use std::collections::HashMap;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    Register(Register, Ty),
    /// Where in parameter space, and how many bytes.
    Param(usize, usize),
    Shared(u64),
    /// After all shared variables of fixed size.
    SharedAtLaunch,
    Local(u64),
    Global(u64),
}

pub type Scope<'a> = HashMap<&'a str, Symbol>;

type Head = (Vec<Parameter>, Vec<Parameter>);

/// Reads one body.
pub struct Body<'f, 'a> {
    function: &'f mut Function,
    scopes: Vec<Scope<'a>>,
    registers: Vec<u64>,
    constants: HashMap<u64, Register>,
    specials: HashMap<Special, Register>,
    labels: HashMap<&'a str, usize>,
    /// Jumps, by their place in the code, and where they go.
    jumps: Vec<(usize, &'a str)>,
    functions: &'f HashMap<&'a str, usize>,
    heads: &'f [Head],
}

impl<'f, 'a> Body<'f, 'a> {
    pub fn new(
        function: &'f mut Function,
        scopes: Vec<Scope<'a>>,
        shared_bytes: usize,
        functions: &'f HashMap<&'a str, usize>,
        heads: &'f [Head],
    ) -> Self {
        function.shared_bytes = shared_bytes;
        Self {
            function,
            scopes,
            registers: vec![0],
            constants: HashMap::from([(0, ZERO)]),
            specials: HashMap::new(),
            labels: HashMap::new(),
            jumps: Vec::new(),
            functions,
            heads,
        }
    }

    /// # Errors
    /// With the line.
    pub fn read(mut self, tokens: &[Token<'a>]) -> Result<(), (u32, String)> {
        self.shared_variables(tokens)?;
        let mut rest = tokens;
        while let [first, after @ ..] = rest {
            let at = |message: String| (first.line, message);
            match (first.text, after) {
                (";", _) => rest = after,
                ("{", _) => {
                    self.scopes.push(Scope::default());
                    rest = after;
                }
                ("}", _) => {
                    self.scopes.pop();
                    rest = after;
                }
                (label, [colon, after @ ..]) if colon.text == ":" => {
                    self.labels.insert(label, self.function.code.len());
                    rest = after;
                }
                _ => {
                    let end = rest.iter().position(|token| token.text == ";");
                    let end = end.ok_or_else(|| at("a statement without its end".into()))?;
                    let statement = &rest[..end];
                    rest = &rest[end + 1..];
                    match first.text.starts_with('.') {
                        true => self.directive(statement).map_err(at)?,
                        false => self.instruction(statement),
                    }
                }
            }
        }
        // Whoever runs off the end returns.
        self.push(None, Op::Return, tokens.last().map_or(0, |token| token.line));
        for (place, label) in std::mem::take(&mut self.jumps) {
            let code = &mut self.function.code;
            code[place].op = match self.labels.get(label) {
                Some(target) => Op::Jump(*target),
                None => Op::Unknown(format!("no label {label}").into()),
            };
        }
        self.function.registers = self.registers.into();
        self.function.specials = self.specials.into_iter().map(|(special, r)| (r, special)).collect();
        Ok(())
    }

    /// What is declared `.shared` in the body comes first, so that it is known what is left to the launch.
    fn shared_variables(&mut self, tokens: &[Token<'a>]) -> Result<(), (u32, String)> {
        for (i, token) in tokens.iter().enumerate() {
            if token.text == ".shared" || token.text.starts_with(".shared.") {
                let (declared, _) = declaration(&tokens[i..]).map_err(|e| (token.line, e))?;
                let offset = self.function.shared_bytes.next_multiple_of(declared.align);
                self.function.shared_bytes = offset + declared.bytes();
                self.name(declared.name, Symbol::Shared(offset as u64));
            }
        }
        Ok(())
    }

    fn name(&mut self, name: &'a str, symbol: Symbol) {
        let scope = self.scopes.last_mut().expect("the function's own scope is never left");
        scope.insert(name, symbol);
    }

    fn directive(&mut self, statement: &[Token<'a>]) -> Result<(), String> {
        let first = statement[0].text;
        let is = |kind: &str| first == kind || first.strip_prefix(kind).is_some_and(|rest| rest.starts_with('.'));
        if is(".shared") || is(".pragma") {
            return Ok(());
        }
        let (declared, mut rest) = declaration(statement)?;
        if is(".reg") {
            self.registers(&declared, declared.name, &mut rest)?;
            while let [comma, name, after @ ..] = rest {
                if comma.text != "," {
                    break;
                }
                rest = after;
                self.registers(&declared, name.text, &mut rest)?;
            }
        } else if is(".param") {
            let offset = self.function.parameter_bytes.next_multiple_of(declared.align.max(8));
            self.function.parameter_bytes = offset + declared.bytes();
            self.name(declared.name, Symbol::Param(offset, declared.bytes()));
        } else if is(".local") {
            let offset = self.function.local_bytes.next_multiple_of(declared.align.max(16));
            self.function.local_bytes = offset + declared.bytes();
            self.name(declared.name, Symbol::Local(offset as u64));
        } else {
            return Err(format!("{first:?} in a body"));
        }
        match rest {
            [] => Ok(()),
            [other, ..] => Err(format!("{:?} in a declaration", other.text)),
        }
    }

    /// `%r<10>` declares `%r0` to `%r9`.
    fn registers(&mut self, declared: &Declaration, name: &'a str, rest: &mut &[Token<'a>]) -> Result<(), String> {
        // Registers of types that are not known (half precision) hold their bits.
        let ty = declared.ty.unwrap_or(Ty::new(Class::Unsigned, 16));
        match *rest {
            [open, count, close, after @ ..] if open.text == "<" && close.text == ">" => {
                let count: usize = count.text.parse().map_err(|_| format!("registers {name}"))?;
                *rest = after;
                let first = self.registers.len();
                self.registers.resize(first + count, 0);
                self.name(name, Symbol::Register(first as Register, ty));
            }
            _ => {
                let register = self.fresh(0);
                self.name(name, Symbol::Register(register, ty));
            }
        }
        Ok(())
    }

    fn fresh(&mut self, value: u64) -> Register {
        self.registers.push(value);
        (self.registers.len() - 1) as Register
    }

    fn push(&mut self, guard: Option<Guard>, op: Op, line: u32) {
        self.function.code.push(Instruction { guard, op, line });
    }

    fn instruction(&mut self, statement: &[Token<'a>]) {
        let line = statement[0].line;
        let (guard, statement) = match self.guard(statement) {
            Ok(found) => found,
            Err(message) => return self.push(None, Op::Unknown(message.into()), line),
        };
        let op = match statement {
            [mnemonic, rest @ ..] => match operands(rest) {
                Ok(operands) => instruction(self, mnemonic.text, &operands),
                Err(message) => Err(message),
            },
            [] => Err("nothing after a predicate".into()),
        };
        let op = op.unwrap_or_else(|message| Op::Unknown(message.into()));
        self.push(guard, op, line);
    }

    fn guard<'t>(&self, statement: &'t [Token<'a>]) -> Result<(Option<Guard>, &'t [Token<'a>]), String> {
        let (name, negated, rest) = match statement {
            [at, not, name, rest @ ..] if at.text == "@" && not.text == "!" => (name, true, rest),
            [at, name, rest @ ..] if at.text == "@" => (name, false, rest),
            _ => return Ok((None, statement)),
        };
        let register = self.register(name.text)?.0;
        Ok((Some(Guard { register, negated }), rest))
    }

    /// The jump that is about to be pushed goes to `label`.
    pub fn jumps_to(&mut self, label: &'a str) {
        self.jumps.push((self.function.code.len(), label));
    }

    pub fn find(&self, name: &str) -> Option<Symbol> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name)).copied()
    }

    /// The register of this name, whether declared alone or as one of many.
    pub fn register(&self, name: &str) -> Result<(Register, Ty), String> {
        if let Some(Symbol::Register(register, ty)) = self.find(name) {
            return Ok((register, ty));
        }
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        match (self.find(stem), name[stem.len()..].parse::<Register>()) {
            (Some(Symbol::Register(first, ty)), Ok(index)) => Ok((first + index, ty)),
            _ => Err(format!("no register {name}")),
        }
    }

    /// The register that holds this constant.
    pub fn constant(&mut self, value: u64) -> Register {
        if let Some(register) = self.constants.get(&value) {
            return *register;
        }
        let register = self.fresh(value);
        self.constants.insert(value, register);
        register
    }

    fn special(&mut self, special: Special) -> Register {
        if let Some(register) = self.specials.get(&special) {
            return *register;
        }
        let register = self.fresh(0);
        self.specials.insert(special, register);
        register
    }

    /// The register that an operand of this type is in: a register, a constant, a special register, or a variable's address.
    pub fn source(&mut self, operand: &Operand<'a>, ty: Ty) -> Result<Register, String> {
        let value = match operand {
            Operand::Name(name) => {
                if let Some(special) = Special::parse(name) {
                    return Ok(self.special(special));
                }
                match self.find(name) {
                    Some(Symbol::Shared(offset)) => offset,
                    Some(Symbol::SharedAtLaunch) => self.shared_at_launch(),
                    Some(Symbol::Global(address)) => address,
                    Some(Symbol::Local(_) | Symbol::Param(..)) => return Err(format!("the address of {name}")),
                    _ => return Ok(self.register(name)?.0),
                }
            }
            Operand::Whole(value) if ty.class == Class::Predicate => (*value != 0).into(),
            Operand::Whole(value) => *value as u64 & ty.mask(),
            Operand::Single(bits) if ty.bits == 32 => (*bits).into(),
            Operand::Double(bits) if ty.bits == 64 => *bits,
            other => return Err(format!("the operand {other:?}")),
        };
        Ok(self.constant(value))
    }

    fn shared_at_launch(&self) -> u64 {
        self.function.shared_bytes.next_multiple_of(16) as u64
    }

    /// The register that a result goes to.
    pub fn target(&self, operand: &Operand<'a>) -> Result<Register, String> {
        match operand {
            Operand::Name(name) => Ok(self.register(name)?.0),
            other => Err(format!("the result {other:?}")),
        }
    }

    /// Where an address in brackets points to.
    pub fn place(&mut self, operand: &Operand<'a>) -> Result<Place, String> {
        let Operand::Address(name, offset) = operand else {
            return Err(format!("{operand:?} is no address"));
        };
        let from_zero = |start: u64| Place {
            base: ZERO,
            offset: start as i64 + offset,
        };
        match self.find(name) {
            Some(Symbol::Param(start, bytes)) => match usize::try_from(*offset) {
                Ok(offset) if offset < bytes => Ok(from_zero(start as u64)),
                _ => Err(format!("{name} has {bytes} bytes")),
            },
            Some(Symbol::Shared(start) | Symbol::Global(start)) => Ok(from_zero(start)),
            Some(Symbol::SharedAtLaunch) => Ok(from_zero(self.shared_at_launch())),
            Some(Symbol::Local(_)) => Err(format!("the local variable {name} in an address")),
            _ => Ok(Place {
                base: self.register(name)?.0,
                offset: *offset,
            }),
        }
    }

    /// A function of this module, by its number, with the parameters and results that it declares.
    pub fn callee(&self, name: &str) -> Result<(usize, &'f Head), String> {
        match self.functions.get(name) {
            Some(function) => Ok((*function, &self.heads[*function])),
            None => Err(format!("calls {name}, which is not in the module")),
        }
    }
}
