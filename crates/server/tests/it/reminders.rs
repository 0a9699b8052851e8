//! Reminders: raised by the job, once each, told to whom they concern, ended by what they ask for.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Bureau, BureauFault};

use crate::life::PIN as TOWN_PIN;
use crate::support::MAKING;
use crate::town::Town;
use crate::uses::place;
use crate::world::{PIN, SEAL, SYSTEM, Who, World, id, ofd};

const POLL: &str = "reminders.poll_seconds = 1\n";
const DAY: i64 = 86_400;

/// Kind, rule and subject of each.
fn told(list: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            (
                text(&item["kind"]),
                text(&item["rule"]),
                text(&item["subject"]["id"]),
            )
        })
        .collect()
}

fn one(kind: &str, rule: &str, subject: impl ToString) -> (String, String, String) {
    (kind.to_owned(), rule.to_owned(), subject.to_string())
}

impl World {
    fn reminded(&self, who: Who) -> Vec<(String, String, String)> {
        let list = self.get(who, "/api/reminders");
        assert_eq!(list.status, 200, "{}", list.text());
        told(&list.json())
    }

    /// Waits until somebody is reminded of so many things; the job looks every second.
    #[track_caller]
    fn wait_for_reminders(&self, who: Who, count: usize) -> Vec<(String, String, String)> {
        for _ in 0..200 {
            let found = self.reminded(who);
            if found.len() == count {
                return found;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{who:?} is reminded of {:?}", self.reminded(who));
    }
}

#[test]
fn r51_who_seals_is_reminded_of_an_approval_that_lapses() {
    World::on_both_with(POLL, |world| {
        world.adopt();
        let asked = world.ask(&ofd("通知")).json();
        assert_eq!(world.approve(Who::Approver, &asked).status, 201);
        assert_eq!(world.reminded(Who::Custodian), []);
        // It lapses after seven days.
        world.days(5);
        let expected = [one("approval_lapsing", "R51", asked["id"].as_str().unwrap())];
        assert_eq!(world.wait_for_reminders(Who::Custodian, 1), expected);
        assert_eq!(world.reminded(Who::Agent), expected);
        for elsewhere in [Who::Stranger, Who::Supervisor, Who::PlatformOwner] {
            assert_eq!(world.reminded(elsewhere), [], "{elsewhere:?}");
        }
        let path = format!("{}/stamp", place(&asked));
        assert_eq!(
            world.change(Who::Custodian, &path, &json!({ "pin": PIN })).status,
            201
        );
        // At once, without waiting for the job.
        assert_eq!(world.reminded(Who::Custodian), []);
    });
}

#[test]
fn r45_r60_r76_seals_pins_and_certificates_that_end() {
    World::on_both_with(POLL, |world| {
        // The seal ends on 2027-06-01 and its PIN of 2026-06-01 serves 90 days.
        world.days(60);
        let pin = one("pin_age", "R45", id(SEAL));
        assert_eq!(world.reminded(Who::Custodian), []);
        world.days(10);
        assert_eq!(
            world.wait_for_reminders(Who::Custodian, 1),
            std::slice::from_ref(&pin)
        );
        // Nobody but the custodian minds the PIN.
        assert_eq!(world.reminded(Who::Principal), []);
        world.days(190);
        let renewal = one("seal_renewal", "R60", id(SEAL));
        assert_eq!(
            world.wait_for_reminders(Who::Custodian, 2),
            [pin, renewal.clone()]
        );
        assert_eq!(world.reminded(Who::Agent), [renewal]);
        let list = world.get(Who::Custodian, "/api/reminders").json();
        assert_eq!(
            (&list["items"][0]["overdue"], &list["items"][1]["overdue"]),
            (&true.into(), &false.into())
        );
        assert_eq!(list["items"][1]["due"], "2027-06-01T00:00:00Z");
        let advice = list["items"][1]["advice"].as_str().unwrap();
        assert!(advice.contains("续期"), "{advice}");
        // The system's certificate ends in 2035.
        assert_eq!(world.reminded(Who::Security), []);
        world.days(2845);
        assert_eq!(
            world.wait_for_reminders(Who::Security, 1),
            [one("client_certificate", "R76", id(SYSTEM))]
        );
        let block = format!("/api/clients/{}/block", id(SYSTEM));
        assert_eq!(world.change(Who::Security, &block, &json!({})).status, 201);
        assert_eq!(world.reminded(Who::Security), []);
        assert_eq!(world.audited(), ["NOTHING_SAVED"]);
    });
}

#[test]
fn a_reminder_is_raised_once_however_often_the_job_looks() {
    let world = World::with(POLL);
    world.days(80);
    world.wait_for_reminders(Who::Custodian, 1);
    let raised = world.get(Who::Custodian, "/api/reminders").json()["items"][0]["raised_at"].clone();
    world.server.clock.advance(60);
    // Another process, and more looks.
    let clock = world.server.clock.now();
    let world = world.restarted();
    world
        .server
        .clock
        .advance(clock.as_second() - world.server.clock.now().as_second() + 600);
    std::thread::sleep(Duration::from_millis(2500));
    let list = world.get(Who::Custodian, "/api/reminders").json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["raised_at"], raised);
    assert_eq!(world.entries_of("reminder.raised"), 1);
}

#[test]
fn r29_r39_r45_officers_are_reminded_of_overdue_filings_and_of_the_makers_certificate() {
    let bureau = Bureau::open();
    bureau.switch(BureauFault::OutOfOrder);
    let lines = format!(
        "{MAKING}filing.public_security = \"{}\"\nfiling.poll_seconds = 1\n{POLL}",
        bureau.url()
    );
    let town = Town::with(&lines);
    let made = town.make(&town.approved(&town.ask()));
    assert_eq!(made.status, 201, "{}", made.text());
    let seal = made.json()["id"].as_str().unwrap().to_owned();
    let kinds = |name: &str| -> Vec<String> {
        let list = told(&town.get(name, "/api/reminders").json());
        list.into_iter().map(|(kind, _, _)| kind).collect()
    };
    assert_eq!(kinds("maker"), [] as [String; 0]);
    town.scene.server.clock.advance(DAY + 3600);
    town.sign_all_in(None);
    town.wait("the reminder", || kinds("maker") == ["filing_overdue"]);
    assert_eq!(kinds("custodian"), [] as [String; 0]);
    bureau.switch(BureauFault::None);
    town.scene.server.clock.advance(3600);
    town.sign_all_in(None);
    town.wait("the filing", || town.seal(&seal)["status"] == "filed");
    assert_eq!(kinds("maker"), [] as [String; 0]);
    let collected = town.post(
        "custodian",
        &format!("/api/seals/{seal}/collection"),
        &json!({ "pin": TOWN_PIN }),
    );
    assert_eq!(collected.status, 200, "{}", collected.text());
    // Everybody's password serves ninety days, the custodian's PIN too.
    town.scene.server.clock.advance(80 * DAY);
    town.sign_all_in(None);
    town.wait("the reminders", || {
        kinds("custodian") == ["password_age", "pin_age"]
    });
    assert_eq!(kinds("agent"), ["password_age"]);
    // The maker's certificate of this installation ends in 2035.
    town.scene.server.clock.advance((8 * 365 + 120) * DAY);
    town.sign_all_in(Some("Zq7-blau-Berg"));
    town.wait("the certificates", || {
        kinds("maker")
            .iter()
            .filter(|kind| *kind == "maker_certificate")
            .count()
            == 2
    });
}
