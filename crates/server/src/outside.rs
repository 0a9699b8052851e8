//! What only the program may read: the clock and the system's randomness.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rand_core::CryptoRng;

/// A program that draws a page of the PDF file on its standard input, in a process of its own (decision 0017).
///
/// It is called with these arguments, then `--page N --dpi D`, and answers on standard output with one line of JSON
/// (`pages`, `width_mm`, `height_mm`; or `en`, why not) and the PNG.
#[derive(Clone, Debug)]
pub struct PageProcess {
    /// The program.
    pub program: PathBuf,
    /// What comes first.
    pub arguments: Vec<String>,
}

/// Clock and randomness, shared by everything that runs in one server.
#[derive(Clone)]
pub struct Outside {
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    rng: Arc<Mutex<Box<dyn CryptoRng + Send>>>,
    pdf_pages: Option<PageProcess>,
}

impl Outside {
    /// From the program's clock and randomness.
    pub fn new(
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
        rng: impl CryptoRng + Send + 'static,
    ) -> Self {
        Self {
            clock: Arc::new(clock),
            rng: Arc::new(Mutex::new(Box::new(rng))),
            pdf_pages: None,
        }
    }

    /// With a program that draws pages of PDF files; without one they are not drawn.
    #[must_use]
    pub fn with_pdf_pages(mut self, process: PageProcess) -> Self {
        self.pdf_pages = Some(process);
        self
    }

    pub(crate) fn pdf_pages(&self) -> Option<&PageProcess> {
        self.pdf_pages.as_ref()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Fresh random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.with_rng(|rng| rng.fill_bytes(&mut bytes));
        bytes
    }

    /// Lends the randomness to one caller at a time.
    pub fn with_rng<T>(&self, take: impl FnOnce(&mut dyn CryptoRng) -> T) -> T {
        // A panic elsewhere leaves the source as random as before.
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        take(&mut **rng)
    }
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outside(..)")
    }
}
