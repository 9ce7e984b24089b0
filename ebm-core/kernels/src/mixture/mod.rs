//! The energy of a mixture of Gaussians carried along a process: `E(x) = -log sum_k p_k N(x; a m_k, diag v_k)` with
//! `p = softmax(logits)` and `v_k = a^2 (floor + e^(2 l_k)) + s^2`, where a and s are those of each sample's time.
//!
//! With `d = x - a m_k`, the logarithm of a component's part is `L_k = log p_k - 1/2 sum_i (d_i^2 / v_ki + log(2 pi v_ki))`, and its
//! derivative along a tangent u at a rate r of the time
//! `L'_k = sum_i (-d_i (u_i - r a' m_ki) / v_ki + r/2 v'_ki (d_i^2 / v_ki - 1) / v_ki)`, where `a'` and `v'` are the changes of a
//! and v with the time. With the shares `w_k = softmax(L)_k`, the derivative of E is `E' = -sum_k w_k L'_k`.
//!
//! Derivatives, with cotangents g of E and h of its tangents: `-w_k (g + sum h (L'_k + E'))` in `L_k`, and `-w_k h` in `L'_k`.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::elementwise::add_to;
use crate::prelude::*;
use crate::selftest::NETWORK;

/// A mixture of K components with independent coordinates.
#[derive(Clone)]
pub struct Mixture {
    /// Logarithms of the components' probabilities up to a constant, `[K]`.
    pub logits: PerSample,
    /// m, `[K, D]`, flat.
    pub means: PerSample,
    /// l, `[K, D]`, flat: halves of the logarithms of the variances at time 0, above `floor`.
    pub log_scales: PerSample,
    /// The least variance at time 0.
    pub floor: Real,
    /// Whether the arrays want gradients.
    pub trains: bool,
}

/// A sample's place on the process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// a
    pub signal: Real,
    /// `s^2`
    pub variance: Real,
    /// a', the change of a with the time.
    pub signal_rate: Real,
    /// The change of `s^2` with the time.
    pub variance_rate: Real,
}

impl Place {
    /// Where the mixture itself is.
    pub const START: Self = Self { signal: 1.0, variance: 0.0, signal_rate: 0.0, variance_rate: 0.0 };
}

/// The energies and, below, their derivatives along the tangents, `[(1+T) B, 1]`, of rows `[(1+T) B, D]`: B samples, each at a place
/// of its own, then T tangents of each, which move along the process at `rates` `[T*B]`.
///
/// # Panics
/// If the numbers of rows, places and rates do not fit each other, or the arrays the width.
pub fn mixture(x: Matrix<SharedTape>, layer: Mixture, places: &[Place], rates: &[Real]) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let (rows, columns) = *x.shape();
    let (primal, count) = (places.len(), layer.logits.shape().0);
    let numbers_fit = primal > 0 && rows == primal + rates.len() && rows.is_multiple_of(primal);
    assert!(numbers_fit, "{rows} rows of {primal} places and {} rates", rates.len());
    let sizes = (layer.means.shape().0, layer.log_scales.shape().0);
    assert_eq!(sizes, (count * columns, count * columns), "means and scales of {count} components");
    let numbers = places.iter().flat_map(|p| [p.signal, p.variance, p.signal_rate, p.variance_rate]).collect();
    let (places, rates) = run(|| Ok((upload::<Real>(numbers)?, upload::<Real>(rates.to_vec())?)));
    let floor = layer.floor;
    let (y, terms) = filled_two((rows, 1usize), (rows * count,), |y, mut terms| {
        let (x, logits) = (stored(&x)?, stored(&layer.logits)?);
        let (means, scales) = (stored(&layer.means)?, stored(&layer.log_scales)?);
        let all = part_mut(&mut terms, 0..rows * count);
        let (places, rates) = (view(&places), view(&rates));
        let (logits, means, scales) = (logits.read(), means.read(), scales.read());
        backend::mixture_terms(
            rows,
            primal,
            columns,
            count,
            floor,
            places,
            rates,
            x.read(),
            logits,
            means,
            scales,
            all,
        )?;
        backend::mixture_values(rows, primal, count, logits, terms, y)
    });
    let (xg, own) = (x.ghost(), y.clone());
    record(tape, y, move |gradients, g| {
        let (x, terms, own, logits) = (stored(&x)?, stored(&terms)?, stored(&own)?, stored(&layer.logits)?);
        let (means, scales) = (stored(&layer.means)?, stored(&layer.log_scales)?);
        let (x, means, scales) = (x.read(), means.read(), scales.read());
        let (places, rates) = (view(&places), view(&rates));
        let mut of = zeros::<Real>(rows * count)?;
        backend::mixture_of_terms(rows, primal, count, terms.read(), own.read(), view(&g), view_mut(&mut of))?;
        let of = view(&of);
        gradients.get_or_alloc_mut(&xg)?.update(|gx| {
            backend::mixture_in_x(rows, primal, columns, count, floor, places, rates, x, means, scales, of, gx)
        })?;
        if !layer.trains {
            return Ok(());
        }
        let size = count * columns;
        let mut both = zeros::<Real>(2 * size)?;
        let to = view_mut(&mut both);
        backend::mixture_in_components(rows, primal, columns, count, floor, places, rates, x, means, scales, of, to)?;
        let (of_means, of_scales) = (part(view(&both), 0..size), part(view(&both), size..2 * size));
        gradients.get_or_alloc_mut(&layer.means)?.update(|to| add_to(size, of_means, to))?;
        gradients.get_or_alloc_mut(&layer.log_scales)?.update(|to| add_to(size, of_scales, to))?;
        let (of, g) = (part(of, 0..primal * count), part(view(&g), 0..primal));
        gradients
            .get_or_alloc_mut(&layer.logits)?
            .update(|to| backend::mixture_in_logits(primal, count, logits.read(), of, g, to))
    })
}

