//! Sums of normal kernels: densities, and scores, of samples with noise whose centres are known.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::prelude::*;

/// `ln( 1/(K+1) [ N(x_i; own_i, s^2 I) + sum_k N(x_i; bank_k, s^2 I) ] )` in nats, `[B]`: x and own are `[B, D]`, the bank is
/// `[K, D]`, and s is `sigma`. Differentiable in all four. K may be 0.
///
/// Where own and bank are a generator's outputs at independent latents, and x is own with noise, minus its mean is a lower bound
/// of the entropy of x.
///
/// # Panics
/// If the shapes of x and own, or the widths, differ.
pub fn log_mean_normal<C: Dim>(
    x: Rows<C, SharedTape>,
    own: Rows<C, SharedTape>,
    bank: Rows<C, SharedTape>,
    sigma: Scalar<SharedTape>,
) -> PerSample<SharedTape> {
    weighted_log_mean_normal(x, own, bank, sigma).0
}

/// [`log_mean_normal`], and the share of each kernel in its sum, `[B, 1 + K]`: own first, then the bank. The shares of a row
/// add up to 1; they are not on the tape.
///
/// # Panics
/// As [`log_mean_normal`].
pub fn weighted_log_mean_normal<C: Dim>(
    x: Rows<C, SharedTape>,
    own: Rows<C, SharedTape>,
    bank: Rows<C, SharedTape>,
    sigma: Scalar<SharedTape>,
) -> (PerSample<SharedTape>, Matrix) {
    let ((x, tape), (own, of_own)) = (x.split_tape(), own.split_tape());
    let ((bank, of_bank), (sigma, of_sigma)) = (bank.split_tape(), sigma.split_tape());
    let tape = tape.merge(of_own).merge(of_bank).merge(of_sigma);
    let (rows, columns, count) = lengths(&x, &own, &bank);
    let (y, weights, squares) = sums(&x, &own, &bank, &sigma);
    let shares = weights.clone();
    let (in_x, in_own, in_bank, in_sigma) = (x.ghost(), own.ghost(), bank.ghost(), sigma.ghost());
    let y = record(tape, y, move |gradients, g| {
        let (x, own, bank) = (stored(&x)?, stored(&own)?, stored(&bank)?);
        let (weights, sigma) = (stored(&weights)?, stored(&sigma)?);
        let (x, own, bank, weights, sigma, g) =
            (x.read(), own.read(), bank.read(), weights.read(), sigma.read(), view(&g));
        let to = gradients.get_or_alloc_mut(&in_x)?;
        to.update(|to| backend::add_in_x(rows, columns, count, sigma, g, weights, x, own, bank, to))?;
        let to = gradients.get_or_alloc_mut(&in_own)?;
        to.update(|to| backend::add_in_own(rows, columns, count, sigma, g, weights, x, own, to))?;
        if count > 0 {
            let to = gradients.get_or_alloc_mut(&in_bank)?;
            to.update(|to| backend::add_in_bank(rows, columns, count, sigma, g, weights, x, bank, to))?;
        }
        let to = gradients.get_or_alloc_mut(&in_sigma)?;
        to.update(|to| backend::add_in_sigma(rows, columns, sigma, g, view(&squares), to))
    });
    (y, shares)
}

/// The gradient of [`log_mean_normal`] in x, `[B, D]`: `sum_k w_k (g_k - x_i) / s^2` with the normalised weights w of the centres
/// g, own included. It is the score of the noisy generator whose outputs these are. Nothing is recorded.
///
/// # Panics
/// As [`log_mean_normal`].
pub fn score<C: Dim>(x: &Rows<C>, own: &Rows<C>, bank: &Rows<C>, sigma: f64) -> Rows<C> {
    let (rows, columns, count) = lengths(x, own, bank);
    let sigma: Scalar = buffers::tensor(vec![sigma as Real], ());
    let (_, weights, _) = sums(x, own, bank, &sigma);
    filled(*x.shape(), |y| {
        let ones = upload(vec![1.0; rows])?;
        let (x, own, bank) = (stored(x)?, stored(own)?, stored(bank)?);
        let (weights, sigma) = (stored(&weights)?, stored(&sigma)?);
        let (x, own, bank, weights) = (x.read(), own.read(), bank.read(), weights.read());
        backend::add_in_x(rows, columns, count, sigma.read(), view(&ones), weights, x, own, bank, y)
    })
}

