//! OFD packages: entries, documents, pages, what belongs to them, and signatures (GB/T 33190).

use std::collections::{HashMap, HashSet};
use std::fs::File;

use gm::{Digest, Sm3};
use ofd::{
    DocBody, DocVersion, Document, Error, Limits, Link, Method, Ofd, Package, PartKind, PartPath,
    Permissions, Shown, SignatureList, shown_parts,
};

use crate::outline::{Outline, Table};
use crate::show::{Pictures, Unshown, signature_part};

/// A package.
pub(super) fn show(outline: &mut Outline, file: File, pictures: &mut Pictures) -> Result<(), Unshown> {
    let unshown = |error: Error| Unshown::new(" OFD 文件", "an OFD", full(&error));
    let package = Package::open(file, Limits::default()).map_err(unshown)?;
    let ofd = Ofd::read(&package).map_err(unshown)?;
    let lists = lists(&package, &ofd);
    let readable: Vec<SignatureList> = lists
        .iter()
        .filter_map(|list| list.as_ref().ok())
        .cloned()
        .collect();
    let shown = shown_parts(&package, &ofd, &readable).map_err(unshown)?;
    let digests = digests(&package);
    outline.structure("OFD 文件", "OFD", |outline| {
        outline.field("文件字节数", "bytes", package.archive_len());
        outline.maybe("版本", "Version", ofd.version.as_deref());
        outline.maybe("类型", "DocType", ofd.doc_type.as_deref());
        show_entries(outline, &package, &shown, &digests);
        for (index, body) in ofd.bodies.iter().enumerate() {
            let number = index + 1;
            outline.structure(
                &format!("文档 {number}"),
                &format!("DocBody {number}"),
                |outline| {
                    show_body(outline, body);
                },
            );
        }
        for list in &lists {
            match list {
                Ok(list) => signature_part::show_list(outline, &package, list, &digests, pictures),
                Err(error) => outline.named("签名列表", "Signatures", full(error)),
            }
        }
        show_remarks(outline, &package, &ofd, &readable, &shown);
    });
    Ok(())
}

/// SM3 of each part, or why it cannot be read.
pub(super) type Digests = HashMap<PartPath, Result<Digest, String>>;

fn digests(package: &Package) -> Digests {
    let digest = |path: &PartPath| {
        let mut hash = Sm3::new();
        let read = package.stream(path, &mut |bytes| hash.update(bytes));
        read.map(|_| hash.finish()).map_err(|error| full(&error))
    };
    package
        .parts()
        .map(|entry| (entry.path().clone(), digest(entry.path())))
        .collect()
}

/// The signature list of each document that has one.
fn lists(package: &Package, ofd: &Ofd) -> Vec<Result<SignatureList, Error>> {
    let mut seen: Vec<&PartPath> = Vec::new();
    for path in ofd
        .bodies
        .iter()
        .filter_map(|body| body.signatures.as_ref()?.path())
    {
        if !seen.contains(&path) {
            seen.push(path);
        }
    }
    seen.into_iter()
        .map(|path| SignatureList::read(package, path))
        .collect()
}

fn show_entries(outline: &mut Outline, package: &Package, shown: &Shown, digests: &Digests) {
    let kinds: HashMap<&PartPath, PartKind> =
        shown.parts.iter().map(|part| (&part.path, part.kind)).collect();
    let plumbing: HashSet<&PartPath> = shown.plumbing.iter().collect();
    let titles = outline.pick(
        ["文件", "字节数", "压缩后", "用途", "SM3"],
        ["entry", "bytes", "packed", "use", "SM3"],
    );
    let mut table = Table::new(titles);
    for entry in package.parts() {
        let path = entry.path();
        let packed = match entry.method() {
            Method::Stored => outline.pick("未压缩", "stored").to_owned(),
            Method::Deflated => entry.compressed_size().to_string(),
        };
        let purpose = match kinds.get(path) {
            Some(kind) => part_kind(outline, *kind),
            None if plumbing.contains(path) => outline.pick("签名", "signature").to_owned(),
            None => outline.pick("无引用", "nothing links to it").to_owned(),
        };
        let digest = match digests.get(path) {
            Some(Ok(digest)) => digest.to_string(),
            Some(Err(error)) => error.clone(),
            None => String::new(),
        };
        table.row([
            path.to_string(),
            entry.size().to_string(),
            packed,
            purpose,
            digest,
        ]);
    }
    let count = package.parts().count();
    outline.field("包内文件", "entries", count);
    outline.inside(|outline| {
        for line in table.to_string().lines() {
            outline.line(line);
        }
    });
}

