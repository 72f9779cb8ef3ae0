//! What passes are about to do, told to who listens. Nobody does in the operator; `kubectl ecs plan` does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::aws::lock;
use crate::controllers::sweep::Name;
use crate::diff::Change;
use crate::diff::effect::Effect;

/// One step of a plan, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// The step in one line.
    pub text: String,
    /// Does it change something besides the object itself?
    pub is_call: bool,
    /// The members it changes, and what that does to tasks where that is known. Free of secrets.
    pub changes: Vec<(Change, Option<Effect>)>,
}

impl Intent {
    /// A step of which no members are known.
    pub fn new(text: &impl ToString, is_call: bool) -> Self {
        Self { text: text.to_string(), is_call, changes: Vec::new() }
    }

    /// The same with its members.
    #[must_use]
    pub fn changing(self, changes: impl IntoIterator<Item = (Change, Option<Effect>)>) -> Self {
        Self { changes: changes.into_iter().collect(), ..self }
    }
}

/// What one pass is about to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Its steps, in order, whether or not the mode lets it run them.
    pub intents: Vec<Intent>,
    /// Differences that no call removes.
    pub stuck: Vec<Change>,
}

/// Who listens.
#[derive(Clone, Debug, Default)]
pub struct Foreseen(Option<Arc<Mutex<BTreeMap<Name, Told>>>>);

impl Foreseen {
    /// Somebody who listens.
    #[must_use]
    pub fn listening() -> Self {
        Self(Some(Arc::default()))
    }

    /// Tells of a pass; `told` is called only if somebody listens.
    pub fn tell(&self, name: impl FnOnce() -> Name, told: impl FnOnce() -> Told) {
        if let Some(kept) = &self.0 {
            let (name, told) = (name(), told());
            lock(kept).insert(name, told);
        }
    }

    /// What was told of an object since this was last asked.
    #[must_use]
    pub fn take(&self, name: &Name) -> Option<Told> {
        lock(self.0.as_ref()?).remove(name)
    }
}
