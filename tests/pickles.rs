//! Every trick that is known to hide a call in a pickle, and every way to break one, held against the scanner.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by panicking")]

mod recipe;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use recipe::pickle::assemble;
use serde::Deserialize;
use weighbridge::inspect::Inspectors;
use weighbridge::model::{ArtifactPath, Limits, Severity};
use weighbridge::weigh::{Inspect, View};

#[derive(Deserialize)]
struct Case {
    pickle: String,
}

fn worst(bytes: &[u8]) -> Option<Severity> {
    let limits = Limits::default();
    // The name says nothing: content decides.
    let path = ArtifactPath::new("weights");
    let seen = View::with_bytes(bytes, limits.structure_bytes, |view| Inspectors.inspect(&path, view, &limits));
    seen.evidence.iter().map(weighbridge::model::Evidence::severity).max()
}

fn cases(name: &str) -> BTreeMap<String, Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    let cases: BTreeMap<String, Case> = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let bytes = |name: &str, case: &Case| assemble(&case.pickle).unwrap_or_else(|error| panic!("{name}: {error}"));
    cases.iter().map(|(name, case)| (name.clone(), bytes(name, case))).collect()
}

fn all_at_least(corpus: &str, severity: Severity) {
    let missed: Vec<_> = cases(corpus)
        .into_iter()
        .map(|(name, bytes)| (worst(&bytes), name))
        .filter(|(worst, _)| *worst < Some(severity))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn every_trick_is_seen() {
    all_at_least("malicious-pickles.toml", Severity::High);
}

#[test]
fn every_break_is_seen() {
    all_at_least("malformed-pickles.toml", Severity::Medium);
}

/// Callables that published advisories and papers use against scanners, by module.
const GADGETS: &str = "
os system popen execv spawnl posix_spawn remove putenv kill; posix system; nt system; subprocess Popen run call
check_output getoutput; builtins eval exec compile __import__ getattr setattr open breakpoint; pty spawn;
runpy run_path _run_code; code InteractiveInterpreter InteractiveConsole.runcode; codeop compile_command; pdb run
runeval Pdb; bdb Bdb; cProfile run runctx; profile run Profile.run; timeit timeit Timer; trace Trace; doctest
debug_script; pydoc pipepager tempfilepager locate; idlelib.pyshell ModifiedInterpreter.runcode; idlelib.run
Executive; idlelib.autocomplete AutoComplete; idlelib.debugobj ObjectTreeItem; lib2to3.pgen2.grammar Grammar.loads;
lib2to3.pgen2.pgen ParserGenerator.make_label; ensurepip _run_pip; pip main; pip._internal.cli.main main;
asyncio.unix_events _UnixSubprocessTransport._start; distutils.file_util write_file; distutils.spawn spawn;
ctypes CDLL; ctypes.util find_library; marshal loads; pickle loads; _pickle Unpickler; dill loads; cloudpickle load;
joblib load; shelve open; importlib import_module; importlib.machinery SourceFileLoader; pkgutil resolve_name;
operator attrgetter methodcaller; functools reduce; types FunctionType CodeType; sys setprofile; socket create_connection;
urllib.request urlopen; http.client HTTPConnection; ftplib FTP; smtplib SMTP; requests get; ssl get_server_certificate;
shutil rmtree; tempfile NamedTemporaryFile; pathlib Path.write_text; io FileIO open; logging FileHandler; logging.config
listen; linecache getlines; fileinput input; zipimport zipimporter; sqlite3 connect; webbrowser open; antigravity geohash;
multiprocessing.util spawnv_passfds; multiprocessing.managers BaseManager; threading Thread; signal signal; atexit register;
uuid _get_command_stdout; _osx_support _read_output; _aix_support _read_cmd_output; _pyrepl.pager pipe_pager; imaplib
IMAP4_stream; sysconfig get_paths; venv create; platform popen; numpy.testing._private.utils runstring;
numpy.f2py.crackfortran myeval; numpy.f2py.diagnose run_command; numpy load; numpy fromfile; numpy.lib.npyio load; pandas
read_pickle read_csv; pandas.io.pickle read_pickle; scipy.weave inline; torch load; torch.hub load; torch.jit load;
torch.utils._config_module ConfigModule.load_config; torch.utils.bottleneck.__main__ run_autograd_prof;
torch.utils.collect_env run; torch.utils.cpp_extension load_inline; torch._dynamo.guards GuardBuilder.get;
torch.distributed.rpc rpc_sync; torch._inductor.codecache compile_file; torch.fx.experimental.symbolic_shapes
ShapeEnv.evaluate_guards_expression; torch.serialization load; torch.storage _load_from_bytes; transformers pipeline;
huggingface_hub hf_hub_download; mlflow.projects.backend.local _run_entry_point; django.utils.module_loading import_string;
werkzeug.utils import_string; hydra.utils instantiate; hydra._internal.utils _locate; yaml load; jsonpickle decode;
sympy sympify; numexpr evaluate; pytest main; IPython start_ipython; paramiko SSHClient; my_package anything;
sklearn.utils._testing TempMemmap; sklearn.externals.joblib load; sklearn.datasets fetch_openml; commands getoutput;
__builtin__ execfile apply; copy_reg add_extension; cPickle loads; thread start_new_thread; httplib HTTPConnection";

fn gadgets() -> Vec<(&'static str, &'static str)> {
    let mut all = Vec::new();
    for group in GADGETS.split(';') {
        let mut words = group.split_whitespace();
        let module = words.next().unwrap();
        all.extend(words.map(|name| (module, name)));
    }
    all
}

#[test]
fn every_gadget_is_seen_in_every_form() {
    let forms = [
        "GLOBAL {m} {n}\nMARK\nSTRING 'x'\nTUPLE\nREDUCE\nSTOP",
        "MARK\nSTRING 'x'\nINST {m} {n}\nSTOP",
        "MARK\nGLOBAL {m} {n}\nOBJ\nSTOP",
        "PROTO 4\nSHORT_BINUNICODE \"{m}\"\nSHORT_BINUNICODE \"{n}\"\nSTACK_GLOBAL\nEMPTY_TUPLE\nREDUCE\nSTOP",
        "PROTO 4\nBINUNICODE8 \"{n}\"\nMEMOIZE\nPOP\nUNICODE {m}\nBINGET 0\nSTACK_GLOBAL\nEMPTY_TUPLE\nNEWOBJ\nSTOP",
        "PROTO 2\nGLOBAL functools partial\nGLOBAL {m} {n}\nTUPLE1\nREDUCE\nSTOP",
    ];
    let mut missed = Vec::new();
    for (module, name) in gadgets() {
        for (n, form) in forms.iter().enumerate() {
            let bytes = assemble(&form.replace("{m}", module).replace("{n}", name)).unwrap();
            if worst(&bytes) < Some(Severity::High) {
                missed.push(format!("{module} {name} in form {n}"));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn every_cut_and_every_changed_byte_ends() {
    let mut corpus = cases("malicious-pickles.toml");
    corpus.extend(cases("malformed-pickles.toml"));
    for bytes in corpus.values().filter(|bytes| bytes.len() < 400) {
        for end in 0..bytes.len() {
            worst(&bytes[..end]);
        }
        let mut changed = bytes.clone();
        for at in 0..bytes.len() {
            for value in [bytes[at] ^ 1, bytes[at] ^ 0x80, bytes[at].wrapping_add(1), 0, 0xff, b'.', b'R', 0x94] {
                changed[at] = value;
                worst(&changed);
            }
            changed[at] = bytes[at];
        }
    }
}
