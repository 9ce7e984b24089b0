//! log Z.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::QuadratureError;
use super::check::check_region;
use super::log_sum::log_total;
use super::panel::Panel;
use ebm_core::device::Real;
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::models::Energy;
use ebm_train::grid::Region;

/// A shell with less than this share of the mass ends the search even if the next might hold a little more.
const NEGLIGIBLE: f64 = 1e-9;

/// Units in the last place by which a computed energy may be off: a network rounds at every layer.
const ROUNDINGS: f64 = 4.0;

/// How log Z is computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QuadratureConfig {
    /// Refine until log Z changes by less than this, in nats, or by less than the rounding of the energies themselves.
    pub tolerance: f64,
    /// Cells an axis on the data's box to start from (16 times as many in one dimension).
    pub start: usize,
    /// Energies evaluated at most. When they are spent the value is given as it is, marked as not converged.
    pub max_evaluations: usize,
    /// How often the box is doubled at least, to find mass far from the data.
    pub min_doublings: u32,
    /// How often the box is doubled at most.
    pub max_doublings: u32,
}

impl QuadratureConfig {
    /// For a final evaluation: 1e-6 nats (or rounding, if larger), up to 4096 x 4096 points.
    pub fn thorough() -> Self {
        Self {
            tolerance: 1e-6,
            start: 256,
            max_evaluations: 4096 * 4096,
            min_doublings: 4,
            max_doublings: 12,
        }
    }

    /// For a figure along the way: 1e-3 nats, usually below 100,000 points.
    pub fn quick() -> Self {
        Self {
            tolerance: 1e-3,
            start: 128,
            max_evaluations: 1024 * 1024,
            min_doublings: 2,
            max_doublings: 12,
        }
    }

    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        let tolerance = self.tolerance;
        ConfigError::require(
            tolerance > 0.0 && tolerance.is_finite(),
            "tolerance",
            tolerance,
            "a number of nats > 0",
        )?;
        ConfigError::require(
            (8..=4096).contains(&self.start),
            "start",
            self.start,
            "a number of cells from 8 to 4096",
        )?;
        ConfigError::require(
            (1..=40).contains(&self.max_doublings),
            "max_doublings",
            self.max_doublings,
            "a number from 1 to 40",
        )?;
        ConfigError::require(
            (1..=self.max_doublings).contains(&self.min_doublings),
            "min_doublings",
            self.min_doublings,
            "a number from 1 to max_doublings",
        )
    }
}

impl Default for QuadratureConfig {
    fn default() -> Self {
        Self::thorough()
    }
}

/// log Z of an energy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogPartition {
    /// log Z in nats, over `region`.
    pub log_z: f64,
    /// By how much the last refinement changed it, plus an estimate of what lies outside `region`, plus `rounding`; in
    /// nats.
    pub error: f64,
    /// What the rounding of energies to `Real` can do to it, in nats: a few units in the last place of an energy where the
    /// model has its mass. Refinement cannot go below.
    #[serde(default)]
    pub rounding: f64,
    /// Whether the changes and what lies outside are together below the tolerance asked for, or below `rounding`.
    pub converged: bool,
    /// Share of the model's probability outside `data_box`.
    pub outside: f64,
    /// The data's box, where the grid is finest.
    pub data_box: Region,
    /// The whole box that was integrated over.
    pub region: Region,
    /// Cells an axis on the data's box in the end.
    pub cells_per_axis: usize,
    /// Energies evaluated.
    pub evaluations: usize,
}

