//! A PDF is stamped and verified with the same words as an OFD.

/// One page of A4 with a line.
pub(crate) fn document() -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595.276 841.89]>>",
        "<</Type/Page/Parent 2 0 R/Resources<<>>/Contents 4 0 R>>",
        "<</Length 18>>stream\n0 0 m 100 100 l S \nendstream",
    ];
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = "xref\n0 5\n0000000000 65535 f \n".to_owned();
    for (index, body) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", bytes.len()));
        bytes.extend_from_slice(format!("{} 0 obj\n{body}\nendobj\n", index + 1).as_bytes());
    }
    let start = bytes.len();
    table.push_str(&format!(
        "trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    ));
    bytes.extend_from_slice(table.as_bytes());
    bytes
}

#[test]
fn r54_a_pdf_is_stamped_and_verified() {
    let place = crate::engine::with_seal();
    place.write("letter.pdf", document());
    let stamp =
        "stamp letter.pdf --seal seal.esl --key office --out sealed.pdf --trust ca/trust --certs ca/certs";
    let said = place.ok(&format!("{stamp} --point 1:120,200"));
    assert!(said.contains("sealed.pdf") && said.contains("1 处"), "{said}");
    let sealed = place.read("sealed.pdf");
    assert!(sealed.starts_with(&document()), "no earlier byte is touched");
    let report = place.ok("verify sealed.pdf --trust ca/trust --certs ca/certs");
    assert!(report.contains("通过"), "{report}");
    let mut broken = sealed;
    let at = broken.windows(5).position(|window| window == b"100 l").unwrap();
    broken[at] = b'9';
    place.write("broken.pdf", broken);
    let judged = place.line("verify broken.pdf --trust ca/trust --certs ca/certs");
    assert_eq!(judged.status(), Some(1));
    let words = format!("{stamp} --force --keyword x");
    let refusal = place.line(&words).failure(65);
    assert!(refusal.contains("x"), "{refusal}");
}

#[test]
fn r54_forms_and_levels_with_sm2() {
    let place = crate::engine::with_seal();
    place.write("letter.pdf", document());
    place.ok("ca crl ca --out issuing.crl");
    place.ok("ca crl ca --issuer root --out root.crl");
    let server = crate::tsa::Server::start(&place);
    let base =
        "stamp letter.pdf --seal seal.esl --key office --trust ca/trust --certs ca/certs --point 1:120,200";
    let lists = "--crl issuing.crl --crl root.crl";
    let url = &server.url;
    for (out, options) in [
        ("seal-b", String::new()),
        ("seal-t", format!("--tsa {url}")),
        ("cms-b", "--form sm2cms".into()),
        ("cms-lt", format!("--form sm2cms --level lt --tsa {url} {lists}")),
        ("cades-t", format!("--form cades --level t --tsa {url}")),
        (
            "cades-lta",
            format!("--form cades --level lta --tsa {url} {lists}"),
        ),
    ] {
        let options = if options.is_empty() {
            options
        } else {
            format!(" {options}")
        };
        place.ok(&format!("{base} --out {out}.pdf{options}"));
        // What LT and LTA carry along is enough; the others are judged without lists too.
        let report = place.ok(&format!("verify {out}.pdf --trust ca/trust --certs ca/certs"));
        assert!(report.contains("通过"), "{out}: {report}");
    }
    for (options, words) in [
        ("--level t", "--tsa"),
        (&format!("--level lt --tsa {url}")[..], "--form cades"),
        (&format!("--form cades --level lt --tsa {url}"), "--crl"),
        (&format!("--form cades --level b --tsa {url}"), "--level t"),
    ] {
        let refusal = place.line(&format!("{base} --out no.pdf {options}")).failure(65);
        assert!(refusal.contains(words), "{options}: {refusal}");
        assert!(!place.path("no.pdf").exists());
    }
}

#[test]
fn r54_keys_of_other_suites_sign_without_a_seal() {
    let place = crate::engine::with_seal();
    place.write("letter.pdf", document());
    let keys = [
        (
            "rsa",
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out",
            " --pss",
        ),
        (
            "p384",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out",
            "",
        ),
    ];
    for (name, generate, option) in keys {
        let openssl = |line: &str| {
            let said = place.openssl(line)?;
            assert!(said.1, "{line}: {}", said.0);
            Some(())
        };
        let made = openssl(&format!("{generate} {name}.key")).and_then(|()| {
            openssl(&format!(
                "req -new -x509 -key {name}.key -subj /CN=Signer -days 30 -out {name}.pem \
                 -addext keyUsage=critical,digitalSignature -addext basicConstraints=critical,CA:FALSE"
            ))?;
            openssl(&format!(
                "pkcs12 -export -inkey {name}.key -in {name}.pem -passout pass:password -out {name}.p12"
            ))
        });
        if made.is_none() {
            return;
        }
        std::fs::create_dir(place.path(name)).unwrap();
        place.write(&format!("{name}/anchor.pem"), place.read(&format!("{name}.pem")));
        place.write("password", "password\n");
        let stamp = format!(
            "stamp letter.pdf --picture seal.png --size 40x40 --trust {name} --point 1:120,200 --out {name}.pdf"
        );
        place.ok(&format!(
            "{stamp} --key-file {name}.p12 --password-file password{option}"
        ));
        let report = place.ok(&format!("verify {name}.pdf --trust {name}"));
        assert!(report.contains("通过"), "{report}");
        // The key alone needs its certificate.
        let bare = format!("{stamp} --force --key-file {name}.key");
        assert!(place.line(&bare).failure(64).contains("--key-cert"));
        place.ok(&format!("{bare} --key-cert {name}.pem"));
        let other = format!("{bare} --key-cert office.pem --trust ca/trust --certs ca/certs");
        assert!(
            place
                .line(&other.replace(&format!(" --trust {name} "), " "))
                .failure(65)
                .contains("证书")
        );
    }
}

#[test]
fn r54_encrypted_and_damaged_files_need_to_be_asked_for() {
    let place = crate::engine::with_seal();
    let stamp = "--seal seal.esl --key office --trust ca/trust --certs ca/certs --point 1:120,200";
    let mut damaged = document();
    damaged.truncate(damaged.len() - 30);
    place.write("damaged.pdf", damaged);
    let refusal = place
        .line(&format!("stamp damaged.pdf {stamp} --out no.pdf"))
        .failure(65);
    assert!(refusal.contains("--repair"), "{refusal}");
    assert!(!place.path("no.pdf").exists());
    place.ok(&format!("stamp damaged.pdf {stamp} --out repaired.pdf --repair"));
    place.ok("verify repaired.pdf --trust ca/trust --certs ca/certs");
    place.write("letter.pdf", document());
    let made = std::process::Command::new("qpdf")
        .args(["--encrypt", "open me", "owner", "256", "--"])
        .args([place.path("letter.pdf"), place.path("locked.pdf")])
        .status();
    if made.is_err() {
        println!("SKIPPED: qpdf is not installed");
        return;
    }
    place.write("password", "open me\n");
    let refusal = place
        .line(&format!("stamp locked.pdf {stamp} --out no.pdf"))
        .failure(65);
    assert!(refusal.contains("--pdf-password-file"), "{refusal}");
    place.ok(&format!(
        "stamp locked.pdf {stamp} --out sealed.pdf --pdf-password-file password"
    ));
    let verify = "verify sealed.pdf --trust ca/trust --certs ca/certs";
    assert_eq!(
        place.line(verify).status(),
        Some(2),
        "closed, it cannot be judged"
    );
    place.ok(&format!("{verify} --pdf-password-file password"));
}

#[test]
fn r58_pages_are_shown_as_they_were_signed_and_as_they_are_now() {
    let place = crate::engine::with_seal();
    place.write("letter.pdf", document());
    let stamp = "--seal seal.esl --key office --trust ca/trust --certs ca/certs";
    place.ok(&format!(
        "stamp letter.pdf {stamp} --point 1:20,20 --out once.pdf"
    ));
    let verify = "--trust ca/trust --certs ca/certs --pages changes";
    let report = place.ok(&format!("verify once.pdf {verify}"));
    assert!(
        !report.contains("changes") && !place.path("changes").exists(),
        "{report}"
    );
    place.ok(&format!(
        "stamp once.pdf {stamp} --point 1:120,200 --out twice.pdf"
    ));
    let report = place.ok(&format!("verify twice.pdf {verify}"));
    assert!(report.contains("index.html"), "{report}");
    let index = String::from_utf8(place.read("changes/twice.pdf/index.html")).unwrap();
    assert!(
        index.contains("signed-1-page-1.png") && index.contains("now-1-page-1.png"),
        "{index}"
    );
    // The signed revision is the file as it was; its picture differs from today's.
    assert_eq!(
        place.read("changes/twice.pdf/signed-1.pdf"),
        place.read("once.pdf")
    );
    let (before, after) = (
        "changes/twice.pdf/signed-1-page-1.png",
        "changes/twice.pdf/now-1-page-1.png",
    );
    assert_ne!(place.read(before), place.read(after));
    assert!(
        !place.path("changes/twice.pdf/signed-2.pdf").exists(),
        "the last seal is what is shown"
    );
    let again = place.line(&format!("verify twice.pdf {verify}"));
    assert!(again.errors().contains("已存在"), "nothing is overwritten");
}
