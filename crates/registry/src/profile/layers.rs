//! Layers as they are written down (TOML), and how they make a profile.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::application::MaterialKind;
use crate::refusal::{Article, Rule};
use crate::role::Network;
use crate::seal::DeviceKind;

use super::{DocumentTypeRow, FilingDuty, MaterialRule, Profile, ProfileId, ReasonRule, begin_of};

/// The profiles that come with the program.
const BUILT_IN: [&str; 4] = [
    include_str!("../../profiles/cn.toml"),
    include_str!("../../profiles/xian.toml"),
    include_str!("../../profiles/wuhu.toml"),
    include_str!("../../profiles/inner-mongolia.toml"),
];

/// Layers on top of each other at most.
const LAYERS_MAX: usize = 8;

/// Bytes of a layer's text at most.
const LAYER_BYTES_MAX: usize = 256 * 1024;

/// One regulation as data. Only a base says everything; a layer on top says what differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Its name.
    pub id: ProfileId,
    /// The layer below; none for a base.
    pub base: Option<ProfileId>,
    /// Name and number of the regulation, as refusals cite it.
    pub regulation: String,
    /// First day in force.
    pub first_day: Date,
    /// Last day in force; open when none.
    pub last_day: Option<Date>,
    /// What the operator should know about it.
    #[serde(default)]
    pub note: String,
    /// The same in Chinese.
    #[serde(default)]
    pub note_zh: String,
    /// See [`Profile::filing`].
    pub filing: Option<Vec<FilingDuty>>,
    /// See [`Profile::use_before_filing`].
    pub use_before_filing: Option<bool>,
    /// See [`Profile::renewal_months`].
    pub renewal_months: Option<u8>,
    /// See [`Profile::late_renewal_days`].
    pub late_renewal_days: Option<u16>,
    /// See [`Profile::password_days_max`].
    pub password_days_max: Option<u16>,
    /// See [`Profile::password_history`].
    pub password_history: Option<u8>,
    /// See [`Profile::networks`].
    pub networks: Option<Vec<Network>>,
    /// See [`Profile::dedicated_devices`].
    pub dedicated_devices: Option<bool>,
    /// See [`Profile::device_kinds`].
    pub device_kinds: Option<Vec<DeviceKind>>,
    /// See [`Profile::old_device_returned`].
    pub old_device_returned: Option<bool>,
    /// See [`Profile::materials`].
    pub materials: Option<Vec<MaterialRule>>,
    /// See [`Profile::certificate_replaces`].
    pub certificate_replaces: Option<Vec<MaterialKind>>,
    /// See [`Profile::physical_seal_first`].
    pub physical_seal_first: Option<bool>,
    /// See [`Profile::principal_consent`].
    pub principal_consent: Option<bool>,
    /// See [`Profile::review_days_max`].
    pub review_days_max: Option<u16>,
    /// See [`Profile::reasons`].
    pub reasons: Option<Vec<ReasonRule>>,
    /// See [`Profile::suspension`].
    pub suspension: Option<bool>,
    /// See [`Profile::ex_officio`].
    pub ex_officio: Option<bool>,
    /// See [`Profile::scheduled_change`].
    pub scheduled_change: Option<bool>,
    /// See [`Profile::government_certificate`].
    pub government_certificate: Option<bool>,
    /// See [`Profile::document_types`].
    pub document_types: Option<Vec<DocumentTypeRow>>,
    /// Rule → article.
    #[serde(default)]
    pub articles: BTreeMap<Rule, String>,
}

/// Why a set of layers makes no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileFault {
    /// Not the form that is asked for.
    #[error("the profile cannot be read: {0}")]
    Malformed(String),
    /// Too long.
    #[error("a profile has at most {LAYER_BYTES_MAX} bytes, this one has {bytes}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Two of the same name.
    #[error("there are two profiles named {0}; rename one")]
    Doubled(ProfileId),
    /// Nobody knows it.
    #[error("there is no profile named {0}; name one that exists")]
    Unknown(ProfileId),
    /// Bases that lead back, or too many of them.
    #[error("the bases of {0} go round in a circle or are more than {LAYERS_MAX}; make one of them a base")]
    Circular(ProfileId),
    /// No layer in force says it.
    #[error("no layer of {profile} that is in force says {field}; add it to the base")]
    Incomplete {
        /// The profile.
        profile: ProfileId,
        /// What is missing.
        field: &'static str,
    },
}

impl Layer {
    /// Read a layer from TOML.
    pub fn parse(text: &str) -> Result<Layer, ProfileFault> {
        if text.len() > LAYER_BYTES_MAX {
            return Err(ProfileFault::TooLong { bytes: text.len() });
        }
        toml::from_str(text).map_err(|fault| ProfileFault::Malformed(fault.to_string()))
    }

