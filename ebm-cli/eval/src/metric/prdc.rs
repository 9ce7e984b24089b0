use ebm_train::Cancel;
use serde::{Deserialize, Serialize};

use super::{Context, Findings, Metric, MetricValue, Reason, Unit, cloud::Cloud};
use crate::features::{Features, MetricError};

/// How two sets of features cover each other, by balls around each point that reach to its k-th nearest neighbour in its
/// own set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prdc {
    /// Share of generated samples within the ball of a real one.
    pub precision: f64,
    /// Share of real samples within the ball of a generated one.
    pub recall: f64,
    /// Mean number of real balls that a generated sample is in, divided by k. It may exceed 1.
    pub density: f64,
    /// Share of real samples that have a generated one within their ball.
    pub coverage: f64,
}

/// The surroundings of a point.
#[derive(Clone, Copy)]
struct Surroundings {
    /// Balls of the other set that it is in.
    balls: usize,
    /// Squared distance of the nearest point of the other set.
    nearest: f64,
}

impl Prdc {
    /// Compares `generated` with `real` features; `k` is customarily 5 (3 in the paper of precision and recall).
    ///
    /// Distances are Euclidean, in double precision, in tiles: memory is O(n), time O(n^2 F). Points on a ball's boundary are
    /// outside, as in the reference package `prdc`.
    ///
    /// Kynkäänniemi et al., "Improved precision and recall metric for assessing generative models", NeurIPS 2019; Naeem et al.,
    /// "Reliable fidelity and diversity metrics for generative models", ICML 2020.
    ///
    /// # Errors
    /// If k is 0, a set has no more than k samples, or the features are of different widths.
    pub fn of(real: Features<'_>, generated: Features<'_>, k: usize) -> Result<Self, MetricError> {
        Self::of_until(real, generated, k, &Cancel::default())
    }

    /// [`Prdc::of`]. Once cancelled, what it returns means nothing.
    fn of_until(real: Features<'_>, generated: Features<'_>, k: usize, cancel: &Cancel) -> Result<Self, MetricError> {
        if real.width() != generated.width() {
            return Err(MetricError::widths(real.width(), generated.width()));
        }
        for (what, found) in [("real samples", real.len()), ("generated samples", generated.len())] {
            if k == 0 || found <= k {
                let metric = "precision and recall by the k-th neighbour (k > 0)";
                return Err(MetricError::too_few(metric, what, k.max(1) + 1, found));
            }
        }
        let centre = real.mean();
        let (real, generated) = (Cloud::new(real, &centre), Cloud::new(generated, &centre));
        let (real_radii, generated_radii) = (radii(&real, k, cancel), radii(&generated, k, cancel));
        let of_generated = surroundings(&generated, &real, &real_radii, cancel);
        let of_real = surroundings(&real, &generated, &generated_radii, cancel);
        let covered = |around: &&Surroundings| around.balls > 0;
        let share = |count: usize, of: usize| count as f64 / of as f64;
        let inside: usize = of_generated.iter().map(|around| around.balls).sum();
        let reached = of_real.iter().zip(&real_radii).filter(|(around, radius)| around.nearest < **radius);
        Ok(Self {
            precision: share(of_generated.iter().filter(covered).count(), generated.len()),
            recall: share(of_real.iter().filter(covered).count(), real.len()),
            density: share(inside, k * generated.len()),
            coverage: share(reached.count(), real.len()),
        })
    }
}

/// The squared distance of each point to its k-th nearest neighbour.
fn radii(cloud: &Cloud<'_>, k: usize, cancel: &Cancel) -> Vec<f64> {
    // The k smallest so far, in ascending order.
    let nearest = cloud.survey(cloud, vec![f64::INFINITY; k], cancel, |nearest, tile| {
        for (row, squares) in tile.rows() {
            let (nearest, own) = (&mut nearest[row], tile.rows.start + row);
            for (column, &square) in tile.columns.clone().zip(squares) {
                if square < nearest[k - 1] && column != own {
                    let place = nearest.partition_point(|n| *n <= square);
                    nearest[place..].rotate_right(1);
                    nearest[place] = square;
                }
            }
        }
    });
    nearest.into_iter().map(|nearest| nearest[k - 1]).collect()
}

