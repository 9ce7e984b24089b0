//! The update rule of an optimiser, and the state that it keeps for a module.

use std::fmt::Debug;

use super::gradient::Gradient;
use ebm_core::buffers::native::{Array, from_host, to_host};
use ebm_core::device::{Real, Shareable};
use ebm_core::error::{ConfigError, StateError};
use ebm_core::parameter::{Module, Parameter, State};

/// An optimiser with its state for one module. [`Stateful`] makes one from an [`UpdateRule`].
pub trait Optimizer: Debug + Shareable {
    /// Marks the state as it is now, for [`Optimizer::undo`]. Costs nothing.
    fn mark(&mut self);

    /// Takes back every update since the last mark; the parameters are the caller's.
    fn undo(&mut self);

    /// Updates the trained parameters of `module`, given their gradient, its Euclidean `norm` and the schedule's `factor` of the
    /// learning rate.
    fn update(&mut self, module: &mut dyn Module, gradient: &Gradient, norm: f64, factor: f64);

    /// The state, its arrays named after the parameters they belong to.
    fn state(&self, module: &dyn Module) -> State;

    /// Restores a state that [`Optimizer::state`] returned.
    ///
    /// # Errors
    /// If an array is missing or has another shape. Nothing is changed in that case.
    fn load_state(&mut self, module: &dyn Module, state: &State) -> Result<(), StateError>;
}

/// The numbers of one update, the same for all parameters.
#[derive(Clone, Copy, Debug)]
pub struct Update {
    /// The learning rate, with the schedule's factor.
    pub rate: f64,
    /// The factor that clips the gradient.
    pub scale: Real,
    /// Number of updates, this one included.
    pub count: u64,
}

/// The arrays that a rule keeps for one parameter, in the order of [`UpdateRule::STATE`].
pub struct Kept<'a> {
    /// The arrays before the update, where they are not in `new`.
    pub old: Option<&'a [Array]>,
    /// The arrays to leave the result in.
    pub new: &'a mut [Array],
}

impl<'a> Kept<'a> {
    /// The arrays before the update, to be changed where they are.
    pub fn in_place(self) -> &'a mut [Array] {
        if let Some(old) = self.old {
            self.new.clone_from_slice(old);
        }
        self.new
    }
}

/// The rule by which an optimiser changes one parameter, implemented on its options.
pub trait UpdateRule: Clone + Debug + Send + Sync + 'static {
    /// Names of the arrays that are kept for every parameter; they start at zero.
    const STATE: &'static [&'static str];

    /// Refuses the first value that cannot be used, with what was expected.
    fn check(&self) -> Result<(), ConfigError>;

    /// The learning rate before the schedule's factor.
    fn learning_rate(&self) -> f64;

    /// The largest Euclidean norm of a gradient; 0: no limit.
    fn clip(&self) -> f64;

    /// Updates a parameter by its gradient, which is to be multiplied by [`Update::scale`].
    fn apply(&self, update: &Update, gradient: &Array, kept: Kept<'_>, parameter: &mut Parameter);
}

/// An update rule with its state for one module.
///
/// The state of the last mark is kept, so that updates after it can be taken back.
#[derive(Clone, Debug)]
pub struct Stateful<R> {
    rule: R,
    now: Arrays,
    /// The state of the mark, once there was an update after it; before, scratch space.
    marked: Arrays,
    changed: bool,
}

#[derive(Clone, Debug)]
struct Arrays {
    of_parameters: Vec<Vec<Array>>,
    updates: u64,
}

impl<R: UpdateRule> Stateful<R> {
    /// The optimiser of the trained parameters of `module`.
    pub fn new<M: Module + ?Sized>(rule: R, module: &M) -> Self {
        let zeros = |p: &Parameter| R::STATE.iter().map(|_| from_host(vec![0.0; p.len()])).collect();
        let trained = module.parameters().into_iter().filter(|p| p.is_trained());
        let now = Arrays { of_parameters: trained.map(zeros).collect(), updates: 0 };
        Self { rule, marked: now.clone(), now, changed: false }
    }
}

impl<R: UpdateRule> Optimizer for Stateful<R> {
    fn mark(&mut self) {
        self.changed = false;
    }

    fn undo(&mut self) {
        if self.changed {
            std::mem::swap(&mut self.now, &mut self.marked);
            self.changed = false;
        }
    }

    fn update(&mut self, module: &mut dyn Module, gradient: &Gradient, norm: f64, factor: f64) {
        // The first update after a mark writes beside the state instead of over it.
        if !self.changed {
            std::mem::swap(&mut self.now, &mut self.marked);
        }
        let old = (!self.changed).then_some(&self.marked);
        self.changed = true;
        self.now.updates = 1 + old.map_or(self.now.updates, |old| old.updates);
        let clip = self.rule.clip();
        let update = Update {
            rate: self.rule.learning_rate() * factor,
            scale: if clip > 0.0 && norm > clip { clip / norm } else { 1.0 } as Real,
            count: self.now.updates,
        };
        let trained = module.parameters_mut().into_iter().filter(|p| p.is_trained());
        let arrays = trained.zip(gradient.arrays()).zip(&mut self.now.of_parameters);
        for (index, ((parameter, gradient), new)) in arrays.enumerate() {
            let old = old.map(|old| &old.of_parameters[index][..]);
            self.rule.apply(&update, gradient, Kept { old, new }, parameter);
        }
    }

