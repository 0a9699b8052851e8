//! Time-stamp tokens, requests and responses (RFC 3161, GM/T 0033-2014).

use pki::asn1::{self, SEQUENCE};
use pki::{MessageImprint, TimestampRequest, TimestampResponse, TimestampToken, TsaName, TstInfo};
use sealing::beijing_time;

use crate::outline::{Outline, hex};
use crate::show::{extension, message, object_id};

/// A token.
pub(super) fn show(outline: &mut Outline, token: &TimestampToken) {
    show_nested(outline, token, 0);
}

/// A token inside of something else that is shown.
pub(super) fn show_nested(outline: &mut Outline, token: &TimestampToken, nesting: usize) {
    outline.structure("时间戳", "TimeStampToken", |outline| {
        message::show_fields(
            outline,
            token.signed(),
            &|outline| show_info(outline, token.info()),
            nesting,
        );
    });
}

/// A request.
pub(super) fn show_request(outline: &mut Outline, request: &TimestampRequest) {
    outline.structure("时间戳请求", "TimeStampReq", |outline| {
        outline.maybe("版本", "version", version(request.der()));
        show_imprint(outline, request.imprint());
        outline.maybe(
            "策略",
            "reqPolicy",
            request.policy().map(|policy| object_id::text(&policy)),
        );
        outline.maybe("随机数", "nonce", request.nonce().map(hex));
        outline.named("索要证书", "certReq", yes_no(outline, request.cert_req()));
    });
}

/// A response.
pub(super) fn show_response(outline: &mut Outline, response: &TimestampResponse) {
    outline.structure("时间戳应答", "TimeStampResp", |outline| {
        outline.named("状态", "status", format_args!("{:?}", response.status()));
        for text in response.texts() {
            outline.named("说明", "statusString", text);
        }
        outline.maybe(
            "失败原因",
            "failInfo",
            response.failure().map(|failure| format!("{failure:?}")),
        );
        if let Some(token) = response.token() {
            show(outline, token);
        }
    });
}

fn show_info(outline: &mut Outline, info: &TstInfo) {
    outline.structure("时间戳内容", "TSTInfo", |outline| {
        let language = outline.language();
        // Others are not read.
        outline.named("版本", "version", 1);
        outline.named("策略", "policy", object_id::text(&info.policy));
        show_imprint(outline, &info.imprint);
        outline.named("序列号", "serialNumber", hex::encode_upper(&info.serial));
        outline.named("时间", "genTime", beijing_time(info.gen_time, language));
        outline.maybe(
            "精度",
            "accuracy",
            info.accuracy.map(|accuracy| format!("{accuracy:?}")),
        );
        outline.named("有序", "ordering", yes_no(outline, info.ordering));
        outline.maybe("随机数", "nonce", info.nonce.as_deref().map(hex));
        match &info.tsa {
            Some(TsaName::Directory(name)) => outline.named("时间戳机构", "tsa", name),
            Some(TsaName::Other) => outline.named("时间戳机构", "tsa", "GeneralName"),
            None => {}
        }
        extension::show_all(outline, "扩展", "extensions", &info.extensions);
        for deviation in &info.time_deviations {
            outline.field("偏差", "deviation", deviation);
        }
    });
}

fn version(request: &[u8]) -> Option<u32> {
    const WHAT: &str = "version of the request";
    asn1::read_single(request, SEQUENCE, WHAT)
        .ok()?
        .children()
        .next(WHAT)
        .ok()?
        .unsigned(WHAT)
        .ok()
}

fn show_imprint(outline: &mut Outline, imprint: &MessageImprint) {
    let value = format!("{} {}", object_id::text(&imprint.algorithm), hex(&imprint.digest));
    outline.named("被加时间戳数据的杂凑值", "messageImprint", value);
}

fn yes_no(outline: &Outline, flag: bool) -> &'static str {
    if flag {
        outline.pick("是", "TRUE")
    } else {
        outline.pick("否", "FALSE")
    }
}
