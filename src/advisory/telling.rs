//! A flaw of a package, in words and values that somebody can act on.

use jiff::civil::Date;

use crate::model::{AdvisoryMatch, Assurance, Evidence, Package, PackageSource, Place, Rule};

use super::audit::{
    ADVISORY_NOTICE, ADVISORY_UNCLEAR, MALICIOUS_PACKAGE, UNMAINTAINED_PACKAGE, UNSOUND_PACKAGE, VULNERABLE_PACKAGE,
};
use super::matching::Affects;
use super::merge::Flaw;
use super::paths::Paths;
use super::record::{self, Kind};
use super::remedy::Remedy;

/// What is the same for every flaw of one package.
pub struct Telling<'a> {
    /// The package.
    pub package: &'a Package,
    /// The ways to it.
    pub paths: &'a Paths<'a>,
    /// The way out.
    pub remedy: Remedy,
    /// The day of the audit.
    pub today: Option<Date>,
}

impl Telling<'_> {
    /// The evidence of one flaw.
    pub fn told(&self, flaw: Flaw, answer: Affects) -> Evidence {
        let package = self.package;
        let Flaw { advisory, aliases, severity, sources } = flaw;
        let rule: &'static Rule = match (answer, advisory.kind) {
            (Affects::Unclear | Affects::CommitsOnly | Affects::No, _) => &ADVISORY_UNCLEAR,
            (_, Kind::Vulnerability) => &VULNERABLE_PACKAGE,
            (_, Kind::Malicious) => &MALICIOUS_PACKAGE,
            (_, Kind::Unmaintained) => &UNMAINTAINED_PACKAGE,
            (_, Kind::Unsound) => &UNSOUND_PACKAGE,
            (_, Kind::Notice) => &ADVISORY_NOTICE,
        };
        let (name, version, id) = (&package.name, &package.version, &advisory.id);
        let title = if advisory.title.is_empty() { String::new() } else { format!(": {}", advisory.title) };
        let exploited = advisory.exploited.as_ref().map(|day| format!("; exploited, says CISA since {day}"));
        let exploited = exploited.unwrap_or_default();
        let message = match (rule == &ADVISORY_UNCLEAR, &package.source) {
            (true, _) => format!("whether {id} affects {name} {version} cannot be told from its versions{title}"),
            (false, PackageSource::PublicRegistry) => format!("{name} {version} is affected by {id}{title}{exploited}"),
            (false, _) => {
                format!("{name} {version} is affected by {id} if its code is the registry's{title}{exploited}")
            }
        };
        let mut evidence = Evidence::new(rule, message)
            .at(Place::Package { purl: package.purl.clone(), line: package.line })
            .with("sources", sources.into_iter().collect::<Vec<_>>());
        if let Some(days) = self.days(advisory.published.as_deref()) {
            evidence = evidence.with("days_public", days);
        }
        if package.source != PackageSource::PublicRegistry {
            evidence = evidence.known_by(Assurance::Declared);
        }
        if let Some(severity) = severity.filter(|_| rule == &VULNERABLE_PACKAGE) {
            evidence = evidence.rated(severity);
        }
        let worst = advisory.cvss.iter().max_by_key(|vector| record::severity(vector)).cloned();
        evidence.advisory = Some(Box::new(AdvisoryMatch {
            upgrade: self.remedy.from(&advisory),
            id: advisory.id,
            aliases,
            title: advisory.title,
            cvss: worst,
            url: advisory.url,
            published: advisory.published,
            modified: advisory.modified,
            epss: advisory.epss,
            exploited: advisory.exploited,
            fixed: advisory.fixed,
            name: package.name.clone(),
            version: package.version.clone(),
            direct: self.paths.direct(package),
            ecosystem: package.ecosystem,
            purl: package.purl.clone(),
            paths: self.paths.to(package),
        }));
        evidence
    }

    /// Days since then.
    fn days(&self, published: Option<&str>) -> Option<i32> {
        let day: Date = published?.parse().ok()?;
        Some(self.today?.since(day).ok()?.get_days().max(0))
    }
}
