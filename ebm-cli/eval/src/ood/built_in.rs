use ebm_core::{device::Real, image::ImageShape, random::Random};

/// Standard deviation of the blur, in pixels.
const BLUR: f64 = 2.0;

/// Outliers that are made from the data they are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// Every value uniform between the least and the largest of its place in the data (of images: from -1 to 1).
    UniformNoise,
    /// Every value normal with the mean and the deviation of its place in the data (of images: cut off at -1 and 1).
    GaussianNoise,
    /// All values of a sample the same, uniform between the least and the largest value of the data.
    Constant,
    /// Held-out images with black and white exchanged: x -> -x.
    Inverted,
    /// Held-out images, blurred by a Gaussian of 2 pixels.
    Blurred,
}

/// The data that outliers are made from: held-out samples `[n, D]`, row-major.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The samples.
    pub samples: &'a [Real],
    /// Number of dimensions D.
    pub width: usize,
    /// The shape of the images that the samples are, if they are, with values from -1 to 1.
    pub image: Option<ImageShape>,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [BuiltIn; 5] =
        [BuiltIn::UniformNoise, BuiltIn::GaussianNoise, BuiltIn::Constant, BuiltIn::Inverted, BuiltIn::Blurred];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        self.described().0
    }

    /// Whether only images have it.
    pub fn needs_images(self) -> bool {
        matches!(self, BuiltIn::Inverted | BuiltIn::Blurred)
    }

    /// A description for the protocol of a metric.
    pub fn meaning(self) -> &'static str {
        self.described().1
    }

    fn described(self) -> (&'static str, &'static str) {
        match self {
            BuiltIn::UniformNoise => ("uniform-noise", "independent uniform values in the data's range"),
            BuiltIn::GaussianNoise => {
                ("gaussian-noise", "independent normal values with each place's mean and deviation")
            }
            BuiltIn::Constant => ("constant", "samples of one value, uniform in the data's range"),
            BuiltIn::Inverted => ("inverted", "the held-out images with black and white exchanged"),
            BuiltIn::Blurred => ("blurred", "the held-out images blurred by a Gaussian of 2 pixels"),
        }
    }

    /// As many outliers as there are samples, `[n, D]`; `None` if only images have them and these are none.
    pub fn make(self, known: Known<'_>, random: Random) -> Option<Vec<Real>> {
        let (count, columns) = (known.samples.len(), known.columns());
        let random = random.stream(self.name());
        let image = known.image;
        let clipped = |value: Real| if image.is_some() { value.clamp(-1.0, 1.0) } else { value };
        let cycle = columns.iter().cycle();
        Some(match self {
            BuiltIn::UniformNoise => {
                let draws = random.uniforms(count).into_iter().zip(cycle);
                draws.map(|(u, column)| column.low + u * (column.high - column.low)).collect()
            }
            BuiltIn::GaussianNoise => {
                let draws = random.normals(count).into_iter().zip(cycle);
                draws.map(|(n, column)| clipped(column.mean + n * column.deviation)).collect()
            }
            BuiltIn::Constant => {
                let low = columns.iter().map(|c| c.low).fold(Real::INFINITY, Real::min);
                let high = columns.iter().map(|c| c.high).fold(Real::NEG_INFINITY, Real::max);
                let draws = random.uniforms(count / known.width).into_iter();
                draws.flat_map(|u| std::iter::repeat_n(low + u * (high - low), known.width)).collect()
            }
            BuiltIn::Inverted => image.map(|_| known.samples.iter().map(|value| -value).collect())?,
            BuiltIn::Blurred => {
                let shape = image?;
                let images = known.samples.chunks_exact(known.width);
                images.flat_map(|image| blurred(image, shape)).collect()
            }
        })
    }
}

/// One place of the samples.
#[derive(Clone, Copy)]
struct Column {
    low: Real,
    high: Real,
    mean: Real,
    deviation: Real,
}

impl Known<'_> {
    fn columns(&self) -> Vec<Column> {
        let count = (self.samples.len() / self.width) as f64;
        let (low, high) = if self.image.is_some() { (-1.0, 1.0) } else { (Real::INFINITY, Real::NEG_INFINITY) };
        let mut columns = vec![(low, high, 0.0, 0.0); self.width];
        for row in self.samples.chunks_exact(self.width) {
            for ((low, high, sum, squares), &value) in columns.iter_mut().zip(row) {
                (*low, *high) = (low.min(value), high.max(value));
                *sum += f64::from(value);
                *squares += f64::from(value).powi(2);
            }
        }
        let column = |(low, high, sum, squares): (Real, Real, f64, f64)| {
            let mean = sum / count;
            Column { low, high, mean: mean as Real, deviation: (squares / count - mean * mean).max(0.0).sqrt() as Real }
        };
        columns.into_iter().map(column).collect()
    }
}

/// An image `[height, width, channels]`, each channel blurred along both axes; beyond the border it goes on as at the border.
fn blurred(image: &[Real], shape: ImageShape) -> Vec<Real> {
    let along_rows = blurred_along(image, shape.width, shape.channels);
    blurred_along(&along_rows, shape.height, shape.width * shape.channels)
}

