//! The pages in a real Chromium: the whole life of a seal across the desks, placing with mouse and keyboard, what axe
//! says of every page, and a picture of every page for people to look at.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use testkit::Bureau;

use crate::applications::PICTURE;
use crate::life::PIN;
use crate::support::TestServer;
use crate::town::{PASSWORD, Town};
use crate::walk::rows;
use crate::webdriver::Browser;
use crate::world::ofd;

const DESK: (u32, u32) = (1366, 768);
const PHONE: (u32, u32) = (390, 844);
/// Rows of the table of pages that are no pages to look at: pictures, downloads, parts of pages.
const NO_PAGES: [&str; 7] = [
    "/assets/",
    "/comparison/",
    "/picture",
    "/pages/",
    "/impressions/",
    "/materials/",
    "/report.",
];
const DOWNLOADS: [&str; 3] = ["/sealed", "/proof", "/export"];
/// Things that one life of a seal does not come to: batches and grants have tests of their own.
const NOT_REACHED: [&str; 2] = ["{item}", "{grant}"];
/// Whose password comes from the set-up, in its order.
const ADMINISTRATORS: [&str; 3] = ["sys.admin", "sec.admin", "aud.admin"];

fn site(server: &TestServer) -> String {
    format!("http://{}", server.address)
}

/// What axe finds on a page, in a script that gives it to its last argument.
const AXE_RULES: &str = "const done = arguments[arguments.length - 1]; \
    document.querySelectorAll('details').forEach((one) => { one.open = true; }); \
    axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })\
    .then((result) => done(result.passes.length < 5 ? [['axe looked at nothing']] : result.violations.map((one) => \
    [one.id, one.nodes.map((node) => node.html + ' ' + node.failureSummary)])), (error) => done([[String(error)]]))";

/// A page that was visited, and who saw it.
struct Visited {
    name: String,
    place: String,
    who: &'static str,
}

/// People at one browser, one after the other.
pub(crate) struct Office<'a> {
    pub(crate) town: &'a Town,
    pub(crate) browser: Browser,
    folder: TempDir,
    visited: Vec<Visited>,
    who: &'static str,
    /// axe-core, if it is installed.
    axe: Option<String>,
    /// What axe found on pages as they were in the middle of something.
    found: Vec<String>,
}

impl<'a> Office<'a> {
    pub(crate) fn open(town: &'a Town) -> Option<Self> {
        let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/axe/axe.min.js");
        Some(Self {
            axe: std::fs::read_to_string(axe).ok(),
            found: Vec::new(),
            town,
            browser: Browser::open(&site(&town.scene.server), DESK)?,
            folder: TempDir::new().unwrap(),
            visited: Vec::new(),
            who: "",
        })
    }

    pub(crate) fn sign_in(&mut self, who: &'static str) {
        self.browser.forget();
        self.enter(who);
        assert!(self.browser.text().contains("工作台"), "{}", self.browser.text());
        self.who = who;
        self.seen("desk");
    }

    /// Signs in with what the browser has of cookies.
    pub(crate) fn enter(&mut self, who: &'static str) {
        let server = &self.town.scene.server;
        server.clock.advance(30);
        let (password, code) = match ADMINISTRATORS.iter().position(|name| *name == who) {
            Some(at) => {
                let totp = self.town.scene.made["administrators"][at]["totp"]
                    .as_str()
                    .unwrap();
                let code = crate::set_up::code(totp, server.clock.now().as_second());
                (crate::set_up::PASSWORD, code)
            }
            None => (PASSWORD, self.town.code(who)),
        };
        self.browser.go("/sign-in");
        self.browser.fill("account", who);
        self.browser.fill("password", password);
        self.browser.fill("code", &code);
        self.browser.click("main button.main");
    }

