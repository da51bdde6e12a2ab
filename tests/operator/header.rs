//! The head of every page in real Chromium: one line on a usual screen, and nothing beside the screen on a narrow one.
//!
//! The page is the desk's own frame, style and words, without a daemon: only its measures are asked.

use crate::browser::{Browser, Look};
use serde_json::json;

/// The frame of a page as the desk paints it for a reviewer of a firm with a long name.
fn page(folder: &std::path::Path, language: &str) -> String {
    let room = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
    let read = |file: &str| std::fs::read_to_string(room.join(file)).unwrap();
    let words: toml::Table = read(&format!("words/{language}.toml")).parse().unwrap();
    let mut context = tera::Context::new();
    context.insert("w", &words);
    let frame = json!({
        "language": language, "languages": [["en", "English"], ["fr", "Français"]], "menu": "cases",
        "firm": "Ateliers Réunis de la Vallée du Rhône SARL", "name": "marie-claude",
        "role": words["role"]["reviewer"].as_str(), "csrf": "x", "flash": null,
    });
    context.insert("frame", &frame);
    let mut painter = tera::Tera::default();
    let files = ["base.html", "said.html"].map(|name| (name, read(&format!("html/{name}"))));
    painter.add_raw_templates(files).unwrap();
    let page = painter.render("base.html", &context).unwrap();
    std::fs::write(folder.join("style.css"), read("html/style.css")).unwrap();
    let file = folder.join(format!("{language}.html"));
    let page = page.replace("href=\"/style.css\"", "href=\"style.css\"");
    std::fs::write(&file, page).unwrap();
    format!("file://{}", file.display())
}

/// How many lines the head has, and by how much the page is wider than the window.
const MEASURE: &str = "
    let lines = 0, end = 0;
    const all = [...document.querySelectorAll('.top > *, .top nav li, .who > *')].filter(e => e.clientHeight);
    const tops = all.map(e => e.getBoundingClientRect()).sort((a, b) => a.top - b.top);
    for (const r of tops) { if (r.top >= end - 2) lines += 1; end = Math.max(end, r.bottom); }
    return [lines, document.documentElement.scrollWidth - window.innerWidth, all.length,
            Math.max(...tops.map(r => r.right)) - window.innerWidth, document.querySelector('#find').clientWidth];";

#[test]
fn the_head_is_one_line_on_a_usual_screen_and_fits_a_narrow_one() {
    let folder = tempfile::tempdir().unwrap();
    for (language, width) in [
        ("en", 1280),
        ("fr", 1280),
        ("fr", 1600),
        ("fr", 1000),
        ("fr", 520),
    ] {
        let look = Look {
            language: if language == "fr" { "fr" } else { "en" },
            width,
            ..Look::default()
        };
        let browser = Browser::start(look);
        browser.go(&page(folder.path(), language));
        let measured = browser.run(MEASURE, json!([]));
        let of = |n: usize| measured[n].as_f64().unwrap();
        assert!(
            of(2) > 10.0,
            "the style or the head is not there: {measured}"
        );
        assert!(
            of(1) <= 0.0 && of(3) <= 0.5,
            "{language} at {width}: {measured}"
        );
        assert!(of(4) > 80.0, "{language} at {width}: {measured}");
        if width >= 1280 {
            assert_eq!(of(0), 1.0, "{language} at {width}: {measured}");
        }
    }
}
