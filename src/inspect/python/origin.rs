//! Where the result of a call comes from.

use super::deed::{Deed, first, told};
use super::expression::Argument;
use super::names::{Kind, kind, last};
use super::places::{self, HOME};
use super::tables::{DATA, MACHINE, PACKAGES, TOKENS};
use super::value::{Taint, Value};

/// Where the result of a call comes from.
pub fn of(path: &str, arguments: &[Argument], deed: Option<&Deed>) -> Taint {
    let given = told(arguments);
    let name = first(arguments).and_then(|value| value.text.as_deref()).unwrap_or_default();
    let opens = matches!(path, "open" | "io.open" | "codecs.open");
    let source = opens && places::is_program(name);
    let data = (opens && places::is_data(name)) || DATA.contains(&path) || matches!(deed, Some(Deed::Unpickles(_)));
    let environ = path.starts_with("os.environ.");
    let secret = environ && matches!(last(path), "items()" | "items" | "copy" | "values");
    let one = path == "os.getenv" || (environ && matches!(last(path), "get" | "pop" | "setdefault"));
    let credentials = deed == Some(&Deed::ReadsCredentials);
    let known = kind(path);
    Taint {
        decoded: given.decoded || known == Some(Kind::Decodes),
        fetched: given.fetched
            || matches!(known, Some(Kind::Fetches | Kind::Sends))
            || path.contains("requests.Session()"),
        secret: given.secret || secret || credentials,
        read: given.read || opens,
        source: given.source || source,
        data: given.data || data,
        packages: given.packages || PACKAGES.contains(&path),
        token: given.token || (one && places::names_secret(name)) || TOKENS.contains(&path),
        machine: given.machine || MACHINE.contains(&path),
        pieced: false,
        vital: given.vital || is_everything(path, arguments),
        asked: given.asked && (known == Some(Kind::Decodes) || KEEPS.contains(&path)),
    }
}

/// Calls that give what they are given in another form.
static KEEPS: [&str; 6] = ["str", "bytes", "json.loads", "compile", "shlex.split", "ast.parse"];

/// Calls that list the files of a folder.
static LISTS: [&str; 6] = ["os.walk", "os.listdir", "os.scandir", "os.fwalk", "glob.glob", "glob.iglob"];

/// True for a call that lists the files of a folder that nobody deletes.
fn is_everything(path: &str, arguments: &[Argument]) -> bool {
    let folder = first(arguments);
    let name = folder.and_then(Value::known).unwrap_or_default();
    let name = name.trim_end_matches('*');
    let vital = !name.is_empty() && places::is_vital(name);
    (LISTS.contains(&path) && (vital || folder.is_some_and(|folder| folder.path.as_deref() == Some(HOME))))
        || path.strip_prefix(HOME).is_some_and(|method| matches!(method, ".rglob" | ".glob" | ".iterdir" | ".walk"))
}
