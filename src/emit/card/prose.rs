//! The text of a model card: its first paragraph, and the sections that buyers ask for.
//!
//! Of Markdown (CommonMark 0.31) only the blocks are told apart: headings in both forms, fenced code, tables, lists,
//! HTML and comments. What a template left to be filled in says nothing.

/// Paragraphs of a card by what their heading announces.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Prose {
    /// The first paragraph under the title, or of the section that describes the model.
    pub description: Option<String>,
    /// First paragraphs of sections about intended use.
    pub uses: Vec<String>,
    /// First paragraphs of sections about limits, bias and risk.
    pub limitations: Vec<String>,
    /// First paragraphs of sections about ethics.
    pub ethics: Vec<String>,
    /// First paragraphs of sections about training and its data.
    pub training: Vec<String>,
}

/// Characters of a paragraph that are kept.
const TEXT: usize = 1_000;

/// Bytes of a label at the beginning of a paragraph.
const LABEL: usize = 60;

/// Headings under which a model is described.
const DESCRIBING: [&str; 9] =
    ["description", "model details", "summary", "overview", "introduction", "about", "tl;dr", "abstract", "what is"];

/// Headings under which something else stands than what the model is.
const ASIDE: [&str; 29] = [
    "acknowledg",
    "architecture",
    "benchmark",
    "changelog",
    "citation",
    "cite",
    "contact",
    "content",
    "dependenc",
    "download",
    "evaluation",
    "example",
    "framework",
    "getting started",
    "how to",
    "hyperparameter",
    "inference",
    "install",
    "licen",
    "metric",
    "news",
    "quick",
    "recommend",
    "reference",
    "requirement",
    "result",
    "training",
    "usage",
    "use",
];

/// A block of the text.
enum Block {
    /// A heading, in lower case, and how deep it is.
    Heading(usize, String),
    /// A paragraph or a list.
    Paragraph { text: String, list: bool },
}

impl Prose {
    /// Takes the first paragraph of each section. Code, tables, images and markup are no paragraphs.
    pub(super) fn of(body: &str) -> Self {
        let mut prose = Self::default();
        let mut heading = String::new();
        let (mut headings, mut taken) = (0usize, false);
        // What describes the model, from the best place to the last resort.
        let mut described: [Option<String>; 3] = Default::default();
        for block in blocks(body) {
            match block {
                Block::Heading(level, text) => {
                    headings = headings.saturating_add(1);
                    // The first heading is the title, whatever its level.
                    heading = if headings == 1 && level == 1 { String::new() } else { text };
                    taken = false;
                }
                Block::Paragraph { text, list } => {
                    // A section may also be one paragraph that begins with its name: `Limitations: …`.
                    let labelled = label(&text).is_some_and(|label| prose.put(&label, &text));
                    if labelled || taken {
                        continue;
                    }
                    taken = prose.put(&heading, &text);
                    if taken || list {
                        continue;
                    }
                    taken = true;
                    let about = |words: &[&str]| words.iter().any(|word| heading.contains(word));
                    let rank = match () {
                        () if headings <= 1 && !about(&ASIDE) => 0,
                        () if heading.is_empty() => 0,
                        () if about(&DESCRIBING) => 1,
                        () if !about(&ASIDE) => 2,
                        () => continue,
                    };
                    if let Some(slot) = described.get_mut(rank) {
                        slot.get_or_insert(text);
                    }
                }
            }
        }
        prose.description = described.into_iter().flatten().next().map(cut);
        prose
    }

    /// Puts a paragraph where its heading says; false where that is none of the sections.
    fn put(&mut self, heading: &str, paragraph: &str) -> bool {
        let about = |words: &[&str]| words.iter().any(|word| heading.contains(word));
        let slot = if about(&["intended use", "direct use", "use cases", "downstream use", "primary use"])
            || ["uses", "intended usage"].contains(&heading)
        {
            &mut self.uses
        } else if about(&["limitation", "bias", "risk", "out-of-scope", "out of scope"]) {
            &mut self.limitations
        } else if about(&["ethic"]) {
            &mut self.ethics
        } else if about(&["training data", "training procedure", "training details", "pretraining", "pre-training"]) {
            &mut self.training
        } else {
            return false;
        };
        slot.push(cut(paragraph.to_owned()));
        true
    }
}

/// What a paragraph calls itself, in lower case: words in bold that it begins with, or one word before a colon.
fn label(paragraph: &str) -> Option<String> {
    let bold = paragraph.strip_prefix("**").and_then(|rest| rest.split_once("**"));
    let label = match bold {
        Some((label, _)) => label,
        None => paragraph.split_once(':').map(|(label, _)| label).filter(|label| !label.trim().contains(' '))?,
    };
    let label = label.trim_matches(|c: char| !c.is_alphanumeric());
    (!label.is_empty() && label.len() <= LABEL).then(|| label.to_lowercase())
}

