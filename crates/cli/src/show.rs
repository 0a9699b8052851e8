//! `yinxin show`: what is inside a file, recognised by its content. Nothing is judged: that is `yinxin verify`.

mod certificate;
mod crl;
mod document;
mod extension;
mod kind;
mod message;
mod object_id;
mod private_key;
mod seal;
mod signature_part;
mod timestamp;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use pki::{
    CertificateRequest, Crl, PemBlock, SignedData, TimestampRequest, TimestampResponse, TimestampToken,
};
use ses::{PictureFormat, Seal, SealCache, SealSignature};

use crate::common::{Context, Failure, print, read_small, refuse_existing, write_bytes};
use crate::outline::{Outline, hex, printable};

use kind::Kind;

/// 显示文件内容：OFD、电子印章、电子签章数据、签名消息、证书、撤销列表、证书请求、时间戳；按内容识别，不作验证。
/// Show what is inside OFD files, seals, seal signatures, signed messages, certificates, revocation lists, requests
/// and time stamps; recognised by content, without verifying anything.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// 文件 / files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// 把印章图像写到此文件 / write the picture of the seal to this file
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// 图像文件已存在时覆盖 / overwrite an existing picture file
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    if let Some(out) = &args.picture {
        refuse_existing(out, args.force)?;
    }
    let mut pictures = Pictures::default();
    let mut worst = None;
    for path in &args.files {
        let mut outline = Outline::new(context.language);
        if args.files.len() > 1 {
            outline.line(path.display());
        }
        match show_file(&mut outline, path, &mut pictures) {
            Ok(()) => print(&outline.finish())?,
            Err(failure) => worst = Some(failure.print(context.language)),
        }
    }
    if let (Some(out), None) = (&args.picture, worst) {
        pictures.write(out, context)?;
    }
    Ok(worst.unwrap_or(ExitCode::SUCCESS))
}

/// The different pictures of the seals that were met.
#[derive(Default)]
struct Pictures(Vec<Vec<u8>>);

impl Pictures {
    fn add(&mut self, data: &[u8]) {
        if !self.0.iter().any(|known| known == data) {
            self.0.push(data.to_vec());
        }
    }

    fn write(&self, out: &Path, context: &Context) -> Result<(), Failure> {
        let [data] = self.0.as_slice() else {
            let count = self.0.len();
            return Err(Failure::refused(
                format!("共有 {count} 个不同的印章图像，--picture 需要恰好一个：请只给一个印章或一个签章"),
                format!(
                    "there are {count} different pictures of seals, --picture needs exactly one: name one seal"
                ),
            ));
        };
        write_bytes(out, data)?;
        let kind = PictureFormat::sniff(data).map_or("?", PictureFormat::label);
        let (out, count) = (out.display(), data.len());
        print(&context.language.pick(
            format!("印章图像已写入 {out}（{kind}，{count} 字节）\n"),
            format!("wrote the picture to {out} ({kind}, {count} bytes)\n"),
        ))
    }
}

/// Why something is not shown: what it seems to be, and what is wrong with it.
struct Unshown {
    zh: String,
    en: String,
}

impl Unshown {
    fn new(zh: &str, en: &str, error: impl std::fmt::Display) -> Self {
        let error = printable(&error.to_string());
        Self {
            zh: format!("像是{zh}，但无法读取（{error}）"),
            en: format!("it seems to be {en}, but cannot be read: {error}"),
        }
    }

    fn unknown(bytes: &[u8]) -> Self {
        if let Some(format) = PictureFormat::sniff(bytes).map(PictureFormat::label) {
            return Self {
                zh: format!("是 {format} 图像，不是印章：请用 yinxin seal make 制作印章"),
                en: format!("it is a {format} picture, not a seal: make one with yinxin seal make"),
            };
        }
        if bytes.is_empty() {
            return Self {
                zh: "文件是空的".into(),
                en: "the file is empty".into(),
            };
        }
        let head = hex(&bytes[..bytes.len().min(16)]);
        Self {
            zh: format!(
                "无法识别（开头为 {head}）：请给出 OFD、印章、签章、证书、撤销列表、证书请求或时间戳"
            ),
            en: format!(
                "it is nothing known here (it begins with {head}): give an OFD, a seal, a signature, a certificate, a CRL, a request or a time stamp"
            ),
        }
    }

    fn failure(self, path: &Path) -> Failure {
        let path = path.display();
        Failure::refused(format!("{path}：{}", self.zh), format!("{path}: {}", self.en))
    }
}

fn show_file(outline: &mut Outline, path: &Path, pictures: &mut Pictures) -> Result<(), Failure> {
    let mut head = [0; 4];
    let mut file = File::open(path).map_err(|error| Failure::input(path, &error))?;
    let is_package = file.read_exact(&mut head).is_ok() && head == *b"PK\x03\x04";
    if is_package {
        return document::show(outline, file, pictures).map_err(|unshown| unshown.failure(path));
    }
    let bytes = read_small(path)?;
    show_bytes(outline, &bytes, pictures).map_err(|unshown| unshown.failure(path))
}

/// Shows bytes of any kind but a package.
fn show_bytes(outline: &mut Outline, bytes: &[u8], pictures: &mut Pictures) -> Result<(), Unshown> {
    if let Some(kind) = kind::of_der(bytes) {
        return show_der(outline, kind, bytes, pictures);
    }
    if pki::is_pem(bytes) {
        let blocks = pki::read_pem(bytes).map_err(|error| Unshown::new(" PEM 文本", "PEM text", error))?;
        return blocks
            .iter()
            .try_for_each(|block| show_pem(outline, block, pictures));
    }
    if let Some(der) = kind::base64(bytes)
        && let Some(kind) = kind::of_der(&der)
    {
        return show_der(outline, kind, &der, pictures);
    }
    if private_key::show_stored(outline, bytes) || private_key::show_bare_signature(outline, bytes) {
        return Ok(());
    }
    Err(Unshown::unknown(bytes))
}

