//! `ebm export`: writes a trained model to one file, with a card that describes it.

use clap::Args;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::loaded_run::TrainedModel;
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::output::{print, write_named, write_whole};
use crate::run_directory::{Digest, Exported, RunDirectory, Versions};
use ebm_eval::evaluate::Report;

#[derive(Args, Debug)]
#[command(after_help = "\
The file holds the weights (averaged where the run kept an average), the configuration, versions and the final
evaluation. A model card with the same name and the extension .md is written beside it.

Examples:
  ebm export runs/25-gaussians-seed0 --out model.safetensors
  ebm sample model.safetensors -n 1000 --out samples.npy")]
pub struct Export {
    #[command(flatten)]
    pub model: TrainedModel,
    /// File to write, ending with .safetensors
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace existing files
    #[arg(long)]
    pub overwrite: bool,
}

pub fn run(arguments: &Export) -> Result<Exit, Failure> {
    let out = &arguments.out;
    if out.extension().is_none_or(|extension| extension != "safetensors") {
        fail!(Exit::Usage, "--out {}: expected a file that ends with .safetensors", out.display());
    }
    let card = out.with_extension("md");
    for file in [out, &card] {
        if file.exists() && !arguments.overwrite {
            fail!(Exit::Usage, "{}: a file is there already; give --overwrite to replace it", file.display());
        }
    }
    let (directory, _) = RunDirectory::open(&arguments.model.run)?;
    let loaded = arguments.model.open()?;
    // The evaluation of the run is of another state than a checkpoint.
    let report = directory.final_evaluation().filter(|_| arguments.model.checkpoint.is_none());
    let exported =
        Exported { data: loaded.description()?, steps: loaded.steps, arrays: loaded.weights(), config: loaded.config };
    let versions = serde_json::to_string(&Versions::of(&exported.config)).or_exit(Exit::Other)?;
    let mut more = BTreeMap::from([("ebm.versions".to_string(), versions)]);
    if let Some(report) = &report {
        let evaluation = serde_json::to_string(report).or_exit(Exit::Other)?;
        more.insert("ebm.evaluation".into(), evaluation);
    }
    let saved = |out: &Path| {
        exported.save(out, &more)?;
        Ok(std::fs::read(out)?)
    };
    let bytes = write_named(out, saved).or_exit(Exit::Other)?;
    let text = card_of(&exported, report.as_ref(), out, &bytes)?;
    write_whole(&card, text.as_bytes())?;
    print(&format!("{}\n{}\n", out.display(), card.display()))
}

fn card_of(model: &Exported, report: Option<&Report>, file: &Path, bytes: &[u8]) -> Result<String, Failure> {
    let config = &model.config;
    let form = serde_json::to_value(config).or_exit(Exit::Other)?;
    let kind = |section: &str| form[section]["kind"].as_str().unwrap_or("?").to_string();
    let (lower, upper) = (kind("lower"), kind("upper"));
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let path = file.file_name().unwrap_or_default().to_string_lossy();
    let count = |owner: &str| {
        let arrays = model.arrays.get(owner).into_iter().flatten();
        arrays.map(|(_, (_, values))| values.len()).sum::<usize>()
    };
    let mut text = format!(
        "# {name}\n\nAn energy-based model p(x) = exp(-E(x)) / Z with a generator, trained by `ebm` between the lower bound `{lower}` \
         and the upper bound `{upper}` of its negative log-likelihood.\n\n"
    );
    let mut line = |label: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "- {label}: {value}");
    };
    let (width, steps, batch, seed) = (model.data.width, model.steps, config.train.batch, config.seed);
    let (size, hash) = (bytes.len(), Digest::of(bytes).blake3);
    line("Data", format!("`{}`, {width} dimensions", kind("data")));
    line("Energy", format!("`{}`, {} numbers", kind("energy"), count("energy")));
    line("Generator", format!("`{}`, {} numbers", kind("generator"), count("generator")));
    line("Trained for", format!("{steps} steps, batch {batch}, seed {seed}"));
    line("File", format!("`{path}`, {size} bytes, BLAKE3 `{hash}`"));
    line("Written by", format!("ebm {}", env!("CARGO_PKG_VERSION")));
    text.push_str("\n## Evaluation\n\n");
    match report {
        None => text.push_str("Not evaluated in this state: `ebm evaluate` does it.\n"),
        Some(report) => {
            let _ = writeln!(text, "On held-out data, at the end of training.\n\n```text\n{report}```");
        }
    }
    let _ = write!(
        text,
        "\n## Use\n\n```sh\nebm sample {path} -n 1000 --out samples.npy\nebm evaluate {path}\n```\n\n`ebm evaluate` needs the data; \
         relative paths are relative to the file's folder. The energy is not normalised: only differences of energies, and \
         the likelihood with its log Z, mean anything. A value that is not called certified is an estimate, not a bound.\n"
    );
    let toml = toml::to_string(config).or_exit(Exit::Other)?;
    let _ = write!(text, "\n## Configuration\n\n```toml\n{}\n```\n", toml.trim_end());
    Ok(text)
}
