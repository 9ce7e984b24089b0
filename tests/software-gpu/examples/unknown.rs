//! Lists the instructions in PTX files that the software GPU does not know:
//!
//!     cargo run --example unknown FILE.ptx...

use software_gpu::{isa::instruction::Op, memory::Memory, ptx};
use std::{collections::BTreeMap, error::Error};

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1) {
        let source = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let module = ptx::load(&source, &mut Memory::default()).map_err(|fault| format!("{path}: {fault}"))?;
        let mut unknown: BTreeMap<String, usize> = BTreeMap::new();
        for function in &module.functions {
            for instruction in &function.code {
                if let Op::Unknown(why) = &instruction.op {
                    let text = format!("{}: {}: {why}", function.name, module.line(instruction.line));
                    *unknown.entry(text).or_default() += 1;
                }
            }
        }
        for (text, count) in unknown {
            println!("{path}: {count} x {text}");
        }
    }
    Ok(())
}
