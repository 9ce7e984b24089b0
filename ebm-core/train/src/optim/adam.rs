//! Adam with decoupled weight decay and clipping of the gradient's norm.

use super::gradient::Gradient;
use ebm_core::buffers::native::{Array, from_host, to_host};
use ebm_core::device::Real;
use ebm_core::error::StateError;
use ebm_core::optimizer::AdamConfig;
use ebm_core::parameter::{Module, State};
use ebm_kernels::update::{self, Step};

/// Adam's state for one module.
///
/// The moments of the last mark are kept, so that updates after it can be taken back.
#[derive(Clone, Debug)]
pub struct Adam {
    config: AdamConfig,
    moments: Moments,
    /// Those of the mark, once there was an update after it; before, scratch space.
    marked: Moments,
    changed: bool,
}

#[derive(Clone, Debug)]
struct Moments {
    first: Vec<Array>,
    second: Vec<Array>,
    updates: u64,
}

impl Adam {
    /// An optimiser for the trained parameters of `module`.
    pub fn new<M: Module + ?Sized>(config: AdamConfig, module: &M) -> Self {
        let zeros = || -> Vec<Array> {
            let trained = module.parameters().into_iter().filter(|p| p.is_trained());
            trained.map(|p| from_host(vec![0.0; p.len()])).collect()
        };
        let moments = || Moments {
            first: zeros(),
            second: zeros(),
            updates: 0,
        };
        Self {
            config,
            moments: moments(),
            marked: moments(),
            changed: false,
        }
    }

    /// Marks the moments as they are now, for [`Adam::undo`]. Costs nothing.
    pub fn mark(&mut self) {
        self.changed = false;
    }

    /// Takes back every update since the last mark; the parameters are the caller's.
    pub fn undo(&mut self) {
        if self.changed {
            std::mem::swap(&mut self.moments, &mut self.marked);
            self.changed = false;
        }
    }

    /// The options.
    pub fn config(&self) -> &AdamConfig {
        &self.config
    }

    /// One update: `gradients` as from [`collect_gradients`](super::collect_gradients), their `norm`, and the schedule's factor.
    pub fn update<M: Module + ?Sized>(&mut self, module: &mut M, gradients: &[Vec<Real>], norm: f64, factor: f64) {
        self.apply(module, &Gradient::from_host(gradients), norm, factor);
    }

    /// One update, as [`Adam::update`].
    pub(crate) fn apply<M: Module + ?Sized>(&mut self, module: &mut M, gradient: &Gradient, norm: f64, factor: f64) {
        let AdamConfig {
            learning_rate,
            beta1,
            beta2,
            epsilon,
            weight_decay,
            clip,
        } = self.config;
        // The first update after a mark writes beside the moments instead of over them.
        if !self.changed {
            std::mem::swap(&mut self.moments, &mut self.marked);
        }
        let Moments { first, second, updates } = &mut self.moments;
        let (old, done) = match self.changed {
            true => (None, *updates),
            false => (Some(&self.marked), self.marked.updates),
        };
        self.changed = true;
        *updates = done + 1;
        let t = (*updates).min(i32::MAX as u64) as i32;
        let rate = learning_rate * factor;
        let step = Step {
            scale: if clip > 0.0 && norm > clip { clip / norm } else { 1.0 } as Real,
            b1: beta1 as Real,
            b2: beta2 as Real,
            epsilon: epsilon as Real,
            step: (rate / (1.0 - beta1.powi(t))) as Real,
            correction: (1.0 / (1.0 - beta2.powi(t)).sqrt()) as Real,
            keep: (1.0 - rate * weight_decay) as Real,
        };
        let trained = module.parameters_mut().into_iter().filter(|p| p.is_trained());
        let arrays = trained.zip(gradient.arrays()).zip(first).zip(second);
        for (i, (((parameter, g), m), v)) in arrays.enumerate() {
            let old = old.map(|old| (&old.first[i], &old.second[i]));
            update::adam(step, g, old, m, v, parameter);
        }
    }

    /// The moments, named after the parameters they belong to, and the number of updates.
    pub fn state<M: Module + ?Sized>(&self, module: &M) -> State {
        let mut state = State::new();
        let trained = module.parameters().into_iter().filter(|p| p.is_trained());
        let Moments { first, second, updates } = &self.moments;
        for ((p, m), v) in trained.zip(first).zip(second) {
            state.insert(format!("{}/first", p.name()), (p.shape().to_vec(), to_host(m)));
            state.insert(format!("{}/second", p.name()), (p.shape().to_vec(), to_host(v)));
        }
        // In two digits of base 2^20, so that single precision holds any count exactly.
        let digits = vec![(updates >> 20) as Real, (updates & 0xf_ffff) as Real];
        state.insert("updates".into(), (vec![2], digits));
        state
    }

