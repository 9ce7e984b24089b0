use ebm_core::device::Real;
use ebm_train::grid::Region;

use super::{QuadratureConfig, QuadratureError, energies::Energies, log_sum::log_total, panel::Panel};

/// Units in the last place by which a computed energy may be off: a network rounds at every layer.
const ROUNDINGS: f64 = 4.0;

/// A shell with less than this share of the mass ends the search even if the next might hold a little more.
const NEGLIGIBLE: f64 = 1e-9;

/// The grid that log Z is summed over: the data's box and the shells around it.
pub(super) struct Grid<'a> {
    energies: &'a Energies<'a>,
    config: &'a QuadratureConfig,
    data_box: &'a Region,
    pub core: Panel,
    pub shells: Vec<Vec<Panel>>,
}

impl<'a> Grid<'a> {
    pub fn new(
        energies: &'a Energies<'a>,
        data_box: &'a Region,
        config: &'a QuadratureConfig,
    ) -> Result<Self, QuadratureError> {
        let width = data_box.width();
        let cells = if width == 1 { vec![16 * config.start] } else { vec![config.start; width] };
        let core = Panel::new(energies, data_box.clone(), cells)?;
        Ok(Self { energies, config, data_box, core, shells: Vec::new() })
    }

    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        std::iter::once(&self.core).chain(self.shells.iter().flatten())
    }

    pub fn log_total(&self) -> f64 {
        log_total(self.panels().map(|panel| panel.log_mass))
    }

    /// The effect that rounding of the energies to `Real` can have on log Z, in nats.
    pub fn rounding(&self) -> f64 {
        let least = self.panels().map(|panel| panel.least_energy).fold(f64::INFINITY, f64::min);
        // Nearly all of the mass lies within a few nats of the least energy.
        ROUNDINGS * f64::from(Real::EPSILON) * least.abs().max(1.0)
    }

    pub fn tolerance(&self) -> f64 {
        self.config.tolerance.max(self.rounding())
    }

    pub fn evaluations(&self) -> usize {
        self.panels().map(|panel| panel.evaluations).sum()
    }

    pub fn region(&self) -> Region {
        self.data_box.scaled(2f64.powi(self.shells.len() as i32))
    }

    /// What the last refinements changed, in nats: added up over the panels, relative to the total before or after them, whichever
    /// is less. Mass that has only just been seen so counts for all that it is.
    pub fn change(&self) -> f64 {
        let before = log_total(self.panels().map(|panel| panel.log_mass_before));
        let changes = log_total(self.panels().map(Panel::log_change));
        match before.min(self.log_total()) {
            f64::NEG_INFINITY if changes == f64::NEG_INFINITY => 0.0,
            // ln(1 + e^x) without overflow.
            least => (changes - least).max(0.0) + (-(changes - least).abs()).exp().ln_1p(),
        }
    }

    /// The error of a rule that has not converged, in nats: four times its last change, and four times the mass that one node
    /// stands for alone. A quarter of the mass at one node is a peak that the nodes do not resolve, of any mass.
    pub fn unresolved(&self) -> f64 {
        let largest = self.panels().map(Panel::log_largest_node).fold(f64::NEG_INFINITY, f64::max);
        let alone = 4.0 * (largest - self.log_total()).exp();
        4.0 * self.change() + if alone < 1.0 { -(-alone).ln_1p() } else { f64::INFINITY }
    }

    /// Refines until the changes are small or the evaluations are spent; whether they are small.
    pub fn refine(&mut self) -> Result<bool, QuadratureError> {
        loop {
            if self.change() <= 0.5 * self.tolerance() {
                return Ok(true);
            }
            let spent = self.evaluations();
            let panels = std::iter::once(&mut self.core).chain(self.shells.iter_mut().flatten());
            let Some(worst) = panels.max_by(|a, b| a.log_change().total_cmp(&b.log_change())) else {
                return Ok(true);
            };
            if spent + worst.refinement_cost() > self.config.max_evaluations {
                return Ok(false);
            }
            worst.refine(self.energies)?;
        }
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
    pub fn tail(&self) -> Result<f64, QuadratureError> {
        if self.log_total() == f64::NEG_INFINITY {
            return Err(QuadratureError::NoMass(self.region()));
        }
        let (share, ratio) = self.outermost();
        Ok(if ratio >= 1.0 {
            // However little it is, it may go on to grow.
            f64::INFINITY
        } else if share <= NEGLIGIBLE {
            share
        } else {
            share * ratio / (1.0 - ratio)
        })
    }

    /// Adds shells until the mass beyond the last is negligible.
    pub fn grow(&mut self) -> Result<(), QuadratureError> {
        let config = self.config;
        loop {
            let count = self.shells.len();
            if count >= config.min_doublings.min(config.max_doublings).max(1) as usize {
                let searched = count >= config.max_doublings as usize;
                match self.tail() {
                    Ok(tail) if tail <= 0.5 * self.tolerance() => return Ok(()),
                    Ok(_) if searched => return self.require_fading(),
                    Err(error) if searched => return Err(error),
                    _ => {}
                }
            }
            let inner = self.region();
            let outer = inner.scaled(2.0);
            // A multiple of four, so that the inner border falls between two cells.
            let across = if outer.width() == 1 { 16 * config.start } else { (config.start / 2).next_multiple_of(4) };
            let shell = shell_regions(&inner, &outer, across)
                .into_iter()
                .map(|(region, cells)| Panel::new(self.energies, region, cells))
                .collect::<Result<_, _>>()?;
            self.shells.push(shell);
        }
    }

    /// Refuses shells that hardly fade: if the integral is finite at all, the estimate of the tail means nothing.
    pub fn require_fading(&self) -> Result<(), QuadratureError> {
        let (share, ratio) = self.outermost();
        if self.tail()? > 0.5 * self.tolerance() && ratio > 0.9 {
            return Err(QuadratureError::NotNormalisable { region: self.region(), share });
        }
        Ok(())
    }
}

/// The boxes that make up `outer` without `inner`, with the cells along each axis for `across` cells over `outer`.
fn shell_regions(inner: &Region, outer: &Region, across: usize) -> Vec<(Region, Vec<usize>)> {
    let side = |low: Vec<f64>, high: Vec<f64>, cells: Vec<usize>| (Region { low, high }, cells);
    let (quarter, half) = (across / 4, across / 2);
    let (a, b, c, d) = (&outer.low, &inner.low, &inner.high, &outer.high);
    match inner.width() {
        1 => vec![side(vec![a[0]], vec![b[0]], vec![quarter]), side(vec![c[0]], vec![d[0]], vec![quarter])],
        _ => vec![
            side(vec![a[0], a[1]], vec![d[0], b[1]], vec![across, quarter]),
            side(vec![a[0], c[1]], vec![d[0], d[1]], vec![across, quarter]),
            side(vec![a[0], b[1]], vec![b[0], c[1]], vec![quarter, half]),
            side(vec![c[0], b[1]], vec![d[0], c[1]], vec![quarter, half]),
        ],
    }
}
