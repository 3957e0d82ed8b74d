//! Arrays that joblib writes as raw bytes in the middle of a stream (`joblib/numpy_pickle.py`, `NumpyArrayWrapper`), or
//! beside it in files of their own (`joblib/numpy_pickle_compat.py`, `NDArrayWrapper`).
//!
//! A plain unpickler does not know of these bytes and takes them for opcodes. So they are looked into as well.

use crate::inspect::Scope;
use crate::model::{Evidence, Severity};

use super::machine::{End, Machine};
use super::rules::{DANGEROUS_CALL, MALFORMED, UNKNOWN_CALL};
use super::source::Source;
use super::store::{Memo, Stack};
use super::value::{Shape, Value};

/// Object arrays inside object arrays.
const DEPTH: u32 = 4;

/// Arrays whose raw bytes are looked into.
const LOOKED_INTO: u32 = 1 << 16;

/// Entries of the memo that are at hand while raw bytes are looked into.
const MEMOIZED: usize = 4096;

/// Values that are taken to stand on the stack below them.
const BELOW: u32 = 64;

/// What the wrapper says of the bytes behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wrapper {
    /// Length of the array in bytes; `None` if it cannot be told.
    len: Option<u64>,
    /// The elements are Python objects: a whole pickle follows instead of raw bytes.
    objects: bool,
    /// A byte with the number of padding bytes comes first.
    padded: bool,
}

impl Wrapper {
    /// From the attributes of the wrapper. What is not written as joblib writes it leaves the length unknown.
    pub fn from_state(machine: &mut Machine<'_, '_, '_>, state: Value) -> Self {
        let Value::Container { shape: Shape::Dict, serial, .. } = state else { return Self::default() };
        if machine.containers.has_computed_key(serial) {
            return Self::default();
        }
        let Some(items) = machine.whole(state) else { return Self::default() };
        let (mut elements, mut element, mut padded) = (None, None, false);
        for pair in items.chunks_exact(2) {
            match (machine.key_text(pair[0]).as_deref(), pair[1]) {
                (Some("shape"), shape) => elements = machine.product(shape),
                (Some("dtype"), Value::Dtype(serial)) => element = Some(machine.element_of(serial)),
                (Some("dtype"), _) => element = None,
                (Some("numpy_array_alignment_bytes"), alignment) => padded = alignment != Value::None,
                _ => {}
            }
        }
        let size = element.and_then(|element| element.size);
        let len = elements.zip(size).and_then(|(elements, size)| elements.checked_mul(u64::from(size)));
        Self { len, objects: element.is_some_and(|element| element.objects), padded }
    }
}

impl Machine<'_, '_, '_> {
    /// Goes past the bytes of the array that the wrapper announced.
    pub fn skip_array(&mut self, source: &mut Source<'_>) {
        let Some(wrapper) = self.array.take() else { return };
        // joblib reads the pickle of an object array without looking for arrays in it.
        if self.embedding > 0 {
            return;
        }
        if wrapper.objects {
            return self.embedded(source);
        }
        let start = source.position();
        let Some(len) = wrapper.len else {
            self.lost = Some(start);
            let message = "an array follows whose size cannot be told, as joblib never writes one: what stands behind \
                           it may be overlooked";
            let place = self.view.place(self.range.clone());
            let evidence = Evidence::new(&MALFORMED, message).at(place).rated(Severity::High);
            return self.scope.add(evidence.showing(self.view.excerpt(self.range.clone())));
        };
        let padding = if wrapper.padded {
            self.view.read_up_to(start, 1).ok().and_then(|bytes| bytes.first().map(|byte| u64::from(*byte) + 1))
        } else {
            Some(0)
        };
        let whole = padding.and_then(|padding| padding.checked_add(len));
        match whole.filter(|whole| *whole <= self.view.len().saturating_sub(start)) {
            Some(whole) => {
                source.skip(whole);
                self.array_end = Some(start + whole);
                self.look_into_array(start, start + whole);
            }
            None => {
                self.lost = Some(start);
                self.fault(format!("an array of {len} bytes is announced, but the data ends before that"));
            }
        }
    }

    /// What a plain unpickler would make of the raw bytes: it goes on with them where it stands.
    fn look_into_array(&mut self, start: u64, end: u64) {
        self.arrays += 1;
        if self.arrays > LOOKED_INTO {
            if self.arrays == LOOKED_INTO + 1 {
                self.scope.limit("pickle-arrays", u64::from(LOOKED_INTO), self.view);
            }
            return;
        }
        let mut apart = Scope::new(self.scope.path, self.scope.limits);
        apart.lists = self.lists;
        let mut trial = Machine::new(self.view, &mut apart, self.lists);
        trial.memo = self.memo.texts(MEMOIZED);
        for _ in 0..BELOW {
            if trial.push(Value::Forgotten).is_err() {
                return;
            }
        }
        trial.follow(&mut Source::new(self.view, start), end);
        // Numbers can be read as opcodes as well; what they then call means something only if it is known.
        let seen = apart.close().evidence;
        seen.into_iter().filter(|seen| seen.rule == &DANGEROUS_CALL).for_each(|seen| self.scope.add(seen));
    }

    /// A whole pickle in the middle of another.
    fn embedded(&mut self, source: &mut Source<'_>) {
        if self.embedding >= DEPTH {
            return self.fault("object arrays are nested too deep".to_owned());
        }
        self.embedding += 1;
        let limit = usize::try_from(self.scope.limits.pickle_values).unwrap_or(usize::MAX);
        let stack = std::mem::replace(&mut self.stack, Stack::new(limit / 4));
        let memo = std::mem::replace(&mut self.memo, Memo::new(limit / 2));
        let state = self.stream;
        let end = self.run(source);
        (self.stack, self.memo, self.stream) = (stack, memo, state);
        self.embedding -= 1;
        if end != End::Stop {
            self.fault("the object array that follows is broken".to_owned());
        }
    }

    /// Old versions of joblib wrote arrays into files beside the pickle and load those as pickles too.
    pub fn array_beside(&mut self, state: Value) {
        let mut file = None;
        for pair in self.whole(state).unwrap_or_default().chunks_exact(2) {
            if self.key_text(pair[0]).is_some_and(|key| key == "filename") {
                file = self.text_of(pair[1], 4096);
            }
        }
        let Some(file) = file else {
            return self.say(&UNKNOWN_CALL, |_| "an array is loaded from a file whose name cannot be told".to_owned());
        };
        if leads_away(&file) {
            self.say(&UNKNOWN_CALL, |_| format!("an array is loaded from {file:?}, which is not beside the pickle"));
        }
    }
}

/// True unless it names a file in the same folder or below.
fn leads_away(file: &str) -> bool {
    file.starts_with(['/', '\\', '~']) || file.contains(':') || file.split(['/', '\\']).any(|part| part == "..")
}

#[test]
fn files_beside_a_pickle_are_told_from_others() {
    assert!(!leads_away("model.pkl_01.npy") && !leads_away("parts/x..npy"));
    for file in ["/etc/x", "../x", "a\\..\\x", "C:x", "http://h/x", "\\\\host\\x"] {
        assert!(leads_away(file), "{file}");
    }
}
