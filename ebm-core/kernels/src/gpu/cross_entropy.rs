//! Kernels of a classifier's loss.

use super::{In, Out, kernels};

kernels! { "cross_entropy";
    /// `-log softmax(x_b)[label_b]` and its slopes, those of the mean.
    fn cross_entropy_rows(rows: usize, classes: usize, logits: In[rows * classes], labels: In<usize>[rows],
        losses: Out<f64>[rows], slopes: Out[rows * classes]) over Elements(rows);
    /// The mean of the losses.
    fn mean_loss(rows: usize, losses: In<f64>[rows], mean: Out[1]) over Rows(1, rows);
}
