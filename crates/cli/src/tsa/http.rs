//! As much of an HTTP/1.1 server (RFC 9112) as a time-stamp authority needs: one POST for each connection, within
//! limits of size, time and number.
//!
//! Small servers that could be had bound neither the time that a client may take nor the number of connections;
//! large ones bring a runtime.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// Connections that are served at once; others wait in the queue of the system.
const CONNECTIONS_MAX: usize = 16;
/// Longest request line and headers, in bytes.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Most headers.
const HEADERS_MAX: usize = 64;
/// Longest body, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Longest time that a connection may take for everything.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(10);
/// How long to wait when connections cannot be accepted, for lack of file handles and the like.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A POST.
pub(super) struct Request {
    /// `Content-Type`, empty when it is missing.
    pub(super) content_type: String,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// What is sent back.
pub(super) struct Response {
    /// The status code.
    pub(super) status: u16,
    /// `Content-Type`.
    pub(super) content_type: &'static str,
    /// The body.
    pub(super) body: Vec<u8>,
}

impl Response {
    /// A refusal that says why.
    pub(super) fn plain(status: u16, text: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: format!("{text}\n").into_bytes(),
        }
    }
}

/// Answers a request, with a remark for the log.
pub(super) type Handler<'a> = &'a (dyn Fn(&Request) -> (Response, String) + Sync);

/// Serves connections one after the other on each of [`CONNECTIONS_MAX`] threads, and tells `log` about each.
pub(super) fn serve(listener: &TcpListener, handle: Handler<'_>, log: &(dyn Fn(String) + Sync)) {
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS_MAX {
            scope.spawn(|| {
                loop {
                    match listener.accept() {
                        Ok((stream, peer)) => log(converse(stream, peer, handle)),
                        Err(_) => thread::sleep(ACCEPT_PAUSE),
                    }
                }
            });
        }
    });
}

/// One request and its answer; a line for the log.
fn converse(stream: TcpStream, peer: SocketAddr, handle: Handler<'_>) -> String {
    let mut connection = Connection {
        stream,
        deadline: Instant::now() + CONNECTION_TIME_MAX,
    };
    let (response, remark) = match connection.read_request() {
        Ok(request) => handle(&request),
        Err(Refusal::Answer(status, text)) => (Response::plain(status, text), text.to_owned()),
        Err(Refusal::Gone(error)) => return format!("{peer} no request: {error}"),
    };
    let status = response.status;
    match connection.send(&response) {
        Ok(()) => format!("{peer} {status} {remark}"),
        Err(error) => format!("{peer} {status} {remark}; not delivered: {error}"),
    }
}

/// Why there is no request.
enum Refusal {
    /// What arrived is answered with this status and text.
    Answer(u16, &'static str),
    /// Nobody is there to be answered.
    Gone(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                Self::Answer(408, "the request took too long")
            }
            _ => Self::Gone(error),
        }
    }
}

struct Connection {
    stream: TcpStream,
    deadline: Instant,
}

/// What the head of a request says about the rest.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    /// Where the body begins.
    length: usize,
    content_type: String,
    body_bytes: usize,
    expects_continue: bool,
}

impl Connection {
    fn read_request(&mut self) -> Result<Request, Refusal> {
        let mut received = Vec::new();
        let head = loop {
            if let Some(head) = read_head(&received)? {
                break head;
            }
            if received.len() >= HEAD_BYTES_MAX {
                return Err(Refusal::Answer(431, "the headers are too long"));
            }
            let room = HEAD_BYTES_MAX - received.len();
            self.receive(&mut received, room)?;
        };
        if head.expects_continue {
            self.limit_time()?;
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let mut body = received.split_off(head.length.min(received.len()));
        while body.len() < head.body_bytes {
            let room = head.body_bytes - body.len();
            self.receive(&mut body, room)?;
        }
        body.truncate(head.body_bytes);
        Ok(Request {
            content_type: head.content_type,
            body,
        })
    }

    /// Waits for at least one byte, and takes `room` at most.
    fn receive(&mut self, into: &mut Vec<u8>, room: usize) -> io::Result<()> {
        self.limit_time()?;
        let mut buffer = [0; 4096];
        let room = room.min(buffer.len());
        match self.stream.read(&mut buffer[..room])? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                into.extend_from_slice(&buffer[..count]);
                Ok(())
            }
        }
    }

    /// Lets the next step take no longer than what is left for the whole connection.
    fn limit_time(&self) -> io::Result<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.set_write_timeout(Some(left))
    }

    fn send(&mut self, response: &Response) -> io::Result<()> {
        // A request that took its time still gets its answer.
        self.deadline = self.deadline.max(Instant::now() + Duration::from_secs(1));
        self.limit_time()?;
        let head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n{}\r\n",
            response.status,
            reason(response.status),
            response.content_type,
            response.body.len(),
            if response.status == 405 {
                "Allow: POST\r\n"
            } else {
                ""
            },
        );
        self.stream
            .write_all(&[head.as_bytes(), &response.body].concat())?;
        self.stream.shutdown(Shutdown::Write)?;
        // Closing over unread bytes would take the answer back: read what the client has sent meanwhile.
        let mut rest = Vec::new();
        while rest.len() < BODY_BYTES_MAX && self.receive(&mut rest, BODY_BYTES_MAX).is_ok() {}
        Ok(())
    }
}

