//! Archives forged field by field: what has two meanings is refused, what has one is read.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;

use super::part_reader::tests::read_in_pieces;
use super::*;
use crate::FindingKind;
use crate::zip_writer::ZipWriter;

/// An entry whose two headers may lie.
#[derive(Clone)]
struct Forged {
    name: Vec<u8>,
    local_name: Option<Vec<u8>>,
    data: Vec<u8>,
    method: u16,
    flags: u16,
    local_flags: Option<u16>,
    crc32: u32,
    size: u32,
    local_size: Option<u32>,
    extra: Vec<u8>,
    /// Between the data and the next entry.
    after: Vec<u8>,
    /// In the directory, instead of where the entry is.
    offset: Option<u32>,
}

fn stored(name: &str, content: &[u8]) -> Forged {
    Forged {
        name: name.as_bytes().to_vec(),
        local_name: None,
        data: content.to_vec(),
        method: 0,
        flags: 0,
        local_flags: None,
        crc32: crc32fast::hash(content),
        size: content.len() as u32,
        local_size: None,
        extra: Vec::new(),
        after: Vec::new(),
        offset: None,
    }
}

/// As small as deflate gets it, as whoever makes a bomb would.
fn squeezed(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn deflated(name: &str, content: &[u8]) -> Forged {
    Forged {
        data: squeezed(content),
        method: 8,
        ..stored(name, content)
    }
}

fn forge(entries: &[Forged]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = entry.offset.unwrap_or(bytes.len() as u32);
        let fields = |flags: u16, size: u32, name: &[u8]| {
            let mut fields = vec![20, 0];
            fields.extend(flags.to_le_bytes());
            fields.extend(entry.method.to_le_bytes());
            fields.extend([0; 4]);
            fields.extend(entry.crc32.to_le_bytes());
            fields.extend((entry.data.len() as u32).to_le_bytes());
            fields.extend(size.to_le_bytes());
            fields.extend((name.len() as u16).to_le_bytes());
            fields
        };
        let local_name = entry.local_name.as_ref().unwrap_or(&entry.name);
        bytes.extend(b"PK\x03\x04");
        let flags = entry.local_flags.unwrap_or(entry.flags);
        bytes.extend(fields(flags, entry.local_size.unwrap_or(entry.size), local_name));
        bytes.extend([0, 0]);
        bytes.extend(local_name);
        bytes.extend(&entry.data);
        bytes.extend(&entry.after);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(fields(entry.flags, entry.size, &entry.name));
        directory.extend((entry.extra.len() as u16).to_le_bytes());
        directory.extend([0; 12 - 2]);
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.name);
        directory.extend(&entry.extra);
    }
    let start = bytes.len() as u32;
    bytes.extend(&directory);
    end_record(&mut bytes, entries.len() as u16, directory.len() as u32, start);
    bytes
}

fn end_record(bytes: &mut Vec<u8>, entries: u16, len: u32, start: u32) {
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(entries.to_le_bytes());
    bytes.extend(entries.to_le_bytes());
    bytes.extend(len.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
}

/// Opens the archive and reads every part, from memory and through a source that is not; both must agree.
fn code(bytes: &[u8]) -> &'static str {
    code_with(bytes, Limits::default())
}

fn code_with(bytes: &[u8], limits: Limits) -> &'static str {
    let read_all = |package: Package| {
        for entry in package.parts() {
            let read = package.read(entry.path()).map(|bytes| bytes.to_vec());
            let mut streamed = Vec::new();
            let count = package.stream(entry.path(), &mut |bytes| streamed.extend(bytes));
            let pieces = read_in_pieces(&package, entry.path(), 101).ok();
            assert_eq!(pieces.as_deref(), count.as_ref().ok().map(|_| &*streamed));
            match (read, count) {
                (Ok(read), Ok(count)) => {
                    assert_eq!((read.as_slice(), read.len() as u64), (&*streamed, count))
                }
                (Err(one), Err(other)) => {
                    assert_eq!(one.code(), other.code());
                    return Err(one);
                }
                (read, count) => panic!("{read:?} and {count:?}"),
            }
        }
        Ok(())
    };
    let limits = || Limits {
        cache_bytes_max: 0,
        ..limits.clone()
    };
    let memory = Package::open(bytes.to_vec(), limits()).and_then(read_all);
    let disk = Package::open_boxed(Box::new(Disk(bytes.to_vec())), limits()).and_then(read_all);
    assert_eq!(
        memory.as_ref().err().map(Error::code),
        disk.as_ref().err().map(Error::code)
    );
    memory.err().map_or("", |error| error.code())
}

