//! The acts: what is done, what must become of it, and what there is to say afterwards.

mod versions;

use std::collections::BTreeSet;
use std::time::Duration;

use ecs_operator::api::names::annotation;
use tokio::time::Instant;

use crate::error::DemoError;
use crate::observe::Snapshot;
use crate::play::Play;
use crate::words::count;

/// The service that most acts are about.
const WEB: &str = "webserver";
/// Its tasks.
const TASKS: usize = 2;

/// An act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// All samples become Ready.
    Begin,
    /// Another image.
    Roll,
    /// An edit in AWS is set back.
    Heal,
    /// An image that does not exist.
    BadImage,
    /// The commit is reverted.
    Revert,
    /// New tasks on request.
    Restart,
    /// SIGKILL in the middle of a rollout.
    Crash,
    /// A server group's next version takes over.
    RedBlack,
    /// A canary that is not well goes back.
    Canary,
    /// Everything goes.
    Delete,
}

impl Act {
    /// All acts in their order.
    pub const ALL: [Self; 10] = [
        Self::Begin,
        Self::Roll,
        Self::Heal,
        Self::BadImage,
        Self::Revert,
        Self::Restart,
        Self::Crash,
        Self::RedBlack,
        Self::Canary,
        Self::Delete,
    ];

    /// What it is about.
    pub fn title(self) -> &'static str {
        match self {
            Self::Begin => "Applied in the wrong order, everything becomes Ready",
            Self::Roll => "An image change rolls out",
            Self::Heal => "An edit behind the operator's back is set back",
            Self::BadImage => "A bad image is stopped, explained and rolled back",
            Self::Revert => "The revert in Git makes it Ready again",
            Self::Restart => "An annotation restarts the tasks",
            Self::Crash => "The operator is killed in the middle of a rollout",
            Self::RedBlack => "The next version of a server group takes over, red/black",
            Self::Canary => "A canary whose errors rise goes back by itself",
            Self::Delete => "Deleted in the wrong order, nothing is left",
        }
    }

    /// Plays it; returns what happened.
    pub async fn run(self, play: &mut Play) -> Result<String, DemoError> {
        match self {
            Self::Begin => begin(play).await,
            Self::Roll => roll(play).await,
            Self::Heal => heal(play).await,
            Self::BadImage => bad_image(play).await,
            Self::Revert => revert(play).await,
            Self::Restart => restart(play).await,
            Self::Crash => crash(play).await,
            Self::RedBlack => versions::red_black(play).await,
            Self::Canary => versions::go_back(play).await,
            Self::Delete => delete(play).await,
        }
    }
}

/// Refuses what came about in another way than it should have.
fn expect(so: bool, otherwise: impl FnOnce() -> String) -> Result<(), DemoError> {
    if so { Ok(()) } else { Err(DemoError::Unexpected(otherwise())) }
}

async fn begin(play: &mut Play) -> Result<String, DemoError> {
    let number = play.manifests();
    for kind in ["EcsService", "EcsTaskDefinition", "EcsCluster"] {
        play.screen.doing(&format!("kubectl apply --server-side -f docs/samples/start   # {kind}s"));
        play.apply_all(kind).await?;
        play.look().await?;
    }
    let settled = |world: &Snapshot| {
        let counts = world.ecs.values().all(|ecs| ecs.desired > 0 && ecs.running == ecs.desired);
        world.objects().count() == number
            && world.objects().all(crate::observe::Object::is_ready)
            && world.ecs.len() == world.services.len()
            && counts
    };
    let world = play.until("all objects are Ready and all tasks run", settled).await?;
    let tasks = world.ecs.values().map(|ecs| usize::try_from(ecs.running).unwrap_or(0)).sum();
    Ok(format!(
        "{} Ready, {} in {}",
        count(number, "object"),
        count(tasks, "task"),
        count(world.services.len(), "service")
    ))
}

/// Waits until the web server runs an image and nothing else.
async fn until_runs(play: &mut Play, image: &str) -> Result<Snapshot, DemoError> {
    let what = format!("`{WEB}` is Ready and runs {TASKS} tasks of {image}");
    play.until(&what, |world| world.runs(WEB, image, TASKS)).await
}

async fn roll(play: &mut Play) -> Result<String, DemoError> {
    let since = play.stage.answered();
    play.commit_image(WEB, "nginx:1.29").await?;
    let world = until_runs(play, "nginx:1.29").await?;
    expect_one_rollout(play, since)?;
    let runs = world.ecs.get(WEB).map(|ecs| ecs.task_definition.clone()).unwrap_or_default();
    Ok(format!("registered once, rolled once: {TASKS} tasks of nginx:1.29 run as {runs}"))
}

fn expect_one_rollout(play: &Play, since: usize) -> Result<(), DemoError> {
    let calls = play.stage.calls_since(since);
    let writes = (calls.number("RegisterTaskDefinition"), calls.number("UpdateService"));
    expect(writes == (1, 1), || format!("expected one RegisterTaskDefinition and one UpdateService, saw {calls}"))
}

