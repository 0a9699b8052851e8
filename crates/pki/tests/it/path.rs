//! Paths: good ones, and every way in which they go wrong.

use gm::Signer as _;
use pki::asn1::{self, write};
use pki::{
    BasicConstraints, Certificate, CertificateTemplate, Extension, Issuer, KeyUsage, Name, ObjectIdentifier,
    PATH_CERTIFICATES_MAX, PathCache, PathFault, PathQuery, Purpose, TrustStore, issue, oid,
};

use crate::support::{
    Identity, chain, codes, key, name, now, part, recut, time, validate, validate_for, validity, without,
};

#[test]
fn leaf_below_issuing_ca_below_root() {
    let pki = chain();
    let report = validate(
        &pki.leaf.certificate,
        &[&pki.root.certificate],
        &[&pki.sub.certificate],
    );
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(
        report.chain,
        [&pki.leaf, &pki.sub, &pki.root].map(|identity| identity.certificate.clone())
    );
}

#[test]
fn an_issuing_ca_is_an_anchor_without_its_root() {
    let pki = chain();
    let report = validate(&pki.leaf.certificate, &[&pki.sub.certificate], &[]);
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(report.chain.len(), 2);
}

#[test]
fn a_leaf_that_is_an_anchor_is_accepted() {
    let pki = chain();
    let report = validate(&pki.leaf.certificate, &[&pki.leaf.certificate], &[]);
    assert_eq!(
        report.path.unwrap().chain(),
        std::slice::from_ref(&pki.leaf.certificate)
    );
}

#[test]
fn a_leaf_that_is_an_anchor_does_not_issue() {
    let pki = chain();
    let below = pki.leaf.issues_signer("below a leaf", 9);
    let report = validate(&below.certificate, &[&pki.leaf.certificate], &[]);
    assert_eq!(codes(&report), ["not_ca"]);
}

#[test]
fn an_anchor_needs_no_key_usage_for_certificates() {
    let mut template = CertificateTemplate::ca(name("Root"), &[1], validity(), None);
    template.key_usage = Some(KeyUsage::DIGITAL_SIGNATURE);
    let root = Identity::root_with(template, 1);
    let leaf = root.issues_signer("leaf", 2);
    assert_eq!(
        codes(&validate(&leaf.certificate, &[&root.certificate], &[])),
        [""; 0]
    );
}

#[test]
fn without_the_issuing_ca_the_issuer_is_missing() {
    let pki = chain();
    let report = validate(&pki.leaf.certificate, &[&pki.root.certificate], &[]);
    assert_eq!(codes(&report), ["no_issuer"]);
    assert!(matches!(&report.faults[0], PathFault::NoIssuer { issuer, .. } if *issuer == name("Issuing CA")));
}

#[test]
fn without_trust_the_root_is_named_as_untrusted() {
    let pki = chain();
    let known = [&pki.root.certificate, &pki.sub.certificate];
    let report = validate(&pki.leaf.certificate, &[], &known);
    assert_eq!(codes(&report), ["untrusted_self_signed"]);
    assert_eq!(report.faults[0].certificate(), &pki.root.certificate);
    assert_eq!(report.chain.len(), 3);
}

#[test]
fn self_signed_leaf_is_untrusted() {
    let template = CertificateTemplate::signer(name("rogue"), &[1], validity());
    let rogue = Identity::root_with(template, 9);
    assert_eq!(
        codes(&validate(&rogue.certificate, &[&chain().root.certificate], &[])),
        ["untrusted_self_signed"]
    );
}

#[test]
fn rogue_root_with_the_name_of_the_anchor_is_untrusted() {
    let rogue = Identity::root("Root", 9);
    let leaf = rogue.issues_signer("leaf", 8);
    let pki = chain();
    let report = validate(&leaf.certificate, &[&pki.root.certificate], &[&rogue.certificate]);
    assert_eq!(codes(&report), ["untrusted_self_signed"]);
    assert_eq!(report.faults[0].certificate(), &rogue.certificate);
}

