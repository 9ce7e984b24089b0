use super::thin::{self, THIN};
use super::{Activation, Dense, Sizes};
use crate::activation::{Phi, with_phi};
use crate::buffers::read;
use crate::math::{add_rows, add_to_rows, dot, is_zero};
use crate::parallel;
use crate::prelude::*;

/// The values that the backward pass needs, empty where it does not.
#[derive(Default)]
pub struct Saved {
    /// phi'(a), `[primal, outputs]`.
    slope: Vec<Real>,
    /// phi''(a), `[primal, outputs]`.
    curvature: Vec<Real>,
    /// a and s, `[rows, outputs]`.
    linear: Vec<Real>,
}

/// The outputs, and what the backward pass needs if there is to be one.
pub fn forward(sizes: Sizes, x: &Matrix, layer: &Dense, save: bool) -> (Matrix, Saved) {
    let Sizes { rows, primal, inputs, outputs } = sizes;
    let (activation, slope) = (layer.activation, slope(layer));
    let (x, weight, bias) = (&read(x), &read(&layer.weight), layer.bias.as_ref().map(read));
    let has_tangents = rows > primal;
    let curved = !activation.is_piecewise_linear();
    let mut y = vec![0.0; rows * outputs];
    let mut saved = Saved::default();
    if save && activation != Activation::Identity {
        saved.slope = vec![0.0; primal * outputs];
        if has_tangents && curved {
            saved.curvature = vec![0.0; primal * outputs];
        }
        // A learned slope's gradient needs the values below zero; curvature meets the tangents before it.
        if activation.has_learned_slope() || (has_tangents && curved) {
            saved.linear = vec![0.0; rows * outputs];
        }
    }
    let step = parallel::rows_a_task(primal, rows / primal * inputs * outputs);
    let Saved { slope: slopes, curvature, linear } = &mut saved;
    let [values, slopes, curvatures, linear] =
        [&mut y, slopes, curvature, linear].map(|values| parallel::split(values, primal, outputs, step).into_iter());
    let tasks = values.zip(slopes).zip(curvatures.zip(linear)).collect();
    parallel::run(tasks, |((mut y, mut slopes), (mut curvatures, mut linear))| {
        let n = y.samples.len();
        for (block, rows) in y.blocks.iter_mut().enumerate() {
            let start = (block * primal + y.samples.start) * inputs;
            let x = &x[start..start + n * inputs];
            if inputs <= THIN {
                thin::few_inputs(x, weight, inputs, outputs, rows);
            } else if outputs <= THIN {
                thin::few_outputs::<false>(x, weight, inputs, outputs, rows);
            } else {
                let weight = Factor::new(weight, outputs, inputs).transpose();
                run(|| gemm::write(Factor::new(x, n, inputs), weight, rows));
            }
        }
        if let Some(bias) = &bias {
            vectorised(|| add_to_rows(y.blocks[0], bias));
        }
        if activation == Activation::Identity {
            return;
        }
        for (to, from) in linear.blocks.iter_mut().zip(&y.blocks) {
            to.copy_from_slice(from);
        }
        let (values, tangents) = y.blocks.split_at_mut(1);
        let slopes = slopes.blocks.pop();
        let curvatures = curvatures.blocks.pop();
        with_phi!(activation, |P| apply::<P>(slope, values[0], tangents, slopes, curvatures));
    });
    (buffers::tensor(y, (rows, outputs)), saved)
}

/// Replaces a by phi(a) and every s by phi'(a) s, keeping the derivatives where there is room for them.
fn apply<P: Phi>(slope: Real, values: Out, tangents: &mut [Out], slopes: Option<Out>, curvatures: Option<Out>) {
    let mut own = Vec::new();
    let slopes = match slopes {
        Some(slopes) => slopes,
        None if tangents.is_empty() => {
            vectorised(|| values.iter_mut().for_each(|v| *v = P::jet(slope, *v).0));
            return;
        }
        None => {
            own.resize(values.len(), 0.0);
            &mut own[..]
        }
    };
    match curvatures {
        Some(curvatures) => vectorised(|| {
            for ((v, s), c) in values.iter_mut().zip(slopes.iter_mut()).zip(curvatures.iter_mut()) {
                (*v, *s, *c) = P::jet(slope, *v);
            }
        }),
        None => vectorised(|| {
            for (v, s) in values.iter_mut().zip(slopes.iter_mut()) {
                (*v, *s, _) = P::jet(slope, *v);
            }
        }),
    }
    for tangent in tangents {
        vectorised(|| tangent.iter_mut().zip(slopes.iter()).for_each(|(t, s)| *t *= s));
    }
}

