//! A `ServerGroup` as the tree shows it: its versions, who receives the traffic, where the rollout stands. Pure.

use ecs_operator::api::ServerGroup;
use ecs_operator::api::status::{GroupRollout, Version, VersionState};
use kube::ResourceExt as _;

use crate::observe::{Object, object};
use crate::words::shorten_ids;

/// A server group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its printer columns.
    pub object: Object,
    /// The version that serves.
    pub current: String,
    /// Version whose template is held.
    pub held: String,
    /// The rollout under way.
    pub rollout: Option<RolloutView>,
    /// The newest first.
    pub versions: Vec<VersionView>,
}

/// A rollout under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolloutView {
    /// Name of the version that is to serve.
    pub to: String,
    /// Step and number of steps.
    pub step: String,
    /// What is waited for.
    pub message: String,
    /// Why it goes back, if it does.
    pub back: Option<String>,
}

/// A version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionView {
    /// Its name, also that of its service.
    pub name: String,
    /// Active, Disabled, Failed, Destroying.
    pub state: String,
    /// Candidate, Current, Previous, Standby, or nothing.
    pub role: String,
    /// Percent of the traffic.
    pub weight: Option<i32>,
    /// Tasks asked for.
    pub asked: i32,
    /// Tasks running.
    pub running: i32,
    /// Its images.
    pub images: String,
}

impl Group {
    /// What its status says.
    pub fn of(group: &ServerGroup) -> Self {
        let status = group.status.clone().unwrap_or_default();
        let object = Object {
            detail: status.traffic.as_deref().map(percent).unwrap_or_default(),
            cluster: group.spec.cluster_ref.as_ref().map(|to| to.name.clone()).unwrap_or_default(),
            ..object(group)
        };
        Self {
            object,
            current: status.current_version.unwrap_or_default(),
            held: status.hold.map(|hold| hold.version).unwrap_or_default(),
            rollout: status.rollout.as_ref().map(|rollout| self::rollout(rollout, &group.name_any())),
            versions: status.versions.iter().map(version).collect(),
        }
    }

    /// Ready, with nothing under way.
    pub fn is_settled(&self) -> bool {
        self.object.is_ready() && self.rollout.is_none()
    }

    /// The version of a name, or an empty one.
    pub fn version(&self, name: &str) -> VersionView {
        self.versions.iter().find(|version| version.name == name).cloned().unwrap_or_default()
    }
}

/// `v007 80 / v008 20` with its unit.
fn percent(traffic: &str) -> String {
    traffic.split(" / ").map(|part| format!("{part} %")).collect::<Vec<_>>().join(" / ")
}

fn rollout(it: &GroupRollout, group: &str) -> RolloutView {
    // Below the line of the group the names of its versions need not repeat its own.
    let brief = |text: &str| shorten_ids(text).replace(&format!("{group}-v"), "v");
    RolloutView {
        to: it.to.clone(),
        step: it.display.clone(),
        message: brief(&it.message),
        back: it.ending.as_ref().map(|ending| brief(&ending.message)),
    }
}

fn version(it: &Version) -> VersionView {
    let state = match (it.state, it.warm) {
        (VersionState::Disabled, true) => "Standby".to_owned(),
        (state, _) => state.to_string(),
    };
    VersionView {
        name: it.name.clone(),
        state,
        role: it.role.clone(),
        weight: it.weight,
        asked: it.capacity,
        running: it.running,
        images: it.images.join(", "),
    }
}

impl RolloutView {
    /// The step, and what is waited for.
    pub fn line(&self) -> String {
        if self.message.is_empty() { self.step.clone() } else { format!("{}: {}", self.step, self.message) }
    }
}

impl VersionView {
    /// `v007`.
    pub fn short(&self) -> &str {
        self.name.rsplit('-').next().unwrap_or(&self.name)
    }

    /// Role and share of the traffic: `Candidate 25 %`.
    pub fn share(&self) -> String {
        let weight = self.weight.map(|weight| format!("{weight} %")).unwrap_or_default();
        [self.role.as_str(), weight.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Running of wanted tasks, and the images.
    pub fn tasks(&self) -> String {
        format!("{}/{} {}", self.running, self.asked, self.images)
    }
}

#[cfg(test)]
mod tests {
    use ecs_operator::api::status::{Ending, RolloutResult};

    use super::*;

    #[test]
    fn a_rollout_that_goes_back_says_why_without_repeating_the_group() {
        let ending = Ending {
            result: RolloutResult::Failed,
            message: "the analysis of shop-web-v002 failed".to_owned(),
            ..Ending::default()
        };
        let stored = GroupRollout {
            display: "back Shifting 1/3".to_owned(),
            message: "task 188922e109c490aee5f79595b4a255bf of shop-web-v002".to_owned(),
            ending: Some(ending),
            ..GroupRollout::default()
        };
        let view = rollout(&stored, "shop-web");
        assert_eq!(view.line(), "back Shifting 1/3: task 188922e1 of v002");
        assert_eq!(view.back.as_deref(), Some("the analysis of v002 failed"));
    }

    #[test]
    fn a_version_shows_its_share_of_the_traffic_where_that_is_known() {
        let stored = Version { name: "shop-web-v002".to_owned(), weight: Some(25), ..Version::default() };
        let of = |role: &str, weight| version(&Version { role: role.to_owned(), weight, ..stored.clone() }).share();
        assert_eq!(
            [of("Candidate", Some(25)), of("Current", None), of("", Some(0))],
            ["Candidate 25 %", "Current", "0 %"]
        );
        assert_eq!(version(&stored).short(), "v002");
        assert_eq!(percent("v001 75 / v002 25"), "v001 75 % / v002 25 %");
    }
}
