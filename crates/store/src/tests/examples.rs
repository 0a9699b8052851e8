//! Events of every noun, from JSON as the registry writes it.

use registry::*;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::Recorded;

/// An identifier that orders as its number.
pub(crate) fn id(number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0197_0000_0000_7000, 0x8000_0000_0000_0000 | number)
}

/// No identifiers.
pub(crate) const NONE: [Uuid; 0] = [];

pub(crate) const AT: &str = "2026-06-01T00:00:00Z";

pub(crate) fn recorded() -> Recorded {
    Recorded {
        by: Actor::Service,
        at: super::now(),
    }
}

fn event<E: DeserializeOwned>(json: Json) -> E {
    serde_json::from_value(json).unwrap()
}

fn digest(byte: u8) -> String {
    Digest32([byte; 32]).to_string()
}

pub(crate) fn authority(number: u64, parent: Option<u64>) -> AuthorityEvent {
    event(
        json!({"type": "established", "at": AT, "id": id(number), "parent": parent.map(id),
        "name": format!("示例市第{number}局"), "region": "990100", "level": "city", "profile": "cn"}),
    )
}

pub(crate) fn unit(number: u64, authority: u64, code: &str) -> UnitEvent {
    event(
        json!({"type": "registered", "at": AT, "id": id(number), "authority": id(authority), "parent": null,
        "code": code, "name": format!("示例单位{number}"), "kind": "state_organ", "region": "990100",
        "level": "city"}),
    )
}

pub(crate) fn person(number: u64) -> PersonEvent {
    event(json!({"type": "registered", "at": AT, "id": id(number), "commitment": digest(1)}))
}

pub(crate) fn appointed(role: &str, unit: u64) -> PersonEvent {
    event(
        json!({"type": "appointed", "at": AT, "appointment": {"role": role,
        "scope": {"kind": "unit", "id": id(unit)}, "from": AT, "until": null}}),
    )
}

/// A seal of unit `unit` whose impression is all `impression`.
pub(crate) fn seal(number: u64, unit: u64, kind: &str, impression: u8) -> SealEvent {
    event(
        json!({"type": "made", "at": AT, "id": id(number), "authority": id(1), "kind": kind,
        "owner": {"kind": "unit", "unit": id(unit)}, "name": "示例章",
        "impression": {"digest": digest(impression), "code": null, "source": "drawn"},
        "application": id(900), "replaces": null, "edition": edition(1, number), "comparison": null,
        "names": {"match": "equal"}, "custodian": id(50), "by": id(51)}),
    )
}

fn edition(edition: u32, number: u64) -> Json {
    json!({"number": edition, "seal_code": format!("9901000000{number:04}"), "seal_data": digest(2),
        "certificate": digest(number as u8), "device": {"id": id(800), "kind": "seal_server", "serial": "1"},
        "not_before": AT, "not_after": "2027-06-01T00:00:00Z", "made_at": AT})
}

pub(crate) fn renewed(number: u64) -> SealEvent {
    let mut edition = edition(2, number);
    edition["certificate"] = json!(digest(200));
    event(
        json!({"type": "renewed", "at": "2026-07-01T00:00:00Z", "application": id(901), "edition": edition}),
    )
}

pub(crate) fn cancelled(at: &str) -> SealEvent {
    event(
        json!({"type": "cancelled", "at": at, "reason": "key_leaked", "application": null, "decision": "1"}),
    )
}

pub(crate) fn application(number: u64, unit: u64, seal: u64) -> ApplicationEvent {
    event(
        json!({"type": "drafted", "at": AT, "id": id(number), "authority": id(1), "unit": id(unit),
        "agent": id(50), "ask": {"kind": "renew", "seal": id(seal)}}),
    )
}

pub(crate) fn policy(number: u64, unit: u64) -> UsePolicyEvent {
    event(
        json!({"type": "adopted", "at": AT, "id": id(number), "unit": id(unit), "version": 1, "rules": [],
        "separation": {"requester_may_approve": false, "custodian_may_approve": false,
        "approver_may_repeat": false}, "approval_days_max": 7, "by": id(50)}),
    )
}

pub(crate) fn grant(number: u64, unit: u64, seal: u64) -> GrantEvent {
    event(
        json!({"type": "applied", "at": AT, "id": id(number), "by": id(50), "terms": {"unit": id(unit),
        "seal": id(seal), "system": id(60), "purpose": "licences", "document_types": ["licence"], "from": AT,
        "until": "2027-06-01T00:00:00Z", "volume": {"documents_max": 100, "per": "day"}}}),
    )
}

pub(crate) fn filing(number: u64, seal: u64, due: &str) -> FilingEvent {
    event(
        json!({"type": "opened", "at": AT, "id": id(number), "seal": id(seal), "body": "public_security",
        "occasion": "made", "since": AT, "due": due}),
    )
}

pub(crate) fn accepted(at: &str) -> FilingEvent {
    event(json!({"type": "accepted", "at": at, "number": "1", "receipt": digest(3)}))
}

/// A use under grant 70.
pub(crate) fn requested(number: u64, seal: u64) -> UseEvent {
    event(
        json!({"type": "requested", "at": AT, "id": id(number), "unit": id(10), "seal": id(seal),
        "requester": {"kind": "system", "id": id(60)}, "purpose": "licences", "document_type": "licence",
        "amount_fen": null,
        "content": {"kind": "document", "digest": digest(9), "placement": "page 1"},
        "basis": {"kind": "grant", "grant": id(70), "system": id(60)}}),
    )
}

pub(crate) fn begun(at: &str) -> UseEvent {
    event(
        json!({"type": "begun", "at": at, "item": 0, "document": digest(9), "placement": "page 1",
        "by": {"kind": "system", "id": id(60)}}),
    )
}

pub(crate) fn stamped(at: &str) -> UseEvent {
    let outcome = json!({"outcome": "stamped", "sealed": digest(8)});
    event(json!({"type": "finished", "at": at, "item": 0, "outcome": outcome}))
}

pub(crate) fn failed(at: &str) -> UseEvent {
    let outcome = json!({"outcome": "failed", "reason": "no key"});
    event(json!({"type": "finished", "at": at, "item": 0, "outcome": outcome}))
}
