//! From the first object to all others.

use std::collections::{BTreeMap, BTreeSet};

use super::attributes::Attributes;
use super::dataset::Dataset;
use super::datatype::{Class, datatype};
use super::fields::{Fault, Held, Why, broken, hold, unread};
use super::file::File;
use super::header::{Header, Message};
use super::layout::{Layout, layout};
use super::links::{Link, Target, link};
use super::messages::{fill, filters, shared_object, space};
use super::symbols::Symbols;
use super::{HDF5_EXTERNAL_FILE, HDF5_MALFORMED, SEARCHED};
use crate::inspect::Scope;
use crate::inspect::claim::FORMAT_NOT_INSPECTED;
use crate::inspect::keras;
use crate::model::{Evidence, Format, Severity};
use crate::weigh::View;

/// Bytes of a dataset that nobody calls large, and how many times more than the file holds it may declare.
const LARGE: u64 = 4 << 30;
const TIMES: u64 = 1000;
/// As many times more as no writer of data comes to.
const BOMB: u64 = 100_000;
/// Faults of one file that are told.
const FAULTS: usize = 32;

/// Follows the structure of a file.
pub fn follow(view: &View<'_>, scope: &mut Scope<'_>) {
    let mut file = match File::read(view) {
        Ok(file) => file,
        Err(fault) => return tell(vec![fault], view, scope),
    };
    let mut walk = Walk {
        faults: std::mem::take(&mut file.faults),
        seen: BTreeSet::new(),
        queue: vec![file.root],
        cached: BTreeMap::new(),
        links: BTreeMap::new(),
        counts: BTreeMap::new(),
        attributes: Attributes::default(),
        unpacked: 0,
        arrays: Vec::new(),
        file,
    };
    walk.links.insert(walk.file.root, 1);
    walk.root();
    while let Some(at) = walk.queue.pop() {
        if !walk.seen.insert(at) {
            continue;
        }
        if walk.seen.len() as u64 > scope.limits.entries {
            scope.limit("entries", scope.limits.entries, view);
            return tell(walk.faults, view, scope);
        }
        match walk.file.header(at) {
            Ok(header) => walk.object(at, header, scope),
            Err(fault) => walk.note(fault),
        }
        if walk.faults.iter().any(|fault| matches!(fault.why, Why::Stopped(_))) {
            return tell(walk.faults, view, scope);
        }
    }
    walk.compare();
    let keras = scope.container == Some(Format::named("keras")) && view.entry() == Some("model.weights.h5");
    if walk.faults.is_empty() && keras {
        scope.arrays = Some(std::mem::take(&mut walk.arrays));
    }
    if walk.faults.is_empty() {
        walk.attributes.judge(walk.file.root, view, scope);
        // In an archive of Keras the model stands beside the weights, and the two are held together there.
        if let Some(model) = walk.attributes.model(walk.file.root).filter(|_| !keras && scope.promised.is_empty()) {
            scope.promised = keras::promises(&model);
            scope.arrays = Some(std::mem::take(&mut walk.arrays));
            keras::compare(view, scope);
        }
    }
    tell(walk.faults, view, scope);
}

/// Writes down what was found to be wrong.
fn tell(faults: Vec<Fault>, view: &View<'_>, scope: &mut Scope<'_>) {
    for Fault { at, what, why } in faults {
        let at = at.min(view.len());
        match why {
            Why::Broken => scope.raise(&HDF5_MALFORMED, view, at..at, what),
            Why::Bomb => {
                let evidence = Evidence::new(&HDF5_MALFORMED, what).rated(Severity::High);
                scope.add(evidence.at(view.place(at..at)));
            }
            Why::Unread => scope.raise(&FORMAT_NOT_INSPECTED, view, at..at, what),
            Why::Stopped(trouble) => scope.unreadable(view, &trouble),
        }
    }
}

struct Walk<'v, 'b> {
    file: File<'v, 'b>,
    seen: BTreeSet<u64>,
    queue: Vec<u64>,
    faults: Vec<Fault>,
    /// Tree and heap of groups, as the entries that lead to them repeat them.
    cached: BTreeMap<u64, (u64, u64)>,
    /// Links that lead to an object, as they are found and as it counts them.
    links: BTreeMap<u64, u64>,
    counts: BTreeMap<u64, u64>,
    attributes: Attributes,
    /// Bytes that were unpacked.
    unpacked: u64,
    /// Shapes of the datasets.
    arrays: Vec<Vec<u64>>,
}

