//! A module: its variables, kernels and functions.

use super::body::{Body, Scope, Symbol};
use super::lexer::{Token, tokens};
use super::operand::{Operand, number};
use super::ty::Ty;
use crate::fault;
use crate::fault::Fault;
use crate::machine::instruction::{Instruction, Register, Special};
use crate::memory::Memory;
use std::collections::HashMap;

/// A parameter, or what a function gives back: where it is in the function's parameter space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    pub offset: usize,
    pub bytes: usize,
}

#[derive(Debug)]
pub struct Function {
    pub name: String,
    pub is_kernel: bool,
    pub parameters: Vec<Parameter>,
    pub results: Vec<Parameter>,
    pub code: Vec<Instruction>,
    /// What registers hold at first, constants among them.
    pub registers: Box<[u64]>,
    pub specials: Vec<(Register, Special)>,
    /// Bytes of parameter space, with what is passed on to other functions.
    pub parameter_bytes: usize,
    pub local_bytes: usize,
    /// Of fixed size; whatever a launch asks for comes after.
    pub shared_bytes: usize,
    /// The threads that a block may have, or must have.
    pub most_threads: Option<u64>,
    pub required_threads: Option<[u32; 3]>,
}

#[derive(Debug)]
pub struct Module {
    pub functions: Vec<Function>,
    names: HashMap<String, usize>,
    variables: Vec<u64>,
    source: String,
}

/// The newest version of PTX and the newest architecture that is known here.
const VERSION: (u32, u32) = (9, 9);
const ARCHITECTURE: u32 = 90;

/// What a declaration of a variable says.
pub struct Declaration<'a> {
    pub words: Vec<&'a str>,
    pub align: usize,
    pub name: &'a str,
    pub ty: Option<Ty>,
    /// Elements, or `None` where it is left open.
    pub count: Option<usize>,
}

impl Declaration<'_> {
    pub fn bytes(&self) -> usize {
        self.ty.map_or(0, Ty::bytes) * self.count.unwrap_or(0)
    }
}

/// `.param .align 8 .b8 name[16]`, and the tokens after.
pub fn declaration<'t, 'a>(mut rest: &'t [Token<'a>]) -> Result<(Declaration<'a>, &'t [Token<'a>]), String> {
    let mut words = Vec::new();
    let mut align = 1;
    let whole = |token: Option<&Token>| match token.and_then(|t| number(t.text)) {
        Some(Operand::Whole(value)) => usize::try_from(value).map_err(|e| e.to_string()),
        _ => Err("a number is missing in a declaration".to_string()),
    };
    while let [first, after @ ..] = rest {
        if !first.text.starts_with('.') {
            break;
        }
        rest = after;
        for word in first.text.split('.').skip(1) {
            words.push(word);
        }
        if words.last() == Some(&"align") {
            align = whole(rest.first())?;
            rest = &rest[1..];
        }
    }
    let [name, after @ ..] = rest else {
        return Err("a declaration without a name".into());
    };
    rest = after;
    let mut count = Some(1);
    while let [open, after @ ..] = rest {
        if open.text != "[" {
            break;
        }
        rest = match after {
            [close, after @ ..] if close.text == "]" => {
                count = None;
                after
            }
            [length, close, after @ ..] if close.text == "]" => {
                let length = whole(Some(length))?;
                count = count.map(|n: usize| n * length);
                after
            }
            _ => return Err(format!("the length of {}", name.text)),
        };
    }
    let ty = words.iter().rev().find_map(|word| Ty::parse(word));
    let lanes = if words.contains(&"v2") {
        2
    } else if words.contains(&"v4") {
        4
    } else {
        1
    };
    let declared = Declaration {
        align: align.max(ty.map_or(1, Ty::bytes)),
        words,
        name: name.text,
        ty,
        count: count.map(|n| n * lanes),
    };
    Ok((declared, rest))
}

/// A kernel's or function's head, and the tokens of its body.
struct Unread<'t, 'a> {
    function: Function,
    scope: Scope<'a>,
    body: &'t [Token<'a>],
}