/// Blurs along an axis of `length` places that are `stride` values apart.
fn blurred_along(values: &[Real], length: usize, stride: usize) -> Vec<Real> {
    let reach = (3.0 * BLUR).ceil() as isize;
    let weights: Vec<f64> = (-reach..=reach).map(|d| (-0.5 * (d as f64 / BLUR).powi(2)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let blur = |index: usize| {
        let place = (index / stride % length) as isize;
        let first = index - place as usize * stride;
        let at = |d: isize| (place + d).clamp(0, length as isize - 1) as usize;
        let terms = (-reach..=reach).zip(&weights);
        let sum: f64 = terms.map(|(d, w)| w * f64::from(values[first + at(d) * stride])).sum();
        (sum / total) as Real
    };
    (0..values.len()).map(blur).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: ImageShape = ImageShape { height: 9, width: 7, channels: 2 };

    fn images(count: usize) -> Vec<Real> {
        let draws = Random::new(3).uniforms(count * SHAPE.values());
        draws.into_iter().map(|u| u - 0.8).collect()
    }

    #[test]
    fn noise_has_the_range_and_the_moments_of_its_place() {
        // Columns: uniform in [0, 1], and three times that plus 5.
        let samples: Vec<Real> = Random::new(1).uniforms(20_000).into_iter().flat_map(|u| [u, 3.0 * u + 5.0]).collect();
        let known = Known { samples: &samples, width: 2, image: None };
        let moments = |kind: BuiltIn| {
            let made = kind.make(known, Random::new(2)).unwrap();
            assert_eq!(made.len(), samples.len());
            let column: Vec<f64> = made.iter().skip(1).step_by(2).map(|v| f64::from(*v)).collect();
            let mean = column.iter().sum::<f64>() / column.len() as f64;
            let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / column.len() as f64;
            let largest = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (mean, variance.sqrt(), largest)
        };
        // Uniform in [5, 8]: mean 6.5, deviation 3 / sqrt(12).
        let (mean, deviation, largest) = moments(BuiltIn::UniformNoise);
        assert!((mean - 6.5).abs() < 0.03 && (deviation - 0.866).abs() < 0.02 && largest <= 8.0);
        let (mean, deviation, largest) = moments(BuiltIn::GaussianNoise);
        assert!((mean - 6.5).abs() < 0.03 && (deviation - 0.866).abs() < 0.02 && largest > 9.0);
        // One value in [0, 8] for both places.
        let (mean, deviation, _) = moments(BuiltIn::Constant);
        assert!((mean - 4.0).abs() < 0.1 && (deviation - 8.0 / 12f64.sqrt()).abs() < 0.06);
        let constant = BuiltIn::Constant.make(known, Random::new(2)).unwrap();
        assert!(constant.chunks(2).all(|row| row[0] == row[1]));
    }

    #[test]
    fn images_stay_in_their_range_and_only_they_can_be_inverted_and_blurred() {
        let samples = images(50);
        let known = |image| Known { samples: &samples, width: SHAPE.values(), image };
        for kind in BuiltIn::ALL {
            let made = kind.make(known(Some(SHAPE)), Random::new(1)).unwrap();
            assert!(made.iter().all(|v| (-1.0..=1.0).contains(v)), "{}", kind.name());
            assert_eq!(made.len(), samples.len());
            assert_eq!(kind.make(known(None), Random::new(1)).is_none(), kind.needs_images());
        }
        let inverted = BuiltIn::Inverted.make(known(Some(SHAPE)), Random::new(1)).unwrap();
        assert!(inverted.iter().zip(&samples).all(|(a, b)| *a == -b));
    }

    #[test]
    fn a_blur_keeps_constants_and_sums_and_spreads_a_point_as_a_gaussian_does() {
        let shape = ImageShape { height: 41, width: 41, channels: 1 };
        assert!(blurred(&vec![0.5; 41 * 41], shape).iter().all(|v| (v - 0.5).abs() < 1e-6));
        let mut point = vec![0.0; 41 * 41];
        point[20 * 41 + 20] = 1.0;
        let found = blurred(&point, shape);
        let sum: f64 = found.iter().map(|v| f64::from(*v)).sum();
        assert!((sum - 1.0).abs() < 1e-5);
        // exp(-(2^2 + 1^2) / (2 * 2^2)) of the middle.
        let ratio = found[22 * 41 + 21] / found[20 * 41 + 20];
        assert!((f64::from(ratio) - (-0.625f64).exp()).abs() < 1e-5, "{ratio}");
        // Channels do not mix.
        let two = ImageShape { height: 3, width: 3, channels: 2 };
        let mut image = vec![0.0; 18];
        image.iter_mut().step_by(2).for_each(|v| *v = 1.0);
        let found = blurred(&image, two);
        assert!(found.chunks(2).all(|pixel| (pixel[0] - 1.0).abs() < 1e-6 && pixel[1] == 0.0));
    }
}