fn surroundings(points: &Cloud<'_>, others: &Cloud<'_>, radii: &[f64], cancel: &Cancel) -> Vec<Surroundings> {
    let start = Surroundings { balls: 0, nearest: f64::INFINITY };
    points.survey(others, start, cancel, |results, tile| {
        let radii = &radii[tile.columns.clone()];
        for (row, squares) in tile.rows() {
            let result = &mut results[row];
            result.balls += squares.iter().zip(radii).filter(|(square, radius)| square < radius).count();
            result.nearest = squares.iter().copied().fold(result.nearest, f64::min);
        }
    })
}

/// Precision, recall, density and coverage of `generated` by the `k`-th neighbour, from at most `most` samples of each kind.
/// `extractor` says whose features they are.
///
/// # Errors
/// If there are no more than k samples, or the features are of different widths.
pub fn neighbour_values(
    real: Features<'_>,
    generated: Features<'_>,
    (k, most): (usize, usize),
    extractor: &str,
) -> Result<[MetricValue; 4], MetricError> {
    neighbour_values_until(real, generated, (k, most), extractor, &Cancel::default())
}

/// [`neighbour_values`]. Once cancelled, what it returns means nothing.
fn neighbour_values_until(
    real: Features<'_>,
    generated: Features<'_>,
    (k, most): (usize, usize),
    extractor: &str,
    cancel: &Cancel,
) -> Result<[MetricValue; 4], MetricError> {
    let (real, generated) = (real.first(most), generated.first(most));
    let found = Prdc::of_until(real, generated, k, cancel)?;
    let samples = format!(
        "{} generated and {} real samples, {} features {extractor}, k = {k}",
        generated.len(),
        real.len(),
        real.width()
    );
    let count = real.len().min(generated.len());
    Ok([
        ("precision", found.precision, Unit::Share, "generated samples within the k-th neighbour of a real one"),
        ("recall", found.recall, Unit::Share, "real samples within the k-th neighbour of a generated one"),
        ("density", found.density, Unit::Number, "real balls that a generated sample is in, divided by k"),
        ("coverage", found.coverage, Unit::Share, "real samples with a generated one within their k-th neighbour"),
    ]
    .map(|(name, value, unit, what)| MetricValue::new(name, name, (value, unit), count, format!("{what}; {samples}"))))
}

/// Precision, recall, density and coverage of generated samples by the classifier's features.
struct ClassifierPrdc;

crate::register_metric!(
    ClassifierPrdc,
    place: 90,
    needs: [Classifier],
    values: [
        "precision": Share, Higher,
        "recall": Share, Higher,
        "density": Number, Higher,
        "coverage": Share, Higher,
    ],
);

