//! Making (R29 to R38): key, certificate and seal data for an approved application to make, renew or replace.
//!
//! The maker's key and the issuing key of a sandbox authority lie in a folder that the configuration names. A true
//! certification agency issues outside; then this part of the configuration is left out, and nothing is made here.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use gm::PublicKey;
use jiff::{SignedDuration, Timestamp};
use keys::{KeyStore, UnlockedKey};
use pki::{Certificate, CertificateTemplate, Crl, CrlTemplate, Issuer, Name, Purpose};
use registry::application::{ApplicationStatus, Ask};
use registry::seal::{
    CertificateFacts, Comparison, Device, DeviceKind, NameMatch, NewEdition, OldDevice, Owner, Verdict,
};
use registry::{
    Application, ApplicationId, DeviceId, Digest32, PersonId, Role, SealCommand, SealId, SealKind, Unit,
    officer,
};
use ses::{ListKind, Refusal, SealTemplate, SealVersion, make_seal, names_agree};
use store::Reader;
use zeroize::Zeroizing;

use super::act::Caller;
use super::materials::IMPRESSION_BYTES_MAX;
use super::once::Once;
use super::registered::impression_of;
use super::seals::SealOrder;
use super::{Error, Service};
use crate::config::MakingConfig;

/// Who makes seals here.
#[derive(Debug)]
pub(crate) struct Maker {
    key: UnlockedKey,
    certificate: Certificate,
    issuing_key: UnlockedKey,
    issuer: Certificate,
    days: u32,
    e_government: bool,
}

/// What the maker says of a seal to be made.
#[derive(Clone, Debug)]
pub(crate) struct MakingOrder {
    /// Who is to collect and keep it; for a new seal only.
    pub(crate) custodian: Option<PersonId>,
    /// What the maker concluded from the comparison of impressions.
    pub(crate) verdict: Option<Verdict>,
    /// Why the seal's name and the unit's mean the same, where they differ.
    pub(crate) name_reason: Option<String>,
    pub(crate) width_mm: u32,
    pub(crate) height_mm: u32,
    /// What became of the device that is replaced.
    pub(crate) old_device: OldDevice,
}

/// What was made before it is recorded.
struct Made {
    edition: NewEdition,
    certificate: CertificateFacts,
}

/// Everything that making rests on.
struct Bench {
    application: Application,
    seal: SealId,
    kind: SealKind,
    name: String,
    unit: Option<Unit>,
    picture: Vec<u8>,
    region: String,
}

/// Bytes of a certificate's serial number.
const SERIAL_BYTES: usize = 16;
/// Largest file of a certificate or a PIN, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// Numbers that are tried until one is free.
const NUMBER_TRIES: usize = 16;

impl Maker {
    /// Opens keys and certificates; what is wrong otherwise.
    pub(crate) fn open(config: &MakingConfig) -> Result<Self, String> {
        let pin =
            Zeroizing::new(String::from_utf8(read(&config.pin_file)?).map_err(|error| error.to_string())?);
        let pin = pin.lines().next().unwrap_or_default();
        let store = KeyStore::open(&config.keys).map_err(|error| error.to_string())?;
        let unlock = |label: &str| {
            let found = store.find(label).map_err(|error| error.to_string())?;
            store.unlock(found.id, pin).map_err(|error| error.to_string())
        };
        let maker = Self {
            key: unlock(&config.maker)?,
            certificate: first_certificate(&config.maker_certificate)?,
            issuing_key: unlock(&config.issuer)?,
            issuer: first_certificate(&config.issuer_certificate)?,
            days: config.days,
            e_government: config.e_government,
        };
        let fits = |key: &UnlockedKey, certificate: &Certificate| {
            certificate.public_key().ok() == Some(gm::Signer::public_key(key))
        };
        if fits(&maker.key, &maker.certificate) && fits(&maker.issuing_key, &maker.issuer) {
            Ok(maker)
        } else {
            Err("a certificate of [making] does not belong to its key".into())
        }
    }
}

impl Maker {
    /// The certificates that seals are made with.
    pub(crate) fn certificates(&self) -> [&Certificate; 2] {
        [&self.certificate, &self.issuer]
    }

    /// The certificate of whoever issues.
    pub(crate) fn issuer(&self) -> &Certificate {
        &self.issuer
    }

    pub(crate) fn issue_crl(&self, template: &CrlTemplate) -> Result<Crl, pki::Error> {
        pki::issue_crl(template, &self.issuer, &self.issuing_key)
    }
}

