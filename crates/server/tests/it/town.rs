//! A town where seals live: an authority with its officers, a unit with its people, each with an account.

use serde_json::{Value, json};

use crate::set_up::{code, order, set_up};
use crate::sign_in::Scene;
use crate::support::{Answer, TestServer};

/// The password that everybody chooses.
pub(crate) const PASSWORD: &str = "Own-choice-77";
/// The password that the security administrator gives them.
const FIRST: &str = "First-given-1";

/// The town, with everybody's present session.
pub(crate) struct Town {
    pub(crate) scene: Scene,
    /// The root authority.
    pub(crate) authority: String,
    /// A unit of it.
    pub(crate) unit: String,
    /// The security administrator's session.
    pub(crate) security: String,
    people: Vec<Inhabitant>,
    /// How people are called, by identifier: the service tells nobody.
    names: std::cell::RefCell<std::collections::BTreeMap<String, String>>,
    count: std::cell::Cell<u32>,
}

struct Inhabitant {
    name: &'static str,
    id: String,
    totp: String,
    session: std::cell::RefCell<String>,
}

impl Town {
    /// An authority with a reviewer and a maker, and a unit with principal, agent and custodian.
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    pub(crate) fn with(lines: &str) -> Self {
        Self::on(TestServer::with(lines))
    }

    pub(crate) fn on(server: TestServer) -> Self {
        Self::under(server, &order())
    }

    /// Under a root authority of one's own.
    pub(crate) fn under(server: TestServer, order: &Value) -> Self {
        let made = set_up(&server, order).json();
        let scene = Scene { server, made };
        let authority = scene.made["authority"].as_str().unwrap().to_owned();
        let security = scene.sign_in(1);
        let mut town = Self {
            scene,
            authority: authority.clone(),
            unit: String::new(),
            security,
            people: Vec::new(),
            names: std::cell::RefCell::default(),
            count: std::cell::Cell::new(0),
        };
        town.settle(
            "reviewer",
            "reviewer",
            &json!({ "kind": "authority", "id": authority }),
        );
        town.settle("maker", "maker", &json!({ "kind": "authority", "id": authority }));
        let unit = town.post("reviewer", "/api/units", &town.unit_order("91350100M000100Y43"));
        assert_eq!(unit.status, 201, "{}", unit.text());
        town.unit = unit.json()["id"].as_str().unwrap().to_owned();
        for role in ["principal", "agent", "custodian"] {
            town.settle(role, role, &json!({ "kind": "unit", "id": town.unit }));
        }
        town
    }

    pub(crate) fn unit_order(&self, code: &str) -> Value {
        json!({
            "authority": self.authority, "code": code, "name": "测试市大数据局", "kind": "state_organ",
            "region": "610100", "level": "city",
        })
    }

    /// Registers somebody, appoints them, opens their account and signs them in.
    pub(crate) fn settle(&mut self, name: &'static str, role: &str, scope: &Value) {
        let id = self.register();
        self.appoint(&id, role, scope);
        let account = json!({ "account": name, "password": FIRST });
        let opened = self.by(&self.security, &format!("/api/people/{id}/account"), &account);
        assert_eq!(opened.status, 201, "{}", opened.text());
        let totp = opened.json()["totp"].as_str().unwrap().to_owned();
        self.scene.server.clock.advance(30);
        let begun = self.try_in(name, &totp, FIRST, Some(PASSWORD));
        assert_eq!(begun.status, 201, "{}", begun.text());
        self.people.push(Inhabitant {
            name,
            id,
            totp,
            session: format!("Bearer {}", begun.json()["token"].as_str().unwrap()).into(),
        });
    }

    /// A new person's identifier.
    pub(crate) fn register(&self) -> String {
        let order = self.person_order();
        let person = self.by(&self.security, "/api/people", &order);
        assert_eq!(person.status, 201, "{}", person.text());
        let id = person.json()["id"].as_str().unwrap().to_owned();
        let name = order["name"].as_str().unwrap().to_owned();
        self.names.borrow_mut().insert(id.clone(), name);
        id
    }

