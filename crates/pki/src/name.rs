//! Distinguished names (RFC 5280 §4.1.2.4).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use const_oid::ObjectIdentifier;

use crate::Error;
use crate::asn1::{self, Element, write};

mod text;

pub use text::attribute_name;

/// Most attributes that a name may have.
const NAME_ATTRIBUTES_MAX: usize = 128;

/// commonName (X.520).
pub(crate) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// organizationName (X.520).
pub(crate) const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
/// emailAddress (RFC 2985).
pub(crate) const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");

/// A distinguished name, as received. Cheap to clone.
///
/// ```text
/// Name ::= CHOICE { rdnSequence SEQUENCE OF RelativeDistinguishedName }
/// RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
/// AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
/// ```
///
/// Two names are equal when their attributes are, whatever the string type, letter case and amount of white space
/// (RFC 5280 §7.1; no Unicode normalisation beyond lower case is applied). [`Display`](fmt::Display) follows
/// RFC 4514 but keeps the order of the certificate: `C=CN, O=…, CN=…`; characters that could disguise the text
/// (controls, changes of direction) are escaped.
#[derive(Clone)]
pub struct Name(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    /// The attributes, with the number of their RDN.
    attributes: Vec<Attribute>,
    /// Comparable form of each RDN.
    canonical: Vec<Vec<u8>>,
}

/// One attribute of a [`Name`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The attribute type.
    pub oid: ObjectIdentifier,
    /// The value as text; `None` when it is no readable string.
    pub text: Option<String>,
    /// The value as received: one ASN.1 element.
    pub value: Vec<u8>,
    /// The relative distinguished name it belongs to, counted from 0.
    pub rdn: usize,
}

impl Name {
    /// Reads the DER of a `Name`.
    pub fn read(der: &[u8]) -> Result<Self, Error> {
        Self::from_element(&asn1::read_single(der, asn1::SEQUENCE, "name")?)
    }

    /// From type and value, in the order of the certificate: `[("C", "CN"), ("CN", "Example")]`.
    ///
    /// A type is a short name such as `CN`, `O`, `OU`, `ST`, `L`, `C`, or a dotted object identifier.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Error> {
        let rdns = pairs
            .into_iter()
            .map(|(kind, value)| Ok(vec![text::encode_attribute(kind, value)?]))
            .collect::<Result<Vec<_>, Error>>()?;
        Self::from_rdns(rdns)
    }

    /// From text such as `C=CN, O=Example, CN=Example Seal` (RFC 4514 with the order of the certificate): `\`
    /// escapes a character or a byte in hexadecimal, `+` joins the attributes of one RDN.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::from_rdns(text::parse(text)?)
    }

    fn from_rdns(rdns: Vec<Vec<Vec<u8>>>) -> Result<Self, Error> {
        let sets: Vec<Vec<u8>> = rdns.into_iter().map(write::set_of).collect();
        Self::read(&write::tlv(asn1::SEQUENCE, &sets.concat()))
    }

    pub(crate) fn from_element(element: &Element<'_>) -> Result<Self, Error> {
        let what = "name";
        element.need(asn1::SEQUENCE, what)?;
        let mut attributes = Vec::new();
        let mut canonical = Vec::new();
        let mut rdns = element.children();
        while !rdns.is_empty() {
            let mut members = rdns.expect(asn1::SET, what)?.children();
            if members.is_empty() {
                // It would print as nothing and still make another name of it.
                let problem = "a relative distinguished name without attributes";
                return Err(Error::Malformed { what, problem });
            }
            let mut forms = Vec::new();
            while !members.is_empty() {
                if attributes.len() == NAME_ATTRIBUTES_MAX {
                    let found = attributes.len() + 1;
                    return Err(Error::TooLarge {
                        what: "name (attributes)",
                        found,
                        max: NAME_ATTRIBUTES_MAX,
                    });
                }
                let attribute = read_attribute(&members.expect(asn1::SEQUENCE, what)?, canonical.len())?;
                forms.push(attribute.canonical());
                attributes.push(attribute);
            }
            forms.sort();
            canonical.push(forms.concat());
        }
        Ok(Self(Arc::new(Inner {
            der: element.raw.to_vec(),
            attributes,
            canonical,
        })))
    }

    /// The DER, as received.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// All attributes in their order.
    pub fn attributes(&self) -> &[Attribute] {
        &self.0.attributes
    }

    /// Whether there is no attribute at all.
    pub fn is_empty(&self) -> bool {
        self.0.canonical.is_empty()
    }

    /// The common name; the last one where there are several, because names go from the general to the special.
    pub fn common_name(&self) -> Option<&str> {
        self.text_of(&COMMON_NAME)
    }

    /// The organization; the last one where there are several.
    pub fn organization(&self) -> Option<&str> {
        self.text_of(&ORGANIZATION)
    }

    fn text_of(&self, oid: &ObjectIdentifier) -> Option<&str> {
        let found = self
            .0
            .attributes
            .iter()
            .rev()
            .find(|attribute| attribute.oid == *oid);
        found.and_then(|attribute| attribute.text.as_deref())
    }

    /// Whether this name lies in the subtree below `base`: its first RDNs are those of `base` (RFC 5280 §7.1).
    pub fn is_below(&self, base: &Name) -> bool {
        self.0.canonical.starts_with(&base.0.canonical)
    }
}

