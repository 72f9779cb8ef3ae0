//! What annotations and policies ask of this pass. Pure.

use std::collections::BTreeMap;

use crate::api::names::annotation;
use crate::api::policy::ManagementMode;
use crate::api::status::{Common, Handled};

/// The requests that stand in an object's annotations and were not answered yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directive {
    /// No AWS write.
    pub paused: bool,
    /// The narrowest of the operator's, the spec's and the annotation's mode.
    pub mode: ManagementMode,
    /// One full pass now.
    pub reconcile: bool,
    /// A value of `restarted-at` not answered yet.
    pub restart: Option<String>,
    /// A value of `promote` not answered yet.
    pub promote: Option<String>,
    /// A value of `abort` not answered yet.
    pub abort: Option<String>,
    /// A value of `retry` not answered yet.
    pub retry: Option<String>,
    /// A value of `terminate-tasks` not answered yet.
    pub terminate: Option<String>,
    /// All present values: the baseline of a new object, and the record once answered.
    pub present: Handled,
}

/// Reads the annotations against what the status says was answered.
/// An object without a record takes the present values as answered, so that a new object,
/// or a lost status, never causes a restart.
#[must_use]
pub fn read(
    annotations: &BTreeMap<String, String>,
    common: &Common,
    spec_mode: Option<ManagementMode>,
    operator_mode: ManagementMode,
) -> Directive {
    let get = |key: &str| annotations.get(key).filter(|value| !value.is_empty()).cloned();
    let present = Handled {
        reconcile_requested_at: get(annotation::RECONCILE_REQUESTED_AT),
        restarted_at: get(annotation::RESTARTED_AT),
        promote: get(annotation::PROMOTE),
        abort: get(annotation::ABORT),
        retry: get(annotation::RETRY),
        terminate_tasks: get(annotation::TERMINATE_TASKS),
    };
    let annotated = get(annotation::MODE).and_then(|word| ManagementMode::parse(&word)).unwrap_or_default();
    let mode = operator_mode.max(spec_mode.unwrap_or_default()).max(annotated);
    let new = |now: &Option<String>, then: fn(&Handled) -> &Option<String>| {
        let handled = common.last_handled.as_ref()?;
        now.clone().filter(|value| Some(value) != then(handled).as_ref())
    };
    Directive {
        paused: get(annotation::PAUSED).as_deref() == Some("true"),
        mode,
        reconcile: new(&present.reconcile_requested_at, |h| &h.reconcile_requested_at).is_some(),
        restart: new(&present.restarted_at, |h| &h.restarted_at),
        promote: new(&present.promote, |h| &h.promote),
        abort: new(&present.abort, |h| &h.abort),
        retry: new(&present.retry, |h| &h.retry),
        terminate: new(&present.terminate_tasks, |h| &h.terminate_tasks),
        present,
    }
}

impl Directive {
    /// The record to write: what was answered before, with the present values where a request was answered.
    /// A removed annotation keeps its record, so setting the same value again does nothing.
    #[must_use]
    pub fn record(&self, before: Option<&Handled>) -> Handled {
        let before = before.cloned().unwrap_or_default();
        Handled {
            reconcile_requested_at: self.present.reconcile_requested_at.clone().or(before.reconcile_requested_at),
            restarted_at: self.present.restarted_at.clone().or(before.restarted_at),
            promote: self.present.promote.clone().or(before.promote),
            abort: self.present.abort.clone().or(before.abort),
            retry: self.present.retry.clone().or(before.retry),
            terminate_tasks: self.present.terminate_tasks.clone().or(before.terminate_tasks),
        }
    }

    /// May this pass write to AWS?
    #[must_use]
    pub fn may_write(&self) -> bool {
        !self.paused && self.mode == ManagementMode::Manage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn a_new_object_takes_present_values_as_answered() {
        let annotations = with(&[(annotation::RESTARTED_AT, "t1")]);
        let first = read(&annotations, &Common::default(), None, ManagementMode::Manage);
        assert_eq!(first.restart, None);
        let common = Common { last_handled: Some(first.record(None)), ..Common::default() };
        assert_eq!(read(&annotations, &common, None, ManagementMode::Manage).restart, None);
        let again = with(&[(annotation::RESTARTED_AT, "t2")]);
        assert_eq!(read(&again, &common, None, ManagementMode::Manage).restart.as_deref(), Some("t2"));
    }

    #[test]
    fn removing_an_annotation_or_setting_the_same_value_again_does_nothing() {
        let common = Common {
            last_handled: Some(Handled { restarted_at: Some("t1".into()), ..Handled::default() }),
            ..Common::default()
        };
        let removed = read(&BTreeMap::new(), &common, None, ManagementMode::Manage);
        assert_eq!(removed.restart, None);
        assert_eq!(removed.record(common.last_handled.as_ref()).restarted_at.as_deref(), Some("t1"));
    }

    #[test]
    fn the_narrowest_mode_wins_and_an_annotation_cannot_widen() {
        let plan = with(&[(annotation::MODE, "Plan")]);
        let manage = with(&[(annotation::MODE, "Manage")]);
        let observe = Some(ManagementMode::Observe);
        let common = Common::default();
        assert_eq!(read(&plan, &common, None, ManagementMode::Manage).mode, ManagementMode::Plan);
        assert_eq!(read(&manage, &common, observe, ManagementMode::Manage).mode, ManagementMode::Observe);
        assert_eq!(read(&manage, &common, None, ManagementMode::Plan).mode, ManagementMode::Plan);
    }
}
