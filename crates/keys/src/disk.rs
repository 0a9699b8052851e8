//! Files that survive a crash at any moment, and locks between processes.

use crate::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Makes the folder if it is missing, for its owner alone; refuses one that others may enter.
pub(crate) fn private_folder(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if !path.is_dir() {
        builder.recursive(true).create(path).map_err(disk("make", path))?;
        sync_folder(path).map_err(disk("make durable", path))?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path)
            .map_err(disk("read", path))?
            .permissions()
            .mode()
            & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::FolderOpenToOthers {
                path: path.to_owned(),
                mode,
            });
        }
    }
    Ok(())
}

/// Puts `bytes` in the place of the file, durably: after a crash at any moment the file is the old one,
/// whole, or the new one, whole; after the return it is the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    // What an earlier crash left may have any mode and contents.
    match step("remove").and_then(|()| fs::remove_file(&fresh)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk("remove", &fresh)(error)),
        _ => {}
    }
    write_durably(&fresh, bytes).map_err(disk("write", &fresh))?;
    step("rename")
        .and_then(|()| fs::rename(&fresh, path))
        .map_err(disk("replace", path))?;
    step("sync folder")
        .and_then(|()| sync_folder(path))
        .map_err(disk("make durable", path))
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    step("create")?;
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(path)?;
    step("write")?;
    file.write_all(bytes)?;
    step("sync")?;
    file.sync_all()
}

/// A rename is durable only when the folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Other systems offer no way to flush a folder and order renames themselves.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The whole file, or nothing when it is not there; at most `bytes_max` bytes.
pub(crate) fn read(path: &Path, bytes_max: usize) -> Result<Option<Vec<u8>>, Error> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(disk("read", path))?,
    };
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(disk("read", path))?;
    if bytes.len() > bytes_max {
        return Err(Error::Damaged {
            path: path.to_owned(),
            what: "it is far too big",
        });
    }
    Ok(Some(bytes))
}

/// Removes a file, and its name from the folder on the disk; one that is not there is no error.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(disk("remove", path)(error)),
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(disk("remove", path))
}

/// Waits for and takes the lock that this file stands for, against threads and processes alike; dropping the
/// result or dying gives it back.
pub(crate) fn lock(path: &Path) -> Result<File, Error> {
    let file = private(OpenOptions::new().write(true).create(true).truncate(false))
        .open(path)
        .map_err(disk("open", path))?;
    file.lock().map_err(disk("lock", path))?;
    Ok(file)
}

/// Readable by the owner alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

pub(crate) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Disk { action, path, source }
}

#[cfg(not(test))]
fn step(_: &'static str) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
use faults::step;

/// A power cut on demand: after so many steps nothing reaches the disk of this thread any more.
#[cfg(test)]
pub(crate) mod faults {
    use std::cell::{Cell, RefCell};
    use std::io;

    thread_local! {
        static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
        static DONE: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn step(name: &'static str) -> io::Result<()> {
        match LEFT.get() {
            Some(0) => return Err(io::Error::other("power cut")),
            Some(left) => LEFT.set(Some(left - 1)),
            None => {}
        }
        DONE.with_borrow_mut(|done| done.push(name));
        Ok(())
    }

    /// Runs `action`, cutting the power after `steps` steps.
    pub(crate) fn power_cut_after<T>(steps: u32, action: impl FnOnce() -> T) -> T {
        LEFT.set(Some(steps));
        let result = action();
        LEFT.set(None);
        result
    }

    /// The steps that `action` took.
    pub(super) fn steps_of(action: impl FnOnce()) -> Vec<&'static str> {
        DONE.take();
        action();
        DONE.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_durable_before_the_name_and_the_name_before_the_return() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let steps = faults::steps_of(|| replace(&path, b"x").unwrap());
        assert_eq!(
            steps,
            ["remove", "create", "write", "sync", "rename", "sync folder"]
        );
    }

    #[test]
    fn a_power_cut_leaves_the_old_or_the_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        replace(&path, b"old").unwrap();
        let mut outcomes = Vec::new();
        for steps in 0..6 {
            let result = faults::power_cut_after(steps, || replace(&path, b"new"));
            assert!(result.is_err(), "cut after {steps}");
            outcomes.push(String::from_utf8(read(&path, 10).unwrap().unwrap()).unwrap());
            // What the crash left does not stand in the way.
            replace(&path, b"old").unwrap();
        }
        assert_eq!(outcomes, ["old", "old", "old", "old", "old", "new"]);
    }

    #[test]
    fn reading_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert!(read(&path, 3).unwrap().is_none());
        replace(&path, b"four").unwrap();
        assert_eq!(read(&path, 4).unwrap().unwrap(), b"four");
        assert!(matches!(read(&path, 3), Err(Error::Damaged { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn files_and_folders_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("outer").join("keys");
        private_folder(&folder).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        replace(&folder.join("a"), b"x").unwrap();
        drop(lock(&folder.join("l")).unwrap());
        assert_eq!((mode(&folder.join("a")), mode(&folder.join("l"))), (0o600, 0o600));
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();
        let refusal = private_folder(&folder).unwrap_err();
        assert!(refusal.to_string().contains("mode 750"), "{refusal}");
    }
}
