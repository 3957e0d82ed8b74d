//! Functions that are given what somebody asks of a server: routes of web frameworks, functions of clouds, and what
//! gradio is told to call.
//!
//! Only what is asked and run as it stands counts: a program with such an argument is what servers are for. Not
//! followed: what a handler keeps and another one runs.

use super::expression::Argument;
use super::function::Function;
use super::source::Source;
use super::value::Value;

/// Methods of an application that take a function for a path.
static ROUTES: [&str; 11] =
    ["route", "get", "post", "put", "delete", "patch", "head", "websocket", "api_route", "add_url_rule", "http"];

/// What applications and their parts are called, where they are made in another file.
static APPLICATIONS: [&str; 9] =
    ["app", "application", "router", "api", "bp", "blueprint", "server", "routes", "functions_framework"];

/// Classes of applications and their parts.
static CLASSES: [&str; 12] = [
    "Flask()",
    "Blueprint()",
    "FastAPI()",
    "APIRouter()",
    "Sanic()",
    "Quart()",
    "Bottle()",
    "Starlette()",
    "Litestar()",
    "RouteTableDef()",
    "FunctionApp()",
    "Robyn()",
];

/// Events of gradio's components that call a function.
static EVENTS: [&str; 15] = [
    "click",
    "submit",
    "change",
    "then",
    "upload",
    "select",
    "input",
    "blur",
    "load",
    "release",
    "success",
    "edit",
    "stop_recording",
    "clear",
    "tick",
];

/// True for a function that handles requests.
pub fn handles(function: &Function, source: &Source) -> bool {
    let name = function.name.as_str();
    if function.class.is_some() {
        return matches!(name, "do_GET" | "do_POST" | "do_PUT");
    }
    name == "lambda_handler" || source.handlers.contains(name) || function.decorators.iter().any(|path| is_route(path))
}

/// `@app.get("/x")`, by the full name of what decorates.
fn is_route(decorator: &str) -> bool {
    let plain = decorator.strip_suffix("()").unwrap_or(decorator);
    let Some((owner, method)) = plain.rsplit_once('.') else { return false };
    let last = owner.rsplit('.').next().unwrap_or(owner);
    ROUTES.contains(&method) && (APPLICATIONS.contains(&last) || CLASSES.contains(&last))
}

/// The function of the file that a call gives gradio to call.
pub fn handed(path: &str, arguments: &[Argument]) -> Option<String> {
    let (owner, last) = path.rsplit_once('.')?;
    let takes = matches!(last, "Interface" | "ChatInterface") || EVENTS.contains(&last);
    if !takes || !(owner == "gradio" || owner.starts_with("gradio.")) {
        return None;
    }
    let named = arguments.iter().find(|(key, _)| key.as_deref() == Some("fn"));
    let given = named.or_else(|| arguments.iter().find(|(key, _)| key.is_none()));
    given.and_then(|(_, value)| value.path.clone()).filter(|path| !path.contains('.'))
}

/// True for what was asked, as it was asked.
pub fn is_whole(value: &Value) -> bool {
    value.taint.asked && value.text.is_none() && value.items.is_none()
}
