//! Refusals in both languages: the libraries speak English, people here read Chinese first.

use sealing::{Language, PdfSealError, PositionError, Reason, SealError};
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

/// Why a PDF is not sealed.
pub(crate) fn pdf_seal_error(error: &PdfSealError) -> Failure {
    let zh = match error {
        PdfSealError::Encrypted => {
            "PDF 已加密：请用 --pdf-password-file 给出正确的打开口令".into()
        }
        PdfSealError::Document(_) => {
            "PDF 不能盖章：结构损坏或超出上限，请用生成它的软件重新导出；确需按推测读出的内容盖章请用 --repair".into()
        }
        PdfSealError::Locked { field } => {
            format!("签章 {field} 已锁定文件，再盖章会使其失效：请在锁定前加盖")
        }
        PdfSealError::LockAfterSignature => "文件已有签名，只有第一个签章可以锁定文件".into(),
        PdfSealError::ExistingBroken { detail } => {
            format!("文件中已有的签章不成立（{detail}），文件在盖章后被改动：请使用原件")
        }
        PdfSealError::BlankPage { page } => {
            format!(
                "第 {page} 页是空白页，禁止在空白页上盖章（R49，内蒙古办法第十四条）：确有需要请用 --allow-blank 说明理由"
            )
        }
        PdfSealError::NoReason => "在空白页上盖章必须说明理由（R49）".into(),
        PdfSealError::NoPosition => "没有给出盖章位置".into(),
        PdfSealError::Position(cause) => position_words(cause),
        PdfSealError::Picture(_) => {
            "印章图像不能放入 PDF：支持 PNG、JPEG、GIF、BMP，以及只含纯色图形的 SVG（文字须转为轮廓）".into()
        }
        PdfSealError::Refused(refusal) => return refused(refusal),
        PdfSealError::Timestamp(text) => format!("没有取得时间戳：{text}"),
        PdfSealError::LevelForm { form, level } => {
            format!("{form} 形式的签名没有 {level} 级：lt、lta 级请用 --form cades 或 sm2cms")
        }
        PdfSealError::TimestampLevel {
            level,
            has_source: false,
        } => format!("{level} 级需要时间戳：请用 --tsa 给出时间戳服务器地址"),
        PdfSealError::TimestampLevel { level, .. } => {
            format!("{level} 级没有时间戳：请去掉 --tsa，或用 --level t")
        }
        PdfSealError::FormNeeds { form, .. } => {
            format!("{form} 形式须用 SM2 密钥和电子印章（--seal、--key）；RSA、ECDSA 密钥请用 --form cades")
        }
        PdfSealError::EvidenceMissing { subject, .. } => {
            format!("无法证明证书“{subject}”未被撤销：请用 --crl 给出其签发者的证书撤销列表")
        }
        PdfSealError::TimestampNotProved(_) => {
            "时间戳不能追溯到受信任的时间戳机构：请在 --trust 中加入其根证书".into()
        }
        PdfSealError::Key(_) => "密钥没有签名，或与证书不符".into(),
        _ => "没有盖章".into(),
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
        Refusal::MissingPart { part } => format!(
            "缺少{}：印章由证书、密钥和图像三者绑定，缺一不可",
            part_words(part)
        ),
        Refusal::NameDisagrees { seal_name, subject } => {
            format!(
                "印章名称“{seal_name}”与证书“{subject}”中的名称不一致：请更正，或用 --name-reason 说明理由"
            )
        }
        Refusal::NotAscii { part, text } => format!("{}“{text}”含有 ASCII 以外的字符", part_words(part)),
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
        Refusal::SealNotDer => "印章不是 DER 编码，不能用于新的签章：请重新制章".into(),
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
        Refusal::TooLong { part, found, max } => {
            format!("{}的长度是 {found}，超过上限 {max}", part_words(part))
        }
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

/// What `ofd` refused, with the facts that help to find it; how the bytes contradict themselves in detail is said in
/// English only, under the same code.
pub(crate) fn ofd_words(error: &ofd::Error) -> String {
    use ofd::Error as E;
    match error {
        E::InPart { part, fault } => format!("{part}：{}", ofd_words(fault)),
        E::NoPart { part } => format!("缺少部件 {part}"),
        E::BadXml { offset, .. } => format!("XML 在第 {offset} 字节处无法解析，请向制作方索取完好的文件"),
        E::NotUtf8 { offset } => format!("XML 在第 {offset} 字节处不是 UTF-8 编码"),
        E::Encoding { encoding } => format!("XML 声明的编码是 {encoding}，OFD 只允许 UTF-8"),
        E::Doctype { .. } => "XML 含有不允许的文档类型声明".into(),
        E::WrongRoot { found, expected } => format!("部件的根元素是 <{found}>，应为 <{expected}>"),
        E::TooMuch { max, .. } => format!("超出处理上限 {max}（见 docs/operating/limits.md）"),
        E::Write(cause) => format!("写入失败：{}", io_words(cause)),
        E::Read(cause) => format!("读取失败：{}", io_words(cause)),
        E::ZipMalformed { offset, .. } => {
            format!("文件不完整，或不是 OFD（第 {offset} 字节处）：请向发送方索取原文件")
        }
        E::ZipDamaged { entry, .. } => format!("条目 {entry} 已损坏，请向发送方索取原文件"),
        E::ZipDuplicate { entry } => format!("条目 {entry} 出现多次，不同软件会显示不同内容"),
        E::ZipOverlap { entry, other } => format!("条目 {entry} 与 {other} 在包内重叠"),
        E::ZipHidden { offset } => format!("第 {offset} 字节处有隐藏的记录，某些软件会显示它"),
        E::ZipEncrypted { entry } => format!("条目 {entry} 被加密，请提供未加密的原件"),
        E::Encrypted { part } => {
            format!("文件按 GM/T 0099-2020 加密（{part}），请先解密，或提供未加密的原件")
        }
        E::ZipMethod { entry, method } => format!("条目 {entry} 的压缩方法是 {method}，OFD 只允许 0 和 8"),
        E::ZipName { name, .. } => format!("条目名“{name}”不可接受"),
        E::ZipBomb { entry, .. } => format!("条目 {entry} 解压后异常庞大"),
        E::ZipInconsistent { entry, .. } => format!("ZIP 包内关于条目 {entry} 的记录自相矛盾"),
        E::Schema(fault) => schema_words(fault),
        other => format!("文件结构有误（{}）", other.code()),
    }
}

fn schema_words(fault: &ofd::SchemaFault) -> String {
    use ofd::SchemaFault as F;
    match fault {
        F::MissingElement { parent, name } => format!("<{parent}> 缺少 <{name}>"),
        F::MissingAttribute { element, name } => format!("<{element}> 缺少属性 {name}"),
        F::RepeatedElement { parent, name } => format!("<{parent}> 中的 <{name}> 不止一个"),
        F::RepeatedId { id, .. } => format!("标识 {id} 重复"),
        F::BadValue { value, .. } => format!("值“{value}”无法识别"),
        F::BrokenLink { element, loc, .. } => format!("<{element}> 指向的“{loc}”无效"),
        _ => "不符合 GB/T 33190".into(),
    }
}

/// The kinds of failure that people meet; any other one by the system's number.
pub(crate) fn io_words(error: &std::io::Error) -> String {
    use std::io::ErrorKind as K;
    match error.kind() {
        K::NotFound => "文件或文件夹不存在".into(),
        K::PermissionDenied => "没有权限".into(),
        K::AlreadyExists => "已经存在".into(),
        K::StorageFull | K::QuotaExceeded => "磁盘空间不足".into(),
        K::IsADirectory => "这是文件夹，不是文件".into(),
        K::NotADirectory => "这不是文件夹".into(),
        K::UnexpectedEof => "文件不完整".into(),
        K::InvalidData | K::InvalidInput => "内容无法识别".into(),
        K::TimedOut => "超时".into(),
        K::ConnectionRefused => "对方拒绝连接".into(),
        _ => error
            .raw_os_error()
            .map_or_else(|| error.to_string(), |number| format!("系统错误 {number}")),
    }
}

/// The parts that `ses` speaks of.
fn part_words(part: &str) -> &str {
    match part {
        "holder's certificate" => "签章人证书",
        "list of extensions" => "扩展列表",
        "list of holders" => "签章人列表",
        "name of the seal" => "印章名称",
        "picture" => "印章图像",
        "property information" => "签章属性信息",
        "seal number" => "印章编号",
        "vendor identifier" => "厂商标识",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::Failure;

    /// Standards, elements and units keep their names in Chinese too; English sentences have spaces between words.
    #[track_caller]
    fn check_chinese(failure: &Failure) {
        let text = &failure.zh;
        let sentence = text
            .split(|c: char| !c.is_ascii_lowercase() && c != ' ')
            .any(|run| run.trim().matches(' ').count() >= 2);
        assert!(!sentence, "English in {text}");
    }

    #[test]
    fn refusals_are_chinese_where_chinese_is_asked_for() {
        let part = ofd::PartPath::new("Doc_0/Document.xml").unwrap();
        let errors = [
            ofd::Error::BadXml {
                offset: 7,
                reason: "the tag is not closed".into(),
            },
            ofd::Error::Encoding {
                encoding: "GBK".into(),
            },
            ofd::Error::TooMuch {
                what: "the depth of the XML in elements",
                max: 64,
            },
            ofd::Error::ZipMalformed {
                offset: 0,
                what: "there is no end record",
            },
            ofd::Error::ZipInconsistent {
                entry: "OFD.xml".into(),
                what: "the sizes differ",
            },
            ofd::Error::ZipBomb {
                entry: "a".into(),
                what: "more bytes than it says",
            },
            ofd::Error::Write(std::sync::Arc::new(std::io::ErrorKind::StorageFull.into())),
            ofd::SchemaFault::MissingElement {
                parent: "OFD",
                name: "DocBody",
            }
            .into(),
        ];
        for error in errors {
            check_chinese(&seal_error(&SealError::Document(error.in_part(&part))));
        }
        check_chinese(&refused(&Refusal::SealNotDer));
        for part in [
            "holder's certificate",
            "list of extensions",
            "list of holders",
            "name of the seal",
        ] {
            check_chinese(&refused(&Refusal::TooLong {
                part,
                found: 9,
                max: 8,
            }));
        }
        check_chinese(&Failure::input(
            "a.ofd".as_ref(),
            &std::io::ErrorKind::NotFound.into(),
        ));
    }
}
