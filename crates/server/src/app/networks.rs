//! From where: lists of subnets that units and business systems are bound to (R7).

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use registry::{Acting, Code, Profile, Refusal, Scope, Subject};
use store::Account;

use super::act::refused;
use super::policies::UNIT_ROLES;
use super::{Error, Service};
use crate::subnet::Subnet;

/// How an address is called that a proxy did not tell.
const UNKNOWN: &str = "unknown";

/// The address, if the list does not let anything be done from there; an empty list lets everything.
pub(crate) fn elsewhere(networks: &[String], address: Option<IpAddr>) -> Option<String> {
    let holds = |text: &String| {
        let subnet: Option<Subnet> = text.parse().ok();
        subnet
            .zip(address)
            .is_some_and(|(subnet, address)| subnet.contains(address))
    };
    if networks.is_empty() || networks.iter().any(holds) {
        return None;
    }
    Some(address.map_or_else(|| UNKNOWN.to_owned(), |address| address.to_string()))
}

/// That something may not be done from there.
pub(crate) fn not_from(profile: &Profile, address: String) -> Refusal {
    profile.refuse(Code::NetworkNotAllowed, [("network", address)])
}

impl Service {
    /// Who has roles in units only, signs in from where one of them lets its people work.
    pub(crate) async fn may_sign_in_from(
        &self,
        account: &Account,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut reader = self.store.read().await?;
        let person = reader.person(account.person).await?.state;
        let held = person.iter().flat_map(|person| &person.appointments);
        let mut refused_by = None;
        for held in held.filter(|held| held.holds(now)) {
            let Scope::Unit(unit) = held.scope else {
                return Ok(());
            };
            if !UNIT_ROLES.contains(&held.role) {
                return Ok(());
            }
            let policy = reader.policy_of_unit(unit).await?;
            let networks = policy.map(|policy| policy.networks).unwrap_or_default();
            let Some(from) = elsewhere(&networks, address) else {
                return Ok(());
            };
            refused_by = Some((unit, from));
        }
        let Some((unit, from)) = refused_by else {
            return Ok(());
        };
        let unit = reader
            .unit(unit)
            .await?
            .state
            .ok_or(Error::Damaged { what: "a unit" })?;
        let authority = reader.authority(unit.authority).await?.state;
        let authority = authority.ok_or(Error::Damaged {
            what: "a unit's authority",
        })?;
        drop(reader);
        let refusal = not_from(&self.profiles.in_force(&authority.profile, now)?, from);
        self.record_refusal(&Acting::service(), account.person, ("sign_in", refusal))
            .await
    }

    /// Keeps a refusal, and gives it as the error that it is.
    pub(crate) async fn record_refusal(
        &self,
        acting: &Acting,
        subject: impl Into<Subject>,
        (command, refusal): (&'static str, Refusal),
    ) -> Result<(), Error> {
        let (id, now) = (self.new_id(), self.outside.now());
        let (subject, acting, told) = (subject.into(), acting.clone(), Arc::new(refusal.clone()));
        let written = self.store.write(move |change| {
            let (told, acting) = (Arc::clone(&told), acting.clone());
            Box::pin(async move {
                let entries = refused(change, id, &acting, subject, (command, &told), now).await?;
                Ok::<_, Error>(((), entries))
            })
        });
        written.await?;
        Err(refusal.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(networks: &[&str], address: Option<&str>, expected: Option<&str>) {
        let networks: Vec<String> = networks.iter().map(|text| (*text).to_owned()).collect();
        let address = address.map(|text| text.parse().unwrap());
        assert_eq!(elsewhere(&networks, address).as_deref(), expected);
    }

    #[test]
    fn r7_a_list_lets_in_whom_it_names_and_an_empty_one_everybody() {
        check(&[], None, None);
        check(&[], Some("192.0.2.1"), None);
        check(&["10.0.0.0/8", "192.0.2.1"], Some("192.0.2.1"), None);
        check(&["10.0.0.0/8"], Some("::ffff:10.1.2.3"), None);
        check(&["10.0.0.0/8"], Some("192.0.2.1"), Some("192.0.2.1"));
        check(&["10.0.0.0/8"], None, Some("unknown"));
        check(&["no subnet"], Some("10.0.0.1"), Some("10.0.0.1"));
    }
}
