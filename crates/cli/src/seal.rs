//! `yinxin seal make`: make an electronic seal from a picture, names and certificates.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use image::{ImageReader, Limits};
use jiff::Timestamp;
use ofd::Package;
use pki::{Certificate, Purpose, VerifiedPath};
use sealing::{Language, Verifier};
use ses::{
    ListKind, PICTURE_BYTES_MAX, PICTURE_PIXELS_MAX, PictureFormat, Refusal, Seal, SealTemplate, SealVersion,
    make_seal,
};

use crate::common::{Context, Failure, print, read_small, write_new};
use crate::key_store::{Holder, KeysArgs};
use crate::outline::printable;
use crate::pin::PinArgs;
use crate::trust::{TrustArgs, certificates_of};
use crate::tsa_client::request_token;
use crate::words::{refused, refused_by};

/// Most memory that decoding a picture may take, in bytes.
const DECODE_BYTES_MAX: u64 = 512 << 20;
/// How long a timestamp authority may take, in seconds.
const TSA_TIMEOUT_SECONDS: u64 = 30;

/// 制作电子印章 / make electronic seals
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Make(MakeArgs),
}

/// 制作电子印章（GB/T 38540-2020，或 GM/T 0031-2025）。
/// Make a seal: certificate, key and picture bound together.
///
/// 制作前核验制章者与持有人的证书（R29、R30）、有效期（R32）、名称（R35）和图像（R4）；不符合即拒绝并指明规则。
#[derive(clap::Args)]
struct MakeArgs {
    /// 印章图像：PNG、JPEG、GIF、BMP、SVG、OFD / the picture
    #[arg(long, value_name = "FILE")]
    picture: PathBuf,
    /// 宽x高（毫米），与实物印章一致，如 42x42 / width and height in mm
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: (u32, u32),
    /// 印章编码（政务印章为 6 位区划 + 8 位顺序号）/ the seal's code
    #[arg(long, value_name = "CODE")]
    code: String,
    /// 印章名称，与备案名称一致 / the seal's name, as filed
    #[arg(long)]
    name: String,
    /// 类型：1 法定名称章，2 财务，3 发票，4 合同，5 名章，6 业务，99 其他 / kind of seal
    #[arg(long = "type", value_name = "N", default_value_t = 1)]
    kind: u32,
    /// 持有人（签章人）证书，可多个 / certificate of a holder; may be repeated
    #[arg(long, value_name = "CERT", required = true)]
    holder: Vec<PathBuf>,
    /// 只写入证书的 SM3 摘要 / list the holders by digests of their certificates
    #[arg(long)]
    digests: bool,
    #[command(flatten)]
    keys: KeysArgs,
    /// 制章者密钥的标签或编号 / label or id of the maker's key
    #[arg(long, value_name = "KEY")]
    maker: String,
    #[command(flatten)]
    pin: PinArgs,
    /// 有效期起；默认为证书的起始 / start of the period; the certificate's by default
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// 有效期止；默认为证书的终止 / end of the period; the certificate's by default
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// 数据格式版本：4 为 GB/T 38540-2020，5 为 GM/T 0031-2025 / version of the data format
    #[arg(long, value_name = "4|5", default_value_t = 4, value_parser = clap::value_parser!(u8).range(4..=5))]
    version: u8,
    /// 厂商标识 / vendor identifier
    #[arg(long, default_value = "YINXIN")]
    vendor: String,
    /// 名称与证书不一致时的理由 / why the name may differ from the certificate's
    #[arg(long, value_name = "REASON")]
    name_reason: Option<String>,
    /// 时间戳服务器（仅第 5 版）/ timestamp server, for version 5
    #[arg(long, value_name = "URL")]
    tsa: Option<String>,
    /// 输出文件 / the seal
    #[arg(long, value_name = "OUT.esl")]
    out: PathBuf,
    /// 输出文件已存在时覆盖 / overwrite an existing output
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let Command::Make(args) = &args.command;
    make(args, context)
}

fn make(args: &MakeArgs, context: &Context) -> Result<ExitCode, Failure> {
    if args.tsa.is_some() && args.version == 4 {
        return Err(refused(&Refusal::TimestampInVersion4));
    }
    let picture = read_small(&args.picture)?;
    check_decodes(&args.picture, &picture)?;
    let verifier = args.trust.verifier()?;
    let holders = holders(args, &verifier, context.now)?;
    let template = template(args, &picture, &holders, context.now);
    let maker = Holder::unlock(&args.keys.open()?, &args.maker, &args.pin, context)?;
    let maker_path = verifier
        .proved_path(maker.certificate()?, Purpose::SealMaker, context.now)
        .map_err(|reasons| {
            refused_by(
                "制章者证书不能使用（R29、R30）",
                "the maker's certificate cannot be used (R29, R30)",
                &reasons,
            )
        })?;
    let made =
        make_seal(&template, &maker_path, &holders, &maker.key).map_err(|refusal| refused(&refusal))?;
    let warnings: Vec<String> = made
        .warnings()
        .iter()
        .map(|warning| warning_words(warning, context.language))
        .collect();
    let token = match &args.tsa {
        Some(url) => {
            let nonce = context.rng().next_u64();
            let timeout = Duration::from_secs(TSA_TIMEOUT_SECONDS);
            Some(request_token(url, made.signature_value(), nonce, timeout)?)
        }
        None => None,
    };
    let seal = made
        .finish(token.as_deref())
        .map_err(|refusal| refused(&refusal))?;
    write_new(&args.out, args.force, |file| {
        std::io::Write::write_all(file, seal.bytes())
    })?;
    print(&summary(args, &seal, &warnings, context.language))?;
    Ok(ExitCode::SUCCESS)
}

