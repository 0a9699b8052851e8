//! `yinxin stamp`: put a seal on an OFD or PDF document.

use std::fs::File;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use ofd::{Limits, Package};
use pki::{HashAlgorithm, MessageKey, Purpose, TimestampRequest};
use sealing::{
    BlankPages, DigestTimestampSource, Language, Mode, PDF_BYTES_MAX, Position, SealError, SealOrder, Shown,
    Verifier, seal,
};
use ses::Seal;

use crate::common::{Context, Failure, print, read_small, write_new};
use crate::foreign_key::{ForeignHolder, ForeignKeyArgs};
use crate::key_store::{Holder, KeysArgs};
use crate::pin::PinArgs;
use crate::place;
use crate::stamp_pdf::{PdfArgs, PdfStamp, stamp_pdf};
use crate::trust::TrustArgs;
use crate::tsa_client::request_granted;
use crate::words::{refused_by, seal_error};

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
    #[arg(long, value_name = "SEAL.esl", required_unless_present = "key_file")]
    seal: Option<PathBuf>,
    #[command(flatten)]
    keys: KeysArgs,
    /// 签章人密钥的标签或编号 / label or id of the sealer's key
    #[arg(long, value_name = "KEY", required_unless_present = "key_file")]
    key: Option<String>,
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
    pdf: PdfArgs,
    #[command(flatten)]
    foreign: ForeignKeyArgs,
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
    let verifier = args.pdf.password.give(args.trust.verifier()?)?;
    let how = How {
        positions: &positions,
        mode: if args.lock { Mode::Lock } else { Mode::Continue },
        blank_pages: match &args.allow_blank {
            Some(reason) => BlankPages::Allow { reason },
            None => BlankPages::Refuse,
        },
        time: whole_seconds(context.now),
        verifier: &verifier,
    };
    let done = match (document, args.foreign.open()?) {
        (Document::Pdf(bytes), Some(holder)) => sign_pdf(args, context, bytes, &how, &holder)?,
        (document, None) => stamp_with_seal(args, context, document, &how)?,
        (Document::Ofd(_), Some(_)) => {
            return Err(Failure::usage(
                "--key-file 只用于 PDF 文件：OFD 签章须用电子印章和 SM2 密钥（--seal、--key）",
                "--key-file is for PDF documents: OFD is sealed with a seal and an SM2 key (--seal, --key)",
            ));
        }
    };
    let out = args.out.display();
    print(&context.language.pick(
        format!("已盖章：{out}（{done}）\n"),
        format!("sealed: {out} ({done})\n"),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// What documents of every kind are sealed with.
pub(crate) struct How<'a> {
    pub(crate) positions: &'a [Position],
    pub(crate) mode: Mode,
    pub(crate) blank_pages: BlankPages<'a>,
    pub(crate) time: Timestamp,
    pub(crate) verifier: &'a Verifier,
}

/// With a seal, by a key of the store.
fn stamp_with_seal(
    args: &Args,
    context: &Context,
    document: Document,
    how: &How<'_>,
) -> Result<String, Failure> {
    let (Some(seal_path), Some(key)) = (&args.seal, &args.key) else {
        return Err(Failure::software("the options of stamp were not checked"));
    };
    let seal_file = Seal::read(&read_small(seal_path)?)
        .map_err(|error| Failure::unreadable(seal_path, "不是电子印章数据", error))?;
    let verified = how
        .verifier
        .proved_seal(&seal_file, how.time)
        .map_err(|reasons| refused_by("印章不能使用", "the seal cannot be used", &reasons))?;
    let holder = Holder::unlock(&args.keys.open()?, key, &args.pin, context)?;
    let path = how
        .verifier
        .proved_path(holder.certificate()?, Purpose::Signer, how.time)
        .map_err(|reasons| sealer_refused(&reasons))?;
    match document {
        Document::Ofd(package) => {
            args.pdf.refuse_for_ofd()?;
            stamp_ofd(args, context, &package, how, &verified, &path, &holder)
        }
        Document::Pdf(bytes) => {
            let stamp = PdfStamp {
                shown: Shown::Seal(&verified),
                sealer: &path,
                key: MessageKey::Sm2(&holder.key),
                has_authority: args.tsa.is_some(),
            };
            write(args, context, |ask, out| {
                stamp_pdf(&args.pdf, context, bytes, how, &stamp, ask, out)
            })
        }
    }
}

/// With a picture, by a key of another suite.
fn sign_pdf(
    args: &Args,
    context: &Context,
    document: Vec<u8>,
    how: &How<'_>,
    holder: &ForeignHolder,
) -> Result<String, Failure> {
    let path = how
        .verifier
        .proved_foreign_signer(holder.certificate(), how.time)
        .map_err(|reasons| sealer_refused(&reasons))?;
    let sign = |digest: &[u8]| holder.sign(digest, context);
    let stamp = PdfStamp {
        shown: holder.shown(),
        sealer: &path,
        key: MessageKey::Foreign {
            algorithm: holder.algorithm(),
            sign: &sign,
        },
        has_authority: args.tsa.is_some(),
    };
    write(args, context, |ask, out| {
        stamp_pdf(&args.pdf, context, document, how, &stamp, ask, out)
    })
}

fn sealer_refused(reasons: &[sealing::Reason]) -> Failure {
    refused_by(
        "签章人证书不能使用",
        "the sealer's certificate cannot be used",
        reasons,
    )
}

fn stamp_ofd(
    args: &Args,
    context: &Context,
    package: &Package,
    how: &How<'_>,
    verified: &ses::VerifiedSeal,
    path: &pki::VerifiedPath,
    holder: &Holder,
) -> Result<String, Failure> {
    let order = SealOrder {
        seal: verified,
        sealer: path,
        positions: how.positions,
        mode: how.mode,
        blank_pages: how.blank_pages,
        time: how.time,
        threads: thread::available_parallelism().map_or(1, |cores| cores.get().min(4)),
    };
    write(args, context, |ask, out| {
        let has_authority = args.tsa.is_some();
        let mut over = |value: &[u8]| ask(HashAlgorithm::Sm3, &HashAlgorithm::Sm3.digest(value));
        let timestamp = if has_authority { Some(&mut over as _) } else { None };
        let sealed = seal(package, &order, &holder.key, timestamp, out);
        let sealed = sealed.map_err(|error| seal_error(&error))?;
        Ok(ofd_done(&sealed, context.language))
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
    work: impl FnOnce(&mut DigestTimestampSource<'_>, &mut dyn Write) -> Result<String, Failure>,
) -> Result<String, Failure> {
    let timeout = Duration::from_secs(TSA_TIMEOUT_SECONDS);
    // A failure of the timestamp server has words of its own; they are kept beside the library's error.
    let mut tsa_failure = None;
    let mut ask = |hash: HashAlgorithm, digest: &[u8]| {
        let nonce = context.rng().next_u64();
        let url = args.tsa.as_deref().unwrap_or_default();
        let request = TimestampRequest::of_digest(hash, digest.to_vec(), Some(nonce), true);
        request_granted(url, &request, timeout).map_err(|failure| {
            let text = format!("{failure:?}");
            tsa_failure = Some(failure);
            text
        })
    };
    let mut outcome = None;
    let written = write_new(&args.out, args.force, |out| {
        let result = work(&mut ask, out);
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
