//! The life of seals: application, making, filing, collection; suspension, cancellation, query.

use impression::{Design, Drawing, Fonts, NameSeal, OfficialLevel, RoundSeal, draw};
use serde_json::{Value, json};
use testkit::BureauFault;

use crate::failure::Failure;
use crate::story::{Story, Told, ensure, text};

/// The protection password of every seal.
pub(crate) const PIN: &str = "keep me 2026";
/// Resolution of what public security has on file, in dots per inch.
const REGISTERED_DPI: u32 = 300;

/// The seals of the city, by their identifiers.
pub(crate) struct Seals {
    /// The bureau's legal-name seal.
    pub(crate) bureau: String,
    /// The hospital's, which is filed late.
    pub(crate) hospital: String,
    /// The company's contract seal.
    pub(crate) contract: String,
    /// The company's finance seal, which is cancelled.
    pub(crate) finance: String,
    /// The seal of the company's legal representative.
    pub(crate) representative: String,
}

/// A seal that is to be made.
struct Wanted<'a> {
    /// Prefix of the accounts of the unit.
    of: &'static str,
    unit: &'a str,
    kind: &'static str,
    name: &'static str,
    /// As it is called in the story.
    called: (&'static str, &'static str),
    design: Design,
    /// The code of its impression with public security; a position seal has none.
    code: Option<&'static str>,
    keeper: &'static str,
}

impl Wanted<'_> {
    fn who(&self, role: &str) -> String {
        format!("{}.{role}", self.of)
    }

    /// Materials beside the impression.
    fn materials(&self) -> &'static [&'static str] {
        match self.code {
            Some(_) => &[
                "unit_identity",
                "agent_identity",
                "application_form",
                "engraving_proof",
            ],
            None => &[
                "unit_identity",
                "agent_identity",
                "holder_identity",
                "application_form",
            ],
        }
    }
}

