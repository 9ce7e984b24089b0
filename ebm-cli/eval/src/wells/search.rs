use ebm_core::{data::column_moments, device::Real, random::Random};
use ebm_train::Cancel;

use super::entropy::entropy;
use super::states::{States, Walk};
use crate::config::WellsConfig;
use crate::sampling::{Potential, distance, nearest_row};

/// Samples of the data that distances are measured from, and as many that tell how far away others like them lie.
const DATA: usize = 1000;
/// Chains start in a Gaussian of this many standard deviations of the data, or in a box of so many to each side.
const WIDE: f64 = 3.0;
const BOX: f64 = 6.0;
/// A state is away from the data if it is this many times as far from it as any sample of it is from the others.
const AWAY: f64 = 2.0;
/// It is so at least at this part of the data's root mean square distance from its mean: the model may be blurred between modes.
const SPREAD: f64 = 0.5;
/// Points between a state and the data at which a barrier is looked for.
const BETWEEN: usize = 31;
/// A well reaches from its lowest state this part of the way to the data.
const REACH: f64 = 0.5;
/// Wells that are told apart, at most.
const WELLS: usize = 8;
/// Neighbours tell entropies in so many dimensions, at most.
pub(crate) const MOST_DIMENSIONS: usize = 32;

/// What chains from broad starts found.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// Wells away from the data: those of the greatest mass first, and those of unknown mass last, by their energies.
    pub wells: Vec<Well>,
    /// Share of the broad chains' states that are away from the data.
    pub away: f64,
    /// The mean energy of states of chains that started at data, in nats.
    pub data_energy: f64,
    /// The lowest of them.
    pub lowest_data_energy: f64,
    /// States of each kind.
    pub states: usize,
}

/// A well away from the data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Well {
    /// The lowest energy found there, in nats.
    pub energy: f64,
    /// The mean energy of states there, in nats.
    pub mean_energy: f64,
    /// Distance of its lowest state from the nearest sample of the data, in the data's units.
    pub distance: f64,
    /// The highest energy on the straight line to a state at the data of no more than their mean energy, above that of both ends, in
    /// nats: negative or 0 where there is no barrier.
    pub barrier: f64,
    /// The model's mass there, as a share of it and of the mass in the data's wells together, where it can be estimated.
    pub mass: Option<f64>,
}

impl Search {
    /// Searches from starts around `data` `[n, D]`, of which 2,000 samples are looked at; `None` without a state of finite energy
    /// to compare with, or fewer than four samples, or once it was cancelled.
    pub fn of(
        potential: &Potential<'_>,
        data: &[Real],
        width: usize,
        config: &WellsConfig,
        random: Random,
        cancel: &Cancel,
    ) -> Option<Self> {
        let rows = data.len() / width;
        if rows < 4 {
            return None;
        }
        let half = (rows / 2).min(DATA);
        let (samples, others) = (&data[..half * width], &data[half * width..2 * half * width]);
        let columns = column_moments(samples, width).into_iter().map(|(mean, variance)| (mean, variance.sqrt()));
        let columns: Vec<(f64, f64)> = columns.collect();
        let scale = columns.iter().map(|(_, deviation)| deviation).sum::<f64>() / width as f64;
        if !(scale > 0.0 && scale.is_finite()) {
            return None;
        }
        let walk = Walk { width, scale, transitions: config.transitions, descend: true, cancel };
        let broad = broad(&columns, config.chains, random.stream("broad"));
        let broad = States::of(potential, broad, walk, random.stream("from broad"));
        let from_data: Vec<Real> = others.iter().copied().cycle().take(config.chains * width).collect();
        let walk = Walk { descend: false, ..walk };
        let visited = States::of(potential, from_data, walk, random.stream("from data"));
        cancel.check().ok()?;

        let farthest = others.chunks_exact(width).map(|row| to_nearest(row, samples)).fold(0.0, f64::max);
        let spread = columns.iter().map(|(_, deviation)| deviation * deviation).sum::<f64>().sqrt();
        let threshold = (AWAY * farthest).max(SPREAD * spread);
        let distances = |states: &States| -> Vec<f64> {
            states.points.chunks_exact(width).map(|row| to_nearest(row, samples)).collect()
        };
        let (found, known) = (distances(&broad), distances(&visited));
        let home = visited.only(width, |i| known[i] <= threshold);
        if home.energies.is_empty() {
            return None;
        }
        let away = broad.only(width, |i| found[i] > threshold);
        let far: Vec<f64> = found.iter().copied().filter(|distance| *distance > threshold).collect();
        let home_mass = log_mass(&home, width);
        let mut groups = groups(&away, &far, width);
        if let Some(group) = groups.first_mut().filter(|_| width <= MOST_DIMENSIONS)
            && 2 * group.states.energies.len() < home.energies.len()
        {
            // Few chains met the lowest well: more start there.
            group.fill(potential, walk, config.chains, random.stream("from the well"));
        }
        let data_energy = home.mean_energy();
        // Closer than a state that is away: a chain may have crossed the barrier.
        let close = |i: usize| AWAY * known[i] <= threshold && visited.energies[i] <= data_energy;
        let close = visited.only(width, close);
        let typical = if close.energies.is_empty() { &home } else { &close };
        let at_home = |point: &[Real]| {
            let (nearest, _) = nearest_row(point, &typical.points).unwrap_or_default();
            &typical.points[nearest * width..(nearest + 1) * width]
        };
        let well = |group: Group| Well {
            energy: group.states.lowest(),
            mean_energy: group.states.mean_energy(),
            distance: group.distance,
            barrier: barrier(potential, &group.lowest, at_home(&group.lowest)),
            mass: log_mass(&group.states, width).zip(home_mass).map(|(there, here)| 1.0 / (1.0 + (here - there).exp())),
        };
        let mut wells: Vec<Well> = groups.into_iter().map(well).collect();
        let rank = |well: &Well| (-well.mass.unwrap_or(-1.0), well.energy);
        wells.sort_by(|a, b| rank(a).0.total_cmp(&rank(b).0).then(rank(a).1.total_cmp(&rank(b).1)));
        Some(Self {
            wells,
            away: far.len() as f64 / found.len().max(1) as f64,
            data_energy,
            lowest_data_energy: home.lowest(),
            states: found.len(),
        })
    }
}

