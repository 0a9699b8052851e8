//! Entries: who did what to what, when; in one canonical form.
//!
//! ```json
//! {"act":"seal.made","actor":{"id":"0193…","kind":"person","role":"maker","unit":"0192…"},
//!  "commitments":{"principal.name":"9f0c…"},"details":{"filing":"national"},
//!  "subject":{"id":"0194…","kind":"seal"},"time":"2026-11-22T02:00:00.000000Z","v":1}
//! ```
//!
//! The form is JSON after RFC 8785, on one line, with every member present except `role` and `unit`, which are
//! left out where there is none. Numbers are integers. The digests of these bytes are the leaves of the log, so
//! the bytes are kept as they are, and are never encoded again.
//!
//! An entry is for ever and for everyone who audits, so personal data never stands in it: in its place stands a
//! [`commitment`], which proves the data to whoever has it together with its salt, and says nothing to others.
//! Deleting the salt deletes the link.

use std::collections::BTreeMap;

use gm::{Digest, Sm3};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Error, canonical};

/// Bytes of an entry's canonical form at most.
pub const ENTRY_BYTES_MAX: usize = 16 * 1024;

/// Bytes of the canonical form of an entry's details at most.
pub const DETAILS_BYTES_MAX: usize = 8 * 1024;

/// Objects and arrays inside each other at most, the details themselves being the first.
pub const DETAILS_DEPTH_MAX: usize = 6;

/// Commitments in an entry at most.
pub const COMMITMENTS_MAX: usize = 32;

/// Bytes of an identifier at most.
pub const ID_BYTES_MAX: usize = 128;

/// Bytes of a stable name (act, kind, role, commitment) at most.
pub const NAME_BYTES_MAX: usize = 64;

/// Bytes of the salt of a commitment.
pub const SALT_BYTES: usize = 16;

/// The acts that the log itself has rules for, and those that every installation has.
///
/// An act's name is `thing.happened` in lower case; once used it keeps its meaning for ever. Others may be added
/// without a change here.
pub mod act {
    /// A seal was made. Its subject is new.
    pub const SEAL_MADE: &str = "seal.made";
    /// A seal is about to be used: durable before the key is. Its subject, the use record, is new.
    pub const USE_INTENDED: &str = "use.intended";
    /// What became of an intended use, once: its subject is that of the intent.
    pub const USE_OUTCOME: &str = "use.outcome";
    /// A use was refused before anything was intended.
    pub const USE_REFUSED: &str = "use.refused";
    /// Somebody approved a use.
    pub const APPROVAL_GIVEN: &str = "approval.given";
    /// A policy was changed.
    pub const POLICY_CHANGED: &str = "policy.changed";
    /// A role was given or taken.
    pub const ROLE_CHANGED: &str = "role.changed";
    /// A key was made. Its subject is new.
    pub const KEY_CREATED: &str = "key.created";
    /// Access to a licence or a document was given.
    pub const ACCESS_GRANTED: &str = "access.granted";
}

/// One act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in whole microseconds; what is finer is not written.
    #[serde(with = "time")]
    pub time: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What happened: a stable name with a dot, such as [`act::SEAL_MADE`].
    pub act: String,
    /// To what.
    pub subject: Subject,
    /// Particulars, without personal data. Numbers are integers within ±(2^53−1).
    pub details: Map<String, Value>,
    /// Name of a piece of personal data → its [`commitment`].
    #[serde(with = "commitments")]
    pub commitments: BTreeMap<String, Digest>,
}

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// Its identifier, never its name: 1 to 128 bytes.
    pub id: String,
    /// The role in which it acted, a stable name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The identifier of the unit or authority for which it acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// Kinds of actors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// Somebody of a unit or an authority, also through a business system on the person's behalf.
    Person,
    /// A program: a business system under a grant, or this one's own jobs.
    System,
    /// One of the three administrators.
    Administrator,
}

/// What an act was done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its kind, a stable name such as `seal`, `use`, `policy`.
    pub kind: String,
    /// Its identifier: 1 to 128 bytes.
    pub id: String,
}

