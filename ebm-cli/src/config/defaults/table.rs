//! The settings for tables of more than two columns. They expect columns of mean 0 and deviation 1 (`data.standardize`).

use super::{Facts, filled};

/// The widest data for which the whole Jacobian, of D pushforwards a sample, is taken in every step.
const WHOLE_JACOBIAN: usize = 10;

pub(super) fn settings(facts: &Facts) -> String {
    let steps = if facts.is_small() { 3_000 } else { 10_000 };
    let model = if facts.width <= WHOLE_JACOBIAN { NARROW } else { WIDE };
    let numbers = [
        ("steps", steps),
        ("half_life", steps / 5),
        ("evaluate_every", steps / 10),
        ("warmup", steps / 50),
        ("batch", facts.batch(256)),
        // Few rows are learned by heart by large networks.
        ("generator_width", if facts.is_small() { 32 } else { 64 }),
        ("energy_width", if facts.is_small() { 128 } else { 256 }),
    ];
    filled(&format!("{model}{COMMON}"), &numbers)
}

const NARROW: &str = r#"
[generator]
# Injective, so that the entropy from its Jacobian is exact.
kind = "flow"
layers = 4
steps = 8
hidden = [{generator_width}, {generator_width}]

[lower]
# Certified for a flow. One pushforward a column and step: affordable for few columns.
kind = "sv"
variant = "log-det"

[upper]
kind = "gp"
volume = "log-det"
projections = 1
# The penalty calms the game at first and fades, since it pulls the energy towards a generator that is still too wide.
weight = 0.03
decay = { exponential = { half_life = {half_life} } }
"#;

const WIDE: &str = r#"
[generator]
# Injective: the latents can be read off its samples, which is what the lower bound lives on.
kind = "flow"
layers = 4
steps = 4
hidden = [{generator_width}, {generator_width}]
# The bound needs noise; 0.1 of a column's deviation is little for standardised columns.
noise = 0.1

[lower]
# One pass of an encoder, where the Jacobian would take a pushforward for each of the columns. Certified.
kind = "mi"
estimator = "barber-agakov"
encoder = { hidden = [256, 256] }

[upper]
kind = "gp"
# The volume would take the whole Jacobian.
volume = "none"
projections = 1
# The penalty calms the game at first and fades, since it pulls the energy towards a generator that is still too wide.
weight = 0.03
decay = { exponential = { half_life = {half_life} } }
"#;

const COMMON: &str = r#"
[energy]
kind = "mlp"
hidden = [{energy_width}, {energy_width}]
# Smooth, so that the penalty on its gradient says something about every point.
activation = "silu"
init = "kaiming"
# E grows with ||x||^2/2, as that of a Gaussian with the columns' deviations: there are no wells far out.
confinement = 1.0

[train]
steps = {steps}
batch = {batch}
evaluate_every = {evaluate_every}

[train.energy]
# Averaged weights, and rates that end at 0: the last step is not worse than the one before.
average = 0.999
optimizer = { learning_rate = 5e-4, beta1 = 0.0, beta2 = 0.99, epsilon = 1e-8 }
schedule = { course = "cosine", warmup = {warmup}, last = 0.0 }

[train.generator]
average = 0.999
# Twice as fast as the energy, so that its samples follow the model, where the bounds are tight.
optimizer = { learning_rate = 1e-3, beta1 = 0.0, beta2 = 0.99, epsilon = 1e-8 }
schedule = { course = "cosine", warmup = {warmup}, last = 0.0 }
"#;
