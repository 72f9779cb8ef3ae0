//! How a new version takes the place of the old one.

use super::Rule;

/// A strategy whose old versions may stay warm.
macro_rules! tail {
    ($strategy:literal) => {
        [
            Rule::new(
                "spec",
                concat!(
                    "has(self.traffic) || !has(self.strategy) || !has(self.strategy.",
                    $strategy,
                    ") || !has(self.strategy.",
                    $strategy,
                    ".warmStandby) || !self.strategy.",
                    $strategy,
                    ".warmStandby"
                ),
                "must be false without `traffic`: in shared target groups a running task receives traffic",
            )
            .at(concat!(".strategy.", $strategy, ".warmStandby"))
            .forbids(),
            Rule::new(
                concat!("spec.strategy.", $strategy),
                "!has(self.scaleDown) || !self.scaleDown || (has(self.warmStandby) && self.warmStandby)",
                "must be false unless `warmStandby` is true",
            )
            .at(".scaleDown")
            .forbids(),
        ]
    };
}

const RED_BLACK: [Rule; 2] = tail!("redBlack");
const ROLLING: [Rule; 2] = tail!("rollingRedBlack");
const CANARY: [Rule; 2] = tail!("canary");

/// What a metric is read from.
macro_rules! metric {
    ($path:literal) => {
        [
            Rule::new(
                concat!($path, ".metrics[]"),
                "[has(self.cloudWatch), has(self.alarms), has(self.prometheus), has(self.web)].filter(x, x).size() == 1",
                "must have exactly one of `cloudWatch`, `alarms`, `prometheus` and `web`",
            ),
            Rule::new(
                concat!($path, ".metrics[]"),
                "has(self.alarms) ? !has(self.success) && !has(self.failure) : has(self.success) || has(self.failure)",
                "must have `success` or `failure` unless it is read from `alarms`, which speak for themselves",
            ),
            Rule::new($path, "self.metrics.size() > 0", "must have a metric").at(".metrics").requires(),
        ]
    };
}

const ROLLING_METRIC: [Rule; 3] = metric!("spec.strategy.rollingRedBlack.analysis");
const CANARY_METRIC: [Rule; 3] = metric!("spec.strategy.canary.steps[].analysis");

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "spec.strategy",
        "[has(self.none), has(self.highlander), has(self.redBlack), has(self.rollingRedBlack), has(self.canary)].filter(x, x).size() == 1",
        "must have exactly one of `none`, `highlander`, `redBlack`, `rollingRedBlack` and `canary`",
    ),
    RED_BLACK[0],
    RED_BLACK[1],
    ROLLING[0],
    ROLLING[1],
    CANARY[0],
    CANARY[1],
    Rule::new(
        "spec.strategy.rollingRedBlack.percents",
        "self.size() > 0 && self.isSorted() && self[self.size() - 1] == 100 && self.all(p, self.exists_one(q, q == p))",
        "must ascend and end with 100",
    ),
    Rule::new(
        "spec.strategy.canary",
        "self.steps.size() > 0",
        "must have a step",
    )
    .at(".steps")
    .requires(),
    Rule::new(
        "spec.strategy.canary.steps[]",
        "[has(self.setWeight), has(self.setCapacity), has(self.pause), has(self.analysis)].filter(x, x).size() == 1",
        "must have exactly one of `setWeight`, `setCapacity`, `pause` and `analysis`",
    ),
    Rule::new(
        "spec.strategy.canary.steps[].setCapacity",
        "has(self.percent) != has(self.count)",
        "must have exactly one of `percent` and `count`",
    ),
    Rule::new(
        "spec",
        "has(self.traffic) || !has(self.strategy) || !has(self.strategy.canary) || !self.strategy.canary.steps.exists(s, has(s.setWeight))",
        "must not have `setWeight` without `traffic`: in shared target groups the share follows the tasks",
    )
    .at(".strategy.canary.steps")
    .forbids(),
    ROLLING_METRIC[0],
    ROLLING_METRIC[1],
    ROLLING_METRIC[2],
    CANARY_METRIC[0],
    CANARY_METRIC[1],
    CANARY_METRIC[2],
];
