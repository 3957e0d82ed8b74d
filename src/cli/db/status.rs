//! `weighbridge db status`.

use std::process::ExitCode;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::args::{DbStatus, StatusFormat};
use super::super::exit::{self, Mistake};
use super::super::{judging, output};
use crate::advisory::{About, Database};
use crate::emit::sanitize;
use crate::model::Verdict;
use crate::policy;

/// Seconds.
const DAY: i64 = 86_400;

/// What a database holds, how old it is, and whether every byte of it is as it was written. One that is not fails; one
/// that is older than asked for, or of a day yet to come, is unknown.
pub fn run(args: &DbStatus) -> Result<ExitCode, Mistake> {
    let path = super::target(args.db.as_deref())?;
    let database = Database::open(&path)?;
    let whole = database.check();
    let age = age(database.about(), judging::now(args.now.as_deref())?);
    let limit = args.max_age.as_deref().map(policy::seconds).transpose().map_err(Mistake::new)?;
    let fresh = |days: i32, limit: i64| days >= 0 && i64::from(days).saturating_mul(DAY) <= limit;
    let stale = limit.is_some_and(|limit| !age.is_some_and(|days| fresh(days, limit)));
    let text = match args.format {
        StatusFormat::Json => format!("{:#}\n", document(&database, &whole, age, stale)),
        StatusFormat::Terminal => words(&output::shown(&path), database.about(), &whole, age),
    };
    output::document(&text, None)?;
    Ok(exit::code(match (&whole, stale) {
        (Err(_), _) => Verdict::Fail,
        (Ok(()), true) => Verdict::Unknown,
        (Ok(()), false) => Verdict::Pass,
    }))
}

/// Days since it was known to be whole; negative for a day yet to come.
fn age(about: &About, now: Timestamp) -> Option<i32> {
    let day: Date = about.current()?.parse().ok()?;
    now.to_zoned(TimeZone::UTC).date().since(day).ok().map(|span| span.get_days())
}

fn in_words(age: Option<i32>) -> String {
    match age {
        None => "unknown".to_owned(),
        Some(days) if days < 0 => {
            format!("unknown: it says that it is of a day yet to come, in {} days", days.unsigned_abs())
        }
        Some(days) => format!("{days} days"),
    }
}

fn document(database: &Database, whole: &Result<(), String>, age: Option<i32>, stale: bool) -> Value {
    let about = database.about();
    json!({
        "schema": "weighbridge/db-status/v1",
        "digest": format!("sha256:{}", about.digest),
        "advisories": about.advisories,
        "sources": about.sources,
        "ecosystems": about.ecosystems,
        "newest": about.newest,
        "current": about.current(),
        "age_days": age,
        "stale": stale,
        "malformed": about.malformed(),
        "forecasts": { "count": about.forecasts.0, "day": about.forecasts.1 },
        "exploited": { "count": about.exploited.0, "day": about.exploited.1 },
        "origins": about.origins,
        "integrity": whole.as_ref().err().map_or_else(|| "whole".to_owned(), |why| format!("broken: {why}")),
    })
}

fn words(path: &str, about: &About, whole: &Result<(), String>, age: Option<i32>) -> String {
    let counts = |pairs: Vec<(String, u64)>| {
        pairs.into_iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
    };
    let sources = counts(about.sources.iter().map(|(name, count)| (name.clone(), *count)).collect());
    let ecosystems = counts(about.ecosystems.iter().map(|(name, count)| (name.to_string(), *count)).collect());
    let mut lines = vec![
        ("database", path.to_owned()),
        ("digest", format!("sha256:{}", about.digest)),
        ("advisories", format!("{}: {ecosystems}", about.advisories)),
        ("by prefix", sources),
        ("newest", about.newest.clone().unwrap_or_else(|| "of an unknown day".to_owned())),
        ("age", in_words(age)),
    ];
    let mut table = |name, (count, day): &(u64, Option<String>)| {
        if *count > 0 {
            lines.push((name, format!("{count} CVEs, of {}", day.as_deref().unwrap_or("an unknown day"))));
        }
    };
    table("forecasts", &about.forecasts);
    table("exploited", &about.exploited);
    for origin in &about.origins {
        let asked = origin.fetched.as_deref().map(|day| format!(", asked {day}")).unwrap_or_default();
        let from = origin.url.as_deref().map(|url| format!(", {url}")).unwrap_or_default();
        lines.push(("origin", format!("{}: {} records{asked}{from}", origin.name, origin.records)));
        lines.extend(super::passed_over(origin).map(|passed| ("left out", passed)));
        let bad = origin.objections.iter().map(|(name, why)| ("malformed", format!("{name}: {why}")));
        lines.extend(bad);
        let more = origin.malformed.saturating_sub(origin.objections.len() as u64);
        if more > 0 {
            lines.push(("malformed", format!("{more} more")));
        }
    }
    let whole = whole
        .as_ref()
        .err()
        .map_or_else(|| "every byte is as it was written".to_owned(), |why| format!("broken: {why}"));
    lines.push(("integrity", whole));
    lines.into_iter().map(|(name, text)| format!("{name:10}  {}\n", sanitize::line(&text))).collect()
}
