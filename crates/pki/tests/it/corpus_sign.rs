//! The signatures of Type=Sign in real OFD files, against the truth table.

use std::io::Read as _;

use pki::{
    CmsDeviation, ContentToSign, FileBinding, SignedData, SignerInfo, TimestampToken, oid, verify_signed_file,
};
use serde_json::Value;

use crate::corpus::corpus;

/// All entries of a ZIP archive; a small reader for tests, `ofd` has the one for hostile files.
fn entries(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let archive = rawzip::ZipArchive::from_slice(archive).unwrap();
    let mut entries = archive.entries();
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry().unwrap() {
        let name = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
        let data = archive.get_entry(entry.wayfinder()).unwrap().data();
        let mut bytes = Vec::new();
        match entry.compression_method() {
            rawzip::CompressionMethod::DEFLATE => {
                flate2::read::DeflateDecoder::new(data)
                    .read_to_end(&mut bytes)
                    .unwrap();
            }
            _ => bytes = data.to_vec(),
        }
        found.push((name, bytes));
    }
    found
}

/// Serial number, time of signing, digest right, signature right, encoding, what is signed.
type Row = (String, String, bool, bool, String, String);

fn expected(signature: &Value) -> Vec<Row> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |signer: &Value| {
        let digest = &signer["messageDigest_ok"];
        (
            text(&signer["signer"]["serial"]),
            text(&signer["signingTime"]),
            digest.as_bool().or(signer["econtent_matches"].as_bool()).unwrap(),
            signer["sig_ok"].as_bool().unwrap(),
            text(&signer["form"]),
            text(&signer["how"]),
        )
    };
    signature.as_array().unwrap().iter().map(row).collect()
}

fn found(signed: &SignedData, file: &[u8]) -> Vec<Row> {
    let row = |signer: pki::FileSigner| {
        let facts = signer.facts.unwrap();
        let serial = signer.certificate.unwrap().serial_hex().to_lowercase();
        let raw = CmsDeviation::SignatureEncoding(gm::SignatureEncoding::Raw);
        let form = if facts.deviations.contains(&raw) {
            "raw64"
        } else {
            "DER"
        };
        let how = match signer.binding {
            FileBinding::DigestIsContent => "eContent",
            FileBinding::DigestIsAttribute => "signedAttrs",
            _ => "another",
        };
        let time = facts
            .signing_time
            .map(|time| time.to_string())
            .unwrap_or_default();
        (
            serial,
            time,
            signer.binding != FileBinding::OtherFile,
            facts.is_intact(),
            form.into(),
            how.into(),
        )
    };
    verify_signed_file(signed, ContentToSign::Bytes(file), &[])
        .into_iter()
        .map(row)
        .collect()
}

/// Serial numbers without leading zeros: the table writes some with.
fn comparable(mut rows: Vec<Row>) -> Vec<Row> {
    for row in &mut rows {
        row.0 = row.0.trim_start_matches('0').to_owned();
    }
    rows.sort();
    rows
}

#[test]
fn real_messages_agree_with_the_truth_table() {
    let Some(corpus) = corpus() else { return };
    let truth = std::fs::read_to_string(corpus.join("ofd-truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    let mut seen = 0;
    for (name, file) in truth["files"].as_object().unwrap() {
        let signatures = file["signatures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|signature| &signature["value"]);
        let messages = signatures
            .filter(|value| value["kind"] == "CMS/PKCS7")
            .map(|value| &value["signers"]);
        let integrity = Some(&file["integrity_protection"]["signers"]).filter(|signers| signers.is_array());
        let expected: Vec<Row> = messages.chain(integrity).flat_map(expected).collect();
        if expected.is_empty() {
            continue;
        }
        let entries = entries(&std::fs::read(corpus.join(name)).unwrap());
        let mut rows = Vec::new();
        for (path, bytes) in &entries {
            let Ok(signed) = SignedData::read(bytes) else {
                continue;
            };
            let signed_file = match path.rsplit_once('/') {
                Some((folder, _)) => format!("{folder}/Signature.xml"),
                None => "OFDEntries.xml".to_owned(),
            };
            let signed_file = entries.iter().find(|(path, _)| *path == signed_file).unwrap();
            rows.extend(found(&signed, &signed_file.1));
        }
        seen += rows.len();
        assert_eq!(comparable(rows), comparable(expected), "{name}");
    }
    assert!(seen >= 11, "{seen} messages");
}

/// What stands as hexadecimal text after `/Contents`, where it begins as a SEQUENCE: signatures, mostly.
fn pdf_contents(pdf: &[u8]) -> Vec<Vec<u8>> {
    let key = b"/Contents";
    let starts = (0..pdf.len()).filter(|&start| pdf[start..].starts_with(key));
    let read = |start: usize| {
        let text = pdf[start + key.len()..].trim_ascii_start().strip_prefix(b"<30")?;
        let digits: Vec<u8> = text.iter().copied().take_while(|byte| *byte != b'>').collect();
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        let pair = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?);
        let octets: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
        Some([vec![0x30], octets?].concat())
    };
    starts.filter_map(read).collect()
}

/// RSA and ECDSA messages cannot be checked here, but they must be read: tokens of RFC 3161, BER with indefinite
/// lengths, CRLs and certificate identifiers by many makers are among them.
#[test]
fn messages_in_real_pdf_files_are_read() {
    let Some(corpus) = corpus() else { return };
    let (mut messages, mut tokens, mut identifiers) = (0, 0, 0);
    for entry in std::fs::read_dir(corpus.join("pdf")).unwrap() {
        let path = entry.unwrap().path();
        for contents in pdf_contents(&std::fs::read(&path).unwrap()) {
            if contents.len() < 100 {
                continue; // one file has a placeholder of 20 octets
            }
            let signed = SignedData::read(&contents).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            messages += 1;
            let stamps = signed.signers().iter().flat_map(SignerInfo::unsigned_attributes);
            let stamps = stamps.filter(|attribute| attribute.oid == oid::TIMESTAMP_TOKEN);
            let mut stamps: Vec<&[u8]> = stamps.map(|attribute| &attribute.values[0][..]).collect();
            if signed.content_type() == oid::TST_INFO {
                stamps.push(&contents);
            }
            for stamp in &stamps {
                TimestampToken::read(stamp).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            }
            tokens += stamps.len();
            for signer in signed.signers() {
                let named = signed.certificate_of(signer, &[]).unwrap();
                let Some(attributes) = signer.signed_attributes() else {
                    continue;
                };
                for identifier in attributes.signing_certificates().unwrap() {
                    assert_ne!(identifier.names(named), Some(false), "{path:?}");
                    identifiers += 1;
                }
            }
        }
    }
    eprintln!("{messages} messages, {tokens} tokens, {identifiers} certificate identifiers");
    assert!(messages >= 110 && tokens >= 40 && identifiers >= 60);
}

#[test]
fn a_bare_signature_value_is_no_message() {
    let Some(corpus) = corpus() else { return };
    for entry in std::fs::read_dir(corpus.join("ofd")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("5b5bec16")
        {
            let entries = entries(&std::fs::read(path).unwrap());
            let (_, value) = entries
                .iter()
                .find(|(path, _)| path.ends_with("SignedValue.dat"))
                .unwrap();
            assert!(SignedData::read(value).is_err());
            assert!(gm::Signature::read(value).is_ok());
            return;
        }
    }
    panic!("the file is not in the corpus");
}
