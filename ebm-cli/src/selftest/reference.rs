//! The figures of a build in double precision on a CPU, as a file.

use anyhow::{Context, Result, anyhow};
use ebm_core::kernels::selftest::Quantity;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::{collections::BTreeMap, fs, path::Path};

use super::figures::Figures;

/// The separator between the name of a case, which has none in it, that of its values and the number of the array.
const BAR: &str = " | ";

/// The figures of each case, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference(BTreeMap<String, Figures>);

/// The case, the quantity and the number of an array of a file.
fn part(name: &str) -> Option<(&str, Quantity, usize)> {
    let (name, index) = name.rsplit_once(BAR)?;
    let (case, what) = name.rsplit_once(BAR)?;
    let quantity = Quantity::ALL.into_iter().find(|quantity| quantity.heading() == what)?;
    Some((case, quantity, index.parse().ok()?))
}

impl Reference {
    pub(super) fn of(figures: BTreeMap<String, Figures>) -> Self {
        Self(figures)
    }

    /// The reference that comes with the program; an error if that was built from a damaged file.
    pub fn embedded() -> Result<Self> {
        Self::decode(include_bytes!("reference.safetensors"), Path::new("reference.safetensors"))
    }

    /// Reads a file of [`Reference::encode`]; an error if it cannot be read or is not such a file.
    pub fn load(path: &Path) -> Result<Self> {
        Self::decode(&fs::read(path).with_context(|| path.display().to_string())?, path)
    }

    /// The reference in the bytes of a file, or an error if they are not of such a file, which it calls `path`.
    pub fn decode(bytes: &[u8], path: &Path) -> Result<Self> {
        let path = path.display();
        let fail = |reason: String| anyhow!("{path}: {reason}; expected a file of `ebm selftest --write`");
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| fail(format!("no safetensors file: {e}")))?;
        let mut arrays = Vec::new();
        for (name, view) in tensors.tensors() {
            let Some((case, quantity, index)) = part(&name) else {
                return Err(fail(format!("{name:?} is the name of no figure")));
            };
            if view.dtype() != Dtype::F64 {
                return Err(fail(format!("{name:?} is of type {:?}, not F64", view.dtype())));
            }
            let (chunks, _) = view.data().as_chunks::<8>();
            let values: Vec<f64> = chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect();
            // Nothing is far from a NaN: whatever is computed would pass.
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return Err(fail(format!("{name:?} has {value}")));
            }
            arrays.push((index, case.to_string(), quantity, values));
        }
        if arrays.is_empty() {
            return Err(fail("it has no figures".into()));
        }
        arrays.sort_by_key(|(index, ..)| *index);
        let mut all = Self::default();
        for (_, case, quantity, values) in arrays {
            all.0.entry(case).or_default().entry(quantity).or_default().push(values);
        }
        Ok(all)
    }

    /// The bytes of a file: a function of the figures. No error is known.
    pub fn encode(&self) -> Result<Vec<u8>, safetensors::SafeTensorError> {
        let mut arrays: Vec<(String, Vec<u8>)> = Vec::new();
        for (case, figures) in &self.0 {
            for (quantity, all) in figures {
                for (index, values) in all.iter().enumerate() {
                    let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                    arrays.push((format!("{case}{BAR}{}{BAR}{index}", quantity.heading()), bytes));
                }
            }
        }
        let mut views = Vec::with_capacity(arrays.len());
        for (name, bytes) in &arrays {
            views.push((name, TensorView::new(Dtype::F64, vec![bytes.len() / 8], bytes)?));
        }
        safetensors::serialize(views, None)
    }

    /// The names of the cases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The figures of a case.
    pub(super) fn figures(&self, case: &str) -> Option<&Figures> {
        self.0.get(case)
    }

    /// The distance of the other from this: the largest difference of a figure, relative to the largest of its case.
    /// The error is the name of an array that only one of them has, or that has another length.
    pub fn distance(&self, other: &Self) -> Result<f64, String> {
        let mut names = self.names().chain(other.names());
        if let Some(name) = names.find(|n| !(self.0.contains_key(*n) && other.0.contains_key(*n))) {
            return Err(name.into());
        }
        let mut largest: f64 = 0.0;
        for ((name, ours), theirs) in self.0.iter().zip(other.0.values()) {
            if ours.len() != theirs.len() {
                return Err(name.clone());
            }
            for ((quantity, ours), (other, theirs)) in ours.iter().zip(theirs) {
                let error = error(theirs, ours).filter(|_| quantity == other);
                largest = largest.max(error.ok_or_else(|| format!("{name}: {quantity}"))?);
            }
        }
        Ok(largest)
    }
}

