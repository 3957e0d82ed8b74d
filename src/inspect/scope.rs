//! Where inspectors write down what they find in one file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::pickle::Lists;
use super::secrets::Hidden;
use crate::model::{ArtifactPath, Call, Code, Contents, Evidence, Format, Limits, Rule, Severity};
use crate::weigh::{Inspection, Observer, Unreadable, View};

/// The findings of one file, members included.
pub struct Scope<'l> {
    /// The file. A name is a claim to compare with, never a reason to choose an inspector.
    pub path: &'l ArtifactPath,
    /// Bounds.
    pub limits: &'l Limits,
    /// What is known of callables.
    pub lists: &'l Lists,
    /// What the container is that the member at hand is of, where its name makes a difference.
    pub container: Option<Format>,
    /// False where only contents are asked for: what texts say is then left alone.
    pub judges_texts: bool,
    /// False where nobody reads the trace: of calls that are known to be harmless only the first is then listed.
    pub traces: bool,
    seen: Inspection,
    raised: BTreeMap<&'static str, Raised>,
    hidden: Vec<Hidden>,
    storages: BTreeSet<Storage>,
    /// Packed chunks of arrays whose description was not seen yet.
    chunks: Vec<String>,
    members: u64,
    classes: BTreeSet<String>,
    defined: BTreeSet<String>,
    /// The archive has no directory: it is cut off.
    pub cut_off: bool,
    /// What is looked at was unpacked up to a limit: that it ends too early says nothing.
    pub partial: bool,
    /// A pickle was followed behind the limit up to which it was unpacked.
    pub looked_behind: bool,
    /// Containers around what is looked at that hold nothing but the next one.
    pub lonely: u32,
    /// How many times longer what is looked at is than the bytes of the file that it was unpacked from.
    pub expansion: u64,
    /// Shapes that the configuration of a model of Keras promises, each with what it is of.
    pub promised: Vec<(Vec<u64>, String)>,
    /// Shapes of the arrays in the weights of a model of Keras, once all are known.
    pub arrays: Option<Vec<Vec<u64>>>,
}

/// How often a rule was raised.
#[derive(Default)]
struct Raised {
    /// In all.
    count: u64,
    /// The least severity of those that are listed.
    mildest: Option<Severity>,
}

/// A storage of PyTorch as a pickle speaks of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Storage {
    /// Its name, which is that of a member of the archive.
    pub key: String,
    /// Its class, which says how wide its elements are.
    pub class: String,
    /// Number of its elements.
    pub elements: i64,
}

impl<'l> Scope<'l> {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(path: &'l ArtifactPath, limits: &'l Limits) -> Self {
        let (raised, storages) = (BTreeMap::new(), BTreeSet::new());
        Self {
            path,
            limits,
            lists: Lists::built_in(),
            container: None,
            judges_texts: true,
            traces: true,
            seen: Inspection::default(),
            raised,
            hidden: Vec::new(),
            storages,
            chunks: Vec::new(),
            members: 0,
            classes: BTreeSet::new(),
            defined: BTreeSet::new(),
            cut_off: false,
            partial: false,
            looked_behind: false,
            lonely: 0,
            expansion: 1,
            promised: Vec::new(),
            arrays: None,
        }
    }

    /// Writes down evidence about a range of a view, with the bytes for people to look at.
    pub fn raise(&mut self, rule: &'static Rule, view: &View<'_>, range: Range<u64>, message: impl Into<String>) {
        let excerpt = if self.lists(rule, rule.severity) { view.excerpt(range.clone()) } else { None };
        self.add(Evidence::new(rule, message).at(view.place(range)).showing(excerpt));
    }

    /// Writes down evidence that was put together elsewhere. After [`Limits::repeats`] of one rule the rest is
    /// counted, not listed; what is worse than one that is listed takes its place, so that nothing hides behind many
    /// harmless ones.
    pub fn add(&mut self, evidence: Evidence) {
        let broken = ["malformed", "truncated", "mismatch"].iter().any(|end| evidence.rule.id.ends_with(end));
        if self.partial && broken && evidence.severity() <= Severity::Medium {
            return;
        }
        let raised = self.raised.entry(evidence.rule.id).or_default();
        raised.count += 1;
        if raised.count <= self.limits.repeats {
            raised.mildest =
                Some(raised.mildest.map_or(evidence.severity(), |mildest| mildest.min(evidence.severity())));
            return self.seen.evidence.push(evidence.of(self.path));
        }
        if raised.mildest.is_some_and(|mildest| mildest < evidence.severity()) {
            let rule = evidence.rule.id;
            let same = |seen: &&mut Evidence| seen.rule.id == rule;
            if let Some(mild) = self.seen.evidence.iter_mut().filter(same).min_by_key(|seen| seen.severity()) {
                *mild = evidence.of(self.path);
            }
            raised.mildest =
                self.seen.evidence.iter().filter(|seen| seen.rule.id == rule).map(Evidence::severity).min();
        }
    }

    /// True if evidence of this rule and severity would be listed.
    #[must_use]
    pub fn lists(&self, rule: &'static Rule, severity: Severity) -> bool {
        self.raised.get(rule.id).is_none_or(|raised| {
            raised.count < self.limits.repeats || raised.mildest.is_some_and(|mildest| mildest < severity)
        })
    }

    /// Writes down what there is to say, if anything.
    pub fn add_all(&mut self, evidence: impl IntoIterator<Item = Evidence>) {
        evidence.into_iter().for_each(|evidence| self.add(evidence));
    }

    /// True if one more call that is known to be harmless is to be listed.
    #[must_use]
    pub const fn traces_another(&self) -> bool {
        self.traces || self.seen.contents.calls.is_empty()
    }

