//! The use of seals by people: a request, its approvals, the seal on the document, its record and proof.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::seals::{PIN, Seals};
use crate::story::{Story, Told, ensure, text};

/// A document that somebody wants sealed.
struct Wanted<'a> {
    asks: &'a str,
    seal: &'a str,
    document_type: &'a str,
    purpose: &'a str,
    placement: Value,
    /// Its name in `documents`, and the end of it.
    file: (&'a str, &'a str),
}

/// A document that was sealed.
pub(crate) struct Sealed {
    /// Below the city's folder.
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
}

impl Story<'_> {
    /// A notice (OFD) and a licence (PDF) of the bureau, an agreement of the company; all sealed.
    pub(crate) fn use_seals(&self, seals: &Seals) -> Result<Vec<Sealed>, Failure> {
        self.city.yinxin(&["sample", "documents"], &[0])?;
        let notice = Wanted {
            asks: "bureau.agent",
            seal: &seals.bureau,
            document_type: "official_document",
            purpose: "发布通知",
            placement: json!({ "positions": [{ "kind": "keyword", "text": "盖章处", "pages": "last" }] }),
            file: ("sample", "ofd"),
        };
        let asked = self.ask_use(&notice)?;
        self.show_refusals(seals, &asked)?;
        self.approve_use("bureau.approver", &asked)?;
        let wrong = json!({ "pin": "not the PIN 1" });
        let told = Told(
            "R45",
            "口令错误：拒绝，并计数",
            "the wrong PIN is refused and counted",
        );
        let stamp = format!("/api/uses/{}/stamp", text(&asked, "id")?);
        self.refused("bureau.custodian", &stamp, &wrong, ("PIN_WRONG", &told))?;
        let mut sealed = vec![self.stamp("bureau.custodian", &asked, &notice)?];

        self.city.write("documents/licence.pdf", &licence_pdf())?;
        let point =
            |x_mm: u32, y_mm: u32| json!({ "kind": "point", "pages": [1], "x_mm": x_mm, "y_mm": y_mm });
        let licence = Wanted {
            document_type: "licence",
            purpose: "核发许可",
            placement: json!({ "positions": [point(150, 220)] }),
            file: ("licence", "pdf"),
            ..notice
        };
        let asked = self.ask_use(&licence)?;
        self.approve_use("bureau.approver", &asked)?;
        self.approve_use("bureau.principal", &asked)?;
        sealed.push(self.stamp("bureau.custodian", &asked, &licence)?);

        self.city.write(
            "documents/agreement.ofd",
            &self.page("采购协议：双方同意以上条款。")?,
        )?;
        let contract = Wanted {
            asks: "company.agent",
            seal: &seals.contract,
            document_type: "agreement",
            purpose: "签订采购协议",
            placement: json!({ "positions": [point(120, 200)] }),
            file: ("agreement", "ofd"),
        };
        let asked = self.ask_use(&contract)?;
        self.approve_use("company.approver", &asked)?;
        let first = self.stamp("company.custodian", &asked, &contract)?;
        // The legal representative's own seal goes onto the document that carries the contract seal already.
        self.city.write("documents/agreement-2.ofd", &first.bytes)?;
        let own = Wanted {
            asks: "company.principal",
            seal: &seals.representative,
            placement: json!({ "positions": [point(120, 250)] }),
            file: ("agreement-2", "ofd"),
            ..contract
        };
        let asked = self.ask_use(&own)?;
        sealed.push(self.stamp("company.principal", &asked, &own)?);
        Ok(sealed)
    }

    /// One page with a line of text.
    pub(crate) fn page(&self, line: &str) -> Result<Vec<u8>, Failure> {
        let id = gm::sm3(line.as_bytes()).to_string();
        let mut builder = ofd::builder::DocumentBuilder::new(&id[..32]);
        builder.title("样例 / sample");
        let font = builder.font("宋体");
        let drawing = match line {
            "" => ofd::builder::Drawing::new(),
            line => ofd::builder::Drawing::new().text(font, 5.0, 30.0, 60.0, line),
        };
        builder.page(ofd::builder::A4, drawing);
        builder
            .build()
            .map_err(|error| Failure::Untrue(error.to_string()))
    }

    fn ask_use(&self, wanted: &Wanted<'_>) -> Result<Value, Failure> {
        let (name, end) = wanted.file;
        let document = self.city.read(&format!("documents/{name}.{end}"))?;
        self.service
            .send(self.who(wanted.asks)?, "/api/documents", &document)?;
        let order = json!({ "seal": wanted.seal, "purpose": wanted.purpose, "document_type": wanted.document_type,
            "document": gm::sm3(&document).to_string(), "placement": wanted.placement });
        let (zh, en) = (
            format!("申请用印：{}，{name}.{end}", wanted.purpose),
            format!("asks for a seal on {name}.{end}"),
        );
        self.act(wanted.asks, "/api/uses", &order, &Told("R51 R53", &zh, &en))
    }

    fn approve_use(&self, who: &str, asked: &Value) -> Result<(), Failure> {
        let path = format!("/api/uses/{}/approvals", text(asked, "id")?);
        let told = Told(
            "R49 R51",
            "批准：只限这份文件、这枚印章、这个位置",
            "approves this document, this seal, this place and nothing else",
        );
        self.act(who, &path, &binding(asked), &told).map(drop)
    }

    /// What must not be done with a request.
    fn show_refusals(&self, seals: &Seals, asked: &Value) -> Result<(), Failure> {
        let path = format!("/api/uses/{}", text(asked, "id")?);
        let told = Told(
            "R51",
            "未经审批就盖章：拒绝",
            "sealing before the approval is refused",
        );
        let early = ("NOT_IN_THIS_STATE", &told);
        self.refused(
            "bureau.custodian",
            &format!("{path}/stamp"),
            &json!({ "pin": PIN }),
            early,
        )?;
        let told = Told(
            "R51",
            "经办人自己批准：拒绝",
            "the agent may not approve the own request",
        );
        let own = ("NOT_THE_APPROVER", &told);
        self.refused("bureau.agent", &format!("{path}/approvals"), &binding(asked), own)?;
        let blank = self.page("")?;
        self.service
            .send(self.who("bureau.agent")?, "/api/documents", &blank)?;
        let order = json!({ "seal": seals.bureau, "purpose": "备用", "document_type": "official_document",
            "document": gm::sm3(&blank).to_string(),
            "placement": { "positions": [{ "kind": "point", "pages": [1], "x_mm": 100, "y_mm": 100 }] } });
        let told = Told("R49", "在空白文件上盖章：拒绝", "a blank document is refused");
        self.refused("bureau.agent", "/api/uses", &order, ("BLANK_DOCUMENT", &told))
    }

    /// Seals with the PIN; keeps the sealed document and the proof that its record stands in the log.
    fn stamp(&self, who: &str, asked: &Value, wanted: &Wanted<'_>) -> Result<Sealed, Failure> {
        let path = format!("/api/uses/{}", text(asked, "id")?);
        let person = self.who(who)?;
        let pin = json!({ "pin": PIN }).to_string();
        let stamped = self
            .service
            .send(person, &format!("{path}/stamp"), pin.as_bytes())?;
        let (view, place) = (stamped.json(), stamped.location());
        let bytes = self.service.get(person, place)?.body;
        ensure(view["sealed"] == gm::sm3(&bytes).to_string(), || view.to_string())?;
        let (name, end) = wanted.file;
        let file = format!("documents/{name}-sealed.{end}");
        self.city.write(&file, &bytes)?;
        let (zh, en) = (
            format!("用口令盖章，用印记录先于密钥使用落盘：{file}"),
            "seals with the PIN; the use record was durable before the key was used".to_owned(),
        );
        Told("R51-R54", &zh, &en).by(who);
        let path = format!("{path}/records/{}/proof", view["sequence"]);
        let proof = self.service.get(person, &path)?.body;
        self.city
            .write(&format!("documents/{name}-sealed.proof"), &proof)?;
        Ok(Sealed { file, bytes })
    }
}

/// What an approver saw.
fn binding(asked: &Value) -> Value {
    json!({ "document": asked["document"], "seal": asked["seal"], "placement": asked["placement"] })
}

/// A PDF of one page, uncompressed.
fn licence_pdf() -> Vec<u8> {
    let content = "BT /F1 24 Tf 72 720 Td (LICENCE No. 1 - SAMPLE, FOR TESTS ONLY) Tj ET";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = "%PDF-1.7\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(file.len());
        file += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let table = file.len();
    file += &format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1);
    for place in &places {
        file += &format!("{place:010} 00000 n \n");
    }
    let size = places.len() + 1;
    file += &format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    file.into_bytes()
}
