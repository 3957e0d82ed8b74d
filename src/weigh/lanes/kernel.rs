//! Which kernel hashes, and filling its lanes.

use super::{State, WIDTH, portable};

/// A way to hash several SHA-256 streams at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// x86 AVX-512 F and BW: 16 streams.
    Avx512,
    /// x86 AVX2: 8 streams.
    Avx2,
    /// x86 SHA extensions: up to 6 streams, interleaved.
    ShaNi,
    /// ARMv8 SHA-2 instructions: up to 6 streams, interleaved.
    Armv8,
    /// Plain Rust: one stream.
    Portable,
}

impl Kernel {
    /// All kernels, whether this machine has them or not.
    pub const ALL: [Self; 5] = [Self::Avx512, Self::Avx2, Self::ShaNi, Self::Armv8, Self::Portable];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::ShaNi => "sha-ni",
            Self::Armv8 => "armv8",
            Self::Portable => "portable",
        }
    }

    /// True if this processor has what it needs.
    #[must_use]
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            match self {
                Self::Avx512 => has!("avx512f") && has!("avx512bw"),
                Self::Avx2 => has!("avx2"),
                Self::ShaNi => has!("sha") && has!("sse2") && has!("ssse3") && has!("sse4.1"),
                Self::Armv8 => false,
                Self::Portable => true,
            }
        }
        #[cfg(target_arch = "aarch64")]
        {
            use std::arch::is_aarch64_feature_detected as has;
            self == Self::Portable || self == Self::Armv8 && has!("neon") && has!("sha2")
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            self == Self::Portable
        }
    }

    /// The fastest one here for so many live streams. Measured: SHA-NI is at its limit with three streams or more, at
    /// about half of what AVX-512 does with sixteen.
    fn best(streams: usize) -> Self {
        let order: &[Self] = match streams {
            9.. => &[Self::Avx512, Self::ShaNi, Self::Avx2, Self::Armv8],
            3.. => &[Self::ShaNi, Self::Avx512, Self::Avx2, Self::Armv8],
            _ => &[Self::ShaNi, Self::Armv8],
        };
        order.iter().copied().find(|kernel| kernel.is_available()).unwrap_or(Self::Portable)
    }
}

/// True if this machine has both a wide kernel, slow for each stream, and a deep one, fast for a few.
pub fn mixes(forced: Option<Kernel>) -> bool {
    forced.is_none() && Kernel::Avx512.is_available() && Kernel::ShaNi.is_available()
}

/// Hashes the first `blocks` blocks of 64 bytes of each stream: with that kernel if it is available here, else with
/// the best one.
pub fn compress(forced: Option<Kernel>, lanes: &mut [(&mut State, &[u8])], blocks: usize) {
    assert!(lanes.iter().all(|(_, bytes)| bytes.len() / 64 >= blocks), "each stream has the blocks");
    let forced = forced.filter(|kernel| kernel.is_available());
    let mut rest = lanes;
    while !rest.is_empty() {
        let kernel = forced.unwrap_or_else(|| Kernel::best(rest.len()));
        let (group, after) = rest.split_at_mut(width(kernel, rest.len()).min(rest.len()));
        run(kernel, group, blocks);
        rest = after;
    }
}

/// Streams that the kernel takes at once when so many are left.
const fn width(kernel: Kernel, left: usize) -> usize {
    match (kernel, left) {
        (Kernel::Avx512, _) => WIDTH,
        (Kernel::Avx2, _) => 8,
        (Kernel::ShaNi | Kernel::Armv8, 7 | 8) => 4,
        (Kernel::ShaNi | Kernel::Armv8, 9) => 5,
        (Kernel::ShaNi | Kernel::Armv8, _) => 6,
        (Kernel::Portable, _) => 1,
    }
}

/// Takes as many streams as there are, one to six.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! interleave {
    ($kernel:path, $group:ident, $blocks:ident) => {
        // SAFETY: as below.
        match $group.len() {
            1 => gather($group, |states, bytes| unsafe { $kernel(states as &mut [State; 1], bytes, $blocks) }),
            2 => gather($group, |states, bytes| unsafe { $kernel(states as &mut [State; 2], bytes, $blocks) }),
            3 => gather($group, |states, bytes| unsafe { $kernel(states as &mut [State; 3], bytes, $blocks) }),
            4 => gather($group, |states, bytes| unsafe { $kernel(states as &mut [State; 4], bytes, $blocks) }),
            5 => gather($group, |states, bytes| unsafe { $kernel(states as &mut [State; 5], bytes, $blocks) }),
            _ => gather($group, |states, bytes| unsafe { $kernel(states as &mut [State; 6], bytes, $blocks) }),
        }
    };
}

fn run(kernel: Kernel, group: &mut [(&mut State, &[u8])], blocks: usize) {
    // SAFETY of all blocks below: `compress` only chose kernels whose instructions this processor has.
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512 => gather(group, |states, bytes| unsafe { super::avx512::compress(states, bytes, blocks) }),
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 => gather(group, |states, bytes| unsafe { super::avx2::compress(states, bytes, blocks) }),
        #[cfg(target_arch = "x86_64")]
        Kernel::ShaNi => interleave!(super::shani::interleaved, group, blocks),
        #[cfg(target_arch = "aarch64")]
        Kernel::Armv8 => interleave!(super::arm::interleaved, group, blocks),
        _ => {
            for lane in group.chunks_mut(1) {
                gather(lane, |states, bytes| portable::compress(states, bytes, blocks));
            }
        }
    }
}

/// Lays at most `N` streams side by side. Lanes that are left over hash the bytes of the first one again, for nothing.
fn gather<const N: usize>(group: &mut [(&mut State, &[u8])], hash: impl FnOnce(&mut [State; N], &[&[u8]; N])) {
    let Some((_, first)) = group.first() else { return };
    let mut bytes = [*first; N];
    let mut states = [[0; 8]; N];
    for ((state, bytes), lane) in states.iter_mut().zip(&mut bytes).zip(&*group) {
        (*state, *bytes) = (*lane.0, lane.1);
    }
    hash(&mut states, &bytes);
    for (lane, state) in group.iter_mut().zip(states) {
        *lane.0 = state;
    }
}
