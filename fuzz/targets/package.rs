//! Packages: read in one way only, all parts accounted for, and copied without loss.
#![no_main]

use fuzz::package::{explore, open, second_opinion};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use ofd::{Package, Update};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    fuzz::package::mutate(data, size, max_size, seed, fuzzer_mutate)
});

fuzz_target!(|data: &[u8]| {
    let package = match open(data) {
        Ok(package) => package,
        Err(error) => return drop((error.code(), error.to_string())),
    };
    for entry in package.parts() {
        let mut streamed = Vec::new();
        let count = package.stream(entry.path(), &mut |bytes| streamed.extend_from_slice(bytes));
        let read = package.read(entry.path());
        assert_eq!(count.is_ok(), read.is_ok(), "{}", entry.path());
        if let (Ok(count), Ok(read)) = (count, read) {
            assert_eq!((count, entry.size()), (entry.size(), read.len() as u64));
            assert!(streamed == *read, "{} reads in two ways", entry.path());
        }
    }
    second_opinion(data, &package);
    explore(&package);
    copy(&package);
});

/// A copy has the same entries with the same bytes.
fn copy(package: &Package) {
    let mut out = Vec::new();
    Update::new(package)
        .write(&mut out)
        .expect("memory takes everything");
    let copy = open(&out).expect("what we write, we accept");
    assert_eq!(copy.entries().len(), package.entries().len());
    for (one, other) in package.entries().iter().zip(copy.entries()) {
        assert_eq!((one.path(), one.size()), (other.path(), other.size()));
        if !one.is_directory() {
            assert_eq!(
                package.read(one.path()).ok(),
                copy.read(one.path()).ok(),
                "{}",
                one.path()
            );
        }
    }
}
