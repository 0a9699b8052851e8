//! A unit with its people and a seal in force, entered directly through the store: what tests of the use of seals
//! begin with. Keys, certificate and seal are real, so that stamping is.

use std::path::Path;
use std::sync::OnceLock;

use argon2::{Algorithm, Argon2, Params, Version};
use audit::{Actor, ActorKind, Entry, ExportWriter, LogKey, Subject};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{Signer as _, sm3};
use jiff::{SignedDuration, Timestamp};
use keys::{Kdf, KeyStore, NewKey, Options};
use pki::{CertificateTemplate, Issuer, Name, PathCache, PathQuery, Purpose, VerifiedPath, validate};
use registry::{
    Actor as Acted, AuthorityEvent, AuthorityId, Digest32, PersonEvent, PersonId, SealEvent, SealId,
    SystemId, UnitEvent, UnitId,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ses::{ListKind, SealTemplate, SealVersion, make_seal};
use store::{
    Account, ApiClient, Database, Documents, Entries, PersonalKey, Recorded, Session, Store, StoreConfig,
};
use tempfile::TempDir;
use testkit::{Identity, PICTURE, SeededRng, now};
use uuid::Uuid;

use crate::support::{Answer, TestServer, pki};

/// The PIN of the seal.
pub(crate) const PIN: &str = "custodian horse";

/// People of the unit, and one of elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Who {
    Agent = 50,
    Principal = 51,
    Approver = 52,
    Custodian = 53,
    /// Owner of the platform on which the business system runs.
    PlatformOwner = 54,
    /// A second approver.
    Deputy = 55,
    /// Agent of another unit.
    Stranger = 56,
    /// Supervisor of the authority.
    Supervisor = 57,
    /// Security administrator of the authority.
    Security = 58,
}

const EVERYBODY: [Who; 9] = [
    Who::Agent,
    Who::Principal,
    Who::Approver,
    Who::Custodian,
    Who::PlatformOwner,
    Who::Deputy,
    Who::Stranger,
    Who::Supervisor,
    Who::Security,
];

impl Who {
    pub(crate) fn id(self) -> Uuid {
        id(self as u64)
    }

    /// The token of the session that the world begins for them.
    pub(crate) fn token(self) -> String {
        format!("{:043}", self as u64)
    }

    fn appointment(self) -> Value {
        let (role, scope) = match self {
            Who::Agent => ("agent", unit_scope(10)),
            Who::Principal => ("principal", unit_scope(10)),
            Who::Approver | Who::Deputy => ("approver", unit_scope(10)),
            Who::Custodian => ("custodian", unit_scope(10)),
            Who::Stranger => ("agent", unit_scope(11)),
            Who::PlatformOwner => ("platform_owner", json!({"kind": "system", "id": id(SYSTEM)})),
            Who::Supervisor => ("supervisor", json!({"kind": "authority", "id": id(1)})),
            Who::Security => (
                "security_administrator",
                json!({"kind": "authority", "id": id(1)}),
            ),
        };
        json!({"role": role, "scope": scope, "from": AT, "until": null})
    }
}

/// Before everything that tests do.
const AT: &str = "2026-06-01T00:00:00Z";

fn unit_scope(number: u64) -> Value {
    json!({"kind": "unit", "id": id(number)})
}

/// An identifier that orders as its number.
pub(crate) fn id(number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0197_0000_0000_7000, 0x8000_0000_0000_0000 | number)
}

pub(crate) const UNIT: u64 = 10;
pub(crate) const SEAL: u64 = 20;
pub(crate) const SYSTEM: u64 = 60;

/// A seal in the middle of the first page, as a query writes it.
pub(crate) const QUERY: &str = "document_type=licence&placement=%7B%22positions%22%3A%5B%7B%22kind%22%3A%22point%22%2C\
    %22pages%22%3A%5B1%5D%2C%22x_mm%22%3A100%2C%22y_mm%22%3A200%7D%5D%7D";

/// A server with that unit, and sessions of its people.
pub(crate) struct World {
    pub(crate) server: TestServer,
    /// The address of a PostgreSQL database; SQLite if none.
    pub(crate) database: Option<String>,
    pub(crate) lines: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// With these lines of configuration beside.
    pub(crate) fn with(lines: &str) -> Self {
        Self::on(None, lines)
    }

