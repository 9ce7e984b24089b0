//! Reads a module: its variables, and the kernels and functions with their bodies.

use super::decode::decode;
use super::lexer::{Cursor, tokens};
use super::operand::{Operand, integer};
use super::symbols::{Symbol, Symbols};
use crate::fault::{Fault, fault};
use crate::isa::instruction::{Instruction, Op, Parameter, Predicate};
use crate::isa::module::{Function, Module};
use crate::isa::ty::{Class, Ty};
use crate::memory::Memory;
use std::collections::HashMap;

/// The newest version of PTX and the newest architecture that are known here.
const VERSION: f32 = 9.9;
const ARCHITECTURE: u32 = 90;

/// Reads a module, and puts its variables into memory. Instructions that are not known are kept, and fail where they are run.
/// Fails, with the line, if the text is not PTX or for another kind of GPU.
pub fn load(source: &str, memory: &mut Memory) -> Result<Module, Fault> {
    let tokens = tokens(source);
    let mut parser = Parser {
        cursor: Cursor::new(&tokens),
        memory,
        module: Module::default(),
        symbols: Symbols::new(),
        shared_bytes: 0,
    };
    if let Err(fault) = parser.module() {
        fault!("PTX, line {}: {fault}", parser.cursor.line);
    }
    parser.module.source = source.to_string();
    Ok(parser.module)
}

/// The declaration of a variable, or of registers.
struct Declaration<'a> {
    /// The state space: `reg`, `param`, ....
    space: &'a str,
    align: usize,
    name: &'a str,
    ty: Option<Ty>,
    /// The size, or none where it is left open.
    bytes: Option<usize>,
}

impl Declaration<'_> {
    /// Places the variable at the end of a space.
    fn place(&self, end: &mut usize, align: usize) -> Parameter {
        let offset = end.next_multiple_of(self.align.max(align));
        let bytes = self.bytes.unwrap_or(0);
        *end = offset + bytes;
        Parameter { offset, bytes }
    }
}

struct Parser<'t, 'a, 'm> {
    cursor: Cursor<'t, 'a>,
    memory: &'m mut Memory,
    module: Module,
    symbols: Symbols<'a>,
    /// The size of the shared variables of the whole module.
    shared_bytes: usize,
}

impl<'a> Parser<'_, 'a, '_> {
    fn module(&mut self) -> Result<(), Fault> {
        if self.cursor.peek() != ".version" {
            fault!("{:?} where \".version\" is expected: no PTX?", self.cursor.peek());
        }
        while !self.cursor.accept("") {
            let directive = self.cursor.peek();
            if matches!(directive.split('.').nth(1), Some("global" | "const" | "shared")) {
                self.variable()?;
                continue;
            }
            self.cursor.advance()?;
            match directive {
                ".version" => self.version()?,
                ".target" => self.target()?,
                ".address_size" => self.cursor.expect("64")?,
                ".visible" | ".weak" | ".extern" => {}
                ".pragma" => _ = self.cursor.until(";")?,
                ".file" | ".loc" | ".section" => fault!("{directive} (compile without line numbers)"),
                ".entry" | ".func" => self.function(directive == ".entry")?,
                other => fault!("{other:?} is not known"),
            }
        }
        Ok(())
    }

    fn version(&mut self) -> Result<(), Fault> {
        let text = self.cursor.advance()?;
        match text.parse::<f32>() {
            Ok(version) if version <= VERSION => Ok(()),
            _ => fault!("version {text} of PTX is not known"),
        }
    }

    fn target(&mut self) -> Result<(), Fault> {
        let text = self.cursor.advance()?;
        let number = text.strip_prefix("sm_").unwrap_or_default();
        let number = number.trim_end_matches(|c: char| c.is_ascii_lowercase());
        if !number.parse().is_ok_and(|number: u32| number <= ARCHITECTURE) {
            fault!("target {text}: this GPU is sm_{ARCHITECTURE}");
        }
        while self.cursor.accept(",") {
            self.cursor.advance()?;
        }
        Ok(())
    }