    fn state(&self, module: &dyn Module) -> State {
        let mut state = State::new();
        let trained = module.parameters().into_iter().filter(|p| p.is_trained());
        for (p, arrays) in trained.zip(&self.now.of_parameters) {
            for (name, array) in R::STATE.iter().zip(arrays) {
                state.insert(format!("{}/{name}", p.name()), (p.shape().to_vec(), to_host(array)));
            }
        }
        state.insert(UPDATES.into(), (vec![2], digits(self.now.updates)));
        state
    }

    fn load_state(&mut self, module: &dyn Module, state: &State) -> Result<(), StateError> {
        let get = |name: String, shape: &[usize]| match state.get(&name) {
            None => Err(StateError::Missing { name }),
            Some((found, _)) if found != shape => {
                Err(StateError::Shape { name, found: found.clone(), expected: shape.to_vec() })
            }
            Some((_, values)) => Ok(values.clone()),
        };
        let of_parameter = |p: &Parameter| -> Result<Vec<Array>, StateError> {
            let one = |name: &&str| get(format!("{}/{name}", p.name()), p.shape()).map(from_host);
            R::STATE.iter().map(one).collect()
        };
        let trained = module.parameters().into_iter().filter(|p| p.is_trained());
        let of_parameters = trained.map(of_parameter).collect::<Result<_, _>>()?;
        let digits = get(UPDATES.into(), &[2])?;
        self.now = Arrays { of_parameters, updates: ((digits[0] as u64) << DIGIT) | digits[1] as u64 };
        self.mark();
        Ok(())
    }
}

/// Name of the number of updates in a saved state.
const UPDATES: &str = "updates";

/// Bits of a digit of the number of updates: single precision holds them exactly.
const DIGIT: u32 = 20;

fn digits(count: u64) -> Vec<Real> {
    vec![(count >> DIGIT) as Real, (count & ((1 << DIGIT) - 1)) as Real]
}

/// Refuses values of the options that most optimisers have: a learning rate, decays of running means by name, a weight decay and
/// a limit of the gradient's norm.
///
/// # Errors
/// The first such value, with what was expected.
pub fn check_options(rate: f64, decays: &[(&str, f64)], weight_decay: f64, clip: f64) -> Result<(), ConfigError> {
    check_positive("learning_rate", rate)?;
    for &(key, decay) in decays {
        ConfigError::require((0.0..1.0).contains(&decay), key, decay, "a number in [0, 1)")?;
    }
    ConfigError::require_not_negative("weight_decay", weight_decay)?;
    let expected = "a finite number >= 0 (0: no limit)";
    ConfigError::require(clip >= 0.0 && clip.is_finite(), "clip", clip, expected)
}

/// Refuses a value that is not a finite number above 0.
pub(super) fn check_positive(key: &str, value: f64) -> Result<(), ConfigError> {
    ConfigError::require(value > 0.0 && value.is_finite(), key, value, "a finite number > 0")
}

/// Models and updates for the tests of the rules.
#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A module with one trained parameter.
    pub struct One(pub Parameter);

    impl Module for One {
        fn parameters(&self) -> Vec<&Parameter> {
            vec![&self.0]
        }
        fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
            vec![&mut self.0]
        }
    }

    pub fn start() -> One {
        One(Parameter::trained("w", vec![2], vec![1.0, -2.0]))
    }

    /// Updates by these gradients, with the norm of each and the whole learning rate.
    pub fn updated<R: UpdateRule>(rule: R, gradients: &[[Real; 2]]) -> Vec<f64> {
        let mut model = start();
        let mut optimizer = Stateful::new(rule, &model);
        for gradient in gradients {
            step(&mut optimizer, &mut model, *gradient);
        }
        model.0.values().into_iter().map(f64::from).collect()
    }

    pub fn step(optimizer: &mut dyn Optimizer, model: &mut One, gradient: [Real; 2]) {
        let norm = f64::from(gradient[0]).hypot(f64::from(gradient[1]));
        optimizer.update(model, &Gradient::from_host(&[gradient.to_vec()]), norm, 1.0);
    }

    pub fn near(found: &[f64], expected: [f64; 2]) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
    }

    /// A restored state continues as the original, and updates since the mark can be taken back.
    pub fn keeps_its_state<R: UpdateRule>(rule: R) {
        let mut model = start();
        let mut optimizer = Stateful::new(rule.clone(), &model);
        step(&mut optimizer, &mut model, [0.5, -1.0]);
        let mut other = Stateful::new(rule, &model);
        other.load_state(&model, &optimizer.state(&model)).unwrap();
        let mut twin = One(model.0.clone());
        step(&mut optimizer, &mut model, [0.25, 3.0]);
        step(&mut other, &mut twin, [0.25, 3.0]);
        assert_eq!(model.0.values(), twin.0.values());
        for later in [0, 1, 3] {
            optimizer.mark();
            let before = optimizer.state(&model);
            for _ in 0..later {
                step(&mut optimizer, &mut model, [0.25, 3.0]);
            }
            assert_eq!(optimizer.state(&model) == before, later == 0);
            for _ in 0..2 {
                optimizer.undo();
                assert_eq!(optimizer.state(&model), before);
            }
        }
    }
}