impl Service {
    /// Makes what an approved application asks for. The rules are asked before anything is made, and again when it is
    /// recorded together with the application's completion and the filings.
    pub(crate) async fn make(
        self: &Arc<Self>,
        caller: &Caller,
        application: ApplicationId,
        order: MakingOrder,
        once: Once,
    ) -> Result<Vec<u8>, Error> {
        let case = self.case(caller, once);
        let maker = self.maker.as_ref().ok_or(Error::MakingNotConfigured)?;
        let bench = self.bench(caller, application).await?;
        self.compare_beside(caller, &bench.application).await?;
        let at = Timestamp::from_second(case.now.as_second()).unwrap_or(case.now);
        let until = later_days(at, maker.days).min(maker.issuer.not_after());
        // For the rehearsal, everything that is still to be made is as it should be.
        let provisional = Made {
            edition: NewEdition {
                seal_code: "0".into(),
                seal_data: Digest32([0; 32]),
                picture: super::applications::digest_of(&bench.picture),
                certificate: Digest32([0; 32]),
                device: device(DeviceId(self.new_id()), "0".into()),
                not_before: at,
                not_after: until,
            },
            certificate: CertificateFacts {
                digest: Digest32([0; 32]),
                not_before: at,
                not_after: until,
                trusted: true,
                e_government: maker.e_government,
                not_revoked: true,
            },
        };
        let rehearsal = self.made_order(&bench, &order, provisional).await?;
        if let Some(done) = self.rehearse(&case, &rehearsal).await? {
            return Ok(done);
        }
        let seal_code = self.free_seal_code(&bench.region).await?;
        let (service, wanted) = (Arc::clone(self), order.clone());
        let label = format!("{}/{}", bench.seal, seal_code);
        let work = self.hashing(move || {
            let made = service.produce(&bench, &wanted, (&seal_code, &label), (at, until));
            (made, bench)
        });
        let (made, bench) = work.await?;
        let (made, seal_data, certificate) = made?;
        self.keep_document(seal_data).await?;
        self.keep_document(certificate).await?;
        let key = made.edition.device.serial.clone();
        let recorded = SealOrder {
            key: Some(key),
            ..self.made_order(&bench, &order, made).await?
        };
        self.command_seal(case, recorded).await
    }

    /// What making rests on, for a maker of the authority.
    async fn bench(&self, caller: &Caller, id: ApplicationId) -> Result<Bench, Error> {
        let application = self.readable_application(caller, id).await?;
        let now = self.outside.now();
        let mut reader = self.store.read().await?;
        let authority = reader.authority(application.authority).await?.state;
        let authority = authority.ok_or(Error::NotFound { what: "authority" })?;
        let profile = self.profiles.in_force(&authority.profile, now)?;
        officer(
            &profile,
            &caller.acting,
            "make",
            (&[Role::Maker], &[authority.id]),
            now,
        )?;
        let (seal, kind, name, owner, impression) = self.subject(&mut reader, &application).await?;
        if application.status != ApplicationStatus::Approved {
            let values = [("state", application.status.name().to_owned())];
            return Err(profile
                .refuse(registry::Code::ApplicationNotApproved, values)
                .into());
        }
        let unit = match owner.unit() {
            Some(unit) => reader.unit(unit).await?.state,
            None => None,
        };
        drop(reader);
        let missing = Error::NotFound {
            what: "name of the holder",
        };
        let name = self.shown_name(&name, owner).await?.ok_or(missing)?;
        let digest = gm::Digest(impression.0);
        let picture = self
            .documents
            .read(&digest, IMPRESSION_BYTES_MAX as usize)
            .await?;
        let region = unit
            .as_ref()
            .map_or(&authority.region, |unit| &unit.region)
            .as_str()
            .to_owned();
        Ok(Bench {
            application,
            seal,
            kind,
            name,
            unit,
            picture,
            region,
        })
    }

    /// The seal that is to be made, or made anew: which, of what kind, its name, whose, its impression.
    async fn subject(
        &self,
        reader: &mut Reader,
        application: &Application,
    ) -> Result<(SealId, SealKind, String, Owner, Digest32), Error> {
        Ok(match &application.ask {
            Ask::Make { seal } => {
                let fetched = self.fetched(application).await?;
                let impression =
                    impression_of(application, fetched).ok_or(Error::NotFound { what: "impression" })?;
                (
                    SealId(self.new_id()),
                    seal.kind,
                    seal.name.clone(),
                    seal.owner,
                    impression,
                )
            }
            Ask::Renew { seal } | Ask::ReplaceDevice { seal, .. } | Ask::ResetPin { seal } => {
                let found = reader
                    .seal(*seal)
                    .await?
                    .state
                    .ok_or(Error::NotFound { what: "seal" })?;
                (
                    found.id,
                    found.kind,
                    found.name.clone(),
                    found.owner,
                    found.impression.digest,
                )
            }
            _ => return Err(Error::NothingToMake),
        })
    }

