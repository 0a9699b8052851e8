//! `Document.xml`: pages, templates, resources, permissions (GB/T 33190-2016 7.5, Document.xsd).

use std::collections::HashSet;
use std::sync::Arc;

use roxmltree::Node;

use crate::geometry::Box;
use crate::ofd_xml::broken;
use crate::package::shorten;
use crate::page::{PageArea, TemplateRef};
use crate::page_head::PageHead;
use crate::path::{Link, PartPath};
use crate::reading::{Reading, at_most_one, blame, number};
use crate::{Error, SchemaFault, xml};

/// `Document`: one document, or one version of it.
///
/// ```xml
/// <ofd:Document xmlns:ofd="http://www.ofdspec.org/2016">
///   <ofd:CommonData>
///     <ofd:MaxUnitID>20</ofd:MaxUnitID>
///     <ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>
///     <ofd:PublicRes>PublicRes.xml</ofd:PublicRes>
///     <ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>
///     <ofd:TemplatePage ID="2" BaseLoc="Tpls/Tpl_0/Content.xml"/>
///   </ofd:CommonData>
///   <ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>
///   <ofd:Annotations>Annots/Annotations.xml</ofd:Annotations>
/// </ofd:Document>
/// ```
#[derive(Clone, Debug)]
pub struct Document {
    /// The part this was read from.
    pub path: PartPath,
    /// `MaxUnitID`: no object of the document has a larger ID.
    pub max_unit_id: Option<u32>,
    /// `PageArea`: holds for pages without an area of their own.
    pub area: PageArea,
    /// In the order in which they are shown.
    pub pages: Vec<Page>,
    /// `TemplatePage`: backgrounds and foregrounds that pages may use.
    pub templates: Vec<TemplatePage>,
    /// `PublicRes`: fonts and colour spaces, by convention.
    pub public_res: Vec<Link>,
    /// `DocumentRes`: images, drawing parameters and composite units, by convention.
    pub document_res: Vec<Link>,
    /// What may be done with the document.
    pub permissions: Permissions,
    /// `Annotations`.
    pub annotations: Vec<Link>,
    /// `CustomTags`.
    pub custom_tags: Vec<Link>,
    /// `Attachments`.
    pub attachments: Vec<Link>,
    /// `Extensions`.
    pub extensions: Vec<Link>,
    /// What is wrong with this part.
    pub faults: Vec<Error>,
}

/// `Page` of `Pages`.
#[derive(Clone, Debug)]
pub struct Page {
    /// `ID`; `None` where it is missing or no number, which is a fault of the document.
    pub id: Option<u32>,
    /// `BaseLoc`: the page's `Content.xml`.
    pub loc: Link,
    /// The sheet in mm: the page's own, otherwise the document's. It may be without area: real files hold such.
    pub physical_box: Option<Box>,
    /// Templates that the page draws.
    pub templates: Vec<TemplateRef>,
    /// `PageRes`.
    pub resources: Vec<Link>,
    /// Why the page could not be read.
    pub fault: Option<Error>,
}

/// `TemplatePage` of `CommonData`.
#[derive(Clone, Debug)]
pub struct TemplatePage {
    /// `ID`.
    pub id: Option<u32>,
    /// `BaseLoc`: the template's `Content.xml`.
    pub loc: Link,
    /// `ZOrder="Foreground"`: drawn after pages that do not say otherwise.
    pub foreground: bool,
    /// Templates that the template draws, which the schema allows.
    pub templates: Vec<TemplateRef>,
    /// `PageRes`.
    pub resources: Vec<Link>,
    /// Why the template could not be read.
    pub fault: Option<Error>,
}

/// `Permissions` (`CT_Permission`); what is not said is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// `Edit`.
    pub edit: bool,
    /// `Annot`.
    pub annotate: bool,
    /// `Export`.
    pub export: bool,
    /// `Signature`: signatures may be added.
    pub sign: bool,
    /// `Watermark`.
    pub watermark: bool,
    /// `PrintScreen`.
    pub print_screen: bool,
    /// `Print/@Printable`.
    pub print: bool,
    /// `Print/@Copies`; -1 is any number.
    pub copies: Option<i64>,
    /// `ValidPeriod/@StartDate`, as it stands.
    pub valid_from: Option<String>,
    /// `ValidPeriod/@EndDate`, as it stands.
    pub valid_to: Option<String>,
}

impl Default for Permissions {
    fn default() -> Self {
        Self {
            edit: true,
            annotate: true,
            export: true,
            sign: true,
            watermark: true,
            print_screen: true,
            print: true,
            copies: None,
            valid_from: None,
            valid_to: None,
        }
    }
}

