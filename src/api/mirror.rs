//! One declaration per AWS shape: a list of members becomes struct, schema and both conversions.

mod wire;

use schemars::{Schema, json_schema};
use serde_json::{Map, Value};

pub use wire::{FromWire, IntOrText, Readable, ToWire};

/// A request that cannot be built: a member is absent or has a value that AWS's type cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` {problem}")]
pub struct Incomplete {
    /// The member, as written in the object (`containerDefinitions[0].name`).
    pub path: String,
    /// What is wrong, to be read after the path ("is required").
    pub problem: String,
}

impl Incomplete {
    /// A problem with the value itself; callers prepend where it stands.
    pub fn new(problem: impl Into<String>) -> Self {
        Self { path: String::new(), problem: problem.into() }
    }

    /// The member `name` is absent.
    pub fn missing(name: &str) -> Self {
        Self { path: name.to_owned(), problem: "is required".to_owned() }
    }

    /// The same problem seen from the parent: `name.path`.
    #[must_use]
    pub fn under(self, name: &str) -> Self {
        let glue = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Self { path: format!("{name}{glue}{}", self.path), ..self }
    }
}

/// What one shape declares and what the SDK knows of it, for the coverage test.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Name of our type.
    pub shape: &'static str,
    /// Members with a line here, in AWS's spelling.
    pub ours: &'static [&'static str],
    /// All members of the SDK's type, in AWS's spelling.
    pub aws: Vec<String>,
}

/// The members in the printed form of an empty builder, `XBuilder { first_name: None, … }`.
pub(crate) fn printed_members(text: &str) -> Vec<String> {
    let inner = text.split_once('{').map_or("", |(_, rest)| rest).trim_end_matches('}');
    let snake = inner.split(',').filter_map(|member| member.split_once(':'));
    snake.map(|(name, _)| lower_camel(name.trim())).collect()
}

fn lower_camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        name + &head.to_uppercase() + tail
    })
}

/// Ends a builder, whether or not its `build` can fail.
pub(crate) trait Finish<T> {
    fn finish(self) -> Result<T, Incomplete>;
}

impl<T> Finish<T> for T {
    fn finish(self) -> Result<T, Incomplete> {
        Ok(self)
    }
}

impl<T> Finish<T> for Result<T, aws_smithy_types::error::operation::BuildError> {
    fn finish(self) -> Result<T, Incomplete> {
        self.map_err(|error| Incomplete::new(error.to_string()))
    }
}

/// Converts a member for a request; an absent one stays absent, unless AWS insists on it.
pub(crate) fn send<F: ToWire<W>, W>(name: &str, field: Option<&F>, required: bool) -> Result<Option<W>, Incomplete> {
    match field {
        Some(value) => value.to_wire().map(Some).map_err(|e| e.under(name)),
        None if required => Err(Incomplete::missing(name)),
        None => Ok(None),
    }
}

/// One property of an object schema.
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) docs: &'static [&'static str],
    pub(crate) required: bool,
    pub(crate) schema: Schema,
}

/// The structural schema of an object with these properties.
pub(crate) fn object_schema(properties: Vec<Property>) -> Schema {
    let required: Vec<&str> = properties.iter().filter(|p| p.required).map(|p| p.name).collect();
    let mut schema = json_schema!({ "type": "object" });
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    let mut map = Map::new();
    for Property { name, docs, schema: mut property, .. } in properties {
        let text = docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n");
        property.insert("description".to_owned(), Value::String(text));
        map.insert(name.to_owned(), property.to_value());
    }
    schema.insert("properties".to_owned(), Value::Object(map));
    schema
}

/// Closes a string, or the strings of a list, to the values that the SDK knows.
pub(crate) fn closed(mut schema: Schema, values: &[&str]) -> Schema {
    let values = Value::from(values.to_vec());
    if let Some(items) = schema.get_mut("items").and_then(Value::as_object_mut) {
        items.insert("enum".to_owned(), values);
    } else {
        schema.insert("enum".to_owned(), values);
    }
    schema
}

