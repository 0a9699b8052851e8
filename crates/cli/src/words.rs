//! Refusals in both languages: the libraries speak English, people here read Chinese first.

use sealing::{Language, PositionError, Reason, SealError};
use ses::{PictureFault, Refusal};

use crate::common::Failure;

/// A refusal for the reasons that a verification gave.
pub(crate) fn refused_by(zh: &str, en: &str, reasons: &[Reason]) -> Failure {
    let list = |language: Language, separator: &str| {
        let sentence = |reason: &Reason| {
            let words = reason.code.words(language);
            match reason.details.first() {
                Some(detail) => format!("{} ({detail})", words.what),
                None => words.what.to_owned(),
            }
        };
        reasons.iter().map(sentence).collect::<Vec<_>>().join(separator)
    };
    let hint = reasons.first().map(|reason| reason.code);
    let advice = |language| hint.map_or("", |code| code.words(language).advice);
    Failure::refused(
        format!(
            "{zh}：{}。怎么办：{}",
            list(Language::Zh, "；"),
            advice(Language::Zh)
        ),
        format!(
            "{en}: {}. What to do: {}",
            list(Language::En, "; "),
            advice(Language::En)
        ),
    )
}

/// Why a document was not sealed.
pub(crate) fn seal_error(error: &SealError) -> Failure {
    let zh = match error {
        SealError::Document(cause) => format!("文件不能盖章：{}", ofd_words(cause)),
        SealError::NotPermitted => {
            "文件的权限设置禁止签章（GB/T 33190-2016 7.5 Permissions/Signature）：请向文件作者索取可签章的版本".into()
        }
        SealError::OutsideValidPeriod { from, to } => {
            format!("文件只在 {from} 至 {to} 期间可用（GB/T 33190-2016 7.5 ValidPeriod）")
        }
        SealError::Locked { id } => format!("签章 {id} 已锁定文件，再盖章会使其失效：请在锁定前加盖，或用未锁定的文件"),
        SealError::ExistingBroken { id, detail } => {
            format!("文件中的签章 {id} 已失效（{detail}），文件在盖章后被改动：请使用原件")
        }
        SealError::BlankPage { page } => {
            format!("第 {page} 页是空白页，禁止在空白页上盖章（R49，内蒙古办法第十四条）：确有需要请用 --allow-blank 说明理由")
        }
        SealError::NoReason => "在空白页上盖章必须说明理由（R49）".into(),
        SealError::PageUnusable { page } => format!("第 {page} 页没有编号、尺寸或内容，无法放置印章"),
        SealError::NoPosition => "没有给出盖章位置".into(),
        SealError::Position(cause) => position_words(cause),
        SealError::Refused(refusal) => return refused(refusal),
        SealError::Timestamp(text) => format!("没有取得时间戳：{text}"),
        other => other.to_string(),
    };
    Failure::refused(zh, error.to_string())
}

