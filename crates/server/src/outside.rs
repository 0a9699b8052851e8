//! What only the program may read: the clock and the system's randomness.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rand_core::CryptoRng;

/// Clock and randomness, shared by everything that runs in one server.
#[derive(Clone)]
pub struct Outside {
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    rng: Arc<Mutex<Box<dyn CryptoRng + Send>>>,
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
        }
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
