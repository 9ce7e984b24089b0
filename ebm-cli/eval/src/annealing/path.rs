use ebm_core::{device::Real, random::Random};
use ebm_train::{Cancel, Cancelled};

use super::{AnnealingConfig, AnnealingError, LogMean};
use crate::proposal::Proposal;
use crate::sampling::{Chains, Method, Outcome, Transition};

/// `ln 2 pi`
const LN_TAU: f64 = 1.837_877_066_409_345_3;
/// Slope of the sigmoid that spaces the temperatures: dense at both ends, where distributions change most (Grosse et al.).
const SIGMOID: f64 = 4.0;
/// Gain of the step size's adaptation in the trial run: it must follow changes along the path.
const GAIN: f64 = 0.2;
/// The trial run has this part of the chains, but not fewer than [`FEWEST_ON_TRIAL`].
const SHARE_ON_TRIAL: usize = 4;
const FEWEST_ON_TRIAL: usize = 32;

/// A path between a proposal and a model, with step sizes found in a trial run.
///
/// The runs that follow do not adapt anything, so that their transitions leave each distribution exactly invariant.
pub(crate) struct Annealing<'a> {
    pub(super) proposal: &'a dyn Proposal,
    config: &'a AnnealingConfig,
    pub(super) temperatures: Vec<f64>,
    /// One step size a temperature.
    step_sizes: Vec<f64>,
    cancel: &'a Cancel,
}

/// An estimate of log Z.
#[derive(Clone, Debug)]
pub struct Annealed {
    /// log Z in nats: a lower or an upper bound in expectation.
    pub log_z: f64,
    /// Its standard error over the chains, in nats.
    pub standard_error: f64,
    /// Equal weights that would spread as little as these: below about 10 neither value nor error should be believed.
    pub effective: f64,
    /// Number of chains.
    pub chains: usize,
    /// Mean probability of the Metropolis test along the path.
    pub acceptance: f64,
    /// Proposals that were refused because energy or gradient was not finite.
    pub not_finite: usize,
    log_weights: Vec<f64>,
    /// Where the chains ended, in the proposal's coordinates `[chains, width]`.
    ends: Vec<Real>,
}

impl<'a> Annealing<'a> {
    /// Makes the trial run that the step sizes are found in.
    ///
    /// # Errors
    /// This one and all others of the path: once it was cancelled.
    pub fn new(
        proposal: &'a dyn Proposal,
        config: &'a AnnealingConfig,
        random: Random,
        cancel: &'a Cancel,
    ) -> Result<Self, Cancelled> {
        let temperatures = temperatures(config.temperatures);
        // In many dimensions the stable step of Hamiltonian paths is of this order.
        let first = (proposal.width() as f64).powf(-0.25);
        let step_sizes = vec![first; temperatures.len()];
        let mut annealing = Self { proposal, config, step_sizes, temperatures, cancel };
        let chains = (config.chains / SHARE_ON_TRIAL).max(FEWEST_ON_TRIAL);
        annealing.try_out(chains, random.stream("trial"))?;
        Ok(annealing)
    }

    /// Annealed importance sampling with fresh chains: a lower bound of log Z in expectation, whatever the transitions do.
    pub fn forward(&self, random: Random) -> Result<Annealed, AnnealingError> {
        let random = random.stream("forward");
        let start = random.stream("start").normals(self.config.chains * self.proposal.width());
        let order: Vec<usize> = (0..self.temperatures.len()).collect();
        let mut found = self.walk(start, &order, random)?;
        found.log_z += self.log_z_of_start();
        Ok(found)
    }

    /// The same way back: an upper bound of log Z in expectation **if** `samples` `[n, width]`, in the proposal's coordinates, are
    /// exact and independent samples of the model. It errs if one starts where the energy is infinite.
    pub fn backward(&self, samples: Vec<Real>, random: Random) -> Result<Annealed, AnnealingError> {
        let order: Vec<usize> = (0..self.temperatures.len()).rev().collect();
        let mut found = self.walk(samples, &order, random.stream("backward"))?;
        found.log_z = self.log_z_of_start() - found.log_z;
        Ok(found)
    }