    /// A person who was never named before; the number is invented, with a sound check digit.
    pub(crate) fn person_order(&self) -> Value {
        self.count.set(self.count.get() + 1);
        let digits = format!(
            "1101051990{:02}01{:03}",
            1 + self.count.get() % 12,
            self.count.get()
        );
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 = digits
            .bytes()
            .zip(weights)
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        let check = b"10X98765432"[(sum % 11) as usize];
        json!({
            "authority": self.authority, "name": format!("欧阳测试{}号", self.count.get()),
            "identity_number": format!("{digits}{}", char::from(check)),
        })
    }

    pub(crate) fn appoint(&self, person: &str, role: &str, scope: &Value) {
        let change = json!({ "type": "appoint", "role": role, "scope": scope });
        let appointed = self.by(&self.security, &format!("/api/people/{person}/changes"), &change);
        assert_eq!(appointed.status, 200, "{}", appointed.text());
    }

    pub(crate) fn try_in(&self, account: &str, totp: &str, password: &str, new: Option<&str>) -> Answer {
        let code = code(totp, self.scene.server.clock.now().as_second());
        let body = json!({ "account": account, "password": password, "code": code, "new_password": new });
        self.scene
            .server
            .post("/api/sessions", &[], body.to_string().as_bytes())
    }

    fn inhabitant(&self, name: &str) -> &Inhabitant {
        self.people.iter().find(|one| one.name == name).unwrap()
    }

    /// What somebody's authenticator shows now.
    pub(crate) fn code(&self, name: &str) -> String {
        let second = self.scene.server.clock.now().as_second();
        code(&self.inhabitant(name).totp, second)
    }

    /// Somebody's identifier.
    pub(crate) fn id(&self, name: &str) -> &str {
        &self.inhabitant(name).id
    }

    /// How somebody is called.
    pub(crate) fn name_of(&self, name: &str) -> String {
        self.names.borrow()[self.id(name)].clone()
    }

    /// The address of somebody's authenticator.
    pub(crate) fn totp(&self, name: &str) -> String {
        self.inhabitant(name).totp.clone()
    }

    /// Signs everybody in anew, after time has passed.
    pub(crate) fn morning(&mut self) {
        self.security = self.scene.sign_in(1);
        self.sign_all_in(None);
    }

    /// Signs in everybody but the administrators, with a new password if the old one is over.
    pub(crate) fn sign_all_in(&self, new: Option<&str>) {
        for one in &self.people {
            self.scene.server.clock.advance(30);
            let begun = self.try_in(one.name, &one.totp, PASSWORD, new);
            assert_eq!(begun.status, 201, "{}", begun.text());
            *one.session.borrow_mut() = format!("Bearer {}", begun.json()["token"].as_str().unwrap());
        }
    }

    /// Somebody's `Authorization`.
    pub(crate) fn session(&self, name: &str) -> String {
        self.inhabitant(name).session.borrow().clone()
    }

    /// A change by somebody, under a new idempotency key.
    pub(crate) fn post(&self, name: &str, path: &str, body: &Value) -> Answer {
        self.by(&self.session(name), path, body)
    }

    pub(crate) fn by(&self, session: &str, path: &str, body: &Value) -> Answer {
        let key = format!("key-{}", self.next());
        let headers = [("authorization", session), ("idempotency-key", key.as_str())];
        self.scene
            .server
            .post(path, &headers, body.to_string().as_bytes())
    }

    /// A number that was not there before.
    pub(crate) fn next(&self) -> u32 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    /// What somebody sees there.
    pub(crate) fn get(&self, name: &str, path: &str) -> Answer {
        self.scene
            .server
            .get(path, &[("authorization", &self.session(name))])
    }
}