    /// Restores what [`Adam::state`] gave.
    ///
    /// # Errors
    /// If an array is missing or has another shape. Nothing is changed in that case.
    pub fn load_state<M: Module + ?Sized>(&mut self, module: &M, state: &State) -> Result<(), StateError> {
        let get = |name: String, shape: &[usize]| match state.get(&name) {
            None => Err(StateError::Missing { name }),
            Some((found, _)) if found != shape => Err(StateError::Shape {
                name,
                found: found.clone(),
                expected: shape.to_vec(),
            }),
            Some((_, values)) => Ok(values.clone()),
        };
        let trained: Vec<_> = module.parameters().into_iter().filter(|p| p.is_trained()).collect();
        let moments = |which: &str| -> Result<Vec<_>, _> {
            let one = |p: &&&ebm_core::parameter::Parameter| get(format!("{}/{which}", p.name()), p.shape());
            trained.iter().map(|p| one(&p)).collect()
        };
        let (first, second) = (moments("first")?, moments("second")?);
        let digits = get("updates".into(), &[2])?;
        let arrays = |values: Vec<Vec<Real>>| values.into_iter().map(from_host).collect();
        self.moments = Moments {
            first: arrays(first),
            second: arrays(second),
            updates: ((digits[0] as u64) << 20) | digits[1] as u64,
        };
        self.mark();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::gradient_norm;
    use ebm_core::parameter::Parameter;

    struct One(Parameter);
    impl Module for One {
        fn parameters(&self) -> Vec<&Parameter> {
            vec![&self.0]
        }
        fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
            vec![&mut self.0]
        }
    }

    fn start() -> One {
        One(Parameter::trained("w", vec![2], vec![1.0, -2.0]))
    }

    fn config() -> AdamConfig {
        AdamConfig {
            learning_rate: 0.1,
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 1e-8,
            ..Default::default()
        }
    }

    #[test]
    fn two_updates_equal_those_worked_out_by_hand() {
        let mut model = start();
        let mut adam = Adam::new(config(), &model);
        adam.update(&mut model, &[vec![0.5, -1.0]], 1.0, 1.0);
        // First update: m/(1-b1) = g, sqrt(v/(1-b2)) = |g|, so the step is 0.1 sign(g).
        for (w, truth) in model.0.values().iter().zip([0.9, -1.9]) {
            assert!((f64::from(*w) - truth).abs() < 1e-6);
        }
        adam.update(&mut model, &[vec![0.25, 3.0]], 1.0, 1.0);
        // m = 0.9*0.05+0.1*0.25 = 0.07, /0.19 = 0.368421; v = 0.99*0.0025+0.01*0.0625 = 0.0031, /0.0199 = 0.155779,
        // root 0.394689: step 0.1*0.933446. Second: m = -0.09+0.3 = 0.21, /0.19 = 1.105263; v = 0.0099+0.09 = 0.0999,
        // /0.0199 = 5.020101, root 2.240558: step 0.1*0.493298.
        for (w, truth) in model.0.values().iter().zip([0.9 - 0.093_344_6, -1.9 - 0.049_329_8]) {
            assert!((f64::from(*w) - truth).abs() < 1e-6, "{w} {truth}");
        }
    }

    #[test]
    fn clipping_scales_the_whole_gradient() {
        let (mut clipped, mut scaled) = (start(), start());
        let options = AdamConfig {
            clip: 2.5,
            beta1: 0.0,
            epsilon: 1.0,
            ..config()
        };
        let gradient = [vec![3.0, -4.0]];
        let norm = gradient_norm(&gradient);
        assert_eq!(norm, 5.0);
        Adam::new(options.clone(), &clipped).update(&mut clipped, &gradient, norm, 1.0);
        let free = AdamConfig { clip: 0.0, ..options };
        Adam::new(free, &scaled).update(&mut scaled, &[vec![1.5, -2.0]], 2.5, 1.0);
        assert_eq!(clipped.0.values(), scaled.0.values());
    }

    #[test]
    fn decay_shrinks_the_weights_apart_from_the_gradient() {
        let mut model = start();
        let options = AdamConfig {
            weight_decay: 0.5,
            ..config()
        };
        Adam::new(options, &model).update(&mut model, &[vec![0.0, 0.0]], 0.0, 1.0);
        for (w, truth) in model.0.values().iter().zip([0.95, -1.9]) {
            assert!((f64::from(*w) - truth).abs() < 1e-6);
        }
    }

    #[test]
    fn a_restored_state_continues_as_the_original() {
        let mut model = start();
        let mut adam = Adam::new(config(), &model);
        adam.update(&mut model, &[vec![0.5, -1.0]], 1.0, 1.0);
        let mut other = Adam::new(config(), &model);
        other.load_state(&model, &adam.state(&model)).unwrap();
        let mut twin = One(model.0.clone());
        adam.update(&mut model, &[vec![0.25, 3.0]], 1.0, 1.0);
        other.update(&mut twin, &[vec![0.25, 3.0]], 1.0, 1.0);
        assert_eq!(model.0.values(), twin.0.values());
    }

    #[test]
    fn updates_since_the_mark_can_be_taken_back() {
        let mut model = start();
        let mut adam = Adam::new(config(), &model);
        adam.update(&mut model, &[vec![0.5, -1.0]], 1.0, 1.0);
        for later in [0, 1, 3] {
            adam.mark();
            let before = adam.state(&model);
            for _ in 0..later {
                adam.update(&mut model, &[vec![0.25, 3.0]], 1.0, 1.0);
            }
            assert_eq!(adam.state(&model) == before, later == 0);
            adam.undo();
            assert_eq!(adam.state(&model), before);
            adam.undo();
            assert_eq!(adam.state(&model), before);
        }
    }
}
