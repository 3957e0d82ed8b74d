//! Keys and signatures here were made with OpenSSL 3 for these tests alone; they protect nothing.

use super::*;

const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5yxCoANEA1QYIfoT
RNSGuUKNP97Rt7c9A3CLjxxL5iKhRANCAAROeyyrz+K+6ZEbq4VG1x32DTWsqoNh
hbNBDi7JVEC2bgSmFHybuQc+OuR5qG1QZ2BEHj6ZshrG+zL3J3tNBizN
-----END PRIVATE KEY-----";
const P256_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAETnssq8/ivumRG6uFRtcd9g01rKqD
YYWzQQ4uyVRAtm4EphR8m7kHPjrkeahtUGdgRB4+mbIaxvsy9yd7TQYszQ==
-----END PUBLIC KEY-----
";
const P256_SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIOcsQqADRANUGCH6E0TUhrlCjT/e0be3PQNwi48cS+YioAoGCCqGSM49
AwEHoUQDQgAETnssq8/ivumRG6uFRtcd9g01rKqDYYWzQQ4uyVRAtm4EphR8m7kH
PjrkeahtUGdgRB4+mbIaxvsy9yd7TQYszQ==
-----END EC PRIVATE KEY-----";
const P384: &str = "-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBcqdD9scqzqfWSBCZn
MZQZvQ8Q4Lx4izL3V8Kd4+osvfUzgQX+9S/7YgUSgawzGqmhZANiAAQW7l6Hq8rq
JJwdjFl2/GauwdOod+JLcAOHjcAhEzrsccFHlZZmyFCgMihCP33de8LOy3ZepaQA
kmIlKL8NZhEoSUxyR9RMfAf7jl8SaQUss6VaRdcf+dngDVPiymPmQ5U=
-----END PRIVATE KEY-----";
const P384_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEFu5eh6vK6iScHYxZdvxmrsHTqHfiS3AD
h43AIRM67HHBR5WWZshQoDIoQj993XvCzst2XqWkAJJiJSi/DWYRKElMckfUTHwH
+45fEmkFLLOlWkXXH/nZ4A1T4spj5kOV
-----END PUBLIC KEY-----
";
const P384_SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDBcqdD9scqzqfWSBCZnMZQZvQ8Q4Lx4izL3V8Kd4+osvfUzgQX+9S/7
YgUSgawzGqmgBwYFK4EEACKhZANiAAQW7l6Hq8rqJJwdjFl2/GauwdOod+JLcAOH
jcAhEzrsccFHlZZmyFCgMihCP33de8LOy3ZepaQAkmIlKL8NZhEoSUxyR9RMfAf7
jl8SaQUss6VaRdcf+dngDVPiymPmQ5U=
-----END EC PRIVATE KEY-----";
const P521: &str = "-----BEGIN PRIVATE KEY-----
MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIBU6SmfeHUOumq3CZB
oIDQkg3bptBDR3XEd6THzTbcRoTqJHfxNyEVOFDQqoAOxnl4w5M611a5SQG4Xrdz
fEFHu8mhgYkDgYYABADplTTuYFyUs6rjjvUI+7SDlT97m2tbvMHxckUe5tuYXzGy
R4ktbyTd+eHoxPd61luwvUVyrkCVbgoeZgWHKFtgqQGXGSNmX7FasBANpAm5wmSX
UgwOzgKg7iVKmhOLrvG8lNErgOz/z2XFNdHcwShYW4pWmC8LLomWvOeXnPn2InO3
4w==
-----END PRIVATE KEY-----";
const P521_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQA6ZU07mBclLOq4471CPu0g5U/e5tr
W7zB8XJFHubbmF8xskeJLW8k3fnh6MT3etZbsL1Fcq5AlW4KHmYFhyhbYKkBlxkj
Zl+xWrAQDaQJucJkl1IMDs4CoO4lSpoTi67xvJTRK4Ds/89lxTXR3MEoWFuKVpgv
Cy6Jlrznl5z59iJzt+M=
-----END PUBLIC KEY-----
";
const P521_SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MIHcAgEBBEIBU6SmfeHUOumq3CZBoIDQkg3bptBDR3XEd6THzTbcRoTqJHfxNyEV
OFDQqoAOxnl4w5M611a5SQG4XrdzfEFHu8mgBwYFK4EEACOhgYkDgYYABADplTTu
YFyUs6rjjvUI+7SDlT97m2tbvMHxckUe5tuYXzGyR4ktbyTd+eHoxPd61luwvUVy
rkCVbgoeZgWHKFtgqQGXGSNmX7FasBANpAm5wmSXUgwOzgKg7iVKmhOLrvG8lNEr
gOz/z2XFNdHcwShYW4pWmC8LLomWvOeXnPn2InO34w==
-----END EC PRIVATE KEY-----";
const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJk4DvKtQEKOF/cePRgQsAtdE2W71UoHN4vvMmxVB0kE
-----END PRIVATE KEY-----";
const ED25519_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEADBZ3YW+tmdhOxZ8WcHQciG+m3SOpcQK67E15nIWXLo4=
-----END PUBLIC KEY-----
";
const SCRYPT: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAhsIJ82EHfZ5AICQAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBDe+GgbON/433ZlcBAjysUVBIGQUBnBA7zviTxK
uR8sXeRo54eOYT2qbWWY93+gF8lDjobo3aOF+V2WLZ/RGaoRD+fq3ad4mb2U6UlN
tkR2CsXB64H0PhtN6Rq/hQP62JYrz5JIo5pU13qdd1UIDCpMDx53o9eehNh4OYqR
sN+VPiBi99DSKz3KTVoaqsw+RO1f+agmZTiwNqcRx+UlFy60fwV6
-----END ENCRYPTED PRIVATE KEY-----";
const PBKDF2: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgmWSXv2lnadAICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEC8Ro6RkG9qQ2KjoV0C9QtwEgZBU
afVOc7ieg82X1b6F5bEmCjt6mWUmA5C5aW26s+4NYFFyTQSnrCx/1J/w/jn0f9d7
Do2U2iO7+d3co+pgD+Tn/LAp0fy7E7oVBfc8LWSc8mYNZa3dSut7qL4iKLTzo8Bk
RKK8I4DaQqMkOIPBZdnRZmjUcROQNxg4LMiWcM45wGOTw0JYbm87KNKyTVUbNuA=
-----END ENCRYPTED PRIVATE KEY-----";
const PROC_TYPE: &str = "-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,FA8DE0BA1575C1BDAB458D5883CCB6CE

