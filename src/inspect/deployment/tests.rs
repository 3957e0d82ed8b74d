//! Command lines and files, and what is said of them.

use crate::model::{ArtifactPath, Evidence, Limits};
use crate::weigh::View;

fn look(name: &str, text: &str) -> Vec<(&'static str, &'static str)> {
    let limits = Limits::default();
    let path = ArtifactPath::new(name);
    let mut scope = super::Scope::new(&path, &limits);
    View::with_bytes(text.as_bytes(), 1 << 24, |view| super::inspect(text, view, &mut scope));
    let mut seen: Vec<_> =
        scope.close().evidence.iter().map(|seen: &Evidence| (seen.rule.id, seen.severity().name())).collect();
    seen.sort_unstable();
    seen
}

#[test]
fn servers_on_their_own() {
    let script = |line: &str| look("start.sh", &format!("#!/bin/bash\n{line}\n"));
    assert_eq!(script("vllm serve a/b --revision 1 \\\n  --trust-remote-code"), [("deployment-remote-code", "medium")]);
    assert_eq!(script("vllm serve /models/x --host 0.0.0.0"), [("deployment-open-service", "medium")]);
    assert_eq!(script("vllm serve /models/x --host 0.0.0.0 --api-key $KEY"), []);
    assert_eq!(script("python -m vllm.entrypoints.openai.api_server --model a/b"), [("deployment-unpinned", "low")]);
    assert_eq!(script("OLLAMA_HOST=0.0.0.0:11434 ollama serve"), [("deployment-open-service", "medium")]);
    assert_eq!(script("jupyter lab --ip=0.0.0.0 --ServerApp.token=''"), [("deployment-open-service", "high")]);
    assert_eq!(script("vllm serve ./x --allow-credentials"), [("deployment-open-service", "medium")]);
    assert_eq!(script("llama-server -m x.gguf --host 127.0.0.1"), []);
    assert_eq!(script("# vllm serve x --trust-remote-code\ncurl --host 0.0.0.0"), []);
    assert_eq!(
        look("x.service", "[Service]\nEnvironment=\"OLLAMA_HOST=0.0.0.0\"\nExecStart=/usr/bin/ollama serve\n").len(),
        1
    );
}

#[test]
fn container_files() {
    let good = "FROM python:3.12@sha256:0000 AS base\nFROM base\nUSER app\nRUN apt-get update && rm -rf /var/lib/apt/lists/*\nCMD [\"python\", \"-m\", \"x\"]\n";
    assert_eq!(look("Dockerfile", good), []);
    let bad = "FROM python:latest\nENV HF_TOKEN=tr0ub4dor3x\nADD https://a.example/x.tar /x\nRUN curl https://a.example/i | sh\nCMD vllm serve a/b --trust-remote-code\n";
    assert_eq!(
        look("Dockerfile", bad),
        [
            ("deployment-download", "high"),
            ("deployment-download", "medium"),
            ("deployment-remote-code", "medium"),
            ("deployment-root", "low"),
            ("deployment-secret", "high"),
            ("deployment-unpinned", "low"),
            ("deployment-unpinned", "low"),
        ]
    );
}

#[test]
fn compose_and_kubernetes() {
    let compose = "services:\n  llm:\n    image: vllm/vllm-openai:v0.6\n    privileged: true\n    ports: [\"8000:8000\"]\n    command: --model /m --host 0.0.0.0\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n    environment:\n      - API_TOKEN=tr0ub4dor3x\n";
    let seen = look("docker-compose.yml", compose);
    for rule in ["deployment-privileged", "deployment-secret", "deployment-unpinned", "deployment-open-service"] {
        assert!(seen.iter().any(|(id, _)| *id == rule), "{rule}: {seen:?}");
    }
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  hostNetwork: true\n  containers:\n    - name: a\n      image: a@sha256:00\n      securityContext: {privileged: true, runAsUser: 0}\n---\napiVersion: v1\nkind: Secret\ndata: {key: c2VjcmV0MQ==}\n";
    let seen = look("pod.yaml", pod);
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert_eq!(look("values.yaml", "services: []\n"), []);
    assert_eq!(look("chart.yaml", "apiVersion: v1\nkind: Pod\nspec: {{ .Values.x\n"), [("deployment-not-read", "low")]);
}

#[test]
fn arguments_and_stages_of_container_files() {
    let pinned = "@sha256:0000";
    let by_argument =
        |from: &str| look("Dockerfile", &format!("ARG TAG=3.12\nARG BASE=python:3.12\nFROM {from}\nUSER app\n"));
    for from in ["${BASE}", "$BASE", "python:${TAG}", "${NONE:-python:3.12}", "--platform=linux/amd64 $BASE AS x"] {
        assert_eq!(by_argument(from), [("deployment-unpinned", "low")], "{from}");
    }
    assert_eq!(by_argument("${ELSEWHERE}"), []);
    assert_eq!(by_argument(&format!("python:${{TAG}}{pinned}")), []);
    // A stage hands its user on; an image without a command runs that of its base.
    assert_eq!(look("Dockerfile", &format!("FROM a{pinned} AS one\nUSER app\nFROM one\n")), []);
    assert_eq!(look("Dockerfile", &format!("FROM a{pinned}\nCOPY . /models\n")), [("deployment-root", "low")]);
    assert_eq!(look("Dockerfile", "FROM scratch\nCOPY a /a\n"), []);
    assert_eq!(look("Dockerfile", "# nothing\n"), []);
    assert_eq!(look("Dockerfile", "FROM {{ image }}\nUSER app\n"), []);
}

