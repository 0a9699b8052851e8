//! `--keys`, `--pin-file`: the key store of a call, its errors in both languages, and unlocked keys.

use std::path::PathBuf;

use keys::{Error, KeyInfo, KeyStore, PIN_CHARS_MAX, PIN_CHARS_MIN, PinFault, UnlockedKey};
use pki::Certificate;

use crate::common::{Context, Failure};
use crate::pin::PinArgs;
use crate::words::io_words;

/// Where the keys are.
#[derive(clap::Args)]
pub(crate) struct KeysArgs {
    /// 密钥库目录 / folder of the key store
    #[arg(long, value_name = "DIR", default_value = "./keys")]
    pub(crate) keys: PathBuf,
}

impl KeysArgs {
    /// The store, made if it is missing.
    pub(crate) fn open_or_make(&self) -> Result<KeyStore, Failure> {
        Ok(KeyStore::open(&self.keys)?)
    }

    /// The store, which must be there: a mistyped folder is an error, not an empty store.
    pub(crate) fn open(&self) -> Result<KeyStore, Failure> {
        if !self.keys.is_dir() {
            let keys = self.keys.display();
            return Err(Failure::usage(
                format!("没有密钥库 {keys}：请用 --keys 指明目录，或先用 yinxin key create 生成密钥"),
                format!(
                    "there is no key store {keys}: name it with --keys, or make a key with yinxin key create"
                ),
            ));
        }
        self.open_or_make()
    }
}

/// A key that signs, and its certificates.
pub(crate) struct Holder {
    /// What is known of the key.
    pub(crate) info: KeyInfo,
    /// Signs.
    pub(crate) key: UnlockedKey,
    /// The certificates kept beside the key, its own first; may be empty.
    pub(crate) chain: Vec<Certificate>,
}

impl Holder {
    /// Finds the key by label or id and opens it with its PIN, which is only asked for when it may help.
    pub(crate) fn unlock(
        store: &KeyStore,
        name: &str,
        pin: &PinArgs,
        context: &Context,
    ) -> Result<Self, Failure> {
        let info = store.find(name)?;
        refuse_locked(&info)?;
        let chain = chain(store, &info)?;
        let key = store.unlock(info.id, &pin.existing(&info.label, context)?)?;
        let key = key.hedged(&mut **context.rng());
        Ok(Self { info, key, chain })
    }

    /// The certificate of the key.
    pub(crate) fn certificate(&self) -> Result<&Certificate, Failure> {
        self.chain.first().ok_or_else(|| {
            let label = &self.info.label;
            Failure::refused(
                format!("密钥“{label}”还没有证书：请先用 yinxin key certify 放入 CA 签发的证书"),
                format!("the key {label:?} has no certificate yet: attach the CA's with yinxin key certify"),
            )
        })
    }
}

/// The certificates kept beside a key, its own first.
pub(crate) fn chain(store: &KeyStore, info: &KeyInfo) -> Result<Vec<Certificate>, Failure> {
    let read = |der: &Vec<u8>| {
        Certificate::read(der).map_err(|error| {
            let label = &info.label;
            Failure::refused(
                format!("密钥“{label}”旁的证书无法读取（{error}）：请用 yinxin key certify 重新放入"),
                format!("a certificate beside the key {label:?} cannot be read ({error}): attach it again"),
            )
        })
    };
    store.certificates(info.id)?.iter().map(read).collect()
}

/// Saves asking for a PIN that cannot help.
pub(crate) fn refuse_locked(info: &KeyInfo) -> Result<(), Failure> {
    match info.tries_left {
        0 => Err(Error::Locked {
            id: info.id,
            tries_max: info.tries_max,
        }
        .into()),
        _ => Ok(()),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let zh = words(&error);
        let en = match &error {
            Error::Disk { source, .. } => format!("{error}: {source}"),
            _ => error.to_string(),
        };
        match error {
            Error::WrongPin { .. } | Error::Locked { .. } | Error::FolderOpenToOthers { .. } => {
                Failure::denied(zh, en)
            }
            Error::NoSuchKey(_)
            | Error::AmbiguousLabel { .. }
            | Error::BadLabel(_)
            | Error::LabelTaken(_) => Failure::usage(zh, en),
            _ => Failure::refused(zh, en),
        }
    }
}

