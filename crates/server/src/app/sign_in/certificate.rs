//! An SM2 certificate as second factor: a challenge of this installation is signed with the certificate's key.
//!
//! Challenges are not kept: each carries its end and a keyed digest, so that asking for them costs nothing and fills
//! nothing. One that opened a session is remembered until it ends, and serves no second time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gm::{Digest, Signature, Verifier as _, sm3};
use jiff::Timestamp;
use pki::{Certificate, Purpose};
use serde_json::Map;
use store::{Account, Entries};
use subtle::ConstantTimeEq as _;

use super::{SignInFault, later, person_acting};
use crate::app::act::{Caller, entry};
use crate::app::{Error, Service};

/// How long a challenge can be answered.
const CHALLENGE_SECONDS: u64 = 120;
/// End in Unix seconds, random bytes.
const CHALLENGE_HEAD_BYTES: usize = 8 + 16;
/// Most bytes of a certificate that is looked at.
const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;

/// What is to be signed, and until when.
#[derive(Debug)]
pub(crate) struct Challenge {
    pub(crate) text: String,
    /// The installation, which is signed along: an answer serves nowhere else.
    pub(crate) origin: String,
    pub(crate) ends_at: Timestamp,
}

/// An answer to a challenge.
pub(crate) struct Proof {
    /// In DER.
    pub(crate) certificate: Vec<u8>,
    pub(crate) challenge: String,
    /// SM2 with SM3 under the default identity, over [`message`].
    pub(crate) signature: Vec<u8>,
}

/// What an answer is given for, so that none serves for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProofOf {
    /// "sign-in".
    SignIn,
    /// "certificate": the certificate is to open the account from now on.
    Certificate,
}

/// An answer that holds.
#[derive(Clone, Debug)]
pub(super) struct Proved {
    /// SM3 of the certificate's DER.
    pub(super) certificate: Digest,
    pub(super) challenge: String,
    pub(super) ends_at: Timestamp,
}

/// What is signed: four lines, the last one without an end.
pub(crate) fn message(origin: &str, purpose: ProofOf, account: &str, challenge: &str) -> String {
    let purpose = match purpose {
        ProofOf::SignIn => "sign-in",
        ProofOf::Certificate => "certificate",
    };
    format!("yinxin {purpose}\n{origin}\n{account}\n{challenge}")
}

impl Service {
    /// A new challenge.
    pub(crate) fn challenge(&self) -> Challenge {
        let ends_at = later(self.outside.now(), CHALLENGE_SECONDS);
        let mut bytes = ends_at.as_second().to_be_bytes().to_vec();
        bytes.extend(self.outside.random::<16>());
        let tag = self.challenge_tag(&bytes);
        bytes.extend(tag.0);
        Challenge {
            text: URL_SAFE_NO_PAD.encode(bytes),
            origin: self.config.audit.origin.clone(),
            ends_at,
        }
    }

    fn challenge_tag(&self, head: &[u8]) -> Digest {
        self.personal.digest("sign-in challenge", &hex::encode(head))
    }

    /// When a challenge of this installation ends; none for one of others, or one that is over.
    fn challenge_end(&self, text: &str, now: Timestamp) -> Option<Timestamp> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (head, tag) = bytes.split_at_checked(CHALLENGE_HEAD_BYTES)?;
        let is_ours = bool::from(self.challenge_tag(head).0.ct_eq(tag));
        let ends_at = Timestamp::from_second(i64::from_be_bytes(*head.first_chunk()?)).ok()?;
        (is_ours && now < ends_at).then_some(ends_at)
    }

    /// Checks an answer: our challenge in time, the signature, and last the certificate's path, for signing.
    ///
    /// # Errors
    ///
    /// [`SignInFault::Wrong`], or [`SignInFault::Certificate`] when the signature holds and the certificate does not.
    pub(super) fn proved(
        &self,
        account: &str,
        (purpose, proof): (ProofOf, &Proof),
        now: Timestamp,
    ) -> Result<Proved, SignInFault> {
        let ends_at = self
            .challenge_end(&proof.challenge, now)
            .ok_or(SignInFault::Wrong)?;
        if proof.certificate.len() > CERTIFICATE_BYTES_MAX {
            return Err(SignInFault::Wrong);
        }
        let certificate = Certificate::read(&proof.certificate).map_err(|_| SignInFault::Wrong)?;
        let key = certificate.public_key().map_err(|_| SignInFault::Wrong)?;
        let (signature, _) = Signature::read(&proof.signature).map_err(|_| SignInFault::Wrong)?;
        let message = message(&self.config.audit.origin, purpose, account, &proof.challenge);
        key.verify(message.as_bytes(), &signature)
            .map_err(|_| SignInFault::Wrong)?;
        self.verifier
            .proved_path(&certificate, Purpose::Signer, now)
            .map_err(|_| SignInFault::Certificate)?;
        Ok(Proved {
            certificate: sm3(certificate.der()),
            challenge: proof.challenge.clone(),
            ends_at,
        })
    }

    /// From now on, the certificate opens the account of whoever asks, in place of the one-time code.
    pub(crate) async fn set_certificate(&self, caller: &Caller, proof: &Proof) -> Result<(), Error> {
        let now = self.outside.now();
        let account = self.own_account(caller).await?;
        let proved = self.proved(&account.name, (ProofOf::Certificate, proof), now)?;
        let digest = proved.certificate;
        self.keep_certificate(account, Some(proved), now)
            .await
            .map_err(|error| match error {
                // The certificate opens another account.
                Error::Store(store::Error::Duplicate { .. }) => SignInFault::CertificateTaken.into(),
                error => error,
            })?;
        tracing::info!(certificate = %digest, "a certificate opens an account");
        Ok(())
    }

    /// No certificate opens the account of whoever asks any more.
    pub(crate) async fn remove_certificate(&self, caller: &Caller) -> Result<(), Error> {
        let account = self.own_account(caller).await?;
        if account.certificate.is_none() {
            return Err(Error::NotFound { what: "certificate" });
        }
        self.keep_certificate(account, None, self.outside.now()).await
    }

    async fn own_account(&self, caller: &Caller) -> Result<Account, Error> {
        let account = self.store.read().await?.account(caller.account).await?;
        account.ok_or(Error::NotFound { what: "account" })
    }

    async fn keep_certificate(
        &self,
        account: Account,
        proved: Option<Proved>,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.store
            .write(move |change| {
                let (account, proved) = (account.clone(), proved.clone());
                Box::pin(async move {
                    if let Some(proved) = &proved {
                        use_up(change, &account, proved).await?;
                    }
                    let digest = proved.map(|proved| proved.certificate);
                    change.set_certificate(account.id, digest.as_ref()).await?;
                    let details = digest.map(|digest| ("certificate".to_owned(), digest.to_string().into()));
                    let act = match digest {
                        Some(_) => "account.certificate_set",
                        None => "account.certificate_removed",
                    };
                    let acting = person_acting(account.person);
                    let log = entry(&acting, act, account.person, Map::from_iter(details), now);
                    Ok::<_, Error>(((), Entries::from(log)))
                })
            })
            .await
    }
}

/// Each challenge serves once.
pub(super) async fn use_up(
    change: &mut store::Change,
    account: &Account,
    proved: &Proved,
) -> Result<(), Error> {
    match change
        .note_nonce(account.id, &proved.challenge, proved.ends_at)
        .await?
    {
        true => Ok(()),
        false => Err(SignInFault::Wrong.into()),
    }
}
