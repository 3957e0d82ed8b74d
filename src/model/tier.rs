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
/// name, a higher one of the built-in tiers, or a higher one of the same track of SLSA, where each level implies those
/// below it (<https://slsa.dev/spec/v1.2/verification_summary#how-to-verify>).
#[must_use]
pub fn reaches(stated: &str, wanted: &str) -> bool {
    let (given, named) = (wanted, level(wanted));
    let wanted = if wanted.starts_with(PREFIX) { wanted } else { named.as_str() };
    let rung = |level: &str| LADDER.iter().position(|tier| level.strip_prefix(PREFIX) == Some(*tier));
    let higher = |(stated, wanted)| stated >= wanted;
    stated == wanted || rung(stated).zip(rung(wanted)).is_some_and(higher) || slsa(stated, given)
}

/// Levels of one track: `SLSA_BUILD_LEVEL_3` reaches `SLSA_BUILD_LEVEL_2`.
fn slsa(stated: &str, wanted: &str) -> bool {
    let parts = |level: &str| {
        let (track, number) = level.strip_prefix("SLSA_")?.split_once("_LEVEL_")?;
        Some((track.to_owned(), number.parse::<u32>().ok()?))
    };
    parts(stated).zip(parts(wanted)).is_some_and(|(stated, wanted)| stated.0 == wanted.0 && stated.1 >= wanted.1)
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
        assert!(reaches("SLSA_BUILD_LEVEL_3", "SLSA_BUILD_LEVEL_2"));
        assert!(!reaches("SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_2"));
        assert!(!reaches("SLSA_SOURCE_LEVEL_3", "SLSA_BUILD_LEVEL_2"));
        assert!(!reaches("SLSA_BUILD_LEVEL_UNEVALUATED", "SLSA_BUILD_LEVEL_1"));
    }

    #[test]
    fn no_name_makes_a_level_of_slsa() {
        assert_eq!(level("acme prod/eu"), "WEIGHBRIDGE_TIER_ACME_PROD_EU");
        assert!(!level("SLSA_BUILD_LEVEL_3").starts_with("SLSA_"));
    }
}
