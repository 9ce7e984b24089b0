//! Mixtures on the device.

use crate::prelude::*;

kernels! { "mixture";
    /// `L_k` of every sample and component and, below, their derivatives along the tangents; log p_k is a logit here.
    fn mixture_terms(rows: usize, primal: usize, columns: usize, count: usize, floor: Real, places: In[4 * primal],
        rates: In[rows - primal], x: In[rows * columns], logits: In[count], means: In[count * columns],
        scales: In[count * columns], terms: Out[rows * count]) over Elements(rows * count);
    /// The energies and their derivatives; each sample's `L_k` become the components' shares in it.
    fn mixture_values(rows: usize, primal: usize, count: usize, logits: In[count], terms: Out[rows * count], y: Out[rows])
        over Elements(primal);
    /// The cotangents of all terms, given those of the energies and of their derivatives.
    fn mixture_of_terms(rows: usize, primal: usize, count: usize, terms: In[rows * count], y: In[rows], g: In[rows],
        of: Out[rows * count]) over Elements(primal * count);
    /// `gx +=` the cotangents of the rows, given those of the terms.
    fn mixture_in_x(rows: usize, primal: usize, columns: usize, count: usize, floor: Real, places: In[4 * primal],
        rates: In[rows - primal], x: In[rows * columns], means: In[count * columns], scales: In[count * columns],
        of: In[rows * count], gx: Out[rows * columns]) over Elements(primal * columns);
    /// The cotangents of means and, below, of log scales, `[2, K, D]`, given those of the terms.
    fn mixture_in_components(rows: usize, primal: usize, columns: usize, count: usize, floor: Real, places: In[4 * primal],
        rates: In[rows - primal], x: In[rows * columns], means: In[count * columns], scales: In[count * columns],
        of: In[rows * count], g: Out[2 * count * columns]) over Rows(count * columns, primal);
    /// `ga +=` the cotangents of the logits, given those of the terms and of the energies.
    fn mixture_in_logits(primal: usize, count: usize, logits: In[count], of: In[primal * count], g: In[primal],
        ga: Out[count]) over Rows(count, primal);
}
