//! Samples of every noun and command.

use registry::application::{Ask, Material, MaterialKind, MaterialSource, PhysicalSeal, SealSpec};
use registry::filing::{FilingBody, FilingOccasion};
use registry::grant::{GrantTerms, Period, Volume};
use registry::seal::{
    CertificateFacts, Comparison, Device, DeviceKind, Impression, ImpressionSource, NewEdition, Owner,
    Verdict,
};
use registry::usage::{ApprovalRule, Approver, Content, DocumentType, Outcome, Placement, Separation, Step};
use registry::*;

use crate::world::*;

pub(crate) fn city_authority(status: AuthorityStatus) -> Authority {
    Authority {
        id: city(),
        parent: Some(region()),
        name: text("示例市大数据局"),
        region: RegionCode::try_from(text("610100")).unwrap(),
        level: Level::City,
        profile: ProfileId(text("cn")),
        status,
        established_at: at(BEGIN),
    }
}

pub(crate) fn region_authority() -> Authority {
    Authority {
        id: region(),
        parent: None,
        level: Level::Region,
        ..city_authority(AuthorityStatus::Designated)
    }
}

pub(crate) fn unit() -> Unit {
    Unit {
        id: unit_id(),
        authority: city(),
        parent: None,
        code: "12100000400002259P".parse().unwrap(),
        name: text("示例市档案馆"),
        kind: UnitKind::Institution,
        region: RegionCode::try_from(text("610100")).unwrap(),
        level: Level::City,
        ended: None,
        registered_at: at(BEGIN),
    }
}

pub(crate) fn person(who: Who) -> Person {
    Person {
        id: who.id(),
        commitment: digest(8),
        appointments: acting(who).appointments,
        blocked: None,
        registered_at: at(BEGIN),
    }
}

pub(crate) fn spec(kind: SealKind) -> SealSpec {
    let owner = match kind.class() {
        registry::seal::SealClass::Position => Owner::Position {
            unit: unit_id(),
            holder: Who::Holder.id(),
        },
        registry::seal::SealClass::Personal => Owner::Person {
            holder: Who::Holder.id(),
        },
        _ => Owner::Unit { unit: unit_id() },
    };
    SealSpec {
        kind,
        owner,
        name: text("示例市档案馆"),
        impression: Some(Impression {
            digest: digest(1),
            code: Some(text("6101000000001")),
            source: ImpressionSource::PublicSecurity,
        }),
        physical: Some(PhysicalSeal {
            record: text("刻字 1 号"),
            engraved_on: "2026-01-05".parse().unwrap(),
        }),
        replaces: None,
    }
}

pub(crate) fn make(kind: SealKind) -> Ask {
    Ask::Make { seal: spec(kind) }
}

pub(crate) fn all_materials() -> Vec<MaterialKind> {
    vec![
        MaterialKind::UnitIdentity,
        MaterialKind::AgentIdentity,
        MaterialKind::HolderIdentity,
        MaterialKind::ApplicationForm,
        MaterialKind::SealedForm,
        MaterialKind::EngravingProof,
        MaterialKind::ImpressionSheet,
        MaterialKind::ChangeProof,
        MaterialKind::CustodianReport,
    ]
}

pub(crate) fn material(kind: MaterialKind) -> Material {
    let number = match kind {
        // The image of `spec`.
        MaterialKind::ImpressionSheet => 1,
        _ => 0x40 + kind as u8,
    };
    Material {
        kind,
        digest: digest(number),
        source: MaterialSource::Applicant,
    }
}

pub(crate) fn approve_all(state: &Application) -> ApplicationCommand {
    ApplicationCommand::Approve {
        checked: state.materials.iter().map(|material| material.digest).collect(),
    }
}

pub(crate) fn certificate() -> CertificateFacts {
    CertificateFacts {
        digest: digest(3),
        not_before: at(BEGIN),
        not_after: at(END),
        trusted: true,
        e_government: true,
        not_revoked: true,
    }
}

