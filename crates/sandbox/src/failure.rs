//! Why the sandbox did not go on.

use std::io;
use std::path::{Path, PathBuf};

/// What happened, and where.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The folder holds something else.
    #[error(
        "{0} 不是沙箱目录，不会清空：请换一个目录 / is no folder of a sandbox and is not emptied: take another one"
    )]
    NotOurs(PathBuf),
    /// Another sandbox runs there.
    #[error("{0} 中已有一个沙箱在运行：请先停止它 / a sandbox runs in it already: stop that one first")]
    Running(PathBuf),
    /// A program did not do what it was started for.
    #[error("{program}: {told}")]
    Program {
        /// Its command line.
        program: String,
        /// What it said.
        told: String,
    },
    /// The service answered something else than expected.
    #[error("{who} {request}\n  预期 / expected {expected}，得到 / got {status} {body}")]
    Answer {
        /// Whose request.
        who: String,
        /// Method and path.
        request: String,
        /// What the answer should have been.
        expected: String,
        /// What it was.
        status: u16,
        /// Its body: a problem says what is wrong and what to do.
        body: String,
    },
    /// Nobody answered.
    #[error("{request}: {source}")]
    Silence {
        /// Method and path.
        request: String,
        /// What the client says.
        source: ureq::Error,
    },
    /// An answer lacks something.
    #[error("{place}: {what} 缺失 / is missing in {found}")]
    Lacking {
        /// Where.
        place: String,
        /// What.
        what: String,
        /// What was there.
        found: String,
    },
    /// Something did not come about in time.
    #[error("{0} 没有按时发生 / did not come about in time")]
    Late(String),
    /// Something that must hold does not.
    #[error("{0}")]
    Untrue(String),
}

impl Failure {
    /// For `map_err`, with the file.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Failure {
        let path = path.to_owned();
        move |source| Failure::File { path, source }
    }
}
