//! Seals and seal signatures, in the order of GB/T 38540 and GM/T 0031.

use pki::{Certificate, TimestampToken};
use sealing::beijing_time;
use ses::{Layout, PictureFormat, Seal, SealSignature, SealerList, Time, TimeInfo, pixel_size};

use crate::outline::{Outline, hex};
use crate::show::{certificate, extension, object_id, timestamp};

/// A seal.
pub(super) fn show(outline: &mut Outline, seal: &Seal) {
    outline.structure("电子印章", "SESeal", |outline| show_fields(outline, seal));
}

/// A seal signature, with the seal inside.
pub(super) fn show_signature(outline: &mut Outline, signature: &SealSignature) {
    outline.structure("电子签章数据", "SES_Signature", |outline| {
        let layout = signature.layout();
        outline.field(
            "结构",
            "layout",
            format_args!("{} {}", layout.name(), layout.standard()),
        );
        outline.structure("待签章数据", "toSign", |outline| {
            let tbs = signature.tbs();
            outline.named("版本", "version", tbs.version);
            outline.structure("电子印章", "eseal", |outline| {
                show_fields(outline, signature.seal())
            });
            match &tbs.time_info {
                TimeInfo::Clock(at) => outline.named("签章时间", "timeInfo", time(outline, at)),
                TimeInfo::Token { der, .. } => show_timestamp(outline, "timeInfo", der),
            }
            outline.named("原文杂凑值", "dataHash", hex(&tbs.data_hash));
            outline.named("原文属性", "propertyInfo", &tbs.property_info);
            extension::show_all(outline, "自定义数据", "extDatas", &tbs.extensions);
        });
        show_certificate(
            outline,
            "签章者证书",
            "cert",
            signature.sealer(),
            signature.sealer_der(),
        );
        outline.named(
            "签名算法",
            "signatureAlgID",
            object_id::text(&signature.algorithm()),
        );
        outline.named("签名值", "signature", hex(signature.signature_value()));
        if let Some(token) = signature.timestamp() {
            show_timestamp(outline, "timeStamp", token);
        }
        for deviation in signature.deviations() {
            outline.field("偏差", "deviation", deviation);
        }
    });
}

fn show_fields(outline: &mut Outline, seal: &Seal) {
    let layout = seal.layout();
    outline.field(
        "结构",
        "layout",
        format_args!("{} {}", layout.name(), layout.standard()),
    );
    outline.structure("印章信息", "eSealInfo", |outline| {
        let header = seal.header();
        outline.structure("头信息", "header", |outline| {
            outline.named("标识", "ID", &header.id);
            outline.named("版本", "version", header.version);
            outline.named("厂商", "Vid", &header.vendor_id);
        });
        outline.named("印章编码", "esID", seal.seal_id());
        outline.structure("印章属性", "property", |outline| show_property(outline, seal));
        outline.structure("印章图像", "picture", |outline| show_picture(outline, seal));
        extension::show_all(outline, "自定义数据", "extDatas", seal.extensions());
    });
    show_certificate(outline, "制章者证书", "cert", seal.maker(), seal.maker_der());
    outline.named("签名算法", "signAlgID", object_id::text(&seal.algorithm()));
    outline.named("签名值", "signedValue", hex(seal.signature_value()));
    if let Some(token) = seal.timestamp() {
        show_timestamp(outline, "timeStamp", token);
    }
    outline.field("印章的 SM3 杂凑值", "SM3 of the seal", gm::sm3(seal.bytes()));
    for deviation in seal.deviations() {
        outline.field("偏差", "deviation", deviation);
    }
}

fn show_property(outline: &mut Outline, seal: &Seal) {
    outline.named(
        "印章类型",
        "type",
        format_args!("{} {}", seal.seal_type(), seal_type(outline, seal))
            .to_string()
            .trim_end(),
    );
    outline.named("印章名称", "name", seal.name());
    outline.maybe("证书列表类型", "certListType", seal.list_type());
    match seal.sealers() {
        SealerList::Certificates(list) => {
            for der in list {
                show_certificate(
                    outline,
                    "签章者证书",
                    "certList",
                    Certificate::read(der).as_ref(),
                    der,
                );
            }
        }
        SealerList::Digests(list) => {
            for listed in list {
                let value = format!("{} {}", listed.kind, hex(&listed.value));
                outline.named("签章者证书杂凑值", "certList", value);
            }
        }
    }
    outline.named("制作时间", "createDate", time(outline, seal.created()));
    outline.named("有效期起", "validStart", time(outline, seal.valid_start()));
    outline.named("有效期止", "validEnd", time(outline, seal.valid_end()));
}

/// The kinds that GM/T 0031-2014 has, and those that the national platform numbered later; regions use more.
fn seal_type(outline: &Outline, seal: &Seal) -> &'static str {
    match (seal.layout(), seal.seal_type()) {
        (Layout::V1, 1) => outline.pick("单位印章", "of an organisation"),
        (Layout::V1, 2) => outline.pick("个人印章", "of a person"),
        (_, 1) => outline.pick("法定名称章", "legal name"),
        (_, 2) => outline.pick("财务专用章", "finance"),
        (_, 3) => outline.pick("发票专用章", "invoices"),
        (_, 4) => outline.pick("合同专用章", "contracts"),
        (_, 5) => outline.pick("名章", "personal name"),
        (_, 6) => outline.pick("业务专用章", "special business"),
        (_, 99) => outline.pick("其他", "other"),
        _ => "",
    }
}

fn show_picture(outline: &mut Outline, seal: &Seal) {
    let picture = seal.picture();
    outline.named("类型", "type", picture.declared_type);
    let kind = picture.format().map_or("?", PictureFormat::label);
    let pixels = pixel_size(picture.data)
        .map(|(width, height)| format!("{width}×{height} px, "))
        .unwrap_or_default();
    outline.named(
        "数据",
        "data",
        format_args!(
            "{kind}, {pixels}{} B, SM3 {}",
            picture.data.len(),
            gm::sm3(picture.data)
        ),
    );
    outline.named("宽度", "width", format_args!("{} mm", picture.width_mm));
    outline.named("高度", "height", format_args!("{} mm", picture.height_mm));
    for fault in picture.faults() {
        outline.field("注意", "beware", fault);
    }
}

fn show_certificate(
    outline: &mut Outline,
    zh: &str,
    name: &str,
    certificate: Result<&Certificate, &pki::Error>,
    der: &[u8],
) {
    match certificate {
        Ok(certificate) => {
            outline.structure(zh, name, |outline| certificate::show_fields(outline, certificate));
        }
        Err(error) => outline.named(zh, name, format_args!("{} ({error})", hex(der))),
    }
}

fn show_timestamp(outline: &mut Outline, name: &str, token: &[u8]) {
    match TimestampToken::read(token) {
        Ok(token) => outline.structure("时间戳", name, |outline| timestamp::show(outline, &token)),
        Err(error) => outline.named("时间戳", name, format_args!("{} ({error})", hex(token))),
    }
}

/// As understood; and as written, when no moment could be made of it.
fn time(outline: &Outline, time: &Time) -> String {
    time.timestamp()
        .map_or_else(|| time.to_string(), |at| beijing_time(at, outline.language()))
}