impl Document {
    /// The page with this ID, and its number from 0.
    pub fn page(&self, id: u32) -> Option<(usize, &Page)> {
        self.pages
            .iter()
            .enumerate()
            .find(|(_, page)| page.id == Some(id))
    }

    /// IDs of the templates that some page or template draws.
    pub fn used_templates(&self) -> HashSet<u32> {
        let pages = self.pages.iter().flat_map(|page| &page.templates);
        let templates = self.templates.iter().flat_map(|template| &template.templates);
        pages.chain(templates).map(|used| used.template_id).collect()
    }
}

/// Reads the document that a `DocRoot` links to; only a limit makes the whole fail.
pub(crate) fn follow(
    reading: &mut Reading<'_>,
    link: &Link,
    holder: &PartPath,
) -> Result<Result<Arc<Document>, Error>, Error> {
    let path = match &link.target {
        Ok(path) => path.clone(),
        Err(why) => return Ok(Err(broken(link, "DocRoot", why, holder))),
    };
    if let Some(known) = reading.documents.get(&path) {
        return Ok(known.clone());
    }
    let read = reading.tree(&path, "Document", |reading, node| {
        read_document(reading, node, &path)
    });
    let document = read.map(Arc::new);
    if let Err(limit) = &document
        && limit.code() == "LIMIT"
    {
        return Err(limit.clone());
    }
    reading.documents.insert(path, document.clone());
    Ok(document)
}

fn read_document(reading: &mut Reading<'_>, node: Node<'_, '_>, path: &PartPath) -> Result<Document, Error> {
    let mut faults = Vec::new();
    let once = [
        "CommonData",
        "Pages",
        "Permissions",
        "Annotations",
        "CustomTags",
        "Attachments",
        "Extensions",
    ];
    at_most_one(node, "Document", &once, &mut faults, path);
    let mut document = Document {
        path: path.clone(),
        max_unit_id: None,
        area: PageArea::default(),
        pages: Vec::new(),
        templates: Vec::new(),
        public_res: Vec::new(),
        document_res: Vec::new(),
        permissions: Permissions::default(),
        annotations: reading.child_links(node, "Annotations", path)?,
        custom_tags: reading.child_links(node, "CustomTags", path)?,
        attachments: reading.child_links(node, "Attachments", path)?,
        extensions: reading.child_links(node, "Extensions", path)?,
        faults,
    };
    for common in xml::children(node, "CommonData") {
        read_common(reading, common, &mut document)?;
    }
    for pages in xml::children(node, "Pages") {
        read_pages(reading, pages, &mut document)?;
    }
    if let Some(permissions) = xml::child(node, "Permissions") {
        document.permissions = read_permissions(permissions, &mut document.faults, path);
    }
    repeated_ids(&mut document);
    Ok(document)
}

fn read_common(reading: &mut Reading<'_>, node: Node<'_, '_>, document: &mut Document) -> Result<(), Error> {
    let path = document.path.clone();
    at_most_one(
        node,
        "CommonData",
        &["MaxUnitID", "PageArea"],
        &mut document.faults,
        &path,
    );
    let max_unit_id = xml::child_text(node, "MaxUnitID");
    document.max_unit_id = number(max_unit_id.as_deref(), "MaxUnitID", &mut document.faults, &path);
    if let Some(area) = xml::child(node, "PageArea") {
        let read = |name| xml::child_text(area, name).and_then(|text| Box::parse(&text));
        document.area = PageArea {
            physical_box: read("PhysicalBox"),
            application_box: read("ApplicationBox"),
            content_box: read("ContentBox"),
            bleed_box: read("BleedBox"),
        };
    }
    document
        .public_res
        .append(&mut reading.child_links(node, "PublicRes", &path)?);
    document
        .document_res
        .append(&mut reading.child_links(node, "DocumentRes", &path)?);
    let max = reading.package.limits().pages_max;
    for template in xml::children(node, "TemplatePage") {
        within(document.templates.len(), max, "the number of template pages")?;
        let (id, loc) = item(reading, template, "TemplatePage", document)?;
        let (head, resources, fault) = content(reading, &loc)?;
        let templates = head.map(|head| head.templates.clone()).unwrap_or_default();
        let foreground = xml::attribute(template, "ZOrder").is_some_and(|order| order.trim() == "Foreground");
        document.templates.push(TemplatePage {
            id,
            loc,
            foreground,
            templates,
            resources,
            fault,
        });
    }
    Ok(())
}

