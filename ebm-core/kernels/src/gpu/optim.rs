//! Kernels of optimisers.

use super::argument::by_value;
use super::{In, Out, kernels};
use crate::device::Real;
use crate::optim::Step;

by_value!(Step);

kernels! { "optim";
    /// An update of Adam, with the moments in place.
    fn adam(n: usize, step: Step, g: In[n], m: Out[n], v: Out[n], w: Out[n]) over Elements(n);
    /// An update of Adam that leaves the moments before it as they are.
    fn adam_beside(n: usize, step: Step, g: In[n], old_m: In[n], old_v: In[n], m: Out[n], v: Out[n], w: Out[n]) over Elements(n);
    /// `to += rate (from - to)`
    fn follow(n: usize, rate: Real, from: In[n], to: Out[n]) over Elements(n);
}
