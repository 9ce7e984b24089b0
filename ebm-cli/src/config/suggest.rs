//! Suggestions for misspelt names.

/// A hint for a misspelt name: the nearest candidate if one is near, else all of them.
pub fn hint<S: AsRef<str>>(given: &str, candidates: &[S]) -> String {
    match nearest(given, candidates) {
        Some(name) => format!("did you mean `{name}`?"),
        None if candidates.is_empty() => "nothing is expected here".into(),
        None => {
            let names: Vec<_> = candidates.iter().map(|name| format!("`{}`", name.as_ref())).collect();
            format!("expected one of {}", names.join(", "))
        }
    }
}

/// The candidate with the smallest edit distance, if at most a third of its letters differ.
pub fn nearest<'a, S: AsRef<str>>(given: &str, candidates: &'a [S]) -> Option<&'a str> {
    let given = given.to_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&given, &candidate.to_lowercase());
    let measured = candidates.iter().map(|candidate| (distance(candidate.as_ref()), candidate.as_ref()));
    let near = measured.filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1));
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let names = ["iterations", "weight", "gp"];
        assert_eq!(nearest("iteratons", &names), Some("iterations"));
        assert_eq!(nearest("wieght", &names), Some("weight"));
        assert_eq!(nearest("GPP", &names), Some("gp"));
        assert_eq!(nearest("colour", &names), None);
        assert_eq!(hint("colour", &names), "expected one of `iterations`, `weight`, `gp`");
    }
}
