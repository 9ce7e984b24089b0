//! The pairs of bounds, and the small problem that each is trained on.

use ebm_cli::config::{Layers, Origin, RunConfig};

/// A lower and an upper bound, by name.
pub struct Pair {
    pub lower: &'static str,
    pub upper: &'static str,
}

const fn pair(lower: &'static str, upper: &'static str) -> Pair {
    Pair { lower, upper }
}

/// Every pair of bounds, and the baseline.
pub const PAIRS: [Pair; 9] = [
    pair("sv", "gp"),
    pair("sv", "diffusion"),
    pair("sv", "none"),
    pair("sv", "zero-gp"),
    pair("mi", "gp"),
    pair("mi", "diffusion"),
    pair("mi", "none"),
    pair("mi", "zero-gp"),
    pair("none", "wgan-gp"),
];

/// The optimisers' epsilon is far above rounding: a gradient that is zero but for rounding, such as that of the energy's
/// last bias, would else move its weight by a whole step in a direction that differs between machines.
const PROBLEM: &str = r#"
seed = 11
data = "25-gaussians"

[energy]
kind = "mlp"
hidden = [16, 16]
activation = "silu"
confinement = 1.0

[train]
steps = 20
batch = 32
log_every = 1
energy = { steps = 1, optimizer = { learning_rate = 2e-3, beta1 = 0.5, beta2 = 0.9, epsilon = 1e-4 } }
generator = { steps = 1, optimizer = { learning_rate = 1e-3, beta1 = 0.5, beta2 = 0.9, epsilon = 1e-4 } }
"#;

/// Injective, so that the log-determinant is there.
const FLOW: &str = "generator = { kind = \"flow\", layers = 2, steps = 4, hidden = [8] }\n";
/// With noise, which the mutual information needs.
const NOISY: &str = "generator = { kind = \"mlp\", hidden = [16, 16], noise = 0.1 }\n";

impl Pair {
    /// "sv+gp"
    pub fn name(&self) -> String {
        format!("{}+{}", self.lower, self.upper)
    }

    /// What is trained.
    pub fn config(&self) -> RunConfig {
        let (generator, lower) = match self.lower {
            "sv" => (FLOW, "{ kind = \"sv\", variant = \"log-det\" }"),
            "mi" => (
                NOISY,
                "{ kind = \"mi\", critic = { hidden = [16] }, optimizer = { epsilon = 1e-4 } }",
            ),
            _ => (NOISY, "\"none\""),
        };
        let upper = match self.upper {
            "gp" => "{ kind = \"gp\", volume = \"log-det\", projections = 0, weight = 0.1 }".to_string(),
            other => format!("{other:?}"),
        };
        let text = format!("{generator}lower = {lower}\nupper = {upper}\n{PROBLEM}");
        let layers = Layers::default().toml(Origin::File("golden.toml".into()), &text);
        layers.and_then(Layers::resolve).unwrap().config
    }
}
