use serde_json::json;

use super::super::{cyclonedx, foreign, sample};
use super::*;

fn outcome<'o>(outcomes: &'o [Outcome<'o>], id: &str) -> &'o Outcome<'o> {
    outcomes.iter().find(|outcome| outcome.standard.id == id).unwrap()
}

#[test]
fn the_data_is_read_and_every_field_has_a_source() {
    let catalogue = catalogue();
    let count = |id: &str| catalogue.standard.iter().find(|one| one.id == id).unwrap().element.len();
    assert_eq!((count("g7-ai"), count("ntia-2021"), count("cisa-2026")), (50, 7, 18));
    for element in catalogue.standard.iter().flat_map(|standard| &standard.element) {
        assert!(catalogue.from.contains_key(&element.field), "{}", element.field);
    }
    assert!(owasp::score(&json!({"bomFormat": "CycloneDX"})).unwrap().points > 0.0);
}

#[test]
fn a_model_of_ours_lacks_what_nobody_said() {
    let options = cyclonedx::Options {
        timestamp: Some("2026-11-23T00:00:00Z".to_owned()),
        author: Some("Acme".to_owned()),
        ..Default::default()
    };
    let bill = foreign::read(cyclonedx::render(&sample::report(), &options).as_bytes()).unwrap();
    let catalogue = catalogue();
    let outcomes = check(&bill, &catalogue);
    let cisa = outcome(&outcomes, "cisa-2026");
    let unmet: Vec<&str> = cisa.answers.iter().filter(|one| !one.met).map(|one| one.element.title.as_str()).collect();
    assert_eq!(unmet, ["SBOM Author Signature"]);
    // Datasets are named on a card: their bytes are elsewhere, and that is said.
    assert!(cisa.answers.iter().find(|one| one.element.field == "hash").unwrap().unknown.contains(&"squad".to_owned()));
    assert!(!outcome(&outcomes, "ntia-2021").is_met());
    assert!(outcome(&outcomes, "g7-ai").is_met());
    let text = terminal("demo", &bill, &outcomes, &["cisa-2026".to_owned()], 100, false);
    assert!(text.contains("  met  cisa-2026") && text.contains("OWASP AIBOM score"), "{text}");
    let value = json("demo", &bill, &outcomes, &[]);
    assert_eq!(value["sound"], true);
    assert!(value["assurance"]["verified"].as_u64().unwrap() >= 2);
}

#[test]
fn unknown_is_enough_for_one_and_not_for_the_other() {
    let bill = foreign::read(
        json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
               "components": [{"type": "library", "name": "a", "version": "1", "supplier": {"name": "UNKNOWN"}}]})
        .to_string()
        .as_bytes(),
    )
    .unwrap();
    let catalogue = catalogue();
    let outcomes = check(&bill, &catalogue);
    let producer = |id: &str| {
        let one = outcome(&outcomes, id);
        one.answers.iter().find(|answer| answer.element.field == "producer").unwrap().met
    };
    assert_eq!((producer("cisa-2026"), producer("ntia-2021")), (true, false));
    assert!(!outcome(&outcomes, "g7-ai").applies);
}