/// The error in Chinese; details that only a technician can use are in the English text.
fn words(error: &Error) -> String {
    match error {
        Error::WrongPin { left: 0, tries_max } => format!("口令错误；已连续错 {tries_max} 次，密钥已锁定"),
        Error::WrongPin { left, tries_max } => {
            format!("口令错误；连续错 {tries_max} 次将锁定，还可再试 {left} 次")
        }
        Error::Locked { id, tries_max } => {
            format!(
                "密钥 {id} 已因连续 {tries_max} 次口令错误而锁定，无法在此解锁：请向签发机构申请重置口令或更换密钥"
            )
        }
        Error::WeakPin(fault) => format!("新口令太弱：{}；请另设口令", pin_words(*fault)),
        Error::SamePin => "新口令与旧口令相同；请另设口令".into(),
        Error::NoSuchKey(name) => {
            format!("密钥库中没有密钥“{name}”：请用 yinxin key list 查看现有密钥")
        }
        Error::AmbiguousLabel { label, count } => format!("有 {count} 个密钥都叫“{label}”：请改用编号"),
        Error::KeyExists { id, label } => format!("该密钥已在库中：{id}（“{label}”）"),
        Error::LabelTaken(label) => format!("标签“{label}”已被另一密钥使用：请另取一个"),
        Error::BadLabel(label) => {
            format!(
                "标签“{label}”不可用：须为 1 至 {} 个字符，不含控制字符，首尾无空格，且不是密钥编号的形式",
                keys::LABEL_CHARS_MAX
            )
        }
        Error::CertificateOfAnotherKey => "证书属于另一个密钥：请使用为本密钥签发的证书".into(),
        Error::PasswordNeeded => "密钥文件是加密的：请用 --password-file 给出其密码".into(),
        Error::WrongPassword => "密码错误，或密钥文件已损坏".into(),
        Error::NotSm2(what) => format!("不是 SM2 密钥（算法或曲线为 {what}）；电子印章须用 SM2"),
        Error::NoKey => "文件中没有私钥".into(),
        Error::SeveralKeys(count) => format!("文件中有 {count} 个 SM2 密钥：请只保留签名密钥后再导入"),
        Error::HalvesDiffer => "文件中的私钥与公钥不是一对".into(),
        Error::FolderOpenToOthers { path, mode } => {
            let path = path.display();
            format!("密钥库目录 {path} 对其他用户开放（权限 {mode:o}）：请先执行 chmod 700 {path}")
        }
        Error::Damaged { path, what } => {
            format!("{} 已损坏（{what}）：请从备份恢复整个密钥库目录", path.display())
        }
        Error::Altered { path, what } => {
            format!(
                "{} 被他人改动过（{what}）：请停用此密钥并重新申请",
                path.display()
            )
        }
        Error::OlderCopy { path } => {
            format!("{} 是旧的副本：如来自备份，请恢复整个密钥库目录", path.display())
        }
        Error::Disk { path, source, .. } => format!("无法读写 {}：{}", path.display(), io_words(source)),
        Error::Malformed(_) | Error::Unsupported { .. } | Error::TooManyIterations | Error::TooBig { .. } => {
            "无法读取密钥文件：请提供 PKCS#8 或 PKCS#12 格式的 SM2 密钥".into()
        }
        _ => "密钥库操作未完成".into(),
    }
}

fn pin_words(fault: PinFault) -> String {
    match fault {
        PinFault::TooShort { chars } => format!("只有 {chars} 个字符，至少须 {PIN_CHARS_MIN} 个"),
        PinFault::TooLong { chars } => format!("有 {chars} 个字符，至多 {PIN_CHARS_MAX} 个"),
        PinFault::ControlCharacter => "含有换行等控制字符".into(),
        PinFault::AllTheSame => "所有字符都相同".into(),
        PinFault::Sequence => "字符只是依次递增或递减".into(),
    }
}
