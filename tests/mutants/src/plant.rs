//! Finds the places of a source file where a fault can be planted, and what stands there instead.

use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, BinOp, Block, Expr, Pat, Signature, UnOp};

use crate::values;

/// One fault: what is planted, and where.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    /// From 1 on, over all files.
    pub(crate) id: usize,
    /// The room that it counts for.
    pub(crate) room: &'static str,
    /// Path below the root.
    pub(crate) file: String,
    /// From 1 on.
    pub(crate) line: usize,
    /// From 1 on, in characters.
    pub(crate) column: usize,
    /// In words: `replace == with != in fn holds`.
    pub(crate) what: String,
}

impl std::fmt::Display for Mutant {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}:{}: {}", self.file, self.line, self.column, self.what)
    }
}

/// How the alternatives are woven into the text.
#[derive(Debug)]
pub(crate) enum Form {
    /// One expression instead of another.
    Instead,
    /// A value returned at the start of a body.
    Return,
    /// An arm that is passed over; with the range of its guard, if it has one.
    Passed(Option<Range<usize>>),
}

/// A place and its alternatives.
#[derive(Debug)]
pub(crate) struct Place {
    /// How it is woven.
    pub(crate) form: Form,
    /// Bytes of the file: the expression, the body with its braces, or the pattern of the arm.
    pub(crate) range: Range<usize>,
    /// Ids with the text of each.
    pub(crate) alternatives: Vec<(usize, String)>,
}

/// A file with its places, outer ones before those within.
pub(crate) struct Planted<'s> {
    room: &'static str,
    file: String,
    text: &'s str,
    scope: Vec<String>,
    /// All mutants found.
    pub(crate) mutants: Vec<Mutant>,
    /// Where they go.
    pub(crate) places: Vec<Place>,
    next: usize,
}

/// The faults that a file has room for; ids begin at `first`.
pub(crate) fn plant<'s>(
    room: &'static str,
    file: &str,
    text: &'s str,
    first: usize,
) -> Result<Planted<'s>, syn::Error> {
    let parsed = syn::parse_file(text)?;
    let mut planted = Planted {
        room,
        file: file.to_owned(),
        text,
        scope: Vec::new(),
        mutants: Vec::new(),
        places: Vec::new(),
        next: first,
    };
    planted.visit_file(&parsed);
    Ok(planted)
}

/// An alternative: its text, and what was done in words.
type Change = (String, String);

impl Planted<'_> {
    fn source(&self, span: Span) -> &str {
        self.text.get(span.byte_range()).unwrap_or_default()
    }

    fn one_line(&self, span: Span) -> String {
        self.source(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn place(&mut self, form: Form, range: Range<usize>, at: Span, changes: Vec<Change>) {
        let mut alternatives = Vec::new();
        for (text, what) in changes {
            let start = at.start();
            let scope = self.scope.last().map(|scope| format!(" in fn {scope}")).unwrap_or_default();
            self.mutants.push(Mutant {
                id: self.next,
                room: self.room,
                file: self.file.clone(),
                line: start.line,
                column: start.column + 1,
                what: format!("{what}{scope}"),
            });
            alternatives.push((self.next, text));
            self.next += 1;
        }
        if !alternatives.is_empty() {
            self.places.push(Place { form, range, alternatives });
        }
    }

    fn body(&mut self, signature: &Signature, block: &Block) {
        let whole = block.span();
        let within = self.source(whole).trim_start_matches('{').trim_end_matches('}').trim().to_owned();
        if within.is_empty() {
            return;
        }
        let new = |value: &String| *value != within && !(signature.ident == "default" && value.contains("Default"));
        let changes = values::of(&signature.output)
            .into_iter()
            .filter(new)
            .map(|value| (value.clone(), format!("replace the body with {value}")))
            .collect();
        self.place(Form::Return, whole.byte_range(), signature.ident.span(), changes);
    }

    fn function(&mut self, attributes: &[Attribute], signature: &Signature, block: &Block) {
        if signature.constness.is_some() || signature.ident == "main" || !attributes.iter().all(is_harmless) {
            return;
        }
        let name = signature.ident.to_string();
        let scoped = self.scope.last().filter(|scope| scope.ends_with("::")).map(|scope| format!("{scope}{name}"));
        self.scope.push(scoped.unwrap_or(name));
        self.body(signature, block);
        self.visit_block(block);
        self.scope.pop();
    }

    fn within(&mut self, attributes: &[Attribute], name: String, visit: impl FnOnce(&mut Self)) {
        if attributes.iter().all(is_harmless) {
            self.scope.push(name);
            visit(self);
            self.scope.pop();
        }
    }
}

/// Attributes that leave a function to the library: no tests, no code for one platform only.
fn is_harmless(attribute: &Attribute) -> bool {
    ["doc", "must_use", "inline", "allow", "expect", "derive"].iter().any(|name| attribute.path().is_ident(name))
}

/// What an operator is replaced with.
fn instead(op: &BinOp) -> &'static [&'static str] {
    match op {
        BinOp::Eq(_) => &["!="],
        BinOp::Ne(_) => &["=="],
        BinOp::Lt(_) => &["<=", ">"],
        BinOp::Le(_) => &["<", ">"],
        BinOp::Gt(_) => &[">=", "<"],
        BinOp::Ge(_) => &[">", "<"],
        BinOp::And(_) => &["||"],
        BinOp::Or(_) => &["&&"],
        BinOp::Add(_) => &["-", "*"],
        BinOp::Sub(_) | BinOp::Mul(_) => &["+", "/"],
        BinOp::Div(_) => &["*", "%"],
        BinOp::Rem(_) => &["/", "+"],
        BinOp::AddAssign(_) => &["-=", "*="],
        BinOp::SubAssign(_) | BinOp::MulAssign(_) => &["+=", "/="],
        BinOp::DivAssign(_) => &["*=", "%="],
        _ => &[],
    }
}

