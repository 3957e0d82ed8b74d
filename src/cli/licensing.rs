//! Which licences are stated in a tree, for a policy that restricts them.

use std::collections::BTreeMap;

use crate::deps;
use crate::emit::bill::Bill;
use crate::model::{Evidence, Report};

/// What is stated about the packages of an audit and about the tree itself: every statement, for where two disagree the
/// worse one may be true. A tree that is no model is asked for its own licence only where its manifest states one.
pub fn listed(report: &Report) -> Vec<Evidence> {
    let bill = Bill::of(report);
    let stated: BTreeMap<_, _> =
        bill.packages.iter().map(|locked| (&locked.package.purl, locked.licenses.as_slice())).collect();
    let packages = report.packages.iter().flat_map(|package| {
        let said = stated.get(&package.purl).copied().unwrap_or_default();
        let none = said.is_empty().then_some((package, None));
        said.iter().map(move |license| (package, Some(license.value.as_str()))).chain(none)
    });
    let mut evidence = deps::licences(packages);
    let own: Vec<_> = bill.stated_licenses().into_iter().map(|one| (one.value.as_str(), one.source.as_str())).collect();
    if bill.is_model || !own.is_empty() {
        evidence.extend(deps::licences_of_whole(own));
    }
    evidence
}
