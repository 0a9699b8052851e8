//! What stands in the log of acts, in words: the names of acts and of what they are about.

use sealing::Language;

/// An act that can be looked for, by the stable name that stands in the log.
pub(crate) struct Act {
    pub(crate) name: &'static str,
    zh: &'static str,
    en: &'static str,
}

impl Act {
    pub(crate) fn word(&self, l: Language) -> &'static str {
        l.pick(self.zh, self.en)
    }
}

/// An act in words; one that has none is called by its name.
pub(crate) fn act(name: &str, l: Language) -> &str {
    let known = ACTS.iter().find(|act| act.name == name);
    known.map_or(name, |act| act.word(l))
}

/// A kind of thing in words.
pub(crate) fn subject(kind: &str, l: Language) -> &str {
    match kind {
        "authority" => l.pick("制章机关", "authority"),
        "unit" => l.pick("单位", "unit"),
        "person" => l.pick("人员", "person"),
        "application" => l.pick("申请", "application"),
        "seal" => l.pick("印章", "seal"),
        "policy" => l.pick("用印审批规则", "policy of use"),
        "use" => l.pick("用印申请", "request to use a seal"),
        "use_record" => l.pick("用印记录", "use record"),
        "grant" => l.pick("业务系统授权", "grant"),
        "filing" => l.pick("备案", "filing"),
        "client" => l.pick("业务系统", "business system"),
        "key" => l.pick("密钥", "key"),
        "document" => l.pick("文件", "document"),
        "session" => l.pick("会话", "session"),
        "service" => l.pick("服务", "service"),
        "log" => l.pick("日志", "log"),
        other => other,
    }
}

macro_rules! acts {
    ($( $name:literal $zh:literal $en:literal; )+) => {
        /// Every act that this program writes, in the order in which they are offered.
        pub(crate) const ACTS: &[Act] = &[ $( Act { name: $name, zh: $zh, en: $en }, )+ ];
    };
}