impl Walk<'_, '_> {
    fn note(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS || matches!(fault.why, Why::Stopped(_)) {
            self.faults.push(fault);
        }
    }

    fn noted<T>(&mut self, held: Held<T>) -> Option<T> {
        held.map_err(|fault| self.note(fault)).ok()
    }

    /// What the superblock says of the first group and of the file.
    fn root(&mut self) {
        self.cached.extend(self.file.cached.map(|cached| (self.file.root, cached)));
        let Some(extension) = self.file.extension else { return };
        if let Some(header) = self.noted(self.file.header(extension)) {
            header.fault.into_iter().for_each(|fault| self.note(fault));
            for message in header.messages.iter().filter(|message| message.kind == 0x13 && !message.is_shared()) {
                let mut fields = self.file.message(message, "the sizes of trees");
                let read =
                    fields.version(0..=0).and_then(|_| Ok([fields.number(2)?, fields.number(2)?, fields.number(2)?]));
                if let Some([chunks, inner, leaves]) = self.noted(read) {
                    self.file.ranks = [leaves, inner, chunks];
                }
            }
        }
    }

    fn object(&mut self, at: u64, header: Header, scope: &mut Scope<'_>) {
        self.counts.insert(at, header.links);
        let complete = header.fault.is_none();
        header.fault.into_iter().for_each(|fault| self.note(fault));
        let messages = header.messages;
        for message in &messages {
            let done = self.message(at, message, scope);
            self.noted(done);
        }
        let has = |kind: u16| messages.iter().any(|message| message.kind == kind);
        match (has(0x02) || has(0x11), has(0x01), has(0x03), has(0x08)) {
            (true, ..) => {}
            (_, true, true, true) => {
                let read = self.dataset(at, &messages, scope);
                self.noted(read);
            }
            // A type that has a name counts the attributes and datasets that use it among its links.
            (_, false, true, _) => drop(self.counts.remove(&at)),
            _ if !complete => {}
            (_, true, true, false) => {
                let _ = self.noted::<()>(broken(at, "a dataset does not say how it is stored"));
            }
            _ => {
                let what = format!("the object at byte {at} is neither a group nor a dataset nor a type");
                let _ = self.noted::<()>(broken(at, what));
            }
        }
        if at == self.file.root && complete && !(has(0x02) || has(0x11)) {
            let _ = self.noted::<()>(broken(at, "the first object of the file is no group"));
        }
    }

    fn message(&mut self, at: u64, message: &Message, scope: &mut Scope<'_>) -> Held<()> {
        let name = "a message of an object";
        if message.is_shared() {
            let object = shared_object(&mut self.file.message(message, name))?;
            // Types are read where they are used.
            return hold(self.file.holds(object, 4), message.at, "a shared message leads out of the file");
        }
        let mut fields = self.file.message(message, name);
        match message.kind {
            0x02 => self.link_info(at, message, scope),
            0x03 => datatype(&mut fields).map(drop),
            0x06 => link(&mut fields).map(|link| self.link(at, link, scope)),
            0x07 => self.external(at, message, scope),
            0x0a => {
                fields.version(0..=0)?;
                let flags = fields.flags(3)?;
                fields.skip(if flags & 1 != 0 { 4 } else { 0 } + if flags & 2 != 0 { 4 } else { 0 })
            }
            0x0c => {
                let attribute = self.file.attribute(&mut fields)?;
                self.attributes.add(at, attribute, &self.file, scope)
            }
            0x0d => fields.text(1).map(drop),
            0x0e => fields.skip(14),
            0x11 => self.group(at, message),
            0x12 => fields.version(1..=1).and_then(|_| fields.skip(7)),
            0x15 => self.attribute_info(at, message, scope),
            0x16 => {
                fields.version(0..=0)?;
                hold(fields.number(4)? > 0, message.at, "an object says that nothing leads to it")
            }
            _ => Ok(()),
        }
    }

