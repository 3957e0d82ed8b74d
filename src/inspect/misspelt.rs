//! Names that are one letter away from one that is known: what damage makes of a name, and what nobody calls a thing of
//! his own.

/// True if one letter was changed, added or left out. The same name is not.
pub fn is_misspelt(name: &str, known: &str) -> bool {
    let (one, other) = (known.as_bytes(), name.as_bytes());
    let (short, long) = (one.len().min(other.len()), one.len().max(other.len()));
    if long - short > 1 || one == other {
        return false;
    }
    let front = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let back = one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
    front + back + 1 >= long
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_makes_the_difference() {
        for (name, known) in [("Reluu", "Relu"), ("Rel", "Relu"), ("Relv", "Relu"), ("Rrelu", "Relu"), ("elu", "selu")]
        {
            assert!(is_misspelt(name, known), "{name}");
        }
        assert!(!is_misspelt("Relu", "Relu") && !is_misspelt("Gelu6", "Relu") && !is_misspelt("", "Relu"));
    }
}
