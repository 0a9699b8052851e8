//! What later verification needs: certificates and revocation data, put together while they are at hand.

use jiff::Timestamp;
use pdf::SecurityStore;
use pki::{Certificate, ContentToSign, Revocation, TimestampToken, revocation, verify_token_over};

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
            match revocation(certificate, issuer, &self.crls, at) {
                Revocation::Good { .. } => {}
                Revocation::Revoked { at, .. } => return Err(missing(format!("it was revoked at {at}"))),
                Revocation::Unknown { why } => return Err(missing(why.to_string())),
            }
            let answers = self.crls.iter().filter(|crl| {
                let answer = revocation(certificate, issuer, std::slice::from_ref(*crl), at);
                matches!(answer, Revocation::Good { .. })
            });
            let latest = answers.max_by_key(|crl| crl.this_update());
            store.crls.extend(latest.map(|crl| crl.der().to_vec()));
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