    /// A group of the old kind.
    fn group(&mut self, at: u64, message: &Message) -> Held<()> {
        let mut fields = self.file.message(message, "the symbol table of a group");
        let (tree, heap) = (fields.defined()?, fields.defined()?);
        let same = self.cached.get(&at).is_none_or(|cached| *cached == (tree, heap));
        hold(same, message.at, "a group is not where the entry that leads to it says")?;
        let mut found = Symbols::default();
        let read = self.file.symbols(tree, heap, &mut found);
        for cached in found.cached {
            self.cached.insert(cached.object, (cached.tree, cached.heap));
        }
        found.links.into_iter().for_each(|link| self.follow(at, link));
        read
    }

    /// A group of the new kind: its links are messages, or in a heap with a tree of their names.
    fn link_info(&mut self, at: u64, message: &Message, scope: &mut Scope<'_>) -> Held<()> {
        let mut fields = self.file.message(message, "the list of the links of a group");
        fields.version(0..=0)?;
        let flags = fields.flags(3)?;
        fields.skip(if flags & 1 != 0 { 8 } else { 0 })?;
        let (heap, names) = (fields.address()?, fields.address()?);
        if flags & 2 != 0
            && let Some(order) = fields.address()?
        {
            self.file.records(order, &[6])?;
        }
        let Some(heap) = heap else { return Ok(()) };
        let Some(names) = names else { return broken(message.at, "a group has a heap of links and no list of them") };
        let heap = self.file.heap(heap)?;
        for record in self.file.records(names, &[5])? {
            let mut fields = self.file.fields(&record.bytes, names, "the list of the links of a group");
            let hash = fields.number(4)?;
            let (place, bytes) = self.file.heap_object(&heap, fields.take(heap.identifier)?)?;
            let link = link(&mut self.file.fields(&bytes, place, "a link"))?;
            let own = u64::from(super::checksum::lookup3(link.name.as_bytes()));
            hold(own == hash, place, format!("the link {:?} is listed under another name", link.name))?;
            self.link(at, link, scope);
        }
        Ok(())
    }

    fn attribute_info(&mut self, at: u64, message: &Message, scope: &mut Scope<'_>) -> Held<()> {
        let mut fields = self.file.message(message, "the list of the attributes of an object");
        fields.version(0..=0)?;
        let flags = fields.flags(3)?;
        fields.skip(if flags & 1 != 0 { 2 } else { 0 })?;
        let (heap, names) = (fields.address()?, fields.address()?);
        if flags & 2 != 0
            && let Some(order) = fields.address()?
        {
            self.file.records(order, &[9])?;
        }
        let Some(heap) = heap else { return Ok(()) };
        let Some(names) = names else { return broken(message.at, "an object has a heap of attributes and no list") };
        let heap = self.file.heap(heap)?;
        for record in self.file.records(names, &[8])? {
            let mut fields = self.file.fields(&record.bytes, names, "the list of the attributes of an object");
            let identifier = fields.take(8)?;
            if fields.byte()? & 2 != 0 {
                return unread(names, "an attribute is kept in a heap of shared messages");
            }
            fields.skip(4)?;
            let hash = fields.number(4)?;
            let (place, bytes) = self.file.heap_object(&heap, identifier)?;
            let attribute = self.file.attribute(&mut self.file.fields(&bytes, place, "an attribute"))?;
            let own = u64::from(super::checksum::lookup3(attribute.name.as_bytes()));
            hold(own == hash, place, format!("the attribute {:?} is listed under another name", attribute.name))?;
            self.attributes.add(at, attribute, &self.file, scope)?;
        }
        Ok(())
    }

    fn link(&mut self, group: u64, link: Link, scope: &mut Scope<'_>) {
        if let Target::External { file, path } = &link.target {
            let message = format!("the link {:?} leads to {path:?} in the file {file:?}", link.name);
            self.raise(link.at, message, scope);
        }
        self.follow(group, link);
    }

    fn follow(&mut self, group: u64, link: Link) {
        let object = match link.target {
            Target::Hard(object) => {
                self.queue.push(object);
                let count = self.links.entry(object).or_default();
                *count = count.saturating_add(1);
                Some(object)
            }
            Target::Soft | Target::External { .. } => None,
        };
        self.attributes.link(group, link.name, object);
    }

    /// Every link that leads to an object is counted by it.
    fn compare(&mut self) {
        if !self.faults.is_empty() {
            return;
        }
        let wrong = self.counts.iter().find(|(at, count)| self.links.get(at) != Some(count));
        if let Some((at, count)) = wrong {
            let found = self.links.get(at).copied().unwrap_or(0);
            let what = format!("{found} links lead to the object at byte {at}, which counts {count}");
            self.faults.push(Fault { at: *at, what, why: Why::Broken });
        }
    }

