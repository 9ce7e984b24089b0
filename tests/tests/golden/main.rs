//! The losses of the first steps of every pair of bounds, against those that are on record.
//!
//! `REGENERATE_GOLDEN=1 cargo test -p ebm-tests --test golden` writes the record anew; with `--features ebm-tests/f64`
//! that of double precision. The name does not start with `EBM_`: such variables are configuration.

mod comparison;
mod losses;
mod pair;
mod record;

use pair::{PAIRS, Pair};

/// How far a value may be from the record, relative to its size, or to the usual one of its column.
///
/// The sums of so small a problem are never split over threads: 1, 2 and more of them give the same bits, which is a test
/// below. Neither does the width of the vectors change a bit in single precision: builds for the machine at hand (AVX-512)
/// and for any x86-64 agree with each other and with AVX2, since a vector holds the terms of different sums. What is left
/// are processors without a fused multiply-add, and the system's exponential and logarithm. They differ in the last place,
/// which twenty steps of a game enlarge.
const TOLERANCE: f64 = if cfg!(feature = "f64") { 1e-8 } else { 1e-3 };

/// What is not as on record, as a table; nothing where all is.
fn changes(pair: &Pair) -> Option<String> {
    let now = losses::of(pair);
    if std::env::var_os("REGENERATE_GOLDEN").is_some() {
        record::write(pair, &now);
        return None;
    }
    let differences = comparison::differences(&record::read(pair), &now, TOLERANCE);
    let table = || format!("{}:\n{}", pair.name(), comparison::table(&differences));
    (!differences.is_empty()).then(table)
}

#[test]
fn every_pair_trains_as_on_record() {
    let changes: Vec<_> = PAIRS.iter().filter_map(changes).collect();
    assert!(changes.is_empty(), "not as on record:\n{}", changes.join("\n"));
}

#[test]
fn threads_change_nothing() {
    for pair in &PAIRS {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| losses::of(pair))
        };
        assert_eq!(on(1), on(2), "{}", pair.name());
    }
}