    /// log Z of `exp(-|y|^2 / 2)`, and what the model's gains from y to x.
    fn log_z_of_start(&self) -> f64 {
        0.5 * LN_TAU * self.proposal.width() as f64 + self.proposal.log_volume()
    }

    /// Samples of the model, as many as chains, in the proposal's coordinates: ends of [`forward`](Self::forward) drawn by
    /// their weights, then moved by `burn_in` transitions. They are exact in the limit of many chains, or of many transitions.
    pub fn samples(&self, forward: &Annealed, random: Random) -> Result<Vec<Real>, Cancelled> {
        let random = random.stream("samples");
        let width = self.proposal.width();
        let chosen = drawn_by_weight(&forward.log_weights, random.stream("choice"));
        let ends = chosen.into_iter().flat_map(|chain| &forward.ends[chain * width..(chain + 1) * width]);
        let mut state = self.state(ends.copied().collect());
        let last = self.temperatures.len() - 1;
        for step in 0..self.config.burn_in {
            self.advance(&mut state, last, random.at(step as u64))?;
        }
        Ok(state.points)
    }

    /// Adapts the step sizes along the path.
    fn try_out(&mut self, chains: usize, random: Random) -> Result<(), Cancelled> {
        let mut state = self.state(random.stream("start").normals(chains * self.proposal.width()));
        for k in 1..self.temperatures.len() {
            self.step_sizes[k] = self.step_sizes[k - 1];
            let outcome = self.advance(&mut state, k, random.at(k as u64))?;
            self.step_sizes[k] *= (GAIN * (outcome.acceptance - Method::Hmc.target_acceptance())).exp();
        }
        Ok(())
    }

    /// Takes chains through the temperatures of `order`, from samples of the first one's distribution.
    fn walk(&self, start: Vec<Real>, order: &[usize], random: Random) -> Result<Annealed, AnnealingError> {
        let mut state = self.state(start);
        let chains = state.energies.len();
        let mut log_weights = vec![0.0; chains];
        let (mut acceptance, mut not_finite) = (0.0, 0);
        for (step, pair) in order.windows(2).enumerate() {
            let change = self.temperatures[pair[1]] - self.temperatures[pair[0]];
            for ((weight, gaussian), energy) in log_weights.iter_mut().zip(state.gaussian()).zip(&state.energies) {
                *weight += change * (gaussian - energy);
            }
            // The last distribution's samples are asked for nothing.
            if step + 2 < order.len() {
                let outcome = self.advance(&mut state, pair[1], random.at(step as u64))?;
                acceptance += outcome.acceptance;
                not_finite += outcome.not_finite;
            }
        }
        let mean = LogMean::of(&log_weights);
        if !mean.value.is_finite() {
            return Err(AnnealingError::Weightless(chains));
        }
        Ok(Annealed {
            log_z: mean.value,
            standard_error: mean.standard_error,
            effective: mean.effective,
            chains,
            acceptance: acceptance / (order.len() - 2) as f64,
            not_finite,
            log_weights,
            ends: state.points,
        })
    }

    /// One transition of every chain that leaves the distribution at temperature k > 0 invariant.
    pub(super) fn advance(&self, state: &mut State, k: usize, random: Random) -> Result<Outcome, Cancelled> {
        self.cancel.check()?;
        let b = self.temperatures[k];
        // A path of fixed length can come back to its start for ever; a random length cannot.
        let jitter = 0.8 + 0.4 * f64::from(random.stream("jitter").uniforms(1)[0]);
        let transition =
            Transition { step_size: self.step_sizes[k] * jitter, leapfrog: self.config.leapfrog, tested: true };
        let potential = |points: &[Real]| self.state(points.to_vec()).mixed(b);
        let (energies, gradients) = state.mixed(b);
        let points = std::mem::take(&mut state.points);
        let mut chains = Chains::resume(&potential, self.proposal.width(), points, energies, gradients);
        let outcome = chains.advance(transition, random);
        *state = self.state(chains.points);
        Ok(outcome)
    }

