use super::Given;
use crate::scaffold::{CARGO_CONFIG, EDITION, Origin, PROFILES};

/// The name of the program's package, and of the binary that cargo builds.
const NAME: &str = "ebm-with-bounds";

/// A program with more crates linked in.
pub(crate) struct Program {
    /// `Cargo.toml`.
    pub manifest: String,
    /// `src/main.rs`.
    pub main: String,
    lock: Option<String>,
}

impl Program {
    /// The program with these crates.
    pub fn new(crates: &[Given], origin: &Origin) -> anyhow::Result<Self> {
        let dependencies: String =
            crates.iter().map(|given| format!("{} = {{ {} }}\n", given.name, given.dependency)).collect();
        // A crate that was written for a released ebm-core gets the checkout's: it must be the program's own.
        let mut patch = String::new();
        if let Origin::Checkout(_) = origin {
            patch.push_str("\n[patch.crates-io]\n");
            for name in ["ebm-core", "ebm-cli", "ebm-eval"] {
                patch.push_str(&format!("{name} = {{ {} }}\n", origin.dependency(name)?));
            }
        }
        let manifest = format!(
            "# Written by `ebm build`.\n\n[package]\nname = \"{NAME}\"\nversion = \"0.0.0\"\nedition = \"{EDITION}\"\npublish = false\n\n\
             [dependencies]\nebm-cli = {{ {} }}\n{dependencies}\n[workspace]\n{patch}\n{PROFILES}",
            origin.dependency("ebm-cli")?
        );
        let names: Vec<String> = crates.iter().map(Given::identifier).collect();
        Ok(Self {
            manifest,
            main: format!("//! Written by `ebm build`.\n\nebm_cli::main!({});\n", names.join(", ")),
            lock: origin.lock()?,
        })
    }

    /// The files of the crate: paths within its folder, and their contents.
    pub fn files(&self) -> Vec<(String, String)> {
        let files =
            [("Cargo.toml", &*self.manifest), ("src/main.rs", &*self.main), (".cargo/config.toml", CARGO_CONFIG)];
        let own = files.map(|(path, text)| (path.to_string(), text.to_string()));
        let lock = self.lock.clone().map(|lock| ("Cargo.lock".to_string(), lock));
        own.into_iter().chain(lock).collect()
    }

    /// A name that no other program has: a hash of its files.
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (path, text) in self.files() {
            for part in [path, text] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part.as_bytes());
            }
        }
        hasher.finalize().to_hex()[..16].to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::Table;

    fn given(name: &str) -> Given {
        Given { name: name.into(), dependency: "version = \"*\"".into() }
    }

    #[test]
    fn the_program_names_every_bound_and_others_have_other_fingerprints() {
        let program = Program::new(&[given("my-bound"), given("other")], &Origin::Registry).unwrap();
        assert!(program.main.contains("ebm_cli::main!(my_bound, other);"), "{}", program.main);
        let manifest: Table = program.manifest.parse().unwrap();
        for name in ["my-bound", "other", "ebm-cli"] {
            assert!(manifest["dependencies"].get(name).is_some(), "{}", program.manifest);
        }
        assert!(!manifest.contains_key("patch"));
        let local = Program::new(&[given("my-bound")], &Origin::Checkout("/nowhere".into())).unwrap();
        let manifest: Table = local.manifest.parse().unwrap();
        assert_eq!(manifest["patch"]["crates-io"]["ebm-core"]["path"].as_str(), Some("/nowhere/ebm-core"));

        let of = |name| Program::new(&[given(name)], &Origin::Registry).unwrap().fingerprint();
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
    }
}
