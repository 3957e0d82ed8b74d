//! Tiers as levels of a verification summary.

/// What every level of this project begins with.
const PREFIX: &str = "WEIGHBRIDGE_TIER_";

/// The built-in tiers, each of which asks for all that the ones before it ask for.
const LADDER: [&str; 3] = ["DEVELOPMENT", "PRODUCTION", "REGULATED"];

/// The level that a passed policy gives: `WEIGHBRIDGE_TIER_` and its name in capitals.
#[must_use]
pub fn level(policy: &str) -> String {
    let name: String =
        policy.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("{PREFIX}{name}")
}

/// True if a summary that states `stated` holds what `wanted` asks for: the same level, the level of a policy of that
/// name, or a higher one of the built-in tiers.
#[must_use]
pub fn reaches(stated: &str, wanted: &str) -> bool {
    let named = level(wanted);
    let wanted = if wanted.starts_with(PREFIX) { wanted } else { named.as_str() };
    let rung = |level: &str| LADDER.iter().position(|tier| level.strip_prefix(PREFIX) == Some(*tier));
    stated == wanted || rung(stated).zip(rung(wanted)).is_some_and(|(stated, wanted)| stated >= wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_tier_reaches_a_lower_one_and_no_other() {
        assert!(reaches("WEIGHBRIDGE_TIER_REGULATED", "production"));
        assert!(reaches("WEIGHBRIDGE_TIER_PRODUCTION", "WEIGHBRIDGE_TIER_PRODUCTION"));
        assert!(!reaches("WEIGHBRIDGE_TIER_DEVELOPMENT", "production"));
        assert!(reaches("WEIGHBRIDGE_TIER_ACME", "acme"));
        assert!(!reaches("WEIGHBRIDGE_TIER_REGULATED", "acme"));
        assert!(!reaches("production", "production"));
    }

    #[test]
    fn no_name_makes_a_level_of_slsa() {
        assert_eq!(level("acme prod/eu"), "WEIGHBRIDGE_TIER_ACME_PROD_EU");
        assert!(!level("SLSA_BUILD_LEVEL_3").starts_with("SLSA_"));
    }
}
