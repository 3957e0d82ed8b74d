//! Names as Python reads them: letters that only look different are folded (NFKC), so `ｏｓ`, `𝓸𝓼` and `oſ` are `os`.
//!
//! Source: the Unicode character database, compatibility decompositions of what may stand in a name and becomes plain
//! letters, digits or underscores. Not folded: what becomes other letters than those of ASCII.

/// What each plain text is written as, beside the mathematical and the full-width alphabets.
static FORMS: [(&str, &str); 86] = [
    ("A", "ᴬ"),
    ("B", "ᴮℬ"),
    ("C", "ℂℭⅭꟲ"),
    ("D", "ᴰⅅⅮ"),
    ("E", "ᴱℰ"),
    ("F", "ℱꟳ"),
    ("G", "ᴳ"),
    ("H", "ᴴℋℌℍ"),
    ("I", "ᴵℐℑⅠ"),
    ("J", "ᴶ"),
    ("K", "ᴷK"),
    ("L", "ᴸℒⅬ"),
    ("M", "ᴹℳⅯ"),
    ("N", "ᴺℕ"),
    ("O", "ᴼ"),
    ("P", "ᴾℙ"),
    ("Q", "ℚꟴ"),
    ("R", "ᴿℛℜℝ"),
    ("T", "ᵀ"),
    ("U", "ᵁ"),
    ("V", "Ⅴⱽ"),
    ("W", "ᵂ"),
    ("X", "Ⅹ"),
    ("Z", "ℤℨ"),
    ("_", "\u{fe33}\u{fe34}\u{fe4d}\u{fe4e}\u{fe4f}"),
    ("a", "ªᵃₐ"),
    ("b", "ᵇ"),
    ("c", "ᶜⅽ"),
    ("d", "ᵈⅆⅾ"),
    ("e", "ᵉₑℯⅇ"),
    ("f", "ᶠ"),
    ("g", "ᵍℊ"),
    ("h", "ʰₕℎ"),
    ("i", "ᵢⁱℹⅈⅰ"),
    ("j", "ʲⅉⱼ"),
    ("k", "ᵏₖ"),
    ("l", "ˡₗℓⅼ"),
    ("m", "ᵐₘⅿ"),
    ("n", "ⁿₙ"),
    ("o", "ºᵒₒℴ"),
    ("p", "ᵖₚ"),
    ("q", "𐞥"),
    ("r", "ʳᵣ"),
    ("s", "ſˢₛ"),
    ("t", "ᵗₜ"),
    ("u", "ᵘᵤ"),
    ("v", "ᵛᵥⅴ"),
    ("w", "ʷ"),
    ("x", "ˣₓⅹ"),
    ("y", "ʸ"),
    ("z", "ᶻ"),
    ("DZ", "Ǳ"),
    ("Dz", "ǲ"),
    ("II", "Ⅱ"),
    ("III", "Ⅲ"),
    ("IJ", "Ĳ"),
    ("IV", "Ⅳ"),
    ("IX", "Ⅸ"),
    ("LJ", "Ǉ"),
    ("Lj", "ǈ"),
    ("NJ", "Ǌ"),
    ("Nj", "ǋ"),
    ("VI", "Ⅵ"),
    ("VII", "Ⅶ"),
    ("VIII", "Ⅷ"),
    ("XI", "Ⅺ"),
    ("XII", "Ⅻ"),
    ("dz", "ǳ"),
    ("ff", "ﬀ"),
    ("ffi", "ﬃ"),
    ("ffl", "ﬄ"),
    ("fi", "ﬁ"),
    ("fl", "ﬂ"),
    ("ii", "ⅱ"),
    ("iii", "ⅲ"),
    ("ij", "ĳ"),
    ("iv", "ⅳ"),
    ("ix", "ⅸ"),
    ("lj", "ǉ"),
    ("nj", "ǌ"),
    ("st", "ﬅﬆ"),
    ("vi", "ⅵ"),
    ("vii", "ⅶ"),
    ("viii", "ⅷ"),
    ("xi", "ⅺ"),
    ("xii", "ⅻ"),
];

/// The name with its letters folded.
pub fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_owned();
    }
    let mut made = String::with_capacity(name.len());
    for letter in name.chars() {
        match alphabet(letter) {
            Some(plain) => made.push(plain),
            None if letter.is_ascii() || is_own(letter) => made.push(letter),
            None => match FORMS.iter().find(|(_, forms)| forms.contains(letter)) {
                Some((plain, _)) => made.push_str(plain),
                None => made.push(letter),
            },
        }
    }
    made
}

/// True for a letter of the large alphabets in which nothing is folded, so that long names in them cost little.
const fn is_own(letter: char) -> bool {
    matches!(letter, '\u{370}'..='\u{1d2b}' | '\u{2c80}'..='\u{a7f1}' | '\u{a800}'..='\u{faff}')
}

/// A letter or digit of the mathematical, full-width and segmented alphabets.
fn alphabet(letter: char) -> Option<char> {
    let code = u32::from(letter);
    let plain = match code {
        0xff01..=0xff5e => code - 0xfee0,
        0x1d400..=0x1d6a3 => match (code - 0x1d400) % 52 {
            upper @ 0..=25 => upper + 65,
            lower => lower - 26 + 97,
        },
        0x1d7ce..=0x1d7ff => (code - 0x1d7ce) % 10 + 48,
        0x1fbf0..=0x1fbf9 => code - 0x1fbf0 + 48,
        _ => return None,
    };
    char::from_u32(plain)
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn every_way_to_write_a_letter_is_that_letter() {
        for odd in ["os.system", "𝓸𝓼.𝓈𝓎𝓈𝓉ℯ𝓂", "oſ.ſyſtem", "ｏｓ.ｓｙｓｔｅｍ", "ᵒˢ.ˢʸˢᵗᵉᵐ", "oˢ.syﬆem", "ºs.syﬅem"]
        {
            assert_eq!(folded(odd), "os.system", "{odd}");
        }
        assert_eq!(folded("ﬀ️ﬃ\u{fe4f}ⅷ"), "ff\u{fe0f}ffi_viii");
        assert_eq!(folded("naïve_größe_имя_名"), "naïve_größe_имя_名");
    }
}
