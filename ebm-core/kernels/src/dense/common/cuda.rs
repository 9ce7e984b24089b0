use crate::prelude::*;

kernels! { "fold";
    fn left_columns(outputs: usize, inputs: usize, own: usize, weight: In[outputs * inputs], y: Out[outputs * own])
        over Elements(outputs * own);
    fn add_common(outputs: usize, inputs: usize, own: usize, weight: In[outputs * inputs], common: In[inputs - own],
        y: Out[outputs]) over Rows(outputs, inputs - own);
    fn add_folded(outputs: usize, inputs: usize, own: usize, g_own: In[outputs * own], g_bias: In[outputs],
        common: In[inputs - own], g_weight: Out[outputs * inputs]) over Elements(outputs * inputs);
    fn add_to_common(outputs: usize, inputs: usize, own: usize, weight: In[outputs * inputs], g_bias: In[outputs],
        g_common: Out[inputs - own]) over Rows(inputs - own, outputs);
}