async fn heal(play: &mut Play) -> Result<String, DemoError> {
    play.screen.doing(&format!("aws ecs update-service --cluster demo --service {WEB} --desired-count 5"));
    let edit = play.stage.aws.update_service().cluster("demo").service(WEB).desired_count(5);
    edit.send().await.map_err(|error| DemoError::aws(&error))?;
    let image = play.image(WEB);
    let begun = Instant::now();
    play.until("ECS is asked for the declared count again", |world| {
        world.ecs.get(WEB).is_some_and(|ecs| ecs.desired == 2)
    })
    .await?;
    let seconds = begun.elapsed().as_secs();
    until_runs(play, &image).await?;
    Ok(format!("someone asked ECS for 5 tasks; back to {TASKS} after {seconds} s"))
}

async fn bad_image(play: &mut Play) -> Result<String, DemoError> {
    let good = play.image(WEB);
    let bad = "nginx:1.92-typo";
    play.stage.lose_image(bad);
    let since = play.stage.answered();
    play.commit_image(WEB, bad).await?;
    let world = play
        .until("the service says that its deployment was rolled back, and runs the earlier image", |world| {
            let service = world.service(WEB);
            let tasks = world.running(WEB);
            service.current
                && service.reason == "DeploymentRolledBack"
                && tasks.len() == TASKS
                && tasks.iter().all(|task| task.image == good)
        })
        .await?;
    let service = world.service(WEB);
    expect(service.message.contains("CannotPullContainerError") && service.message.contains(bad), || {
        format!("READY does not say what its tasks died of: {}", service.message)
    })?;
    // Held: what failed is not tried again by itself.
    play.watch(Duration::from_secs(3)).await?;
    expect_one_rollout(play, since)?;
    Ok(format!("{}: {}", service.reason, service.message))
}

async fn revert(play: &mut Play) -> Result<String, DemoError> {
    let since = play.stage.answered();
    play.commit_image(WEB, "nginx:1.29").await?;
    until_runs(play, "nginx:1.29").await?;
    let registered = play.stage.calls_since(since).number("RegisterTaskDefinition");
    expect(registered == 0, || "the earlier revision was registered anew".to_owned())?;
    Ok("Ready again, with the revision that was registered before".to_owned())
}

async fn restart(play: &mut Play) -> Result<String, DemoError> {
    let image = play.image(WEB);
    let ids = |world: &Snapshot| world.running(WEB).iter().map(|task| task.id.clone()).collect::<BTreeSet<_>>();
    let before = ids(&play.look().await?);
    let since = play.stage.answered();
    play.annotate(WEB, annotation::RESTARTED_AT, "monday").await?;
    play.until("all tasks are new ones", |world| world.runs(WEB, &image, TASKS) && ids(world).is_disjoint(&before))
        .await?;
    let forced = play.stage.calls_since(since).number("UpdateService");
    expect(forced == 1, || format!("expected one forced deployment, saw {forced} updates"))?;
    Ok(format!("{} replaced by one forced deployment", count(before.len(), "task")))
}

async fn crash(play: &mut Play) -> Result<String, DemoError> {
    let since = play.stage.answered();
    let image = "nginx:1.30";
    play.commit_image(WEB, image).await?;
    play.until("the rollout is half done", |world| {
        let tasks = world.ecs.get(WEB).into_iter().flat_map(|ecs| &ecs.deployments).flat_map(|d| &d.tasks);
        tasks.into_iter().any(|task| task.image == image)
    })
    .await?;
    play.screen.doing("kill -KILL <operator>; sleep 2");
    play.stage.operator.kill()?;
    play.watch(Duration::from_secs(2)).await?;
    play.screen.doing("ecs-operator   # started again, with empty memory");
    play.stage.operator.start()?;
    until_runs(play, image).await?;
    expect_one_rollout(play, since)?;
    Ok(format!("the new process took over: {TASKS} tasks of {image}, and no call was made twice"))
}

async fn delete(play: &mut Play) -> Result<String, DemoError> {
    for kind in ["EcsCluster", "EcsTaskDefinition", "EcsService", "ServerGroup"] {
        play.screen.doing(&format!("kubectl delete {}s --all", kind.to_lowercase()));
        play.delete_all(kind).await?;
        play.watch(Duration::from_secs(1)).await?;
    }
    play.until("all objects are gone", |world| world.objects().next().is_none()).await?;
    let left = left(&play.stage.aws).await?;
    expect(left.is_empty(), || format!("ECS still has {}", left.join(", ")))?;
    play.screen.doing("kill -TERM <operator>");
    play.stage.operator.stop().await?;
    Ok("no cluster, service, task or task definition is left in ECS; the operator ended by itself".to_owned())
}

/// What ECS still has.
async fn left(aws: &aws_sdk_ecs::Client) -> Result<Vec<String>, DemoError> {
    let clusters = aws.list_clusters().send().await.map_err(|error| DemoError::aws(&error))?;
    let definitions = aws.list_task_definitions().send().await.map_err(|error| DemoError::aws(&error))?;
    let mut left: Vec<String> = clusters.cluster_arns().to_vec();
    left.extend_from_slice(definitions.task_definition_arns());
    // Refused once the cluster is gone, and then there are none.
    if let Ok(services) = aws.list_services().cluster("demo").send().await {
        left.extend_from_slice(services.service_arns());
    }
    Ok(left)
}
