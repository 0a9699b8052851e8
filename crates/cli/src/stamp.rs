//! `yinxin stamp`: put a seal on an OFD document.

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use ofd::{Limits, Package};
use pki::Purpose;
use sealing::{BlankPages, Language, Mode, Position, SealError, SealOrder, Sealed, seal};
use ses::Seal;

use crate::common::{Context, Failure, print, read_small, write_new};
use crate::key_store::{Holder, KeysArgs};
use crate::pin::PinArgs;
use crate::place;
use crate::trust::TrustArgs;
use crate::tsa_client::request_token;
use crate::words::{refused_by, seal_error};

/// How long a timestamp authority may take, in seconds.
const TSA_TIMEOUT_SECONDS: u64 = 30;

/// 在 OFD 文件上加盖电子印章。
/// Put a seal on an OFD document.
///
/// 每次调用产生一个签章，可同时出现在多个位置（--point、--keyword、--straddle、--facing 可重复、可组合）。
/// Each call makes one signature, which may appear at several positions (repeat and combine the options).
#[derive(clap::Args)]
pub(crate) struct Args {
    /// 要盖章的 OFD 文件 / the document
    file: PathBuf,
    /// 电子印章文件 / the seal
    #[arg(long, value_name = "SEAL.esl")]
    seal: PathBuf,
    #[command(flatten)]
    keys: KeysArgs,
    /// 签章人密钥的标签或编号 / label or id of the sealer's key
    #[arg(long, value_name = "KEY")]
    key: String,
    #[command(flatten)]
    pin: PinArgs,
    /// 输出文件 / the sealed document
    #[arg(long, value_name = "OUT.ofd")]
    out: PathBuf,
    /// 输出文件已存在时覆盖 / overwrite an existing output
    #[arg(long)]
    force: bool,
    /// 定点：页码:X,Y（毫米，印章左上角），页码如 1、1,3-5、all、last /
    /// at a point: PAGES:X,Y in mm, the seal's upper left corner
    #[arg(long, value_name = "PAGES:X,Y", value_parser = place::point)]
    point: Vec<Position>,
    /// 关键字：文字[#第几处]，不写则每一处都盖，以关键字为中心 /
    /// at a keyword: TEXT[#N], centred on the Nth hit, or on every hit
    #[arg(long, value_name = "TEXT[#N]", value_parser = place::keyword)]
    keyword: Vec<Position>,
    /// 骑缝：left|right|top|bottom[,middle=毫米][,group=页数] /
    /// straddle the edges of consecutive pages
    #[arg(long, value_name = "EDGE[,middle=MM][,group=N]", value_parser = place::straddle)]
    straddle: Vec<Position>,
    /// 对开：left-right|top-bottom[,middle=毫米] / half on each of two facing pages
    #[arg(long, value_name = "FOLD[,middle=MM]", value_parser = place::facing)]
    facing: Vec<Position>,
    /// 锁定：盖章后不得再加签章 / lock: no further signature may follow
    #[arg(long)]
    lock: bool,
    /// 时间戳服务器地址 / address of a timestamp server (RFC 3161, GM/T 0033)
    #[arg(long, value_name = "URL")]
    tsa: Option<String>,
    /// 允许在空白页上盖章，并说明理由（R49）/ allow blank pages, for this reason
    #[arg(long, value_name = "REASON")]
    allow_blank: Option<String>,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let positions = [&args.point[..], &args.keyword, &args.straddle, &args.facing].concat();
    if positions.is_empty() {
        return Err(Failure::usage(
            "没有给出盖章位置：请用 --point、--keyword、--straddle 或 --facing",
            "no position was given: use --point, --keyword, --straddle or --facing",
        ));
    }
    let package = open(args)?;
    let seal_file = Seal::read(&read_small(&args.seal)?)
        .map_err(|error| Failure::unreadable(&args.seal, "不是电子印章数据", error))?;
    let verifier = args.trust.verifier()?;
    let now = whole_seconds(context.now);
    let verified = verifier
        .proved_seal(&seal_file, now)
        .map_err(|reasons| refused_by("印章不能使用", "the seal cannot be used", &reasons))?;
    let holder = Holder::unlock(&args.keys.open()?, &args.key, &args.pin, context)?;
    let certificate = holder.certificate()?;
    let path = verifier
        .proved_path(certificate, Purpose::Signer, now)
        .map_err(|reasons| {
            refused_by(
                "签章人证书不能使用",
                "the sealer's certificate cannot be used",
                &reasons,
            )
        })?;
    let blank_pages = match &args.allow_blank {
        Some(reason) => BlankPages::Allow { reason },
        None => BlankPages::Refuse,
    };
    let order = SealOrder {
        seal: &verified,
        sealer: &path,
        positions: &positions,
        mode: if args.lock { Mode::Lock } else { Mode::Continue },
        blank_pages,
        time: now,
        threads: thread::available_parallelism().map_or(1, |cores| cores.get().min(4)),
    };
    let sealed = write(args, context, &package, &order, &holder)?;
    print(&summary(args, &sealed, context.language))?;
    Ok(ExitCode::SUCCESS)
}

fn open(args: &Args) -> Result<Package, Failure> {
    let file = File::open(&args.file).map_err(|error| Failure::input(&args.file, &error))?;
    Package::open(file, Limits::default()).map_err(|error| seal_error(&SealError::Document(error)))
}

/// Seals into a temporary file that takes the output's name only when everything succeeded.
fn write(
    args: &Args,
    context: &Context,
    package: &Package,
    order: &SealOrder<'_>,
    holder: &Holder,
) -> Result<Sealed, Failure> {
    let timeout = Duration::from_secs(TSA_TIMEOUT_SECONDS);
    // A failure of the timestamp server has words of its own; they are kept beside the library's error.
    let mut tsa_failure = None;
    let mut ask = |value: &[u8]| {
        let nonce = context.rng().next_u64();
        let url = args.tsa.as_deref().unwrap_or_default();
        request_token(url, value, nonce, timeout).map_err(|failure| {
            let text = format!("{failure:?}");
            tsa_failure = Some(failure);
            text
        })
    };
    let mut outcome = None;
    let written = write_new(&args.out, args.force, |out| {
        let timestamp: Option<&mut sealing::TimestampSource<'_>> =
            if args.tsa.is_some() { Some(&mut ask) } else { None };
        let result = seal(package, order, &holder.key, timestamp, out);
        let failed = result.is_err();
        outcome = Some(result);
        if failed {
            Err(std::io::Error::other("not sealed"))
        } else {
            Ok(())
        }
    });
    match (outcome, tsa_failure) {
        (Some(Err(_)), Some(failure)) => Err(failure),
        (Some(Err(error)), None) => Err(seal_error(&error)),
        (Some(Ok(sealed)), _) => written.map(|()| sealed),
        (None, _) => Err(written
            .err()
            .unwrap_or_else(|| Failure::software("nothing was written"))),
    }
}

fn summary(args: &Args, sealed: &Sealed, language: Language) -> String {
    let out = args.out.display();
    let (count, parts) = (sealed.placements.len(), sealed.parts_protected);
    language.pick(
        format!(
            "已盖章：{out}（签章 {}，{count} 处，保护 {parts} 个部件）\n",
            sealed.id
        ),
        format!(
            "sealed: {out} (signature {}, {count} appearances, {parts} parts protected)\n",
            sealed.id
        ),
    )
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
