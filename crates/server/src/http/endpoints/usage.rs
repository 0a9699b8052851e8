//! Endpoints of the use of seals: documents, policies, requests with their approvals, stamping, grants, clients.

use super::Endpoint;

pub(super) const ENDPOINTS: &[Endpoint] = &[];