fn part_kind(outline: &Outline, kind: PartKind) -> String {
    let zh = match kind {
        PartKind::Entry => "入口",
        PartKind::Document => "文档",
        PartKind::Page => "页面",
        PartKind::Template => "模板页",
        PartKind::UnusedTemplate => "未用的模板页",
        PartKind::Resource => "资源",
        PartKind::Font => "字体",
        PartKind::Media => "多媒体",
        PartKind::ColorProfile => "颜色配置",
        PartKind::Cover => "封面",
        PartKind::Annotations => "注释列表",
        PartKind::PageAnnotations => "页面注释",
        PartKind::Attachments => "附件列表",
        PartKind::Attachment => "附件",
        PartKind::CustomTags => "标引列表",
        PartKind::TagSchema => "标引模式",
        PartKind::Tag => "标引数据",
        PartKind::Extensions => "扩展列表",
        PartKind::ExtensionData => "扩展数据",
        PartKind::Version => "版本",
        PartKind::VersionFile => "版本文件",
        _ => "其他",
    };
    outline.pick(zh.to_owned(), format!("{kind:?}"))
}

fn show_body(outline: &mut Outline, body: &DocBody) {
    let info = &body.info;
    outline.maybe("文档标识", "DocID", info.doc_id.as_deref());
    outline.maybe("标题", "Title", info.title.as_deref());
    outline.maybe("作者", "Author", info.author.as_deref());
    outline.maybe("主题", "Subject", info.subject.as_deref());
    outline.maybe("摘要", "Abstract", info.summary.as_deref());
    outline.maybe("创建日期", "CreationDate", info.creation_date.as_deref());
    outline.maybe("修改日期", "ModDate", info.mod_date.as_deref());
    outline.maybe("用途", "DocUsage", info.doc_usage.as_deref());
    for keyword in &info.keywords {
        outline.named("关键词", "Keyword", keyword);
    }
    outline.maybe("制作程序", "Creator", info.creator.as_deref());
    outline.maybe("程序版本", "CreatorVersion", info.creator_version.as_deref());
    for (name, value) in &info.custom_data {
        outline.named("自定义数据", "CustomData", format_args!("{name} = {value}"));
    }
    outline.named("文档根", "DocRoot", &body.doc_root.loc);
    for version in &body.versions {
        show_version(outline, version);
    }
    outline.maybe(
        "签名列表",
        "Signatures",
        body.signatures.as_ref().map(|link| &link.loc),
    );
    match &body.document {
        Ok(document) => show_document(outline, document),
        Err(error) => outline.named("文档", "Document", full(error)),
    }
    for fault in &body.faults {
        outline.field("错误", "fault", full(fault));
    }
}

fn show_version(outline: &mut Outline, version: &DocVersion) {
    let number = version.index.as_deref().or(version.id.as_deref()).unwrap_or("?");
    let current = if version.current {
        outline.pick("（当前）", " (current)")
    } else {
        ""
    };
    outline.named(
        "版本",
        "Version",
        format_args!("{number}{current} {}", version.loc.loc),
    );
}