/// Starts `[chains, D]`: the even ones from a wide Gaussian, the odd ones uniform in a wider box.
fn broad(columns: &[(f64, f64)], chains: usize, random: Random) -> Vec<Real> {
    let normals = random.stream("gaussian").normals(chains * columns.len());
    let uniforms = random.stream("box").uniforms(chains * columns.len());
    let place = |(i, (n, u)): (usize, (Real, Real))| {
        let (mean, deviation) = columns[i % columns.len()];
        let offset = match (i / columns.len()).is_multiple_of(2) {
            true => WIDE * f64::from(n),
            false => BOX * (2.0 * f64::from(u) - 1.0),
        };
        (mean + deviation * offset) as Real
    };
    normals.into_iter().zip(uniforms).enumerate().map(place).collect()
}

/// The distance to the nearest sample.
fn to_nearest(row: &[Real], samples: &[Real]) -> f64 {
    nearest_row(row, samples).map_or(f64::INFINITY, |(_, distance)| distance)
}

/// The highest energy between two points, above that of both.
fn barrier(potential: &Potential<'_>, from: &[Real], to: &[Real]) -> f64 {
    let point = |i: usize| {
        let part = i as Real / (BETWEEN + 1) as Real;
        from.iter().zip(to).map(move |(a, b)| a + part * (b - a))
    };
    let line: Vec<Real> = (0..BETWEEN + 2).flat_map(point).collect();
    let (energies, _) = potential(&line);
    let ends = energies[0].max(energies[BETWEEN + 1]);
    let highest = energies[1..=BETWEEN].iter().copied().fold(Real::NEG_INFINITY, Real::max);
    f64::from(highest) - f64::from(ends)
}

/// States around a lowest one.
struct Group {
    states: States,
    /// The lowest state, `[D]`.
    lowest: Vec<Real>,
    /// Its distance from the data.
    distance: f64,
}

impl Group {
    /// Adds states of chains that start at those there are, as far as they stay.
    fn fill(&mut self, potential: &Potential<'_>, walk: Walk<'_>, chains: usize, random: Random) {
        let start = self.states.points.iter().copied().cycle().take(chains * walk.width).collect();
        let more = States::of(potential, start, walk, random);
        let rows: Vec<&[Real]> = more.points.chunks_exact(walk.width).collect();
        let near = |i: usize| distance(rows[i], &self.lowest) <= REACH * self.distance;
        let more = more.only(walk.width, near);
        self.states.points.extend(more.points);
        self.states.energies.extend(more.energies);
    }
}

/// Groups of states, the lowest first.
fn groups(away: &States, distances: &[f64], width: usize) -> Vec<Group> {
    let mut left: Vec<usize> = (0..away.energies.len()).collect();
    let mut groups = Vec::new();
    let row = |i: usize| &away.points[i * width..(i + 1) * width];
    while groups.len() < WELLS {
        let lowest = left.iter().copied().min_by(|a, b| away.energies[*a].total_cmp(&away.energies[*b]));
        let Some(lowest) = lowest else { break };
        let near = |i: &usize| distance(row(*i), row(lowest)) <= REACH * distances[lowest];
        let (inside, outside): (Vec<usize>, Vec<usize>) = left.into_iter().partition(near);
        let states = away.only(width, |i| inside.binary_search(&i).is_ok());
        groups.push(Group { states, lowest: row(lowest).to_vec(), distance: distances[lowest] });
        left = outside;
    }
    groups
}

/// `H[q] - E_q[E]`, at most the logarithm of the model's mass where the states are; `None` in too many dimensions, or of too few
/// states.
fn log_mass(states: &States, width: usize) -> Option<f64> {
    if width > MOST_DIMENSIONS {
        return None;
    }
    Some(entropy(&states.points, width)? - states.mean_energy())
}
