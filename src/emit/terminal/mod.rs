//! The report for people: what is wrong first, good news in short, one word at the end.

mod card;
mod closing;
mod inventory;
mod risks;
mod rulings;

use crate::model::{Check, Report};

use super::ink::{Ink, paint};
use super::layout;
use super::sanitize;

/// How to show a report.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Columns of the terminal; less than 40 counts as 40.
    pub width: usize,
    /// With colours. (`anstream` takes them away again where they are not wanted.)
    pub color: bool,
    /// Every finding, every fact, also those the policy does not mind.
    pub verbose: bool,
    /// The risks that a buyer asks about, assessed or not.
    pub risks: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: 100, color: false, verbose: false, risks: false }
    }
}

/// What every part of the page needs to know.
struct Page<'r> {
    report: &'r Report,
    ink: Ink,
    width: usize,
    verbose: bool,
    risks: bool,
}

impl Page<'_> {
    /// `label: text`, wrapped.
    fn labelled(&self, label: &str, text: &str) -> String {
        let used = layout::columns(label) + 1;
        format!("{} {}\n", paint(self.ink.strong, label), layout::wrap(text, used, 4, self.width))
    }
}

/// The whole page, with a line break at the end. Every string of a file is sanitised. The last line is the verdict.
#[must_use]
pub fn render(report: &Report, options: &Options) -> String {
    let page = Page {
        report,
        ink: Ink::new(options.color),
        width: options.width.max(40),
        verbose: options.verbose,
        risks: options.risks,
    };
    let mut out = opening(&page);
    out.push_str(&rulings::bad_news(&page));
    let good = rulings::good_news(&page);
    if !good.is_empty() {
        out.push_str(&good);
        out.push('\n');
    }
    out.push_str(&inventory::tables(&page));
    out.push_str(&risks::table(&page));
    out.push_str(&closing::unsaid(&page));
    out.push('\n');
    out.push_str(&closing::verdict(&page));
    out
}

fn opening(page: &Page<'_>) -> String {
    let report = page.report;
    let checks: Vec<&str> = report.checks.iter().map(|check: &Check| check.name()).collect();
    let text = format!("{} under policy {}", checks.join(", "), sanitize::short(&report.policy.name, 80));
    let subject = sanitize::short(&report.subject, 120);
    let text = layout::wrap(&text, layout::columns(&subject) + 2, 4, page.width);
    format!("{}: {}\n\n", paint(page.ink.strong, &subject), paint(page.ink.faint, text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sample;
    use super::*;

    #[test]
    fn a_failing_report_reads_like_this() {
        insta::assert_snapshot!(render(&sample::report(), &Options::default()));
    }

    #[test]
    fn a_clean_report_reads_like_this() {
        insta::assert_snapshot!(render(&sample::clean(), &Options::default()));
    }

    #[test]
    fn everything_reads_like_this() {
        let options = Options { width: 60, verbose: true, ..Options::default() };
        insta::assert_snapshot!(render(&sample::report(), &options));
    }

    #[test]
    fn colour_changes_no_word() {
        let colored = render(&sample::report(), &Options { color: true, ..Options::default() });
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), render(&sample::report(), &Options::default()));
    }

    proptest! {
        #[test]
        fn no_control_reaches_the_terminal(text in "\\PC{0,8}[\\x00-\\x1f\\x7f\u{80}-\u{9f}\u{202a}-\u{202e}]\\PC{0,8}",
                                           width in 0usize..200, verbose in any::<bool>()) {
            let mut report = sample::report();
            report.subject.clone_from(&text);
            report.policy.name.clone_from(&text);
            report.not_assessed = vec![text.clone()];
            for finding in &mut report.findings {
                finding.evidence.fact.message.clone_from(&text);
                finding.evidence.artifact = Some(crate::model::ArtifactPath::new(text.as_str()));
            }
            let shown = render(&report, &Options { width, verbose, color: false, risks: verbose });
            prop_assert!(!shown.chars().any(|c| c != '\n' && sanitize::is_hidden(c)));
        }
    }
}
