//! Packages that `pip` takes over connections that nobody vouches for.
//!
//! Source: pip's documentation of its options and of VCS support. Mirrors that people use over plain HTTP, and addresses
//! of the machine itself or of a private network, are not said.

/// Options whose value is an index.
static INDEXES: [&str; 5] = ["-i", "--index-url", "--extra-index-url", "-f", "--find-links"];

/// Hosts that many people install from.
static MIRRORS: [&str; 20] = [
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
    "mirror.baidu.com",
    "mirrors.cloud.tencent.com",
    "registry.npmjs.org",
    "registry.npm.taobao.org",
    "registry.npmmirror.com",
    "registry.yarnpkg.com",
];

/// Hosts where anybody leaves a text or file for others, without a name and for a while.
static PASSED_ON: [&str; 22] = [
    "pastebin.com",
    "paste.ee",
    "hastebin.com",
    "ghostbin.co",
    "rentry.co",
    "dpaste.com",
    "dpaste.org",
    "controlc.com",
    "termbin.com",
    "ix.io",
    "0x0.st",
    "transfer.sh",
    "file.io",
    "filebin.net",
    "bashupload.com",
    "anonfiles.com",
    "gofile.io",
    "temp.sh",
    "catbox.moe",
    "cdn.discordapp.com",
    "webhook.site",
    "requestbin.net",
];

/// Words in the keys of configurations behind which the address of an index stands.
static KEYS: [&str; 10] = [
    "index-url",
    "index_url",
    "find-links",
    "find_links",
    "url",
    "registry",
    "default-index",
    "index",
    "channel",
    "server",
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

/// The address, in a line of a file of requirements, of what somebody left for others to fetch.
pub fn passed_on(line: &str) -> Option<&str> {
    let line = line.split(" #").next().unwrap_or_default().trim();
    let mut words = line.split_whitespace().filter(|_| !line.starts_with('#'));
    words.find(|word| {
        let behind = word.split_once("://").map(|(_, rest)| rest);
        let host = behind.and_then(|rest| rest.split(['/', '?', ':']).next()).unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or(host).to_ascii_lowercase();
        PASSED_ON
            .iter()
            .any(|place| host.strip_suffix(place).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    })
}

/// The address in the clear of an index, a registry or a package in a line of a configuration: `key = "http://…"`,
/// `"name @ http://…"`.
pub fn of_index(line: &str) -> Option<&str> {
    let line = line.trim();
    let at = line.find("http://")?;
    let before = line.get(..at)?;
    // `@scope:registry=…`, `url = "…"`, `npmRegistryServer: "…"`
    let (key, _) = before.rsplit_once('=').or_else(|| before.rsplit_once(':')).unwrap_or((before, ""));
    let key = key.trim_matches(['"', '\'', '-', ' ']).to_ascii_lowercase();
    let named =
        KEYS.iter().any(|word| key.ends_with(word)) || before.trim_end().ends_with('@') || before.contains("git+");
    // A list of indices goes on over lines; those that say where a project is at home have keys of their own.
    let address = line.get(at..)?.split(|c: char| c.is_whitespace() || "\"',;]}".contains(c)).next()?;
    let home = ["homepage", "repository", "documentation", "source-url", "project-url", "bugs"]
        .iter()
        .any(|word| key.contains(word));
    (named && !home && !line.starts_with(['#', ';']) && is_anybodys(address)).then_some(address)
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
        assert!(passed_on("https://pastebin.com/raw/abcd1234").is_some() && passed_on("torch").is_none());
        assert!(passed_on("x @ https://notpastebin.com/raw/abcd1234").is_none());
        for line in [
            "index-url = http://a.example/simple",
            "registry=http://203.0.113.9/",
            "dependencies=[\"helper @ http://203.0.113.9/h.whl\"]",
            "url=\"http://203.0.113.9/simple\"",
            "@a:registry=http://203.0.113.9/",
        ] {
            assert!(of_index(line).is_some(), "{line}");
        }
        for line in [
            "homepage = \"http://a.example\"",
            "url = \"https://a.example/simple\"",
            "# url = http://a.example",
            "registry=http://registry.npmjs.org/",
            "index-url = http://10.0.0.2/simple",
            "Homepage = \"http://a.example\"",
        ] {
            assert!(of_index(line).is_none(), "{line}");
        }
        assert!(of_requirement("# see http://a.example/x.zip").is_none());
    }
}
