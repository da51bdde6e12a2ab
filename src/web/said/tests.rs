//! That French says every rule, and every refusal that the program can write itself: the program's source is read for them.

use super::*;
use crate::web::words::Words;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use syn::visit::Visit;

fn french() -> Words {
    let all = Words::all().unwrap();
    all.into_iter()
        .find(|w| w.language == Language::Fr)
        .unwrap()
}

fn english() -> Words {
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
    let value = |v: &str| v.to_owned();
    let nobody = |_: &str| None;
    let blanks = |own| filled(own, &["a", "b"], &nobody, &value);
    assert_eq!(blanks("{} et {}").as_deref(), Some("a et b"));
    assert_eq!(blanks("{2} et {1}").as_deref(), Some("b et a"));
    assert_eq!(blanks("{} et {!}"), None);
    assert_eq!(blanks("{3}"), None);
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
            let blank = regex::Regex::new(r"\{[^}]*\}").unwrap();
            Some(blank.replace_all(&text.value(), "{}").into_owned())
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

fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
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
    let written: BTreeSet<String> = (french.refusals.iter())
        .map(|(parts, _)| parts.join("{}"))
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
fn a_sentence_of_a_refusal_uses_every_value_that_it_is_given_or_none() {
    let french = Sentences::of(Language::Fr).unwrap();
    let blank = regex::Regex::new(r"\{[^}]*\}").unwrap();
    for (parts, own) in &french.refusals {
        let (given, used) = (parts.len() - 1, blank.find_iter(own).count());
        assert!(used <= given, "{own}: {used} of {given}");
        assert!(!own.trim().is_empty(), "{parts:?}");
    }
}
