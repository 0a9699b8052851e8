//! `--trust`, `--certs`, `--crl`, `--ocsp`: what a verification relies on.

use std::fs;
use std::path::{Path, PathBuf};

use pki::{Certificate, Crl, OcspResponse, TrustStore};
use sealing::{Trust, Verifier};
use server::TrustConfig;

use crate::common::{Failure, files_below, read_small};

/// The anchors, further certificates and revocation lists of a call.
#[derive(clap::Args, Default)]
pub(crate) struct TrustArgs {
    /// 信任锚目录：其中的证书用于所有用途；子目录 makers、signers、tsa 分别只用于制章者、签章人、时间戳 /
    /// folder of anchors for all purposes, or in the subfolders makers, signers, tsa
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
    /// 用于构建证书链的其他证书（文件或目录）/ further certificates to build paths with (file or folder)
    #[arg(long, value_name = "DIR")]
    certs: Vec<PathBuf>,
    /// 证书撤销列表 / certificate revocation lists
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// OCSP 响应 / OCSP responses
    #[arg(long, value_name = "FILE")]
    ocsp: Vec<PathBuf>,
}

impl TrustArgs {
    /// What a configuration file names.
    pub(crate) fn of(config: &TrustConfig) -> Self {
        Self {
            trust: config.anchors.clone(),
            certs: config.certificates.clone(),
            crl: config.crls.clone(),
            ocsp: Vec::new(),
        }
    }

    /// A verifier that relies on these.
    pub(crate) fn verifier(&self) -> Result<Verifier, Failure> {
        let intermediates = certificates_below(&self.certs)?;
        let mut crls = Vec::new();
        for path in files_below(&self.crl)? {
            crls.push(
                Crl::read(&read_small(&path)?)
                    .map_err(|error| Failure::unreadable(&path, "不是证书撤销列表", error))?,
            );
        }
        let mut responses = Vec::new();
        for path in files_below(&self.ocsp)? {
            responses.push(
                OcspResponse::read(&read_small(&path)?)
                    .map_err(|error| Failure::unreadable(&path, "不是有答复的 OCSP 响应", error))?,
            );
        }
        Ok(Verifier::new(self.trust_lists()?, intermediates, crls).with_responses(responses))
    }

    fn trust_lists(&self) -> Result<Trust, Failure> {
        let Some(folder) = &self.trust else {
            return Ok(Trust::default());
        };
        let common = certificates_in(folder)?;
        let list = |name: &str| -> Result<TrustStore, Failure> {
            let mut anchors = common.clone();
            let folder = folder.join(name);
            if folder.is_dir() {
                anchors.extend(certificates_below(&[folder])?);
            }
            Ok(TrustStore::new(anchors))
        };
        Ok(Trust {
            makers: list("makers")?,
            signers: list("signers")?,
            tsa: list("tsa")?,
        })
    }
}

/// The certificates directly in a folder, its subfolders left out; or of one file.
fn certificates_in(path: &Path) -> Result<Vec<Certificate>, Failure> {
    if path.is_file() {
        return certificates_of(path);
    }
    let entries = fs::read_dir(path).map_err(|error| Failure::input(path, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Failure::input(path, &error))?.path();
        if entry.is_file() {
            files.push(entry);
        }
    }
    files.sort();
    let lists: Vec<_> = files
        .iter()
        .map(|file| certificates_of(file))
        .collect::<Result<_, _>>()?;
    Ok(lists.concat())
}

fn certificates_below(paths: &[PathBuf]) -> Result<Vec<Certificate>, Failure> {
    let files = files_below(paths)?;
    let lists: Vec<_> = files
        .iter()
        .map(|file| certificates_of(file))
        .collect::<Result<_, _>>()?;
    Ok(lists.concat())
}

/// All certificates of one file: PEM, DER or PKCS#7.
pub(crate) fn certificates_of(path: &Path) -> Result<Vec<Certificate>, Failure> {
    pki::read_certificates(&read_small(path)?)
        .map_err(|error| Failure::unreadable(path, "不是证书文件", error))
}
