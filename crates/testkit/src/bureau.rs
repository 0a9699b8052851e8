//! A simulated body that seals are filed with (公安机关印章管理部门), speaking HTTP, with faults that tests switch on.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Largest message that it takes, in bytes.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// How long it waits for a sender.
const PATIENCE: Duration = Duration::from_secs(10);

/// How it behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BureauFault {
    /// Accepts everything, the same filing under the same number.
    #[default]
    None,
    /// Hangs up when it has read the message.
    HangsUp,
    /// Says that it is out of order (503).
    OutOfOrder,
    /// Accepts, but says nothing that can be understood.
    Mumbles,
    /// Takes the message and does not decide yet (202).
    Thinks,
    /// Sends the filing back (422), because something is wrong with it.
    SendsBack,
}

/// What it got: the idempotency key and the message.
pub type Received = Vec<(String, String)>;

/// The body, on a free port, until it is dropped.
#[derive(Debug)]
pub struct Bureau {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    fault: Mutex<BureauFault>,
    received: Mutex<Received>,
    closed: AtomicBool,
}

impl Bureau {
    /// Opens it.
    ///
    /// # Panics
    ///
    /// When there is no free port.
    pub fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("the address of a listener");
        let shared = Arc::new(Shared::default());
        let inside = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if inside.closed.load(Ordering::SeqCst) {
                    return;
                }
                // A sender that breaks off is no concern of the others.
                let _ = serve(&inside, &stream);
            }
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Where filings are sent.
    pub fn url(&self) -> String {
        format!("http://{}/filings", self.address)
    }

    /// Switches a fault on or off.
    pub fn switch(&self, fault: BureauFault) {
        *self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Everything that it got so far.
    pub fn received(&self) -> Received {
        self.shared
            .received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Bureau {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // Somebody has to call for it to notice.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(shared: &Shared, stream: &TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or(0),
                "idempotency-key" => value.trim().clone_into(&mut key),
                _ => {}
            }
        }
    }
    let mut body = vec![0; usize::min(length, MESSAGE_BYTES_MAX)];
    reader.read_exact(&mut body)?;
    let number = {
        let mut received = shared.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.push((key.clone(), String::from_utf8_lossy(&body).into_owned()));
        received
            .iter()
            .position(|(known, _)| *known == key)
            .unwrap_or_default()
    };
    let fault = *shared.fault.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, answer) = match fault {
        BureauFault::HangsUp => return Ok(()),
        BureauFault::None => ("201 Created", format!("{{\"number\":\"GA-{number:06}\"}}")),
        BureauFault::OutOfOrder => ("503 Service Unavailable", "{}".to_owned()),
        BureauFault::Mumbles => ("200 OK", "<html>".to_owned()),
        BureauFault::Thinks => ("202 Accepted", "{}".to_owned()),
        BureauFault::SendsBack => (
            "422 Unprocessable Content",
            "{\"reason\":\"印模编码不存在\"}".to_owned(),
        ),
    };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    )
}
