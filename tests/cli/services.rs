//! Sigstore's services on this machine: an identity provider, a certificate authority whose certificates a log
//! promises to list, a transparency log of either version, a timestamp authority. Everything with keys made here.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use weighbridge::trust::key::{KeyKind, PrivateKey, PublicKey};

pub const NAME: &str = "someone@example.org";
pub const ISSUER: &str = "https://accounts.example.org";
/// What GitHub's runner would have to say to get a token.
pub const BEARER: &str = "runner";

pub struct Services {
    pub url: String,
    authority: PrivateKey,
    log: PrivateKey,
    folder: PathBuf,
}

fn b64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut bytes = vec![tag];
    match body.len() {
        short @ 0..128 => bytes.push(short as u8),
        long @ 128..256 => bytes.extend([0x81, long as u8]),
        long => bytes.extend([0x82, (long >> 8) as u8, long as u8]),
    }
    bytes.extend(body);
    bytes
}

fn oid(text: &str) -> Vec<u8> {
    let parts: Vec<u32> = text.split('.').map(|part| part.parse().unwrap()).collect();
    let mut bytes = vec![(parts[0] * 40 + parts[1]) as u8];
    for part in &parts[2..] {
        let digits: Vec<u8> =
            (0..5).rev().map(|n| (part >> (7 * n) & 0x7f) as u8).skip_while(|digit| *digit == 0).collect();
        let last = digits.len().saturating_sub(1);
        bytes.extend(digits[..last].iter().map(|digit| digit | 0x80));
        bytes.push(digits.get(last).copied().unwrap_or_default());
    }
    der(6, &[&bytes])
}

fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let mark: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    der(0x30, &[&oid(id), mark, &der(4, &[value])])
}

fn name(text: &str) -> Vec<u8> {
    der(0x30, &[&der(0x31, &[&der(0x30, &[&oid("2.5.4.3"), &der(12, &[text.as_bytes()])])])])
}

fn ecdsa() -> Vec<u8> {
    der(0x30, &[&oid("1.2.840.10045.4.3.2")])
}

fn identifier(key: &PublicKey) -> Vec<u8> {
    sha256(key.to_der())[..20].to_vec()
}

fn tbs(subject: &[u8], key: &PublicKey, issuer: &PrivateKey, minutes: i64, extensions: &[Vec<u8>]) -> Vec<u8> {
    let now = jiff::Timestamp::now().as_second();
    let time = |second: i64| {
        let time = jiff::Timestamp::from_second(second).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
        der(0x17, &[time.strftime("%y%m%d%H%M%SZ").to_string().as_bytes()])
    };
    let mut all = vec![extension("2.5.29.35", false, &der(0x30, &[&der(0x80, &[&identifier(issuer.public())])]))];
    all.extend_from_slice(extensions);
    let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    der(
        0x30,
        &[
            &der(0xa0, &[&[2, 1, 2]]),
            &der(2, &[&[&[1], &sha256(key.to_der())[..15]].concat()]),
            &ecdsa(),
            &name("Example Fulcio"),
            &der(0x30, &[&time(now - 60), &time(now + minutes * 60)]),
            subject,
            key.to_der(),
            &der(0xa3, &[&der(0x30, &all)]),
        ],
    )
}

fn signed(tbs: &[u8], key: &PrivateKey) -> Vec<u8> {
    der(0x30, &[tbs, &ecdsa(), &der(3, &[&[0], &key.sign(tbs)])])
}

fn pem(label: &str, bytes: &[u8]) -> String {
    let text = b64(bytes);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A token that says who; nobody checks its signature here.
pub fn token(expires: i64) -> String {
    let exp = jiff::Timestamp::now().as_second() + expires;
    let claims = json!({ "iss": ISSUER, "sub": "subject", "email": NAME, "aud": "sigstore", "exp": exp });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(json!({ "alg": "none" })), part(claims))
}

