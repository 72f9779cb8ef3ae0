//! `status`: header and tree of an object, or the trees of a place; `-w` follows.

use std::time::Duration;

use clap::Args;
use futures::future::join_all;
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::show;
use crate::plugin::cli::Format;
use crate::plugin::cluster::read;
use crate::plugin::cluster::watching::Following;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::kind::{Kind, Target};
use crate::plugin::page::{Page, written};
use crate::plugin::render::text::painted;
use crate::plugin::render::{Line, Look, report as draw};
use crate::plugin::setting::Setting;
use crate::plugin::terminal::{Screen, print};
use crate::plugin::tree::{Health, Node, Object, Report, ServiceSeen, Snapshot, forest, report};

const EXAMPLES: &str = "\
Examples:
  kubectl ecs status                       # everything in the namespace
  kubectl ecs status -A                    # everything
  kubectl ecs status shop-prod -w          # one object, until Ctrl-C
  kubectl ecs status sg/shop-prod --tasks  # with the tasks as ECS has them; needs AWS credentials
  kubectl ecs status svc web -o json | jq .health

The exit code tells the health: 0 healthy, 1 failed, 2 in progress, 3 waits for a person; the worst of several objects.";

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// KIND, NAME, KIND NAME or KIND/NAME; default: everything in the namespace
    #[arg(value_name = "KIND NAME", num_args = 0..=2)]
    pub object: Vec<String>,
    /// Draw again when something changes
    #[arg(long, short)]
    pub watch: bool,
    /// Ask ECS for the tasks, with your AWS credentials
    #[arg(long)]
    pub tasks: bool,
}

/// At most so often a picture is drawn.
const PACE: Duration = Duration::from_millis(200);
/// Ages are counted on so often.
const TICK: Duration = Duration::from_secs(1);
/// ECS is asked again so often.
const ASK: Duration = Duration::from_secs(5);

/// Shows it, once or until it is interrupted.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let view = View { target: Target::parse(&arguments.object)?, tasks: arguments.tasks };
    if arguments.watch { watch(&view, setting).await } else { once(&view, setting).await }
}

/// What is to be seen.
struct View {
    target: Target,
    tasks: bool,
}

/// What is seen.
#[derive(Serialize)]
#[serde(untagged)]
enum Picture {
    One(Box<Report>),
    Many { objects: Vec<Place> },
}

/// The trees of a namespace.
#[derive(Clone, Serialize)]
struct Place {
    namespace: String,
    trees: Vec<Node>,
}

async fn once(view: &View, setting: &Setting) -> Result<Exit, PluginError> {
    let (kube, place) = (setting.kube().await?, setting.place().await?);
    let kind = view.target.kind;
    // A kind without namespaces is looked for where it is.
    let place = if kind == Some(Kind::Account) { None } else { place };
    let mut snapshot = read::everything(&kube, place.as_deref()).await?;
    if view.tasks {
        ask(view, &mut snapshot, setting).await?;
    }
    let picture = picture(view, &snapshot, setting)?;
    show(setting, &picture, |look| lines(&picture, look, usize::MAX))?;
    Ok(picture.exit())
}

/// The one object that is meant, if one is.
fn meant<'a>(view: &View, snapshot: &'a Snapshot) -> Result<Option<&'a Object>, PluginError> {
    let Some(name) = &view.target.name else { return Ok(None) };
    let mut found: Vec<&Object> = snapshot
        .objects
        .iter()
        .filter(|object| object.name == *name && view.target.kind.is_none_or(|kind| kind == object.kind))
        .collect();
    if view.target.kind.is_none() && found.len() > 1 {
        found.retain(|object| object.kind != Kind::Definition);
    }
    match found.as_slice() {
        [one] => Ok(Some(one)),
        [] => Err(PluginError::Missing(format!("nothing of ours is called {name} here"))),
        several => {
            let names: Vec<String> =
                several.iter().map(|one| format!("{} in {}", one.address(), one.namespace)).collect();
            Err(PluginError::Usage(format!("which one: {}?", names.join(", "))))
        }
    }
}

fn picture(view: &View, snapshot: &Snapshot, setting: &Setting) -> Result<Picture, PluginError> {
    if let Some(object) = meant(view, snapshot)? {
        return Ok(Picture::One(Box::new(report(snapshot, object, setting.clock.exact()))));
    }
    let mut namespaces: Vec<&str> = snapshot.objects.iter().map(|object| object.namespace.as_str()).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    let objects = namespaces.into_iter().map(|namespace| {
        let here = |object: &&Object| {
            object.namespace == namespace
                && view.target.kind.is_none_or(|kind| kind == object.kind || helps(kind, object.kind))
        };
        let own = Snapshot {
            objects: snapshot.objects.iter().filter(here).cloned().collect(),
            ecs: snapshot.ecs.clone(),
            happenings: Vec::new(),
        };
        Place { namespace: namespace.to_owned(), trees: forest(&own) }
    });
    Ok(Picture::Many { objects: objects.filter(|place| !place.trees.is_empty()).collect() })
}

/// Is the second kind shown below the first?
fn helps(kind: Kind, other: Kind) -> bool {
    match kind {
        Kind::Cluster => matches!(other, Kind::Group | Kind::Service | Kind::Definition),
        Kind::Group => matches!(other, Kind::Service | Kind::Definition),
        Kind::Service => other == Kind::Definition,
        Kind::Account | Kind::Definition => false,
    }
}

fn lines(picture: &Picture, look: &Look, height: usize) -> Vec<Line> {
    match picture {
        Picture::One(report) => draw::lines(report, look, height),
        Picture::Many { objects } => {
            let trees: Vec<(String, Vec<Node>)> =
                objects.iter().map(|place| (place.namespace.clone(), place.trees.clone())).collect();
            draw::forest(&trees, look, height)
        }
    }
}

