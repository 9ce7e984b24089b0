//! The commented example configuration: every option at its default for data in the plane, with its meaning.

use ebm_core::registry::{
    self, DatasetConfig, EnergyConfig, GeneratorConfig, LowerBoundConfig, Registered, UpperBoundConfig,
};
use ebm_eval::evaluate::EvaluateConfig;
use ebm_train::TrainConfig;
use schemars::JsonSchema;
use serde_json::Value as Json;
use toml::{Table, Value};

use super::defaults::Facts;
use super::layers::{KIND, Layers};
use super::run_config::{CheckpointConfig, LogConfig};
use super::schema::Schema;

/// Widest line of a comment.
const WIDTH: usize = 100;

const HEADER: &str = "\
# A configuration of `ebm`: every option, at its default for data in the plane. For a file or folder of your own,
# `ebm init DATA` writes one that suits it.
#
#     ebm config default > run.toml
#     ebm train run.toml --set train.steps=2000
#
# A component (data, generator, energy, lower, upper) is a table with its `kind`, or just its name: upper = \"none\".
";

/// Writes the commented example, which is itself a configuration file.
pub fn example() -> anyhow::Result<String> {
    let plane = Facts { width: 2, rows: None, image: None };
    let resolved = plane.beneath(Layers::default())?.resolve()?;
    let values = Table::try_from(&resolved.config)?;
    let mut text = HEADER.to_string();
    text.push_str("\n# Seed of every random number: two runs of one configuration and seed are equal.\nseed = 0\n");
    component::<dyn DatasetConfig>(&mut text, &values, "data")?;
    component::<dyn GeneratorConfig>(&mut text, &values, "generator")?;
    component::<dyn EnergyConfig>(&mut text, &values, "energy")?;
    component::<dyn LowerBoundConfig>(&mut text, &values, "lower")?;
    component::<dyn UpperBoundConfig>(&mut text, &values, "upper")?;
    plain::<TrainConfig>(&mut text, &values, "train")?;
    plain::<EvaluateConfig>(&mut text, &values, "evaluate")?;
    plain::<CheckpointConfig>(&mut text, &values, "checkpoint")?;
    plain::<LogConfig>(&mut text, &values, "log")?;
    Ok(text)
}

/// The values of a section.
fn table<'a>(values: &'a Table, section: &str) -> anyhow::Result<&'a Table> {
    values.get(section).and_then(Value::as_table).ok_or_else(|| anyhow::anyhow!("{section} is not a table"))
}

fn component<C: Registered + ?Sized>(text: &mut String, values: &Table, section: &str) -> anyhow::Result<()> {
    let values = table(values, section)?;
    let kind = values.get(KIND).and_then(Value::as_str).unwrap_or_default();
    let descriptor = registry::find::<C>(kind)
        .ok_or_else(|| anyhow::anyhow!("the {} {kind:?} is not linked into this program", C::KIND))?;
    text.push('\n');
    comment(text, &format!("The {}: {}.", C::KIND, descriptor.summary));
    let names = registry::all::<C>().into_iter().map(|d| d.name);
    let others: Vec<_> = names.filter(|name| *name != kind).collect();
    if !others.is_empty() {
        comment(text, &format!("Others: {}.", others.join(", ")));
    }
    text.push_str(&format!("[{section}]\n"));
    write(text, values, Schema::new(&(descriptor.schema)()), section);
    Ok(())
}

fn plain<T: JsonSchema>(text: &mut String, values: &Table, section: &str) -> anyhow::Result<()> {
    let schema: Json = schemars::schema_for!(T).to_value();
    let schema = Schema::new(&schema);
    text.push('\n');
    if let Some(description) = schema.description() {
        comment(text, &description);
    }
    text.push_str(&format!("[{section}]\n"));
    write(text, table(values, section)?, schema, section);
    Ok(())
}

/// Writes the options of the table at `path`, whose header is already there.
fn write(text: &mut String, table: &Table, schema: Schema<'_>, path: &str) {
    let schema = schema.of_kind(table);
    for (key, value) in table.iter().filter(|(_, value)| !value.is_table()) {
        explain(text, schema.property(key));
        text.push_str(&format!("{key} = {value}\n"));
    }
    for (key, property) in schema.properties() {
        // An option without a default: there, but commented out.
        if !table.contains_key(key) && key != KIND {
            explain(text, Some(property));
            text.push_str(&format!("# {key} = ... ({})\n", property.type_name()));
        }
    }
    for (key, value) in table {
        if let Value::Table(inner) = value {
            text.push('\n');
            let property = schema.property(key);
            explain(text, property);
            let path = format!("{path}.{key}");
            text.push_str(&format!("[{path}]\n"));
            write(text, inner, property.unwrap_or(schema), &path);
        }
    }
}

fn explain(text: &mut String, property: Option<Schema<'_>>) {
    let Some(property) = property else { return };
    if let Some(description) = property.description() {
        comment(text, &description);
    }
    for (name, meaning) in property.choices() {
        let meaning = meaning.map(|meaning| format!(": {meaning}"));
        comment(text, &format!("- {name:?}{}", meaning.unwrap_or_default()));
    }
}

fn comment(text: &mut String, words: &str) {
    for paragraph in words.lines() {
        let mut line = String::from("#");
        for word in paragraph.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                text.push_str(&line);
                text.push('\n');
                line = String::from("#  ");
            }
            line.push(' ');
            line.push_str(word);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_wrapped_and_keep_every_word() {
        let words = "word ".repeat(60);
        let mut text = String::new();
        comment(&mut text, &words);
        assert!(text.lines().all(|line| line.starts_with('#') && line.len() <= WIDTH));
        assert_eq!(text.matches("word").count(), 60);
    }
}
