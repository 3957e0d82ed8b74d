//! Attributes of nodes: whether the type an attribute names is that of the value it has.
//!
//! Source: `checker.cc` of ONNX. Not looked at: which attributes an operator knows.

/// Fields that hold values, a bit each.
const VALUES: u32 = 0b1100_0000_1100_1111_1111_1100;

/// What is wrong with an attribute. `fields` are those that it has, a bit each; `refers` says that it stands for an
/// attribute of the function it is in.
pub fn fault(name: &str, kind: u64, fields: u32, refers: bool) -> Option<String> {
    if name.is_empty() {
        return Some("an attribute has no name".to_owned());
    }
    let values = fields & VALUES;
    let Some(field) = field(kind) else {
        let what = match (kind, values) {
            (0, 0) if refers => return None,
            (0, _) => "has no type".to_owned(),
            _ => format!("has the type {}, which is unknown", kind.cast_signed()),
        };
        return Some(format!("the attribute {name:?} {what}"));
    };
    // Empty lists, and numbers that are zero, are not written by all.
    let written = matches!(field, 5 | 6 | 14 | 22);
    if values & !(1 << field) != 0 {
        Some(format!("the attribute {name:?} has a value of another type than it says"))
    } else if written && values == 0 && !refers {
        Some(format!("the attribute {name:?} has no value"))
    } else {
        None
    }
}

/// The field that belongs to a type (`AttributeProto.AttributeType`).
const fn field(kind: u64) -> Option<u32> {
    Some(match kind {
        1 => 2,
        2 => 3,
        3 => 4,
        4 => 5,
        5 => 6,
        6 => 7,
        7 => 8,
        8 => 9,
        9 => 10,
        10 => 11,
        11 => 22,
        12 => 23,
        13 => 14,
        14 => 15,
        _ => return None,
    })
}