impl Module {
    /// Reads a module, and puts its variables into memory. Instructions that are not known are kept, and fail where they are
    /// run.
    ///
    /// # Errors
    /// What is not PTX, or for another kind of GPU; with the line.
    pub fn load(source: &str, memory: &mut Memory) -> Result<Self, Fault> {
        let tokens = tokens(source);
        let mut reader = Reader {
            rest: &tokens,
            line: 1,
            memory,
            globals: Scope::default(),
            variables: Vec::new(),
            names: HashMap::new(),
            unread: Vec::new(),
            shared_bytes: 0,
        };
        if let Err(message) = reader.read() {
            fault!("PTX, line {}: {message}", reader.line);
        }
        let Reader {
            globals,
            variables,
            names,
            unread,
            shared_bytes,
            ..
        } = reader;
        let heads: Vec<(Vec<Parameter>, Vec<Parameter>)> = unread
            .iter()
            .map(|u| (u.function.parameters.clone(), u.function.results.clone()))
            .collect();
        let functions = unread
            .into_iter()
            .map(|head| {
                let Unread {
                    mut function,
                    scope,
                    body,
                } = head;
                let scopes = vec![globals.clone(), scope];
                Body::new(&mut function, scopes, shared_bytes, &names, &heads)
                    .read(body)
                    .map_err(|(line, message)| Fault(format!("PTX, line {line}: {message}")))?;
                Ok(function)
            })
            .collect::<Result<_, Fault>>()?;
        Ok(Self {
            functions,
            names: names
                .into_iter()
                .map(|(name, index)| (name.to_string(), index))
                .collect(),
            variables,
            source: source.to_string(),
        })
    }

    /// The number of the kernel of this name.
    pub fn kernel(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied().filter(|i| self.functions[*i].is_kernel)
    }

    /// A line of its text.
    pub fn line(&self, line: u32) -> &str {
        let line = (line as usize).saturating_sub(1);
        self.source.lines().nth(line).unwrap_or_default().trim()
    }

    /// Where its variables are.
    pub fn variables(&self) -> &[u64] {
        &self.variables
    }
}

struct Reader<'t, 'a, 'm> {
    rest: &'t [Token<'a>],
    /// Of what was read last.
    line: u32,
    memory: &'m mut Memory,
    globals: Scope<'a>,
    variables: Vec<u64>,
    /// Of kernels and functions with a body.
    names: HashMap<&'a str, usize>,
    unread: Vec<Unread<'t, 'a>>,
    shared_bytes: usize,
}