/// Rows of x, columns, and rows of the bank.
fn lengths<C: Dim>(x: &Rows<C>, own: &Rows<C>, bank: &Rows<C>) -> (usize, usize, usize) {
    let ((rows, columns), (centres, width)) = (*x.shape(), *own.shape());
    assert_eq!((rows, columns.size()), (centres, width.size()), "a centre for each sample");
    assert_eq!(columns.size(), bank.shape().1.size(), "samples and a bank of two widths");
    (rows, columns.size(), bank.shape().0)
}

/// The values `[B]`, the weights `[B, 1 + K]`, and the weighted mean of the squared distances in units of s, `[B]`.
fn sums<C: Dim>(x: &Rows<C>, own: &Rows<C>, bank: &Rows<C>, sigma: &Scalar) -> (PerSample, Matrix, Array) {
    let (rows, columns, count) = lengths(x, own, bank);
    let mut squares = run(|| zeros(rows));
    let (values, weights) = filled_two((rows,), (rows, 1 + count), |values, weights| {
        let (x, own, bank, sigma) = (stored(x)?, stored(own)?, stored(bank)?, stored(sigma)?);
        let (x, own, bank, sigma) = (x.read(), own.read(), bank.read(), sigma.read());
        let squares = view_mut(&mut squares);
        backend::kernel_sums(rows, columns, count, sigma, x, own, bank, values, squares, weights)
    });
    (values, weights, squares)
}