impl Picture {
    fn exit(&self) -> Exit {
        match self {
            Self::One(report) => report.health.into(),
            Self::Many { objects } => {
                let all = objects.iter().flat_map(|place| &place.trees).map(worst);
                all.max().unwrap_or(Health::Healthy).into()
            }
        }
    }
}

/// The worst health of the objects in a tree.
fn worst(node: &Node) -> Health {
    let object = matches!(node.what, "servergroup" | "service" | "cluster" | "account" | "definition");
    let own = if object { node.health } else { Health::Idle };
    node.children.iter().map(worst).fold(own, Health::max)
}

/// Asks ECS for the tasks of all services that are shown.
async fn ask(view: &View, snapshot: &mut Snapshot, setting: &Setting) -> Result<(), PluginError> {
    let cloud = setting.cloud().await?;
    let shown = meant(view, snapshot)?.cloned();
    let wanted = |object: &&Object| {
        object.kind == Kind::Service
            && shown.as_ref().is_none_or(|root| {
                let made = object.owner.as_deref() == Some(root.uid.as_str());
                made || object.uid == root.uid || (root.kind == Kind::Cluster && object.namespace == root.namespace)
            })
    };
    let services: Vec<&Object> = snapshot.objects.iter().filter(wanted).collect();
    let answers: Vec<((String, String), ServiceSeen)> =
        join_all(services.into_iter().map(|object| async move {
            ((object.namespace.clone(), object.name.clone()), cloud.service(object).await)
        }))
        .await;
    snapshot.ecs = answers.into_iter().collect();
    Ok(())
}

async fn watch(view: &View, setting: &Setting) -> Result<Exit, PluginError> {
    let (kube, place) = (setting.kube().await?, setting.place().await?);
    let place = if view.target.kind == Some(Kind::Account) { None } else { place };
    let mut following = Following::new(&kube, place.as_deref());
    let mut board = Board::default();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut ecs = std::collections::BTreeMap::new();
    let mut asked: Option<Instant> = None;
    let mut due: Option<Instant> = None;
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let mut news = false;
        tokio::select! {
            biased;
            _ = &mut stop => return Ok(Exit::Interrupted),
            () = wake(due), if due.is_some() => {
                let mut snapshot = following.snapshot();
                if view.tasks && asked.is_none_or(|asked| asked.elapsed() >= ASK) {
                    ask(view, &mut snapshot, setting).await?;
                    ecs = std::mem::take(&mut snapshot.ecs);
                    asked = Some(Instant::now());
                }
                snapshot.ecs.clone_from(&ecs);
                board.show(view, &snapshot, setting, following.trouble.as_deref())?;
                due = None;
            }
            changed = following.next() => {
                changed?;
                news = true;
            }
            _ = tick.tick() => news = true,
        }
        if news && following.is_complete() && due.is_none() {
            due = Some(board.drawn.map_or_else(Instant::now, |drawn| drawn + PACE));
        }
    }
}

async fn wake(due: Option<Instant>) {
    if let Some(due) = due {
        sleep_until(due).await;
    }
}

/// Where pictures are drawn: in place on a terminal, else one after the other.
#[derive(Default)]
struct Board {
    screen: Screen,
    before: Option<String>,
    drawn: Option<Instant>,
}

impl Board {
    fn show(
        &mut self,
        view: &View,
        snapshot: &Snapshot,
        setting: &Setting,
        trouble: Option<&str>,
    ) -> Result<(), PluginError> {
        self.drawn = Some(Instant::now());
        let picture = match picture(view, snapshot, setting) {
            // What is watched may not be there yet, or be deleted.
            Err(PluginError::Missing(why)) => return self.text(&[format!("({why})")], setting, trouble),
            other => other?,
        };
        if let Some(format @ (Format::Json | Format::Yaml)) = setting.format() {
            return self.block(&written(&picture, format)?, None);
        }
        let page = setting.page.measured();
        let look = Look::of(page, setting.clock.exact());
        if page.live {
            // The line below the picture is the cursor's.
            let height = page.height.saturating_sub(2);
            return self.text(&painted(&lines(&picture, &look, height), page.colour), setting, trouble);
        }
        let text = painted(&lines(&picture, &look, usize::MAX), page.colour).join("\n") + "\n\n";
        // Passing time alone is no news.
        let timeless = timeless(view, snapshot, setting)?;
        self.block(&text, Some(timeless))
    }

    fn text(&mut self, lines: &[String], setting: &Setting, trouble: Option<&str>) -> Result<(), PluginError> {
        let page: Page = setting.page.measured();
        let mut lines = lines.to_vec();
        lines.extend(trouble.map(|why| format!("(not up to date: {why})")));
        if page.live { Ok(self.screen.draw(lines, page)?) } else { self.block(&(lines.join("\n") + "\n\n"), None) }
    }

    fn block(&mut self, text: &str, key: Option<String>) -> Result<(), PluginError> {
        let key = key.unwrap_or_else(|| text.to_owned());
        if self.before.as_ref() == Some(&key) {
            return Ok(());
        }
        self.before = Some(key);
        Ok(print(text)?)
    }
}

/// The picture as if it were always the same time.
fn timeless(view: &View, snapshot: &Snapshot, setting: &Setting) -> Result<String, PluginError> {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let picture = match meant(view, snapshot)? {
        Some(object) => Picture::One(Box::new(report(snapshot, object, now))),
        None => picture(view, snapshot, setting)?,
    };
    let look = Look::of(Page::plain(), now);
    Ok(painted(&lines(&picture, &look, usize::MAX), false).join("\n"))
}