fn show_document(outline: &mut Outline, document: &Document) {
    outline.maybe("最大对象标识", "MaxUnitID", document.max_unit_id);
    outline.named("页数", "Pages", document.pages.len());
    outline.inside(|outline| {
        for (index, page) in document.pages.iter().enumerate() {
            let size = page
                .physical_box
                .map_or("?".into(), |size| format!("{} × {} mm", size.width, size.height));
            let id = page.id.map_or("?".into(), |id| id.to_string());
            outline.line(format_args!("{}  ID {id}  {size}  {}", index + 1, page.loc.loc));
            if let Some(fault) = &page.fault {
                outline.inside(|outline| outline.field("错误", "fault", full(fault)));
            }
        }
    });
    for template in &document.templates {
        let id = template.id.map_or("?".into(), |id| id.to_string());
        outline.named(
            "模板页",
            "TemplatePage",
            format_args!("ID {id}  {}", template.loc.loc),
        );
    }
    let links: [(&str, &str, &[Link]); 6] = [
        ("公共资源", "PublicRes", &document.public_res),
        ("文档资源", "DocumentRes", &document.document_res),
        ("注释", "Annotations", &document.annotations),
        ("标引", "CustomTags", &document.custom_tags),
        ("附件", "Attachments", &document.attachments),
        ("扩展", "Extensions", &document.extensions),
    ];
    for (zh, name, list) in links {
        for link in list {
            outline.named(zh, name, &link.loc);
        }
    }
    outline.structure("权限", "Permissions", |outline| {
        show_permissions(outline, &document.permissions)
    });
    for fault in &document.faults {
        outline.field("错误", "fault", full(fault));
    }
}

fn show_permissions(outline: &mut Outline, permissions: &Permissions) {
    for (zh, name, allowed) in [
        ("编辑", "Edit", permissions.edit),
        ("注释", "Annot", permissions.annotate),
        ("导出", "Export", permissions.export),
        ("签名", "Signature", permissions.sign),
        ("水印", "Watermark", permissions.watermark),
        ("截屏", "PrintScreen", permissions.print_screen),
        ("打印", "Print", permissions.print),
    ] {
        let word = if allowed {
            outline.pick("允许", "allowed")
        } else {
            outline.pick("禁止", "forbidden")
        };
        outline.named(zh, name, word);
    }
    outline.maybe("打印份数", "Copies", permissions.copies);
    outline.maybe("有效期起", "StartDate", permissions.valid_from.as_deref());
    outline.maybe("有效期止", "EndDate", permissions.valid_to.as_deref());
}

/// Broken links, stray parts, faults and deviations of the package and of all its XML.
fn show_remarks(outline: &mut Outline, package: &Package, ofd: &Ofd, lists: &[SignatureList], shown: &Shown) {
    for link in &shown.broken {
        outline.field(
            "无效链接",
            "broken link",
            format_args!("{} ({}): {}", link.loc, link.holder, link.why),
        );
    }
    for part in &shown.stray {
        outline.field("无引用的文件", "stray part", part);
    }
    for part in shown.unlisted_signatures() {
        outline.field("不在签名列表中的签名文件", "unlisted signature part", part);
    }
    let in_lists = lists.iter().flat_map(|list| &list.faults);
    for fault in ofd.faults.iter().chain(in_lists).chain(&shown.faults) {
        outline.field("错误", "fault", full(fault));
    }
    let in_lists = lists.iter().flat_map(|list| &list.findings);
    let mut known = HashSet::new();
    for finding in package
        .findings()
        .iter()
        .chain(&ofd.findings)
        .chain(in_lists)
        .chain(&shown.findings)
    {
        let part = finding
            .part
            .as_ref()
            .map(|part| format!(" {part}"))
            .unwrap_or_default();
        let text = format!("{}{part} {}", finding.kind.code(), finding.detail);
        if known.insert(text.clone()) {
            outline.field("偏差", "deviation", text);
        }
    }
}

/// The error with its sources.
pub(super) fn full(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
