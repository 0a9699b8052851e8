//! `yinxin tsa`: a time-stamp authority for demonstrations and tests, over HTTP (RFC 3161 §3.4, GM/T 0033-2014).

mod http;

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use pki::{Certificate, ObjectIdentifier, TimestampResponse, answer_request, oid};
use sealing::beijing_time;

use crate::common::{Context, Failure, print};
use crate::key_store::{Holder, KeysArgs};
use crate::outline::printable;
use crate::pin::PinArgs;
use crate::words::io_words;

use http::{Request, Response};

/// 测试时间戳服务（RFC 3161、GM/T 0033，HTTP）；时间取自本机时钟，仅供演示和测试。
/// A test time-stamp authority over HTTP; it states this machine's time, for demonstrations and tests only.
///
/// 标准输出第一行是服务的网址；按 Ctrl-C 结束。
/// The first line of standard output is the URL of the service; Ctrl-C ends it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// 时间戳密钥的标签或编号，其证书须用于时间戳（ca issue --profile tsa）/
    /// label or id of the key; its certificate must be for time stamping (ca issue --profile tsa)
    #[arg(long)]
    key: String,
    #[command(flatten)]
    keys: KeysArgs,
    #[command(flatten)]
    pin: PinArgs,
    /// 监听地址，或本机端口；端口 0 为任意空闲端口 / address to listen on, or a local port; 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = listen_address)]
    listen: SocketAddr,
    /// 时间戳策略 / policy of the tokens
    #[arg(long, value_name = "OID", default_value = "1.2.3.4.1", value_parser = policy)]
    policy: ObjectIdentifier,
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    text.parse().map_err(|_| "127.0.0.1:3161, 3161".into())
}

fn policy(text: &str) -> Result<ObjectIdentifier, String> {
    ObjectIdentifier::new(text).map_err(|error| error.to_string())
}

/// Runs the command, until it is ended from outside.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let holder = Holder::unlock(&args.keys.open()?, &args.key, &args.pin, context)?;
    refuse_unfit(holder.certificate()?, context)?;
    let unavailable = |error: io::Error| {
        let address = args.listen;
        Failure::unavailable(
            format!("无法监听 {address}：{}", io_words(&error)),
            format!("cannot listen on {address}: {error}"),
        )
    };
    let listener = TcpListener::bind(args.listen).map_err(unavailable)?;
    let address = listener.local_addr().map_err(unavailable)?;
    print(&format!("http://{address}/\n"))?;
    let mut start = [0; 8];
    context.rng().fill_bytes(&mut start);
    let authority = Authority {
        holder,
        policy: args.policy,
        serial_start: start,
        serial_count: AtomicU64::new(0),
        clock: context.clock,
    };
    log(context.language.pick(
        "测试时间戳服务已启动，仅供测试；按 Ctrl-C 结束",
        "the test time-stamp authority runs, for tests only; Ctrl-C ends it",
    ));
    let (clock, language) = (context.clock, context.language);
    http::serve(&listener, &|request| authority.answer(request), &|line| {
        log(&format!("{} {line}", beijing_time(clock(), language)));
    });
    Ok(ExitCode::SUCCESS)
}

fn log(line: &str) {
    // Nobody may be reading any more; that is no reason to stop serving.
    let _ = writeln!(io::stderr(), "{}", printable(line));
}

fn refuse_unfit(certificate: &Certificate, context: &Context) -> Result<(), Failure> {
    let subject = certificate.subject();
    let usages = certificate.extended_key_usage().unwrap_or_default();
    if !usages.contains(&oid::TIME_STAMPING) {
        return Err(Failure::refused(
            format!(
                "证书（{subject}）没有时间戳用途（timeStamping）：请用 yinxin ca issue --profile tsa 签发"
            ),
            format!(
                "the certificate ({subject}) is not for time stamping: issue it with yinxin ca issue --profile tsa"
            ),
        ));
    }
    if !certificate.is_valid_at(context.now) {
        return Err(Failure::refused(
            format!("证书（{subject}）不在有效期内：请更换证书"),
            format!("the certificate ({subject}) is not valid now: have another one issued"),
        ));
    }
    Ok(())
}

/// What answers: one key, the clock, and serial numbers that never come twice.
struct Authority {
    holder: Holder,
    policy: ObjectIdentifier,
    /// Random for each run; the count follows it.
    serial_start: [u8; 8],
    serial_count: AtomicU64,
    clock: fn() -> Timestamp,
}

impl Authority {
    /// The answer to a request over HTTP, and what the log says about it.
    fn answer(&self, request: &Request) -> (Response, String) {
        let media_type = request.content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/timestamp-query") {
            let response = Response::plain(
                415,
                "send Content-Type: application/timestamp-query (RFC 3161, 3.4)",
            );
            return (response, "unsupported Content-Type".into());
        }
        match self.reply(&request.body) {
            Ok(reply) => {
                let outcome = outcome(&reply);
                (
                    Response {
                        status: 200,
                        content_type: "application/timestamp-reply",
                        body: reply,
                    },
                    outcome,
                )
            }
            Err(error) => (
                Response::plain(500, "the authority cannot sign now"),
                error.to_string(),
            ),
        }
    }

    fn reply(&self, query: &[u8]) -> Result<Vec<u8>, pki::Error> {
        let count = self.serial_count.fetch_add(1, Ordering::Relaxed);
        let serial = [self.serial_start, count.to_be_bytes()].concat();
        let chain = self.holder.chain.split_first();
        let (certificate, chain) = chain.ok_or(pki::Error::Missing {
            what: "certificate of the authority",
        })?;
        answer_request(
            query,
            &serial,
            (self.clock)(),
            &self.policy,
            certificate,
            chain,
            &self.holder.key,
        )
    }
}

/// How the request was answered, for the log.
fn outcome(reply: &[u8]) -> String {
    match TimestampResponse::read(reply) {
        Ok(response) => match response.token() {
            Some(token) => format!("granted, serial number {}", hex::encode(&token.info().serial)),
            None => format!("refused: {}", response.texts().join("; ")),
        },
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::listen_address;

    #[test]
    fn addresses_and_ports_to_listen_on() {
        for (text, expected) in [
            ("3161", "127.0.0.1:3161"),
            ("0", "127.0.0.1:0"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(listen_address(text).unwrap().to_string(), expected);
        }
        for text in ["", "65536", "localhost:80", "127.0.0.1"] {
            assert!(listen_address(text).is_err(), "{text}");
        }
    }
}
