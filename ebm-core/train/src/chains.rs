//! Parallel Markov chains on a potential, all with one step size.
//!
//! Every method is a run of leapfrog steps from a fresh momentum p ~ N(0, I):
//!
//! ```text
//! p <- p - eps/2 grad E(x);   x <- x + eps p;   p <- p - eps/2 grad E(x)
//! ```
//!
//! One leapfrog step taken without a test is the unadjusted Langevin step x - eps^2/2 grad E(x) + eps n. With the test
//! on the change of E + |p|^2 / 2 it is MALA, and several steps with the test are HMC.

use ebm_core::models::{Energy, energy_gradient};
use ebm_core::{device::Real, geometry::Geometry, random::Random};

/// Energies `[B]` and gradients `[B, D]` at points `[B, D]`, row-major.
pub type Potential<'a> = dyn Fn(&[Real]) -> (Vec<Real>, Vec<Real>) + 'a;

/// Most samples evaluated at once: enough to keep the kernels busy, few enough for any number of samples to fit in memory.
const AT_ONCE: usize = 8192;

/// `E(x)` `[B]` and its gradients `[B, D]` at points `[B, D]`, row-major.
pub fn energies_and_gradients<G: Geometry>(energy: &dyn Energy<G>, points: &[Real]) -> (Vec<Real>, Vec<Real>) {
    let geometry = energy.geometry();
    let (mut energies, mut gradients) = (Vec::new(), Vec::with_capacity(points.len()));
    for chunk in points.chunks(geometry.rows_at_once(AT_ONCE) * geometry.data_width()) {
        let (e, g) = energy_gradient(energy, &geometry.samples(chunk.to_vec()));
        energies.extend(e.as_vec());
        gradients.extend(g.as_vec());
    }
    (energies, gradients)
}

/// One transition of every chain.
#[derive(Clone, Copy, Debug)]
pub struct Transition {
    /// Step size eps, in units of the data.
    pub step_size: f64,
    /// Leapfrog steps.
    pub leapfrog: usize,
    /// Whether a proposal must pass the Metropolis test.
    pub tested: bool,
}

/// The states of B chains in D dimensions.
pub struct Chains<'a> {
    potential: &'a Potential<'a>,
    width: usize,
    /// The states, `[B, D]`.
    pub points: Vec<Real>,
    energies: Vec<Real>,
    gradients: Vec<Real>,
    moved: Vec<bool>,
}

/// The outcome of a transition.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Mean over the chains of the probability that the Metropolis test accepts.
    pub acceptance: f64,
    /// Proposals whose energy or gradient was not finite; none of them is ever taken.
    pub not_finite: usize,
}

impl<'a> Chains<'a> {
    /// Chains that start at `points` `[B, D]`.
    ///
    /// # Errors
    /// The number of the first point whose energy or gradient is not finite, and its energy.
    pub fn start(potential: &'a Potential<'a>, width: usize, points: Vec<Real>) -> Result<Self, (usize, f64)> {
        let (energies, gradients) = potential(&points);
        let mut states = energies.iter().zip(gradients.chunks(width));
        let bad = states.position(|(energy, gradient)| !energy.is_finite() || !gradient.iter().all(|g| g.is_finite()));
        match bad {
            Some(index) => Err((index, f64::from(energies[index]))),
            None => Ok(Self::resume(potential, width, points, energies, gradients)),
        }
    }

    /// Chains at points whose finite or infinite energies and gradients are known.
    pub fn resume(
        potential: &'a Potential<'a>,
        width: usize,
        points: Vec<Real>,
        energies: Vec<Real>,
        gradients: Vec<Real>,
    ) -> Self {
        let moved = vec![false; energies.len()];
        Self { potential, width, points, energies, gradients, moved }
    }

