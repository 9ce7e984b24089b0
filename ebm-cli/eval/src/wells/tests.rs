//! Wells of energies in closed form.

use ebm_core::{device::Real, random::Random};
use ebm_train::Cancel;

use super::Search;
use crate::config::WellsConfig;

/// `-log( a exp(-|x|^2 / 2) + (1 - a) exp(-|x - c|^2 / 2) )` with c = (8, 0, ..., 0), and its gradients.
fn two_wells(width: usize, a: f64) -> impl Fn(&[Real]) -> (Vec<Real>, Vec<Real>) {
    move |x| {
        let (mut energies, mut gradients) = (Vec::new(), Vec::new());
        for row in x.chunks_exact(width) {
            let row: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
            let square = |c: f64| row.iter().enumerate().map(move |(i, x)| (x - if i == 0 { c } else { 0.0 }).powi(2));
            let logs = [a.ln() - 0.5 * square(0.0).sum::<f64>(), (1.0 - a).ln() - 0.5 * square(8.0).sum::<f64>()];
            let largest = logs[0].max(logs[1]);
            let log = largest + logs.iter().map(|l| (l - largest).exp()).sum::<f64>().ln();
            energies.push(-log as Real);
            let far = (logs[1] - log).exp();
            gradients.extend(row.iter().enumerate().map(|(i, x)| (x - if i == 0 { 8.0 * far } else { 0.0 }) as Real));
        }
        (energies, gradients)
    }
}

fn search(width: usize, a: f64, seed: u64) -> Search {
    let data = Random::new(seed).stream("data").normals(2000 * width);
    Search::of(&two_wells(width, a), &data, width, &WellsConfig::default(), Random::new(seed), &Cancel::default())
        .unwrap()
}

#[test]
fn a_well_that_the_data_does_not_have_is_found_with_its_mass() {
    for (width, a) in [(1, 0.5), (2, 0.5), (2, 0.1), (4, 0.3)] {
        for seed in 0..3 {
            let found = search(width, a, seed);
            let well = &found.wells[0];
            let mass = well.mass.unwrap();
            // The entropies' errors are some tenths of a nat on each side.
            let off = (mass / (1.0 - mass)).ln() - ((1.0 - a) / a).ln();
            assert!(off.abs() < 1.0, "{width} {a} {seed}: {found:?}");
            assert!((well.distance - 5.0).abs() < 3.0 && found.away > 0.0 && well.barrier > 1.0, "{found:?}");
        }
    }
}

#[test]
fn an_energy_whose_wells_are_the_datas_has_none() {
    for width in [1, 2, 8, 40] {
        for seed in 0..3 {
            let found = search(width, 1.0, seed);
            let mass: f64 = found.wells.iter().filter_map(|well| well.mass).sum();
            let low = found.wells.iter().any(|well| well.mass.is_none() && well.energy < found.lowest_data_energy);
            assert!(mass < 0.01 && !low, "{width} {seed}: {found:?}");
        }
    }
}

#[test]
fn a_slope_away_from_the_data_is_no_well() {
    // Data of a sixth of the model's deviation: the model's mass is elsewhere, and no barrier is between.
    let data: Vec<Real> = Random::new(1).normals(4000).iter().map(|x| x / 6.0).collect();
    let found =
        Search::of(&two_wells(2, 1.0), &data, 2, &WellsConfig::default(), Random::new(2), &Cancel::default()).unwrap();
    assert!(found.away > 0.3 && found.wells.iter().all(|well| well.barrier < 0.5), "{found:?}");
}

#[test]
fn it_is_a_function_of_the_seed_and_needs_data_that_varies() {
    let twice = [search(2, 0.5, 1), search(2, 0.5, 1)];
    assert_eq!(twice[0].wells, twice[1].wells);
    let config = WellsConfig::default();
    assert!(Search::of(&two_wells(1, 0.5), &[1.0; 100], 1, &config, Random::new(1), &Cancel::default()).is_none());
    assert!(Search::of(&two_wells(1, 0.5), &[1.0, 2.0], 1, &config, Random::new(1), &Cancel::default()).is_none());
}
