//! Reminders: what is going to be too late, and since when somebody is told so.
//!
//! A reminder is no state of its own: it follows from a seal, a filing, a use or a date, so that it ends by itself
//! when what it asks for was done.

use jiff::{SignedDuration, Timestamp};

use crate::filing::Filing;
use crate::profile::{Profile, days_after};
use crate::refusal::{Language, Rule};
use crate::seal::{SealRecord, SealStatus};
use crate::usage::{UseRequest, UseStatus};

/// Days before a password or a PIN is too old.
const PASSWORD_DAYS: i64 = 14;
/// Days before a certificate of a maker or a business system ends.
const CERTIFICATE_DAYS: i64 = 30;
/// Days before an approval that was not used lapses.
const APPROVAL_DAYS: i64 = 3;

/// What somebody is reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReminderKind {
    /// The renewal of a seal is open, and its period ends (R60).
    SealRenewal,
    /// The protection password of a seal becomes too old (R45).
    PinAge,
    /// The password of an account becomes too old (R45).
    PasswordAge,
    /// The certificate of a business system ends (R76).
    ClientCertificate,
    /// The certificate that seals are made with ends (R29).
    MakerCertificate,
    /// A filing was not accepted within its deadline (R39).
    FilingOverdue,
    /// An approval was not used and is going to lapse (R51).
    ApprovalLapsing,
}

/// A reminder that is due to be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Of what.
    pub kind: ReminderKind,
    /// When it is too late.
    pub due: Timestamp,
}