crate::selftest_cases!(|| {
    const SAMPLES: usize = 67;
    const WIDTH: usize = 9;
    let operation = |bank: usize, name: &str| {
        let operation = Operation::new(name, SAMPLES, WIDTH).tangents(0).array(SAMPLES * WIDTH, 0).array(1, 0);
        let operation = if bank == 0 { operation } else { operation.array(bank * WIDTH, 0) };
        operation.case(move |x, _, arrays| {
            let own = beside(&x, &arrays[0], (SAMPLES, WIDTH));
            // Between 1.25 and 1.75.
            let sigma = beside(&x, &arrays[1], ()) * 0.25 + 1.5;
            let bank = match arrays.get(2) {
                Some(bank_values) => beside(&x, bank_values, (bank, WIDTH)),
                None => buffers::tensor(Vec::new(), (0usize, WIDTH)).put_tape(SharedTape::off()),
            };
            log_mean_normal(x, own, bank, sigma).reshape_like(&(SAMPLES, 1usize))
        })
    };
    let inputs = || ["x", "own", "bank"].map(|name| matrix(&format!("kernel_sum/{name}"), SAMPLES, WIDTH));
    vec![
        operation(33, "log_mean_normal"),
        operation(0, "log_mean_normal: no bank"),
        Case::kernel("weighted_log_mean_normal", move || {
            let [x, own, bank] = inputs().map(|rows| SharedTape::off().watch(&rows));
            let (values, weights) = weighted_log_mean_normal(x, own, bank, SharedTape::off().constant(1.25));
            vec![Quantity::Value.of(&values), Quantity::Value.of(&weights)]
        }),
        Case::kernel("score", move || {
            let [x, own, bank] = inputs();
            vec![Quantity::Value.of(&score(&x, &own, &bank, 1.25))]
        }),
    ]
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sum;

    fn value(x: &[Real], own: &[Real], bank: &[Real], width: usize, sigma: f64) -> Vec<f64> {
        let rows =
            |values: &[Real]| SharedTape::off().watch(&buffers::tensor(values.to_vec(), (values.len() / width, width)));
        let found = log_mean_normal(rows(x), rows(own), rows(bank), SharedTape::off().constant(sigma));
        found.as_vec().into_iter().map(f64::from).collect()
    }

    #[test]
    fn values_are_those_of_the_formula() {
        // Of 0 with centres 0 and 1 and s = 1: ln( (0.39894228 + 0.24197072) / 2 ).
        let found = value(&[0.0], &[0.0], &[1.0], 1, 1.0)[0];
        assert!((found + 1.138_008_8).abs() < 1e-6, "{found}");
        // Without a bank, that of the sample's own kernel: -ln(2 pi) - 2 ln 0.5 - (1 + 4) / (2 0.25) = -10.451583.
        let found = value(&[1.0, 2.0], &[0.0, 0.0], &[], 2, 0.5)[0];
        assert!((found + 10.451_583).abs() < 1e-5, "{found}");
    }

    #[test]
    fn every_row_is_the_sum_that_is_worked_out_in_double_precision() {
        // More centres than a vector register or a block of threads holds, and narrow kernels.
        const SHAPE: (usize, usize, usize) = (7, 3, 301);
        let (rows, width, count) = SHAPE;
        let [x, own, bank] =
            [(rows, 1), (rows, 2), (count, 3)].map(|(n, seed)| check::array(n * width, 1.0, seed).as_vec());
        let sigma = 0.1;
        let found = value(&x, &own, &bank, width, sigma);
        for (i, found) in found.into_iter().enumerate() {
            let x = &x[i * width..][..width];
            let exponent = |centre: &[Real]| {
                let squares = x.iter().zip(centre).map(|(x, g)| (f64::from(*x) - f64::from(*g)).powi(2));
                -squares.sum::<f64>() / (2.0 * sigma * sigma)
            };
            let all = std::iter::once(&own[i * width..][..width]).chain(bank.chunks_exact(width));
            let exponents: Vec<f64> = all.map(exponent).collect();
            let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = exponents.iter().map(|e| (e - largest).exp()).sum();
            let constant = 0.5 * width as f64 * (std::f64::consts::TAU * sigma * sigma).ln();
            let truth = largest + (total / (1 + count) as f64).ln() - constant;
            assert!((found - truth).abs() < 2e-6 * (1.0 + truth.abs()), "{i}: {found} is not {truth}");
        }
    }

    #[test]
    fn kernels_far_away_neither_overflow_nor_vanish() {
        let found = value(&[1000.0], &[0.0], &[-1000.0, 10.0], 1, 1.0)[0];
        // That of the nearest, 10: -ln 3 - ln(2 pi)/2 - 990^2/2.
        let truth = -(3f64.ln()) - 0.5 * std::f64::consts::TAU.ln() - 0.5 * 990.0 * 990.0;
        assert!((found / truth - 1.0).abs() < 1e-6, "{found} is not {truth}");
        assert!(value(&[Real::NAN], &[0.0], &[1.0], 1, 1.0)[0].is_nan());
    }

    #[test]
    fn the_score_is_the_gradient_in_x_and_points_to_the_nearest_centre() {
        let [x, own] = [1, 2].map(|seed| check::matrix(5, 2, 1.0, seed));
        let bank = check::matrix(40, 2, 1.0, 3);
        let tape = SharedTape::inputs_only();
        let values = log_mean_normal(tape.watch(&x), tape.watch(&own), tape.watch(&bank), tape.constant(0.4));
        let slopes = backward(sum(values)).of(&x).as_vec();
        check::all_close(&score(&x, &own, &bank, 0.4).as_vec(), slopes.into_iter().map(f64::from), 1e-5);
        // w = 0.24197072 / 0.64091300 of the centre at 1.
        let one = |value: Real| buffers::tensor(vec![value], (1usize, 1usize));
        let found = f64::from(score(&one(0.0), &one(0.0), &one(1.0), 1.0).as_vec()[0]);
        assert!((found - 0.377_540_7).abs() < 1e-6, "{found}");
    }

    #[test]
    fn shares_add_up_to_one_and_tasks_do_not_matter() {
        // Enough for several threads.
        let [x, own] = [1, 2].map(|seed| check::matrix(300, 2, 1.0, seed));
        let bank = check::matrix(1000, 2, 1.0, 3);
        let off = SharedTape::off();
        let (values, weights) =
            weighted_log_mean_normal(off.watch(&x), off.watch(&own), off.watch(&bank), off.constant(0.2));
        for row in weights.as_vec().chunks_exact(1001) {
            assert!((row.iter().map(|w| f64::from(*w)).sum::<f64>() - 1.0).abs() < 1e-5);
        }
        let last = |rows: &Matrix| buffers::tensor(rows.as_vec()[2 * 299..].to_vec(), (1usize, 2usize));
        let alone = log_mean_normal(off.watch(&last(&x)), off.watch(&last(&own)), off.watch(&bank), off.constant(0.2));
        assert_eq!(alone.as_vec()[0], values.as_vec()[299]);
    }
}
