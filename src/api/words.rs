//! Closed lists of words whose documentation is also text, for the reference pages.

/// An enum of words; each keeps its doc comment as [`doc`](ConditionType::doc).
///
/// [`ConditionType`]: super::condition::ConditionType
/// [`doc`]: super::condition::ConditionType::doc
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $doc:literal])* $variant:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[doc = $doc])* $variant),+
        }
        impl $name {
            /// All members, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            /// The word as it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }
            /// The doc comment of the member; an empty line parts what it means from when it is used.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc, "\n"),*)),+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// Constants with their doc comments as `ALL`: text and documentation of each.
macro_rules! names {
    ($($(#[doc = $doc:literal])* pub const $name:ident: &str = $text:literal;)+) => {
        $($(#[doc = $doc])* pub const $name: &str = $text;)+
        /// All of them: text and documentation.
        pub const ALL: &[(&str, &str)] = &[$(($text, concat!($($doc, "\n"),*))),+];
    };
}

pub(crate) use {names, words};