    /// On a PostgreSQL database, or on SQLite.
    pub(crate) fn on(database: Option<String>, lines: &str) -> Self {
        let url = database.iter().map(|url| format!("database.url = \"{url}\"\n"));
        let lines = format!("{LINES}{lines}{}", url.collect::<String>());
        // The first start makes the installation's keys, with which the world is made.
        let folder = TestServer::in_folder(TempDir::new().unwrap(), &lines).stopped();
        populate(&folder.path().join("data"), database.as_deref());
        Self {
            server: TestServer::in_folder(folder, &lines),
            database,
            lines,
        }
    }

    /// The same check on SQLite and, where it is installed, on PostgreSQL.
    pub(crate) fn on_both(check: impl Fn(Self)) {
        Self::on_both_with("", check);
    }

    /// As [`on_both`](Self::on_both), with these lines of configuration beside.
    pub(crate) fn on_both_with(lines: &str, check: impl Fn(Self)) {
        check(Self::with(lines));
        if let Some(server) = testkit::PrivatePostgres::shared() {
            check(Self::on(Some(server.database()), lines));
        }
    }

    /// A grant that is in force, but not opened yet: its path.
    pub(crate) fn granted(&self, documents_max: u64) -> String {
        let order = json!({ "unit": id(UNIT), "seal": id(SEAL), "system": id(SYSTEM), "purpose": "核发证照",
            "document_types": ["licence"], "from": "2026-06-15T00:00:00Z", "until": "2026-07-15T00:00:00Z",
            "documents_max": documents_max, "per": "day" });
        let asked = self.change(Who::Agent, "/api/grants", &order);
        assert_eq!(asked.status, 201, "{}", asked.text());
        let place = format!("/api/grants/{}", asked.json()["id"].as_str().unwrap());
        for (who, step) in [(Who::Principal, "consent"), (Who::PlatformOwner, "authorise")] {
            let given = self.change(who, &format!("{place}/{step}"), &json!({}));
            assert_eq!(given.status, 201, "{}", given.text());
        }
        assert_eq!(self.get(Who::Agent, &place).json()["status"], "authorised");
        place
    }

    /// The custodian opens a grant.
    pub(crate) fn open(&self, place: &str, pin: &str) -> Answer {
        self.change(Who::Custodian, &format!("{place}/key"), &json!({ "pin": pin }))
    }

    /// Stops the server; another one runs in its place.
    pub(crate) fn restarted(self) -> Self {
        Self {
            server: self.server.restarted(&self.lines),
            database: self.database,
            lines: self.lines,
        }
    }

    pub(crate) fn get(&self, who: Who, path: &str) -> Answer {
        let session = format!("Bearer {}", who.token());
        self.server.get(path, &[("authorization", &session)])
    }

    /// A change by somebody whom the proxy in front saw at an address.
    pub(crate) fn change_from(&self, address: &str, who: Who, path: &str, body: &Value) -> Answer {
        let session = format!("Bearer {}", who.token());
        let key = format!("{address} {}", sm3(format!("{who:?}{path}{body}").as_bytes()));
        let headers = [
            ("authorization", session.as_str()),
            ("idempotency-key", key.as_str()),
            ("x-forwarded-for", address),
        ];
        self.server.post(path, &headers, body.to_string().as_bytes())
    }

    /// A change under a key of its own.
    pub(crate) fn change(&self, who: Who, path: &str, body: &Value) -> Answer {
        let key = Uuid::from_bytes(std::array::from_fn(|at| {
            sm3(format!("{who:?}{path}{body}").as_bytes()).0[at]
        }));
        self.change_under(&key.to_string(), who, path, body)
    }

    pub(crate) fn change_under(&self, key: &str, who: Who, path: &str, body: &Value) -> Answer {
        let session = format!("Bearer {}", who.token());
        let headers = [("authorization", session.as_str()), ("idempotency-key", key)];
        self.server.post(path, &headers, body.to_string().as_bytes())
    }

    /// A request of the business system, with the headers of its signature.
    pub(crate) fn sign(&self, path: &str, query: &str, body: &[u8], nonce: &str) -> Vec<(String, String)> {
        sign(self.server.clock.now(), (path, query), body, nonce)
    }

    /// The same with another certificate's key.
    pub(crate) fn sign_with(
        &self,
        system: &Identity,
        target: (&str, &str),
        body: &[u8],
        nonce: &str,
    ) -> Vec<(String, String)> {
        sign_by(system, self.server.clock.now(), target, body, nonce)
    }

