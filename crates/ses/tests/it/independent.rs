//! What is written here is true for another reader: the pure-Python checker beside the corpus, which shares no
//! code with this project.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use ses::{ListKind, SealTemplate, SealVersion};

use crate::fixture::*;

const SCRIPT: &str = r#"
import sys, json
sys.path.insert(0, sys.argv[1])
import ses
from gmcrypto import TLV
out = []
for kind, name in (a.split(':', 1) for a in sys.argv[2:]):
    b = open(name, 'rb').read()
    if kind == 'seal':
        t = TLV(b)
        out.append({'end': t.end == len(b), 'ber': t.has_ber(), 'seal': ses.seal_report(ses.parse_seal(t))})
    else:
        r = ses.ses_report(b, open(kind, 'rb').read())
        out.append({k: v for k, v in r.items() if not k.startswith('_')})
print(json.dumps(out))
"#;

/// The folder of the checker, beside the repository.
fn tools() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/tools");
    let has_python = Command::new("python3").arg("--version").output().is_ok();
    (folder.join("ses.py").is_file() && has_python).then_some(folder)
}

fn ask(tools: &Path, questions: &[(String, Vec<u8>)]) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ses-independent");
    std::fs::create_dir_all(&folder).unwrap();
    let original = folder.join("Signature.xml");
    std::fs::write(&original, ORIGINAL).unwrap();
    let mut command = Command::new("python3");
    command.arg("-c").arg(SCRIPT).arg(tools);
    for (i, (kind, bytes)) in questions.iter().enumerate() {
        let file = folder.join(format!("{i}.der"));
        std::fs::write(&file, bytes).unwrap();
        let kind = if kind == "seal" {
            kind.clone()
        } else {
            original.display().to_string()
        };
        command.arg(format!("{kind}:{}", file.display()));
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn seals_and_signatures_hold_for_an_independent_checker() {
    let Some(tools) = tools() else {
        eprintln!("SKIPPED: python3 or the independent checker not found");
        return;
    };
    let mut questions = Vec::new();
    for (version, list) in [
        (SealVersion::V4, ListKind::Certificates),
        (SealVersion::V4, ListKind::Digests),
        (SealVersion::V5, ListKind::Certificates),
        (SealVersion::V5, ListKind::Digests),
    ] {
        let signed = make(&SealTemplate {
            version,
            list,
            ..template()
        })
        .unwrap();
        let stamp = token(signed.signature_value(), now());
        let seal = signed
            .finish((version == SealVersion::V5).then_some(&stamp[..]))
            .unwrap();
        questions.push(("seal".to_owned(), seal.bytes().to_vec()));
        questions.push(("signature".to_owned(), signature_bytes(&seal)));
    }
    let answers = ask(&tools, &questions);
    for ((kind, _), answer) in questions.iter().zip(&answers) {
        let seal = &answer["seal"];
        assert_eq!(seal["sig_ok"], true, "{answer}");
        assert_eq!(seal["sig_how"], "info");
        assert_eq!(seal["sig_form"], "DER");
        assert_ne!(seal["openssl_agrees"], false);
        assert_eq!(seal["maker_valid_at_create"], true);
        assert_eq!(seal["name"], "测试市数据局");
        assert_eq!(seal["esID"], "37010000000001");
        assert_eq!(seal["picture"]["sniff"], "png");
        assert!(seal.get("odd").is_none(), "{answer}");
        if kind == "seal" {
            assert_eq!(
                (&answer["end"], &answer["ber"]),
                (&Value::Bool(true), &Value::Bool(false))
            );
            continue;
        }
        let checks = &answer["checks"];
        for check in ["b_datahash", "c_signature", "d_seal_signature", "e_cert_in_list"] {
            assert_eq!(checks[check], true, "{check}: {answer}");
        }
        assert_eq!(checks["c_how"], "TBS");
        assert_ne!(checks["c_openssl_agrees"], false);
        assert_eq!(answer["BER"], false);
        assert_eq!(answer["odd"], serde_json::json!([]));
        assert_eq!(answer["signTime"], "2025-06-01T00:00:00Z");
        assert_eq!(answer["propertyInfo"], "/Doc_0/Signs/Sign_0/Signature.xml");
    }
    assert_eq!(answers.len(), 8);
}
