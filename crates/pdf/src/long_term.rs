//! What keeps signatures verifiable: the document security store and document timestamps, as incremental updates
//! (ISO 32000-2 §12.8.4.3, §12.8.5; ETSI EN 319 142-1 §5.4).

use crate::document::Document;
use crate::error::{Error, limit, structure};
use crate::filter::deflate;
use crate::limits::SECURITY_STORE_ENTRIES_MAX;
use crate::object::{Dictionary, Object};
use crate::page::pages;
use crate::security_store::{SecurityStore, security_store};
use crate::sign::{add_annotations, add_to_form, free_name};
use crate::update::{Appended, Update};

/// The update that adds evidence to the security store; what is in it stays, and nothing is put in twice.
pub fn add_security_store(
    document: &Document<'_>,
    evidence: &SecurityStore,
    file_id: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut update = Update::new(document)?;
    put_store(&mut update, document, evidence)?;
    update.write_unsigned(file_id)
}

/// The update that adds a document timestamp, its token still to be filled in, and this evidence with it.
pub fn add_document_timestamp(
    document: &Document<'_>,
    evidence: &SecurityStore,
    token_bytes: usize,
    file_id: &[u8],
) -> Result<Appended, Error> {
    let mut update = Update::new(document)?;
    put_store(&mut update, document, evidence)?;
    let mut dictionary = Dictionary::default();
    dictionary.set("Type", Object::name("DocTimeStamp"));
    dictionary.set("Filter", Object::name("Adobe.PPKLite"));
    dictionary.set("SubFilter", Object::name("ETSI.RFC3161"));
    let value = update.add_signature(dictionary, token_bytes);
    let pages = pages(document)?;
    let Some(page) = pages.first() else {
        return structure("page", "there is none");
    };
    // Field and widget in one: without an area, nothing is shown.
    let mut field = Dictionary::default();
    field.set("FT", Object::name("Sig"));
    field.set("T", Object::text(free_name(document, "Timestamp")?.as_bytes()));
    field.set("V", Object::Reference(value));
    field.set("Type", Object::name("Annot"));
    field.set("Subtype", Object::name("Widget"));
    field.set("Rect", Object::Array([0; 4].map(Object::Integer).to_vec()));
    field.set("F", Object::Integer(132));
    if let Some(id) = page.id {
        field.set("P", Object::Reference(id));
    }
    let field = update.add(Object::Dictionary(field));
    add_annotations(&mut update, document, page, vec![Object::Reference(field)])?;
    add_to_form(&mut update, document, field, None)?;
    update.write(file_id)
}

fn put_store(
    update: &mut Update<'_, '_>,
    document: &Document<'_>,
    evidence: &SecurityStore,
) -> Result<(), Error> {
    let known = security_store(document)?;
    let Some(root) = document.trailer().get("Root").and_then(Object::as_reference) else {
        return structure("catalogue", "/Root is no reference");
    };
    let mut catalog = document.catalog()?;
    let place = catalog.get("DSS").and_then(Object::as_reference);
    let mut store = match document.get(&catalog, "DSS")? {
        Some(store) => store.as_dictionary().cloned().unwrap_or_default(),
        None => Dictionary::default(),
    };
    let mut added = 0;
    let lists = [
        ("Certs", &known.certificates, &evidence.certificates),
        ("CRLs", &known.crls, &evidence.crls),
        ("OCSPs", &known.ocsps, &evidence.ocsps),
    ];
    for (key, known, wanted) in lists {
        let mut list = match document.get(&store, key)? {
            Some(list) => list.as_array().unwrap_or_default().to_vec(),
            None => Vec::new(),
        };
        let mut fresh: Vec<&Vec<u8>> = wanted.iter().filter(|der| !known.contains(der)).collect();
        fresh.sort_unstable();
        fresh.dedup();
        limit(
            list.len() + fresh.len(),
            SECURITY_STORE_ENTRIES_MAX,
            "entries of the security store",
        )?;
        if fresh.is_empty() {
            continue;
        }
        added += fresh.len();
        for der in fresh {
            let mut stream = Dictionary::default();
            stream.set("Filter", Object::name("FlateDecode"));
            list.push(Object::Reference(update.add_stream(stream, deflate(der))));
        }
        store.set(key, Object::Array(list));
    }
    if added == 0 {
        return Ok(());
    }
    store.set("Type", Object::name("DSS"));
    match place {
        Some(place) => update.replace(place, Object::Dictionary(store)),
        None => {
            let store = update.add(Object::Dictionary(store));
            catalog.set("DSS", Object::Reference(store));
            update.replace(root, Object::Dictionary(catalog));
        }
    }
    Ok(())
}