impl Attribute {
    /// A form in which equal attributes have equal bytes.
    fn canonical(&self) -> Vec<u8> {
        let (kind, value) = match &self.text {
            Some(text) => (1, text::normalise(text).into_bytes()),
            None => (0, self.value.clone()),
        };
        let oid = self.oid.as_bytes();
        let mut form = Vec::with_capacity(oid.len() + value.len() + 6);
        form.extend([oid.len() as u8, kind]);
        form.extend((value.len() as u32).to_be_bytes());
        form.extend(oid);
        form.extend(value);
        form
    }
}

fn read_attribute(element: &Element<'_>, rdn: usize) -> Result<Attribute, Error> {
    let what = "attribute of a name";
    let mut parts = element.children();
    let oid = parts.next(what)?.oid(what)?;
    let value = parts.next(what)?;
    parts.end(what)?;
    Ok(Attribute {
        oid,
        text: text::decode(value.tag, value.value),
        value: value.raw.to_vec(),
        rdn,
    })
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.canonical == other.0.canonical
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.canonical.hash(state);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut previous = None;
        for attribute in &self.0.attributes {
            match previous {
                None => {}
                Some(rdn) if rdn == attribute.rdn => f.write_str("+")?,
                Some(_) => f.write_str(", ")?,
            }
            previous = Some(attribute.rdn);
            text::write_attribute(f, attribute)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn empty_relative_distinguished_names_are_refused() {
        let with_country = name("C=CN");
        let country = &with_country.der()[2..];
        for rdns in [&[country, &[0x31, 0]].concat()[..], &[0x31, 0]] {
            assert!(matches!(
                Name::read(&write::tlv(asn1::SEQUENCE, rdns)),
                Err(Error::Malformed { .. })
            ));
        }
    }

    #[test]
    fn display_keeps_the_order_and_parses_back() {
        for text in [
            "C=CN, O=某市某局, CN=某某印章",
            r"CN=a\,b\+c\\d\ ",
            "C=CN, CN=a+OU=b",
            "1.2.3.4=x",
            r"CN=\20two spaces inside",
            r"CN=\E2\80\AEdesrever",
            "CN=#020105",
            "CN=\u{a0}",
            "",
        ] {
            let name = name(text);
            assert_eq!(
                Name::parse(&name.to_string()).unwrap().der(),
                name.der(),
                "{text}"
            );
        }
        assert_eq!(
            name("C=CN,O=某市某局 ,  CN=x").to_string(),
            "C=CN, O=某市某局, CN=x"
        );
        assert_eq!(name(r"CN=\E2\80\AEx").to_string(), r"CN=\E2\80\AEx");
    }

    #[test]
    fn equality_ignores_string_type_case_and_white_space() {
        let printable = [
            asn1::SEQUENCE,
            0x11,
            asn1::SET,
            0x0f,
            asn1::SEQUENCE,
            0x0d,
            6,
            3,
            0x55,
            4,
            10,
            asn1::PRINTABLE_STRING,
            6,
        ];
        let printable = Name::read(&[&printable[..], b"Gov  X"].concat()).unwrap();
        assert_eq!(printable, name("O=gov x"));
        assert_eq!(name("O=ÄB"), name("O=äb"));
        assert_ne!(name("O=gov x"), name("O=govx"));
        assert_ne!(name("O=gov x"), name("OU=gov x"));
        assert_ne!(name("O=a, OU=b"), name("OU=b, O=a"));
        assert_ne!(name("O=a+OU=b"), name("O=a, OU=b"));
        assert_eq!(name("O=a+OU=b"), name("OU=b+O=a"));
    }

    #[test]
    fn unreadable_values_compare_by_their_bytes() {
        let bits = |byte: u8| {
            let value = write::bit_string(&[byte]);
            let attribute = write::sequence(&[&write::oid(&COMMON_NAME), &value]);
            Name::read(&write::sequence(&[&write::set_of(vec![attribute])])).unwrap()
        };
        assert_eq!(bits(1), bits(1));
        assert_ne!(bits(1), bits(2));
        assert_eq!(bits(1).common_name(), None);
        assert_eq!(bits(1).to_string(), "CN=#03020001");
    }

    #[test]
    fn the_last_common_name_counts() {
        assert_eq!(name("CN=a, O=b, CN=c").common_name(), Some("c"));
        assert_eq!(name("O=b").common_name(), None);
    }

    #[test]
    fn subtrees_are_prefixes_of_whole_rdns() {
        assert!(name("C=CN, O=a, CN=b").is_below(&name("C=cn, O=A")));
        assert!(name("C=CN").is_below(&name("")));
        assert!(!name("C=CN, O=ab").is_below(&name("C=CN, O=a")));
        assert!(!name("C=CN").is_below(&name("C=CN, O=a")));
    }

    #[test]
    fn bad_texts_say_what_is_wrong() {
        for text in [
            "CN",
            "=x",
            "CN=a,",
            "XX=a",
            "CN=\\",
            "CN=#zz",
            "CN=#05",
            "CN=a,,O=b",
            "1.2.=x",
            "CN=\\ff",
        ] {
            let error = Name::parse(text).unwrap_err();
            assert!(matches!(error, Error::BadName { .. }), "{text}: {error}");
        }
    }

    #[test]
    fn too_many_attributes_are_refused() {
        let pairs = vec![("CN", "x"); NAME_ATTRIBUTES_MAX + 1];
        assert!(Name::from_pairs(pairs[1..].iter().copied()).is_ok());
        assert!(matches!(Name::from_pairs(pairs), Err(Error::TooLarge { .. })));
    }
}
