//! `mpirun ebm train` on GPUs: gradients are summed by NCCL where each process has one, and elsewhere by MPI. Needs three GPUs, or the
//! GPU in software, of which there are as many as the test says.

mod job;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use job::{distance, ebm, good};

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

/// Three of them.
const GPUS: &str = "0,1,2";

struct Place {
    folder: tempfile::TempDir,
    config: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let points = (0..200).map(|i| {
            let columns = [1, 2, 3, 5].map(|k| (((i * k * 37) % 101) as f64 / 50.0 - 1.0).to_string());
            columns.join(",") + "\n"
        });
        fs::write(folder.path().join("points.csv"), points.collect::<String>()).unwrap();
        let config = folder.path().join("points.toml");
        fs::write(&config, CONFIG).unwrap();
        Self { folder, config }
    }

    fn run(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Trains to a run directory, by so many processes that see the GPUs of these numbers.
    fn train(&self, processes: usize, name: &str, with: &[&str], gpus: &str) -> Output {
        let mut command = ebm(processes);
        let count = gpus.split(',').count().to_string();
        command.envs([("CUDA_VISIBLE_DEVICES", gpus), ("SOFTWARE_GPU_DEVICES", &count)]);
        command.arg("train").arg(&self.config).arg("--run").arg(self.run(name));
        command.args(with).output().unwrap()
    }
}

fn log(run: &Path) -> String {
    fs::read_to_string(run.join("log.txt")).unwrap()
}

#[test]
fn processes_with_a_gpu_each_train_what_one_does_by_nccl_and_by_mpi() {
    let place = Place::new();
    good(place.train(1, "one", &[], GPUS));
    assert!(!log(&place.run("one")).contains("gradients are summed"));
    for processes in [2, 3] {
        let (by_nccl, by_mpi) = (format!("nccl-{processes}"), format!("mpi-{processes}"));
        let said = good(place.train(processes, &by_nccl, &[], GPUS));
        let told = log(&place.run(&by_nccl));
        assert!(
            told.contains("gradients are summed on the GPUs, by NCCL"),
            "{said}{told}"
        );
        let said = good(place.train(processes, &by_mpi, &["--without-nccl"], GPUS));
        assert!(!said.contains("NCCL"), "{said}");
        for name in [&by_nccl, &by_mpi] {
            let far = distance(&place.run(name), &place.run("one"));
            assert!(far <= 1e-5, "{name}: {far:e}");
        }
        // A sum of two is the same in both orders.
        let far = distance(&place.run(&by_nccl), &place.run(&by_mpi));
        assert!(processes > 2 || far == 0.0, "{far:e}");
    }
}

#[test]
fn processes_that_share_a_gpu_say_so_once_and_train_by_mpi() {
    let place = Place::new();
    let said = good(place.train(2, "run", &[], "0"));
    assert_eq!(
        said.matches("processes 1 and 2 share a GPU, and it needs one for each")
            .count(),
        1,
        "{said}"
    );
    assert!(log(&place.run("run")).contains("gradients are summed by MPI"), "{said}");
}
