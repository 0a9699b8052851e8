//! The OpenSSL of the system, in a temporary folder.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

pub(crate) struct OpenSsl(TempDir);

impl OpenSsl {
    /// None, and a loud line, where the program is missing.
    pub(crate) fn find() -> Option<Self> {
        match Command::new("openssl").arg("version").output() {
            Ok(output) if output.status.success() => Some(Self(tempfile::tempdir().unwrap())),
            _ => {
                skipped("openssl not found");
                None
            }
        }
    }

    /// Runs with the words of `line` as arguments; file names are within the folder.
    #[track_caller]
    pub(crate) fn run(&self, line: &str) -> Vec<u8> {
        self.try_run(line)
            .unwrap_or_else(|error| panic!("openssl {line}\n{error}"))
    }

    pub(crate) fn try_run(&self, line: &str) -> Result<Vec<u8>, String> {
        let output = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// A fresh SM2 key as `NAME.pem` (PKCS#8) and its public half as `NAME.pub`; returns the point, 04‖X‖Y.
    pub(crate) fn key(&self, name: &str) -> Vec<u8> {
        self.run(&format!("genpkey -algorithm SM2 -out {name}.pem"));
        self.run(&format!("pkey -in {name}.pem -pubout -out {name}.pub"));
        let spki = self.run(&format!("pkey -in {name}.pem -pubout -outform DER"));
        spki[spki.len() - 65..].to_vec()
    }

    /// Whether OpenSSL accepts the signature over the message under `NAME.pub`.
    pub(crate) fn verifies(&self, name: &str, message: &[u8], signature: &gm::Signature) -> bool {
        self.write("message", message);
        self.write("signature", &signature.to_der());
        self.try_run(&format!(
            "dgst -sm3 -sigopt distid:1234567812345678 -verify {name}.pub -signature signature message"
        ))
        .is_ok()
    }

    /// A root and a certificate under it for the key `NAME.pem`, as `root.cer` and `NAME.cer`; returns both
    /// as DER, the key's own first.
    pub(crate) fn certificates(&self, name: &str) -> Vec<Vec<u8>> {
        let id = "-sigopt distid:1234567812345678";
        self.key("root");
        self.run(&format!(
            "req -new -x509 -sm3 -key root.pem {id} -subj /CN=Root -days 30 -out root.cer"
        ));
        self.run(&format!(
            "req -new -sm3 -key {name}.pem {id} -subj /O=Unit/CN={name} -out {name}.csr"
        ));
        self.run(&format!(
            "x509 -req -sm3 -in {name}.csr -vfyopt distid:1234567812345678 {id} -CA root.cer -CAkey root.pem \
             -CAcreateserial -days 30 -out {name}.cer"
        ));
        [name, "root"]
            .map(|name| self.run(&format!("x509 -in {name}.cer -outform DER")))
            .to_vec()
    }
}

/// Says what was not tested where nobody can miss it: past the capture of the test harness.
pub(crate) fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