impl Metric for ClassifierPrdc {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let Some((classified, sets)) = context.compared() else { return Ok(()) };
        let (real, generated) = (classified.features(&sets.held_out)?, classified.features(&sets.generated)?);
        let extractor = format!("of {}", classified.name());
        let by = context.config.images.by();
        found.values.extend(neighbour_values_until(real, generated, by, &extractor, &context.cancel)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{features::double, fixtures};
    use ebm_core::random::Random;

    #[test]
    fn it_equals_the_package_prdc() {
        #[derive(Deserialize)]
        struct Fixture {
            width: usize,
            real: Vec<f32>,
            fake: Vec<f32>,
            cases: Vec<Case>,
        }
        #[derive(Deserialize)]
        struct Case {
            k: usize,
            #[serde(flatten)]
            expected: Prdc,
        }
        let fixture: Fixture = fixtures::read(include_str!("../../tests/fixtures/metrics/prdc.json"));
        let [real, fake] = [&fixture.real, &fixture.fake]
            .map(|values| -> Vec<f64> { values.iter().copied().map(f64::from).collect() });
        let features = |values| Features::new(values, fixture.width).unwrap();
        for Case { k, expected } in fixture.cases {
            let found = Prdc::of(features(&real), features(&fake), k).unwrap();
            let values = |of: Prdc| [of.precision, of.recall, of.density, of.coverage];
            for (found, expected) in values(found).into_iter().zip(values(expected)) {
                fixtures::close(found, expected);
            }
        }
    }

    #[test]
    fn on_a_line_it_can_be_counted_by_hand() {
        // Radii for k = 1: 1, 1, 2, 7 of the real points 0, 1, 3, 10; all 0.5 but the last, 4.5, of the generated ones.
        let real = [0.0, 1.0, 3.0, 10.0];
        let generated = [0.25, 0.75, 5.25];
        let found = Prdc::of(Features::new(&real, 1).unwrap(), Features::new(&generated, 1).unwrap(), 1).unwrap();
        // 0.25 and 0.75 are in the balls of 0 and 1 (not of 3), 5.25 in that of 10 only: 5 pairs.
        assert_eq!((found.precision, found.density), (1.0, 5.0 / 3.0));
        // 0, 1, and, as |3 - 5.25| and |1 - 5.25| are below 4.5, 3; 10 is 4.75 away.
        assert_eq!(found.recall, 0.75);
        // 3 has its nearest at a distance of 2.25.
        assert_eq!(found.coverage, 0.75);
    }

    #[test]
    fn an_offset_of_a_million_changes_nothing() {
        // NumPy 2 and SciPy 1.17: the formulas of `prdc` with distances by scipy.spatial.distance.cdist, on the features of
        // `fixtures::offset`. `prdc` 0.2 itself has this density at offset 0, and 1.1533 at the other: its distances cancel.
        for offset in [0.0, 1e6] {
            let [real, generated] = fixtures::offset(offset);
            let found = Prdc::of(Features::new(&real, 3).unwrap(), Features::new(&generated, 3).unwrap(), 3).unwrap();
            let expected = [0.98, 0.55, 7.0 / 6.0, 0.725];
            for (found, expected) in [found.precision, found.recall, found.density, found.coverage].iter().zip(expected)
            {
                assert!((found - expected).abs() < 1e-9, "{found} {expected} at {offset}");
            }
        }
    }

    #[test]
    fn a_set_covers_itself_and_nothing_far_away() {
        let values = double(&Random::new(2).normals(3 * 700));
        let far: Vec<f64> = values.iter().map(|v| v + 100.0).collect();
        let (near, far) = (Features::new(&values, 3).unwrap(), Features::new(&far, 3).unwrap());
        let same = Prdc::of(near, near, 4).unwrap();
        assert_eq!((same.precision, same.recall, same.coverage), (1.0, 1.0, 1.0));
        let apart = Prdc::of(near, far, 4).unwrap();
        assert_eq!((apart.precision, apart.recall, apart.density, apart.coverage), (0.0, 0.0, 0.0, 0.0));
    }

    #[test]
    fn too_few_samples_and_other_features_are_refused() {
        let (five, four) = ([0.0; 5], [0.0; 4]);
        let (five, four) = (Features::new(&five, 1).unwrap(), Features::new(&four, 1).unwrap());
        let error = Prdc::of(five, four, 4).unwrap_err().to_string();
        assert!(error.contains("at least 5 generated samples, there are 4"), "{error}");
        assert!(Prdc::of(five, five, 0).is_err());
        let wide = [0.0; 10];
        let wide = Features::new(&wide, 2).unwrap();
        let error = Prdc::of(five, wide, 1).unwrap_err().to_string();
        assert!(error.contains("of 1 and of 2 dimensions"), "{error}");
    }
}