    pub(crate) fn post_with(
        &self,
        path: &str,
        query: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Answer {
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.server.post(&format!("{path}?{query}"), &headers, body)
    }

    /// Stops the server, does to the database what a killed process would have left, and starts another one.
    /// `work` names act and subject of the entry that goes with it.
    pub(crate) fn after_crash<F>(self, mut work: F) -> Self
    where
        F: for<'t> FnMut(
                &'t mut store::Change,
            )
                -> store::Work<'t, Result<(&'static str, &'static str, String), store::Error>>
            + Send
            + 'static,
    {
        let (lines, url) = (self.lines.clone(), self.database.clone());
        let (folder, database) = self.stopped();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let store = Store::open(&StoreConfig::new(database)).await.unwrap();
            let written = store.write(move |change| {
                let running = work(change);
                Box::pin(async move {
                    let (act, kind, id) = running.await?;
                    let mut entry = entry();
                    entry.act = act.into();
                    entry.subject = Subject {
                        kind: kind.into(),
                        id,
                    };
                    Ok::<_, store::Error>(((), Entries::from(entry)))
                })
            });
            written.await.unwrap();
            store.close().await;
        });
        Self {
            server: TestServer::in_folder(folder, &lines),
            database: url,
            lines,
        }
    }

    /// Stops the server: what it leaves, and where its data stands.
    pub(crate) fn stopped(self) -> (TempDir, Database) {
        let database = self.database.clone();
        let folder = self.server.stopped();
        let file = || Database::Sqlite(folder.path().join("data/yinxin.db"));
        let database = database.map_or_else(file, |url| url.parse().unwrap());
        (folder, database)
    }

    /// Days pass, in which everybody's session was used.
    pub(crate) fn days(&self, days: i64) {
        self.server.clock.advance(days * 86_400);
        let now = self.server.clock.now();
        let file = || Database::Sqlite(self.server.data().join("yinxin.db"));
        let database = self
            .database
            .as_ref()
            .map_or_else(file, |url| url.parse().unwrap());
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let store = Store::open(&StoreConfig::new(database)).await.unwrap();
            let touched = store.chore(move |chore| {
                Box::pin(async move {
                    for who in EVERYBODY {
                        chore.touch_session(&sm3(who.token().as_bytes()), now).await?;
                    }
                    Ok::<_, store::Error>(())
                })
            });
            touched.await.unwrap();
            store.close().await;
        });
    }

    /// How many entries of an act stand in the log.
    pub(crate) fn entries_of(self, act: &str) -> usize {
        let (_folder, database) = self.stopped();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let store = Store::open(&StoreConfig::new(database)).await.unwrap();
            let mut writer = ExportWriter::new(Vec::new(), "test/audit", &[]).unwrap();
            let mut snapshot = store.snapshot().await.unwrap();
            snapshot.export_log(&mut writer).await.unwrap();
            drop(snapshot);
            store.close().await;
            let export = String::from_utf8(writer.finish().unwrap()).unwrap();
            export.matches(&format!("\"act\":\"{act}\"")).count()
        })
    }

    /// Stops the server and checks its log as an auditor would, from its export.
    pub(crate) fn audited(self) -> Vec<Value> {
        let key = LogKey::parse(self.server.get("/api/log/key", &[]).text()).unwrap();
        let at = self.server.clock.now();
        // What is dropped takes the data with it.
        let (_folder, database) = self.stopped();
        let report = crate::support::audited(database, &key, &[], at);
        let code = |finding| serde_json::to_value(finding).unwrap()["code"].clone();
        assert_eq!(
            report.conclusion,
            audit::Conclusion::Passed,
            "{:?}",
            report.findings
        );
        report.findings.list().iter().map(code).collect()
    }

    /// Sends bytes, as a document.
    pub(crate) fn send(&self, who: Who, path: &str, bytes: &[u8]) -> Answer {
        let session = format!("Bearer {}", who.token());
        self.server.post(path, &[("authorization", &session)], bytes)
    }
}

/// The headers that sign a request of the business system to a path with a query.
pub(crate) fn sign(at: Timestamp, target: (&str, &str), body: &[u8], nonce: &str) -> Vec<(String, String)> {
    sign_by(system(), at, target, body, nonce)
}

