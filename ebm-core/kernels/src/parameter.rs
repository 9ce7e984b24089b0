//! Parameters, and the modules that own them.

use dfdx::prelude::*;
use std::collections::BTreeMap;

use crate::buffers::{self, native};
use crate::device::{PerSample, Real, Shareable};
use crate::elementwise::copy_to;
use crate::math::{dot, vectorised};
use crate::tape::GradientMap;

/// A named array of a model: trained (a weight), or kept beside the training (a running statistic).
///
/// Values are stored flat; `shape` says how to read them (row-major).
#[derive(Clone, Debug)]
pub struct Parameter {
    name: String,
    shape: Vec<usize>,
    value: PerSample,
    trained: bool,
}

impl Parameter {
    /// A parameter that an optimiser updates.
    ///
    /// # Panics
    /// If the number of values is not the product of `shape`.
    pub fn trained(name: impl Into<String>, shape: Vec<usize>, values: Vec<Real>) -> Self {
        Self::new(name.into(), shape, values, true)
    }

    /// State that no optimiser touches but that belongs to the model; it panics as [`Parameter::trained`] does.
    pub fn fixed(name: impl Into<String>, shape: Vec<usize>, values: Vec<Real>) -> Self {
        Self::new(name.into(), shape, values, false)
    }

    fn new(name: String, shape: Vec<usize>, values: Vec<Real>, trained: bool) -> Self {
        assert_eq!(values.len(), shape.iter().product::<usize>(), "{name}: values do not fill shape {shape:?}");
        let n = values.len();
        Self { name, shape, value: buffers::tensor(values, (n,)), trained }
    }

    /// The parameter's name, unique within its model.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The logical shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }
    /// Number of values.
    pub fn len(&self) -> usize {
        self.value.shape().0
    }
    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Whether an optimiser updates it.
    pub fn is_trained(&self) -> bool {
        self.trained
    }
    /// The values as a flat tensor; gradients are found under this tensor.
    pub fn tensor(&self) -> &PerSample {
        &self.value
    }
    /// A copy of the values.
    pub fn values(&self) -> Vec<Real> {
        buffers::read(&self.value).into_owned()
    }
    /// Replaces the values.
    ///
    /// # Panics
    /// If the number of values differs.
    pub fn set(&mut self, values: &[Real]) {
        self.value.copy_from(values);
    }
    /// Replaces the values by those of a tensor.
    pub fn copy_from(&mut self, values: &PerSample) {
        assert_eq!(self.len(), values.shape().0, "values of `{}`", self.name);
        native::change(&mut self.value, |to| copy_to(to.len(), native::stored(values)?.read(), to));
    }
    /// The values, to be changed where they are.
    pub fn tensor_mut(&mut self) -> &mut PerSample {
        &mut self.value
    }
}

/// The arrays of a model by name: what is saved, loaded and averaged.
pub type State = BTreeMap<String, (Vec<usize>, Vec<Real>)>;

/// A saved state that does not fit the model.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum StateError {
    /// An array the model needs is not there.
    #[error("the saved state has no array {name:?}; it was saved from a model of another configuration")]
    Missing {
        /// The array's name.
        name: String,
    },
    /// An array the model does not know.
    #[error(
        "the saved state has an array {name:?} that this model does not; it was saved from a model of another configuration"
    )]
    Unknown {
        /// The array's name.
        name: String,
    },
    /// An array of another shape.
    #[error("array {name:?} has shape {found:?}, this model needs {expected:?}")]
    Shape {
        /// The array's name.
        name: String,
        /// The shape in the saved state.
        found: Vec<usize>,
        /// The shape of the model.
        expected: Vec<usize>,
    },
    /// The file cannot be read as safetensors.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
}

/// The gradient of what is trained of `module`, an array a parameter, on the host.
pub fn collect_gradients<M: Module + ?Sized>(module: &M, gradients: &mut GradientMap) -> Vec<Vec<Real>> {
    let trained = module.parameters().into_iter().filter(|p| p.is_trained());
    trained.map(|p| native::to_host(&gradients.take(p.tensor()))).collect()
}

/// Euclidean norm over all values of a gradient.
pub fn gradient_norm(gradients: &[Vec<Real>]) -> f64 {
    let squares = |g: &Vec<Real>| -> f64 {
        // Short chunks keep the single-precision error small.
        vectorised(|| g.chunks(1024).map(|c| f64::from(dot(c, c))).sum())
    };
    gradients.iter().map(squares).sum::<f64>().sqrt()
}