fn read_pages(reading: &mut Reading<'_>, node: Node<'_, '_>, document: &mut Document) -> Result<(), Error> {
    let max = reading.package.limits().pages_max;
    for page in xml::children(node, "Page") {
        within(document.pages.len(), max, "the number of pages")?;
        let (id, loc) = item(reading, page, "Page", document)?;
        let (head, resources, fault) = content(reading, &loc)?;
        let own = head
            .as_ref()
            .and_then(|head| head.area)
            .and_then(|area| area.physical_box);
        document.pages.push(Page {
            id,
            loc,
            physical_box: own.or(document.area.physical_box),
            templates: head.map(|head| head.templates.clone()).unwrap_or_default(),
            resources,
            fault,
        });
    }
    Ok(())
}

/// ID and place of a `Page` or a `TemplatePage`.
fn item(
    reading: &mut Reading<'_>,
    node: Node<'_, '_>,
    element: &'static str,
    document: &mut Document,
) -> Result<(Option<u32>, Link), Error> {
    let path = &document.path;
    let id = xml::attribute(node, "ID");
    if id.is_none() {
        blame(
            &mut document.faults,
            SchemaFault::MissingAttribute { element, name: "ID" },
            path,
        );
    }
    let id = number(id, "the ID of a page", &mut document.faults, path);
    let loc = reading.link(xml::attribute(node, "BaseLoc").unwrap_or_default(), path)?;
    Ok((id, loc))
}

/// The head of the page that `loc` leads to, its resource links, and what is wrong with it.
type Content = (Option<Arc<PageHead>>, Vec<Link>, Option<Error>);

fn content(reading: &mut Reading<'_>, loc: &Link) -> Result<Content, Error> {
    let Some(path) = loc.path() else {
        return Ok((None, Vec::new(), None));
    };
    let head = match reading.head(path) {
        Ok(head) => head,
        Err(fault) => return Ok((None, Vec::new(), Some(fault))),
    };
    let resources = head
        .resources
        .iter()
        .map(|link| reading.link(link, path))
        .collect::<Result<_, _>>()?;
    let fault = if head.areas > 1 {
        Some(SchemaFault::RepeatedElement {
            parent: "Page",
            name: "Area",
        })
    } else if head.bad_template {
        Some(SchemaFault::MissingAttribute {
            element: "Template",
            name: "TemplateID",
        })
    } else {
        None
    };
    Ok((
        Some(head),
        resources,
        fault.map(|fault| Error::from(fault).in_part(path)),
    ))
}

fn read_permissions(node: Node<'_, '_>, faults: &mut Vec<Error>, path: &PartPath) -> Permissions {
    let mut flag = |text: Option<&str>, what| match text.map(str::trim) {
        None | Some("true" | "1") => true,
        Some("false" | "0") => false,
        Some(other) => {
            blame(
                faults,
                SchemaFault::BadValue {
                    what,
                    value: shorten(other),
                },
                path,
            );
            true
        }
    };
    let text = |name| xml::child_text(node, name);
    let print = xml::child(node, "Print");
    let period = xml::child(node, "ValidPeriod");
    let date = |name| {
        period
            .and_then(|period| xml::attribute(period, name))
            .map(str::to_owned)
    };
    Permissions {
        edit: flag(text("Edit").as_deref(), "the permission Edit"),
        annotate: flag(text("Annot").as_deref(), "the permission Annot"),
        export: flag(text("Export").as_deref(), "the permission Export"),
        sign: flag(text("Signature").as_deref(), "the permission Signature"),
        watermark: flag(text("Watermark").as_deref(), "the permission Watermark"),
        print_screen: flag(text("PrintScreen").as_deref(), "the permission PrintScreen"),
        print: flag(
            print.and_then(|print| xml::attribute(print, "Printable")),
            "the permission Print",
        ),
        copies: print.and_then(|print| xml::attribute(print, "Copies")?.trim().parse().ok()),
        valid_from: date("StartDate"),
        valid_to: date("EndDate"),
    }
}

/// Two pages with one ID: a stamp on it would be shown on either.
fn repeated_ids(document: &mut Document) {
    let mut seen = HashSet::new();
    for id in document.pages.iter().filter_map(|page| page.id) {
        if !seen.insert(id) {
            let fault = SchemaFault::RepeatedId {
                what: "the page",
                id: id.to_string(),
            };
            blame(&mut document.faults, fault, &document.path);
        }
    }
}

/// One more is within the limit.
pub(crate) fn within(count: usize, max: usize, what: &'static str) -> Result<(), Error> {
    if count < max {
        Ok(())
    } else {
        Err(Error::TooMuch {
            what,
            max: max as u64,
        })
    }
}