/// The head, when it is there as a whole.
fn read_head(received: &[u8]) -> Result<Option<Head>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(received) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(Refusal::Answer(400, "this is no HTTP request")),
    };
    if parsed.method != Some("POST") {
        return Err(Refusal::Answer(
            405,
            "send time-stamp requests with POST (RFC 3161, 3.4)",
        ));
    }
    let values = |name: &str| {
        let named = parsed
            .headers
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name));
        named
            .map(|header| String::from_utf8_lossy(header.value).trim().to_owned())
            .collect::<Vec<_>>()
    };
    if !values("transfer-encoding").is_empty() {
        return Err(Refusal::Answer(
            411,
            "send Content-Length instead of Transfer-Encoding",
        ));
    }
    let body_bytes = match values("content-length").as_slice() {
        [] => return Err(Refusal::Answer(411, "Content-Length is missing")),
        [one] if !one.is_empty() && one.bytes().all(|byte| byte.is_ascii_digit()) => {
            one.parse().unwrap_or(usize::MAX)
        }
        _ => return Err(Refusal::Answer(400, "Content-Length is no number")),
    };
    if body_bytes > BODY_BYTES_MAX {
        return Err(Refusal::Answer(413, "the body is too long"));
    }
    let expects_continue = values("expect")
        .iter()
        .any(|value| value.eq_ignore_ascii_case("100-continue"));
    let content_type = values("content-type").into_iter().next().unwrap_or_default();
    Ok(Some(Head {
        length,
        content_type,
        body_bytes,
        expects_continue,
    }))
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        431 => "Request Header Fields Too Large",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(head: &str) -> u16 {
        match read_head(head.as_bytes()) {
            Ok(Some(_)) => 200,
            Ok(None) => 100,
            Err(Refusal::Answer(status, _)) => status,
            Err(Refusal::Gone(_)) => 0,
        }
    }

    #[test]
    fn heads_are_read_or_refused_with_their_status() {
        for (head, expected) in [
            ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", 200),
            ("POST /any/path?x HTTP/1.0\r\ncontent-length: 0\r\n\r\n", 200),
            ("POST / HTTP/1.1\r\nContent-Length: 5\r\n", 100),
            ("", 100),
            ("GET / HTTP/1.1\r\n\r\n", 405),
            ("POST / HTTP/1.1\r\n\r\n", 411),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
                411,
            ),
            ("POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", 413),
            (
                "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
                413,
            ),
            ("POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n", 400),
            (
                "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
                400,
            ),
            ("\0\0\0\0", 400),
        ] {
            assert_eq!(status(head), expected, "{head:?}");
        }
    }

    #[test]
    fn what_the_head_says_about_the_body() {
        let text = "POST / HTTP/1.1\r\nContent-Type: a/b; c\r\nExpect: 100-Continue\r\nContent-Length: 7\r\n\r\nrest";
        let head = read_head(text.as_bytes()).ok().flatten().unwrap();
        let expected = Head {
            length: text.len() - 4,
            content_type: "a/b; c".into(),
            body_bytes: 7,
            expects_continue: true,
        };
        assert_eq!(head, expected);
    }
}