    /// `.param .align 8 .b8 name[16]`
    fn declaration(&mut self) -> Result<Declaration<'a>, Fault> {
        let (mut space, mut align, mut ty, mut lanes) = ("", 1, None, 1);
        while self.cursor.peek().starts_with('.') {
            for word in self.cursor.advance()?.split('.').skip(1) {
                match word {
                    "align" => align = integer(&mut self.cursor)?,
                    "v2" => lanes = 2,
                    "v4" => lanes = 4,
                    word if space.is_empty() => space = word,
                    word => ty = Ty::parse(word).or(ty),
                }
            }
        }
        let name = self.cursor.advance()?;
        let width = ty.map_or(0, Ty::bytes);
        let mut bytes = Some(lanes * width);
        while self.cursor.accept("[") {
            bytes = match self.cursor.accept("]") {
                true => None,
                false => {
                    let length: usize = integer(&mut self.cursor)?;
                    self.cursor.expect("]")?;
                    bytes.map(|n| n * length)
                }
            };
        }
        Ok(Declaration { space, align: align.max(width), name, ty, bytes })
    }

    /// Reads a variable of the whole module.
    fn variable(&mut self) -> Result<(), Fault> {
        let declared = self.declaration()?;
        let symbol = match declared.space {
            "shared" if declared.bytes.is_none() => fault!("{}: shared memory of the launch", declared.name),
            "shared" => Symbol::Shared(declared.place(&mut self.shared_bytes, 1).offset as u64),
            _ if declared.ty.is_none() => fault!("a variable without a type"),
            _ => {
                let values = self.initial_values(&declared)?;
                let Some(address) = self.memory.allocate(values.len()) else {
                    fault!("{} has no size", declared.name);
                };
                self.memory.write(address, &values)?;
                self.module.variables.push(address);
                Symbol::Global(address)
            }
        };
        self.symbols.insert(declared.name, symbol);
        self.cursor.expect(";")
    }

    fn initial_values(&mut self, declared: &Declaration) -> Result<Vec<u8>, Fault> {
        let mut values = Vec::new();
        if self.cursor.accept("=") {
            let items = match Operand::parse(&mut self.cursor)? {
                Operand::List(items) => items,
                one => vec![one],
            };
            for item in items {
                match (item, declared.ty.map_or(0, Ty::bytes)) {
                    (Operand::Whole(x), width) if x >= 0 => values.extend_from_slice(&x.to_le_bytes()[..width]),
                    (Operand::Single(x), 4) => values.extend_from_slice(&x.to_le_bytes()),
                    (Operand::Double(x), 8) => values.extend_from_slice(&x.to_le_bytes()),
                    (other, _) => fault!("the initial value {other:?} of {}", declared.name),
                }
            }
        }
        // Where fewer are given, or none, the rest is zero.
        values.resize(values.len().max(declared.bytes.unwrap_or(0)), 0);
        Ok(values)
    }

    /// Reads parameters or results in parentheses, if there are any, and lays them out from `end` on.
    fn parameters(&mut self, end: &mut usize) -> Result<Vec<Parameter>, Fault> {
        let mut found = Vec::new();
        if !self.cursor.accept("(") {
            return Ok(found);
        }
        while !self.cursor.accept(")") {
            let declared = self.declaration()?;
            if declared.space != "param" {
                fault!("parameter {} is not in parameter space", declared.name);
            }
            // Vector loads may read neighbours at once, so every parameter starts at a boundary that suits them.
            let parameter = declared.place(end, 8);
            self.symbols.insert(declared.name, Symbol::Param(parameter));
            found.push(parameter);
            self.cursor.accept(",");
        }
        Ok(found)
    }

    /// Reads a kernel or function, or the announcement of one that is defined later.
    fn function(&mut self, is_kernel: bool) -> Result<(), Fault> {
        self.symbols.scopes.push(HashMap::new());
        let mut end = 0;
        let results = self.parameters(&mut end)?;
        let name = self.cursor.advance()?;
        let mut function = Function {
            name: name.to_string(),
            is_kernel,
            parameters: self.parameters(&mut end)?,
            results,
            parameter_bytes: end,
            shared_bytes: self.shared_bytes,
            ..Function::default()
        };
        let is_defined = loop {
            match self.cursor.advance()? {
                "{" => break true,
                ";" => break false,
                ".noreturn" => {}
                ".maxntid" => function.most_threads = Some(self.sizes()?.iter().map(|n| u64::from(*n)).product()),
                ".reqntid" => function.required_threads = Some(self.sizes()?),
                ".minnctapersm" | ".maxnreg" | ".maxnctapersm" => _ = self.sizes()?,
                ".pragma" => _ = self.cursor.until(";")?,
                other => fault!("{other:?} in the head of {name}"),
            }
        };
        if !is_defined {
            let op = Op::Unknown(format!("{name} is announced, but not in the module").into());
            function.push(None, op, self.cursor.line);
        }
        let functions = &mut self.module.functions;
        let number = *self.module.names.entry(name.to_string()).or_insert(functions.len());
        if number == functions.len() {
            functions.push(function);
        } else if is_defined {
            functions[number] = function;
        }
        self.symbols.scopes[0].insert(name, Symbol::Function(number));
        if is_defined {
            self.body(number)?;
        }
        self.symbols.scopes.truncate(1);
        Ok(())
    }

    fn sizes(&mut self) -> Result<[u32; 3], Fault> {
        let mut sizes = [1; 3];
        for size in &mut sizes {
            *size = integer(&mut self.cursor)?;
            if !self.cursor.accept(",") {
                break;
            }
        }
        Ok(sizes)
    }

    /// Reads the body of a function, after its opening brace.
    fn body(&mut self, number: usize) -> Result<(), Fault> {
        self.symbols.start_function();
        let outer = self.symbols.scopes.len();
        self.symbols.scopes.push(HashMap::new());
        while self.symbols.scopes.len() > outer {
            let first = self.cursor.peek();
            if self.cursor.accept("{") {
                self.symbols.scopes.push(HashMap::new());
            } else if self.cursor.accept("}") {
                self.symbols.scopes.pop();
            } else if self.cursor.peek_second() == ":" {
                let label = self.symbols.label(first);
                self.symbols.labels[label].1 = Some(self.module.functions[number].code.len());
                self.cursor.advance()?;
                self.cursor.expect(":")?;
            } else if first.starts_with('.') {
                self.directive(number)?;
            } else if !self.cursor.accept(";") {
                let mut statement = self.cursor.until(";")?;
                let (guard, op) = self.instruction(&mut statement);
                self.module.functions[number].push(guard, op, self.cursor.line);
            }
        }
        let function = &mut self.module.functions[number];
        // A thread that runs off the end returns.
        function.push(None, Op::Return, self.cursor.line);
        for Instruction { op, .. } in &mut function.code {
            if let Op::Jump(target) = op {
                match self.symbols.labels[*target] {
                    (_, Some(place)) => *target = place,
                    (label, None) => *op = Op::Unknown(format!("no label {label}").into()),
                }
            }
        }
        function.registers = std::mem::take(&mut self.symbols.registers);
        function.specials = self.symbols.specials.drain().map(|(special, r)| (r, special)).collect();
        Ok(())
    }

    /// Reads a declaration within a body.
    fn directive(&mut self, number: usize) -> Result<(), Fault> {
        let first = self.cursor.peek();
        if first == ".pragma" {
            return self.cursor.until(";").map(drop);
        }
        let declared = self.declaration()?;
        let function = &mut self.module.functions[number];
        let symbol = match declared.space {
            "reg" => {
                // Registers of types that are not known (half precision) hold their bits.
                let ty = declared.ty.unwrap_or(Ty::new(Class::Unsigned, 16));
                self.registers(declared.name, ty)?;
                while self.cursor.accept(",") {
                    let name = self.cursor.advance()?;
                    self.registers(name, ty)?;
                }
                return self.cursor.expect(";");
            }
            "param" => Symbol::Param(declared.place(&mut function.parameter_bytes, 8)),
            "local" => Symbol::Local(declared.place(&mut function.local_bytes, 16).offset as u64),
            "shared" => Symbol::Shared(declared.place(&mut function.shared_bytes, 1).offset as u64),
            _ => fault!("{first:?} in a body"),
        };
        self.symbols.insert(declared.name, symbol);
        self.cursor.expect(";")
    }

    /// `%r<10>` declares `%r0` to `%r9`.
    fn registers(&mut self, name: &'a str, ty: Ty) -> Result<(), Fault> {
        let mut count = 1;
        if self.cursor.accept("<") {
            count = integer(&mut self.cursor).map_err(|fault| Fault(format!("registers {name}: {fault}")))?;
            self.cursor.expect(">")?;
        }
        self.symbols.declare_registers(name, ty, count);
        Ok(())
    }

    /// `@!%p1 name operands`
    fn instruction(&mut self, statement: &mut Cursor<'_, 'a>) -> (Option<Predicate>, Op) {
        let unknown = |fault: Fault| Op::Unknown(fault.0.into());
        match self.guard(statement) {
            Ok(guard) => (guard, self.operation(statement).unwrap_or_else(unknown)),
            Err(fault) => (None, unknown(fault)),
        }
    }

    fn guard(&mut self, statement: &mut Cursor<'_, 'a>) -> Result<Option<Predicate>, Fault> {
        if !statement.accept("@") {
            return Ok(None);
        }
        let negated = statement.accept("!");
        let register = self.symbols.register(statement.advance()?)?.0;
        Ok(Some(Predicate { register, negated }))
    }

    fn operation(&mut self, statement: &mut Cursor<'_, 'a>) -> Result<Op, Fault> {
        let mnemonic = statement.advance()?;
        let operands = statement.list("", Operand::parse)?;
        decode(&mut self.symbols, &self.module.functions, mnemonic, &operands)
    }
}
