//! A source file becomes facts: which paths it names, what it calls, how long its functions are, and what of it is test code.
//!
//! The files are parsed, not searched: a word in a comment or a string is no fact, and `use crate::{a, b}`, `super::b` and
//! the inside of a macro call are. Types are not inferred: a method is known by its name only.

use super::tokens::{is_punct, path_at, says_test, strings_at_line_starts, words_of};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Something that a rule may have a view on.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A path of two or more parts. One of ours begins with `crate`, also if it was written with `super` or `self`.
    Path(Vec<String>),
    /// A method called by this name.
    Method(String),
    /// A macro called by this name.
    Macro(String),
    /// An attribute: its name and every word in it.
    Attribute(Vec<String>),
    /// A function that is no table: its name and its lines from `fn` to the closing brace.
    Function(String, usize),
    /// `#[cfg(test)] mod tests;`: that file is test code.
    TestModule(Vec<String>),
}

/// A fact and where it is.
#[derive(Clone, Debug)]
pub struct Fact {
    pub what: What,
    pub line: usize,
    /// Inside `#[cfg(test)]`, a `#[test]` function, or a file of tests.
    pub test: bool,
}

/// One parsed file.
pub struct Source {
    /// From the repository's root, with `/`.
    pub path: String,
    pub lines: usize,
    pub first_line: String,
    /// Lines that are entries of a table: inside the value of a constant or an array, or beginning with a string.
    pub table_lines: usize,
    pub facts: Vec<Fact>,
}

impl Source {
    /// Reads one file; the error says where it is not Rust.
    pub fn parse(path: &str, text: &str) -> Result<Self, String> {
        let file = syn::parse_file(text)
            .map_err(|e| format!("{path}:{}: not Rust: {e}", e.span().start().line))?;
        let mut reader = Reader {
            module: module_of(path),
            test: !path.starts_with("src/") || says_test(&file.attrs),
            facts: Vec::new(),
            table: BTreeSet::new(),
            functions: Vec::new(),
            folder: path.rsplit_once('/').map_or("", |(f, _)| f).to_owned(),
        };
        reader.visit_file(&file);
        if let Ok(tokens) = text.parse::<TokenStream>() {
            strings_at_line_starts(tokens, &mut 0, &mut reader.table);
        }
        reader.add_functions();
        Ok(Self {
            path: path.to_owned(),
            lines: text.lines().count(),
            first_line: text.lines().next().unwrap_or_default().to_owned(),
            table_lines: reader.table.len(),
            facts: reader.facts,
        })
    }

    /// The folder or file of `src/` that this belongs to; none for the two roots and for tests.
    pub fn room(&self) -> Option<String> {
        match self.path.starts_with("src/") {
            true => module_of(&self.path).into_iter().next(),
            false => None,
        }
    }

    /// Marks everything as test code if the file hangs below one of these modules.
    pub fn mark_tests(&mut self, test_modules: &[Vec<String>]) {
        let module = module_of(&self.path);
        if test_modules.iter().any(|t| module.starts_with(t)) {
            self.facts.iter_mut().for_each(|fact| fact.test = true);
        }
    }
}

/// `src/mail/fresh/mod.rs` is `mail::fresh`; the roots are the empty path.
pub fn module_of(path: &str) -> Vec<String> {
    let path = path.strip_prefix("src/").unwrap_or(path);
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    if matches!(
        parts.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        parts.pop();
    }
    parts
}

struct Reader {
    module: Vec<String>,
    test: bool,
    facts: Vec<Fact>,
    table: BTreeSet<usize>,
    functions: Vec<(String, Span, usize, bool)>,
    folder: String,
}

impl Reader {
    fn add(&mut self, what: What, span: Span) {
        self.facts.push(Fact {
            what,
            line: span.start().line,
            test: self.test,
        });
    }

    /// As seen from the crate's root, if it is one of ours.
    fn add_path(&mut self, path: &[String], span: Span) {
        let ups = path.iter().take_while(|p| *p == "super").count();
        let base = self.module.len().saturating_sub(ups);
        let whole = match path.first().map(String::as_str) {
            Some("self") if path.len() > 1 && path[1] == "super" => {
                return self.add_path(&path[1..], span);
            }
            Some("self" | "super") => std::iter::once("crate".to_owned())
                .chain(self.module[..base].iter().cloned())
                .chain(path[ups.max(1)..].iter().cloned())
                .collect(),
            _ => path.to_vec(),
        };
        if path.len() > 1 {
            self.add(What::Path(whole), span);
        }
    }

