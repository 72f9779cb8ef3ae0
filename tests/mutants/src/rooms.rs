//! Which files are tried: the pure rooms of the operator.

use std::path::Path;

use crate::error::Error;

/// A part of the operator that is scored by itself.
pub(crate) struct Room {
    /// For the table.
    pub(crate) name: &'static str,
    /// Paths of files, or of folders with a slash at the end.
    within: &'static [&'static str],
}

/// Decisions, errors, differences: what is decided by values alone.
pub(crate) const ROOMS: &[Room] = &[
    Room {
        name: "plans",
        within: &[
            "src/controllers/ecs_cluster/plan.rs",
            "src/controllers/ecs_service/content.rs",
            "src/controllers/ecs_service/plan.rs",
            "src/controllers/ecs_service/removal.rs",
            "src/controllers/ecs_service/requests.rs",
            "src/controllers/ecs_service/rollout.rs",
            "src/controllers/ecs_service/verdict.rs",
            "src/controllers/ecs_service/scaling/declared.rs",
            "src/controllers/ecs_service/scaling/normal.rs",
            "src/controllers/ecs_service/scaling/plan.rs",
            "src/controllers/ecs_task_definition/plan.rs",
            "src/controllers/server_group/asked.rs",
            "src/controllers/server_group/health.rs",
            "src/controllers/server_group/measure/course.rs",
            "src/controllers/server_group/measure/equality.rs",
            "src/controllers/server_group/measure/expression.rs",
            "src/controllers/server_group/measure/tokens.rs",
            "src/controllers/server_group/measure/verdict.rs",
            "src/controllers/server_group/plan.rs",
            "src/controllers/server_group/removal.rs",
            "src/controllers/server_group/requests.rs",
            "src/controllers/server_group/rollout/",
            "src/controllers/server_group/traffic.rs",
            "src/controllers/server_group/verdict.rs",
        ],
    },
    Room {
        name: "classifier",
        within: &[
            "src/aws/classify.rs",
            "src/controllers/backoff.rs",
            "src/controllers/failure.rs",
            "src/controllers/refusal.rs",
        ],
    },
    Room { name: "normaliser", within: &["src/diff/"] },
];

fn covers(pattern: &str, path: &str) -> bool {
    if pattern.ends_with('/') { path.starts_with(pattern) } else { path == pattern }
}

fn is_source(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs") && !path.contains("tests")
}

/// The files of all rooms among the tracked ones, each with its room.
pub(crate) fn files(tracked: &[String]) -> Result<Vec<(&'static str, String)>, Error> {
    let mut found = Vec::new();
    for room in ROOMS {
        for pattern in room.within {
            let before = found.len();
            let fits = tracked.iter().filter(|path| is_source(path) && covers(pattern, path));
            found.extend(fits.map(|path| (room.name, path.clone())));
            if found.len() == before {
                return Err(Error::Gone { room: room.name, pattern });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_cover_what_is_below_them_but_no_tests_and_a_missing_file_is_told() {
        let everything: Vec<String> = ROOMS
            .iter()
            .flat_map(|room| room.within)
            .map(|pattern| if pattern.ends_with('/') { format!("{pattern}deep/mod.rs") } else { (*pattern).to_owned() })
            .chain(["src/diff/tests/small.rs".to_owned(), "src/main.rs".to_owned()])
            .collect();
        let found = files(&everything).unwrap();
        assert_eq!(found.len(), everything.len() - 2);
        assert!(found.contains(&("normaliser", "src/diff/deep/mod.rs".to_owned())));
        let fewer: Vec<String> = everything.into_iter().filter(|path| path != "src/aws/classify.rs").collect();
        assert!(files(&fewer).is_err_and(|error| error.to_string().contains("src/aws/classify.rs")));
    }
}
