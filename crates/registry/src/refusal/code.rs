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
        "该部门仍有所属单位、下级部门或未办结的申请" / "请先将单位移交其他制发部门，撤销下级部门，并办结申请"
        "units, authorities or open applications still belong to the authority" / "move the units to another authority, close those below it and decide its applications first";
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
    Backdated "BACKDATED" 66
        "不能追溯生效" / "请把开始时间设为现在或以后"
        "nothing takes effect in the past" / "let it begin now or later";

    // Applications.
    OwnerDoesNotFit "OWNER_DOES_NOT_FIT" 2
        "这类印章（{kind}）的所有者类型不符：公章属于单位，职务章属于单位中的持有人，个人名章属于本人"
            / "请核对印章种类和所有者"
        "a seal of this kind ({kind}) has another sort of owner: official seals are units', position seals a holder's in a unit, name seals a person's own"
            / "check the kind and the owner";
    NotOwnSeal "NOT_OWN_SEAL" 16
        "不是申请者自己的印章" / "谁使用谁申请：请由印章所有者提出"
        "this is not a seal of the applicant" / "let its owner apply";
    IdentityMissing "IDENTITY_MISSING" 18
        "缺少合法身份证明：{material}" / "请补充该材料"
        "evidence of identity is missing: {material}" / "add it";
    PhysicalSealMissing "PHYSICAL_SEAL_MISSING" 19
        "没有已刻制实物印章的记录" / "请先按规定刻制实物印章，再申请电子印章"
        "there is no record of an engraved physical seal" / "have it engraved first, then apply";
    EngravingProofMissing "ENGRAVING_PROOF_MISSING" 19
        "缺少实物印章刻制证明：{material}" / "请补充该材料"
        "the proof of engraving is missing: {material}" / "add it";
    ImpressionMissing "IMPRESSION_MISSING" 20
        "没有提供印模信息" / "请提供印模"
        "the impression is missing" / "supply it";
    ImpressionSheetMissing "IMPRESSION_SHEET_MISSING" 20
        "缺少印模信息材料：{material}" / "请补充该材料"
        "the sheet with the impression is missing: {material}" / "add it";
    FormMissing "FORM_MISSING" 22
        "缺少统一申请表：{material}" / "请填写申请表，并按规定加盖单位公章"
        "the form is missing: {material}" / "fill it in, and seal it where the rules ask for it";
    ConsentMissing "CONSENT_MISSING" 22
        "单位主要负责人尚未同意" / "请先由主要负责人同意"
        "the principal of the unit has not consented" / "obtain the consent first";
    ApplicationNotApproved "APPLICATION_NOT_APPROVED" 22
        "申请尚未获得批准（当前状态：{state}）" / "请在批准后办理"
        "the application is not approved (it is {state})" / "wait for the approval";
    ApplicationForAnother "APPLICATION_FOR_ANOTHER" 22
        "该申请不是为这枚印章或这项业务提出的" / "请核对申请编号"
        "the application is for another seal or another purpose" / "check its identifier";
    ConnectorSupplies "CONNECTOR_SUPPLIES" 23
        "“{material}”可由数据共享平台取得，不得要求申请人再次提供" / "请从数据共享平台调取"
        "{material} comes from the data-sharing platform and must not be asked of the applicant" / "fetch it there";
    DeclarationMissing "DECLARATION_MISSING" 24
        "没有对材料真实性、有效性的承诺" / "请签署承诺后提交"
        "the declaration that everything is authentic and valid is missing" / "sign it, then submit";
    MaterialUnchecked "MATERIAL_UNCHECKED" 25
        "“{material}”的真实性尚未核对" / "请核对全部材料后再批准"
        "the authenticity of {material} was not checked" / "check every document before approving";
    OwnApplication "OWN_APPLICATION" 25
        "不得审核自己提出或同意的申请" / "请由其他审核人办理"
        "nobody reviews an application that they made or consented to" / "let another reviewer do it";
    NotTheReviewer "NOT_THE_REVIEWER" 25
        "该申请由另一名审核人办理" / "请先接手该申请"
        "another reviewer has this application" / "take it up first";
    ReasonsMissing "REASONS_MISSING" 26
        "没有说明理由" / "请写明理由，以便及时告知申请人"
        "no reasons are given" / "give them, so that the applicant can be told promptly";
    LegalNameSealExists "LEGAL_NAME_SEAL_EXISTS" 27
        "该单位已有一枚法定名称电子印章，或已在申请中（{by}）" / "如需更换，请先办理注销或变更"
        "the unit has a legal-name seal already, or has applied for one ({by})"
            / "cancel or change that one first";
    ImpressionTaken "IMPRESSION_TAKEN" 28
        "同类印章中已有相同印模（{by}）" / "请使用不同的印模，例如加刻编号"
        "a seal of the same kind has the same impression ({by})" / "use another impression, for example with a number";
    LikenessUndecided "LIKENESS_UNDECIDED" 28
        "同类印章的印模是否不同，比对未能确定（{by}）" / "请审核人或制作人查看比对报告后作出决定"
        "comparing could not tell whether the impression differs from that of a seal of the same kind ({by})" / "let a reviewer or maker look at the report and decide";
    CustodianReportMissing "CUSTODIAN_REPORT_MISSING" 48
        "缺少保管人的书面报告：{material}" / "请保管人书面说明遗失、被盗情况"
        "the custodian's written report is missing: {material}" / "let the custodian report the loss in writing";
    ResetEvidenceMissing "RESET_EVIDENCE_MISSING" 46
        "重置保护口令缺少合法证明：{material}" / "请补充该材料"
        "evidence for resetting the password is missing: {material}" / "add it";
    EndingEvidenceMissing "ENDING_EVIDENCE_MISSING" 64
        "办理注销或变更缺少合法证明：{material}" / "请补充该材料"
        "evidence for cancelling or changing is missing: {material}" / "add it";
    ReasonNotForThis "REASON_NOT_FOR_THIS" 63
        "事由“{reason}”不适用于该项业务" / "请按当地规定选择业务或事由"
        "the reason {reason} leads to another process here" / "choose the process or the reason that the rules name";
    SealNotInThisState "SEAL_NOT_IN_THIS_STATE" 80
        "印章处于“{state}”状态，不能申请“{command}”" / "请查看印章的当前状态"
        "the seal is {state}, in which {command} cannot be applied for" / "look at its present state";

    // Making.
    ImpressionNotRegistered "IMPRESSION_NOT_REGISTERED" 33
        "公章的印模必须来自公安机关备案信息或申请人" / "请提供备案印模"
        "the impression of an official seal is the registered one, and is not drawn" / "supply the registered one";
    ImpressionNotTheFiled "IMPRESSION_NOT_THE_FILED" 33
        "印模不是从公安机关取得的备案印模" / "请重新调取备案印模"
        "this is not the impression that public security has on file" / "fetch it again";
    ImpressionIsFiled "IMPRESSION_IS_FILED" 33
        "公安机关已有备案印模，不得改用申请人提供的印模" / "请使用备案印模"
        "public security has the impression on file, so the applicant's own is not used" / "use the one on file";
    PictureDiffers "PICTURE_DIFFERS" 4
        "制入印章的图像与批准的印模不一致" / "请使用批准的印模重新制作"
        "the picture in the seal is not the approved impression" / "make the seal again with the approved one";
    CertificateMissing "CERTIFICATE_MISSING" 1
        "没有绑定的数字证书，或与印章所用证书不同" / "请提供制作所用的证书"
        "the certificate is missing, or is not the one in the seal" / "supply the certificate that was bound in";
    CertificateNotValid "CERTIFICATE_NOT_VALID" 29
        "数字证书不在有效期内" / "请更换有效证书后制作"
        "the certificate is not within its period" / "make the seal with a valid certificate";
    CertificateRevoked "CERTIFICATE_REVOKED" 29
        "数字证书已被撤销，或无法确认其未被撤销" / "请更换证书，或在能够查询状态后再制作"
        "the certificate is revoked, or nobody can say that it is not"
            / "use another one, or wait until its status is known";
    CertificateNotTrusted "CERTIFICATE_NOT_TRUSTED" 30
        "数字证书不是由列入信任名单的电子认证机构签发" / "请使用依法设立的电子认证机构签发的证书"
        "the certificate does not come from an agency on the trust list" / "use one of a lawful agency";
    CertificateNotGovernment "CERTIFICATE_NOT_GOVERNMENT" 30
        "政务用印章必须使用电子政务电子认证服务机构签发的证书" / "请更换证书"
        "seals of e-government need a certificate of an e-government agency" / "use such a certificate";
    PeriodsDiffer "PERIODS_DIFFER" 32
        "印章有效期与证书有效期不一致" / "请按证书有效期制作"
        "the period of the seal is not that of the certificate" / "make the seal for the certificate's period";
    ComparisonMissing "COMPARISON_MISSING" 34
        "没有与备案印模的比对记录" / "请先比对印模"
        "the impression was not compared with the registered one" / "compare them first";
    ComparisonOfAnother "COMPARISON_OF_ANOTHER" 34
        "比对记录不是针对制入印章的图像" / "请重新比对"
        "another picture was compared than the one in the seal" / "compare again";
    ImpressionsDisagree "IMPRESSIONS_DISAGREE" 34
        "比对结论为不一致" / "请核实印模后重新申请或制作"
        "the comparison found another impression" / "clear this up before making the seal";
    NamesDisagree "NAMES_DISAGREE" 35
        "印模名称与证书名称不一致" / "请更正名称，或写明一致的理由"
        "the names of impression and certificate differ" / "correct one, or say why they mean the same";
    NameNotTheHolders "NAME_NOT_THE_HOLDERS" 4
        "个人名章的名称须与持有人登记的姓名完全一致" / "请核对姓名；姓名登记有误的，请先更正登记"
        "the name of a personal seal is the holder's own, as it is registered" / "check the name, or have the registration corrected first";
    NotACustodian "NOT_A_CUSTODIAN" 43
        "接收人不是该单位任命的保管人" / "请先任命保管人"
        "the receiver is not appointed as a custodian of the unit" / "appoint them first";

    // Filing.
    FilingNotAsked "FILING_NOT_ASKED" 39
        "当地规定不要求就此事项（{occasion}）向该机关（{body}）备案" / "请核对备案事项"
        "the rules here ask for no filing of this ({occasion}) with that body ({body})" / "check what is to be filed";
    FiledAlready "FILED_ALREADY" 39
        "该备案已经记录" / "无需重复记录"
        "this filing is recorded already" / "nothing needs to be done";
    NotOverdue "NOT_OVERDUE" 39
        "备案尚未逾期" / "请等待期限届满"
        "the filing is not overdue" / "wait for the deadline";
    NotYetHappened "NOT_YET_HAPPENED" 39
        "备案事项的发生时间晚于现在" / "请核对时间"
        "what is to be filed has not happened yet" / "check the time";
    NotFiledYet "NOT_FILED_YET" 39
        "印章制作信息尚未完成备案" / "请在备案完成后领取"
        "the making is not filed yet" / "collect the seal when the filing is accepted";

    // Custody.
    NotTheReceiver "NOT_THE_RECEIVER" 44
        "印章没有移交给当前用户" / "请由接收人本人办理"
        "the seal was not offered to the actor" / "let the receiver take it in person";
    IsCustodianAlready "IS_CUSTODIAN_ALREADY" 44
        "该人员已是保管人" / "无需移交"
        "this person is the custodian already" / "nothing needs to be done";
    NotTheCustodian "NOT_THE_CUSTODIAN" 43
        "当前用户不是该印章的保管人" / "请由保管人办理"
        "the actor is not the custodian of the seal" / "let the custodian do it";
    HolderOnly "HOLDER_ONLY" 52
        "职务章、个人名章只能由持有人本人领取、保管和使用" / "请由持有人本人办理"
        "position and personal seals are collected, kept and used by their holder only" / "let the holder do it";
    PasswordTooOld "PASSWORD_TOO_OLD" 45
        "保护口令必须先修改：已满 {days} 天，或由他人设置" / "请保管人修改保护口令"
        "the protection password must be changed first: it is {days} days old, or was set by somebody else"
            / "let the custodian change it";
    OldDeviceMissing "OLD_DEVICE_MISSING" 47
        "旧载体没有交回" / "请在领取新载体时交回旧载体，遗失的请先书面报告"
        "the old device was not handed back" / "hand it back when collecting the new one, or report its loss first";
    DeviceUnknown "DEVICE_UNKNOWN" 65
        "该载体不是这枚印章正在使用的载体" / "请核对载体编号"
        "this is not the device that the seal is on" / "check its identifier";
    DeviceIsTheOldOne "DEVICE_IS_THE_OLD_ONE" 65
        "更换后的载体与原载体相同" / "请使用新的载体"
        "the new device is the old one" / "use another device";

    // Renewing, changing, ending.
    RenewalTooEarly "RENEWAL_TOO_EARLY" 60
        "续期尚未开放，最早 {opens}" / "请在到期前规定的月份内办理"
        "renewal opens at {opens}" / "apply again then";
    RenewalTooLate "RENEWAL_TOO_LATE" 60
        "印章已于 {until} 到期，不能续期" / "请重新申请制作"
        "the period ended at {until} and can no longer be renewed" / "apply for a new seal";
    PeriodNotLonger "PERIOD_NOT_LONGER" 60
        "续期后的有效期没有延长" / "请使用有效期更长的证书"
        "the renewed period does not end later" / "use a certificate that does";
    PictureChanged "PICTURE_CHANGED" 60
        "续期或更换载体时不得改变印章图像" / "如需改变图像，请办理变更"
        "the picture must stay when a seal is renewed or put on another device" / "apply for a change instead";
    PeriodOver "PERIOD_OVER" 32
        "当前不在印章有效期内" / "请办理续期或重新申请"
        "this is not within the period of the seal" / "renew it, or apply for another one";
    PeriodNotOver "PERIOD_NOT_OVER" 32
        "印章有效期尚未届满" / "请等待有效期届满"
        "the period of the seal is not over" / "wait for its end";
    CancelFirst "CANCEL_FIRST" 61
        "原印章尚未注销" / "变更应先注销原印章，再申请新印章"
        "the seal to be replaced is not cancelled" / "cancel it first, then apply";
    ChangeIsCancelFirst "CHANGE_IS_CANCEL_FIRST" 61
        "当地规定变更应先注销，不能推迟到新印章启用时" / "请先注销原印章"
        "the rules here cancel first; the cancellation cannot wait for the successor" / "cancel the seal first";
    SuccessorNotInForce "SUCCESSOR_NOT_IN_FORCE" 61
        "新印章尚未启用，原印章的注销仍须等待" / "请在新印章启用后办理"
        "the successor is not in force yet, for which the cancellation waits" / "wait for it";
    SuspensionNotOffered "SUSPENSION_NOT_OFFERED" 42
        "当地规定没有停用、挂失程序" / "请办理注销"
        "the rules here know no suspension" / "apply for cancellation";
    ApplicationMissing "APPLICATION_MISSING" 64
        "事由“{reason}”需要书面申请" / "请先提出申请"
        "for the reason {reason} a written application is needed" / "apply first";
    OnApplicationOnly "ON_APPLICATION_ONLY" 64
        "当地规定只能依申请注销" / "请由印章所有者提出申请"
        "the rules here cancel on application only" / "let the owner apply";

    // Use.
    DocumentTypeUnknown "DOCUMENT_TYPE_UNKNOWN" 6
        "文件类型“{type}”不在目录中" / "请选择目录中的文件类型"
        "the document type {type} is not in the catalogue" / "choose one that is";
    DocumentTypesMissing "DOCUMENT_TYPES_MISSING" 6
        "没有写明文件类型" / "请写明授权适用的文件类型"
        "no document types are named" / "name those that the grant is for";
    Classified "CLASSIFIED" 8
        "本系统为非涉密系统，不得处理国家秘密" / "请按保密规定办理"
        "this system is not for state secrets" / "follow the rules of secrecy instead";
    PurposeMissing "PURPOSE_MISSING" 49
        "没有写明用印事由" / "请写明用途"
        "the purpose is missing" / "say what the seal is used for";
    BlankDocument "BLANK_DOCUMENT" 49
        "文件是空白的" / "不得在空白文件上用印"
        "the document is blank" / "blank documents are not sealed";
    BindingDiffers "BINDING_DIFFERS" 49
        "文件、印章或位置与审批的不一致" / "请对审批时的原文件用印，或重新申请"
        "document, seal or place is not the one that was asked for" / "seal what was approved, or ask again";
    NotInBatch "NOT_IN_BATCH" 49
        "没有证明第 {item} 号文件属于批准的批次" / "请提供该文件在批次中的证明"
        "it was not proved that document {item} belongs to the approved batch" / "give the proof";
    StampedAlready "STAMPED_ALREADY" 49
        "第 {item} 号文件已经用印" / "一次审批只用印一次；如需再次用印请重新申请"
        "document {item} was sealed already" / "an approval is for one sealing; ask again for another";
    BatchSize "BATCH_SIZE" 51
        "一次申请应包含 1 至 {max} 份文件" / "请调整批次大小"
        "a request is for 1 to {max} documents" / "divide the batch";
    PolicyMissing "POLICY_MISSING" 50
        "该单位还没有用印管理制度" / "请主要负责人先制定用印制度"
        "the unit has no policy of use" / "let its principal adopt one";
    RulesMissing "RULES_MISSING" 50
        "用印制度中没有规则，或规则没有审批步骤" / "请为每条规则设置审批步骤"
        "the policy has no rule, or a rule without steps" / "give every rule its steps";
    ApproverDoesNotFit "APPROVER_DOES_NOT_FIT" 50
        "审批人必须是主要负责人、审批人角色或指定的一人" / "请更改审批人"
        "an approver is the principal, an approver of the unit, or one named person" / "name another one";
    NoRuleFits "NO_RULE_FITS" 51
        "用印制度中没有适用于该文件和印章的规则" / "超出审批权限的用印不予办理；如确需办理请修订制度"
        "no rule of the policy is for this document and seal" / "have the policy amended if the use is right";
    AmountMissing "AMOUNT_MISSING" 51
        "没有填写金额，而审批权限取决于金额" / "请填写金额"
        "the amount is missing, on which the approval depends" / "fill it in";
    NotTheApprover "NOT_THE_APPROVER" 51
        "当前用户不是这一步的审批人" / "请由规定的审批人办理"
        "the actor is not the approver of this step" / "let the right one approve";
    NotADeputy "NOT_A_DEPUTY" 51
        "当前用户没有代理该审批人的授权，或超出其期限、范围" / "请核对代理授权"
        "the actor does not stand in for that approver now, or not for this" / "check the deputy's period and scope";
    DutiesTogether "DUTIES_TOGETHER" 51
        "同一人已以“{role}”身份参与，不得再审批" / "请由另一人审批"
        "the same person takes part as {role} already" / "let somebody else approve";
    ApprovalLapsed "APPROVAL_LAPSED" 51
        "审批已过有效期" / "请重新申请"
        "the approval is too old" / "ask again";
    ApprovalStillHolds "APPROVAL_STILL_HOLDS" 51
        "审批仍在有效期内" / "请等待期限届满"
        "the approval still holds" / "wait for its end";
    OutcomeUnknown "OUTCOME_UNKNOWN" 53
        "有用印已开始但结果未登记" / "请先登记结果"
        "a sealing was begun whose outcome is not recorded" / "record the outcome first";
    NotBegun "NOT_BEGUN" 53
        "第 {item} 号文件没有正在进行的用印" / "请核对序号"
        "no sealing of document {item} was begun" / "check its number";
    SealNotInForce "SEAL_NOT_IN_FORCE" 59
        "印章未生效、已停用、已注销或不在有效期内（{state}）" / "请查看印章状态"
        "the seal is not in force ({state}), or not within its period" / "look at its state";
    GrantMissing "GRANT_MISSING" 15
        "业务系统用印没有指明授权" / "请指明授权编号"
        "a business system seals under a grant only, and none is named" / "name it";
    GrantNotInForce "GRANT_NOT_IN_FORCE" 15
        "授权未生效、已撤销或已过期" / "请重新申请授权"
        "the grant is not in force" / "apply for another one";
    OutsideGrant "OUTSIDE_GRANT" 15
        "系统、印章、用途或文件类型超出授权范围" / "请在授权范围内用印"
        "system, seal, purpose or document type is not the one of the grant" / "keep to its terms";
    VolumeExceeded "VOLUME_EXCEEDED" 15
        "超出授权的用印数量（{max}）" / "请等待下一周期，或申请更大的数量"
        "the volume of the grant is used up ({max})" / "wait for the next period, or apply for more";
    VolumeMissing "VOLUME_MISSING" 15
        "授权数量为零" / "请填写用印数量"
        "the volume of the grant is zero" / "say how many documents";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The names in braces of a text.
    fn placeholders(text: &str) -> BTreeSet<&str> {
        let parts = text.split('{').skip(1);
        parts.map(|part| part.split_once('}').unwrap().0).collect()
    }

    #[test]
    fn names_are_unique_and_shout() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(
            names
                .iter()
                .all(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        );
    }

    #[test]
    fn both_languages_speak_of_the_same_values() {
        for code in Code::ALL {
            let (zh, zh_do) = code.words(Language::Zh);
            let (en, en_do) = code.words(Language::En);
            assert!(
                [zh, zh_do, en, en_do].iter().all(|text| !text.is_empty()),
                "{}",
                code.name()
            );
            let of = |what, advice| {
                placeholders(what)
                    .union(&placeholders(advice))
                    .copied()
                    .collect::<BTreeSet<_>>()
            };
            assert_eq!(of(zh, zh_do), of(en, en_do), "{}", code.name());
        }
    }

    #[test]
    fn json_shows_the_stable_name() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }
}
