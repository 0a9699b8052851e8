//! The set-up: the root of the tree and its three administrators, once, before anybody has an account.

use std::sync::Arc;

use audit::Entry;
use registry::{
    Acting, Appointment, AuthorityCommand, AuthorityFacts, AuthorityId, Digest32, IdentityNumber, Level,
    PersonCommand, PersonFacts, PersonId, ProfileId, RegionCode, Role, Scope, authority, person,
};
use store::{Account, Change, Page, PersonalData};
use zeroize::Zeroizing;

use super::act::{entries, in_order, recorded};
use super::{Error, Service};

/// The root authority.
#[derive(Clone, Debug)]
pub(crate) struct NewRoot {
    pub(crate) name: String,
    pub(crate) region: RegionCode,
    pub(crate) level: Level,
    pub(crate) profile: ProfileId,
    /// Number of the document by which its government designated it (R10).
    pub(crate) designation: String,
}

/// One of the three administrators.
#[derive(Clone)]
pub(crate) struct NewAdministrator {
    pub(crate) role: Role,
    pub(crate) account: String,
    pub(crate) password: Zeroizing<String>,
    pub(crate) name: Zeroizing<String>,
    pub(crate) identity: IdentityNumber,
}

/// What a set-up made.
#[derive(Debug)]
pub(crate) struct SetUp {
    pub(crate) authority: AuthorityId,
    pub(crate) administrators: Vec<MadeAdministrator>,
}

/// An administrator who can sign in now.
#[derive(Debug)]
pub(crate) struct MadeAdministrator {
    pub(crate) role: Role,
    pub(crate) person: PersonId,
    /// For the authenticator; shown this once.
    pub(crate) totp_address: Zeroizing<String>,
}

/// Everything about an administrator that is made before the write.
#[derive(Clone)]
struct Prepared {
    role: Role,
    person: PersonId,
    commitment: Digest32,
    data: PersonalData,
    account: Account,
}

/// The roles that a set-up gives, each once.
const ROLES: [Role; 3] = [
    Role::SystemAdministrator,
    Role::SecurityAdministrator,
    Role::AuditAdministrator,
];

impl Service {
    /// Enters the root and its administrators (R10, R66). Possible only while there is no authority.
    pub(crate) async fn set_up(
        &self,
        root: NewRoot,
        administrators: Vec<NewAdministrator>,
    ) -> Result<SetUp, Error> {
        let mut roles: Vec<Role> = administrators
            .iter()
            .map(|administrator| administrator.role)
            .collect();
        roles.sort();
        if roles != ROLES {
            return Err(Error::NotThreeAdministrators);
        }
        let now = self.outside.now();
        let id = AuthorityId(self.new_id());
        let mut prepared = Vec::new();
        let mut made = Vec::new();
        for administrator in administrators {
            let (ready, totp_address) = self.prepare(administrator).await?;
            made.push(MadeAdministrator {
                role: ready.role,
                person: ready.person,
                totp_address,
            });
            prepared.push(ready);
        }
        let profiles = Arc::clone(&self.profiles);
        let written = self.store.write(move |change| {
            let (root, prepared, profiles) = (root.clone(), prepared.clone(), Arc::clone(&profiles));
            Box::pin(async move {
                if !change.authorities_below(None, Page::first(1)).await?.is_empty() {
                    return Err(Error::SetUpBefore);
                }
                let profile = profiles.in_force(&root.profile, now)?;
                let mut log = establish_root(change, id, root, &profile, now).await?;
                for administrator in prepared {
                    log.extend(appoint(change, id, administrator, &profile, now).await?);
                }
                Ok(((), in_order(log)?))
            })
        });
        written.await?;
        Ok(SetUp {
            authority: id,
            administrators: made,
        })
    }

    async fn prepare(&self, new: NewAdministrator) -> Result<(Prepared, Zeroizing<String>), Error> {
        let entered = self.enter_person(&new.name, &new.identity);
        let (account, totp_address) = self
            .new_account(entered.person, &new.account, &new.password, self.outside.now())
            .await?;
        let prepared = Prepared {
            role: new.role,
            person: entered.person,
            commitment: entered.commitment,
            data: entered.data,
            account,
        };
        Ok((prepared, totp_address))
    }
}

async fn establish_root(
    change: &mut Change,
    id: AuthorityId,
    root: NewRoot,
    profile: &registry::Profile,
    now: jiff::Timestamp,
) -> Result<Vec<Entry>, Error> {
    let acting = Acting::service();
    let facts = AuthorityFacts {
        profile,
        acting: &acting,
        parent: None,
        lineage: &[],
        dependants: 0,
    };
    let establish = AuthorityCommand::Establish {
        id,
        parent: None,
        name: root.name,
        region: root.region,
        level: root.level,
        profile: root.profile,
    };
    let file = AuthorityCommand::FileDesignation {
        document: root.designation,
    };
    let mut log = Vec::new();
    for command in [establish, file] {
        let current = change.authority(id).await?;
        let events = authority::decide(current.state.as_ref(), &facts, &command, now)?;
        change
            .record_authority(id, current, &events, &recorded(&acting, now))
            .await?;
        log.extend(entries(&acting, id, &events, now)?);
    }
    Ok(log)
}

async fn appoint(
    change: &mut Change,
    authority: AuthorityId,
    new: Prepared,
    profile: &registry::Profile,
    now: jiff::Timestamp,
) -> Result<Vec<Entry>, Error> {
    let acting = Acting::service();
    let facts = PersonFacts {
        profile,
        acting: &acting,
        lineage: &[authority],
        identity_taken_by: change.person_by_identity(&new.data.identity).await?,
    };
    let register = PersonCommand::Register {
        id: new.person,
        commitment: new.commitment,
    };
    let appointment = Appointment {
        role: new.role,
        scope: Scope::Authority(authority),
        from: now,
        until: None,
    };
    let mut log = Vec::new();
    for command in [register, PersonCommand::Appoint { appointment }] {
        let current = change.person(new.person).await?;
        let events = person::decide(current.state.as_ref(), &facts, &command, now)?;
        change
            .record_person(new.person, current, &events, &recorded(&acting, now))
            .await?;
        log.extend(entries(&acting, new.person, &events, now)?);
    }
    change.put_personal_data(new.person, &new.data).await?;
    change.add_account(&new.account).await?;
    Ok(log)
}
