//! One signed value (SignedValue.dat): seal-signature data, a signed message, or a bare signature.

use jiff::{SignedDuration, Timestamp};
use pki::{
    Certificate, ContentToSign, FileBinding, PathQuery, PathReport, Purpose, SignedData, TimestampToken,
    validate,
};
use ses::{
    Covers, CriticalExtension, DataHashCheck, Listed, Moment, Original, Period, PictureFault, Seal,
    SealContext, SealFacts, SealFault, SealSignature, SignatureCheck, SignatureFacts, check_seal,
    check_signature,
};

use super::Verifier;
use super::paths::{
    encoding_of, judge_encoding, judge_path, judge_revocation, judge_signer, judge_timestamp,
    judge_timestamp_revocation,
};
use crate::code::{Check, Code};
use crate::report::{CertificateSummary, Findings, SealSummary, SignatureKind, TimeSource};

/// How far a timestamp may lie before the claimed time, and a claimed time after the time of verification:
/// clocks differ.
pub(super) const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(10);

/// What a signed value proves.
pub(super) struct Judged {
    pub(super) findings: Findings,
    pub(super) kind: SignatureKind,
    pub(super) signed_at: Option<Timestamp>,
    pub(super) time_source: TimeSource,
    pub(super) sealer: Option<Certificate>,
    pub(super) seal: Option<Seal>,
    pub(super) property_info: Option<String>,
}

impl Judged {
    pub(super) fn nothing(kind: SignatureKind) -> Self {
        Self {
            findings: Findings::default(),
            kind,
            signed_at: None,
            time_source: TimeSource::None,
            sealer: None,
            seal: None,
            property_info: None,
        }
    }
}

impl Verifier {
    /// Judges the bytes of a signed value over `original` (Signature.xml), as they are: the stated type of the
    /// signature is not believed.
    pub(super) fn judge_signed_value(&self, bytes: &[u8], original: Option<&[u8]>, at: Timestamp) -> Judged {
        if SealSignature::looks_like(bytes)
            && let Ok(signature) = SealSignature::read(bytes, &self.seals)
        {
            return self.judge_seal_signature(&signature, original.map(Original::of), at);
        }
        if let Ok(signed) = SignedData::read(bytes) {
            return self.judge_signed_data(&signed, original, at);
        }
        let mut judged = Judged::nothing(SignatureKind::Sign);
        let code = match gm::Signature::read(bytes) {
            Ok(_) => Code::NoCertificate,
            Err(_) => Code::SignedValueUnreadable,
        };
        judged.findings.add(Check::Format, code);
        judged
    }

    pub(super) fn judge_seal_signature(
        &self,
        signature: &SealSignature,
        original: Option<Original<'_>>,
        at: Timestamp,
    ) -> Judged {
        let mut judged = Judged::nothing(SignatureKind::Seal);
        judged.sealer = signature.sealer().ok().cloned();
        judged.seal = Some(signature.seal().clone());
        judged.property_info = Some(signature.tbs().property_info.clone());
        let claimed = signature.signing_time();
        let stated = signature
            .timestamp()
            .and_then(|token| Some(TimestampToken::read(token).ok()?.gen_time()));
        let mut facts = self.facts_at(signature, original, stated.or(claimed).unwrap_or(at));
        let time_is_proved = self.judge_time(&mut judged, &facts, claimed, at);
        // A timestamp that does not hold proves no time: the seal is judged by the claimed one.
        if let (false, Some(_), Some(claimed)) = (time_is_proved, stated, claimed) {
            facts = self.facts_at(signature, original, claimed);
        }
        let findings = &mut judged.findings;
        findings.checked(Check::Format);
        judge_versions_and_deviations(findings, signature, &facts);
        judge_signature_facts(findings, &facts);
        self.judge_seal_facts(findings, &facts.seal, time_is_proved, at);
        if let (Some(sealer), Some(signed_at)) = (&judged.sealer, judged.signed_at) {
            self.judge_sealer(findings, sealer, &[], signed_at, time_is_proved);
            note_seal_id(findings, signature.seal(), sealer);
        }
        judged
    }

