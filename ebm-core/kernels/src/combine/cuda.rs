use crate::prelude::*;

kernels! { "combine";
    /// `y_r = factors_0r x_(r mod first) + factors_1r v_(r mod second)`
    fn combine(rows: usize, columns: usize, first: usize, second: usize, factors: In[2 * rows], x: In[first * columns],
        v: In[second * columns], y: Out[rows * columns]) over Elements(rows * columns);
}