#[test]
fn rogue_leaf_with_the_name_of_a_real_one_is_untrusted() {
    let pki = chain();
    let template = CertificateTemplate::signer(name("某某单位"), &[3], validity());
    let rogue = Identity::root_with(template, 9);
    let known = [&pki.sub.certificate, &pki.leaf.certificate];
    assert_eq!(
        codes(&validate(&rogue.certificate, &[&pki.root.certificate], &known)),
        ["untrusted_self_signed"]
    );
}

#[test]
fn namesake_of_the_issuer_with_another_key() {
    let pki = chain();
    let namesake = pki.root.issues_ca("Issuing CA", 9);
    let anchors = [&pki.root.certificate];
    // The key identifiers say that the right issuing CA is missing …
    let report = validate(&pki.leaf.certificate, &anchors, &[&namesake.certificate]);
    assert_eq!(codes(&report), ["no_issuer"]);
    // … without them, the signature is what is wrong …
    let bare = without(
        &pki.leaf.certificate,
        &pki.sub.key,
        &[oid::AUTHORITY_KEY_IDENTIFIER],
    );
    let report = validate(&bare, &anchors, &[&namesake.certificate]);
    assert_eq!(codes(&report), ["signature_invalid"]);
    // … and with the right one beside it, the path is found.
    for certificate in [&pki.leaf.certificate, &bare] {
        let report = validate(
            certificate,
            &anchors,
            &[&namesake.certificate, &pki.sub.certificate],
        );
        assert_eq!(codes(&report), [""; 0]);
    }
}

#[test]
fn tampered_leaf() {
    let pki = chain();
    let mut der = pki.leaf.certificate.der().to_vec();
    let subject = der
        .windows(12)
        .position(|window| window == "某某单位".as_bytes())
        .unwrap();
    der[subject + 11] ^= 1;
    let tampered = Certificate::read(&der).unwrap();
    let report = validate(&tampered, &[&pki.root.certificate], &[&pki.sub.certificate]);
    assert_eq!(codes(&report), ["signature_invalid"]);
    assert!(
        matches!(&report.faults[0], PathFault::SignatureInvalid { issuer, .. } if *issuer == pki.sub.certificate)
    );
}

#[test]
fn expired_and_not_yet_valid_certificates_are_each_named() {
    let pki = chain();
    let mut template = CertificateTemplate::signer(name("leaf"), &[7], validity());
    template.not_after = time("2030-01-01T00:00:00Z");
    let leaf = pki.sub.issues(template, 7);
    let check = |at: &str, expected: &[&str]| {
        let anchors = [&pki.root.certificate];
        let known = [&pki.sub.certificate];
        let report = validate_for(Purpose::Signer, time(at), &leaf.certificate, &anchors, &known);
        assert_eq!(codes(&report), expected, "{at}");
        assert_eq!(report.chain.len(), 3, "{at}");
    };
    check("2019-12-31T23:59:59Z", &["not_yet_valid"; 3]);
    check("2020-01-01T00:00:00Z", &[]);
    check("2030-01-01T00:00:00.999Z", &[]);
    check("2030-01-01T00:00:01Z", &["expired"]);
    check("2040-01-01T00:00:01Z", &["expired"; 3]);
}

#[test]
fn every_fault_is_reported_beside_the_others() {
    let root = Identity::root("Root", 1);
    let mut template = CertificateTemplate::signer(name("leaf"), &[2], validity());
    template.not_after = time("2021-01-01T00:00:00Z");
    template.key_usage = Some(KeyUsage::KEY_ENCIPHERMENT);
    template.extensions = vec![private_extension(true)];
    let leaf = root.issues(template, 2);
    let report = validate_for(Purpose::Timestamping, now(), &leaf.certificate, &[], &[]);
    let expected = [
        "expired",
        "unknown_critical_extension",
        "key_usage_missing",
        "extended_key_usage_missing",
        "no_issuer",
    ];
    assert_eq!(codes(&report), expected);
    for fault in &report.faults {
        assert!(fault.to_string().contains("CN=leaf"), "{fault}");
    }
}

