use crate::prelude::*;

kernels! { "elementwise";
    fn add_to(n: usize, x: In[n], y: Out[n]) over Elements(n);
    fn add_up(n: usize, a: In[n], b: In[n], y: Out[n]) over Elements(n);
    fn copy_to(n: usize, x: In[n], y: Out[n]) over Elements(n);
    /// `y = scale x`
    fn scaled(n: usize, scale: Real, x: In[n], y: Out[n]) over Elements(n);
    fn multiply(n: usize, factor: In[1], x: In[n], y: Out[n]) over Elements(n);
    fn add_multiple(n: usize, factor: In[1], x: In[n], y: Out[n]) over Elements(n);
    fn add_number(n: usize, scale: Real, value: In[1], y: Out[n]) over Elements(n);
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_some_threads_and_only_one() {
        // Fewer elements than blocks, as many, and more.
        for n in [0, 1, 2, 3, 4, 100] {
            let x = upload::<Real>((0..n).map(|i| i as Real).collect()).unwrap();
            let mut y = upload::<Real>(vec![1.0; n]).unwrap();
            add_to(n, view(&x), view_mut(&mut y)).unwrap();
            assert_eq!(**y, (0..n).map(|i| 1.0 + i as Real).collect::<Vec<_>>());
        }
    }

    #[test]
    #[should_panic(expected = "length of `x` of the kernel `add_to`")]
    fn an_array_of_another_length_is_refused() {
        let x = upload::<Real>(vec![1.0; 3]).unwrap();
        let mut y = upload::<Real>(vec![1.0; 4]).unwrap();
        let _ = add_to(4, view(&x), view_mut(&mut y));
    }
}
