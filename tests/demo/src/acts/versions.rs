//! The acts about versions: a server group behind a load balancer with two weighted target groups.

use std::time::Duration;

use ecs_sim::ecs::scheduler::target::WeightChange;
use ecs_sim::elbv2::{Balanced, Unserved};
use serde_json::json;

use super::expect;
use crate::error::DemoError;
use crate::observe::Snapshot;
use crate::play::Play;
use crate::shop::{SHOP, TASKS, canary, manifest};

/// Errors in percent: as usual, and too many.
const USUAL: f64 = 0.2;
const MANY: f64 = 7.5;
/// The share of the traffic that judges the canary.
const SHARE: i64 = 25;
/// Nothing is tried again within this.
const HELD: Duration = Duration::from_secs(4);

fn name(sequence: usize) -> String {
    format!("{SHOP}-v{sequence:03}")
}

/// The version serves alone, with all of its tasks and this image, and nothing is under way.
fn serves(world: &Snapshot, version: &str, image: &str) -> bool {
    let group = world.group(SHOP);
    let tasks = world.running(version);
    let others = group.versions.iter().filter(|other| other.name != version);
    group.rollout.is_none()
        && group.object.current
        && group.current == version
        && group.version(version).weight == Some(100)
        && usize::try_from(TASKS) == Ok(tasks.len())
        && tasks.iter().all(|task| task.image == image)
        && others.into_iter().all(|other| other.running == 0 && world.running(&other.name).is_empty())
}

async fn until_serves(play: &mut Play, version: &str, image: &str) -> Result<Snapshot, DemoError> {
    let what = format!("`{SHOP}` is Ready, and {version} alone serves with {TASKS} tasks of {image}");
    play.until(&what, |world| world.group(SHOP).is_settled() && serves(world, version, image)).await
}

pub(super) async fn red_black(play: &mut Play) -> Result<String, DemoError> {
    play.screen.doing("aws elbv2 create-rule …   # forwards to shop-blue (100) and shop-green (0)");
    let balanced = play.stage.balance_shop()?;
    play.balanced = Some(balanced.clone());
    play.add(manifest(&balanced.rule)?);
    play.commit("ServerGroup", SHOP, &[], "shop:1.0").await?;
    until_serves(play, &name(0), "shop:1.0").await?;
    let (log, gaps) = (play.stage.weight_log(&balanced.rule).len(), play.stage.unserved());
    expect(gaps.iter().all(|gap| gap.until.is_some()), || format!("traffic is served by nobody: {gaps:?}"))?;
    let image = [("/spec/template/inputs/image", json!("shop:1.1"))];
    play.commit("ServerGroup", SHOP, &image, "shop:1.1").await?;
    let world = until_serves(play, &name(1), "shop:1.1").await?;
    let changes = since(play, &balanced, log);
    let [over] = changes.as_slice() else {
        return Err(DemoError::Unexpected(format!(
            "expected one change of weights, saw {}",
            shown(&changes, &balanced)
        )));
    };
    let [blue, green] = healthy(over, &balanced);
    expect(weights(over, &balanced) == [0, 100] && green == i64::from(TASKS), || {
        format!("traffic moved to {green} healthy targets: {}", shown(&changes, &balanced))
    })?;
    expect(blue == i64::from(TASKS), || format!("the old version had only {blue} healthy targets left"))?;
    no_gap(play, &gaps)?;
    let old = world.group(SHOP).version(&name(0));
    expect(old.state == "Disabled", || format!("{} is {}, not Disabled", old.name, old.state))?;
    Ok(format!(
        "{old} → {new}: weights blue/green 100/0 → 0/100 at once, when {green} of {TASKS} new targets were healthy; \
         {old} stays, without tasks, for a way back; no moment without a healthy target",
        old = old.name,
        new = name(1),
    ))
}

