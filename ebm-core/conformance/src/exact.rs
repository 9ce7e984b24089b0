use super::case::{Case, GeneratorKind};
use super::situation::{Situation, flow, linear, precision};
use ebm_core::bounds::{GeneratorView, Guarantee, Measurement};
use ebm_core::models::closed_form::{QuadraticEnergy, standard_normal_entropy};
use ebm_core::{device::values, geometry::Runtime, models::Energy, tape::SharedTape, tensor::detach};

/// A number and its standard error, 0 where it is known in closed form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Exact {
    pub value: f64,
    pub standard_error: f64,
}

pub(super) fn geometry(case: &Case) -> Runtime {
    Runtime { latent: case.latent, data: case.data }
}

/// The entropy of the generated samples; `None` where they have no density, or it is not known.
pub(super) fn entropy(case: &Case, at: &Situation<Runtime>) -> Option<Exact> {
    match case.generator {
        GeneratorKind::Linear if case.noise > 0.0 || case.latent == case.data => {
            linear(geometry(case), case).entropy().map(known)
        }
        GeneratorKind::Flow => {
            // H = H[p0] + E[log |det J|]
            let volumes = flow(geometry(case), case).log_determinants(&at.latents);
            let mean = Measurement::of(volumes, Guarantee::certified("closed form"));
            Some(Exact {
                value: mean.value + standard_normal_entropy(case.latent),
                standard_error: mean.standard_error,
            })
        }
        GeneratorKind::Linear | GeneratorKind::Network => None,
    }
}

/// `-log p_g` at the samples of a view, `[B]`; `None` where they have no density, or it is not known.
pub(super) fn negative_log_densities(case: &Case, view: &GeneratorView<'_, Runtime>) -> Option<Vec<f64>> {
    match case.generator {
        GeneratorKind::Linear => linear(geometry(case), case).negative_log_densities(&detach(view.generated())),
        GeneratorKind::Flow => Some(flow(geometry(case), case).negative_log_densities(view.latents)),
        GeneratorKind::Network => None,
    }
}

/// `E_pg[E] + log Z` for the quadratic energy: the cross-entropy of generator and model.
pub(super) fn cross_entropy(case: &Case, at: &Situation<Runtime>) -> Option<Exact> {
    let (matrix, mean) = precision(case);
    let energy = QuadraticEnergy::new(geometry(case), &matrix, &mean);
    let log_partition = energy.log_partition()?;
    match case.generator {
        GeneratorKind::Linear => {
            let generator = linear(geometry(case), case);
            let expected = energy.expected_energy(&generator.mean(), &generator.covariance());
            Some(known(expected + log_partition))
        }
        GeneratorKind::Flow => {
            let off = SharedTape::off();
            let energies = energy.forward(at.generator.forward(off.watch(&at.latents)));
            let energies = values(&energies).into_iter().map(f64::from);
            let mean = Measurement::of(energies, Guarantee::certified("sample mean"));
            Some(Exact { value: mean.value + log_partition, standard_error: mean.standard_error })
        }
        GeneratorKind::Network => None,
    }
}

fn known(value: f64) -> Exact {
    Exact { value, standard_error: 0.0 }
}

impl Exact {
    pub fn less(self, other: Exact) -> Exact {
        Exact { value: self.value - other.value, standard_error: self.standard_error.hypot(other.standard_error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::geometry::Geometry;

    #[test]
    fn the_axes_are_those_of_the_case() {
        let case = Case::simple(GeneratorKind::Linear, 1, 3, 0.0);
        let at = Situation::new(geometry(&case), &case, false);
        assert_eq!((geometry(&case).latent_width(), geometry(&case).data_width()), (1, 3));
        assert_eq!(entropy(&case, &at), None, "a line in space has no density");
        assert!(cross_entropy(&case, &at).is_some());
    }
}
