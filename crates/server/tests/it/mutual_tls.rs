//! Business systems behind a proxy that asks its clients for certificates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::Answer;
use crate::world::{PIN, QUERY, SYSTEM, Who, World, id, ofd, renewed_system, system};

const LINES: &str = "http.proxies = [\"127.0.0.1\"]\nhttp.client_certificates = true\n";

fn named(der: &[u8]) -> (String, String) {
    ("client-cert".into(), format!(":{}:", STANDARD.encode(der)))
}

impl World {
    /// A world with a grant that its custodian opened.
    fn opened_with(lines: &str) -> (Self, String) {
        let world = Self::with(lines);
        world.adopt();
        let place = world.granted(5);
        assert_eq!(world.open(&place, PIN).status, 204);
        (world, place)
    }

    /// The system's request with these headers, as the proxy forwards it.
    fn forwarded(&self, place: &str, headers: &[(String, String)]) -> Answer {
        let mut all = headers.to_vec();
        all.push(("x-forwarded-for".into(), "10.9.8.7".into()));
        self.post_with(&format!("{place}/stamp"), QUERY, &all, &ofd("证照"))
    }
}

#[test]
fn r53_a_system_whose_certificate_the_proxy_names_seals_under_its_grant() {
    let (world, place) = World::opened_with(LINES);
    let good = named(system().certificate.der());
    let stamped = world.forwarded(&place, std::slice::from_ref(&good));
    assert_eq!(stamped.status, 200, "{}", stamped.text());
    // A certificate that nobody entered is nobody's, and what cannot be read is no certificate.
    world
        .forwarded(&place, &[named(renewed_system().certificate.der())])
        .check_problem(401, "CLIENT_UNKNOWN");
    for headers in [
        vec![("client-cert".to_owned(), "MIIB".to_owned())],
        vec![("client-cert".to_owned(), ":not base64:".to_owned())],
        vec![("client-cert".to_owned(), format!(":{}:", "A".repeat(17 * 1024)))],
        vec![good.clone(), good.clone()],
    ] {
        world
            .forwarded(&place, &headers)
            .check_problem(401, "CLIENT_CERTIFICATE_REFUSED");
    }
    world.forwarded(&place, &[]).check_problem(401, "NOT_SIGNED");
    // It calls from its networks only.
    let path = format!("/api/clients/{}/changes", id(SYSTEM));
    let bind = json!({ "type": "set_networks", "networks": ["10.1.0.0/16"] });
    let bound = world.change(Who::Security, &path, &bind);
    assert_eq!(bound.status, 201, "{}", bound.text());
    let refused = world.forwarded(&place, std::slice::from_ref(&good));
    assert_eq!(refused.check_problem(403, "NETWORK_NOT_ALLOWED")["rule"], "R7");
    let open = json!({ "type": "set_networks", "networks": [] });
    assert_eq!(world.change(Who::Security, &path, &open).status, 201);
    // Its period is the certificate's.
    world
        .server
        .clock
        .set(testkit::time("2035-06-01T00:00:00Z").as_second());
    world
        .forwarded(&place, std::slice::from_ref(&good))
        .check_problem(401, "CLIENT_CERTIFICATE");
}

#[test]
fn r53_nobody_but_a_configured_proxy_names_certificates() {
    let good = named(system().certificate.der());
    for lines in [
        // No proxy, another proxy, and one that asks nobody for certificates.
        "http.client_certificates = true\n",
        "http.client_certificates = true\nhttp.proxies = [\"10.0.0.0/8\"]\n",
        "http.proxies = [\"127.0.0.1\"]\n",
    ] {
        let (world, place) = World::opened_with(lines);
        world
            .forwarded(&place, std::slice::from_ref(&good))
            .check_problem(401, "CLIENT_CERTIFICATE_REFUSED");
        // Nor is a good signature beside it taken instead.
        let mut both = world.signed_stamp(&place, &ofd("证照"), 1);
        both.push(good.clone());
        world
            .forwarded(&place, &both)
            .check_problem(401, "CLIENT_CERTIFICATE_REFUSED");
    }
}
