//! Identifiers: UUIDs (version 7) that come from outside, one type per noun so that they cannot be mixed up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($( $(#[$doc:meta])* $name:ident; )+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<$name, uuid::Error> {
                text.parse().map($name)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> $name {
                $name(id)
            }
        }
    )+ };
}

ids! {
    /// An authority that makes seals (制发部门).
    AuthorityId;
    /// A unit that owns seals (单位).
    UnitId;
    /// A person.
    PersonId;
    /// A seal record (印章档案). Not the seal code inside the seal.
    SealId;
    /// An application (申请).
    ApplicationId;
    /// A unit's policy of use (用印管理制度).
    PolicyId;
    /// A request to use a seal (用印申请).
    UseId;
    /// A business system's licence to use a seal (用印授权).
    GrantId;
    /// A filing with one body (备案).
    FilingId;
    /// A business system (业务系统).
    SystemId;
    /// A device that holds keys (密钥盘, 签名验签服务器, …).
    DeviceId;
}
