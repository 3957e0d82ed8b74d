//! The text of a model card: its first paragraph, and the sections that buyers ask for.

/// Paragraphs of a card by what their heading announces.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Prose {
    /// The first paragraph under the title.
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

impl Prose {
    /// Takes the first paragraph of each section. Code, tables, images and markup are no paragraphs.
    pub(super) fn of(body: &str) -> Self {
        let mut prose = Self::default();
        let mut heading = String::new();
        let mut taken = false;
        let mut fenced = false;
        let mut paragraph = String::new();
        for line in body.lines().chain([""]) {
            let line = line.trim();
            if line.starts_with("```") {
                fenced = !fenced;
            }
            let title = (!fenced).then(|| line.strip_prefix('#')).flatten();
            let text = !fenced && title.is_none() && !line.is_empty() && !is_markup(line);
            if text {
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(line);
                continue;
            }
            if !paragraph.is_empty() {
                let finished = std::mem::take(&mut paragraph);
                if !taken {
                    prose.put(&heading, finished);
                    taken = true;
                }
            }
            if let Some(title) = title {
                heading = title.trim_start_matches('#').trim().to_lowercase();
                taken = false;
            }
        }
        prose
    }

    fn put(&mut self, heading: &str, paragraph: String) {
        let paragraph: String = paragraph.chars().take(TEXT).collect();
        let first = paragraph.split_once(':').map_or("", |(label, _)| label).to_lowercase();
        // A section may also be one paragraph that begins with its name: `Limitations: …`.
        let heading = if first.contains(' ') || first.is_empty() { heading } else { &first };
        let about = |words: &[&str]| words.iter().any(|word| heading.contains(word));
        if about(&["limitation", "bias", "risk", "out-of-scope"]) {
            self.limitations.push(paragraph);
        } else if about(&["intended use", "direct use", "use cases", "downstream use"]) {
            self.uses.push(paragraph);
        } else if about(&["ethic"]) {
            self.ethics.push(paragraph);
        } else if about(&["training data", "training procedure", "training details", "pretraining", "pre-training"]) {
            self.training.push(paragraph);
        } else if self.description.is_none() {
            self.description = Some(paragraph);
        }
    }
}

fn is_markup(line: &str) -> bool {
    line.starts_with(['<', '|', '!', '[', '>', '=']) || line.starts_with("```") || line.starts_with("---")
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
}