pub(super) async fn go_back(play: &mut Play) -> Result<String, DemoError> {
    let balanced = play.balanced.clone().ok_or_else(|| DemoError::Unexpected("no load balancer".to_owned()))?;
    let (gaps, log) = (play.stage.unserved(), play.stage.weight_log(&balanced.rule).len());
    let [blue, green] = groups(&balanced)?;
    let usual: Vec<(i64, f64)> = (-10..600).map(|second| (second, USUAL)).collect();
    play.stage.measure_errors(blue, &usual);
    play.stage.measure_errors(green, &usual);
    let changes = [("/spec/template/inputs/image", json!("shop:1.2")), ("/spec/strategy", canary())];
    play.commit("ServerGroup", SHOP, &changes, "shop:1.2, as a canary").await?;
    let candidate = name(2);
    let what = format!("{candidate} receives {SHARE} % of the traffic");
    let percent = i32::try_from(SHARE).ok();
    play.until(&what, |world| world.group(SHOP).version(&candidate).weight == percent).await?;
    play.screen.doing("curl $AWS_ENDPOINT_URL/_sim/series -d …   # shop-blue: errors 0.2 → 7.5 %");
    let rising: Vec<(i64, f64)> = (-10..600).map(|second| (second, if second < 4 { USUAL } else { MANY })).collect();
    play.stage.measure_errors(blue, &rising);
    let serving = name(1);
    let world = play
        .until(&format!("{candidate} is held and {serving} alone serves"), |world| {
            world.group(SHOP).held == candidate && serves(world, &serving, "shop:1.1")
        })
        .await?;
    let changes = since(play, &balanced, log);
    proved(&changes, &balanced)?;
    no_gap(play, &gaps)?;
    let object = world.group(SHOP).object;
    expect(object.ready == "False" && object.reason == "DeploymentRolledBack", || {
        format!("READY is {} {}, not False DeploymentRolledBack", object.ready, object.reason)
    })?;
    expect(object.message.contains("errors = 7.5"), || format!("READY does not say why: {}", object.message))?;
    held(play).await?;
    let moved = shown(&changes, &balanced);
    Ok(format!(
        "weights blue/green {moved}, back before a task of {candidate} stopped; {serving} kept its {TASKS} \
         tasks; no moment without a healthy target\n{}: {}",
        object.reason, object.message
    ))
}

/// 25 % and back to 0, each while both versions could serve.
fn proved(changes: &[WeightChange], balanced: &Balanced) -> Result<(), DemoError> {
    let moved: Vec<[i64; 2]> = changes.iter().map(|change| weights(change, balanced)).collect();
    let able =
        changes.iter().map(|change| healthy(change, balanced)).all(|[new, old]| new >= 1 && old == i64::from(TASKS));
    expect(moved == [[SHARE, 100 - SHARE], [0, 100]] && able, || {
        format!("expected 25/75 and 0/100 between healthy targets, saw {}: {changes:?}", shown(changes, balanced))
    })
}

/// What failed is not tried again by itself: the operator writes nothing more to AWS.
async fn held(play: &mut Play) -> Result<(), DemoError> {
    let since = play.stage.answered();
    let before = play.look().await?.group(SHOP).versions;
    play.watch(HELD).await?;
    let calls = play.stage.calls_since(since);
    let writes = ["CreateService", "UpdateService", "RegisterTaskDefinition", "ModifyRule"];
    expect(writes.iter().all(|action| calls.number(action) == 0), || format!("it is not held: {calls}"))?;
    let after = play.look().await?.group(SHOP).versions;
    expect(before == after, || format!("it is not held: {after:?}"))
}

/// Since then nobody was sent to a target group without a healthy target.
fn no_gap(play: &Play, before: &[Unserved]) -> Result<(), DemoError> {
    let now = play.stage.unserved();
    let new = now.get(before.len()..).unwrap_or_default();
    expect(new.is_empty(), || format!("traffic was sent where nobody could serve it: {new:?}"))
}

fn groups(balanced: &Balanced) -> Result<[&str; 2], DemoError> {
    match balanced.groups.as_slice() {
        [blue, green] => Ok([blue, green]),
        other => Err(DemoError::Unexpected(format!("{} target groups", other.len()))),
    }
}

fn since(play: &Play, balanced: &Balanced, from: usize) -> Vec<WeightChange> {
    play.stage.weight_log(&balanced.rule).split_off(from)
}

fn weights(change: &WeightChange, balanced: &Balanced) -> [i64; 2] {
    numbers(&change.weights, balanced)
}

/// Healthy targets when the weights changed.
fn healthy(change: &WeightChange, balanced: &Balanced) -> [i64; 2] {
    numbers(&change.healthy, balanced)
}

fn numbers(by_group: &std::collections::BTreeMap<String, i64>, balanced: &Balanced) -> [i64; 2] {
    groups(balanced).map_or([0, 0], |both| both.map(|group| by_group.get(group).copied().unwrap_or(0)))
}

/// `25/75 → 0/100`.
fn shown(changes: &[WeightChange], balanced: &Balanced) -> String {
    let all: Vec<String> =
        changes.iter().map(|change| weights(change, balanced)).map(|[blue, green]| format!("{blue}/{green}")).collect();
    all.join(" → ")
}
