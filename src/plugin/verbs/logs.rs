//! `logs`: what tasks write to CloudWatch Logs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use tokio::time::sleep;

use super::ask::{duration, refuse};
use crate::plugin::cli::Format;
use crate::plugin::cloud::Cloud;
use crate::plugin::cloud::logs::{LogLine, LogQuery};
use crate::plugin::cluster::{read, services_of};
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::render::text::painted;
use crate::plugin::setting::Setting;
use crate::plugin::terminal::print;
use crate::plugin::tree::{Object, TaskSeen, Tone};

const EXAMPLES: &str = "\
Examples:
  kubectl ecs logs web                              # the last ten minutes of all its tasks
  kubectl ecs logs sg/shop-prod -f --since 1m
  kubectl ecs logs web -c app --task 0123abcd --filter ERROR

It reads CloudWatch Logs with your AWS credentials, for containers with the log driver `awslogs` and a stream prefix.";

/// Arguments of `logs`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// NAME, KIND NAME or KIND/NAME of a service or a server group
    #[arg(value_name = "KIND NAME", num_args = 1..=2, required = true)]
    pub object: Vec<String>,
    /// Go on with what comes
    #[arg(long, short)]
    pub follow: bool,
    /// How far back: 30s, 5m, 1h
    #[arg(long, default_value = "10m", value_parser = duration, value_name = "TIME")]
    pub since: Duration,
    /// One container only
    #[arg(long, short)]
    pub container: Option<String>,
    /// One task only: its id, or its first digits
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// CloudWatch's filter pattern
    #[arg(long, value_name = "PATTERN")]
    pub filter: Option<String>,
    /// With the time of each line
    #[arg(long)]
    pub timestamps: bool,
}

/// Between two questions.
const PACE: Duration = Duration::from_secs(2);
/// Lines may come late: so much is read again.
const LATE: Duration = Duration::from_secs(10);
/// `FilterLogEvents` takes so many streams.
const STREAMS: usize = 100;
/// Tasks are looked for again after so many questions.
const ROUNDS: u32 = 5;

/// Prints them.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let object = read::one(setting, &arguments.object).await?;
    let mut sources = sources(setting, &object, &arguments).await?;
    if sources.is_empty() && !arguments.follow {
        return refuse(
            &object,
            "none of its tasks writes to CloudWatch Logs (log driver awslogs with a stream prefix)",
        );
    }
    let mut from = milliseconds(setting.clock.exact(), arguments.since);
    let mut seen: BTreeMap<String, i64> = BTreeMap::new();
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    let mut round = 0;
    loop {
        for (query, region) in queries(&sources, from, arguments.filter.as_ref()) {
            let lines = setting.cloud().await?.lines(&region, &query).await?;
            for line in lines {
                if seen.insert(line.event_id.clone(), line.timestamp).is_none() {
                    print(&printed(setting, &arguments, &line, sources.len())?)?;
                }
            }
        }
        if !arguments.follow {
            return Ok(Exit::Good);
        }
        from = from.max(milliseconds(setting.clock.exact(), LATE));
        seen.retain(|_, at| *at >= from);
        tokio::select! {
            biased;
            _ = &mut stop => return Ok(Exit::Interrupted),
            () = sleep(PACE) => {}
        }
        round += 1;
        if round % ROUNDS == 0 {
            sources = self::sources(setting, &object, &arguments).await?;
        }
    }
}

fn milliseconds(now: Timestamp, back: Duration) -> i64 {
    now.as_millisecond() - i64::try_from(back.as_millis()).unwrap_or(i64::MAX / 2)
}

/// A stream of a container of a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Source {
    region: String,
    group: String,
    stream: String,
}

async fn sources(setting: &Setting, object: &Object, arguments: &Arguments) -> Result<BTreeSet<Source>, PluginError> {
    let cloud = setting.cloud().await?;
    let mut found = BTreeSet::new();
    for service in services_of(&setting.kube().await?, object).await? {
        let mut tasks = cloud.tasks(&service).await?;
        tasks.retain(|task| arguments.task.as_ref().is_none_or(|id| task.id.starts_with(id.as_str())));
        found.extend(of_service(cloud, &service, &tasks, arguments).await?);
    }
    Ok(found)
}

async fn of_service(
    cloud: &Cloud,
    service: &Object,
    tasks: &[TaskSeen],
    arguments: &Arguments,
) -> Result<Vec<Source>, PluginError> {
    let definitions: BTreeSet<&str> = tasks.iter().map(|task| task.task_definition.as_str()).collect();
    let place = cloud.place(service)?;
    let scope = cloud.check(&place).await?;
    let mut found = Vec::new();
    for definition in definitions {
        for (container, options) in cloud.log_options(&place, &scope, definition).await? {
            if arguments.container.as_ref().is_some_and(|wanted| *wanted != container) {
                continue;
            }
            let (Some(group), Some(prefix)) = (options.get("awslogs-group"), options.get("awslogs-stream-prefix"))
            else {
                continue;
            };
            let region = options.get("awslogs-region").unwrap_or(&place.region);
            let own = tasks.iter().filter(|task| task.task_definition == definition);
            found.extend(own.map(|task| Source {
                region: region.clone(),
                group: group.clone(),
                stream: format!("{prefix}/{container}/{}", task.id),
            }));
        }
    }
    Ok(found)
}

/// As few questions as possible.
fn queries(sources: &BTreeSet<Source>, since: i64, filter: Option<&String>) -> Vec<(LogQuery, String)> {
    let mut groups: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for source in sources {
        groups.entry((&source.region, &source.group)).or_default().push(source.stream.clone());
    }
    let mut all = Vec::new();
    for ((region, group), streams) in groups {
        for some in streams.chunks(STREAMS) {
            let query = LogQuery { group: group.to_owned(), streams: some.to_vec(), since, filter: filter.cloned() };
            all.push((query, region.to_owned()));
        }
    }
    all
}

fn printed(setting: &Setting, arguments: &Arguments, line: &LogLine, sources: usize) -> Result<String, PluginError> {
    let mut parts = line.log_stream_name.rsplit('/');
    let (task, container) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let at = Timestamp::from_millisecond(line.timestamp).map(|at| at.to_string()).unwrap_or_default();
    if matches!(setting.format(), Some(Format::Json | Format::Yaml)) {
        let value = serde_json::json!({"time": at, "task": task, "container": container, "message": line.message});
        return Ok(serde_json::to_string(&value)? + "\n");
    }
    let short: String = task.chars().take(8).collect();
    let time = if arguments.timestamps { format!("{at} ") } else { String::new() };
    let before = if sources > 1 { format!("{short} {container} | ") } else { String::new() };
    let message = line.message.trim_end_matches(['\n', '\r']).to_owned();
    let line = vec![(Tone::Quiet, time), (Tone::Moving, before), (Tone::Plain, message)];
    Ok(painted(&[line], setting.page.colour).concat() + "\n")
}