    /// Lets axe look at the page as it is now, in the middle of something.
    fn active(&mut self, name: &str) {
        if let Some(axe) = &self.axe {
            self.browser.run(axe);
            let found = self.browser.wait_for(AXE_RULES);
            if found.as_array().map(Vec::len) != Some(0) {
                self.found
                    .push(format!("{name} ({}): {found:#}", self.browser.place()));
            }
        }
    }

    /// Notes the page that is shown.
    pub(crate) fn seen(&mut self, name: &str) {
        self.visited.push(Visited {
            name: format!("{name}-{}", self.who),
            place: self.browser.place(),
            who: self.who,
        });
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[track_caller]
    pub(crate) fn shows(&self, words: &str) {
        let text = self.browser.text();
        assert!(
            text.contains(words),
            "{words} is not on {}:\n{text}",
            self.browser.place()
        );
    }

    /// The agent applies for the unit's seal; where the application is.
    fn apply(&mut self) -> String {
        self.sign_in("agent");
        self.browser.click("a[href='/applications/new']");
        self.seen("application-new");
        let picture = self.file("impression.svg", PICTURE);
        self.browser.fill("impression_code", "6101000000001");
        self.browser.fill("record", "测公刻〔2026〕1号");
        self.browser
            .run("document.querySelector('[name=engraved_on]').value = '2026-01-05'");
        self.browser.upload("#file", &picture);
        self.browser.click("main button.main");
        self.shows("印模信息");
        let place = self.browser.place();
        for kind in [
            "unit_identity",
            "agent_identity",
            "application_form",
            "engraving_proof",
        ] {
            let file = self.file(kind, kind.as_bytes());
            self.browser.choose("kind", kind);
            self.browser.upload("#file", &file);
            self.browser.click("form[action$='/materials'] button");
        }
        self.seen("application-draft");
        self.browser.click("[name=declared]");
        self.browser.click("main button.main");
        self.shows("待负责人同意");
        place
    }

    /// Principal, reviewer and maker do their part; where the seal is.
    fn decide_and_make(&mut self, application: &str) -> String {
        self.sign_in("principal");
        self.browser.go(application);
        self.seen("application-consent");
        self.browser.click("main button.main");
        self.shows("待受理");
        self.sign_in("reviewer");
        self.browser.go(application);
        self.browser.click("main button.main");
        self.shows("审核中");
        self.seen("application-review");
        // Without having checked everything nothing is approved, and the rule is named.
        self.browser.click("main button.main");
        self.shows("R25");
        self.active("review-refused");
        self.browser
            .run("document.querySelectorAll('[name=checked]').forEach((box) => box.click())");
        self.browser.click("main button.main");
        self.shows("已批准");
        self.sign_in("maker");
        self.browser.go(application);
        let registered = self.file("registered.svg", PICTURE);
        self.browser.upload("#registered", &registered);
        self.browser.click("form[action$='/comparison'] button");
        self.shows("一致");
        // Both impressions, the overlay and the heat map are there to be looked at.
        let widths = self.browser.wait_for(
            "const done = arguments[arguments.length - 1]; \
             const pictures = [...document.querySelectorAll('.compared img')]; \
             pictures.forEach((one) => { one.loading = 'eager'; }); \
             Promise.all(pictures.map((one) => one.decode())).then(() => \
             done(pictures.map((one) => one.naturalWidth)), (error) => done(String(error)))",
        );
        let wide = |widths: &Vec<Value>| widths.iter().all(|width| width.as_u64() > Some(100));
        let widths = widths.as_array().filter(|widths| wide(widths));
        assert_eq!(widths.map(Vec::len), Some(4), "{widths:?}");
        self.seen("application-make");
        self.browser.click("form[action$='/making'] button");
        let place = self.browser.place();
        assert!(place.starts_with("/seals/"), "{}", self.browser.text());
        place
    }

    fn collect(&mut self, seal: &str) {
        let id = seal.strip_prefix("/seals/").unwrap();
        self.town
            .wait("the filing", || self.town.seal(id)["status"] == "filed");
        self.sign_in("custodian");
        self.browser.go(seal);
        self.seen("seal-collect");
        self.browser.fill("pin", PIN);
        self.browser.fill("pin_again", PIN);
        self.browser.click("main button.main");
        self.shows("有效");
        self.seen("seal");
    }

    /// The agent asks for a use, placing the stamp with mouse and keyboard; where the use is.
    fn ask(&mut self) -> String {
        self.sign_in("agent");
        self.browser.go("/uses/new");
        self.seen("use-choose");
        let document = self.file("通知.ofd", &ofd("关于试用电子印章的通知"));
        self.browser.upload("#file", &document);
        self.browser.click("main button.main");
        self.shows("盖章位置");
        self.seen("use-ask");
        let places =
            "return ['x_mm', 'y_mm'].map((name) => Number(document.querySelector(`[name=${name}]`).value))";
        self.browser.drag(".board", (-40, -40), (60, 80));
        let dragged = self.browser.run(places);
        assert_ne!(dragged, serde_json::json!([120, 220]));
        self.browser.type_into(".ghost", "\u{e014}\u{e014}\u{e015}");
        let moved = self.browser.run(places);
        let step = |at: usize| moved[at].as_f64().unwrap() - dragged[at].as_f64().unwrap();
        assert!(
            (step(0) - 2.0).abs() < 0.11 && (step(1) - 1.0).abs() < 0.11,
            "{dragged} {moved}"
        );
        self.browser.fill("purpose", "印发通知");
        self.browser.click("[name=unclassified]");
        self.browser.click("main form.card button.main");
        self.shows("待审批");
        self.browser.place()
    }

    pub(crate) fn approve_and_seal(&mut self, place: &str) {
        self.sign_in("principal");
        self.browser.go(place);
        self.seen("use-approve");
        self.browser.click("form[action$='/approve'] button");
        self.shows("已批准");
        self.sign_in("custodian");
        self.browser.go(place);
        self.browser.fill("pin", "wrong horse");
        self.browser.click("form[action$='/stamp'] button");
        assert!(
            self.browser
                .run("return document.querySelector('[role=alert]') !== null")
                .as_bool()
                .unwrap()
        );
        self.browser.fill("pin", PIN);
        self.browser.click("form[action$='/stamp'] button");
        self.shows("已盖章");
        self.seen("use-sealed");
    }
}

/// The whole life; what was visited on the way.
fn whole_life(office: &mut Office<'_>) {
    office.sign_in("principal");
    office.browser.go(&format!("/policies/{}", office.town.unit));
    office.browser.choose("who_0_0", "principal");
    office.browser.click("main button.main");
    office.shows("现行规则");
    office.seen("policy");
    let application = office.apply();
    let seal = office.decide_and_make(&application);
    office.collect(&seal);
    let place = office.ask();
    office.approve_and_seal(&place);
    crate::browser_unit::look_in(office, &seal);
    office.sign_in("custodian");
    for (name, place) in [
        ("uses", "/uses"),
        ("seals", "/seals"),
        ("applications", "/applications"),
    ] {
        office.browser.go(place);
        office.seen(name);
    }
    let link = "return document.querySelector(\"a[href$='/sealed']\").getAttribute('href')";
    office.browser.go(&place);
    let link = office.browser.run(link).as_str().unwrap().to_owned();
    let cookie = office.browser.cookie();
    let sealed = office.town.scene.server.get(&link, &[("cookie", &cookie)]);
    let file = office.file("盖章.ofd", &sealed.body);
    office.browser.forget();
    office.who = "anyone";
    office.browser.go("/verify");
    office.browser.upload("#file", &file);
    office.browser.click("main button.main");
    office.shows("通过");
    office.shows("测试市大数据局");
    office.seen("verified");
    for (name, place) in [
        ("home", "/"),
        ("verify", "/verify"),
        ("help", "/help"),
        ("lookup", "/lookup?code=1"),
        ("sign-in", "/sign-in"),
        ("missing", "/nowhere"),
    ] {
        office.browser.go(place);
        office.seen(name);
    }
}

#[test]
fn the_life_of_a_seal_across_the_desks_and_every_page_for_everybody() {
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let Some(mut office) = Office::open(&town) else {
        return;
    };
    whole_life(&mut office);
    administration(&mut office);
    the_rest(&mut office);
    let mut missing = missing(&office);
    missing.retain(|path| !NOT_REACHED.iter().any(|part| path.contains(part)));
    assert!(
        missing.is_empty(),
        "nobody looks whether these pages are accessible: {missing:#?}"
    );
    let Some(axe) = office.axe.clone() else {
        eprintln!("SKIPPED: axe-core is not in target/axe; run script/setup");
        return;
    };
    // Scripts of ours may not be injected into pages by others; the driver may.
    let mut found = each_page(&mut office, |office, visited| {
        office.browser.run(&axe);
        let found = office.browser.wait_for(AXE_RULES);
        match found.as_array().map(Vec::len) {
            Some(0) => None,
            _ => Some(format!("{} ({}): {found:#}", visited.name, visited.place)),
        }
    });
    found.append(&mut office.found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The administrators at their pages.
fn administration(office: &mut Office<'_>) {
    office.sign_in("sec.admin");
    let agent = format!("/accounts/{}", office.town.id("agent"));
    for (name, place) in [
        ("accounts", "/accounts"),
        ("account-new", "/accounts/new"),
        ("account", agent.as_str()),
        ("clients", "/clients"),
        ("client-new", "/clients/new"),
    ] {
        office.browser.go(place);
        office.seen(name);
    }
    office.browser.fill("name", "政务审批平台");
    office.browser.fill("networks", "everywhere");
    office.browser.fill("certificate", "none");
    office.browser.click("main button.main");
    office.shows("请更正后重新提交");
    office.active("client-refused");
    let pem = pki::write_pem("CERTIFICATE", crate::support::pki().sealer.certificate.der());
    office.browser.fill("networks", "10.0.0.0/8");
    office.browser.fill("certificate", &pem);
    office.browser.click("main button.main");
    office.shows("可调用");
    office.seen("client");
    office.sign_in("sys.admin");
    let root = format!("/authorities/{}", office.town.authority);
    for (name, place) in [
        ("authorities", "/authorities"),
        ("authority", root.as_str()),
        ("profiles", "/profiles"),
        ("profile", "/profiles/xian"),
        ("installation", "/installation"),
    ] {
        office.browser.go(place);
        office.seen(name);
    }
    office.sign_in("aud.admin");
    office.browser.go("/audit");
    office.seen("audit");
    office.browser.choose("act", "use.outcome");
    office.browser.click("form[role=search] button.main");
    office.shows("用印结果");
    office.seen("audit-found");
    office.browser.click("tbody a");
    office.shows("✓ 证明成立");
    office.shows("开始用印");
    office.seen("audit-entry");
    office.browser.go("/audit/checkpoints");
    office.seen("audit-checkpoints");
    office.browser.go("/audit");
    office.browser.click("form[action='/audit/check'] button");
    office.shows("各类行为的次数");
    office.active("audit-checked");
}

/// Looks at the pages that the life did not lead to, as the first of the people who sees them.
fn the_rest(office: &mut Office<'_>) {
    let id = |start: &str| {
        let mut places = office
            .visited
            .iter()
            .filter_map(|page| page.place.strip_prefix(start));
        places
            .find(|rest| rest.len() == 36)
            .unwrap_or_default()
            .to_owned()
    };
    let ids = [
        ("{unit}", office.town.unit.clone()),
        ("{seal}", id("/seals/")),
        ("{use}", id("/uses/")),
        ("{application}", id("/applications/")),
        ("{affair}", "renew".to_owned()),
    ];
    for who in ["agent", "principal", "custodian", "reviewer", "maker"] {
        let missing = missing(office);
        if missing.is_empty() {
            return;
        }
        office.sign_in(who);
        let cookie = office.browser.cookie();
        for path in missing {
            let place = ids
                .iter()
                .fold(path.to_owned(), |place, (name, id)| place.replace(name, id));
            let found = office.town.scene.server.get(&place, &[("cookie", &cookie)]);
            if found.status == 200 {
                office.browser.go(&place);
                office.seen(&path.trim_matches('/').replace(['/', '{', '}'], "-"));
            }
        }
    }
}

/// Rows of the table of pages at which nobody looked.
fn missing(office: &Office<'_>) -> Vec<&'static str> {
    let fits = |pattern: &str, place: &str| {
        let place = place.split('?').next().unwrap_or_default();
        let (pattern, place) = (pattern.split('/'), place.split('/'));
        pattern.clone().count() == place.clone().count()
            && pattern
                .zip(place)
                .all(|(wanted, found)| wanted.starts_with('{') || wanted == found)
    };
    let looked_at = |path: &str| office.visited.iter().any(|page| fits(path, &page.place));
    let is_page = |path: &str| {
        !NO_PAGES.iter().any(|part| path.contains(part)) && !DOWNLOADS.iter().any(|end| path.ends_with(end))
    };
    let pages = rows()
        .into_iter()
        .filter(|row| row.method == "GET" && is_page(row.path));
    pages
        .map(|row| row.path)
        .filter(|path| !looked_at(path))
        .collect()
}

/// Looks at every page once more, as whoever saw it.
fn each_page(
    office: &mut Office<'_>,
    mut look: impl FnMut(&Office<'_>, &Visited) -> Option<String>,
) -> Vec<String> {
    let mut visited = std::mem::take(&mut office.visited);
    visited.sort_by_key(|page| page.who);
    let (mut found, mut who) = (Vec::new(), "");
    for page in &visited {
        if page.who != who {
            who = page.who;
            if who == "anyone" {
                office.browser.forget();
            } else {
                office.sign_in(who);
            }
        }
        office.browser.go(&page.place);
        found.extend(look(office, page));
    }
    found
}

/// Into `target/pictures`: `cargo test -p server --test it browser::pictures -- --ignored`
#[test]
#[ignore = "makes pictures of every page for people to look at"]
fn pictures() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let bureau = Bureau::open();
    let town = Town::making(&bureau);
    let mut office = Office::open(&town).unwrap();
    whole_life(&mut office);
    administration(&mut office);
    the_rest(&mut office);
    let visited: Vec<Value> = office
        .visited
        .iter()
        .map(|page| page.name.clone().into())
        .collect();
    eprintln!("{} pages: {visited:?}", visited.len());
    for size in ["desk", "phone", "dark", "print"] {
        match size {
            "phone" => office.browser.show_in(PHONE.0, PHONE.1),
            _ => office.browser.show_in(DESK.0, DESK.1),
        }
        let colours = if size == "dark" { "dark" } else { "light" };
        let medium = if size == "print" { "print" } else { "screen" };
        // What is printed has no forms, and nobody signs in without one.
        office.browser.show_as("screen", colours);
        let pages: Vec<_> = std::mem::take(&mut office.visited);
        let again = pages.iter().map(|page| Visited {
            name: page.name.clone(),
            place: page.place.clone(),
            who: page.who,
        });
        office.visited = again.collect();
        each_page(&mut office, |office, page| {
            office.browser.show_as(medium, colours);
            // Pictures of pages are drawn while one looks.
            office.browser.wait_for(
                "const done = arguments[arguments.length - 1]; \
                 document.querySelectorAll('img').forEach((image) => { image.loading = 'eager'; }); \
                 Promise.all([...document.images].map((image) => image.decode().catch(() => 0))).then(() => done(0))",
            );
            std::fs::write(
                folder.join(format!("{}-{size}.png", page.name)),
                office.browser.picture(),
            )
            .unwrap();
            office.browser.show_as("screen", colours);
            None
        });
        office.visited = pages;
    }
}