impl Entry {
    /// The canonical form, at most [`ENTRY_BYTES_MAX`] bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        self.check_names()?;
        let mut out = Vec::with_capacity(512);
        // Members stand in the order of RFC 8785, so nothing has to be sorted.
        member("{", "act", &self.act, &mut out);
        member(",\"actor\":{", "id", &self.actor.id, &mut out);
        member(",", "kind", self.actor.kind.name(), &mut out);
        for (name, value) in [("role", &self.actor.role), ("unit", &self.actor.unit)] {
            if let Some(value) = value {
                member(",", name, value, &mut out);
            }
        }
        out.extend(b"},\"commitments\":{");
        for (at, (name, digest)) in self.commitments.iter().enumerate() {
            member(&","[..usize::from(at > 0)], name, &digest.to_string(), &mut out);
        }
        out.extend(b"},\"details\":");
        let before = out.len();
        canonical::write_object(&self.details, DETAILS_DEPTH_MAX, &mut out)?;
        let bytes = out.len() - before;
        if bytes > DETAILS_BYTES_MAX {
            return Err(Error::DetailsTooLong { bytes });
        }
        member(",\"subject\":{", "id", &self.subject.id, &mut out);
        member(",", "kind", &self.subject.kind, &mut out);
        member("},", "time", &print_time(self.time), &mut out);
        out.extend(b",\"v\":1}");
        if out.len() > ENTRY_BYTES_MAX {
            return Err(Error::EntryTooLong { bytes: out.len() });
        }
        Ok(out)
    }

    /// Reads the canonical form, and nothing else: bytes that mean the same but stand otherwise are refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(Error::EntryTooLong { bytes: bytes.len() });
        }
        let entry: Self = serde_json::from_slice(bytes).map_err(|error| Error::EntryMalformed {
            why: error.to_string(),
        })?;
        // Unknown members, doubled names, other spellings of a number or a time: all of them differ here.
        let canonical = entry.to_bytes()?;
        if canonical != bytes {
            let at = canonical.iter().zip(bytes).take_while(|(a, b)| a == b).count();
            return Err(Error::NotCanonical {
                at,
                expected: excerpt(&canonical, at),
                found: excerpt(bytes, at),
            });
        }
        Ok(entry)
    }

    fn check_names(&self) -> Result<(), Error> {
        name("act", &self.act)?;
        if !self.act.contains('.') {
            return Err(bad_name("act", &self.act));
        }
        name("subject.kind", &self.subject.kind)?;
        id("subject.id", &self.subject.id)?;
        id("actor.id", &self.actor.id)?;
        if self.time < YEAR_ZERO {
            return Err(Error::Time { time: self.time });
        }
        if let Some(role) = &self.actor.role {
            name("actor.role", role)?;
        }
        if let Some(unit) = &self.actor.unit {
            id("actor.unit", unit)?;
        }
        if self.commitments.len() > COMMITMENTS_MAX {
            let count = self.commitments.len();
            return Err(Error::TooManyCommitments { count });
        }
        self.commitments
            .keys()
            .try_for_each(|key| name("commitments", key))
    }
}

impl ActorKind {
    fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::System => "system",
            Self::Administrator => "administrator",
        }
    }
}

/// SM3(salt ‖ value): says nothing about `value` to those who have not the salt, which is random and kept with
/// the data.
pub fn commitment(salt: &[u8; SALT_BYTES], value: &[u8]) -> Digest {
    let mut hasher = Sm3::new();
    hasher.update(salt);
    hasher.update(value);
    hasher.finish()
}

fn member(before: &str, name: &str, value: &str, out: &mut Vec<u8>) {
    out.extend(before.bytes());
    canonical::write_string(name, out);
    out.push(b':');
    canonical::write_string(value, out);
}

fn name(field: &'static str, text: &str) -> Result<(), Error> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
    };
    if text.len() <= NAME_BYTES_MAX && text.split('.').all(is_part) {
        Ok(())
    } else {
        Err(bad_name(field, text))
    }
}

fn bad_name(field: &'static str, text: &str) -> Error {
    Error::BadName {
        field,
        text: text.chars().take(NAME_BYTES_MAX).collect(),
    }
}

fn id(field: &'static str, text: &str) -> Result<(), Error> {
    if (1..=ID_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::BadId {
        field,
        text: text.chars().take(ID_BYTES_MAX).collect(),
    })
}

/// A few characters from `at`, for messages.
fn excerpt(bytes: &[u8], at: usize) -> String {
    let rest = bytes.get(at..).unwrap_or_default();
    String::from_utf8_lossy(&rest[..rest.len().min(EXCERPT_BYTES)]).into_owned()
}

const EXCERPT_BYTES: usize = 24;

/// `2026-11-22T02:00:00.000000Z`: always UTC, always microseconds.
pub(crate) fn print_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// Reads what [`print_time`] writes, and nothing else.
pub(crate) fn read_time(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.parse().ok()?;
    (print_time(time) == text).then_some(time)
}

/// Before it a year has a sign, and nothing was sealed electronically.
const YEAR_ZERO: Timestamp = Timestamp::constant(-62_167_219_200, 0);

mod time {
    use jiff::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::print_time(*time))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        super::read_time(&text)
            .ok_or_else(|| D::Error::custom("the time is not of the form 2026-11-22T02:00:00.000000Z"))
    }
}

