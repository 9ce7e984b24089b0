use ebm_core::kernels::{kernel_sum::weighted_log_mean_normal, rows::repeat};
use ebm_core::{network::Network, prelude::*};

use crate::encoder::Covariance;
use crate::estimators::{Weights, importance_weighted, multi_sample};

/// A value of the mutual information: on the tape, and as numbers.
pub(crate) struct Information {
    pub taped: Scalar<SharedTape>,
    pub value: f64,
    pub standard_error: f64,
    /// The terms whose mean is the value, up to a constant; none where it is no mean over the samples.
    pub terms: Vec<f64>,
    pub diagnostics: Vec<(&'static str, f64)>,
    pub coupling: Option<&'static str>,
    /// Those of the mean of an exponential, where the value has one.
    pub weights: Option<Weights>,
}

impl Information {
    /// One whose value is a mean over the samples.
    fn new(taped: Scalar<SharedTape>, value: f64, standard_error: f64, terms: Vec<f64>) -> Self {
        Self { taped, value, standard_error, terms, diagnostics: Vec::new(), coupling: None, weights: None }
    }
}

pub(crate) fn doubles(values: Vec<Real>) -> Vec<f64> {
    values.into_iter().map(f64::from).collect()
}

/// Mean and standard error of independent terms.
fn mean_of(terms: &[f64]) -> (f64, f64) {
    let found = Measurement::of(terms.iter().copied(), Guarantee::heuristic("a part of a value"));
    (found.value, found.standard_error)
}

/// By an encoder, with so many of its draws for each sample.
pub(crate) fn of_encoder<G: Geometry>(
    view: &GeneratorView<'_, G>,
    x: Samples<G, SharedTape>,
    encoder: &Network,
    covariance: Covariance,
    draws: usize,
) -> Information {
    let outputs = encoder.apply(repeat(x.clone(), 1), view.batch(), &view.tape);
    let (own, slopes) = covariance.log_density::<G>(&detach(outputs.clone()), view.latents);
    let entropy = standard_normal_entropy(view.geometry().latent_width());
    if draws == 0 {
        let (mean, standard_error) = mean_of(&own);
        let value = mean + entropy;
        return Information::new(differentiated_by(outputs, value, slopes), value, standard_error, own);
    }
    let drawn = Drawn::new(view, x, &outputs, covariance, draws);
    let sigma = view.generator.facts().noise;
    let found = importance_weighted(&own, &drawn.ratios(&own, sigma));
    let (mean, standard_error) = mean_of(&found.terms);
    let value = mean + entropy;
    // Derivatives of the mean of the terms: a ratio has -|z|^2/2 - |x - G(z)|^2 / (2 sigma^2) + 1/2 sum l + ln q(z_0 given x).
    let batch = view.batch();
    let share = 1.0 / batch as f64;
    let by = |factor: f64| found.draws.iter().map(|p| (factor * p) as Real).collect::<Vec<_>>();
    // Where a share is 0 the distance may be infinite.
    let pairs = found.draws.iter().zip(&drawn.squares).filter(|(p, _)| **p > 0.0);
    let in_sigma = -share * pairs.map(|(p, square)| p * square).sum::<f64>() / sigma.powi(3);
    let in_outputs = drawn.in_outputs(&values(&slopes), &found.own);
    let taped = differentiated(drawn.distances, value, by(0.5 * share / (sigma * sigma)))
        + differentiated(drawn.norms, 0.0, by(0.5 * share))
        + differentiated(outputs, 0.0, in_outputs)
        + differentiated(view.sigma(), 0.0, vec![in_sigma as Real]);
    let without = mean_of(&own).0 + entropy;
    Information {
        diagnostics: vec![("barber_agakov", without)],
        ..Information::new(taped, value, standard_error, found.terms)
    }
}

/// `ln N(z; 0, I) N(x; G(z), sigma^2 I)` of the samples, `[B]`.
pub(crate) fn log_joint<G: Geometry>(view: &GeneratorView<'_, G>, x: &Samples<G>) -> Vec<f64> {
    let (geometry, sigma) = (view.geometry(), view.generator.facts().noise);
    let (d, wide) = (geometry.latent_width() as f64, geometry.data_width() as f64);
    let constant = -0.5 * (d + wide) * std::f64::consts::TAU.ln() - wide * sigma.ln();
    let [latents, noise] = own_squares(view, x);
    latents.into_iter().zip(noise).map(|(z, n)| constant - 0.5 * (z + n / (sigma * sigma))).collect()
}

/// `||z||^2` and `||x - G(z)||^2` of the samples, `[B]` each.
fn own_squares<G: Geometry>(view: &GeneratorView<'_, G>, x: &Samples<G>) -> [Vec<f64>; 2] {
    let centres = detach(view.without_tape().without_noise(SharedTape::off().watch(x)));
    [square_norm(view.latents).read(), square_norm(&(x.clone() - centres)).read()]
}

/// Latents that an encoder drew for samples, all first draws before all second ones.
struct Drawn {
    /// `||x_i - G(z_ik)||^2`, on the tape, and as numbers.
    distances: PerSample<SharedTape>,
    squares: Vec<f64>,
    /// `||z_ik||^2`, on the tape.
    norms: PerSample<SharedTape>,
    /// `||e_ik||^2` of the standard normal numbers that they were made of.
    noise: Vec<f64>,
    /// `||z_i||^2` of the samples' own latents, and `||x_i - G(z_i)||^2`.
    own: [Vec<f64>; 2],
    /// Logarithms of the volumes of the encoder's Gaussians, and the derivatives of the log-variances in the outputs.
    volumes: Vec<f64>,
    turns: Vec<f64>,
}

impl Drawn {
    fn new<G: Geometry>(
        view: &GeneratorView<'_, G>,
        x: Samples<G, SharedTape>,
        outputs: &Matrix<SharedTape>,
        covariance: Covariance,
        draws: usize,
    ) -> Self {
        let (geometry, plain) = (view.geometry(), detach(x.clone()));
        let d = geometry.latent_width();
        let place = view.rows_of(view.random.stream("encoder-draws")).in_blocks(draws);
        let normals = place.normals(draws * view.batch() * d);
        let noise = normals.chunks_exact(d).map(|e| e.iter().map(|e| f64::from(*e).powi(2)).sum::<f64>()).collect();
        let z = covariance.draws(outputs.clone(), geometry, normals);
        let gap = repeat(x, draws) - repeat(view.generator.forward(z.clone()), 1);
        let (distances, norms) = (row_dot(gap.clone(), gap), row_dot(z.clone(), z));
        let own = own_squares(view, &plain);
        let (volumes, turns) = covariance.log_volumes(&detach(outputs.clone()), d);
        Self { squares: doubles(values(&distances)), distances, norms, noise, own, volumes, turns }
    }

