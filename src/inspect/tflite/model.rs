//! A model whose tables are in their places: whether the numbers in them make sense.
//!
//! As the interpreter checks them when it is built (`interpreter_builder.cc`, `model_builder.cc`): numbers of tensors,
//! buffers and operators are below how many there are, and constants have the bytes that their shapes need.

use super::schema::element;
use crate::inspect::flatbuffer::Buffer;
use crate::model::Tensor;

/// Faults that are told.
const TOLD: usize = 40;
/// Numbers in lists that are looked at.
pub const NUMBERS: u64 = 8 << 20;
/// The version of the schema, since there is a name of the format in its files.
const VERSION: u32 = 3;
/// Above all codes of operators that there will be for a while; there are some 210.
const NEWEST: i32 = 1000;
/// The code of an operator that is known by a name alone.
const CUSTOM: i32 = 32;

/// What was found.
#[derive(Default)]
pub struct Found {
    /// What is wrong, and where.
    pub faults: Vec<(u64, String)>,
    /// Names of custom operators, and where they stand.
    pub operators: Vec<(u64, String)>,
    /// Tensors of the first subgraph that have names.
    pub tensors: Vec<Tensor>,
    /// There are buffers behind all tables.
    pub stored_outside: bool,
    /// More numbers than are looked at.
    pub stopped: bool,
}

struct Model<'a, 'b, 'v> {
    buffer: &'a Buffer<'b, 'v>,
    root: u64,
    found: Found,
    buffers: Vec<u64>,
    codes: u64,
    left: u64,
}

/// Looks at all of a model whose tables were verified.
pub fn read(buffer: &Buffer<'_, '_>, most: u64) -> Found {
    let root = buffer.u32(0).map_or(0, u64::from);
    let buffers: Vec<u64> = buffer.tables(root, 4).collect();
    let mut model = Model { buffer, root, found: Found::default(), buffers, codes: 0, left: NUMBERS };
    model.whole(most);
    model.found
}

