use ebm_core::kernels::parallel;
use serde::Serialize;
use std::{fmt, fs};

/// Precision of the numbers.
pub(crate) const PRECISION: &str = if ebm_core::device::DOUBLE_PRECISION { "f64" } else { "f32" };
/// The device that holds the numbers.
pub(crate) const DEVICE: &str = if cfg!(feature = "cuda") { "cuda" } else { "cpu" };

/// The machine and the build that values and times were measured with.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    ebm: &'static str,
    rustc: &'static str,
    target: &'static str,
    precision: &'static str,
    device: &'static str,
    /// Graphics cards of a build for them, as their driver names them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cards: Vec<String>,
    /// Model of the processor, where the system tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    processor: Option<String>,
    /// Processors that this process may use.
    cores: usize,
    /// Threads that work is split over.
    threads: usize,
}

impl Machine {
    pub fn here() -> Self {
        Self {
            ebm: env!("CARGO_PKG_VERSION"),
            rustc: env!("BUILT_BY_RUSTC"),
            target: env!("BUILT_FOR_TARGET"),
            precision: PRECISION,
            device: DEVICE,
            cards: cards(),
            processor: fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| model(&text)),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            threads: parallel::threads(),
        }
    }
}

/// The processor in the text of `/proc/cpuinfo`.
fn model(text: &str) -> Option<String> {
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    let (_, model) = fields.into_iter().find(|(key, _)| key.trim() == "model name")?;
    Some(model.trim().to_string())
}

/// The cards that `nvidia-smi` lists, in a build for them; none without that program.
fn cards() -> Vec<String> {
    if cfg!(not(feature = "cuda")) {
        return Vec::new();
    }
    let asked = std::process::Command::new("nvidia-smi")
        .args(["--query-gpu=name,driver_version", "--format=csv,noheader"])
        .output();
    let text = asked.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.unwrap_or_default().lines().map(str::to_string).collect()
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let processor = self.processor.as_deref().unwrap_or("unknown processor");
        let build = format!("ebm {} ({}, {})", self.ebm, self.rustc, self.target);
        writeln!(f, "{build}, {} on {}, {} threads", self.precision, self.device, self.threads)?;
        write!(f, "{processor}, {} cores", self.cores)?;
        self.cards.iter().try_for_each(|card| write!(f, "; {card}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_the_first_that_the_system_lists() {
        let text = "processor\t: 0\nmodel\t\t: 17\nmodel name\t: A: 3.1 GHz\n\nprocessor\t: 1\nmodel name\t: B\n";
        assert_eq!(model(text).as_deref(), Some("A: 3.1 GHz"));
        assert_eq!(model("processor : 0\n"), None);
    }
}
