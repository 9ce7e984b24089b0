//! Checks whether NCCL can sum over the GPUs of several processes.

use serde::{Deserialize, Serialize};

/// The GPU of a process, and its version of NCCL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Card {
    /// The GPU's universal identifier.
    pub gpu: [u8; 16],
    /// The version of NCCL, as the library encodes it.
    pub version: i32,
}

/// Returns why NCCL cannot be used by processes with these GPUs, in order of rank: every process needs a GPU of its
/// own, and all need the same NCCL.
pub(super) fn obstacle(cards: &[Result<Card, String>]) -> Option<String> {
    let mut known: Vec<&Card> = Vec::new();
    for (rank, card) in cards.iter().enumerate() {
        let card = match card {
            Ok(card) => card,
            Err(reason) => return Some(format!("process {}: {reason}", rank + 1)),
        };
        if let Some(other) = known.iter().position(|other| other.gpu == card.gpu) {
            return Some(format!("processes {} and {} share a GPU, and it needs one for each", other + 1, rank + 1));
        }
        if let Some(first) = known.first().filter(|first| first.version != card.version) {
            let (a, b) = (version(first.version), version(card.version));
            return Some(format!("process 1 has NCCL {a}, and process {} has {b}", rank + 1));
        }
        known.push(card);
    }
    None
}

/// A version in its usual notation.
pub(super) fn version(number: i32) -> String {
    // Until 2.8, there was one digit for each.
    let (major, minor) = if number < 10_000 { (1_000, 100) } else { (10_000, 100) };
    format!("{}.{}.{}", number / major, number % major / minor, number % minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(gpu: u8, version: i32) -> Result<Card, String> {
        Ok(Card { gpu: [gpu; 16], version })
    }

    #[test]
    fn every_process_needs_a_gpu_of_its_own_and_the_same_library() {
        assert_eq!(obstacle(&[card(1, 23203), card(2, 23203), card(3, 23203)]), None);
        let shared = obstacle(&[card(1, 23203), card(2, 23203), card(1, 23203)]).unwrap();
        assert_eq!(shared, "processes 1 and 3 share a GPU, and it needs one for each");
        let other = obstacle(&[card(1, 23203), card(2, 21805)]).unwrap();
        assert_eq!(other, "process 1 has NCCL 2.32.3, and process 2 has 2.18.5");
        let none = obstacle(&[card(1, 23203), Err("no CUDA device".into())]).unwrap();
        assert_eq!(none, "process 2: no CUDA device");
    }

    #[test]
    fn versions_are_counted_in_two_ways() {
        // NCCL_VERSION_CODE in the headers of these releases.
        assert_eq!(version(2708), "2.7.8");
        assert_eq!(version(20903), "2.9.3");
        assert_eq!(version(23203), "2.32.3");
    }
}
