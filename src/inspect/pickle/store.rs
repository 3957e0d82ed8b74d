//! The unpickler's stack, marks and memo, in bounded memory.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::thread::LocalKey;

use super::value::{Shape, Value};

/// Items of a container that are remembered, for showing arguments.
pub const ITEMS: usize = 14;

/// Containers that are remembered at a time.
const REMEMBERED: usize = 1 << 11;

/// Containers of which something special is kept; above that it holds for all.
const MARKED: usize = 1 << 16;

thread_local! {
    // Most pickles are small, and there are many of them: each thread keeps the memory of the last one for the next.
    static RUNS: RefCell<Vec<Run>> = const { RefCell::new(Vec::new()) };
    static DENSE: RefCell<Vec<Option<Value>>> = const { RefCell::new(Vec::new()) };
    static RING: RefCell<Vec<Remembered>> = const { RefCell::new(Vec::new()) };
}

/// Entries whose memory is kept for the next pickle; that of more is given back.
const KEPT: usize = 1 << 14;

type Spare<T> = LocalKey<RefCell<Vec<T>>>;

/// An empty list in the memory that was kept, if there is any.
fn reuse<T: 'static>(spare: &'static Spare<T>) -> Vec<T> {
    spare.try_with(RefCell::take).unwrap_or_default()
}

/// Keeps the memory of a list that is not used any more.
fn keep<T: 'static>(spare: &'static Spare<T>, list: &mut Vec<T>) {
    if (1..=KEPT).contains(&list.capacity()) {
        list.clear();
        // While the thread ends nothing is kept any more.
        let _ = spare.try_with(|kept| kept.replace(std::mem::take(list)));
    }
}

/// A run of equal values, so that a flood of them takes no space.
#[derive(Clone, Copy)]
struct Run {
    value: Value,
    count: u64,
}

/// The stack with its marks.
pub struct Stack {
    runs: Vec<Run>,
    /// For each mark, the number of runs below it.
    marks: Vec<u32>,
    /// Runs and marks that may exist.
    limit: usize,
}

/// The stack has more values than the limit says.
pub struct Full;

impl Stack {
    pub fn new(limit: usize) -> Self {
        Self { runs: reuse(&RUNS), marks: Vec::new(), limit }
    }

    /// A stack on which nothing fits, to stand in for one at work.
    pub const fn none() -> Self {
        Self { runs: Vec::new(), marks: Vec::new(), limit: 0 }
    }

    fn fence(&self) -> usize {
        self.marks.last().map_or(0, |mark| *mark as usize)
    }

    #[inline]
    pub fn push(&mut self, value: Value) -> Result<(), Full> {
        let fence = self.fence();
        if self.runs.len() > fence
            && let Some(top) = self.runs.last_mut()
            && top.value == value
        {
            top.count = top.count.saturating_add(1);
            return Ok(());
        }
        if self.runs.len() >= self.limit {
            return self.push_above(value);
        }
        self.runs.push(Run { value, count: 1 });
        Ok(())
    }

    /// Above the bound values melt into runs of forgotten ones, unless they must not.
    #[cold]
    fn push_above(&mut self, value: Value) -> Result<(), Full> {
        if value.is_precious() || self.runs.len() >= self.limit.saturating_mul(2) {
            return Err(Full);
        }
        if self.runs.len() > self.fence()
            && let Some(top) = self.runs.last_mut()
            && top.value == Value::Forgotten
        {
            top.count = top.count.saturating_add(1);
        } else {
            self.runs.push(Run { value: Value::Forgotten, count: 1 });
        }
        Ok(())
    }

    #[inline]
    pub fn pop(&mut self) -> Option<Value> {
        let fence = self.fence();
        if self.runs.len() <= fence {
            return None;
        }
        let top = self.runs.last_mut()?;
        let value = top.value;
        top.count -= 1;
        if top.count == 0 {
            self.runs.pop();
        }
        Some(value)
    }

    #[inline]
    pub fn top(&self) -> Option<Value> {
        (self.runs.len() > self.fence()).then(|| self.runs.last().map(|run| run.value)).flatten()
    }

