//! `yinxin ca`: a CA for demonstrations and tests, marked as such in everything it issues.
//!
//! ```text
//! DIR/ca.json             what was issued and revoked
//! DIR/keys/               the keys of root and issuing CA, a key store
//! DIR/trust/root.pem      for `yinxin verify --trust DIR/trust`
//! DIR/certs/issuing.pem   for `yinxin verify --certs DIR/certs`
//! DIR/issued/SERIAL.pem   every certificate that was issued
//! ```

mod issue;
mod register;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use keys::{KeyStore, NewKey};
use pki::{Certificate, CertificateRequest, CrlTemplate, Issuer, Name, RevokedCertificate, write_pem};
use sealing::beijing_time;

use crate::common::{Context, Failure, print, read_small, refuse_existing, write_bytes};
use crate::key_store::Holder;
use crate::outline::{Table, short_time};
use crate::pin::PinArgs;
use crate::trust::certificates_of;

use issue::{Profile, draft, marked};
use register::{Authority, Entry, Reason, Register, Revoked};

/// Days that the root is valid.
const ROOT_DAYS: u32 = 20 * 365;
/// Days that an issuing CA is valid.
const CA_DAYS: u32 = 10 * 365;
/// Days that other certificates are valid unless `--days` says otherwise.
const LEAF_DAYS: u32 = 3 * 365;
/// Longest validity that `--days` takes, in days.
const DAYS_MAX: i64 = 36_500;

/// 测试 CA：仅供演示和测试，其证书不具法律效力。
/// A test CA, for demonstrations and tests only: its certificates have no legal effect.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    Init(Init),
    Issue(Issue),
    Revoke(Revoke),
    Crl(MakeCrl),
    List(List),
}

/// 建立测试 CA：根证书和签发证书 / set up a root and an issuing CA
#[derive(clap::Args)]
struct Init {
    /// CA 的目录 / folder of the CA
    dir: PathBuf,
    #[command(flatten)]
    pin: PinArgs,
}

/// 按证书请求签发证书 / issue a certificate for a request
#[derive(clap::Args)]
struct Issue {
    /// CA 的目录 / folder of the CA
    dir: PathBuf,
    /// 证书请求（PKCS#10）/ certificate request (PKCS#10)
    #[arg(long, value_name = "FILE")]
    csr: PathBuf,
    /// 证书用途 / what the certificate is for
    #[arg(long, value_enum)]
    profile: Profile,
    /// 有效天数 / days of validity [default: maker, signer, tsa 1095; ca 3650]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=DAYS_MAX))]
    days: Option<u32>,
    /// 证书及其上级证书写到此文件（PEM）/ write the certificate and the one above it to this file (PEM)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 文件已存在时覆盖 / overwrite an existing file
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pin: PinArgs,
}

/// 撤销证书；之后用 ca crl 签发新的撤销列表 / revoke a certificate; ca crl then says so
#[derive(clap::Args)]
struct Revoke {
    /// CA 的目录 / folder of the CA
    dir: PathBuf,
    /// 证书文件，或十六进制序列号 / certificate file, or serial number in hexadecimal
    #[arg(value_name = "CERT")]
    certificate: String,
    /// 撤销原因 / why
    #[arg(long, value_enum, default_value_t = Reason::Unspecified)]
    reason: Reason,
    /// 撤销时间，如 2026-01-31T12:00:00+08:00；不给则为现在 / when, instead of now
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

/// 签发证书撤销列表 / issue the revocation list
#[derive(clap::Args)]
struct MakeCrl {
    /// CA 的目录 / folder of the CA
    dir: PathBuf,
    /// 写到此文件（DER），旧的列表会被覆盖 / write to this file (DER), in the place of an older list
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// 由谁签发 / whose list
    #[arg(long, value_enum, default_value_t = Authority::Issuing)]
    issuer: Authority,
    /// 多少天后应有下一份 / days until the next list is due
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=DAYS_MAX))]
    days: u32,
    #[command(flatten)]
    pin: PinArgs,
}

