//! What went wrong, as `application/problem+json` (RFC 9457), in the words of the person who asks; the log
//! gets a sentence of its own, without personal data.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use schemars::JsonSchema;
use sealing::Language;
use serde::Serialize;
use tracing::{error, info, warn};

use super::call::with_request_id;
use crate::app::Error;

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
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { what } => Self::not_found(what),
            Error::OutsideLog { .. } => Self::outside_log(),
            Error::Store(store::Error::Closed) => Self::stopping(),
            Error::OtherLogKey | Error::Store(_) | Error::Audit(_) | Error::Disk(_) => {
                Self::internal(error.to_string())
            }
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
