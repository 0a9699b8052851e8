//! What is shown when a seal is made: the certificate, the comparison of impressions, the names (R29–R38).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::application::{ApplicationKind, Ask, Claim, Wanted, place_is_free};
use crate::desk::Desk;
use crate::digest::Digest32;
use crate::event::SubjectKind;
use crate::filing::{FilingBody, FilingOccasion, duties};
use crate::id::{ApplicationId, FilingId, PersonId, SealId};
use crate::profile::{FilingDuty, days_after};
use crate::refusal::{Code, Refusal};
use crate::role::Role;

use super::rules::{Case, SealFacts, approved, holder_only, old_device_is_back};
use super::{
    Device, Edition, Impression, ImpressionSource, OldDevice, Owner, SealClass, SealEvent, SealKind,
    SealRecord, SealStatus,
};

/// Editions of one seal at most.
const EDITIONS_MAX: usize = 256;

/// Filings of one seal at most.
const FILINGS_MAX: usize = 1024;

/// What the maker made: certificate, key and picture in one piece of seal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEdition {
    /// The seal code (esID) in its data.
    pub seal_code: String,
    /// SM3 over the DER of the seal's data.
    pub seal_data: Digest32,
    /// SM3 over the picture in the seal's data.
    pub picture: Digest32,
    /// SM3 over the DER of the certificate.
    pub certificate: Digest32,
    /// Where the key is.
    pub device: Device,
    /// First instant of the seal.
    pub not_before: Timestamp,
    /// First instant no longer.
    pub not_after: Timestamp,
}

/// How the maker compared the impression with the registered one (R34, Q6): score, picture of the differences and
/// a person's verdict, all kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// SM3 over the registered impression's image.
    pub registered: Digest32,
    /// SM3 over the image that the applicant handed in.
    pub submitted: Digest32,
    /// The machine's score of likeness, in thousandths; none if no machine compared.
    pub score_per_mille: Option<u16>,
    /// SM3 over the picture of the differences, if there is one.
    pub evidence: Option<Digest32>,
    /// What the maker concluded.
    pub verdict: Verdict,
}

/// What a person concluded from a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The same impression.
    Same,
    /// Another impression.
    Different,
}

/// Whether the name of the impression and the name in the certificate agree (R35, Q8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "match", rename_all = "snake_case")]
pub enum NameMatch {
    /// Character for character.
    Equal,
    /// After normalising widths, brackets and variants of characters.
    Normalised,
    /// They differ, and the maker says why they mean the same.
    Explained {
        /// Why.
        reason: String,
    },
    /// They differ.
    Different,
}

/// What is known about the certificate that is bound into a seal, at the time of making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// SM3 over its DER.
    pub digest: Digest32,
    /// First instant.
    pub not_before: Timestamp,
    /// First instant no longer.
    pub not_after: Timestamp,
    /// Whether a path to an agency on the trust list was found (R30).
    pub trusted: bool,
    /// Whether that agency is one for e-government (国办发〔2025〕33号 §12).
    pub e_government: bool,
    /// Whether it is known not to be revoked: no means revoked or unknown.
    pub not_revoked: bool,
}

/// What a maker reports of a new seal.
pub(super) struct Made<'a> {
    pub(super) id: SealId,
    pub(super) edition: &'a NewEdition,
    pub(super) comparison: Option<&'a Comparison>,
    pub(super) names: &'a NameMatch,
    pub(super) custodian: PersonId,
}

pub(super) fn make(
    desk: &Desk<'_>,
    facts: &SealFacts<'_>,
    named: ApplicationId,
    made: &Made<'_>,
) -> Result<Vec<SealEvent>, Refusal> {
    let (application, maker) = approved(desk, facts, named, &[ApplicationKind::Make])?;
    let Ask::Make { seal: spec } = &application.ask else {
        return Err(desk.refuse(Code::ApplicationForAnother, []));
    };
    unit_exists(desk, facts, &spec.owner)?;
    let Some(impression) = &spec.impression else {
        return Err(desk.refuse(Code::ImpressionMissing, []));
    };
    place_is_free(desk, &spec.wanted(), facts.claims)?;
    let edition = bound(desk, facts, made.edition, 1)?;
    desk.ensure(
        made.edition.picture == impression.digest,
        Code::PictureDiffers,
        [],
    )?;
    compared(desk, spec.kind, impression, made)?;
    match made.names {
        NameMatch::Equal | NameMatch::Normalised => {}
        NameMatch::Explained { reason } => desk.text("reason", reason)?,
        NameMatch::Different => return Err(desk.refuse(Code::NamesDisagree, [])),
    }
    holder_only(desk, &spec.owner, made.custodian)?;
    let keeper = facts.receiver_is_custodian || spec.owner.holder().is_some();
    desk.ensure(keeper, Code::NotACustodian, [])?;
    let mut events = vec![SealEvent::Made {
        at: desk.now,
        id: made.id,
        authority: application.authority,
        kind: spec.kind,
        owner: spec.owner,
        name: spec.name.clone(),
        impression: impression.clone(),
        application: application.id,
        replaces: spec.replaces,
        edition,
        comparison: made.comparison.cloned(),
        names: made.names.clone(),
        custodian: made.custodian,
        by: maker,
    }];
    if duties(desk.profile, FilingOccasion::Made).next().is_none() {
        events.push(SealEvent::Filed { at: desk.now });
    }
    Ok(events)
}

