//! The tables that describe messages of Arrow. Source: `Message.fbs` and `Schema.fbs`. Types are not followed.

use crate::inspect::flatbuffer::Shape::{Any, Many, Number, Numbers, One, Text};
use crate::inspect::flatbuffer::{Shape, Table};

static PAIR: Table = Table { name: "a pair of key and value", fields: &[(0, "key", Text), (1, "value", Text)] };

static DICTIONARY: Table = Table {
    name: "the encoding of a dictionary",
    fields: &[
        (0, "id", Number(8)),
        (1, "indexType", Any),
        (2, "isOrdered", Number(1)),
        (3, "dictionaryKind", Number(2)),
    ],
};

static FIELD: Table = Table {
    name: "a column",
    fields: &[
        (0, "name", Text),
        (1, "nullable", Number(1)),
        (2, "type_type", Number(1)),
        (3, "type", Any),
        (4, "dictionary", One(&DICTIONARY)),
        (5, "children", Many(&FIELD)),
        (6, "custom_metadata", Many(&PAIR)),
    ],
};

static SCHEMA: Table = Table {
    name: "a schema",
    fields: &[
        (0, "endianness", Number(2)),
        (1, "fields", Many(&FIELD)),
        (2, "custom_metadata", Many(&PAIR)),
        (3, "features", Numbers(8)),
    ],
};

static BATCH: Table = Table {
    name: "a record batch",
    fields: &[
        (0, "length", Number(8)),
        (1, "nodes", Numbers(16)),
        (2, "buffers", Numbers(16)),
        (3, "compression", Any),
        (4, "variadicBufferCounts", Numbers(8)),
    ],
};

static DICTIONARY_BATCH: Table = Table {
    name: "a dictionary batch",
    fields: &[(0, "id", Number(8)), (1, "data", One(&BATCH)), (2, "isDelta", Number(1))],
};

const VERSION: (u64, &str, Shape) = (0, "version", Number(2));
const KIND: (u64, &str, Shape) = (1, "header_type", Number(1));
const BODY: (u64, &str, Shape) = (3, "bodyLength", Number(8));
const METADATA: (u64, &str, Shape) = (4, "custom_metadata", Many(&PAIR));

static OF_SCHEMA: Table =
    Table { name: "a message", fields: &[VERSION, KIND, (2, "header", One(&SCHEMA)), BODY, METADATA] };
static OF_DICTIONARY: Table =
    Table { name: "a message", fields: &[VERSION, KIND, (2, "header", One(&DICTIONARY_BATCH)), BODY, METADATA] };
static OF_BATCH: Table =
    Table { name: "a message", fields: &[VERSION, KIND, (2, "header", One(&BATCH)), BODY, METADATA] };
static OF_OTHER: Table = Table { name: "a message", fields: &[VERSION, KIND, (2, "header", Any), BODY, METADATA] };

/// The table of a message with a header of that kind (`MessageHeader`).
pub const fn of(kind: u8) -> &'static Table {
    match kind {
        1 => &OF_SCHEMA,
        2 => &OF_DICTIONARY,
        3 => &OF_BATCH,
        _ => &OF_OTHER,
    }
}
