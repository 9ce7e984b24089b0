use ebm_core::kernels::rows::{repeat, unstack};
use ebm_core::{geometry::TapedLatents, network::Network, prelude::*};

use crate::config::{SvConfig, Tau};

/// The least share that a step has in the running mean.
const SHARE: f64 = 0.01;

/// The posterior q(z given x) = N(m(x), tau^2 A(m(x))^-1), of which m is a network.
pub(crate) struct Encoder {
    network: Network,
    /// tau^2, `[1]`: fixed, or the running mean of [`Errors::mean`] over the training steps so far.
    tau_square: Parameter,
    running: bool,
    /// The mean of the last training step, and its share in the running one.
    last: Option<(f64, f64)>,
}

/// `r'A r`, r = z - m(x), of every sample: the squared error of the encoder in units of the posterior's deviations.
pub(crate) struct Errors {
    /// Their mean over the batch divided by d, to be differentiated.
    pub taped: Scalar<SharedTape>,
    /// The same as a number; 1 for the posterior's mean of a linear generator.
    pub mean: f64,
    /// `[B]`
    pub values: Vec<f64>,
}

impl Encoder {
    pub fn new<G: Geometry>(config: &SvConfig, geometry: G, random: Random) -> Self {
        let (d, wide) = (geometry.latent_width(), geometry.data_width());
        let (running, tau) = match config.tau {
            Tau::Running => (true, 1.0),
            Tau::Fixed(tau) => (false, tau),
        };
        Self {
            network: config.encoder.build(wide, d, "encoder.", random.stream("encoder")),
            tau_square: Parameter::fixed("tau_square", vec![1], vec![(tau * tau) as Real]),
            running,
            last: None,
        }
    }

    /// `m(x)`, `[B, d]`, of the view's samples.
    pub fn means<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> TapedLatents<G> {
        let (batch, latent) = (view.batch(), view.geometry().latent());
        let means = self.network.apply(repeat(view.generated(), 1), batch, &view.tape);
        unstack(means, batch, (batch, latent), (0usize, latent)).0
    }

    /// The errors of `means`. Those of a training step are kept for the running mean, until they are committed.
    pub fn errors<G: Geometry>(&mut self, view: &GeneratorView<'_, G>, means: TapedLatents<G>) -> Errors {
        let (d, sigma) = (view.geometry().latent_width() as f64, view.generator.facts().noise);
        let r = view.tape.watch(view.latents) - means.clone();
        // r'A r = |r|^2 + |J r|^2 / sigma^2
        let (_, jr) = view.generator.pushforward(means, r.clone());
        let (near, far) = (row_dot(r.clone(), r), row_dot(jr.clone(), jr));
        let pairs = values(&near).into_iter().zip(values(&far));
        let errors: Vec<f64> = pairs.map(|(near, far)| f64::from(near) + f64::from(far) / (sigma * sigma)).collect();
        let found = errors.iter().sum::<f64>() / (errors.len() as f64 * d);
        if view.tape.trains(Parts::LOWER) {
            let share = (1.0 / view.step.max(1) as f64).max(SHARE);
            self.last = (found > 0.0 && found.is_finite()).then_some((found, share));
        }
        let taped = (mean(near) + mean(far) * view.sigma().square().recip()) * (1.0 / d) as Real;
        Errors { taped, mean: found, values: errors }
    }

    /// tau^2, which no sample of the present batch had a part in.
    pub fn tau_square(&self) -> f64 {
        f64::from(self.tau_square.values()[0])
    }

    /// The tau^2 to train with: the batch's best one, or the fixed one.
    pub fn trained_tau_square(&self, errors: &Errors) -> f64 {
        if self.running { errors.mean } else { self.tau_square() }
    }

    /// Whether tau follows the errors.
    pub fn is_running(&self) -> bool {
        self.running
    }
}

impl Module for Encoder {
    fn parameters(&self) -> Vec<&Parameter> {
        let mut all = self.network.parameters();
        all.push(&self.tau_square);
        all
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let mut all = self.network.parameters_mut();
        all.push(&mut self.tau_square);
        all
    }
    fn commit(&mut self) {
        self.network.commit();
        if let Some((found, share)) = self.last.take().filter(|_| self.running) {
            let before = self.tau_square();
            self.tau_square.set(&[(before + share * (found - before)) as Real]);
        }
    }
}
