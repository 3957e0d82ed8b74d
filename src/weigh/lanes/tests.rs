//! Every kernel against `sha2`, which has its own instructions and its own authors.

use digest::Digest;

use super::{Kernel, State, Stream, compress};

fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}

/// Hashes all messages side by side as the pass does, each in chunks of its own size.
fn digests(kernel: Option<Kernel>, messages: &[Vec<u8>], chunk: impl Fn(usize) -> usize) -> Vec<[u8; 32]> {
    let mut streams: Vec<_> = messages.iter().map(|_| (Stream::new(), 0..0_usize, false)).collect();
    loop {
        for (lane, ((stream, range, done), message)) in streams.iter_mut().zip(messages).enumerate() {
            if stream.is_hungry() && !*done {
                let end = (range.end + chunk(lane)).min(message.len());
                *range = range.end..end;
                *done = end == message.len();
                stream.feed(&message[range.clone()], *done);
            }
        }
        let mut lanes: Vec<(&mut State, &[u8])> = streams
            .iter_mut()
            .zip(messages)
            .filter_map(|((stream, range, _), message)| stream.pending(&message[range.clone()]))
            .collect();
        let Some(blocks) = lanes.iter().map(|(_, bytes)| bytes.len() / 64).min() else { break };
        compress(kernel, &mut lanes, blocks);
        streams.iter_mut().filter(|(stream, ..)| !stream.is_hungry()).for_each(|(stream, ..)| stream.eat(blocks));
    }
    streams.iter().map(|(stream, ..)| stream.digest()).collect()
}

fn expect_same(messages: &[Vec<u8>], chunk: impl Fn(usize) -> usize) {
    let expected: Vec<[u8; 32]> = messages.iter().map(|message| sha2::Sha256::digest(message).into()).collect();
    let available = Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()).map(Some);
    for kernel in available.chain([None]) {
        assert_eq!(digests(kernel, messages, &chunk), expected, "{kernel:?} with {} streams", messages.len());
    }
}

#[test]
fn vectors_of_the_standard() {
    // FIPS 180-4 examples and NIST CAVP's short and long ones: empty, one block, two blocks, a million letters.
    let vectors: [(&[u8], &str); 4] = [
        (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (&[b'a'; 1_000_000], "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ];
    let messages: Vec<_> = vectors.iter().map(|(message, _)| message.to_vec()).collect();
    for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
        for ((_, expected), digest) in vectors.iter().zip(digests(Some(kernel), &messages, |_| 65_536)) {
            assert_eq!(hex::encode(digest), *expected, "{kernel:?}");
        }
    }
}

#[test]
fn every_length_in_every_lane() {
    // Seventeen streams of neighbouring lengths; over all turns each length is in each lane.
    for turn in 0..301 {
        let messages: Vec<_> = (0..17).map(|lane| noise((turn + lane * 18) % 301, lane as u64)).collect();
        expect_same(&messages, |_| 64);
    }
}

#[test]
fn every_number_of_streams() {
    for streams in 1..=33 {
        let messages: Vec<_> = (0..streams).map(|lane| noise(1_000, lane as u64)).collect();
        expect_same(&messages, |_| 512);
    }
}

#[test]
fn long_ones_in_chunks_of_all_sizes() {
    let messages: Vec<_> = (0..21).map(|lane| noise(lane * lane * 211 + lane, lane as u64)).collect();
    expect_same(&messages, |lane| 64 * (lane % 7 + 1));
}

#[test]
fn one_giant_among_dwarfs() {
    let mut messages: Vec<_> = (0..40).map(|lane| noise(lane, lane as u64)).collect();
    messages[3] = noise(300_000, 3);
    expect_same(&messages, |_| 4_096);
}
