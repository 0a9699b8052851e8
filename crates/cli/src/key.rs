//! `yinxin key`: private keys in the software store, from their making to their certificate.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use keys::{Error, KeyInfo, KeyStore, NewKey};
use pki::{Attribute, Certificate, CertificateRequest, Name};
use sealing::beijing_time;
use zeroize::Zeroizing;

use crate::common::{Context, Failure, print, read_small, refuse_existing, write_bytes};
use crate::key_store::{Holder, KeysArgs, chain, refuse_locked};
use crate::outline::{Table, short_time};
use crate::pin::{PinArgs, ask, ask_twice, read_secret};
use crate::trust::certificates_of;

/// 管理密钥：生成、导入、列出、改口令、申请证书、放入证书。
/// Keys: make, import, list, change the PIN, request and attach certificates.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    Create(Create),
    Import(Import),
    List(List),
    ChangePin(ChangePin),
    Csr(Csr),
    Certify(Certify),
}

/// 生成 SM2 密钥 / make an SM2 key
#[derive(clap::Args)]
struct Create {
    /// 密钥的标签，在库中唯一 / name of the key, unique in the store
    label: String,
    #[command(flatten)]
    keys: KeysArgs,
    #[command(flatten)]
    pin: PinArgs,
}

/// 导入 PKCS#8 或 PKCS#12 文件中的 SM2 私钥 / take in the SM2 key of a PKCS#8 or PKCS#12 file
#[derive(clap::Args)]
struct Import {
    /// 密钥文件（PEM 或 DER）/ key file (PEM or DER)
    file: PathBuf,
    /// 密钥的标签，在库中唯一 / name of the key, unique in the store
    #[arg(long)]
    label: String,
    /// 存有密钥文件密码的文件，“-”为标准输入；不给则在终端询问 /
    /// file that holds the password of the key file, "-" for standard input; otherwise it is asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    keys: KeysArgs,
    #[command(flatten)]
    pin: PinArgs,
}

/// 列出密钥 / list the keys
#[derive(clap::Args)]
struct List {
    #[command(flatten)]
    keys: KeysArgs,
}

/// 修改口令 / change the PIN
#[derive(clap::Args)]
struct ChangePin {
    /// 密钥的标签或编号 / label or id of the key
    key: String,
    /// 存有新口令的文件，“-”为标准输入；不给则在终端询问两次 /
    /// file that holds the new PIN, "-" for standard input; otherwise it is asked for twice
    #[arg(long, value_name = "FILE")]
    new_pin_file: Option<PathBuf>,
    #[command(flatten)]
    keys: KeysArgs,
    #[command(flatten)]
    pin: PinArgs,
}

/// 生成证书请求（PKCS#10，GM/T 0092）/ make a certificate request (PKCS#10, GM/T 0092)
#[derive(clap::Args)]
struct Csr {
    /// 密钥的标签或编号 / label or id of the key
    key: String,
    /// 证书主体名称，如 "C=CN,O=单位名称,CN=印章编码" / whom the certificate is to name
    #[arg(long, value_name = "NAME")]
    subject: String,
    /// 写到此文件；不给则写到标准输出 / write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 文件已存在时覆盖 / overwrite an existing file
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    keys: KeysArgs,
    #[command(flatten)]
    pin: PinArgs,
}

/// 放入 CA 签发的证书及其上级证书 / attach the certificate that a CA issued, and those above it
#[derive(clap::Args)]
struct Certify {
    /// 密钥的标签或编号 / label or id of the key
    key: String,
    /// 证书文件（PEM、DER、PKCS#7），先后不限 / certificate files (PEM, DER, PKCS#7), in any order
    #[arg(required = true, value_name = "CERT")]
    certificates: Vec<PathBuf>,
    #[command(flatten)]
    keys: KeysArgs,
}

