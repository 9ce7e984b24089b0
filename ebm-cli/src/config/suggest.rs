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
    let (given, length) = (given.to_lowercase(), given.chars().count());
    let limit = |candidate: &str| (candidate.len() / 3).max(1);
    // The distance is at least the difference of the lengths, and takes memory in proportion to both.
    let alike = candidates.iter().map(AsRef::as_ref);
    let alike = alike.filter(|candidate: &&str| candidate.chars().count().abs_diff(length) <= limit(candidate));
    let distance = |candidate: &str| strsim::damerau_levenshtein(&given, &candidate.to_lowercase());
    let measured = alike.map(|candidate| (distance(candidate), candidate));
    let near = measured.filter(|(distance, candidate)| *distance <= limit(candidate));
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
        assert_eq!(nearest(&"g".repeat(100_000_000), &names), None);
        assert_eq!(hint("colour", &names), "expected one of `iterations`, `weight`, `gp`");
    }
}