/// The same with another certificate's key.
fn sign_by(
    system: &Identity,
    at: Timestamp,
    (path, query): (&str, &str),
    body: &[u8],
    nonce: &str,
) -> Vec<(String, String)> {
    let content_digest = format!("sm3=:{}:", STANDARD.encode(sm3(body).0));
    let input = format!(
        "(\"@method\" \"@path\" \"@query\" \"content-digest\");created={};keyid=\"{}\";nonce=\"{nonce}\";\
         alg=\"sm2-sm3\"",
        at.as_second(),
        id(SYSTEM)
    );
    let base = format!(
        "\"@method\": POST\n\"@path\": {path}\n\"@query\": ?{query}\n\"content-digest\": {content_digest}\n\
         \"@signature-params\": {input}"
    );
    let signature = system.key.sign(base.as_bytes()).unwrap().to_raw();
    vec![
        ("content-digest".into(), content_digest),
        ("signature-input".into(), format!("sig1={input}")),
        (
            "signature".into(),
            format!("sig1=:{}:", STANDARD.encode(signature)),
        ),
    ]
}

pub(crate) const LINES: &str = "sign_in.idle_seconds_max = 86400\nsign_in.session_seconds_max = 86400\n";

#[derive(Deserialize)]
struct MasterFile {
    memory_kib: u32,
    passes: u32,
    #[serde(with = "hex::serde")]
    salt: [u8; 16],
    #[serde(with = "hex::serde")]
    nonce: [u8; 12],
    #[serde(with = "hex::serde")]
    sealed: Vec<u8>,
}

/// The master key, as the server opens it.
fn master(data: &Path) -> PersonalKey {
    let file: MasterFile =
        serde_json::from_slice(&std::fs::read(data.join("keys/master.json")).unwrap()).unwrap();
    let mut key = [0; 16];
    let params = Params::new(file.memory_kib, file.passes, 1, Some(16)).unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(b"correct horse", &file.salt, &mut key)
        .unwrap();
    let opened = gm::sm4::open(&key, &file.nonce, b"yinxin master key", &file.sealed).unwrap();
    PersonalKey::new(opened.as_slice().try_into().unwrap())
}

/// A path of the test PKI, as a maker of seals would prove it.
fn path(certificate: &pki::Certificate, purpose: Purpose) -> VerifiedPath {
    let pki = pki();
    let (trust, intermediates) = (pki.trust(), pki.intermediates());
    let query = PathQuery {
        leaf: certificate,
        purpose,
        at: now(),
        trust: &trust,
        intermediates: &intermediates,
    };
    validate(&query, &PathCache::default()).path.unwrap()
}

/// Enters everything into the data folder of a server that is not running.
pub(crate) fn populate(data: &Path, database: Option<&str>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let personal = master(data);
    let kdf = Kdf {
        memory_kib: 64,
        passes: 3,
        lanes: 1,
    };
    let options = Options {
        kdf,
        ..Options::default()
    };
    let keys = KeyStore::open_with(&data.join("keys/seals"), options).unwrap();
    let bound = personal.digest("pin of a seal's key", PIN).to_string();
    let new = NewKey {
        label: "seal",
        pin: &bound,
        now: now(),
    };
    let key_id = keys.create(&new, &mut SeededRng::new(99)).unwrap();
    let key = keys.unlock(key_id, &bound).unwrap();
    let pki = pki();
    let template = CertificateTemplate::signer(
        Name::parse("C=CN,O=印信测试（仅供测试）,CN=示例单位").unwrap(),
        &[77],
        (
            testkit::time("2025-01-01T00:00:00Z"),
            testkit::time("2035-01-01T00:00:00Z"),
        ),
    );
    let issuer = Issuer::Certificate(&pki.issuing.certificate);
    let certificate = pki::issue(&template, key.public_key(), issuer, &pki.issuing.key).unwrap();
    let template = SealTemplate {
        version: SealVersion::V4,
        vendor_id: "YINXIN",
        seal_id: "99010000000001",
        seal_type: 1,
        name: "示例单位",
        list: ListKind::Certificates,
        picture: PICTURE,
        width_mm: 40,
        height_mm: 40,
        created: now(),
        valid_start: certificate.not_before(),
        valid_end: certificate.not_after(),
        extensions: Vec::new(),
        name_reason: None,
    };
    let maker = path(&pki.maker.certificate, Purpose::SealMaker);
    let holder = path(&certificate, Purpose::Signer);
    let seal = make_seal(&template, &maker, &[holder], &pki.maker.key)
        .unwrap()
        .finish(None)
        .unwrap();
    runtime.block_on(async {
        let documents = Documents::open(&data.join("documents")).unwrap();
        for (number, bytes) in [(1, seal.bytes()), (2, certificate.der())] {
            let bytes = axum::body::Bytes::copy_from_slice(bytes);
            let stream = futures_util::stream::iter([Ok(bytes)]);
            documents.put(stream, 1 << 20, id(number)).await.unwrap();
        }
        let edition = json!({"number": 1, "seal_code": "99010000000001",
            "seal_data": Digest32(sm3(seal.bytes()).0), "certificate": Digest32(certificate.digest().0),
            "device": {"id": id(800), "kind": "seal_server", "serial": key_id.to_string()},
            "not_before": AT, "not_after": "2027-06-01T00:00:00Z", "made_at": AT});
        let database = match database {
            Some(url) => url.parse().unwrap(),
            None => Database::Sqlite(data.join("yinxin.db")),
        };
        let store = Store::open(&StoreConfig::new(database)).await.unwrap();
        nouns(&store, edition).await;
        client(&store).await;
        for who in EVERYBODY {
            person(&store, who).await;
        }
        store.close().await;
    });
}

