//! `--key-file`: a key of another suite than SM2, to sign PDF documents with, and the picture that it shows.

use std::path::PathBuf;

use keys::{ForeignKey, ForeignKind, RsaPadding};
use pki::{Certificate, ForeignAlgorithm, ForeignHash};
use sealing::Shown;
use zeroize::Zeroizing;

use crate::common::{Context, Failure, read_small};
use crate::pin::read_secret;
use crate::trust::certificates_of;

/// A key file, its certificate, and what is shown instead of a seal.
#[derive(clap::Args)]
pub(crate) struct ForeignKeyArgs {
    /// RSA 或 ECDSA 密钥文件（PKCS#12 或 PKCS#8），以 PAdES 形式签署 PDF，不用电子印章 /
    /// RSA or ECDSA key (PKCS#12 or PKCS#8) that signs a PDF in the form of PAdES, without a seal
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seal", "key"], requires = "picture")]
    key_file: Option<PathBuf>,
    /// 存有密钥文件密码的文件，“-”为标准输入 / file that holds the password of the key file
    #[arg(long, value_name = "FILE", requires = "key_file")]
    password_file: Option<PathBuf>,
    /// 密钥的证书（PKCS#12 自带时不用给）/ certificate of the key, unless PKCS#12 brings it
    #[arg(long, value_name = "FILE", requires = "key_file")]
    key_cert: Option<PathBuf>,
    /// 显示的图像（PNG、JPEG、GIF、BMP）/ the picture that is shown
    #[arg(long, value_name = "FILE", requires = "size", requires = "key_file")]
    picture: Option<PathBuf>,
    /// 图像的大小，毫米，如 40x20 / size of the picture in mm: 40x20
    #[arg(long, value_name = "WxH", value_parser = size, requires = "picture")]
    size: Option<(f64, f64)>,
    /// RSA 用 PSS 填充 / RSA signs with PSS padding
    #[arg(long, requires = "key_file")]
    pss: bool,
}

/// A key that was read from a file, with its certificate and picture.
pub(crate) struct ForeignHolder {
    key: ForeignKey,
    certificate: Certificate,
    picture: Vec<u8>,
    size: (f64, f64),
    padding: RsaPadding,
}

impl ForeignKeyArgs {
    /// The key, when one was named.
    pub(crate) fn open(&self) -> Result<Option<ForeignHolder>, Failure> {
        let (Some(path), Some(picture), Some(size)) = (&self.key_file, &self.picture, self.size) else {
            return Ok(None);
        };
        let password = match &self.password_file {
            Some(file) => Some(read_secret(file)?),
            None => None,
        };
        let bytes = Zeroizing::new(read_small(path)?);
        let (key, certificates) = ForeignKey::read(&bytes, password.as_ref().map(|text| text.as_str()))?;
        let certificate = match (&self.key_cert, certificates.first()) {
            (Some(file), _) => certificates_of(file)?.into_iter().next(),
            (None, Some(der)) => Certificate::read(der).ok(),
            (None, None) => None,
        };
        let certificate = certificate.ok_or_else(|| {
            Failure::usage(
                "没有密钥的证书：请用 --key-cert 给出",
                "the certificate of the key is missing: give it with --key-cert",
            )
        })?;
        if self.pss && key.kind() != ForeignKind::Rsa {
            return Err(Failure::usage(
                "--pss 只用于 RSA 密钥",
                "--pss is for RSA keys only",
            ));
        }
        Ok(Some(ForeignHolder {
            key,
            certificate,
            picture: read_small(picture)?,
            size,
            padding: if self.pss {
                RsaPadding::Pss
            } else {
                RsaPadding::Pkcs1
            },
        }))
    }
}

impl ForeignHolder {
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// How it signs: SHA-256, but SHA-384 with P-384, which is as strong.
    pub(crate) fn algorithm(&self) -> ForeignAlgorithm {
        match (self.key.kind(), self.padding) {
            (ForeignKind::Rsa, RsaPadding::Pkcs1) => ForeignAlgorithm::RsaPkcs1(ForeignHash::Sha256),
            (ForeignKind::Rsa, RsaPadding::Pss) => ForeignAlgorithm::RsaPss(ForeignHash::Sha256),
            (ForeignKind::P256, _) => ForeignAlgorithm::Ecdsa(ForeignHash::Sha256),
            (ForeignKind::P384, _) => ForeignAlgorithm::Ecdsa(ForeignHash::Sha384),
        }
    }

    pub(crate) fn sign(&self, digest: &[u8], context: &Context) -> Result<Vec<u8>, String> {
        let signed = self.key.sign(digest, self.padding, &mut **context.rng());
        signed.map_err(|error| error.to_string())
    }

    pub(crate) fn shown(&self) -> Shown<'_> {
        Shown::Picture {
            data: &self.picture,
            width_mm: self.size.0,
            height_mm: self.size.1,
        }
    }
}

/// `WxH`, in mm.
fn size(text: &str) -> Result<(f64, f64), String> {
    let number = |text: &str| text.trim().trim_end_matches("mm").parse::<f64>().ok();
    text.split_once('x')
        .and_then(|(width, height)| Some((number(width)?, number(height)?)))
        .filter(|(width, height)| [width, height].iter().all(|mm| (1.0..=1000.0).contains(*mm)))
        .ok_or_else(|| format!("{text:?}: write WxH in mm, from 1 to 1000 / 应写成 宽x高（毫米，1 至 1000）"))
}
