//! People, their appointments, and their personal data, which stands apart so that it can be erased.

use gm::Digest;
use registry::{Person, PersonEvent, PersonId, Role, Scope};
use uuid::Uuid;

use crate::record::{self, Table, noun};
use crate::sql::{statements, values};
use crate::{Change, Current, Error, Page, Reader, Recorded};

const TABLE: Table<Person, PersonEvent> = Table {
    put: PUT,
    columns: |person| values![person.blocked.is_some()].to_vec(),
    apply: registry::person::apply,
};

noun!(Person, PersonEvent, PersonId, TABLE, BY_ID; person person_events person_as_of own);

/// Personal data as it is kept: sealed, and searchable by those who know what they search for.
/// [`PersonalKey`](crate::PersonalKey) makes all three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalData {
    /// Name, identity number, contact, salt of the commitment: one sealed text.
    pub sealed: Vec<u8>,
    /// Keyed digest of the identity number; nobody else has the same.
    pub identity: Digest,
    /// Keyed digest of the name.
    pub name: Digest,
}

impl Reader {
    /// The personal data of somebody, if it was not erased.
    pub async fn personal_data(&mut self, person: PersonId) -> Result<Option<PersonalData>, Error> {
        let row = self.conn().row(PERSONAL, values![person.0]).await?;
        row.map(|row| {
            Ok(PersonalData {
                sealed: row.bytes(0)?,
                identity: row.digest(1)?,
                name: row.digest(2)?,
            })
        })
        .transpose()
    }

    /// Who has the identity number with this keyed digest.
    pub async fn person_by_identity(&mut self, identity: &Digest) -> Result<Option<PersonId>, Error> {
        let row = self.conn().row(BY_IDENTITY, values![identity]).await?;
        row.map(|row| row.id(0).map(PersonId)).transpose()
    }

    /// Who has the name with this keyed digest.
    pub async fn people_by_name(
        &mut self,
        name: &Digest,
        page: Page<PersonId>,
    ) -> Result<Vec<PersonId>, Error> {
        let after = page.after.map_or(Uuid::nil(), |after| after.0);
        let rows = self
            .conn()
            .rows(BY_NAME, values![name, after, page.limit()])
            .await?;
        rows.iter().map(|row| row.id(0).map(PersonId)).collect()
    }

    /// Everybody who was ever appointed somewhere, in one role or in any; whether an appointment is in force
    /// says the state.
    pub async fn people_in(
        &mut self,
        scope: Scope,
        role: Option<Role>,
        page: Page<PersonId>,
    ) -> Result<Vec<Person>, Error> {
        let after = page.after.map_or(Uuid::nil(), |after| after.0);
        let (kind, id) = scope_columns(scope);
        match role {
            Some(role) => {
                let parameters = values![kind, id, role.name(), after, page.limit()];
                record::list(self.conn(), IN_ROLE, parameters).await
            }
            None => record::list(self.conn(), IN_SCOPE, values![kind, id, after, page.limit()]).await,
        }
    }
}

impl Change {
    /// Appends events to what was read at `current`, keeps the state that they lead to, and returns it.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when somebody else changed it since it was read.
    pub async fn record_person(
        &mut self,
        id: PersonId,
        current: Current<Person>,
        events: &[PersonEvent],
        recorded: &Recorded,
    ) -> Result<Current<Person>, Error> {
        let conn = self.conn();
        let after = record::record(conn, &TABLE, id.into(), current, events, recorded).await?;
        conn.execute(CLEAR_APPOINTMENTS, values![id.0]).await?;
        for appointment in after.state.iter().flat_map(|person| &person.appointments) {
            let (kind, scope) = scope_columns(appointment.scope);
            let parameters = values![kind, scope, appointment.role.name(), id.0];
            conn.execute(INSERT_APPOINTMENT, parameters).await?;
        }
        Ok(after)
    }

    /// Keeps somebody's personal data in the place of what was there.
    ///
    /// # Errors
    ///
    /// [`Error::Duplicate`] when somebody else has the same identity number.
    pub async fn put_personal_data(&mut self, person: PersonId, data: &PersonalData) -> Result<(), Error> {
        let parameters = values![person.0, &data.sealed, &data.identity, &data.name];
        self.conn().execute(PUT_PERSONAL, parameters).await.map(drop)
    }

    /// Erases somebody's personal data. What the log says about it is then said about nobody.
    pub async fn erase_personal_data(&mut self, person: PersonId) -> Result<(), Error> {
        self.conn()
            .execute(ERASE_PERSONAL, values![person.0])
            .await
            .map(drop)
    }
}

fn scope_columns(scope: Scope) -> (&'static str, Uuid) {
    match scope {
        Scope::Unit(id) => ("unit", id.0),
        Scope::Authority(id) => ("authority", id.0),
        Scope::System(id) => ("system", id.0),
    }
}

statements! {
    PUT = "INSERT INTO people (id, version, state, blocked) VALUES ($1, $2, $3, $5)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state,
            blocked = excluded.blocked
        WHERE people.version = $4";
    BY_ID = "SELECT version, state FROM people WHERE id = $1";
    PERSONAL = "SELECT sealed, identity, name FROM personal_data WHERE person = $1";
    BY_IDENTITY = "SELECT person FROM personal_data WHERE identity = $1";
    BY_NAME = "SELECT person FROM personal_data WHERE name = $1 AND person > $2 ORDER BY person LIMIT $3";
    PUT_PERSONAL = "INSERT INTO personal_data (person, sealed, identity, name) VALUES ($1, $2, $3, $4)
        ON CONFLICT (person) DO UPDATE SET sealed = excluded.sealed, identity = excluded.identity,
            name = excluded.name";
    ERASE_PERSONAL = "DELETE FROM personal_data WHERE person = $1";
    CLEAR_APPOINTMENTS = "DELETE FROM appointments WHERE person = $1";
    INSERT_APPOINTMENT = "INSERT INTO appointments (scope_kind, scope, role, person) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING";
    IN_ROLE = "SELECT state FROM people WHERE id IN
            (SELECT person FROM appointments WHERE scope_kind = $1 AND scope = $2 AND role = $3 AND person > $4)
        ORDER BY id LIMIT $5";
    IN_SCOPE = "SELECT state FROM people WHERE id IN
            (SELECT person FROM appointments WHERE scope_kind = $1 AND scope = $2 AND person > $3)
        ORDER BY id LIMIT $4";
}
