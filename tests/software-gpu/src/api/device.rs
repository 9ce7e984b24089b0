//! The device, and what it is told through the environment.

use crate::fault::Fault;
use crate::gemm::{Number, Sizes, gemm};
use crate::machine::{Grid, Launch, Order};
use crate::memory::Memory;
use crate::ptx::Module;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Shuffles the order of blocks, warps and lanes.
const SEED: &str = "SOFTWARE_GPU_SEED";
/// `allow`: barriers do not wait for threads that have ended.
const ENDED: &str = "SOFTWARE_GPU_ENDED_THREADS";
/// `ignore`: threads may use the same global memory at once.
const RACES: &str = "SOFTWARE_GPU_RACES";
/// `return`: what is wrong is told and becomes an error of CUDA; else the program ends.
const FAULTS: &str = "SOFTWARE_GPU_FAULTS";
/// How many devices there are. They have one memory.
const DEVICES: &str = "SOFTWARE_GPU_DEVICES";
/// A file to which a list of all kernels that were run, and of all copies, is written when the program ends.
const REPORT: &str = "SOFTWARE_GPU_REPORT";

/// How often a kernel ran, and how many instructions.
#[derive(Debug, Default, Clone, Copy)]
struct Runs {
    launches: u64,
    instructions: u64,
}

/// Where something is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Copied {
    ToDevice,
    ToHost,
}

#[derive(Default)]
pub struct Device {
    pub memory: Memory,
    modules: Vec<Option<Module>>,
    order: Order,
    /// Launches so far.
    launches: u32,
    runs: BTreeMap<String, Runs>,
    /// How often so many bytes were copied.
    copies: BTreeMap<(Copied, usize), u64>,
}

static DEVICE: LazyLock<Mutex<Device>> = LazyLock::new(|| {
    let order = Order {
        seed: std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or(0),
        ended_threads_pass_barriers: std::env::var(ENDED).is_ok_and(|told| told == "allow"),
    };
    let sees_races = std::env::var(RACES).map_or(true, |told| told != "ignore");
    Mutex::new(Device {
        memory: Memory::new(sees_races),
        order,
        ..Device::default()
    })
});

pub fn device() -> MutexGuard<'static, Device> {
    DEVICE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many devices there are.
pub fn devices() -> usize {
    let told = std::env::var(DEVICES).ok().and_then(|told| told.parse().ok());
    told.unwrap_or(1)
}

/// Tells what is wrong and ends the program, unless it is to go on.
pub fn complain(what: &str, fault: &Fault) {
    eprintln!("software GPU: {what}: {fault}");
    if std::env::var(FAULTS).is_ok_and(|told| told == "return") {
        return;
    }
    eprintln!("software GPU: the program ends here; {FAULTS}=return makes it an error of CUDA");
    std::process::abort();
}

impl Device {
    /// The number of a new module.
    pub fn load(&mut self, source: &str) -> Result<usize, Fault> {
        let module = Module::load(source, &mut self.memory)?;
        self.modules.push(Some(module));
        Ok(self.modules.len() - 1)
    }

    pub fn unload(&mut self, module: usize) -> Result<(), Fault> {
        match self.modules.get_mut(module).and_then(Option::take) {
            Some(module) => module
                .variables()
                .iter()
                .try_for_each(|address| self.memory.free(*address)),
            None => Err(Fault::new("no such module")),
        }
    }

    pub fn module(&self, module: usize) -> Option<&Module> {
        self.modules.get(module)?.as_ref()
    }

    /// Runs a kernel of a module.
    pub fn launch(&mut self, module: usize, kernel: usize, grid: Grid, parameters: &[u8]) -> Result<(), Fault> {
        self.launches = self.launches.wrapping_add(1).max(1);
        let Some(Some(module)) = self.modules.get(module) else {
            return Err(Fault::new("a kernel of a module that has been unloaded"));
        };
        let launch = Launch {
            module,
            kernel,
            grid,
            parameters,
            order: self.order,
            number: self.launches,
        };
        let instructions = launch.run(&mut self.memory)?;
        let runs = self.runs.entry(module.functions[kernel].name.clone()).or_default();
        runs.launches += 1;
        runs.instructions += instructions;
        Ok(())
    }

    /// Notes a copy for the report.
    pub fn note_copy(&mut self, copied: Copied, bytes: usize) {
        *self.copies.entry((copied, bytes)).or_default() += 1;
    }

    pub fn multiply<T: Number>(
        &mut self,
        sizes: Sizes,
        alpha: T,
        factors: (u64, u64),
        beta: T,
        product: u64,
    ) -> Result<(), Fault> {
        self.runs
            .entry(format!("matrix products of {} bits", 8 * T::WIDTH))
            .or_default()
            .launches += 1;
        gemm(&mut self.memory, sizes, alpha, factors, beta, product)
    }
}

/// Writes the report that is asked for.
pub fn report() {
    let (Ok(path), Ok(device)) = (std::env::var(REPORT), DEVICE.try_lock()) else {
        return;
    };
    let mut text = String::from("launches\tinstructions\tkernel\n");
    for (name, runs) in &device.runs {
        let _ = writeln!(text, "{}\t{}\t{name}", runs.launches, runs.instructions);
    }
    text.push_str("copies\tbytes each\tto\n");
    for ((copied, bytes), times) in &device.copies {
        let to = match copied {
            Copied::ToDevice => "device",
            Copied::ToHost => "host",
        };
        let _ = writeln!(text, "{times}\t{bytes}\t{to}");
    }
    let _ = writeln!(text, "allocations left: {}", device.memory.allocations());
    if let Err(error) = std::fs::write(&path, text) {
        eprintln!("software GPU: {REPORT}={path}: {error}");
    }
}