/// Reads in small bites, as a disk may.
struct Disk(Vec<u8>);

impl Source for Disk {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let bite = buf.len().min(1 + offset as usize % 700);
        self.0.read_at(&mut buf[..bite], offset)
    }
}

fn findings(bytes: &[u8]) -> Vec<FindingKind> {
    assert_eq!(code(bytes), "");
    let package = Package::open(bytes.to_vec(), Limits::default()).unwrap();
    package.findings().iter().map(|finding| finding.kind).collect()
}

#[test]
fn honest_archives_are_read() {
    let text = "印章".repeat(50_000);
    let entries = [
        stored("OFD.xml", b"<OFD/>"),
        deflated("a/b.xml", text.as_bytes()),
        stored("a/", b""),
        stored("c", b""),
    ];
    let bytes = forge(&entries);
    assert_eq!(findings(&bytes), []);
    let package = Package::open(bytes, Limits::default()).unwrap();
    assert_eq!(
        &*package.read(&PartPath::new("/a/b.xml").unwrap()).unwrap(),
        text.as_bytes()
    );
    assert_eq!(package.parts().count(), 3);
    assert!(!package.contains(&PartPath::new("/a").unwrap()));
    assert_eq!(
        package.read(&PartPath::new("/no").unwrap()).unwrap_err().code(),
        "PART_MISSING"
    );
}

#[test]
fn what_is_no_archive() {
    assert_eq!(code(b""), "ZIP_MALFORMED");
    assert_eq!(code(b"%PDF-1.7"), "ZIP_MALFORMED");
    let bytes = forge(&[stored("a", b"1")]);
    for end in 1..bytes.len() {
        assert_eq!(code(&bytes[..end]), "ZIP_MALFORMED", "{end}");
    }
}

#[test]
fn doubled_names() {
    for twin in [
        "a/b.xml",
        "a\\b.xml",
        "a/./b.xml",
        "a//b.xml",
        "A/B.XML",
        "./a/b.xml",
        "a/b.xml/",
    ] {
        assert_eq!(
            code(&forge(&[stored("a/b.xml", b""), stored(twin, b"")])),
            "ZIP_DUPLICATE",
            "{twin}"
        );
    }
    assert_eq!(
        code(&forge(&[stored("Ä.xml", b""), stored("ä.xml", b"")])),
        "ZIP_DUPLICATE"
    );
    assert_eq!(code(&forge(&[stored("a/", b""), stored("a/", b"")])), "");
}

#[test]
fn names_that_leave_the_package() {
    for name in [
        "../a",
        "a/../../b",
        "a/..",
        "..\\a",
        "/etc/passwd",
        "\\a",
        "C:\\a",
        "c:/a",
        "a\0b",
        "a\nb",
        "",
        ".",
    ] {
        assert_eq!(code(&forge(&[stored(name, b"")])), "ZIP_NAME", "{name:?}");
    }
    assert_eq!(code(&forge(&[stored(&"a".repeat(1025), b"")])), "ZIP_NAME");
    let mut entry = stored("a", b"");
    entry.name = b"a\x81".to_vec();
    assert_eq!(code(&forge(&[entry.clone()])), "ZIP_NAME");
    entry.name = b"\xD3\xA1\xD5\xC2".to_vec();
    entry.flags = 1 << 11;
    assert_eq!(code(&forge(&[entry])), "ZIP_NAME");
}

#[test]
fn odd_names_are_read() {
    let mut gbk = stored("a", b"");
    gbk.name = b"\xD3\xA1\xD5\xC2.xml".to_vec();
    let bytes = forge(&[gbk]);
    assert_eq!(findings(&bytes), [FindingKind::ZipNameGbk]);
    let package = Package::open(bytes, Limits::default()).unwrap();
    assert!(package.contains(&PartPath::new("/印章.xml").unwrap()));

    assert_eq!(
        findings(&forge(&[stored("印章.xml", b"")])),
        [FindingKind::ZipNameUnmarked]
    );
    assert_eq!(
        findings(&forge(&[Forged {
            flags: 1 << 11,
            ..stored("印章.xml", b"")
        }])),
        []
    );
    assert_eq!(
        findings(&forge(&[stored("a\\b", b"")])),
        [FindingKind::ZipNameShape]
    );
}

