//! What went wrong, as `application/problem+json` (RFC 9457), in the words of the person who asks; the log
//! gets a sentence of its own, without personal data.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use registry::{Code, Refusal};
use schemars::JsonSchema;
use sealing::{Language, PLACEMENTS_MAX, PdfSealError, PositionError, SLICE_MM_MIN, SealError, StampError};
use serde::Serialize;
use tracing::{error, info, warn};

use super::call::with_request_id;
use crate::app::{CustodyFault, Error, PasswordFault, SignInFault, SignatureFault};

/// Media type of errors.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(crate) struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    zh: Text,
    en: Text,
    log: String,
    retry_after_seconds: Option<u32>,
    /// The requirement and the article that a refusal rests on.
    rests_on: Option<(String, String)>,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { what } => Self::not_found(what),
            Error::OutsideLog { .. } => Self::outside_log(),
            Error::Refused(refusal) => Self::refused(&refusal),
            Error::SignIn(fault) => Self::sign_in(fault),
            Error::Custody(fault) => Self::custody(&fault),
            Error::AccountExists => Self::account_exists(),
            Error::MakingNotConfigured => Self::making_not_configured(),
            Error::NothingToMake => Self::nothing_to_make(),
            Error::NotMade { reason } => Self::not_made(&reason),
            error @ Error::CertificateNotProved { .. } => Self::not_made(&error.to_string()),
            Error::Picture { reason } => Self::picture(&reason),
            Error::Store(store::Error::TooLarge { max, .. }) => Self::too_large(max as u64),
            Error::Store(store::Error::File {
                action: "received", ..
            }) => Self::interrupted(),
            Error::Store(store::Error::Missing { what: "document", .. }) => Self::not_found("document"),
            Error::SetUpBefore => Self::set_up_before(),
            Error::NotThreeAdministrators => Self::not_three_administrators(),
            Error::KeyReused => Self::idempotency_key_reused(),
            Error::Busy => Self::busy(),
            Error::BatchRunning => Self::batch_running(),
            Error::Signature(fault) => Self::signature(fault),
            Error::GrantNotOpen => Self::grant_not_open(),
            Error::SealUnusable { codes } => Self::seal_unusable(&codes),
            Error::TooLarge { bytes_max } => Self::too_large(bytes_max),
            Error::Interrupted => Self::interrupted(),
            Error::PageNotDrawn { reason } => Self::page_not_drawn(&reason),
            Error::NotSealed(error) => Self::not_sealed(&error),
            Error::Profile(_) => Self::unknown_profile(),
            Error::Store(store::Error::Closed) => Self::stopping(),
            Error::Store(store::Error::Conflict { .. } | store::Error::Duplicate { .. }) => {
                Self::met_another_change()
            }
            error => Self::internal(error.to_string()),
        }
    }
}

/// What happened, and what to do.
#[derive(Debug)]
struct Text {
    what: String,
    advice: String,
}

