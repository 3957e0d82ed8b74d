//! Names that are taken for other names.

/// One letter more, less or other, or two neighbours exchanged. A number is a version, not a slip.
#[must_use]
pub fn is_one_slip(one: &str, two: &str) -> bool {
    let (one, two) = (one.as_bytes(), two.as_bytes());
    if one.len().abs_diff(two.len()) > 1 {
        return false;
    }
    let head = one.iter().zip(two).take_while(|(one, two)| one == two).count();
    let (one, two) = (one.get(head..).unwrap_or_default(), two.get(head..).unwrap_or_default());
    match (one, two) {
        ([], []) => false,
        ([a, b, one @ ..], [c, d, two @ ..]) if a == d && b == c && one == two => true,
        ([], [more]) | ([more], []) => !more.is_ascii_digit(),
        ([a, one @ ..], [b, two @ ..]) if one.len() == two.len() => {
            one == two && !a.is_ascii_digit() && !b.is_ascii_digit()
        }
        (one, [_, two @ ..]) if one.len() == two.len() => one == two,
        ([_, one @ ..], two) => one == two,
        _ => false,
    }
}

/// The same name but for its separators.
#[must_use]
pub fn same_letters(one: &str, two: &str) -> bool {
    let separator = |byte: &u8| matches!(byte, b'-' | b'_' | b'.');
    one.bytes().filter(|byte| !separator(byte)).eq(two.bytes().filter(|byte| !separator(byte)))
}

/// The name by how it looks: letters that many typefaces draw alike become one. Two names with the same looks are hard
/// to tell apart. Source: the confusables of Unicode TS 39, of which these are the ones that make Latin names.
#[must_use]
pub fn looks(name: &str) -> String {
    let one = |c: char| match c {
        '1' | 'i' | 'I' | '|' | 'і' | 'І' | 'ӏ' | 'ı' | 'ι' => 'l',
        '0' | 'о' | 'О' | 'ο' | 'Ο' => 'o',
        'а' | 'α' => 'a',
        'в' | 'В' | 'Β' => 'b',
        'с' | 'С' => 'c',
        'ԁ' => 'd',
        'е' | 'Е' | 'Ε' => 'e',
        'ɡ' => 'g',
        'һ' | 'Н' | 'Η' => 'h',
        'ј' => 'j',
        'к' | 'К' | 'κ' | 'Κ' => 'k',
        'м' | 'М' | 'Μ' => 'm',
        'ո' | 'Ν' => 'n',
        'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' | 'Ѕ' => 's',
        'т' | 'Т' | 'Τ' => 't',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' | 'Х' | 'χ' | 'Χ' => 'x',
        'у' | 'У' => 'y',
        // Full-width letters.
        'Ａ'..='Ｚ' | 'ａ'..='ｚ' => char::from_u32((c as u32).saturating_sub(0xfee0)).unwrap_or(c),
        c => c,
    };
    let plain: String = name.chars().map(one).flat_map(char::to_lowercase).collect();
    plain.replace("rn", "m").replace("vv", "w").replace('i', "l")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips() {
        for (one, two) in
            [("torch", "toch"), ("torch", "ttorch"), ("torch", "trochh"), ("numpy", "nunpy"), ("numpy", "nmupy")]
        {
            assert_eq!(is_one_slip(one, two), two != "trochh", "{one} {two}");
            assert_eq!(is_one_slip(two, one), two != "trochh", "{two} {one}");
        }
        for (one, two) in [("torch", "torch"), ("boto3", "boto2"), ("click", "click8"), ("numpy", "scipy")] {
            assert!(!is_one_slip(one, two), "{one} {two}");
        }
    }

    #[test]
    fn what_looks_alike() {
        for (one, two) in
            [("meta-1lama", "meta-llama"), ("meta-IIama", "meta-llama"), ("0penai", "OpenAI"), ("gооgle", "google")]
        {
            assert_eq!(looks(one), looks(two));
        }
        assert_ne!(looks("meta-lama"), looks("meta-llama"));
    }
}
