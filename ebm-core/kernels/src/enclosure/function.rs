use super::{EPSILON, Enclosure, TINY, term_count};

/// Units in the last place by which a function of the standard library may be off.
const ULPS: f64 = 8.0;

/// A line that is broken at 0, and how far a function is from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Slope for x < 0.
    pub left: f64,
    /// Slope for x > 0.
    pub right: f64,
    /// The least and the largest value of the function minus the line.
    pub off: (f64, f64),
}

impl Line {
    /// The line itself.
    pub fn exact(left: f64, right: f64) -> Self {
        Self { left, right, off: (0.0, 0.0) }
    }

    /// Its value at x.
    pub fn at(&self, x: f64) -> f64 {
        if x > 0.0 { self.right * x } else { self.left * x }
    }
}

/// A function of one variable that can be enclosed.
#[derive(Clone, Copy, Debug)]
pub struct Function<V, B> {
    /// Its value, to a few units in the last place.
    pub value: V,
    /// Bounds of the absolute second and third derivatives at all x with |x| at least as large as given; infinite where there
    /// are none. They do not grow with |x|.
    pub bends: B,
    /// A broken line near it.
    pub line: Line,
    /// A bound of the absolute first derivative.
    pub lipschitz: f64,
}

/// `a0 + a1 w + a2 w^2`, and how far the function of `c + w` is from it for all |w| <= reach.
#[derive(Clone, Copy)]
struct Fit {
    a0: f64,
    a1: f64,
    a2: f64,
    error: f64,
}

/// The polynomial part of an enclosure: sums of absolute slopes and products, and the radius.
#[derive(Clone, Copy)]
struct Size {
    linear: f64,
    square: f64,
    radius: f64,
}

impl Size {
    fn reach(&self) -> f64 {
        (self.linear + self.square + self.radius) * (1.0 + 16.0 * EPSILON)
    }
}

impl Fit {
    /// What is known where nothing is.
    const NOTHING: Self = Self { a0: 0.0, a1: 0.0, a2: 0.0, error: f64::INFINITY };

    /// What is off when the argument's square is replaced by the square of its linear part.
    fn radius(&self, size: &Size) -> f64 {
        // |w^2 - L^2| = |w - L| |w + L|.
        let rest = size.square + size.radius;
        let squares = self.a2.abs() * rest * (2.0 * size.linear + rest);
        let terms = self.a0.abs() + self.a1.abs() * size.reach() + self.a2.abs() * size.reach().powi(2);
        (self.a1.abs() * size.radius + squares + self.error + 8.0 * EPSILON * terms) * (1.0 + 8.0 * EPSILON) + TINY
    }
}

impl<V: Fn(f64) -> f64, B: Fn(f64) -> [f64; 2]> Function<V, B> {
    /// The function of every value of an enclosure.
    pub fn apply(&self, x: &Enclosure) -> Enclosure {
        let count = x.radius.len();
        let mut y = Enclosure { terms: vec![0.0; x.terms.len()], radius: vec![0.0; count], ..*x };
        let squares = 1 + x.axes;
        for place in 0..count {
            let term = |k: usize| x.terms[k * count + place];
            let sum = |range: std::ops::Range<usize>| range.map(|k| term(k).abs()).sum::<f64>();
            let size =
                Size { linear: sum(1..squares), square: sum(squares..term_count(x.axes)), radius: x.radius[place] };
            let (fit, radius) = self.best(term(0), &size);
            y.radius[place] = radius;
            y.terms[place] = fit.a0;
            let mut product = squares;
            for i in 0..x.axes {
                y.terms[(1 + i) * count + place] = fit.a1 * term(1 + i);
                for j in i..x.axes {
                    let twice = if i == j { 1.0 } else { 2.0 };
                    let square = twice * fit.a2 * term(1 + i) * term(1 + j);
                    y.terms[product * count + place] = fit.a1 * term(product) + square;
                    product += 1;
                }
            }
        }
        y
    }