/// AWS's spelling of a member: lower camel case unless the line says otherwise.
macro_rules! wire_name {
    ($member:ident) => {
        pastey::paste! { stringify!([<$member:lower_camel>]) }
    };
    ($member:ident $wire:literal) => {
        $wire
    };
}

/// Declares a struct of optional members with serde, a structural schema and `MEMBERS`.
///
/// A line is `name: Type`, with `(required)` for the schema, a literal where lower camel case is
/// not AWS's spelling, and `= sdk::Enum` where the schema is closed to that enum's values.
macro_rules! shape {
    (
        $(#[$attr:meta])*
        $shape:ident {
            $(
                $(#[doc = $doc:literal])+
                $member:ident $(($req:ident))? $($wire:literal)? : $ty:ty $(= $choices:ty)?,
            )*
        }
    ) => {
        $(#[$attr])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $shape {
            $(
                $(#[doc = $doc])+
                #[serde($(rename = $wire,)? default, skip_serializing_if = "Option::is_none")]
                pub $member: Option<$ty>,
            )*
        }

        impl $shape {
            /// All members, in the spelling of the object.
            pub const MEMBERS: &'static [&'static str] =
                &[$($crate::api::mirror::wire_name!($member $($wire)?)),*];
        }

        impl schemars::JsonSchema for $shape {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($shape).into()
            }

            #[allow(unused_variables, reason = "a shape may have no members")]
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::api::mirror::object_schema(vec![$(
                    $crate::api::mirror::Property {
                        name: $crate::api::mirror::wire_name!($member $($wire)?),
                        docs: &[$($doc),+],
                        required: false $(|| stringify!($req) == "required")?,
                        schema: {
                            let schema = <$ty as schemars::JsonSchema>::json_schema(generator);
                            $(let schema = $crate::api::mirror::closed(schema, <$choices>::values());)?
                            schema
                        },
                    }
                ),*])
            }
        }
    };
}