fn private_extension(critical: bool) -> Extension {
    let oid = ObjectIdentifier::new_unwrap("1.2.3.4.5");
    Extension {
        oid,
        critical,
        value: write::null(),
    }
}

#[test]
fn unknown_extension_matters_only_when_critical() {
    let pki = chain();
    for (critical, expected) in [(false, vec![]), (true, vec!["unknown_critical_extension"])] {
        let mut template = CertificateTemplate::signer(name("leaf"), &[7], validity());
        template.extensions = vec![private_extension(critical)];
        let leaf = pki.sub.issues(template, 7);
        let report = validate(
            &leaf.certificate,
            &[&pki.root.certificate],
            &[&pki.sub.certificate],
        );
        assert_eq!(codes(&report), expected);
    }
}

#[test]
fn policy_constraints_are_not_understood() {
    let pki = chain();
    let mut template = CertificateTemplate::ca(name("Issuing CA"), &[7], validity(), None);
    let value = write::sequence(&[&write::tlv(asn1::primitive(0), &[0])]);
    template.extensions = vec![Extension {
        oid: ObjectIdentifier::new_unwrap("2.5.29.36"),
        critical: true,
        value,
    }];
    let sub = pki.root.issues(template, 7);
    let leaf = sub.issues_signer("leaf", 8);
    let report = validate(&leaf.certificate, &[&pki.root.certificate], &[&sub.certificate]);
    assert_eq!(codes(&report), ["unknown_critical_extension"]);
}

#[test]
fn key_usage_of_the_leaf() {
    let pki = chain();
    let encipher = KeyUsage::KEY_ENCIPHERMENT | KeyUsage::DATA_ENCIPHERMENT;
    for (usage, expected) in [
        (None, vec![]),
        (Some(KeyUsage::DIGITAL_SIGNATURE), vec![]),
        (Some(KeyUsage::NON_REPUDIATION | encipher), vec![]),
        (Some(encipher), vec!["key_usage_missing"]),
        (Some(KeyUsage::KEY_CERT_SIGN), vec!["key_usage_missing"]),
    ] {
        let mut template = CertificateTemplate::signer(name("leaf"), &[7], validity());
        template.key_usage = usage;
        let leaf = pki.sub.issues(template, 7);
        for purpose in [Purpose::Signer, Purpose::SealMaker] {
            let (anchors, known) = ([&pki.root.certificate], [&pki.sub.certificate]);
            let report = validate_for(purpose, now(), &leaf.certificate, &anchors, &known);
            assert_eq!(codes(&report), expected, "{usage:?}");
        }
    }
}

#[test]
fn extended_key_usage_of_a_timestamp_authority() {
    let pki = chain();
    let email = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4");
    for (purposes, expected) in [
        (vec![oid::TIME_STAMPING], vec![]),
        (vec![], vec!["extended_key_usage_missing"]),
        (vec![email], vec!["extended_key_usage_missing"]),
        (vec![oid::TIME_STAMPING, email], vec!["extended_key_usage_mixed"]),
    ] {
        let mut template = CertificateTemplate::signer(name("TSA"), &[7], validity());
        template.extended_key_usage = purposes;
        let tsa = pki.sub.issues(template, 7);
        let (anchors, known) = ([&pki.root.certificate], [&pki.sub.certificate]);
        let report = validate_for(Purpose::Timestamping, now(), &tsa.certificate, &anchors, &known);
        assert_eq!(codes(&report), expected);
    }
}

#[test]
fn issuer_that_is_no_ca() {
    let pki = chain();
    let below = pki.leaf.issues_signer("below a leaf", 9);
    let known = [&pki.leaf.certificate, &pki.sub.certificate];
    let report = validate(&below.certificate, &[&pki.root.certificate], &known);
    assert_eq!(codes(&report), ["not_ca"]);
    assert_eq!(report.faults[0].certificate(), &pki.leaf.certificate);
    assert_eq!(report.chain.len(), 4);
}

