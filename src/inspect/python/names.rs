//! Full names of calls of note, and of files of note.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Calls that run text as code.
pub static EVALUATES: [&str; 12] = [
    "eval",
    "exec",
    "execfile",
    "code.interact",
    "code.InteractiveInterpreter.runsource",
    "types.FunctionType",
    "types.CodeType",
    "runpy.run_path",
    "runpy.run_module",
    "runpy._run_code",
    "timeit.timeit",
    "cProfile.run",
];

/// Calls that start a program.
pub static STARTS: [&str; 34] = [
    "os.system",
    "os.popen",
    "os.startfile",
    "os.posix_spawn",
    "os.posix_spawnp",
    "posix.system",
    "posix.popen",
    "nt.system",
    "subprocess.run",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.Popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "commands.getoutput",
    "commands.getstatusoutput",
    "pty.spawn",
    "platform.popen",
    "asyncio.create_subprocess_shell",
    "asyncio.create_subprocess_exec",
    "distutils.spawn.spawn",
    "multiprocessing.util.spawnv_passfds",
    "torch.utils.collect_env.run",
    "pexpect.spawn",
    "pexpect.run",
    "ctypes.CDLL().system",
    "ctypes.cdll.LoadLibrary().system",
    "pip.main",
    "pip._internal.main",
    "pip._internal.cli.main.main",
    "_posixsubprocess.fork_exec",
    "webbrowser.open",
    "invoke.run",
];

/// Calls that fetch something from the network.
pub static FETCHES: [&str; 16] = [
    "urllib.request.urlopen",
    "urllib.request.urlretrieve",
    "urllib.urlopen",
    "urllib.urlretrieve",
    "urllib2.urlopen",
    "requests.get",
    "httpx.get",
    "httpx.stream",
    "aiohttp.request",
    "wget.download",
    "torch.hub.load_state_dict_from_url",
    "torch.hub.download_url_to_file",
    "ftplib.FTP",
    "urllib3.request",
    "requests.head",
    "pandas.read_csv",
];

/// Calls that open a connection of their own.
pub static CONNECTS: [&str; 3] = ["socket.create_connection", "asyncio.open_connection", "telnetlib.Telnet"];

/// Calls that send something.
pub static SENDS: [&str; 11] = [
    "requests.post",
    "requests.put",
    "requests.patch",
    "requests.request",
    "httpx.post",
    "httpx.put",
    "smtplib.SMTP",
    "smtplib.SMTP_SSL",
    "http.client.HTTPSConnection",
    "http.client.HTTPConnection",
    "paramiko.SSHClient",
];

/// Calls that unpickle.
pub static UNPICKLES: [&str; 14] = [
    "pickle.loads",
    "pickle.load",
    "_pickle.loads",
    "_pickle.load",
    "cPickle.loads",
    "cPickle.load",
    "dill.loads",
    "dill.load",
    "cloudpickle.loads",
    "cloudpickle.load",
    "joblib.load",
    "torch.load",
    "yaml.unsafe_load",
    "shelve.open",
];

/// Calls that load machine code.
pub static NATIVE: [&str; 10] = [
    "ctypes.CDLL",
    "ctypes.WinDLL",
    "ctypes.cdll.LoadLibrary",
    "ctypes.windll.LoadLibrary",
    "ctypes.PyDLL",
    "torch.ops.load_library",
    "torch.utils.cpp_extension.load",
    "torch.utils.cpp_extension.load_inline",
    "torch.classes.load_library",
    "cffi.FFI().dlopen",
];

/// Calls whose result was decoded.
pub static DECODES: [&str; 18] = [
    "base64.b64decode",
    "base64.b32decode",
    "base64.b16decode",
    "base64.b85decode",
    "base64.a85decode",
    "base64.urlsafe_b64decode",
    "base64.decodebytes",
    "base64.standard_b64decode",
    "binascii.unhexlify",
    "binascii.a2b_base64",
    "binascii.a2b_hex",
    "bytes.fromhex",
    "codecs.decode",
    "zlib.decompress",
    "gzip.decompress",
    "bz2.decompress",
    "lzma.decompress",
    "marshal.loads",
];

/// Files that hold what only their owner may know.
pub static CREDENTIALS: [&str; 17] = [
    "/.ssh/",
    ".ssh/id_",
    ".aws/credentials",
    ".netrc",
    ".git-credentials",
    ".docker/config.json",
    ".kube/config",
    "/etc/passwd",
    "/etc/shadow",
    "/proc/self/environ",
    ".config/gcloud",
    ".pypirc",
    "huggingface/token",
    ".bash_history",
    "Login Data",
    "/run/secrets/kubernetes.io",
    "wallet.dat",
];

/// Places from which something is run later.
pub static LASTING: [&str; 12] = [
    ".bashrc",
    ".profile",
    ".zshrc",
    ".bash_profile",
    "authorized_keys",
    "/etc/cron",
    "/etc/systemd",
    "/etc/ld.so.preload",
    "/etc/passwd",
    "sitecustomize.py",
    ".config/autostart",
    "/etc/init.d",
];

/// Names of which the last part is that of a call of note.
static ENDS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| known().map(last).collect());

fn known() -> impl Iterator<Item = &'static str> {
    let tables: [&[&'static str]; 7] = [&EVALUATES, &STARTS, &FETCHES, &SENDS, &UNPICKLES, &NATIVE, &DECODES];
    tables.into_iter().flatten().copied().chain(CONNECTS)
}

/// True if some call of note ends in that name.
pub fn ends_known(name: &str) -> bool {
    ENDS.contains(name) || name.starts_with("exec") || name.starts_with("spawn")
}

/// True if that is the full name of a call of note.
pub fn is_known(path: &str) -> bool {
    known().any(|known| known == path) || is_runner(path)
}

/// True for calls whose first argument is code, not a file of it.
pub fn takes_code(path: &str) -> bool {
    !(path.starts_with("runpy.") || matches!(path, "execfile" | "code.interact"))
}

/// True if a function of that name is worth a look even where it is only handed on.
pub fn is_runner(path: &str) -> bool {
    STARTS.contains(&path)
        || matches!(path, "eval" | "exec")
        || path.starts_with("os.exec")
        || path.starts_with("os.spawn")
}

/// The last part of a full name.
pub fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Methods that libraries call of themselves when they load, make or use a model, tokenizer, pipeline or handler.
static LOADERS: [&str; 46] = [
    "__init__",
    "__new__",
    "__post_init__",
    "__call__",
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
    "__getattr__",
    "__getattribute__",
    "__init_subclass__",
    "__del__",
    "__enter__",
    "post_init",
    "forward",
    "_forward",
    "from_pretrained",
    "_from_pretrained",
    "from_config",
    "from_dict",
    "_init_weights",
    "init_weights",
    "generate",
    "preprocess",
    "postprocess",
    "_preprocess",
    "_postprocess",
    "_sanitize_parameters",
    "_tokenize",
    "tokenize",
    "encode",
    "decode",
    "get_vocab",
    "load_state_dict",
    "_load_from_state_dict",
    "load",
    "load_model",
    "build",
    "call",
    "model_fn",
    "input_fn",
    "predict_fn",
    "output_fn",
    "initialize",
    "handle",
    "inference",
    "predict",
];

/// True for a method that libraries call of themselves.
pub fn is_called_by_libraries(name: &str) -> bool {
    LOADERS.contains(&name)
}