    pub fn mark(&mut self) -> Result<(), Full> {
        if self.marks.len() >= self.limit {
            return Err(Full);
        }
        self.marks.push(u32::try_from(self.runs.len()).map_err(|_| Full)?);
        Ok(())
    }

    /// True if the topmost thing is a mark.
    pub fn at_mark(&self) -> bool {
        !self.marks.is_empty() && self.runs.len() == self.fence()
    }

    /// Drops the topmost mark, which has nothing above it.
    pub fn unmark(&mut self) {
        self.marks.pop();
    }

    /// Takes everything above the topmost mark and the mark; `visit` sees each run with its length, in order.
    pub fn take_to_mark(&mut self, mut visit: impl FnMut(Value, u64)) -> Option<u64> {
        let mark = self.marks.pop()? as usize;
        let mut count = 0u64;
        for run in self.runs.drain(mark..) {
            count = count.saturating_add(run.count);
            visit(run.value, run.count);
        }
        Some(count)
    }

    /// Values above the topmost mark.
    pub fn depth(&self) -> u64 {
        self.runs[self.fence()..].iter().fold(0, |sum, run| sum.saturating_add(run.count))
    }

    /// Marks that are open.
    pub const fn open_marks(&self) -> usize {
        self.marks.len()
    }

    pub fn clear(&mut self) {
        self.runs.clear();
        self.marks.clear();
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        keep(&RUNS, &mut self.runs);
    }
}

/// The memo: dense for the indices that picklers use, sparse above the bound, where only what matters is kept.
pub struct Memo {
    dense: Vec<Option<Value>>,
    sparse: BTreeMap<u64, Value>,
    /// Number of indices that were put, which is the index that `MEMOIZE` uses next.
    len: u64,
    /// Entries above the bound that were not kept.
    forgotten: bool,
    limit: usize,
}

impl Memo {
    pub fn new(limit: usize) -> Self {
        Self { dense: reuse(&DENSE), sparse: BTreeMap::new(), len: 0, forgotten: false, limit }
    }

    #[inline]
    pub fn put_next(&mut self, value: Value) {
        self.put(self.len, value);
    }

    #[inline]
    pub fn put(&mut self, index: u64, value: Value) {
        match usize::try_from(index) {
            Ok(at) if at < self.dense.len() => {
                self.len += u64::from(self.dense[at].is_none());
                self.dense[at] = Some(value);
            }
            Ok(at) if at == self.dense.len() && at < self.limit => {
                self.dense.push(Some(value));
                self.len += u64::from(self.sparse.remove(&index).is_none());
            }
            _ => self.put_far(index, value),
        }
    }

    #[cold]
    fn put_far(&mut self, index: u64, value: Value) {
        if !value.matters() && self.sparse.is_empty() && index as usize >= self.limit {
            self.len = self.len.saturating_add(1);
            self.forgotten = true;
            return;
        }
        if let Some(known) = self.sparse.get_mut(&index) {
            *known = value;
            return;
        }
        // Whether the index was put before and not kept is not known; the memo's length is then a guess, and
        // entries looked up by it come out as forgotten.
        self.len = self.len.saturating_add(1);
        if self.sparse.len() < self.limit / 4 && (value.matters() || (index as usize) < self.limit) {
            self.sparse.insert(index, value);
        } else {
            self.forgotten = true;
        }
    }

    /// The value at that index; `None` if there is none.
    #[inline]
    pub fn get(&self, index: u64) -> Option<Value> {
        let dense = usize::try_from(index).ok().and_then(|at| self.dense.get(at).copied()).flatten();
        dense.or_else(|| self.sparse.get(&index).copied()).or_else(|| self.forgotten.then_some(Value::Forgotten))
    }

    /// A memo that knows the texts among its first entries; all else is forgotten.
    pub fn texts(&self, entries: usize) -> Self {
        let known = |value: &Value| match value {
            text @ Value::Text { .. } => *text,
            _ => Value::Forgotten,
        };
        let dense: Vec<Option<Value>> =
            self.dense.iter().take(entries).map(|value| value.as_ref().map(known)).collect();
        let sparse = self.sparse.iter().take(entries).map(|(index, value)| (*index, known(value))).collect();
        Self { len: dense.len() as u64, dense, sparse, forgotten: true, limit: self.limit }
    }