#[test]
fn ca_without_basic_constraints_or_without_the_right_to_sign() {
    let pki = chain();
    let bare = without(&pki.sub.certificate, &pki.root.key, &[oid::BASIC_CONSTRAINTS]);
    let report = validate(&pki.leaf.certificate, &[&pki.root.certificate], &[&bare]);
    assert_eq!(codes(&report), ["not_ca"]);

    let mut template = CertificateTemplate::ca(name("Issuing CA"), &[7], validity(), None);
    template.key_usage = Some(KeyUsage::CRL_SIGN | KeyUsage::DIGITAL_SIGNATURE);
    let sub = pki.root.issues(template, 2);
    let report = validate(
        &pki.leaf.certificate,
        &[&pki.root.certificate],
        &[&sub.certificate],
    );
    assert_eq!(codes(&report), ["key_usage_missing"]);
}

#[test]
fn path_length() {
    let root = Identity::root_with(
        CertificateTemplate::ca(name("Root"), &[1], validity(), Some(1)),
        1,
    );
    let one = root.issues(
        CertificateTemplate::ca(name("CA 1"), &[2], validity(), Some(0)),
        2,
    );
    let leaf = one.issues_signer("leaf", 3);
    let report = validate(&leaf.certificate, &[&root.certificate], &[&one.certificate]);
    assert_eq!(codes(&report), [""; 0]);

    let two = one.issues_ca("CA 2", 4);
    let leaf = two.issues_signer("leaf", 5);
    let report = validate(
        &leaf.certificate,
        &[&root.certificate],
        &[&one.certificate, &two.certificate],
    );
    assert_eq!(codes(&report), ["path_length_exceeded"; 2]);
    let PathFault::PathLengthExceeded {
        certificate,
        allowed,
        found,
    } = &report.faults[0]
    else {
        unreachable!()
    };
    assert_eq!((certificate, *allowed, *found), (&one.certificate, 0, 1));
}

#[test]
fn self_issued_certificates_do_not_count_for_the_path_length() {
    let root = Identity::root_with(
        CertificateTemplate::ca(name("Root"), &[1], validity(), Some(0)),
        1,
    );
    let new_key = root.issues(CertificateTemplate::ca(name("Root"), &[2], validity(), None), 2);
    let leaf = new_key.issues_signer("leaf", 3);
    let report = validate(&leaf.certificate, &[&root.certificate], &[&new_key.certificate]);
    assert_eq!(codes(&report), [""; 0]);
    assert_eq!(report.chain.len(), 3);
}

#[test]
fn loop_of_cas_that_issue_each_other_ends() {
    let (a, b) = (Identity::root("A", 1), Identity::root("B", 2));
    let template = |common_name: &str| CertificateTemplate::ca(name(common_name), &[9], validity(), None);
    let a_by_b = b.certifies(&template("A"), a.key.public_key());
    let b_by_a = a.certifies(&template("B"), b.key.public_key());
    let leaf = a.issues_signer("leaf", 3);
    let report = validate(&leaf.certificate, &[], &[&a_by_b, &b_by_a]);
    assert_eq!(codes(&report), ["no_issuer"]);
    assert_eq!(report.chain.len(), 3);
}

#[test]
fn path_of_the_greatest_length_and_one_more() {
    let root = Identity::root("CA 0", 1);
    let mut cas = vec![root];
    for i in 1..PATH_CERTIFICATES_MAX as u8 {
        let next = cas[usize::from(i) - 1].issues_ca(&format!("CA {i}"), i + 1);
        cas.push(next);
    }
    let known: Vec<&Certificate> = cas.iter().map(|ca| &ca.certificate).collect();
    let longest = cas[PATH_CERTIFICATES_MAX - 2].issues_signer("leaf", 99);
    assert_eq!(
        codes(&validate(&longest.certificate, &known[..1], &known)),
        [""; 0]
    );
    let too_long = cas[PATH_CERTIFICATES_MAX - 1].issues_signer("leaf", 99);
    let report = validate(&too_long.certificate, &known[..1], &known);
    assert_eq!(codes(&report), ["limit_reached"]);
    assert_eq!(report.chain.len(), PATH_CERTIFICATES_MAX);
}