impl ReminderKind {
    /// All kinds.
    pub const ALL: [ReminderKind; 7] = [
        ReminderKind::SealRenewal,
        ReminderKind::PinAge,
        ReminderKind::PasswordAge,
        ReminderKind::ClientCertificate,
        ReminderKind::MakerCertificate,
        ReminderKind::FilingOverdue,
        ReminderKind::ApprovalLapsing,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            ReminderKind::SealRenewal => "seal_renewal",
            ReminderKind::PinAge => "pin_age",
            ReminderKind::PasswordAge => "password_age",
            ReminderKind::ClientCertificate => "client_certificate",
            ReminderKind::MakerCertificate => "maker_certificate",
            ReminderKind::FilingOverdue => "filing_overdue",
            ReminderKind::ApprovalLapsing => "approval_lapsing",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<ReminderKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The requirement that it serves.
    pub fn rule(self) -> Rule {
        match self {
            ReminderKind::SealRenewal => const { Rule::new(60).unwrap() },
            ReminderKind::PinAge | ReminderKind::PasswordAge => const { Rule::new(45).unwrap() },
            ReminderKind::ClientCertificate => const { Rule::new(76).unwrap() },
            ReminderKind::MakerCertificate => const { Rule::new(29).unwrap() },
            ReminderKind::FilingOverdue => const { Rule::new(39).unwrap() },
            ReminderKind::ApprovalLapsing => const { Rule::new(51).unwrap() },
        }
    }

    /// What is to be done, for a person.
    pub fn advice(self, language: Language) -> &'static str {
        let (zh, en) = match self {
            ReminderKind::SealRenewal => (
                "印章即将到期，续期已开放：请经办人申请续期",
                "the seal's period ends and its renewal is open: have the agent apply for it",
            ),
            ReminderKind::PinAge => (
                "印章保护口令即将超过规定期限：请保管人更换",
                "the seal's PIN becomes too old: its custodian should change it",
            ),
            ReminderKind::PasswordAge => (
                "账户口令即将超过规定期限：请在登录时更换",
                "the account's password becomes too old: change it with the next sign-in",
            ),
            ReminderKind::ClientCertificate => (
                "业务系统的证书即将到期：请登记新证书",
                "the certificate of a business system ends: have a new one entered",
            ),
            ReminderKind::MakerCertificate => (
                "制章用的证书即将到期：请更换后再制章",
                "a certificate that seals are made with ends: replace it",
            ),
            ReminderKind::FilingOverdue => (
                "备案已超过期限：请查明原因并尽快备案",
                "a filing is overdue: find out why, and have it accepted",
            ),
            ReminderKind::ApprovalLapsing => (
                "已批准的用印即将失效：请尽快盖章",
                "an approval lapses unless it is used: seal soon",
            ),
        };
        match language {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    /// The reminder of something that is too late at `due`, if it is time to raise it.
    fn at(self, due: Timestamp, days: i64, now: Timestamp) -> Option<Reminder> {
        let ahead = SignedDuration::from_hours(days * 24);
        let opens = due.checked_sub(ahead).unwrap_or(Timestamp::MIN);
        (opens <= now).then_some(Reminder { kind: self, due })
    }
}

/// What a seal's record reminds of.
pub fn of_seal(profile: &Profile, seal: &SealRecord, now: Timestamp) -> Vec<Reminder> {
    let live = matches!(seal.status, SealStatus::Active | SealStatus::Suspended);
    let Some(edition) = seal.edition().filter(|_| live) else {
        return Vec::new();
    };
    let open = profile.renewal_opens(edition.not_after) <= now;
    let renewal = open.then_some(Reminder {
        kind: ReminderKind::SealRenewal,
        due: edition.not_after,
    });
    let oldest = days_after(seal.pin.changed_at, profile.password_days_max);
    let due = if seal.pin.must_change {
        seal.pin.changed_at
    } else {
        oldest
    };
    let pin = ReminderKind::PinAge.at(due, PASSWORD_DAYS, now);
    renewal.into_iter().chain(pin).collect()
}

/// That the deadline of a filing is over.
pub fn of_filing(filing: &Filing, now: Timestamp) -> Option<Reminder> {
    let due = filing.due.filter(|_| filing.overdue(now))?;
    Some(Reminder {
        kind: ReminderKind::FilingOverdue,
        due,
    })
}

/// That an approved request lapses.
pub fn of_use(request: &UseRequest, now: Timestamp) -> Option<Reminder> {
    let lapses = request
        .lapses_at
        .filter(|_| request.status == UseStatus::Approved)?;
    ReminderKind::ApprovalLapsing.at(lapses, APPROVAL_DAYS, now)
}

/// That a password which may be used until then becomes too old.
pub fn of_password(until: Timestamp, now: Timestamp) -> Option<Reminder> {
    ReminderKind::PasswordAge.at(until, PASSWORD_DAYS, now)
}

/// That a certificate of a business system ends.
pub fn of_client(not_after: Timestamp, now: Timestamp) -> Option<Reminder> {
    ReminderKind::ClientCertificate.at(not_after, CERTIFICATE_DAYS, now)
}

/// That a certificate ends with which seals are made.
pub fn of_maker(not_after: Timestamp, now: Timestamp) -> Option<Reminder> {
    ReminderKind::MakerCertificate.at(not_after, CERTIFICATE_DAYS, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_their_names_and_speak_both_languages() {
        for kind in ReminderKind::ALL {
            assert_eq!(ReminderKind::named(kind.name()), Some(kind));
            assert_ne!(kind.advice(Language::Zh), kind.advice(Language::En));
        }
        assert_eq!(ReminderKind::named("tea"), None);
    }

    #[test]
    fn a_reminder_is_raised_so_many_days_ahead_and_stays() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let due = time("2026-07-15T00:00:00Z");
        assert_eq!(of_password(due, time("2026-06-30T23:59:59Z")), None);
        for at in ["2026-07-01T00:00:00Z", "2026-07-20T00:00:00Z"] {
            let kind = ReminderKind::PasswordAge;
            assert_eq!(of_password(due, time(at)), Some(Reminder { kind, due }));
        }
        assert_eq!(of_client(due, time("2026-06-14T23:59:59Z")), None);
        assert!(of_client(due, time("2026-06-15T00:00:00Z")).is_some());
    }
}