    fn facts_at(
        &self,
        signature: &SealSignature,
        original: Option<Original<'_>>,
        at: Timestamp,
    ) -> SignatureFacts {
        check_signature(signature, original, &self.seal_context(at))
    }

    pub(super) fn seal_context(&self, at: Timestamp) -> SealContext<'_> {
        SealContext {
            makers: &self.trust.makers,
            tsas: &self.trust.tsa,
            intermediates: &self.intermediates,
            crls: &self.crls,
            responses: &self.responses,
            at,
            paths: &self.paths,
        }
    }

    /// Judges a seal by itself, for use at `at`.
    pub(super) fn judge_seal(&self, seal: &Seal, at: Timestamp) -> Judged {
        let mut judged = Judged::nothing(SignatureKind::Seal);
        judged.seal = Some(seal.clone());
        judged.findings.checked(Check::Format);
        note_deviations(&mut judged.findings, seal.deviations());
        let facts = check_seal(seal, &self.seal_context(at));
        self.judge_seal_facts(&mut judged.findings, &facts, false, at);
        judged
    }

    fn judge_seal_facts(
        &self,
        findings: &mut Findings,
        facts: &SealFacts,
        time_is_proved: bool,
        at: Timestamp,
    ) {
        findings.checked(Check::MakerSignature);
        findings.checked(Check::SealPeriod);
        findings.checked(Check::Stamp);
        if let Some(encoding) = facts.maker_signature.encoding() {
            judge_encoding(findings, Check::MakerSignature, encoding);
        }
        for fault in facts.faults() {
            judge_seal_fault(findings, &fault);
        }
        if facts.period == Period::Contains && facts.seal.valid_end().timestamp().is_some_and(|end| end < at)
        {
            findings.add(Check::SealPeriod, Code::SealExpiredNow);
        }
        self.judge_maker_path(findings, facts, time_is_proved);
    }

    /// The maker's certificate must have been good when the seal was made or when it was used: real seals
    /// outlive their maker's certificate, and some were made days before it began.
    fn judge_maker_path(&self, findings: &mut Findings, facts: &SealFacts, time_is_proved: bool) {
        let check = Check::MakerPath;
        let trusts_anyone = !self.trust.makers.is_empty();
        let reports = [&facts.maker_at_use, &facts.maker_at_creation];
        let verified =
            |report: &&Option<PathReport>| report.as_ref().is_some_and(|report| report.path.is_some());
        let Some(best) = reports
            .iter()
            .find(|report| verified(report))
            .or_else(|| reports.iter().find(|r| r.is_some()))
        else {
            return findings.add(check, Code::CertificateUnreadable);
        };
        let Some(best) = best else { return };
        judge_path(findings, check, best, trusts_anyone);
        let mut others = reports.iter().filter_map(|report| report.as_ref());
        if best.path.is_some() && others.any(|report| report.path.is_none()) {
            findings.add(check, Code::MakerCertificatePeriod);
        }
        judge_revocation(
            findings,
            Check::MakerRevocation,
            &best.chain,
            self.lists(),
            facts.at,
            time_is_proved,
        );
    }

    fn judge_sealer(
        &self,
        findings: &mut Findings,
        sealer: &Certificate,
        carried: &[Certificate],
        signed_at: Timestamp,
        time_is_proved: bool,
    ) {
        let all: Vec<Certificate>;
        let intermediates = if carried.is_empty() {
            &self.intermediates
        } else {
            all = carried.iter().chain(&self.intermediates).cloned().collect();
            &all
        };
        let trust = &self.trust.signers;
        let query = PathQuery {
            leaf: sealer,
            purpose: Purpose::Signer,
            at: signed_at,
            trust,
            intermediates,
        };
        let report = validate(&query, &self.paths);
        judge_path(findings, Check::SealerPath, &report, !trust.is_empty());
        let check = Check::SealerRevocation;
        judge_revocation(
            findings,
            check,
            &report.chain,
            self.lists(),
            signed_at,
            time_is_proved,
        );
    }

    fn judge_signed_data(&self, signed: &SignedData, original: Option<&[u8]>, at: Timestamp) -> Judged {
        let mut judged = Judged::nothing(SignatureKind::Sign);
        judge_message(&mut judged.findings, signed);
        let content = ContentToSign::Bytes(original.unwrap_or_default());
        let signers = pki::verify_signed_file(signed, content, &self.intermediates);
        for signer in signers {
            let findings = &mut judged.findings;
            findings.checked(Check::DataHash);
            match (original, signer.binding) {
                (None, _) => findings.add(Check::DataHash, Code::OriginalNotGiven),
                (Some(_), FileBinding::OtherFile) => findings.add(Check::DataHash, Code::DataHashMismatch),
                (Some(_), _) => {}
            }
            let (Some(certificate), Some(facts)) = (&signer.certificate, &signer.facts) else {
                findings.add(Check::SealerSignature, Code::NoCertificate);
                continue;
            };
            let faults = facts.faults();
            judge_signer(findings, &faults);
            if let Some(encoding) = encoding_of(&facts.signature) {
                judge_encoding(findings, Check::SealerSignature, encoding);
            }
            // Without a signing time of its own, the message is judged for the time of verification.
            let signed_at = facts.signing_time.unwrap_or(at);
            if facts.signing_time.is_some() {
                judged.time_source = TimeSource::Claimed;
                judged.signed_at = facts.signing_time;
            }
            judge_claimed_time(findings, facts.signing_time, at);
            self.judge_sealer(findings, certificate, signed.certificates(), signed_at, false);
            judged.sealer.get_or_insert_with(|| certificate.clone());
        }
        judged
    }

    /// Decides by which time to judge, and says why. True when a timestamp proves it.
    fn judge_time(
        &self,
        judged: &mut Judged,
        facts: &SignatureFacts,
        claimed: Option<Timestamp>,
        at: Timestamp,
    ) -> bool {
        let findings = &mut judged.findings;
        findings.checked(Check::Timestamp);
        if claimed.is_none() {
            findings.add(Check::Timestamp, Code::TimeUnreadable);
        }
        (judged.signed_at, judged.time_source) = match claimed {
            Some(_) => (claimed, TimeSource::Claimed),
            None => (None, TimeSource::None),
        };
        let proved = match &facts.timestamp {
            None => None,
            Some(Err(error)) => {
                let said = vec![error.to_string()];
                findings.explain(Check::Timestamp, Code::TimestampUnreadable, Vec::new(), said);
                return false;
            }
            Some(Ok(report)) => {
                judge_timestamp(findings, report, !self.trust.tsa.is_empty());
                report
                    .verified()
                    .map(|verified| verified.gen_time())
                    .filter(|time| judge_timestamp_revocation(findings, report, self.lists(), *time))
            }
        };
        let Some(proved) = proved else {
            judge_claimed_time(findings, claimed, at);
            return false;
        };
        if claimed.is_some_and(|claimed| proved + CLOCK_TOLERANCE < claimed) {
            findings.add_with(Check::Timestamp, Code::TimestampOrder, vec![proved.to_string()]);
        }
        (judged.signed_at, judged.time_source) = (Some(proved), TimeSource::Timestamp);
        true
    }
}