orgoPh2KoLz66uZKO7vFZZt7KM4GbIBiiFlgRKlQH4Wa41P4Q0cMYNp9Jyp+Kbig
W0Sk7ZPzGzW8O1tA30mc8WfUGH+e+7SyUaI67nVjxsqBsEGwKk+zJ5mrnyNGEyM3
b5KT6Nhzq+0iyn2KIjhT6hNSvsNejJXsrwWoWWh5fDg=
-----END EC PRIVATE KEY-----";
const RSA_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvb90R+Q8yq3n9Phkgqgf
ihhr1J/ptDLcWZhVy15E271pMCJioxMFz1rSA5o7E4eBL0w7AeKrnIagxCum+9R7
sWxmJ+fkj6LruPhavXkQmZNq2hEr7YNCdU5zp8HwIgDUE/EbsiNHGs7srJ3/WyrA
NFq4spJPMp9SYjJCjSheL5SYEQXvc9cFCIESwfkJ1JrsREfr+ZQbpP4+RunVrztI
7jypWRlxXGQBk8WiSD82YcNWN22PvtBU5eQ7mL2xkbKBShYx0GCGoUevKaVIVJMQ
CAL0cuHylEeoQ+c3RHoA6Uqh//bpKuIy8RWOSSp0fQdqRfH9unGJPcpDo2XaqfWQ
xwIDAQAB
-----END PUBLIC KEY-----";
const OTHER_CURVE: &str = "-----BEGIN EC PARAMETERS-----
BgUrgQQACg==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHQCAQEEINFWlJPmZ8PBcfK3YUwy9WO6JXUfL12jn/X1aooTT6lxoAcGBSuBBAAK
oUQDQgAEEu5Hf+itsq9ZeuyLgY927BYuW7FPQmletI2/E0EvsPGVVmgll6Lb8s/9
DKuiDJpsQdL2oTH84NQGoefbIREzYg==
-----END EC PRIVATE KEY-----";
const SIGNATURES: [&str; 4] = [
    "30460221008919e556014122b892958c4daf4e9ca094948d223688c7d69bc3d85face3e129022100fcfacda1812880f9d08168d30cc3d95be95d871b32c73ea5b7abd95fd351bd23",
    "3066023100871de0c6c0810eeb0549b8fe0463f6e6cd2b399fdc1569211135866476d07e6728057bf6fee9aacdd52d1a1eb75435fa023100f79302cf549735e112b95b2b52a7dad279089107bc5d44456144a7afa49f82e949b781e5fc2e34c64270acefe06092b9",
    "308188024200e38d26bd095a79287e40a6adb3b19d3aaf1f4b2eb37c9eb25fae75c3c379f31eba58a584cb9b9084f75bc1e922889e2bbcd369e9e3361f35af6886b0324ac9f8ec0242008c9fbc83545876d021186dd39a8e5a5d4f8842b37de338700b21767246b44e7b1a328d5a1a15057d81ee078ef8a7ba64491498131c5be036433b15ae350d79d6c0",
    "25518ad2e7a8b9709f3ee6c2886ab51e21bf71384dc96b67f727d9884d061c667d2c09475deee203363660c5f6c15e1ed55775b589d56a55a52e09aabe737707",
];
const P256_ID: &str = "ed25714b6ecc0e217525ea39d4f792986edf5c297c91f622881362833c7a129b";