/// log Z = log of the integral of exp(-E(x)), in nats, for `D` = 1 or 2.
///
/// The data's box gets a grid; shells around it, each doubling the box, get grids of their own with cells twice as wide
/// as those further in, until a shell's mass, continued as a geometric series, is negligible. Then whichever grid
/// changed the total most is refined, until the changes add up to less than the tolerance, or
/// than what the rounding of the energies can do. Each refinement halves the cells
/// and reuses the earlier nodes; for a smooth density that fades inside the box, convergence is exponential.
///
/// # Errors
/// If `D` > 2, if `data_box` is no box, if the energy is NaN or minus infinity at a node, or if the mass keeps growing
/// with the box ([`QuadratureError::NotNormalisable`]).
pub fn log_partition<G: Geometry>(
    energy: &dyn Energy<G>,
    data_box: &Region,
    config: &QuadratureConfig,
) -> Result<LogPartition, QuadratureError> {
    check_region(data_box, energy.geometry().data_width())?;
    let mut grid = Grid::new(energy, data_box, config)?;
    let mut converged;
    loop {
        grid.grow(energy, config)?;
        converged = grid.refine(energy, config)?;
        // Finer grids may show mass in the outermost shell that the coarse ones did not.
        if !converged
            || grid.tail()? <= 0.5 * grid.tolerance(config)
            || grid.shells.len() >= config.max_doublings as usize
        {
            break;
        }
    }
    grid.result(converged, config)
}

/// The data's box and the shells around it.
struct Grid {
    data_box: Region,
    core: Panel,
    shells: Vec<Vec<Panel>>,
}

impl Grid {
    fn new<G: Geometry>(
        energy: &dyn Energy<G>,
        data_box: &Region,
        config: &QuadratureConfig,
    ) -> Result<Self, QuadratureError> {
        let cells = match data_box.width() {
            1 => vec![16 * config.start],
            width => vec![config.start; width],
        };
        Ok(Self {
            data_box: data_box.clone(),
            core: Panel::new(energy, data_box.clone(), cells)?,
            shells: Vec::new(),
        })
    }

    fn panels(&self) -> impl Iterator<Item = &Panel> {
        std::iter::once(&self.core).chain(self.shells.iter().flatten())
    }

    fn log_total(&self) -> f64 {
        log_total(self.panels().map(|panel| panel.log_mass))
    }

    /// What rounding of the energies to `Real` can do to log Z, in nats.
    fn rounding(&self) -> f64 {
        let least = self
            .panels()
            .map(|panel| panel.least_energy)
            .fold(f64::INFINITY, f64::min);
        // Nearly all of the mass lies within a few nats of the least energy.
        ROUNDINGS * f64::from(Real::EPSILON) * least.abs().max(1.0)
    }

    fn tolerance(&self, config: &QuadratureConfig) -> f64 {
        config.tolerance.max(self.rounding())
    }

    fn evaluations(&self) -> usize {
        self.panels().map(|panel| panel.evaluations).sum()
    }

    fn region(&self) -> Region {
        self.data_box.scaled(2f64.powi(self.shells.len() as i32))
    }

    /// log of the mass of a shell; shell 0 is the data's box.
    fn log_shell(&self, index: usize) -> f64 {
        match index {
            0 => self.core.log_mass,
            _ => log_total(self.shells[index - 1].iter().map(|panel| panel.log_mass)),
        }
    }

    /// Share of the mass in the outermost shell, and its mass relative to the shell before.
    fn outermost(&self) -> (f64, f64) {
        let last = self.shells.len();
        let mass = self.log_shell(last);
        if mass == f64::NEG_INFINITY {
            return (0.0, 0.0);
        }
        let ratio = (mass - self.log_shell(last - 1)).exp();
        ((mass - self.log_total()).exp(), ratio)
    }

    /// Share of the mass that is estimated to lie outside everything looked at.
    fn tail(&self) -> Result<f64, QuadratureError> {
        if self.log_total() == f64::NEG_INFINITY {
            let Region { low, high } = self.region();
            return Err(QuadratureError::NoMass { low, high });
        }
        let (share, ratio) = self.outermost();
        Ok(if share <= NEGLIGIBLE {
            share
        } else if ratio < 1.0 {
            share * ratio / (1.0 - ratio)
        } else {
            f64::INFINITY
        })
    }

