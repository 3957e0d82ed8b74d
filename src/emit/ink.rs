//! Colours by what they mean.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::model::{Judgement, Ruling, Severity, Verdict};

/// The styles of one document: all plain when colour is off.
#[derive(Clone, Copy)]
pub struct Ink {
    /// Forbidden.
    pub fail: Style,
    /// Could not be looked at.
    pub unknown: Style,
    /// Said, and no more.
    pub warn: Style,
    /// Good news.
    pub good: Style,
    /// What stands out without being good or bad.
    pub strong: Style,
    /// Lines and arrows that hold a card together.
    pub frame: Style,
    /// What may be overlooked.
    pub faint: Style,
}

impl Ink {
    /// Styles with colour, or plain ones.
    #[must_use]
    pub fn new(color: bool) -> Self {
        let bold = |color: AnsiColor| Style::new().fg_color(Some(color.into())).bold();
        let plain = Style::new();
        if !color {
            let (fail, unknown, warn, good, strong, frame, faint) = (plain, plain, plain, plain, plain, plain, plain);
            return Self { fail, unknown, warn, good, strong, frame, faint };
        }
        Self {
            fail: bold(AnsiColor::Red),
            unknown: bold(AnsiColor::Magenta),
            warn: bold(AnsiColor::Yellow),
            good: bold(AnsiColor::Green),
            strong: plain.bold(),
            frame: bold(AnsiColor::Blue),
            faint: plain.dimmed(),
        }
    }

    /// The style of a ruling.
    #[must_use]
    pub const fn of_ruling(&self, ruling: &Ruling) -> Style {
        match ruling {
            Ruling::Ok => self.strong,
            Ruling::Warn => self.warn,
            Ruling::Excused(_) => self.frame,
            Ruling::Unknown => self.unknown,
            Ruling::Fail => self.fail,
        }
    }

    /// The style of a severity, where no policy has spoken.
    #[must_use]
    pub const fn of_severity(&self, severity: Severity) -> Style {
        match severity {
            Severity::Info => self.strong,
            Severity::Low | Severity::Medium => self.warn,
            Severity::High | Severity::Critical => self.fail,
        }
    }

    /// The style of a verdict.
    #[must_use]
    pub const fn of_verdict(&self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Pass => self.good,
            Verdict::Unknown => self.unknown,
            Verdict::Fail => self.fail,
        }
    }

    /// The style of a callable's standing.
    #[must_use]
    pub const fn of_judgement(&self, judgement: Judgement) -> Style {
        match judgement {
            Judgement::Safe => self.faint,
            Judgement::Unknown => self.warn,
            Judgement::Dangerous => self.fail,
        }
    }
}

/// Text in a style. The text must be sanitised already.
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
