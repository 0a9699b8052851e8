//! What stands beside an application when it is handed in: other seals, the registered impression.

use serde::{Deserialize, Serialize};

use crate::authority::AuthorityStatus;
use crate::desk::Desk;
use crate::digest::Digest32;
use crate::event::{Subject, SubjectKind};
use crate::id::{AuthorityId, PersonId, SealId, UnitId};
use crate::profile::china;
use crate::refusal::{Code, Refusal};
use crate::seal::{
    Impression, ImpressionSource, Owner, SealClass, SealKind, SealRecord, SealStatus, renewable,
};

use super::{Application, ApplicationFacts, ApplicationKind, Ask, MaterialKind, SealSpec};

/// What a comparison of two images found, or a person decided after it (R28).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// They were not compared: codes and digests decide.
    #[default]
    NotCompared,
    /// Another impression.
    Different,
    /// The same impression.
    Same,
    /// The machine could not tell, and no person has decided.
    Undecided,
}

/// A seal or pending application that holds a place among an owner's seals (R27, R28, Q5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The seal or application.
    pub subject: Subject,
    /// The kind of seal.
    pub kind: SealKind,
    /// The holder of a position or personal seal.
    pub holder: Option<PersonId>,
    /// SM3 over the impression's image, if it is known yet.
    pub impression: Option<Digest32>,
    /// Its code with public security.
    pub code: Option<String>,
    /// How its image looks beside the impression asked for.
    pub likeness: Likeness,
    /// Whether its cancellation only waits for its successor, to whom alone it leaves the place (Q4).
    pub waiting: bool,
}

impl Claim {
    /// What a seal claims: nothing once it has ended. Ask it of every seal of the owner, also of those for which
    /// [`SealRecord::holds_place`] is no longer true.
    pub fn of_seal(seal: &SealRecord) -> Option<Claim> {
        (!seal.status.is_end()).then(|| Claim {
            subject: seal.id.into(),
            kind: seal.kind,
            holder: seal.owner.holder(),
            impression: Some(seal.impression.digest),
            code: seal.impression.code.clone(),
            likeness: Likeness::NotCompared,
            waiting: seal.change.is_some(),
        })
    }

    /// What an application claims: nothing unless it asks for a seal and is pending.
    pub fn of_application(application: &Application) -> Option<Claim> {
        let Ask::Make { seal } = &application.ask else {
            return None;
        };
        application.holds_place().then(|| Claim {
            subject: application.id.into(),
            kind: seal.kind,
            holder: seal.owner.holder(),
            impression: seal.impression.as_ref().map(|impression| impression.digest),
            code: seal
                .impression
                .as_ref()
                .and_then(|impression| impression.code.clone()),
            likeness: Likeness::NotCompared,
            waiting: false,
        })
    }
}

/// Whether the impression could be fetched from public security (R33).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum RegisteredImpression {
    /// It was fetched.
    Fetched {
        /// SM3 over its image.
        digest: Digest32,
        /// Its code.
        code: Option<String>,
    },
    /// Public security has none.
    NoneRegistered,
    /// It could not be asked.
    #[default]
    Unreachable,
}

/// The authority is designated and stands over the applicant (R10, R12).
pub(super) fn addressed(
    desk: &Desk<'_>,
    facts: &ApplicationFacts<'_>,
    wanted: AuthorityId,
) -> Result<(), Refusal> {
    let authority = facts.authority.filter(|authority| authority.id == wanted);
    let authority = desk.found(SubjectKind::Authority, authority)?;
    let designated = authority.status == AuthorityStatus::Designated;
    desk.ensure(designated, Code::AuthorityNotDesignated, [])?;
    desk.ensure(facts.lineage.contains(&wanted), Code::OutsideSubtree, [])
}

/// What is asked for concerns the applicant's own seal, for a reason that leads to this process.
pub(super) fn asked(
    desk: &Desk<'_>,
    facts: &ApplicationFacts<'_>,
    unit: Option<UnitId>,
    agent: PersonId,
    ask: &Ask,
) -> Result<(), Refusal> {
    let owner = match ask {
        Ask::Make { seal } => {
            desk.text("name", &seal.name)?;
            let fits = match seal.kind.class() {
                SealClass::LegalName | SealClass::Organ | SealClass::Business => {
                    matches!(seal.owner, Owner::Unit { .. })
                }
                SealClass::Position => matches!(seal.owner, Owner::Position { .. }),
                SealClass::Personal => matches!(seal.owner, Owner::Person { .. }),
            };
            desk.ensure(
                fits,
                Code::OwnerDoesNotFit,
                [("kind", seal.kind.name().to_owned())],
            )?;
            seal.owner
        }
        Ask::Renew { seal }
        | Ask::Change { seal, .. }
        | Ask::Cancel { seal, .. }
        | Ask::Suspend { seal, .. }
        | Ask::Resume { seal }
        | Ask::ResetPin { seal }
        | Ask::ReplaceDevice { seal, .. } => {
            let found = facts.seal.filter(|found| found.id == *seal);
            desk.found(SubjectKind::Seal, found)?.owner
        }
    };
    let own = match unit {
        Some(unit) => owner.unit() == Some(unit),
        None => owner == Owner::Person { holder: agent },
    };
    desk.ensure(own, Code::NotOwnSeal, [])?;
    if let Some(reason) = ask.reason() {
        let allowed = desk.profile.allows_reason(reason, ask.kind());
        desk.ensure(
            allowed,
            Code::ReasonNotForThis,
            [("reason", reason.name().to_owned())],
        )?;
    }
    Ok(())
}