/// Runs the command.
pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    match &args.action {
        Action::Create(args) => create(args, context)?,
        Action::Import(args) => import(args, context)?,
        Action::List(args) => return list(args, context),
        Action::ChangePin(args) => change_pin(args, context)?,
        Action::Csr(args) => csr(args, context)?,
        Action::Certify(args) => certify(args, context)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn create(args: &Create, context: &Context) -> Result<(), Failure> {
    let store = args.keys.open_or_make()?;
    refuse_taken(&store, &args.label)?;
    let pin = args.pin.new_pin(context)?;
    let new = NewKey {
        label: &args.label,
        pin: &pin,
        now: context.now,
    };
    let id = store.create(&new, &mut **context.rng())?;
    let info = store.find(&id.to_string())?;
    print(&context.language.pick(
        format!(
            "已生成 SM2 密钥“{}”\n  编号：{id}\n  口令连续错 {} 次，密钥即锁定且无法恢复。\n  下一步：yinxin key csr 生成证书请求，交 CA 签发。\n",
            info.label, info.tries_max,
        ),
        format!(
            "made the SM2 key {:?}\n  id: {id}\n  {} wrong PINs in a row lock it for good.\n  next: yinxin key csr makes a request for the CA.\n",
            info.label, info.tries_max,
        ),
    ))
}

/// A label that is taken is said before anybody has to think of a PIN.
fn refuse_taken(store: &KeyStore, label: &str) -> Result<(), Failure> {
    let taken = store
        .list()?
        .into_iter()
        .flatten()
        .any(|info| info.label == label);
    if taken {
        Err(Error::LabelTaken(label.to_owned()).into())
    } else {
        Ok(())
    }
}

fn import(args: &Import, context: &Context) -> Result<(), Failure> {
    let bytes = Zeroizing::new(read_small(&args.file)?);
    let store = args.keys.open_or_make()?;
    refuse_taken(&store, &args.label)?;
    let password = args.password_file.as_deref().map(read_secret).transpose()?;
    let pin = args.pin.new_pin(context)?;
    let new = NewKey {
        label: &args.label,
        pin: &pin,
        now: context.now,
    };
    let take = |password: Option<&str>| match password {
        Some(password) if is_pkcs12(&bytes) => {
            store.import_pkcs12(&bytes, password, &new, &mut **context.rng())
        }
        None if is_pkcs12(&bytes) => Err(Error::PasswordNeeded),
        password => store.import_pkcs8(&bytes, password, &new, &mut **context.rng()),
    };
    let id = match take(password.as_ref().map(|password| password.as_str())) {
        Err(Error::PasswordNeeded) => take(Some(&ask(context
            .language
            .pick("密钥文件的密码：", "password of the key file: "))?))?,
        outcome => outcome?,
    };
    let info = store.find(&id.to_string())?;
    let certificates = chain(&store, &info)?;
    let mut text = context.language.pick(
        format!("已导入 SM2 密钥“{}”\n  编号：{id}\n", info.label),
        format!("imported the SM2 key {:?}\n  id: {id}\n", info.label),
    );
    for certificate in &certificates {
        let label = context.language.pick("证书：", "certificate: ");
        let _ = writeln!(text, "  {label}{}", certificate.subject());
    }
    print(&text)
}

/// ```text
/// PFX ::= SEQUENCE { version INTEGER {v3(3)}, … }          -- RFC 7292 §4, often with indefinite length
/// PrivateKeyInfo ::= SEQUENCE { version INTEGER (0..1), … }
/// ```
fn is_pkcs12(bytes: &[u8]) -> bool {
    let &[0x30, length, ref rest @ ..] = bytes else {
        return false;
    };
    let length_octets = if length > 0x80 {
        usize::from(length & 0x7f)
    } else {
        0
    };
    rest.get(length_octets..)
        .is_some_and(|contents| contents.starts_with(&[2, 1, 3]))
}

fn list(args: &List, context: &Context) -> Result<ExitCode, Failure> {
    let store = args.keys.open()?;
    let language = context.language;
    let titles = language.pick(
        ["标签", "编号", "生成时间", "口令", "证书"],
        ["label", "id", "made", "PIN", "certificate"],
    );
    let mut table = Table::new(titles);
    let mut broken = Vec::new();
    for found in store.list()? {
        match found {
            Ok(info) => table.row(row(&store, &info, context)),
            Err(error) => broken.push(Failure::from(error)),
        }
    }
    if table.is_empty() && broken.is_empty() {
        print(language.pick("密钥库是空的。\n", "the key store is empty.\n"))?;
    } else {
        print(&table.to_string())?;
    }
    let codes: Vec<ExitCode> = broken.iter().map(|failure| failure.print(language)).collect();
    Ok(codes.first().copied().unwrap_or(ExitCode::SUCCESS))
}

fn row(store: &KeyStore, info: &KeyInfo, context: &Context) -> [String; 5] {
    let language = context.language;
    let pin = match (info.tries_left, info.tries_max) {
        (0, _) => language.pick("已锁定", "locked").to_owned(),
        (left, max) => language.pick(
            format!("可试 {left}/{max} 次"),
            format!("{left} of {max} tries left"),
        ),
    };
    let certificate = match chain(store, info) {
        Ok(chain) => chain.first().map_or_else(
            || language.pick("（无）", "(none)").to_owned(),
            |certificate| about(certificate, context),
        ),
        Err(_) => language.pick("（已损坏）", "(damaged)").to_owned(),
    };
    [
        info.label.clone(),
        info.id.to_string(),
        short_time(info.created),
        pin,
        certificate,
    ]
}

/// Subject and, where it matters, that the certificate is of no use today.
fn about(certificate: &Certificate, context: &Context) -> String {
    let subject = certificate.subject();
    if context.now > certificate.not_after() {
        return context
            .language
            .pick(format!("{subject}（已过期）"), format!("{subject} (expired)"));
    }
    if context.now < certificate.not_before() {
        return context.language.pick(
            format!("{subject}（尚未生效）"),
            format!("{subject} (not yet valid)"),
        );
    }
    subject.to_string()
}

fn change_pin(args: &ChangePin, context: &Context) -> Result<(), Failure> {
    let store = args.keys.open()?;
    let info = store.find(&args.key)?;
    refuse_locked(&info)?;
    let old = args.pin.existing(&info.label, context)?;
    let new = match &args.new_pin_file {
        Some(path) => read_secret(path)?,
        None => ask_twice(context)?,
    };
    store.change_pin(info.id, &old, &new, context.now, &mut **context.rng())?;
    print(&context.language.pick(
        format!("密钥“{}”的口令已修改。\n", info.label),
        format!("the PIN of the key {:?} was changed.\n", info.label),
    ))
}

fn csr(args: &Csr, context: &Context) -> Result<(), Failure> {
    let subject = Name::parse(&args.subject).map_err(|error| no_subject(args, &error.to_string()))?;
    let is_empty = |attribute: &Attribute| attribute.text.as_deref().is_none_or(str::is_empty);
    if subject.is_empty() || subject.attributes().iter().any(is_empty) {
        return Err(no_subject(args, "a part of it is empty"));
    }
    if let Some(out) = &args.out {
        refuse_existing(out, args.force)?;
    }
    let holder = Holder::unlock(&args.keys.open()?, &args.key, &args.pin, context)?;
    let request = CertificateRequest::sign(&subject, &holder.key).map_err(Failure::software)?;
    let pem = request.to_pem();
    let Some(out) = &args.out else { return print(&pem) };
    write_bytes(out, pem.as_bytes())?;
    let out = out.display();
    print(&context.language.pick(
        format!("证书请求已写入 {out}\n  主体：{subject}\n"),
        format!("wrote the certificate request to {out}\n  subject: {subject}\n"),
    ))
}

fn no_subject(args: &Csr, why: &str) -> Failure {
    let text = &args.subject;
    Failure::usage(
        format!("“{text}”不是主体名称（{why}）：请写成 C=CN,O=单位名称,CN=印章编码 的形式"),
        format!("{text:?} is no subject ({why}): write it as C=CN,O=…,CN=…"),
    )
}

fn certify(args: &Certify, context: &Context) -> Result<(), Failure> {
    let store = args.keys.open()?;
    let info = store.find(&args.key)?;
    let mut given = Vec::new();
    for path in &args.certificates {
        given.extend(certificates_of(path)?);
    }
    let own = given
        .iter()
        .position(|certificate| certificate.public_key().ok() == Some(&info.public_key));
    let Some(own) = own else {
        let first = given
            .first()
            .map(|certificate| certificate.subject().to_string())
            .unwrap_or_default();
        return Err(Failure::refused(
            format!("这些证书（{first} 等）都不是为密钥“{}”签发的", info.label),
            format!(
                "none of these certificates ({first}, …) was issued for the key {:?}",
                info.label
            ),
        ));
    };
    let leaf = given.remove(own);
    given.retain(|certificate| *certificate != leaf);
    let mut chain = vec![leaf.der().to_vec()];
    chain.extend(given.iter().map(|certificate| certificate.der().to_vec()));
    store.set_certificate(info.id, &chain)?;
    let (until, above) = (beijing_time(leaf.not_after(), context.language), given.len());
    print(&context.language.pick(
        format!("证书已放入密钥“{}”\n  主体：{}\n  有效期至：{until}\n  上级证书：{above} 张\n", info.label, about(&leaf, context)),
        format!(
            "attached the certificate to the key {:?}\n  subject: {}\n  valid until: {until}\n  certificates above it: {above}\n",
            info.label,
            about(&leaf, context)
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::is_pkcs12;

    #[test]
    fn pkcs12_is_told_from_pkcs8_in_any_form_of_length() {
        assert!(is_pkcs12(&[0x30, 0x82, 1, 0, 2, 1, 3, 0x30]));
        assert!(is_pkcs12(&[0x30, 0x80, 2, 1, 3, 0x30]));
        assert!(is_pkcs12(&[0x30, 0x05, 2, 1, 3, 0x30, 0]));
        for other in [
            &[][..],
            &[0x30],
            &[0x30, 0x84, 1],
            &[0x30, 0x81, 0x80, 2, 1, 0],
            b"-----BEGIN",
        ] {
            assert!(!is_pkcs12(other));
        }
    }
}
