//! JavaScript's lockfiles.

use super::read;

const SRI: &str = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";

#[test]
fn npm_two_and_three() {
    let text = format!(
        r#"{{
  "name": "app", "version": "1.0.0", "lockfileVersion": 3,
  "packages": {{
    "": {{"name": "app", "version": "1.0.0", "dependencies": {{"a": "^1"}}}},
    "node_modules/a": {{
      "version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz", "integrity": "{SRI}", "hasInstallScript": true,
      "dependencies": {{"@s/b": "2.0.0"}}
    }},
    "node_modules/a/node_modules/@s/b": {{"version": "2.0.0", "resolved": "https://npm.example.org/@s/b/-/b-2.0.0.tgz"}},
    "node_modules/@s/b": {{"version": "1.0.0"}},
    "node_modules/alias": {{"name": "real", "version": "1.0.0", "resolved": "git+ssh://git@example.org/real.git#0123"}},
    "node_modules/ws": {{"link": true, "resolved": "packages/ws"}},
    "packages/ws": {{"name": "ws", "version": "0.0.1"}}
  }}
}}"#
    );
    assert_eq!(
        read("package-lock.json", &text),
        [
            "4 app 1.0.0 local 0 -> pkg:npm/a@1.0.0",
            "10 @s/b 1.0.0 public 0",
            "5 a 1.0.0 public 1 -> pkg:npm/%40s/b@2.0.0?repository_url=https:%2F%2Fnpm.example.org%2F%40s",
            "9 @s/b 2.0.0 registry:https://npm.example.org/@s 0",
            "11 real 1.0.0 git:git+ssh://git@example.org/real.git#0123 0",
            "13 ws 0.0.1 local 0",
            "install-script: 1 packages run a script when installed: a",
        ]
    );
}