    pub fn clear(&mut self) {
        self.dense.clear();
        self.dense.shrink_to(KEPT);
        self.sparse.clear();
        (self.len, self.forgotten) = (0, false);
    }
}

impl Drop for Memo {
    fn drop(&mut self) {
        keep(&DENSE, &mut self.dense);
    }
}

struct Remembered {
    serial: u64,
    count: u64,
    items: [Value; ITEMS],
}

/// The first items of a container, taken out of it.
#[derive(Clone, Copy)]
pub struct Items {
    values: [Value; ITEMS],
    len: usize,
}

impl Items {
    pub const NONE: Self = Self { values: [Value::None; ITEMS], len: 0 };
}

impl Deref for Items {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        self.values.get(..self.len).unwrap_or_default()
    }
}

/// The first items of the containers that were made last.
pub struct Containers {
    ring: Vec<Remembered>,
    next: u64,
    /// Those that were given something imported that is not known to be safe, after they were made too.
    carrying: Marks,
    /// Those with a key that the pickle computes.
    computed: Marks,
}

impl Drop for Containers {
    fn drop(&mut self) {
        keep(&RING, &mut self.ring);
    }
}

/// Numbers of containers.
#[derive(Default)]
struct Marks {
    serials: BTreeSet<u64>,
    overflowed: bool,
}

impl Marks {
    fn add(&mut self, serial: u64) {
        if self.serials.len() < MARKED {
            self.serials.insert(serial);
        } else {
            self.overflowed |= !self.serials.contains(&serial);
        }
    }

    fn holds(&self, serial: u64) -> bool {
        self.overflowed || self.serials.contains(&serial)
    }
}

impl Containers {
    pub fn new() -> Self {
        Self { ring: reuse(&RING), next: 0, carrying: Marks::default(), computed: Marks::default() }
    }

    /// The container was given something that is not known to be safe.
    pub fn burden(&mut self, serial: u64) {
        self.carrying.add(serial);
    }

    /// True if that holds.
    pub fn is_burdened(&self, serial: u64) -> bool {
        self.carrying.holds(serial)
    }

    /// The container has a key that the pickle computes.
    pub fn key_computed(&mut self, serial: u64) {
        self.computed.add(serial);
    }

    /// True if it has.
    pub fn has_computed_key(&self, serial: u64) -> bool {
        self.computed.holds(serial)
    }

    /// A new container with nothing in it.
    #[inline]
    pub fn create(&mut self, shape: Shape) -> Value {
        let serial = self.next;
        self.next += 1;
        match self.ring.get_mut(serial as usize % REMEMBERED) {
            Some(slot) => (slot.serial, slot.count) = (serial, 0),
            None => self.ring.push(Remembered { serial, count: 0, items: [Value::None; ITEMS] }),
        }
        Value::Container { shape, carries: false, serial }
    }

    /// Adds `times` equal items.
    #[inline]
    pub fn add(&mut self, serial: u64, item: Value, times: u64) {
        if let Some(slot) = self.ring.get_mut(serial as usize % REMEMBERED)
            && slot.serial == serial
        {
            let mut left = times;
            while left > 0 && (slot.count as usize) < ITEMS {
                slot.items[slot.count as usize] = item;
                slot.count += 1;
                left -= 1;
            }
            slot.count = slot.count.saturating_add(left);
        }
    }

    /// The first items, to be kept while others change, and the number of all; `None` if it is not remembered any more.
    pub fn taken(&self, serial: u64) -> Option<(Items, u64)> {
        let slot = self.ring.get(serial as usize % REMEMBERED).filter(|slot| slot.serial == serial)?;
        Some((Items { values: slot.items, len: (slot.count as usize).min(ITEMS) }, slot.count))
    }

    /// The first items and the number of all; `None` if it is not remembered any more.
    pub fn items(&self, serial: u64) -> Option<(&[Value], u64)> {
        let slot = self.ring.get(serial as usize % REMEMBERED).filter(|slot| slot.serial == serial)?;
        Some((&slot.items[..(slot.count as usize).min(ITEMS)], slot.count))
    }
}
