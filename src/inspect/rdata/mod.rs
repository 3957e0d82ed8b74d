//! R's serialized objects: `.rds` and `.RData`, mostly inside of gzip, bzip2 or xz.
//!
//! Loading restores promises, and a promise runs its code when its value is first looked at (CVE-2024-27322). Functions
//! and calls are ordinary in models; what they call is looked at. Sources: *R Internals* 1.8, `src/main/serialize.c`.
//! Not looked at: the byte code of compiled functions beyond their constants.

mod stream;
mod walk;

use super::{Inspector, Scope};
use crate::model::{Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;
use stream::Stream;
use walk::{Seen, Stop, Walk};

/// Code in data.
pub static R_CODE: Rule = Rule {
    id: "r-code",
    summary: "the R data holds code that runs when it is loaded or used, or that reaches out",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/r-code.md"),
    frameworks: &["CWE-502", "CWE-94", "AML.T0011.000"],
};

/// Not a whole serialization.
pub static R_MALFORMED: Rule = Rule {
    id: "r-malformed",
    summary: "the R data breaks the format of R's serialization, is cut off, or goes on after its end",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/r-malformed.md"),
    frameworks: &["CWE-20", "AML.T0076"],
};

/// The format.
pub struct RData;

impl Inspector for RData {
    fn format(&self) -> Format {
        Format::named("r-data")
    }

    /// `X\n`, `A\n` or `B\n` and a version; in `.RData` a mark goes before.
    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        let rest = head.get(5..).filter(|_| is_workspace(head)).unwrap_or(head);
        match rest {
            [b'X', b'\n', 0, 0, 0, 2 | 3, 0, ..] | [b'B', b'\n', 2 | 3, 0, 0, 0, ..] => true,
            [b'A', b'\n', b'2' | b'3', b'\n', digit, ..] => digit.is_ascii_digit(),
            // Written, or fetched, as a text under Windows.
            [b'A', b'\r', b'\n', b'2' | b'3', b'\r', b'\n', digit, ..] => digit.is_ascii_digit(),
            _ => is_workspace(head) && rest.len() < 7,
        }
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let head = view.read_up_to(0, 8).unwrap_or_default();
        let workspace = is_workspace(&head);
        let mut stream = Stream::new(view, if workspace { 5 } else { 0 });
        let mut walk = Walk::new(&mut stream, workspace);
        let outcome = walk.all();
        let seen = std::mem::take(&mut walk.seen);
        let at = stream.position().min(view.len());
        for (at, seen) in seen {
            say(at.min(view.len()), &seen, view, scope);
        }
        if let Some(trouble) = stream.trouble() {
            return scope.unreadable(view, &trouble);
        }
        match outcome {
            Err(Stop::Malformed(what)) => {
                scope.raise(&R_MALFORMED, view, at..view.len(), format!("at byte {at}: {what}"));
            }
            Err(Stop::Limit(what, limit)) => scope.limit(what, limit, view),
            Ok(()) if at < view.len() && !stream.only_space() => {
                let message = format!("{} bytes follow after the end", view.len() - at);
                scope.raise(&R_MALFORMED, view, at..view.len(), message);
            }
            Ok(()) => {}
        }
    }
}

fn is_workspace(head: &[u8]) -> bool {
    matches!(head, [b'R', b'D', b'X' | b'A' | b'B', b'2' | b'3', b'\n', ..])
}

fn say(at: u64, seen: &Seen, view: &View<'_>, scope: &mut Scope<'_>) {
    let (severity, message) = match seen {
        Seen::Promise { name } => {
            let whose = name.as_deref().map_or_else(|| "the value itself".to_owned(), |name| format!("{name:?}"));
            let message = format!("{whose} is a promise: its code runs when the value is first used (CVE-2024-27322)");
            (Severity::Critical, message)
        }
        Seen::ActiveBinding => (Severity::High, "a variable is an active binding: reading it calls a function".into()),
        Seen::Startup { name } => (Severity::High, format!("the workspace defines {name:?}, which R calls by itself")),
        Seen::Call { name, promised: true } => (Severity::Critical, format!("a promise calls {name}()")),
        Seen::Call { name, promised: false } => (Severity::High, format!("code in the data calls {name}()")),
    };
    let evidence = Evidence::new(&R_CODE, message).rated(severity);
    scope.add(evidence.at(view.place(at..at)).showing(view.excerpt(at..at)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArtifactPath, Limits};

    fn fired(bytes: &[u8]) -> Vec<(&'static str, Severity)> {
        let (path, limits) = (ArtifactPath::new("m.rds"), Limits::default());
        View::with_bytes(bytes, limits.structure_bytes, |view| {
            let mut scope = Scope::new(&path, &limits);
            crate::inspect::inspect_content(view, &mut scope);
            let seen = scope.close().evidence;
            seen.iter().map(|evidence| (evidence.rule.id, evidence.severity())).collect()
        })
    }

    /// ASCII form, version 2, written by R 4.3.
    fn ascii(words: &str) -> Vec<u8> {
        format!("A\n2\n262914\n131840\n{}\n", words.replace(' ', "\n")).into_bytes()
    }

    #[test]
    fn promises_and_calls_are_told_from_data() {
        assert_eq!(fired(&ascii("13 2 1 2")), []);
        assert_eq!(fired(&ascii("16 1 9 2 hi")), []);
        // system("id") as a value: a call that nobody makes unless asked to.
        let call = "6 1 9 6 system 2 16 1 9 2 id 254";
        assert_eq!(fired(&ascii(call)), [("r-code", Severity::High)]);
        // The same, promised: flags 5 with an environment before value and code.
        let promise = format!("1029 253 252 {call}");
        assert_eq!(fired(&ascii(&promise)), [("r-code", Severity::Critical), ("r-code", Severity::Critical)]);
        // lm(y ~ x)
        assert_eq!(fired(&ascii("6 1 9 2 lm 2 1 9 1 x 254")), []);
        assert_eq!(fired(&ascii("13 2 1 2 7")), [("r-malformed", Severity::Medium)]);
        assert_eq!(fired(&ascii("13 9999999 1")), [("r-malformed", Severity::Medium)]);
    }

    #[test]
    fn deep_lists_end() {
        let deep = "19 1 ".repeat(5000) + "254";
        assert_eq!(fired(&ascii(&deep)), [("limit-reached", Severity::Medium)]);
    }
}
