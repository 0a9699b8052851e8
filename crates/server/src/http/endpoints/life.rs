//! Endpoints of the life of a seal: units, people, applications, making, filing, the seals themselves.

use super::Endpoint;

pub(super) const ENDPOINTS: &[Endpoint] = &[];