/// The certificate and the key of the business system, made once.
pub(crate) fn system() -> &'static Identity {
    static SYSTEM: OnceLock<Identity> = OnceLock::new();
    SYSTEM.get_or_init(|| {
        let name = Name::parse("C=CN,O=印信测试（仅供测试）,CN=测试业务系统").unwrap();
        let validity = (
            testkit::time("2025-01-01T00:00:00Z"),
            testkit::time("2035-01-01T00:00:00Z"),
        );
        pki().leaf(&CertificateTemplate::signer(name, &[60], validity), 60)
    })
}

/// The certificate that follows it.
pub(crate) fn renewed_system() -> Identity {
    let name = Name::parse("C=CN,O=印信测试（仅供测试）,CN=测试业务系统").unwrap();
    let validity = (
        testkit::time("2026-01-01T00:00:00Z"),
        testkit::time("2036-01-01T00:00:00Z"),
    );
    pki().leaf(&CertificateTemplate::signer(name, &[61], validity), 61)
}

/// The business system as a client, and the platform that it runs on.
async fn client(store: &Store) {
    let certificate = &system().certificate;
    let client = ApiClient {
        id: SystemId(id(SYSTEM)),
        name: "测试业务系统".into(),
        certificate: certificate.digest(),
        facts: json!({ "authority": id(1), "certificate": STANDARD.encode(certificate.der()) }),
        registered_at: now(),
        blocked_at: None,
    };
    write(store, move |change| {
        let client = client.clone();
        Box::pin(async move { change.put_api_client(&client).await })
    })
    .await;
}

async fn nouns(store: &Store, edition: Value) {
    let authority: AuthorityEvent = event(
        json!({"type": "established", "at": AT, "id": id(1), "parent": null,
        "name": "示例市数据局", "region": "990100", "level": "city", "profile": "cn"}),
    );
    let unit = |number: u64, code: &str| -> UnitEvent {
        event(
            json!({"type": "registered", "at": AT, "id": id(number), "authority": id(1), "parent": null,
            "code": code, "name": format!("示例单位{number}"), "kind": "state_organ", "region": "990100",
            "level": "city"}),
        )
    };
    let units = [unit(10, "91350211M000100Y46"), unit(11, "123456789012345678")];
    let seal: Vec<SealEvent> = [
        json!({"type": "made", "at": AT, "id": id(SEAL), "authority": id(1), "kind": "legal_name",
            "owner": {"kind": "unit", "unit": id(UNIT)}, "name": "示例单位",
            "impression": {"digest": Digest32([7; 32]), "code": null, "source": "drawn"},
            "application": id(900), "replaces": null, "edition": edition, "comparison": null,
            "names": {"match": "equal"}, "custodian": Who::Custodian.id(), "by": id(70)}),
        json!({"type": "filed", "at": AT}),
        json!({"type": "activated", "at": AT, "custodian": Who::Custodian.id(), "old_device": "none"}),
    ]
    .map(event)
    .into();
    write(store, move |change| {
        let (authority, units, seal) = (authority.clone(), units.clone(), seal.clone());
        Box::pin(async move {
            let recorded = recorded();
            let current = change.authority(AuthorityId(id(1))).await?;
            change
                .record_authority(AuthorityId(id(1)), current, &[authority], &recorded)
                .await?;
            for (number, unit) in [(10, units[0].clone()), (11, units[1].clone())] {
                let current = change.unit(UnitId(id(number))).await?;
                change
                    .record_unit(UnitId(id(number)), current, &[unit], &recorded)
                    .await?;
            }
            let current = change.seal(SealId(id(SEAL))).await?;
            change
                .record_seal(SealId(id(SEAL)), current, &seal, &recorded)
                .await?;
            Ok(())
        })
    })
    .await;
}

