//! Real seals and signatures against the truth that an independent checker found, and hostile ones against what
//! they were made for. Read in place; nothing of them is printed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ofd::{Limits, Ofd, Package, SignatureList};
use pki::{PathCache, TrustStore};
use serde_json::Value;
use ses::{
    Covers, DataHashCheck, Layout, Original, PictureFormat, Seal, SealCache, SealContext, SealSignature,
    SealerList, SignatureCheck, SignatureFacts, Time, check_seal, check_signature,
};

use crate::fixture::*;

/// The corpus beside the repository, or where YINXIN_CORPUS says.
fn corpus() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests find the corpus through the environment"
    )]
    let given = std::env::var_os("YINXIN_CORPUS").map(PathBuf::from);
    let folder =
        given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"));
    if folder.join("ofd-truth.json").is_file() {
        return Some(folder);
    }
    eprintln!("SKIPPED: corpus not found");
    None
}

fn truth(corpus: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(corpus.join(name)).unwrap()).unwrap()
}

/// A signature of a package: the content of SignedValue, if it is there, and of Signature.xml.
type Parts = (Option<Vec<u8>>, Vec<u8>);

/// Every signature of a package, in order.
fn signatures(package: Vec<u8>) -> Option<Vec<Parts>> {
    let package = Package::open(package, Limits::default()).ok()?;
    let mut found = Vec::new();
    for body in Ofd::read(&package).ok()?.bodies {
        let Some(list) = body.signatures.as_ref().and_then(|link| link.path().cloned()) else {
            continue;
        };
        let Ok(list) = SignatureList::read(&package, &list) else {
            continue;
        };
        for entry in list.entries {
            let part = entry.part.ok()?;
            let xml = package.read(&part.path).ok()?.to_vec();
            let value = part
                .signed_value
                .as_ref()
                .and_then(|link| package.read(link.path()?).ok());
            found.push((value.map(|value| value.to_vec()), xml));
        }
    }
    Some(found)
}

