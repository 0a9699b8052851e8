//! Certification paths: from a certificate to a trust anchor (RFC 5280 §6), every fact reported on its own.

use jiff::Timestamp;

use crate::path_rules::faults_along;
use crate::{Algorithm, Certificate, PathCache, PathFault, TrustStore, foreign_key, is_signed_by_foreign};

/// Most certificates of a path, leaf and anchor included.
pub const PATH_CERTIFICATES_MAX: usize = 10;
/// Most signatures that are looked at to build one path, those answered by the cache included.
pub const PATH_SIGNATURES_MAX: usize = 64;

/// What the leaf of a path is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Signs seals (制章者). Needs digitalSignature or nonRepudiation when there is a key usage.
    SealMaker,
    /// Signs documents (签章者). Needs the same.
    Signer,
    /// Signs timestamps. Needs the same, and timeStamping as its only extended key usage (RFC 3161 §2.3).
    Timestamping,
}

/// A question to [`validate`].
#[derive(Clone, Copy, Debug)]
pub struct PathQuery<'a> {
    /// The certificate whose path is wanted.
    pub leaf: &'a Certificate,
    /// What it is used for.
    pub purpose: Purpose,
    /// The time at which all certificates have to be valid.
    pub at: Timestamp,
    /// Where a path may end.
    pub trust: &'a TrustStore,
    /// Further certificates to build it with; nothing in them is trusted.
    pub intermediates: &'a [Certificate],
}

/// What [`validate`] found.
#[derive(Clone, Debug)]
pub struct PathReport {
    /// The proof; there is one exactly when there are no faults.
    pub path: Option<VerifiedPath>,
    /// Everything that is wrong with the best path, from the leaf upwards.
    pub faults: Vec<PathFault>,
    /// The best path, leaf first: the verified one, or the one that came nearest.
    pub chain: Vec<Certificate>,
}

/// A path that was verified: only [`validate`] makes one.
///
/// Revocation is not part of it: see [`revocation`](crate::revocation).
#[derive(Clone, Debug)]
pub struct VerifiedPath {
    chain: Vec<Certificate>,
    purpose: Purpose,
    at: Timestamp,
}

impl VerifiedPath {
    /// The certificate it is about.
    pub fn leaf(&self) -> &Certificate {
        &self.chain[0]
    }

    /// Leaf first, anchor last; a leaf that is an anchor stands alone.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The anchor it ends in.
    pub fn anchor(&self) -> &Certificate {
        &self.chain[self.chain.len() - 1]
    }

    /// The time at which it was verified to be valid.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// What the leaf may be used for.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }
}

/// Looks for a path from the leaf to an anchor and judges it.
///
/// Every certificate whose subject is the issuer's name is tried, anchors and those with the right key identifier
/// first; a step upwards needs a signature that holds. The first path without a fault is the answer; without one,
/// the path that came farthest (one that reaches an anchor, else the longest) with the fewest faults, and all of
/// its faults.
///
/// An anchor is trusted by its name and key: its issuer, signature, key usage and unknown extensions are not looked
/// at, but its own validity, basic constraints and name constraints are. A leaf that is an anchor is accepted as
/// it is, if valid and fit for the purpose; it must be a CA to issue other certificates.
///
/// The work is bounded by [`PATH_CERTIFICATES_MAX`] and [`PATH_SIGNATURES_MAX`]; no name with the same key stands
/// twice below the anchor.
pub fn validate(query: &PathQuery<'_>, cache: &PathCache) -> PathReport {
    let mut search = Search {
        query,
        cache,
        signatures_left: PATH_SIGNATURES_MAX,
        exhausted: false,
        best: None,
    };
    search.extend(&mut vec![query.leaf.clone()]);
    let exhausted = search.exhausted;
    let Some(mut best) = search.best else {
        unreachable!("every search records at least the path that is the leaf alone");
    };
    if exhausted && !best.is_proof() {
        let limit = too_many_signatures(&best.chain[best.chain.len() - 1]);
        if best.faults.last() != Some(&limit) {
            best.faults.push(limit);
        }
    }
    let path = best.is_proof().then(|| VerifiedPath {
        chain: best.chain.clone(),
        purpose: query.purpose,
        at: query.at,
    });
    PathReport {
        path,
        faults: best.faults,
        chain: best.chain,
    }
}

fn too_many_signatures(reached: &Certificate) -> PathFault {
    let what = "signatures to check";
    PathFault::LimitReached {
        certificate: reached.clone(),
        what,
        max: PATH_SIGNATURES_MAX,
    }
}

/// A depth-first search over issuers.
struct Search<'a> {
    query: &'a PathQuery<'a>,
    cache: &'a PathCache,
    signatures_left: usize,
    /// A signature was not checked because none were left.
    exhausted: bool,
    best: Option<Attempt>,
}

/// A path that cannot be extended, with everything that is wrong with it.
struct Attempt {
    chain: Vec<Certificate>,
    anchored: bool,
    faults: Vec<PathFault>,
}

impl Attempt {
    fn is_proof(&self) -> bool {
        self.anchored && self.faults.is_empty()
    }

    /// Larger is better.
    fn rank(&self) -> (bool, usize, std::cmp::Reverse<usize>) {
        // Of paths that reach an anchor, the length does not matter.
        let length = if self.anchored { 0 } else { self.chain.len() };
        (self.anchored, length, std::cmp::Reverse(self.faults.len()))
    }
}