impl Services {
    /// Starts them; they end with the test.
    pub fn start(folder: &Path) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let key = || PrivateKey::generate(KeyKind::P256).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let services = Arc::new(Self { url, authority: key(), log: key(), folder: folder.to_owned() });
        services.make_timestamp_authority();
        std::fs::write(folder.join("root.json"), services.trusted_root().to_string()).unwrap();
        let serving = services.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(stream.unwrap()));
            }
        });
        services
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let path = head.split(' ').nth(1).unwrap().split('?').next().unwrap().to_owned();
        let answer = match path.as_str() {
            "/api/v2/signingCert" => self.certify(&head, &body),
            "/api/v1/log/entries" => Some(self.log_v1(&body)),
            "/api/v2/log/entries" => Some(self.log_v2(&body)),
            "/timestamp" => Some(self.stamp(&body)),
            "/github" if head.contains(&format!("bearer {BEARER}")) && head.contains("audience=sigstore") => {
                Some(json!({ "value": token(300) }).to_string().into_bytes())
            }
            "/.well-known/openid-configuration" => Some(
                json!({
                    "authorization_endpoint": format!("{}/authorize?tenant=x", self.url),
                    "token_endpoint": format!("{}/token", self.url),
                })
                .to_string()
                .into_bytes(),
            ),
            "/token" => self.exchange(&body),
            _ => None,
        };
        let (status, body) = match answer {
            Some(body) => ("201 Created", body),
            None => ("403 Forbidden", br#"{"message":"not so"}"#.to_vec()),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
    }

    /// The code that the browser was given is the challenge itself, so that the verifier can be checked.
    fn exchange(&self, body: &[u8]) -> Option<Vec<u8>> {
        let body = String::from_utf8(body.to_vec()).unwrap();
        let value = |name: &str| body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap();
        let right = URL_SAFE_NO_PAD.encode(sha256(value("code_verifier").as_bytes())) == value("code");
        right.then(|| json!({ "id_token": token(300) }).to_string().into_bytes())
    }

    /// Fulcio: proof of possession, then a certificate with the promise of a certificate log in it (RFC 6962 3.3).
    fn certify(&self, head: &str, body: &[u8]) -> Option<Vec<u8>> {
        let request: Value = serde_json::from_slice(body).unwrap();
        let bearer = request["credentials"]["oidcIdentityToken"].as_str()?;
        if !head.contains(bearer) {
            return None;
        }
        let claims = URL_SAFE_NO_PAD.decode(bearer.split('.').nth(1)?).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        let text = String::from_utf8(STANDARD.decode(request["certificateSigningRequest"].as_str()?).ok()?).ok()?;
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let csr = STANDARD.decode(body).ok()?;
        // SEQUENCE { SEQUENCE { version, empty name, key, no attributes }, algorithm, BIT STRING }.
        let info = &csr[3..3 + 2 + usize::from(csr[4])];
        let key = PublicKey::from_der(&info[2 + 3 + 2..info.len() - 2]).ok()?;
        let rest = &csr[3 + info.len() + 12..];
        if !key.verify(info, &rest[3..]) {
            return None;
        }
        let email = claims["email"].as_str()?;
        let extensions = |more: &[Vec<u8>]| {
            let mut all = vec![
                extension("2.5.29.15", true, &[3, 2, 7, 0x80]),
                extension("2.5.29.37", false, &der(0x30, &[&oid("1.3.6.1.5.5.7.3.3")])),
                extension("2.5.29.17", true, &der(0x30, &[&der(0x81, &[email.as_bytes()])])),
                extension("1.3.6.1.4.1.57264.1.8", false, &der(12, &[claims["iss"].as_str().unwrap().as_bytes()])),
            ];
            all.extend_from_slice(more);
            tbs(&der(0x30, &[]), &key, &self.authority, 10, &all)
        };
        let plain = extensions(&[]);
        let time = (jiff::Timestamp::now().as_millisecond() as u64).to_be_bytes();
        let length = (plain.len() as u32).to_be_bytes();
        let entry = [&[0, 1][..], &sha256(self.authority.public().to_der()), &length[1..], &plain].concat();
        let signature = self.log.sign(&[&[0, 0][..], &time, &entry, &[0, 0]].concat());
        let log = sha256(self.log.public().to_der());
        let size = (signature.len() as u16).to_be_bytes();
        let promise = [&[0][..], &log, &time, &[0, 0, 4, 3], &size, &signature].concat();
        let (list, one) = ((promise.len() as u16 + 2).to_be_bytes(), (promise.len() as u16).to_be_bytes());
        let promises = der(4, &[&[&list[..], &one, &promise].concat()]);
        let leaf = signed(&extensions(&[extension("1.3.6.1.4.1.11129.2.4.2", false, &promises)]), &self.authority);
        let chain = [pem("CERTIFICATE", &leaf), pem("CERTIFICATE", &self.root())];
        Some(json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": chain } } }).to_string().into_bytes())
    }

    fn root(&self) -> Vec<u8> {
        let extensions = [
            extension("2.5.29.19", true, &der(0x30, &[&[1, 1, 0xff]])),
            extension("2.5.29.15", true, &[3, 2, 2, 4]),
            extension("2.5.29.14", false, &der(4, &[&identifier(self.authority.public())])),
        ];
        let key = self.authority.public();
        signed(&tbs(&name("Example Fulcio"), key, &self.authority, 600, &extensions), &self.authority)
    }

    /// A tree of two entries, of which ours is the second: proof and signed head.
    fn proof(&self, body: &[u8]) -> (Vec<u8>, Vec<u8>, String) {
        let leaf = |body: &[u8]| sha256(&[&[0], body].concat());
        let other = leaf(b"another entry");
        let root = sha256(&[&[1][..], &other, &leaf(body)].concat());
        let note = format!("log.example.org\n2\n{}\n", b64(&root));
        let id = sha256(self.log.public().to_der());
        let signature = b64(&[&id[..4], &self.log.sign(note.as_bytes())].concat());
        (other, root, format!("{note}\n\u{2014} log.example.org {signature}\n"))
    }

    fn log_v1(&self, request: &[u8]) -> Vec<u8> {
        let mut body: Value = serde_json::from_slice(request).unwrap();
        if body["kind"] == "dsse" {
            let proposed = body["spec"]["proposedContent"].clone();
            let envelope = proposed["envelope"].as_str().unwrap();
            let parsed: Value = serde_json::from_str(envelope).unwrap();
            let payload = STANDARD.decode(parsed["payload"].as_str().unwrap()).unwrap();
            let hash = |bytes: &[u8]| json!({ "algorithm": "sha256", "value": hex::encode(sha256(bytes)) });
            body["spec"] = json!({
                "envelopeHash": hash(envelope.as_bytes()),
                "payloadHash": hash(&payload),
                "signatures": [{ "signature": parsed["signatures"][0]["sig"], "verifier": proposed["verifiers"][0] }],
            });
        }
        let body = body.to_string();
        let (other, root, head) = self.proof(body.as_bytes());
        let id = hex::encode(sha256(self.log.public().to_der()));
        let time = jiff::Timestamp::now().as_second();
        let promise = json!({ "body": b64(body.as_bytes()), "integratedTime": time, "logID": id, "logIndex": 1 });
        let proof = json!({
            "checkpoint": head, "hashes": [hex::encode(other)], "logIndex": 1, "rootHash": hex::encode(root), "treeSize": 2,
        });
        let mut entry = promise.clone();
        entry["verification"] = json!({
            "inclusionProof": proof, "signedEntryTimestamp": b64(&self.log.sign(promise.to_string().as_bytes())),
        });
        json!({ "00ff": entry }).to_string().into_bytes()
    }

    fn log_v2(&self, request: &[u8]) -> Vec<u8> {
        let request: Value = serde_json::from_slice(request).unwrap();
        let request = &request["hashedRekordRequestV002"];
        let body = json!({
            "apiVersion": "0.0.2",
            "kind": "hashedrekord",
            "spec": { "hashedRekordV002": {
                "data": { "algorithm": "SHA2_256", "digest": request["digest"] }, "signature": request["signature"],
            } },
        })
        .to_string();
        let (other, root, head) = self.proof(body.as_bytes());
        json!({
            "logIndex": "1",
            "logId": { "keyId": b64(&sha256(self.log.public().to_der())) },
            "kindVersion": { "kind": "hashedrekord", "version": "0.0.2" },
            "inclusionProof": {
                "logIndex": "1", "rootHash": b64(&root), "treeSize": "2", "hashes": [b64(&other)],
                "checkpoint": { "envelope": head },
            },
            "canonicalizedBody": b64(body.as_bytes()),
        })
        .to_string()
        .into_bytes()
    }

    fn openssl(&self, call: &str) {
        let output = Command::new("openssl").args(call.split(' ')).current_dir(&self.folder).output().unwrap();
        assert!(output.status.success(), "{call}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn make_timestamp_authority(&self) {
        let config = "[req]\ndistinguished_name=name\nx509_extensions=usage\nprompt=no\n[name]\nCN=Example Clock\n\
                      [usage]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
                      extendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\n\
                      [tsa]\ndefault_tsa=clock\n[clock]\nserial=./serial\ndefault_policy=1.2.3.4.1\n\
                      digests=sha256\nsigner_digest=sha256\ness_cert_id_alg=sha256\n";
        std::fs::write(self.folder.join("clock.cnf"), config).unwrap();
        self.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout clock.key -out clock.pem -config clock.cnf -days 30",
        );
        self.openssl("x509 -in clock.pem -outform DER -out clock.der");
    }

    fn stamp(&self, query: &[u8]) -> Vec<u8> {
        std::fs::write(self.folder.join("query"), query).unwrap();
        self.openssl("ts -reply -config clock.cnf -queryfile query -signer clock.pem -inkey clock.key -out reply");
        std::fs::read(self.folder.join("reply")).unwrap()
    }

    fn trusted_root(&self) -> Value {
        let log = json!({
            "baseUrl": "https://log.example.org", "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": b64(self.log.public().to_der()), "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": { "start": "2020-01-01T00:00:00Z" },
            },
            "logId": { "keyId": b64(&sha256(self.log.public().to_der())) },
        });
        let authority = |name: &str, certificate: &[u8]| {
            json!({
                "subject": { "organization": "example.org", "commonName": name }, "uri": "https://example.org",
                "certChain": { "certificates": [{ "rawBytes": b64(certificate) }] },
                "validFor": { "start": "2020-01-01T00:00:00Z" },
            })
        };
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log.clone()],
            "ctlogs": [log],
            "certificateAuthorities": [authority("Example Fulcio", &self.root())],
            "timestampAuthorities": [authority("Example Clock", &std::fs::read(self.folder.join("clock.der")).unwrap())],
        })
    }
}
