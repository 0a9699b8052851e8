//! The city: authority, administrators, units, people with their accounts, policies of use.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::people::{FIRST_PASSWORD, PASSWORD, Person, identity_number};
use crate::story::{Story, Told, text};

/// The three administrators of the set-up: account, role, name.
const ADMINISTRATORS: [(&str, &str, &str); 3] = [
    ("sys.admin", "system_administrator", "赵一"),
    ("sec.admin", "security_administrator", "钱二"),
    ("aud.admin", "audit_administrator", "孙三"),
];

/// A new person: account, role as the interface names it, invented name, what they are.
struct Newcomer(&'static str, &'static str, &'static str, &'static str);

const OFFICERS: [Newcomer; 3] = [
    Newcomer(
        "reviewer",
        "reviewer",
        "李四",
        "制发部门审核人 / reviewer of the authority",
    ),
    Newcomer(
        "maker",
        "maker",
        "周五",
        "制发部门制章人 / maker of the authority",
    ),
    Newcomer("supervisor", "supervisor", "吴六", "监管人员 / supervisor"),
];

const OF_COUNTY: [Newcomer; 1] = [Newcomer(
    "county.reviewer",
    "reviewer",
    "许辛",
    "县级制发部门审核人 / reviewer of the county's authority",
)];

const OF_BUREAU: [Newcomer; 4] = [
    Newcomer(
        "bureau.principal",
        "principal",
        "郑七",
        "大数据局主要负责人 / principal of the bureau",
    ),
    Newcomer(
        "bureau.agent",
        "agent",
        "王小辛",
        "大数据局经办人 / agent of the bureau",
    ),
    Newcomer(
        "bureau.approver",
        "approver",
        "冯九",
        "大数据局审批人 / approver of the bureau",
    ),
    Newcomer(
        "bureau.custodian",
        "custodian",
        "陈十",
        "大数据局印章保管人 / custodian of the bureau",
    ),
];

const OF_HOSPITAL: [Newcomer; 3] = [
    Newcomer(
        "hospital.principal",
        "principal",
        "褚甲",
        "医院主要负责人 / principal of the hospital",
    ),
    Newcomer(
        "hospital.agent",
        "agent",
        "卫乙",
        "医院经办人 / agent of the hospital",
    ),
    Newcomer(
        "hospital.custodian",
        "custodian",
        "蒋丙",
        "医院印章保管人 / custodian of the hospital",
    ),
];

const OF_COMPANY: [Newcomer; 4] = [
    Newcomer(
        "company.principal",
        "principal",
        "沈大山",
        "公司法定代表人 / legal representative of the company",
    ),
    Newcomer(
        "company.agent",
        "agent",
        "韩丁",
        "公司经办人 / agent of the company",
    ),
    Newcomer(
        "company.approver",
        "approver",
        "杨戊",
        "公司审批人 / approver of the company",
    ),
    Newcomer(
        "company.custodian",
        "custodian",
        "朱己",
        "公司印章保管人 / custodian of the company",
    ),
];

