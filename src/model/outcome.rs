//! How statements about a model end.

/// Why a statement of a kind that ends in a result does not say that all went well; `None` if it does, and for kinds
/// that end in none. A test that ended with warnings went well.
#[must_use]
pub fn not_passed(kind: &str, result: Option<&str>) -> Option<String> {
    let good: &[&str] = match kind {
        "summary" | "svr" => &["PASSED"],
        "test-result" => &["PASSED", "WARNED"],
        _ => return None,
    };
    match result {
        Some(word) if good.contains(&word) => None,
        Some("FAILED") => Some("says that it failed".to_owned()),
        None | Some("") => Some("does not say how it ended".to_owned()),
        Some(other) => Some(format!("says {other:?}, not PASSED")),
    }
}

#[cfg(test)]
mod tests {
    use super::not_passed;

    #[test]
    fn only_a_good_word_is_good() {
        assert_eq!(not_passed("summary", Some("PASSED")), None);
        assert_eq!(not_passed("test-result", Some("WARNED")), None);
        assert_eq!(not_passed("sbom", None), None);
        for (kind, result) in
            [("summary", Some("WARNED")), ("svr", None), ("test-result", Some("passed")), ("summary", Some("FAILED"))]
        {
            assert!(not_passed(kind, result).is_some(), "{kind} {result:?}");
        }
    }
}
