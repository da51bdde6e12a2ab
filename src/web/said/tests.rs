//! That French says every rule, and every refusal that the program can write itself: the program's source is read for them.

use super::*;
use crate::web::words::Words;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use syn::visit::Visit;

pub(super) fn french() -> Words {
    let all = Words::all().unwrap();
    all.into_iter()
        .find(|w| w.language == Language::Fr)
        .unwrap()
}

pub(super) fn english() -> Words {
    Words::all().unwrap().remove(0)
}

#[test]
fn every_rule_is_said_in_every_language_and_its_families_by_their_head() {
    let (fr, en) = (french(), english());
    for (id, sentence) in rule::all() {
        let said = fr.rule(id);
        assert!(!said.foreign && said.said != sentence, "{id}: {said:?}");
        assert_eq!(en.rule(id).said, sentence);
    }
    assert_eq!(fr.rule("I.human.threat"), fr.rule("I.human"));
    assert_eq!(fr.rule("A3.token"), fr.rule("A3"));
    assert_eq!(fr.rule("Z9").said, fr.of("case", "other_rule"));
}

#[test]
fn a_rule_without_its_sentence_and_a_sentence_without_its_rule_are_errors() {
    let all = || -> BTreeMap<String, String> {
        let rules = rule::all().map(|(id, said)| (id.to_owned(), said.to_owned()));
        rules.collect()
    };
    assert_eq!(complete(&all()), Ok(()));
    let mut one_less = all();
    one_less.remove("A7");
    let told = complete(&one_less).unwrap_err();
    assert_eq!(told, "the rule A7 has no sentence");
    let mut one_more = all();
    one_more.insert("A99".into(), "Quoi ?".into());
    assert_eq!(complete(&one_more).unwrap_err(), "A99 is no rule");
}

#[test]
fn values_stand_where_the_language_wants_them_and_words_of_ours_are_told_in_it() {
    let fr = french();
    let said = fr.refused("there is no case Q-7F3K-92MD", "see `quitus requests list`");
    assert_eq!(
        said,
        Said::own("il n'y a pas de dossier Q-7F3K-92MD : voir la liste des dossiers")
    );
    let said = fr.refused("erasure is not done in CRM", "answer at once");
    assert!(
        said.said.starts_with(&fr.of("kind", "erasure").to_owned()),
        "{said:?}"
    );
}

#[test]
fn what_has_no_words_stays_english_and_is_marked_never_half_of_it() {
    let fr = french();
    let said = fr.refused("the disk said: EIO", "answer at once");
    assert_eq!(
        said,
        Said {
            said: "the disk said: EIO: answer at once".into(),
            foreign: true
        }
    );
    // A sentence in a sentence is told as a whole, or not at all.
    let fix = "complete the register or the templates, or answer by hand, then `quitus requests answered`";
    let known = "the letter cannot be written: the message that it answers, and its subject, are not kept any more";
    assert!(!fr.refused(known, fix).foreign);
    assert!(
        fr.refused("the letter cannot be written: oops", fix)
            .foreign
    );
    assert!(!english().refused("the disk said: EIO", "x").foreign);
}

/// What a file says in refusals, its values as `{}`.
#[derive(Default)]
struct Refusals {
    said: BTreeSet<String>,
    /// What is bound to a name in the function that is read.
    bound: HashMap<String, String>,
}

/// A text that is written here, or the pattern of one.
fn literal(expression: &syn::Expr) -> Option<String> {
    match expression {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) => Some(text.value()),
        syn::Expr::Macro(of) if of.mac.path.is_ident("format") => {
            let first = of.mac.tokens.clone().into_iter().next()?;
            let text: syn::LitStr = syn::parse2(first.into()).ok()?;
            let blank = regex::Regex::new(r"\{\{|\}\}|\{[^}]*\}").unwrap();
            let pattern = |found: &regex::Captures<'_>| match &found[0] {
                "{{" => "{",
                "}}" => "}",
                _ => "{}",
            };
            Some(blank.replace_all(&text.value(), pattern).into_owned())
        }
        syn::Expr::MethodCall(call) => literal(&call.receiver),
        syn::Expr::Reference(of) => literal(&of.expr),
        _ => None,
    }
}

impl<'a> Visit<'a> for Refusals {
    fn visit_local(&mut self, local: &'a syn::Local) {
        if let (syn::Pat::Ident(name), Some(init)) = (&local.pat, &local.init)
            && let Some(text) = literal(&init.expr)
        {
            self.bound.insert(name.ident.to_string(), text);
        }
        syn::visit::visit_local(self, local);
    }

    fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func {
            let names: Vec<String> = (path.path.segments.iter())
                .map(|s| s.ident.to_string())
                .collect();
            if names.len() == 2 && names[0] == "Refusal" && names[1] != "broken" {
                for argument in &call.args {
                    let bound = match argument {
                        syn::Expr::Path(name) => (name.path.get_ident())
                            .and_then(|name| self.bound.get(&name.to_string()).cloned()),
                        other => literal(other),
                    };
                    self.said.extend(bound);
                }
            }
        }
        syn::visit::visit_expr_call(self, call);
    }
}

