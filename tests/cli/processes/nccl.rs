//! Processes on GPUs: gradients are summed by NCCL where each process has one, and elsewhere by MPI. Needs three GPUs, or the GPU in
//! software, of which there are as many as the test says.

use super::{distance, ebm, told};
use crate::command::{Folder, contains};

/// Every layer smooth, every term a mean over the samples, and few figures at the end: a GPU in software is slow.
const CONFIG: &str = r#"
data = { kind = "csv", path = "points.csv" }
generator = { kind = "flow" }
energy = { kind = "mlp", hidden = [32, 32], activation = "tanh", confinement = 1.0 }
lower = { kind = "sv", variant = "smallest", solver = { iterative = { steps = 3, warm_start = true } } }
upper = { kind = "gp", volume = "log-det", projections = 2, weight = 0.01 }

[train]
steps = 20
batch = 12
log_every = 10
evaluate_every = 0
energy = { average = 0.9 }

[evaluate]
held_out = 16
generated = 16
"#;

const GPUS: &str = "0,1,2";

fn folder() -> Folder {
    let folder = Folder::with(CONFIG);
    let points = (0..200).map(|i| {
        let columns = [1, 2, 3, 5].map(|k| (((i * k * 37) % 101) as f64 / 50.0 - 1.0).to_string());
        columns.join(",") + "\n"
    });
    folder.write("points.csv", &points.collect::<String>());
    folder
}

/// Trains to a run directory, by so many processes that see the GPUs of these numbers; returns the output and the log.
fn train(folder: &Folder, processes: usize, run: &str, more: &str, gpus: &str) -> (String, String) {
    let mut command = ebm(folder, processes, &format!("train run.toml --run {run} {more}"));
    let count = gpus.split(',').count().to_string();
    command.envs([("CUDA_VISIBLE_DEVICES", gpus), ("SOFTWARE_GPU_DEVICES", &count)]);
    let said = told(0, &mut command);
    (said, folder.read(&format!("{run}/log.txt")))
}

#[test]
fn processes_with_a_gpu_each_train_what_one_does_by_nccl_and_by_mpi() {
    let folder = folder();
    let (_, log) = train(&folder, 1, "one", "", GPUS);
    assert!(!log.contains("gradients are summed"));
    for processes in [2, 3] {
        let (by_nccl, by_mpi) = (format!("nccl-{processes}"), format!("mpi-{processes}"));
        let (_, log) = train(&folder, processes, &by_nccl, "", GPUS);
        contains(&log, &["gradients are summed on the GPUs, by NCCL"]);
        let (said, _) = train(&folder, processes, &by_mpi, "--without-nccl", GPUS);
        assert!(!said.contains("NCCL"), "{said}");
        for name in [&by_nccl, &by_mpi] {
            let far = distance(&folder, name, "one");
            assert!(far <= 1e-5, "{name}: {far:e}");
        }
        // A sum of two is the same in both orders.
        let far = distance(&folder, &by_nccl, &by_mpi);
        assert!(processes > 2 || far == 0.0, "{far:e}");
    }
}

#[test]
fn processes_that_share_a_gpu_say_so_once_and_train_by_mpi() {
    let (said, log) = train(&folder(), 2, "run", "", "0");
    let shared = "processes 1 and 2 share a GPU, and it needs one for each";
    assert_eq!(said.matches(shared).count(), 1, "{said}");
    contains(&log, &["gradients are summed by MPI"]);
}