    async fn made_order(&self, bench: &Bench, order: &MakingOrder, made: Made) -> Result<SealOrder, Error> {
        let application = bench.application.id;
        let command = match &bench.application.ask {
            Ask::Renew { .. } => SealCommand::Renew {
                application,
                edition: made.edition,
            },
            // Nothing is escrowed, so a password is reset by another key (R46).
            Ask::ReplaceDevice { .. } | Ask::ResetPin { .. } => SealCommand::ReplaceDevice {
                application,
                edition: made.edition,
                old_device: order.old_device,
            },
            _ => SealCommand::Make {
                id: bench.seal,
                application,
                comparison: self.concluded(application, order.verdict).await?,
                names: names(bench, order.name_reason.as_deref()),
                custodian: order.custodian.ok_or(Error::NotFound { what: "person" })?,
                edition: made.edition,
            },
        };
        Ok(SealOrder {
            certificate: Some(made.certificate),
            ..self.seal_order(bench.seal, command)
        })
    }

    /// The measured comparison with what the maker concluded from it; none if nothing was compared or concluded.
    async fn concluded(
        &self,
        application: ApplicationId,
        verdict: Option<Verdict>,
    ) -> Result<Option<Comparison>, Error> {
        let (Some(compared), Some(verdict)) = (self.comparison(application).await?, verdict) else {
            return Ok(None);
        };
        Ok(Some(Comparison {
            registered: compared.registered,
            submitted: compared.submitted,
            score_per_mille: Some(compared.score_per_mille),
            evidence: Some(compared.report),
            verdict,
        }))
    }

    /// Six digits of the region and eight more that no seal carries yet.
    async fn free_seal_code(&self, region: &str) -> Result<String, Error> {
        let mut reader = self.store.read().await?;
        for _ in 0..NUMBER_TRIES {
            let number = u64::from_be_bytes(self.outside.random()) % 100_000_000;
            let code = format!("{region}{number:08}");
            if reader.seals_by_code(&code).await?.is_empty() {
                return Ok(code);
            }
        }
        Err(Error::NothingHappened)
    }

    /// Key, certificate, seal data. Takes a good part of a second.
    fn produce(
        &self,
        bench: &Bench,
        order: &MakingOrder,
        (seal_code, label): (&str, &str),
        (at, until): (Timestamp, Timestamp),
    ) -> Result<(Made, Vec<u8>, Vec<u8>), Error> {
        let maker = self.maker.as_ref().ok_or(Error::MakingNotConfigured)?;
        let (key, public) = self.custody.create(label, at, &self.outside)?;
        let certificate = self.issue(maker, bench, (seal_code, &public), (at, until))?;
        let proved = |certificate: &Certificate, purpose| {
            let path = self.verifier.proved_path(certificate, purpose, at);
            path.map_err(|reasons| Error::CertificateNotProved {
                subject: certificate.subject().to_string(),
                reason: reasons.first().map_or("", |reason| reason.en).to_owned(),
            })
        };
        let holder = proved(&certificate, Purpose::Signer)?;
        let maker_path = proved(&maker.certificate, Purpose::SealMaker)?;
        let template = SealTemplate {
            version: SealVersion::V4,
            vendor_id: "YINXIN",
            seal_id: seal_code,
            seal_type: seal_type(bench.kind),
            name: &bench.name,
            list: ListKind::Certificates,
            picture: &bench.picture,
            width_mm: order.width_mm,
            height_mm: order.height_mm,
            created: at,
            valid_start: certificate.not_before(),
            valid_end: certificate.not_after(),
            extensions: Vec::new(),
            name_reason: order.name_reason.as_deref(),
        };
        let seal = make_seal(&template, &maker_path, &[holder], &maker.key)
            .and_then(|made| made.finish(None))
            .map_err(|refusal: Refusal| Error::NotMade {
                reason: refusal.to_string(),
            })?;
        self.custody
            .set_certificate(key, &[certificate.der().to_vec(), maker.issuer.der().to_vec()])?;
        let digest = Digest32(certificate.digest().0);
        let made = Made {
            edition: NewEdition {
                seal_code: seal_code.to_owned(),
                seal_data: Digest32(seal.digest().0),
                picture: super::applications::digest_of(&bench.picture),
                certificate: digest,
                device: device(DeviceId(self.new_id()), key.to_string()),
                not_before: certificate.not_before(),
                not_after: certificate.not_after(),
            },
            certificate: CertificateFacts {
                digest,
                not_before: certificate.not_before(),
                not_after: certificate.not_after(),
                trusted: true,
                e_government: maker.e_government,
                // Issued a moment ago, by this very authority.
                not_revoked: true,
            },
        };
        Ok((made, seal.bytes().to_vec(), certificate.der().to_vec()))
    }