/// The impression was compared with the registered one, and a person found it to be the same (R34, R36).
fn compared(
    desk: &Desk<'_>,
    kind: SealKind,
    impression: &Impression,
    made: &Made<'_>,
) -> Result<(), Refusal> {
    let free = matches!(kind.class(), SealClass::Position | SealClass::Personal);
    if free && impression.source == ImpressionSource::Drawn {
        return Ok(());
    }
    let Some(comparison) = made.comparison else {
        return Err(desk.refuse(Code::ComparisonMissing, []));
    };
    // What was fetched from public security is itself put into the seal, and the applicant's sheet compared with it.
    let in_the_seal = match impression.source {
        ImpressionSource::PublicSecurity => comparison.registered,
        ImpressionSource::Applicant | ImpressionSource::Drawn => comparison.submitted,
    };
    desk.ensure(in_the_seal == made.edition.picture, Code::ComparisonOfAnother, [])?;
    desk.ensure(comparison.verdict == Verdict::Same, Code::ImpressionsDisagree, [])
}

/// Certificate, key and picture in one piece, valid now, for the same period (R1, R29–R32, R38).
fn bound(desk: &Desk<'_>, facts: &SealFacts<'_>, new: &NewEdition, number: u32) -> Result<Edition, Refusal> {
    desk.text("seal_code", &new.seal_code)?;
    desk.text("serial", &new.device.serial)?;
    let certificate = facts
        .certificate
        .filter(|certificate| certificate.digest == new.certificate);
    let Some(certificate) = certificate else {
        return Err(desk.refuse(Code::CertificateMissing, []));
    };
    let valid = certificate.not_before <= desk.now && desk.now < certificate.not_after;
    desk.ensure(valid, Code::CertificateNotValid, [])?;
    desk.ensure(certificate.not_revoked, Code::CertificateRevoked, [])?;
    desk.ensure(certificate.trusted, Code::CertificateNotTrusted, [])?;
    let government = facts.unit.is_some_and(|unit| unit.kind.is_government());
    let needed = government && desk.profile.government_certificate;
    desk.ensure(
        !needed || certificate.e_government,
        Code::CertificateNotGovernment,
        [],
    )?;
    let same = (new.not_before, new.not_after) == (certificate.not_before, certificate.not_after);
    desk.ensure(same, Code::PeriodsDiffer, [])?;
    let value = [("device", new.device.kind.name().to_owned())];
    desk.ensure(
        desk.profile.device_kinds.contains(&new.device.kind),
        Code::DeviceKindNotAllowed,
        value,
    )?;
    Ok(Edition {
        number,
        seal_code: new.seal_code.clone(),
        seal_data: new.seal_data,
        certificate: new.certificate,
        device: new.device.clone(),
        not_before: new.not_before,
        not_after: new.not_after,
        made_at: desk.now,
    })
}

/// The next edition of a seal, with the same picture.
fn next_edition(case: &Case<'_>, new: &NewEdition) -> Result<Edition, Refusal> {
    let number = case
        .seal
        .edition()
        .map_or(1, |edition| edition.number.saturating_add(1));
    case.desk
        .at_most("editions", case.seal.editions.len() + 1, EDITIONS_MAX)?;
    let same = new.picture == case.seal.impression.digest;
    case.desk.ensure(same, Code::PictureChanged, [])?;
    bound(&case.desk, case.facts, new, number)
}

