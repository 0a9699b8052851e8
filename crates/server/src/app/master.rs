//! The master key of the installation: 32 random bytes in a file, sealed under the PIN of the service's keys.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use gm::sm4;
use serde::{Deserialize, Serialize};
use store::PersonalKey;
use zeroize::Zeroizing;

use super::sign_in::Cost;
use crate::outside::Outside;

/// Most memory that a file may ask for, in KiB.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
/// Most passes that a file may ask for.
const PASSES_MAX: u32 = 16;

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MasterFile {
    memory_kib: u32,
    passes: u32,
    #[serde(with = "hex::serde")]
    salt: [u8; 16],
    #[serde(with = "hex::serde")]
    nonce: [u8; 12],
    #[serde(with = "hex::serde")]
    sealed: Vec<u8>,
}

/// Opens the file, making it at the first start; what is wrong otherwise.
pub(crate) fn open(path: &Path, pin: &str, cost: Cost, outside: &Outside) -> Result<PersonalKey, String> {
    match fs::read(path) {
        Ok(bytes) => {
            let file: MasterFile = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
            let key = derive(pin, &file).ok_or("its costs are out of range")?;
            let opened = sm4::open(&key, &file.nonce, LABEL, &file.sealed);
            let master = opened.map_err(|_| "the PIN is wrong or the file was changed")?;
            let master: &[u8; 32] = master.as_slice().try_into().map_err(|_| "it holds no key")?;
            Ok(PersonalKey::new(master))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let master = Zeroizing::new(outside.random::<32>());
            let mut file = MasterFile {
                memory_kib: cost.memory_kib,
                passes: cost.passes,
                salt: outside.random(),
                nonce: outside.random(),
                sealed: Vec::new(),
            };
            let key = derive(pin, &file).ok_or("the configured costs are out of range")?;
            file.sealed = sm4::seal(&key, &file.nonce, LABEL, &*master);
            write(path, &file).map_err(|error| error.to_string())?;
            Ok(PersonalKey::new(&master))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// What the sealed bytes are for.
const LABEL: &[u8] = b"yinxin master key";

fn derive(pin: &str, file: &MasterFile) -> Option<Zeroizing<[u8; 16]>> {
    if file.memory_kib > MEMORY_KIB_MAX || file.passes > PASSES_MAX {
        return None;
    }
    let mut key = Zeroizing::new([0; 16]);
    let params = Params::new(file.memory_kib, file.passes, 1, Some(key.len())).ok()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2
        .hash_password_into(pin.as_bytes(), &file.salt, &mut *key)
        .ok()?;
    Some(key)
}

/// Durable before anything is sealed under the key; readable for the owner alone.
fn write(path: &Path, file: &MasterFile) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(&serde_json::to_vec(file)?)?;
    temporary.as_file().sync_all()?;
    temporary.persist_noclobber(path)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use testkit::{SeededRng, now};

    use super::*;

    const CHEAP: Cost = Cost {
        memory_kib: 8,
        passes: 1,
    };

    #[test]
    fn the_same_key_comes_back_with_the_same_pin_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master");
        let outside = Outside::new(now, SeededRng::new(1));
        let made = open(&path, "correct horse", CHEAP, &outside).unwrap();
        let again = open(&path, "correct horse", CHEAP, &outside).unwrap();
        assert_eq!(made.digest("name", "张三"), again.digest("name", "张三"));
        assert!(open(&path, "wrong horse", CHEAP, &outside).is_err());
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 5;
        bytes[last] = if bytes[last] == b'0' { b'1' } else { b'0' };
        fs::write(&path, bytes).unwrap();
        assert!(open(&path, "correct horse", CHEAP, &outside).is_err());
    }
}