/// Turns the cotangents of the outputs into those of the linear part, in place, and adds the inputs' to `gx`.
/// Returns the gradient of a learned slope.
pub fn backward_rows(sizes: Sizes, g: Out, gx: Out, layer: &Dense, saved: &Saved) -> DevResult<Option<Array>> {
    let Sizes { primal, inputs, outputs, rows } = sizes;
    let (activation, weight) = (layer.activation, &read(&layer.weight));
    let step = parallel::rows_a_task(primal, rows / primal * inputs * outputs);
    let parts = primal.div_ceil(step);
    let mut slope_gradients = vec![0.0; parts];
    let (g, gx) = (parallel::split(g, primal, outputs, step), parallel::split(gx, primal, inputs, step));
    let tasks = g.into_iter().zip(gx).zip(&mut slope_gradients).collect();
    parallel::run(tasks, |((mut g, mut gx), slope_gradient)| {
        if activation != Activation::Identity {
            let own = g.samples.start * outputs..g.samples.end * outputs;
            let linear = parallel::blocks(&saved.linear, primal * outputs, &own);
            if activation.has_learned_slope() {
                *slope_gradient = slope_gradient_of(&g.blocks, &linear);
            }
            let curvatures = saved.curvature.get(own.clone()).unwrap_or_default();
            vjp(&mut g.blocks, &saved.slope[own], curvatures, &linear);
        }
        let n = g.samples.len();
        for (g, gx) in g.blocks.iter().zip(&mut gx.blocks) {
            if is_zero(g) {
                continue;
            }
            if inputs <= THIN {
                thin::back_to_few_inputs(g, weight, inputs, outputs, gx);
            } else if outputs <= THIN {
                thin::back_from_few_outputs(g, weight, inputs, outputs, gx);
            } else {
                let (g, weight) = (Factor::new(g, n, outputs), Factor::new(weight, outputs, inputs));
                run(|| gemm::add(g, weight, gx));
            }
        }
    });
    Ok(layer.slope.as_ref().map(|_| vec![slope_gradients.iter().sum()]))
}

fn slope(layer: &Dense) -> Real {
    layer.slope.as_ref().map_or(0.0, |s| read(s)[0])
}

/// `sum over all rows of cotangent * (a or s) where a <= 0`
fn slope_gradient_of(g: &[Out], linear: &[In]) -> Real {
    let a = linear[0];
    let mut total = 0.0;
    let mut below = vec![0.0; a.len()];
    for (g, linear) in g.iter().zip(linear) {
        total += vectorised(|| {
            for ((b, l), a) in below.iter_mut().zip(*linear).zip(a) {
                *b = if *a > 0.0 { 0.0 } else { *l };
            }
            dot(g, &below)
        });
    }
    total
}

/// `ga = gy phi' + sum_k gt_k phi'' s_k`, `gs_k = gt_k phi'`; there are no `curvatures` where phi'' is zero.
fn vjp(g: &mut [Out], slopes: In, curvatures: In, linear: &[In]) {
    let (values, tangents) = g.split_at_mut(1);
    let values = &mut *values[0];
    vectorised(|| values.iter_mut().zip(slopes).for_each(|(v, s)| *v *= s));
    for (k, tangent) in tangents.iter_mut().enumerate() {
        if !curvatures.is_empty() {
            let linear = linear[k + 1];
            vectorised(|| {
                for ((v, t), (c, l)) in values.iter_mut().zip(tangent.iter()).zip(curvatures.iter().zip(linear)) {
                    *v += t * c * l;
                }
            });
        }
        vectorised(|| tangent.iter_mut().zip(slopes).for_each(|(t, s)| *t *= s));
    }
}

/// `gW += g^T x`, split over the outputs.
pub fn backward_weight(sizes: Sizes, g: In, x: &Matrix, gw: Out) -> DevResult {
    let Sizes { rows, primal, inputs, outputs } = sizes;
    // Leave out leading blocks that no cotangent reached.
    let skipped = primal * g.chunks(primal * outputs).take_while(|block| is_zero(block)).count();
    let rows = rows - skipped;
    if rows == 0 {
        return Ok(());
    }
    let x = read(x);
    let (g, x) = (&g[skipped * outputs..], &x[skipped * inputs..]);
    let step = parallel::rows_a_task(outputs, rows * inputs);
    let tasks: Vec<_> = parallel::split(gw, outputs, inputs, step);
    parallel::run(tasks, |mut part| {
        if inputs.min(outputs) <= THIN {
            thin::weight(g, x, inputs, outputs, part.samples, part.blocks[0]);
            return;
        }
        let columns = Factor::new(g, rows, outputs).columns(part.samples.clone());
        run(|| gemm::add(columns.transpose(), Factor::new(x, rows, inputs), part.blocks[0]));
    });
    Ok(())
}

/// `gb += sum over the rows of values of g`
pub fn backward_bias(sizes: Sizes, g: In, gb: Out) -> DevResult {
    vectorised(|| add_rows(gb, &g[..sizes.primal * sizes.outputs]));
    Ok(())
}
