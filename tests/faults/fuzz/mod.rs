//! Every reader of bytes from outside, on inputs that are damaged, odd or random: it does not panic, run on, or ask
//! for much memory, and an error is one line that names the file.
//!
//! `FUZZ_INPUTS=1000000 cargo test --release -p ebm-tests --test faults fuzz -- --nocapture` reads as many in all.

mod allocations;
mod arrays;
mod dice;
mod harness;
mod mutation;
mod runs;
mod texts;

macro_rules! readers {
    ($($test:ident: $reader:path),+ $(,)?) => {
        /// The number of readers, which share the inputs.
        const READERS: u64 = [$(stringify!($test)),+].len() as u64;

        $(
            #[test]
            fn $test() {
                harness::fuzz(&$reader, READERS);
            }
        )+
    };
}

readers!(
    configuration_files: texts::CONFIG,
    text_tables: texts::CSV,
    files_of_sweeps: texts::SWEEP,
    configurations_of_runs: texts::RUN_CONFIG,
    numpy_tables: arrays::NPY,
    numpy_archives: arrays::NPZ,
    images_in_idx_files: arrays::IDX,
    images_of_cifar: arrays::CIFAR,
    markers_of_runs: runs::MARKER,
    manifests_of_checkpoints: runs::MANIFEST,
    figures_of_runs: runs::METRICS,
    saved_states: runs::STATE_FILE,
    exported_models: runs::EXPORTED,
);