fn cut(text: String) -> String {
    text.chars().take(TEXT).collect()
}

/// Headings and paragraphs, in order.
fn blocks(body: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines: Vec<&str> = Vec::new();
    let mut fence: Option<&str> = None;
    for whole in uncommented(body).lines().chain([""]) {
        let line = whole.trim();
        if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| line.starts_with(mark)) {
            flush(&mut blocks, &mut lines);
            match fence {
                Some(open) if open == mark => fence = None,
                Some(_) => {}
                None => fence = Some(mark),
            }
            continue;
        }
        if fence.is_some() {
            continue;
        }
        let underline = |mark: char| line.len() >= 2 && line.chars().all(|c| c == mark);
        if !lines.is_empty() && (underline('=') || underline('-')) {
            let title = std::mem::take(&mut lines).join(" ");
            blocks.push(Block::Heading(if underline('=') { 1 } else { 2 }, plain_heading(&title)));
            continue;
        }
        let marks = line.len().saturating_sub(line.trim_start_matches('#').len());
        let title = line
            .get(marks..)
            .filter(|rest| (1..=6).contains(&marks) && (rest.is_empty() || rest.starts_with([' ', '\t'])));
        if let Some(title) = title {
            flush(&mut blocks, &mut lines);
            blocks.push(Block::Heading(marks, plain_heading(title.trim_end_matches('#'))));
            continue;
        }
        let code = lines.is_empty() && (whole.starts_with("    ") || whole.starts_with('\t')) && !is_item(line);
        if line.is_empty() || code || is_markup(line) {
            flush(&mut blocks, &mut lines);
        } else if !is_placeholder(line) {
            // A list needs no empty line before it.
            if is_item(line) && lines.first().is_some_and(|first| !is_item(first)) {
                flush(&mut blocks, &mut lines);
            }
            lines.push(line);
        }
    }
    blocks
}

fn flush(blocks: &mut Vec<Block>, lines: &mut Vec<&str>) {
    let lines = std::mem::take(lines);
    let list = lines.first().is_some_and(|line| is_item(line));
    let text = lines.join(" ");
    if !text.is_empty() && !is_placeholder(&text) && !is_generated(&text) {
        blocks.push(Block::Paragraph { text, list });
    }
}