/// An array smaller than this share of the largest is measured by that: where terms cancel, only rounding is left.
const SHARE: f64 = 1.0 / 16.0;

/// The largest error of an array, relative to its largest value; `None` for another number of arrays or values.
pub(super) fn error(found: &[Vec<f64>], known: &[Vec<f64>]) -> Option<f64> {
    let lengths = |arrays: &[Vec<f64>]| arrays.iter().map(Vec::len).collect::<Vec<_>>();
    if lengths(found) != lengths(known) {
        return None;
    }
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, |a: f64, v| a.max(v.abs()));
    let of_all = largest(&mut known.iter().flatten().copied());
    let errors = found.iter().zip(known).map(|(found, known)| {
        let difference = largest(&mut found.iter().zip(known).map(|(f, k)| f - k));
        let size = largest(&mut known.iter().copied()).max(SHARE * of_all);
        // Where everything is zero, the only size is that of the difference.
        if size > 0.0 { difference / size } else { difference }
    });
    Some(errors.fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> Reference {
        let weights = vec![vec![0.1], vec![2.0, 3.0]];
        let figures = Figures::from([(Quantity::Value, vec![vec![1.0, -4.0]]), (Quantity::InWeights, weights)]);
        Reference(BTreeMap::from([("kernel a: b".to_string(), figures)]))
    }

    #[test]
    fn a_reference_survives_its_file_and_equal_ones_have_equal_bytes() {
        let bytes = reference().encode().unwrap();
        assert_eq!(bytes, reference().encode().unwrap());
        assert_eq!(Reference::decode(&bytes, Path::new("r")).unwrap(), reference());
    }

    #[test]
    fn errors_are_relative_to_the_largest_figure_of_an_array_that_is_not_nothing_beside_others() {
        let error = |found: &[&[f64]], known: &[&[f64]]| {
            let arrays = |arrays: &[&[f64]]| arrays.iter().map(|array| array.to_vec()).collect::<Vec<_>>();
            super::error(&arrays(found), &arrays(known))
        };
        assert_eq!(error(&[&[1.0, -3.0]], &[&[1.0, -4.0]]), Some(0.25));
        assert_eq!(error(&[&[1.0]], &[&[1.0, -4.0]]), None);
        assert_eq!(error(&[&[1.0]], &[&[1.0], &[]]), None);
        assert_eq!(error(&[&[0.5]], &[&[0.0]]), Some(0.5));
        // The small array is measured by itself, the one that is nearly zero by a sixteenth of the largest.
        assert_eq!(error(&[&[64.0], &[8.5]], &[&[64.0], &[8.0]]), Some(0.0625));
        assert_eq!(error(&[&[64.0], &[1.0]], &[&[64.0], &[0.0]]), Some(0.25));
        assert_eq!(reference().distance(&reference()), Ok(0.0));
        assert_eq!(reference().distance(&Reference::default()), Err("kernel a: b".into()));
    }

    #[test]
    fn what_is_no_reference_is_refused_by_name() {
        let one = 1f32.to_le_bytes();
        let of_single = |name: &str| {
            let view = TensorView::new(Dtype::F32, vec![1], &one).unwrap();
            safetensors::serialize([(name.to_string(), view)], None).unwrap()
        };
        let figures = Figures::from([(Quantity::Value, vec![vec![f64::NAN]])]);
        for (bytes, message) in [
            (b"nonsense".to_vec(), "r.safetensors: no safetensors file: "),
            (of_single("weight"), "\"weight\" is the name of no figure; expected a file of"),
            (of_single("a | value | 0"), "\"a | value | 0\" is of type F32, not F64"),
            (Reference::of([("a".into(), figures)].into()).encode().unwrap(), "\"a | value | 0\" has NaN"),
            (Reference::default().encode().unwrap(), "it has no figures"),
        ] {
            let error = Reference::decode(&bytes, Path::new("r.safetensors")).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
