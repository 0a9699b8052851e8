//! A simulated body that seals are filed with (公安机关印章管理部门), speaking HTTP, with faults that tests switch on.
//!
//! It answers questions as well: for registered impressions, and, as a data-sharing platform, for evidence about units.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Largest message that it takes, in bytes.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// How long a slow answer takes.
const SLOWNESS: Duration = Duration::from_secs(3);
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

impl BureauFault {
    /// All of them, under the names by which `PUT /faults/NAME` switches them from outside.
    pub const NAMED: [(&'static str, BureauFault); 6] = [
        ("none", BureauFault::None),
        ("hangs-up", BureauFault::HangsUp),
        ("out-of-order", BureauFault::OutOfOrder),
        ("mumbles", BureauFault::Mumbles),
        ("thinks", BureauFault::Thinks),
        ("sends-back", BureauFault::SendsBack),
    ];
}

/// How it answers questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerFault {
    /// Gives what it has.
    #[default]
    None,
    /// Takes three seconds.
    Slow,
    /// Gives half of the bytes, and hangs up.
    Broken,
    /// Says that it is out of order (503).
    OutOfOrder,
    /// Gives something that is no picture.
    Mumbles,
    /// Names another code than that which it was asked for.
    AnotherCode,
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
    answer_fault: Mutex<AnswerFault>,
    /// What it has, under the part of a question that names it.
    holdings: Mutex<Vec<(String, Vec<u8>)>>,
    /// The questions that it was asked.
    questions: Mutex<Vec<String>>,
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
        *lock(&self.shared.fault) = fault;
    }

    /// Where faults are switched from outside, with the fault's name behind it.
    pub fn faults_url(&self) -> String {
        format!("http://{}/faults/", self.address)
    }

    /// Where it is asked for something.
    pub fn questions_url(&self) -> String {
        format!("http://{}/questions", self.address)
    }

    /// From now on it has these bytes for every question in which `part` stands, such as `code=6101000000001`.
    pub fn hold(&self, part: &str, bytes: &[u8]) {
        let mut holdings = lock(&self.shared.holdings);
        holdings.retain(|(known, _)| known != part);
        holdings.push((part.to_owned(), bytes.to_vec()));
    }

    /// Switches a fault of its answers on or off.
    pub fn switch_answers(&self, fault: AnswerFault) {
        *lock(&self.shared.answer_fault) = fault;
    }

    /// The questions that it was asked so far.
    pub fn questions(&self) -> Vec<String> {
        lock(&self.shared.questions).clone()
    }

    /// Everything that it got so far.
    pub fn received(&self) -> Received {
        lock(&self.shared.received).clone()
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
    let mut first = String::new();
    reader.read_line(&mut first)?;
    if let Some((_, question)) = first.strip_prefix("GET ").and_then(|rest| rest.split_once('?')) {
        let question = question.split(' ').next().unwrap_or_default().to_owned();
        while reader.read_line(&mut first)? > 2 {}
        return answer(shared, stream, question);
    }
    if let Some(rest) = first.strip_prefix("PUT /faults/") {
        let name = rest.split(' ').next().unwrap_or_default().to_owned();
        while reader.read_line(&mut first)? > 2 {}
        return switched(shared, stream, &name);
    }
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
        let mut received = lock(&shared.received);
        received.push((key.clone(), String::from_utf8_lossy(&body).into_owned()));
        received
            .iter()
            .position(|(known, _)| *known == key)
            .unwrap_or_default()
    };
    let fault = *lock(&shared.fault);
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

/// Switches a fault by its name.
fn switched(shared: &Shared, mut stream: &TcpStream, name: &str) -> std::io::Result<()> {
    let found = BureauFault::NAMED.iter().find(|(known, _)| *known == name);
    let (status, body) = match found {
        Some((_, fault)) => {
            *lock(&shared.fault) = *fault;
            ("200 OK", format!("{name}\n"))
        }
        None => {
            let names = BureauFault::NAMED.map(|(name, _)| name).join(" ");
            ("404 Not Found", format!("no such fault; there are: {names}\n"))
        }
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Answers a question.
fn answer(shared: &Shared, mut stream: &TcpStream, question: String) -> std::io::Result<()> {
    let held = lock(&shared.holdings)
        .iter()
        .find(|(part, _)| question.split('&').any(|asked| asked == part))
        .map(|(_, bytes)| bytes.clone());
    let code = question.split('&').find_map(|part| part.strip_prefix("code="));
    let code = code.unwrap_or("6101000000001").to_owned();
    lock(&shared.questions).push(question);
    let fault = *lock(&shared.answer_fault);
    if fault == AnswerFault::Slow {
        std::thread::sleep(SLOWNESS);
    }
    let (status, body) = match (fault, held) {
        (AnswerFault::OutOfOrder, _) => ("503 Service Unavailable", b"{}".to_vec()),
        (AnswerFault::Mumbles, _) => ("200 OK", b"<html>".to_vec()),
        (_, Some(bytes)) => ("200 OK", bytes),
        (_, None) => ("404 Not Found", b"{\"found\":false}".to_vec()),
    };
    let named = if fault == AnswerFault::AnotherCode {
        "6101000000999"
    } else {
        &code
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nImpression-Code: {named}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    let sent = if fault == AnswerFault::Broken {
        body.len() / 2
    } else {
        body.len()
    };
    stream.write_all(&body[..sent])
}

/// A panic elsewhere leaves it as it is.
fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn asked(bureau: &Bureau, request: &str) -> String {
        let mut stream = TcpStream::connect(bureau.address).unwrap();
        let head = format!("{request} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn faults_are_switched_from_outside() {
        let bureau = Bureau::open();
        let status = |answer: String| answer.split(' ').nth(1).unwrap_or_default().to_owned();
        let path = bureau.url().rsplit_once('/').unwrap().1.to_owned();
        assert_eq!(status(asked(&bureau, "PUT /faults/out-of-order")), "200");
        assert_eq!(status(asked(&bureau, &format!("POST /{path}"))), "503");
        assert!(asked(&bureau, "PUT /faults/asleep").contains("there are: none hangs-up"));
        assert_eq!(status(asked(&bureau, &format!("POST /{path}"))), "503");
        assert_eq!(status(asked(&bureau, "PUT /faults/none")), "200");
        assert_eq!(status(asked(&bureau, &format!("POST /{path}"))), "201");
    }
}
