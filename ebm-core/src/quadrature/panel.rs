//! A box with a grid that can be refined without repeating work.

use super::QuadratureError;
use super::lattice::{Line, log_mass, node_count};
use super::log_sum::log_mean;
use super::region::Region;
use crate::geometry::Geometry;
use crate::models::Energy;

/// A box, the mass of exp(-E) in it, and how much the last refinement changed that mass.
///
/// The grid starts as the corners of cells (the trapezoid rule). In the plane a refinement alternates between adding
/// the centres of the cells and adding the midpoints of their edges, which halves the cell: each doubles the number of
/// nodes and reuses all earlier ones. On a line the centres alone halve the cell.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    region: Region,
    cells: Vec<usize>,
    has_centres: bool,
    /// log of the mass.
    pub(super) log_mass: f64,
    /// log of the mass before the last refinement.
    pub(super) log_mass_before: f64,
    /// Energies evaluated so far.
    pub(super) evaluations: usize,
}

impl Panel {
    /// A panel refined once, so that there is a change to judge it by.
    pub(super) fn new<G: Geometry>(
        energy: &dyn Energy<G>,
        region: Region,
        cells: Vec<usize>,
    ) -> Result<Self, QuadratureError> {
        let mut panel = Self {
            region,
            cells,
            has_centres: false,
            log_mass: f64::NEG_INFINITY,
            log_mass_before: f64::NEG_INFINITY,
            evaluations: 0,
        };
        let corners = panel.lines(&[Line::corners, Line::corners]);
        panel.log_mass = log_mass(energy, &corners)?;
        panel.evaluations = node_count(&corners);
        panel.refine(energy)?;
        Ok(panel)
    }

    /// Doubles the number of nodes.
    pub(super) fn refine<G: Geometry>(&mut self, energy: &dyn Energy<G>) -> Result<(), QuadratureError> {
        let added = self
            .next_lattices()
            .iter()
            .map(|lines| log_mass(energy, lines))
            .collect::<Result<Vec<f64>, _>>()?;
        self.evaluations += self.refinement_cost();
        self.log_mass_before = self.log_mass;
        self.log_mass = match added[..] {
            [edges_along, edges_across] => log_mean(self.log_mass, log_mean(edges_along, edges_across)),
            _ => log_mean(self.log_mass, added[0]),
        };
        let halved = self.has_centres || self.cells.len() == 1;
        self.has_centres = !halved;
        if halved {
            self.cells.iter_mut().for_each(|cells| *cells *= 2);
        }
        Ok(())
    }

    /// Energies that the next refinement evaluates.
    pub(super) fn refinement_cost(&self) -> usize {
        self.next_lattices().iter().map(|lines| node_count(lines)).sum()
    }

    /// Cells along the longest axis.
    pub(super) fn cells_per_axis(&self) -> usize {
        self.cells.iter().copied().max().unwrap_or(0)
    }

    fn next_lattices(&self) -> Vec<Vec<Line>> {
        if self.has_centres {
            vec![
                self.lines(&[Line::centres, Line::corners]),
                self.lines(&[Line::corners, Line::centres]),
            ]
        } else {
            vec![self.lines(&[Line::centres, Line::centres])]
        }
    }

    fn lines(&self, rules: &[fn(f64, f64, usize) -> Line; 2]) -> Vec<Line> {
        let sides = self.region.low.iter().zip(&self.region.high);
        sides
            .zip(&self.cells)
            .zip(rules)
            .map(|(((&low, &high), &cells), rule)| rule(low, high, cells))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_energy::FunctionEnergy;
    use super::*;

    #[test]
    fn refinements_reach_the_trapezoid_rule_of_the_halved_cell() {
        let energy = FunctionEnergy::new(2, |x| (x[0] - 0.3).powi(2) + (x[1] * x[0]).sin() + x[1].abs());
        let region = Region {
            low: vec![-1.0, -2.0],
            high: vec![2.0, 1.0],
        };
        let mut panel = Panel::new(&energy, region.clone(), vec![4, 8]).unwrap();
        panel.refine(&energy).unwrap();
        let corners = [
            Line::corners(region.low[0], region.high[0], 8),
            Line::corners(region.low[1], region.high[1], 16),
        ];
        let direct = log_mass(&energy, &corners).unwrap();
        assert!((panel.log_mass - direct).abs() < 1e-6, "{} {direct}", panel.log_mass);
        assert_eq!(panel.evaluations, node_count(&corners));
    }

    #[test]
    fn a_constant_energy_has_the_box_volume_as_its_mass() {
        let energy = FunctionEnergy::new(1, |_| 1.5);
        let region = Region::cube(3.0, 1);
        let mut panel = Panel::new(&energy, region, vec![5]).unwrap();
        panel.refine(&energy).unwrap();
        assert!((panel.log_mass - (6.0f64.ln() - 1.5)).abs() < 1e-12);
        assert_eq!(panel.cells_per_axis(), 20);
    }
}
