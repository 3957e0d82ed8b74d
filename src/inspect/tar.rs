//! tar in the forms that are met: v7, ustar, GNU, pax. Every member is shown to every inspector.
//!
//! Source: POSIX.1-2017 `pax`, GNU tar's manual. Not looked at: sparse files' maps.

mod header;
mod pax;

use std::collections::{BTreeMap, BTreeSet};

use super::archive::{ARCHIVE_LINK, ARCHIVE_PATH_ESCAPE, Unknown, escapes};
use super::{Inspector, Scope, claim, words};
use crate::model::{Class, Format, Rule, Severity};
use crate::weigh::View;

use header::{BLOCK, Header, Kind, text};
use pax::Extended;

/// Not a tar all the way.
pub static TAR_MALFORMED: Rule = Rule {
    id: "tar-malformed",
    summary: "the tar archive is broken, cut off, names a member twice, or goes on after its end",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/tar-malformed.md"),
    frameworks: &["CWE-20", "CWE-436", "AML.T0076"],
};

/// Longest name, or records of a member, that a header of its own may give, in bytes.
const LONGEST: u64 = 1 << 20;

/// The format.
pub struct Tar;

impl Inspector for Tar {
    fn format(&self) -> Format {
        Format::named("tar")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        Header::of(head).is_some_and(|header| {
            header.is_marked() || (head.first().is_some_and(|first| *first != 0) && header.is_sound())
        })
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let alone = is_alone(view);
        scope.lonely += u32::from(alone);
        inspect(view, scope);
        scope.lonely -= u32::from(alone);
    }
}

fn inspect(view: &View<'_>, scope: &mut Scope<'_>) {
    let mut archive = Archive::default();
    let mut at = 0;
    let mut ended = false;
    loop {
        let block = match view.read_up_to(at, BLOCK) {
            Ok(block) => block,
            Err(trouble) => return scope.unreadable(view, &trouble),
        };
        let Some(header) = Header::of(&block) else { break };
        if block.iter().all(|byte| *byte == 0) {
            ended = true;
            break;
        }
        if scope.members_left() == 0 {
            scope.limit("entries", scope.limits.entries, view);
            return archive.unknown.close(view, scope);
        }
        scope.count_members(1);
        match archive.member(header, at, view, scope) {
            Some(next) => at = next,
            None => return archive.unknown.close(view, scope),
        }
    }
    if ended {
        after(at, view, scope);
    } else {
        let at = at.min(view.len());
        scope.raise(&TAR_MALFORMED, view, at..view.len(), "the blocks of zeros that end an archive are missing");
    }
    if archive.announced {
        let at = at.min(view.len());
        scope.raise(&TAR_MALFORMED, view, at..at, "a header speaks of a next member, but none follows");
    }
    if archive.names.iter().any(|name| name.ends_with("model_config.yaml")) && view.depth() == 0 {
        scope.recognise(Format::named("nemo"));
    }
    if ended && words::name(view, scope).ends_with(".nemo") {
        archive.nemo(view, scope);
    }
    archive.loops(view, scope);
    archive.unknown.close(view, scope);
}

/// True if the archive holds one file and nothing else.
fn is_alone(view: &View<'_>) -> bool {
    let (mut at, mut files) = (0u64, 0);
    // Headers that speak of the file come in front of it.
    for _ in 0..8 {
        let Ok(block) = view.read_up_to(at, BLOCK) else { return false };
        let Some(header) = Header::of(&block).filter(|header| header.is_sound()) else { break };
        files += u32::from(!header.kind().is_about_others() && header.kind() != Kind::Folder);
        let next =
            header.size().and_then(|size| at.checked_add(BLOCK)?.checked_add(size)?.checked_next_multiple_of(BLOCK));
        let Some(next) = next.filter(|_| files < 2) else { return false };
        at = next;
    }
    files == 1
}

