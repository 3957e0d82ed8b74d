//! What is known about exploitation: the forecasts of FIRST (EPSS) and the list of CISA (KEV).
//!
//! Sources: the daily EPSS table (CSV, `cve,epss,percentile` below a comment with the day), and the catalogue of Known
//! Exploited Vulnerabilities in JSON. Both speak of CVEs; an advisory is looked up by all of its names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Epss;

use super::record::Advisory;

/// Forecasts and known exploitation by CVE.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Score and percentile.
    #[serde(default)]
    pub epss: BTreeMap<String, (f64, f64)>,
    /// Day of the forecasts.
    #[serde(default)]
    pub scored: Option<String>,
    /// Day on which it was listed.
    #[serde(default)]
    pub exploited: BTreeMap<String, String>,
    /// Day of the list.
    #[serde(default)]
    pub listed: Option<String>,
}

impl Scores {
    /// True if there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.epss.is_empty() && self.exploited.is_empty()
    }

    /// Takes over what `other` has; each of the two tables is replaced as a whole.
    pub fn take(&mut self, other: Self) {
        if !other.epss.is_empty() {
            (self.epss, self.scored) = (other.epss, other.scored);
        }
        if !other.exploited.is_empty() {
            (self.exploited, self.listed) = (other.exploited, other.listed);
        }
    }

    /// Writes what is known into an advisory, and takes out what is known no more.
    pub fn tell(&self, advisory: &mut Advisory) {
        let names = || std::iter::once(&advisory.id).chain(&advisory.aliases);
        let scores = names().filter_map(|name| self.epss.get(name));
        let highest = scores.max_by(|one, two| one.0.total_cmp(&two.0));
        let exploited = names().filter_map(|name| self.exploited.get(name)).min().cloned();
        advisory.epss = highest.map(|(score, percentile)| Epss { score: *score, percentile: *percentile });
        advisory.exploited = exploited;
    }
}

/// True for the first bytes of an EPSS table.
pub fn is_epss(bytes: &[u8]) -> bool {
    bytes.starts_with(b"#model_version:") || bytes.starts_with(b"cve,epss,percentile")
}

/// True if this may be the catalogue of CISA.
pub fn is_kev(bytes: &[u8]) -> bool {
    let head = bytes.get(..1024).unwrap_or(bytes);
    head.windows(16).any(|window| window == b"\"catalogVersion\"")
}

/// Reads an EPSS table.
///
/// # Errors
/// Says in one line why it is none.
pub fn epss(bytes: &[u8]) -> Result<Scores, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    let mut scores = Scores::default();
    for (number, line) in text.lines().enumerate() {
        if let Some(comment) = line.strip_prefix('#') {
            let day = comment.split_once("score_date:").and_then(|(_, rest)| rest.get(..10));
            scores.scored = scores.scored.or_else(|| day.map(str::to_owned));
            continue;
        }
        if line.trim().is_empty() || line.starts_with("cve,") {
            continue;
        }
        let mut cells = line.split(',').map(str::trim);
        let share = |cell: Option<&str>| cell?.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
        let (name, score, percentile) = (cells.next(), share(cells.next()), share(cells.next()));
        let (Some(name), Some(score), Some(percentile)) = (name, score, percentile) else {
            return Err(format!("line {} is no row of a forecast", number.saturating_add(1)));
        };
        scores.epss.insert(name.to_owned(), (score, percentile));
    }
    if scores.epss.is_empty() { Err("a table of forecasts without a row".to_owned()) } else { Ok(scores) }
}

/// Reads the catalogue of Known Exploited Vulnerabilities.
///
/// # Errors
/// Says in one line why it is none.
pub fn kev(bytes: &[u8]) -> Result<Scores, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Catalogue {
        #[serde(default)]
        date_released: Option<String>,
        vulnerabilities: Vec<Entry>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Entry {
        #[serde(rename = "cveID")]
        cve: String,
        #[serde(default)]
        date_added: String,
    }
    let catalogue: Catalogue = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let day = |text: &str| text.chars().take(10).collect::<String>();
    let listed = catalogue.date_released.as_deref().map(day);
    let exploited: BTreeMap<String, String> =
        catalogue.vulnerabilities.into_iter().map(|entry| (entry.cve, day(&entry.date_added))).collect();
    if exploited.is_empty() {
        return Err("a catalogue without an entry".to_owned());
    }
    Ok(Scores { exploited, listed, ..Scores::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tables_are_read() {
        let table =
            b"#model_version:v2025.03.14,score_date:2099-01-02T00:00:00+0000\ncve,epss,percentile\nCVE-1,0.5,0.9\n";
        assert!(is_epss(table) && !is_kev(table));
        let mut scores = epss(table).unwrap();
        assert_eq!((scores.scored.as_deref(), scores.epss["CVE-1"]), (Some("2099-01-02"), (0.5, 0.9)));
        let list = br#"{"title": "x", "catalogVersion": "1", "dateReleased": "2099-02-03T00:00:00Z", "count": 1,
            "vulnerabilities": [{"cveID": "CVE-2", "dateAdded": "2098-01-01", "vendorProject": "y"}]}"#;
        assert!(is_kev(list));
        scores.take(kev(list).unwrap());
        assert_eq!((scores.epss.len(), scores.exploited["CVE-2"].as_str()), (1, "2098-01-01"));
        assert!(epss(b"cve,epss,percentile\nCVE-1,2,0.9\n").is_err() && epss(b"cve,epss,percentile\n").is_err());
        assert!(kev(br#"{"catalogVersion": "1", "vulnerabilities": []}"#).is_err());
    }
}
