//! Items, as far as documentation goes.

use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, ExprLit, Ident, Lit, Meta, MetaNameValue, Visibility};

/// An item of a module.
pub struct Item {
    pub kind: &'static str,
    pub name: String,
    /// The documentation of all items of this name, of which there are several where the configuration chooses one.
    pub docs: String,
    pub is_public: bool,
}

impl Item {
    /// The item, if it is of a kind that has documentation of its own.
    pub fn of(item: &syn::Item) -> Option<Self> {
        use syn::Item as I;
        let (kind, name, attributes, visibility) = match item {
            I::Const(i) => ("const", &i.ident, &i.attrs, &i.vis),
            I::Enum(i) => ("enum", &i.ident, &i.attrs, &i.vis),
            I::Fn(i) => ("fn", &i.sig.ident, &i.attrs, &i.vis),
            I::Static(i) => ("static", &i.ident, &i.attrs, &i.vis),
            I::Struct(i) => ("struct", &i.ident, &i.attrs, &i.vis),
            I::Trait(i) => ("trait", &i.ident, &i.attrs, &i.vis),
            I::Type(i) => ("type", &i.ident, &i.attrs, &i.vis),
            I::Union(i) => ("union", &i.ident, &i.attrs, &i.vis),
            I::Macro(invocation) if invocation.ident.is_none() => return Self::made_by(&invocation.mac),
            _ => return None,
        };
        Some(Self {
            kind,
            name: name.to_string(),
            docs: docs(attributes),
            is_public: matches!(visibility, Visibility::Public(_)),
        })
    }

    /// The item that a macro makes, where its input is a documented name and more.
    fn made_by(invocation: &syn::Macro) -> Option<Self> {
        let Documented { attributes, name } = syn::parse2(invocation.tokens.clone()).ok()?;
        Some(Self {
            kind: "item",
            name: name.to_string(),
            docs: docs(&attributes),
            is_public: !attributes.is_empty(),
        })
    }

    /// The macro, if it is exported.
    pub fn exported_macro(item: &syn::Item) -> Option<Self> {
        let syn::Item::Macro(item) = item else { return None };
        let exported = item.attrs.iter().any(|a| a.path().is_ident("macro_export"));
        let name = item.ident.as_ref().filter(|_| exported)?;
        Some(Self {
            kind: "macro",
            name: name.to_string(),
            docs: docs(&item.attrs),
            is_public: true,
        })
    }
}

struct Documented {
    attributes: Vec<Attribute>,
    name: Ident,
}

impl Parse for Documented {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let parsed = Self {
            attributes: input.call(Attribute::parse_outer)?,
            name: input.parse()?,
        };
        // Whatever follows is the macro's own affair.
        input.step(|cursor| {
            let mut rest = *cursor;
            while let Some((_, next)) = rest.token_tree() {
                rest = next;
            }
            Ok(((), rest))
        })?;
        Ok(parsed)
    }
}

/// The attributes of an item.
pub fn attributes(item: &syn::Item) -> &[Attribute] {
    use syn::Item as I;
    match item {
        I::Const(i) => &i.attrs,
        I::Enum(i) => &i.attrs,
        I::Fn(i) => &i.attrs,
        I::Macro(i) => &i.attrs,
        I::Mod(i) => &i.attrs,
        I::Static(i) => &i.attrs,
        I::Struct(i) => &i.attrs,
        I::Trait(i) => &i.attrs,
        I::Type(i) => &i.attrs,
        I::Union(i) => &i.attrs,
        I::Use(i) => &i.attrs,
        _ => &[],
    }
}

/// The text of the documentation.
pub fn docs(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(MetaNameValue {
            path,
            value: Expr::Lit(ExprLit {
                lit: Lit::Str(text), ..
            }),
            ..
        }) if path.is_ident("doc") => Some(text.value() + "\n"),
        _ => None,
    };
    attributes.iter().filter_map(line).collect()
}

/// Whether the documentation, or the library itself, goes without the item.
pub fn is_left_out(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("doc") => list.tokens.to_string() == "hidden",
        Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string() == "test",
        _ => false,
    })
}