pub(super) fn judge_claimed_time(findings: &mut Findings, claimed: Option<Timestamp>, at: Timestamp) {
    findings.checked(Check::Timestamp);
    if !findings
        .reasons
        .iter()
        .any(|reason| reason.check == Check::Timestamp)
    {
        findings.add(Check::Timestamp, Code::TimestampAbsent);
    }
    if let Some(claimed) = claimed.filter(|claimed| *claimed > at + CLOCK_TOLERANCE) {
        findings.add_with(Check::Timestamp, Code::TimeInFuture, vec![claimed.to_string()]);
    }
}

fn judge_versions_and_deviations(findings: &mut Findings, signature: &SealSignature, facts: &SignatureFacts) {
    if !facts.versions_agree {
        let (tbs, seal) = (signature.tbs().version, signature.seal().header().version);
        let detail = format!(
            "TBS_Sign {tbs}, SES_Header {seal}, {}",
            signature.layout().standard()
        );
        findings.add_with(Check::Format, Code::VersionMismatch, vec![detail]);
    }
    note_deviations(findings, signature.deviations());
    note_deviations(findings, signature.seal().deviations());
}

fn note_deviations(findings: &mut Findings, deviations: &[ses::Deviation]) {
    if !deviations.is_empty() {
        let details = deviations
            .iter()
            .map(|d| format!("{}: {}", d.part, d.code()))
            .collect();
        findings.add_with(Check::Format, Code::Tolerated, details);
    }
}

