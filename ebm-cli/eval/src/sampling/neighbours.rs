use ebm_core::{data::Dataset, device::Real, random::Random};

/// Training samples looked at where the data set has no end.
const OF_ENDLESS: usize = 60_000;
/// Training samples drawn at once.
const AT_ONCE: usize = 1000;

/// The training samples nearest to a sample, which tell whether a model repeats what it was trained on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighbours {
    /// Euclidean distances, smallest first.
    pub distances: Vec<f64>,
    /// The samples, row-major, in the same order.
    pub samples: Vec<Real>,
}

/// The `k` nearest training samples of each of `samples` `[n, D]`, among all of a finite set, or 60,000 draws from another.
pub fn nearest(data: &dyn Dataset, samples: &[Real], k: usize, random: Random) -> Vec<Neighbours> {
    let width = data.width().max(1);
    let all = data.len().unwrap_or(OF_ENDLESS);
    let mut found = vec![Neighbours::default(); samples.len() / width];
    for (step, start) in (0..all).step_by(AT_ONCE).enumerate() {
        // The first epoch has every row of a finite set once; the last draw goes into the second.
        let draw = data.draw(AT_ONCE, random.stream("neighbours").at(step as u64));
        for candidate in draw.chunks_exact(width).take(all - start) {
            for (sample, found) in samples.chunks_exact(width).zip(&mut found) {
                found.offer(distance(sample, candidate), candidate, k);
            }
        }
    }
    found
}

impl Neighbours {
    fn offer(&mut self, distance: f64, candidate: &[Real], k: usize) {
        let place = self.distances.partition_point(|known| *known <= distance);
        if place >= k {
            return;
        }
        self.distances.insert(place, distance);
        self.distances.truncate(k);
        let at = place * candidate.len();
        self.samples.splice(at..at, candidate.iter().copied());
        self.samples.truncate(k * candidate.len());
    }
}

/// The number of the row of `rows` that is nearest to a point, and its distance.
pub(crate) fn nearest_row(point: &[Real], rows: &[Real]) -> Option<(usize, f64)> {
    let distances = rows.chunks_exact(point.len()).map(|row| distance(point, row)).enumerate();
    distances.min_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// The Euclidean distance of two points.
pub(crate) fn distance(a: &[Real], b: &[Real]) -> f64 {
    // Sums of eight lanes, which the compiler makes one vector of.
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks(8), b.chunks(8));
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += (a - b) * (a - b);
        }
    }
    sums.iter().map(|&sum| f64::from(sum)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_data::{RawTable, Shares, Table};

    #[test]
    fn the_nearest_of_all_training_samples_are_found_in_order() {
        // Points (i, 0) for i below 2500, of which some are held out.
        let raw = RawTable {
            path: "points".into(),
            width: 2,
            values: (0..2500).flat_map(|i| [f64::from(i), 0.0]).collect(),
            columns: None,
            notes: Vec::new(),
        };
        let data = Table::new(raw, Shares { held_out: 0.1, validation: 0.0 }, false, Random::new(0)).unwrap();
        let held_out = data.held_out(9999, Random::new(0));
        let trained = |i: i32| !held_out.chunks(2).any(|row| row[0] as i32 == i);
        let found = nearest(&data, &[1000.2, 3.0, -7.0, 0.0], 4, Random::new(1));
        for (found, (x, y)) in found.iter().zip([(1000.2f64, 3.0f64), (-7.0, 0.0)]) {
            let mut expected: Vec<(f64, i32)> =
                (0..2500).filter(|i| trained(*i)).map(|i| ((f64::from(i) - x).hypot(y), i)).collect();
            expected.sort_by(|a, b| a.0.total_cmp(&b.0));
            let places: Vec<i32> = found.samples.chunks(2).map(|row| row[0] as i32).collect();
            assert_eq!(places, expected[..4].iter().map(|(_, i)| *i).collect::<Vec<_>>());
            for (found, (expected, _)) in found.distances.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-3, "{found} {expected}");
            }
        }
    }
}
