//! A business system: entered with its certificate, granted a seal, sealing by signed requests (RFC 9421).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::Signer as _;
use jiff::SignedDuration;
use serde_json::json;

use crate::failure::Failure;
use crate::seals::{PIN, Seals};
use crate::story::{Story, Told, ensure, text};

/// A licence with its seal on the first page; the query as it is signed and sent.
const QUERY: &str = "document_type=licence&placement=%7B%22positions%22%3A%5B%7B%22kind%22%3A%22point%22%2C\
    %22pages%22%3A%5B1%5D%2C%22x_mm%22%3A140%2C%22y_mm%22%3A220%7D%5D%7D";

impl Story<'_> {
    pub(crate) fn seal_under_grant(&mut self, seals: &Seals) -> Result<(), Failure> {
        let certificate = String::from_utf8_lossy(&self.city.read("licences.pem")?).into_owned();
        let order =
            json!({ "authority": self.authority, "name": "示例市电子证照系统", "certificate": certificate });
        let told = Told(
            "R12 R53",
            "登记业务系统及其 SM2 证书",
            "enters a business system with its certificate",
        );
        let entered = self.act("sec.admin", "/api/clients", &order, &told)?;
        let system = text(&entered, "id")?.to_owned();
        self.settle_platform_owner(&system)?;
        let place = self.grant(seals, &system)?;
        let document = self.page("证照：持证人可以凭此办理有关事项（样例）。")?;
        self.city.write("documents/issued.ofd", &document)?;
        let path = format!("{place}/stamp");
        let headers = self.signed(&path, &system, &document, 1)?;
        let sealed = self
            .service
            .open(&format!("{path}?{QUERY}"), &headers, &document)?;
        let digest = gm::sm3(&sealed.body).to_string();
        ensure(sealed.header("x-yinxin-sealed") == digest, || digest.clone())?;
        self.city.write("documents/issued-sealed.ofd", &sealed.body)?;
        Told(
            "R15 R53",
            "用签名的请求在授权内盖章：documents/issued-sealed.ofd",
            "seals within the grant by a signed request",
        )
        .by("（系统/system）");
        let headers = self.signed(&path, &system, &document, 2)?;
        let problem =
            self.service
                .refused_open(&format!("{path}?{QUERY}"), &headers, &document, "VOLUME_EXCEEDED")?;
        Told(
            "R15",
            "超出授权的数量：拒绝",
            "more than the grant allows is refused",
        )
        .by("（系统/system）");
        ensure(problem["rule"] == "R15", || problem.to_string())
    }

    /// Asked for, consented to, authorised, opened with the PIN; where it stands.
    fn grant(&self, seals: &Seals, system: &str) -> Result<String, Failure> {
        let from = (self.clock)();
        let until = from
            .checked_add(SignedDuration::from_hours(24 * 30))
            .unwrap_or(from);
        let order = json!({ "unit": self.bureau, "seal": seals.bureau, "system": system, "purpose": "核发证照",
            "document_types": ["licence"], "from": from, "until": until, "documents_max": 1, "per": "day" });
        let told = Told(
            "R15",
            "申请用印授权：单位、印章、系统、用途、数量",
            "asks for a grant: unit, seal, system, purpose, volume",
        );
        let asked = self.act("bureau.agent", "/api/grants", &order, &told)?;
        let place = format!("/api/grants/{}", text(&asked, "id")?);
        for (who, step, body, told) in [
            (
                "bureau.principal",
                "consent",
                json!({}),
                Told("R15", "单位同意授权", "the unit consents to the grant"),
            ),
            (
                "platform.owner",
                "authorise",
                json!({}),
                Told("R15", "平台所有者授权", "the platform's owner authorises it"),
            ),
            (
                "bureau.custodian",
                "key",
                json!({ "pin": PIN }),
                Told(
                    "R15 R43",
                    "保管人用口令开启授权",
                    "the custodian opens it with the PIN",
                ),
            ),
        ] {
            self.act(who, &format!("{place}/{step}"), &body, &told)?;
        }
        Ok(place)
    }

    /// The headers of a signed request.
    fn signed(
        &self,
        path: &str,
        system: &str,
        body: &[u8],
        nonce: u64,
    ) -> Result<[(&'static str, String); 3], Failure> {
        let digest = format!("sm3=:{}:", STANDARD.encode(gm::sm3(body)));
        let input = format!(
            "(\"@method\" \"@path\" \"@query\" \"content-digest\");created={};keyid=\"{system}\";nonce=\"{nonce:016}\";\
             alg=\"sm2-sm3\"",
            (self.clock)().as_second()
        );
        let base = format!(
            "\"@method\": POST\n\"@path\": {path}\n\"@query\": ?{QUERY}\n\"content-digest\": {digest}\n\
             \"@signature-params\": {input}"
        );
        let signature = self.city.system_key()?.sign(base.as_bytes());
        let signature = signature.map_err(|error| Failure::Untrue(error.to_string()))?;
        Ok([
            ("Content-Digest", digest),
            ("Signature-Input", format!("sig1={input}")),
            (
                "Signature",
                format!("sig1=:{}:", STANDARD.encode(signature.to_raw())),
            ),
        ])
    }
}