#[test]
fn pods_that_leave_the_user_to_the_image() {
    let pod = |context: &str| {
        look(
            "pod.yaml",
            &format!("apiVersion: v1\nkind: Pod\nspec:\n{context}  containers:\n  - name: a\n    image: a@sha256:00\n"),
        )
    };
    assert_eq!(pod(""), [("deployment-root", "low")]);
    assert_eq!(pod("  securityContext: {runAsNonRoot: true}\n"), []);
    assert_eq!(pod("  securityContext: {runAsUser: 1000}\n"), []);
    assert_eq!(pod("  securityContext: {runAsUser: 0}\n"), [("deployment-root", "low")]);
}

#[test]
fn charts_and_configurations_of_servers() {
    let chart = "image:\n  repository: vllm/vllm-openai\n  tag: latest\nextraArgs:\n- --trust-remote-code\n- --host=0.0.0.0\nsecurityContext:\n  runAsUser: 0\n  privileged: true\nenv:\n- name: API_TOKEN\n  value: tr0ub4dor3x\n";
    assert_eq!(
        look("values.yaml", chart),
        [
            ("deployment-open-service", "low"),
            ("deployment-privileged", "high"),
            ("deployment-remote-code", "medium"),
            ("deployment-root", "low"),
            ("deployment-secret", "high"),
            ("deployment-unpinned", "low"),
        ]
    );
    assert_eq!(look("values.yaml", "image: {repository: a, tag: '', digest: 'sha256:00'}\nreplicas: 2\n"), []);
    assert_eq!(look("values.yaml", "services:\n  web:\n    privileged: true\n"), [("deployment-privileged", "high")]);
    let pod = "apiVersion: v1\nkind: Secret\ndata: {key: c2VjcmV0MQ==}\n";
    assert_eq!(look("values.yaml", pod), [("deployment-secret", "high")]);
    let server = "model: acme/small\ntrust_remote_code: true\nhost: 0.0.0.0\nport: 8000\n";
    assert_eq!(
        look("config.yaml", server),
        [("deployment-open-service", "medium"), ("deployment-remote-code", "medium"), ("deployment-unpinned", "low")]
    );
    assert_eq!(
        look("config.yaml", "model: /models/x\nhost: 127.0.0.1\ntensor-parallel-size: 2\ntrust-remote-code: false\n"),
        []
    );
    for other in [
        "model: hf\nhost: 0.0.0.0\n",
        "model:\n  trust_remote_code: true\n",
        "# model: a\nmax_model_len: 2\n",
        "models:\n- model: a/b\nmerge_method: slerp\n",
    ] {
        assert_eq!(look("other.yaml", other), [], "{other}");
    }
}

#[test]
fn containers_started_by_scripts() {
    let script = |text: &str| look("start.sh", &format!("#!/bin/sh\n{text}\n"));
    let pinned = "a/b@sha256:0000";
    assert_eq!(script(&format!("docker run --rm -it {pinned}")), []);
    assert_eq!(script(&format!("docker run --privileged {pinned}")), [("deployment-privileged", "high")]);
    assert_eq!(script(&format!("sudo podman run -d -v /:/host {pinned}")), [("deployment-privileged", "high")]);
    assert_eq!(
        script(&format!("docker container run --mount type=bind,src=/etc,dst=/e {pinned}")),
        [("deployment-privileged", "high")]
    );
    assert_eq!(script(&format!("docker run -v ./data:/data -p 127.0.0.1:80:80 {pinned}")), []);
    assert_eq!(script(&format!("docker run -e API_TOKEN=tr0ub4dor3x {pinned}")), [("deployment-secret", "high")]);
    assert_eq!(script("docker run a"), [("deployment-unpinned", "low")]);
    let ollama = "ollama/ollama@sha256:0000";
    assert_eq!(script(&format!("docker run -p 11434:11434 {ollama}")), [("deployment-open-service", "medium")]);
    assert_eq!(script(&format!("docker run -p 127.0.0.1:11434:11434 {ollama}")), []);
    assert_eq!(script("docker build -t a ."), []);
}

#[test]
fn values_that_a_script_sets_itself() {
    let script = |text: &str| look("start.sh", &format!("#!/bin/sh\n{text}\n"));
    let open = [("deployment-open-service", "medium")];
    assert_eq!(script("HOST=0.0.0.0\nvllm serve /models/x --host $HOST"), open);
    assert_eq!(script("export HOST=\"${HOST:-0.0.0.0}\"\nvllm serve /models/x --host \"${HOST}\""), open);
    assert_eq!(script("HOST=127.0.0.1\nvllm serve /models/x --host $HOST"), []);
    assert_eq!(script("vllm serve /models/x --host $HOST"), []);
}

