//! Links of a group as messages, alone or in a heap.

use super::fields::{Fields, Held, broken, hold, unread};

/// A link.
pub struct Link {
    pub name: String,
    pub target: Target,
    /// Where it stands.
    pub at: u64,
}

/// Where a link leads.
pub enum Target {
    /// An object of this file.
    Hard(u64),
    /// A path in this file.
    Soft,
    /// An object of another file.
    External { file: String, path: String },
}

/// One link message. Source: specification, IV.A.2.g.
pub fn link(fields: &mut Fields<'_>) -> Held<Link> {
    let at = fields.place();
    fields.version(1..=1)?;
    let flags = fields.flags(0x1f)?;
    let kind = if flags & 8 != 0 { fields.byte()? } else { 0 };
    fields.skip(if flags & 4 != 0 { 8 } else { 0 })?;
    let letters = if flags & 16 != 0 { fields.byte()? } else { 0 };
    hold(letters <= 1, at, "the name of a link is in letters that do not exist")?;
    let length = fields.number(1 << (flags & 3))?;
    let name = fields.take(length)?;
    hold(!name.is_empty(), at, "a link has no name")?;
    hold(std::str::from_utf8(name).is_ok(), at, "the name of a link is not UTF-8")?;
    let name = String::from_utf8_lossy(name).into_owned();
    let target = match kind {
        0 => Target::Hard(fields.defined()?),
        1 => {
            let length = fields.number(2)?;
            hold(length > 0, at, format!("the link {name:?} leads to no path"))?;
            fields.skip(length)?;
            Target::Soft
        }
        64 => {
            let length = fields.number(2)?;
            let mut value = fields.part(length, "a link to another file")?;
            value.flags(0)?;
            let file = String::from_utf8_lossy(value.text(1)?).into_owned();
            Target::External { file, path: String::from_utf8_lossy(value.text(1)?).into_owned() }
        }
        65.. => return unread(at, format!("the link {name:?} is of the user's own kind {kind}")),
        _ => return broken(at, format!("the link {name:?} is of the kind {kind}, which does not exist")),
    };
    Ok(Link { name, target, at })
}