    fn raise(&self, at: u64, message: String, scope: &mut Scope<'_>) {
        let at = at.min(self.file.view.len());
        scope.raise(&HDF5_EXTERNAL_FILE, self.file.view, at..at, message);
    }

    fn dataset(&mut self, at: u64, messages: &[Message], scope: &mut Scope<'_>) -> Held<()> {
        let find = |kind: u16| messages.iter().find(|message| message.kind == kind);
        let (Some(extent), Some(kind), Some(stored)) = (find(0x01), find(0x03), find(0x08)) else { return Ok(()) };
        if extent.is_shared() {
            return Ok(());
        }
        let space = space(&mut self.file.message(extent, "the extent of a dataset"))?;
        let kind = self.file.type_of(&mut self.file.message(kind, "the type of a dataset"), kind.is_shared())?;
        let size = space.elements().unwrap_or(u64::MAX).saturating_mul(kind.size);
        let has = self.file.view.len();
        if size > LARGE && size / TIMES > has {
            let what = format!("a dataset declares {size} bytes in a file of {has}");
            // Readers set aside all of it before they read a byte (CVE-2026-0897).
            let why = if size / BOMB > has { Why::Bomb } else { Why::Broken };
            return Err(Fault { at, what, why });
        }
        let layout = layout(&mut self.file.message(stored, "the layout of a dataset"))?;
        let packed = find(0x0b).filter(|message| !message.is_shared());
        let packed = packed.map(|message| filters(&mut self.file.message(message, "the filters of a dataset")));
        let filters = packed.transpose()?.unwrap_or_default();
        let mut filled = None;
        for message in messages.iter().filter(|message| matches!(message.kind, 4 | 5) && !message.is_shared()) {
            filled = fill(message.kind, &mut self.file.message(message, "a fill value"))?.or(filled);
        }
        self.attributes.dataset(at, &space.dimensions);
        if matches!(kind.class, Class::Row { text: false, bytes: true, .. }) && has > SEARCHED {
            unread::<()>(at, "rows of bytes in a large file, which PyTables may unpickle, were not looked at")?;
        }
        if let Layout::Virtual { heap: Some(heap), index } = layout {
            return self.elsewhere(at, heap, index, scope);
        }
        let outside = find(0x07).is_some();
        self.arrays.push(space.dimensions.clone());
        let dataset = Dataset { space, kind, layout, filters, fill: filled, outside, at };
        if let Some(pickle) = dataset.check(&self.file, &mut self.unpacked)? {
            super::attributes::unpickled("dataset", &pickle, self.file.view, scope);
        }
        Ok(())
    }

    /// Files that hold the bytes of a dataset. Source: specification, IV.A.2.h.
    fn external(&mut self, at: u64, message: &Message, scope: &mut Scope<'_>) -> Held<()> {
        let mut fields = self.file.message(message, "the list of other files");
        fields.version(1..=1)?;
        fields.skip(5)?;
        let used = fields.number(2)?;
        let heap = fields.defined()?;
        let heap = self.file.names(heap);
        let mut names = Vec::new();
        for _ in 0..used.min(16) {
            let name = fields.length()?;
            fields.skip(2 * u64::from(self.file.sizes.lengths))?;
            let name = heap.as_ref().ok().and_then(|heap| heap.name(name).ok()).unwrap_or(b"?");
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        self.raise(at, format!("the bytes of a dataset are in other files: {}", names.join(", ")), scope);
        heap.map(drop)
    }

    /// Virtual datasets name files in a block of a global heap.
    fn elsewhere(&mut self, at: u64, heap: u64, index: u64, scope: &mut Scope<'_>) -> Held<()> {
        let Some(block) = self.file.global(heap, index, 64 << 10)? else {
            return unread(at, "a virtual dataset is described too far in the file");
        };
        let mut fields = self.file.fields(&block, heap, "the parts of a virtual dataset");
        fields.skip(1)?;
        let count = fields.length()?;
        let name = String::from_utf8_lossy(fields.text(1)?).into_owned();
        if name != "." || count > 1 {
            let what = format!("a virtual dataset is put together from {count} parts, the first in {name:?}");
            self.raise(at, what, scope);
        }
        Ok(())
    }
}