fn show_pem(outline: &mut Outline, block: &PemBlock, pictures: &mut Pictures) -> Result<(), Unshown> {
    if block.label.ends_with("PRIVATE KEY") {
        private_key::show_pem(outline, &block.label);
        return Ok(());
    }
    match kind::of_der(&block.der) {
        Some(kind) => show_der(outline, kind, &block.der, pictures),
        None => Err(Unshown {
            zh: format!("PEM 文本（{}）的内容无法识别", printable(&block.label)),
            en: format!(
                "the contents of the PEM text ({}) are nothing known here",
                printable(&block.label)
            ),
        }),
    }
}

fn show_der(outline: &mut Outline, kind: Kind, bytes: &[u8], pictures: &mut Pictures) -> Result<(), Unshown> {
    let (zh, en) = kind.words();
    let unshown = |error: pki::Error| Unshown::new(zh, en, error);
    match kind {
        Kind::Seal => {
            let seal = Seal::read(bytes).map_err(|error| Unshown::new(zh, en, error))?;
            pictures.add(seal.picture().data);
            seal::show(outline, &seal);
        }
        Kind::SealSignature => {
            let signature = SealSignature::read(bytes, &SealCache::default());
            let signature = signature.map_err(|error| Unshown::new(zh, en, error))?;
            pictures.add(signature.seal().picture().data);
            seal::show_signature(outline, &signature);
        }
        Kind::TimestampToken => {
            timestamp::show(outline, &TimestampToken::read(bytes).map_err(unshown)?);
        }
        Kind::SignedData => message::show(outline, &SignedData::read(bytes).map_err(unshown)?),
        Kind::Certificate => {
            for certificate in pki::read_certificates(bytes).map_err(unshown)? {
                certificate::show(outline, &certificate);
            }
        }
        Kind::Crl => crl::show(outline, &Crl::read(bytes).map_err(unshown)?),
        Kind::CertificateRequest => {
            certificate::show_request(outline, &CertificateRequest::read(bytes).map_err(unshown)?);
        }
        Kind::TimestampResponse => {
            timestamp::show_response(outline, &TimestampResponse::read(bytes).map_err(unshown)?);
        }
        Kind::TimestampRequest => {
            timestamp::show_request(outline, &TimestampRequest::read(bytes).map_err(unshown)?);
        }
        Kind::PrivateKey | Kind::EncryptedPrivateKey | Kind::EcPrivateKey | Kind::Pkcs12 => {
            private_key::show(outline, kind);
        }
        Kind::PublicKey => private_key::show_public(outline, bytes).map_err(unshown)?,
        Kind::SignatureValue => private_key::show_signature_value(outline, bytes),
        Kind::OtherMessage(content) => {
            return Err(Unshown::new(
                zh,
                en,
                format_args!("{}", object_id::text(&content)),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sealing::Language;
    use ses::{ListKind, SealVersion};
    use std::sync::OnceLock;
    use testkit::{PICTURE, TestPki, now};

    /// One of each kind.
    fn seeds() -> &'static [Vec<u8>] {
        static SEEDS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        SEEDS.get_or_init(|| {
            let pki = TestPki::new(1);
            let request = TimestampRequest::new(b"stamped", Some(7), true);
            let policy = pki::ObjectIdentifier::new_unwrap("1.2.3.4.1");
            let (tsa, key) = (&pki.tsa.certificate, &pki.tsa.key);
            let response =
                pki::issue_token(&request, &[9], now(), &policy, tsa, &pki.intermediates(), key).unwrap();
            let token = TimestampResponse::read(&response)
                .unwrap()
                .token()
                .unwrap()
                .signed()
                .der()
                .to_vec();
            let seal = pki.seal(SealVersion::V4, ListKind::Certificates, PICTURE);
            let csr = CertificateRequest::sign(pki.sealer.certificate.subject(), &pki.sealer.key).unwrap();
            vec![
                pki.tsa.certificate.der().to_vec(),
                pki.crl(&[(tsa, now(), None)], now()).der().to_vec(),
                csr.der().to_vec(),
                request.der().to_vec(),
                response,
                token,
                seal.der().to_vec(),
            ]
        })
    }

    fn shown(bytes: &[u8]) -> Option<String> {
        let mut outline = Outline::new(Language::Zh);
        let shown = show_bytes(&mut outline, bytes, &mut Pictures::default());
        shown.ok().map(|()| outline.finish())
    }

    #[test]
    fn one_of_each_kind_is_shown() {
        for seed in seeds() {
            assert!(shown(seed).is_some_and(|text| text.lines().count() > 3));
        }
    }

    proptest! {
        #[test]
        fn altered_bytes_are_shown_or_refused(
            seed in 0..7usize,
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
            cut in proptest::option::of(any::<proptest::sample::Index>()),
        ) {
            let mut bytes = seeds()[seed].clone();
            for (index, value) in changes {
                let at = index.index(bytes.len());
                bytes[at] = value;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Some(text) = shown(&bytes) {
                prop_assert!(!text.chars().any(|character| character.is_control() && character != '\n'));
            }
        }

        #[test]
        fn any_bytes_are_shown_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            shown(&bytes);
        }
    }
}