/// 列出签发的证书 / list what was issued
#[derive(clap::Args)]
struct List {
    /// CA 的目录 / folder of the CA
    dir: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    match &args.action {
        Action::Init(args) => init(args, context),
        Action::Issue(args) => issue(args, context),
        Action::Revoke(args) => revoke(args, context),
        Action::Crl(args) => crl(args, context),
        Action::List(args) => list(args, context),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Printed with everything that is issued.
fn warning(context: &Context) -> &'static str {
    context.language.pick(
        "注意：测试 CA，仅供演示和测试，不具法律效力；切勿加入正式的信任锚。\n",
        "note: a test CA, for demonstrations and tests only, without legal effect; never trust it in earnest.\n",
    )
}

fn init(args: &Init, context: &Context) -> Result<(), Failure> {
    let dir = &args.dir;
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        let dir = dir.display();
        return Err(Failure::refused(
            format!("{dir} 不是空目录：请换一个目录，已有的 CA 不会被覆盖"),
            format!("{dir} is not empty: take another folder, an existing CA is never overwritten"),
        ));
    }
    let pin = args.pin.new_pin(context)?;
    for folder in ["", "trust", "certs", "issued"] {
        let folder = dir.join(folder);
        fs::create_dir_all(&folder).map_err(|error| Failure::output(&folder, &error))?;
    }
    let store = KeyStore::open(&dir.join("keys"))?;
    let make = |label| -> Result<_, Failure> {
        let new = NewKey {
            label,
            pin: &pin,
            now: context.now,
        };
        let id = store.create(&new, &mut **context.rng())?;
        Ok(store.unlock(id, &pin)?.hedged(&mut **context.rng()))
    };
    let (root_key, issuing_key) = (make(Authority::Root.label())?, make(Authority::Issuing.label())?);
    let subject = |name| Name::parse(&format!("C=CN, O=印信测试（仅供测试） TEST ONLY, CN={name}"));
    let root = issue::root(
        &subject("印信测试根 CA TEST ROOT").map_err(Failure::software)?,
        &root_key,
        context,
    )?;
    let issuing = subject("印信测试签发 CA TEST CA").map_err(Failure::software)?;
    let template = draft(Profile::Ca, issuing, CA_DAYS, &root, context)?;
    let issuing = pki::issue(
        &template,
        gm::Signer::public_key(&issuing_key),
        Issuer::Certificate(&root),
        &root_key,
    )
    .map_err(Failure::software)?;
    write_certificates(&dir.join(Authority::Root.file()), &[&root])?;
    write_certificates(&dir.join(Authority::Issuing.file()), &[&issuing])?;
    let register = Register::new(dir, Entry::new(&issuing, Profile::Ca, Authority::Root));
    register.save()?;
    let shown = dir.display();
    print(&context.language.pick(
        format!("已建立测试 CA：{shown}\n  信任锚：{shown}/trust\n  中间证书：{shown}/certs\n"),
        format!("set up the test CA {shown}\n  trust anchor: {shown}/trust\n  intermediate certificate: {shown}/certs\n"),
    ))?;
    print(warning(context))
}

fn issue(args: &Issue, context: &Context) -> Result<(), Failure> {
    let mut register = Register::open(&args.dir)?;
    if let Some(out) = &args.out {
        refuse_existing(out, args.force)?;
    }
    let bytes = read_small(&args.csr)?;
    let request = CertificateRequest::read(&bytes).map_err(|error| not_a_request(&args.csr, &error))?;
    let authority = args.profile.issuer();
    let issuer = authority_certificate(&args.dir, authority)?;
    let days = args.days.unwrap_or(if args.profile == Profile::Ca {
        CA_DAYS
    } else {
        LEAF_DAYS
    });
    let template = draft(args.profile, marked(request.subject())?, days, &issuer, context)?;
    let holder = unlock(&args.dir, authority, &args.pin, context)?;
    let certificate = pki::issue(
        &template,
        request.public_key(),
        Issuer::Certificate(&issuer),
        &holder.key,
    )
    .map_err(Failure::software)?;
    let kept = args
        .dir
        .join("issued")
        .join(format!("{}.pem", certificate.serial_hex()));
    write_certificates(&kept, &[&certificate])?;
    register.add(Entry::new(&certificate, args.profile, authority))?;
    if let Some(out) = &args.out {
        write_certificates(out, &[&certificate, &issuer])?;
    }
    let file = args.out.as_ref().unwrap_or(&kept).display();
    let (serial, subject) = (certificate.serial_hex(), certificate.subject());
    let until = beijing_time(certificate.not_after(), context.language);
    print(&context.language.pick(
        format!("已签发证书：{file}\n  主体：{subject}\n  序列号：{serial}\n  有效期至：{until}\n"),
        format!("issued {file}\n  subject: {subject}\n  serial number: {serial}\n  valid until: {until}\n"),
    ))?;
    print(warning(context))
}

fn not_a_request(path: &Path, error: &pki::Error) -> Failure {
    let file = path.display();
    match error {
        pki::Error::ProofOfPossession(_) => Failure::refused(
            format!("{file} 中证书请求的签名不成立：请求者未证明持有私钥，不予签发"),
            format!("{file}: {error}"),
        ),
        _ => Failure::refused(
            format!("{file} 不是可用的 SM2 证书请求（{error}）：请用 yinxin key csr 生成"),
            format!("{file} is no usable SM2 certificate request ({error}): make one with yinxin key csr"),
        ),
    }
}

