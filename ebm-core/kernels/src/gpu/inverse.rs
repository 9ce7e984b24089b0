//! Lists of the sources that go to each place.

use super::memory::{Buffer, upload};
use crate::device::DevResult;

/// For every place, the sources that go there, in order: those from `starts[place]` to `starts[place + 1]` of `sources`.
///
/// For kernels whose target places may repeat: one thread per place sums everything bound for it, so no two threads write to
/// the same place and the order of the sum is fixed.
pub(crate) struct Inverse {
    /// One more than there are places.
    pub starts: Buffer<usize>,
    /// As many as were given.
    pub sources: Buffer<usize>,
}

impl Inverse {
    /// Where source `i` goes to place `places[i]` of `count`.
    pub fn of(places: &[usize], count: usize) -> DevResult<Self> {
        let mut of_place = vec![Vec::new(); count];
        for (source, &place) in places.iter().enumerate() {
            of_place[place].push(source);
        }
        let mut starts = vec![0];
        for sources in &of_place {
            starts.push(starts[starts.len() - 1] + sources.len());
        }
        Ok(Self { starts: upload(starts)?, sources: upload(of_place.concat())? })
    }
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;

    #[test]
    fn sources_of_a_place_are_found_in_order() {
        // Place 0 has source 1, place 1 none, place 2 sources 0 and 2.
        for (places, count, starts, sources) in
            [(vec![2, 0, 2], 3, vec![0, 1, 1, 3], vec![1, 0, 2]), (vec![], 2, vec![0; 3], vec![])]
        {
            let inverse = Inverse::of(&places, count).unwrap();
            assert_eq!((inverse.starts.to_vec(), inverse.sources.to_vec()), (starts, sources));
        }
    }
}
