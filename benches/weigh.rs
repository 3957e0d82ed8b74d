//! The pass over files in the page cache, by kernel and by shape of the tree. `cargo bench --bench weigh`.

use std::fs;
use std::path::Path;

use divan::Bencher;
use divan::counter::BytesCount;
use weighbridge::model::Algorithm;
use weighbridge::weigh::{Kernel, Mapping, Nothing, Plan, Silent, weigh};

fn main() {
    divan::main();
}

fn tree(files: usize, len: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bytes: Vec<u8> = (0..len).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for number in 0..files {
        fs::write(folder.path().join(number.to_string()), &bytes).expect("room for the files");
    }
    folder
}

fn pass(bencher: Bencher<'_, '_>, files: usize, len: usize, plan: impl Fn() -> Plan) {
    let folder = tree(files, len);
    let root: &Path = folder.path();
    bencher
        .counter(BytesCount::new(files * len))
        .bench_local(|| weigh(root, &plan(), &Nothing, &Silent).map(|weighing| weighing.artifacts.len()).ok());
}

/// One core, by kernel (those this machine lacks run as the best one) and by files in flight.
#[divan::bench(args = [1, 2, 4, 8, 16], consts = [0, 1, 2, 3, 4])]
fn kernel<const K: usize>(bencher: Bencher<'_, '_>, files: usize) {
    let kernel = Kernel::ALL[K];
    pass(bencher, files, 8 << 20, || Plan { threads: Some(1), kernel: Some(kernel), ..Plan::default() });
}

#[divan::bench]
fn sixteen_files(bencher: Bencher<'_, '_>) {
    pass(bencher, 16, 16 << 20, Plan::default);
}

#[divan::bench]
fn sixteen_files_mapped(bencher: Bencher<'_, '_>) {
    pass(bencher, 16, 16 << 20, || Plan { mapping: Mapping::Always, ..Plan::default() });
}

#[divan::bench]
fn one_big_file(bencher: Bencher<'_, '_>) {
    pass(bencher, 1, 256 << 20, Plan::default);
}

#[divan::bench]
fn one_big_file_in_shards(bencher: Bencher<'_, '_>) {
    pass(bencher, 1, 256 << 20, || Plan {
        algorithms: std::collections::BTreeSet::new(),
        shards: Some((8 << 20, Algorithm::Sha256)),
        ..Plan::default()
    });
}

#[divan::bench]
fn many_small_files(bencher: Bencher<'_, '_>) {
    pass(bencher, 5_000, 4096, Plan::default);
}