/// The body of an error (RFC 9457).
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProblemBody {
    /// `urn:yinxin:problem:` and the code.
    r#type: String,
    /// What happened, in the language asked for.
    title: String,
    /// What to do about it.
    detail: String,
    /// The HTTP status.
    status: u16,
    /// A name that never changes, for programs.
    code: &'static str,
    /// To be quoted when asking for help.
    request_id: String,
    /// The requirement that a refusal rests on, such as `R27`.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// The regulation and its article.
    #[serde(skip_serializing_if = "Option::is_none")]
    article: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, zh: [&str; 2], en: [&str; 2]) -> Self {
        let text = |[what, advice]: [&str; 2]| Text {
            what: what.into(),
            advice: advice.into(),
        };
        Self(Box::new(Inner {
            status,
            code,
            log: en[0].to_owned(),
            zh: text(zh),
            en: text(en),
            retry_after_seconds: None,
            rests_on: None,
        }))
    }

    fn logged(mut self, log: impl Into<String>) -> Self {
        self.0.log = log.into();
        self
    }

    fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// Something broke here; the person is told no more than that.
    pub(crate) fn internal(log: impl Into<String>) -> Self {
        let zh = [
            "服务内部错误，请求没有完成",
            "请稍后重试；仍然出现时，请把请求编号告诉管理员",
        ];
        let en = [
            "An internal error; the request was not completed",
            "Try again later; if it stays, give the request id to the administrator",
        ];
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", zh, en).logged(log)
    }

    pub(crate) fn no_such_endpoint() -> Self {
        let zh = ["没有这个接口", "接口清单见 /api/openapi.json"];
        let en = [
            "There is no such endpoint",
            "/api/openapi.json lists the endpoints",
        ];
        Self::new(StatusCode::NOT_FOUND, "NO_SUCH_ENDPOINT", zh, en)
    }

    pub(crate) fn no_such_page() -> Self {
        let zh = ["没有这个页面", "请检查网址，或从首页重新进入"];
        let en = [
            "There is no such page",
            "Check the address, or begin at the home page",
        ];
        Self::new(StatusCode::NOT_FOUND, "NO_SUCH_PAGE", zh, en)
    }

    /// A document that was verified a while ago.
    pub(crate) fn no_longer_kept() -> Self {
        let zh = ["该验证结果已清除", "结果保留 15 分钟；请重新上传文件验证"];
        let en = [
            "This result is no longer kept",
            "Results are kept for 15 minutes; send the document again",
        ];
        Self::new(StatusCode::NOT_FOUND, "NO_LONGER_KEPT", zh, en)
    }

    /// A log that is checked elsewhere, not while somebody waits.
    pub(crate) fn log_too_long() -> Self {
        let zh = [
            "日志过长，不能在网页上核对",
            "请导出日志，在另一台机器上用 yinxin audit check 核对",
        ];
        let en = [
            "The log is too long to be checked on a page",
            "Export it, and check it on another machine with yinxin audit check",
        ];
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "LOG_TOO_LONG", zh, en)
    }

    /// A form that this site did not send, or that belongs to another session.
    pub(crate) fn foreign_form() -> Self {
        let zh = [
            "表单不是本系统发出的，或登录会话已更换",
            "请重新打开该页面后再提交",
        ];
        let en = [
            "The form did not come from this system, or belongs to another session",
            "Open the page again and send it from there",
        ];
        Self::new(StatusCode::FORBIDDEN, "FOREIGN_FORM", zh, en)
    }

    /// A field of a form that cannot be taken.
    pub(crate) fn bad_field(zh: &str, en: &str) -> Self {
        let zh = [zh, "请更正后重新提交"];
        let en = [en, "Correct it and send the form again"];
        Self::new(StatusCode::BAD_REQUEST, "BAD_FIELD", zh, en).logged("a field of a form cannot be taken")
    }

    /// Signing in over a connection that others can read.
    pub(crate) fn insecure() -> Self {
        let zh = [
            "当前连接未加密，不能登录",
            "请用 https:// 网址访问；反向代理须设置 X-Forwarded-Proto",
        ];
        let en = [
            "The connection is not encrypted, so nobody can sign in over it",
            "Use the https:// address; a reverse proxy must set X-Forwarded-Proto",
        ];
        Self::new(StatusCode::FORBIDDEN, "INSECURE", zh, en)
    }

    /// No picture of a page could be drawn.
    pub(crate) fn page_not_drawn(reason: &str) -> Self {
        let zh = ["该页无法绘制", "请下载文件后用阅读器查看；验证结论不受影响"];
        let en = [
            "The page cannot be drawn",
            "Save the document and look at it in a reader; the verdict does not depend on it",
        ];
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "PAGE_NOT_DRAWN", zh, en).logged(reason)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let zh = ["该接口不支持此方法", "支持的方法见 Allow 标头"];
        let en = [
            "The endpoint does not take this method",
            "The Allow header names those it takes",
        ];
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", zh, en)
    }

    pub(crate) fn too_slow(seconds: u64) -> Self {
        let zh = format!("请求在 {seconds} 秒内没有完成");
        let en = format!("The request was not completed within {seconds} seconds");
        let zh = [&zh, "请检查网络后重试，或稍后再试"];
        let en = [&en, "Check the network and try again, or try later"];
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "TOO_SLOW", zh, en).retry_after(10)
    }

    pub(crate) fn busy() -> Self {
        let zh = ["同时处理的文件已达上限", "请按 Retry-After 标头的秒数稍后重试"];
        let en = [
            "As many documents as can be handled are being handled",
            "Try again after the seconds of the Retry-After header",
        ];
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "BUSY", zh, en).retry_after(2)
    }

    fn batch_running() -> Self {
        let zh = ["这一批文件正在盖章", "请用 GET 查询进度；停下后再继续"];
        let en = [
            "The batch is being sealed already",
            "Ask for its progress with GET; go on once it has stopped",
        ];
        Self::new(StatusCode::CONFLICT, "BATCH_RUNNING", zh, en)
    }

    pub(crate) fn stopping() -> Self {
        let zh = ["服务正在停止", "请稍后重试"];
        let en = ["The service is stopping", "Try again later"];
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "STOPPING", zh, en).retry_after(5)
    }

    pub(crate) fn too_large(bytes_max: u64) -> Self {
        let zh = format!("内容超过上限 {bytes_max} 字节");
        let en = format!("The content exceeds the limit of {bytes_max} bytes");
        let zh = [&zh, "请减小文件，或请管理员提高上限"];
        let en = [
            &en,
            "Make the file smaller, or ask the administrator to raise the limit",
        ];
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", zh, en)
    }

    pub(crate) fn empty_body() -> Self {
        let zh = ["请求没有内容", "请把文件作为请求正文发送"];
        let en = [
            "The request has no content",
            "Send the file as the body of the request",
        ];
        Self::new(StatusCode::BAD_REQUEST, "EMPTY", zh, en)
    }

    /// The document cannot be read, or may not be sealed as asked; the reason is the engine's.
    fn not_sealed(error: &StampError) -> Self {
        let reason = match error {
            StampError::Ofd(SealError::Position(fault)) | StampError::Pdf(PdfSealError::Position(fault)) => {
                position_in_chinese(fault)
            }
            error => error.to_string(),
        };
        let zh = format!("文件不能加盖印章：{reason}");
        let en = format!("The document cannot be sealed: {error}");
        let zh = [&zh, "请使用规范的 OFD 或 PDF 文件，并检查盖章位置"];
        let en = [
            &en,
            "Use a sound OFD or PDF document, and check where the seal goes",
        ];
        // Words looked for in a document may be personal.
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "DOCUMENT_NOT_SEALED", zh, en)
            .logged("a document cannot be sealed")
    }

    /// The request of a business system cannot be read as signed.
    pub(crate) fn not_signed() -> Self {
        let zh = [
            "请求没有按要求签名",
            "签名方法见 docs/guide/systems.md（RFC 9421，SM2）",
        ];
        let en = [
            "The request is not signed as required",
            "docs/guide/systems.md says how to sign (RFC 9421 with SM2)",
        ];
        Self::new(StatusCode::UNAUTHORIZED, "NOT_SIGNED", zh, en)
    }

    pub(crate) fn digest_differs() -> Self {
        let zh = [
            "内容与 Content-Digest 标头不符",
            "请对实际发送的内容计算 SM3 后签名",
        ];
        let en = [
            "The content is not the one of the header Content-Digest",
            "Compute the SM3 of what is sent, then sign",
        ];
        Self::new(StatusCode::BAD_REQUEST, "DIGEST_DIFFERS", zh, en)
    }

    pub(crate) fn client_certificate_refused() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "CLIENT_CERTIFICATE_REFUSED",
            [
                "请求头 Client-Cert 不予采信",
                "证书只由配置的代理（http.proxies、http.client_certificates）在 TLS 握手后填写；请对请求签名，或联系管理员",
            ],
            [
                "The header Client-Cert is not believed",
                "Only a configured proxy (http.proxies, http.client_certificates) names certificates, after the TLS \
                 handshake; sign the request, or ask the administrator",
            ],
        )
    }

    fn signature(fault: SignatureFault) -> Self {
        let (code, zh, en) = match fault {
            SignatureFault::Client => (
                "CLIENT_UNKNOWN",
                ["没有这个业务系统，或已被停用", "请核对 keyid，或联系安全管理员"],
                [
                    "There is no such business system, or it is blocked",
                    "Check keyid, or ask the security administrator",
                ],
            ),
            SignatureFault::Certificate => (
                "CLIENT_CERTIFICATE",
                ["业务系统的证书不在有效期内", "请更换证书"],
                [
                    "The system's certificate is not valid now",
                    "Have a new one entered",
                ],
            ),
            SignatureFault::Time => (
                "SIGNATURE_TIME",
                ["签名时间与本系统相差超过 300 秒", "请校准时钟后重新签名"],
                [
                    "The time of the signature is off by more than 300 seconds",
                    "Set the clock and sign again",
                ],
            ),
            SignatureFault::Mismatch => (
                "SIGNATURE_MISMATCH",
                ["请求的签名不成立", "请核对被签名的内容和私钥"],
                [
                    "The signature of the request does not hold",
                    "Check what is signed, and the key",
                ],
            ),
            SignatureFault::Replayed => (
                "NONCE_USED",
                ["这个 nonce 已经用过", "每个请求用新的 nonce"],
                ["The nonce was used before", "Take a new one for each request"],
            ),
        };
        Self::new(StatusCode::UNAUTHORIZED, code, zh, en)
    }

    fn grant_not_open() -> Self {
        let zh = [
            "用印授权没有生效，或保管人还没有用口令开启",
            "请由保管人调用 /api/grants/ID/key",
        ];
        let en = [
            "The grant is not in force, or its custodian has not opened it with the PIN",
            "Have the custodian call /api/grants/ID/key",
        ];
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "GRANT_NOT_OPEN", zh, en)
    }

    fn seal_unusable(codes: &[&str]) -> Self {
        let codes = codes.join(", ");
        let zh = format!("印章或其证书当前不能使用：{codes}");
        let en = format!("The seal or its certificate cannot be used now: {codes}");
        let zh = [&zh, "各代码的含义见 docs/guide/reasons.md；请联系制发部门"];
        let en = [
            &en,
            "docs/guide/reasons.md says what the codes mean; ask the authority that made the seal",
        ];
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "SEAL_UNUSABLE", zh, en)
    }

    pub(crate) fn interrupted() -> Self {
        let zh = ["上传中断", "请重新上传"];
        let en = ["The upload was interrupted", "Upload again"];
        Self::new(StatusCode::BAD_REQUEST, "INTERRUPTED", zh, en)
    }

    pub(crate) fn bad_query(message: &str) -> Self {
        let zh = format!("查询参数有误：{message}");
        let en = format!("The query parameters are wrong: {message}");
        let zh = [&zh, "参数清单见 /api/openapi.json"];
        let en = [&en, "/api/openapi.json lists the parameters"];
        // What was sent may be personal; the log says only that it was wrong.
        Self::new(StatusCode::BAD_REQUEST, "BAD_QUERY", zh, en).logged("query parameters were refused")
    }

    pub(crate) fn network_not_allowed() -> Self {
        let zh = ["不允许从此网络访问", "请从规定的网络访问，或请管理员检查网络名单"];
        let en = [
            "Not allowed from this network",
            "Come from the prescribed network, or ask the administrator to check the list of networks",
        ];
        Self::new(StatusCode::FORBIDDEN, "NETWORK_NOT_ALLOWED", zh, en)
    }

    pub(crate) fn bad_body(place: &str) -> Self {
        let zh = format!("请求内容有误：{place}");
        let en = format!("The body of the request is wrong: {place}");
        let zh = [&zh, "内容格式见 /api/openapi.json"];
        let en = [&en, "/api/openapi.json describes the body"];
        Self::new(StatusCode::BAD_REQUEST, "BAD_BODY", zh, en).logged("the body was refused")
    }

    pub(crate) fn idempotency_key_missing() -> Self {
        let zh = [
            "缺少 Idempotency-Key 标头",
            "请为每个新请求生成一个新的键，重试时沿用原键",
        ];
        let en = [
            "The header Idempotency-Key is missing",
            "Make a new key for each new request, and send the same one when repeating it",
        ];
        Self::new(StatusCode::BAD_REQUEST, "IDEMPOTENCY_KEY_MISSING", zh, en)
    }

    fn idempotency_key_reused() -> Self {
        let zh = ["此 Idempotency-Key 已用于另一请求", "请为新请求生成新的键"];
        let en = [
            "This Idempotency-Key was used for another request",
            "Make a new key for a new request",
        ];
        Self::new(StatusCode::CONFLICT, "IDEMPOTENCY_KEY_REUSED", zh, en)
    }

    pub(crate) fn no_session() -> Self {
        let zh = ["没有登录，或会话已结束", "请重新登录"];
        let en = ["Not signed in, or the session is over", "Sign in again"];
        Self::new(StatusCode::UNAUTHORIZED, "NO_SESSION", zh, en)
    }

    fn sign_in(fault: SignInFault) -> Self {
        let (status, code, zh, en) = match fault {
            SignInFault::NoSession => return Self::no_session(),
            SignInFault::Wrong => (
                StatusCode::UNAUTHORIZED,
                "SIGN_IN_WRONG",
                [
                    "账户、口令、动态码或证书应答不正确",
                    "请核对后重试；动态码每 30 秒更换，动态码和质询都只能使用一次",
                ],
                [
                    "Account, password, code or the answer with a certificate are wrong",
                    "Check them; a code changes every 30 seconds, codes and challenges serve once",
                ],
            ),
            SignInFault::Certificate => (
                StatusCode::FORBIDDEN,
                "CERTIFICATE_REFUSED",
                [
                    "证书不受信任、不在有效期内或已被撤销",
                    "请用动态码登录后更换证书，或请管理员核对 trust.anchors",
                ],
                [
                    "The certificate is not trusted, not in its period, or revoked",
                    "Sign in with a code and set another one, or ask the administrator to check trust.anchors",
                ],
            ),
            SignInFault::CertificateTaken => (
                StatusCode::CONFLICT,
                "CERTIFICATE_TAKEN",
                ["该证书已用于另一账户", "每个账户须用自己的证书"],
                [
                    "The certificate opens another account",
                    "Every account needs a certificate of its own",
                ],
            ),
            SignInFault::Locked => (
                StatusCode::FORBIDDEN,
                "ACCOUNT_LOCKED",
                ["多次登录失败，账户已暂时锁定", "请稍后再试，或请安全管理员处理"],
                [
                    "The account is locked after failed tries",
                    "Try later, or ask the security administrator",
                ],
            ),
            SignInFault::PasswordTooOld => (
                StatusCode::FORBIDDEN,
                "PASSWORD_TOO_OLD",
                ["口令已超过规定期限", "请在登录时同时提交新口令"],
                ["The password is too old", "Send a new one with the sign-in"],
            ),
            SignInFault::NewPassword(fault) => return Self::password(fault),
        };
        Self::new(status, code, zh, en)
    }

    fn password(fault: PasswordFault) -> Self {
        let (zh, en) = match fault {
            PasswordFault::Length => (
                "新口令过短或过长：至少 10 个字符，至多 256 字节",
                "The new password is too short or too long: at least 10 characters, at most 256 bytes",
            ),
            PasswordFault::TooPlain => (
                "新口令过于简单：须含大写、小写、数字、其他字符中的三种",
                "The new password is too plain: three of upper case, lower case, digits and others are needed",
            ),
            PasswordFault::ContainsName => (
                "新口令包含账户名的一部分",
                "The new password contains a part of the account's name",
            ),
            PasswordFault::UsedBefore => ("新口令曾经用过", "The new password was used before"),
        };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(
            status,
            "PASSWORD_REFUSED",
            [zh, "请换一个口令"],
            [en, "Choose another one"],
        )
    }

    /// A seal's key, or its protection password.
    fn custody(fault: &CustodyFault) -> Self {
        let (status, code, zh, en) = match fault {
            CustodyFault::WrongPin { left } => (
                StatusCode::FORBIDDEN,
                "PIN_WRONG",
                [
                    format!("保护口令不正确，还可尝试 {left} 次"),
                    "请核对后重试；忘记口令的，请申请重置（reset_pin），获批后换发新密钥".to_owned(),
                ],
                [
                    format!("The PIN is wrong; {left} tries are left"),
                    "Check it and try again; if it is forgotten, apply for a reset (reset_pin), which ends in another \
                     key"
                    .to_owned(),
                ],
            ),
            CustodyFault::Locked => (
                StatusCode::FORBIDDEN,
                "KEY_LOCKED",
                [
                    "保护口令多次错误，密钥已锁定".to_owned(),
                    "本系统不托管口令，无法解锁：请持身份证明申请重置口令（reset_pin），获批后换发新密钥".to_owned(),
                ],
                [
                    "The key is locked after wrong PINs".to_owned(),
                    "Nothing is escrowed, so it cannot be unlocked: apply for a reset with your evidence (reset_pin), \
                     which ends in another key"
                        .to_owned(),
                ],
            ),
            CustodyFault::Weak(fault) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "PIN_REFUSED",
                [
                    "保护口令不符合要求：8 至 64 个字符，不得全部相同或按顺序递增、递减".to_owned(),
                    "请换一个口令".to_owned(),
                ],
                [
                    format!("The PIN cannot be taken: {fault}"),
                    "Choose another one".to_owned(),
                ],
            ),
            CustodyFault::SamePin => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "PIN_REFUSED",
                ["新口令与原口令相同".to_owned(), "请换一个口令".to_owned()],
                [
                    "The new PIN is the old one".to_owned(),
                    "Choose another one".to_owned(),
                ],
            ),
            CustodyFault::Keys(error) => return Self::internal(error.to_string()),
        };
        let text = |text: &[String; 2]| Text {
            what: text[0].clone(),
            advice: text[1].clone(),
        };
        let mut problem = Self::new(status, code, ["", ""], ["", ""]).logged(fault.to_string());
        (problem.0.zh, problem.0.en) = (text(&zh), text(&en));
        problem
    }

    /// The rules said no; which rule, and the article behind it, is told.
    fn refused(refusal: &Refusal) -> Self {
        let status = match refusal.code {
            Code::DoesNotExist => StatusCode::NOT_FOUND,
            Code::NotPermitted
            | Code::OutsideSubtree
            | Code::NetworkNotAllowed
            | Code::DeviceNotDedicated => StatusCode::FORBIDDEN,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let texts = |language| [refusal.what(language), refusal.advice(language)];
        let (zh, en) = (texts(registry::Language::Zh), texts(registry::Language::En));
        let mut problem = Self::new(status, refusal.code.name(), [&zh[0], &zh[1]], [&en[0], &en[1]]);
        problem.0.log = refusal.to_string();
        problem.0.rests_on = Some((refusal.rule.to_string(), refusal.article.to_string()));
        problem
    }

    fn making_not_configured() -> Self {
        let zh = ["本系统未配置制章", "请管理员在配置文件中设置 [making] 后再制作"];
        let en = [
            "Nothing is made here: no maker is configured",
            "Ask the operator to set the section making of the configuration",
        ];
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "MAKING_NOT_CONFIGURED", zh, en)
    }

    fn nothing_to_make() -> Self {
        let zh = ["该申请不需要制作", "制作、续期和更换载体的申请才需要制作"];
        let en = [
            "The application asks for nothing that is made",
            "Only applications to make, renew or replace a device do",
        ];
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "NOTHING_TO_MAKE", zh, en)
    }

    fn not_made(reason: &str) -> Self {
        let zh = format!("印章没有制成：{reason}");
        let en = format!("The seal was not made: {reason}");
        let zh = [&zh, "请按所述原因更正后重新制作"];
        let en = [&en, "Correct what is named, and make it again"];
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "NOT_MADE", zh, en)
    }

    fn picture(reason: &str) -> Self {
        let zh = format!("印章图像不能使用：{reason}");
        let en = format!("The picture cannot be used: {reason}");
        let zh = [&zh, "请提供完好的印模图像（PNG、JPEG、BMP、GIF）"];
        let en = [
            &en,
            "Give an intact picture of the impression (PNG, JPEG, BMP, GIF)",
        ];
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "PICTURE_UNUSABLE", zh, en)
    }

    fn account_exists() -> Self {
        let zh = ["账户名已被使用，或此人已有账户", "请换一个账户名，或先注销原账户"];
        let en = [
            "The account's name is taken, or the person has an account",
            "Choose another name, or close the person's account first",
        ];
        Self::new(StatusCode::CONFLICT, "ACCOUNT_EXISTS", zh, en)
    }

    fn set_up_before() -> Self {
        let zh = ["系统已经初始化", "请由管理员登录后办理"];
        let en = [
            "The set-up was made before",
            "Sign in as an administrator instead",
        ];
        Self::new(StatusCode::CONFLICT, "SET_UP_BEFORE", zh, en)
    }

    fn not_three_administrators() -> Self {
        let zh = [
            "初始化须有系统、安全、审计管理员各一名",
            "请给出三名管理员，每种角色一名",
        ];
        let en = [
            "A set-up needs a system, a security and an audit administrator",
            "Name three administrators, one for each role",
        ];
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "NOT_THREE_ADMINISTRATORS",
            zh,
            en,
        )
    }

    /// A registered impression was sent though it was fetched.
    pub(crate) fn impression_was_fetched() -> Self {
        let zh = [
            "公安机关备案的印模已经取得，比对以它为准",
            "请不带内容再发一次；取得的印模是本申请的材料之一",
        ];
        let en = [
            "The registered impression was fetched from public security, and is what is compared with (R33)",
            "Send the request again without a body; the image that was fetched is a material of the application",
        ];
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "IMPRESSION_WAS_FETCHED", zh, en)
    }

    fn unknown_profile() -> Self {
        let zh = ["没有这个法规配置", "请使用 cn、xian、wuhu 或 inner-mongolia"];
        let en = [
            "There is no such regulation profile",
            "Use cn, xian, wuhu or inner-mongolia",
        ];
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "UNKNOWN_PROFILE", zh, en)
    }

    fn met_another_change() -> Self {
        let zh = ["与另一个同时进行的更改冲突，本次没有保存", "请重新读取后再试"];
        let en = [
            "Another change came first; nothing was saved",
            "Read it again and try again",
        ];
        Self::new(StatusCode::CONFLICT, "CONFLICT", zh, en)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        let zh = ["没有找到所查的内容", "请核对编号"];
        let en = ["There is nothing under this identifier", "Check the identifier"];
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", zh, en).logged(format!("no such {what}"))
    }

    pub(crate) fn outside_log() -> Self {
        let zh = [
            "日志没有这么多条目，或起点大于终点",
            "请先取得最新的检查点，并使用其中的条目数",
        ];
        let en = [
            "The log has not so many entries, or the earlier size is the larger one",
            "Fetch the newest checkpoint and use its size",
        ];
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "OUTSIDE_LOG", zh, en)
    }

    /// The line in the log: grave when it is ours.
    pub(crate) fn log(&self, operation: &str, request_id: &str) {
        let (code, reason) = (self.0.code, self.0.log.as_str());
        if self.0.status == StatusCode::INTERNAL_SERVER_ERROR {
            error!(request_id, operation, code, reason, "failed");
        } else if self.0.status.is_server_error() {
            warn!(request_id, operation, code, reason, "refused for now");
        } else {
            info!(request_id, operation, code, reason, "refused");
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    /// What happened, and what to do.
    pub(crate) fn words(&self, language: Language) -> (&str, &str) {
        let text = language.pick(&self.0.zh, &self.0.en);
        (&text.what, &text.advice)
    }

    /// The same about one of several files.
    pub(crate) fn about_file(mut self, name: &str) -> Self {
        self.0.zh.what = format!("“{name}”：{}", self.0.zh.what);
        self.0.en.what = format!("“{name}”: {}", self.0.en.what);
        self
    }

    /// The requirement and the article that a refusal rests on.
    pub(crate) fn rests_on(&self) -> Option<&(String, String)> {
        self.0.rests_on.as_ref()
    }

    /// The answer.
    pub(crate) fn response(&self, language: Language, request_id: &str) -> Response {
        let text = language.pick(&self.0.zh, &self.0.en);
        let body = ProblemBody {
            r#type: format!("urn:yinxin:problem:{}", self.0.code),
            title: text.what.clone(),
            detail: text.advice.clone(),
            status: self.0.status.as_u16(),
            code: self.0.code,
            request_id: request_id.to_owned(),
            rule: self.0.rests_on.as_ref().map(|(rule, _)| rule.clone()),
            article: self.0.rests_on.as_ref().map(|(_, article)| article.clone()),
        };
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(language.pick("zh-CN", "en")),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.0.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        with_request_id(response, request_id)
    }
}

fn position_in_chinese(fault: &PositionError) -> String {
    match fault {
        PositionError::NoSuchPage { page, pages } => format!("没有第 {page} 页，文件共 {pages} 页"),
        PositionError::KeywordNotFound { text, found: 0, .. } => format!("文件中没有“{text}”"),
        PositionError::KeywordNotFound { text, found, wanted } => {
            format!("“{text}”只出现 {found} 处，没有第 {wanted} 处")
        }
        PositionError::OutsidePage { page } => format!("印章会超出第 {page} 页"),
        PositionError::TooFewPages(pages) => format!("骑缝章、对开章至少需要两页，文件共 {pages} 页"),
        PositionError::SliceTooNarrow { pages, slice_mm } => {
            format!(
                "{pages} 页共用一枚印章，每页仅 {slice_mm:.2} 毫米，窄于 {SLICE_MM_MIN} 毫米；请减少每枚的页数"
            )
        }
        PositionError::TooMany(count) => format!("印章会出现 {count} 次，最多 {PLACEMENTS_MAX} 次"),
        PositionError::BadNumber(number) => format!("{number} 不能用作长度或数量"),
    }
}
