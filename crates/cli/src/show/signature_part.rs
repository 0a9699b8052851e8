//! The signatures of an OFD: the list, what each protects, its stamps, and the signature data.

use ofd::{Link, Package, Reference, SignatureEntry, SignatureList, SignaturePart};
use ses::{SealCache, SealSignature};

use crate::outline::{Outline, hex};
use crate::show::document::{Digests, full};
use crate::show::{Pictures, show_bytes};

/// A signature list with everything that it names.
pub(super) fn show_list(
    outline: &mut Outline,
    package: &Package,
    list: &SignatureList,
    digests: &Digests,
    pictures: &mut Pictures,
) {
    outline.structure("签名列表", "Signatures", |outline| {
        outline.field("文件", "part", &list.path);
        outline.maybe("最大标识", "MaxSignId", list.max_sign_id.as_deref());
        for entry in &list.entries {
            outline.structure(
                &format!("签名 {}", entry.id),
                &format!("Signature {}", entry.id),
                |outline| {
                    show_entry(outline, package, entry, digests, pictures);
                },
            );
        }
    });
}

fn show_entry(
    outline: &mut Outline,
    package: &Package,
    entry: &SignatureEntry,
    digests: &Digests,
    pictures: &mut Pictures,
) {
    if outline.is_full() {
        return;
    }
    outline.named("标识", "ID", &entry.id);
    outline.maybe("类型", "Type", entry.stated_kind.as_deref());
    outline.named("位置", "BaseLoc", &entry.base_loc.loc);
    outline.maybe("前置签名", "Relative", entry.relative.as_deref());
    match &entry.part {
        Ok(part) => {
            show_part(outline, part, digests);
            show_value(outline, package, part, pictures);
        }
        Err(error) => outline.field("错误", "fault", full(error)),
    }
}

fn show_part(outline: &mut Outline, part: &SignaturePart, digests: &Digests) {
    let provider = &part.provider;
    let about = [
        &provider.name,
        &provider.version,
        &provider.company,
        &provider.protocol_version,
    ];
    let about: Vec<&str> = about.into_iter().flatten().map(String::as_str).collect();
    outline.named("签名程序", "Provider", about.join(" "));
    outline.maybe("签名方法", "SignatureMethod", part.method.as_deref());
    outline.maybe("签名时间", "SignatureDateTime", part.date_time.as_deref());
    for parameter in &part.parameters {
        let kind = parameter.kind.as_deref().unwrap_or_default();
        outline.named(
            "参数",
            "Parameter",
            format_args!("{} {kind} {}", parameter.name, parameter.value),
        );
    }
    outline.named("保护的文件", "References", part.references.len());
    outline.inside(|outline| {
        outline.maybe("杂凑方法", "CheckMethod", part.check_method.as_deref());
        let is_sm3 = part.check_method.as_deref().is_some_and(is_sm3);
        for reference in &part.references {
            outline.line(reference_line(outline, reference, digests, is_sm3));
        }
    });
    for stamp in &part.stamps {
        let page = stamp.page_ref.map_or("?".into(), |id| id.to_string());
        let boundary = stamp.boundary.map_or("?".into(), |boundary| boundary.to_string());
        let clip = stamp.clip.map(|clip| format!(" Clip {clip}")).unwrap_or_default();
        let id = stamp.id.as_deref().unwrap_or("?");
        let value = format!("ID {id} PageRef {page} Boundary {boundary}{clip}");
        outline.named("印章外观", "StampAnnot", value);
    }
    outline.maybe("印章文件", "Seal", part.seal.as_ref().map(|link| &link.loc));
    outline.maybe(
        "印章图像",
        "ImageLoc",
        part.seal_image.as_ref().map(|link| &link.loc),
    );
    outline.maybe(
        "签名值文件",
        "SignedValue",
        part.signed_value.as_ref().map(|link| &link.loc),
    );
    for fault in &part.faults {
        outline.field("错误", "fault", full(fault));
    }
}

/// SM3 by its name or its object identifiers.
fn is_sm3(method: &str) -> bool {
    let method = method.trim();
    method.eq_ignore_ascii_case("SM3") || method.starts_with("1.2.156.10197.1.401")
}

fn reference_line(outline: &Outline, reference: &Reference, digests: &Digests, is_sm3: bool) -> String {
    let loc = &reference.file_ref.loc;
    let value = match &reference.check_value {
        Ok(value) => value,
        Err(why) => return format!("{loc}  {why}"),
    };
    let digest = match &reference.file_ref.target {
        Ok(path) => digests.get(path),
        Err(why) => return format!("{loc}  {}  {why}", hex(value)),
    };
    let agreement = match digest {
        Some(Ok(digest)) if is_sm3 && digest.0[..] == value[..] => outline.pick("相符", "agrees"),
        Some(Ok(_)) if is_sm3 => outline.pick("不符", "differs"),
        _ => "",
    };
    format!("{loc}  {}  {agreement}", hex(value))
        .trim_end()
        .to_owned()
}

/// What stands in the SignedValue part, and the seal beside it if it is another one than that inside.
fn show_value(outline: &mut Outline, package: &Package, part: &SignaturePart, pictures: &mut Pictures) {
    let read = |link: &Option<Link>| {
        let path = link.as_ref()?.path()?;
        Some(package.read(path).map_err(|error| full(&error)))
    };
    let (seal, value) = (read(&part.seal), read(&part.signed_value));
    let is_inside = match (&seal, &value) {
        (Some(Ok(seal)), Some(Ok(value))) => SealSignature::read(value, &SealCache::default())
            .is_ok_and(|value| value.seal().bytes() == &**seal),
        _ => false,
    };
    if is_inside {
        let same = outline.pick("与签名值中的印章相同", "the same as in SignedValue");
        outline.named("印章", "Seal", same);
    }
    for (zh, name, bytes) in [
        ("印章", "Seal", seal.filter(|_| !is_inside)),
        ("签名值", "SignedValue", value),
    ] {
        let Some(bytes) = bytes else { continue };
        outline.structure(zh, name, |outline| {
            let shown = bytes.map(|bytes| show_bytes(outline, &bytes, pictures));
            match shown {
                Ok(Ok(())) => {}
                Ok(Err(unshown)) => outline.line(outline.pick(unshown.zh, unshown.en)),
                Err(error) => outline.field("错误", "fault", error),
            }
        });
    }
}