pub(super) fn renew(
    case: &Case<'_>,
    named: ApplicationId,
    new: &NewEdition,
) -> Result<Vec<SealEvent>, Refusal> {
    case.in_one_of(&[SealStatus::Active, SealStatus::Expired])?;
    let (application, _) = case.approved(named, &[ApplicationKind::Renew])?;
    renewable(&case.desk, case.seal, case.facts.claims)?;
    unit_exists(&case.desk, case.facts, &case.seal.owner)?;
    let edition = next_edition(case, new)?;
    let longer = case
        .seal
        .edition()
        .is_none_or(|old| old.not_after < edition.not_after);
    case.desk.ensure(longer, Code::PeriodNotLonger, [])?;
    Ok(vec![SealEvent::Renewed {
        at: case.desk.now,
        application: application.id,
        edition,
    }])
}

/// The unit whose seal it is was looked up, and has not ended.
fn unit_exists(desk: &Desk<'_>, facts: &SealFacts<'_>, owner: &Owner) -> Result<(), Refusal> {
    let Some(unit) = owner.unit() else {
        return Ok(());
    };
    let unit = desk.found(SubjectKind::Unit, facts.unit.filter(|found| found.id == unit))?;
    desk.ensure(unit.ended.is_none(), Code::UnitHasEnded, [])
}

/// Within the window before the end of the period, or late where the profile allows it (R60, Q1).
pub(crate) fn renewable(desk: &Desk<'_>, seal: &SealRecord, claims: &[Claim]) -> Result<(), Refusal> {
    let Some(edition) = seal.edition() else {
        return Err(desk.refuse(Code::CertificateMissing, []));
    };
    let opens = desk.profile.renewal_opens(edition.not_after);
    let values = [("opens", opens.to_string())];
    desk.ensure(opens <= desk.now, Code::RenewalTooEarly, values)?;
    if desk.now < edition.not_after && seal.status == SealStatus::Active {
        return Ok(());
    }
    let days = desk.profile.late_renewal_days;
    let late = days > 0 && desk.now < days_after(edition.not_after, days);
    let values = [("until", edition.not_after.to_string())];
    desk.ensure(late, Code::RenewalTooLate, values)?;
    // An expired seal has given up its place; somebody else may have taken it.
    let wanted = Wanted {
        kind: seal.kind,
        holder: seal.owner.holder(),
        impression: Some(&seal.impression),
        replaces: None,
    };
    place_is_free(desk, &wanted, claims)
}

pub(super) fn replace_device(
    case: &Case<'_>,
    named: ApplicationId,
    new: &NewEdition,
    old: OldDevice,
) -> Result<Vec<SealEvent>, Refusal> {
    case.in_one_of(&[SealStatus::Active, SealStatus::Suspended])?;
    // Where a password cannot be reset because nobody knows it, another key takes its place (R46).
    let kinds = [ApplicationKind::ReplaceDevice, ApplicationKind::ResetPin];
    let (application, _) = case.approved(named, &kinds)?;
    unit_exists(&case.desk, case.facts, &case.seal.owner)?;
    let device = case.seal.edition().map(|edition| &edition.device);
    let another = device.is_none_or(|device| device.id != new.device.id);
    case.desk.ensure(another, Code::DeviceIsTheOldOne, [])?;
    let portable = device.is_some_and(|device| device.kind.is_portable());
    old_device_is_back(&case.desk, portable, old, application.ask.reason())?;
    let edition = next_edition(case, new)?;
    Ok(vec![SealEvent::DeviceReplaced {
        at: case.desk.now,
        application: application.id,
        edition,
        old_device: old,
    }])
}

/// A filing was accepted; when nobody is left who must know of the making, the seal is filed.
pub(super) fn record_filing(
    case: &Case<'_>,
    filing: FilingId,
    body: FilingBody,
    occasion: FilingOccasion,
) -> Result<Vec<SealEvent>, Refusal> {
    let desk = &case.desk;
    desk.officer_or_service(&[Role::Maker], case.facts.lineage)?;
    let known = case.seal.filings.iter().any(|filed| filed.filing == filing);
    desk.ensure(!known, Code::FiledAlready, [])?;
    desk.at_most("filings", case.seal.filings.len() + 1, FILINGS_MAX)?;
    let mut events = vec![SealEvent::FilingRecorded {
        at: desk.now,
        filing,
        body,
        occasion,
    }];
    let told = |duty: &&FilingDuty| {
        let filed = case.seal.filings.iter().map(|filed| (filed.body, filed.occasion));
        filed
            .chain([(body, occasion)])
            .any(|filed| filed == (duty.body, FilingOccasion::Made))
    };
    let all = duties(desk.profile, FilingOccasion::Made).all(|duty| told(&duty));
    if case.seal.status == SealStatus::Made && all {
        events.push(SealEvent::Filed { at: desk.now });
    }
    Ok(events)
}
