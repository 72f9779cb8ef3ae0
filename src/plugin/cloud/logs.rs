//! Lines of CloudWatch Logs.

use serde::Deserialize;
use serde_json::json;

use super::Cloud;
use super::json::{LOGS, Said};
use crate::plugin::exit::PluginError;

/// A line of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogLine {
    /// Its stream.
    pub log_stream_name: String,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// What it says.
    pub message: String,
    /// Its id.
    pub event_id: String,
}

/// What to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// The group.
    pub group: String,
    /// The streams, 100 at most.
    pub streams: Vec<String>,
    /// Not before, in milliseconds since 1970.
    pub since: i64,
    /// CloudWatch's filter pattern.
    pub filter: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Page {
    events: Vec<LogLine>,
    next_token: Option<String>,
}

/// More pages than this are read in the next turn.
const PAGES: usize = 50;

impl Cloud {
    /// Lines of streams, in the order of time (`FilterLogEvents`). A stream or group that is not there yet has none.
    pub async fn lines(&self, region: &str, query: &LogQuery) -> Result<Vec<LogLine>, PluginError> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let mut asked = json!({
                "logGroupName": query.group, "logStreamNames": query.streams, "startTime": query.since,
            });
            json_patch::merge(&mut asked, &json!({"filterPattern": query.filter, "nextToken": token}));
            let page: Page = match self.ask(&LOGS, "FilterLogEvents", region, asked).await {
                Ok(page) => serde_json::from_value(page)?,
                Err(error) if error.code == "ResourceNotFoundException" => return Ok(all),
                Err(error) => return Err(refused(&query.group, &error)),
            };
            all.extend(page.events);
            token = page.next_token.filter(|next| Some(next) != token.as_ref());
            if token.is_none() {
                break;
            }
        }
        all.sort_by(|a, b| a.timestamp.cmp(&b.timestamp).then_with(|| a.event_id.cmp(&b.event_id)));
        Ok(all)
    }
}

fn refused(group: &str, error: &Said) -> PluginError {
    PluginError::Cloud(format!("log group {group}: {error}"))
}
