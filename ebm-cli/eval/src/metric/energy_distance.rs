use super::{Context, Findings, Metric, MetricValue, Reason, Unit, cloud::Cloud};
use crate::features::{Features, double};
use ebm_train::Cancel;

/// Most samples of either kind: distances of all pairs are computed.
const MOST: usize = 4000;

/// `2 E|x - y| - E|x - x'| - E|y - y'|` with Euclidean norms, for independent x, x' of one distribution and y, y' of another: 0
/// if and only if they are the same, in the units of the coordinates (Székely and Rizzo, "Energy statistics: a class of
/// statistics based on distances", J. Statist. Plann. Inference 2013, equation 5).
///
/// Unbiased: no sample is compared with itself. The second number is the standard error to first order, from what each sample
/// adds (Hájek's projection); it is too small where the distributions are nearly the same.
fn energy_distance(x: Features<'_>, y: Features<'_>, cancel: &Cancel) -> Result<(f64, f64), Reason> {
    if x.len().min(y.len()) < 2 {
        return Err("it needs two samples of either kind".into());
    }
    let centre = y.mean();
    let [x, y] = [x, y].map(|samples| Cloud::new(samples, &centre));
    let mean_distances = |from: &Cloud<'_>, to: &Cloud<'_>, count: usize| -> Vec<f64> {
        let sums = from.survey(to, 0.0, cancel, |sums, tile| {
            tile.rows().for_each(|(row, squares)| sums[row] += squares.iter().map(|s| s.sqrt()).sum::<f64>());
        });
        sums.into_iter().map(|sum| sum / count as f64).collect()
    };
    let across = [mean_distances(&x, &y, y.len()), mean_distances(&y, &x, x.len())];
    let within = [&x, &y].map(|side| mean_distances(side, side, side.len() - 1));
    let (mut value, mut variance) = (0.0, 0.0);
    for (across, within) in across.iter().zip(&within) {
        let n = across.len() as f64;
        let parts: Vec<f64> = across.iter().zip(within).map(|(across, within)| across - within).collect();
        let mean = parts.iter().sum::<f64>() / n;
        value += mean;
        variance += 4.0 * parts.iter().map(|part| (part - mean).powi(2)).sum::<f64>() / (n - 1.0) / n;
    }
    Ok((value, variance.sqrt()))
}

struct EnergyDistance;

crate::register_metric!(EnergyDistance, place: 45, needs: [HeldOut, Generator], values: ["energy_distance": Number, Lower]);

impl Metric for EnergyDistance {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let width = context.data.width();
        // Up to two dimensions the exact likelihood says more.
        let Some(generated) = context.generated().filter(|_| width > 2) else {
            return Ok(());
        };
        let [generated, held_out] = [generated, &context.held_out].map(|samples| {
            let most = samples.len().min(MOST * width);
            double(&samples[..most])
        });
        let [x, y] = [Features::new(&generated, width)?, Features::new(&held_out, width)?];
        let (value, error) = energy_distance(x, y, &context.cancel)?;
        let protocol = format!("of {} generated from {} held-out samples; 0 for equal distributions", x.len(), y.len());
        let value = (value, Unit::Number);
        let value = MetricValue::new("energy_distance", "energy distance", value, x.len().min(y.len()), protocol);
        found.push(value.with_error(error));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::random::Random;

    #[test]
    fn of_few_points_it_is_the_formula() {
        // Across: (1 + 4 + 1 + 2)/4 = 2; within: 2 and 3. So 2*2 - 2 - 3 = -1.
        let (x, y) = ([0.0, 2.0], [1.0, 4.0]);
        let [x, y] = [&x, &y].map(|values| Features::new(values, 1).unwrap());
        let (value, _) = energy_distance(x, y, &Cancel::default()).unwrap();
        assert!((value + 1.0).abs() < 1e-12, "{value}");
    }

    #[test]
    fn of_shifted_gaussians_it_is_the_closed_form() {
        // E|N(m, s^2)| = s sqrt(2/pi) e^(-m^2/(2 s^2)) + m erf(m / (s sqrt 2)): with s^2 = 2, m = 1 it is 1.399 282 5
        // (Python's math.erf), with m = 0 2/sqrt(pi) = 1.128 379 2. So 2*(1.399 282 5 - 1.128 379 2) = 0.541 806 6.
        let n = 3000;
        let [x, y] = ["x", "y"].map(|stream| double(&Random::new(2).stream(stream).normals(n)));
        let shifted: Vec<f64> = y.iter().map(|v| v + 1.0).collect();
        let of = |a: &[f64], b: &[f64]| {
            energy_distance(Features::new(a, 1).unwrap(), Features::new(b, 1).unwrap(), &Cancel::default())
        };
        let (value, error) = of(&x, &shifted).unwrap();
        assert!(error < 0.03 && (value - 0.541_806_6).abs() < 4.0 * error, "{value} +- {error}");
        assert!(of(&x, &y).unwrap().0.abs() < 0.005);
    }
}