/// Everything that must be there when an application is handed in.
pub(super) fn submittable(
    desk: &Desk<'_>,
    facts: &ApplicationFacts<'_>,
    application: &Application,
) -> Result<(), Refusal> {
    let ending = matches!(application.ask, Ask::Cancel { .. });
    if let Some(unit) = application.unit {
        let unit = facts.unit.filter(|found| found.id == unit);
        let ended = desk.found(SubjectKind::Unit, unit)?.ended.is_some();
        desk.ensure(!ended || ending, Code::UnitHasEnded, [])?;
    }
    asked(desk, facts, application.unit, application.agent, &application.ask)?;
    if let Ask::Make { seal } = &application.ask {
        new_seal(desk, facts, seal)?;
        return materials(desk, facts, application, seal.kind);
    }
    let wanted = application.ask.seal();
    let seal = facts.seal.filter(|seal| Some(seal.id) == wanted);
    let seal = desk.found(SubjectKind::Seal, seal)?;
    existing_seal(desk, facts, &application.ask, seal)?;
    materials(desk, facts, application, seal.kind)
}

/// R19, R20, R27, R28, R33, R61.
fn new_seal(desk: &Desk<'_>, facts: &ApplicationFacts<'_>, spec: &SealSpec) -> Result<(), Refusal> {
    let free_style = matches!(spec.kind.class(), SealClass::Position | SealClass::Personal);
    if desk.profile.physical_seal_first && !free_style {
        let today = desk.now.to_zoned(china()).date();
        let engraved = spec
            .physical
            .as_ref()
            .is_some_and(|physical| !physical.record.trim().is_empty() && physical.engraved_on <= today);
        desk.ensure(engraved, Code::PhysicalSealMissing, [])?;
    }
    let Some(impression) = &spec.impression else {
        return Err(desk.refuse(Code::ImpressionMissing, []));
    };
    match (impression.source, facts.registered) {
        (ImpressionSource::Drawn, _) => desk.ensure(free_style, Code::ImpressionNotRegistered, [])?,
        (ImpressionSource::PublicSecurity, RegisteredImpression::Fetched { digest, .. }) => {
            desk.ensure(*digest == impression.digest, Code::ImpressionNotTheFiled, [])?;
        }
        (ImpressionSource::PublicSecurity, _) => return Err(desk.refuse(Code::ImpressionNotTheFiled, [])),
        (ImpressionSource::Applicant, RegisteredImpression::Fetched { .. }) => {
            return Err(desk.refuse(Code::ImpressionIsFiled, []));
        }
        (ImpressionSource::Applicant, _) => {}
    }
    if let Some(replaced) = spec.replaces {
        let replaced = facts.seal.filter(|seal| seal.id == replaced);
        let replaced = desk.found(SubjectKind::Seal, replaced)?;
        // A position may have passed to another holder; a name seal is the same person's.
        let unit = spec.owner.unit();
        let own = replaced.owner == spec.owner || (unit.is_some() && replaced.owner.unit() == unit);
        desk.ensure(own && replaced.kind == spec.kind, Code::NotOwnSeal, [])?;
        desk.ensure(!replaced.holds_place(), Code::CancelFirst, [])?;
    }
    place_is_free(desk, &spec.wanted(), facts.claims)
}

/// The seal for which a place is wanted.
pub(crate) struct Wanted<'a> {
    pub(crate) kind: SealKind,
    pub(crate) holder: Option<PersonId>,
    pub(crate) impression: Option<&'a Impression>,
    pub(crate) replaces: Option<SealId>,
}

impl SealSpec {
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            kind: self.kind,
            holder: self.owner.holder(),
            impression: self.impression.as_ref(),
            replaces: self.replaces,
        }
    }
}

/// At most one legal-name seal; others of a kind only with another impression. Codes are compared first, then the
/// images (R27, R28; Q5, Q7).
pub(crate) fn place_is_free(desk: &Desk<'_>, wanted: &Wanted<'_>, claims: &[Claim]) -> Result<(), Refusal> {
    let replaced: Option<Subject> = wanted.replaces.map(Subject::from);
    let left_to_it = |claim: &Claim| claim.waiting && Some(claim.subject) == replaced;
    let same_kind =
        |claim: &&Claim| claim.kind == wanted.kind && claim.holder == wanted.holder && !left_to_it(claim);
    let mut against = claims.iter().filter(same_kind);
    let by = |claim: Option<&Claim>| {
        [(
            "by",
            claim
                .map(|claim| claim.subject.id.to_string())
                .unwrap_or_default(),
        )]
    };
    if wanted.kind == SealKind::LegalName {
        let holds = against.next();
        return desk.ensure(holds.is_none(), Code::LegalNameSealExists, by(holds));
    }
    let Some(impression) = wanted.impression else {
        return Ok(());
    };
    let taken = against.clone().find(|claim| {
        let code = impression.code.is_some() && claim.code == impression.code;
        code || claim.impression == Some(impression.digest) || claim.likeness == Likeness::Same
    });
    desk.ensure(taken.is_none(), Code::ImpressionTaken, by(taken))?;
    let open = against.find(|claim| claim.likeness == Likeness::Undecided);
    desk.ensure(open.is_none(), Code::LikenessUndecided, by(open))
}