    /// Adds shells until the mass beyond the last is negligible.
    fn grow<G: Geometry>(&mut self, energy: &dyn Energy<G>, config: &QuadratureConfig) -> Result<(), QuadratureError> {
        loop {
            let count = self.shells.len();
            if count >= config.min_doublings.max(1) as usize {
                let searched = count >= config.max_doublings as usize;
                match self.tail() {
                    Ok(tail) if tail <= 0.5 * self.tolerance(config) => return Ok(()),
                    Ok(_) if searched => return self.require_fading(config),
                    Err(error) if searched => return Err(error),
                    _ => {}
                }
            }
            let inner = self.region();
            let outer = inner.scaled(2.0);
            // A multiple of four, so that the inner border falls between two cells.
            let across = match outer.width() {
                1 => 16 * config.start,
                _ => (config.start / 2).next_multiple_of(4),
            };
            let shell = shell_regions(&inner, &outer, across)
                .into_iter()
                .map(|(region, cells)| Panel::new(energy, region, cells))
                .collect::<Result<_, _>>()?;
            self.shells.push(shell);
        }
    }

    /// Sum of what the last refinements changed, as a share of the total.
    fn change(&self) -> f64 {
        let total = self.log_total();
        self.panels().map(|panel| panel_change(panel, total)).sum()
    }

    /// Refines until the changes are small or the evaluations are spent; whether they are small.
    fn refine<G: Geometry>(
        &mut self,
        energy: &dyn Energy<G>,
        config: &QuadratureConfig,
    ) -> Result<bool, QuadratureError> {
        loop {
            let total = self.log_total();
            if self.change() <= 0.5 * self.tolerance(config) {
                return Ok(true);
            }
            let spent = self.evaluations();
            let panels = std::iter::once(&mut self.core).chain(self.shells.iter_mut().flatten());
            let Some(worst) = panels.max_by(|a, b| panel_change(a, total).total_cmp(&panel_change(b, total))) else {
                return Ok(true);
            };
            if spent + worst.refinement_cost() > config.max_evaluations {
                return Ok(false);
            }
            worst.refine(energy)?;
        }
    }

    /// Refuses shells that hardly fade: if the integral is finite at all, the estimate of the tail means nothing.
    fn require_fading(&self, config: &QuadratureConfig) -> Result<(), QuadratureError> {
        let (share, ratio) = self.outermost();
        if self.tail()? > 0.5 * self.tolerance(config) && ratio > 0.9 {
            let Region { low, high } = self.region();
            return Err(QuadratureError::NotNormalisable { low, high, share });
        }
        Ok(())
    }

    fn result(self, converged: bool, config: &QuadratureConfig) -> Result<LogPartition, QuadratureError> {
        self.require_fading(config)?;
        let (log_z, region, tail) = (self.log_total(), self.region(), self.tail()?);
        let (remaining, rounding) = (self.change() + tail, self.rounding());
        Ok(LogPartition {
            log_z,
            error: remaining + rounding,
            rounding,
            converged: converged && remaining <= self.tolerance(config),
            outside: (log_total(self.shells.iter().flatten().map(|panel| panel.log_mass)) - log_z).exp(),
            data_box: self.data_box.clone(),
            region,
            cells_per_axis: self.core.cells_per_axis(),
            evaluations: self.evaluations(),
        })
    }
}

fn panel_change(panel: &Panel, log_total: f64) -> f64 {
    if log_total == f64::NEG_INFINITY {
        return 0.0;
    }
    ((panel.log_mass - log_total).exp() - (panel.log_mass_before - log_total).exp()).abs()
}

