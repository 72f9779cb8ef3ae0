//! Simple values of a return type, to stand for the body of a function.

use syn::{GenericArgument, PathArguments, ReturnType, Type, TypePath};

const DEFAULT: &str = "Default::default()";

/// Expressions that a function may return instead of what it works out; empty where none is known.
pub(crate) fn of(output: &ReturnType) -> Vec<String> {
    match output {
        ReturnType::Default => vec!["()".to_owned()],
        ReturnType::Type(_, ty) => of_type(ty),
    }
}

fn of_type(ty: &Type) -> Vec<String> {
    match ty {
        Type::Path(path) => of_path(path),
        Type::Paren(inner) => of_type(&inner.elem),
        Type::Group(inner) => of_type(&inner.elem),
        Type::Tuple(tuple) => {
            let firsts: Option<Vec<String>> = tuple.elems.iter().map(|ty| of_type(ty).into_iter().next()).collect();
            firsts.map(|parts| vec![format!("({},)", parts.join(", "))]).unwrap_or_default()
        }
        Type::Reference(reference) if reference.mutability.is_none() => match &*reference.elem {
            Type::Path(named) if named.path.is_ident("str") => literals(&["\"\"", "\"xyzzy\""]),
            Type::Slice(_) => literals(&["&[]"]),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn of_path(path: &TypePath) -> Vec<String> {
    let Some(last) = path.path.segments.last() else { return Vec::new() };
    let mut within = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| if let GenericArgument::Type(ty) = argument { Some(ty) } else { None })
            .collect(),
        _ => Vec::new(),
    }
    .into_iter();
    match last.ident.to_string().as_str() {
        "bool" => literals(&["true", "false"]),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => {
            literals(&["0", "1"])
        }
        "f32" | "f64" => literals(&["0.0", "1.0"]),
        "String" => literals(&["String::new()", "\"xyzzy\".to_owned()"]),
        "Vec" => literals(&["Vec::new()"]),
        "Option" => {
            let some = within.next().map(of_type).unwrap_or_default();
            let simple = some.into_iter().filter(|value| value != DEFAULT);
            std::iter::once("None".to_owned()).chain(simple.map(|value| format!("Some({value})"))).collect()
        }
        "Result" => match within.next() {
            Some(ty) => of_type(ty).into_iter().map(|value| format!("Ok({value})")).collect(),
            None => literals(&["Ok(())"]),
        },
        "Box" | "Arc" | "Rc" => {
            let inner = within.next().map(of_type).unwrap_or_default();
            inner.into_iter().map(|value| format!("{}::new({value})", last.ident)).collect()
        }
        "Cow" => literals(&["std::borrow::Cow::Borrowed(\"\")", "std::borrow::Cow::Borrowed(\"xyzzy\")"]),
        _ => literals(&[DEFAULT]),
    }
}

fn literals(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_return_type_has_its_values() {
        for (ty, expected) in [
            ("", &["()"][..]),
            ("-> bool", &["true", "false"]),
            ("-> i64", &["0", "1"]),
            ("-> String", &["String::new()", "\"xyzzy\".to_owned()"]),
            ("-> &'static str", &["\"\"", "\"xyzzy\""]),
            ("-> Option<Plan>", &["None"]),
            ("-> Option<bool>", &["None", "Some(true)", "Some(false)"]),
            ("-> Vec<Plan>", &["Vec::new()"]),
            ("-> &[Plan]", &["&[]"]),
            ("-> Result<bool, Error>", &["Ok(true)", "Ok(false)"]),
            ("-> fmt::Result", &["Ok(())"]),
            ("-> (bool, Option<Plan>)", &["(true, None,)"]),
            ("-> Plan", &["Default::default()"]),
            ("-> &Plan", &[]),
            ("-> &mut str", &[]),
            ("-> impl Iterator<Item = u8>", &[]),
        ] {
            let output: ReturnType = syn::parse_str(ty).unwrap();
            assert_eq!(of(&output), expected, "{ty}");
        }
    }
}