/// A mixture of these arrays: logits, means and logarithms of scales.
fn layer(arrays: &[PerSample]) -> Mixture {
    let [logits, means, log_scales] = [0, 1, 2].map(|k| arrays[k].clone());
    Mixture { logits, means, log_scales, floor: 0.125, trains: true }
}

crate::selftest_cases!(|| {
    let operation = |of: &str, samples, inputs, count: usize| {
        let operation = Operation::new(format!("mixture: {of}"), samples, inputs);
        operation.array(count, 0).array(count * inputs, 0).array(count * inputs, -1)
    };
    // Tangents do not move along the process here, so that they are differences in x.
    let still = |rows: usize, primal: usize| -> Vec<Real> { vec![0.0; rows - primal] };
    vec![
        operation("at time 0", 37, 2, 20)
            .case(move |x, primal, arrays| {
                let rates = still(x.shape().0, primal);
                mixture(x, layer(arrays), &vec![Place::START; primal], &rates)
            })
            .within(NETWORK),
        operation("along a process", 19, 5, 7)
            .case(move |x, primal, arrays| {
                let rates = still(x.shape().0, primal);
                mixture(x, layer(arrays), &along_a_process(primal), &rates)
            })
            .within(NETWORK),
        operation("no tangents", 19, 3, 1)
            .tangents(0)
            .case(|x, primal, arrays| mixture(x, layer(arrays), &along_a_process(primal), &[]))
            .within(NETWORK),
    ]
});

/// Places all along a process.
fn along_a_process(count: usize) -> Vec<Place> {
    let place = |b: usize| {
        let signal = 1.0 - 0.125 * (b % 7) as Real;
        Place { signal, variance: 1.0 - signal * signal, signal_rate: -0.5, variance_rate: signal }
    };
    (0..count).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: usize = 4;
    const COLUMNS: usize = 2;
    const COUNT: usize = 3;

    #[test]
    fn values_are_those_of_the_formula() {
        // 1/4 N(x; 0, 1) + 3/4 N(x; 2, 4) at x = 1: 1/4 0.2419707 + 3/4 0.1760327
        let array = |values: &[f64]| buffers::tensor(values.iter().map(|v| *v as Real).collect(), (values.len(),));
        let layer = Mixture {
            logits: array(&[0.0, 3f64.ln()]),
            means: array(&[0.0, 2.0]),
            log_scales: array(&[0.5f64.ln(), 3.25f64.ln() * 0.5]),
            floor: 0.75,
            trains: false,
        };
        let x = SharedTape::off().watch(&buffers::tensor(vec![1.0, 1.0], (2, 1)));
        let y = mixture(x, layer, &[Place::START], &[0.0]).as_vec();
        // Along 1: (1/4 0.2419707 * 1 - 3/4 0.1760327 / 4) / 0.1925172
        check::all_close(&y, [1.647_569_9, 0.142_774_6], 2e-6);
    }

    /// The sum of all outputs, weighted, of rows that move along the process.
    fn weighted(x: &[Real], arrays: &[Vec<Real>]) -> f64 {
        let arrays: Vec<PerSample> = arrays.iter().map(|a| vector(a.clone())).collect();
        let y = moving(SharedTape::off().watch(&buffers::tensor(x.to_vec(), (3 * SAMPLES, COLUMNS))), &arrays);
        y.as_vec().iter().zip(weights()).map(|(y, w)| f64::from(*y) * f64::from(w)).sum()
    }

    fn moving(x: Matrix<SharedTape>, arrays: &[PerSample]) -> Matrix<SharedTape> {
        let rates: Vec<Real> = (0..2 * SAMPLES).map(|j| 0.75 - 0.25 * j as Real).collect();
        mixture(x, layer(arrays), &along_a_process(SAMPLES), &rates)
    }

    fn weights() -> Vec<Real> {
        check::array(3 * SAMPLES, 0.5, 5).as_vec()
    }

    #[test]
    fn tangents_that_move_along_the_process_have_the_right_gradients() {
        let x = check::matrix(3 * SAMPLES, COLUMNS, 0.5, 1);
        let sizes = [(COUNT, 2), (COUNT * COLUMNS, 3), (COUNT * COLUMNS, 4)];
        let arrays: Vec<PerSample> = sizes.iter().map(|(n, seed)| check::array(*n, 0.4, *seed)).collect();
        let y = moving(SharedTape::inputs_only().watch(&x), &arrays);
        let mut gradients = vjp(y, &buffers::tensor(weights(), (3 * SAMPLES, 1)));
        let plain: Vec<Vec<Real>> = arrays.iter().map(|a| a.as_vec()).collect();
        check::gradient("x", &gradients.of(&x).as_vec(), &x.as_vec(), |at| weighted(at, &plain));
        for (k, name) in ["logits", "means", "scales"].iter().enumerate() {
            let ours = gradients.of(&arrays[k]).as_vec();
            check::gradient(name, &ours, &plain[k], |at| {
                let mut moved = plain.clone();
                moved[k] = at.to_vec();
                weighted(&x.as_vec(), &moved)
            });
        }
    }
}
