//! Notes that the reader must know before believing a diagnosis.

use ebm_core::models::GeneratorFacts;

use super::Rounding;

/// Notes on a diagnosis of a generator of `d -> D` dimensions at `latents` latents.
pub(super) fn notes(
    facts: GeneratorFacts,
    (latent, data): (usize, usize),
    rounding: &Rounding,
    latents: usize,
) -> Vec<String> {
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