fn holders(args: &MakeArgs, verifier: &Verifier, now: Timestamp) -> Result<Vec<VerifiedPath>, Failure> {
    let mut holders = Vec::new();
    for path in &args.holder {
        // A CA hands out the leaf with the certificates above it; only the leaf is a holder's.
        let is_ca = |certificate: &Certificate| certificate.basic_constraints().is_some_and(|basic| basic.ca);
        for certificate in certificates_of(path)?
            .into_iter()
            .filter(|certificate| !is_ca(certificate))
        {
            let proved = verifier.proved_path(&certificate, Purpose::Signer, now);
            holders.push(proved.map_err(|reasons| {
                refused_by(
                    "持有人证书不能使用（R29、R30）",
                    "a holder's certificate cannot be used (R29, R30)",
                    &reasons,
                )
            })?);
        }
    }
    Ok(holders)
}

/// The seal's period is the one that all certificates share, unless it was given (R32).
fn template<'a>(
    args: &'a MakeArgs,
    picture: &'a [u8],
    holders: &[VerifiedPath],
    now: Timestamp,
) -> SealTemplate<'a> {
    let bounds = |of: fn(&Certificate) -> Timestamp| holders.iter().map(move |holder| of(holder.leaf()));
    SealTemplate {
        version: if args.version == 5 {
            SealVersion::V5
        } else {
            SealVersion::V4
        },
        vendor_id: &args.vendor,
        seal_id: &args.code,
        seal_type: args.kind,
        name: &args.name,
        list: if args.digests {
            ListKind::Digests
        } else {
            ListKind::Certificates
        },
        picture,
        width_mm: args.size.0,
        height_mm: args.size.1,
        created: now,
        valid_start: args
            .from
            .or_else(|| bounds(Certificate::not_before).max())
            .unwrap_or(now),
        valid_end: args
            .until
            .or_else(|| bounds(Certificate::not_after).min())
            .unwrap_or(now),
        extensions: Vec::new(),
        name_reason: args.name_reason.as_deref(),
    }
}

/// A picture that readers cannot show makes no seal: decoded once as a whole, within limits.
fn check_decodes(path: &Path, picture: &[u8]) -> Result<(), Failure> {
    let broken = |detail: String| {
        let shown = path.display();
        Failure::refused(
            format!("印章图像 {shown} 无法读取（{detail}）：请提供完好的图像（规则 R4）"),
            format!("the picture {shown} cannot be read ({detail}): give an intact picture (rule R4)"),
        )
    };
    if picture.len() > PICTURE_BYTES_MAX {
        return Err(broken(format!("{} > {PICTURE_BYTES_MAX} bytes", picture.len())));
    }
    match PictureFormat::sniff(picture) {
        Some(PictureFormat::Svg) => Ok(()),
        Some(PictureFormat::Ofd) => {
            let package = Package::open(picture.to_vec(), ofd::Limits::default());
            let pages = package
                .and_then(|package| ofd::Ofd::read(&package))
                .map_err(|error| broken(error.to_string()))?;
            let one = pages.bodies.len() == 1
                && pages
                    .bodies
                    .iter()
                    .all(|body| matches!(&body.document, Ok(document) if document.pages.len() == 1));
            if one {
                Ok(())
            } else {
                Err(broken("an OFD of one page / 只有一页的 OFD".into()))
            }
        }
        Some(_) => {
            let mut reader = ImageReader::new(Cursor::new(picture))
                .with_guessed_format()
                .map_err(|error| broken(error.to_string()))?;
            let mut limits = Limits::default();
            limits.max_image_width = Some(PICTURE_PIXELS_MAX);
            limits.max_image_height = Some(PICTURE_PIXELS_MAX);
            limits.max_alloc = Some(DECODE_BYTES_MAX);
            reader.limits(limits);
            reader
                .decode()
                .map(drop)
                .map_err(|error| broken(error.to_string()))
        }
        None => Err(broken("not PNG, JPEG, GIF, BMP, SVG or OFD".into())),
    }
}

fn warning_words(warning: &ses::SealWarning, language: Language) -> String {
    use ses::SealWarning as Warning;
    let zh = match warning {
        Warning::NameOverridden { subject, reason } => format!("名称与证书“{subject}”不一致，理由：{reason}"),
        Warning::PeriodShorter { subject } => {
            format!("印章有效期短于证书“{subject}”的有效期（R32 要求一致）")
        }
        Warning::ResolutionLow { dpi } => format!("图像只有 {dpi} dpi，打印不清晰"),
        Warning::SealIdForm => "印章编码不是政务印章的 14 位数字".into(),
        Warning::SealIdNotCommonName => "印章编码与证书名称不同，政务印章二者一致".into(),
    };
    language.pick(zh, warning.to_string())
}

fn summary(args: &MakeArgs, seal: &Seal, warnings: &[String], language: Language) -> String {
    let out = args.out.display();
    let (name, code, standard) = (
        printable(seal.name()),
        printable(seal.seal_id()),
        seal.layout().standard(),
    );
    let mut text = language.pick(
        format!("已制作电子印章：{out}（{name}，编码 {code}，{standard}）\n"),
        format!("seal made: {out} ({name}, code {code}, {standard})\n"),
    );
    for warning in warnings {
        text += &format!("{}{warning}\n", language.pick("提示：", "note: "));
    }
    text
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let usage = || format!("{text:?}: write WxH in mm, such as 42x42 / 应写成 宽x高（毫米）");
    let (width, height) = text.split_once(['x', 'X', '×', '*']).ok_or_else(usage)?;
    let number = |text: &str| text.trim().parse().map_err(|_| usage());
    Ok((number(width)?, number(height)?))
}