pub(crate) fn edition() -> NewEdition {
    NewEdition {
        seal_code: text("61010000000017"),
        seal_data: digest(2),
        picture: digest(1),
        certificate: digest(3),
        device: Device {
            id: DeviceId(uuid(0x200)),
            kind: DeviceKind::SmartKey,
            serial: text("UK-1"),
        },
        not_before: at(BEGIN),
        not_after: at(END),
    }
}

/// The edition of the next period, on another device, with its certificate.
pub(crate) fn next_edition() -> (NewEdition, CertificateFacts) {
    let (not_before, not_after) = (at("2026-11-01T00:00:00Z"), at("2031-11-15T00:00:00Z"));
    let mut new = NewEdition {
        certificate: digest(4),
        not_before,
        not_after,
        ..edition()
    };
    new.device.id = DeviceId(uuid(0x201));
    (
        new,
        CertificateFacts {
            digest: digest(4),
            not_before,
            not_after,
            ..certificate()
        },
    )
}

pub(crate) fn comparison() -> Comparison {
    Comparison {
        registered: digest(1),
        submitted: digest(1),
        score_per_mille: Some(998),
        evidence: Some(digest(5)),
        verdict: Verdict::Same,
    }
}

pub(crate) fn licence() -> DocumentType {
    DocumentType(text("licence"))
}

pub(crate) fn step(approver: Approver) -> Step {
    Step { approver, needed: 1 }
}

pub(crate) fn rule(steps: Vec<Step>) -> ApprovalRule {
    ApprovalRule {
        document_types: vec![],
        seal_kinds: vec![],
        amount_from_fen: None,
        documents_from: None,
        steps,
    }
}

/// One approver, whatever the document.
pub(crate) fn plain_rules() -> Vec<ApprovalRule> {
    vec![rule(vec![step(Approver::Role(Role::Approver))])]
}

pub(crate) fn adopt(rules: Vec<ApprovalRule>) -> UsePolicyCommand {
    UsePolicyCommand::Adopt {
        id: PolicyId(uuid(0xF2)),
        unit: unit_id(),
        rules,
        separation: Separation::default(),
        approval_days_max: 10,
        networks: Vec::new(),
    }
}

pub(crate) fn placement() -> Placement {
    Placement::try_from(text("page 1, x 100 mm, y 200 mm")).unwrap()
}

pub(crate) fn request() -> UseCommand {
    UseCommand::Request {
        id: use_id(),
        seal: seal_id(),
        purpose: text("核发许可证"),
        document_type: licence(),
        amount_fen: None,
        content: Content::Document {
            digest: digest(0x77),
            placement: placement(),
        },
        classified: false,
        grant: None,
    }
}

pub(crate) fn begin() -> UseCommand {
    UseCommand::Begin {
        item: 0,
        document: digest(0x77),
        placement: placement(),
    }
}

pub(crate) fn finish() -> UseCommand {
    UseCommand::Finish {
        item: 0,
        outcome: Outcome::Stamped { sealed: digest(0x78) },
    }
}

pub(crate) fn terms() -> GrantTerms {
    GrantTerms {
        unit: unit_id(),
        seal: seal_id(),
        system: system_id(),
        purpose: text("核发许可证"),
        document_types: vec![licence()],
        from: at("2026-11-01T00:00:00Z"),
        until: at("2027-11-01T00:00:00Z"),
        volume: Volume {
            documents_max: 10,
            per: Period::Day,
        },
    }
}

pub(crate) fn open_filing() -> FilingCommand {
    FilingCommand::Open {
        id: FilingId(uuid(0x100)),
        seal: seal_id(),
        body: FilingBody::PublicSecurity,
        occasion: FilingOccasion::Made,
        since: at(NOW),
    }
}

pub(crate) fn accept_filing() -> FilingCommand {
    FilingCommand::Accept {
        number: text("回执 1 号"),
        receipt: digest(6),
    }
}