/// What a file of the program says: in one function, or in all of it.
#[derive(Default)]
struct Literals {
    /// The function; empty: the whole file.
    within: String,
    /// The functions that are called; empty: all that is said, called or not.
    called: Vec<&'static str>,
    said: BTreeSet<String>,
}

impl<'a> Visit<'a> for Literals {
    fn visit_item_mod(&mut self, module: &'a syn::ItemMod) {
        if module.ident != "tests" {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}

    fn visit_item_static(&mut self, of: &'a syn::ItemStatic) {
        if self.within.is_empty() {
            syn::visit::visit_item_static(self, of);
        }
    }

    fn visit_item_const(&mut self, of: &'a syn::ItemConst) {
        if self.within.is_empty() {
            syn::visit::visit_item_const(self, of);
        }
    }

    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        if self.within.is_empty() || function.sig.ident == self.within {
            syn::visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        if self.within.is_empty() || function.sig.ident == self.within {
            syn::visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_expr(&mut self, expression: &'a syn::Expr) {
        let (name, arguments) = match expression {
            syn::Expr::MethodCall(call) => (call.method.to_string(), &call.args),
            syn::Expr::Call(call) => match &*call.func {
                syn::Expr::Path(path) => {
                    let names: Vec<String> = (path.path.segments.iter())
                        .map(|s| s.ident.to_string())
                        .collect();
                    (names.join("::"), &call.args)
                }
                _ => return syn::visit::visit_expr(self, expression),
            },
            _ => {
                if self.called.is_empty() {
                    self.said.extend(literal(expression));
                }
                return syn::visit::visit_expr(self, expression);
            }
        };
        // What is looked for is not said.
        if [
            "contains",
            "starts_with",
            "ends_with",
            "get",
            "split",
            "split_once",
            "rsplit_once",
        ]
        .contains(&&*name)
        {
            return;
        }
        if self.called.contains(&&*name) {
            let mut all = Self::default();
            arguments
                .iter()
                .for_each(|argument| all.visit_expr(argument));
            self.said.extend(all.said);
        }
        syn::visit::visit_expr(self, expression);
    }

    fn visit_pat(&mut self, pattern: &'a syn::Pat) {
        if let (syn::Pat::Lit(of), true) = (pattern, self.called.is_empty())
            && let syn::Lit::Str(text) = &of.lit
        {
            self.said.insert(text.value());
        }
        syn::visit::visit_pat(self, pattern);
    }
}

fn read(file: &str, mut found: Literals) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(path).unwrap();
    found.visit_file(&syn::parse_file(&text).unwrap());
    found.said
}

/// The texts that stand in a function of a file, or in all of it; values as `{}`.
pub(super) fn literals_of(file: &str, function: &str) -> BTreeSet<String> {
    let within = function.to_owned();
    read(
        file,
        Literals {
            within,
            ..Literals::default()
        },
    )
}

/// The texts that functions of these names are called with in a file.
pub(super) fn calls(file: &str, functions: &[&'static str]) -> BTreeSet<String> {
    let called = functions.to_vec();
    read(
        file,
        Literals {
            called,
            ..Literals::default()
        },
    )
}

pub(super) fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, all),
            false => all.push(path),
        }
    }
}

#[test]
fn every_refusal_of_the_program_is_said_in_french() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api"),
        &mut files,
    );
    let mut found = Refusals::default();
    for file in files
        .iter()
        .filter(|f| f.extension().is_some_and(|e| e == "rs"))
    {
        let text = std::fs::read_to_string(file).unwrap();
        found.bound.clear();
        found.visit_file(&syn::parse_file(&text).unwrap());
    }
    assert!(found.said.len() > 120, "{} refusals", found.said.len());
    let french = Sentences::of(Language::Fr).unwrap();
    let written: BTreeSet<String> = (french.refusals.0.iter())
        .map(|sentence| sentence.parts.join("{}"))
        .collect();
    // Only values: what they say comes from elsewhere.
    let letters = |said: &&String| said.replace("{}", "").chars().any(char::is_alphabetic);
    let missing: Vec<_> = (found.said.difference(&written)).filter(letters).collect();
    assert!(
        missing.is_empty(),
        "words/refusals/fr.toml lacks {missing:#?}"
    );
}

#[test]
fn a_sentence_uses_only_values_that_it_is_given_and_sections_that_are_there() {
    let (french, words) = (Sentences::of(Language::Fr).unwrap(), french());
    let tables = french.tables().chain([("refusals", &french.refusals)]);
    for (about, sentence) in tables.flat_map(|(about, all)| all.0.iter().map(move |s| (about, s))) {
        let (own, given) = (&sentence.own, sentence.parts.len() - 1);
        let (mut left, mut next) = (own.as_str(), 0);
        while let Some((_, number, mark, after)) = pattern::blank(left) {
            next += usize::from(number.is_none());
            let at = number.unwrap_or(next);
            assert!(
                (1..=given).contains(&at),
                "[{about}] {own}: {at} of {given}"
            );
            for section in mark.split('|').filter(|m| m.len() > 1) {
                let there = ["stop", "answer", "answered", "open", "none"];
                let there = there.iter().any(|key| words.known(section, key).is_some());
                assert!(there, "[{about}] {own}: {section}");
            }
            left = after;
        }
        assert!(!own.trim().is_empty(), "[{about}] {:?}", sentence.parts);
    }
}