    /// Proposes a new state to every chain and takes those that are accepted.
    pub fn advance(&mut self, transition: Transition, random: Random) -> Outcome {
        let step = transition.step_size as Real;
        let start = random.stream("momentum").normals(self.points.len());
        let mut momentum = start.clone();
        let mut points = self.points.clone();
        let (mut energies, mut gradients) = (Vec::new(), self.gradients.clone());
        for _ in 0..transition.leapfrog {
            add_scaled(&mut momentum, -0.5 * step, &gradients);
            add_scaled(&mut points, step, &momentum);
            (energies, gradients) = (self.potential)(&points);
            add_scaled(&mut momentum, -0.5 * step, &gradients);
        }

        let chances = random.stream("test").uniforms(self.energies.len());
        let mut outcome = Outcome::default();
        for i in 0..self.energies.len() {
            let row = i * self.width..(i + 1) * self.width;
            let proposal = points[row.clone()].iter().chain(&gradients[row.clone()]);
            if !energies[i].is_finite() || !proposal.copied().all(Real::is_finite) {
                outcome.not_finite += 1;
                continue;
            }
            let potential = f64::from(energies[i]) - f64::from(self.energies[i]);
            let change = potential + kinetic(&momentum[row.clone()]) - kinetic(&start[row.clone()]);
            // A momentum that overflowed gives NaN, which counts as no chance.
            let probability = match (-change).exp() {
                p if p.is_nan() => 0.0,
                p => p.min(1.0),
            };
            outcome.acceptance += probability;
            if !transition.tested || f64::from(chances[i]) < probability {
                self.points[row.clone()].copy_from_slice(&points[row.clone()]);
                self.gradients[row.clone()].copy_from_slice(&gradients[row]);
                self.energies[i] = energies[i];
                self.moved[i] = true;
            }
        }
        outcome.acceptance /= self.energies.len().max(1) as f64;
        outcome
    }

    /// Energies of the states, `[B]`.
    pub fn energies(&self) -> &[Real] {
        &self.energies
    }

    /// Mean energy of the states, nats.
    pub fn mean_energy(&self) -> f64 {
        let sum: f64 = self.energies.iter().map(|&e| f64::from(e)).sum();
        sum / self.energies.len() as f64
    }

    /// Chains that never left their start.
    pub fn unmoved(&self) -> usize {
        self.moved.iter().filter(|moved| !**moved).count()
    }
}

/// `to += factor values`
fn add_scaled(to: &mut [Real], factor: Real, values: &[Real]) {
    to.iter_mut().zip(values).for_each(|(to, value)| *to += factor * value);
}

fn kinetic(momentum: &[Real]) -> f64 {
    0.5 * momentum.iter().map(|&p| f64::from(p).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a x^2 / 2` on the line.
    fn parabola(a: Real) -> impl Fn(&[Real]) -> (Vec<Real>, Vec<Real>) {
        move |x| {
            let energies = x.iter().map(|x| 0.5 * a * x * x).collect();
            (energies, x.iter().map(|x| a * x).collect())
        }
    }

    fn second_moment(values: &[Real]) -> f64 {
        values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / values.len() as f64
    }

    fn after(transition: Transition, steps: u64, a: Real) -> Vec<Real> {
        let potential = parabola(a);
        let start = Random::new(11).stream("start").normals(20_000);
        let mut chains = Chains::start(&potential, 1, start).unwrap();
        for step in 0..steps {
            chains.advance(transition, Random::new(11).at(step));
        }
        chains.points
    }

    #[test]
    fn unadjusted_steps_have_the_variance_of_their_linear_recursion_and_tested_ones_none_of_that_bias() {
        // x' = (1 - a eps^2/2) x + eps n has the stationary variance eps^2 / (1 - (1 - a eps^2/2)^2), not 1/a.
        let (a, eps) = (2.0, 0.8f64);
        let biased = eps * eps / (1.0 - (1.0 - a * eps * eps / 2.0).powi(2));
        assert!((biased - 1.0 / a).abs() > 10.0 * biased * (2.0f64 / 20_000.0).sqrt(), "the test must see the bias");
        for (leapfrog, steps, tested, expected) in
            [(1, 60, false, biased), (1, 60, true, 1.0 / a), (4, 30, true, 1.0 / a)]
        {
            let transition = Transition { step_size: eps, leapfrog, tested };
            let found = second_moment(&after(transition, steps, a as Real));
            let standard_error = expected * (2.0f64 / 20_000.0).sqrt();
            assert!((found - expected).abs() < 5.0 * standard_error, "{leapfrog} {tested}: {found} {expected}");
        }
    }

    #[test]
    fn no_chain_goes_where_the_energy_is_not_finite() {
        let wall = |x: &[Real]| {
            let energies = x.iter().map(|&x| if x.abs() < 1.0 { 0.0 } else { Real::NAN }).collect();
            (energies, vec![0.0; x.len()])
        };
        for tested in [false, true] {
            let mut chains = Chains::start(&wall, 1, vec![0.0; 500]).unwrap();
            let transition = Transition { step_size: 0.7, leapfrog: 1, tested };
            let refused: usize = (0..50).map(|s| chains.advance(transition, Random::new(5).at(s)).not_finite).sum();
            assert!(refused > 0);
            assert_eq!(chains.unmoved(), 0);
            assert!(chains.points.iter().all(|x| x.abs() < 1.0));
        }
    }
}
