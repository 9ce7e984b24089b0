//! The data that a run is trained on, as the run remembers them.

use ebm_core::data::{Dataset, Fingerprint, Split, Standardization};
use ebm_core::image::ImageShape;
use serde::{Deserialize, Serialize};

/// A description of the data that a model was trained on: what samples need, and what tells the data from others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Number of dimensions.
    pub width: usize,
    /// The values subtracted from each column and those it was divided by, if any.
    pub standardization: Option<Standardization>,
    /// Names of the columns.
    pub columns: Option<Vec<String>>,
    /// The shape of the images that samples are, if they are. Files of earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageShape>,
    /// The identity of a finite set. What is drawn from a formula is known by its configuration. Earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// Mean and standard deviation of each column, in the model's units, where samples start from them for want of a generator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moments: Option<Vec<(f64, f64)>>,
}

impl Description {
    /// The description of a data set, without moments.
    pub fn of(data: &dyn Dataset) -> Self {
        Self {
            width: data.width(),
            standardization: data.standardization(),
            columns: data.columns(),
            image: data.image(),
            fingerprint: data.fingerprint(),
            moments: None,
        }
    }

    /// In which way other data differ from these, in words; `None` if they do not, as far as is known.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let mut found = Vec::new();
        let mut compare = |what: &str, was: String, is: String| {
            if was != is {
                found.push(format!("{what}: {is} instead of {was}"));
            }
        };
        compare("dimensions", self.width.to_string(), other.width.to_string());
        let names = |of: &Self| of.columns.as_ref().map_or("without names".into(), |names| names.join(", "));
        compare("columns", names(self), names(other));
        let shape = |of: &Self| of.image.map_or("none".into(), |shape| shape.to_string());
        // Files of earlier versions have neither.
        if self.image.is_some() || self.fingerprint.is_some() {
            compare("images", shape(self), shape(other));
        }
        match (&self.fingerprint, &other.fingerprint) {
            (Some(was), Some(is)) => {
                compare("rows", was.rows.to_string(), is.rows.to_string());
                compare("split", parts(&was.split), parts(&is.split));
                if was.content != is.content {
                    found.push("the values have changed".into());
                } else if was.split.rows != is.split.rows {
                    found.push("other rows are in the parts".into());
                }
            }
            _ if self.standardization != other.standardization => {
                found.push("other means and deviations of the columns".into())
            }
            _ => {}
        }
        (!found.is_empty()).then(|| found.join("; "))
    }
}

fn parts(split: &Split) -> String {
    format!("{} to train on, {} for validation, {} held out", split.training, split.validation, split.held_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(rows: usize, content: &str, names: [&str; 2]) -> Description {
        let split = Split { training: rows - 30, validation: 10, held_out: 20, rows: "a".into() };
        Description {
            width: 2,
            standardization: None,
            columns: Some(names.map(String::from).into()),
            image: None,
            fingerprint: Some(Fingerprint { rows, content: content.into(), split }),
            moments: None,
        }
    }

    #[test]
    fn what_differs_is_named_with_both_values() {
        let trained = described(200, "x", ["a", "b"]);
        assert_eq!(trained.difference(&trained.clone()), None);
        let difference = |other: &Description| trained.difference(other).unwrap();
        assert_eq!(difference(&described(200, "y", ["a", "b"])), "the values have changed");
        assert_eq!(
            difference(&described(250, "y", ["a", "b"])),
            "rows: 250 instead of 200; split: 220 to train on, 10 for validation, 20 held out instead of 170 to train on, 10 for \
             validation, 20 held out; the values have changed"
        );
        assert_eq!(difference(&described(200, "x", ["b", "a"])), "columns: b, a instead of a, b");
        let mut resplit = trained.clone();
        resplit.fingerprint.as_mut().unwrap().split.rows = "b".into();
        assert_eq!(difference(&resplit), "other rows are in the parts");
    }

    #[test]
    fn data_without_a_fingerprint_differ_by_what_is_known_of_them() {
        let unknown = Description { fingerprint: None, ..described(200, "x", ["a", "b"]) };
        assert_eq!(unknown.difference(&described(250, "y", ["a", "b"])), None);
        let by = Standardization { mean: vec![0.0; 2], deviation: vec![1.0; 2] };
        let scaled = Description { standardization: Some(by), ..unknown.clone() };
        assert!(unknown.difference(&scaled).unwrap().contains("means and deviations"));
        let images = Description { image: Some(ImageShape { height: 1, width: 2, channels: 1 }), ..unknown.clone() };
        assert_eq!(unknown.difference(&images), None);
        assert!(images.difference(&unknown).unwrap().contains("images: none instead of"));
    }

    #[test]
    fn a_description_survives_being_written_and_read() {
        let written =
            Description { moments: Some(vec![(0.1, 1.0 / 3.0), (-2.0, 3.5)]), ..described(200, "x", ["a", "b"]) };
        let text = serde_json::to_string(&written).unwrap();
        assert_eq!(serde_json::from_str::<Description>(&text).unwrap(), written);
        // As the first release wrote it into exported models.
        let old = r#"{"width": 2, "standardization": null, "columns": null}"#;
        assert_eq!(serde_json::from_str::<Description>(old).unwrap().fingerprint, None);
    }
}
