//! How a document is built: members, their spelling, their defaults and the order of their lists.

/// A structure of the ECS API: its members as the API spells them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) members: &'static [Member],
}

/// One member of a structure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) default: Default,
}

/// What ECS assumes when a member is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Default {
    None,
    Text(&'static str),
    Int(i64),
    Flag(bool),
}

/// The kind of a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Text, number or boolean.
    Scalar(Spell),
    /// Like `Scalar`, never printed.
    Secret(Spell),
    Struct(&'static Shape),
    /// Text to text; keys keep their case.
    Map(Map),
    List(List),
    /// Free JSON, compared as it is and never printed.
    Document,
    /// Compared by other means (tags) or only an output: left out.
    Apart,
}

/// A map of text to text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Map {
    /// Values are never printed.
    pub(super) secret: bool,
    /// Keys that ECS may add by itself: no difference when only observed.
    pub(super) server_keys: &'static [&'static str],
}

/// A list and what its order means.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    pub(super) order: Order,
    pub(super) of: &'static Kind,
}

/// What the order of a list means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// The order is content.
    Sequence,
    /// Scalars in any order.
    Set,
    /// Structures in any order, told apart by the first group of these members that is present.
    Keyed(&'static [Key]),
}

/// A part of an item's identity: the first of these members that is present.
pub(super) type Key = &'static [&'static str];

/// How a scalar is spelled in normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spell {
    /// Text, as it is; a number becomes text.
    Text,
    /// A number; text that is a number becomes one.
    Number,
    /// A boolean; the texts `true` and `false` become one.
    Flag,
    /// Text in upper case (enumerations such as `ENABLED`).
    Upper,
    /// Text in lower case (enumerations such as `awsvpc`).
    Lower,
    /// CPU units of a task: `1 vCPU` is `1024`.
    Cpu,
    /// Memory of a task in MiB: `1 GB` is `1024`.
    Memory,
    /// `udp` or, whatever else is written, `tcp`.
    Protocol,
    /// Field of a placement strategy: `host` is `instanceId`.
    PlacementField,
    /// A role, as a name or as an ARN that ends with the name.
    Role,
    /// A Cloud Map namespace, as a name or as an ARN: incomparable with each other.
    Namespace,
}

pub(super) const STRINGS: Kind = Kind::Scalar(Spell::Text);
pub(super) const UPPERS: Kind = Kind::Scalar(Spell::Upper);
pub(super) const LOWERS: Kind = Kind::Scalar(Spell::Lower);
pub(super) const NUMBERS: Kind = Kind::Scalar(Spell::Number);

impl Member {
    pub(super) const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, default: Default::None }
    }

    /// The same member with a default.
    pub(super) const fn or(mut self, default: Default) -> Self {
        self.default = default;
        self
    }
}

pub(super) const fn scalar(name: &'static str, spell: Spell) -> Member {
    Member::new(name, Kind::Scalar(spell))
}

pub(super) const fn text(name: &'static str) -> Member {
    scalar(name, Spell::Text)
}

pub(super) const fn number(name: &'static str) -> Member {
    scalar(name, Spell::Number)
}

/// A boolean that is false when absent.
pub(super) const fn flag(name: &'static str) -> Member {
    scalar(name, Spell::Flag).or(Default::Flag(false))
}

pub(super) const fn upper(name: &'static str) -> Member {
    scalar(name, Spell::Upper)
}

pub(super) const fn lower(name: &'static str) -> Member {
    scalar(name, Spell::Lower)
}

pub(super) const fn secret(name: &'static str) -> Member {
    Member::new(name, Kind::Secret(Spell::Text))
}

pub(super) const fn structure(name: &'static str, shape: &'static Shape) -> Member {
    Member::new(name, Kind::Struct(shape))
}

/// A map whose values may be printed.
pub(super) const fn map(name: &'static str) -> Member {
    let (secret, server_keys): (bool, &'static [&'static str]) = (false, &[]);
    Member::new(name, Kind::Map(Map { secret, server_keys }))
}

/// A map whose values are never printed.
pub(super) const fn secret_map(name: &'static str, server_keys: &'static [&'static str]) -> Member {
    Member::new(name, Kind::Map(Map { secret: true, server_keys }))
}

pub(super) const fn sequence(name: &'static str, of: &'static Kind) -> Member {
    let order = Order::Sequence;
    Member::new(name, Kind::List(List { order, of }))
}

pub(super) const fn set(name: &'static str, of: &'static Kind) -> Member {
    let order = Order::Set;
    Member::new(name, Kind::List(List { order, of }))
}

pub(super) const fn keyed(name: &'static str, keys: &'static [Key], of: &'static Kind) -> Member {
    let order = Order::Keyed(keys);
    Member::new(name, Kind::List(List { order, of }))
}

pub(super) const fn apart(name: &'static str) -> Member {
    Member::new(name, Kind::Apart)
}

impl Shape {
    pub(super) fn member(&self, name: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.name == name)
    }
}
