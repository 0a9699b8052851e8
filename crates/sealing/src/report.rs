//! What a verification found: a [`Report`] per file, with a conclusion, reasons and every check.

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::code::{Check, Code, Effect, Language, SubIndication};

/// The name and version of the JSON form; a consumer refuses what it does not know.
pub const REPORT_SCHEMA: &str = "yinxin-report-1";

/// Details kept per reason; more are counted, not listed.
const DETAILS_MAX: usize = 10;

/// What a file proves.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Report {
    /// Always [`REPORT_SCHEMA`].
    pub schema: &'static str,
    /// The name under which the file was given.
    pub file: String,
    /// What the file is.
    pub kind: InputKind,
    /// The conclusion over the whole file: the worst of its signatures and of the reasons below.
    pub conclusion: Conclusion,
    /// The time for which the file was judged.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// What the file says of itself; absent when it is no readable document.
    pub document: Option<DocumentSummary>,
    /// The signatures in the order of the signature list.
    pub signatures: Vec<SignatureReport>,
    /// Reasons that concern the file as a whole.
    pub reasons: Vec<Reason>,
}

/// What was given to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InputKind {
    /// An OFD document.
    Ofd,
    /// A PDF document.
    Pdf,
    /// An electronic seal (`.esl`).
    Seal,
    /// Seal-signature data or a signed message without its document (`SignedValue.dat`).
    SignedValue,
    /// None of these.
    Unknown,
}

/// 验章结论.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Conclusion {
    /// Everything was checked and holds (TOTAL-PASSED).
    Passed,
    /// There is no signature to judge.
    Unsigned,
    /// Neither proved nor disproved with what was given (INDETERMINATE).
    Indeterminate,
    /// At least one signature does not hold, or the file is not acceptable (TOTAL-FAILED).
    Failed,
}

/// One reason, with its words in both languages so that a program can show it as it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reason {
    /// The stable code.
    pub code: Code,
    /// What it does to the conclusion.
    pub effect: Effect,
    /// The sub-indication of ETSI EN 319 102-1 §5.1.3; absent for notes.
    pub sub_indication: Option<SubIndication>,
    /// What it is about.
    pub check: Check,
    /// What happened, in Chinese.
    pub zh: &'static str,
    /// What happened, in English.
    pub en: &'static str,
    /// The parts, names, codes or values concerned, in no language; at most ten.
    pub details: Vec<String>,
    /// How many more details there were.
    pub details_left_out: usize,
    /// What exactly happened, in English, for those who mend it; at most ten sentences.
    pub technical: Vec<String>,
}

impl Reason {
    pub(crate) fn new(
        code: Code,
        check: Check,
        mut details: Vec<String>,
        mut technical: Vec<String>,
    ) -> Self {
        let details_left_out = details.len().saturating_sub(DETAILS_MAX);
        details.truncate(DETAILS_MAX);
        technical.truncate(DETAILS_MAX);
        Self {
            code,
            effect: code.effect(),
            sub_indication: code.sub_indication(),
            check,
            zh: code.words(Language::Zh).what,
            en: code.words(Language::En).what,
            details,
            details_left_out,
            technical,
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        json_schema!({ "type": "string", "enum": names, "description": "The stable code of a reason." })
    }
}

/// One check of one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckResult {
    /// Which check.
    pub check: Check,
    /// How it came out.
    pub outcome: Outcome,
    /// Where the standards ask for it.
    pub clause: &'static str,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not hold.
    Fails,
    /// It could not be decided.
    Unknown,
    /// It does not apply to this kind of signature, or there was nothing to check.
    NotApplicable,
}

/// One signature of a document, or the only one of a bare file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SignatureReport {
    /// The ID in the signature list, or the name of the field.
    pub id: Option<String>,
    /// Seal or plain signature.
    pub kind: SignatureKind,
    /// The path of Signature.xml in the package, or the form of a PDF signature (`/SubFilter`).
    pub part: Option<String>,
    /// The conclusion for this signature alone.
    pub conclusion: Conclusion,
    /// The signing time that was used: of the timestamp when it holds, else as claimed.
    #[schemars(with = "Option<String>")]
    pub signed_at: Option<Timestamp>,
    /// Where `signed_at` comes from.
    pub time_source: TimeSource,
    /// The certificate that signed.
    pub sealer: Option<CertificateSummary>,
    /// The seal.
    pub seal: Option<SealSummary>,
    /// Where the seal appears.
    pub stamps: Vec<StampSummary>,
    /// How many parts of the package it protects; 0 for a PDF.
    pub parts_protected: usize,
    /// Whether it forbids further signatures (锁定签章).
    pub locks: bool,
    /// Every check, in fixed order.
    pub checks: Vec<CheckResult>,
    /// Why the conclusion is what it is, and what else is worth knowing.
    pub reasons: Vec<Reason>,
}

/// The type of a signature in the signature list (GM/T 0099-2020).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignatureKind {
    /// An electronic seal was applied (电子签章).
    Seal,
    /// A signature without a seal (数字签名).
    Sign,
}