/// Why a seal or a signature is not made, with the rule.
pub(crate) fn refused(refusal: &Refusal) -> Failure {
    let (rule, clause) = (refusal.rule(), refusal.clause());
    let zh = match refusal {
        Refusal::AlgorithmNotSm2 { subject } => format!("证书“{subject}”的密钥不是 SM2 密钥"),
        Refusal::CertificatePurpose { subject, .. } => format!("证书“{subject}”不是为此用途验证的"),
        Refusal::CertificateTime { subject, .. } => format!("证书“{subject}”在制作时无效"),
        Refusal::MissingPart { part } => format!("缺少 {part}：印章由证书、密钥和图像三者绑定，缺一不可"),
        Refusal::NameDisagrees { seal_name, subject } => {
            format!(
                "印章名称“{seal_name}”与证书“{subject}”中的名称不一致：请更正，或用 --name-reason 说明理由"
            )
        }
        Refusal::NotAscii { part, text } => format!("{part}“{text}”含有 ASCII 以外的字符"),
        Refusal::NotListed { subject } => {
            format!("证书“{subject}”不在印章的签章人列表中：若证书已更新，须重新制章")
        }
        Refusal::PeriodOutsideCertificate {
            start,
            end,
            not_before,
            not_after,
            subject,
        } => format!(
            "印章有效期（{start} 至 {end}）超出证书“{subject}”的有效期（{not_before} 至 {not_after}）"
        ),
        Refusal::PeriodReversed { start, end } => format!("印章有效期的终止 {end} 不晚于起始 {start}"),
        Refusal::Picture(fault) => picture_words(fault),
        Refusal::PictureTooLarge { bytes, max } => format!("印章图像有 {bytes} 字节，超过上限 {max}"),
        Refusal::SealTime { .. } => "印章不是按本次签章时间验证的".into(),
        Refusal::SealTooOld { layout } => {
            format!(
                "印章采用旧标准 {}，不能用于新的签章：请按 GB/T 38540-2020 重新制章",
                layout.standard()
            )
        }
        Refusal::Sign(cause) => format!("密钥没有完成签名：{cause}"),
        Refusal::SignatureDoesNotHold => "密钥返回的签名无效：请检修密钥设备".into(),
        Refusal::TimestampInVersion4 => "第 4 版印章没有时间戳字段：请用 --version 5".into(),
        Refusal::TooLong { part, found, max } => format!("{part} 有 {found}，超过上限 {max}"),
        Refusal::WrongKey { subject } => format!("密钥不属于证书“{subject}”：请选择对应的密钥"),
        other => other.to_string(),
    };
    Failure::refused(
        format!("{zh}（规则 {rule}，{clause}）"),
        format!("{refusal} (rule {rule}, {clause})"),
    )
}

fn picture_words(fault: &PictureFault) -> String {
    match fault {
        PictureFault::ActiveContent(_) => "印章图像含脚本或外部引用，不能使用".into(),
        PictureFault::SizeAbsurd { width_mm, height_mm } => {
            format!("印章尺寸 {width_mm} × {height_mm} mm 不合理")
        }
        PictureFault::TypeMismatch { declared, found } => {
            format!("图像标称为 {declared}，实际为 {}", found.label())
        }
        PictureFault::TypeUnknown => "图像不是 PNG、JPG、GIF、BMP、SVG 或 OFD".into(),
        PictureFault::Unreadable => "图像已损坏，无法读取".into(),
    }
}

fn position_words(error: &PositionError) -> String {
    match error {
        PositionError::NoSuchPage { page, pages } => format!("没有第 {page} 页：文件共 {pages} 页"),
        PositionError::KeywordNotFound { text, found, wanted } => {
            format!("关键字“{text}”出现 {found} 处，没有第 {wanted} 处")
        }
        PositionError::OutsidePage { page } => format!("印章会落在第 {page} 页之外"),
        PositionError::TooFewPages(pages) => format!("骑缝章和对开章至少需要两页，文件只有 {pages} 页"),
        PositionError::SliceTooNarrow { pages, slice_mm } => {
            format!("{pages} 页共用一个骑缝章，每页只有 {slice_mm:.2} mm，过窄：请用 group= 分组")
        }
        PositionError::TooMany(count) => {
            format!("印章会出现 {count} 次，超过上限 {}", sealing::PLACEMENTS_MAX)
        }
        PositionError::BadNumber(number) => format!("{number} 不是可用的长度或数目"),
    }
}

/// What `ofd` refused, by its stable code; the technical detail stays in English.
pub(crate) fn ofd_words(error: &ofd::Error) -> String {
    let words = match error.code() {
        "ZIP_MALFORMED" | "ZIP_DAMAGED" => "不是完整的 OFD 文件，请重新获取原文件",
        "ZIP_DUPLICATE" => "包内有同名条目",
        "ZIP_ENCRYPTED" => "文件被加密，请提供未加密的原件",
        "ZIP_BOMB" => "条目解压后异常庞大",
        code if code.starts_with("ZIP_") => "ZIP 结构自相矛盾",
        "LIMIT" => "超出处理上限",
        "XML_DTD" => "XML 含有不允许的文档类型声明",
        "XML_MALFORMED" | "XML_ENCODING" => "XML 无法解析",
        "PART_MISSING" => "缺少部件",
        "IO_READ" | "IO_WRITE" => "读写失败",
        _ => "文件结构有误",
    };
    format!("{words}（{error}）")
}
