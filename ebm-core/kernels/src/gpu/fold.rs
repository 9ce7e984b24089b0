//! Kernels that fold inputs which all rows have in common into a dense layer's bias.

use super::{In, Out, kernels};

kernels! { "fold";
    /// The first `own` of `inputs` columns.
    fn left_columns(outputs: usize, inputs: usize, own: usize, weight: In[outputs * inputs], y: Out[outputs * own])
        over Elements(outputs * own);
    /// `y_o += sum_c W_o,own+c common_c`
    fn add_common(
        outputs: usize,
        inputs: usize,
        own: usize,
        weight: In[outputs * inputs],
        common: In[inputs - own],
        y: Out[outputs],
    ) over Rows(outputs, inputs - own);
    /// `gW += [g_own, g_bias common^T]`
    fn add_folded(
        outputs: usize,
        inputs: usize,
        own: usize,
        g_own: In[outputs * own],
        g_bias: In[outputs],
        common: In[inputs - own],
        g_weight: Out[outputs * inputs],
    ) over Elements(outputs * inputs);
    /// `g_common_c += sum_o g_bias_o W_o,own+c`
    fn add_to_common(
        outputs: usize,
        inputs: usize,
        own: usize,
        weight: In[outputs * inputs],
        g_bias: In[outputs],
        g_common: Out[inputs - own],
    ) over Rows(inputs - own, outputs);
}