acts! {
    "use.intended" "开始用印（动用密钥之前）" "use begun (before the key is used)";
    "use.outcome" "用印结果" "outcome of a use";
    "use.requested" "申请用印" "use asked for";
    "use.approval_given" "批准用印" "use approved by one person";
    "use.approved" "用印获准" "use approved by all";
    "use.declined" "不批准用印" "use declined";
    "use.withdrawn" "撤回用印申请" "use withdrawn";
    "use.completed" "用印完成" "use completed";
    "use.lapsed" "用印申请失效" "use lapsed";
    "use.refused" "拒绝用印" "use refused";
    "use.pin_refused" "印章口令错误" "wrong PIN";
    "use.batch_begun" "开始批量用印" "batch begun";
    "use.batch_ended" "批量用印结束" "batch ended";
    "seal.made" "制作印章" "seal made";
    "seal.filing_recorded" "登记备案" "filing recorded";
    "seal.filed" "备案完成" "seal filed";
    "seal.activated" "领取印章" "seal collected";
    "seal.suspended" "停用印章" "seal suspended";
    "seal.resumed" "恢复印章" "seal resumed";
    "seal.renewed" "印章续期" "seal renewed";
    "seal.device_replaced" "更换载体" "device replaced";
    "seal.cancellation_scheduled" "预定注销" "cancellation scheduled";
    "seal.cancelled" "注销印章" "seal cancelled";
    "seal.expired" "印章到期" "seal expired";
    "seal.hand_over_offered" "移交保管" "custody offered";
    "seal.custody_accepted" "接受保管" "custody accepted";
    "seal.pin_changed" "更换印章口令" "PIN changed";
    "seal.pin_reset" "重置印章口令" "PIN reset";
    "seal.data_read" "读取印章数据" "seal data read";
    "seal.refused" "拒绝对印章的操作" "act on a seal refused";
    "seal.service_key_given_up" "交还密钥副本" "copy of a key given up";
    "key.created" "生成密钥" "key created";
    "application.drafted" "起草申请" "application drafted";
    "application.amended" "修改申请" "application amended";
    "application.material_added" "提交材料" "material added";
    "application.material_read" "查看材料" "material read";
    "application.material_not_shared" "未共享到材料" "material not shared";
    "application.impression_asked" "调取备案印模" "registered impression asked for";
    "application.submitted" "提交申请" "application submitted";
    "application.consented" "负责人同意" "consent given";
    "application.consent_refused" "负责人不同意" "consent refused";
    "application.taken_up" "受理申请" "application taken up";
    "application.returned" "退回申请" "application sent back";
    "application.approved" "批准申请" "application approved";
    "application.rejected" "不予批准申请" "application rejected";
    "application.reasons_delivered" "送达理由" "reasons delivered";
    "application.completed" "申请办结" "application completed";
    "application.withdrawn" "撤回申请" "application withdrawn";
    "application.compared" "比对印模" "impressions compared";
    "application.compared_beside" "与其他印章比对" "compared with other seals";
    "application.beside_decided" "认定印模不同" "difference decided";
    "application.refused" "拒绝对申请的操作" "act on an application refused";
    "filing.opened" "发起备案" "filing opened";
    "filing.sent" "报送备案" "filing sent";
    "filing.failed" "报送未成功" "filing failed";
    "filing.accepted" "备案收讫" "filing accepted";
    "filing.returned" "备案退回" "filing sent back";
    "filing.escalated" "备案超时上报" "filing escalated";
    "policy.adopted" "发布用印审批规则" "policy put in force";
    "policy.deputy_appointed" "指定代理人" "deputy appointed";
    "policy.deputy_dismissed" "撤销代理人" "deputy dismissed";
    "policy.refused" "拒绝对规则的操作" "act on a policy refused";
    "grant.applied" "申请系统授权" "grant applied for";
    "grant.consented" "同意系统授权" "grant consented to";
    "grant.authorised" "系统授权生效" "grant authorised";
    "grant.declined" "不批准系统授权" "grant declined";
    "grant.revoked" "撤销系统授权" "grant revoked";
    "grant.key_deposited" "存入密钥副本" "copy of a key deposited";
    "grant.pin_refused" "授权时口令错误" "wrong PIN with a grant";
    "grant.refused" "拒绝对授权的操作" "act on a grant refused";
    "unit.registered" "登记单位" "unit registered";
    "unit.renamed" "单位更名" "unit renamed";
    "unit.moved" "单位改隶" "unit moved";
    "unit.ended" "单位终止" "unit ended";
    "unit.refused" "拒绝对单位的操作" "act on a unit refused";
    "person.registered" "登记人员" "person registered";
    "person.corrected" "更正人员信息" "person corrected";
    "person.appointed" "任命" "appointed";
    "person.dismissed" "免去角色" "dismissed";
    "person.blocked" "停止办事资格" "blocked";
    "person.unblocked" "恢复办事资格" "unblocked";
    "person.refused" "拒绝对人员的操作" "act on a person refused";
    "account.opened" "开通账号" "account opened";
    "account.reset" "重置账号" "account reset";
    "account.closed" "关闭账号" "account closed";
    "account.locked" "账号锁定" "account locked";
    "account.sign_in_failed" "登录失败" "sign-in failed";
    "account.certificate_set" "设置登录证书" "sign-in certificate set";
    "account.certificate_removed" "撤销登录证书" "sign-in certificate removed";
    "password.changed" "更换登录密码" "password changed";
    "session.begun" "登录" "signed in";
    "session.ended" "退出" "signed out";
    "sessions.ended" "强制下线" "sessions ended";
    "client.entered" "登记业务系统" "business system entered";
    "client.renamed" "业务系统更名" "business system renamed";
    "client.networks_set" "设置业务系统网段" "networks set";
    "client.certificate_renewed" "更换业务系统证书" "certificate renewed";
    "client.blocked" "停用业务系统" "business system blocked";
    "authority.established" "设立制章机关" "authority established";
    "authority.designation_filed" "登记确定文件" "designation filed";
    "authority.renamed" "机关更名" "authority renamed";
    "authority.profile_set" "适用另一套规则" "profile set";
    "authority.closed" "机关终止" "authority closed";
    "authority.refused" "拒绝对机关的操作" "act on an authority refused";
    "document.received" "收到文件" "document received";
    "reminder.raised" "发出提醒" "reminder raised";
    "service.started" "服务启动" "service started";
    "log.exported" "导出日志" "log exported";
    "log.checked" "核对日志" "log checked";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_act_stands_once_and_has_the_form_of_the_log() {
        let names: BTreeSet<_> = ACTS.iter().map(|act| act.name).collect();
        assert_eq!(names.len(), ACTS.len());
        for act in ACTS {
            assert!(act.name.contains('.') && act.en.is_ascii(), "{}", act.name);
            assert_ne!(super::act(act.name, Language::Zh), act.name);
        }
        assert_eq!(super::act("thing.happened", Language::En), "thing.happened");
    }
}
