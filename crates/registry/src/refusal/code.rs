//! Every reason for which something is not done: its stable name, the requirement, and its words in two languages.
//!
//! The table is Rust, not a message file: a code without a text in either language does not compile.

use serde::{Deserialize, Serialize};

use super::{Language, Rule};

macro_rules! codes {
    ($( $variant:ident $name:literal $rule:literal
        $zh:literal / $zh_do:literal
        $en:literal / $en_do:literal; )+) => {
        /// Why something is not done. The names are stable: programs may rely on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "the English sentence beside each code is its documentation")]
        pub enum Code { $( #[doc = $en] #[serde(rename = $name)] $variant, )+ }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Code] = &[ $( Code::$variant, )+ ];

            /// The stable name.
            pub fn name(self) -> &'static str {
                match self { $( Code::$variant => $name, )+ }
            }

            /// The requirement that it rests on.
            pub fn rule(self) -> Rule {
                match self { $( Code::$variant => const { Rule::new($rule).unwrap() }, )+ }
            }

            /// What is wrong and what to do, with `{names}` of values in braces.
            pub fn words(self, language: Language) -> (&'static str, &'static str) {
                match (self, language) { $(
                    (Code::$variant, Language::Zh) => ($zh, $zh_do),
                    (Code::$variant, Language::En) => ($en, $en_do),
                )+ }
            }
        }
    };
}

codes! {
    // Of anything.
    DoesNotExist "DOES_NOT_EXIST" 80
        "没有这个{subject}" / "请核对编号"
        "there is no such {subject}" / "check its identifier";
    AlreadyExists "ALREADY_EXISTS" 80
        "这个{subject}已经存在" / "请使用已有的记录，或换一个编号"
        "this {subject} exists already" / "use the one that exists, or another identifier";
    NotInThisState "NOT_IN_THIS_STATE" 80
        "{subject}处于“{state}”状态，不能执行“{command}”" / "请查看该记录的当前状态"
        "the {subject} is {state}, in which {command} is not possible" / "look at its present state";
    NotPermitted "NOT_PERMITTED" 12
        "当前用户没有“{role}”角色，不能执行“{command}”" / "请由具有该角色的人员办理，或申请任命"
        "{command} needs the role {role}, which the actor does not hold here" / "let somebody with that role do it";
    TextMissing "TEXT_MISSING" 22
        "“{field}”没有填写，或超过 {bytes_max} 字节" / "请填写该项"
        "{field} is empty or longer than {bytes_max} bytes" / "fill it in";
    TooMany "TOO_MANY" 22
        "“{field}”超过 {max} 项" / "请减少数量或分次办理"
        "there are more than {max} of {field}" / "reduce them, or do it in several steps";
    PeriodEmpty "PERIOD_EMPTY" 50
        "结束时间不晚于开始时间" / "请核对起止时间"
        "the period ends before it begins" / "check its beginning and end";

    // Authorities, units, people.
    OutsideSubtree "OUTSIDE_SUBTREE" 12
        "不在本制发部门的管辖范围内" / "请由该单位所属的制发部门办理"
        "this lies outside the part of the tree for which the authority may act"
            / "let the authority of that unit do it";
    AuthorityNotDesignated "AUTHORITY_NOT_DESIGNATED" 10
        "该部门尚未由同级政府指定并报上级备案，不能制发印章" / "请先报送指定文件备案"
        "the authority's designation by its government is not filed with the one above, so it makes no seals yet"
            / "file the designation first";
    LevelNotBelow "LEVEL_NOT_BELOW" 11
        "下级制发部门的层级必须低于上级" / "请核对层级"
        "an authority must be on a lower level than the one above it" / "check the levels";
    UnitCodeTaken "UNIT_CODE_TAKEN" 3
        "该统一社会信用代码已登记在另一单位" / "请使用已登记的单位"
        "another unit is registered with this unified social credit code" / "use the unit that is registered";
    UnitHasEnded "UNIT_HAS_ENDED" 63
        "该单位已终止" / "只能办理其印章的注销"
        "the unit has ended" / "only the cancellation of its seals can still be applied for";
    UnitsRemain "UNITS_REMAIN" 11
        "该部门仍有所属单位" / "请先将单位移交其他制发部门"
        "units still belong to the authority" / "move them to another authority first";
    PersonTaken "PERSON_TAKEN" 18
        "该身份已登记为另一人员" / "请使用已登记的人员"
        "this identity is registered already" / "use the person that is registered";
    PersonBlocked "PERSON_BLOCKED" 12
        "该人员已被停用" / "请先恢复该人员"
        "the person may not act" / "lift the block first";
    RoleDoesNotFit "ROLE_DOES_NOT_FIT" 12
        "角色“{role}”不能在该范围内任命" / "单位角色在单位任命，管理角色在制发部门任命"
        "the role {role} does not exist in this scope" / "appoint unit roles in units, others in authorities";
    AdministratorsApart "ADMINISTRATORS_APART" 66
        "同一人不得兼任系统、安全、审计管理员中的两个" / "请任命另一人"
        "nobody may be two of the three administrators" / "appoint somebody else";
    AuditorApart "AUDITOR_APART" 66
        "审计管理员不得兼任其他任何角色" / "请任命另一人"
        "an audit administrator may hold no other role" / "appoint somebody else";
    NotAppointed "NOT_APPOINTED" 12
        "该人员没有这一角色" / "请核对任命记录"
        "the person does not hold this role" / "check the appointments";
    OwnAppointment "OWN_APPOINTMENT" 12
        "不得任命自己" / "请由另一名有权人员办理"
        "nobody appoints themselves" / "let another person with that right do it";

    // Networks and devices.
    NetworkNotAllowed "NETWORK_NOT_ALLOWED" 7
        "不得从该网络（{network}）办理" / "请在规定的网络内办理"
        "this may not be done from this network ({network})" / "do it from a network that the rules allow";
    DeviceNotDedicated "DEVICE_NOT_DEDICATED" 7
        "必须使用专用计算机办理" / "请在登记的专用计算机上办理"
        "this may only be done on a computer that is set aside for seals" / "use a registered one";
    DeviceKindNotAllowed "DEVICE_KIND_NOT_ALLOWED" 38
        "当地规定不允许使用这类密钥载体（{device}）" / "请使用规定允许的载体"
        "the rules here do not allow this kind of key device ({device})" / "use one that they allow";
}
