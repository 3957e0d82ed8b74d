//! Which licences are stated in a tree, for a policy that restricts them.

use std::collections::BTreeMap;

use crate::deps;
use crate::emit::bill::Bill;
use crate::model::{Evidence, Report};

/// What is stated about the packages of an audit and about the tree itself. A tree that is no model is asked for its
/// own licence only where its manifest states one.
pub fn listed(report: &Report) -> Vec<Evidence> {
    let bill = Bill::of(report);
    let stated: BTreeMap<_, _> = bill
        .packages
        .iter()
        .filter_map(|locked| Some((&locked.package.purl, locked.license.as_ref()?.value.as_str())))
        .collect();
    let packages = report.packages.iter().map(|package| (package, stated.get(&package.purl).copied()));
    let mut evidence = deps::licences(packages);
    let own: Vec<_> = bill.licenses().into_iter().map(|one| (one.value.as_str(), one.source.as_str())).collect();
    if bill.is_model || !own.is_empty() {
        evidence.extend(deps::licences_of_whole(own));
    }
    evidence
}
