use crate::channel_sums::backend::{add_channel_sums, parts_of};
use crate::prelude::*;

kernels! { "stretch";
    fn stretch(rows: usize, columns: usize, logarithms: In[columns], x: In[rows * columns], y: Out[rows * columns])
        over Elements(rows * columns);
    fn add_stretched(rows: usize, columns: usize, logarithms: In[columns], x: In[rows * columns], y: Out[rows * columns])
        over Elements(rows * columns);
    /// `sums_pc = sum e^(l_c) g_rc x_rc` over part `p` of so many equal parts of the rows.
    fn stretch_sums(rows: usize, columns: usize, parts: usize, logarithms: In[columns], g: In[rows * columns],
        x: In[rows * columns], sums: Out<f64>[parts * columns]) over Rows(parts, columns);
}

pub fn add_to_logarithms(rows: usize, columns: usize, logarithms: In, g: In, x: In, gl: Out) -> DevResult {
    let parts = parts_of(rows, columns);
    let mut sums = zeros::<f64>(parts * columns)?;
    stretch_sums(rows, columns, parts, logarithms, g, x, view_mut(&mut sums))?;
    add_channel_sums(parts, columns, view(&sums), gl)
}