impl Story<'_> {
    pub(crate) fn found_city(&mut self) -> Result<(), Failure> {
        self.set_up()?;
        let county = self.enter_county()?;
        let authority = json!({ "kind": "authority", "id": self.authority });
        self.settle(&OFFICERS, &authority)?;
        self.designate(&county)?;
        self.bureau = self.register_unit("11990100MB0000011U", "示例市大数据局", "state_organ")?;
        self.hospital = self.register_unit("12990100MB0000022W", "示例市第一医院", "institution")?;
        self.company = self.register_unit("91990100MA0000033R", "示例科技有限公司", "enterprise")?;
        let unit = |id: &str| json!({ "kind": "unit", "id": id });
        let (bureau, hospital, company) = (unit(&self.bureau), unit(&self.hospital), unit(&self.company));
        self.settle(&OF_BUREAU, &bureau)?;
        self.settle(&OF_HOSPITAL, &hospital)?;
        self.settle(&OF_COMPANY, &company)?;
        self.adopt_policies()
    }

    fn set_up(&mut self) -> Result<(), Failure> {
        let administrators: Vec<Value> = ADMINISTRATORS
            .iter()
            .enumerate()
            .map(|(serial, (account, role, name))| {
                json!({ "role": role, "account": account, "password": PASSWORD, "name": name,
                    "identity_number": identity_number(serial) })
            })
            .collect();
        let order = json!({
            "authority": { "name": "示例市大数据局（制发部门）", "region": "990100", "level": "city", "profile": "xian",
                "designation": "示政发〔2026〕1号" },
            "administrators": administrators,
        });
        let made = self
            .service
            .open("/api/set-up", &[], order.to_string().as_bytes())?
            .json();
        text(&made, "authority")?.clone_into(&mut self.authority);
        Told(
            "R10 R66",
            "首次启动：登记市级制发部门及其系统、安全、审计三名管理员",
            "first start: the city's authority and its three administrators are entered",
        )
        .by("—");
        let what = [
            "系统管理员 / system administrator",
            "安全管理员 / security administrator",
            "审计管理员 / audit administrator",
        ];
        for (index, (account, _, name)) in ADMINISTRATORS.into_iter().enumerate() {
            let found = &made["administrators"][index];
            let person = newcomer(
                account,
                name,
                what[index],
                text(found, "person")?,
                text(found, "totp")?,
            );
            self.sign_in(person, None)?;
        }
        Ok(())
    }

    /// Signs in for the first time, with a password of one's own where another one was given.
    fn sign_in(&mut self, mut person: Person, new: Option<&str>) -> Result<(), Failure> {
        let (code, _) = person.next_code((self.clock)());
        let given = if new.is_some() { FIRST_PASSWORD } else { PASSWORD };
        let body = json!({ "account": person.account, "password": given, "code": code, "new_password": new });
        let begun = self
            .service
            .open("/api/sessions", &[], body.to_string().as_bytes())?
            .json();
        person.session = format!("Bearer {}", text(&begun, "token")?);
        let (zh, en) = match new {
            None => ("用口令和动态码登录", "signs in with password and one-time code"),
            Some(_) => (
                "首次登录，改用自己的口令",
                "signs in for the first time and chooses another password",
            ),
        };
        Told("R45 R72", zh, en).by(&person.account);
        self.people.push(person);
        Ok(())
    }

    fn enter_county(&self) -> Result<String, Failure> {
        let order = json!({ "parent": self.authority, "name": "示例县大数据局（制发部门）", "region": "990121",
            "level": "county", "profile": "xian" });
        let told = Told(
            "R11",
            "登记下级（县）制发部门",
            "a county's authority is entered below the city's",
        );
        let county = self.act("sys.admin", "/api/authorities", &order, &told)?;
        text(&county, "id").map(str::to_owned)
    }

    /// The county registers units only when its designation is filed with the city.
    fn designate(&mut self, county: &str) -> Result<(), Failure> {
        self.settle(&OF_COUNTY, &json!({ "kind": "authority", "id": county }))?;
        let unit = json!({ "authority": county, "code": "11990121MB0000044M", "name": "示例县民政局",
            "kind": "state_organ", "region": "990121", "level": "county" });
        let told = Told(
            "R10",
            "县级制发部门尚未报备指定文件即登记单位：拒绝",
            "the county registers a unit before its designation is filed: refused",
        );
        self.refused(
            "county.reviewer",
            "/api/units",
            &unit,
            ("AUTHORITY_NOT_DESIGNATED", &told),
        )?;
        let filed = json!({ "type": "file_designation", "document": "示县政发〔2026〕2号" });
        let told = Told(
            "R10",
            "县政府的指定文件报市级备案",
            "the county government's designation is filed with the city",
        );
        self.act(
            "reviewer",
            &format!("/api/authorities/{county}/changes"),
            &filed,
            &told,
        )?;
        let told = Told(
            "R10 R11",
            "县级制发部门登记本县单位：示例县民政局",
            "the county registers a unit of its own",
        );
        self.act("county.reviewer", "/api/units", &unit, &told).map(drop)
    }

    fn register_unit(&self, code: &str, name: &str, kind: &str) -> Result<String, Failure> {
        let order = json!({ "authority": self.authority, "code": code, "name": name, "kind": kind,
            "region": "990100", "level": "city" });
        let (zh, en) = (
            format!("登记单位：{name}（{code}）"),
            format!("a unit is registered: {kind}"),
        );
        let made = self.act("reviewer", "/api/units", &order, &Told("R3 R25", &zh, &en))?;
        text(&made, "id").map(str::to_owned)
    }

    fn settle(&mut self, people: &[Newcomer], scope: &Value) -> Result<(), Failure> {
        for one in people {
            self.settle_one(one, scope)?;
        }
        Ok(())
    }

    /// Enters somebody, appoints them, opens their account and signs them in.
    pub(crate) fn settle_platform_owner(&mut self, system: &str) -> Result<(), Failure> {
        let one = Newcomer(
            "platform.owner",
            "platform_owner",
            "秦庚",
            "证照平台所有者 / owner of the licence platform",
        );
        self.settle_one(&one, &json!({ "kind": "system", "id": system }))
    }

    fn settle_one(&mut self, one: &Newcomer, scope: &Value) -> Result<(), Failure> {
        let Newcomer(account, role, name, what) = one;
        let order = json!({ "authority": self.authority, "name": name,
            "identity_number": identity_number(self.people.len()) });
        let security = self.who("sec.admin")?;
        let made = self.service.post(security, "/api/people", &order)?;
        let id = text(&made, "id")?.to_owned();
        let appoint = json!({ "type": "appoint", "role": role, "scope": scope });
        self.service
            .post(security, &format!("/api/people/{id}/changes"), &appoint)?;
        let order = json!({ "account": account, "password": FIRST_PASSWORD });
        let (zh, en) = (
            format!(
                "登记、任命、开户：{account}，{}",
                what.split(" / ").next().unwrap_or_default()
            ),
            format!("enters, appoints and opens an account for {account} ({role})"),
        );
        let opened = self.act(
            "sec.admin",
            &format!("/api/people/{id}/account"),
            &order,
            &Told("R12 R18", &zh, &en),
        )?;
        let person = newcomer(account, name, what, &id, text(&opened, "totp")?);
        self.sign_in(person, Some(PASSWORD))
    }

    fn adopt_policies(&self) -> Result<(), Failure> {
        let strict = json!({ "rules": [
            { "document_types": ["licence"], "steps": [{ "role": "approver" }, { "role": "principal" }] },
            { "steps": [{ "role": "approver" }] } ], "approval_days_max": 7 });
        let plain = json!({ "rules": [{ "steps": [{ "role": "approver" }] }], "approval_days_max": 7 });
        for (who, unit, policy) in [
            ("bureau.principal", &self.bureau, strict),
            ("company.principal", &self.company, plain),
        ] {
            let told = Told(
                "R50",
                "订立单位用印制度：谁审批什么",
                "puts the unit's policy of use in force: who approves what",
            );
            self.act(who, &format!("/api/units/{unit}/policy"), &policy, &told)?;
        }
        Ok(())
    }
}

fn newcomer(account: &str, name: &str, what: &str, id: &str, totp: &str) -> Person {
    Person {
        account: account.to_owned(),
        password: PASSWORD.to_owned(),
        id: id.to_owned(),
        name: name.to_owned(),
        roles: vec![what.to_owned()],
        totp: totp.to_owned(),
        last_code: 0,
        session: String::new(),
    }
}
