//! Losses on the device, of which nothing is read on the host.

use crate::prelude::*;

kernels! { "cross_entropy";
    fn cross_entropy_rows(rows: usize, classes: usize, logits: In[rows * classes], labels: In<usize>[rows],
        losses: Out<f64>[rows], slopes: Out[rows * classes]) over Elements(rows);
    fn mean_loss(rows: usize, losses: In<f64>[rows], mean: Out[1]) over Rows(1, rows);
}
