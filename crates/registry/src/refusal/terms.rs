//! What the stable names in a refusal are called: values of the rules by their own words; acts, states and fields by
//! the tables here, whose English is the name with blanks.

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};

use super::Language;
use crate::application::MaterialKind;
use crate::filing::{FilingBody, FilingOccasion};
use crate::role::{Network, Role};
use crate::seal::{DeviceKind, Reason, SealKind};

/// The term of a value: what it is in the sentence, and the stable name that it holds. Nothing for what is no name.
pub(super) fn term(of: &str, name: &str, language: Language) -> Option<String> {
    let words = match of {
        "role" => named(name).map(Role::words),
        "material" => named(name).map(MaterialKind::words),
        "reason" => named(name).map(Reason::words),
        "kind" => named(name).map(SealKind::words),
        "device" => named(name).map(DeviceKind::words),
        "network" => named(name).map(Network::words),
        "body" => named(name).map(FilingBody::words),
        "occasion" => named(name).map(FilingOccasion::words),
        _ => None,
    };
    match (words, language) {
        (Some((zh, _)), Language::Zh) => return Some(zh.to_owned()),
        (Some((_, en)), Language::En) => return Some(en.to_owned()),
        (None, _) => {}
    }
    let table: &[(&str, &str)] = match of {
        "subject" => &SUBJECTS,
        "command" => &COMMANDS,
        "state" => &STATES,
        "field" => &FIELDS,
        "role" => &PARTIES,
        _ => return None,
    };
    let (_, zh) = table.iter().find(|(known, _)| *known == name)?;
    Some(match language {
        Language::Zh => (*zh).to_owned(),
        Language::En => name.replace('_', " "),
    })
}

/// The value with this stable name, which is also the one that JSON shows.
fn named<'n, T: Deserialize<'n>>(name: &'n str) -> Option<T> {
    T::deserialize(StrDeserializer::<Error>::new(name)).ok()
}

const SUBJECTS: [(&str, &str); 9] = [
    ("authority", "制发部门"),
    ("unit", "单位"),
    ("person", "人员"),
    ("application", "申请"),
    ("seal", "印章"),
    ("policy", "用印制度"),
    ("use", "用印申请"),
    ("grant", "业务系统授权"),
    ("filing", "备案"),
];

const COMMANDS: [(&str, &str); 58] = [
    ("draft", "起草"),
    ("amend", "修改"),
    ("add_material", "提交材料"),
    ("submit", "提交"),
    ("consent", "同意"),
    ("refuse_consent", "不同意"),
    ("take_up", "受理"),
    ("return", "退回"),
    ("approve", "批准"),
    ("reject", "不予批准"),
    ("record_delivery", "登记送达"),
    ("complete", "办结"),
    ("withdraw", "撤回"),
    ("make", "制作"),
    ("record_filing", "登记备案"),
    ("activate", "领取"),
    ("suspend", "停用"),
    ("resume", "恢复"),
    ("renew", "续期"),
    ("change", "变更"),
    ("replace_device", "更换载体"),
    ("schedule_cancellation", "预定注销"),
    ("cancel", "注销"),
    ("cancel_ex_officio", "依职权注销"),
    ("expire", "到期"),
    ("hand_over", "移交"),
    ("accept_custody", "接收"),
    ("change_pin", "修改口令"),
    ("reset_pin", "重置口令"),
    ("request", "申请用印"),
    ("decline", "不批准"),
    ("begin", "盖章"),
    ("finish", "登记结果"),
    ("lapse", "失效"),
    ("adopt", "制定用印制度"),
    ("appoint_deputy", "指定代理人"),
    ("dismiss_deputy", "撤销代理人"),
    ("apply", "申请授权"),
    ("authorise", "授权"),
    ("revoke", "撤销授权"),
    ("open", "开始备案"),
    ("record_sent", "登记发送"),
    ("record_failure", "登记失败"),
    ("accept", "登记受理"),
    ("escalate", "督办"),
    ("register", "登记"),
    ("rename", "更名"),
    ("move", "迁移"),
    ("end", "终止"),
    ("correct", "更正"),
    ("appoint", "任命"),
    ("dismiss", "免职"),
    ("block", "冻结"),
    ("unblock", "解冻"),
    ("establish", "设立"),
    ("file_designation", "登记指定文件"),
    ("set_profile", "设定适用规定"),
    ("close", "撤销"),
];

const STATES: [(&str, &str); 32] = [
    ("draft", "草稿"),
    ("submitted", "待负责人同意"),
    ("consented", "已同意"),
    ("under_review", "审核中"),
    ("returned", "退回补正"),
    ("approved", "已批准"),
    ("completed", "已办结"),
    ("rejected", "不予批准"),
    ("withdrawn", "已撤回"),
    ("delivered", "已送达"),
    ("made", "已制作，待备案"),
    ("filed", "已备案，待领取"),
    ("active", "有效"),
    ("suspended", "已停用"),
    ("expired", "已到期"),
    ("cancelled", "已注销"),
    ("change", "变更中"),
    ("requested", "待审批"),
    ("declined", "未批准"),
    ("lapsed", "已失效"),
    ("applied", "已申请"),
    ("authorised", "已授权"),
    ("revoked", "已撤销"),
    ("open", "待备案"),
    ("sent", "已发送"),
    ("accepted", "已受理"),
    ("escalated", "已督办"),
    ("blocked", "已冻结"),
    ("closed", "已撤销"),
    ("designated", "已指定"),
    ("established", "已设立"),
    ("ended", "已终止"),
];

/// Who acts without holding a role.
const PARTIES: [(&str, &str); 4] = [
    ("person", "人员"),
    ("requester", "申请人"),
    ("service", "本系统"),
    ("system", "业务系统"),
];

const FIELDS: [(&str, &str); 21] = [
    ("decision", "决定文号"),
    ("document", "文件"),
    ("name", "名称"),
    ("number", "编号"),
    ("purpose", "用途"),
    ("reason", "理由"),
    ("reasons", "理由"),
    ("seal_code", "印章编码"),
    ("serial", "载体序列号"),
    ("appointments", "任职"),
    ("deputies", "代理人"),
    ("document_types", "文件种类"),
    ("editions", "印章版本"),
    ("filings", "备案"),
    ("materials", "材料"),
    ("needed", "审批人数"),
    ("networks", "网络"),
    ("rules", "规则"),
    ("seal_kinds", "印章种类"),
    ("steps", "审批步骤"),
    ("designation", "指定文件"),
];