async fn person(store: &Store, who: Who) {
    let events: Vec<PersonEvent> = [
        json!({"type": "registered", "at": AT, "id": who.id(), "commitment": Digest32([1; 32])}),
        json!({"type": "appointed", "at": AT, "appointment": who.appointment()}),
    ]
    .map(event)
    .into();
    let account = Account {
        id: id(100 + who as u64),
        name: format!("{who:?}"),
        person: PersonId(who.id()),
        password_hash: None,
        password_set_at: None,
        totp_sealed: None,
        totp_last_step: 0,
        certificate: None,
        failed_tries: 0,
        locked_until: None,
        closed: false,
    };
    let session = session(who, &who.token(), now());
    write(store, move |change| {
        let (events, account, session) = (events.clone(), account.clone(), session.clone());
        Box::pin(async move {
            let current = change.person(PersonId(who.id())).await?;
            change
                .record_person(PersonId(who.id()), current, &events, &recorded())
                .await?;
            change.add_account(&account).await?;
            change.begin_session(&session, 9).await
        })
    })
    .await;
}

/// A session that somebody began.
pub(crate) fn session(who: Who, token: &str, at: Timestamp) -> Session {
    Session {
        token: sm3(token.as_bytes()),
        account: id(100 + who as u64),
        begun_at: at,
        used_at: at,
        ends_at: at + SignedDuration::from_secs(400_000_000),
        facts: json!({}),
    }
}

async fn write<F>(store: &Store, mut work: F)
where
    F: for<'t> FnMut(&'t mut store::Change) -> store::Work<'t, Result<(), store::Error>> + Send + 'static,
{
    let written = store.write(move |change| {
        let running = work(change);
        Box::pin(async move {
            running.await?;
            Ok::<_, store::Error>(((), Entries::from(entry())))
        })
    });
    written.await.unwrap();
}

fn entry() -> Entry {
    Entry {
        time: now(),
        actor: Actor {
            kind: ActorKind::System,
            id: "test".into(),
            role: None,
            unit: None,
        },
        act: "test.entered".into(),
        subject: Subject {
            kind: "test".into(),
            id: "world".into(),
        },
        details: Default::default(),
        commitments: Default::default(),
    }
}

pub(crate) fn recorded() -> Recorded {
    Recorded {
        by: Acted::Service,
        at: now(),
    }
}

#[track_caller]
fn event<E: DeserializeOwned>(json: Value) -> E {
    serde_json::from_value(json).unwrap()
}

/// A one-page OFD with this text.
pub(crate) fn ofd(text: &str) -> Vec<u8> {
    ofd_of(&[text])
}

/// The same with a page for each text.
pub(crate) fn ofd_of(texts: &[&str]) -> Vec<u8> {
    let mut builder = ofd::builder::DocumentBuilder::new("0123456789abcdef0123456789abcdef");
    let font = builder.font("宋体");
    for text in texts {
        let drawing = match *text {
            "" => ofd::builder::Drawing::new(),
            text => ofd::builder::Drawing::new().text(font, 5.0, 30.0, 40.0, text),
        };
        builder.page((210.0, 297.0), drawing);
    }
    builder.build().unwrap()
}

/// A PDF of A4 pages, each with a line; a page of which `lines` says no has nothing on it.
pub(crate) fn pdf(lines: &[bool]) -> Vec<u8> {
    let kids: Vec<String> = (0..lines.len())
        .map(|page| format!("{} 0 R", 3 + 2 * page))
        .collect();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!(
            "<</Type/Pages/Kids[{}]/Count {}/MediaBox[0 0 595.276 841.89]>>",
            kids.join(" "),
            lines.len()
        ),
    ];
    for (page, line) in lines.iter().enumerate() {
        let contents = 4 + 2 * page;
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/Resources<<>>/Contents {contents} 0 R>>"
        ));
        let drawn = if *line { "0 0 m 100 100 l S  " } else { "" };
        objects.push(format!("<</Length {}>>stream\n{drawn}\nendstream", drawn.len()));
    }
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, body) in (1..).zip(&objects) {
        table.push_str(&format!("{:010} 00000 n \n", bytes.len()));
        bytes.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
    let start = bytes.len();
    let size = objects.len() + 1;
    table.push_str(&format!(
        "trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    ));
    bytes.extend_from_slice(table.as_bytes());
    bytes
}