#[test]
fn packages_from_addresses() {
    let run = |line: &str| look("Dockerfile", &format!("FROM a@sha256:00\nUSER app\nRUN {line}\n"));
    let download = |severity| [("deployment-download", severity)];
    assert_eq!(run("pip install http://a.example/x.whl"), download("high"));
    assert_eq!(run("apt-get update && pip3 install https://a.example/x.whl"), download("low"));
    assert_eq!(run("python -m pip install git+https://a.example/x@main"), download("low"));
    assert_eq!(run(&format!("pip install git+https://a.example/x@{}", "a".repeat(40))), []);
    assert_eq!(run("pip install https://a.example/x.whl#sha256=00"), []);
    assert_eq!(run("pip install --extra-index-url https://a.example/simple x==1"), []);
    assert_eq!(run("pip download https://a.example/x.whl"), []);
}

#[test]
fn installers_of_known_makers_are_no_matter() {
    let run = |line: &str| look("Dockerfile", &format!("FROM a@sha256:00\nUSER app\nRUN {line}\n"));
    let download = |severity| [("deployment-download", severity)];
    assert_eq!(run("curl -LsSf https://astral.sh/uv/install.sh | sh"), download("low"));
    assert_eq!(
        run("wget -q https://repo.anaconda.com/miniconda/M.sh -O /tmp/m.sh && bash /tmp/m.sh -b"),
        download("low")
    );
    assert_eq!(run("curl -L https://a.example/tool -o /usr/bin/tool && chmod +x /usr/bin/tool"), download("low"));
    assert_eq!(run("curl -s https://a.example/key.gpg | apt-key add -"), []);
    assert_eq!(run("curl -s https://a.example/key.gpg | gpg --dearmor -o /k"), []);
    assert_eq!(run("curl -s \"$URL\" | bash"), download("medium"));
    assert_eq!(run("curl -s http://a.example/x | sh"), download("high"));
    assert_eq!(run("wget http://a.example/x -O /tmp/x && sh /tmp/x"), download("high"));
}

#[test]
fn requirements_in_the_clear() {
    let high = [("deployment-download", "high")];
    assert_eq!(look("requirements.txt", "--index-url http://a.example/simple\nx==1\n"), high);
    assert_eq!(look("environment.yml", "dependencies:\n- pip:\n  - x @ git+http://a.example/x.git\n"), high);
    assert_eq!(look("requirements.txt", "--extra-index-url https://download.pytorch.org/whl/cu118\ntorch\n"), []);
}

#[test]
fn servers_that_images_start() {
    let file = |rest: &str| look("Dockerfile", &format!("FROM vllm/vllm-openai@sha256:00\nUSER app\n{rest}\n"));
    assert_eq!(file("CMD [\"--model\", \"/m\", \"--trust-remote-code\"]"), [("deployment-remote-code", "medium")]);
    assert_eq!(file("CMD [\"python3\", \"x.py\", \"--trust-remote-code\"]"), []);
    let compose = |ports: &str, more: &str| {
        let image = "ollama/ollama@sha256:00";
        look("compose.yaml", &format!("services:\n  llm:\n    image: {image}\n    ports: {ports}\n{more}"))
    };
    let open = [("deployment-open-service", "medium")];
    assert_eq!(compose("['11434:11434']", ""), open);
    assert_eq!(compose("[{target: 11434, published: 80}]", ""), open);
    assert_eq!(compose("['127.0.0.1:11434:11434']", ""), []);
    assert_eq!(compose("[{target: 11434, host_ip: 127.0.0.1}]", ""), []);
    assert_eq!(compose("['11434:11434']", "    env_file: .env\n"), []);
}

#[test]
fn model_files_and_manifests_in_json() {
    assert_eq!(look("Modelfile", "FROM llama3\nSYSTEM x\n"), [("deployment-unpinned", "low")]);
    assert_eq!(look("x.modelfile", "FROM llama3:latest\n"), [("deployment-unpinned", "low")]);
    assert_eq!(look("Modelfile", "FROM ./x.gguf\nADAPTER ./y.gguf\n"), []);
    assert_eq!(look("Modelfile", "FROM ../../x.gguf\n"), []);
    assert_eq!(look("Modelfile", "FROM ./x.gguf\nADAPTER ../../../etc/passwd\n"), [("deployment-privileged", "high")]);
    assert_eq!(look("Modelfile", "FROM llama3:8b-q4\n"), []);
    let pod = "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"containers\": [{\"name\": \"a\", \"image\": \"a@sha256:00\", \"securityContext\": {\"privileged\": true, \"runAsUser\": 1}}]}}";
    assert_eq!(look("pod.json", pod), [("deployment-privileged", "high")]);
    assert_eq!(look("package.json", "{\"kind\": \"module\"}"), []);
}
