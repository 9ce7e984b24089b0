//! Pictures that show what a generator has learnt: paths through its latent space, and the neighbours of its samples.

use ebm_core::image::{ImageShape, level_of};
use ebm_core::models::{self, Generator};
use ebm_core::{data::Dataset, device::Real, geometry::Geometry, random::Random, tape::SharedTape};

use crate::plots::{Gallery, GalleryPicture};
use ebm_eval::sampling::nearest;

/// Images of a path, both ends included.
const STATIONS: usize = 10;
const NEIGHBOURS: usize = 6;

/// A row for each of `rows` pairs of latents: the generator's samples along the path from one to the other.
///
/// The path is the great circle (Shoemake's slerp), whose points are as far from 0 as latents are: the straight line
/// goes where no latent is drawn.
pub(super) fn between<G: Geometry>(
    generator: &dyn Generator<G>,
    shape: ImageShape,
    rows: usize,
    random: Random,
) -> GalleryPicture {
    let geometry = generator.geometry();
    let d = geometry.latent_width();
    let ends = random.stream("latents").normals(2 * rows * d);
    let mut latents = Vec::with_capacity(rows * STATIONS * d);
    for pair in ends.chunks_exact(2 * d) {
        let (from, to) = pair.split_at(d);
        for station in 0..STATIONS {
            latents.extend(slerp(from, to, station as f64 / (STATIONS - 1) as f64));
        }
    }
    let samples = models::sample(generator, &geometry.latents(latents), &SharedTape::off(), random);
    GalleryPicture {
        title: format!("From one latent to another, {rows} times"),
        subtitle: format!("{STATIONS} points of the great circle between two draws; images of {shape} values"),
        shape,
        columns: STATIONS,
        galleries: vec![Gallery { name: "", levels: samples.as_vec().into_iter().map(level_of).collect() }],
    }
}

/// The point at a fraction of the path along the great circle from `a` to `b`; lengths between those of the ends.
fn slerp(a: &[Real], b: &[Real], share: f64) -> Vec<Real> {
    let dot = |a: &[Real], b: &[Real]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(f64::MIN_POSITIVE);
    let angle = cosine.clamp(-1.0, 1.0).acos();
    let (of_a, of_b) = match angle.sin() {
        // (Nearly) on one line: the circle is the line, or there are many.
        sine if sine < 1e-6 => (1.0 - share, share),
        sine => (((1.0 - share) * angle).sin() / sine, (share * angle).sin() / sine),
    };
    let point = a.iter().zip(b).map(|(a, b)| of_a * f64::from(*a) + of_b * f64::from(*b));
    point.map(|v| v as Real).collect()
}

/// A row for each sample: itself, and the training images nearest to it.
pub(super) fn neighbours(data: &dyn Dataset, samples: &[Real], shape: ImageShape, random: Random) -> GalleryPicture {
    let found = nearest(data, samples, NEIGHBOURS, random);
    let mut levels = Vec::new();
    for (sample, found) in samples.chunks_exact(shape.values().max(1)).zip(&found) {
        levels.extend(sample.iter().copied().map(level_of));
        let mut row: Vec<u8> = found.samples.iter().copied().map(level_of).collect();
        // A set of fewer images leaves the rest of the row black.
        row.resize(NEIGHBOURS * shape.values(), 0);
        levels.extend(row);
    }
    let closest = found.iter().filter_map(|found| found.distances.first());
    let closest = closest.copied().fold(f64::INFINITY, f64::min);
    GalleryPicture {
        title: "Samples (left) and the training images nearest to them".into(),
        subtitle: format!(
            "Euclidean distance of values in [-1, 1], the smallest {closest:.2}; images of {shape} values"
        ),
        shape,
        columns: 1 + NEIGHBOURS,
        galleries: vec![Gallery { name: "", levels }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_great_circle_goes_from_end_to_end_at_one_speed_and_one_radius() {
        let (a, b) = ([2.0, 0.0], [0.0, 2.0]);
        assert_eq!((slerp(&a, &b, 0.0), slerp(&a, &b, 1.0)[1]), (vec![2.0, 0.0], 2.0));
        // A third of a right angle.
        let third = slerp(&a, &b, 1.0 / 3.0);
        assert!((third[0] - 3.0f64.sqrt() as Real).abs() < 1e-6 && (third[1] - 1.0).abs() < 1e-6, "{third:?}");
        assert_eq!(slerp(&a, &a, 0.3), a);
        assert!(slerp(&a, &[-2.0, 0.0], 0.5).iter().all(|v| v.is_finite()));
        assert_eq!(slerp(&[0.0], &[0.0], 0.5), [0.0]);
    }
}