#[test]
fn name_that_is_another_one_in_gbk() {
    let mut both = stored("a", b"evil");
    both.name = b"\xD3\xA1.xml".to_vec(); // U+04E1 in UTF-8, U+5370 in GBK
    let honest = Forged {
        flags: 1 << 11,
        ..stored("印.xml", b"honest")
    };
    assert_eq!(code(&forge(&[honest, both.clone()])), "ZIP_DUPLICATE");
    let package = Package::open(forge(&[both]), Limits::default()).unwrap();
    assert_eq!(
        package
            .resolve("/印.xml", &PartPath::root())
            .path()
            .unwrap()
            .as_str(),
        "/ӡ.xml"
    );
}

#[test]
fn unicode_name_must_be_the_same() {
    let field = |raw: &[u8], name: &str| {
        let mut field = vec![0x75, 0x70, 5 + name.len() as u8, 0, 1];
        field.extend(crc32fast::hash(raw).to_le_bytes());
        field.extend(name.as_bytes());
        field
    };
    let named = |extra| Forged {
        extra,
        ..stored("a.xml", b"")
    };
    assert_eq!(code(&forge(&[named(field(b"a.xml", "a.xml"))])), "");
    assert_eq!(code(&forge(&[named(field(b"a.xml", "b.xml"))])), "ZIP_NAME");
    assert_eq!(
        code(&forge(&[named(field(b"other", "b.xml"))])),
        "",
        "it belongs to another name"
    );
}

#[test]
fn headers_that_contradict_each_other() {
    let honest = deflated("a", b"hello");
    let check = |entry: Forged| assert_eq!(code(&forge(&[entry])), "ZIP_INCONSISTENT");
    check(Forged {
        local_name: Some(b"b".to_vec()),
        ..honest.clone()
    });
    check(Forged {
        local_size: Some(6),
        ..honest.clone()
    });
    check(Forged {
        local_flags: Some(8),
        ..honest.clone()
    });
    check(Forged {
        local_flags: Some(1),
        ..honest.clone()
    });
    check(Forged {
        size: 4,
        ..stored("a", b"hello")
    });
    check(stored("a/", b"a folder with content"));
    assert_eq!(
        code(&forge(&[Forged {
            local_flags: Some(1 << 11),
            ..honest
        }])),
        "",
        "ASCII names need no mark"
    );
    check(Forged {
        local_flags: Some(1 << 11),
        ..stored("印", b"")
    });
}

#[test]
fn encrypted_and_unknown_methods() {
    for bit in [0, 6, 13] {
        assert_eq!(
            code(&forge(&[Forged {
                flags: 1 << bit,
                ..stored("a", b"")
            }])),
            "ZIP_ENCRYPTED"
        );
    }
    for method in [1, 9, 12, 14, 93, 99] {
        assert_eq!(
            code(&forge(&[Forged {
                method,
                ..stored("a", b"")
            }])),
            "ZIP_METHOD"
        );
    }
    assert_eq!(
        code(&forge(&[Forged {
            flags: 1 << 5,
            ..stored("a", b"")
        }])),
        "ZIP_METHOD"
    );
}

#[test]
fn entries_that_overlap() {
    let (one, two) = (stored("a", b"same"), stored("b", b"same"));
    let twice = Forged {
        offset: Some(0),
        local_name: Some(b"b".to_vec()),
        ..two.clone()
    };
    assert_eq!(code(&forge(&[one.clone(), twice])), "ZIP_OVERLAP");
    // The second stands within the data of the first.
    let mut inner = forge(std::slice::from_ref(&two));
    inner.truncate(35);
    let outer = stored("a", &inner);
    let within = Forged {
        offset: Some(31),
        data: b"same".to_vec(),
        ..two
    };
    let mut bytes = forge(&[outer, within]);
    assert_eq!(code(&bytes), "ZIP_OVERLAP");
    // An entry that reaches into the directory.
    bytes = forge(&[one]);
    let at = bytes.len() - 22 - 47;
    for start in [18, at + 20] {
        bytes[start..start + 8].copy_from_slice(&[40, 0, 0, 0, 40, 0, 0, 0]);
    }
    assert_eq!(code(&bytes), "ZIP_INCONSISTENT");
}

