//! `ca.json`: what the test CA issued and revoked.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;
use pki::{Certificate, RevokedCertificate};
use serde::{Deserialize, Serialize};

use crate::ca::issue::Profile;
use crate::common::{Failure, read_small, write_bytes};

/// The only version of the file.
const VERSION: u32 = 1;
const NOTE: &str = "测试 CA，仅供测试 / a test CA, for tests only";

/// The register of a CA, locked against other calls while it is open.
pub(crate) struct Register {
    path: PathBuf,
    records: Records,
    /// Given back when it is closed.
    _lock: Option<File>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Records {
    note: String,
    version: u32,
    /// The numbers of the last lists.
    root_crl_number: u64,
    issuing_crl_number: u64,
    certificates: Vec<Entry>,
}

/// One certificate that was issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Serial number, upper-case hexadecimal.
    pub(crate) serial: String,
    /// What it is for.
    pub(crate) profile: Profile,
    /// Who issued it.
    pub(crate) issuer: Authority,
    /// Whom it names.
    pub(crate) subject: String,
    /// Start of its validity.
    pub(crate) not_before: Timestamp,
    /// End of its validity.
    pub(crate) not_after: Timestamp,
    /// Whether and when it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revoked: Option<Revoked>,
}

/// A revocation.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoked {
    /// Since when.
    pub(crate) at: Timestamp,
    /// Why.
    pub(crate) reason: Reason,
}

/// The two CAs in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Authority {
    /// 签发 CA / the issuing CA
    Issuing,
    /// 根 CA / the root
    Root,
}

impl Authority {
    /// The label of its key.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Issuing => "issuing",
            Self::Root => "root",
        }
    }

    /// Its certificate, below the folder of the CA.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Issuing => "certs/issuing.pem",
            Self::Root => "trust/root.pem",
        }
    }
}

/// Why a certificate is revoked (RFC 5280 §5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reason {
    /// 未说明 / not stated
    Unspecified,
    /// 私钥泄露 / the key may be known to others
    KeyCompromise,
    /// CA 私钥泄露 / the key of the CA may be known to others
    CaCompromise,
    /// 单位变更 / the holder's affiliation changed
    AffiliationChanged,
    /// 已被取代 / another certificate took its place
    Superseded,
    /// 停止使用 / no longer used
    CessationOfOperation,
    /// 暂停使用 / on hold
    CertificateHold,
    /// 权限收回 / a right was withdrawn
    PrivilegeWithdrawn,
}

impl Reason {
    /// As it is typed.
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// CRLReason; unspecified is left out (RFC 5280 §5.3.1).
    fn number(self) -> Option<u8> {
        match self {
            Self::Unspecified => None,
            Self::KeyCompromise => Some(1),
            Self::CaCompromise => Some(2),
            Self::AffiliationChanged => Some(3),
            Self::Superseded => Some(4),
            Self::CessationOfOperation => Some(5),
            Self::CertificateHold => Some(6),
            Self::PrivilegeWithdrawn => Some(9),
        }
    }
}

impl Entry {
    /// The record of a certificate.
    pub(crate) fn new(certificate: &Certificate, profile: Profile, issuer: Authority) -> Self {
        Self {
            serial: certificate.serial_hex(),
            profile,
            issuer,
            subject: certificate.subject().to_string(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            revoked: None,
        }
    }
}

impl Register {
    /// The register of a new CA.
    pub(crate) fn new(dir: &Path, first: Entry) -> Self {
        let records = Records {
            note: NOTE.into(),
            version: VERSION,
            root_crl_number: 0,
            issuing_crl_number: 0,
            certificates: vec![first],
        };
        Self {
            path: dir.join("ca.json"),
            records,
            _lock: None,
        }
    }

    /// The register of a CA that is there; waits while another call has it.
    pub(crate) fn open(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join("ca.json");
        if !path.is_file() {
            let dir = dir.display();
            return Err(Failure::usage(
                format!("{dir} 中没有测试 CA：请先用 yinxin ca init {dir} 建立"),
                format!("there is no test CA in {dir}: set one up with yinxin ca init {dir}"),
            ));
        }
        let lock_path = dir.join("ca.lock");
        let lock = File::create(&lock_path)
            .and_then(|lock| lock.lock().map(|()| lock))
            .map_err(|error| Failure::output(&lock_path, &error))?;
        let damaged = |what: &dyn std::fmt::Display| {
            Failure::refused(
                format!(
                    "{} 已损坏（{what}）：请从备份恢复，或重新建立测试 CA",
                    path.display()
                ),
                format!(
                    "{} is damaged ({what}): put it back from a backup, or set up a new CA",
                    path.display()
                ),
            )
        };
        let records: Records =
            serde_json::from_slice(&read_small(&path)?).map_err(|error| damaged(&error))?;
        if records.version != VERSION {
            return Err(damaged(&format!("version {}", records.version)));
        }
        Ok(Self {
            path,
            records,
            _lock: Some(lock),
        })
    }

    /// Everything that was issued, in order.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.records.certificates
    }

    /// The certificate with this serial number.
    pub(crate) fn find(&mut self, serial: &str) -> Option<&mut Entry> {
        self.records
            .certificates
            .iter_mut()
            .find(|entry| entry.serial == serial)
    }

    /// Records a certificate.
    pub(crate) fn add(&mut self, entry: Entry) -> Result<(), Failure> {
        self.records.certificates.push(entry);
        self.save()
    }

    /// What a revocation list is to name.
    pub(crate) fn revoked_by(&self, issuer: Authority) -> Result<Vec<RevokedCertificate>, Failure> {
        let issued = self.entries().iter().filter(|entry| entry.issuer == issuer);
        let revoked = issued.filter_map(|entry| Some((entry, entry.revoked?)));
        revoked
            .map(|(entry, revoked)| {
                let serial = hex::decode(&entry.serial).map_err(|_| {
                    let (path, serial) = (self.path.display(), &entry.serial);
                    Failure::refused(
                        format!("{path} 已损坏：“{serial}”不是序列号"),
                        format!("{path} is damaged: {serial:?} is no serial number"),
                    )
                })?;
                Ok(RevokedCertificate {
                    serial,
                    at: revoked.at,
                    reason: revoked.reason.number(),
                })
            })
            .collect()
    }

    /// The number of the next list.
    pub(crate) fn next_crl_number(&mut self, issuer: Authority) -> u64 {
        let number = match issuer {
            Authority::Issuing => &mut self.records.issuing_crl_number,
            Authority::Root => &mut self.records.root_crl_number,
        };
        *number += 1;
        *number
    }

    /// Writes the file as a whole.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        let mut json = serde_json::to_vec_pretty(&self.records).map_err(Failure::software)?;
        json.push(b'\n');
        write_bytes(&self.path, &json)
    }
}
