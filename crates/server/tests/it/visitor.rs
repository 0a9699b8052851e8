//! Somebody at their desk: pages with a session's cookie, forms filled in as a browser without scripts does.

use crate::support::{Answer, TestServer};
use crate::town::Town;
use crate::web::{FORM, field};
use crate::world::{Who, World};

/// A signed-in visitor.
pub(crate) struct Desk<'a> {
    server: &'a TestServer,
    cookie: String,
}

impl Town {
    pub(crate) fn desk(&self, name: &str) -> Desk<'_> {
        let session = self.session(name);
        Desk {
            server: &self.scene.server,
            cookie: format!("yinxin={}", session.trim_start_matches("Bearer ")),
        }
    }
}

impl World {
    pub(crate) fn desk(&self, who: Who) -> Desk<'_> {
        Desk {
            server: &self.server,
            cookie: format!("yinxin={}", who.token()),
        }
    }
}

impl Desk<'_> {
    /// A page, in Chinese.
    pub(crate) fn get(&self, place: &str) -> Answer {
        self.server.get(place, &[("cookie", &self.cookie)])
    }

    /// A page that must be there; in English it has no Chinese word but names, which are given.
    #[track_caller]
    pub(crate) fn page(&self, place: &str, names: &[&str]) -> String {
        let page = self.get(place);
        assert_eq!(page.status, 200, "{place}: {}", page.text());
        assert!(page.body.len() < 150 * 1024, "{place}");
        let english = self
            .server
            .get(place, &[("cookie", &format!("{}; lang=en", self.cookie))]);
        // The names of regulations are Chinese, and are said to be.
        let mut parts = english.text().split(" lang=\"zh-CN\">");
        let first = parts.next().unwrap_or_default().to_owned();
        let told = parts.map(|part| part.split_once('<').map_or("", |(_, after)| after));
        let mut rest = told.fold(first, |all, part| all + part);
        for name in names {
            rest = rest.replace(name, "");
        }
        let at = rest.find(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let chinese = at.map(|at| rest[at..].chars().take(20).collect::<String>());
        assert_eq!(chinese, None, "{place} in English");
        page.text().to_owned()
    }

    /// Fills the form in that a page holds.
    #[track_caller]
    pub(crate) fn send(&self, page: &str, place: &str, fields: &[(&str, &str)]) -> Answer {
        let shown = self.get(page);
        let (token, once) = (field(shown.text(), "token"), field(shown.text(), "once"));
        assert!(!token.is_empty(), "{page}: {}", shown.text());
        let mut all = vec![("token", token.as_str()), ("once", once.as_str())];
        all.extend(fields);
        let quoted = |text: &str| {
            let bytes = text.bytes().map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            });
            bytes.collect::<String>()
        };
        let all: Vec<String> = all
            .iter()
            .map(|(name, value)| format!("{name}={}", quoted(value)))
            .collect();
        self.server
            .post(place, &[FORM, ("cookie", &self.cookie)], all.join("&").as_bytes())
    }

    /// Fills it in, and follows where it leads.
    #[track_caller]
    pub(crate) fn done(&self, page: &str, place: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.send(page, place, fields);
        assert_eq!(answer.status, 303, "{place}: {}", answer.text());
        answer.header("location").unwrap().to_owned()
    }
}