    pub(super) fn state(&self, points: Vec<Real>) -> State {
        if self.cancel.is_requested() {
            // Within a transition: nobody is to look at where it leads.
            let (energies, gradients) = (points.len() / self.proposal.width(), vec![0.0; points.len()]);
            return State { width: self.proposal.width(), energies: vec![f64::INFINITY; energies], gradients, points };
        }
        let (energies, gradients) = self.proposal.energies_and_forces(&points);
        // What is no number has no mass.
        let energy = |e: f64| if e.is_nan() { f64::INFINITY } else { e };
        State { width: self.proposal.width(), gradients, energies: energies.into_iter().map(energy).collect(), points }
    }
}

/// Annealed importance sampling from a proposal to the model, and back from where the chains ended.
#[derive(Clone, Debug)]
pub struct Bracket {
    /// The way to the model: a lower bound of log Z in expectation.
    pub forward: Annealed,
    /// The way back: an upper bound of log Z as far as it started from samples of the model.
    pub backward: Annealed,
    /// Where the chains started, in words.
    pub start: String,
}

impl Bracket {
    /// Brackets log Z.
    ///
    /// # Errors
    /// If no chain has a weight above zero, or it was cancelled.
    pub(crate) fn of(
        proposal: &dyn Proposal,
        config: &AnnealingConfig,
        random: Random,
        cancel: &Cancel,
    ) -> Result<Self, AnnealingError> {
        let annealing = Annealing::new(proposal, config, random, cancel)?;
        let forward = annealing.forward(random)?;
        let samples = annealing.samples(&forward, random)?;
        let backward = annealing.backward(samples, random)?;
        Ok(Self { forward, backward, start: proposal.describe() })
    }
}

/// Chains in the proposal's coordinates y.
pub(super) struct State {
    width: usize,
    /// y, `[B, width]`.
    pub(super) points: Vec<Real>,
    /// The model's energies there, `[B]`: `E(x(y))` of a Gaussian start.
    energies: Vec<f64>,
    /// Their gradients in y, `[B, width]`.
    gradients: Vec<Real>,
}

impl State {
    /// `|y|^2 / 2`, `[B]`.
    pub(super) fn gaussian(&self) -> impl Iterator<Item = f64> {
        let square = |row: &[Real]| 0.5 * row.iter().map(|&y| f64::from(y).powi(2)).sum::<f64>();
        self.points.chunks_exact(self.width).map(square)
    }

    /// `(1 - b) |y|^2 / 2 + b E(x(y))`, `[B]`, for b > 0.
    pub(super) fn potential(&self, b: f64) -> impl Iterator<Item = f64> {
        self.gaussian().zip(&self.energies).map(move |(square, energy)| (1.0 - b) * square + b * energy)
    }

    /// The same, and its gradients in y.
    fn mixed(&self, b: f64) -> (Vec<Real>, Vec<Real>) {
        let gradients = self.points.iter().zip(&self.gradients);
        let (gaussian, model) = ((1.0 - b) as Real, b as Real);
        (
            self.potential(b).map(|energy| energy as Real).collect(),
            gradients.map(|(y, gradient)| gaussian * y + model * gradient).collect(),
        )
    }
}

/// `count` numbers from 0 to 1, spaced by a sigmoid.
fn temperatures(count: usize) -> Vec<f64> {
    let sigmoid = |t: f64| 1.0 / (1.0 + (-SIGMOID * (2.0 * t - 1.0)).exp());
    let (low, high) = (sigmoid(0.0), sigmoid(1.0));
    let last = count - 1;
    let inner = (1..last).map(|k| (sigmoid(k as f64 / last as f64) - low) / (high - low));
    [0.0].into_iter().chain(inner).chain([1.0]).collect()
}

/// As many indices as weights, each with the probability of its weight (systematic resampling).
fn drawn_by_weight(log_weights: &[f64], random: Random) -> Vec<usize> {
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = log_weights.iter().map(|l| (l - largest).exp()).collect();
    let (count, total) = (weights.len(), weights.iter().sum::<f64>());
    let offset = f64::from(random.uniforms(1)[0]);
    let (mut index, mut reached) = (0, weights[0]);
    let place = |i: usize| (i as f64 + offset) / count as f64 * total;
    let mut chosen = Vec::with_capacity(count);
    for i in 0..count {
        while reached < place(i) && index + 1 < count {
            index += 1;
            reached += weights[index];
        }
        chosen.push(index);
    }
    chosen
}
