//! Private keys from other programs, and key files of the store, read without a PIN.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use fuzz::keys::{LABEL, PASSWORD, PIN, store};
use keys::{Error, KeyId, KeyStore, NewKey};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use testkit::{SeededRng, now};

/// A number of iterations above this is not tried: it costs time and shows nothing.
const ITERATIONS_TRIED_MAX: u64 = 65_535;

struct Stores {
    imports: KeyStore,
    /// Where key files are put, the id under which, and the place.
    files: KeyStore,
    id: KeyId,
    path: PathBuf,
}

static STORES: LazyLock<Stores> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("yinxin-fuzz-keys-{}", std::process::id()));
    let (imports, files) = (store(&folder.join("imports")), store(&folder.join("files")));
    let id = files.find(LABEL).expect("the key").id;
    let path = folder.join("files").join(format!("{id}.key"));
    Stores {
        imports,
        files,
        id,
        path,
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    fuzz::der::mutate(data, size, max_size, seed, fuzzer_mutate)
});

fuzz_target!(|data: &[u8]| {
    let stores = &*STORES;
    if data.first() == Some(&b'{') {
        fs::write(&stores.path, data).expect("a temporary file");
        if let Ok(info) = stores.files.find(&stores.id.to_string()) {
            assert_eq!(info.id, stores.id);
        }
        let _ = stores.files.list();
        return;
    }
    if is_slow(data) {
        return;
    }
    let new = NewKey {
        label: LABEL,
        pin: PIN,
        now: now(),
    };
    let mut rng = SeededRng::new(1);
    for result in [
        stores.imports.import_pkcs8(data, None, &new, &mut rng),
        stores.imports.import_pkcs8(data, Some(PASSWORD), &new, &mut rng),
        stores.imports.import_pkcs12(data, PASSWORD, &new, &mut rng),
    ] {
        match result {
            Ok(_) => panic!("the label is taken"),
            Err(Error::Disk { .. } | Error::Damaged { .. }) => panic!("{result:?}"),
            Err(error) => drop(error.to_string()),
        }
    }
});

/// Somewhere stands an INTEGER of three to eight bytes that asks for many iterations.
fn is_slow(data: &[u8]) -> bool {
    data.windows(2).enumerate().any(|(at, head)| match head {
        [0x02, length @ 3..=8] => {
            let digits = data
                .get(at + 2..at + 2 + usize::from(*length))
                .unwrap_or_default();
            let number = digits
                .iter()
                .fold(0u64, |number, digit| number << 8 | u64::from(*digit));
            number > ITERATIONS_TRIED_MAX
        }
        _ => false,
    })
}
