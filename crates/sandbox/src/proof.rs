//! What the sealed documents and the log prove, over the interface and with `yinxin` alone; and what a forger gets.

use ofd::{Limits, Package, Update};

use crate::failure::Failure;
use crate::story::{Story, Told, ensure};
use crate::uses::Sealed;

/// What `yinxin verify` relies on.
const TRUST: [&str; 6] = ["--trust", "ca/trust", "--certs", "ca/certs", "--crl", "ca.crl"];

impl Story<'_> {
    pub(crate) fn verify(&self, sealed: &[Sealed]) -> Result<(), Failure> {
        for one in sealed {
            self.concluded(one, "passed")?;
            self.city
                .yinxin(&[&["verify", &one.file], &TRUST[..]].concat(), &[0])?;
            let (zh, en) = (
                format!("接口和 yinxin verify 验证 {}：通过", one.file),
                "verifies over the interface and on the command line: passed".to_owned(),
            );
            Told("R58 R59", &zh, &en).by("（公众/public）");
        }
        let first = &sealed[0];
        let forged = Sealed {
            file: first.file.replace("-sealed", "-forged"),
            bytes: forged(&first.bytes)?,
        };
        self.city.write(&forged.file, &forged.bytes)?;
        self.concluded(&forged, "failed")?;
        self.city
            .yinxin(&[&["verify", &forged.file], &TRUST[..]].concat(), &[1])?;
        let (zh, en) = (
            format!("把“不具法律效力”改为“均具法律效力”的副本 {}：不通过", forged.file),
            "a copy of which one character was changed: failed".to_owned(),
        );
        Told("R59", &zh, &en).by("（伪造者/forger）");
        Ok(())
    }

    fn concluded(&self, document: &Sealed, expected: &str) -> Result<(), Failure> {
        let report = self.service.open("/api/verify", &[], &document.bytes)?.json();
        ensure(report["conclusion"] == expected, || {
            format!("{}: {report}", document.file)
        })
    }

    /// The log as an auditor sees it: exported, checked without the service, against a checkpoint saved before.
    pub(crate) fn audit(&self) -> Result<(), Failure> {
        let key = self.service.public("/api/log/key")?.body;
        self.city.write("log.key", &key)?;
        let saved = self.service.public("/api/log/checkpoint")?.body;
        self.city.write("log.checkpoint", &saved)?;
        for name in ["sample", "licence", "agreement", "agreement-2"] {
            let proof = format!("documents/{name}-sealed.proof");
            self.city
                .yinxin(&["audit", "proof", &proof, "--key", "log.key"], &[0])?;
        }
        Told(
            "R53 R66",
            "每份用印记录都在日志中：yinxin audit proof",
            "every use record stands in the log",
        )
        .by("（审计/auditor）");
        let check = [
            "audit",
            "check",
            "audit.export",
            "--key",
            "log.key",
            "--checkpoint",
            "log.checkpoint",
        ];
        let mut report = String::new();
        self.wait(
            "涵盖全部条目的检查点 / a checkpoint over all entries",
            || {
                let export = [
                    "audit",
                    "export",
                    "--config",
                    "yinxin.toml",
                    "--out",
                    "audit.export",
                    "--force",
                ];
                self.city.yinxin(&export, &[0])?;
                // 2 until the service has signed over the last entries, which it does every few seconds.
                report = self.city.yinxin(&check, &[0, 2])?;
                Ok(report.starts_with("通过"))
            },
        )?;
        let told = Told(
            "R66 R67",
            "导出日志，yinxin audit check：完整，未改动",
            "the log is exported and checked: complete and unchanged",
        );
        told.by("（审计/auditor）");
        let lines = report
            .lines()
            .filter(|line| line.contains("条目") || line.contains("根"));
        for line in lines {
            crate::story::say_line(&format!("{:32}{}", "", line.trim()));
        }
        Ok(())
    }

    /// The running service is backed up, and restored onto a machine of its own: the logs have one root.
    pub(crate) fn back_up(&self) -> Result<(), Failure> {
        let backup = [
            "backup",
            "--config",
            "yinxin.toml",
            "--out",
            "backup",
            "--keys",
            "backup-keys",
        ];
        let kept = root_of(&self.city.yinxin(&backup, &[0])?);
        let told = Told(
            "R67",
            "备份正在运行的服务：数据库、文件，密钥另存",
            "backs up the running service: database and documents, the keys apart",
        );
        told.by("（运维/operator）");
        let text = String::from_utf8_lossy(&self.city.read("yinxin.toml")?).into_owned();
        let text = text.replace("data = \"data\"", "data = \"restored\"");
        self.city.write("restored.toml", text.as_bytes())?;
        let restore = [
            "restore",
            "backup",
            "--config",
            "restored.toml",
            "--keys",
            "backup-keys",
        ];
        let restored = root_of(&self.city.yinxin(&restore, &[0])?);
        ensure(kept == restored && !kept.is_empty(), || {
            format!("{kept} ≠ {restored}")
        })?;
        let (zh, en) = (
            format!("恢复到另一处，{restored}"),
            "restores it elsewhere: the same root".to_owned(),
        );
        Told("R67", &zh, &en).by("（运维/operator）");
        Ok(())
    }
}

/// The line with size and root of the log.
fn root_of(said: &str) -> String {
    said.lines()
        .find(|line| line.contains("根 "))
        .unwrap_or_default()
        .to_owned()
}

/// What a forger makes of the sample: another meaning, and everything else as it was.
fn forged(sealed: &[u8]) -> Result<Vec<u8>, Failure> {
    let told = |error: ofd::Error| Failure::Untrue(error.to_string());
    let package = Package::open(sealed.to_vec(), Limits::default()).map_err(told)?;
    let mut update = Update::new(&package);
    let mut changed = 0;
    for part in package.parts() {
        let bytes = package.read(part.path()).map_err(told)?;
        let text = String::from_utf8_lossy(&bytes);
        if part.path().to_string().ends_with("Content.xml") && text.contains("不具法律效力") {
            update
                .replace(part.path(), text.replace("不具法律效力", "均具法律效力"))
                .map_err(told)?;
            changed += 1;
        }
    }
    ensure(changed == 1, || format!("{changed}"))?;
    let mut out = Vec::new();
    update.write(&mut out).map_err(told)?;
    Ok(out)
}
