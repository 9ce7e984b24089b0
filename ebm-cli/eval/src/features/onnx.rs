use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid;

/// A network of an ONNX file that `tract` is ready to run on inputs of one shape.
pub(super) struct Network {
    plan: TypedRunnableModel<TypedModel>,
    input: [usize; 4],
    width: usize,
}

impl Network {
    /// The network of a file, for inputs `[n, channels, height, width]`, tried on one. What it outputs first are the features.
    pub fn parse(bytes: &[u8], input: [usize; 4]) -> Result<Self, String> {
        let model = tract_onnx::onnx().model_for_read(&mut &*bytes);
        let model = model.map_err(|error| format!("no ONNX network that can be read: {}", told(&error)))?;
        fitting(&model, input)?;
        let plan = model
            .with_input_fact(0, f32::fact(input).into())
            .and_then(|model| model.into_optimized())
            .and_then(|model| model.into_runnable());
        let plan = plan.map_err(|error| format!("the network cannot be run on inputs {input:?}: {}", told(&error)))?;
        let mut network = Self { plan, input, width: 0 };
        let output = network.output(vec![0.0; input.iter().product()])?;
        match *output.shape() {
            [rows, width] if rows == input[0] && width > 0 => network.width = width,
            ref shape => {
                return Err(format!(
                    "its first output is {shape:?} for inputs {input:?}; expected features [{}, F]",
                    input[0]
                ));
            }
        }
        Ok(network)
    }

    pub fn width(&self) -> usize {
        self.width
    }

    /// Features `[n, F]` of a whole input.
    pub fn run(&self, input: Vec<f32>) -> Result<Vec<f32>, String> {
        Ok(self.output(input)?.iter().copied().collect())
    }

    fn output(&self, input: Vec<f32>) -> Result<tract_ndarray::ArrayD<f32>, String> {
        let failed = |error: TractError| format!("the network cannot be run: {}", told(&error));
        let input = Tensor::from_shape(&self.input, &input).map_err(failed)?;
        let outputs = self.plan.run(tvec!(input.into())).map_err(failed)?;
        let first = outputs.first().ok_or("the network has no output")?;
        if first.datum_type() != f32::datum_type() {
            return Err(format!(
                "its first output holds {:?}; expected features in {:?}",
                first.datum_type(),
                f32::datum_type()
            ));
        }
        Ok(first.to_array_view::<f32>().map_err(failed)?.to_owned())
    }
}

/// Refuses a network that says it is for other inputs.
fn fitting(model: &InferenceModel, input: [usize; 4]) -> Result<(), String> {
    let inputs = model.input_outlets().map_err(|error| told(&error))?;
    if inputs.len() != 1 {
        return Err(format!("the network has {} inputs; expected one, the images", inputs.len()));
    }
    let fact = model.input_fact(0).map_err(|error| told(&error))?;
    // Such a network means other values, such as bytes from 0 to 255, and would take ours without a word.
    if let Some(held) = fact.datum_type.concretize().filter(|held| *held != f32::datum_type()) {
        return Err(format!(
            "its input holds {held:?}; expected values from 0 to 1 in {:?}: put what converts them into the network",
            f32::datum_type()
        ));
    }
    let known: Vec<Option<i64>> =
        fact.shape.dims().map(|dim| dim.concretize().and_then(|dim| dim.to_i64().ok())).collect();
    if known.is_empty() {
        return Ok(());
    }
    // The size of the batch is free to be anything, as the network is optimised for ours.
    let fits = known.len() == 4
        && known[1..].iter().zip(&input[1..]).all(|(known, wanted)| known.is_none_or(|known| known == *wanted as i64));
    if fits {
        return Ok(());
    }
    let shown: Vec<String> = known.iter().map(|dim| dim.map_or("?".into(), |dim| dim.to_string())).collect();
    let [_, channels, height, width] = input;
    Err(format!(
        "its input is [{}]; the images of this data are [n, {channels}, {height}, {width}] (channels, height, width, from 0 to 1): \
         put what resizes or converts them into the network",
        shown.join(", ")
    ))
}

/// The whole chain of causes on one line.
fn told(error: &TractError) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.join(": ")
}