    fn add_use(&mut self, tree: &syn::UseTree, before: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(part) => {
                before.push(part.ident.to_string());
                self.add_use(&part.tree, before);
                before.pop();
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_use(tree, before);
                }
            }
            syn::UseTree::Glob(star) => self.add_leaf("*", before, star.span()),
            syn::UseTree::Name(name) => {
                self.add_leaf(&name.ident.to_string(), before, name.span());
            }
            syn::UseTree::Rename(name) => {
                self.add_leaf(&name.ident.to_string(), before, name.span());
            }
        }
    }

    fn add_leaf(&mut self, name: &str, before: &[String], span: Span) {
        let mut path = before.to_vec();
        match name {
            // `use tokio;` names it as much as `use tokio::io` does.
            _ if path.is_empty() => path.extend([name.to_owned(), "self".to_owned()]),
            "self" => {}
            _ => path.push(name.to_owned()),
        }
        self.add_path(&path, span);
    }

    /// What a macro call holds is not parsed by the parser; paths, methods and macros in it are still seen.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.add_tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let (path, after) = path_at(&tokens, at);
                    let dotted = at > 0 && is_punct(&tokens[at - 1], '.');
                    match tokens.get(after) {
                        Some(next) if is_punct(next, '!') && path.len() == 1 => {
                            self.add(What::Macro(path[0].clone()), first.span());
                        }
                        Some(TokenTree::Group(group))
                            if dotted && group.delimiter() == Delimiter::Parenthesis =>
                        {
                            self.add(What::Method(path[0].clone()), first.span());
                        }
                        _ => self.add_path(&path, first.span()),
                    }
                    at = after - 1;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Goes into an item, knowing whether it is test code.
    fn within(&mut self, attributes: &[syn::Attribute], go: impl FnOnce(&mut Self)) {
        let before = self.test;
        self.test |= says_test(attributes);
        go(self);
        self.test = before;
    }

    fn add_function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let (begin, end) = (signature.fn_token.span(), block.span().end().line);
        if is_dispatch(block) {
            return;
        }
        let lines = end - begin.start().line + 1;
        self.functions
            .push((signature.ident.to_string(), begin, lines, self.test));
    }

    /// Once all tables are known: the functions that are none.
    fn add_functions(&mut self) {
        for (name, span, lines, test) in std::mem::take(&mut self.functions) {
            let begin = span.start().line;
            if !mostly(self.table.range(begin..begin + lines).count(), lines) {
                let what = What::Function(name, lines);
                let line = begin;
                self.facts.push(Fact { what, line, test });
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.within(attributes_of(item), |reader| {
            visit::visit_item(reader, item)
        });
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        if item.content.is_none() && self.test {
            let module = match file_of(&item.attrs) {
                // Relative to the folder of this file.
                Some(file) => module_of(&format!("{}/{file}", self.folder)),
                None => self.module.clone(),
            };
            self.add(What::TestModule(module), item.span());
        }
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add_function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.within(&item.attrs, |reader| {
            reader.add_function(&item.sig, &item.block);
            visit::visit_impl_item_fn(reader, item);
        });
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add_function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let value = item.expr.span();
        self.table.extend(value.start().line..=value.end().line);
        visit::visit_item_const(self, item);
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        let value = item.expr.span();
        self.table.extend(value.start().line..=value.end().line);
        visit::visit_item_static(self, item);
    }

    fn visit_expr_array(&mut self, array: &'ast syn::ExprArray) {
        let (begin, end) = (array.span().start().line, array.span().end().line);
        self.table.extend(begin..=end);
        visit::visit_expr_array(self, array);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_use(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.add_path(&names, path.span());
        visit::visit_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.add(What::Method(call.method.to_string()), call.method.span());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.segments.last() {
            self.add(What::Macro(name.ident.to_string()), call.span());
        }
        self.add_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let mut words: Vec<String> = Vec::new();
        words.extend(attribute.path().get_ident().map(ToString::to_string));
        if let syn::Meta::List(list) = &attribute.meta {
            words_of(list.tokens.clone(), &mut words);
        }
        self.add(What::Attribute(words), attribute.span());
        visit::visit_attribute(self, attribute);
    }
}

/// A share from which on the whole is a table.
pub fn mostly(part: usize, whole: usize) -> bool {
    part * 100 >= whole * 60
}

/// One `match` in which every case is short, and at most two lines beside it: a table, too.
fn is_dispatch(block: &syn::Block) -> bool {
    const CASE_LINES: usize = 10;
    let lines = |span: Span| span.end().line - span.start().line + 1;
    let (mut tables, mut beside) = (0, 0);
    for statement in &block.stmts {
        match statement {
            syn::Stmt::Expr(syn::Expr::Match(all), _) => {
                tables += 1;
                if all.arms.iter().any(|arm| lines(arm.span()) > CASE_LINES) {
                    return false;
                }
            }
            other => beside += lines(other.span()),
        }
    }
    tables == 1 && beside <= 2
}

fn attributes_of(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(i) => &i.attrs,
        syn::Item::Enum(i) => &i.attrs,
        syn::Item::Fn(i) => &i.attrs,
        syn::Item::Impl(i) => &i.attrs,
        syn::Item::Macro(i) => &i.attrs,
        syn::Item::Mod(i) => &i.attrs,
        syn::Item::Static(i) => &i.attrs,
        syn::Item::Struct(i) => &i.attrs,
        syn::Item::Trait(i) => &i.attrs,
        syn::Item::Type(i) => &i.attrs,
        syn::Item::Use(i) => &i.attrs,
        _ => &[],
    }
}

/// What `#[path = "…"]` says.
fn file_of(attributes: &[syn::Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(file),
                    ..
                }) => Some(file.value()),
                _ => None,
            },
            _ => None,
        })
}
