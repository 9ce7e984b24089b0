//! The device, and the settings that the environment has for it.

use crate::gemm::{Number, Sizes, gemm};
use crate::machine::{Grid, Launch, Order};
use crate::{fault::Fault, isa::module::Module, memory::Memory, ptx};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::{collections::BTreeMap, env, fmt::Write as _, str::FromStr};

/// Shuffles the order of blocks, warps and lanes.
const SEED: &str = "SOFTWARE_GPU_SEED";
/// `allow`: barriers do not wait for threads that have ended.
const ENDED: &str = "SOFTWARE_GPU_ENDED_THREADS";
/// `ignore`: threads may use the same global memory at once.
const RACES: &str = "SOFTWARE_GPU_RACES";
/// `return`: mistakes are reported and become errors of CUDA; else the program ends.
const FAULTS: &str = "SOFTWARE_GPU_FAULTS";
/// The number of devices. They share one memory.
const DEVICES: &str = "SOFTWARE_GPU_DEVICES";
/// A file to which a list of all kernels that were run, and of all copies, is written when the program ends.
const REPORT: &str = "SOFTWARE_GPU_REPORT";

fn number<T: FromStr>(variable: &str) -> Option<T> {
    env::var(variable).ok()?.parse().ok()
}

fn is(variable: &str, value: &str) -> bool {
    env::var(variable).is_ok_and(|found| found == value)
}

#[derive(Default)]
pub struct Device {
    pub memory: Memory,
    modules: Vec<Option<Module>>,
    order: Order,
    /// Launches so far.
    launches: u32,
    /// How often each kernel ran, and how many instructions.
    runs: BTreeMap<String, (u64, u64)>,
    /// How often so many bytes were copied to `device` or `host`.
    copies: BTreeMap<(&'static str, usize), u64>,
}

static DEVICE: LazyLock<Mutex<Device>> = LazyLock::new(|| {
    Mutex::new(Device {
        memory: Memory::new(!is(RACES, "ignore")),
        order: Order { seed: number(SEED).unwrap_or(0), ended_threads_pass_barriers: is(ENDED, "allow") },
        ..Device::default()
    })
});

pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn device() -> MutexGuard<'static, Device> {
    locked(&DEVICE)
}

pub fn devices() -> usize {
    number(DEVICES).unwrap_or(1)
}

/// Reports a mistake and ends the program, unless it is to go on.
pub fn complain(what: &str, fault: &Fault) {
    eprintln!("software GPU: {what}: {fault}");
    if !is(FAULTS, "return") {
        eprintln!("software GPU: the program ends here; {FAULTS}=return makes it an error of CUDA");
        std::process::abort();
    }
}

impl Device {
    /// Loads a module, which gets a number.
    pub fn load(&mut self, source: &str) -> Result<usize, Fault> {
        let module = ptx::load(source, &mut self.memory)?;
        self.modules.push(Some(module));
        Ok(self.modules.len() - 1)
    }

    pub fn unload(&mut self, module: usize) -> Result<(), Fault> {
        let module = self.modules.get_mut(module).and_then(Option::take);
        let module = module.ok_or_else(|| Fault("no such module".into()))?;
        let mut variables = module.variables.iter();
        variables.try_for_each(|address| self.memory.free(*address))
    }

    pub fn module(&self, module: usize) -> Option<&Module> {
        self.modules.get(module)?.as_ref()
    }

    pub fn launch(&mut self, module: usize, kernel: usize, grid: Grid, parameters: &[u8]) -> Result<(), Fault> {
        self.launches = self.launches.wrapping_add(1).max(1);
        let module = self.modules.get(module).and_then(Option::as_ref);
        let module = module.ok_or_else(|| Fault("a kernel of a module that has been unloaded".into()))?;
        let launch = Launch { module, kernel, grid, parameters, order: self.order, number: self.launches };
        let instructions = launch.run(&mut self.memory)?;
        let name = module.functions[kernel].name.clone();
        let runs = self.runs.entry(name).or_default();
        *runs = (runs.0 + 1, runs.1 + instructions);
        Ok(())
    }

    /// Counts a copy to `device` or `host` for the report.
    pub fn count_copy(&mut self, to: &'static str, bytes: usize) {
        *self.copies.entry((to, bytes)).or_default() += 1;
    }

    pub fn multiply<T: Number>(
        &mut self,
        sizes: Sizes,
        alpha: T,
        factors: (u64, u64),
        beta: T,
        product: u64,
    ) -> Result<(), Fault> {
        let name = format!("matrix products of {} bits", T::TY.bits);
        self.runs.entry(name).or_default().0 += 1;
        gemm(&mut self.memory, sizes, alpha, factors, beta, product)
    }
}

/// Writes the report if one is asked for, when the program ends.
pub extern "C" fn report() {
    let (Ok(path), Ok(device)) = (env::var(REPORT), DEVICE.try_lock()) else {
        return;
    };
    let mut text = String::from("launches\tinstructions\tkernel\n");
    for (name, (launches, instructions)) in &device.runs {
        let _ = writeln!(text, "{launches}\t{instructions}\t{name}");
    }
    text.push_str("copies\tbytes each\tto\n");
    for ((to, bytes), times) in &device.copies {
        let _ = writeln!(text, "{times}\t{bytes}\t{to}");
    }
    let _ = writeln!(text, "allocations left: {}", device.memory.allocations());
    if let Err(error) = std::fs::write(&path, text) {
        eprintln!("software GPU: {REPORT}={path}: {error}");
    }
}
