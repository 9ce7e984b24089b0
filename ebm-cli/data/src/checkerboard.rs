use crate::prelude::*;

/// Fields an axis.
const FIELDS: usize = 4;

/// The uniform distribution on the eight dark fields of a 4 x 4 checkerboard.
///
/// FFJORD's (Grathwohl et al., 2019) figure at half its size: the board is [-2, 2]^2, its upper left field is dark.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Checkerboard {
    /// Half the side of the board.
    #[default(2.0)]
    pub half_side: f64,
}

impl Checkerboard {
    fn field(&self) -> f64 {
        2.0 * self.half_side / FIELDS as f64
    }
}

impl Source for Checkerboard {
    fn sample(&self, n: usize, random: Random) -> Vec<Real> {
        let fields = choices(n, FIELDS * FIELDS / 2, random, "field");
        let across = uniforms(n, random, "across");
        let up = uniforms(n, random, "up");
        let place = |index: usize, offset: f64| (self.field() * (index as f64 + offset) - self.half_side) as Real;
        fields
            .into_iter()
            .zip(across.into_iter().zip(up))
            .flat_map(|(field, (across, up))| {
                let (column, pair) = (field % FIELDS, field / FIELDS);
                let row = 2 * pair + (column + 1) % 2;
                [place(column, across), place(row, up)]
            })
            .collect()
    }

    fn entropy(&self) -> Option<f64> {
        let area = (FIELDS * FIELDS / 2) as f64 * self.field() * self.field();
        Some(area.ln())
    }
}

impl DatasetSpec for Checkerboard {
    fn check(&self) -> Result<(), ConfigError> {
        require_positive("half_side", self.half_side)
    }
    load_endless!(clone);
}

register_dataset!(
    Checkerboard,
    name: "checkerboard",
    summary: "the dark fields of a 4 x 4 checkerboard (D = 2)",
    reference: "Grathwohl et al., FFJORD, ICLR 2019",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dark_fields_are_hit_all_equally_often_and_the_entropy_is_the_logarithm_of_their_area() {
        assert_eq!(Checkerboard::default().entropy(), Some(8.0f64.ln()));
        let mut seen = std::collections::BTreeMap::new();
        for row in Checkerboard::default().sample(8000, Random::new(1)).chunks(2) {
            let (column, up) = (row[0].floor() as i32 + 2, row[1].floor() as i32 + 2);
            assert!((0..4).contains(&column) && (0..4).contains(&up));
            // Upper left, (0, 3), is dark.
            assert_eq!((column + up) % 2, 1);
            *seen.entry((column, up)).or_insert(0usize) += 1;
        }
        // Binomial: standard deviation sqrt(8000 * 1/8 * 7/8) = 30.
        assert!(seen.len() == 8 && seen.values().all(|count| count.abs_diff(1000) < 150), "{seen:?}");
    }
}
