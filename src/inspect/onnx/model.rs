//! What is known of a model once all of it was read.

use std::collections::{BTreeMap, BTreeSet};

use super::schema::is_known;
use super::{CUSTOM_OPERATOR, EXTERNAL_DATA, MALFORMED, operators};
use crate::inspect::Scope;
use crate::model::{Evidence, Severity};
use crate::weigh::View;

/// Files of one model that are followed.
const FILES: usize = 10_000;
/// Above all versions of operator sets that there will be for a while: two or three of the standard come with a year, and
/// 1.23 has the 28th. Others count as they please.
const NEWEST_SET: i64 = 48;
const NEWEST: i64 = 1000;
/// Above all versions of the format that there will be for a while: ONNX 1.20 is of version 13, one more every year.
const NEWEST_FORMAT: i64 = 32;

/// An operator or function: its domain and its name.
type Operator = (String, String);

/// The model as a whole.
#[derive(Default)]
pub struct Model {
    /// Version of the format.
    pub version: Option<u64>,
    /// Number of graphs.
    pub graphs: u32,
    /// Versions of operator sets by domain, and where each is named.
    pub opsets: BTreeMap<String, (u64, i64)>,
    /// Domains of operators outside of functions, and where each is first used.
    pub domains: BTreeMap<String, u64>,
    /// Functions.
    pub functions: BTreeSet<Operator>,
    /// Functions, each with the name that tells it from others of its name.
    pub overloads: BTreeSet<(Operator, String)>,
    /// Operators, and where each is first used.
    pub operators: BTreeMap<Operator, u64>,
    /// For each function, what it calls.
    pub calls: BTreeMap<Operator, BTreeSet<Operator>>,
    /// What the function at hand calls.
    pub pending: BTreeSet<Operator>,
    /// Functions that are open.
    pub in_function: u32,
    /// Files with data of tensors, and where the last of these ends; `None` if one takes all the rest.
    outside: BTreeMap<String, Option<u64>>,
}

impl Model {
    /// Data of a tensor lie in another file.
    pub fn take_outside(&mut self, location: &str, offset: Option<u64>, length: Option<u64>) {
        if location.is_empty() || (self.outside.len() >= FILES && !self.outside.contains_key(location)) {
            return;
        }
        let end = length.map(|length| offset.unwrap_or(0).saturating_add(length));
        let last = self.outside.entry(location.to_owned()).or_insert(Some(0));
        *last = last.zip(end).map(|(one, other)| one.max(other));
    }

    /// Says what follows. `whole` says that the model was read to its end.
    pub fn close(self, whole: bool, view: &View<'_>, scope: &mut Scope<'_>) {
        for ((domain, name), at) in &self.operators {
            let own = self.functions.contains(&(domain.clone(), name.clone()));
            let python = domain == "ai.onnx.contrib" && name.starts_with("Py") || name == "PyOp" || name == "PythonOp";
            let at = *at..at.saturating_add(1).min(view.len());
            if python {
                scope.raise(&CUSTOM_OPERATOR, view, at, format!("the operator {name:?} runs Python code"));
            } else if !own && operators::is_missing(domain, name) {
                // Plugins of TensorRT stand in the domain of the standard.
                let plugin = name.contains("TRT") || name.contains("Plugin");
                let severity = if plugin { Severity::Low } else { Severity::Medium };
                let message = format!("the operator {name:?} is none of the standard, in whose domain it stands");
                scope.add(Evidence::new(&CUSTOM_OPERATOR, message).rated(severity).at(view.place(at)));
            } else if !own && !is_known(domain) {
                let message =
                    format!("the operator {name:?} is of the domain {domain:?}, which no runtime brings itself");
                scope.raise(&CUSTOM_OPERATOR, view, at, message);
            }
        }
        if self.outside.len() >= FILES {
            scope.limit("external-data-files", FILES as u64, view);
        }
        if whole {
            for (at, what) in self.faults() {
                let at = at.min(view.len());
                scope.raise(&MALFORMED, view, at..at, what);
            }
        }
        // What lies in an archive has its data there, too.
        for (location, end) in self.outside.iter().filter(|_| view.depth() == 0) {
            let end = end.map_or_else(|| "?".to_owned(), |end| end.to_string());
            scope.contents().metadata.insert(format!("{EXTERNAL_DATA}{location}"), end);
        }
        if let Some(function) = self.circle() {
            let message = format!("the function {:?} calls itself, perhaps through others", function.1);
            scope.raise(&MALFORMED, view, 0..0, message);
        }
    }

    /// Versions that are missing or impossible, and domains without one.
    fn faults(&self) -> Vec<(u64, String)> {
        let mut faults = Vec::new();
        let version = self.version.map(u64::cast_signed);
        match version {
            None => faults.push((0, "the model does not say which version of the format it is of".to_owned())),
            Some(version) if !(1..=NEWEST_FORMAT).contains(&version) => {
                faults.push((0, format!("the model is of version {version} of the format, which there is not")));
            }
            Some(_) => {}
        }
        if self.graphs > 1 {
            faults.push((0, format!("the model has {} graphs", self.graphs)));
        }
        // Before the third version there were no operator sets.
        if version.is_none_or(|version| version >= 3) {
            if self.opsets.is_empty() {
                faults.push((0, "the model does not say which operator sets it is for".to_owned()));
            } else {
                let missing = self.domains.iter().filter(|(domain, _)| !self.opsets.contains_key(*domain));
                faults.extend(missing.take(20).map(|(domain, at)| {
                    let domain = if domain.is_empty() { "ai.onnx" } else { domain };
                    (*at, format!("the model uses the domain {domain:?} and does not say which version of it"))
                }));
            }
        }
        let newest = |domain: &str| if matches!(domain, "" | "ai.onnx.ml") { NEWEST_SET } else { NEWEST };
        let odd = self.opsets.iter().filter(|(domain, (_, version))| !(1..=newest(domain)).contains(version));
        faults.extend(odd.take(20).map(|(domain, (at, version))| {
            let domain = if domain.is_empty() { "ai.onnx" } else { domain };
            (*at, format!("the operator set {domain:?} is of version {version}, which there is not"))
        }));
        faults
    }

    /// A function that is part of a circle of calls, or leads into one: what is left when those that call nothing that
    /// is left are taken away again and again.
    fn circle(&self) -> Option<&Operator> {
        let mut callers: BTreeMap<&Operator, Vec<&Operator>> = BTreeMap::new();
        let mut left: BTreeMap<&Operator, usize> = BTreeMap::new();
        for (function, calls) in &self.calls {
            let inner: Vec<_> = calls.iter().filter(|call| self.calls.contains_key(*call)).collect();
            left.insert(function, inner.len());
            for call in inner {
                callers.entry(call).or_default().push(function);
            }
        }
        let mut done: Vec<_> = left.iter().filter(|(_, calls)| **calls == 0).map(|(function, _)| *function).collect();
        while let Some(function) = done.pop() {
            left.remove(function);
            for caller in callers.get(function).into_iter().flatten() {
                if let Some(calls) = left.get_mut(caller) {
                    *calls = calls.saturating_sub(1);
                    if *calls == 0 {
                        done.push(caller);
                    }
                }
            }
        }
        left.into_keys().next()
    }
}