#[test]
fn records_outside_of_the_directory() {
    let mut hidden = forge(&[stored("hidden", b"evil")]);
    hidden.truncate(30 + 6 + 4);
    let gap = Forged {
        after: hidden.clone(),
        ..stored("a", b"1")
    };
    assert_eq!(code(&forge(&[gap.clone(), stored("b", b"2")])), "ZIP_HIDDEN");
    assert_eq!(code(&forge(&[gap])), "ZIP_HIDDEN", "in front of the directory");

    let honest = forge(&[stored("a", b"1")]);
    let mut prefixed = hidden;
    prefixed.extend(&honest);
    assert_eq!(code(&prefixed), "ZIP_HIDDEN");
    let mut two = honest.clone();
    two.extend(&honest);
    assert_eq!(code(&two), "ZIP_HIDDEN", "an archive behind an archive");

    let mut commented = honest;
    let at = commented.len() - 2;
    commented[at] = 4;
    commented.extend(b"PK\x01\x02");
    assert_eq!(code(&commented), "ZIP_HIDDEN");
}

#[test]
fn harmless_bytes_outside_of_entries_are_named() {
    let honest = forge(&[stored("a", b"1")]);
    let mut tail = honest.clone();
    tail.extend([0; 15]);
    assert_eq!(findings(&tail), [FindingKind::ZipTail]);
    tail.extend([0; 4096]);
    assert_eq!(code(&tail), "ZIP_MALFORMED");

    let mut comment = honest.clone();
    let at = comment.len() - 2;
    comment[at] = 5;
    comment.extend(b"hello");
    assert_eq!(findings(&comment), [FindingKind::ZipComment]);
    comment.truncate(comment.len() - 1);
    assert_eq!(code(&comment), "ZIP_MALFORMED");

    let mut prefix = b"#!/bin/sh\n".to_vec();
    prefix.extend(&honest);
    assert_eq!(findings(&prefix), [FindingKind::ZipPrefix]);

    let gap = Forged {
        after: vec![7; 40_000],
        ..stored("a", b"1")
    };
    assert_eq!(findings(&forge(&[gap, stored("b", b"2")])), [FindingKind::ZipGap]);
}

#[test]
fn signatures_at_the_edge_of_a_window_are_found() {
    for length in 16_378..16_390 {
        let mut after = vec![0; length];
        after.extend(b"PK\x03\x04");
        assert_eq!(
            code(&forge(&[Forged {
                after,
                ..stored("a", b"1")
            }])),
            "ZIP_HIDDEN",
            "{length}"
        );
    }
}

#[test]
fn data_descriptors() {
    let content = b"hello";
    let entry = deflated("a", content);
    let (crc, compressed) = (entry.crc32.to_le_bytes(), entry.data.len() as u32);
    let short = [&crc[..], &compressed.to_le_bytes(), &5_u32.to_le_bytes()].concat();
    let long = [
        &crc[..],
        &u64::from(compressed).to_le_bytes(),
        &5_u64.to_le_bytes(),
    ]
    .concat();
    for body in [short, long] {
        for signed in [true, false] {
            let mut after = if signed {
                b"PK\x07\x08".to_vec()
            } else {
                Vec::new()
            };
            after.extend(&body);
            let entry = Forged {
                flags: 8,
                local_size: Some(0),
                after,
                ..entry.clone()
            };
            assert_eq!(findings(&forge(&[entry.clone(), stored("b", b"")])), []);
            let mut lying = entry;
            let last = lying.after.len() - 5;
            lying.after[last] ^= 1;
            assert_eq!(code(&forge(&[lying])), "ZIP_INCONSISTENT");
        }
    }
    let without = Forged {
        flags: 8,
        ..entry.clone()
    };
    assert_eq!(findings(&forge(&[without])), [FindingKind::ZipNoDescriptor]);
    let nowhere = Forged {
        flags: 8,
        local_size: Some(0),
        ..entry
    };
    assert_eq!(code(&forge(&[nowhere])), "ZIP_INCONSISTENT");
}

