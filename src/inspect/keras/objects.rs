//! Objects that Keras itself has: a name that a configuration says is one of them, and is not, cannot be loaded.
//!
//! Source: the modules of Keras 3.15 and tf_keras 2.21. Only modules in which users register nothing of their own: an
//! object of a user names the module of the user. Not looked at: in which version a class came or went.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::inspect::json::Tree;

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
    let module = object.get("module").and_then(Tree::text)?;
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
    }
}
