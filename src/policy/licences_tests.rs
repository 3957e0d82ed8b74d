//! Which expressions a policy lets in.

use super::*;

fn standing(allow: &[&str], deny: &[&str], text: &str) -> Standing {
    let set = |names: &[&str]| {
        Some(names.iter().map(|name| (*name).to_owned()).collect()).filter(|set: &BTreeSet<_>| !set.is_empty())
    };
    let licences = Licences { allow: set(allow), deny: set(deny), unknown: None };
    Terms::of(&licences).standing(text)
}

#[test]
fn expressions_are_chosen_from_and_added_up() {
    use Standing::{Allowed, Refused, Unclear};
    let mit = ["MIT", "Apache-2.0"];
    for (text, wanted) in [
        ("MIT", Allowed),
        ("mit", Allowed),
        ("apache-2.0", Allowed),
        ("MIT/Apache-2.0", Allowed),
        ("MIT OR GPL-3.0-only", Allowed),
        ("MIT or gpl-3.0", Allowed),
        ("MIT AND GPL-3.0-only", Refused),
        ("(MIT OR GPL-3.0-only) AND Apache-2.0", Allowed),
        ("MIT AND (GPL-3.0-only OR LGPL-2.1-only)", Refused),
        ("Apache-2.0 WITH LLVM-exception", Refused),
        ("MIT OR", Refused),
        ("llama3.1", Refused),
        ("LicenseRef-mine", Refused),
        ("other", Unclear),
        ("", Unclear),
        ("NOASSERTION", Unclear),
        ("MIT AND NOASSERTION", Unclear),
        ("MIT OR NOASSERTION", Allowed),
        ("GPL-3.0-only AND NOASSERTION", Refused),
    ] {
        assert_eq!(standing(&mit, &[], text), wanted, "{text}");
    }
    assert_eq!(standing(&["llama3.1"], &[], "Llama3.1"), Allowed);
    assert_eq!(standing(&["LicenseRef-mine"], &[], "MIT OR LicenseRef-mine"), Allowed);
    assert_eq!(standing(&mit, &["GPL-3.0-only"], "MIT OR GPL-3.0-only"), Allowed);
}

#[test]
fn versions_and_exceptions_are_licences_of_their_own() {
    use Standing::{Allowed, Refused, Unclear};
    assert_eq!(standing(&["GPL-3.0-only"], &[], "GPL-2.0-or-later"), Allowed);
    assert_eq!(standing(&["GPL-3.0-only"], &[], "GPL-2.0+"), Allowed);
    assert_eq!(standing(&["GPL-2.0-only"], &[], "GPL-3.0-or-later"), Refused);
    assert_eq!(standing(&["GPL-2.0-or-later"], &[], "GPL-2.0-only"), Refused);
    assert_eq!(standing(&["GPL-2.0"], &[], "GPL-2.0-only"), Allowed);
    assert_eq!(standing(&["LGPL-3.0-only"], &[], "GPL-2.0-or-later"), Refused);
    for text in ["GPL-3.0-only", "GPL-3.0-or-later", "GPL-3.0", "GPL-3.0-only WITH GCC-exception-3.1"] {
        assert_eq!(standing(&[], &["GPL-3.0-only"], text), Refused, "{text}");
    }
    for text in ["GPL-2.0-with-classpath-exception", "gpl-2.0-with-gcc-exception", "eCos-2.0", "(MIT AND NOASSERTION)"]
    {
        assert_ne!(standing(&[], &["GPL-2.0-only", "GPL-2.0-or-later"], text), Allowed, "{text}");
    }
    let with = "GPL-3.0-only WITH GCC-exception-3.1";
    assert_eq!(standing(&[with], &["GPL-3.0-only"], with), Allowed);
    assert_eq!(standing(&[], &["GPL-3.0-only"], "MIT"), Allowed);
    assert_eq!(standing(&[], &["GPL-3.0-only"], "GNU GPL"), Unclear, "a deny list knows no other names");
    assert_eq!(standing(&[], &["GPL-3.0-only"], "LicenseRef-mine"), Unclear);
    assert_eq!(standing(&[], &["GPL-3.0-only"], "MIT OR LicenseRef-mine"), Allowed);
}

#[test]
fn an_entry_is_one_licence() {
    let of = |entry: &str| Licences { allow: Some([entry.to_owned()].into()), ..Licences::default() };
    assert!(of("MIT OR Apache-2.0").joined().is_some());
    assert_eq!(of("Apache-2.0 WITH LLVM-exception").joined(), None);
    assert_eq!(of("llama3.1").names().count(), 1);
    assert_eq!(of("MIT").names().count(), 0);
}