#[test]
fn npm_one() {
    let text = r#"{
  "lockfileVersion": 1,
  "dependencies": {
    "a": {
      "version": "1.0.0", "requires": {"b": "2.0.0"},
      "dependencies": {
        "b": {"version": "2.0.0"}
      }
    },
    "c": {"version": "npm:real@3.0.0"},
    "d": {"version": "github:x/d#0123"}
  }
}"#;
    assert_eq!(
        read("package-lock.json", text),
        [
            "4 a 1.0.0 public 0 -> pkg:npm/b@2.0.0",
            "10 real 3.0.0 public 0",
            "11 d  git:github:x/d#0123 0",
            "7 b 2.0.0 public 0",
        ]
    );
    assert_eq!(read("package-lock.json", "{}"), ["lockfile-malformed: neither packages nor dependencies"]);
    assert!(read("package-lock.json", r#"{"lockfileVersion": 3, "packages": {}}"#).is_empty());
}

#[test]
fn pnpm_of_three_generations() {
    let five = format!(
        "lockfileVersion: 5.4\n\npackages:\n\n  /@s/a/1.10.0_react@18.0.0:\n    resolution: {{integrity: {SRI}}}\n    dependencies:\n      b: 2.0.0\n\n  /b/2.0.0:\n    resolution: {{tarball: https://codeload.github.com/x/b/tar.gz/0123}}\n"
    );
    assert_eq!(
        read("pnpm-lock.yaml", &five),
        [
            "5 @s/a 1.10.0 public 1 -> pkg:npm/b@2.0.0?download_url=https:%2F%2Fcodeload.github.com%2Fx%2Fb%2Ftar.gz%2F0123",
            "10 b 2.0.0 archive:https://codeload.github.com/x/b/tar.gz/0123 0",
        ]
    );
    let six = "lockfileVersion: '6.0'\npackages:\n  /a@1.0.0(b@2.0.0):\n    resolution: {integrity: x}\n    dependencies:\n      b: 2.0.0\n  /b@2.0.0:\n    resolution: {directory: packages/b, type: directory}\n";
    assert_eq!(read("pnpm-lock.yaml", six), ["3 a 1.0.0 public 0 -> pkg:generic/b@2.0.0", "7 b 2.0.0 local 0"]);
    let nine = "lockfileVersion: '9.0'\npackages:\n  '@s/a@1.0.0':\n    resolution: {integrity: x}\n  b@1.10:\n    resolution: {integrity: x}\nsnapshots:\n  '@s/a@1.0.0(c@1)':\n    dependencies:\n      other: b@1.10\n  b@1.10: {}\n";
    assert_eq!(read("pnpm-lock.yaml", nine), ["3 @s/a 1.0.0 public 0 -> pkg:npm/b@1.10", "5 b 1.10 public 0"]);
}

#[test]
fn yarn_of_two_generations() {
    let one = format!(
        "# yarn lockfile v1\n\n\"@s/a@^1.0.0\", \"@s/a@~1.0.1\":\n  version \"1.0.1\"\n  resolved \"https://registry.yarnpkg.com/@s/a/-/a-1.0.1.tgz#0123456789012345678901234567890123456789\"\n  integrity {SRI}\n  dependencies:\n    b \"^2\"\n\nb@^2:\n  version \"2.0.0\"\n  resolved \"https://codeload.github.com/x/b/tar.gz/0123\"\n\nc@npm:real@^1:\n  version \"1.0.0\"\n"
    );
    assert_eq!(
        read("yarn.lock", &one),
        [
            "3 @s/a 1.0.1 public 1 -> pkg:npm/b@2.0.0?download_url=https:%2F%2Fcodeload.github.com%2Fx%2Fb%2Ftar.gz%2F0123",
            "10 b 2.0.0 archive:https://codeload.github.com/x/b/tar.gz/0123 0",
            "14 real 1.0.0 public 0",
        ]
    );
    let berry = "__metadata:\n  version: 8\n\n\"a@npm:^1.0.0, a@npm:^1.1.0\":\n  version: 1.1.0\n  resolution: \"a@npm:1.1.0\"\n  dependencies:\n    b: \"npm:^2\"\n  checksum: 10/0123\n  languageName: node\n  linkType: hard\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n  dependencies:\n    a: \"npm:^1.0.0\"\n  linkType: soft\n\n\"b@npm:^2\":\n  version: 2.0.0\n  resolution: \"b@npm:2.0.0\"\n";
    assert_eq!(
        read("yarn.lock", berry),
        [
            "4 a 1.1.0 public 0 -> pkg:npm/b@2.0.0",
            "13 app 0.0.0-use.local local 0 -> pkg:npm/a@1.1.0",
            "20 b 2.0.0 public 0"
        ]
    );
    assert_eq!(
        read("yarn.lock", "<<<<<<< HEAD\na@1:\n  version \"1.0.0\"\n"),
        ["2 a 1.0.0 public 0", "lockfile-malformed: a merge conflict that nobody resolved"]
    );
}

#[test]
fn bun() {
    let text = format!(
        "{{\n  \"lockfileVersion\": 1,\n  \"packages\": {{\n    \"@s/a\": [\"@s/a@1.0.0\", \"\", {{ \"dependencies\": {{ \"b\": \"^1,}}\" }} }}, \"{SRI}\"],\n\n    \"b\": [\"b@github:x/b#0123\", {{}}, \"x-b-0123\"],\n\n    \"ws\": [\"ws@workspace:packages/ws\"],\n  }}\n}}\n"
    );
    assert_eq!(
        read("bun.lock", &text),
        [
            "4 @s/a 1.0.0 public 1 -> pkg:npm/b?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fx%2Fb%400123",
            "6 b  git:github:x/b#0123 0",
            "8 ws  local 0",
        ]
    );
}

#[test]
fn the_nearest_folder_decides_in_every_version_of_npm() {
    let text = r#"{
  "lockfileVersion": 3,
  "packages": {
    "": {"name": "app", "workspaces": ["packages/*"], "dependencies": {"a": "1", "alias": "npm:real@1"}, "devDependencies": {"d": "1"}},
    "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "1"}, "devDependencies": {"d": "1"},
      "peerDependencies": {"gone": "1"}, "peerDependenciesMeta": {"gone": {"optional": true}}},
    "node_modules/a/node_modules/b": {"version": "1.0.0", "dependencies": {"c": "1"}, "inBundle": true},
    "node_modules/alias": {"name": "real", "version": "1.0.0", "dependencies": {"b": "2"}},
    "node_modules/b": {"version": "2.0.0"},
    "node_modules/c": {"version": "1.0.0", "dependencies": {"b": "2"}},
    "node_modules/d": {"version": "1.0.0"},
    "node_modules/ws": {"link": true, "resolved": "packages/ws"},
    "packages/ws": {"version": "0.0.1", "dependencies": {"b": "3"}},
    "packages/ws/node_modules/b": {"version": "3.0.0"}
  }
}"#;
    assert_eq!(
        read("package-lock.json", text),
        [
            "4 app  local 0 -> pkg:generic/ws@0.0.1 pkg:npm/a@1.0.0 pkg:npm/d@1.0.0 pkg:npm/real@1.0.0",
            "5 a 1.0.0 public 0 -> pkg:npm/b@1.0.0",
            "7 b 1.0.0 public 0 -> pkg:npm/c@1.0.0",
            "8 real 1.0.0 public 0 -> pkg:npm/b@2.0.0",
            "9 b 2.0.0 public 0",
            "10 c 1.0.0 public 0 -> pkg:npm/b@2.0.0",
            "11 d 1.0.0 public 0",
            "13 ws 0.0.1 local 0 -> pkg:npm/b@3.0.0",
            "14 b 3.0.0 public 0",
        ]
    );
    let text = r#"{
  "lockfileVersion": 1,
  "dependencies": {
    "a": {"version": "1.0.0", "requires": {"b": "1", "alias": "1"}, "dependencies": {
      "b": {"version": "1.0.0", "requires": {"c": "1"}}
    }},
    "alias": {"version": "npm:real@1.0.0", "requires": {"b": "2"}},
    "b": {"version": "2.0.0"},
    "c": {"version": "1.0.0", "requires": {"b": "2"}}
  }
}"#;
    let read = read("package-lock.json", text);
    let edges: Vec<&str> = read.iter().filter_map(|line| line.split_once(' ')).map(|(_, line)| line).collect();
    assert_eq!(
        edges,
        [
            "a 1.0.0 public 0 -> pkg:npm/b@1.0.0 pkg:npm/real@1.0.0",
            "real 1.0.0 public 0 -> pkg:npm/b@2.0.0",
            "b 2.0.0 public 0",
            "c 1.0.0 public 0 -> pkg:npm/b@2.0.0",
            "b 1.0.0 public 0 -> pkg:npm/c@1.0.0",
        ]
    );
}

