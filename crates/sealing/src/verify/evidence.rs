//! What later verification needs: certificates and revocation data, put together while they are at hand.

use jiff::Timestamp;
use pdf::SecurityStore;
use pki::{
    Certificate, ContentToSign, OcspResponse, Revocation, TimestampToken, revocation, revocation_by,
    verify_token_over,
};

use super::Verifier;
use crate::pdf_refusal::PdfSealError;

impl Verifier {
    /// The certificates of a verified path, and what shows that none below the anchor was revoked at `at`.
    pub(crate) fn evidence_of(
        &self,
        chain: &[Certificate],
        at: Timestamp,
    ) -> Result<SecurityStore, PdfSealError> {
        let mut store = SecurityStore {
            certificates: chain
                .iter()
                .map(|certificate| certificate.der().to_vec())
                .collect(),
            ..SecurityStore::default()
        };
        for pair in chain.windows(2) {
            let [certificate, issuer] = pair else { continue };
            let missing = |why: String| PdfSealError::EvidenceMissing {
                subject: certificate.subject().to_string(),
                why,
            };
            match self.lists().ask(certificate, issuer, at) {
                Revocation::Good { .. } => {}
                Revocation::Revoked { at, .. } => return Err(missing(format!("it was revoked at {at}"))),
                Revocation::Unknown { why } => return Err(missing(why.to_string())),
            }
            let answers = self.crls.iter().filter(|crl| {
                let answer = revocation(certificate, issuer, std::slice::from_ref(*crl), at);
                matches!(answer, Revocation::Good { .. })
            });
            let latest = answers.max_by_key(|crl| crl.this_update());
            if let Some(crl) = latest {
                store.crls.push(crl.der().to_vec());
                continue;
            }
            // No list answers alone, so a response does, with what may revoke its responder.
            let is_good = |response: &&OcspResponse| {
                let one = std::slice::from_ref(*response);
                let answer = revocation_by(certificate, issuer, &self.crls, one, at);
                matches!(answer, Revocation::Good { .. })
            };
            let response = self.responses.iter().find(is_good);
            store
                .ocsps
                .extend(response.map(|response| response.der().to_vec()));
        }
        Ok(store)
    }

    /// The same for the authority of a timestamp, which has to be trusted.
    pub(crate) fn evidence_of_timestamp(
        &self,
        token: &[u8],
        stamped: ContentToSign<'_>,
    ) -> Result<SecurityStore, PdfSealError> {
        let refuse = |why: String| PdfSealError::TimestampNotProved(why);
        let token = TimestampToken::read(token).map_err(|error| refuse(error.to_string()))?;
        let trust = self.trust.tsa.clone().with_foreign_algorithms();
        let report = verify_token_over(&token, stamped, &trust, &self.intermediates, &self.paths);
        match report.verified() {
            Some(verified) => self.evidence_of(verified.path().chain(), verified.gen_time()),
            None => {
                let faults: Vec<String> = report.faults().iter().map(ToString::to_string).collect();
                Err(refuse(faults.join("; ")))
            }
        }
    }
}
