//! XML parts: whatever stands in the place of a part of a sealed document, and the functions that edit XML.
#![no_main]

use fuzz::package::{explore, host, host_as, limits, look_at};
use libfuzzer_sys::fuzz_target;
use ofd::page::PageContent;
use ofd::{
    Limits, NewListEntry, Ofd, PartPath, SignatureKind, SignatureList, append_to_signature_list,
    link_signature_list,
};

fuzz_target!(|data: &[u8]| {
    let Some((selector, xml)) = data.split_first() else {
        return;
    };
    if let Some(package) = host(*selector, xml) {
        explore(&package);
    }
    let limits = limits();
    if let Ok(page) = PageContent::read(xml, &limits) {
        look_at(&page, &[&page]);
    }
    append(xml, &limits);
    link(xml, &limits);
});

/// A signature is added to the end of a list, under a new ID, and everything else stays.
fn append(xml: &[u8], limits: &Limits) {
    let base_loc = PartPath::new("/Doc_0/Signs/Sign_0/Signature.xml").expect("a path");
    let entry = NewListEntry {
        kind: SignatureKind::Seal,
        base_loc: &base_loc,
        relative: None,
    };
    let Ok((longer, id)) = append_to_signature_list(Some(xml), &entry, limits) else {
        return;
    };
    let read = |xml: &[u8]| list(xml).expect("a list that can be edited can be read");
    let (before, after) = (read(xml), read(&longer));
    let (last, others) = after.entries.split_last().expect("one more");
    assert_eq!(
        (last.id.as_str(), last.base_loc.path()),
        (id.as_str(), Some(&base_loc))
    );
    assert!(others.iter().all(|entry| entry.id != id), "the ID is taken");
    let ids = |entries: &[ofd::SignatureEntry]| -> Vec<_> {
        entries
            .iter()
            .map(|entry| (entry.id.clone(), entry.base_loc.loc.clone()))
            .collect()
    };
    assert_eq!(ids(others), ids(&before.entries));
}

fn list(xml: &[u8]) -> Option<SignatureList> {
    let path = PartPath::new("/Doc_0/Signs/Signatures.xml").expect("a path");
    SignatureList::read(&host_as(&path, xml)?, &path).ok()
}

/// A body is linked to a list, and then it is.
fn link(xml: &[u8], limits: &Limits) {
    let list = PartPath::new("/Doc_0/Signs/Signatures.xml").expect("a path");
    let Ok(linked) = link_signature_list(xml, 0, &list, limits) else {
        return;
    };
    let package = host_as(&PartPath::root(), &linked).expect("a package");
    let ofd = Ofd::read(&package).expect("what can be edited can be read");
    let link = ofd.bodies[0].signatures.as_ref().expect("the link");
    assert_eq!(link.path(), Some(&list));
}
