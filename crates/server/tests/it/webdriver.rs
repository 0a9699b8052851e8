//! A real Chromium, driven through chromedriver (W3C WebDriver); only what the tests of the pages need.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// How WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Whether a click sends a form that leads to another page; if so, this page is marked as the one that is left. Without
/// scripts of the page nothing else tells it from the next one.
const LEAVES: &str = "const [one] = arguments; \
    if (!one.matches('form[method=post] button:not([type=button])')) return false; \
    if (!one.formNoValidate && !one.form.noValidate && !one.form.checkValidity()) return false; \
    document.documentElement.dataset.left = ''; return true";

/// A browser window with cookies of its own; it ends when dropped.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    site: String,
}

fn found(names: &[&str]) -> Option<PathBuf> {
    let folders = ["/usr/bin", "/usr/lib/chromium", "/usr/local/bin", "/snap/bin"];
    let mut all = names
        .iter()
        .flat_map(|name| folders.map(|folder| Path::new(folder).join(name)));
    all.find(|path| path.exists())
}

impl Browser {
    /// Nothing where Chromium is not installed, which is said.
    pub(crate) fn open(site: &str, (width, height): (u32, u32)) -> Option<Self> {
        let (driver, chromium) = (found(&["chromedriver"]), found(&["chromium", "google-chrome"]));
        let (Some(driver), Some(chromium)) = (driver, chromium) else {
            eprintln!("SKIPPED: Chromium or chromedriver is not installed; run script/setup");
            return None;
        };
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.ok()?;
            let port = line.split("successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse().ok()
        });
        let mut browser = Self {
            driver,
            port: port.unwrap(),
            session: String::new(),
            site: site.to_owned(),
        };
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--hide-scrollbars".to_owned(),
            "--lang=zh-CN".to_owned(),
            format!("--window-size={width},{height}"),
        ];
        let prefs = json!({ "intl.accept_languages": "zh-CN,zh" });
        let options = json!({ "args": arguments, "binary": chromium, "prefs": prefs });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let begun = browser.call("POST", "/session", &wanted);
        browser.session = format!("/session/{}", begun["sessionId"].as_str().unwrap());
        Some(browser)
    }

    #[track_caller]
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let value = self.answer(method, path, body);
        assert!(value["error"].is_null(), "{path} {body}: {value}");
        value
    }

    /// What the driver answers, be it an error.
    fn answer(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let body = if method == "GET" {
            String::new()
        } else {
            body.to_string()
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        // The driver leaves the connection open, whatever it is asked.
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            let (name, rest) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = rest.trim().parse().unwrap();
            }
        }
        let mut bytes = vec![0; length];
        answer.read_exact(&mut bytes).unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        value["value"].clone()
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        self.call("POST", &format!("{}{path}", self.session), body)
    }

    #[track_caller]
    pub(crate) fn go(&self, place: &str) {
        self.post("/url", &json!({ "url": format!("{}{place}", self.site) }));
    }

    /// Where it is, without the site.
    pub(crate) fn place(&self) -> String {
        let url = self.call("GET", &format!("{}/url", self.session), &Value::Null);
        url.as_str().unwrap().strip_prefix(&self.site).unwrap().to_owned()
    }

    #[track_caller]
    fn element(&self, css: &str) -> String {
        let found = self.post("/element", &json!({ "using": "css selector", "value": css }));
        format!("/element/{}", found[ELEMENT].as_str().unwrap())
    }

    /// The words of the page.
    pub(crate) fn text(&self) -> String {
        self.run("return document.body.innerText")
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// What a script gives back.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What a script gives to its last argument.
    #[track_caller]
    pub(crate) fn wait_for(&self, script: &str) -> Value {
        self.post("/execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Waits until a condition holds, be it on a page that comes meanwhile: a script that waited on the page itself
    /// would end with it.
    #[track_caller]
    pub(crate) fn until(&self, condition: &str) {
        let begun = Instant::now();
        while !self.holds(condition) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{condition}: not yet");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Does a condition hold now? Between two pages, where nothing could run it, it does not.
    fn holds(&self, condition: &str) -> bool {
        let asked = json!({ "script": format!("return {condition}"), "args": [] });
        self.answer("POST", &format!("{}/execute/sync", self.session), &asked) == Value::Bool(true)
    }

    /// Clicks, and waits until the next page is there if that leads to one.
    #[track_caller]
    pub(crate) fn click(&self, css: &str) {
        let element = self.element(css);
        let handle = json!({ ELEMENT: element.replace("/element/", "") });
        let leaves = self.post("/execute/sync", &json!({ "script": LEAVES, "args": [handle] }));
        self.post(&format!("{element}/click"), &json!({}));
        if leaves == Value::Bool(true) {
            self.until("document.documentElement.dataset.left === undefined");
        }
        // The driver waits for pages that come at once; a form that is being sent says so until its answer is there.
        self.until("document.readyState === 'complete' && !document.querySelector('form[aria-busy]')");
    }

    /// Types, as a person at a keyboard.
    #[track_caller]
    pub(crate) fn type_into(&self, css: &str, text: &str) {
        let element = self.element(css);
        self.post(&format!("{element}/value"), &json!({ "text": text }));
    }

    /// Puts another text into a field.
    #[track_caller]
    pub(crate) fn fill(&self, name: &str, text: &str) {
        let css = format!("main [name={name}]");
        self.post(&format!("{}/clear", self.element(&css)), &json!({}));
        self.type_into(&css, text);
    }

    #[track_caller]
    pub(crate) fn choose(&self, name: &str, value: &str) {
        self.click(&format!("main select[name={name}] option[value='{value}']"));
    }

    pub(crate) fn upload(&self, css: &str, file: &Path) {
        self.type_into(css, file.to_str().unwrap());
    }

    /// Drags from one point of an element to another one, both counted from its middle.
    pub(crate) fn drag(&self, css: &str, from: (i64, i64), to: (i64, i64)) {
        let id = self.element(css).replace("/element/", "");
        self.run(&format!(
            "document.querySelector('{css}').scrollIntoView({{ block: 'center' }})"
        ));
        let origin = json!({ ELEMENT: id });
        let step = |(x, y): (i64, i64)| json!({ "type": "pointerMove", "duration": 50, "origin": origin, "x": x, "y": y });
        let actions = [
            step(from),
            json!({ "type": "pointerDown", "button": 0 }),
            step(to),
            json!({ "type": "pointerUp", "button": 0 }),
        ];
        self.post(
            "/actions",
            &json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": actions }] }),
        );
    }

    /// The whole page as PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let height = self
            .run("return document.documentElement.scrollHeight")
            .as_f64()
            .unwrap();
        let width = self.run("return window.innerWidth").as_f64().unwrap();
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height.min(4000.0), "scale": 1 });
        let asked = json!({ "cmd": "Page.captureScreenshot", "params": { "clip": clip, "captureBeyondViewport": true } });
        let shot = self.post("/goog/cdp/execute", &asked);
        STANDARD.decode(shot["data"].as_str().unwrap()).unwrap()
    }

    /// The session's cookie, as a browser sends it.
    pub(crate) fn cookie(&self) -> String {
        let cookie = self.call("GET", &format!("{}/cookie/yinxin", self.session), &Value::Null);
        format!("yinxin={}", cookie["value"].as_str().unwrap())
    }

    /// Whether pages may run scripts; the driver's own go on.
    pub(crate) fn allow_scripts(&self, allowed: bool) {
        let asked = json!({ "cmd": "Emulation.setScriptExecutionDisabled", "params": { "value": !allowed } });
        self.post("/goog/cdp/execute", &asked);
    }

    /// How a page is shown: `screen` or `print`, and which colours its reader prefers.
    pub(crate) fn show_as(&self, medium: &str, colours: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": colours }]);
        let params = json!({ "media": medium, "features": features });
        self.post(
            "/goog/cdp/execute",
            &json!({ "cmd": "Emulation.setEmulatedMedia", "params": params }),
        );
    }

    /// How wide and high pages are shown; windows cannot be made as narrow as a phone.
    pub(crate) fn show_in(&self, width: u32, height: u32) {
        let params =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        let asked = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": params });
        self.post("/goog/cdp/execute", &asked);
    }

    /// Forgets who is signed in.
    pub(crate) fn forget(&self) {
        self.call("DELETE", &format!("{}/cookie", self.session), &json!({}));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.call("DELETE", &self.session, &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