#[test]
fn web_of_cross_certificates_meets_the_limit() {
    // Eight CAs, each certified by each other one: thousands of paths, none of which ends in an anchor.
    let cas: Vec<Identity> = (1..=8).map(|i| Identity::root(&format!("CA {i}"), i)).collect();
    let mut known = Vec::new();
    for (issuer, subject) in cas
        .iter()
        .flat_map(|issuer| cas.iter().map(move |subject| (issuer, subject)))
    {
        if issuer.certificate != subject.certificate {
            let template =
                CertificateTemplate::ca(subject.certificate.subject().clone(), &[7], validity(), None);
            known.push(issuer.certifies(&template, subject.key.public_key()));
        }
    }
    let leaf = cas[0].issues_signer("leaf", 99);
    let report = validate(&leaf.certificate, &[], &known.iter().collect::<Vec<_>>());
    assert!(codes(&report).contains(&"limit_reached"), "{:?}", codes(&report));
}

#[test]
fn many_namesakes_meet_the_limit() {
    let pki = chain();
    let bare = without(
        &pki.leaf.certificate,
        &pki.sub.key,
        &[oid::AUTHORITY_KEY_IDENTIFIER],
    );
    let namesakes: Vec<Identity> = (10..110)
        .map(|seed| pki.root.issues_ca("Issuing CA", seed))
        .collect();
    let mut known: Vec<&Certificate> = namesakes.iter().map(|ca| &ca.certificate).collect();
    known.push(&pki.sub.certificate);
    let report = validate(&bare, &[&pki.root.certificate], &known);
    assert_eq!(codes(&report), ["limit_reached"]);
    // With a key identifier the right one is tried first, however many there are.
    assert_eq!(
        codes(&validate(&pki.leaf.certificate, &[&pki.root.certificate], &known)),
        [""; 0]
    );
}

#[test]
fn cross_certified_ca_takes_the_way_without_faults() {
    let (old, new) = (Identity::root("Old Root", 1), Identity::root("New Root", 2));
    let ca_by_old = old.issues(
        CertificateTemplate::ca(
            name("CA"),
            &[3],
            (validity().0, time("2025-01-01T00:00:00Z")),
            None,
        ),
        3,
    );
    let template = CertificateTemplate::ca(name("CA"), &[4], validity(), None);
    let ca_by_new = new.certifies(&template, ca_by_old.key.public_key());
    let leaf = ca_by_old.issues_signer("leaf", 5);
    let anchors = [&old.certificate, &new.certificate];
    for known in [
        [&ca_by_old.certificate, &ca_by_new],
        [&ca_by_new, &ca_by_old.certificate],
    ] {
        let report = validate(&leaf.certificate, &anchors, &known);
        assert_eq!(codes(&report), [""; 0]);
        assert_eq!(report.chain[2], new.certificate);
    }
    // When only the expired way is trusted, that is the one reported.
    let report = validate(
        &leaf.certificate,
        &anchors[..1],
        &[&ca_by_new, &ca_by_old.certificate],
    );
    assert_eq!(codes(&report), ["expired"]);
    assert_eq!(report.faults[0].certificate(), &ca_by_old.certificate);
}

#[test]
fn anchor_certified_by_another_root_ends_the_path() {
    // Only the cross certificate of the anchor is in the bundle, as many servers send it.
    let pki = chain();
    let other = Identity::root("Other", 9);
    let template = CertificateTemplate::ca(name("Root"), &[9], validity(), None);
    let cross = other.certifies(&template, pki.root.key.public_key());
    let report = validate(
        &pki.leaf.certificate,
        &[&pki.root.certificate],
        &[&cross, &pki.sub.certificate],
    );
    assert_eq!(report.path.unwrap().anchor(), &pki.root.certificate);
}

#[test]
fn another_certificate_of_an_anchor_is_accepted() {
    let pki = chain();
    let mut template = CertificateTemplate::signer(name("Root"), &[8], validity());
    template.key_usage = None;
    let again = issue(
        &template,
        pki.root.key.public_key(),
        Issuer::SelfSigned,
        &pki.root.key,
    )
    .unwrap();
    let report = validate(&again, &[&pki.root.certificate], &[]);
    assert_eq!(report.chain, [again, pki.root.certificate]);
    assert_eq!(codes(&report), [""; 0]);
}