/// Two blocks of zeros end the archive, and nothing but zeros may follow.
fn after(end: u64, view: &View<'_>, scope: &mut Scope<'_>) {
    if view.len() - end < 2 * BLOCK {
        let message = "the second block of zeros that ends an archive is missing";
        scope.raise(&TAR_MALFORMED, view, end..view.len(), message);
    }
    // Python's reader stops at the first block of zeros; others go on when told to.
    let rest = match view.read_up_to(end, 1 << 20) {
        Ok(rest) => rest,
        Err(trouble) => return scope.unreadable(view, &trouble),
    };
    let odd = rest.iter().position(|byte| *byte != 0).map(|odd| end + odd as u64);
    let long = view.len() - end > rest.len() as u64;
    if let Some(at) = odd.or(long.then_some(end)) {
        let message = format!("{} bytes follow after the end of the archive", view.len() - at);
        scope.raise(&TAR_MALFORMED, view, at..view.len(), message);
    }
}

#[derive(Default)]
struct Archive {
    names: BTreeSet<String>,
    /// Symbolic links, and what they lead to.
    links: BTreeMap<String, String>,
    unknown: Unknown,
    /// What headers of their own said about all members.
    all: Extended,
    /// And about the one that follows.
    next: Extended,
    /// True if a header spoke of a member that has not come yet.
    announced: bool,
}

impl Archive {
    /// Says what a model of NeMo lacks: its loader reads the configuration, and then the weights that lie beside it.
    fn nemo(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let ends = [".ckpt", ".pt", ".pth", ".bin", ".safetensors", ".distcp", ".nemo", ".onnx"];
        let weights = |name: &String| name.contains("weights") || ends.iter().any(|end| name.ends_with(end));
        if !self.names.iter().any(|name| name.ends_with("model_config.yaml")) {
            scope.raise(&TAR_MALFORMED, view, 0..0, "the model of NeMo holds no \"model_config.yaml\"");
        }
        if !self.names.iter().any(weights) {
            scope.raise(&TAR_MALFORMED, view, 0..0, "the model of NeMo holds no weights");
        }
    }

    /// Reads one member and says where the next header is; `None` if that cannot be known.
    fn member(&mut self, header: Header<'_>, at: u64, view: &View<'_>, scope: &mut Scope<'_>) -> Option<u64> {
        let here = at..at + BLOCK;
        let broken = |scope: &mut Scope<'_>, what: &str| scope.raise(&TAR_MALFORMED, view, here.clone(), what);
        if !header.is_sound() {
            broken(scope, "the checksum of a header is wrong");
            return None;
        }
        header.faults().iter().for_each(|fault| broken(scope, fault));
        let kind = header.kind();
        let own = if kind.is_about_others() { None } else { self.next.size.or(self.all.size) };
        let Some(size) = own.or_else(|| header.size()) else {
            broken(scope, "the size of a member is no number");
            return None;
        };
        let mut data = at + BLOCK;
        if header.is_extended() {
            data = map(data, view)?;
        }
        let Some(end) = data.checked_add(size).filter(|end| *end <= view.len()) else {
            broken(scope, "a member goes past the end of the file");
            return None;
        };
        if kind.is_about_others() {
            let bytes = view.read_up_to(data, size.min(LONGEST)).ok()?;
            if let Err(fault) = self.extend(kind, &bytes) {
                broken(scope, &fault);
            }
            return Some(end.next_multiple_of(BLOCK));
        }
        self.announced = false;
        let said = std::mem::take(&mut self.next);
        let name = said.path.or_else(|| self.all.path.clone()).unwrap_or_else(|| header.name());
        let link = said.link.or_else(|| self.all.link.clone()).unwrap_or_else(|| header.link());
        self.check(kind, &name, &link, &here, view, scope);
        if kind == Kind::File {
            if size == 0 {
                claim::empty(&name, view, scope);
            }
            if size > 0
                && let Ok(member) = view.member(&name, data..end)
            {
                self.unknown.inspect(&member, scope);
            }
        } else if size > 0 && header.code() != b'D' {
            // Some go on behind these bytes, Python goes on with them. Only GNU's lists of a folder have any.
            let message = format!("the member {name:?} is no file, but {size} bytes are said to follow it");
            broken(scope, &message);
        }
        Some(end.next_multiple_of(BLOCK))
    }

