//! The story as a whole: its people, its order, and how a line of it is told.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use impression::Font;
use jiff::Timestamp;
use serde_json::Value;

use crate::city::City;
use crate::failure::Failure;
use crate::people::{ACCOUNTS, PASSWORD, Person, write_accounts};
use crate::service::Service;

/// Where Debian's and Ubuntu's package fonts-noto-cjk puts the Song face; script/setup installs it.
const FONT: &str = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc";
/// How often something is looked at that is to come about.
const LOOK: Duration = Duration::from_millis(100);
/// How often at most: a minute.
const LOOKS_MAX: usize = 600;

/// Everything that a step of the story needs.
pub(crate) struct Story<'c> {
    pub(crate) city: &'c City,
    pub(crate) service: Service,
    pub(crate) people: Vec<Person>,
    pub(crate) clock: fn() -> Timestamp,
    pub(crate) font: Font,
    /// The city's authority.
    pub(crate) authority: String,
    /// The units.
    pub(crate) bureau: String,
    pub(crate) hospital: String,
    pub(crate) company: String,
}

/// A line of the story: the rule that it shows, what happened in Chinese and English.
pub(crate) struct Told<'a>(pub(crate) &'a str, pub(crate) &'a str, pub(crate) &'a str);

impl<'c> Story<'c> {
    pub(crate) fn begin(city: &'c City, clock: fn() -> Timestamp) -> Result<Self, Failure> {
        let font = std::fs::read(FONT).map_err(Failure::file(Path::new(FONT)))?;
        let font = Font::read(font, None).map_err(|error| Failure::Untrue(error.to_string()))?;
        Ok(Self {
            city,
            service: Service::new(&city.url),
            people: Vec::new(),
            clock,
            font,
            authority: String::new(),
            bureau: String::new(),
            hospital: String::new(),
            company: String::new(),
        })
    }

    /// Everything, in its order.
    pub(crate) fn tell(&mut self) -> Result<(), Failure> {
        chapter("一、城市 / The city");
        self.found_city()?;
        chapter("二、印章：申请、制作、备案、领取 / Seals: application, making, filing, collection");
        let seals = self.make_seals()?;
        chapter("三、用印 / Use");
        let sealed = self.use_seals(&seals)?;
        chapter("四、业务系统 / A business system");
        self.seal_under_grant(&seals)?;
        chapter("五、验证与篡改 / Verification, and a forger");
        self.verify(&sealed)?;
        chapter("六、停用、注销、查询 / Suspension, cancellation, query");
        self.end_seals(&seals)?;
        chapter("七、审计 / The audit");
        self.audit()?;
        chapter("八、备份与恢复 / Backup and restore");
        self.back_up()
    }

    /// Keeps the accounts for `sandbox code`.
    pub(crate) fn close(&self) -> Result<(), Failure> {
        write_accounts(&self.city.folder, &self.people)
    }

    pub(crate) fn who(&self, account: &str) -> Result<&Person, Failure> {
        let found = self.people.iter().find(|person| person.account == account);
        found.ok_or_else(|| Failure::Untrue(format!("没有账户 / no account {account}")))
    }

    /// A change by somebody, and its line.
    pub(crate) fn act(&self, who: &str, path: &str, body: &Value, told: &Told<'_>) -> Result<Value, Failure> {
        let answer = self.service.post(self.who(who)?, path, body)?;
        told.by(who);
        Ok(answer)
    }

    /// A change that the rules refuse, and its line.
    pub(crate) fn refused(
        &self,
        who: &str,
        path: &str,
        body: &Value,
        (code, told): (&str, &Told<'_>),
    ) -> Result<(), Failure> {
        let problem = self.service.refused(self.who(who)?, path, body, code)?;
        told.by(who);
        let article = problem["article"].as_str().unwrap_or_default();
        let title = problem["title"].as_str().unwrap_or_default();
        say_line(&format!("{:32}→ {code}：{title} {article}", ""));
        Ok(())
    }

    /// Waits until something holds.
    pub(crate) fn wait(
        &self,
        what: &str,
        mut holds: impl FnMut() -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        for _ in 0..LOOKS_MAX {
            if holds()? {
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
        Err(Failure::Late(what.to_owned()))
    }
}

impl Told<'_> {
    pub(crate) fn by(&self, who: &str) {
        let Told(rule, zh, en) = self;
        say_line(&format!("{rule:<10} {who:<20} {zh}\n{:32}{en}", ""));
    }
}

/// A member of an answer that is a text.
pub(crate) fn text<'v>(value: &'v Value, member: &str) -> Result<&'v str, Failure> {
    value[member].as_str().ok_or_else(|| Failure::Lacking {
        place: "回答 / answer".into(),
        what: member.into(),
        found: value.to_string(),
    })
}

/// Something that must hold for the story to be true.
pub(crate) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(Failure::Untrue(what()))
    }
}

fn chapter(title: &str) {
    say_line(&format!("\n==> {title}"));
}

pub(crate) fn say_line(line: &str) {
    // Whoever reads may have gone: no reason to leave programs running.
    let _ = writeln!(io::stdout(), "{line}");
}

/// What the sandbox leaves: address, accounts, files.
pub(crate) fn show_city(city: &City, people: &[Person], folder: &Path) {
    chapter("沙箱已就绪，仅供测试 / The sandbox is ready, for tests only");
    say_line(&format!("服务 / service           {}", city.url));
    say_line(&format!("时间戳 / time stamps     {}", city.clock));
    say_line(&format!(
        "公安备案（模拟）/ public security, simulated   {}",
        city.public_security.url()
    ));
    say_line(&format!(
        "主管部门（模拟）/ competent department, simulated   {}",
        city.department.url()
    ));
    say_line(&format!(
        "让公安出故障 / faults of public security   curl -X PUT {}out-of-order",
        city.public_security.faults_url()
    ));
    say_line(&format!(
        "口令（全部账户）/ password of all accounts   {PASSWORD}"
    ));
    say_line("账户 / accounts");
    for person in people {
        let (account, name) = (&person.account, &person.name);
        say_line(&format!("    {account:<22} {name}  {}", person.roles.join("；")));
    }
    let program = std::env::args().next().unwrap_or_else(|| "sandbox".into());
    let option = match folder == Path::new("demo/city") {
        true => String::new(),
        false => format!(" --city {}", folder.display()),
    };
    say_line(&format!(
        "动态码 / one-time codes   {program} code ACCOUNT{option}"
    ));
    say_line(&format!("文件 / files             {}", folder.display()));
    for (file, what) in [
        ("yinxin.toml", "服务的配置 / configuration of the service"),
        (
            "documents/",
            "文件，盖章前后和被篡改的 / documents: plain, sealed, tampered with",
        ),
        ("impressions/", "印章图像 / impressions"),
        ("audit.export, log.key", "日志和它的公钥 / the log and its key"),
        (ACCOUNTS, "账户和验证器密钥 / accounts with their authenticators"),
        ("yinxin.log, tsa.log", "服务的运行日志 / what the programs said"),
    ] {
        say_line(&format!("    {file:<22} {what}"));
    }
}