    /// A limit stopped the inspection of this view.
    pub fn limit(&mut self, what: &'static str, value: u64, view: &View<'_>) {
        self.add(Unreadable::limit_evidence(what, value, view.place(0..view.len())));
    }

    /// Bytes could not be had. Truncation is for the caller to judge as a defect of its format; limits and changes
    /// are written down here.
    pub fn unreadable(&mut self, view: &View<'_>, trouble: &Unreadable) {
        match trouble {
            Unreadable::Limit { what, limit } => self.limit(what, *limit, view),
            Unreadable::PastEnd(..) | Unreadable::Changed(_) => {
                // The pass itself finds the change when it compares the ledger and the file's status.
            }
        }
    }

    /// Members of containers that may still be looked at: [`Limits::entries`] of one file, over all nesting.
    #[must_use]
    pub const fn members_left(&self) -> u64 {
        self.limits.entries.saturating_sub(self.members)
    }

    /// Counts members of a container.
    pub const fn count_members(&mut self, count: u64) {
        self.members = self.members.saturating_add(count);
    }

    /// How often a rule was raised so far.
    #[must_use]
    pub fn times(&self, rule: &'static Rule) -> u64 {
        self.raised.get(rule.id).map_or(0, |raised| raised.count)
    }

    /// The file is of that format, perhaps among others.
    pub fn recognise(&mut self, format: Format) {
        if !self.seen.formats.contains(&format) {
            self.seen.formats.push(format);
        }
    }

    /// Formats recognised so far.
    #[must_use]
    pub fn formats(&self) -> &[Format] {
        &self.seen.formats
    }

    /// Inventory, to be added to.
    pub const fn contents(&mut self) -> &mut Contents {
        &mut self.seen.contents
    }

    /// Writes down that a configuration has a module of the repository loaded.
    pub fn names_code(&mut self, module: &str) {
        let code = self.seen.contents.code.get_or_insert_default();
        if code.imports.len() < 1000 {
            code.imports.push(module.to_owned());
        }
    }

    /// Writes down that a configuration has a function of the repository called, by its full name.
    pub fn names_function(&mut self, function: &str) {
        let code = self.seen.contents.code.get_or_insert_default();
        if code.used.len() < 1000 {
            code.used.push(function.to_owned());
        }
    }

    /// Lists a callable, up to 10,000 of them.
    pub fn call(&mut self, call: Call) {
        if self.seen.contents.calls.len() < 10_000 {
            self.seen.contents.calls.push(call);
        }
    }

    /// A pickle asks for a storage.
    pub fn storage(&mut self, storage: Storage) {
        if (self.storages.len() as u64) < self.limits.entries {
            self.storages.insert(storage);
        }
    }

    /// Code of TorchScript names a class or function of its archive.
    pub fn names_class(&mut self, name: &str) {
        if (self.classes.len() as u64) < self.limits.entries && !self.classes.contains(name) {
            self.classes.insert(name.to_owned());
        }
    }

    /// Code of TorchScript defines a class or function.
    pub fn defines_class(&mut self, name: String) {
        if (self.defined.len() as u64) < self.limits.entries {
            self.defined.insert(name);
        }
    }

    /// The classes and functions that were named since this was last called, and those that were defined.
    pub fn take_classes(&mut self) -> (BTreeSet<String>, BTreeSet<String>) {
        (std::mem::take(&mut self.classes), std::mem::take(&mut self.defined))
    }

    /// The storages that were asked for since this was last called.
    pub fn take_storages(&mut self) -> BTreeSet<Storage> {
        std::mem::take(&mut self.storages)
    }

    /// Remembers a member that is a packed chunk of an array, if the description of that array is found. False if there
    /// are too many.
    pub fn put_off(&mut self, name: &str) -> bool {
        let room = (self.chunks.len() as u64) < self.limits.entries;
        if room {
            self.chunks.push(name.to_owned());
        }
        room
    }

    /// Forgets those of which this is true.
    pub fn take_chunks(&mut self, mut explained: impl FnMut(&str) -> bool) {
        self.chunks.retain(|name| !explained(name));
    }

    /// Wants to see the payload as it is hashed.
    pub fn observe(&mut self, observer: Box<dyn Observer>) {
        self.seen.observers.push(observer);
    }

    /// A secret: nothing that is said about the file may give it away.
    pub fn hide(&mut self, secret: Hidden) {
        if self.hidden.len() < 1000 {
            self.hidden.push(secret);
        }
    }

    /// What was found. Evidence that was counted and not listed is summed up in its last listed one.
    #[must_use]
    pub fn close(mut self) -> Inspection {
        let counts = self.raised.into_iter().map(|(rule, raised)| (rule, raised.count));
        for (rule, count) in counts.filter(|(_, count)| *count > self.limits.repeats) {
            if let Some(last) = self.seen.evidence.iter_mut().rev().find(|evidence| evidence.rule.id == rule) {
                let more = count - self.limits.repeats;
                last.fact.message.push_str(&format!(" (and {more} more like this in the file)"));
                last.fact.details.insert("more".to_owned(), more.into());
            }
        }
        let code = self.seen.contents.code.iter_mut().flat_map(|code| {
            let Code { loaded, called, .. } = code.as_mut();
            loaded.iter_mut().chain(called.iter_mut().map(|(_, evidence)| evidence))
        });
        for evidence in self.seen.evidence.iter_mut().chain(code) {
            self.hidden.iter().for_each(|hidden| hidden.cover(evidence));
        }
        for call in &mut self.seen.contents.calls {
            for hidden in &self.hidden {
                if let Some(text) = call.arguments.as_mut().filter(|text| text.contains(&hidden.secret)) {
                    *text = text.replace(&hidden.secret, "…");
                }
            }
        }
        self.seen
    }
}