    fn check(
        &mut self,
        kind: Kind,
        name: &str,
        link: &str,
        here: &std::ops::Range<u64>,
        view: &View<'_>,
        scope: &mut Scope<'_>,
    ) {
        if let Some(what) = escapes(name) {
            scope.raise(&ARCHIVE_PATH_ESCAPE, view, here.clone(), format!("the member name {name:?} {what}"));
        }
        let mut broken = |message: String| scope.raise(&TAR_MALFORMED, view, here.clone(), message);
        let plain = |name: &str| name.trim_start_matches("./").trim_end_matches('/').to_owned();
        if name.is_empty() {
            broken("a member has no name".to_owned());
        }
        if matches!(kind, Kind::Hard | Kind::Symbolic) && (link.is_empty() || plain(link) == plain(name)) {
            broken(format!("the member {name:?} is a link to nothing, or to itself"));
        } else if kind == Kind::Hard && escapes(link).is_none() && !self.has(&plain(link)) {
            broken(format!("the member {name:?} is a link to {link:?}, which no member in front of it is called"));
        }
        match kind {
            Kind::Hard | Kind::Symbolic => {
                if let Some(what) = escapes(link).filter(|_| kind == Kind::Hard || !self.stays(&plain(name), link)) {
                    let message = format!("the member {name:?} is a link to {link:?}, which {what}");
                    scope.raise(&ARCHIVE_LINK, view, here.clone(), message);
                }
                if kind == Kind::Symbolic {
                    self.links.insert(plain(name), beside(&plain(name), link));
                }
            }
            Kind::Device => {
                scope.raise(&ARCHIVE_LINK, view, here.clone(), format!("the member {name:?} is a device or a pipe"));
            }
            _ => {}
        }
        if kind != Kind::Folder && !self.names.insert(name.to_owned()) {
            scope.raise(&TAR_MALFORMED, view, here.clone(), format!("two members are called {name:?}"));
        }
    }

    /// True if a member of that name came, however it was spelt.
    fn has(&self, name: &str) -> bool {
        self.names.contains(name)
            || self.names.contains(&format!("./{name}"))
            || self.names.contains(&format!("{name}/"))
    }

    /// True for a symbolic link that goes up no further than to the top of the archive. Steps up behind other steps, and a
    /// folder on the way that is a link itself, lead elsewhere than they say.
    fn stays(&self, name: &str, link: &str) -> bool {
        let folders = || name.match_indices('/').map(|(at, _)| name.get(..at).unwrap_or_default());
        let parts = || link.split('/').filter(|part| !matches!(*part, "" | "."));
        let up = parts().take_while(|part| *part == "..").count();
        escapes(name).is_none()
            && escapes(&parts().skip(up).collect::<Vec<_>>().join("/")).is_none()
            && !link.starts_with('/')
            && up <= folders().filter(|folder| !folder.ends_with(['/', '.'])).count()
            && !folders().any(|folder| self.links.contains_key(folder))
    }

    /// Links that lead to each other and nowhere else.
    fn loops(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        for (name, link) in &self.links {
            let mut at = link;
            for _ in 0..40 {
                if at == name {
                    let message = format!("the links {name:?} and {link:?} lead to each other");
                    return scope.raise(&TAR_MALFORMED, view, 0..0, message);
                }
                match self.links.get(at) {
                    Some(next) => at = next,
                    None => break,
                }
            }
        }
    }

    fn extend(&mut self, kind: Kind, bytes: &[u8]) -> Result<(), String> {
        self.announced |= kind != Kind::Global;
        let empty =
            || if bytes.is_empty() { Err("a header that speaks of a member is empty".to_owned()) } else { Ok(()) };
        match kind {
            Kind::LongName => self.next.path = Some(text(bytes)),
            Kind::LongLink => self.next.link = Some(text(bytes)),
            Kind::Global => return self.all.read(bytes),
            _ => self.next.read(bytes)?,
        }
        empty()
    }
}

/// Where the data begins behind the map of a sparse file (GNU), which goes on for as long as the last byte but seven of a
/// block says.
fn map(mut at: u64, view: &View<'_>) -> Option<u64> {
    loop {
        let block = view.read(at..at.checked_add(BLOCK)?).ok()?;
        at += BLOCK;
        if block.get(504).is_none_or(|more| *more == 0) {
            return Some(at);
        }
    }
}

