//! The settings for data of two dimensions, or of one.

use super::{Facts, Training};

pub(super) fn settings(facts: &Facts) -> String {
    let steps = if facts.is_small() { 5_000 } else { 20_000 };
    let model = if facts.width < 2 { LINE } else { PLANE };
    let training = Training { steps, warmup: steps / 80, rates: ["2e-3", "4e-3"], generator_steps: "" };
    training.of(&format!("{model}{COMMON}"), facts)
}

/// The generator, and the bounds that suit it.
const PLANE: &str = r#"
[generator]
# Injective, so that its samples never fold over each other and the entropy from its Jacobian is exact.
kind = "flow"
layers = 2
steps = 12
hidden = [32, 32]

[lower]
# The entropy from the whole Jacobian, which is cheap in the plane and certified for a flow.
kind = "sv"
variant = "log-det"

[upper]
kind = "gp"
# The volume that the lower bound has, and the whole residual: nothing is left to chance.
volume = "log-det"
projections = 0
# Weighted samples keep the game calm by themselves. What there is of the penalty fades, since it pulls the energy towards a
# generator that is still too wide.
weight = 0.001
decay = { exponential = { half_life = {half_life} } }
"#;

/// The same on a line, where there is no coupling flow: a perceptron may fold, so its entropy is bounded by mutual information.
const LINE: &str = r#"
[generator]
# Noise gives every sample a density, whatever the map does.
kind = "mlp"
hidden = [32, 32]
activation = "silu"
init = "kaiming"
noise = 0.05

[lower]
# Holds for maps that fold, too.
kind = "mi"
estimator = "barber-agakov"

[upper]
kind = "gp"
# A map that folds has no volume to speak of.
volume = "none"
weight = 0.001
decay = { exponential = { half_life = {half_life} } }
"#;

const COMMON: &str = r#"
[energy]
kind = "mlp"
hidden = [128, 128, 128]
# Smooth, so that the penalty on its gradient says something about every point.
activation = "silu"
init = "kaiming"
# E grows with ||x||^2/2: the density is normalisable, and has no wells far out.
confinement = 1.0

[train]
steps = {steps}
batch = {batch}
evaluate_every = {evaluate_every}
# Samples of the generator stand for samples of the model, by their weights, beside a few from everywhere else: so the energy
# learns nearly as by maximum likelihood, and wells off the data are seen.
weighted = true
"#;