    fn in_force(&self, at: Timestamp) -> bool {
        let ended = |day: Date| day.tomorrow().is_ok_and(|next| begin_of(next) <= at);
        begin_of(self.first_day) <= at && !self.last_day.is_some_and(ended)
    }
}

/// The profiles that an installation knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profiles {
    layers: BTreeMap<ProfileId, Layer>,
}

impl Profiles {
    /// Those that come with the program, and the operator's own. Every one must be complete today and always.
    pub fn new(own: impl IntoIterator<Item = Layer>) -> Result<Profiles, ProfileFault> {
        let mut layers = BTreeMap::new();
        for text in BUILT_IN {
            let layer = Layer::parse(text)?;
            layers.insert(layer.id.clone(), layer);
        }
        for layer in own {
            if layers.contains_key(&layer.id) {
                return Err(ProfileFault::Doubled(layer.id));
            }
            layers.insert(layer.id.clone(), layer);
        }
        let profiles = Profiles { layers };
        for id in profiles.layers.keys() {
            // A local layer may end and leave its base, so the base alone must be complete.
            let chain = profiles.chain(id)?;
            let base = chain.last().map_or(id, |layer| &layer.id);
            resolve(base, &chain[chain.len() - 1..])?;
        }
        Ok(profiles)
    }

    /// The names of all profiles.
    pub fn ids(&self) -> impl Iterator<Item = &ProfileId> {
        self.layers.keys()
    }

    /// One regulation as it is written down.
    pub fn layer(&self, id: &ProfileId) -> Option<&Layer> {
        self.layers.get(id)
    }

    /// What the rules of a place ask at that time. The base counts as in force always, because something must.
    pub fn in_force(&self, id: &ProfileId, at: Timestamp) -> Result<Profile, ProfileFault> {
        let chain = self.chain(id)?;
        let base = chain.len() - 1; // a chain has at least the layer itself
        let counts = |place: usize| place == base || chain[place].in_force(at);
        let layers: Vec<&Layer> = (0..chain.len())
            .filter(|place| counts(*place))
            .map(|place| chain[place])
            .collect();
        resolve(id, &layers)
    }

    /// A layer and those below it, down to the base.
    fn chain(&self, id: &ProfileId) -> Result<Vec<&Layer>, ProfileFault> {
        let mut chain = Vec::new();
        let mut next = Some(id);
        while let Some(wanted) = next {
            if chain.len() == LAYERS_MAX {
                return Err(ProfileFault::Circular(id.clone()));
            }
            let layer = self
                .layers
                .get(wanted)
                .ok_or_else(|| ProfileFault::Unknown(wanted.clone()))?;
            chain.push(layer);
            next = layer.base.as_ref();
        }
        Ok(chain)
    }
}

/// The first layer that says something is heard.
fn resolve(id: &ProfileId, layers: &[&Layer]) -> Result<Profile, ProfileFault> {
    macro_rules! first {
        ($field:ident) => {
            layers
                .iter()
                .find_map(|layer| layer.$field.clone())
                .ok_or(ProfileFault::Incomplete {
                    profile: id.clone(),
                    field: stringify!($field),
                })?
        };
    }
    let mut articles = BTreeMap::new();
    for layer in layers {
        for (rule, article) in &layer.articles {
            articles.entry(*rule).or_insert_with(|| Article {
                profile: layer.id.clone(),
                regulation: layer.regulation.clone(),
                article: article.clone(),
            });
        }
    }
    Ok(Profile {
        id: id.clone(),
        layers: layers.iter().map(|layer| layer.id.clone()).collect(),
        filing: first!(filing),
        use_before_filing: first!(use_before_filing),
        renewal_months: first!(renewal_months),
        late_renewal_days: first!(late_renewal_days),
        password_days_max: first!(password_days_max),
        password_history: first!(password_history),
        networks: first!(networks),
        dedicated_devices: first!(dedicated_devices),
        device_kinds: first!(device_kinds),
        old_device_returned: first!(old_device_returned),
        materials: first!(materials),
        certificate_replaces: first!(certificate_replaces),
        physical_seal_first: first!(physical_seal_first),
        principal_consent: first!(principal_consent),
        review_days_max: first!(review_days_max),
        reasons: first!(reasons),
        suspension: first!(suspension),
        ex_officio: first!(ex_officio),
        scheduled_change: first!(scheduled_change),
        government_certificate: first!(government_certificate),
        document_types: first!(document_types),
        articles,
    })
}
