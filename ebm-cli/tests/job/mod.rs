//! The program as several processes, and what it trained.

use ebm_train::state_file;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program as one process, or as several with a thread each.
pub fn ebm(processes: usize) -> Command {
    let program = env!("CARGO_BIN_EXE_ebm");
    let mut command = match processes {
        1 => Command::new(program),
        _ => {
            let mut command = Command::new("mpirun");
            command.args(["-n", &processes.to_string(), program]);
            command
        }
    };
    // More processes than cores, as root, in a container.
    let variables = [
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
        ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
        ("OMPI_MCA_btl_vader_single_copy_mechanism", "none"),
        ("RAYON_NUM_THREADS", "1"),
    ];
    command.envs(variables).stdin(Stdio::null());
    command
}

pub fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

pub fn good(output: Output) -> String {
    let told = told(&output);
    assert!(output.status.success(), "{told}");
    told
}

/// The arrays of weights that a run left, by file and name.
fn weights(run: &Path) -> BTreeMap<String, Vec<f64>> {
    let mut all = BTreeMap::new();
    let found = fs::read_dir(run.join("weights")).unwrap();
    for path in found.map(|entry| entry.unwrap().path()) {
        for (name, (_, values)) in state_file::load(&path).unwrap() {
            let key = format!("{}: {name}", path.file_stem().unwrap().to_string_lossy());
            all.insert(key, values.into_iter().map(f64::from).collect());
        }
    }
    assert!(all.len() > 6, "{:?}", all.keys());
    all
}

pub fn distance(a: &Path, b: &Path) -> f64 {
    let (a, b) = (weights(a), weights(b));
    assert!(a.keys().eq(b.keys()));
    let pairs = a.values().flatten().zip(b.values().flatten());
    pairs
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |largest, d| if d <= largest { largest } else { d })
}