/// The text without `<!-- … -->`, outside of fenced code; a comment that is not closed goes on to the end.
fn uncommented(body: &str) -> String {
    let mut text = String::with_capacity(body.len());
    let (mut commented, mut fenced) = (false, false);
    for line in body.split_inclusive('\n') {
        let mark = line.trim_start();
        if !commented && (mark.starts_with("```") || mark.starts_with("~~~")) {
            fenced = !fenced;
        }
        let mut rest = line;
        while !rest.is_empty() && !fenced {
            let (before, after) = rest.split_once(if commented { "-->" } else { "<!--" }).unwrap_or((rest, ""));
            if !commented {
                text.push_str(before);
            }
            if before.len() == rest.len() {
                rest = "";
                break;
            }
            (commented, rest) = (!commented, after);
        }
        text.push_str(rest);
        if commented && line.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

fn plain_heading(title: &str) -> String {
    let plain = |c: &char| !matches!(c, '*' | '_' | '`');
    title.trim().chars().filter(plain).collect::<String>().trim().to_lowercase()
}

fn is_item(line: &str) -> bool {
    let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with("- ")
        || line.starts_with("* ")
        || line.starts_with("+ ")
        || (numbered.len() < line.len() && (numbered.starts_with(". ") || numbered.starts_with(") ")))
}

/// HTML, tables, quotations, rules, and lines of nothing but images and links.
fn is_markup(line: &str) -> bool {
    line.starts_with(['<', '|', '>']) || line.starts_with("---") || unlinked(line)
}

/// True if nothing is left of a line without its images and links, but signs between them.
fn unlinked(line: &str) -> bool {
    if !line.contains('[') {
        return !line.chars().any(char::is_alphanumeric);
    }
    let mut depth = 0usize;
    let mut last = ' ';
    for c in line.chars() {
        match c {
            '[' => depth = depth.saturating_add(1),
            '(' if depth > 0 || last == ']' => depth = depth.saturating_add(1),
            ']' | ')' => depth = depth.saturating_sub(1),
            c if depth == 0 && c.is_alphanumeric() => return false,
            _ => {}
        }
        last = c;
    }
    // A text in brackets without an address behind it is no link.
    line.contains("](") || line.contains("][")
}

/// What templates of cards have where nobody has written yet.
fn is_placeholder(text: &str) -> bool {
    let value =
        text.rsplit_once(':').map_or(text, |(label, value)| if value.trim().is_empty() { label } else { value });
    let word = value.trim().trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let marks = [
        "more information needed",
        "needs more information",
        "more info needed",
        "to be added",
        "to be completed",
        "coming soon",
        "todo",
        "tbd",
        "n/a",
    ];
    marks.contains(&word.as_str())
}

/// What programs write about a card that they have made themselves.
fn is_generated(text: &str) -> bool {
    let text = text.to_lowercase();
    let card = text.starts_with("this model card") || text.starts_with("this modelcard");
    card && (text.contains("generated") || text.contains("base template") || text.contains("been pushed on the hub"))
        || text.starts_with("this is the model card of a")
        || text.ends_with("more information needed for further recommendations.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_give_their_first_paragraph() {
        let body = "# Demo\n\n![badge](x)\n\nA small\nmodel.\n\nMore.\n\n## Limitations\n```\ncode\n```\nToy only.\n\nx\n\
                    ## Intended Uses\nTests.\n";
        assert_eq!(
            Prose::of(body),
            Prose {
                description: Some("A small model.".to_owned()),
                uses: vec!["Tests.".to_owned()],
                limitations: vec!["Toy only.".to_owned()],
                ..Prose::default()
            }
        );
        assert_eq!(Prose::of("# Demo\nLimitations: toy.\n").limitations, ["Limitations: toy."]);
        assert_eq!(Prose::of(""), Prose::default());
    }

    fn described(body: &str) -> Option<String> {
        Prose::of(body).description
    }

    #[test]
    fn comments_and_placeholders_say_nothing() {
        let template = "# Model Card for X\n\n<!-- Provide a quick\nsummary of what\n\nit does. -->\n\n## Model Details\n\n\
                        ### Model Description\n\n<!-- longer -->\n\nIt sorts letters.\n\n- **Developed by:** \
                        [More Information Needed]\n\n## Uses\n\n### Direct Use\n\n[More Information Needed]\n\n\
                        ## Bias, Risks, and Limitations\n\nMore information needed\n";
        let expected = Prose { description: Some("It sorts letters.".to_owned()), ..Prose::default() };
        assert_eq!(Prose::of(template), expected);
        assert_eq!(described("# X\n<!-- never closed\nIt is.\n"), None);
        assert_eq!(described("# X\n\n```\n<!--\n```\n\nIt is.\n"), Some("It is.".to_owned()));
    }

    #[test]
    fn the_description_is_of_the_model() {
        let words = |text: &str| Some(text.to_owned());
        assert_eq!(described("Title\n=====\n\nIt is.\n\nUsage\n-----\n\nRun it.\n"), words("It is."));
        assert_eq!(described("# X\n\n## Usage\n\nRun it.\n\n## Model description\n\nIt is.\n"), words("It is."));
        assert_eq!(described("# X\n\n## Citation\n\nCite it.\n"), None);
        assert_eq!(
            described("[![a](b)](c) [paper](d) | [code](e)\n\n# X\n\n[BERT](x) made small.\n"),
            words("[BERT](x) made small.")
        );
        assert_eq!(described("# X\n\nThis model card has been automatically generated.\n\nIt is.\n"), words("It is."));
        assert_eq!(described("| a | b |\n|---|---|\n| c | d |\n\nIt is.\n"), words("It is."));
    }

    #[test]
    fn paragraphs_with_a_label_are_sections_too() {
        let prose = Prose::of(
            "# X\n\nIt is:\n- a\n- b\n\n## Model Details\n*Note: under terms.*\n\n**Intended Use Cases** For chat.\n\n\
             **Out-of-scope Uses** Crime.\n\n## Bias\n\nUsers should know. More information needed for further recommendations.\n",
        );
        assert_eq!(prose.description.unwrap(), "It is:");
        assert_eq!(prose.uses, ["**Intended Use Cases** For chat."]);
        assert_eq!(prose.limitations, ["**Out-of-scope Uses** Crime."]);
    }

    #[test]
    fn a_heading_of_both_is_about_use() {
        let prose =
            Prose::of("# X\n\n## Intended uses & limitations\n\nFor tests.\n\n### Limitations and bias\n\nToy.\n");
        assert_eq!((prose.uses, prose.limitations), (vec!["For tests.".to_owned()], vec!["Toy.".to_owned()]));
    }
}