/// The boxes that make up `outer` without `inner`, with the cells along each axis for `across` cells over `outer`.
fn shell_regions(inner: &Region, outer: &Region, across: usize) -> Vec<(Region, Vec<usize>)> {
    let side = |low: Vec<f64>, high: Vec<f64>, cells: Vec<usize>| (Region { low, high }, cells);
    let (quarter, half) = (across / 4, across / 2);
    let (a, b, c, d) = (&outer.low, &inner.low, &inner.high, &outer.high);
    match inner.width() {
        1 => vec![
            side(vec![a[0]], vec![b[0]], vec![quarter]),
            side(vec![c[0]], vec![d[0]], vec![quarter]),
        ],
        _ => vec![
            side(vec![a[0], a[1]], vec![d[0], b[1]], vec![across, quarter]),
            side(vec![a[0], c[1]], vec![d[0], d[1]], vec![across, quarter]),
            side(vec![a[0], b[1]], vec![b[0], c[1]], vec![quarter, half]),
            side(vec![c[0], b[1]], vec![d[0], c[1]], vec![quarter, half]),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_energy::FunctionEnergy;
    use super::*;
    use std::f64::consts::PI;

    /// Rounding of energies to `Real` limits what can be asked for.
    const EXACT: f64 = 2e-6;

    fn gaussian(width: usize, precision: f64, mean: f64) -> FunctionEnergy<impl Fn(&[f64]) -> f64 + Send + Sync> {
        FunctionEnergy::new(width, move |x| {
            x.iter().map(|v| 0.5 * precision * (v - mean).powi(2)).sum()
        })
    }

    /// Minus the log density of the 25-Gaussians mixture, plus a constant.
    fn mixture(constant: f64) -> FunctionEnergy<impl Fn(&[f64]) -> f64 + Send + Sync> {
        let (spacing, deviation) = (2.0 / 2.828, 0.05 / 2.828);
        FunctionEnergy::new(2, move |x| {
            let squares = (0..25).map(|i| {
                let centre = [(i % 5) as f64 - 2.0, (i / 5) as f64 - 2.0].map(|c| c * spacing);
                (0..2)
                    .map(|axis| ((x[axis] - centre[axis]) / deviation).powi(2))
                    .sum::<f64>()
            });
            let log_density = log_total(squares.map(|s| -0.5 * s)) - (25.0 * 2.0 * PI * deviation * deviation).ln();
            constant - log_density
        })
    }

    #[test]
    fn gaussians_have_their_closed_form_in_one_and_two_dimensions() {
        for (width, precision, mean) in [(1, 4.0, 0.5), (1, 0.01, 0.0), (2, 2.5, -0.25), (2, 400.0, 0.3)] {
            let found = log_partition(
                &gaussian(width, precision, mean),
                &Region::cube(2.0, width),
                &QuadratureConfig::thorough(),
            )
            .unwrap();
            let exact = 0.5 * width as f64 * (2.0 * PI / precision).ln();
            assert!(
                (found.log_z - exact).abs() < EXACT,
                "{width} {precision}: {found:?}, exact {exact}"
            );
            assert!(found.converged, "{found:?}");
        }
    }

    #[test]
    fn the_closed_form_energy_agrees() {
        use ebm_core::geometry::Fixed;
        use ebm_core::models::closed_form::QuadraticEnergy;
        let energy = QuadraticEnergy::new(Fixed::<2, 2>, &[3.0, -1.2, -1.2, 0.8], &[0.4, -0.7]);
        let found = log_partition(&energy, &Region::cube(2.0, 2), &QuadratureConfig::thorough()).unwrap();
        // log(2 pi) - 1/2 log(3 * 0.8 - 1.2^2)
        let exact = (2.0 * PI).ln() - 0.5 * 0.96f64.ln();
        assert!((found.log_z - exact).abs() < EXACT, "{found:?}, exact {exact}");
        assert!((exact - energy.log_partition().unwrap()).abs() < 1e-6);
    }

    #[test]
    fn large_energies_are_integrated_as_far_as_their_rounding_allows() {
        // In single precision energies around 3e4 are multiples of 0.002, so that a millionth of a nat is out of reach.
        let constant = 3e4;
        let config = QuadratureConfig::thorough();
        let found = log_partition(&mixture(constant), &Region::cube(1.6, 2), &config).unwrap();
        assert!((found.log_z + constant).abs() < found.error, "{found:?}");
        assert!(found.converged && found.evaluations < 1_000_000, "{found:?}");
        let unit = constant * f64::from(Real::EPSILON);
        assert!(
            found.error >= unit && found.error < 10.0 * unit.max(config.tolerance),
            "{found:?}"
        );
        // The same with energies of a few nats is known far better.
        let near = log_partition(&mixture(3.0), &Region::cube(1.6, 2), &config).unwrap();
        assert!(
            near.converged && near.error < 1e-5 && (near.log_z + 3.0).abs() < near.error,
            "{near:?}"
        );
    }

    #[test]
    fn kinks_are_refined_for_their_own_sake_and_not_taken_for_rounding() {
        // A cone in the plane: Z = 2 pi / 25.
        let cone = FunctionEnergy::new(2, |x| 5.0 * x[0].hypot(x[1]));
        let found = log_partition(&cone, &Region::cube(2.0, 2), &QuadratureConfig::quick()).unwrap();
        assert!(
            found.converged && (found.log_z - (2.0 * PI / 25.0).ln()).abs() < found.error,
            "{found:?}"
        );
    }

    #[test]
    fn the_share_outside_the_data_box_is_that_of_the_normal_distribution() {
        let found = log_partition(
            &gaussian(1, 1.0, 0.0),
            &Region::cube(1.0, 1),
            &QuadratureConfig::quick(),
        )
        .unwrap();
        // P(|x| > 1) = erfc(1 / sqrt 2), Abramowitz and Stegun table 26.1: 1 - 2 * 0.3413447461.
        assert!((found.outside - 0.317_310_507_9).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn sharp_modes_are_resolved_and_cheap_where_the_box_is_tight() {
        for (config, tolerance, budget) in [
            (QuadratureConfig::thorough(), 1e-5, 1_000_000),
            (QuadratureConfig::quick(), 1e-3, 100_000),
        ] {
            let found = log_partition(&mixture(3.7), &Region::cube(1.6, 2), &config).unwrap();
            assert!((found.log_z + 3.7).abs() < tolerance, "{found:?}");
            assert!(
                found.converged && found.outside < 1e-9 && found.evaluations < budget,
                "{found:?}"
            );
        }
    }

    #[test]
    fn refinement_finds_modes_that_the_first_grid_steps_over() {
        // The cell on [-4, 4]^2 is 0.0625 wide, the modes 0.0177.
        let found = log_partition(&mixture(0.0), &Region::cube(4.0, 2), &QuadratureConfig::quick()).unwrap();
        assert!(found.log_z.abs() < 1e-3, "{found:?}");
        assert!(found.cells_per_axis > 128, "{found:?}");
    }

    #[test]
    fn an_energy_that_leaks_far_is_followed_and_the_leak_reported() {
        // A sharp mode of mass 2 pi / 2500 and a broad one of mass 2 pi * 100 * share.
        let (narrow, broad) = (2.0 * PI / 2500.0, 2.0 * PI * 100.0 * 1e-6);
        let energy = FunctionEnergy::new(2, |x| {
            let square = x[0] * x[0] + x[1] * x[1];
            -log_total([-1250.0 * square, 1e-6f64.ln() - 0.005 * square])
        });
        let found = log_partition(&energy, &Region::cube(1.0, 2), &QuadratureConfig::thorough()).unwrap();
        assert!((found.log_z - (narrow + broad).ln()).abs() < 1e-5, "{found:?}");
        // Nearly all of the broad mode is outside [-1, 1]^2: 1 - (2 * 0.0398278)^2, normal table at 0.1.
        let outside = broad * (1.0 - 0.079_655_7f64.powi(2)) / (narrow + broad);
        assert!((found.outside - outside).abs() < 1e-5, "{found:?}, {outside}");
        assert!(found.region.high[0] > 30.0);
    }

    #[test]
    fn heavy_tails_that_have_an_integral_get_an_error_that_says_how_much_may_be_missing() {
        // Student's t with 3 degrees of freedom: E = 2 log(1 + x^2 / 3), Z = sqrt(3 pi) Gamma(3/2) / Gamma(2).
        let energy = FunctionEnergy::new(1, |x| 2.0 * (1.0 + x[0] * x[0] / 3.0).ln());
        let config = QuadratureConfig::thorough();
        let found = log_partition(&energy, &Region::cube(3.0, 1), &config).unwrap();
        let exact = ((3.0 * PI).sqrt() * PI.sqrt() / 2.0).ln();
        assert!(
            (found.log_z - exact).abs() < found.error.max(EXACT),
            "{found:?}, exact {exact}"
        );
    }

    #[test]
    fn energies_without_a_finite_integral_are_reported_as_such() {
        let constant = FunctionEnergy::new(2, |_| 0.0);
        let growing = FunctionEnergy::new(2, |x| 0.5 * x[1] * x[1] - 0.001 * x[0]);
        let logarithmic = FunctionEnergy::new(1, |x| (1.0 + x[0].abs()).ln());
        let config = QuadratureConfig {
            start: 32,
            ..QuadratureConfig::quick()
        };
        for (energy, width) in [
            (&constant as &dyn Energy<ebm_core::geometry::Runtime>, 2),
            (&growing, 2),
            (&logarithmic, 1),
        ] {
            match log_partition(energy, &Region::cube(2.0, width), &config) {
                Err(QuadratureError::NotNormalisable { high, .. }) => assert_eq!(high[0], 2.0 * 4096.0),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_spent_budget_gives_the_value_with_its_error_and_without_the_claim() {
        let config = QuadratureConfig {
            start: 16,
            max_evaluations: 3000,
            min_doublings: 1,
            ..QuadratureConfig::thorough()
        };
        let found = log_partition(&mixture(0.0), &Region::cube(2.0, 2), &config).unwrap();
        assert!(!found.converged);
        assert!(found.error > 1e-3, "{found:?}");
        assert!(found.evaluations <= 3000);
    }

    #[test]
    fn values_that_are_not_energies_are_named_with_their_place() {
        let holed = FunctionEnergy::new(1, |x| if x[0] > 1.5 { f64::NAN } else { x[0] * x[0] });
        match log_partition(&holed, &Region::cube(2.0, 1), &QuadratureConfig::quick()) {
            Err(QuadratureError::NonFinite { point, value }) => assert!(value.is_nan() && point[0] > 1.5),
            other => panic!("{other:?}"),
        }
        let walls = FunctionEnergy::new(1, |_| f64::INFINITY);
        let found = log_partition(&walls, &Region::cube(2.0, 1), &QuadratureConfig::quick());
        assert!(matches!(found, Err(QuadratureError::NoMass { .. })), "{found:?}");
        let solid = FunctionEnergy::new(3, |_| 0.0);
        let found = log_partition(&solid, &Region::cube(2.0, 3), &QuadratureConfig::quick());
        assert_eq!(found, Err(QuadratureError::Dimensions { width: 3 }));
    }

    #[test]
    fn walls_are_no_mass_and_no_error() {
        // Uniform on a disc of radius 1: a jump, so convergence is slow, but the value is log pi.
        let disc = FunctionEnergy::new(2, |x| if x[0].hypot(x[1]) < 1.0 { 0.0 } else { f64::INFINITY });
        let found = log_partition(&disc, &Region::cube(1.5, 2), &QuadratureConfig::quick()).unwrap();
        assert!((found.log_z - PI.ln()).abs() < 2e-3, "{found:?}");
    }
}