#[test]
fn bun_finds_the_nearest_too() {
    let text = r#"{
  "lockfileVersion": 1,
  "workspaces": {
    "": {"name": "app", "dependencies": {"@s/a": "1"}, "devDependencies": {"alias": "npm:real@1"}},
    "packages/ws": {"name": "ws", "version": "0.1.0", "dependencies": {"b": "3"}},
  },
  "packages": {
    "@s/a": ["@s/a@1.0.0", "", {"dependencies": {"b": "1"}, "peerDependencies": {"gone": "1"}, "optionalPeers": ["gone"]}, ""],
    "@s/a/b": ["b@1.0.0", "", {"dependencies": {"@s/c": "1"}}, ""],
    "@s/a/b/@s/c": ["@s/c@1.0.0", "", {"dependencies": {"b": "1"}}, ""],
    "@s/c": ["@s/c@2.0.0", "", {}, ""],
    "alias": ["real@1.0.0", "", {"dependencies": {"@s/c": "2", "b": "2"}}, ""],
    "b": ["b@2.0.0", "", {}, ""],
    "ws": ["ws@workspace:packages/ws"],
    "ws/b": ["b@3.0.0", "", {}, ""],
  }
}"#;
    assert_eq!(
        read("bun.lock", text),
        [
            "8 @s/a 1.0.0 public 0 -> pkg:npm/b@1.0.0",
            "9 b 1.0.0 public 0 -> pkg:npm/%40s/c@1.0.0",
            "10 @s/c 1.0.0 public 0 -> pkg:npm/b@1.0.0",
            "11 @s/c 2.0.0 public 0",
            "12 real 1.0.0 public 0 -> pkg:npm/%40s/c@2.0.0 pkg:npm/b@2.0.0",
            "13 b 2.0.0 public 0",
            "14 ws 0.1.0 local 0 -> pkg:npm/b@3.0.0",
            "15 b 3.0.0 public 0",
            "- app  local 0 -> pkg:npm/%40s/a@1.0.0 pkg:npm/real@1.0.0",
        ]
    );
}

#[test]
fn berry_without_protocols_names_one_version() {
    let text = "__metadata:\n  version: 4\n\n\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  \
                dependencies:\n    b: ^2\n\n\"b@npm:^1\":\n  version: 1.0.0\n  resolution: \"b@npm:1.0.0\"\n\n\
                \"b@npm:^2\":\n  version: 2.0.0\n  resolution: \"b@npm:2.0.0\"\n";
    assert_eq!(read("yarn.lock", text).first().unwrap(), "4 a 1.0.0 public 0 -> pkg:npm/b@2.0.0");
}