impl Story<'_> {
    pub(crate) fn make_seals(&self) -> Result<Seals, Failure> {
        let (bureau, hospital, company) = (&self.bureau, &self.hospital, &self.company);
        let (late, first) = (hospital_seal(hospital), bureau_seal(bureau));
        self.city.public_security.switch(BureauFault::OutOfOrder);
        let hospital = self.make_seal(&late)?;
        self.wait("备案的首次尝试 / the first try of a filing", || {
            Ok(!self.city.public_security.received().is_empty())
        })?;
        self.city.public_security.switch(BureauFault::None);
        Told(
            "R39",
            "公安系统停机：备案留在发件箱中，稍后自动重试",
            "public security is out of order: the filing stays in the outbox and is tried again",
        )
        .by("（服务/service）");
        let made = self.make_seal(&first)?;
        self.second_seal(&first)?;
        let contract = company_seal(company, "contract", "示例科技有限公司(合同专用章)", "合同专用章");
        let finance = company_seal(company, "finance", "示例科技有限公司(财务专用章)", "财务专用章");
        let representative = representative_seal(company);
        let seals = Seals {
            bureau: made,
            hospital,
            contract: self.make_seal(&contract)?,
            finance: self.make_seal(&finance)?,
            representative: self.make_seal(&representative)?,
        };
        for (seal, wanted) in [
            (&seals.bureau, &first),
            (&seals.contract, &contract),
            (&seals.finance, &finance),
            (&seals.representative, &representative),
        ] {
            self.collect(seal, wanted)?;
        }
        Ok(seals)
    }

    /// From the application to the seal that was made.
    fn make_seal(&self, wanted: &Wanted<'_>) -> Result<String, Failure> {
        let drawing = self.draw(wanted)?;
        let picture = drawing.svg();
        let file = format!("impressions/{}-{}.svg", wanted.of, wanted.kind);
        self.city.write(&file, picture.as_bytes())?;
        let application = self.draft(wanted, picture.as_bytes())?;
        self.approve(wanted, &application)?;
        let path = format!("/api/applications/{application}");
        if wanted.code.is_some() {
            let registered = drawing.png(REGISTERED_DPI).map_err(told)?;
            let path = format!("{path}/comparison");
            let compared = self
                .service
                .send(self.who("reviewer")?, &path, &registered)?
                .json();
            let (zh, en) = (
                format!(
                    "比对提交的印模与公安留存的印模：{}‰，作为证据",
                    compared["score_per_mille"]
                ),
                format!(
                    "compares the impression with the registered one: {}",
                    compared["measured"]
                ),
            );
            Told("R34", &zh, &en).by("reviewer");
        }
        let (width, height) = (drawing.width_mm.ceil() as u32, drawing.height_mm.ceil() as u32);
        let keeper = &self.who(wanted.keeper)?.id;
        let mut order = json!({ "custodian": keeper, "width_mm": width, "height_mm": height });
        if wanted.code.is_some() {
            order["verdict"] = "same".into();
        } else {
            order["name_reason"] = "职务章刻持有人姓名 / a position seal shows its holder's name".into();
        }
        let (zh, en) = (
            format!("制作{}：密钥、证书和印章数据", wanted.called.0),
            format!("makes {}: key, certificate, seal data", wanted.called.1),
        );
        let told = Told("R29-R38", &zh, &en);
        let made = self.act("maker", &format!("{path}/making"), &order, &told)?;
        text(&made, "id").map(str::to_owned)
    }

    fn draw(&self, wanted: &Wanted<'_>) -> Result<Drawing, Failure> {
        let fonts = Fonts {
            text: &self.font,
            digits: None,
        };
        draw(&wanted.design, fonts).map_err(told)
    }

    /// An application with its materials, handed in.
    fn draft(&self, wanted: &Wanted<'_>, picture: &[u8]) -> Result<String, Failure> {
        let (agent, unit) = (wanted.who("agent"), wanted.unit);
        let drafted = self.service.post(
            self.who(&agent)?,
            "/api/applications",
            &json!({ "authority": self.authority, "unit": unit, "ask": self.ask(wanted, picture)? }),
        )?;
        let id = text(&drafted, "id")?.to_owned();
        for kind in wanted.materials() {
            self.hand_in(&agent, &id, kind, format!("示例材料 {kind} {id}").as_bytes())?;
        }
        self.hand_in(&agent, &id, "impression_sheet", picture)?;
        let (zh, en) = (
            format!("申请{}，提交材料和印模", wanted.called.0),
            format!("applies for {} with materials and impression", wanted.called.1),
        );
        Told("R18-R20", &zh, &en).by(&agent);
        self.submit(&agent, &id)?;
        Ok(id)
    }

    fn ask(&self, wanted: &Wanted<'_>, picture: &[u8]) -> Result<Value, Failure> {
        let (owner, source, physical) = match wanted.code {
            Some(_) => (
                json!({ "kind": "unit", "unit": wanted.unit }),
                "applicant",
                json!({ "record": "示公刻〔2026〕1号", "engraved_on": "2026-01-05" }),
            ),
            None => (
                json!({ "kind": "position", "unit": wanted.unit, "holder": self.who(wanted.keeper)?.id }),
                "drawn",
                Value::Null,
            ),
        };
        Ok(json!({ "kind": "make", "seal": {
            "kind": wanted.kind, "owner": owner, "name": wanted.name,
            "impression": { "digest": gm::sm3(picture).to_string(), "code": wanted.code, "source": source },
            "physical": physical, "replaces": null,
        } }))
    }

    fn hand_in(&self, agent: &str, application: &str, kind: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = format!("/api/applications/{application}/materials?kind={kind}");
        self.service.send(self.who(agent)?, &path, bytes).map(drop)
    }

    fn submit(&self, agent: &str, application: &str) -> Result<(), Failure> {
        let step = json!({ "type": "submit", "declaration": "所提交材料真实、合法、有效" });
        let told = Told(
            "R24",
            "声明材料真实并提交",
            "answers for the materials and hands in",
        );
        let path = format!("/api/applications/{application}/steps");
        self.act(agent, &path, &step, &told).map(drop)
    }

    /// Consent of the principal and review, up to the approval.
    fn approve(&self, wanted: &Wanted<'_>, application: &str) -> Result<(), Failure> {
        let path = format!("/api/applications/{application}");
        let steps = format!("{path}/steps");
        let told = Told("R22", "单位主要负责人同意", "the unit's principal consents");
        self.act(
            &wanted.who("principal"),
            &steps,
            &json!({ "type": "consent" }),
            &told,
        )?;
        let reviewer = self.who("reviewer")?;
        self.service
            .post(reviewer, &steps, &json!({ "type": "take_up" }))?;
        let found = self.service.get(reviewer, &path)?.json();
        let materials = found["materials"].as_array().into_iter().flatten();
        let checked: Vec<_> = materials.map(|material| &material["digest"]).collect();
        let told = Told(
            "R25",
            "逐件核对材料，批准申请",
            "checks every material and approves",
        );
        let step = json!({ "type": "approve", "checked": checked });
        self.act("reviewer", &steps, &step, &told).map(drop)
    }

    /// A second legal-name seal is refused when it is handed in.
    fn second_seal(&self, wanted: &Wanted<'_>) -> Result<(), Failure> {
        let (agent, picture) = (wanted.who("agent"), b"another impression".as_slice());
        let order =
            json!({ "authority": self.authority, "unit": wanted.unit, "ask": self.ask(wanted, picture)? });
        let drafted = self
            .service
            .post(self.who(&agent)?, "/api/applications", &order)?;
        let steps = format!("/api/applications/{}/steps", text(&drafted, "id")?);
        let step = json!({ "type": "submit", "declaration": "所提交材料真实、合法、有效" });
        let told = Told(
            "R27",
            "再申请一枚法定名称章：拒绝",
            "applies for a second legal-name seal: refused",
        );
        self.refused(&agent, &steps, &step, ("LEGAL_NAME_SEAL_EXISTS", &told))
    }

    fn status(&self, seal: &str) -> Result<Value, Failure> {
        let found = self
            .service
            .get(self.who("maker")?, &format!("/api/seals/{seal}"))?;
        Ok(found.json()["seal"].clone())
    }

    /// When the filings were accepted, the custodian collects the seal and sets its PIN.
    fn collect(&self, seal: &str, wanted: &Wanted<'_>) -> Result<(), Failure> {
        self.wait("备案 / the filings", || {
            Ok(self.status(seal)?["status"] == "filed")
        })?;
        let path = format!("/api/seals/{seal}/filings");
        let filings = self.service.get(self.who("maker")?, &path)?.json();
        for filing in filings["items"].as_array().into_iter().flatten() {
            let receipt = text(&filing["receipt"], "number")?;
            let (zh, en) = (
                format!(
                    "{}已备案：回执 {receipt}，此前失败 {} 次",
                    wanted.called.0, filing["tries"]
                ),
                format!(
                    "{} is filed with {}: receipt {receipt}",
                    wanted.called.1,
                    text(filing, "body")?
                ),
            );
            Told("R39-R41", &zh, &en).by("（服务/service）");
        }
        let (zh, en) = (
            format!("领取{}并设置保护口令", wanted.called.0),
            format!("collects {} and sets its PIN", wanted.called.1),
        );
        let path = format!("/api/seals/{seal}/collection");
        let told = Told("R43 R45", &zh, &en);
        let collected = self.act(wanted.keeper, &path, &json!({ "pin": PIN }), &told)?;
        ensure(collected["status"] == "active", || collected.to_string())
    }

    /// Suspends the hospital's seal, cancels the company's finance seal, and asks what anybody may ask.
    pub(crate) fn end_seals(&self, seals: &Seals) -> Result<(), Failure> {
        self.collect(&seals.hospital, &hospital_seal(&self.hospital))?;
        let steps = format!("/api/seals/{}/steps", seals.hospital);
        let told = Told(
            "R63",
            "密钥可能泄露，挂失停用印章",
            "reports the key as leaked: the seal is suspended",
        );
        let suspend = json!({ "type": "suspend", "reason": "key_leaked" });
        self.act("hospital.custodian", &steps, &suspend, &told)?;
        let wanted = company_seal(&self.company, "finance", "", "");
        let ask = json!({ "kind": "cancel", "seal": seals.finance, "reason": "physical_seal_ended" });
        let order = json!({ "authority": self.authority, "unit": self.company, "ask": ask });
        let drafted = self
            .service
            .post(self.who("company.agent")?, "/api/applications", &order)?;
        let application = text(&drafted, "id")?;
        for kind in ["unit_identity", "agent_identity", "application_form"] {
            self.hand_in(
                "company.agent",
                application,
                kind,
                format!("{kind} {application}").as_bytes(),
            )?;
        }
        self.submit("company.agent", application)?;
        self.approve(&wanted, application)?;
        let told = Told(
            "R63 R64",
            "按批准的申请注销财务专用章",
            "cancels the finance seal as approved",
        );
        let steps = format!("/api/seals/{}/steps", seals.finance);
        let cancel = json!({ "type": "cancel", "application": application });
        self.act("maker", &steps, &cancel, &told)?;
        self.query(seals)
    }

    fn query(&self, seals: &Seals) -> Result<(), Failure> {
        for (seal, expected) in [
            (&seals.bureau, "active"),
            (&seals.hospital, "suspended"),
            (&seals.finance, "cancelled"),
        ] {
            let record = self.status(seal)?;
            let code = text(&record["editions"][0], "seal_code")?;
            let found = self
                .service
                .public(&format!("/api/seal-status?code={code}"))?
                .json();
            let status = &found["seals"][0]["status"];
            ensure(status == expected, || format!("{code}: {found}"))?;
            let (zh, en) = (
                format!("任何人按编码 {code} 查询：{expected}"),
                format!("anybody asks for seal {code}: {expected}"),
            );
            Told("R58 R80", &zh, &en).by("（公众/public）");
        }
        let path = format!("/api/authorities/{}/statistics", self.authority);
        let mut figures = Value::Null;
        self.wait("全部备案 / all filings", || {
            figures = self.service.get(self.who("supervisor")?, &path)?.json();
            Ok(figures["filings"]["open"] == 0)
        })?;
        let (zh, en) = (
            format!("查看统计：备案 {}", figures["filings"]),
            format!("reads the figures: seals {}", figures["seals"]),
        );
        Told("R13 R70", &zh, &en).by("supervisor");
        Ok(())
    }
}