impl Search<'_> {
    /// Follows all ways upwards from the end of `chain`. True when a path without fault was found.
    fn extend(&mut self, chain: &mut Vec<Certificate>) -> bool {
        let Some(last) = chain.last().cloned() else {
            return false;
        };
        if self.query.trust.contains(&last) {
            return self.record(chain, None);
        }
        if let Algorithm::Other(algorithm) = last.signature_algorithm()
            && !self.query.trust.takes_foreign()
        {
            return self.record(
                chain,
                Some(PathFault::AlgorithmUnknown {
                    certificate: last,
                    algorithm,
                }),
            );
        }
        let mut steps = 0;
        let mut refused = None;
        for issuer in self.candidates(&last, chain) {
            if !self.is_signed_by(&last, &issuer) {
                refused = refused.or(Some(issuer));
                continue;
            }
            steps += 1;
            if chain.len() == PATH_CERTIFICATES_MAX {
                let what = "certificates";
                let fault = PathFault::LimitReached {
                    certificate: last,
                    what,
                    max: PATH_CERTIFICATES_MAX,
                };
                return self.record(chain, Some(fault));
            }
            chain.push(issuer);
            let found = self.extend(chain);
            chain.pop();
            if found {
                return true;
            }
        }
        steps == 0 && {
            let fault = self.dead_end(last, refused);
            self.record(chain, Some(fault))
        }
    }

    /// Those that may have issued `last`: of its issuer's name, not yet in `chain`, the likely ones first.
    fn candidates(&self, last: &Certificate, chain: &[Certificate]) -> Vec<Certificate> {
        // An anchor ends the path, so only for the others a repeated name and key means a loop.
        let anchors = self
            .query
            .trust
            .named(last.issuer())
            .filter(|anchor| !chain.contains(anchor));
        let known = self.query.intermediates.iter().filter(|known| {
            known.subject() == last.issuer() && !chain.iter().any(|other| is_same_holder(other, known))
        });
        let mut candidates: Vec<Certificate> = Vec::new();
        for candidate in anchors.chain(known) {
            if !candidates.contains(candidate) {
                candidates.push(candidate.clone());
            }
        }
        candidates.sort_by_key(|candidate| contradicts(last, candidate));
        candidates
    }

    fn is_signed_by(&mut self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let key = issuer.public_key();
        if key.is_err() && !self.query.trust.takes_foreign() {
            return false;
        }
        if self.signatures_left == 0 {
            self.exhausted = true;
            return false;
        }
        self.signatures_left -= 1;
        match key {
            Ok(key) => self.cache.is_signed_with(certificate, key),
            Err(_) => is_signed_by_foreign(certificate, issuer) == Some(true),
        }
    }

    /// Why there is no way up from `last`; `refused` bears the issuer's name but did not sign it.
    fn dead_end(&mut self, last: Certificate, refused: Option<Certificate>) -> PathFault {
        let own = last.is_self_issued().then(|| last.clone());
        if own.as_ref().is_some_and(|own| self.is_signed_by(&last, own)) {
            return PathFault::UntrustedSelfSigned { certificate: last };
        }
        if let Algorithm::Other(algorithm) = last.signature_algorithm()
            && refused
                .as_ref()
                .is_some_and(|issuer| is_signed_by_foreign(&last, issuer).is_none())
        {
            return PathFault::AlgorithmUnknown {
                certificate: last,
                algorithm,
            };
        }
        if self.exhausted {
            // The right issuer may be among those that were not tried: accuse nobody.
            return too_many_signatures(&last);
        }
        // A namesake with another key identifier never claimed to have signed it: the right one is missing.
        let accused = refused.or(own).filter(|issuer| !contradicts(&last, issuer));
        match accused {
            None => {
                let issuer = last.issuer().clone();
                PathFault::NoIssuer {
                    certificate: last,
                    issuer,
                }
            }
            Some(issuer) => match issuer.public_key() {
                Err(fault) => PathFault::BadPublicKey {
                    fault: *fault,
                    certificate: issuer,
                },
                Ok(_) => PathFault::SignatureInvalid {
                    certificate: last,
                    issuer,
                },
            },
        }
    }

    /// Judges the path and keeps it if it is the best so far. True when nothing is wrong with it.
    fn record(&mut self, chain: &[Certificate], end: Option<PathFault>) -> bool {
        let anchored = end.is_none();
        let mut faults = faults_along(chain, self.query, anchored);
        if let Some(end) = end.filter(|end| !faults.contains(end)) {
            faults.push(end);
        }
        let attempt = Attempt {
            chain: chain.to_vec(),
            anchored,
            faults,
        };
        let found = attempt.is_proof();
        if self.best.as_ref().is_none_or(|best| attempt.rank() > best.rank()) {
            self.best = Some(attempt);
        }
        found
    }
}

/// Whether both certify the same name and key.
fn is_same_holder(one: &Certificate, other: &Certificate) -> bool {
    let same_key = match (one.public_key(), other.public_key()) {
        (Err(_), Err(_)) => foreign_key(one) == foreign_key(other),
        (one, other) => one == other,
    };
    one.subject() == other.subject() && same_key
}

/// Whether the key identifiers say that `issuer` did not issue `certificate`.
fn contradicts(certificate: &Certificate, issuer: &Certificate) -> bool {
    match (
        certificate.authority_key_identifier(),
        issuer.subject_key_identifier(),
    ) {
        (Some(wanted), Some(found)) => wanted != found,
        _ => false,
    }
}
