//! API clients: the business systems that call the service, each with the certificate that it signs with.

use gm::Digest;
use jiff::Timestamp;
use registry::SystemId;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::sql::{Row, statements, values};
use crate::{Change, Error, Page, Reader, record};

/// A business system as an API client.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiClient {
    /// Its identifier, which grants name.
    pub id: SystemId,
    /// Its name.
    pub name: String,
    /// SM3 over the DER of the certificate that it signs or connects with; nobody else has the same.
    pub certificate: Digest,
    /// What the service needs: the certificate, networks, limits.
    pub facts: Json,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// Since when it may not call any more.
    pub blocked_at: Option<Timestamp>,
}

impl Reader {
    /// An API client.
    pub async fn api_client(&mut self, id: SystemId) -> Result<Option<ApiClient>, Error> {
        let row = self.conn().row(BY_ID, values![id.0]).await?;
        row.as_ref().map(client_of).transpose()
    }

    /// The API client with a certificate, by the SM3 over its DER.
    pub async fn api_client_by_certificate(
        &mut self,
        certificate: &Digest,
    ) -> Result<Option<ApiClient>, Error> {
        let row = self.conn().row(BY_CERTIFICATE, values![certificate]).await?;
        row.as_ref().map(client_of).transpose()
    }

    /// All API clients, in the order of their registration.
    pub async fn api_clients(&mut self, page: Page<SystemId>) -> Result<Vec<ApiClient>, Error> {
        let after = page.after.map_or(Uuid::nil(), |after| after.0);
        let rows = self.conn().rows(ALL, values![after, page.limit()]).await?;
        rows.iter().map(client_of).collect()
    }
}

impl Change {
    /// Registers an API client, or puts what is given in the place of what was.
    ///
    /// # Errors
    ///
    /// [`Error::Duplicate`] when another client has the certificate.
    pub async fn put_api_client(&mut self, client: &ApiClient) -> Result<(), Error> {
        let facts = client.facts.to_string();
        let parameters = values![
            client.id.0,
            &client.name,
            &client.certificate,
            &facts,
            client.registered_at,
            client.blocked_at
        ];
        self.conn().execute(PUT, parameters).await.map(drop)
    }
}

fn client_of(row: &Row) -> Result<ApiClient, Error> {
    Ok(ApiClient {
        id: SystemId(row.id(0)?),
        name: row.text(1)?,
        certificate: row.digest(2)?,
        facts: record::json(row, 3, "an API client")?,
        registered_at: row.time(4)?,
        blocked_at: row.opt_time(5)?,
    })
}

statements! {
    BY_ID = "SELECT id, name, certificate, facts, registered_at, blocked_at FROM api_clients WHERE id = $1";
    BY_CERTIFICATE = "SELECT id, name, certificate, facts, registered_at, blocked_at FROM api_clients
        WHERE certificate = $1";
    ALL = "SELECT id, name, certificate, facts, registered_at, blocked_at FROM api_clients WHERE id > $1
        ORDER BY id LIMIT $2";
    PUT = "INSERT INTO api_clients (id, name, certificate, facts, registered_at, blocked_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, certificate = excluded.certificate,
            facts = excluded.facts, blocked_at = excluded.blocked_at";
}