#[test]
fn sizes_that_lie() {
    let zeros = deflated("a", &vec![0; 1 << 20]);
    assert_eq!(code(&forge(std::slice::from_ref(&zeros))), "");
    for size in [1, 100, (1 << 20) - 1] {
        assert_eq!(
            code(&forge(&[Forged {
                size,
                ..zeros.clone()
            }])),
            "ZIP_BOMB",
            "{size}"
        );
    }
    assert_eq!(
        code(&forge(&[Forged {
            size: (1 << 20) + 1,
            ..zeros.clone()
        }])),
        "ZIP_DAMAGED"
    );
    assert_eq!(
        code(&forge(&[Forged {
            size: 100 << 20,
            ..zeros
        }])),
        "ZIP_BOMB",
        "more than deflate can give"
    );
    let noise: Vec<u8> = (0..20_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    assert_eq!(
        code(&forge(&[Forged {
            size: 100,
            ..deflated("a", &noise)
        }])),
        "ZIP_BOMB"
    );
}

#[test]
fn bombs_and_limits() {
    let zeros = deflated("a", &vec![0; 20 << 20]);
    assert_eq!(
        code(&forge(std::slice::from_ref(&zeros))),
        "ZIP_BOMB",
        "more than 16 MiB at a ratio above 200"
    );
    let patient = Limits {
        ratio_max: 1100,
        ..Limits::default()
    };
    assert_eq!(
        code_with(&forge(std::slice::from_ref(&zeros)), patient.clone()),
        ""
    );
    let small = Limits {
        entry_bytes_max: (20 << 20) - 1,
        ..patient.clone()
    };
    assert_eq!(code_with(&forge(std::slice::from_ref(&zeros)), small), "LIMIT");
    let few = Limits {
        package_bytes_max: 30 << 20,
        ..patient
    };
    let other = Forged {
        name: b"b".to_vec(),
        ..zeros.clone()
    };
    assert_eq!(code_with(&forge(&[zeros, other]), few), "LIMIT");

    let entries: Vec<_> = (0..11).map(|number| stored(&number.to_string(), b"")).collect();
    let ten = Limits {
        entries_max: 10,
        ..Limits::default()
    };
    assert_eq!(code_with(&forge(&entries), ten), "LIMIT");
    let thin = Limits {
        directory_bytes_max: 100,
        ..Limits::default()
    };
    assert_eq!(code_with(&forge(&entries), thin), "LIMIT");
}

#[test]
fn damaged_data() {
    let honest = deflated("a", b"hello hello hello hello");
    let check = |entry: Forged| assert_eq!(code(&forge(&[entry])), "ZIP_DAMAGED");
    check(Forged {
        crc32: honest.crc32 ^ 1,
        ..honest.clone()
    });
    check(Forged {
        crc32: 1,
        ..stored("a", b"hello")
    });
    let mut longer = honest.clone();
    longer.data.extend([0; 3]);
    check(longer);
    let mut shorter = honest.clone();
    shorter.data.pop();
    check(shorter);
    let mut broken = honest;
    broken.data[0] = 0xFF;
    check(broken);
}

#[test]
fn directory_that_counts_wrong() {
    let mut bytes = forge(&[stored("a", b"1"), stored("b", b"2")]);
    let at = bytes.len() - 22;
    for count in [1, 3] {
        bytes[at + 8] = count;
        bytes[at + 10] = count;
        assert_eq!(code(&bytes), "ZIP_MALFORMED");
    }
    bytes[at + 8] = 1;
    bytes[at + 10] = 2;
    assert_eq!(code(&bytes), "ZIP_MALFORMED", "split over several files");
}

#[test]
fn zip64_oddities() {
    let field = |values: &[u64]| {
        let mut field = vec![1, 0, values.len() as u8 * 8, 0];
        values.iter().for_each(|value| field.extend(value.to_le_bytes()));
        field
    };
    let with = |extra: Vec<u8>| {
        forge(&[Forged {
            extra,
            ..stored("a", b"hello")
        }])
    };
    assert_eq!(code(&with(field(&[5, 5]))), "", "a repetition that agrees");
    assert_eq!(code(&with(field(&[6, 5]))), "ZIP_INCONSISTENT");
    assert_eq!(
        code(&with([field(&[5, 5]), field(&[5, 5])].concat())),
        "ZIP_INCONSISTENT"
    );
    let sentinel = Forged {
        size: u32::MAX,
        local_size: Some(5),
        ..stored("a", b"hello")
    };
    assert_eq!(
        code(&forge(&[Forged {
            extra: field(&[5]),
            ..sentinel.clone()
        }])),
        ""
    );
    assert_eq!(
        code(&forge(&[Forged {
            extra: field(&[6]),
            ..sentinel.clone()
        }])),
        "ZIP_INCONSISTENT"
    );
    assert_eq!(
        code(&forge(&[Forged {
            extra: vec![1, 0, 4, 0, 5, 0, 0, 0],
            ..sentinel.clone()
        }])),
        "ZIP_INCONSISTENT"
    );
    assert_eq!(code(&forge(&[sentinel])), "ZIP_INCONSISTENT");

    // An end record that sends to a zip64 record which is not there.
    let mut bytes = forge(&[stored("a", b"1")]);
    let at = bytes.len() - 22;
    bytes[at + 16..at + 20].fill(0xFF);
    assert_eq!(code(&bytes), "ZIP_MALFORMED");
}

#[test]
fn zip64_end_record_must_agree() {
    let honest = forge(&[stored("a", b"1")]);
    let at = honest.len() - 22;
    let (len, start) = (47_u64, at as u64 - 47);
    let build = |count: u64, start: u64, locator: u64| {
        let mut bytes = honest[..at].to_vec();
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        [count, count, len, start]
            .iter()
            .for_each(|value| bytes.extend(value.to_le_bytes()));
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(locator.to_le_bytes());
        bytes.extend([1, 0, 0, 0]);
        bytes.extend(&honest[at..]);
        bytes
    };
    assert_eq!(code(&build(1, start, at as u64)), "");
    assert_eq!(code(&build(2, start, at as u64)), "ZIP_MALFORMED");
    assert_eq!(code(&build(1, start - 1, at as u64)), "ZIP_MALFORMED");
    assert_eq!(code(&build(1, start, 0)), "ZIP_MALFORMED");
}

#[test]
fn links_find_their_part() {
    let parts = [
        "OFD.xml",
        "Doc_0/Document.xml",
        "Doc_0/Tags/Tag_.xml",
        "Doc_0/Images&Fonts/a b.png",
        "Doc_0/%41.xml",
    ];
    let entries: Vec<_> = parts.iter().map(|name| stored(name, b"")).collect();
    let package = Package::open(forge(&entries), Limits::default()).unwrap();
    let holder = PartPath::new("/Doc_0/Tags/CustomTags.xml").unwrap();
    let check = |loc: &str, expected: Result<&str, BadLoc>, oddities: &[LinkOddity]| {
        let link = package.resolve(loc, &holder);
        assert_eq!(
            link.target.as_ref().map(PartPath::as_str),
            expected.as_ref().copied(),
            "{loc}"
        );
        assert_eq!(link.oddities, oddities, "{loc}");
    };
    check("Tag_.xml", Ok("/Doc_0/Tags/Tag_.xml"), &[]);
    check("../Document.xml", Ok("/Doc_0/Document.xml"), &[]);
    check(
        "Tags/Tag_.xml",
        Ok("/Doc_0/Tags/Tag_.xml"),
        &[LinkOddity::OtherFolder],
    );
    check(
        "Doc_0/Document.xml",
        Ok("/Doc_0/Document.xml"),
        &[LinkOddity::OtherFolder],
    );
    check(
        "/doc_0/DOCUMENT.xml",
        Ok("/Doc_0/Document.xml"),
        &[LinkOddity::LetterCase],
    );
    check("//OFD.xml", Ok("/OFD.xml"), &[LinkOddity::DoubleSlash]);
    check("\n/OFD.xml ", Ok("/OFD.xml"), &[LinkOddity::WhiteSpace]);
    check(
        "..\\Document.xml",
        Ok("/Doc_0/Document.xml"),
        &[LinkOddity::Backslash],
    );
    check(
        "../Images%26Fonts/a%20b.png",
        Ok("/Doc_0/Images&Fonts/a b.png"),
        &[LinkOddity::PercentEncoded],
    );
    check("../%41.xml", Ok("/Doc_0/%41.xml"), &[]);
    check(
        "/Doc_0",
        Err(BadLoc::Missing(PartPath::new("/Doc_0").unwrap())),
        &[],
    );
    check("../../../../etc/hostname", Err(BadLoc::Escapes), &[]);
    check(&"a".repeat(1025), Err(BadLoc::TooLong { max: 1024 }), &[]);
}

#[test]
fn threads_stream_at_once() {
    let contents: Vec<Vec<u8>> = (0..8_u8)
        .map(|seed| vec![seed; 300_000 + usize::from(seed)])
        .collect();
    let entries: Vec<_> = contents
        .iter()
        .enumerate()
        .map(|(number, content)| deflated(&number.to_string(), content))
        .collect();
    let bytes = forge(&entries);
    let package = Package::open_boxed(Box::new(Disk(bytes)), Limits::default()).unwrap();
    std::thread::scope(|scope| {
        for (number, content) in contents.iter().enumerate() {
            let package = &package;
            scope.spawn(move || {
                let part = PartPath::new(&number.to_string()).unwrap();
                let mut crc = crc32fast::Hasher::new();
                package.stream(&part, &mut |bytes| crc.update(bytes)).unwrap();
                assert_eq!(crc.finalize(), crc32fast::hash(content));
            });
        }
    });
}

#[test]
fn small_parts_are_inflated_once() {
    let package = Package::open(forge(&[deflated("a", b"hello")]), Limits::default()).unwrap();
    let part = PartPath::new("a").unwrap();
    let (one, other) = (package.read(&part).unwrap(), package.read(&part).unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    let bare = Limits {
        cache_bytes_max: 4,
        ..Limits::default()
    };
    let package = Package::open(forge(&[deflated("a", b"hello")]), bare).unwrap();
    let (one, other) = (package.read(&part).unwrap(), package.read(&part).unwrap());
    assert!(!Arc::ptr_eq(&one, &other));
}

/// Archives of our own writer, as a start for mutations.
fn archive(contents: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Vec::new());
    for (index, (name, content)) in contents.iter().enumerate() {
        let method = if content.len() % 2 == 0 {
            Method::Deflated
        } else {
            Method::Stored
        };
        zip.add(&format!("{index}/{name}"), content, method).unwrap();
    }
    zip.finish().unwrap().0
}

proptest! {
    #[test]
    fn any_bytes_are_opened_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        code(&bytes);
    }

    #[test]
    fn any_records_are_opened_without_panic(
        bytes in prop::collection::vec(
            prop_oneof![
                Just(b"PK\x03\x04".to_vec()), Just(b"PK\x01\x02".to_vec()), Just(b"PK\x05\x06".to_vec()),
                Just(b"PK\x06\x06".to_vec()), Just(b"PK\x06\x07".to_vec()), Just(b"PK\x07\x08".to_vec()),
                Just(vec![0; 4]), Just(vec![0xFF; 4]), prop::collection::vec(any::<u8>(), 0..12),
            ], 0..40)
    ) {
        code(&bytes.concat());
    }

    #[test]
    fn mutated_archives_are_opened_without_panic(
        contents in prop::collection::vec(("[a-z]{1,6}", prop::collection::vec(any::<u8>(), 0..300)), 1..4),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = archive(&contents);
        for (index, value) in edits {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        code(&bytes);
    }

    #[test]
    fn a_changed_byte_never_changes_a_part_unseen(
        contents in prop::collection::vec(("[a-z]{1,6}", prop::collection::vec(any::<u8>(), 0..300)), 1..4),
        index in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let mut bytes = archive(&contents);
        let at = index.index(bytes.len());
        bytes[at] ^= flip;
        let Ok(package) = Package::open(bytes, Limits::default()) else { return Ok(()) };
        for (index, (name, content)) in contents.iter().enumerate() {
            let part = PartPath::new(&format!("{index}/{name}")).unwrap();
            if let Ok(read) = package.read(&part) {
                prop_assert_eq!(&*read, content.as_slice());
            }
        }
    }
}
