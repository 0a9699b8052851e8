//! A PDF is stamped and verified with the same words as an OFD.

/// One page of A4 with a line.
fn document() -> Vec<u8> {
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
    // Words are not looked for in PDF documents.
    let words = format!("{stamp} --force --keyword x");
    let refusal = place.line(&words).failure(65);
    assert!(refusal.contains("--point"), "{refusal}");
}
