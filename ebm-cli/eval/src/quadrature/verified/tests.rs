use ebm_core::device::Real;
use ebm_core::geometry::Runtime;
use ebm_core::kernels::Activation;
use ebm_core::models::Energy;
use ebm_core::parameter::Module;
use ebm_core::random::Random;
use ebm_models::mlp::{EmbeddingConfig, FourierConfig, MlpEnergy, MlpEnergyConfig, TimeConfig};
use proptest::prelude::*;

use super::*;
use crate::quadrature::{QuadratureConfig, Rule, log_partition};

/// A well along one axis: a triangle of ReLUs around `place`, `depth` nats deep and `half` wide on each side.
#[derive(Clone, Copy, Debug)]
struct Well {
    place: f64,
    half: f64,
    depth: f64,
}

impl Well {
    /// What the network's weights make of it in `Real`.
    fn rounded(self) -> Self {
        let slope = (self.depth / self.half) as Real;
        let (place, half) = (f64::from(self.place as Real), f64::from(self.half as Real));
        Self { place, half, depth: f64::from(slope) * half }
    }

    /// log of the integral of `exp(-(kappa/2 x^2 - depth max(0, 1 - |x - place| / half)))`: a Gaussian's, and what the well adds, by
    /// Gauss-Legendre on pieces on which the exponent varies by less than one.
    fn log_partition(self, kappa: f64) -> f64 {
        let added = |x: f64| {
            let rise = self.depth * (1.0 - (x - self.place).abs() / self.half).max(0.0);
            (-0.5 * kappa * x * x).exp() * rise.exp_m1()
        };
        const PIECES: usize = 128;
        let step = self.half / PIECES as f64;
        let piece = |k: usize| {
            let left = self.place - self.half + step * k as f64;
            // Three nodes: 0 and +- sqrt(3/5), weights 8/9 and 5/9; the error is of order step^7.
            let at = |t: f64| added(left + 0.5 * step * (1.0 + t));
            0.5 * step * (5.0 / 9.0 * (at(-0.6f64.sqrt()) + at(0.6f64.sqrt())) + 8.0 / 9.0 * at(0.0))
        };
        let well: f64 = (0..2 * PIECES).map(piece).sum();
        ((std::f64::consts::TAU / kappa).sqrt() + well).ln()
    }
}

/// `kappa/2 |x|^2` less one well along each axis.
fn planted(wells: &[Well], kappa: f64) -> MlpEnergy<Runtime> {
    let axes = wells.len();
    let config = MlpEnergyConfig {
        hidden: vec![3 * axes],
        activation: Activation::Relu,
        confinement: kappa,
        ..Default::default()
    };
    let mut energy = MlpEnergy::new(Runtime { latent: 1, data: axes }, &config, Random::new(0));
    let (mut first, mut bias, mut last) = (vec![0.0; 3 * axes * axes], Vec::new(), Vec::new());
    for (axis, well) in wells.iter().enumerate() {
        let slope = (well.depth / well.half) as Real;
        for (k, (shift, factor)) in [(well.half, -1.0), (0.0, 2.0), (-well.half, -1.0)].into_iter().enumerate() {
            first[(3 * axis + k) * axes + axis] = 1.0;
            bias.push((shift - well.place) as Real);
            last.push(factor * slope);
        }
    }
    for (parameter, values) in energy.parameters_mut().into_iter().zip([first, bias, last, vec![0.0]]) {
        parameter.set(&values);
    }
    energy
}

fn proved(energy: &MlpEnergy<Runtime>, data_box: &Region, most: usize) -> EnclosedPartition {
    enclose_log_partition(&*energy.enclosed().unwrap(), data_box, 0.01, most).unwrap()
}

