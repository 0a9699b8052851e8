//! `yinxin audit`: whatever is done to a log, the check of its export finds it.

use std::collections::BTreeMap;

use audit::{
    Actor, ActorKind, Checkpoint, Entry, ExportWriter, Frontier, LogKey, ProofFile, SignedCheckpoint,
    Subject, act, inclusion_proof, leaf_digest,
};
use expect_test::expect;
use gm::{Signer as _, SigningKey};
use jiff::{SignedDuration, Timestamp};
use testkit::SeededRng;

use crate::support::Place;

const ORIGIN: &str = "yinxin.example.gov.cn/audit";
const CHECK: &str = "audit check log.export --key log.key";

fn signing_key(seed: u64) -> SigningKey {
    SigningKey::generate(&mut SeededRng::new(seed))
}

fn log_key(seed: u64) -> LogKey {
    LogKey::new(ORIGIN, signing_key(seed).public_key().clone()).unwrap()
}

fn time(minute: usize) -> Timestamp {
    testkit::time("2026-01-31T04:00:00Z") + SignedDuration::from_mins(minute as i64)
}

fn entry(minute: usize, act: &str, kind: &str, id: &str) -> Vec<u8> {
    let entry = Entry {
        time: time(minute),
        actor: Actor {
            kind: ActorKind::Person,
            id: "p1".into(),
            role: Some("custodian".into()),
            unit: Some("u1".into()),
        },
        act: act.into(),
        subject: Subject {
            kind: kind.into(),
            id: id.into(),
        },
        details: [("minute".to_owned(), minute.into())].into_iter().collect(),
        commitments: BTreeMap::new(),
    };
    entry.to_bytes().unwrap()
}

/// A log as a server keeps it: the entries' bytes, and a checkpoint behind every third.
struct Log {
    entries: Vec<Vec<u8>>,
    checkpoints: Vec<SignedCheckpoint>,
}

impl Log {
    /// A seal, four uses with their outcomes.
    fn honest() -> Self {
        let mut entries = vec![entry(0, act::SEAL_MADE, "seal", "s1")];
        for number in 1..=4 {
            let id = format!("use-{number}");
            entries.push(entry(2 * number - 1, act::USE_INTENDED, "use_record", &id));
            entries.push(entry(2 * number, act::USE_OUTCOME, "use_record", &id));
        }
        let mut log = Self {
            entries,
            checkpoints: Vec::new(),
        };
        log.sign(1);
        log
    }

    /// Signs all checkpoints anew.
    fn sign(&mut self, seed: u64) {
        let sizes = (3..=self.entries.len()).step_by(3);
        self.checkpoints = sizes.map(|size| self.checkpoint(size, seed)).collect();
    }

    fn checkpoint(&self, size: usize, seed: u64) -> SignedCheckpoint {
        let mut frontier = Frontier::new();
        for bytes in &self.entries[..size] {
            frontier.append(leaf_digest(bytes));
        }
        let checkpoint = Checkpoint {
            origin: ORIGIN.into(),
            size: size as u64,
            root: frontier.root(),
            time: time(size),
        };
        checkpoint.sign(ORIGIN, &signing_key(seed)).unwrap()
    }

    fn export(&self) -> Vec<u8> {
        let mut writer = ExportWriter::new(Vec::new(), ORIGIN, &[log_key(1)]).unwrap();
        let mut checkpoints = self.checkpoints.iter().peekable();
        for bytes in &self.entries {
            writer.entry(bytes).unwrap();
            while let Some(next) = checkpoints.next_if(|next| next.claimed().size <= writer.size()) {
                writer.checkpoint(&next.to_text()).unwrap();
            }
        }
        checkpoints.for_each(|left| writer.checkpoint(&left.to_text()).unwrap());
        writer.finish().unwrap()
    }

    fn change(&mut self, index: usize, from: &str, to: &str) {
        let text = String::from_utf8(self.entries[index].clone()).unwrap();
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        self.entries[index] = changed.into_bytes();
    }
}

/// A folder with the log's export, its key, and a checkpoint over the first six entries that somebody saved.
fn place_with(log: &Log) -> Place {
    let place = Place::new();
    place.write("log.export", log.export());
    place.write("log.key", format!("{}\n", log_key(1)));
    place.write("saved", Log::honest().checkpoints[1].to_text());
    place
}