fn all() -> [(&'static str, &'static str); 4] {
    [(P256, P256_PUBLIC), (P384, P384_PUBLIC), (P521, P521_PUBLIC), (ED25519, ED25519_PUBLIC)]
}

#[test]
fn keys_of_openssl_are_read_and_their_signatures_verify() {
    for ((private, public), signature) in all().into_iter().zip(SIGNATURES) {
        let public = PublicKey::from_pem(public.as_bytes()).unwrap();
        let signature = hex::decode(signature).unwrap();
        assert!(public.verify(b"hello", &signature), "{}", public.kind());
        assert!(!public.verify(b"hellp", &signature));
        let key = PrivateKey::from_pem(private.as_bytes(), None).unwrap();
        assert_eq!(key.public(), &public);
        assert!(public.verify(b"x", &key.sign(b"x")));
    }
    for (sec1, public) in [(P256_SEC1, P256_PUBLIC), (P384_SEC1, P384_PUBLIC), (P521_SEC1, P521_PUBLIC)] {
        assert_eq!(PrivateKey::from_pem(sec1.as_bytes(), None).unwrap().public().to_pem(), public);
    }
    assert_eq!(PublicKey::from_pem(P256_PUBLIC.as_bytes()).unwrap().id().as_str(), P256_ID);
}

#[test]
fn encrypted_keys_need_the_right_passphrase() {
    for text in [SCRYPT, PBKDF2] {
        let read = |passphrase: Option<&[u8]>| PrivateKey::from_pem(text.as_bytes(), passphrase);
        assert_eq!(read(Some(b"secret")).unwrap().public().to_pem(), P256_PUBLIC);
        assert_eq!(read(None).unwrap_err(), KeyError::PassphraseMissing);
        assert_eq!(read(Some(b"Secret")).unwrap_err(), KeyError::PassphraseWrong);
    }
    for kind in KeyKind::ALL {
        let key = PrivateKey::generate(kind).unwrap();
        for passphrase in [None, Some(b"pass".as_slice())] {
            let text = key.to_pem(passphrase).unwrap();
            assert_eq!(text.contains("ENCRYPTED"), passphrase.is_some());
            assert_eq!(PrivateKey::from_pem(text.as_bytes(), passphrase).unwrap().public(), key.public());
        }
        assert_eq!(PublicKey::from_pem(key.public().to_pem().as_bytes()).unwrap(), *key.public());
    }
}

#[test]
fn what_is_not_the_key_asked_for_is_named() {
    let private = |text: &str| PrivateKey::from_pem(text.as_bytes(), None).unwrap_err();
    let public = |text: &str| PublicKey::from_pem(text.as_bytes()).unwrap_err();
    assert_eq!(private(P256_PUBLIC), KeyError::PublicInsteadOfPrivate);
    assert_eq!(public(P256), KeyError::PrivateInsteadOfPublic);
    assert_eq!(public(RSA_PUBLIC), KeyError::Unsupported("RSA".to_owned()));
    assert_eq!(private("hello"), KeyError::NotPem);
    assert_eq!(PrivateKey::from_pem(b"\xff\x00", None).unwrap_err(), KeyError::NotPem);
    assert!(matches!(private(PROC_TYPE), KeyError::UnsupportedEncryption(_)));
    assert!(matches!(private(OTHER_CURVE), KeyError::Unsupported(_)));
    assert!(matches!(private(&P256[..100]), KeyError::BrokenPem(_)));
    assert!(matches!(
        public("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        KeyError::CertificateInsteadOfKey
    ));
}

#[test]
fn an_ed25519_key_of_small_order_verifies_nothing() {
    // The neutral element, with the signature (R = neutral, s = 0), passes the plain equation over any message.
    let mut neutral = [0_u8; 32];
    neutral[0] = 1;
    let key = PublicKey::from_ed25519_bytes(&neutral).unwrap();
    let mut signature = [0_u8; 64];
    signature[0] = 1;
    assert!(!key.verify(b"anything", &signature));
}

#[test]
fn costly_parameters_are_refused_before_any_work() {
    assert!(check_scrypt(1 << 30, 1).is_ok());
    assert!(matches!(check_scrypt((1 << 30) + 1, 1), Err(KeyError::TooCostly(_))));
    assert!(matches!(check_scrypt(1 << 30, 65), Err(KeyError::TooCostly(_))));
}
