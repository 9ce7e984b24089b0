//! The settings for tables of more than two columns. They expect columns of mean 0 and deviation 1 (`data.standardize`).

use super::{Facts, Training, filled};

/// Steps: as many as there are rows, within these limits.
const STEPS: std::ops::RangeInclusive<usize> = 1_000..=6_000;
/// Most steps on wide data, of which one takes longer.
const STEPS_IF_WIDE: usize = 3_000;

/// For data wider than the generator's hidden layers: a linear map in the generator, and a quadratic form in the energy that takes
/// most of the confinement's place.
const WIDE_GENERATOR: &str = "\
# The network is narrower than the data; a linear map has all of their directions.
linear = true
";
const WIDE_ENERGY: &str = "\
# So has a quadratic form. Most of the confinement can be learned then.
quadratic = 0.9
confinement = 0.1
";
const NARROW_ENERGY: &str = "confinement = 1.0\n";

/// For short runs, which end before the generator is near the energy.
const TWICE: &str = "\
# Twice for each of the energy's: the run is short, and what weights tell of Z rests on a generator that is near.
steps = 2
";

pub(super) fn settings(facts: &Facts) -> String {
    // Few rows are learned by heart in many steps, and by large networks.
    let rows = facts.rows.unwrap_or(usize::MAX).clamp(*STEPS.start(), *STEPS.end());
    let [generator, energy] = if facts.is_small() { [32, 128] } else { [64, 256] };
    let is_wide = facts.width > generator;
    let steps = if is_wide { rows.min(STEPS_IF_WIDE) } else { rows };
    let parts = if is_wide { [WIDE_GENERATOR, WIDE_ENERGY] } else { ["", NARROW_ENERGY] };
    let model = SETTINGS.replace("{linear}", parts[0]).replace("{confinement}", parts[1]);
    let model = filled(&model, &[("generator_width", generator), ("energy_width", energy)]);
    let generator_steps = if rows < *STEPS.end() { TWICE } else { "" };
    Training { steps, warmup: steps / 50, rates: ["5e-4", "1e-3"], generator_steps }.of(&model, facts)
}

const SETTINGS: &str = r#"
[generator]
# Injective, so that the entropy from its Jacobian is exact; that is a sum here, in any number of columns.
kind = "flow"
layers = 4
steps = 4
hidden = [{generator_width}, {generator_width}]
{linear}
[lower]
# Certified for a flow.
kind = "sv"
variant = "log-det"

[upper]
kind = "gp"
volume = "log-det"
projections = 1
# The penalty calms the game at first and fades, since it pulls the energy towards a generator that is still too wide.
weight = 0.03
decay = { exponential = { half_life = {half_life} } }

[energy]
kind = "mlp"
hidden = [{energy_width}, {energy_width}]
# Smooth, so that the penalty on its gradient says something about every point.
activation = "silu"
init = "kaiming"
# E grows with ||x||^2/2, as that of a Gaussian with the columns' deviations: there are no wells far out.
{confinement}
[train]
steps = {steps}
batch = {batch}
evaluate_every = {evaluate_every}
# Samples of the generator stand for samples of the model, by their weights.
weighted = true
"#;