fn revoke(args: &Revoke, context: &Context) -> Result<(), Failure> {
    let mut register = Register::open(&args.dir)?;
    let at = args.at.unwrap_or(context.now);
    if at > context.now {
        return Err(Failure::usage(
            "撤销时间不能在将来",
            "a certificate cannot be revoked in the future",
        ));
    }
    let serial = match Path::new(&args.certificate) {
        path if path.is_file() => certificates_of(path)?[0].serial_hex(),
        _ => args.certificate.replace(':', "").to_uppercase(),
    };
    let dir = args.dir.display();
    let entry = register.find(&serial).ok_or_else(|| {
        Failure::refused(
            format!("{dir} 没有签发过序列号为 {serial} 的证书：请用 yinxin ca list {dir} 查看"),
            format!("{dir} issued no certificate with serial number {serial}: see yinxin ca list {dir}"),
        )
    })?;
    if let Some(revoked) = &entry.revoked {
        let since = beijing_time(revoked.at, context.language);
        return Err(Failure::refused(
            format!("该证书已于 {since} 撤销"),
            format!("this certificate was revoked before, at {since}"),
        ));
    }
    entry.revoked = Some(Revoked {
        at,
        reason: args.reason,
    });
    let (subject, issuer) = (entry.subject.clone(), entry.issuer);
    register.save()?;
    let at = beijing_time(at, context.language);
    let option = match issuer {
        Authority::Issuing => "",
        Authority::Root => " --issuer root",
    };
    print(&context.language.pick(
        format!("已撤销：{subject}\n  撤销时间：{at}\n  下一步：yinxin ca crl {dir}{option} --out FILE 签发撤销列表\n"),
        format!("revoked {subject}\n  at: {at}\n  next: yinxin ca crl {dir}{option} --out FILE issues the list that says so\n"),
    ))
}

fn crl(args: &MakeCrl, context: &Context) -> Result<(), Failure> {
    let mut register = Register::open(&args.dir)?;
    let issuer = authority_certificate(&args.dir, args.issuer)?;
    let holder = unlock(&args.dir, args.issuer, &args.pin, context)?;
    let revoked: Vec<RevokedCertificate> = register.revoked_by(args.issuer)?;
    let template = CrlTemplate {
        this_update: context.now,
        next_update: Some(issue::days_after(context.now, args.days)?),
        number: register.next_crl_number(args.issuer),
        revoked,
        extensions: Vec::new(),
    };
    let crl = pki::issue_crl(&template, &issuer, &holder.key).map_err(Failure::software)?;
    // The number first: a list that was never written leaves a gap, a number used twice would not be noticed.
    register.save()?;
    write_bytes(&args.out, crl.der())?;
    let (out, count) = (args.out.display(), crl.len());
    let next = template
        .next_update
        .map(|next| beijing_time(next, context.language))
        .unwrap_or_default();
    print(&context.language.pick(
        format!(
            "已签发证书撤销列表：{out}\n  签发者：{}\n  撤销证书：{count} 张\n  下次更新：{next}\n",
            crl.issuer()
        ),
        format!(
            "issued the revocation list {out}\n  issuer: {}\n  revoked: {count}\n  next update: {next}\n",
            crl.issuer()
        ),
    ))
}

fn list(args: &List, context: &Context) -> Result<(), Failure> {
    let register = Register::open(&args.dir)?;
    let titles = context.language.pick(
        ["序列号", "用途", "有效期至", "状态", "主体"],
        ["serial number", "profile", "valid until", "state", "subject"],
    );
    let mut table = Table::new(titles);
    for entry in register.entries() {
        table.row([
            entry.serial.clone(),
            entry.profile.name().to_owned(),
            short_time(entry.not_after),
            state(entry, context),
            entry.subject.clone(),
        ]);
    }
    print(&table.to_string())?;
    print(warning(context))
}

fn state(entry: &Entry, context: &Context) -> String {
    let language = context.language;
    match &entry.revoked {
        Some(revoked) => {
            let (at, reason) = (short_time(revoked.at), revoked.reason.name());
            language.pick(format!("已撤销 {at} {reason}"), format!("revoked {at} {reason}"))
        }
        None if context.now > entry.not_after => language.pick("已过期", "expired").to_owned(),
        None => language.pick("有效", "valid").to_owned(),
    }
}

fn unlock(dir: &Path, authority: Authority, pin: &PinArgs, context: &Context) -> Result<Holder, Failure> {
    Holder::unlock(
        &KeyStore::open(&dir.join("keys"))?,
        authority.label(),
        pin,
        context,
    )
}

fn authority_certificate(dir: &Path, authority: Authority) -> Result<Certificate, Failure> {
    let path = dir.join(authority.file());
    Ok(certificates_of(&path)?.swap_remove(0))
}

fn write_certificates(path: &Path, certificates: &[&Certificate]) -> Result<(), Failure> {
    let pem: String = certificates
        .iter()
        .map(|certificate| write_pem("CERTIFICATE", certificate.der()))
        .collect();
    write_bytes(path, pem.as_bytes())
}
