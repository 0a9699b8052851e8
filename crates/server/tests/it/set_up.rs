//! The set-up, and what tests of later acts begin with.

use gm::sm3;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::support::{Answer, TestServer};

/// The password of every administrator.
pub(crate) const PASSWORD: &str = "Correct-horse-1";

/// What a set-up asks for; identity numbers are invented, with sound check digits.
pub(crate) fn order() -> Value {
    let administrator = |role: &str, account: &str, number: &str| {
        json!({
            "role": role, "account": account, "password": PASSWORD, "name": "测试", "identity_number": number,
        })
    };
    json!({
        "authority": {
            "name": "测试市大数据局", "region": "610100", "level": "city", "profile": "cn",
            "designation": "测政发〔2026〕1号",
        },
        "administrators": [
            administrator("system_administrator", "sys.admin", "11010519491231002X"),
            administrator("security_administrator", "sec.admin", "440524188001010014"),
            administrator("audit_administrator", "aud.admin", "11010519900307857X"),
        ],
    })
}

pub(crate) fn set_up(server: &TestServer, order: &Value) -> Answer {
    server.post("/api/set-up", &[], order.to_string().as_bytes())
}

/// The code that an authenticator shows (RFC 6238), from the address that the service gave.
pub(crate) fn code(address: &str, second: i64) -> String {
    let secret = address
        .split("secret=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let mut bits = 0u32;
    let mut count = 0;
    let mut bytes = Vec::new();
    for digit in secret.bytes() {
        let value = if digit.is_ascii_digit() {
            digit - b'2' + 26
        } else {
            digit - b'A'
        };
        bits = (bits << 5) | u32::from(value);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(&bytes).unwrap();
    mac.update(&(second / 30).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let start = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[start..start + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[test]
fn r10_r66_the_root_and_three_people_who_administer_apart() {
    let server = TestServer::start();
    let made = set_up(&server, &order());
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let people: std::collections::BTreeSet<_> = made["administrators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["person"].to_string())
        .collect();
    assert_eq!(people.len(), 3);
    set_up(&server, &order()).check_problem(409, "SET_UP_BEFORE");
}

#[test]
fn r66_nobody_is_two_of_the_three() {
    let server = TestServer::start();
    let mut doubled = order();
    doubled["administrators"][1]["role"] = "system_administrator".into();
    set_up(&server, &doubled).check_problem(422, "NOT_THREE_ADMINISTRATORS");
    let mut same_person = order();
    same_person["administrators"][1]["identity_number"] = "11010519491231002X".into();
    let refused = set_up(&server, &same_person).check_problem(422, "PERSON_TAKEN");
    assert_eq!(refused["rule"], "R18");
    // Nothing of it stands: the true set-up still goes.
    assert_eq!(set_up(&server, &order()).status, 201);
}

#[test]
fn r75_personal_data_is_nowhere_in_clear() {
    let server = TestServer::start();
    let mut named = order();
    named["administrators"][0]["name"] = "欧阳独一无二".into();
    assert_eq!(set_up(&server, &named).status, 201);
    for file in ["yinxin.db", "yinxin.db-wal"] {
        let bytes = server.file(file);
        for secret in ["欧阳独一无二", "11010519491231002X", PASSWORD] {
            assert!(
                !bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes()),
                "{file}"
            );
            let digest = sm3(secret.as_bytes());
            assert!(
                !bytes.windows(32).any(|window| window == digest.as_bytes()),
                "{file}"
            );
        }
    }
}

#[test]
fn what_a_set_up_lacks_is_said_without_repeating_it() {
    let server = TestServer::start();
    let wrong = |change: fn(&mut Value)| {
        let mut order = order();
        change(&mut order);
        set_up(&server, &order)
    };
    let number = wrong(|order| order["administrators"][0]["identity_number"] = "110105194912310021".into());
    let problem = number.check_problem(400, "BAD_BODY");
    assert!(!problem.to_string().contains("110105194912310021"));
    wrong(|order| order["administrators"][0]["password"] = "short".into())
        .check_problem(422, "PASSWORD_REFUSED");
    wrong(|order| order["administrators"][0]["account"] = "a b".into()).check_problem(400, "BAD_BODY");
    wrong(|order| order["authority"]["region"] = "61".into()).check_problem(400, "BAD_BODY");
    wrong(|order| order["authority"]["profile"] = "mars".into()).check_problem(422, "UNKNOWN_PROFILE");
    wrong(|order| order["extra"] = 1.into()).check_problem(400, "BAD_BODY");
}

#[test]
fn only_those_who_run_the_machine_set_it_up() {
    let server = TestServer::with("http.operations = []");
    set_up(&server, &order()).check_problem(403, "NETWORK_NOT_ALLOWED");
}
