use ebm_core::device::{Matrix, Real};
use ebm_core::kernels::add::add;
use ebm_core::kernels::columns::{join_columns, take_columns};
use ebm_core::kernels::monotone::{monotone, parameters_an_element};
use ebm_core::kernels::rows::{stack, unstack};
use ebm_core::module;
use ebm_core::network::{Init, Network, NetworkOptions};
use ebm_core::parameter::Module;
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape};
use ebm_core::tensor::{rows, width};

use super::{FlowGeneratorConfig, all};

/// The centres of the steps are spread over [-SPREAD, SPREAD] at the start, where nearly all latents lie.
const SPREAD: f64 = 2.2;
/// Width of every step at the start.
const WIDTH: f64 = 0.3;

/// Transforms the coordinates `moved`, given those in `kept`.
pub(super) struct Coupling {
    moved: Vec<usize>,
    kept: Vec<usize>,
    network: Network,
    /// The linear map of `kept` that is added to `moved`, if there is one.
    linear: Option<Network>,
    steps: usize,
}

module!([] Coupling: network, linear);

impl Coupling {
    /// A layer close to the identity.
    pub fn new(width: usize, parity: usize, config: &FlowGeneratorConfig, random: Random, name: &str) -> Self {
        let (moved, kept): (Vec<usize>, Vec<usize>) = (0..width).partition(|i| i % 2 == parity);
        let options = NetworkOptions { prefix: &format!("{name}."), ..options(kept.len(), moved.len(), config) };
        let mut network = Network::new(&options, random);
        // Almost no dependence on the other coordinates, and biases that make the sum of steps about u itself.
        let mut parameters = network.parameters_mut();
        if let [.., weight, bias] = &mut parameters[..] {
            let small: Vec<Real> = weight.values().iter().map(|w| 0.02 * w).collect();
            weight.set(&small);
            bias.set(&start(config.steps).repeat(moved.len()));
        }
        let linear = config.linear.then(|| zero_map(kept.len(), moved.len(), &format!("{name}.linear."), random));
        Self { moved, kept, network, linear, steps: config.steps }
    }

    /// `moved` and the linear map of `kept`, for values and tangents alike. It leaves the Jacobian's determinant as it is.
    fn shifted(
        &self,
        moved: Matrix<SharedTape>,
        kept: &Matrix<SharedTape>,
        primal: usize,
        tape: &SharedTape,
    ) -> Matrix<SharedTape> {
        match &self.linear {
            Some(linear) => add(moved, linear.apply(kept.clone(), primal, tape)),
            None => moved,
        }
    }

    /// Numbers that are trained, and that a pass keeps for each row of values `[B, width]`: those of the network, the coordinates that are
    /// moved, and the parameters of their functions.
    pub fn numbers(width: usize, parity: usize, config: &FlowGeneratorConfig) -> [f64; 2] {
        let moved = if parity == 0 { width.div_ceil(2) } else { width / 2 };
        let [mut trained, kept] = options(width - moved, moved, config).numbers();
        if config.linear {
            trained += moved as f64 * (1 + width - moved) as f64;
        }
        [trained, kept + moved as f64 * (1 + parameters_an_element(config.steps)) as f64]
    }

    /// The layer on values `[B, D]`, and the slopes of the functions that its `moved` coordinates went through, `[B, moved]`.
    pub fn apply_with_slopes(
        &self,
        x: Matrix<SharedTape>,
        tape: &SharedTape,
    ) -> (Matrix<SharedTape>, Matrix<SharedTape>) {
        let kept = take_columns(x.clone(), &self.kept);
        let moved = take_columns(x, &self.moved);
        let (batch, n) = (rows(&moved), width(&moved));
        let parameters = self.network.apply(kept.clone(), batch, tape);
        // A slope is the tangent along the function's own argument, with parameters that stand still.
        let constant = |value, columns| SharedTape::off().watch(&all(value, batch, columns));
        let (ones, zeros) = (constant(1.0, n), constant(0.0, width(&parameters)));
        let both = monotone(stack(moved, ones), stack(parameters, zeros), batch, self.steps);
        let (moved, slopes) = unstack(both, batch, (batch, n), (batch, n));
        let moved = self.shifted(moved, &kept, batch, tape);
        (join_columns(moved, &self.moved, kept, &self.kept), slopes)
    }

    pub fn apply(&self, x: Matrix<SharedTape>, primal: usize, tape: &SharedTape) -> Matrix<SharedTape> {
        let kept = take_columns(x.clone(), &self.kept);
        let moved = take_columns(x, &self.moved);
        let parameters = self.network.apply(kept.clone(), primal, tape);
        let moved = self.shifted(monotone(moved, parameters, primal, self.steps), &kept, primal, tape);
        join_columns(moved, &self.moved, kept, &self.kept)
    }
}

/// A linear map that starts at zero.
fn zero_map(from: usize, to: usize, prefix: &str, random: Random) -> Network {
    let options = NetworkOptions { prefix, ..NetworkOptions::plain(from, &[], to, Parts::GENERATOR) };
    let mut network = Network::new(&options, random);
    network.parameters_mut().into_iter().for_each(|p| p.set(&vec![0.0; p.len()]));
    network
}

/// The options of the network from coordinates that are kept to the functions of those that are moved.
fn options(kept: usize, moved: usize, config: &FlowGeneratorConfig) -> NetworkOptions<'_> {
    let outputs = moved.saturating_mul(parameters_an_element(config.steps));
    NetworkOptions {
        activation: config.activation,
        init: Init::Kaiming,
        ..NetworkOptions::plain(kept, &config.hidden, outputs, Parts::GENERATOR)
    }
}

/// Parameters of a function of slope about 1 over the spread: half of it the linear term, half the steps.
fn start(steps: usize) -> Vec<Real> {
    let count = steps as f64;
    let mut values = vec![0.5f64.ln()];
    values.extend(vec![(0.5 * 2.0 * SPREAD / count / 2.0).ln(); steps]);
    values.extend((0..steps).map(|k| match steps {
        1 => 0.0,
        _ => SPREAD * (2.0 * k as f64 / (count - 1.0) - 1.0),
    }));
    values.extend(vec![-WIDTH.ln(); steps]);
    values.into_iter().map(|v| v as Real).collect()
}