/// Is a `let` a part of this condition? Its bindings reach over the `&&`, which must stay where it is.
fn binds(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) => binds(&binary.left) || binds(&binary.right),
        _ => false,
    }
}

/// The pattern of an arm without its guard, and the guard.
fn guarded(pat: &Pat) -> (&Pat, Option<&Expr>) {
    if let Pat::Guard(guarded) = pat { (&guarded.pat, Some(&guarded.guard)) } else { (pat, None) }
}

impl<'ast> Visit<'ast> for Planted<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.attrs.iter().all(is_harmless) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = self.source(item.self_ty.span()).split('<').next().unwrap_or_default().to_owned();
        self.within(&item.attrs, format!("{name}::"), |this| visit::visit_item_impl(this, item));
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.within(&item.attrs, format!("{}::", item.ident), |this| visit::visit_item_trait(this, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.attrs, &item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.attrs, &item.sig, &item.block);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.attrs, &item.sig, block);
        }
    }

    fn visit_expr_binary(&mut self, expr: &'ast syn::ExprBinary) {
        let chained = matches!(expr.op, BinOp::And(_)) && (binds(&expr.left) || binds(&expr.right));
        if !chained {
            let (left, right) = (self.source(expr.left.span()), self.source(expr.right.span()));
            let old = self.source(expr.op.span());
            // An assignment needs a place on its left, which parentheses do not harm.
            let changes = instead(&expr.op)
                .iter()
                .map(|new| (format!("({left}) {new} ({right})"), format!("replace {old} with {new}")))
                .collect();
            self.place(Form::Instead, expr.span().byte_range(), expr.op.span(), changes);
        }
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_unary(&mut self, expr: &'ast syn::ExprUnary) {
        let sign = match expr.op {
            UnOp::Not(_) => "!",
            UnOp::Neg(_) => "-",
            _ => "",
        };
        if !sign.is_empty() {
            let without = self.source(expr.expr.span()).to_owned();
            let span = expr.span();
            self.place(Form::Instead, span.byte_range(), span, vec![(without, format!("delete {sign}"))]);
        }
        visit::visit_expr_unary(self, expr);
    }

    fn visit_expr_match(&mut self, expr: &'ast syn::ExprMatch) {
        let wild = expr.arms.iter().position(|arm| matches!(arm.pat, Pat::Wild(_)));
        for arm in expr.arms.iter().take(wild.unwrap_or(0)) {
            let (pat, guard) = guarded(&arm.pat);
            if guard.is_some_and(binds) {
                continue;
            }
            let shown = self.one_line(pat.span());
            let change = (String::new(), format!("delete the arm {shown}"));
            let form = Form::Passed(guard.map(|guard| guard.span().byte_range()));
            self.place(form, pat.span().byte_range(), pat.span(), vec![change]);
        }
        visit::visit_expr_match(self, expr);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if let Some(guard) = guarded(&arm.pat).1 {
            if !binds(guard) {
                let old = self.one_line(guard.span());
                let changes = ["true", "false"]
                    .map(|new| (new.to_owned(), format!("replace the guard {old} with {new}")))
                    .to_vec();
                self.place(Form::Instead, guard.span().byte_range(), guard.span(), changes);
            }
            self.visit_expr(guard);
        }
        self.visit_expr(&arm.body);
    }

    fn visit_expr_repeat(&mut self, expr: &'ast syn::ExprRepeat) {
        self.visit_expr(&expr.expr);
    }

    // Patterns, types and constants are left alone; macros are not parsed.
    fn visit_pat(&mut self, _: &'ast Pat) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
    fn visit_generic_argument(&mut self, _: &'ast syn::GenericArgument) {}
    fn visit_generics(&mut self, _: &'ast syn::Generics) {}
    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_item_enum(&mut self, _: &'ast syn::ItemEnum) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_trait_item_const(&mut self, _: &'ast syn::TraitItemConst) {}
    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

#[cfg(test)]
#[path = "plant_tests.rs"]
mod tests;
