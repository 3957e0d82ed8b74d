//! The objects of a SavedModel, and what Keras wrote into them.
//!
//! Sources: `saved_object_graph.proto`; Keras up to 2.15 keeps the configuration of every layer as JSON in
//! `SavedUserObject.metadata`, later in `keras_metadata.pb`, and rebuilds a Lambda layer from the byte code in it
//! (CVE-2024-3660). Not looked at: which classes those configurations name; a class that is not registered is rebuilt
//! from the graph.

use std::collections::HashSet;

use super::graph::Fault;
use super::schema::Kind;
use crate::inspect::Scope;
use crate::inspect::json::{Tree, whole};
use crate::inspect::keras::KERAS_LAMBDA;
use crate::inspect::protobuf::Event;
use crate::weigh::View;

/// Faults that are told.
const TOLD: usize = 20;

/// What was read of them.
#[derive(Default)]
pub struct Objects {
    count: u64,
    /// The highest number of a child, and where it stands.
    child: Option<(u64, i64)>,
    /// Functions that objects are said to have.
    functions: Vec<(u64, String)>,
    /// What Keras wrote of the object at hand, and where.
    metadata: Vec<(u64, Vec<u8>)>,
}

impl Objects {
    /// An object begins.
    pub fn enter(&mut self) {
        self.count = self.count.saturating_add(1);
        self.metadata.clear();
    }

    /// Takes a field.
    pub fn meet(&mut self, kind: Kind, event: &Event<'_>, at: u64, view: &View<'_>) {
        match (kind, event) {
            (Kind::Child, Event::Number(1, child)) => {
                let child = i64::from(*child as i32);
                if self.child.is_none_or(|(_, most)| child > most || child < 0) {
                    self.child = Some((at, child));
                }
            }
            (Kind::Concrete, Event::Bytes(1, name)) => {
                self.functions.push((at, String::from_utf8_lossy(name).into_owned()));
            }
            (Kind::User, Event::Bytes(3, text)) => self.metadata.push((at, text.to_vec())),
            (Kind::User, Event::Length(3, range)) => {
                self.metadata.extend(view.read(range.clone()).ok().map(|text| (at, text)));
            }
            _ => {}
        }
    }

    /// An object ends.
    pub fn leave(&mut self, view: &View<'_>, scope: &mut Scope<'_>) {
        for (at, text) in std::mem::take(&mut self.metadata) {
            // Objects of other libraries write what they like.
            let _ = lambda(&text, at, view, scope);
        }
    }

    /// Objects and functions that are named and are not there.
    pub fn faults(&self, functions: &HashSet<String>) -> Vec<Fault> {
        let count = i64::try_from(self.count).unwrap_or(i64::MAX);
        let child = self.child.filter(|(_, child)| *child < 0 || *child >= count);
        let mut faults: Vec<_> = child
            .map(|(at, child)| (at, format!("an object has the child {child}, and there are {count} objects")))
            .into_iter()
            .collect();
        let missing = self.functions.iter().filter(|(_, function)| !functions.contains(function));
        faults.extend(missing.take(TOLD).map(|(at, function)| {
            (*at, format!("an object has the function {function:?}, which is not in the library"))
        }));
        faults
    }
}

/// Says so if a configuration holds a Lambda layer. `None` if it is no JSON.
pub fn lambda(text: &[u8], at: u64, view: &View<'_>, scope: &mut Scope<'_>) -> Option<()> {
    let tree = whole(text)?;
    let mut queue = vec![&tree];
    while let Some(value) = queue.pop() {
        if value.get("config").is_some()
            && value.all("class_name").filter_map(Tree::text).any(|class| class == "Lambda")
        {
            let at = at.min(view.len());
            let message = "the configuration of an object is that of a Lambda layer, which is Python code";
            scope.raise(&KERAS_LAMBDA, view, at..at, message);
            break;
        }
        queue.extend(value.values());
        queue.extend(value.members().iter().map(|(_, value)| value));
    }
    Some(())
}