mod commitments {
    use std::collections::BTreeMap;

    use gm::Digest;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(map: &BTreeMap<String, Digest>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(map.iter().map(|(name, digest)| (name, digest.to_string())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<String, Digest>, D::Error> {
        let texts = BTreeMap::<String, String>::deserialize(from)?;
        let digest = |text: String| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(text, &mut bytes).ok()?;
            Some(Digest(bytes))
        };
        let read = texts.into_iter().map(|(name, text)| Some((name, digest(text)?)));
        read.collect::<Option<_>>()
            .ok_or_else(|| D::Error::custom("a commitment is not 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn entry() -> Entry {
        Entry {
            time: testkit::time("2026-11-22T02:00:00Z"),
            actor: Actor {
                kind: ActorKind::Person,
                id: "0193-a".into(),
                role: Some("maker".into()),
                unit: None,
            },
            act: act::SEAL_MADE.into(),
            subject: Subject {
                kind: "seal".into(),
                id: "0194-b".into(),
            },
            details: json!({"profile": "national", "count": 2})
                .as_object()
                .unwrap()
                .clone(),
            commitments: [(
                "principal.name".to_owned(),
                commitment(&[7; 16], "张三".as_bytes()),
            )]
            .into(),
        }
    }

    const CANONICAL: &str = "{\"act\":\"seal.made\",\"actor\":{\"id\":\"0193-a\",\"kind\":\"person\",\"role\":\"maker\"},\
        \"commitments\":{\"principal.name\":\"COMMITMENT\"},\
        \"details\":{\"count\":2,\"profile\":\"national\"},\"subject\":{\"id\":\"0194-b\",\"kind\":\"seal\"},\
        \"time\":\"2026-11-22T02:00:00.000000Z\",\"v\":1}";

    fn canonical() -> String {
        CANONICAL.replace("COMMITMENT", &commitment(&[7; 16], "张三".as_bytes()).to_string())
    }

    #[test]
    fn the_form_is_as_documented() {
        assert_eq!(
            String::from_utf8(entry().to_bytes().unwrap()).unwrap(),
            canonical()
        );
        assert_eq!(Entry::from_bytes(canonical().as_bytes()), Ok(entry()));
    }

    #[test]
    fn a_commitment_is_the_digest_of_salt_and_value() {
        assert_eq!(
            commitment(&[7; 16], b"value"),
            gm::sm3(&[&[7; 16][..], b"value"].concat())
        );
    }

    #[test]
    fn what_is_finer_than_a_microsecond_is_not_written() {
        let mut entry = entry();
        entry.time = testkit::time("1969-12-31T23:59:59.123456789Z");
        let read = Entry::from_bytes(&entry.to_bytes().unwrap()).unwrap();
        assert_eq!(read.time, testkit::time("1969-12-31T23:59:59.123456Z"));
    }

    /// Every other spelling of the same entry.
    #[test]
    fn another_form_of_the_same_entry_is_refused() {
        let canonical = canonical();
        let cases = [
            ("{\"act\"", "{ \"act\""),
            ("\"v\":1}", "\"v\":1}\n"),
            ("\"v\":1", "\"v\":2"),
            (",\"v\":1", ""),
            ("\"v\":1", "\"v\":1,\"w\":0"),
            ("\"count\":2", "\"count\":2.0"),
            ("\"count\":2", "\"count\":1,\"count\":2"),
            ("national", "n\\u0061tional"),
            ("000000Z", "000Z"),
            ("000000Z", "000000+00:00"),
            ("T02:00", "t02:00"),
            ("\"role\":\"maker\"", "\"role\":\"maker\",\"unit\":null"),
            (
                "\"id\":\"0193-a\",\"kind\":\"person\"",
                "\"kind\":\"person\",\"id\":\"0193-a\"",
            ),
        ];
        for (from, to) in cases {
            let other = canonical.replacen(from, to, 1);
            assert_ne!(other, canonical);
            assert!(Entry::from_bytes(other.as_bytes()).is_err(), "{to}");
        }
        let upper = commitment(&[7; 16], "张三".as_bytes()).to_string();
        let other = canonical.replace(&upper, &upper.to_uppercase());
        assert!(matches!(
            Entry::from_bytes(other.as_bytes()),
            Err(Error::NotCanonical { .. })
        ));
    }

    fn refused(change: impl FnOnce(&mut Entry)) -> Error {
        let mut entry = entry();
        change(&mut entry);
        entry.to_bytes().unwrap_err()
    }

    #[test]
    fn bad_names_and_identifiers_are_refused() {
        let long = "a".repeat(NAME_BYTES_MAX);
        for act in [
            "",
            "seal",
            "Seal.made",
            "seal..made",
            "seal.made.",
            "seal made.x",
            "章.用",
            &format!("{long}.a"),
        ] {
            let error = refused(|entry| entry.act = act.into());
            assert!(matches!(error, Error::BadName { field: "act", .. }), "{act}");
        }
        for id in ["", "a\nb", "\u{7f}", &"a".repeat(ID_BYTES_MAX + 1)] {
            let bad = |field| Error::BadId {
                field,
                text: id.chars().take(ID_BYTES_MAX).collect(),
            };
            assert_eq!(refused(|entry| entry.subject.id = id.into()), bad("subject.id"));
            assert_eq!(refused(|entry| entry.actor.id = id.into()), bad("actor.id"));
            assert_eq!(
                refused(|entry| entry.actor.unit = Some(id.into())),
                bad("actor.unit")
            );
        }
        let bad = refused(|entry| entry.actor.role = Some("Maker".into()));
        assert!(matches!(
            bad,
            Error::BadName {
                field: "actor.role",
                ..
            }
        ));
        let bad = refused(|entry| entry.subject.kind = "用印".into());
        assert!(matches!(
            bad,
            Error::BadName {
                field: "subject.kind",
                ..
            }
        ));
    }

    #[test]
    fn a_year_with_a_sign_is_refused() {
        let time = testkit::time("-000001-12-31T23:59:59Z");
        assert_eq!(refused(|entry| entry.time = time), Error::Time { time });
    }

    #[test]
    fn limits_hold() {
        let text = |bytes: usize| Value::from("x".repeat(bytes));
        let around = r#"{"a":""}"#.len();
        let with = |value: Value| {
            move |entry: &mut Entry| entry.details = [("a".to_owned(), value)].into_iter().collect()
        };
        let mut largest = entry();
        with(text(DETAILS_BYTES_MAX - around))(&mut largest);
        assert!(largest.to_bytes().is_ok());
        let error = refused(with(text(DETAILS_BYTES_MAX - around + 1)));
        assert_eq!(
            error,
            Error::DetailsTooLong {
                bytes: DETAILS_BYTES_MAX + 1
            }
        );
        let mut deep = json!([]);
        for _ in 0..1000 {
            deep = json!([deep]);
        }
        assert_eq!(refused(with(deep)), Error::DetailsTooDeep);
        let many = (0..=COMMITMENTS_MAX).map(|i| (format!("c{i}"), gm::sm3(b"")));
        let error = refused(|entry| entry.commitments = many.collect());
        assert_eq!(
            error,
            Error::TooManyCommitments {
                count: COMMITMENTS_MAX + 1
            }
        );
        assert!(matches!(refused(with(json!(0.5))), Error::Number { .. }));
        let long = vec![b' '; ENTRY_BYTES_MAX + 1];
        assert_eq!(
            Entry::from_bytes(&long),
            Err(Error::EntryTooLong { bytes: long.len() })
        );
        assert!(Entry::from_bytes(&b"[".repeat(ENTRY_BYTES_MAX)).is_err());
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9_007_199_254_740_991i64..=9_007_199_254_740_991).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_entry_comes_back(
            micros in -62_167_219_200_000_000i64..253_402_207_200_000_000,
            kind in prop_oneof![Just(ActorKind::Person), Just(ActorKind::System), Just(ActorKind::Administrator)],
            actor in "[^\\p{Cc}]{1,30}", unit in prop::option::of("[^\\p{Cc}]{1,30}"),
            act in "[a-z_]{1,9}\\.[a-z0-9-]{1,9}",
            details in prop::collection::btree_map(any::<String>(), any_value(), 0..5),
            names in prop::collection::btree_set("[a-z]{1,5}(\\.[a-z]{1,5})?", 0..4),
        ) {
            let entry = Entry {
                time: Timestamp::from_microsecond(micros).unwrap(),
                actor: Actor { kind, id: actor, role: None, unit },
                act,
                subject: Subject { kind: "use".into(), id: "u".into() },
                details: details.into_iter().collect(),
                commitments: names.into_iter().map(|name| (name.clone(), gm::sm3(name.as_bytes()))).collect(),
            };
            let bytes = entry.to_bytes().unwrap();
            prop_assert_eq!(Entry::from_bytes(&bytes), Ok(entry));
            // The form is that of the general canonicaliser too.
            let mut general = Vec::new();
            canonical::write(&serde_json::from_slice(&bytes).unwrap(), 9, &mut general).unwrap();
            prop_assert_eq!(general, bytes);
        }

        #[test]
        fn broken_bytes_never_read_as_another_entry(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = canonical().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(read) = Entry::from_bytes(&bytes) {
                prop_assert_eq!(read.to_bytes().unwrap(), bytes);
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Entry::from_bytes(&bytes).is_err());
        }
    }
}