/// Declares shapes that mirror the SDK's: [`shape!`] plus `to_sdk`, `from_sdk` and `coverage()`.
///
/// The first word says where `coverage()` learns the SDK's members: `schema` or `debug`.
macro_rules! mirror {
    (
        $source:ident;
        $(
            $(#[$attr:meta])*
            $shape:ident = $sdk:ty {
                $(
                    $(#[doc = $doc:literal])+
                    $member:ident $(($req:ident))? $($wire:literal)? : $ty:ty $(= $choices:ty)?,
                )*
            }
        )*
    ) => {
        $(
            $crate::api::mirror::shape! {
                $(#[$attr])*
                $shape {
                    $(
                        $(#[doc = $doc])+
                        $member $(($req))? $($wire)? : $ty $(= $choices)?,
                    )*
                }
            }

            impl $shape {
                /// The SDK's value, or the first member that is missing or unusable.
                pub fn to_sdk(&self) -> Result<$sdk, $crate::api::mirror::Incomplete> {
                    let builder = <$sdk>::builder();
                    $(
                        let value = $crate::api::mirror::send(
                            $crate::api::mirror::wire_name!($member $($wire)?),
                            self.$member.as_ref(),
                            false $(|| stringify!($req) == "required")?,
                        )?;
                        let builder = pastey::paste! { builder.[<set_ $member>](value) };
                    )*
                    $crate::api::mirror::Finish::<$sdk>::finish(builder.build())
                }

                /// What the SDK's value says; plain zeros of optional members read as unset.
                pub fn from_sdk(wire: &$sdk) -> Self {
                    Self {
                        $($member: $crate::api::mirror::Readable::read(
                            &wire.$member,
                            false $(|| stringify!($req) == "required")?,
                        ),)*
                    }
                }
            }

            impl $crate::api::mirror::ToWire<$sdk> for $shape {
                fn to_wire(&self) -> Result<$sdk, $crate::api::mirror::Incomplete> {
                    self.to_sdk()
                }
            }

            impl $crate::api::mirror::FromWire<$sdk> for $shape {
                fn from_wire(wire: &$sdk) -> Self {
                    Self::from_sdk(wire)
                }
            }
        )*

        /// The members of every shape in this file beside the SDK's.
        pub(super) fn coverage() -> Vec<$crate::api::mirror::Coverage> {
            vec![$($crate::api::mirror::coverage_of!($source $shape = $sdk)),*]
        }
    };
}

/// Our members of one shape beside the SDK's, from its schema or from an empty builder's text.
macro_rules! coverage_of {
    (schema $shape:ident = $sdk:ty) => {
        $crate::api::mirror::Coverage {
            shape: stringify!($shape),
            ours: $shape::MEMBERS,
            aws: <$sdk>::SCHEMA.members().iter().filter_map(|m| m.member_name().map(str::to_owned)).collect(),
        }
    };
    (debug $shape:ident = $sdk:ty) => {
        $crate::api::mirror::Coverage {
            shape: stringify!($shape),
            ours: $shape::MEMBERS,
            aws: $crate::api::mirror::printed_members(&format!("{:?}", <$sdk>::builder())),
        }
    };
}

/// Sets the named members of a request from the fields of the same name.
macro_rules! fill {
    ($builder:expr, $from:expr; $($member:ident $($wire:literal)?),* $(,)?) => {{
        let builder = $builder;
        $(
            let value = $crate::api::mirror::send(
                $crate::api::mirror::wire_name!($member $($wire)?),
                $from.$member.as_ref(),
                false,
            )?;
            let builder = pastey::paste! { builder.[<set_ $member>](value) };
        )*
        builder
    }};
}

/// Sets those of the named members of a request that `$names` contains.
macro_rules! fill_named {
    ($builder:expr, $from:expr, $names:expr; $($member:ident $($wire:literal)?),* $(,)?) => {{
        let mut builder = $builder;
        $(
            let name = $crate::api::mirror::wire_name!($member $($wire)?);
            if $names.contains(name) {
                let value = $crate::api::mirror::send(name, $from.$member.as_ref(), false)?;
                builder = pastey::paste! { builder.[<set_ $member>](value) };
            }
        )*
        builder
    }};
}

/// A spec whose named members say what the SDK's value says; the others stay unset.
/// `(required)` as in [`shape!`].
macro_rules! observe {
    ($wire:expr; $($member:ident $(($req:ident))?),* $(,)?) => {{
        let mut observed = Self::default();
        $(
            observed.$member = $crate::api::mirror::Readable::read(
                &$wire.$member,
                false $(|| stringify!($req) == "required")?,
            );
        )*
        observed
    }};
}

/// Declares the text conversions of the SDK's enums: closed in the schema, open on the wire.
macro_rules! enums {
    ($sdk:ident: $($name:ident),* $(,)?) => {
        $(
            impl $crate::api::mirror::ToWire<$sdk::$name> for String {
                fn to_wire(&self) -> Result<$sdk::$name, $crate::api::mirror::Incomplete> {
                    Ok($sdk::$name::from(self.as_str()))
                }
            }

            impl $crate::api::mirror::FromWire<$sdk::$name> for String {
                fn from_wire(wire: &$sdk::$name) -> Self {
                    wire.as_str().to_owned()
                }
            }

            impl<F: $crate::api::mirror::FromWire<$sdk::$name>> $crate::api::mirror::Readable<F>
                for $sdk::$name
            {
                fn read(&self, _required: bool) -> Option<F> {
                    Some(F::from_wire(self))
                }
            }
        )*
    };
}

pub(crate) use {coverage_of, enums, fill, fill_named, mirror, observe, shape, wire_name};
