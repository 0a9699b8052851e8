//! Every reason a report can give: its stable code, what follows from it, and its words in two languages.
//!
//! The table is Rust, not a message file: a code without a text in either language does not compile.

use schemars::JsonSchema;
use serde::Serialize;

/// What a reason does to the conclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Worth knowing; changes nothing.
    Note,
    /// What is at hand does not suffice to decide.
    Indeterminate,
    /// The signature does not hold.
    Failed,
}

/// Sub-indications of ETSI EN 319 102-1 V1.3.1 §5.1.3, as far as they occur here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubIndication {
    /// The input does not have the format it claims.
    FormatFailure,
    /// A digest does not match.
    HashFailure,
    /// A signature value does not match.
    SigCryptoFailure,
    /// A rule of this system or of the standard is not met.
    SigConstraintsFailure,
    /// A certificate of the chain does not meet its constraints.
    ChainConstraintsFailure,
    /// A path to an anchor was found but does not hold.
    CertificateChainGeneralFailure,
    /// No path to an anchor.
    NoCertificateChainFound,
    /// The certificate that would verify the signature is not there.
    NoSigningCertificateFound,
    /// An algorithm is too weak or unknown.
    CryptoConstraintsFailure,
    /// Signed after the certificate or seal expired.
    Expired,
    /// Signed before the certificate or seal began.
    NotYetValid,
    /// The certificate was revoked before signing.
    Revoked,
    /// The certificate is revoked, and nothing proves that the signature is older.
    RevokedNoPoe,
    /// The times of signing and of the timestamp contradict each other.
    TimestampOrderFailure,
    /// What was signed is not at hand.
    SignedDataNotFound,
}

/// What a reason is about. Every signature is judged on each of these, whatever the others say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The file and its parts can be read and mean one thing.
    Format,
    /// The protected parts are unchanged.
    References,
    /// The digest of the original inside the signed data.
    DataHash,
    /// The sealer's signature value.
    SealerSignature,
    /// The sealer's certificate is one of those the seal was made for.
    SealerListed,
    /// The seal maker's signature on the seal.
    MakerSignature,
    /// The seal's period at the signing time.
    SealPeriod,
    /// From the sealer's certificate to an anchor.
    SealerPath,
    /// From the seal maker's certificate to an anchor.
    MakerPath,
    /// Revocation of the sealer's certificate.
    SealerRevocation,
    /// Revocation of the seal maker's certificate.
    MakerRevocation,
    /// The timestamp and the signing time.
    Timestamp,
    /// Everything that is shown is protected.
    Coverage,
    /// Where and how the stamp appears.
    Stamp,
}

impl Check {
    /// All checks in the order of the report.
    pub const ALL: [Check; 14] = [
        Check::Format,
        Check::References,
        Check::DataHash,
        Check::SealerSignature,
        Check::SealerListed,
        Check::MakerSignature,
        Check::SealPeriod,
        Check::SealerPath,
        Check::MakerPath,
        Check::SealerRevocation,
        Check::MakerRevocation,
        Check::Timestamp,
        Check::Coverage,
        Check::Stamp,
    ];

    /// Where the standards ask for it.
    pub fn clause(self) -> &'static str {
        match self {
            Check::Format => "GB/T 38540-2020 7.3 a; GB/T 33190-2016 §18",
            Check::References => "GB/T 33190-2016 §18",
            Check::DataHash => "GB/T 38540-2020 7.3 h",
            Check::SealerSignature => "GB/T 38540-2020 7.3 b",
            Check::SealerListed => "GB/T 38540-2020 7.3 c",
            Check::MakerSignature => "GB/T 38540-2020 6.3 b, 7.3 d",
            Check::SealPeriod => "GB/T 38540-2020 6.3 d, 7.3 f",
            Check::SealerPath => "GB/T 38540-2020 7.3 e, f",
            Check::MakerPath => "GB/T 38540-2020 6.3 c",
            Check::SealerRevocation => "GB/T 38540-2020 7.3 f",
            Check::MakerRevocation => "GB/T 38540-2020 6.3 c",
            Check::Timestamp => "GB/T 38540-2020 7.3 g; GB/T 20520",
            Check::Coverage => "GB/T 33190-2016 §18; GM/T 0099-2020",
            Check::Stamp => "GB/T 33190-2016 §18",
        }
    }

    /// Its name in the report.
    pub fn name(self, language: Language) -> &'static str {
        let (zh, en) = match self {
            Check::Format => ("格式", "format"),
            Check::References => ("受保护内容未改动", "protected parts unchanged"),
            Check::DataHash => ("原文杂凑值", "digest of the original"),
            Check::SealerSignature => ("签章人签名", "sealer's signature"),
            Check::SealerListed => ("签章人证书属于该印章", "sealer's certificate belongs to the seal"),
            Check::MakerSignature => ("制章者签名", "seal maker's signature"),
            Check::SealPeriod => ("印章有效期", "period of the seal"),
            Check::SealerPath => ("签章人证书链", "sealer's certificate path"),
            Check::MakerPath => ("制章者证书链", "seal maker's certificate path"),
            Check::SealerRevocation => ("签章人证书撤销状态", "revocation of the sealer's certificate"),
            Check::MakerRevocation => ("制章者证书撤销状态", "revocation of the seal maker's certificate"),
            Check::Timestamp => ("签章时间与时间戳", "signing time and timestamp"),
            Check::Coverage => ("显示内容全部受保护", "everything shown is protected"),
            Check::Stamp => ("印章外观", "appearance of the stamp"),
        };
        language.pick(zh, en)
    }
}

