use ebm_core::{data::Dataset, geometry::Geometry, models::Generator, random::Random};

use crate::features::{Archive, ExtractError, Extractor, Features, Moments, described};
use crate::metric::{MetricValue, frechet_value, neighbour_values};
use crate::{config::EvaluateConfig, sampling::for_generated};
use ebm_train::Cancel;

/// Fréchet distance, precision, recall, density and coverage of `config.generated` samples, against `reference`, or else
/// against as many held-out samples.
///
/// # Errors
/// If the network cannot be run, or the reference is of another one.
pub fn extracted<G: Geometry>(
    generator: &dyn Generator<G>,
    data: &dyn Dataset,
    (extractor, reference): (&Extractor, Option<&Archive>),
    config: &EvaluateConfig,
    random: Random,
) -> Result<Vec<MetricValue>, ExtractError> {
    let random = random.stream("extracted");
    let (mut generated, mut width, mut failed) = (Vec::new(), 1, None);
    for_generated(generator, config.generated, random, &Cancel::default(), |chunk| match extractor.apply(chunk) {
        Ok((found, found_width)) => {
            generated.extend(found);
            width = found_width;
        }
        Err(error) => failed = failed.take().or(Some(error)),
    });
    failed.map_or(Ok(()), Err)?;
    let generated = Features::new(&generated, width)?;
    let held_out;
    let (moments, real, what, of) = match reference {
        Some(archive) => {
            let of = format!(", real ones of {}", described(&archive.path, &archive.hash));
            (archive.moments()?, archive.features()?, "reference samples", of)
        }
        None => {
            held_out = extractor.apply(&data.held_out(config.held_out, random.stream("data")))?.0;
            let real = Features::new(&held_out, width)?;
            (Moments::of(real)?, Some(real), "held-out samples", String::new())
        }
    };
    let extractor = format!("of {}{of}", described(&extractor.path, &extractor.hash));
    let other = (&Moments::of(generated)?, "generated samples");
    let mut values = vec![frechet_value(("frechet", "Frechet distance"), (&moments, what), other, &extractor)?];
    if let Some(real) = real {
        for value in neighbour_values(real, generated, config.images.by(), &extractor)? {
            // The own classifier's have the plain names.
            values.push(MetricValue {
                name: format!("{}/extractor", value.name),
                label: format!("{}, extractor", value.label),
                ..value
            });
        }
    }
    Ok(values)
}
