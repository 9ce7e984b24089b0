//! Every reader of bytes from outside, on inputs that are damaged, odd or random: it neither panics nor runs on nor asks
//! for much memory, and an error is one line that names the file.
//!
//! `FUZZ_INPUTS=1000000 cargo test --release -p ebm-tests --test fuzz -- --nocapture` reads as many in all.

mod allocations;
mod cifar;
mod config;
mod csv;
mod dice;
mod exported;
mod idx;
mod manifest;
mod metrics;
mod mutation;
mod npy;
mod npz;
mod reader;
mod run_config;
mod run_marker;
mod state_file;
mod sweep;

use reader::Reader;

const READERS: [Reader; 13] = [
    cifar::READER,
    config::READER,
    csv::READER,
    exported::READER,
    idx::READER,
    manifest::READER,
    metrics::READER,
    npy::READER,
    npz::READER,
    run_config::READER,
    run_marker::READER,
    state_file::READER,
    sweep::READER,
];

fn fuzz(reader: &Reader) {
    reader.fuzz(READERS.len() as u64);
}

#[test]
fn configuration_files() {
    fuzz(&config::READER);
}

#[test]
fn text_tables() {
    fuzz(&csv::READER);
}

#[test]
fn numpy_tables() {
    fuzz(&npy::READER);
}

#[test]
fn images_in_idx_files() {
    fuzz(&idx::READER);
}

#[test]
fn images_of_cifar() {
    fuzz(&cifar::READER);
}

#[test]
fn numpy_archives() {
    fuzz(&npz::READER);
}

#[test]
fn configurations_of_runs() {
    fuzz(&run_config::READER);
}

#[test]
fn markers_of_runs() {
    fuzz(&run_marker::READER);
}

#[test]
fn exported_models() {
    fuzz(&exported::READER);
}

#[test]
fn manifests_of_checkpoints() {
    fuzz(&manifest::READER);
}

#[test]
fn figures_of_runs() {
    fuzz(&metrics::READER);
}

#[test]
fn files_of_sweeps() {
    fuzz(&sweep::READER);
}

#[test]
fn saved_states() {
    fuzz(&state_file::READER);
}
