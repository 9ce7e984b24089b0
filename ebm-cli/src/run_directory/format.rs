use std::fmt;

/// The name and version of a format, written as `name, version N`.
///
/// A version is raised when older programs could misread what newer ones write; additions that they may pass over leave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    name: &'static str,
    version: u32,
}

impl Format {
    /// A format.
    pub const fn new(name: &'static str, version: u32) -> Self {
        Self { name, version }
    }

    /// Checks whether this program reads files that declare the format `text`.
    pub fn accepts(self, text: &str) -> Result<(), String> {
        let version = text
            .strip_prefix(self.name)
            .and_then(|rest| rest.strip_prefix(", version "))
            .and_then(|version| version.parse::<u32>().ok());
        match version {
            Some(version) if (1..=self.version).contains(&version) => Ok(()),
            Some(version) if version > self.version => Err(format!(
                "written by a newer ebm ({text:?}; this one reads up to version {}): use that version, or a later one",
                self.version
            )),
            _ => Err(format!("it says {text:?}, this program reads {:?}", self.to_string())),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, version {}", self.name, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_versions_are_read_and_newer_ones_refused_with_the_way_out() {
        let format = Format::new("ebm run", 2);
        assert_eq!(format.to_string(), "ebm run, version 2");
        for good in ["ebm run, version 1", "ebm run, version 2"] {
            format.accepts(good).unwrap();
        }
        assert!(format.accepts("ebm run, version 3").unwrap_err().contains("newer ebm"));
        for bad in ["", "ebm run", "ebm run, version 0", "ebm checkpoint, version 1", "ebm run, version -1"] {
            assert!(format.accepts(bad).unwrap_err().contains("this program reads"), "{bad}");
        }
    }
}
