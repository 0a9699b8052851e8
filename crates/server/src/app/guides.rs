//! What applying for something about a seal takes, as the profile in force says it; and how an application went.

use std::collections::BTreeMap;

use registry::application::{ApplicationEvent, ApplicationKind, MaterialKind};
use registry::seal::Reason;
use registry::{ApplicationId, Rule, SealRecord};
use store::RecordedEvent;

use super::act::Caller;
use super::{Error, Service};

/// What a kind of application takes.
#[derive(Debug)]
pub(crate) struct Guide {
    /// Documents that are always needed.
    pub(crate) materials: Vec<MaterialKind>,
    /// Reasons that may be given, with the documents that each needs besides.
    pub(crate) reasons: BTreeMap<Reason, Vec<MaterialKind>>,
    /// On what it rests, if the profile names an article.
    pub(crate) article: Option<String>,
    /// Whether the profile offers it.
    pub(crate) offered: bool,
}

impl Service {
    /// What an application about a seal takes.
    pub(crate) async fn guide(&self, seal: &SealRecord, kind: ApplicationKind) -> Result<Guide, Error> {
        let authority = self.authority(seal.authority).await?;
        let profile = self.profiles.in_force(&authority.profile, self.outside.now())?;
        let class = seal.kind.class();
        let materials = profile.needed_materials(kind, class, None);
        let mut reasons = BTreeMap::new();
        for row in profile
            .reasons
            .iter()
            .filter(|row| row.applications.contains(&kind))
        {
            let mut more = profile.needed_materials(kind, class, Some(row.reason));
            more.retain(|one| !materials.contains(one));
            reasons.insert(row.reason, more);
        }
        let suspends = matches!(kind, ApplicationKind::Suspend | ApplicationKind::Resume);
        Ok(Guide {
            materials,
            reasons,
            article: rule(kind).map(|rule| profile.article(rule).to_string()),
            offered: profile.suspension || !suspends,
        })
    }

    /// Everything that happened to an application, for those who may read it.
    pub(crate) async fn application_history(
        &self,
        caller: &Caller,
        id: ApplicationId,
    ) -> Result<Vec<RecordedEvent<ApplicationEvent>>, Error> {
        self.readable_application(caller, id).await?;
        Ok(self.store.read().await?.application_events(id).await?)
    }
}

/// The requirement that a kind of application serves.
fn rule(kind: ApplicationKind) -> Option<Rule> {
    let number = match kind {
        ApplicationKind::Make => 16,
        ApplicationKind::Renew => 60,
        ApplicationKind::Change => 61,
        ApplicationKind::Cancel => 63,
        ApplicationKind::Suspend | ApplicationKind::Resume => 42,
        ApplicationKind::ResetPin => 46,
        ApplicationKind::ReplaceDevice => 65,
    };
    Rule::new(number)
}
