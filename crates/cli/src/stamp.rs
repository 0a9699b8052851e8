//! `yinxin stamp`: put a seal on an OFD or PDF document.

use std::fs::File;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use ofd::{Limits, Package};
use pki::Purpose;
use sealing::{
    BlankPages, Language, Mode, PDF_BYTES_MAX, PdfForm, PdfSealOrder, Position, SealError, SealOrder,
    TimestampSource, seal, seal_pdf,
};
use ses::Seal;

use crate::common::{Context, Failure, print, read_small, write_new};
use crate::key_store::{Holder, KeysArgs};
use crate::pin::PinArgs;
use crate::place;
use crate::trust::TrustArgs;
use crate::tsa_client::request_token;
use crate::words::{pdf_seal_error, refused_by, seal_error};

/// How long a timestamp authority may take, in seconds.
const TSA_TIMEOUT_SECONDS: u64 = 30;

/// 在 OFD 或 PDF 文件上加盖电子印章。
/// Put a seal on an OFD or PDF document.
///
/// 每次调用产生一个签章，可同时出现在多个位置（--point、--keyword、--straddle、--facing 可重复、可组合）。
/// Each call makes one signature, which may appear at several positions (repeat and combine the options).
#[derive(clap::Args)]
pub(crate) struct Args {
    /// 要盖章的 OFD 或 PDF 文件 / the document
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
    let document = open(args)?;
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
    let how = How {
        seal: &verified,
        sealer: &path,
        positions: &positions,
        mode: if args.lock { Mode::Lock } else { Mode::Continue },
        blank_pages,
        time: now,
    };
    let done = match &document {
        Document::Ofd(package) => stamp_ofd(args, context, package, &how, &holder)?,
        Document::Pdf(bytes) => stamp_pdf(args, context, bytes, &how, &holder)?,
    };
    let out = args.out.display();
    print(&context.language.pick(
        format!("已盖章：{out}（{done}）\n"),
        format!("sealed: {out} ({done})\n"),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// What documents of every kind are sealed with.
struct How<'a> {
    seal: &'a ses::VerifiedSeal,
    sealer: &'a pki::VerifiedPath,
    positions: &'a [Position],
    mode: Mode,
    blank_pages: BlankPages<'a>,
    time: Timestamp,
}

fn stamp_ofd(
    args: &Args,
    context: &Context,
    package: &Package,
    how: &How<'_>,
    holder: &Holder,
) -> Result<String, Failure> {
    let order = SealOrder {
        seal: how.seal,
        sealer: how.sealer,
        positions: how.positions,
        mode: how.mode,
        blank_pages: how.blank_pages,
        time: how.time,
        threads: thread::available_parallelism().map_or(1, |cores| cores.get().min(4)),
    };
    write(args, context, |timestamp, out| {
        let sealed = seal(package, &order, &holder.key, timestamp, out);
        let sealed = sealed.map_err(|error| seal_error(&error))?;
        Ok(ofd_done(&sealed, context.language))
    })
}

fn stamp_pdf(
    args: &Args,
    context: &Context,
    document: &[u8],
    how: &How<'_>,
    holder: &Holder,
) -> Result<String, Failure> {
    let order = PdfSealOrder {
        seal: how.seal,
        sealer: how.sealer,
        positions: how.positions,
        mode: how.mode,
        blank_pages: how.blank_pages,
        time: how.time,
        form: PdfForm::Seal,
    };
    write(args, context, |timestamp, out| {
        let sealed = seal_pdf(document, &order, &holder.key, timestamp, out);
        let count = sealed.map_err(|error| pdf_seal_error(&error))?.placements.len();
        Ok(context
            .language
            .pick(format!("{count} 处"), format!("{count} appearances")))
    })
}

/// What is sealed.
enum Document {
    Ofd(Box<Package>),
    Pdf(Vec<u8>),
}

/// By its first bytes, whatever its name.
fn open(args: &Args) -> Result<Document, Failure> {
    let unreadable = |error: std::io::Error| Failure::input(&args.file, &error);
    let mut head = [0; 5];
    let file = File::open(&args.file).map_err(unreadable)?;
    let got = ofd::Source::read_at(&file, &mut head, 0).map_err(unreadable)?;
    if head[..got].starts_with(b"%PDF-") {
        return read_pdf(&args.file, file).map(Document::Pdf);
    }
    let package = Package::open(file, Limits::default());
    package
        .map(|package| Document::Ofd(Box::new(package)))
        .map_err(|error| seal_error(&SealError::Document(error)))
}

fn read_pdf(path: &Path, file: File) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    file.take(PDF_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::input(path, &error))?;
    if bytes.len() > PDF_BYTES_MAX {
        let zh = format!("文件超过上限 {PDF_BYTES_MAX} 字节");
        return Err(Failure::unreadable(
            path,
            &zh,
            format!("larger than {PDF_BYTES_MAX} bytes"),
        ));
    }
    Ok(bytes)
}

/// Seals into a temporary file that takes the output's name only when everything succeeded.
fn write(
    args: &Args,
    context: &Context,
    work: impl FnOnce(Option<&mut TimestampSource<'_>>, &mut dyn Write) -> Result<String, Failure>,
) -> Result<String, Failure> {
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
        let timestamp: Option<&mut TimestampSource<'_>> =
            if args.tsa.is_some() { Some(&mut ask) } else { None };
        let result = work(timestamp, out);
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
        (Some(Err(failure)), None) => Err(failure),
        (Some(Ok(sealed)), _) => written.map(|()| sealed),
        (None, _) => Err(written
            .err()
            .unwrap_or_else(|| Failure::software("nothing was written"))),
    }
}

fn ofd_done(sealed: &sealing::Sealed, language: Language) -> String {
    let (id, count, parts) = (&sealed.id, sealed.placements.len(), sealed.parts_protected);
    language.pick(
        format!("签章 {id}，{count} 处，保护 {parts} 个部件"),
        format!("signature {id}, {count} appearances, {parts} parts protected"),
    )
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
