use crate::prelude::*;

/// The first `own` of `inputs` columns.
pub fn left_columns(_: usize, inputs: usize, own: usize, weight: In, y: Out) -> DevResult {
    for (y, row) in y.chunks_exact_mut(own.max(1)).zip(weight.chunks_exact(inputs)) {
        y.copy_from_slice(&row[..own]);
    }
    Ok(())
}

/// `y_o += sum_c W_o,own+c common_c`
pub fn add_common(_: usize, inputs: usize, own: usize, weight: In, common: In, y: Out) -> DevResult {
    for (y, row) in y.iter_mut().zip(weight.chunks_exact(inputs)) {
        *y += row[own..].iter().zip(common).map(|(w, c)| w * c).sum::<Real>();
    }
    Ok(())
}

/// `gW += [g_own, g_bias common^T]`
pub fn add_folded(_: usize, inputs: usize, own: usize, g_own: In, g_bias: In, common: In, g_weight: Out) -> DevResult {
    let from = g_own.chunks_exact(own.max(1)).zip(g_bias);
    for (to, (from, g)) in g_weight.chunks_exact_mut(inputs).zip(from) {
        let (left, right) = to.split_at_mut(own);
        add(left, from);
        right.iter_mut().zip(common).for_each(|(t, c)| *t += g * c);
    }
    Ok(())
}

/// `g_common_c += sum_o g_bias_o W_o,own+c`
pub fn add_to_common(_: usize, inputs: usize, own: usize, weight: In, g_bias: In, g_common: Out) -> DevResult {
    for (row, g) in weight.chunks_exact(inputs).zip(g_bias) {
        g_common.iter_mut().zip(&row[own..]).for_each(|(t, w)| *t += g * w);
    }
    Ok(())
}