/// Whether the seal is in a state in which this can be asked.
fn existing_seal(
    desk: &Desk<'_>,
    facts: &ApplicationFacts<'_>,
    ask: &Ask,
    seal: &SealRecord,
) -> Result<(), Refusal> {
    let status = seal.status;
    let fits = match ask {
        Ask::Make { .. } => true,
        Ask::Renew { .. } => matches!(status, SealStatus::Active | SealStatus::Expired),
        Ask::Suspend { .. } => status == SealStatus::Active,
        Ask::Resume { .. } => status == SealStatus::Suspended,
        Ask::Change { scheduled: true, .. } => status == SealStatus::Active,
        Ask::Change { .. } | Ask::Cancel { .. } => !status.is_end(),
        Ask::ResetPin { .. } | Ask::ReplaceDevice { .. } => {
            matches!(status, SealStatus::Active | SealStatus::Suspended)
        }
    };
    let values = [
        ("state", status.name().to_owned()),
        ("command", ask.kind().name().to_owned()),
    ];
    desk.ensure(fits, Code::SealNotInThisState, values)?;
    match ask {
        Ask::Renew { .. } => renewable(desk, seal, facts.claims),
        Ask::Suspend { .. } => desk.ensure(desk.profile.suspension, Code::SuspensionNotOffered, []),
        Ask::Change { scheduled: true, .. } => {
            desk.ensure(desk.profile.scheduled_change, Code::ChangeIsCancelFirst, [])
        }
        Ask::ReplaceDevice { device, .. } => {
            let known = seal.edition().is_some_and(|edition| edition.device.id == *device);
            desk.ensure(known, Code::DeviceUnknown, [])
        }
        Ask::Make { .. }
        | Ask::Change { .. }
        | Ask::Cancel { .. }
        | Ask::Resume { .. }
        | Ask::ResetPin { .. } => Ok(()),
    }
}

/// Every document that is needed is there, can be fetched, or is made needless by a certificate (R18–R23).
fn materials(
    desk: &Desk<'_>,
    facts: &ApplicationFacts<'_>,
    application: &Application,
    kind: SealKind,
) -> Result<(), Refusal> {
    let asked = application.ask.kind();
    let there = |kind: MaterialKind| application.materials.iter().any(|material| material.kind == kind);
    let needless = |kind: MaterialKind| {
        facts.connector.contains(&kind)
            || (there(MaterialKind::HeldCertificate) && desk.profile.certificate_replaces.contains(&kind))
    };
    let needed = desk
        .profile
        .needed_materials(asked, kind.class(), application.ask.reason());
    let mut missing = needed
        .into_iter()
        .filter(|kind| !needless(*kind) && !there(*kind));
    // What the reviewer asked for leaves that list when it comes in, whatever was there before.
    let missing = missing.next().or(application.supplements.first().copied());
    let Some(missing) = missing.or(sheet_missing(application)) else {
        return Ok(());
    };
    let code = match missing {
        MaterialKind::UnitIdentity | MaterialKind::AgentIdentity | MaterialKind::HolderIdentity
            if asked == ApplicationKind::ResetPin =>
        {
            Code::ResetEvidenceMissing
        }
        MaterialKind::UnitIdentity
        | MaterialKind::AgentIdentity
        | MaterialKind::HolderIdentity
        | MaterialKind::AgentAuthorisation
        | MaterialKind::HeldCertificate => match asked {
            ApplicationKind::Cancel | ApplicationKind::Change => Code::EndingEvidenceMissing,
            _ => Code::IdentityMissing,
        },
        MaterialKind::EngravingProof => Code::EngravingProofMissing,
        MaterialKind::ImpressionSheet => Code::ImpressionSheetMissing,
        MaterialKind::ApplicationForm | MaterialKind::SealedForm => Code::FormMissing,
        MaterialKind::ChangeProof => Code::EndingEvidenceMissing,
        MaterialKind::CustodianReport => Code::CustodianReportMissing,
    };
    Err(desk.refuse(code, [("material", missing.name().to_owned())]))
}

/// The very image that the seal is to have is handed in, unless public security gave it (R20, R33).
fn sheet_missing(application: &Application) -> Option<MaterialKind> {
    let Ask::Make { seal } = &application.ask else {
        return None;
    };
    let impression = seal.impression.as_ref()?;
    let there = application.materials.iter().any(|material| {
        material.kind == MaterialKind::ImpressionSheet && material.digest == impression.digest
    });
    (impression.source != ImpressionSource::PublicSecurity && !there).then_some(MaterialKind::ImpressionSheet)
}
