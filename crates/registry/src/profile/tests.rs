//! What the built-in profiles say, and how layers cover each other.

use jiff::Timestamp;

use crate::application::{ApplicationKind, MaterialKind};
use crate::filing::{FilingBody, FilingOccasion, duties};
use crate::refusal::{Code, Rule};
use crate::role::Network;
use crate::seal::{DeviceKind, Reason, SealClass};

use super::*;

fn profiles() -> Profiles {
    Profiles::new([]).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn in_force(id: &str, when: &str) -> Profile {
    profiles().in_force(&ProfileId(id.to_owned()), at(when)).unwrap()
}

#[test]
fn every_built_in_profile_is_complete_at_all_times() {
    for id in profiles().ids() {
        for when in [
            "1999-01-01T00:00:00Z",
            "2022-06-01T00:00:00Z",
            "2026-11-22T00:00:00Z",
            "2090-01-01T00:00:00Z",
        ] {
            let profile = profiles().in_force(id, at(when)).unwrap();
            assert!(
                !profile.filing.is_empty() && !profile.materials.is_empty(),
                "{id} {when}"
            );
            let reasons: Vec<Reason> = profile.reasons.iter().map(|row| row.reason).collect();
            assert_eq!(reasons.len(), Reason::ALL.len(), "{id}: every reason once");
            assert!(Reason::ALL.iter().all(|reason| reasons.contains(reason)), "{id}");
        }
    }
}

#[test]
fn q15_a_profile_that_is_over_leaves_its_base() {
    let before = in_force("wuhu", "2023-12-31T15:59:59Z");
    assert_eq!(before.layers, [ProfileId("wuhu".into()), ProfileId("cn".into())]);
    assert_eq!(before.late_renewal_days, 90);
    let after = in_force("wuhu", "2023-12-31T16:00:00Z"); // midnight in China
    assert_eq!(after.layers, [ProfileId("cn".into())]);
    assert_eq!(after.late_renewal_days, 0);
    let early = in_force("wuhu", "2020-12-31T15:59:59Z");
    assert_eq!(early.layers, [ProfileId("cn".into())]);
}

#[test]
fn q1_late_renewal_is_a_case_of_its_own() {
    assert_eq!(in_force("xian", "2026-01-01T00:00:00Z").late_renewal_days, 0);
    assert_eq!(in_force("wuhu", "2022-01-01T00:00:00Z").late_renewal_days, 90);
}

#[test]
fn q2_bodies_and_deadlines_differ_by_place() {
    let bodies = |id: &str, occasion| -> Vec<(FilingBody, Option<u16>)> {
        let profile = in_force(id, "2022-06-01T00:00:00Z");
        duties(&profile, occasion)
            .map(|duty| (duty.body, duty.hours_max))
            .collect()
    };
    let police = (FilingBody::PublicSecurity, Some(24));
    assert_eq!(bodies("wuhu", FilingOccasion::Made), [police]);
    assert_eq!(
        bodies("xian", FilingOccasion::Made),
        [(FilingBody::CompetentDepartment, None), police]
    );
    assert_eq!(bodies("cn", FilingOccasion::Suspended), [police]);
}

#[test]
fn q9_a_damaged_physical_seal_is_cancelled_here_and_made_anew_there() {
    let xian = in_force("xian", "2022-06-01T00:00:00Z");
    assert!(xian.allows_reason(Reason::PhysicalSealDamaged, ApplicationKind::Cancel));
    assert!(!xian.allows_reason(Reason::PhysicalSealDamaged, ApplicationKind::Change));
    let wuhu = in_force("wuhu", "2022-06-01T00:00:00Z");
    assert!(!wuhu.allows_reason(Reason::PhysicalSealDamaged, ApplicationKind::Cancel));
    assert!(wuhu.allows_reason(Reason::PhysicalSealDamaged, ApplicationKind::Change));
}

#[test]
fn q10_passwords_are_changed_after_90_days() {
    for id in profiles().ids() {
        assert_eq!(
            profiles()
                .in_force(id, at("2026-01-01T00:00:00Z"))
                .unwrap()
                .password_days_max,
            90
        );
    }
}

#[test]
fn q18_mobile_modules_and_the_internet_are_for_the_place_to_allow() {
    let north = in_force("inner-mongolia", "2026-01-01T00:00:00Z");
    assert!(!north.networks.contains(&Network::Internet) && north.dedicated_devices);
    assert!(!north.device_kinds.contains(&DeviceKind::MobileModule));
    let xian = in_force("xian", "2026-01-01T00:00:00Z");
    assert!(xian.networks.contains(&Network::Internet) && !xian.dedicated_devices);
    assert!(xian.device_kinds.contains(&DeviceKind::MobileModule));
}

#[test]
fn r22_inner_mongolia_wants_the_form_sealed() {
    let needed = |id: &str| {
        let profile = in_force(id, "2026-01-01T00:00:00Z");
        profile.needed_materials(ApplicationKind::Make, SealClass::LegalName, None)
    };
    assert!(needed("inner-mongolia").contains(&MaterialKind::SealedForm));
    assert!(!needed("cn").contains(&MaterialKind::SealedForm));
}

#[test]
fn a_refusal_cites_the_local_article_then_the_base_then_this_system() {
    let article = |id: &str, rule: u8| {
        let profile = in_force(id, "2026-01-01T00:00:00Z");
        profile.article(Rule::new(rule).unwrap()).to_string()
    };
    assert_eq!(
        article("xian", 27),
        "《西安市政务电子印章管理办法（试行）》第十九条"
    );
    assert_eq!(
        article("xian", 39),
        "《电子印章管理办法》（国办发〔2025〕33号）第十七条"
    );
    assert_eq!(article("wuhu", 27), "印信系统规则R27"); // over, and the base does not say it
    let profile = in_force("xian", "2026-01-01T00:00:00Z");
    let refusal = profile.refuse(Code::LegalNameSealExists, [("by", "S".to_owned())]);
    assert_eq!(refusal.article.profile, ProfileId("xian".into()));
}

#[test]
fn r60_months_are_calendar_months() {
    let profile = in_force("cn", "2026-01-01T00:00:00Z");
    let opens = |end: &str| profile.renewal_opens(at(end)).to_string();
    assert_eq!(opens("2027-03-15T16:00:00Z"), "2026-12-15T16:00:00Z");
    // The 31st of May in China is three months after the last day of February.
    assert_eq!(opens("2027-05-31T04:00:00Z"), "2027-02-28T04:00:00Z");
    // 2027-02-28T20:00Z is the 1st of March in China already.
    assert_eq!(opens("2027-02-28T20:00:00Z"), "2026-11-30T20:00:00Z");
}

#[test]
fn an_operators_layer_says_only_what_differs() {
    let text =
        "id = \"luan\"\nbase = \"cn\"\nregulation = \"R\"\nfirst_day = \"2026-01-01\"\nrenewal_months = 6\n";
    let own = Layer::parse(text).unwrap();
    let profiles = Profiles::new([own.clone()]).unwrap();
    let profile = profiles.in_force(&own.id, at("2026-02-01T00:00:00Z")).unwrap();
    assert_eq!((profile.renewal_months, profile.password_days_max), (6, 90));
    assert_eq!(
        Profiles::new([own.clone(), own.clone()]),
        Err(ProfileFault::Doubled(own.id))
    );
}

#[test]
fn layers_that_make_no_profile_are_refused() {
    let layer = |id: &str, base: Option<&str>| {
        let base = base
            .map(|base| format!("base = \"{base}\"\n"))
            .unwrap_or_default();
        Layer::parse(&format!(
            "id = \"{id}\"\n{base}regulation = \"R\"\nfirst_day = \"2026-01-01\"\n"
        ))
        .unwrap()
    };
    let id = |text: &str| ProfileId(text.to_owned());
    assert_eq!(
        Profiles::new([layer("a", None)]),
        Err(ProfileFault::Incomplete {
            profile: id("a"),
            field: "filing"
        })
    );
    assert_eq!(
        Profiles::new([layer("a", Some("b"))]),
        Err(ProfileFault::Unknown(id("b")))
    );
    let circle = [layer("a", Some("b")), layer("b", Some("a"))];
    assert_eq!(Profiles::new(circle), Err(ProfileFault::Circular(id("a"))));
    let misspelt = "id = \"a\"\nregulation = \"R\"\nfirst_day = \"2026-01-01\"\nrenewal_month = 6\n";
    assert!(
        matches!(Layer::parse(misspelt), Err(ProfileFault::Malformed(why)) if why.contains("renewal_month"))
    );
    assert!(matches!(Layer::parse("R0 = "), Err(ProfileFault::Malformed(_))));
    assert_eq!(
        Layer::parse(&" ".repeat(300_000)),
        Err(ProfileFault::TooLong { bytes: 300_000 })
    );
}