fn judge_signature_facts(findings: &mut Findings, facts: &SignatureFacts) {
    findings.checked(Check::SealerSignature);
    findings.checked(Check::SealerListed);
    findings.checked(Check::DataHash);
    judge_value(findings, Check::SealerSignature, &facts.signature);
    match facts.data_hash {
        None => findings.add(Check::DataHash, Code::OriginalNotGiven),
        Some(DataHashCheck::Matches) => {}
        Some(DataHashCheck::MatchesWithZ) => findings.add(Check::DataHash, Code::DataHashWithZ),
        Some(DataHashCheck::Differs) => findings.add(Check::DataHash, Code::DataHashMismatch),
    }
    if let Listed::No { renewed } = facts.listed {
        let details = if renewed {
            vec!["renewed".into()]
        } else {
            Vec::new()
        };
        findings.add_with(Check::SealerListed, Code::SealerNotListed, details);
    }
    judge_extensions(findings, &facts.critical_extensions);
}

/// Judges a signed message as such (GB/T 35275, RFC 5652): what was tolerated in it, and whether anybody signed.
pub(super) fn judge_message(findings: &mut Findings, signed: &SignedData) {
    findings.checked(Check::Format);
    let notes: Vec<String> = signed
        .deviations()
        .iter()
        .map(|deviation| deviation.code().into())
        .collect();
    if !notes.is_empty() {
        findings.add_with(Check::Format, Code::Tolerated, notes);
    }
    if signed.signers().is_empty() {
        findings.add(Check::SealerSignature, Code::SignatureInvalid);
    }
}

/// Judges a signature value, of the sealer or of the maker.
fn judge_value(findings: &mut Findings, check: Check, value: &SignatureCheck) {
    let maker = check == Check::MakerSignature;
    let code = match value {
        SignatureCheck::Valid { .. } => None,
        SignatureCheck::ValidOverOther {
            covers: Covers::OtherRange(_),
            ..
        } => Some(Code::SealSignatureOtherRange),
        SignatureCheck::ValidOverOther { .. } => Some(Code::SignatureNotOverTbs),
        SignatureCheck::Mismatch | SignatureCheck::Unreadable(_) if maker => Some(Code::SealSignatureInvalid),
        SignatureCheck::Mismatch | SignatureCheck::Unreadable(_) => Some(Code::SignatureInvalid),
        SignatureCheck::AlgorithmUnsupported(_) => Some(Code::AlgorithmUnsupported),
        SignatureCheck::AlgorithmUnknown(_) => Some(Code::AlgorithmUnknown),
        SignatureCheck::BadKey(_) => Some(Code::KeyInvalid),
        SignatureCheck::BadCertificate(_) => Some(Code::CertificateUnreadable),
    };
    if let Some(code) = code {
        findings.explain(check, code, Vec::new(), vec![value.to_string()]);
    }
    if let (false, Some(encoding)) = (maker, value.encoding()) {
        judge_encoding(findings, check, encoding);
    }
}

fn judge_extensions(findings: &mut Findings, extensions: &[CriticalExtension]) {
    for extension in extensions {
        let code = if extension.vendor.is_some() {
            Code::Tolerated
        } else {
            Code::SealExtensionUnknown
        };
        findings.add_with(
            Check::Format,
            code,
            vec![format!("critical extension {}", extension.oid)],
        );
    }
}