#[test]
fn an_honest_log_passes() {
    let place = place_with(&Log::honest());
    expect![[r#"
        通过  log.export：日志完整，未改动
          日志：yinxin.example.gov.cn/audit
          条目：9 条（编号从 0 起），其中前 9 条有签名涵盖
          时间：TIME 至 TIME
          根：HEX
          相符的检查点：导出文件中 3 个，以前保存的 1 个
          行为 seal.made：1 条
          行为 use.intended：4 条
          行为 use.outcome：4 条
    "#]]
    .assert_eq(&place.ok(&format!("{CHECK} --checkpoint saved")));
    expect![[r#"
        PASSED  log.export: the log is complete and unchanged
          log: yinxin.example.gov.cn/audit
          entries: 9 (numbered from 0), of which signatures cover the first 9
          time: TIME to TIME
          root: HEX
          checkpoints that fit: 3 in the export, 0 saved before
          act seal.made: 1
          act use.intended: 4
          act use.outcome: 4
          [note] no checkpoint from outside was compared: whoever has the signing key could have rewritten the whole log, and the export alone would not show it; give checkpoints that you saved with --checkpoint
    "#]].assert_eq(&place.ok(&format!("{CHECK} --lang en")));
}

/// Changes the log, and checks its export with the saved checkpoint: the status, and the findings after the facts.
fn found(change: impl FnOnce(&mut Log)) -> (i32, String) {
    let mut log = Log::honest();
    change(&mut log);
    let run = place_with(&log).line(&format!("{CHECK} --checkpoint saved"));
    assert_eq!(run.errors(), "");
    let output = crate::support::redact(&without_ids(&run.output()));
    let findings = output.lines().filter(|line| line.starts_with("  ["));
    (
        run.status().unwrap(),
        findings.map(|line| format!("{}\n", &line[2..])).collect(),
    )
}

/// With names in place of the keys' identifiers.
fn without_ids(text: &str) -> String {
    let named =
        |text: String, seed: u64| text.replace(&hex::encode(log_key(seed).id()), &format!("KEY{seed}"));
    named(named(text.to_owned(), 1), 2)
}

#[test]
fn a_changed_row_is_found() {
    let (status, findings) = found(|log| log.change(6, "\"p1\"", "\"p2\""));
    assert_eq!(status, 1);
    expect![[r#"
        [未通过] 9 条处签名的根 HEX 与条目算出的 HEX 不符：第 6 条至第 8 条之间有改动
        [无法确定] 第 6 条至第 8 条在最后一个有效检查点之后，没有签名涵盖：请在签发检查点后再导出
    "#]]
    .assert_eq(&findings);
}

#[test]
fn a_row_that_is_no_entry_any_more_is_found() {
    let (status, findings) = found(|log| log.change(7, "\"v\":1", "\"v\": 1"));
    assert_eq!(status, 1);
    expect![[r#"
        [未通过] 第 7 条不是规范的条目（条目不是规范形式：第 215 字节起应为 "1}"，实为 " 1}"）：该条被改动
        [未通过] 9 条处签名的根 HEX 与条目算出的 HEX 不符：第 6 条至第 8 条之间有改动
        [无法确定] 第 6 条至第 8 条在最后一个有效检查点之后，没有签名涵盖：请在签发检查点后再导出
        [未通过] 第 8 条记有用印 use-4 的结果，此前没有用印意图：意图被删除，或绕过了记录
    "#]]
    .assert_eq(&findings);
}

#[test]
fn a_removed_row_is_found() {
    let (status, findings) = found(|log| drop(log.entries.remove(5)));
    assert_eq!(status, 1);
    expect![[r#"
        [未通过] 日志前 6 条与当时所存的检查点不符（当时 HEX，现在 HEX）：日志被改写
        [未通过] 6 条处签名的根 HEX 与条目算出的 HEX 不符：第 3 条至第 5 条之间有改动
        [未通过] 涵盖 9 条的检查点出现在 8 条之后：有条目被删除或插入
        [无法确定] 第 3 条至第 7 条在最后一个有效检查点之后，没有签名涵盖：请在签发检查点后再导出
        [未通过] 第 5 条记有用印 use-3 的结果，此前没有用印意图：意图被删除，或绕过了记录
    "#]]
    .assert_eq(&findings);
}

#[test]
fn reordered_rows_are_found() {
    let (status, findings) = found(|log| log.entries.swap(3, 4));
    assert_eq!(status, 1);
    expect![[r#"
        [未通过] 日志前 6 条与当时所存的检查点不符（当时 HEX，现在 HEX）：日志被改写
        [未通过] 6 条处签名的根 HEX 与条目算出的 HEX 不符：第 3 条至第 5 条之间有改动
        [未通过] 9 条处签名的根 HEX 与条目算出的 HEX 不符：第 3 条至第 8 条之间有改动
        [无法确定] 第 3 条至第 8 条在最后一个有效检查点之后，没有签名涵盖：请在签发检查点后再导出
        [未通过] 第 3 条记有用印 use-2 的结果，此前没有用印意图：意图被删除，或绕过了记录
        [提示] 第 4 条的用印 use-2 尚无结果：导出时正在进行，或程序中断后尚未处理
    "#]]
    .assert_eq(&findings);
}

#[test]
fn an_inserted_row_is_found() {
    let (status, findings) = found(|log| {
        log.entries
            .insert(7, entry(7, act::USE_REFUSED, "use_record", "x"))
    });
    assert_eq!(status, 1);
    expect![[r#"
        [未通过] 9 条处签名的根 HEX 与条目算出的 HEX 不符：第 6 条至第 8 条之间有改动
        [无法确定] 第 6 条至第 9 条在最后一个有效检查点之后，没有签名涵盖：请在签发检查点后再导出
    "#]]
    .assert_eq(&findings);
}

#[test]
fn a_log_that_was_cut_behind_the_saved_checkpoint_is_found_by_its_own() {
    let (status, findings) = found(|log| log.entries.truncate(7));
    assert_eq!(status, 1);
    expect![[r#"
        [未通过] 涵盖 9 条的检查点出现在 7 条之后：有条目被删除或插入
        [无法确定] 第 6 条至第 6 条在最后一个有效检查点之后，没有签名涵盖：请在签发检查点后再导出
    "#]]
    .assert_eq(&findings);
}

#[test]
fn a_log_that_was_cut_with_its_checkpoints_is_found_by_the_saved_one() {
    let (status, findings) = found(|log| {
        log.entries.truncate(3);
        log.checkpoints.truncate(1);
    });
    assert_eq!(status, 1);
    expect![[r#"
        [未通过] 当时所存的检查点涵盖 6 条，现在只有 3 条：日志被截断
    "#]]
    .assert_eq(&findings);
}

#[test]
fn a_file_that_was_cut_is_found() {
    let place = place_with(&Log::honest());
    let export = place.read("log.export");
    place.write("log.export", &export[..export.len() - 4]);
    let run = place.line(CHECK);
    assert_eq!(run.status(), Some(1));
    assert!(run.output().contains("文件在 9 条之后中断"), "{}", run.output());
}

#[test]
fn a_log_rewritten_under_another_key_is_found() {
    let (status, findings) = found(|log| {
        log.change(4, "\"p1\"", "\"p2\"");
        log.sign(2);
    });
    assert_eq!(status, 1);
    expect![[r#"
        [未通过] 3 条处的检查点没有得到证明（检查点由 yinxin.example.gov.cn/audit+KEY2 签名，不是所给的公钥）：检查点被伪造，或请给出其公钥
        [未通过] 日志前 6 条与当时所存的检查点不符（当时 HEX，现在 HEX）：日志被改写
        [未通过] 6 条处的检查点没有得到证明（检查点由 yinxin.example.gov.cn/audit+KEY2 签名，不是所给的公钥）：检查点被伪造，或请给出其公钥
        [未通过] 9 条处的检查点没有得到证明（检查点由 yinxin.example.gov.cn/audit+KEY2 签名，不是所给的公钥）：检查点被伪造，或请给出其公钥
        [无法确定] 没有任何有效的检查点与条目相符：条目的完整性没有得到证明
    "#]].assert_eq(&findings);
}

/// Whoever has the key can write another log, but not change what others saved.
#[test]
fn a_log_rewritten_under_its_own_key_is_found_by_the_saved_checkpoint() {
    let (status, findings) = found(|log| {
        log.change(4, "\"p1\"", "\"p2\"");
        log.sign(1);
    });
    assert_eq!(status, 1);
    expect![[r#"
        [未通过] 日志前 6 条与当时所存的检查点不符（当时 HEX，现在 HEX）：日志被改写
    "#]]
    .assert_eq(&findings);
}

#[test]
fn a_forged_checkpoint_is_found() {
    let (status, findings) = found(|log| log.checkpoints[1] = log.checkpoint(6, 2));
    assert_eq!(status, 1);
    expect![[r#"
        [未通过] 6 条处的检查点没有得到证明（检查点由 yinxin.example.gov.cn/audit+KEY2 签名，不是所给的公钥）：检查点被伪造，或请给出其公钥
    "#]].assert_eq(&findings);
    let place = place_with(&Log::honest());
    let export = String::from_utf8(place.read("log.export")).unwrap();
    place.write("log.export", export.replacen("audit\\n6\\n", "audit\\n7\\n", 1));
    let run = place.line(CHECK);
    assert_eq!(run.status(), Some(1));
    assert!(run.output().contains("对检查点的签名无效"), "{}", run.output());
}

#[test]
fn entries_without_a_signature_over_them_are_not_proved() {
    let (status, findings) = found(|log| drop(log.checkpoints.pop()));
    assert_eq!(status, 2);
    expect![[r#"
        [无法确定] 第 6 条至第 8 条在最后一个有效检查点之后，没有签名涵盖：请在签发检查点后再导出
    "#]]
    .assert_eq(&findings);
}

#[test]
fn the_report_as_json() {
    let mut log = Log::honest();
    log.change(6, "\"p1\"", "\"p2\"");
    let run = place_with(&log).line(&format!("{CHECK} --json"));
    assert_eq!(run.status(), Some(1));
    let report: serde_json::Value = serde_json::from_str(&run.output()).unwrap();
    assert_eq!(report["schema"], "yinxin-audit-report-1");
    assert_eq!(report["conclusion"], "failed");
    assert_eq!((&report["entries"], &report["covered"]), (&9.into(), &6.into()));
    assert_eq!(report["acts"]["use.intended"], 4);
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["effect"]),
        (&"CHECKPOINT_ROOT".into(), &"failed".into())
    );
    assert_eq!((&finding["sound"], &finding["size"]), (&6.into(), &9.into()));
    assert!(finding["zh"].is_string() && finding["en"].is_string());
}

fn proof_of(log: &Log, index: u64) -> ProofFile {
    let mut frontier = Frontier::new();
    let mut nodes = BTreeMap::new();
    for bytes in &log.entries {
        frontier.append_with(leaf_digest(bytes), |node, digest| {
            nodes.insert(node, digest);
        });
    }
    ProofFile {
        entry: log.entries[index as usize].clone(),
        index,
        hashes: inclusion_proof(index, 9, |node| nodes.get(&node).copied()).unwrap(),
        checkpoint: log.checkpoints[2].clone(),
    }
}

#[test]
fn a_proof_of_an_entry_is_verified() {
    let log = Log::honest();
    let place = place_with(&log);
    place.write("proof", proof_of(&log, 2).to_text());
    expect![[r#"
        通过  proof：条目在日志中
          日志：yinxin.example.gov.cn/audit，第 2 条（从 0 起）；检查点涵盖 9 条，签于 TIME
          时间：TIME
          行为：use.outcome，对象 use_record use-1
          行为人：p1，角色 custodian，单位 u1
          minute：2
    "#]]
    .assert_eq(&place.ok("audit proof proof --key log.key"));
    expect![[r#"
        PASSED  proof: the entry stands in the log
          log: yinxin.example.gov.cn/audit, entry 2 (from 0); the checkpoint covers 9 entries, signed TIME
          time: TIME
          act: use.outcome, of use_record use-1
          by: p1, role custodian, unit u1
          minute: 2
    "#]]
    .assert_eq(&place.ok("audit proof proof --key log.key --lang en"));
    let json: serde_json::Value =
        serde_json::from_str(&place.line("audit proof proof --key log.key --json").output()).unwrap();
    assert_eq!(
        (&json["conclusion"], &json["entry"]["act"]),
        (&"passed".into(), &"use.outcome".into())
    );
}

#[test]
fn a_proof_of_something_else_fails() {
    let log = Log::honest();
    let place = place_with(&log);
    let text = proof_of(&log, 2).to_text();
    place.write("proof", text.replace("\"p1\"", "\"p2\""));
    let run = place.line("audit proof proof --key log.key");
    assert_eq!(run.status(), Some(1));
    expect![[r#"
        未通过  proof：证明得出另一个根：条目或日志不是当时签名的
    "#]]
    .assert_eq(&run.output());
    place.write("proof", &text);
    place.write("other.key", log_key(2).to_string());
    let run = place.line("audit proof proof --key other.key --lang en");
    assert_eq!(run.status(), Some(1));
    expect![[r#"
        FAILED  proof: the checkpoint is signed by yinxin.example.gov.cn/audit+KEY1, and by none of the keys given
    "#]].assert_eq(&without_ids(&run.output()));
    let json = place.line("audit proof proof --key other.key --json");
    assert!(json.output().contains("\"conclusion\":\"failed\""));
}

#[test]
fn files_that_are_something_else_are_refused() {
    let place = place_with(&Log::honest());
    expect![[r#"
        错误：无法读取 none：文件或文件夹不存在
    "#]]
    .assert_eq(&place.line("audit check none --key log.key").failure(66));
    expect![[r#"
        错误：无法读取 saved：内容不是“名称+标识+BASE64”形式的日志公钥
    "#]]
    .assert_eq(&place.line("audit check log.export --key saved").failure(66));
    let run = place.line(&format!("{CHECK} --checkpoint log.key --lang en"));
    expect![[r#"
        error: cannot read log.key: the text is not a signed checkpoint: it has no blank line before signatures
    "#]].assert_eq(&run.failure(66));
    expect![[r#"
        错误：无法读取 saved：内容不是条目的证明
    "#]]
    .assert_eq(&place.line("audit proof saved --key log.key").failure(66));
    let run = place.line("audit check saved --key log.key");
    assert_eq!(run.status(), Some(1));
    assert!(run.output().contains("不是审计日志导出文件"));
    assert_eq!(place.line("audit check log.export").status(), Some(64));
}
