//! Who keeps a seal: collecting, handing over, and the protection password (R43–R46).

use crate::application::ApplicationKind;
use crate::id::{ApplicationId, PersonId};
use crate::refusal::{Code, Refusal};

use super::rules::{Case, holder_only, old_device_is_back};
use super::{DeviceKind, OldDevice, SealEvent, SealStatus};

pub(super) fn activate(case: &Case<'_>, old_device: OldDevice) -> Result<Vec<SealEvent>, Refusal> {
    let desk = &case.desk;
    case.in_one_of(&[SealStatus::Made, SealStatus::Filed])?;
    let person = desk.person_on_site()?;
    desk.ensure(case.seal.offered_to == Some(person), Code::NotTheReceiver, [])?;
    let filed = case.seal.status == SealStatus::Filed || desk.profile.use_before_filing;
    desk.ensure(filed, Code::NotFiledYet, [])?;
    let within = |edition: &super::Edition| edition.not_before <= desk.now && desk.now < edition.not_after;
    desk.ensure(case.seal.edition().is_some_and(within), Code::PeriodOver, [])?;
    if let Some(replaced) = case.seal.replaces {
        let replaced = case.facts.other.filter(|other| other.id == replaced);
        let replaced = desk.found(desk.subject, replaced)?;
        let reason = replaced.standing.as_ref().and_then(|standing| standing.reason);
        let portable = replaced
            .edition()
            .is_some_and(|edition| edition.device.kind.is_portable());
        old_device_is_back(desk, portable, old_device, reason)?;
    }
    Ok(vec![SealEvent::Activated {
        at: desk.now,
        custodian: person,
        old_device,
    }])
}

impl DeviceKind {
    /// Whether a custodian carries it.
    pub fn is_portable(self) -> bool {
        matches!(self, DeviceKind::SmartKey | DeviceKind::MobileModule)
    }

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            DeviceKind::SmartKey => "smart_key",
            DeviceKind::MobileModule => "mobile_module",
            DeviceKind::SealServer => "seal_server",
            DeviceKind::CryptographicMachine => "cryptographic_machine",
            DeviceKind::SignServer => "sign_server",
        }
    }
}

pub(super) fn hand_over(case: &Case<'_>, to: PersonId) -> Result<Vec<SealEvent>, Refusal> {
    let desk = &case.desk;
    case.in_one_of(&[
        SealStatus::Made,
        SealStatus::Filed,
        SealStatus::Active,
        SealStatus::Suspended,
    ])?;
    let by = desk.person_on_site()?;
    // Before it was collected, only the principal may name another collector.
    let keeps = case.seal.custodian == Some(by);
    if !keeps && !case.is_principal(desk.now) {
        return Err(desk.not_permitted("principal"));
    }
    holder_only(desk, &case.seal.owner, to)?;
    desk.ensure(case.seal.custodian != Some(to), Code::IsCustodianAlready, [])?;
    desk.ensure(case.facts.receiver_is_custodian, Code::NotACustodian, [])?;
    Ok(vec![SealEvent::HandOverOffered { at: desk.now, by, to }])
}

pub(super) fn accept(case: &Case<'_>) -> Result<Vec<SealEvent>, Refusal> {
    let desk = &case.desk;
    case.in_one_of(&[SealStatus::Active, SealStatus::Suspended])?;
    let person = desk.person_on_site()?;
    desk.ensure(case.seal.offered_to == Some(person), Code::NotTheReceiver, [])?;
    Ok(vec![SealEvent::CustodyAccepted {
        at: desk.now,
        from: case.seal.custodian,
        to: person,
    }])
}

pub(super) fn change_pin(case: &Case<'_>) -> Result<Vec<SealEvent>, Refusal> {
    let desk = &case.desk;
    case.in_one_of(&[SealStatus::Active, SealStatus::Suspended])?;
    let person = desk.person_on_site()?;
    desk.ensure(case.seal.custodian == Some(person), Code::NotTheCustodian, [])?;
    Ok(vec![SealEvent::PinChanged { at: desk.now }])
}

pub(super) fn reset_pin(case: &Case<'_>, named: ApplicationId) -> Result<Vec<SealEvent>, Refusal> {
    case.in_one_of(&[SealStatus::Active, SealStatus::Suspended])?;
    case.approved(named, &[ApplicationKind::ResetPin])?;
    Ok(vec![SealEvent::PinReset {
        at: case.desk.now,
        application: named,
    }])
}
