//! The folder of a city: keys, certificates, trust, configuration, and the programs that run on them.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::Bureau;

use crate::failure::Failure;
use crate::programs::{Programs, run};

/// The file that says that a folder is a sandbox's, and that is locked while one runs there.
const MARK: &str = "sandbox";
/// The PIN of every key that is made here.
const PIN: &str = "sandbox keys 1";
/// Keys with their certificates: label, profile, subject.
const CERTIFIED: [(&str, &str, &str); 3] = [
    (
        "maker",
        "maker",
        "C=CN,O=示例市大数据局,OU=仅供测试 TEST ONLY,CN=示例市电子印章制作系统",
    ),
    (
        "clock",
        "tsa",
        "C=CN,O=示例市大数据局,OU=仅供测试 TEST ONLY,CN=示例市时间戳服务",
    ),
    (
        "licences",
        "signer",
        "C=CN,O=示例市大数据局,OU=仅供测试 TEST ONLY,CN=示例市电子证照系统",
    ),
];

/// A city with everything that its service needs, until it is dropped.
pub(crate) struct City {
    pub(crate) folder: PathBuf,
    /// The program `yinxin`.
    yinxin: PathBuf,
    /// 公安机关印章管理部门.
    pub(crate) public_security: Bureau,
    /// 同级电子印章主管部门.
    pub(crate) department: Bureau,
    /// Where the service answers.
    pub(crate) url: String,
    /// Where the time-stamp authority answers.
    pub(crate) clock: String,
    /// Held as long as the sandbox runs.
    _mark: File,
}

impl City {
    /// Makes the city anew and starts everything in it.
    pub(crate) fn found(folder: &Path, yinxin: &Path, programs: &Programs) -> Result<Self, Failure> {
        let mark = emptied(folder)?;
        let mut city = Self {
            folder: folder.to_owned(),
            yinxin: yinxin.to_owned(),
            public_security: Bureau::open(),
            department: Bureau::open(),
            url: String::new(),
            clock: String::new(),
            _mark: mark,
        };
        for name in ["documents", "impressions"] {
            fs::create_dir(city.path(name)).map_err(Failure::file(&city.path(name)))?;
        }
        for (name, text) in [("pin", PIN.to_owned()), ("yinxin.toml", city.configuration())] {
            city.write(name, text.as_bytes())?;
        }
        city.yinxin(&["ca", "init", "ca"], &[0])?;
        for (label, profile, subject) in CERTIFIED {
            city.certify(label, profile, subject)?;
        }
        city.yinxin(&["ca", "crl", "ca", "--out", "ca.crl"], &[0])?;
        city.yinxin(&["serve", "--config", "yinxin.toml", "--check"], &[0])?;
        city.clock = city.start(programs, &["tsa", "--key", "clock"], "tsa.log")?;
        city.url = city.start(programs, &["serve", "--config", "yinxin.toml"], "yinxin.log")?;
        Ok(city)
    }

    fn configuration(&self) -> String {
        format!(
            r#"# A city to try things in. Everything here is for tests only.
data = "data"

[audit]
origin = "sandbox.example/audit"
checkpoint_seconds = 5

[keys]
pin_file = "pin"

[http]
listen = "127.0.0.1:0"

[networks]
government = ["127.0.0.0/8", "::1"]

[trust]
anchors = "ca/trust"
certificates = ["ca/certs"]
crls = ["ca.crl"]

[making]
keys = "ca/keys"
pin_file = "pin"
maker = "maker"
maker_certificate = "maker.pem"
issuer = "issuing"
issuer_certificate = "ca/certs/issuing.pem"
days = 365
e_government = true

[filing]
public_security = "{}"
competent_department = "{}"
poll_seconds = 1

[log]
format = "text"
"#,
            self.public_security.url(),
            self.department.url()
        )
    }

    fn certify(&self, label: &str, profile: &str, subject: &str) -> Result<(), Failure> {
        let (request, certificate) = (format!("{label}.csr"), format!("{label}.pem"));
        let keys = ["--keys", "ca/keys"];
        self.yinxin(&[&["key", "create", label], &keys[..]].concat(), &[0])?;
        let ask = ["key", "csr", label, "--subject", subject, "--out", &request];
        self.yinxin(&[&ask[..], &keys].concat(), &[0])?;
        let issue = [
            "ca",
            "issue",
            "ca",
            "--csr",
            &request,
            "--profile",
            profile,
            "--out",
            &certificate,
        ];
        self.yinxin(&issue, &[0])?;
        self.yinxin(
            &[&["key", "certify", label, &certificate], &keys[..]].concat(),
            &[0],
        )?;
        fs::remove_file(self.path(&request)).map_err(Failure::file(&self.path(&request)))
    }

    /// Runs `yinxin` in the folder of the city, to one of these exit statuses; what it printed.
    pub(crate) fn yinxin(&self, arguments: &[&str], statuses: &[i32]) -> Result<String, Failure> {
        run(self.command().args(arguments), statuses)
    }

    fn start(&self, programs: &Programs, arguments: &[&str], log: &str) -> Result<String, Failure> {
        let keys: &[&str] = if arguments[0] == "tsa" {
            &["--keys", "ca/keys"]
        } else {
            &[]
        };
        programs.start(self.command().args(arguments).args(keys), &self.path(log))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.yinxin);
        command.current_dir(&self.folder).env("YINXIN_PIN", PIN);
        command
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path(name);
        fs::write(&path, bytes).map_err(Failure::file(&path))
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let path = self.path(name);
        fs::read(&path).map_err(Failure::file(&path))
    }

    /// The key of the business system, which signs its requests.
    pub(crate) fn system_key(&self) -> Result<keys::UnlockedKey, Failure> {
        let told = |error: keys::Error| Failure::Untrue(error.to_string());
        let store = keys::KeyStore::open(&self.path("ca/keys")).map_err(told)?;
        let found = store.find("licences").map_err(told)?;
        store.unlock(found.id, PIN).map_err(told)
    }
}

/// An empty folder, marked and locked. What a former sandbox left in it goes; anything else stays, and is refused.
fn emptied(folder: &Path) -> Result<File, Failure> {
    let mark = folder.join(MARK);
    fs::create_dir_all(folder).map_err(Failure::file(folder))?;
    let mut entries = fs::read_dir(folder).map_err(Failure::file(folder))?;
    if entries.next().is_some() && !mark.is_file() {
        return Err(Failure::NotOurs(folder.to_owned()));
    }
    let file = File::create(&mark).map_err(Failure::file(&mark))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Failure::Running(folder.to_owned())),
        Err(TryLockError::Error(source)) => return Err(Failure::file(&mark)(source)),
    }
    for entry in fs::read_dir(folder).map_err(Failure::file(folder))? {
        let path = entry.map_err(Failure::file(folder))?.path();
        if path == mark {
            continue;
        }
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.map_err(Failure::file(&path))?;
    }
    Ok(file)
}