#[test]
fn off_curve_keys_are_a_fault_of_leaf_and_issuer() {
    let pki = chain();
    let spoil = |certificate: &Certificate, issuer| {
        let der = recut(certificate, issuer, |parts| {
            *parts[part::KEY].last_mut().unwrap() ^= 1
        });
        Certificate::read(&der).unwrap()
    };
    let leaf = spoil(&pki.leaf.certificate, &pki.sub.key);
    let report = validate(&leaf, &[&pki.root.certificate], &[&pki.sub.certificate]);
    assert_eq!(codes(&report), ["bad_public_key"]);

    let sub = spoil(&pki.sub.certificate, &pki.root.key);
    let report = validate(&pki.leaf.certificate, &[&pki.root.certificate], &[&sub]);
    assert_eq!(codes(&report), ["bad_public_key"]);
    assert_eq!(report.faults[0].certificate(), &sub);
}

#[test]
fn other_signature_algorithms_are_not_verified() {
    let pki = chain();
    let rsa = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
    let der = recut(&pki.leaf.certificate, &pki.sub.key, |parts| {
        parts[part::ALGORITHM] = write::sequence(&[&write::oid(&rsa), &write::null()]);
    });
    let leaf = Certificate::read(&der).unwrap();
    let report = validate(&leaf, &[&pki.root.certificate], &[&pki.sub.certificate]);
    assert_eq!(codes(&report), ["algorithm_unknown"]);
    assert!(matches!(&report.faults[0], PathFault::AlgorithmUnknown { algorithm, .. } if *algorithm == rsa));
}

fn directory(name: &Name) -> Vec<u8> {
    write::sequence(&[&write::explicit(4, name.der())])
}

