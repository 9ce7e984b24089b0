use ebm_core::models::{Generator, GeneratorFacts};
use ebm_core::{device::Real, geometry::Geometry, random::Random};
use serde::Serialize;
use thiserror::Error;

use super::{Approach, Entropies, Quantiles, Rounding, effective_rank, singular_values};
use super::{approach::approaches, spectrum::ends};

/// Share of the largest singular value below which one is counted as small.
pub const SMALL: f64 = 1e-3;

/// The Jacobian J `[D, d]` of a generator over a batch of latents, with its singular values s_1 <= ... <= s_d. `Display` gives
/// text; serde gives JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Number of latent dimensions, d.
    pub latent: usize,
    /// Number of data dimensions, D.
    pub data: usize,
    /// Number of latents.
    pub latents: usize,
    /// s_1.
    pub smallest: Quantiles,
    /// s_d.
    pub largest: Quantiles,
    /// The condition number s_d / s_1.
    pub condition: Quantiles,
    /// [`effective_rank`].
    pub effective_rank: Quantiles,
    /// Number of singular values below [`SMALL`] s_d.
    pub small: Quantiles,
    /// The entropies that follow from the singular values.
    pub entropies: Entropies,
    /// The iterative solver after more and more steps.
    pub solver: Vec<Approach>,
    /// The level of rounding.
    pub rounding: Rounding,
    /// Each singular value over the latents, smallest first.
    pub spectrum: Vec<Quantiles>,
    /// Notes that the reader must know before believing the numbers.
    pub notes: Vec<String>,
}

/// A generator that has no spectrum to report.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiagnoseError {
    /// More latent than data dimensions.
    #[error(
        "the generator has d = {latent} latent and D = {data} data dimensions: with d > D its Jacobian has the singular value 0 \
         everywhere, and no bound by singular values; a diagnosis needs generator.latent <= {data}"
    )]
    TooManyLatents {
        /// Number of latent dimensions.
        latent: usize,
        /// Number of data dimensions.
        data: usize,
    },
    /// A derivative is NaN or infinite.
    #[error(
        "the generator's Jacobian is not finite at {bad} of {all} latents: there are no singular values; choose an earlier \
         checkpoint with --checkpoint"
    )]
    NotFinite {
        /// Latents where it is not.
        bad: usize,
        /// Latents looked at.
        all: usize,
    },
}

/// Diagnoses a generator at `count` latents, drawn with the starts of the solver from `random`.
///
/// # Errors
/// If there are more latent than data dimensions, or a derivative is not finite.
pub fn diagnose<G: Geometry>(
    generator: &dyn Generator<G>,
    count: usize,
    random: Random,
) -> Result<Diagnosis, DiagnoseError> {
    let geometry = generator.geometry();
    let (latent, data) = (geometry.latent_width(), geometry.data_width());
    if latent > data {
        return Err(DiagnoseError::TooManyLatents { latent, data });
    }
    let draw = |name: &str| -> Vec<Real> { random.stream(name).normals(count * latent) };
    let (latents, starts) = (draw("latents"), draw("starts"));
    let spectra = singular_values(generator, &latents);
    let bad = spectra.iter().filter(|values| !values.iter().all(|s| s.is_finite())).count();
    if bad > 0 {
        return Err(DiagnoseError::NotFinite { bad, all: count });
    }
    let over = |of: fn(&[f64]) -> f64| Quantiles::of(spectra.iter().map(|values| of(values)));
    let rounding = Rounding::of(&spectra);
    Ok(Diagnosis {
        latent,
        data,
        latents: count,
        smallest: over(|values| ends(values).0),
        largest: over(|values| ends(values).1),
        condition: over(|values| ends(values).1 / ends(values).0),
        effective_rank: over(effective_rank),
        small: over(|values| values.iter().filter(|s| **s < SMALL * ends(values).1).count() as f64),
        entropies: Entropies::of(&spectra),
        solver: approaches(generator, &latents, &starts, &spectra),
        spectrum: (0..latent).map(|i| Quantiles::of(spectra.iter().map(|values| values[i]))).collect(),
        notes: notes(generator.facts(), (latent, data), &rounding, count),
        rounding,
    })
}

