//! Packages that `pip` takes over connections that nobody vouches for.
//!
//! Source: pip's documentation of its options and of VCS support. Mirrors that people use over plain HTTP, and addresses
//! of the machine itself or of a private network, are not said.

/// Options whose value is an index.
static INDEXES: [&str; 5] = ["-i", "--index-url", "--extra-index-url", "-f", "--find-links"];

/// Hosts that many people install from.
static MIRRORS: [&str; 14] = [
    "pypi.org",
    "pypi.python.org",
    "files.pythonhosted.org",
    "download.pytorch.org",
    "pypi.nvidia.com",
    "pypi.ngc.nvidia.com",
    "data.pyg.org",
    "mirrors.aliyun.com",
    "mirrors.cloud.aliyuncs.com",
    "pypi.tuna.tsinghua.edu.cn",
    "pypi.mirrors.ustc.edu.cn",
    "pypi.douban.com",
    "mirrors.tencent.com",
    "repo.huaweicloud.com",
];

/// The address from which a command line installs packages in the clear, if it does.
pub fn in_the_clear(command: &str) -> Option<String> {
    command.split([';', '|', '&', '\n']).find_map(|part| {
        let words: Vec<&str> = part.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
        let pip = words.iter().position(|word| matches!(word.rsplit('/').next(), Some("pip" | "pip3")));
        // `%pip install` of a notebook comes without its first word.
        let installs = words.iter().take(3).position(|word| *word == "install").filter(|at| *at == 0 || pip.is_some());
        installs.or(pip)?;
        of_words(&words)
    })
}

/// The same for a line of a file of requirements.
pub fn of_requirement(line: &str) -> Option<String> {
    let line = line.split(" #").next().unwrap_or_default().trim().trim_start_matches("- ");
    let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    if line.starts_with('#') { None } else { of_words(&words) }
}

fn of_words(words: &[&str]) -> Option<String> {
    let mut before = "";
    words.iter().find_map(|word| {
        let (option, value) = word.split_once('=').filter(|_| word.starts_with("--")).unwrap_or((before, word));
        before = word;
        let index = INDEXES.contains(&option) && value.starts_with("http://");
        let package = !option.starts_with("--") && (value.contains("git+http://") || is_file(value));
        ((index || package) && is_anybodys(value)).then(|| value.chars().take(120).collect())
    })
}

/// `http://host/x.whl`
fn is_file(value: &str) -> bool {
    let ends = [".whl", ".tar.gz", ".zip", ".tgz"].iter().any(|end| value.ends_with(end));
    value.starts_with("http://") && ends
}

/// True for an address whose host is neither here nor a mirror.
fn is_anybodys(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or(host).split(':').next().unwrap_or_default().to_ascii_lowercase();
    let here = ["127.", "10.", "192.168.", "172.", "169.254."].iter().any(|begin| host.starts_with(begin))
        || !host.contains('.')
        || host.contains(['$', '{'])
        || [".local", ".internal", ".lan", ".svc"].iter().any(|end| host.ends_with(end));
    !here && !MIRRORS.contains(&host.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_and_packages_in_the_clear() {
        for command in [
            "pip install --index-url http://a.example/simple x",
            "install -i http://a.example/simple x",
            "python -m pip install --extra-index-url=http://a.example/simple x",
            "pip install git+http://a.example/x",
        ] {
            assert!(in_the_clear(command).is_some(), "{command}");
        }
        for command in [
            "pip install --index-url https://a.example/simple x",
            "pip install -i http://mirrors.aliyun.com/pypi/simple/ --trusted-host mirrors.aliyun.com x",
            "pip install -i http://192.168.0.2:8081/simple x",
            "pip install git+https://github.com/a/b",
            "wget http://a.example/x.zip",
            "pip install torch -f https://download.pytorch.org/whl/torch_stable.html",
        ] {
            assert!(in_the_clear(command).is_none(), "{command}");
        }
        assert!(of_requirement("x @ git+http://a.example/x.git").is_some());
        assert!(of_requirement("  - --extra-index-url http://a.example/simple").is_some());
        assert!(of_requirement("# see http://a.example/x.zip").is_none());
    }
}
