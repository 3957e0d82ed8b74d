//! Tags of YAML that loaders of other languages turn into objects: SnakeYAML for Java (CVE-2022-1471, by which
//! CVE-2023-43654 of TorchServe ended in code), Psych for Ruby, Symfony and the extension of PHP, js-yaml before 4, YamlDotNet.
//!
//! Not looked at: what the objects are given. A class that is known to lead to code is said to be one; of others it is
//! only said that the loader makes one.

use crate::model::Severity;

/// What such a tag asks for.
pub struct Asked<'t> {
    /// The class, function or text.
    pub name: &'t str,
    /// The loader that goes by the tag.
    pub loader: &'static str,
    /// How bad it is.
    pub severity: Severity,
}

/// Packages of Java whose classes are steps on a known way to code.
static JAVA: [&str; 30] = [
    "javax.",
    "com.sun.",
    "sun.",
    "jdk.",
    "oracle.",
    "java.net.",
    "java.io.",
    "java.lang.",
    "java.rmi.",
    "java.beans.",
    "java.security.",
    "java.nio.",
    "java.util.jar.",
    "java.util.concurrent.",
    "java.util.ServiceLoader",
    "groovy.",
    "org.codehaus.groovy.",
    "org.springframework.",
    "org.apache.commons.",
    "org.apache.xbean.",
    "org.apache.logging.",
    "org.apache.tomcat.",
    "org.apache.naming.",
    "org.hibernate.",
    "org.eclipse.jetty.",
    "ch.qos.logback.",
    "com.mchange.",
    "com.zaxxer.",
    "org.h2.",
    "bsh.",
];

/// Classes of those packages that hold plain values.
static JAVA_PLAIN: [&str; 12] = [
    "java.lang.String",
    "java.lang.Integer",
    "java.lang.Long",
    "java.lang.Double",
    "java.lang.Float",
    "java.lang.Boolean",
    "java.lang.Short",
    "java.lang.Byte",
    "java.lang.Character",
    "java.lang.Object",
    "java.lang.Number",
    "java.net.URI",
];

/// Classes of Ruby that are steps on a known way to code.
static RUBY: [&str; 26] = [
    "Gem::Package",
    "Gem::RequestSet",
    "Gem::Installer",
    "Gem::SpecFetcher",
    "Gem::Source",
    "Gem::StubSpecification",
    "Gem::Resolver",
    "Gem::Commands",
    "Net::",
    "ERB",
    "Kernel",
    "IO",
    "File",
    "Process",
    "Proc",
    "Method",
    "Module",
    "Binding",
    "PStore",
    "Logger",
    "Rack::",
    "Sprockets::",
    "ActiveSupport::Deprecation",
    "ActiveModel::AttributeMethods",
    "ActionDispatch::",
    "Tempfile",
];

/// Types of .NET of that kind.
static DOTNET: [&str; 4] =
    ["System.Diagnostics.", "System.Windows.Data.", "System.Configuration.Install.", "System.Management."];

/// What a tag without its shorthand asks for, if it is one of another language.
pub fn asked<'t>(tag: &'t str, standard: &str) -> Option<Asked<'t>> {
    let bare = tag.strip_prefix(standard).unwrap_or_else(|| tag.trim_start_matches('!'));
    let asked = |name, loader, bad: bool| {
        Some(Asked { name, loader, severity: if bad { Severity::High } else { Severity::Low } })
    };
    let begins = |name: &str, list: &[&str]| list.iter().any(|begin| name.starts_with(begin));
    if let Some((kind, name)) = bare.strip_prefix("ruby/").and_then(|rest| rest.split_once(':')) {
        let gem = ["Gem::Specification", "Gem::Version", "Gem::Requirement", "Gem::Dependency"].contains(&name);
        let way = RUBY.iter().any(|class| {
            name.strip_prefix(class)
                .is_some_and(|rest| class.ends_with(':') || rest.is_empty() || rest.starts_with("::"))
        });
        let made = matches!(kind, "object" | "struct" | "hash" | "array" | "string" | "exception" | "marshalable");
        return if gem || !made { None } else { asked(name, "Psych of Ruby", way) };
    }
    if let Some(name) = bare.strip_prefix("php/object") {
        return asked(name.trim_start_matches(':'), "a reader of PHP", true);
    }
    if bare.starts_with("js/function") {
        return asked(bare, "js-yaml", true);
    }
    if bare.starts_with("perl/code") {
        return asked(bare, "a reader of Perl", true);
    }
    if begins(bare, &DOTNET) {
        return asked(bare, "YamlDotNet", true);
    }
    // Tags of applications (`!Sub`, `!vault`) have no dots; names of classes have more than one.
    let java = begins(bare, &JAVA);
    let class = tag.starts_with(standard) && (java || bare.matches('.').count() > 1) && !bare.contains('/');
    if class && !JAVA_PLAIN.contains(&bare) {
        return asked(bare, "SnakeYAML of Java", java);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_other_languages() {
        let standard = "tag:yaml.org,2002:";
        let bad = |tag: &str| asked(tag, standard).map(|asked| asked.severity);
        for tag in [
            "tag:yaml.org,2002:javax.script.ScriptEngineManager",
            "tag:yaml.org,2002:java.net.URLClassLoader",
            "tag:yaml.org,2002:bsh.Interpreter",
            "tag:yaml.org,2002:com.sun.rowset.JdbcRowSetImpl",
            "!ruby/object:Gem::RequestSet",
            "tag:yaml.org,2002:ruby/object:Net::BufferedIO",
            "!php/object:O:8:\"stdClass\":0:{}",
            "tag:yaml.org,2002:js/function",
        ] {
            assert_eq!(bad(tag), Some(Severity::High), "{tag}");
        }
        assert_eq!(bad("tag:yaml.org,2002:com.acme.Settings"), Some(Severity::Low));
        for tag in ["!Sub", "tag:yaml.org,2002:str", "!ruby/object:Gem::Version", "!ruby/regexp", "!ref", "!php/const"]
        {
            assert_eq!(bad(tag), None, "{tag}");
        }
    }
}