/// Chinese or English.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// 中文.
    #[default]
    Zh,
    /// English.
    En,
}

impl Language {
    /// The one of two texts that is in this language.
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Language::Zh => zh,
            Language::En => en,
        }
    }
}

/// The words for a code: what happened, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// One sentence without the full stop.
    pub what: &'static str,
    /// What the reader can do; empty where nothing needs doing.
    pub advice: &'static str,
}

macro_rules! codes {
    ($( $variant:ident $name:literal $effect:ident $sub:expr,
        zh $zh:literal / $zh_do:literal,
        en $en:literal / $en_do:literal; )+) => {
        /// Why a conclusion is what it is. The names are stable: programs may rely on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the English sentence beside each code is its documentation")]
        pub enum Code { $( #[doc = $en] $variant, )+ }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Code] = &[ $( Code::$variant, )+ ];

            /// The stable name.
            pub fn name(self) -> &'static str {
                match self { $( Code::$variant => $name, )+ }
            }

            /// What it does to the conclusion.
            pub fn effect(self) -> Effect {
                match self { $( Code::$variant => Effect::$effect, )+ }
            }

            /// The sub-indication of ETSI EN 319 102-1; none for notes.
            pub fn sub_indication(self) -> Option<SubIndication> {
                match self { $( Code::$variant => $sub, )+ }
            }

            /// What to tell the reader.
            pub fn words(self, language: Language) -> Words {
                match self { $( Code::$variant => language.pick(
                    Words { what: $zh, advice: $zh_do },
                    Words { what: $en, advice: $en_do },
                ), )+ }
            }
        }
    };
}

use SubIndication as Sub;

