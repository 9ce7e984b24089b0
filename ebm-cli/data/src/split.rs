use crate::prelude::*;
use ebm_core::data::{Fingerprint, Split};

/// The shares of a finite source that are not trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// Share of all samples that reports are on, between 0 and 1, both excluded.
    pub held_out: f64,
    /// Share of the other samples for choices that are made during training, from 0 to below 1.
    pub validation: f64,
}

/// The rows of each part of a finite source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub training: Vec<usize>,
    pub validation: Vec<usize>,
    pub held_out: Vec<usize>,
}

impl Parts {
    /// Splits at least 2 rows at random, by `random`'s seed and stream: at least one to train on and one to hold out. What is held
    /// out does not depend on the share for validation.
    pub fn of(rows: usize, shares: Shares, random: Random) -> Self {
        let mut held_out = random.stream("split").permutation(rows);
        let rest = held_out.split_off(share_of(rows, shares.held_out).clamp(1, rows - 1));
        Self { held_out, ..Self::without_held_out(rest, shares.validation) }
    }

    /// Splits the rows of a source whose held-out samples are elsewhere.
    pub fn of_training(rows: usize, validation: f64, random: Random) -> Self {
        let rest = match validation > 0.0 {
            true => random.stream("split").permutation(rows),
            false => (0..rows).collect(),
        };
        Self::without_held_out(rest, validation)
    }

    /// One row to train on stays, if there is one.
    fn without_held_out(mut rest: Vec<usize>, validation: f64) -> Self {
        let most = rest.len().saturating_sub(1);
        let count = if validation > 0.0 { share_of(rest.len(), validation).max(1).min(most) } else { 0 };
        let training = rest.split_off(count);
        Self { training, validation: rest, held_out: Vec::new() }
    }
}

fn share_of(rows: usize, share: f64) -> usize {
    (rows as f64 * share).round() as usize
}

/// The identity of a source of this content, by the number of rows to train on and the rows of the other parts.
pub(crate) fn fingerprint(content: String, training: usize, validation: &[usize], held_out: &[usize]) -> Fingerprint {
    let mut hash = blake3::Hasher::new();
    for part in [validation, held_out] {
        hash.update(&(part.len() as u64).to_le_bytes());
        let bytes: Vec<u8> = part.iter().flat_map(|row| (*row as u64).to_le_bytes()).collect();
        hash.update(&bytes);
    }
    let (validation, held_out) = (validation.len(), held_out.len());
    let split = Split { training, validation, held_out, rows: hash.finalize().to_hex().to_string() };
    Fingerprint { rows: training + validation + held_out, content, split }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(rows: usize, held_out: f64, validation: f64) -> Parts {
        Parts::of(rows, Shares { held_out, validation }, Random::new(3))
    }

    fn sizes(parts: &Parts) -> [usize; 3] {
        [&parts.training, &parts.validation, &parts.held_out].map(Vec::len)
    }

    #[test]
    fn every_row_is_in_one_part_and_validation_is_taken_from_the_rows_to_train_on() {
        let (three, two) = (parts(200, 0.1, 0.1), parts(200, 0.1, 0.0));
        assert_eq!((sizes(&three), sizes(&two)), ([162, 18, 20], [180, 0, 20]));
        assert_eq!(three.held_out, two.held_out);
        let mut all = [&three.training[..], &three.validation, &three.held_out].concat();
        all.sort_unstable();
        assert_eq!(all, (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn small_sources_keep_a_row_to_train_on_and_one_held_out() {
        for (rows, expected) in [(2, [1, 0, 1]), (3, [1, 1, 1]), (4, [2, 1, 1])] {
            assert_eq!(sizes(&parts(rows, 0.1, 0.1)), expected);
        }
        assert_eq!(sizes(&parts(10, 0.99, 0.99)), [1, 0, 9]);
        assert_eq!(sizes(&Parts::of_training(1, 0.1, Random::new(3))), [1, 0, 0]);
        // Where nothing is split off, the rows stay in their order.
        assert_eq!(Parts::of_training(3, 0.0, Random::new(3)).training, [0, 1, 2]);
    }

    #[test]
    fn a_fingerprint_tells_splits_of_the_same_sizes_apart() {
        let of = |validation: &[usize], held_out: &[usize]| fingerprint(String::new(), 5, validation, held_out);
        assert_eq!(of(&[1], &[2, 3]), of(&[1], &[2, 3]));
        assert_eq!(of(&[1], &[2, 3]).rows, 8);
        for (validation, held_out) in [(&[4][..], &[2, 3][..]), (&[1], &[2, 4]), (&[1, 2], &[3])] {
            assert_ne!(of(validation, held_out).split.rows, of(&[1], &[2, 3]).split.rows);
        }
    }
}