/// Where a signing time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TimeSource {
    /// A verified timestamp.
    Timestamp,
    /// The signer's own word.
    Claimed,
    /// There is none.
    None,
}

/// What a person wants to know of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CertificateSummary {
    /// The subject's distinguished name.
    pub subject: String,
    /// The issuer's distinguished name.
    pub issuer: String,
    /// The serial number, hexadecimal.
    pub serial: String,
    /// Start of validity.
    #[schemars(with = "String")]
    pub not_before: Timestamp,
    /// End of validity.
    #[schemars(with = "String")]
    pub not_after: Timestamp,
    /// SM3 of the DER, hexadecimal.
    pub sm3: String,
}

/// What a person wants to know of a seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SealSummary {
    /// 印章编码 (esID).
    pub code: String,
    /// 印章名称.
    pub name: String,
    /// The type code as it stands; tables differ by issuer.
    pub type_code: String,
    /// Which structure: "GM/T 0031-2014", "GB/T 38540-2020", "GM/T 0031-2025", or a hybrid.
    pub structure: String,
    /// 制作日期.
    #[schemars(with = "Option<String>")]
    pub created: Option<Timestamp>,
    /// 有效起始.
    #[schemars(with = "Option<String>")]
    pub valid_from: Option<Timestamp>,
    /// 有效终止.
    #[schemars(with = "Option<String>")]
    pub valid_until: Option<Timestamp>,
    /// Picture width in mm as declared.
    pub width_mm: String,
    /// Picture height in mm as declared.
    pub height_mm: String,
    /// The picture's format as found in its bytes.
    pub picture_format: String,
    /// The certificate of the seal's maker.
    pub maker: Option<CertificateSummary>,
}

/// One appearance of the seal on a page; millimetres from the page's top left corner.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StampSummary {
    /// Page number from 1; absent when the page does not exist.
    pub page: Option<usize>,
    /// Left edge.
    pub x_mm: f64,
    /// Upper edge.
    pub y_mm: f64,
    /// Width.
    pub width_mm: f64,
    /// Height.
    pub height_mm: f64,
    /// Whether only a part of the seal shows (骑缝章, 对开章).
    pub clipped: bool,
}

/// What a document says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DocumentSummary {
    /// Its title.
    pub title: Option<String>,
    /// DocID.
    pub id: Option<String>,
    /// Pages over all bodies.
    pub pages: usize,
    /// Parts in the package; 0 for a PDF.
    pub parts: usize,
}

/// The schema of [`Report`] as JSON Schema 2020-12, pretty-printed.
pub fn report_schema() -> String {
    let schema = schemars::schema_for!(Report);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Collects reasons and knows which checks were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) reasons: Vec<Reason>,
    applicable: Vec<Check>,
}

impl Findings {
    /// States that `check` was made, whatever came of it.
    pub(crate) fn checked(&mut self, check: Check) {
        if !self.applicable.contains(&check) {
            self.applicable.push(check);
        }
    }

    /// A reason without details.
    pub(crate) fn add(&mut self, check: Check, code: Code) {
        self.add_with(check, code, Vec::new());
    }

    /// A reason with details.
    pub(crate) fn add_with(&mut self, check: Check, code: Code, details: Vec<String>) {
        self.explain(check, code, details, Vec::new());
    }

    /// A reason with details and with sentences for those who mend it.
    pub(crate) fn explain(&mut self, check: Check, code: Code, details: Vec<String>, technical: Vec<String>) {
        self.checked(check);
        self.reasons.push(Reason::new(code, check, details, technical));
    }

    pub(crate) fn has(&self, code: Code) -> bool {
        self.reasons.iter().any(|reason| reason.code == code)
    }

    pub(crate) fn worst(&self) -> Option<Effect> {
        self.reasons.iter().map(|reason| reason.effect).max()
    }

    /// Passed unless a reason says otherwise.
    pub(crate) fn conclusion(&self) -> Conclusion {
        conclusion_of(self.worst())
    }

    pub(crate) fn results(&self) -> Vec<CheckResult> {
        let outcome = |check| {
            if !self.applicable.contains(&check) {
                return Outcome::NotApplicable;
            }
            let of_check = || self.reasons.iter().filter(|reason| reason.check == check);
            match of_check().map(|reason| reason.effect).max() {
                Some(Effect::Failed) => Outcome::Fails,
                Some(Effect::Indeterminate) => Outcome::Unknown,
                // Tolerated in the conclusion, but not a fact that was seen to hold.
                _ if of_check().any(|reason| reason.code == Code::RevocationUnknown) => Outcome::Unknown,
                _ => Outcome::Holds,
            }
        };
        let result = |check: Check| CheckResult {
            check,
            outcome: outcome(check),
            clause: check.clause(),
        };
        Check::ALL.into_iter().map(result).collect()
    }
}

pub(crate) fn conclusion_of(worst: Option<Effect>) -> Conclusion {
    match worst {
        Some(Effect::Failed) => Conclusion::Failed,
        Some(Effect::Indeterminate) => Conclusion::Indeterminate,
        _ => Conclusion::Passed,
    }
}
