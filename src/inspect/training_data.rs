//! Whether a model card says what the model was trained on.
//!
//! Read is the front matter of a `README.md` as the Hugging Face Hub defines it for model cards (`datasets`). Not looked
//! at: prose, whether the datasets exist, and whether they are the ones.

use super::{Scope, lines};
use crate::model::{Class, Evidence, Rule, Severity};
use crate::weigh::View;

/// The card names datasets.
pub static DATASET_NAMED: Rule = Rule {
    id: "dataset-named",
    summary: "the model card names the datasets that the model was trained on",
    severity: Severity::Info,
    class: Class::Inventory,
    page: include_str!("../rules/dataset-named.md"),
    frameworks: &["CWE-1059", "AML.T0020", "LLM04:2025"],
};

/// The card names none.
pub static DATASET_UNNAMED: Rule = Rule {
    id: "dataset-unnamed",
    summary: "the model card names no dataset that the model was trained on",
    severity: Severity::Info,
    class: Class::Inventory,
    page: include_str!("../rules/dataset-unnamed.md"),
    frameworks: &["CWE-1059", "AML.T0020", "LLM04:2025"],
};

/// Keys of which one at least stands in the card of a model, and none in that of a dataset or program.
static OF_MODELS: [&str; 5] = ["base_model", "library_name", "model-index", "model_name", "pipeline_tag"];
/// Bytes of front matter.
const LONGEST: usize = 1 << 16;
/// Datasets that a message names.
const NAMED: usize = 5;

/// Looks at a text. `name` is that of the file, in small letters.
pub fn inspect(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if name != "readme.md" || view.depth() > 0 {
        return;
    }
    let Some(matter) = front_matter(text) else { return };
    let keys = || matter.lines().filter_map(|line| Some(line.split_once(':')?.0));
    if !keys().any(|key| OF_MODELS.contains(&key)) {
        return;
    }
    let begin = matter.as_ptr() as usize - text.as_ptr() as usize;
    let (datasets, at) = datasets(matter);
    let evidence = if datasets.is_empty() {
        Evidence::new(&DATASET_UNNAMED, "the card says a task, library or base model, and no datasets")
    } else {
        let shown = datasets.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let more = datasets.len().saturating_sub(NAMED);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        Evidence::new(&DATASET_NAMED, format!("the card names {shown}{rest}")).with("count", datasets.len())
    };
    lines::raise(evidence, text, begin + at..begin + at, view, scope);
}

/// What stands between the first line, `---`, and the next one of the same.
fn front_matter(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches('\u{feff}').strip_prefix("---")?.trim_start_matches('\r').strip_prefix('\n')?;
    let end = rest.find("\n---")?;
    rest.get(..end).filter(|matter| matter.len() <= LONGEST)
}

/// The values of `datasets`, as a block or in brackets, and where the key stands.
fn datasets(matter: &str) -> (Vec<&str>, usize) {
    let mut at = 0;
    let mut lines = matter.split_inclusive('\n');
    for line in lines.by_ref() {
        if line.starts_with("datasets:") {
            break;
        }
        at += line.len();
    }
    let Some(rest) = matter.get(at..).and_then(|rest| rest.strip_prefix("datasets:")) else { return (Vec::new(), 0) };
    let (first, block) = rest.split_once('\n').unwrap_or((rest, ""));
    let inline = first.split('#').next().unwrap_or_default().trim().trim_matches(['[', ']']).split(',');
    let items = block.lines().take_while(|line| line.starts_with([' ', '-', '#']) || line.trim().is_empty());
    let items = items.filter_map(|line| line.trim_start().strip_prefix('-'));
    let plain = |value: &'_ str| -> bool { !value.is_empty() && !matches!(value, "null" | "~" | "none" | "None") };
    let all = inline.chain(items).map(|value| value.trim().trim_matches(['"', '\'']));
    (all.filter(|value| plain(value)).collect(), at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_brackets() {
        let of = |matter: &'static str| datasets(matter).0;
        assert_eq!(of("license: mit\ndatasets:\n- a/b\n- \"c\"\ntags:\n- x"), ["a/b", "c"]);
        assert_eq!(of("datasets: [a/b, c]"), ["a/b", "c"]);
        assert_eq!(of("datasets: a/b\n"), ["a/b"]);
        assert_eq!(of("datasets: []\ntags:\n- x"), Vec::<&str>::new());
        assert_eq!(of("tags:\n- x"), Vec::<&str>::new());
        assert_eq!(front_matter("---\r\na: b\r\n---\r\nx"), Some("a: b\r"));
        assert_eq!(front_matter("---\na: b\n"), None);
    }
}
