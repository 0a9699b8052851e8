//! Applications.

use jiff::Timestamp;
use registry::application::ApplicationStatus;
use registry::{Application, ApplicationEvent, ApplicationId, AuthorityId, PersonId, SealId, UnitId};
use uuid::Uuid;

use crate::record::{self, Table, noun};
use crate::sql::{statements, values};
use crate::{Error, Page, Reader};

const TABLE: Table<Application, ApplicationEvent> = Table {
    put: PUT,
    columns: |application| {
        let unit = application.unit.map(|unit| unit.0);
        let seal = application.ask.seal().map(|seal| seal.0);
        values![
            application.authority.0,
            unit,
            application.agent.0,
            seal,
            application.ask.kind().name(),
            application.status.name(),
            application.due,
            application.holds_place(),
            application.status.is_end()
        ]
        .to_vec()
    },
    apply: registry::application::apply,
};

noun!(Application, ApplicationEvent, ApplicationId, TABLE, BY_ID;
    application application_events application_as_of record_application);

impl Reader {
    /// The applications to an authority in one status, the oldest first, as they are to be worked on.
    pub async fn applications_to_authority(
        &mut self,
        authority: AuthorityId,
        status: ApplicationStatus,
        page: Page<ApplicationId>,
    ) -> Result<Vec<Application>, Error> {
        let after = page.after.map_or(Uuid::nil(), |after| after.0);
        let parameters = values![authority.0, status.name(), after, page.limit()];
        record::list(self.conn(), TO_AUTHORITY, parameters).await
    }

    /// The applications of a unit, the newest first.
    pub async fn applications_of_unit(
        &mut self,
        unit: UnitId,
        page: Page<ApplicationId>,
    ) -> Result<Vec<Application>, Error> {
        let before = page.after.map_or(Uuid::max(), |after| after.0);
        record::list(self.conn(), OF_UNIT, values![unit.0, before, page.limit()]).await
    }

    /// The applications of an agent, the newest first.
    pub async fn applications_of_agent(
        &mut self,
        agent: PersonId,
        page: Page<ApplicationId>,
    ) -> Result<Vec<Application>, Error> {
        let before = page.after.map_or(Uuid::max(), |after| after.0);
        record::list(self.conn(), OF_AGENT, values![agent.0, before, page.limit()]).await
    }

    /// The applications about a seal, the newest first.
    pub async fn applications_about_seal(
        &mut self,
        seal: SealId,
        page: Page<ApplicationId>,
    ) -> Result<Vec<Application>, Error> {
        let before = page.after.map_or(Uuid::max(), |after| after.0);
        record::list(self.conn(), ABOUT_SEAL, values![seal.0, before, page.limit()]).await
    }

    /// The applications for a seal that hold its place already: of a unit, or of a person for themselves.
    pub async fn applications_holding_place(
        &mut self,
        unit: Option<UnitId>,
        agent: PersonId,
    ) -> Result<Vec<Application>, Error> {
        let limit = i64::from(crate::PAGE_MAX);
        match unit {
            Some(unit) => record::list(self.conn(), PLACES_OF_UNIT, values![unit.0, limit]).await,
            None => record::list(self.conn(), PLACES_OF_AGENT, values![agent.0, limit]).await,
        }
    }

    /// The applications that are open and due before an instant, the most urgent first.
    pub async fn applications_due(
        &mut self,
        before: Timestamp,
        count_max: u32,
    ) -> Result<Vec<Application>, Error> {
        record::list(self.conn(), DUE, values![before, i64::from(count_max)]).await
    }
}

statements! {
    PUT = "INSERT INTO applications (id, version, state, authority, unit, agent, seal, kind, status, due, holds_place,
            ended)
        VALUES ($1, $2, $3, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state,
            authority = excluded.authority, unit = excluded.unit, agent = excluded.agent, seal = excluded.seal,
            kind = excluded.kind, status = excluded.status, due = excluded.due,
            holds_place = excluded.holds_place, ended = excluded.ended
        WHERE applications.version = $4";
    BY_ID = "SELECT version, state FROM applications WHERE id = $1";
    TO_AUTHORITY = "SELECT state FROM applications WHERE authority = $1 AND status = $2 AND id > $3
        ORDER BY id LIMIT $4";
    OF_UNIT = "SELECT state FROM applications WHERE unit = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    OF_AGENT = "SELECT state FROM applications WHERE agent = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    ABOUT_SEAL = "SELECT state FROM applications WHERE seal = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    PLACES_OF_UNIT = "SELECT state FROM applications WHERE unit = $1 AND holds_place = 1 ORDER BY id LIMIT $2";
    PLACES_OF_AGENT = "SELECT state FROM applications WHERE agent = $1 AND unit IS NULL AND holds_place = 1
        ORDER BY id LIMIT $2";
    DUE = "SELECT state FROM applications WHERE ended = 0 AND due < $1 ORDER BY due, id LIMIT $2";
}
