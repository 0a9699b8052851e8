//! Why something is not done: the code, the rule, the article that it rests on, and words for people.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Subject;
use crate::profile::ProfileId;
use crate::role::Actor;

mod code;
mod terms;

pub use code::Code;

/// Number of a requirement: R1 to R95 of docs/standards/regulations.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rule(u8);

/// The text is no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rule is R1 to R95; this text is not")]
pub struct RuleFault;

impl Rule {
    /// The rule with this number, if there is one.
    pub const fn new(number: u8) -> Option<Rule> {
        if number >= 1 && number <= 95 {
            Some(Rule(number))
        } else {
            None
        }
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R{}", self.0)
    }
}

impl FromStr for Rule {
    type Err = RuleFault;

    fn from_str(text: &str) -> Result<Rule, RuleFault> {
        let number = text.strip_prefix('R').and_then(|digits| digits.parse().ok());
        number.and_then(Rule::new).ok_or(RuleFault)
    }
}

impl TryFrom<String> for Rule {
    type Error = RuleFault;

    fn try_from(text: String) -> Result<Rule, RuleFault> {
        text.parse()
    }
}

impl From<Rule> for String {
    fn from(rule: Rule) -> String {
        rule.to_string()
    }
}

/// Where a rule stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// The profile that cites it.
    pub profile: ProfileId,
    /// The regulation, such as 《西安市政务电子印章管理办法（试行）》.
    pub regulation: String,
    /// The article, such as 第十九条.
    pub article: String,
}

impl fmt::Display for Article {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.regulation, self.article)
    }
}

/// Chinese or English.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// 中文.
    #[default]
    Zh,
    /// English.
    En,
}

/// A command that is not carried out, and why. [`Profile::refuse`](crate::Profile::refuse) makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable name of what is wrong.
    pub code: Code,
    /// The requirement.
    pub rule: Rule,
    /// The article of the profile in force.
    pub article: Article,
    /// What the sentences need, by name. Never personal data.
    pub values: BTreeMap<String, String>,
}

impl Refusal {
    /// What is wrong: one sentence without full stop.
    pub fn what(&self, language: Language) -> String {
        self.filled(self.code.words(language).0, language)
    }

    /// What to do about it: one sentence without full stop.
    pub fn advice(&self, language: Language) -> String {
        self.filled(self.code.words(language).1, language)
    }

    fn filled(&self, text: &str, language: Language) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(before);
            filled.push_str(&self.value(name, language));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// A value as a sentence has it: stable names become words, everything else stays.
    fn value(&self, name: &str, language: Language) -> String {
        let Some(value) = self.values.get(name) else {
            return "?".to_owned();
        };
        terms::term(name, value, language).unwrap_or_else(|| value.clone())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; {} [{} {}, {}]",
            self.what(Language::En),
            self.advice(Language::En),
            self.code.name(),
            self.rule,
            self.article,
        )
    }
}

impl std::error::Error for Refusal {}

/// A refusal as a record: what was asked, by whom, of what. It changes no state, and is kept like an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalRecord {
    /// When.
    pub at: Timestamp,
    /// Who asked.
    pub actor: Actor,
    /// Of what.
    pub subject: Subject,
    /// Name of the command.
    pub command: String,
    /// Why not.
    pub refusal: Refusal,
}