/// A link's target as a name in the archive, as far as it lies below the link's own folder.
fn beside(name: &str, link: &str) -> String {
    let link = link.trim_start_matches("./").trim_end_matches('/');
    name.rsplit_once('/').map_or_else(|| link.to_owned(), |(folder, _)| format!("{folder}/{link}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArtifactPath, Limits};

    fn member(name: &str, kind: u8, link: &str, content: &[u8]) -> Vec<u8> {
        let mut block = vec![0u8; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        block[156] = kind;
        block[157..157 + link.len()].copy_from_slice(link.as_bytes());
        block[257..263].copy_from_slice(b"ustar\0");
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        block.extend(content);
        block.resize(block.len().next_multiple_of(512), 0);
        block
    }

    fn fired(bytes: &[u8]) -> Vec<&'static str> {
        let (path, limits) = (ArtifactPath::new("m.tar"), Limits::default());
        View::with_bytes(bytes, limits.structure_bytes, |view| {
            let mut scope = Scope::new(&path, &limits);
            crate::inspect::inspect_content(view, &mut scope);
            scope.close().evidence.iter().map(|evidence| evidence.rule.id).collect()
        })
    }

    #[test]
    fn links_may_go_up_to_the_top() {
        let link = |name: &str, to: &str| member(name, b'2', to, b"");
        for (name, to) in [("m/docs/r.md", "../r.md"), ("./m/s/r.md", "./../../m/r.md"), ("a/b", "..")] {
            assert!(!fired(&link(name, to)).contains(&"archive-link"), "{name} -> {to}");
        }
        for (name, to) in [
            ("r.md", "../r.md"),
            ("m/r.md", "../../r.md"),
            ("./r.md", "../r.md"),
            ("a/b/c", "d/../../../x"),
            ("a/b", "/x"),
            ("a/../b", "../x"),
            ("a/b", "..\\..\\x"),
        ] {
            assert!(fired(&link(name, to)).contains(&"archive-link"), "{name} -> {to}");
        }
        let through = [link("s", "m"), link("s/s/x", "../x")].concat();
        assert!(fired(&through).contains(&"archive-link"), "a folder on the way is a link");
    }

    #[test]
    fn each_lie_has_its_rule() {
        let end = vec![0; 1024];
        let file = |members: &[Vec<u8>]| [members.concat(), end.clone()].concat();
        let plain = member("a.txt", b'0', "", b"hello");
        let pax = member("x", b'x', "", b"19 path=../../evil\n");
        assert_eq!(fired(&file(std::slice::from_ref(&plain))), Vec::<&str>::new());
        assert_eq!(fired(&file(&[member("l", b'2', "a.txt", b"")])), Vec::<&str>::new());
        assert_eq!(fired(&file(&[member("../a", b'0', "", b"hello")])), ["archive-path-escape"]);
        assert_eq!(fired(&file(&[pax, plain.clone()])), ["archive-path-escape"]);
        assert_eq!(fired(&file(&[member("l", b'2', "/etc", b"")])), ["archive-link"]);
        assert_eq!(fired(&file(&[member("l", b'3', "", b"")])), ["archive-link"]);
        assert_eq!(fired(&file(&[plain.clone(), plain.clone()])), ["tar-malformed"]);
        assert_eq!(fired(&[file(std::slice::from_ref(&plain)), plain.clone()].concat()), ["tar-malformed"]);
        assert_eq!(fired(&plain[..700]), ["tar-malformed"]);
        assert_eq!(fired(&file(&[member("h", b'1', "nothing", b"")])), ["tar-malformed"]);
        assert_eq!(fired(&file(&[member("h", b'2', "i", b""), member("i", b'2', "h", b"")])), ["tar-malformed"]);
        assert_eq!(fired(&file(&[member("d", b'5', "", b"hello")])), ["tar-malformed"]);
        assert_eq!(fired(&file(&[member("q", b'!', "", b"hello")])), ["tar-malformed"]);
        assert_eq!(fired(&file(&[member("x", b'x', "", b"99 path=b\n"), plain.clone()])), ["tar-malformed"]);
        for at in 0..plain.len() {
            let mut changed = plain.clone();
            changed[at] ^= 0x81;
            fired(&changed);
            fired(&changed[..at]);
        }
    }
}