fn judge_seal_fault(findings: &mut Findings, fault: &SealFault) {
    let (check, code) = match fault {
        // Judged together over both times, with the anchors in mind.
        SealFault::MakerPath {
            moment: Moment::Creation | Moment::Use,
            ..
        }
        | SealFault::MakerRevoked { .. } => return,
        SealFault::MakerSignature(value) => return judge_value(findings, Check::MakerSignature, value),
        SealFault::CreatedAfterUse => (Check::SealPeriod, Code::SealCreatedLate),
        SealFault::CreatedAfterTimestamp => (Check::MakerSignature, Code::TimestampOrder),
        SealFault::CreationUnreadable | SealFault::ExtensionVendor(_) => (Check::Format, Code::Tolerated),
        SealFault::ExtensionUnreadable | SealFault::ExtensionUnknown(_) => {
            (Check::Format, Code::SealExtensionUnknown)
        }
        SealFault::NoSealers => (Check::SealerListed, Code::SealerNotListed),
        SealFault::Period(Period::Expired) => (Check::SealPeriod, Code::SealExpired),
        SealFault::Period(Period::NotYetValid) => (Check::SealPeriod, Code::SealNotYetValid),
        SealFault::Period(_) => (Check::SealPeriod, Code::SealPeriodInvalid),
        SealFault::Picture(PictureFault::ActiveContent(_)) => (Check::Stamp, Code::PictureActiveContent),
        SealFault::Picture(PictureFault::SizeAbsurd { .. }) => (Check::Stamp, Code::SealSizeAbsurd),
        SealFault::Picture(_) => (Check::Stamp, Code::PictureDeviates),
        // An unknown authority proves nothing about the seal's date, and takes nothing away from it.
        SealFault::Timestamp(pki::TimestampFault::Path(_)) => (Check::MakerSignature, Code::Tolerated),
        SealFault::Timestamp(_) | SealFault::TimestampUnreadable(_) => {
            (Check::MakerSignature, Code::TimestampInvalid)
        }
        SealFault::VersionMismatch => (Check::Format, Code::VersionMismatch),
    };
    // An empty list is also reported when the sealer is looked for in it.
    if !(code == Code::SealerNotListed && findings.has(code)) {
        let details = if code == Code::Tolerated {
            vec![fault.code().into()]
        } else {
            Vec::new()
        };
        findings.explain(check, code, details, vec![fault.to_string()]);
    }
}

/// Government seals carry their code as the common name of the sealer's certificate.
fn note_seal_id(findings: &mut Findings, seal: &Seal, sealer: &Certificate) {
    let is_code = |text: &str| text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(name) = sealer.subject().common_name().filter(|name| is_code(name))
        && is_code(seal.seal_id())
        && name != seal.seal_id()
    {
        findings.add_with(
            Check::SealerListed,
            Code::SealIdDiffers,
            vec![format!("{} ≠ {name}", seal.seal_id())],
        );
    }
}

impl CertificateSummary {
    pub(crate) fn of(certificate: &Certificate) -> Self {
        Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            serial: certificate.serial_hex(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            sm3: certificate.digest().to_string(),
        }
    }
}

impl SealSummary {
    pub(crate) fn of(seal: &Seal) -> Self {
        let picture = seal.picture();
        let format = picture.format().map_or("?", |format| format.label());
        Self {
            code: seal.seal_id().into(),
            name: seal.name().into(),
            type_code: seal.seal_type().to_string(),
            structure: seal.layout().standard().into(),
            created: seal.created().timestamp(),
            valid_from: seal.valid_start().timestamp(),
            valid_until: seal.valid_end().timestamp(),
            width_mm: picture.width_mm.to_string(),
            height_mm: picture.height_mm.to_string(),
            picture_format: format.into(),
            maker: seal.maker().ok().map(CertificateSummary::of),
        }
    }
}
