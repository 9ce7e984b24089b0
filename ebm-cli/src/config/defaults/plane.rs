//! The settings for data of two dimensions, or of one.

use super::{Facts, filled};

pub(super) fn settings(facts: &Facts) -> String {
    let steps = if facts.is_small() { 8_000 } else { 40_000 };
    let model = if facts.width < 2 { LINE } else { PLANE };
    let numbers = [
        ("steps", steps),
        ("half_life", steps / 5),
        ("evaluate_every", steps / 20),
        ("warmup", steps / 80),
        ("batch", facts.batch(256)),
    ];
    filled(&format!("{model}{COMMON}"), &numbers)
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
# Strong enough to calm the game at first. It fades, since it pulls the energy towards a generator that is still too wide:
# from 0.03 to 0.001 over the run.
weight = 0.03
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
weight = 0.03
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
# Chains on the energy find the wells beside the samples, which nothing else sees.
refine = { share = 0.25, steps = 5 }

[train.energy]
# Averaged weights, and rates that end at 0: the last step is not worse than the one before.
average = 0.999
optimizer = { learning_rate = 1e-3, beta1 = 0.0, beta2 = 0.99, epsilon = 1e-8 }
schedule = { course = "cosine", warmup = {warmup}, last = 0.0 }

[train.generator]
average = 0.999
# Twice as fast as the energy, so that its samples follow the model, where the bounds are tight.
optimizer = { learning_rate = 2e-3, beta1 = 0.0, beta2 = 0.99, epsilon = 1e-8 }
schedule = { course = "cosine", warmup = {warmup}, last = 0.0 }
"#;
