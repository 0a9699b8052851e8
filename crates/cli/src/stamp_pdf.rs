//! `yinxin stamp` on PDF documents: forms and levels of the signature.

use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use pki::{MessageKey, VerifiedPath};
use sealing::{DigestTimestampSource, PdfForm, PdfLevel, PdfSealOrder, Shown, Verifier, seal_pdf};
use zeroize::Zeroizing;

use crate::common::{Context, Failure};
use crate::pin::read_secret;
use crate::stamp::How;
use crate::words::pdf_seal_error;

/// What only PDF documents have.
#[derive(clap::Args)]
pub(crate) struct PdfArgs {
    /// PDF 签名形式，不给则为 sm2seal（用 --key-file 时为 cades）/
    /// form of the signature in a PDF; sm2seal when absent (cades with --key-file)
    #[arg(long, value_enum)]
    form: Option<Form>,
    /// PDF 签名级别，不给则有 --tsa 时为 t，否则为 b / level of the signature in a PDF; t with --tsa when absent, else b
    #[arg(long, value_enum)]
    level: Option<Level>,
    /// PDF 结构损坏时，仍按推测读出的内容盖章，并重新列出其对象 /
    /// stamp a damaged PDF as it is read by guesswork, and list its objects anew
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    pub(crate) password: PdfPasswordArgs,
}

/// The password of encrypted PDF documents.
#[derive(clap::Args, Default)]
pub(crate) struct PdfPasswordArgs {
    /// 存有加密 PDF 打开口令的文件，“-”为标准输入；无需口令即可打开的不用给 /
    /// file that holds the password of an encrypted PDF, "-" for standard input; many open without one
    #[arg(long, value_name = "FILE")]
    pdf_password_file: Option<PathBuf>,
}

impl PdfPasswordArgs {
    /// The verifier with the password, if one was given.
    pub(crate) fn give(&self, verifier: Verifier) -> Result<Verifier, Failure> {
        Ok(match self.read()? {
            Some(password) => verifier.with_pdf_password(password),
            None => verifier,
        })
    }

    /// The password, if one was given.
    pub(crate) fn read(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        self.pdf_password_file.as_deref().map(read_secret).transpose()
    }
}

/// PDF 签名形式.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// 电子签章数据（GB/T 38540）/ seal-signature data: GM.sm2seal
    Sm2seal,
    /// 国密签名消息（GB/T 35275）/ signed message with SM2: GM.sm2cms.detached
    Sm2cms,
    /// PAdES（ETSI EN 319 142）/ ETSI.CAdES.detached
    Cades,
}

/// PDF 签名级别（ETSI EN 319 142-1）.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    /// 签名 / a signature
    B,
    /// 加时间戳 / with a timestamp
    T,
    /// 再加证书与撤销列表 / with certificates and revocation lists
    Lt,
    /// 再加文档时间戳 / with a document timestamp
    Lta,
}

impl PdfArgs {
    /// Options that mean nothing for OFD are mistakes.
    pub(crate) fn refuse_for_ofd(&self) -> Result<(), Failure> {
        let unused = self.form.is_none() && self.level.is_none() && !self.repair;
        if unused && self.password.pdf_password_file.is_none() {
            return Ok(());
        }
        Err(Failure::usage(
            "--form、--level、--repair 和 --pdf-password-file 只用于 PDF 文件",
            "--form, --level, --repair and --pdf-password-file are for PDF documents only",
        ))
    }
}

/// What signs and what is shown.
pub(crate) struct PdfStamp<'a> {
    pub(crate) shown: Shown<'a>,
    pub(crate) sealer: &'a VerifiedPath,
    pub(crate) key: MessageKey<'a>,
    /// Whether a timestamp authority was named.
    pub(crate) has_authority: bool,
}

/// Stamps into `out`; what was done, in words.
pub(crate) fn stamp_pdf(
    args: &PdfArgs,
    context: &Context,
    document: Vec<u8>,
    how: &How<'_>,
    stamp: &PdfStamp<'_>,
    ask: &mut DigestTimestampSource<'_>,
    out: &mut dyn Write,
) -> Result<String, Failure> {
    let form = match (args.form, stamp.key) {
        (Some(Form::Sm2seal), _) | (None, MessageKey::Sm2(_)) => PdfForm::Seal,
        (Some(Form::Sm2cms), _) => PdfForm::Message,
        (Some(Form::Cades), _) | (None, MessageKey::Foreign { .. }) => PdfForm::Cades,
    };
    let level = match args.level {
        Some(Level::B) => PdfLevel::B,
        Some(Level::T) => PdfLevel::T,
        Some(Level::Lt) => PdfLevel::Lt,
        Some(Level::Lta) => PdfLevel::Lta,
        None if stamp.has_authority => PdfLevel::T,
        None => PdfLevel::B,
    };
    let order = PdfSealOrder {
        shown: stamp.shown,
        sealer: stamp.sealer,
        positions: how.positions,
        mode: how.mode,
        blank_pages: how.blank_pages,
        repair: args.repair,
        time: how.time,
        form,
        level,
        verifier: how.verifier,
    };
    let timestamp = if stamp.has_authority { Some(ask) } else { None };
    let sealed = seal_pdf(document, &order, stamp.key, timestamp, out);
    let count = sealed.map_err(|error| pdf_seal_error(&error))?.placements.len();
    Ok(context
        .language
        .pick(format!("{count} 处"), format!("{count} appearances")))
}