    /// `ln w_k - ln w_0` with `w = p(z) p(x given z) / q(z given x)`, given `ln q` at the samples' own latents.
    fn ratios(&self, own: &[f64], sigma: f64) -> Vec<f64> {
        let (batch, precision) = (own.len(), 1.0 / (sigma * sigma));
        let constant = 0.5 * (self.turns.len() / batch) as f64 * std::f64::consts::TAU.ln();
        let of_own = |i: usize| own[i] + constant + 0.5 * (self.own[0][i] + precision * self.own[1][i]);
        let ratio = |(r, norm): (usize, f64)| {
            let i = r % batch;
            0.5 * (self.noise[r] - norm - precision * self.squares[r]) + self.volumes[i] + of_own(i)
        };
        doubles(values(&self.norms)).into_iter().enumerate().map(ratio).collect()
    }

    /// The derivatives of the mean of the terms in the encoder's outputs, but for those by way of the draws: from those of the mean of
    /// `ln q(z_0 given x)`, and each own latent's share.
    fn in_outputs(&self, slopes: &[Real], own: &[f64]) -> Vec<Real> {
        let (batch, mut found) = (own.len(), slopes.to_vec());
        let (columns, d) = (slopes.len() / batch, self.turns.len() / batch);
        for ((row, own), turns) in found.chunks_exact_mut(columns).zip(own).zip(self.turns.chunks_exact(d)) {
            row.iter_mut().for_each(|slope| *slope *= *own as Real);
            let in_volume = 0.5 * (own - 1.0) / batch as f64;
            row[d..2 * d].iter_mut().zip(turns).for_each(|(slope, turn)| *slope += (in_volume * turn) as Real);
        }
        found
    }
}

/// By the density of x given z, at the samples' own latents and at so many of a bank.
pub(crate) fn of_bank<G: Geometry>(
    view: &GeneratorView<'_, G>,
    x: Samples<G, SharedTape>,
    samples: usize,
) -> Information {
    // One bank for the whole batch, so that a part of it has the values that the whole has.
    let place = view.random.whole().stream("bank");
    let latents = place.normal_tensor((samples, view.geometry().latent()));
    let bank = view.generator.forward(view.tape.watch(&latents));
    let own = view.without_noise(x.clone());
    let (log_means, shares) = weighted_log_mean_normal(x, own, bank, view.sigma());
    let terms: Vec<f64> = values(&log_means).into_iter().map(|v| -f64::from(v)).collect();
    let (entropy, standard_error) = multi_sample(&terms, &doubles(values(&shares)));
    let (wide, sigma) = (view.geometry().data_width(), view.generator.facts().noise);
    let noise = standard_normal_entropy(wide) + wide as f64 * sigma.ln();
    Information::new(mean(log_means) * -1.0 - view.noise_entropy(), entropy - noise, standard_error, terms)
}