codes! {
    // The file as a whole.
    NotAPackage "ZIP_MALFORMED" Failed Some(Sub::FormatFailure),
        zh "不是完整的 OFD 文件（ZIP 结构无法读取）" / "请重新获取原文件；传输可能被截断，或文件不是 OFD",
        en "not a complete OFD file: its ZIP structure cannot be read" / "obtain the file again; it may have been cut off, or it is no OFD";
    ZipDuplicate "ZIP_DUPLICATE" Failed Some(Sub::FormatFailure),
        zh "包内有同名条目，不同软件会显示不同内容" / "不要采信该文件，请向签发方索取原件",
        en "entries of the same name: different readers would show different content" / "do not rely on this file; ask the issuer for the original";
    ZipInconsistent "ZIP_INCONSISTENT" Failed Some(Sub::FormatFailure),
        zh "ZIP 目录与条目自相矛盾，或藏有目录外的内容" / "不要采信该文件，请向签发方索取原件",
        en "the ZIP directory and its entries contradict each other, or content is hidden outside the directory" / "do not rely on this file; ask the issuer for the original";
    ZipEncrypted "ZIP_ENCRYPTED" Failed Some(Sub::FormatFailure),
        zh "条目使用了 ZIP 加密，OFD 不允许" / "请向签发方索取未加密的原件",
        en "entries are encrypted by ZIP, which OFD does not allow" / "ask the issuer for the unencrypted original";
    OfdEncrypted "OFD_ENCRYPTED" Indeterminate Some(Sub::FormatFailure),
        zh "文件按 GM/T 0099 加密，无法核对签章所保护的内容" / "请向签发方索取未加密的原件，或解密后再验证",
        en "the document is encrypted (GM/T 0099): what its seals protect cannot be checked" / "ask the issuer for the original, or decrypt it first";
    ZipBomb "ZIP_BOMB" Failed Some(Sub::FormatFailure),
        zh "条目解压后远大于其声明，已停止读取" / "不要打开该文件",
        en "an entry inflates far beyond what it declares; reading was stopped" / "do not open this file";
    UnsafeName "ZIP_UNSAFE_NAME" Failed Some(Sub::FormatFailure),
        zh "条目名称越出文件包" / "不要打开该文件",
        en "an entry's name leads outside the package" / "do not open this file";
    UnsupportedZip "ZIP_UNSUPPORTED" Failed Some(Sub::FormatFailure),
        zh "条目使用了 OFD 不采用的压缩方式" / "请用符合 GB/T 33190 的软件重新生成文件",
        en "an entry uses a compression method that OFD does not use" / "produce the file again with software that follows GB/T 33190";
    XmlDtd "XML_DTD" Failed Some(Sub::FormatFailure),
        zh "XML 中有文档类型声明（可引入外部或膨胀内容）" / "不要采信该文件，请向签发方索取原件",
        en "an XML part declares a document type, which can pull in or multiply content" / "do not rely on this file; ask the issuer for the original";
    XmlMalformed "XML_MALFORMED" Failed Some(Sub::FormatFailure),
        zh "XML 无法解析" / "请重新获取原文件",
        en "an XML part cannot be parsed" / "obtain the file again";
    LimitExceeded "LIMIT_EXCEEDED" Failed Some(Sub::FormatFailure),
        zh "超出处理上限" / "如确属正常业务文件，请联系管理员调整上限",
        en "a processing limit is exceeded" / "if the file is genuine, ask the operator to raise the limit";
    PartMissing "PART_MISSING" Failed Some(Sub::FormatFailure),
        zh "文件引用的部件不存在" / "请重新获取原文件",
        en "a part that the file refers to does not exist" / "obtain the file again";
    DocumentBroken "DOCUMENT_BROKEN" Failed Some(Sub::FormatFailure),
        zh "文档结构有误" / "请重新获取原文件",
        en "the document's structure is broken" / "obtain the file again";
    InputUnknown "INPUT_UNKNOWN" Failed Some(Sub::FormatFailure),
        zh "不是 OFD、电子印章或电子签章数据" / "请检查所选文件",
        en "neither an OFD nor a seal nor seal-signature data" / "check which file was chosen";
    Tolerated "TOLERATED_DEVIATION" Note None,
        zh "与标准不一致但不影响判断" / "",
        en "deviates from the standard without affecting the conclusion" / "";
    NoSignature "NO_SIGNATURE" Note None,
        zh "文件没有电子签章" / "打印件和转换格式的文件按复印件对待；如应有签章，请向签发方索取盖章原件",
        en "the document carries no electronic seal" / "a print or a converted file counts as a copy; if it should be sealed, ask the issuer for the original";
    SignatureListMissing "SIGNATURE_LIST_MISSING" Note None,
        zh "签名列表缺失或无法读取" / "签章可能已被移除，请向签发方索取原件",
        en "the list of signatures is missing or unreadable" / "signatures may have been removed; ask the issuer for the original";
    SignaturesUnlisted "SIGNATURES_UNLISTED" Note None,
        zh "包内有未列入签名列表的签章文件" / "签章可能已被移除，请与签发方核对",
        en "signature files that the list of signatures does not name" / "signatures may have been removed; check with the issuer";
    SignaturesStripped "SIGNATURES_STRIPPED" Failed Some(Sub::FormatFailure),
        zh "包内有签章，但文件已不再指向它们：签章被移除" / "请勿采信，请向签发方索取原件",
        en "the package holds signatures that the document no longer points to: they were stripped" / "do not rely on it; ask the issuer for the original";
    SignaturePartBroken "SIGNATURE_PART_BROKEN" Failed Some(Sub::FormatFailure),
        zh "签名描述文件结构有误" / "请向签发方索取原件",
        en "the signature's description is malformed" / "ask the issuer for the original";
    SignedValueMissing "SIGNED_VALUE_MISSING" Failed Some(Sub::FormatFailure),
        zh "签名值文件不存在" / "请向签发方索取原件",
        en "the file with the signed value does not exist" / "ask the issuer for the original";
    SignedValueUnreadable "SIGNED_VALUE_UNREADABLE" Failed Some(Sub::FormatFailure),
        zh "签名值无法解析为电子签章数据或签名消息" / "请向签发方索取原件",
        en "the signed value is neither seal-signature data nor a signed message" / "ask the issuer for the original";
    VersionMismatch "VERSION_MISMATCH" Failed Some(Sub::FormatFailure),
        zh "签章数据的版本号与其结构或印章版本不符" / "请向签发方核实",
        en "the version number of the seal-signature data contradicts its structure or the seal" / "check with the issuer";
    SealUnreadable "SEAL_UNREADABLE" Failed Some(Sub::FormatFailure),
        zh "电子印章数据格式无效" / "请向制章者核实",
        en "the seal's data is malformed" / "check with the seal's maker";
    OriginalNotGiven "ORIGINAL_NOT_GIVEN" Indeterminate Some(Sub::SignedDataNotFound),
        zh "只有签章数据，没有被签文件" / "请验证含有该签章的 OFD 文件",
        en "only the seal-signature data was given, not the document" / "verify the OFD that carries this signature";

    // Protected parts and the digest of the original.
    ReferenceMissing "REFERENCE_MISSING" Failed Some(Sub::HashFailure),
        zh "受保护的部件已不存在" / "文件在签章后被改动，请向签发方索取原件",
        en "a protected part is no longer there" / "the document was changed after sealing; ask the issuer for the original";
    ReferenceDigestMismatch "REFERENCE_DIGEST_MISMATCH" Failed Some(Sub::HashFailure),
        zh "受保护的内容在签章后被改动" / "请向签发方索取原件",
        en "a protected part was changed after sealing" / "ask the issuer for the original";
    ReferenceDigestMalformed "REFERENCE_DIGEST_MALFORMED" Failed Some(Sub::FormatFailure),
        zh "部件的校验值无法读取" / "请向签发方索取原件",
        en "the check value of a part cannot be read" / "ask the issuer for the original";
    OnlySignatureListChanged "ONLY_SIGNATURE_LIST_CHANGED" Note None,
        zh "唯一的改动是签名列表：锁定签章之后又加盖了签章" / "请签章人确认",
        en "the only change is the list of signatures: something was signed after a locking seal" / "ask the sealer to confirm";
    DigestWithZ "REFERENCE_DIGEST_WITH_Z" Indeterminate Some(Sub::CryptoConstraintsFailure),
        zh "部件校验值按 SM3(Z‖内容) 计算，不符合标准" / "请用签发方的软件核验",
        en "the check values are SM3(Z‖content), which the standard does not define" / "verify with the issuer's own software";
    WeakDigest "WEAK_DIGEST" Failed Some(Sub::CryptoConstraintsFailure),
        zh "部件校验使用了不安全的杂凑算法（MD5 或 SHA-1）" / "请签发方使用 SM3 重新签章",
        en "the parts are protected by a broken digest algorithm (MD5 or SHA-1)" / "have the issuer seal again with SM3";
    DigestUnknown "DIGEST_UNKNOWN" Failed Some(Sub::CryptoConstraintsFailure),
        zh "部件校验使用了未知的杂凑算法" / "请签发方使用 SM3 重新签章",
        en "the parts are protected by an unknown digest algorithm" / "have the issuer seal again with SM3";
    DataHashMismatch "DATA_HASH_MISMATCH" Failed Some(Sub::HashFailure),
        zh "签章数据不属于这份文件（原文杂凑值不符）" / "请向签发方索取原件",
        en "the seal-signature data does not belong to this document: the digest of the original differs" / "ask the issuer for the original";
    DataHashWithZ "DATA_HASH_WITH_Z" Indeterminate Some(Sub::CryptoConstraintsFailure),
        zh "原文杂凑值按 SM3(Z‖内容) 计算，不符合标准" / "请用签发方的软件核验",
        en "the digest of the original is SM3(Z‖content), which the standard does not define" / "verify with the issuer's own software";
    PropertyInfoDiffers "PROPERTY_INFO_DIFFERS" Note None,
        zh "签章数据记载的签名文件路径与实际不同" / "",
        en "the seal-signature data names another signature part than the one it stands for" / "";

    // Signatures.
    SignatureInvalid "SIGNATURE_INVALID" Failed Some(Sub::SigCryptoFailure),
        zh "签名值验证失败" / "文件或签章是伪造的或已损坏，请勿采信",
        en "the signature value does not verify" / "the document or seal is forged or damaged; do not rely on it";
    SignatureNotOverTbs "SIGNATURE_NOT_OVER_TBS" Indeterminate Some(Sub::SigConstraintsFailure),
        zh "签名只覆盖原文杂凑值，印章、印模与时间均未被签名" / "请用签发方的软件核验，并要求其按 GB/T 38540 改正",
        en "the signature covers only the digest of the original: seal, picture and time are not signed" / "verify with the issuer's own software and ask for data that follows GB/T 38540";
    SignatureEncodingTolerated "SIGNATURE_ENCODING" Note None,
        zh "签名值未按 GB/T 35276 编码，但数值明确" / "",
        en "the signature value is not encoded as GB/T 35276 says, though its numbers are clear" / "";
    SignatureEncodingDeviates "SIGNATURE_ENCODING_DEVIATES" Indeterminate Some(Sub::FormatFailure),
        zh "签名值编码有误（负数或截断），修复后才能验证" / "请签发方按 GB/T 35276 改正",
        en "the signature value is wrongly encoded (negative or cut) and verifies only after repair" / "ask the issuer for an encoding that follows GB/T 35276";
    AlgorithmUnknown "ALGORITHM_UNKNOWN" Failed Some(Sub::CryptoConstraintsFailure),
        zh "签名算法不是 SM2 with SM3" / "请签发方使用国密算法重新签章",
        en "the signature algorithm is not SM2 with SM3" / "have the issuer seal again with the national algorithms";
    AlgorithmUnsupported "ALGORITHM_UNSUPPORTED" Indeterminate Some(Sub::CryptoConstraintsFailure),
        zh "签名算法（如 RSA）在此处不支持" / "请用签发方的软件核验",
        en "the signature algorithm (such as RSA) is not supported here" / "verify with the issuer's own software";
    KeyInvalid "KEY_INVALID" Failed Some(Sub::SigCryptoFailure),
        zh "证书中的公钥无效" / "请勿采信",
        en "the public key in the certificate is invalid" / "do not rely on it";
    NoCertificate "NO_CERTIFICATE" Indeterminate Some(Sub::NoSigningCertificateFound),
        zh "签名值不带证书，无法得知签名人" / "请向签发方索取其证书",
        en "the signed value carries no certificate: the signer is unknown" / "ask the issuer for the certificate";
    SealerNotListed "SEALER_NOT_LISTED" Failed Some(Sub::SigConstraintsFailure),
        zh "签章人证书不在印章的签章人列表中" / "若证书已更新，须重新制章；否则请勿采信",
        en "the sealer's certificate is not among those the seal was made for" / "if the certificate was renewed, the seal must be made anew; otherwise do not rely on it";
    SealSignatureInvalid "SEAL_SIGNATURE_INVALID" Failed Some(Sub::SigCryptoFailure),
        zh "印章上的制章者签名验证失败，印章被伪造或改动" / "请勿采信",
        en "the maker's signature on the seal does not verify: the seal is forged or altered" / "do not rely on it";
    SealSignatureOtherRange "SEAL_SIGNATURE_OTHER_RANGE" Indeterminate Some(Sub::SigConstraintsFailure),
        zh "制章者签名覆盖的范围与标准不同" / "请制章者按 GB/T 38540 重新制章",
        en "the maker's signature covers other bytes than the standard says" / "have the maker make the seal again as GB/T 38540 says";
    SealFileDiffers "SEAL_FILE_DIFFERS" Indeterminate Some(Sub::SigConstraintsFailure),
        zh "包内的 Seal.esl 与签章数据中的印章不同" / "以签章数据中的印章为准，请与签发方核对",
        en "Seal.esl differs from the seal inside the seal-signature data" / "the seal inside the signed data counts; check with the issuer";
    SealExtensionUnknown "SEAL_EXTENSION_UNKNOWN" Indeterminate Some(Sub::SigConstraintsFailure),
        zh "印章或签章数据含有不认识的关键扩展" / "请用签发方的软件核验",
        en "the seal or signature has a critical extension that is not known here" / "verify with the issuer's own software";
    PictureActiveContent "PICTURE_ACTIVE_CONTENT" Note None,
        zh "印章图像含脚本或外部引用，本系统不执行" / "请制章者更换图像",
        en "the seal's picture has scripts or external references; they are never run" / "have the maker replace the picture";
    PictureDeviates "PICTURE_DEVIATES" Note None,
        zh "印章图像的实际格式与声明不符或无法识别" / "",
        en "the picture's format differs from what the seal declares, or is unknown" / "";
    SealSizeAbsurd "SEAL_SIZE_ABSURD" Note None,
        zh "印章声明的尺寸不合理" / "请制章者更正",
        en "the seal declares an absurd size" / "have the maker correct it";

    // Periods.
    SealPeriodInvalid "SEAL_PERIOD_INVALID" Failed Some(Sub::SigConstraintsFailure),
        zh "印章有效期无效（起始不早于终止或无法读取）" / "请制章者重新制章",
        en "the seal's period is invalid: it does not begin before it ends, or cannot be read" / "have the seal made anew";
    SealExpired "SEAL_EXPIRED" Failed Some(Sub::Expired),
        zh "签章时印章已过期" / "请签发方使用有效印章重新签章",
        en "the seal had expired at the signing time" / "have the issuer seal again with a valid seal";
    SealNotYetValid "SEAL_NOT_YET_VALID" Failed Some(Sub::NotYetValid),
        zh "签章时印章尚未生效" / "请签发方重新签章",
        en "the seal was not yet valid at the signing time" / "have the issuer seal again";
    SealExpiredNow "SEAL_EXPIRED_SINCE" Note None,
        zh "印章现已过期，签章时有效" / "",
        en "the seal has expired since; it was valid at the signing time" / "";
    SealCreatedLate "SEAL_CREATED_AFTER_SIGNING" Note None,
        zh "印章的制作时间晚于签章时间" / "请与签发方核对",
        en "the seal says that it was made after the signing time" / "check with the issuer";

    SealNotUsable "SEAL_NOT_USABLE" Failed Some(Sub::SigConstraintsFailure),
        zh "印章不可用于新的签章" / "请按所列原因处理，或重新制章",
        en "the seal may not be used for new signatures" / "act on the details, or have the seal made anew";

    // Paths.
    NoTrustAnchors "NO_TRUST_ANCHORS" Indeterminate Some(Sub::NoCertificateChainFound),
        zh "没有给出可信的根证书" / "请提供信任锚；在网页上请告知管理员",
        en "no trust anchors were given" / "give trust anchors; on a web page, tell its administrator";
    PathNotFound "PATH_NOT_FOUND" Indeterminate Some(Sub::NoCertificateChainFound),
        zh "找不到从证书到信任锚的路径" / "请补充签发机构的证书或信任锚；在网页上请告知管理员",
        en "no path from the certificate to a trust anchor" / "add the issuer's certificate or the trust anchor; on a web page, tell its administrator";
    Untrusted "UNTRUSTED_SELF_SIGNED" Failed Some(Sub::NoCertificateChainFound),
        zh "证书为自签名且不在信任列表中" / "请勿采信；任何人都可以自制这样的证书",
        en "the certificate is self-signed and not in the trust list" / "do not rely on it: anyone can make such a certificate";
    PathSignatureInvalid "PATH_SIGNATURE_INVALID" Failed Some(Sub::CertificateChainGeneralFailure),
        zh "证书链中有证书的签名验证失败" / "请勿采信",
        en "the signature on a certificate of the path does not verify" / "do not rely on it";
    CertificateExpired "CERTIFICATE_EXPIRED" Failed Some(Sub::Expired),
        zh "签章时证书已过期" / "请签发方更新证书后重新签章",
        en "the certificate had expired at the signing time" / "have the issuer renew the certificate and seal again";
    CertificateNotYetValid "CERTIFICATE_NOT_YET_VALID" Failed Some(Sub::NotYetValid),
        zh "签章时证书尚未生效" / "请签发方重新签章",
        en "the certificate was not yet valid at the signing time" / "have the issuer seal again";
    MakerCertificatePeriod "MAKER_CERTIFICATE_PERIOD" Note None,
        zh "制章者证书在制章时与签章时只有一处有效" / "",
        en "the maker's certificate was valid at only one of making and signing" / "";
    KeyUsageMissing "KEY_USAGE_MISSING" Failed Some(Sub::ChainConstraintsFailure),
        zh "证书的密钥用途不允许此用途" / "请签发方使用签名证书",
        en "the certificate's key usage does not allow this use" / "have the issuer use a signing certificate";
    IssuerNotCa "ISSUER_NOT_CA" Failed Some(Sub::ChainConstraintsFailure),
        zh "证书链中的签发者不是 CA，或超出路径长度" / "请勿采信",
        en "an issuer in the path is no CA, or the path is longer than allowed" / "do not rely on it";
    CertificateConstraint "CERTIFICATE_CONSTRAINT" Failed Some(Sub::ChainConstraintsFailure),
        zh "证书含有不认识的关键扩展，或违反名称约束" / "请与签发机构核对",
        en "a certificate has an unknown critical extension or violates a name constraint" / "check with the issuing authority";
    CertificateUnreadable "CERTIFICATE_UNREADABLE" Failed Some(Sub::FormatFailure),
        zh "证书无法解析" / "请与签发机构核对",
        en "the certificate cannot be read" / "check with the issuing authority";
    CertificateAlgorithm "CERTIFICATE_ALGORITHM" Indeterminate Some(Sub::CryptoConstraintsFailure),
        zh "证书使用了此处不支持的算法" / "请用签发方的软件核验",
        en "a certificate uses an algorithm that is not supported here" / "verify with the issuer's own software";
    PathLimit "PATH_LIMIT" Indeterminate Some(Sub::NoCertificateChainFound),
        zh "证书路径的查找超出上限" / "请减少提供的无关证书",
        en "the search for a path exceeded its limit" / "give fewer unrelated certificates";

    // Revocation.
    RevokedBefore "REVOKED_BEFORE_SIGNING" Failed Some(Sub::Revoked),
        zh "签章前证书已被撤销" / "请勿采信",
        en "the certificate was revoked before signing" / "do not rely on it";
    RevokedAfter "REVOKED_AFTER_SIGNING" Note None,
        zh "证书在签章之后被撤销；时间戳证明签章在前" / "",
        en "the certificate was revoked after signing; a timestamp proves that the seal is older" / "";
    RevokedNoProof "REVOKED_NO_PROOF_OF_TIME" Indeterminate Some(Sub::RevokedNoPoe),
        zh "证书已被撤销，没有可信时间证明签章在撤销之前" / "如有归档、收文登记等证据证明签章早于括号中的撤销时间，请指定证据所示的时间（晚于签章、早于撤销）重新验证；否则请重新签章",
        en "the certificate is revoked, and no trusted time proves that the seal is older" / "if an archive or a register shows that it is older than the revocation (its time is in brackets), verify as of the time shown there, after the sealing and before the revocation; otherwise ask for a new seal";
    RevocationUnknown "REVOCATION_NOT_CHECKED" Note None,
        zh "未核对撤销状态" / "须有签发机构的撤销列表才能核对",
        en "revocation was not checked" / "checking it takes the issuer's revocation list";

    // Time.
    TimeUnreadable "SIGNING_TIME_UNREADABLE" Failed Some(Sub::FormatFailure),
        zh "签章时间无法读取，有效期无从判断" / "请向签发方核实",
        en "the signing time cannot be read, so periods cannot be judged" / "check with the issuer";
    TimeInFuture "SIGNING_TIME_IN_FUTURE" Indeterminate Some(Sub::NotYetValid),
        zh "签章时间晚于验证时间" / "请核对系统时间，或指定验证时间",
        en "the signing time is later than the time of verification" / "check the clock, or name the time of verification";
    TimestampAbsent "TIMESTAMP_ABSENT" Note None,
        zh "没有时间戳：签章时间由签章人自报" / "",
        en "no timestamp: the signing time is the sealer's own claim" / "";
    TimestampUnreadable "TIMESTAMP_UNREADABLE" Failed Some(Sub::FormatFailure),
        zh "时间戳无法解析" / "请向签发方核实",
        en "the timestamp cannot be read" / "check with the issuer";
    TimestampInvalid "TIMESTAMP_INVALID" Failed Some(Sub::SigCryptoFailure),
        zh "时间戳验证失败" / "请向签发方核实",
        en "the timestamp does not verify" / "check with the issuer";
    TimestampImprint "TIMESTAMP_IMPRINT_MISMATCH" Failed Some(Sub::HashFailure),
        zh "时间戳不属于这个签章" / "请勿采信",
        en "the timestamp does not belong to this signature" / "do not rely on it";
    TimestampUntrusted "TIMESTAMP_UNTRUSTED" Indeterminate Some(Sub::NoCertificateChainFound),
        zh "时间戳服务器的证书没有可信路径" / "请在时间戳的信任锚中补充其根证书",
        en "the timestamp authority's certificate has no trusted path" / "add its root to the anchors for timestamps";
    TimestampRevoked "TIMESTAMP_AUTHORITY_REVOKED" Indeterminate Some(Sub::RevokedNoPoe),
        zh "时间戳服务器的证书已被撤销，时间戳不能证明时间" / "请签发方提供其他时间证据或重新签章",
        en "the timestamp authority's certificate is revoked: the timestamp proves no time" / "ask the issuer for other evidence of the time or for a new seal";
    TimestampAuthorityEnded "TIMESTAMP_AUTHORITY_ENDED" Note None,
        zh "时间戳服务器的证书在出具时间戳之后停用，并非因密钥泄露：时间戳仍然有效" / "",
        en "the timestamp authority's certificate was ended after the timestamp, and not because its key was lost: the timestamp still counts" / "";
    TimestampOrder "TIMESTAMP_ORDER" Indeterminate Some(Sub::TimestampOrderFailure),
        zh "时间戳早于自报的签章时间" / "请与签发方核对",
        en "the timestamp is older than the claimed signing time" / "check with the issuer";

    // Coverage.
    ReferencesEmpty "NO_COVERAGE" Failed Some(Sub::SigConstraintsFailure),
        zh "签章没有保护任何内容" / "请勿采信",
        en "the signature protects nothing" / "do not rely on it";
    ContentNotProtected "CONTENT_NOT_PROTECTED" Failed Some(Sub::SigConstraintsFailure),
        zh "显示的内容中有未受签章保护的部分" / "这些内容可被任意替换，请向签发方索取原件",
        en "parts that are shown are not protected by the signature" / "they could have been replaced by anyone; ask the issuer for the original";
    ContentAddedLater "CONTENT_ADDED_LATER" Indeterminate Some(Sub::SigConstraintsFailure),
        zh "签章之后又增加了内容，由后续签章保护" / "请查看后续签章的签章人是否有权增加内容",
        en "content was added after this seal and is protected by a later one" / "see whether the later sealer may add content";
    ContentAddedBySameSealer "CONTENT_ADDED_BY_SEALER" Note None,
        zh "签章之后由同一签章人增加了内容并再次签章" / "",
        en "the same sealer added content afterwards and sealed it" / "";
    EntryUnprotected "ENTRY_POINT_UNPROTECTED" Note None,
        zh "OFD.xml 未受保护，但它指向的文档受保护且唯一" / "",
        en "OFD.xml is not protected, but the one document it points to is" / "";
    StrayParts "STRAY_PARTS" Note None,
        zh "包内有不会显示且未受保护的部件" / "",
        en "parts that are never shown and not protected" / "";
    Locked "LOCKED" Note None,
        zh "锁定签章：不得再加盖签章" / "",
        en "locking seal: no further signature may be added" / "";

    // Appearance.
    StampPageUnknown "STAMP_PAGE_UNKNOWN" Note None,
        zh "印章所在页不存在，页面上不会显示该印章" / "请与签发方核对",
        en "the stamp's page does not exist: the seal is shown nowhere" / "check with the issuer";
    StampSizeDiffers "STAMP_SIZE_DIFFERS" Note None,
        zh "印章在页面上的尺寸与印章本身不同" / "",
        en "the stamp's size on the page differs from the seal's own size" / "";
    StampAbsent "STAMP_ABSENT" Note None,
        zh "签章没有在任何页面上显示印章" / "",
        en "the signature shows no stamp on any page" / "";
    SealIdDiffers "SEAL_ID_DIFFERS" Note None,
        zh "印章编码与签章人证书名称不同" / "",
        en "the seal's code differs from the name in the sealer's certificate" / "";

    // PDF.
    PdfDamaged "PDF_DAMAGED" Indeterminate Some(Sub::FormatFailure),
        zh "PDF 结构损坏，只能按推测读取，不同阅读器显示的内容可能不同" / "请向签发方索取完好的原件",
        en "the PDF is damaged and read by guesswork: readers may differ in what they show" / "ask the issuer for an intact original";
    PdfEncrypted "PDF_ENCRYPTED" Indeterminate Some(Sub::FormatFailure),
        zh "PDF 已加密，且未用正确的口令打开，无法核对签名所保护的内容" / "请给出打开口令，或向签发方索取未加密的原件",
        en "the PDF is encrypted and was not opened: what the signatures protect cannot be checked" / "give the password, or ask the issuer for an original that is not encrypted";
    PdfSignaturesUnlisted "PDF_SIGNATURES_UNLISTED" Indeterminate Some(Sub::FormatFailure),
        zh "文件中有签名数据，但没有签名域指向它们：签章可能已被移除" / "请向签发方索取原件",
        en "the file holds signatures that no signature field leads to: they may have been removed" / "ask the issuer for the original";
    PdfByteRange "PDF_BYTE_RANGE" Failed Some(Sub::SigConstraintsFailure),
        zh "签名范围（ByteRange）有误，可能夹带未受保护的内容" / "请勿采信，请向签发方索取原件",
        en "the byte range of the signature is not exact: content can hide outside of it" / "do not rely on it; ask the issuer for the original";
    PdfNoRevision "PDF_NO_REVISION" Failed Some(Sub::SigConstraintsFailure),
        zh "签名所保护的内容不是一份完整的文件版本" / "请勿采信，请向签发方索取原件",
        en "what the signature covers is no complete revision of the document that holds it" / "do not rely on it; ask the issuer for the original";
    PdfBytesUncovered "PDF_BYTES_UNCOVERED" Failed Some(Sub::SigConstraintsFailure),
        zh "最后一个版本之后还有不受任何签名保护的数据" / "请勿采信，请向签发方索取原件",
        en "bytes follow the last revision that no signature covers" / "do not rely on it; ask the issuer for the original";
    PdfPadding "PDF_CONTENTS_PADDING" Indeterminate Some(Sub::FormatFailure),
        zh "签名值之后的填充区内有数据，签名不保护这些数据" / "请与签发方核对",
        en "data stands in the padding behind the signature value, which nothing protects" / "check with the issuer";
    PdfFormUnknown "PDF_SIGNATURE_FORM_UNKNOWN" Indeterminate Some(Sub::FormatFailure),
        zh "不支持的 PDF 签名形式（SubFilter）" / "请用签发方的软件核验",
        en "the form of the signature (SubFilter) is not supported" / "verify with the issuer's own software";
    WeakAlgorithm "WEAK_ALGORITHM" Indeterminate Some(Sub::CryptoConstraintsFailure),
        zh "签名使用了不安全的算法或过短的密钥（MD5、SHA-1、RSA 不足 2048 位）" / "请签发方重新签章",
        en "the signature uses a broken digest or a short key (MD5, SHA-1, RSA below 2048 bits)" / "have the issuer seal again";
    PdfPagesChanged "PDF_PAGES_CHANGED" Failed Some(Sub::SigConstraintsFailure),
        zh "签章之后增删或替换了页面" / "请勿采信，请向签发方索取原件",
        en "pages were added, removed or exchanged after the seal" / "do not rely on it; ask the issuer for the original";
    PdfContentChanged "PDF_CONTENT_CHANGED" Failed Some(Sub::SigConstraintsFailure),
        zh "签章之后页面内容被改动（隐藏、替换或遮盖）" / "请勿采信，请向签发方索取原件",
        en "what pages show was changed after the seal: hidden, replaced or covered" / "do not rely on it; ask the issuer for the original";
    PdfAnnotationsChanged "PDF_ANNOTATIONS_CHANGED" Failed Some(Sub::SigConstraintsFailure),
        zh "签章之后增加或改动了批注，而签章人未允许" / "批注可能遮盖内容，请向签发方索取原件",
        en "annotations were added or changed after the seal without permission" / "they can cover content; ask the issuer for the original";
    PdfAnnotationsPermitted "PDF_ANNOTATIONS_PERMITTED" Indeterminate Some(Sub::SigConstraintsFailure),
        zh "签章之后增加了签章人允许的批注，批注可能遮盖内容" / "请查看批注是否改变了文意",
        en "annotations were added after the seal, as its signer permits; they can cover content" / "see whether they change what the document says";
    PdfFieldsChanged "PDF_FIELDS_CHANGED" Failed Some(Sub::SigConstraintsFailure),
        zh "签章之后增删了表单域，或改动了其性质" / "请勿采信，请向签发方索取原件",
        en "form fields were added, removed or altered after the seal" / "do not rely on it; ask the issuer for the original";
    PdfFieldsFilled "PDF_FIELDS_FILLED" Indeterminate Some(Sub::SigConstraintsFailure),
        zh "签章之后填写了表单域，填写的内容不受该签章保护" / "请与签章人核对所填内容",
        en "form fields were filled after the seal, which does not protect what was filled in" / "check with the sealer what was filled in";
    PdfFieldsPermitted "PDF_FIELDS_PERMITTED" Note None,
        zh "签章之后填写了签章人允许填写的表单域" / "",
        en "form fields were filled after the seal, as its signer permits" / "";
    PdfSignatureChanged "PDF_SIGNATURE_CHANGED" Failed Some(Sub::SigConstraintsFailure),
        zh "签章之后，已有的签名被移除、替换或改变了外观" / "请勿采信，请向签发方索取原件",
        en "a signature was removed, exchanged or given another appearance after the seal" / "do not rely on it; ask the issuer for the original";
    PdfUnsignedAppearance "PDF_UNSIGNED_APPEARANCE" Failed Some(Sub::SigConstraintsFailure),
        zh "签章之后增加了没有签名却显示图像的签名域" / "请勿采信；看似签章，其实无人签名",
        en "a signature field that nobody signed shows a picture" / "do not rely on it: it looks like a seal and is none";
    PdfStructureChanged "PDF_STRUCTURE_CHANGED" Failed Some(Sub::SigConstraintsFailure),
        zh "签章之后改动了文件结构（动作、附件、图层、权限或表单设置）" / "请勿采信，请向签发方索取原件",
        en "the document's structure (actions, attachments, layers, permissions, form settings) was changed after the seal" / "do not rely on it; ask the issuer for the original";
    PdfNotPermitted "PDF_CHANGE_NOT_PERMITTED" Failed Some(Sub::SigConstraintsFailure),
        zh "签章之后的改动为该签章所禁止（DocMDP 或 FieldMDP）" / "请勿采信，请向签发方索取原件",
        en "the seal forbids a change that was made after it (DocMDP or FieldMDP)" / "do not rely on it; ask the issuer for the original";
    PdfChangesUnreadable "PDF_CHANGES_UNREADABLE" Failed Some(Sub::FormatFailure),
        zh "签章之后的改动无法读取，不能判断是否无害" / "请勿采信，请向签发方索取原件",
        en "what was changed after the seal cannot be read, so nothing shows that it is harmless" / "do not rely on it; ask the issuer for the original";
    PdfSignedLater "PDF_SIGNED_LATER" Note None,
        zh "之后又有签名加入，内容未变" / "",
        en "further signatures were added afterwards; the content is unchanged" / "";
    PdfUpdatedLater "PDF_UPDATED_LATER" Note None,
        zh "之后补充了不影响内容的数据（验证材料、元数据）" / "",
        en "data was added afterwards that does not touch the content (evidence, metadata)" / "";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_shout() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for name in names {
            assert!(name.chars().all(|c| c.is_ascii_uppercase() || c == '_'), "{name}");
        }
    }

    #[test]
    fn every_reason_that_decides_has_a_sub_indication_and_advice() {
        for code in Code::ALL {
            assert_eq!(
                code.sub_indication().is_some(),
                code.effect() != Effect::Note,
                "{code:?}"
            );
            for language in [Language::Zh, Language::En] {
                let words = code.words(language);
                assert!(
                    !words.what.is_empty() && !words.what.ends_with(['.', '。']),
                    "{code:?}"
                );
                assert!(
                    code.effect() == Effect::Note || !words.advice.is_empty(),
                    "{code:?}"
                );
            }
            assert!(code.words(Language::En).what.is_ascii() || code.words(Language::En).what.contains('‖'));
        }
    }

    /// The same words stand on a terminal and on a web page, where nobody has options.
    #[test]
    fn no_reason_names_an_option_of_a_command() {
        for code in Code::ALL {
            for language in [Language::Zh, Language::En] {
                let words = code.words(language);
                assert!(
                    ![words.what, words.advice].iter().any(|text| text.contains("--")),
                    "{code:?}"
                );
            }
        }
    }
}