#[test]
fn a_well_between_the_nodes_is_seen_by_the_proof_alone() {
    // Of half width 1e-3 and depth 20: the grid of points misses it by nats.
    let well = Well { place: 0.3003, half: 1e-3, depth: 20.0 }.rounded();
    let (energy, truth) = (planted(&[well], 1.0), well.log_partition(1.0));
    let data_box = Region::cube(4.0, 1);
    let found = proved(&energy, &data_box, 100_000);
    assert!(found.low <= truth && truth <= found.high && found.high - found.low <= 0.01, "{found:?}, {truth}");
    let coarse = QuadratureConfig { start: 16, ..QuadratureConfig::quick() };
    let grid = log_partition(&energy, &data_box, &coarse).unwrap();
    assert!(truth - grid.log_z > 5.0, "{grid:?}");
    let verified = QuadratureConfig { rule: Rule::Verified, ..coarse };
    let proof = log_partition(&energy, &data_box, &verified).unwrap().proof.unwrap();
    assert!(proof.low <= truth && truth <= proof.high, "{proof:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn planted_wells_of_any_width_anywhere_lie_inside(
        places in prop::collection::vec(-30f64..30.0, 1..=2),
        halves in prop::collection::vec(-5f64..1.0, 2),
        depths in prop::collection::vec(0f64..60.0, 2),
        kappa in 0.05f64..4.0,
    ) {
        let kappa = f64::from(kappa as Real);
        let wells: Vec<_> = places
            .iter()
            .zip(halves.iter().zip(depths))
            .map(|(&place, (half, depth))| Well { place, half: 10f64.powf(*half), depth }.rounded())
            .collect();
        // Biases are differences rounded to `Real`: only wells whose corners survive that are what they are planned to be.
        let exact = |w: &Well| [w.half - w.place, -w.half - w.place].iter().all(|b| f64::from(*b as Real) == *b);
        let wells: Vec<_> = wells.into_iter().map(|w| if exact(&w) { w } else { snapped(w) }).collect();
        let truth: f64 = wells.iter().map(|well| well.log_partition(kappa)).sum();
        let energy = planted(&wells, kappa);
        let found = proved(&energy, &Region::cube(2.0, wells.len()), 60_000);
        prop_assert!(found.low <= truth + 1e-9 && truth - 1e-9 <= found.high, "{truth} is not in {found:?}");
        if wells.len() == 1 {
            prop_assert!(found.high - found.low <= 0.01, "{found:?}");
        }
    }

    #[test]
    fn random_networks_lie_inside(
        axes in 1usize..=2,
        which in 0..Activation::ALL.len(),
        fourier in any::<bool>(),
        spectral_norm in any::<bool>(),
        output_scale in any::<bool>(),
        timed in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let config = MlpEnergyConfig {
            hidden: vec![8, 8],
            activation: Activation::ALL[which],
            fourier: FourierConfig { count: if fourier { 3 } else { 0 }, scale: 0.2 },
            time: if timed { TimeConfig::Embedded(EmbeddingConfig::default()) } else { TimeConfig::Static },
            confinement: 0.5,
            spectral_norm,
            output_scale,
            init_gain: 1.5,
            ..Default::default()
        };
        let energy = MlpEnergy::new(Runtime { latent: 1, data: axes }, &config, Random::new(seed));
        let data_box = Region::cube(3.0, axes);
        // For energies this smooth the grid is exact but for its own error.
        let truth = log_partition(&energy, &data_box, &QuadratureConfig { start: 64, ..QuadratureConfig::quick() }).unwrap();
        let found = proved(&energy, &data_box, 30_000);
        let slack = 2.0 * truth.error + 1e-5;
        prop_assert!(found.low <= truth.log_z + slack && truth.log_z - slack <= found.high, "{truth:?} is not in {found:?}");
        prop_assert!(found.high - found.low < 0.2, "{found:?}");
    }
}

/// The same well on a lattice of powers of two, where its corners are exact in `Real`.
fn snapped(well: Well) -> Well {
    let unit = 2f64.powi(-16);
    let onto = |value: f64| (value / unit).round() * unit;
    Well { place: onto(well.place), half: onto(well.half).max(unit), ..well }.rounded()
}

#[test]
fn without_a_confinement_nothing_is_proved() {
    let energy = planted(&[Well { place: 0.0, half: 1.0, depth: 1.0 }], 0.0);
    let found = enclose_log_partition(&*energy.enclosed().unwrap(), &Region::cube(1.0, 1), 0.01, 1000);
    assert_eq!(found, Err(QuadratureError::Unconfined));
}

#[test]
fn a_budget_that_is_spent_leaves_a_wider_proof() {
    let well = Well { place: 0.25, half: 0.125, depth: 4.0 };
    let (energy, truth) = (planted(&[well], 1.0), well.log_partition(1.0));
    let enclosed = energy.enclosed().unwrap();
    let prove = |most| enclose_log_partition(&*enclosed, &Region::cube(2.0, 1), 1e-9, most).unwrap();
    let [few, many] = [40, 4000].map(prove);
    assert!(few.low < many.low && many.high < few.high && few.boxes <= 40, "{few:?} {many:?}");
    assert!(few.low <= truth && truth <= few.high, "{few:?}, {truth}");
}
