//! The names of HTML elements, as far as they decide where a line ends.
//!
//! Names are compared by their first eight letters: that tells all apart that matter, and costs no allocation.

/// A tag name, cut to eight letters, which tells all apart that matter here.
pub(super) type Tag = [u8; 8];

pub(super) fn tag(name: &[u8]) -> Tag {
    let mut tag = Tag::default();
    for (to, from) in tag.iter_mut().zip(name) {
        *to = from.to_ascii_lowercase();
    }
    tag
}

/// Whether it begins and ends lines.
pub(super) fn is_block(name: &Tag) -> bool {
    const BLOCKS: &[&[u8]] = &[
        b"address",
        b"article",
        b"blockquo",
        b"body",
        b"center",
        b"dd",
        b"div",
        b"dl",
        b"dt",
        b"fieldset",
        b"footer",
        b"form",
        b"h1",
        b"h2",
        b"h3",
        b"h4",
        b"h5",
        b"h6",
        b"header",
        b"hr",
        b"li",
        b"main",
        b"ol",
        b"p",
        b"pre",
        b"section",
        b"table",
        b"tbody",
        b"thead",
        b"tr",
        b"ul",
        b"head",
        b"html",
    ];
    let len = name.iter().position(|b| *b == 0).unwrap_or(8);
    BLOCKS.contains(&&name[..len])
}

/// Whether it has no content, and so no end.
pub(super) fn is_void(name: &Tag) -> bool {
    const VOID: &[&[u8]] = &[
        b"area",
        b"base",
        b"col",
        b"embed",
        b"img",
        b"input",
        b"link",
        b"meta",
        b"param",
        b"source",
        b"wbr",
        b"o:p",
        b"!doctype",
        b"!",
        b"?xml",
    ];
    let len = name.iter().position(|b| *b == 0).unwrap_or(8);
    VOID.contains(&&name[..len]) || matches!(name[0], b'!' | b'?')
}