    /// The fit around `c` with the least radius, and that radius.
    fn best(&self, c: f64, size: &Size) -> (Fit, f64) {
        let reach = size.reach();
        if !(c.is_finite() && reach.is_finite()) {
            return (Fit::NOTHING, f64::INFINITY);
        }
        let nearest = ((c.abs() - reach) * (1.0 - EPSILON)).max(0.0);
        let bends = (self.bends)(nearest);
        let fits = [self.parabola(c, reach, bends[1]), self.chord(c, reach, bends[0]), self.broken(c, reach)];
        let measured = fits.into_iter().flatten().map(|fit| (fit, fit.radius(size)));
        let least = measured.min_by(|a, b| a.1.total_cmp(&b.1));
        least.unwrap_or((Fit::NOTHING, f64::INFINITY))
    }

    /// The rounding of the function's values within `reach` of `c`, and of the points it is evaluated at.
    fn rounding(&self, c: f64, reach: f64, value: f64) -> f64 {
        let largest = value.abs() + self.lipschitz * reach;
        ULPS * EPSILON * largest + 4.0 * EPSILON * self.lipschitz * (c.abs() + reach) + TINY
    }

    /// Interpolates at the Chebyshev nodes 0 and +- sqrt(3)/2 reach, where the error is at most |f'''| reach^3 / 24.
    fn parabola(&self, c: f64, reach: f64, third: f64) -> Option<Fit> {
        let middle = (self.value)(c);
        if reach <= 1e-140 {
            let error = self.lipschitz * reach + self.rounding(c, reach, middle);
            return Some(Fit { a0: middle, a1: 0.0, a2: 0.0, error });
        }
        if !third.is_finite() {
            return None;
        }
        let s = 0.75f64.sqrt() * reach;
        let (below, above) = ((self.value)(c - s), (self.value)(c + s));
        let a1 = (above - below) / (2.0 * s);
        let a2 = 0.5 * ((above - middle) - (middle - below)) / (s * s);
        // Errors of the three values reach the polynomial by at most 1 + 2 / sqrt 3 + 8/3 of them.
        let error = third * reach.powi(3) / 24.0 + 6.0 * self.rounding(c, reach, middle);
        Some(Fit { a0: middle, a1, a2, error: error * (1.0 + 8.0 * EPSILON) })
    }

    /// Interpolates at the Chebyshev nodes +- reach / sqrt 2, where the error is at most |f''| reach^2 / 4.
    fn chord(&self, c: f64, reach: f64, second: f64) -> Option<Fit> {
        if !second.is_finite() || reach <= 1e-140 {
            return None;
        }
        let s = std::f64::consts::FRAC_1_SQRT_2 * reach;
        let (below, above) = ((self.value)(c - s), (self.value)(c + s));
        let a0 = 0.5 * (below + above);
        let error = second * reach * reach / 4.0 + 4.0 * self.rounding(c, reach, a0);
        Some(Fit { a0, a1: (above - below) / (2.0 * s), a2: 0.0, error: error * (1.0 + 8.0 * EPSILON) })
    }

    /// The chord of the broken line, moved so that it is as far from both its ends as from its corner.
    fn broken(&self, c: f64, reach: f64) -> Option<Fit> {
        let Line { left, right, off } = self.line;
        let (low, high) = (c - reach, c + reach);
        let (slope, corner) = if low >= 0.0 {
            (right, 0.0)
        } else if high <= 0.0 {
            (left, 0.0)
        } else {
            let slope = (right * high - left * low) / (high - low);
            // The chord's value at 0, which is how far it is from the corner.
            (slope, low * (left - slope))
        };
        let middle = 0.5 * (off.0 + off.1);
        let a0 = slope * c + 0.5 * corner + middle;
        let size = (left.abs() + right.abs()) * (c.abs() + reach) + off.0.abs() + off.1.abs();
        let error = 0.5 * corner.abs() + 0.5 * (off.1 - off.0) + 16.0 * EPSILON * size + TINY;
        error.is_finite().then_some(Fit { a0, a1: slope, a2: 0.0, error })
    }
}