impl<'a> Reader<'_, 'a, '_> {
    fn next(&mut self) -> Result<&'a str, String> {
        match self.rest {
            [first, rest @ ..] => {
                self.rest = rest;
                self.line = first.line;
                Ok(first.text)
            }
            [] => Err("the text ends too soon".into()),
        }
    }

    fn peek(&self) -> &'a str {
        self.rest.first().map_or("", |token| token.text)
    }

    fn expect(&mut self, mark: &str) -> Result<(), String> {
        match self.next()? {
            found if found == mark => Ok(()),
            found => Err(format!("{found:?} where {mark:?} is expected")),
        }
    }

    fn read(&mut self) -> Result<(), String> {
        let mut is_external = false;
        if self.peek() != ".version" {
            return Err(format!("{:?} where \".version\" is expected: no PTX?", self.peek()));
        }
        while let Some(token) = self.rest.first() {
            match token.text {
                ".version" => {
                    self.next()?;
                    self.version()?;
                }
                ".target" => {
                    self.next()?;
                    self.target()?;
                }
                ".address_size" => {
                    self.next()?;
                    self.expect("64")?;
                }
                ".visible" | ".weak" => _ = self.next()?,
                ".extern" => {
                    is_external = true;
                    self.next()?;
                    continue;
                }
                ".pragma" => while self.next()? != ";" {},
                ".file" | ".loc" | ".section" => {
                    return Err(format!("{} (compile without line numbers)", token.text));
                }
                ".entry" | ".func" => self.function()?,
                text if text.starts_with(".global") || text.starts_with(".const") || text.starts_with(".shared") => {
                    self.variable(is_external)?;
                }
                other => return Err(format!("{other:?} is not known")),
            }
            is_external = false;
        }
        Ok(())
    }

    fn version(&mut self) -> Result<(), String> {
        let told = self.next()?;
        let parts = told
            .split_once('.')
            .and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        match parts {
            Some(version) if version <= VERSION => Ok(()),
            _ => Err(format!("version {told} of PTX is not known")),
        }
    }

    fn target(&mut self) -> Result<(), String> {
        let told = self.next()?;
        let number = told
            .strip_prefix("sm_")
            .map(|x| x.trim_end_matches(|c: char| c.is_ascii_lowercase()));
        match number.and_then(|n| n.parse::<u32>().ok()) {
            Some(architecture) if architecture <= ARCHITECTURE => {}
            _ => return Err(format!("target {told}: this GPU is sm_{ARCHITECTURE}")),
        }
        while self.peek() == "," {
            self.next()?;
            self.next()?;
        }
        Ok(())
    }

    fn declaration(&mut self) -> Result<Declaration<'a>, String> {
        let (declared, rest) = declaration(self.rest)?;
        self.rest = rest;
        Ok(declared)
    }

    /// A variable of the whole module.
    fn variable(&mut self, is_external: bool) -> Result<(), String> {
        let declared = self.declaration()?;
        if declared.words.first() == Some(&"shared") {
            let symbol = match (is_external, declared.count) {
                (false, Some(_)) => {
                    self.shared_bytes = self.shared_bytes.next_multiple_of(declared.align);
                    let offset = self.shared_bytes;
                    self.shared_bytes += declared.bytes();
                    Symbol::Shared(offset as u64)
                }
                _ => Symbol::SharedAtLaunch,
            };
            self.globals.insert(declared.name, symbol);
            return self.expect(";");
        }
        let width = declared.ty.ok_or("a variable without a type")?.bytes();
        let mut values = Vec::new();
        if self.peek() == "=" {
            self.next()?;
            while self.peek() != ";" {
                match self.next()? {
                    "{" | "}" | "," => {}
                    "-" => return Err(format!("a negative initial value of {}", declared.name)),
                    text => match number(text) {
                        Some(Operand::Whole(x)) => values.extend_from_slice(&x.to_le_bytes()[..width]),
                        Some(Operand::Single(x)) if width == 4 => values.extend_from_slice(&x.to_le_bytes()),
                        Some(Operand::Double(x)) if width == 8 => values.extend_from_slice(&x.to_le_bytes()),
                        _ => return Err(format!("the initial value {text:?} of {}", declared.name)),
                    },
                }
            }
        }
        self.expect(";")?;
        // Where fewer are given, or none, the rest is zero.
        values.resize(values.len().max(declared.bytes()), 0);
        let address = self.memory.allocate(values.len());
        let address = address.ok_or_else(|| format!("{} has no size", declared.name))?;
        self.memory.write(address, &values).map_err(|e| e.0)?;
        self.variables.push(address);
        self.globals.insert(declared.name, Symbol::Global(address));
        Ok(())
    }

    /// A list of parameters in parentheses, laid out from `end` on.
    fn parameters(&mut self, end: &mut usize, scope: &mut Scope<'a>) -> Result<Vec<Parameter>, String> {
        let mut found = Vec::new();
        self.expect("(")?;
        while self.peek() != ")" {
            let declared = self.declaration()?;
            if declared.words.first() != Some(&"param") {
                return Err(format!("parameter {} is not in parameter space", declared.name));
            }
            // Declared for vector loads of neighbours; every parameter starts at a boundary that suits them.
            let offset = end.next_multiple_of(declared.align.max(8));
            let parameter = Parameter {
                offset,
                bytes: declared.bytes(),
            };
            *end = offset + parameter.bytes;
            scope.insert(declared.name, Symbol::Param(offset, parameter.bytes));
            found.push(parameter);
            if self.peek() == "," {
                self.next()?;
            }
        }
        self.next()?;
        Ok(found)
    }

    fn function(&mut self) -> Result<(), String> {
        let is_kernel = self.next()? == ".entry";
        let mut scope = Scope::default();
        let mut end = 0;
        let results = match self.peek() {
            "(" => self.parameters(&mut end, &mut scope)?,
            _ => Vec::new(),
        };
        let name = self.next()?;
        let parameters = match self.peek() {
            "(" => self.parameters(&mut end, &mut scope)?,
            _ => Vec::new(),
        };
        let mut function = Function {
            name: name.to_string(),
            is_kernel,
            parameters,
            results,
            code: Vec::new(),
            registers: Box::default(),
            specials: Vec::new(),
            parameter_bytes: end,
            local_bytes: 0,
            shared_bytes: 0,
            most_threads: None,
            required_threads: None,
        };
        loop {
            match self.next()? {
                "{" => break,
                // Declared here, defined elsewhere.
                ";" => return Ok(()),
                ".noreturn" => {}
                told @ (".maxntid" | ".reqntid") => {
                    let sizes = self.sizes()?;
                    match told {
                        ".maxntid" => function.most_threads = Some(sizes.iter().map(|n| u64::from(*n)).product()),
                        _ => function.required_threads = Some(sizes),
                    }
                }
                ".minnctapersm" | ".maxnreg" | ".maxnctapersm" => _ = self.sizes()?,
                ".pragma" => while self.next()? != ";" {},
                other => return Err(format!("{other:?} in the head of {name}")),
            }
        }
        let start = self.rest;
        let mut depth = 1;
        let mut length = 0;
        while depth > 0 {
            match self.next()? {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            length += 1;
        }
        self.names.insert(name, self.unread.len());
        self.unread.push(Unread {
            function,
            scope,
            body: &start[..length - 1],
        });
        Ok(())
    }

    fn sizes(&mut self) -> Result<[u32; 3], String> {
        let mut sizes = [1; 3];
        for size in &mut sizes {
            *size = self.next()?.parse().map_err(|_| "a number of threads".to_string())?;
            if self.peek() != "," {
                break;
            }
            self.next()?;
        }
        Ok(sizes)
    }
}