fn told(error: impression::Error) -> Failure {
    Failure::Untrue(error.to_string())
}

fn hospital_seal(unit: &str) -> Wanted<'_> {
    let name = "示例市第一医院";
    Wanted {
        of: "hospital",
        unit,
        kind: "legal_name",
        name,
        called: ("医院法定名称章", "the hospital's legal-name seal"),
        design: Design::Round(RoundSeal::official(OfficialLevel::Organisation, name, None)),
        code: Some("9901000000001"),
        keeper: "hospital.custodian",
    }
}

fn bureau_seal(unit: &str) -> Wanted<'_> {
    let name = "示例市大数据局";
    Wanted {
        of: "bureau",
        unit,
        kind: "legal_name",
        name,
        called: ("大数据局法定名称章", "the bureau's legal-name seal"),
        design: Design::Round(RoundSeal::official(OfficialLevel::Department, name, None)),
        code: Some("9901000000002"),
        keeper: "bureau.custodian",
    }
}

fn company_seal<'a>(unit: &'a str, kind: &'static str, name: &'static str, purpose: &str) -> Wanted<'a> {
    let (called, code) = match kind {
        "contract" => (("合同专用章", "the contract seal"), "9901000000003"),
        _ => (("财务专用章", "the finance seal"), "9901000000004"),
    };
    Wanted {
        of: "company",
        unit,
        kind,
        name,
        called,
        design: Design::Round(RoundSeal::special(38.0, "示例科技有限公司", purpose)),
        code: Some(code),
        keeper: "company.custodian",
    }
}

fn representative_seal(unit: &str) -> Wanted<'_> {
    let name = "沈大山";
    Wanted {
        of: "company",
        unit,
        kind: "legal_representative",
        name,
        called: ("法定代表人章", "the legal representative's seal"),
        design: Design::Name(NameSeal::square(name, 18.0)),
        code: None,
        keeper: "company.principal",
    }
}
