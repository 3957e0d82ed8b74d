//! Go, Ruby, PHP, Java, conda, and bills of material.

use super::read;

#[test]
fn go() {
    let text = "module example.org/app\n\ngo 1.21\n\nrequire (\n\tgolang.org/x/net v0.7.0 // indirect\n\texample.org/b v1.0.0+incompatible\n)\nrequire example.org/c v1.0.0\n\nreplace example.org/c => ../c\nreplace example.org/b v1.0.0+incompatible => example.org/fork v1.0.1\n";
    assert_eq!(
        read("go.mod", text),
        ["6 golang.org/x/net v0.7.0 public 0", "7 example.org/fork v1.0.1 public 0", "9 ../c  local 0"]
    );
    let sum = "example.org/a v1.0.0 h1:x=\nexample.org/a v1.0.0/go.mod h1:y=\n";
    assert_eq!(read("go.sum", sum), ["1 example.org/a v1.0.0 public 0"]);
}

#[test]
fn ruby() {
    let text = "GIT\n  remote: https://example.org/g.git\n  revision: 0123\n  specs:\n    g (0.1)\n      rails (>= 5)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n    nokogiri (1.15.0-x86_64-linux)\n    rails (7.0.0)\n      nokogiri (~> 1)\n\nPLATFORMS\n  ruby\n\nCHECKSUMS\n  rails (7.0.0) sha256=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";
    assert_eq!(
        read("Gemfile.lock", text),
        [
            "5 g 0.1 git:git+https://example.org/g.git#0123 0 -> pkg:gem/rails@7.0.0",
            "11 nokogiri 1.15.0 public 0",
            "12 rails 7.0.0 public 1 -> pkg:gem/nokogiri@1.15.0",
        ]
    );
}

#[test]
fn php() {
    let text = "{\n  \"packages\": [\n    {\n      \"name\": \"Monolog/monolog\",\n      \"version\": \"v2.0.0\",\n      \"require\": {\"php\": \">=8\", \"psr/log\": \"^1\"},\n      \"notification-url\": \"https://packagist.org/downloads/\"\n    }\n  ],\n  \"packages-dev\": [\n    {\n      \"name\": \"psr/log\",\n      \"version\": \"1.0.0\",\n      \"source\": {\"type\": \"git\", \"url\": \"https://example.org/log\", \"reference\": \"0123\"}\n    }\n  ]\n}\n";
    assert_eq!(
        read("composer.lock", text),
        [
            "4 Monolog/monolog v2.0.0 public 0 -> pkg:composer/psr/log@1.0.0?vcs_url=git%2Bhttps:%2F%2Fexample.org%2Flog%400123",
            "12 psr/log 1.0.0 git:git+https://example.org/log#0123 0",
        ]
    );
}

#[test]
fn java_and_conda() {
    assert_eq!(
        read("gradle.lockfile", "# c\norg.a:b:1.0=compileClasspath\nodd\nempty=\n"),
        ["2 org.a:b 1.0 public 0", "lockfile-malformed: not GROUP:ARTIFACT:VERSION=CONFIGURATIONS: odd"]
    );
    let conda = "version: 1\npackage:\n- name: numpy\n  version: 1.10\n  manager: conda\n  url: https://conda.anaconda.org/x\n- name: torch\n  version: 2.0\n  manager: pip\n  url: https://files.pythonhosted.org/x\n  dependencies:\n    numpy: '*'\n";
    assert_eq!(
        read("conda-lock.yml", conda),
        ["7 torch 2.0 public 0", "package-unsupported: 1 packages of conda, about which no database speaks"]
    );
}