fn constrained_ca(root: &Identity, permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Identity {
    let list = |n: u8, bases: &[Vec<u8>]| match bases {
        [] => Vec::new(),
        bases => write::explicit(n, &bases.concat()),
    };
    let value = write::sequence(&[&list(0, permitted), &list(1, excluded)]);
    let mut template = CertificateTemplate::ca(name("Issuing CA"), &[7], validity(), None);
    template.extensions = vec![Extension {
        oid: oid::NAME_CONSTRAINTS,
        critical: true,
        value,
    }];
    root.issues(template, 2)
}

#[test]
fn name_constraints_on_directory_names() {
    let root = Identity::root("Root", 1);
    let inside = Name::parse("C=CN, O=印信测试").unwrap();
    let outside = Name::parse("C=CN, O=别的").unwrap();
    for (permitted, excluded, expected) in [
        (vec![&inside], vec![], vec![]),
        (vec![&outside, &inside], vec![], vec![]),
        (vec![&outside], vec![], vec!["name_constraint_violated"]),
        (vec![], vec![&inside], vec!["name_constraint_violated"]),
        (vec![&inside], vec![&outside], vec![]),
    ] {
        let bases = |names: Vec<&Name>| names.into_iter().map(directory).collect::<Vec<_>>();
        let sub = constrained_ca(&root, &bases(permitted), &bases(excluded));
        let leaf = sub.issues_signer("leaf", 3);
        let report = validate(&leaf.certificate, &[&root.certificate], &[&sub.certificate]);
        assert_eq!(codes(&report), expected);
    }
}

#[test]
fn name_constraints_on_other_kinds_are_not_judged_but_refused() {
    let root = Identity::root("Root", 1);
    let uri = write::sequence(&[&write::tlv(asn1::primitive(6), b".example.cn")]);
    let email = write::sequence(&[&write::tlv(asn1::primitive(1), b"example.cn")]);
    let sub = constrained_ca(&root, &[uri, email], &[]);
    let alternative = write::sequence(&[&write::tlv(asn1::primitive(6), b"http://a.example.cn")]);
    let mut with_uri = CertificateTemplate::signer(name("leaf"), &[3], validity());
    with_uri.extensions = vec![Extension {
        oid: oid::SUBJECT_ALT_NAME,
        critical: false,
        value: alternative,
    }];
    let email = Name::parse("CN=leaf, emailAddress=a@example.cn").unwrap();
    let with_email = CertificateTemplate::signer(email, &[4], validity());
    let plain = CertificateTemplate::signer(name("leaf"), &[5], validity());
    for (template, expected) in [
        (with_uri, vec!["name_constraint_violated"]),
        (with_email, vec!["name_constraint_violated"]),
        (plain, vec![]),
    ] {
        let leaf = sub.issues(template, 3);
        let report = validate(&leaf.certificate, &[&root.certificate], &[&sub.certificate]);
        assert_eq!(codes(&report), expected);
    }
}

#[test]
fn unreadable_and_repeated_extensions() {
    let pki = chain();
    let broken = |oid, critical| Extension {
        oid,
        critical,
        value: vec![0x30, 5],
    };
    let second = Extension {
        oid: oid::BASIC_CONSTRAINTS,
        critical: true,
        value: write::sequence(&[]),
    };
    for (extension, expected) in [
        // What only helps may be broken, what limits may not.
        (broken(oid::SUBJECT_ALT_NAME, false), vec![]),
        (broken(oid::SUBJECT_ALT_NAME, true), vec!["bad_extension"]),
        (broken(oid::EXTENDED_KEY_USAGE, false), vec!["bad_extension"]),
        (second, vec!["bad_extension"]),
    ] {
        let mut template = CertificateTemplate::signer(name("leaf"), &[7], validity());
        template.extensions = vec![extension];
        let leaf = pki.sub.issues(template, 7);
        let report = validate(
            &leaf.certificate,
            &[&pki.root.certificate],
            &[&pki.sub.certificate],
        );
        assert_eq!(codes(&report), expected);
    }
}

#[test]
fn unreadable_alternative_names_are_refused_where_names_are_constrained() {
    let root = Identity::root("Root", 1);
    let sub = constrained_ca(&root, &[directory(&Name::parse("C=CN").unwrap())], &[]);
    let mut template = CertificateTemplate::signer(name("leaf"), &[7], validity());
    template.extensions = vec![Extension {
        oid: oid::SUBJECT_ALT_NAME,
        critical: false,
        value: vec![0x30, 5],
    }];
    let leaf = sub.issues(template, 7);
    let report = validate(&leaf.certificate, &[&root.certificate], &[&sub.certificate]);
    assert_eq!(codes(&report), ["name_constraint_violated"]);
}

#[test]
fn the_cache_remembers_arithmetic_and_no_verdict() {
    let pki = chain();
    let trust = TrustStore::new(vec![pki.root.certificate.clone()]);
    let intermediates = [pki.sub.certificate.clone()];
    let cache = PathCache::default();
    let mut query = PathQuery {
        leaf: &pki.leaf.certificate,
        purpose: Purpose::Signer,
        at: now(),
        trust: &trust,
        intermediates: &intermediates,
    };
    assert!(pki::validate(&query, &cache).path.is_some());
    assert_eq!(cache.len(), 2);
    query.at = time("2050-01-01T00:00:00Z");
    assert_eq!(codes(&pki::validate(&query, &cache)), ["expired"; 3]);
    let nothing = TrustStore::default();
    query.trust = &nothing;
    query.at = now();
    assert_eq!(codes(&pki::validate(&query, &cache)), ["no_issuer"]);
    assert_eq!(cache.len(), 2);
}

#[test]
fn an_issuer_that_is_not_yet_known_by_key_cannot_be_made() {
    let pki = chain();
    let template = CertificateTemplate::signer(name("leaf"), &[7], validity());
    let wrong = issue(
        &template,
        key(7).public_key(),
        Issuer::Certificate(&pki.sub.certificate),
        &pki.root.key,
    );
    assert!(matches!(wrong, Err(pki::Error::WrongKey { .. })));
    let constraints = BasicConstraints {
        ca: false,
        path_len: None,
    };
    assert_eq!(pki.leaf.certificate.basic_constraints(), Some(constraints));
}
