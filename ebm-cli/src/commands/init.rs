//! `ebm init`: looks at data, and writes a configuration that suits them.

use clap::Args;
use ebm_core::registry::{self, DatasetConfig};
use ebm_core::{data::Dataset, device::check_device, random::Random};
use ebm_data::recognise;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Table;

use super::{data::Found, data_warnings::data_warnings, fresh_trainer::can_be_built};
use crate::config::defaults::Facts;
use crate::config::{KIND, Layers, Origin, suggest};
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::output::{folder_of, print, warn, write_whole};

/// The noise on columns of few different values, in standard deviations.
const DITHER: f64 = 0.1;

#[derive(Args, Debug)]
#[command(after_help = "\
The settings are the defaults for data of this kind (in the plane, tables, images), written out so that they can be
changed. Formats are those of `ebm data check`.

Exit code 1: the file to write is there already. 4: the data cannot be read or trained on.

Examples:
  ebm init measurements.csv
  ebm init pictures --output pictures.toml
  ebm init two-moons --output moons.toml --force")]
pub struct Init {
    /// File or folder, or the name of a data set such as two-moons
    pub data: PathBuf,
    /// Configuration file to write
    #[arg(long, short, value_name = "FILE", default_value = "run.toml")]
    pub output: PathBuf,
    /// Replace the configuration file if it is there
    #[arg(long)]
    pub force: bool,
}

/// Nothing is written before the data are read as they will be trained on, and the models are built for them.
pub fn run(arguments: &Init) -> Result<Exit, Failure> {
    let (given, output) = (&arguments.data, &arguments.output);
    if output.exists() && !arguments.force {
        fail!(
            Exit::Other,
            "{}: the file is there already; --force replaces it, --output names another",
            output.display()
        );
    }
    let config = chosen(given, output)?;
    let unwritable =
        |error: std::io::Error| Failure::message(Exit::Other, format!("{}: its folder: {error}", output.display()));
    let base = folder_of(output).canonicalize().map_err(unwritable)?;
    let data: Arc<dyn Dataset> = Arc::from(config.load(&base, Random::new(0).stream("data-set")).or_exit(Exit::Data)?);
    let facts = Facts::of(&*data);
    let text = text(given, output, &*config, &facts).or_exit(Exit::Other)?;
    let layers = Layers::default().toml(Origin::File(output.clone()), &text);
    let resolved = layers.and_then(Layers::resolve).or_exit(Exit::Config)?;
    for warning in data_warnings(&resolved.config, &*data) {
        warn(warning);
    }
    if check_device().is_ok() {
        can_be_built(&resolved, data, true)?;
    }
    write_whole(output, text.as_bytes())?;
    print(&format!(
        "{0}: a configuration with the settings for {1}; train it by\n\n  ebm train {0}\n",
        output.display(),
        facts.kind()
    ))
}

/// The configuration of the data, after a report on them.
fn chosen(given: &Path, output: &Path) -> Result<Box<dyn DatasetConfig>, Failure> {
    if !given.exists() {
        let name = given.to_string_lossy();
        if let Some(known) = registry::find::<dyn DatasetConfig>(&name) {
            print(&format!("{name}: {} (kind = \"{name}\")\n", known.summary))?;
            return Ok((known.example)());
        }
        let names: Vec<_> = registry::all::<dyn DatasetConfig>().into_iter().map(|known| known.name).collect();
        let hint = suggest::hint(&name, &names);
        fail!(Exit::Data, "{name}: there is no such file or folder, and no data set of this name; {hint}");
    }
    let config = recognise(given).or_exit(Exit::Data)?;
    let data = config.load(Path::new(""), Random::new(0)).or_exit(Exit::Data)?;
    let report = Found::of(&*data, given, config.typetag_name());
    data.intact().or_exit(Exit::Data)?;
    print(&report.to_string())?;
    let mut form = serde_json::to_value(&config).or_exit(Exit::Other)?;
    if let Some(standardize) = form.get_mut("standardize") {
        *standardize = true.into();
    }
    if let Some(dither) = form.get_mut("dither").filter(|_| report.has_steps()) {
        *dither = DITHER.into();
    }
    // Relative paths start from the folder of the configuration.
    if folder_of(output) != Path::new(".") {
        form["path"] = serde_json::to_value(given.canonicalize().or_exit(Exit::Data)?).or_exit(Exit::Data)?;
    }
    serde_json::from_value(form).or_exit(Exit::Other)
}

/// The text of the configuration: of the data what differs from the defaults, of the rest everything that was chosen.
fn text(given: &Path, output: &Path, config: &dyn DatasetConfig, facts: &Facts) -> anyhow::Result<String> {
    let few = if facts.is_small() { " (few: less training)" } else { "" };
    let rows = facts.rows.map_or_else(|| "drawn without end".into(), |rows| format!("{rows} samples to train on{few}"));
    let mut text = format!(
        "# Written by `ebm init` for {given:?}: D = {}, {rows}; the settings are those for {}.\n#\n#     ebm train {}\n#\n\
         # `ebm config show` prints every value, `ebm config reference` what each means.\n\nseed = 0\n\n[data]\n",
        facts.width,
        facts.kind(),
        output.display()
    );
    let kind = config.typetag_name();
    let (options, defaults) = (Table::try_from(config)?, registry::find::<dyn DatasetConfig>(kind));
    let defaults = defaults.map(|known| Table::try_from((known.example)())).transpose()?.unwrap_or_default();
    text += &format!("{KIND} = {kind:?}\n");
    for (key, value) in options.iter().filter(|(key, value)| *key != KIND && defaults.get(*key) != Some(*value)) {
        text += match key.as_str() {
            "standardize" => {
                "# Every column to mean 0 and standard deviation 1, the scale that the settings below expect.\n"
            }
            "dither" => {
                "# Noise, in standard deviations: columns of few different values have a density only with it.\n"
            }
            _ => "",
        };
        text += &format!("{key} = {value}\n");
    }
    Ok(text + &facts.settings())
}