#[test]
fn bills() {
    let cyclonedx = r#"{"bomFormat": "CycloneDX", "components": [
        {"bom-ref": "x", "purl": "pkg:pypi/torch@2.0", "hashes": [{"alg": "SHA-1", "content": "0123456789012345678901234567890123456789"}],
         "components": [{"bom-ref": "y", "purl": "pkg:maven/org.a/b@1"}]},
        {"bom-ref": "z", "purl": "pkg:pypi/numpy@1"}, {"type": "machine-learning-model", "name": "m"}, {"purl": "pkg:deb/debian/x@1"}],
        "dependencies": [{"ref": "x", "dependsOn": ["z"]}]}"#;
    assert_eq!(
        read("bom.json", cyclonedx),
        [
            "- torch 2.0 public 1 -> pkg:pypi/numpy@1",
            "- numpy 1 public 0",
            "- org.a:b 1 public 0",
            "package-unsupported: 1 packages of deb, which is not audited here",
        ]
    );
    let two = r#"{"spdxVersion": "SPDX-2.3", "packages": [{"externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/%40s/a@1.0.0"}]}]}"#;
    assert_eq!(read("a.spdx.json", two), ["- @s/a 1.0.0 public 0"]);
    let three = r#"{"@graph": [{"software_packageUrl": "pkg:golang/golang.org/x/net@v0.1.0"}]}"#;
    assert_eq!(read("a.spdx.json", three), ["- golang.org/x/net v0.1.0 public 0"]);
}

#[test]
fn maven() {
    let text = r#"<project xmlns="http://maven.apache.org/POM/4.0.0">
 <groupId>org.app</groupId><artifactId>app</artifactId><version>1</version>
 <properties><jackson.version>2.9.${minor}</jackson.version><minor>8</minor></properties>
 <dependencyManagement><dependencies>
  <dependency><groupId>org.m</groupId><artifactId>managed</artifactId><version>3.1</version></dependency>
 </dependencies></dependencyManagement>
 <dependencies>
  <dependency><groupId>com.j</groupId><artifactId>databind</artifactId><version>${jackson.version}</version></dependency>
  <dependency><groupId>org.m</groupId><artifactId>managed</artifactId></dependency>
  <dependency><groupId>${project.groupId}</groupId><artifactId>own</artifactId><version>${project.version}</version></dependency>
  <dependency><groupId>org.r</groupId><artifactId>range</artifactId><version>[1.0,2.0)</version></dependency>
  <dependency><groupId>org.r</groupId><artifactId>exact</artifactId><version>[1.0]</version></dependency>
  <dependency><groupId>org.r</groupId><artifactId>elsewhere</artifactId><version>${not.here}</version></dependency>
 </dependencies>
 <build><plugins><plugin><artifactId>maven-jar-plugin</artifactId><version>3.0</version></plugin></plugins></build>
</project>"#;
    assert_eq!(
        read("pom.xml", text),
        [
            "8 com.j:databind 2.9.8 public 0",
            "9 org.m:managed 3.1 public 0",
            "10 org.app:own 1 public 0",
            "11 org.r:range  public 0",
            "12 org.r:exact 1.0 public 0",
            "13 org.r:elsewhere  public 0",
            "15 org.apache.maven.plugins:maven-jar-plugin 3.0 public 0",
            "lockfile-not-read: a pom.xml names direct dependencies only: what those need is listed nowhere here",
        ]
    );
    // What a profile changes is not pinned; a comment in a version is no part of it; what a plugin is made of says
    // nothing about the project.
    let text = "<project><properties><a>1</a><b>2</b></properties>
<profiles><profile><properties><a>9</a></properties></profile></profiles>
<build><pluginManagement><plugins><plugin><artifactId>p</artifactId><version>1</version><dependencies>
<dependency><groupId>g</groupId><artifactId>inner</artifactId><version>7</version></dependency>
</dependencies><configuration><properties><b>8</b></properties></configuration></plugin></plugins></pluginManagement></build>
<dependencies>
<dependency><groupId>g</groupId><artifactId>a</artifactId><version>${a}</version></dependency>
<dependency><groupId>g</groupId><artifactId>b</artifactId><version>${b}</version></dependency>
<dependency><groupId>g</groupId><artifactId>c</artifactId><version>1<!-- x -->.2</version></dependency>
<dependency><groupId>g</groupId><artifactId>inner</artifactId></dependency>
</dependencies></project>";
    let read_so = read("pom.xml", text);
    assert_eq!(read_so[..4], ["7 g:a  public 0", "8 g:b 2 public 0", "9 g:c 1.2 public 0", "10 g:inner  public 0"]);
    assert_eq!(read("pom.xml", "<x/>"), ["lockfile-malformed: the root element is no <project>"]);
}