    /// The holder's certificate: the unit as organisation, the seal code as common name; for a personal seal the name.
    fn issue(
        &self,
        maker: &Maker,
        bench: &Bench,
        (seal_code, key): (&str, &PublicKey),
        validity: (Timestamp, Timestamp),
    ) -> Result<Certificate, Error> {
        let sandbox = ("OU", "仅供测试 TEST ONLY");
        let subject = match &bench.unit {
            Some(unit) => {
                Name::from_pairs([("C", "CN"), ("O", unit.name.as_str()), sandbox, ("CN", seal_code)])
            }
            None => Name::from_pairs([("C", "CN"), sandbox, ("CN", bench.name.as_str())]),
        };
        let failed = |error: pki::Error| Error::NotMade {
            reason: error.to_string(),
        };
        let mut serial = self.outside.random::<SERIAL_BYTES>();
        // Positive, and without leading zeros.
        serial[0] = serial[0] & 0x7f | 0x40;
        let mut template = CertificateTemplate::signer(subject.map_err(failed)?, &serial, validity);
        let public = self.config.http.public_address.as_deref();
        template
            .crl_addresses
            .extend(public.map(|public| format!("{}/api/crl", public.trim_end_matches('/'))));
        pki::issue(
            &template,
            key,
            Issuer::Certificate(&maker.issuer),
            &maker.issuing_key,
        )
        .map_err(failed)
    }
}

/// How the seal's name and the unit's agree (R35).
fn names(bench: &Bench, reason: Option<&str>) -> NameMatch {
    let Some(unit) = &bench.unit else {
        return NameMatch::Equal;
    };
    match (compare_names(&bench.name, &unit.name), reason) {
        (NameMatch::Different, Some(reason)) => NameMatch::Explained {
            reason: reason.to_owned(),
        },
        (found, _) => found,
    }
}

/// How a seal's name and its unit's name agree, without anybody's explanation (R35).
pub(crate) fn compare_names(seal: &str, unit: &str) -> NameMatch {
    let agrees = Name::from_pairs([("O", unit)]).is_ok_and(|name| names_agree(seal, &name));
    match agrees {
        _ if seal == unit => NameMatch::Equal,
        true => NameMatch::Normalised,
        false => NameMatch::Different,
    }
}

/// Each key is a device of its own, named by its key.
fn device(id: DeviceId, serial: String) -> Device {
    Device {
        id,
        kind: DeviceKind::SealServer,
        serial,
    }
}

/// The national numbers of kinds (GB/T 38540-2020 annex; 1 legal name, 2 finance, 3 invoice, 4 contract, 5 person).
fn seal_type(kind: SealKind) -> u32 {
    use registry::seal::SealClass;
    match (kind, kind.class()) {
        (SealKind::LegalName, _) => 1,
        (SealKind::Finance, _) => 2,
        (SealKind::Invoice, _) => 3,
        (SealKind::Contract, _) => 4,
        (_, SealClass::Position | SealClass::Personal) => 5,
        (_, SealClass::Business) => 6,
        (_, SealClass::LegalName | SealClass::Organ) => 99,
    }
}

fn later_days(at: Timestamp, days: u32) -> Timestamp {
    let span = SignedDuration::from_hours(24 * i64::from(days));
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

fn first_certificate(path: &Path) -> Result<Certificate, String> {
    let found =
        pki::read_certificates(&read(path)?).map_err(|error| format!("{}: {error}", path.display()))?;
    found
        .into_iter()
        .next()
        .ok_or_else(|| format!("{}: no certificate", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    if fs::metadata(path).map_err(told)?.len() > FILE_BYTES_MAX {
        return Err(format!("{}: it is too large", path.display()));
    }
    fs::read(path).map_err(told)
}