/// Something that owns parameters.
///
/// Both ways to its parameters are mandatory: a default for one of them would be wrong wherever the other is not empty.
/// [`no_parameters!`](crate::no_parameters) writes both for what has none.
pub trait Module: Shareable {
    /// Every parameter, trained or not, in a fixed order.
    fn parameters(&self) -> Vec<&Parameter>;
    /// The same parameters in the same order, to change.
    fn parameters_mut(&mut self) -> Vec<&mut Parameter>;

    /// Makes the state changes of the last forward pass permanent (running statistics, power iterations).
    ///
    /// The trainer calls it after a step that was applied, never after one that was rejected.
    fn commit(&mut self) {}

    /// The state beside the parameters that the next training step depends on: warm starts. Empty for most.
    ///
    /// A checkpoint keeps it; files of weights do not. An array whose first axis is as long as the batch of the last training
    /// step has a row for each of its samples.
    fn transient_state(&self) -> State {
        State::new()
    }

    /// Restores what [`Module::transient_state`] gave.
    ///
    /// # Errors
    /// If the arrays are not of this module. Nothing is changed in that case.
    fn restore_transient_state(&mut self, state: &State) -> Result<(), StateError> {
        match state.keys().next() {
            None => Ok(()),
            Some(name) => Err(StateError::Unknown { name: name.clone() }),
        }
    }

    /// Number of trained values.
    fn parameter_count(&self) -> usize {
        let trained = |p: &&Parameter| p.is_trained();
        self.parameters().into_iter().filter(trained).map(Parameter::len).sum()
    }

    /// A copy of every array.
    fn state(&self) -> State {
        let entry = |p: &Parameter| (p.name.clone(), (p.shape.clone(), p.values()));
        self.parameters().into_iter().map(entry).collect()
    }

    /// Sets every array from a saved state.
    ///
    /// # Errors
    /// If an array is missing, unknown, or has another shape. Nothing is changed in that case.
    fn load_state(&mut self, state: &State) -> Result<(), StateError> {
        let own = self.parameters();
        for parameter in &own {
            let (shape, values) =
                state.get(parameter.name()).ok_or_else(|| StateError::Missing { name: parameter.name().into() })?;
            if shape != parameter.shape() || values.len() != parameter.len() {
                return Err(StateError::Shape {
                    name: parameter.name().into(),
                    found: shape.clone(),
                    expected: parameter.shape().to_vec(),
                });
            }
        }
        if let Some(name) = state.keys().find(|k| !own.iter().any(|p| p.name() == *k)) {
            return Err(StateError::Unknown { name: name.clone() });
        }
        for parameter in self.parameters_mut() {
            let (_, values) = &state[&parameter.name];
            parameter.set(values);
        }
        Ok(())
    }
}

impl Module for Parameter {
    fn parameters(&self) -> Vec<&Parameter> {
        vec![self]
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        vec![self]
    }
}

macro_rules! modules_of_several {
    ($($several:ident),+) => {
        $(impl<M: Module> Module for $several<M> {
            fn parameters(&self) -> Vec<&Parameter> {
                self.iter().flat_map(M::parameters).collect()
            }
            fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
                self.iter_mut().flat_map(M::parameters_mut).collect()
            }
            fn commit(&mut self) {
                self.iter_mut().for_each(M::commit);
            }
        })+
    };
}
modules_of_several!(Option, Vec);

/// Makes a struct the [`Module`](crate::parameter::Module) of some of its fields, each of them a module itself, such as a
/// [`Parameter`](crate::parameter::Parameter): `module!([G: Geometry] Linear<G>: weight, bias);`.
#[macro_export]
macro_rules! module {
    ([$($generics:tt)*] $module:ty: $($field:ident),*) => {
        impl<$($generics)*> $crate::parameter::Module for $module {
            fn parameters(&self) -> ::std::vec::Vec<&$crate::parameter::Parameter> {
                ::std::iter::empty()$(.chain($crate::parameter::Module::parameters(&self.$field)))*.collect()
            }
            fn parameters_mut(&mut self) -> ::std::vec::Vec<&mut $crate::parameter::Parameter> {
                ::std::iter::empty()$(.chain($crate::parameter::Module::parameters_mut(&mut self.$field)))*.collect()
            }
            fn commit(&mut self) {
                $($crate::parameter::Module::commit(&mut self.$field);)*
            }
        }
    };
}

/// Makes types [`Module`](crate::parameter::Module)s without parameters: bounds that are formulas, with no network of their
/// own.
#[macro_export]
macro_rules! no_parameters {
    ($($module:ty),+ $(,)?) => {
        $($crate::module!([] $module:);)+
    };
}
