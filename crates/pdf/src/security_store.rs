//! The document security store: certificates and revocation data that were added for later verification
//! (ISO 32000-2 §12.8.4.3, ETSI EN 319 142-1 §5.4.2.2).

use crate::document::Document;
use crate::error::{Error, limit};
use crate::limits::SECURITY_STORE_ENTRIES_MAX;
use crate::object::{Dictionary, Object};

/// What the store holds, each as DER; nothing of it is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityStore {
    /// Certificates.
    pub certificates: Vec<Vec<u8>>,
    /// Certificate revocation lists.
    pub crls: Vec<Vec<u8>>,
    /// OCSP responses.
    pub ocsps: Vec<Vec<u8>>,
}

impl SecurityStore {
    /// Adds what another one holds.
    pub fn extend(&mut self, other: Self) {
        self.certificates.extend(other.certificates);
        self.crls.extend(other.crls);
        self.ocsps.extend(other.ocsps);
    }
}

/// The store of a document; empty when there is none. Entries that cannot be decoded are left out.
pub fn security_store(document: &Document<'_>) -> Result<SecurityStore, Error> {
    let catalog = document.catalog()?;
    let store = document.get(&catalog, "DSS")?;
    let Some(store) = store.as_ref().and_then(|store| store.as_dictionary()) else {
        return Ok(SecurityStore::default());
    };
    Ok(SecurityStore {
        certificates: streams(document, store, "Certs")?,
        crls: streams(document, store, "CRLs")?,
        ocsps: streams(document, store, "OCSPs")?,
    })
}

fn streams(document: &Document<'_>, store: &Dictionary, key: &str) -> Result<Vec<Vec<u8>>, Error> {
    let Some(list) = document.get(store, key)? else {
        return Ok(Vec::new());
    };
    let list = list.as_array().unwrap_or_default();
    limit(
        list.len(),
        SECURITY_STORE_ENTRIES_MAX,
        "entries of the security store",
    )?;
    let decoded = list
        .iter()
        .filter_map(|entry| match &*document.resolve(entry).ok()? {
            Object::Stream(stream) => document.decoded(stream).ok(),
            _ => None,
        });
    Ok(decoded.collect())
}
