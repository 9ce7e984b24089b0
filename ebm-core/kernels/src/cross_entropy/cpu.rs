use crate::prelude::*;

/// `-log softmax(x_b)[label_b]` and its slopes, those of the mean.
pub fn cross_entropy_rows(
    rows: usize,
    classes: usize,
    logits: In,
    labels: &[usize],
    losses: Out<f64>,
    slopes: Out,
) -> DevResult {
    let rows_of = logits.chunks_exact(classes).zip(labels);
    for ((row, &label), (loss, slopes)) in rows_of.zip(losses.iter_mut().zip(slopes.chunks_exact_mut(classes))) {
        let largest = row.iter().copied().fold(Real::NEG_INFINITY, Real::max);
        let shifted = row.iter().map(|x| f64::from(*x) - f64::from(largest));
        let sum: f64 = shifted.clone().map(f64::exp).sum();
        *loss = sum.ln() - (f64::from(row[label]) - f64::from(largest));
        for (column, (slope, x)) in slopes.iter_mut().zip(shifted).enumerate() {
            let hit = if column == label { 1.0 } else { 0.0 };
            *slope = ((x.exp() / sum - hit) / rows as f64) as Real;
        }
    }
    Ok(())
}

/// The mean of the losses.
pub fn mean_loss(rows: usize, losses: In<f64>, mean: Out) -> DevResult {
    mean[0] = (losses.iter().sum::<f64>() / rows as f64) as Real;
    Ok(())
}