/// The checker writes whole seconds, and of a time without zone the digits as they stand.
fn assert_time(time: &Time, expected: &Value, case: &str) {
    let text = |hours: i64| {
        let shown = time.timestamp().unwrap() + jiff::SignedDuration::from_hours(hours);
        shown.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let has_zone = time.text().ends_with('Z') || !time.text().contains(['-', '/']) && time.text().len() == 10;
    let expected = expected.as_str().unwrap();
    assert_eq!(text(if has_zone { 0 } else { 8 }), expected, "{case}");
}

fn assert_seal(seal: &Seal, truth: &Value, case: &str) {
    let layout = if truth["layout"].as_str().unwrap().starts_with("v1") {
        [Layout::V1; 2]
    } else {
        [Layout::V4, Layout::V5]
    };
    assert!(layout.contains(&seal.layout()), "{case}");
    assert_eq!(truth["header"][1], seal.header().version, "{case}");
    assert_eq!(truth["header"][2], seal.header().vendor_id, "{case}");
    assert_eq!(truth["esID"], seal.seal_id(), "{case}");
    assert_eq!(truth["type"], seal.seal_type(), "{case}");
    assert_eq!(truth["name"], seal.name(), "{case}");
    assert_eq!(truth["certListType"].as_i64(), seal.list_type(), "{case}");
    let (certificates, digests) = match seal.sealers() {
        SealerList::Certificates(list) => (list.len(), 0),
        SealerList::Digests(list) => (0, list.len()),
    };
    assert_eq!(
        (&truth["n_certs"], &truth["n_certDigests"]),
        (&certificates.into(), &digests.into()),
        "{case}"
    );
    assert_time(seal.created(), &truth["create"], case);
    assert_time(seal.valid_start(), &truth["validStart"], case);
    assert_time(seal.valid_end(), &truth["validEnd"], case);
    let picture = seal.picture();
    assert_eq!(truth["picture"]["type"], picture.declared_type, "{case}");
    assert_eq!(truth["picture"]["bytes"], picture.data.len(), "{case}");
    assert_eq!(
        truth["picture"]["w"].as_i64().map(i128::from),
        Some(picture.width_mm),
        "{case}"
    );
    let sniffed = picture
        .format()
        .map(PictureFormat::label)
        .unwrap_or_default()
        .to_lowercase();
    assert_eq!(
        truth["picture"]["sniff"].as_str().unwrap().split('/').next(),
        Some(&sniffed[..]),
        "{case}"
    );
    let oids: Vec<String> = seal
        .extensions()
        .iter()
        .map(|extension| extension.oid.to_string())
        .collect();
    let expected: Vec<&str> = truth["ext"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ext| ext[0].as_str().unwrap())
        .collect();
    assert_eq!(oids, expected, "{case}");
    assert_eq!(truth["timestamp"], seal.timestamp().is_some(), "{case}");
    match truth["sig_how"].as_str().unwrap() {
        how if how.contains("RSA") => {
            assert!(
                matches!(seal.maker_signature(), SignatureCheck::AlgorithmUnsupported(_)),
                "{case}"
            );
        }
        _ => assert_eq!(truth["sig_ok"], seal.maker_signature().is_valid(), "{case}"),
    }
    let created = seal.created().timestamp().unwrap();
    assert_eq!(
        truth["maker_valid_at_create"],
        seal.maker().unwrap().is_valid_at(created),
        "{case}"
    );
}

fn assert_signature(
    signature: &SealSignature,
    xml: Option<&[u8]>,
    report: &Value,
    checks: &Value,
    case: &str,
) {
    assert_seal(signature.seal(), &report["seal"], case);
    let tbs = signature.tbs();
    assert_eq!(report["tbs_version"], tbs.version, "{case}");
    assert_eq!(report["propertyInfo"], tbs.property_info, "{case}");
    let hex: String = tbs.data_hash.iter().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(report["dataHash"], hex, "{case}");
    assert_time(tbs.time_info.time(), &report["signTime"], case);
    let at = signature.signing_time().unwrap();
    let facts = check_signature(signature, xml.map(Original::of), &context(at));
    assert!(facts.versions_agree, "{case}");
    assert_check(&facts, checks, case);
    let listed = checks["e_cert_in_list"].as_bool().unwrap_or(false);
    assert_eq!(facts.listed.is_listed(), listed, "{case}");
    let in_period = facts.seal.period == ses::Period::Contains;
    assert_eq!(checks["f_times"]["seal_valid_at_sign"], in_period, "{case}");
}

/// The checker's words for what a signature covers and how dataHash was made, in ours.
fn assert_check(facts: &SignatureFacts, checks: &Value, case: &str) {
    let how = checks["c_how"].as_str().unwrap();
    match how.split(' ').next().unwrap() {
        "TBS" => assert!(facts.signature.is_valid(), "{case}: {}", facts.signature),
        "dataHash" => {
            let covers = Covers::DataHashAsDigest;
            assert!(
                matches!(facts.signature, SignatureCheck::ValidOverOther { covers: c, .. } if c == covers),
                "{case}"
            );
        }
        _ => panic!("{case}: {how}"),
    }
    let encoding = match checks["c_form"].as_str().unwrap() {
        "raw64" => gm::SignatureEncoding::Raw,
        "truncated DER" => gm::SignatureEncoding::TrailingZeroStripped,
        form if form.contains("neg-int") => gm::SignatureEncoding::NegativeInteger,
        form if form.contains("non-minimal") => gm::SignatureEncoding::NonMinimalInteger,
        _ => gm::SignatureEncoding::Der,
    };
    assert_eq!(facts.signature.encoding(), Some(encoding), "{case}");
    let expected = match checks["b_how"].as_str().unwrap() {
        "no Signature.xml" => None,
        "sm3" => Some(DataHashCheck::Matches),
        how if how.contains("SM3(ZA") => Some(DataHashCheck::MatchesWithZ),
        _ => Some(DataHashCheck::Differs),
    };
    assert_eq!(facts.data_hash, expected, "{case}");
}

#[test]
fn seal_files() {
    let Some(corpus) = corpus() else { return };
    let truth = truth(&corpus, "ofd-truth.json");
    let mut seen = [0; 3];
    for (name, truth) in truth["seal_files"].as_object().unwrap() {
        let bytes = std::fs::read(corpus.join(name)).unwrap();
        match truth["kind"].as_str() {
            None => {
                seen[0] += 1;
                assert_eq!(truth["verdict"], "UNPARSABLE");
                assert!(
                    Seal::read(&bytes).is_err()
                        && SealSignature::read(&bytes, &SealCache::default()).is_err()
                );
            }
            Some("SESeal") => {
                seen[1] += 1;
                assert!(Seal::looks_like(&bytes) && !SealSignature::looks_like(&bytes));
                let seal = Seal::read(&bytes).unwrap();
                assert_eq!(seal.maker_signature().is_valid(), truth["verdict"] == "VALID");
                assert_eq!(
                    fault_codes(seal.deviations()).contains(&"BER_ENCODING"),
                    truth["BER"] == true
                );
                assert_seal(&seal, &truth["report"], name);
                let facts = check_seal(&seal, &context(seal.created().timestamp().unwrap()));
                assert!(
                    facts.verified().is_none(),
                    "nothing of the corpus is trusted here"
                );
            }
            Some(_) => {
                seen[2] += 1;
                assert!(SealSignature::looks_like(&bytes) && !Seal::looks_like(&bytes));
                let signature = read_signature(&bytes);
                assert_signature(
                    &signature,
                    None,
                    &truth["report"],
                    &truth["report"]["checks"],
                    name,
                );
            }
        }
    }
    assert_eq!(seen, [1, 7, 4]);
}

#[test]
fn signatures_in_real_documents() {
    let Some(corpus) = corpus() else { return };
    let truth = truth(&corpus, "ofd-truth.json");
    let (mut checked, mut unread) = (0, BTreeSet::new());
    for (name, truth) in truth["files"].as_object().unwrap() {
        let expected = truth["signatures"].as_array().unwrap();
        if !expected
            .iter()
            .any(|signature| signature["value"]["kind"] == "SES")
        {
            continue;
        }
        let Some(found) = signatures(std::fs::read(corpus.join(name)).unwrap()) else {
            unread.insert(name.clone());
            continue;
        };
        assert_eq!(found.len(), expected.len(), "{name}");
        for ((value, xml), expected) in found.iter().zip(expected) {
            if expected["value"]["kind"] != "SES" {
                let value = value.as_deref().unwrap_or_default();
                assert!(!SealSignature::looks_like(value), "{name}");
                continue;
            }
            let value = value.as_deref().unwrap();
            assert!(SealSignature::looks_like(value), "{name}");
            let signature = read_signature(value);
            assert_signature(
                &signature,
                Some(xml),
                &expected["value"],
                &expected["truth"],
                name,
            );
            checked += 1;
        }
    }
    assert_eq!(unread, BTreeSet::new());
    assert_eq!(checked, 31);
}

/// What each hostile file was made for, in our codes, and what else follows from it.
const HOSTILE: [(&str, &[&str]); 26] = [
    ("c01-", &[]),
    ("c02-", &[]),
    ("c03-", &[]),
    ("c04-", &[]),
    ("c05-", &[]),
    ("c06-", &[]),
    ("c07-", &[]),
    ("c08-", &[]),
    ("c09-", &[]),
    ("h10-", &["SEAL_SIGNATURE_INVALID"]),
    ("h12-", &["SEALER_NOT_LISTED"]),
    ("h14-", &["SEAL_NOT_YET_VALID"]),
    ("h16-", &["untrusted_self_signed"]),
    ("h18-", &["SEALER_NOT_LISTED"]),
    ("h20-", &["DATA_HASH_MISMATCH"]),
    ("h22-", &["DATA_HASH_MISMATCH"]),
    ("h24-", &["SIGNATURE_INVALID"]),
    ("h26-", &["SIGNATURE_INVALID"]),
    ("h28-", &["KEY_INVALID"]),
    ("h30-", &["ALGORITHM_UNKNOWN"]),
    ("h32-", &["VERSION_MISMATCH"]),
    ("h34-", &["SIGNING_TIME_UNREADABLE"]),
    ("h94-", &["SEAL_SIZE_ABSURD"]),
    ("h96-", &["PICTURE_ACTIVE_CONTENT"]),
    ("h98-", &["SEALER_LIST_EMPTY", "SEALER_NOT_LISTED"]),
    ("h50-", &[]),
];

#[test]
fn hostile_documents() {
    let Some(corpus) = corpus() else { return };
    let anchors = |name: &str| {
        pki::read_certificates(&std::fs::read(corpus.join("trust/hostile-pki").join(name)).unwrap()).unwrap()
    };
    let (trust, intermediates, paths) = (
        TrustStore::new(anchors("root.pem")),
        anchors("sub.pem"),
        PathCache::default(),
    );
    let files: Vec<PathBuf> = std::fs::read_dir(corpus.join("hostile"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    for (prefix, codes) in HOSTILE {
        let named = |path: &&PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(prefix);
        let file = files.iter().find(named).unwrap();
        for (value, xml) in signatures(std::fs::read(file).unwrap()).unwrap() {
            let signature = read_signature(&value.unwrap());
            let at = signature.signing_time().unwrap_or(now());
            let context = SealContext {
                makers: &trust,
                tsas: &trust,
                intermediates: &intermediates,
                crls: &[],
                responses: &[],
                at,
                paths: &paths,
            };
            let facts = check_signature(&signature, Some(Original::of(&xml)), &context);
            let mut found = fault_codes(&facts.faults());
            found.extend(fault_codes(&facts.seal.faults()));
            let found: BTreeSet<&str> = found.into_iter().collect();
            assert_eq!(found, codes.iter().copied().collect(), "{prefix}");
        }
    }
}

#[test]
fn hostile_values_that_cannot_be_read() {
    let Some(corpus) = corpus() else { return };
    for file in std::fs::read_dir(corpus.join("hostile"))
        .unwrap()
        .map(|file| file.unwrap().path())
    {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        if ["h06-", "h90-", "h92-", "h102-"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            let [(value, _)] = &signatures(std::fs::read(&file).unwrap()).unwrap()[..] else {
                panic!("{name}")
            };
            let value = value.as_deref().unwrap_or_default();
            assert!(
                SealSignature::read(value, &SealCache::default()).is_err(),
                "{name}"
            );
        }
    }
}
