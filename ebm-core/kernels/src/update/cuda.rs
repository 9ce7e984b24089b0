use super::Step;
use crate::elementwise;
use crate::gpu::by_value;
use crate::prelude::*;
use crate::reduce::backend as reduce;

by_value!(Step);

kernels! { "update";
    fn adam(n: usize, step: Step, g: In[n], m: Out[n], v: Out[n], w: Out[n]) over Elements(n);
    fn adam_beside(n: usize, step: Step, g: In[n], old_m: In[n], old_v: In[n], m: Out[n], v: Out[n], w: Out[n]) over Elements(n);
    fn follow(n: usize, rate: Real, from: In[n], to: Out[n]) over Elements(n);
}

/// Euclidean norm over all values.
pub fn norm(arrays: &[Array]) -> f64 {
    let arrays: Vec<In> = arrays.iter().map(view).filter(|a| a.len() > 0).collect();
    // The parts of all arrays are read at once, and added up here.
    let parts: usize = arrays.iter().map(|a| reduce::parts_of(a.len())).sum();
    let sums = run(|| {
        let mut sums = zeros::<f64>(parts)?;
        let mut start = 0;
        for &array in &arrays {
            let parts = reduce::parts_of(array.len());
            let range = start..start + parts;
            reduce::part_products(array.len(), parts, array, array, view_mut(&mut sums).part(range))?;
            start += parts;
        }
        download(&sums)
    });
    sums.iter().sum::<f64>().sqrt()
}

/// Values of several arrays, one after the other, on the device.
pub type Row = Vector;

/// `first`, and after it the arrays.
pub fn row(first: Real, arrays: &[&Array]) -> Row {
    let arrays: Vec<In> = arrays.iter().map(|array| view(array)).collect();
    let length = 1 + arrays.iter().map(In::len).sum::<usize>();
    filled((length,), |mut row| {
        elementwise::copy_to(1, view(&upload(vec![first])?), row.part(0..1))?;
        let mut start = 1;
        for array in arrays {
            let end = start + array.len();
            elementwise::copy_to(array.len(), array, row.part(start..end))?;
            start = end;
        }
        Ok(())
    })
}

/// Has the row changed by the function for arrays on the device.
pub fn exchange<E>(
    row: &mut Row,
    _on_host: impl FnOnce(&mut [Real]) -> Result<(), E>,
    on_device: impl FnOnce(&mut Vector) -> Result<(), E>,
) -> Result<(), E> {
    on_device(row)
}

/// The first value. It alone is read.
pub fn first(row: &Row) -> Real {
    run(|| {
        let mut first = zeros(1)?;
        elementwise::copy_to(1, stored(row)?.read().part(0..1), view_mut(&mut first))?;
        Ok(download(&first)?[0])
    })
}

/// The values after the first one, times `scale`, as arrays of these lengths.
pub fn parts(row: &Row, lengths: &[usize], scale: Real) -> Vec<Array> {
    run(|| {
        let (stored, mut start) = (stored(row)?, 1);
        let mut take = |&length: &usize| {
            let part = stored.read().part(start..start + length);
            start += length;
            let mut array = zeros(length)?;
            elementwise::scaled(length, scale, part, view_mut(&mut array))?;
            Ok(array)
        };
        lengths.iter().map(&mut take).collect()
    })
}
