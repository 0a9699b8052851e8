//! Whether the name of a seal and the name in a certificate are the same name (requirement R35, question Q8).
//!
//! Compared after width, brackets, dashes, white space and case are made equal. Traditional and simplified
//! characters, former names and names in other languages are for a person to judge, whose reason is recorded.

use pki::Name;

/// What follows the unit's name in the name of a business seal without brackets, longest first where one ends in
/// another (national seal kinds 01 to 06, and those common in government services).
const KINDS: [&str; 26] = [
    "法定代表人名章",
    "不动产登记专用章",
    "电子证照专用章",
    "检验检测专用章",
    "行政审批专用章",
    "政务服务专用章",
    "发票专用章",
    "财务专用章",
    "合同专用章",
    "业务专用章",
    "审批专用章",
    "审验专用章",
    "报关专用章",
    "收费专用章",
    "档案专用章",
    "人事专用章",
    "法定名称章",
    "电子公章",
    "电子印章",
    "法人章",
    "专用章",
    "名章",
    "公章",
    "印章",
    "之印",
    "印",
];

/// Characters of a unified social credit code (GB 32100).
const USCC_CHARS: usize = 18;

/// Whether the unit or person that the seal names is the one that the certificate names, as CN or as O.
pub fn names_agree(seal_name: &str, subject: &Name) -> bool {
    let holders: Vec<String> = [subject.common_name(), subject.organization()]
        .into_iter()
        .flatten()
        .flat_map(|name| {
            let name = normalise(name);
            [without_credit_code(&name), name]
        })
        .filter(|name| !name.is_empty())
        .collect();
    owners(&normalise(seal_name))
        .iter()
        .any(|owner| holders.contains(owner))
}

/// One form for all ways of writing a name.
pub(crate) fn normalise(name: &str) -> String {
    let unify = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '〔' | '【' | '「' | '『' | '《' | '〈' => '(',
        '〕' | '】' | '」' | '』' | '》' | '〉' => ')',
        '‐' | '‑' | '–' | '—' | '―' => '-',
        '•' | '・' | '‧' => '·',
        c => c,
    };
    let brackets = |c: char| match c {
        '[' | '{' | '<' => '(',
        ']' | '}' | '>' => ')',
        c => c.to_ascii_uppercase(),
    };
    let is_invisible =
        |c: &char| c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}');
    name.chars()
        .filter(|c| !is_invisible(c))
        .map(unify)
        .map(brackets)
        .collect()
}

/// Whom a seal's name may name: all of it, without what stands in brackets at the end, without the kind of seal.
fn owners(seal_name: &str) -> Vec<String> {
    let mut owners = vec![seal_name.to_owned()];
    let mut rest = seal_name;
    while let Some(shorter) = without_brackets(rest) {
        owners.push(shorter.to_owned());
        rest = shorter;
    }
    let kinds = owners.iter().filter_map(|owner| {
        let unit = KINDS.iter().find_map(|kind| owner.strip_suffix(kind))?;
        Some(unit.trim_end_matches(['-', '·']).to_owned())
    });
    let kinds: Vec<String> = kinds.collect();
    owners.extend(kinds);
    owners.retain(|owner| !owner.is_empty());
    owners
}

fn without_brackets(name: &str) -> Option<&str> {
    let inside = name.strip_suffix(')')?;
    Some(&name[..inside.rfind('(')?])
}

/// `O` of government certificates is the credit code and then the name, of others the other way round.
fn without_credit_code(name: &str) -> String {
    let is_code = |text: &str| {
        text.len() == USCC_CHARS && text.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
    };
    let separators = |c: char| matches!(c, '-' | '_' | '@' | ':' | '/' | '(' | ')');
    if let Some((code, rest)) = name.split_at_checked(USCC_CHARS)
        && is_code(code)
    {
        return rest.trim_matches(separators).to_owned();
    }
    let trimmed = name.trim_end_matches(separators);
    let split = trimmed
        .len()
        .checked_sub(USCC_CHARS)
        .and_then(|at| trimmed.split_at_checked(at));
    match split {
        Some((rest, code)) if is_code(code) => rest.trim_matches(separators).to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seal_name: &str, subject: &str, expected: bool) {
        let subject = Name::parse(subject).unwrap();
        assert_eq!(
            names_agree(seal_name, &subject),
            expected,
            "{seal_name} {subject}"
        );
    }

    #[test]
    fn r35_the_same_name_written_differently() {
        check(
            "测试市自然资源局",
            "C=CN,O=测试市自然资源局,CN=37030000001721",
            true,
        );
        check(
            "测试市自然资源局(不动产登记专用章)",
            "C=CN,O=测试市自然资源局,CN=1",
            true,
        );
        check(
            "测试市自然资源局（不动产登记专用章）（１）",
            "C=CN,O=91370100MA3C0000X1测试市自然资源局,CN=1",
            true,
        );
        check("测试贸易（上海）有限公司", "C=CN,CN=测试贸易(上海)有限公司", true);
        check(
            "测试贸易（上海）有限公司财务专用章",
            "C=CN,CN=测试贸易【上海】有限公司",
            true,
        );
        check(
            "测试有限公司 合同专用章(2)",
            "C=CN,O=测试有限公司@91370100MA3C0000X1",
            true,
        );
        check("Test Ｃo., Ltd.", "C=CN,O=TEST CO.\\, LTD.", true);
        check("张三", "C=CN,CN=张三", true);
        check("张三之印", "C=CN,CN=张三", true);
        check(
            "电子投标证书三(测试)",
            "C=CN,CN=电子投标证书三(测试),O=电子投标证书三",
            true,
        );
    }

    #[test]
    fn r35_another_name() {
        check("测试市财政局", "C=CN,O=测试市自然资源局,CN=1", false);
        check("测试市财政局合同专用章", "C=CN,O=测试市", false);
        check("测试市财政局办公室", "C=CN,O=测试市财政局", false);
        check("财务专用章", "C=CN,O=财务,CN=", false);
        check("(专用章)", "C=CN,O=测试", false);
        check("", "C=CN,O=91370100MA3C0000X1", false);
        check("張三", "C=CN,CN=张三", false);
    }
}
