//! Objects that Keras itself has: a name that a configuration says is one of them, and is not, cannot be loaded.
//!
//! Source: the modules of Keras 3.15 and tf_keras 2.21. Only modules in which users register nothing of their own: an
//! object of a user names the module of the user. Not looked at: in which version a class came or went.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::inspect::json::Tree;
use crate::inspect::misspelt::is_misspelt;

/// By module, without what stands in front of the last point, and name.
static OBJECTS: LazyLock<HashSet<(&'static str, &'static str)>> = LazyLock::new(|| {
    let lines = include_str!("objects.txt").lines().filter(|line| !line.starts_with('#'));
    let listed = lines.filter_map(|line| line.split_once(' '));
    listed.flat_map(|(module, names)| names.split(' ').map(move |name| (module, name))).collect()
});

/// Where layers say what is applied to what they give.
const ACTIVATIONS: [&str; 2] = ["activation", "recurrent_activation"];

/// What is wrong with an object that says it is one of Keras itself, if anything.
pub fn fault(object: &Tree) -> Option<String> {
    let class = object.get("class_name").and_then(Tree::text)?;
    let Some(module) = object.get("module") else { return without_module(object, class) };
    let module = module.text()?;
    let own = matches!(object.get("registered_name"), None | Some(Tree::Null));
    let module = module.strip_prefix("keras.").or_else(|| module.strip_prefix("tf_keras."))?;
    if !own || !matches!(module, "layers" | "initializers" | "regularizers" | "constraints") {
        return None;
    }
    if !OBJECTS.contains(&(module, class)) {
        return Some(format!("names the class {class:?} of \"keras.{module}\", which there is not"));
    }
    let config = object.get("config").filter(|_| module == "layers")?;
    let named = ACTIVATIONS.iter().filter_map(|name| config.get(name).and_then(Tree::text));
    // An activation of a user is an object with a module.
    let odd = named.into_iter().find(|name| !OBJECTS.contains(&("activations", *name)));
    odd.map(|name| format!("names the activation {name:?}, which Keras does not have"))
}

/// The same where no module is named, as in HDF5: then a name may be one that a user registers, unless it is one of
/// Keras but for a letter.
fn without_module(object: &Tree, class: &str) -> Option<String> {
    let config = object.get("config").filter(|config| matches!(config, Tree::Object(_)))?;
    let near = |module: &str, name: &str| {
        let letters = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
        let apart = |known: &str| known.len() > 3 && is_misspelt(name, known) && letters(known) != letters(name);
        OBJECTS.iter().any(|(of, known)| *of == module && apart(known))
    };
    let models = ["Sequential", "Functional", "Model"];
    if !OBJECTS.contains(&("layers", class)) && !models.contains(&class) {
        let odd = near("layers", class) || models.iter().any(|model| is_misspelt(class, model));
        return odd.then(|| format!("names the class {class:?}, which is one of Keras but for a letter"));
    }
    let mut named = ACTIVATIONS.iter().filter_map(|name| config.get(name).and_then(Tree::text));
    let odd = named.find(|name| !OBJECTS.contains(&("activations", *name)) && near("activations", name));
    odd.map(|name| format!("names the activation {name:?}, which is one of Keras but for a letter"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        fault(&Tree::read(text.as_bytes(), 16).unwrap())
    }

    #[test]
    fn names_of_keras_must_exist() {
        let layer = |class: &str, rest: &str| format!(r#"{{"module": "keras.layers", "class_name": "{class}"{rest}}}"#);
        assert_eq!(of(&layer("Dense", r#", "config": {"activation": "relu"}"#)), None);
        assert_eq!(of(&layer("Dense", r#", "config": {"activation": {"module": "mine"}}"#)), None);
        assert_eq!(of(&layer("Densee", r#", "registered_name": "mine>Densee""#)), None);
        assert!(of(&layer("Densee", r#", "registered_name": null"#)).is_some());
        assert!(of(&layer("LSTM", r#", "config": {"recurrent_activation": "sigmoidd"}"#)).is_some());
        assert_eq!(of(r#"{"module": "builtins", "class_name": "Densee"}"#), None);
        let plain = |class: &str, activation: &str| {
            of(&format!(r#"{{"class_name": "{class}", "config": {{"activation": "{activation}"}}}}"#)).is_some()
        };
        assert!(plain("Densee", "relu") && plain("Sequentiax", "relu") && plain("Dense", "relv"));
        assert!(
            !plain("Dense", "relu") && !plain("Dense", "mine") && !plain("MyLayer", "relu") && !plain("Conv4D", "relu")
        );
    }
}