impl Model<'_, '_, '_> {
    fn tell(&mut self, at: u64, message: String) {
        if self.found.faults.len() < TOLD {
            self.found.faults.push((at, message));
        }
    }

    fn whole(&mut self, most: u64) {
        let (buffer, root) = (self.buffer, self.root);
        match buffer.field(root, 0).and_then(|at| buffer.u32(at)).unwrap_or(0) {
            VERSION => {}
            version => self.tell(root, format!("the model is of version {version} of the schema, and there is only 3")),
        }
        for (n, code) in buffer.tables(root, 1).enumerate() {
            self.codes += 1;
            let old =
                buffer.field(code, 0).and_then(|at| buffer.u8(at)).map_or(0, |code| i32::from(code.cast_signed()));
            let number = buffer.field(code, 3).and_then(|at| buffer.i32(at)).unwrap_or(0).max(old);
            let name = buffer.text(code, 1);
            match name {
                Some(name) => self.found.operators.push((code, name)),
                None if number == CUSTOM => self.tell(code, format!("the custom operator {n} has no name")),
                None if !(0..=NEWEST).contains(&number) => {
                    self.tell(code, format!("the operator {n} has the code {number}"))
                }
                None => {}
            }
        }
        self.stored();
        let graphs: Vec<u64> = buffer.tables(root, 2).collect();
        if graphs.is_empty() {
            self.tell(root, "the model has no subgraph".to_owned());
        }
        let mut sizes = Vec::new();
        for (n, graph) in graphs.iter().enumerate() {
            sizes.push(self.subgraph(n, *graph, most));
        }
        self.named(&sizes);
    }

    /// Buffers of models over 2 GB lie behind all tables.
    fn stored(&mut self) {
        let buffer = self.buffer;
        for n in 0..self.buffers.len() {
            let Some(at) = self.buffers.get(n).copied() else { return };
            let number = |field| buffer.field(at, field).and_then(|at| buffer.u64(at)).unwrap_or(0);
            let (offset, size) = (number(1), number(2));
            self.found.stored_outside |= offset > 1;
            if offset > 1 && offset.checked_add(size).is_none_or(|end| end > buffer.len()) {
                self.tell(at, format!("the buffer {n} lies at byte {offset} and has {size} bytes: past the end"));
            }
        }
    }

    /// Looks at one; says how many tensors it has.
    fn subgraph(&mut self, n: usize, graph: u64, most: u64) -> u64 {
        let buffer = self.buffer;
        let mut count = 0;
        for tensor in buffer.tables(graph, 0) {
            self.tensor(n, count, tensor, most);
            count += 1;
        }
        self.numbers(graph, 1, 0, count, &|number| format!("the subgraph {n} has the tensor {number} as input"));
        self.numbers(graph, 2, 0, count, &|number| format!("the subgraph {n} has the tensor {number} as output"));
        for (m, operator) in buffer.tables(graph, 3).enumerate() {
            let code = buffer.field(operator, 0).and_then(|at| buffer.u32(at)).unwrap_or(0);
            if u64::from(code) >= self.codes {
                let what = format!("the operator {m} of the subgraph {n} is of the code {code}, of {}", self.codes);
                self.tell(operator, what);
            }
            // An input that is left out has the number -1.
            for (field, least, what) in [(1, -1, "input"), (2, 0, "output"), (8, -1, "intermediate")] {
                self.numbers(operator, field, least, count, &|number| {
                    format!("the operator {m} of the subgraph {n} has the tensor {number} as {what}")
                });
            }
            let number = |field| buffer.field(operator, field).and_then(|at| buffer.u64(at)).unwrap_or(0);
            let (offset, size) = (number(9), number(10));
            if offset > 1 && offset.checked_add(size).is_none_or(|end| end > buffer.len()) {
                let what =
                    format!("the options of the operator {m} lie at byte {offset} and have {size} bytes: past the end");
                self.tell(operator, what);
            }
        }
        count
    }

    /// Numbers of tensors, each of which is at least `least` and below `count`.
    fn numbers(&mut self, table: u64, field: u64, least: i64, count: u64, say: &dyn Fn(i64) -> String) {
        let (start, length) = self.buffer.list(table, field);
        if length > self.left {
            self.found.stopped = true;
            return;
        }
        self.left -= length;
        let most = i64::try_from(count).unwrap_or(i64::MAX);
        let numbers = (0..length).map_while(|n| self.buffer.i32(start + 4 * n).map(i64::from));
        if let Some(number) = numbers.into_iter().find(|number| *number < least || *number >= most) {
            self.tell(table, format!("{}, and there are {count}", say(number)));
        }
    }

    fn tensor(&mut self, graph: usize, n: u64, tensor: u64, most: u64) {
        let buffer = self.buffer;
        let name = buffer.text(tensor, 3).unwrap_or_default();
        let place = format!("the tensor {n} ({name:?}) of the subgraph {graph}");
        let kind = buffer.field(tensor, 1).and_then(|at| buffer.u8(at)).unwrap_or(0);
        let Some((dtype, bits)) = element(kind) else {
            return self.tell(tensor, format!("{place} has the element type {kind}, which is unknown"));
        };
        let number = buffer.field(tensor, 2).and_then(|at| buffer.u32(at)).unwrap_or(0);
        let Some(stored) = usize::try_from(number).ok().and_then(|number| self.buffers.get(number).copied()) else {
            return self
                .tell(tensor, format!("{place} lies in the buffer {number}, and there are {}", self.buffers.len()));
        };
        let (start, rank) = buffer.list(tensor, 0);
        if rank > self.left {
            self.found.stopped = true;
            return;
        }
        self.left -= rank;
        let shape: Vec<i64> = (0..rank).map_while(|n| buffer.i32(start + 4 * n).map(i64::from)).collect();
        self.quantization(&place, tensor, &shape);
        let length = match buffer.list(stored, 0).1 {
            0 => {
                let number = |field| buffer.field(stored, field).and_then(|at| buffer.u64(at)).unwrap_or(0);
                if number(1) > 1 { number(2) } else { 0 }
            }
            length => length,
        };
        let elements =
            shape.iter().try_fold(1u64, |product, dimension| product.checked_mul(u64::try_from(*dimension).ok()?));
        let needed = elements.and_then(|elements| elements.checked_mul(bits)).map(|bits| bits.div_ceil(8));
        let sparse = buffer.field(tensor, 6).is_some();
        if length > 0 && bits > 0 && !sparse && needed != Some(length) {
            let what = match needed {
                Some(needed) => format!("shape {shape:?} of {dtype} needs {needed}"),
                None => format!("its shape {shape:?} is impossible"),
            };
            self.tell(tensor, format!("{place} takes {length} bytes, but {what}"));
        }
        if dtype == "STRING" && !sparse {
            self.texts(&place, tensor, stored);
        }
        if graph == 0 && (self.found.tensors.len() as u64) < most && !name.is_empty() {
            let shape = shape.iter().map(|dimension| u64::try_from(*dimension).unwrap_or(0)).collect();
            self.found.tensors.push(Tensor { name, dtype: dtype.to_owned(), shape, bytes: None });
        }
    }

    /// A constant of texts begins with their number and where each of them begins, and the end of the last.
    fn texts(&mut self, place: &str, tensor: u64, stored: u64) {
        let buffer = self.buffer;
        let (start, length) = buffer.list(stored, 0);
        if length == 0 {
            return;
        }
        let count = buffer.u32(start).map_or(0, u64::from);
        let head = count.saturating_mul(4).saturating_add(8);
        if count > self.left {
            self.found.stopped = true;
            return;
        }
        self.left -= count;
        let mut offsets = (1..=count + 1).map_while(|n| buffer.u32(start + 4 * n).map(u64::from));
        let mut last = head;
        if head > length || !offsets.all(|offset| offset >= std::mem::replace(&mut last, offset) && offset <= length) {
            self.tell(tensor, format!("{place} has texts that lie outside of its {length} bytes"));
        }
    }

    /// As many zero points as scales, or one; and as many scales as the dimension has that they are of, or one.
    fn quantization(&mut self, place: &str, tensor: u64, shape: &[i64]) {
        let buffer = self.buffer;
        let Some(table) = buffer.target(tensor, 4) else { return };
        let (scales, zeros) = (buffer.list(table, 2).1, buffer.list(table, 3).1);
        if scales == 0 {
            return;
        }
        if zeros != scales && zeros != 1 {
            return self.tell(tensor, format!("{place} has {scales} scales and {zeros} zero points"));
        }
        let dimension = buffer.field(table, 6).and_then(|at| buffer.i32(at)).unwrap_or(0);
        let along = usize::try_from(dimension).ok().and_then(|dimension| shape.get(dimension).copied());
        // The converter leaves the dimension of the kernel at the bias, which has only one.
        let bias = matches!(shape, [length] if u64::try_from(*length) == Ok(scales)) && (0..4).contains(&dimension);
        if scales > 1 && !bias && along.and_then(|along| u64::try_from(along).ok()) != Some(scales) {
            let what = format!("{place} has {scales} scales along dimension {dimension} of its shape {shape:?}");
            self.tell(tensor, what);
        }
    }

    /// What metadata and signatures name.
    fn named(&mut self, sizes: &[u64]) {
        let (buffer, root) = (self.buffer, self.root);
        for metadata in buffer.tables(root, 6) {
            let number = buffer.field(metadata, 1).and_then(|at| buffer.u32(at)).unwrap_or(0);
            if u64::from(number) >= self.buffers.len() as u64 {
                let count = self.buffers.len();
                self.tell(metadata, format!("a metadata lies in the buffer {number}, and there are {count}"));
            }
        }
        for signature in buffer.tables(root, 7) {
            let graph = buffer.field(signature, 4).and_then(|at| buffer.u32(at)).unwrap_or(0);
            let Some(count) = usize::try_from(graph).ok().and_then(|graph| sizes.get(graph).copied()) else {
                self.tell(signature, format!("a signature is of the subgraph {graph}, and there are {}", sizes.len()));
                continue;
            };
            for map in buffer.tables(signature, 0).chain(buffer.tables(signature, 1)) {
                let tensor = buffer.field(map, 1).and_then(|at| buffer.u32(at)).unwrap_or(0);
                if u64::from(tensor) >= count {
                    self.tell(map, format!("a signature names the tensor {tensor}, and there are {count}"));
                }
            }
        }
    }
}