/// Notes on a diagnosis of a generator of `d -> D` dimensions at `latents` latents.
fn notes(facts: GeneratorFacts, (latent, data): (usize, usize), rounding: &Rounding, latents: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let Rounding { exact, products, .. } = *rounding;
    if rounding.latents_below_exact > 0 {
        notes.push(format!(
            "at {} of {latents} latents s_1 is below {exact:.1e} s_d, the level of rounding: it is 0 as far as this precision can \
             tell, and figures made of it (condition number, H0 + d ln s_1, H0 + sum ln s_i, ratios) say no more than that",
            rounding.latents_below_exact
        ));
    }
    if rounding.latents_below_products > 0 {
        notes.push(format!(
            "at {} of {latents} latents s_1 is below {products:.1e} s_d, what the iterative solver's products can resolve: no \
             number of steps finds it",
            rounding.latents_below_products
        ));
    }
    if data > latent {
        notes.push(format!(
            "D = {data} > d = {latent}: the samples lie on a manifold, the entropies are those of the density on it, and none in \
             the data space is bounded"
        ));
    }
    if !facts.injective {
        notes.push(
            "the generator is not known to be injective: where it folds, H0 + sum ln s_i counts volume twice and is above the entropy"
                .into(),
        );
    }
    if facts.noise > 0.0 {
        notes.push(format!(
            "the generator adds noise of standard deviation {:.4}: its entropy is not in these figures, which are those of G(z)",
            facts.noise
        ));
    }
    if facts.couples_batch {
        notes.push("batch-norm couples the batch in training; the Jacobian is that of evaluation".into());
    }
    if facts.piecewise_linear {
        notes.push(
            "the generator is piecewise linear: the Jacobian is piecewise constant, and its derivative in z is zero almost everywhere"
                .into(),
        );
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::geometry::Runtime;
    use ebm_core::models::closed_form::{LinearGaussian, standard_normal_entropy};

    fn linear(latent: usize, data: usize, diagonal: &[f64]) -> LinearGaussian<Runtime> {
        let mut weight = vec![0.0; data * latent];
        for (i, s) in diagonal.iter().enumerate() {
            weight[i * latent + i] = *s;
        }
        LinearGaussian::new(Runtime { latent, data }, &weight, &vec![0.0; data], 0.0)
    }

    #[test]
    fn a_generator_of_known_singular_values_has_exactly_these_figures() {
        let generator = linear(4, 5, &[2.0, 1e-3, 0.5, 8.0]);
        let found = diagnose(&generator as &dyn Generator<_>, 6, Random::new(1)).unwrap();
        assert_eq!((found.latent, found.data, found.latents), (4, 5, 6));
        let close = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-5 * expected.abs().max(1.0), "{found} {expected}");
        };
        for (quantiles, expected) in
            [(found.smallest, 1e-3), (found.largest, 8.0), (found.condition, 8000.0), (found.small, 1.0)]
        {
            close(quantiles.least, expected);
            close(quantiles.greatest, expected);
        }
        close(found.effective_rank.median, effective_rank(&[1e-3, 0.5, 2.0, 8.0]));
        for (quantiles, expected) in found.spectrum.iter().zip([1e-3, 0.5, 2.0, 8.0]) {
            close(quantiles.median, expected);
        }
        let h0 = standard_normal_entropy(4);
        close(found.entropies.smallest.value, h0 + 4.0 * 1e-3f64.ln());
        close(found.entropies.exact.value, h0 + 8e-3f64.ln());
        close(found.entropies.ceiling.value, h0 + 2.0 * ((4.25f64 + 64.0 + 1e-6) / 4.0).ln());
        assert_eq!((found.rounding.latents_below_exact, found.solver.len()), (0, 8));
        // The first estimate is a mean of squares, far above a small s_1.
        assert!(found.solver[0].above_exact && found.solver[0].ratio.median > 100.0);
        // Equal seeds, equal figures.
        let again = diagnose(&generator as &dyn Generator<_>, 6, Random::new(1)).unwrap();
        assert_eq!(again, found);
    }

    #[test]
    fn what_has_no_spectrum_is_refused() {
        let refused = |generator: &LinearGaussian<Runtime>| {
            diagnose(generator as &dyn Generator<_>, 3, Random::new(1)).unwrap_err()
        };
        let error = refused(&linear(3, 2, &[1.0, 1.0]));
        assert_eq!(error, DiagnoseError::TooManyLatents { latent: 3, data: 2 });
        let error = refused(&linear(2, 2, &[f64::INFINITY, 1.0]));
        assert_eq!(error, DiagnoseError::NotFinite { bad: 3, all: 3 });
    }

    #[test]
    fn a_flat_generator_is_said_to_be_flat() {
        let generator = linear(3, 3, &[1.0, 2.0, 0.0]);
        let found = diagnose(&generator as &dyn Generator<_>, 3, Random::new(1)).unwrap();
        assert_eq!(found.rounding.latents_below_exact, 3);
        assert!(found.notes[0].contains("at 3 of 3 latents"), "{:?}", found.notes);
        let json = serde_json::to_value(&found).unwrap();
        assert!(json["entropies"]["exact"]["value"].is_null(), "{json}");
    }
    #[test]
    fn only_what_applies_is_told() {
        let sound = Rounding::of(&[vec![1.0, 2.0]]);
        let injective = GeneratorFacts::unknown(0.0).injective();
        assert_eq!(notes(injective, (2, 2), &sound, 1), Vec::<String>::new());
        let flat = Rounding::of(&[vec![0.0, 2.0]]);
        let mut facts = GeneratorFacts::unknown(0.25);
        (facts.couples_batch, facts.piecewise_linear) = (true, true);
        let told = notes(facts, (2, 3), &flat, 1);
        let parts =
            ["level of rounding", "no number of steps", "manifold", "injective", "0.2500", "batch-norm", "piecewise"];
        assert_eq!(told.len(), parts.len());
        for (note, part) in told.iter().zip(parts) {
            assert!(note.contains(part), "{note}");
        }
    }
}
