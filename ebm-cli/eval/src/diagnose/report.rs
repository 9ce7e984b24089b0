use std::fmt;

use super::{Diagnosis, Mean, Quantiles, SMALL};
use crate::table::Rows;

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { latent, data, latents, .. } = self;
        writeln!(
            f,
            "Jacobian of the generator, [{data}, {latent}], at {latents} latents; its singular values s_1 <= ... <= s_{latent}:\n"
        )?;
        write!(f, "{}\n{}", self.conditioning(), self.entropy())?;
        writeln!(
            f,
            "\nIterative solver: its estimate over s_1, and by how many nats H0 + d ln(estimate) is above H0 + d ln s_1 (smallest) \
             and above H0 + sum ln s_i:\n"
        )?;
        write!(f, "{}", self.iteration())?;
        let levels = &self.rounding;
        writeln!(
            f,
            "\nHow each was computed:\n  exact singular values: eigenvalues of J^T J, summed in double precision from columns in the \
             build's; trusted above {:.1e} s_d\n  iterative solver: from a random direction, products with J^T J in the build's \
             precision; trusted above {:.1e} s_d\n  H0: entropy of z; standard errors over the {latents} latents",
            levels.exact, levels.products
        )?;
        for note in &self.notes {
            writeln!(f, "\nnote: {note}")?;
        }
        Ok(())
    }
}

impl Diagnosis {
    fn conditioning(&self) -> Rows<6> {
        let header = ["over the latents", "least", "10 %", "median", "90 %", "greatest"];
        let mut rows = Rows::new(header, [false, true, true, true, true, true]);
        let mut row = |label: String, quantiles: &Quantiles| {
            let Quantiles { least, tenth, median, ninetieth, greatest } = *quantiles;
            let [a, b, c, d, e] = [least, tenth, median, ninetieth, greatest].map(number);
            rows.push([label, a, b, c, d, e]);
        };
        let d = self.latent;
        row("smallest singular value s_1".into(), &self.smallest);
        row(format!("largest singular value s_{d}"), &self.largest);
        row(format!("condition number s_{d} / s_1"), &self.condition);
        row(format!("effective rank, of {d}"), &self.effective_rank);
        row(format!("singular values below {SMALL} s_{d}, of {d}"), &self.small);
        rows
    }

    fn entropy(&self) -> Rows<4> {
        let mut rows = Rows::new(["entropy", "mean", "+- s.e.", "unit"], [false, true, true, false]);
        let mut row = |label: &str, mean: &Mean| {
            rows.push([label.into(), nats(mean.value), nats(mean.standard_error), "nats".into()]);
        };
        row("H0 + d ln s_1 (sv, smallest)", &self.entropies.smallest);
        row("H0 + sum ln s_i (sv, log-det)", &self.entropies.exact);
        row("H0 + d/2 ln(||J||_F^2 / d) (ceiling)", &self.entropies.ceiling);
        row("gap: sum over smallest", &self.entropies.exact_over_smallest);
        row("gap: ceiling over sum", &self.entropies.ceiling_over_exact);
        rows
    }

    fn iteration(&self) -> Rows<8> {
        let header =
            ["steps", "ratio: median", "90 %", "above smallest: median", "90 %", "above sum: mean", "+- s.e.", ""];
        let mut rows = Rows::new(header, [true, true, true, true, true, true, true, false]);
        for approach in &self.solver {
            rows.push([
                approach.steps.to_string(),
                number(approach.ratio.median),
                number(approach.ratio.ninetieth),
                nats(approach.excess.median),
                nats(approach.excess.ninetieth),
                nats(approach.over_exact.value),
                nats(approach.over_exact.standard_error),
                if approach.above_exact { "no bound" } else { "" }.into(),
            ]);
        }
        rows
    }
}

/// Four digits, whatever the size.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if !size.is_finite() => format!("{value}"),
        size if !(1e-3..1e5).contains(&size) => format!("{value:.3e}"),
        size => {
            let decimals = (3.0 - size.log10().floor()).clamp(0.0, 6.0) as usize;
            let text = format!("{value:.decimals$}");
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
        }
    }
}

fn nats(value: f64) -> String {
    format!("{value:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::diagnose;
    use ebm_core::models::{Generator, closed_form::LinearGaussian};
    use ebm_core::{geometry::Runtime, random::Random};

    #[test]
    fn numbers_have_four_digits() {
        for (value, expected) in [
            (0.0, "0"),
            (3.0, "3"),
            (0.012_345_6, "0.01235"),
            (123.456, "123.5"),
            (12_345.6, "12346"),
            (123_456.0, "1.235e5"),
            (4.5e-8, "4.500e-8"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn the_text_says_each_figure_its_unit_and_what_to_trust() {
        let space = Runtime { latent: 2, data: 2 };
        let generator = LinearGaussian::new(space, &[1.0, 0.0, 0.0, 40.0], &[0.0; 2], 0.0);
        let text = diagnose(&generator as &dyn Generator<_>, 5, Random::new(0)).unwrap().to_string();
        let line = |start: &str| {
            let found = text.lines().find(|line| line.trim_start().starts_with(start));
            let words = found.unwrap_or_else(|| panic!("{start} is not in\n{text}")).split_whitespace();
            words.map(String::from).collect::<Vec<_>>()
        };
        assert_eq!(line("condition number s_2 / s_1")[5..], ["40", "40", "40", "40", "40"]);
        assert_eq!(line("singular values below 0.001 s_2, of 2")[7..], ["0"; 5]);
        // 2 ln 1 and ln 40 above the entropy of z, ln(2 pi e) = 2.838.
        assert_eq!(line("H0 + d ln s_1")[7..], ["2.838", "0.000", "nats"]);
        assert_eq!(line("H0 + sum ln s_i")[7..], ["6.527", "0.000", "nats"]);
        assert_eq!(line("gap: sum over smallest")[4..], ["3.689", "0.000", "nats"]);
        assert!(line("0  ").ends_with(&["no".into(), "bound".into()]), "{text}");
        assert!(!line("50  ").contains(&"bound".to_string()), "{text}");
        assert!(text.contains("trusted above"), "{text}");
        assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
    }
}
