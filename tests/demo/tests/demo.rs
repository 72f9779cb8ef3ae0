//! The demo from its command line, the samples, and an operator that is killed at any moment.

use std::io::{Write, sink};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use ecs_demo::DemoError;
use ecs_demo::observe::{Object, Snapshot};
use ecs_demo::play::Play;
use ecs_demo::samples;
use ecs_demo::screen::Screen;
use ecs_demo::stage::{Setting, Stage};

const DEMO: &str = env!("CARGO_BIN_EXE_ecs-demo");

async fn play() -> Result<Play, DemoError> {
    let setting = Setting { program: PathBuf::from(DEMO), existing_cluster: false };
    let stage = Stage::set_up(setting, &mut |_| ()).await?;
    let out: Box<dyn Write + Send> = Box::new(sink());
    Play::new(stage, Screen::lines(out))
}

#[test]
fn demo_plays_all_acts_and_ends_by_itself() {
    let output = Command::new(DEMO).env_remove("KUBECONFIG").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}\n{text}\n{errors}", output.status);
    assert!(!text.contains('\u{1b}'), "no terminal, no escapes");
    let (_, summary) = text.split_once("\nSummary\n").unwrap();
    for (number, act) in [
        (1, "9 objects Ready"),
        (3, "back to 2"),
        (4, "CannotPullContainerError"),
        (8, "weights blue/green 100/0 → 0/100"),
        (9, "weights blue/green 25/75 → 0/100"),
        (9, "the analysis of shop-web-v002 failed"),
        (10, "nothing is left"),
    ] {
        let line = summary.lines().find(|line| line.contains(&format!("ok     {number}  ")));
        assert!(line.is_some(), "act {number}\n{summary}");
        assert!(summary.contains(act), "{act}\n{summary}");
    }
    assert!(summary.contains("10 of 10 acts ended as they should"), "{summary}");
    assert!(!text.contains("The simulated AWS:"), "{text}");
}

#[test]
fn help_says_what_is_built_and_hides_the_operator() {
    let output = Command::new(DEMO).arg("--help").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("--keep") && text.contains("ECS_OPERATOR_CACHE") && text.contains("Exit code"), "{text}");
    assert!(!text.contains("Commands:"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_killed_at_any_moment_of_a_rollout_ends_in_the_same_state() {
    let mut play = play().await.unwrap();
    for sample in samples::load().unwrap() {
        let path = sample.path.display().to_string();
        // Fails on any warning of the API server.
        play.stage.run_kubectl(&["apply", "--server-side", "--warnings-as-errors", "--filename", &path]).unwrap();
    }
    let begun = |world: &Snapshot| world.services.len() == 4 && world.objects().all(Object::is_ready);
    play.until("the samples are Ready", begun).await.unwrap();
    let mut seen = Vec::new();
    for (number, offset) in [0, 40, 90, 160, 300, 900, 2_000, 3_500].into_iter().enumerate() {
        let since = play.stage.answered();
        let image = format!("nginx:{number}");
        play.commit_image("webserver", &image).await.unwrap();
        tokio::time::sleep(Duration::from_millis(offset)).await;
        play.stage.operator.kill().unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        play.stage.operator.start().unwrap();
        let world = play.until("the image runs", |world| world.runs("webserver", &image, 2)).await.unwrap();
        let calls = play.stage.calls_since(since);
        let definition = world.ecs["webserver"].task_definition.clone();
        seen.push((offset, definition, calls.number("RegisterTaskDefinition"), calls.number("UpdateService")));
    }
    let expected: Vec<_> =
        seen.iter().enumerate().map(|(number, it)| (it.0, format!("webserver:{}", number + 2), 1, 1)).collect();
    assert_eq!(seen, expected);
    // And then it rests: nothing is written any more, to Kubernetes or to AWS.
    let versions = |world: &Snapshot| world.services.iter().map(|s| s.version.clone()).collect::<Vec<_>>();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (before, since) = (versions(&play.look().await.unwrap()), play.stage.answered());
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(versions(&play.look().await.unwrap()), before);
    assert_eq!(play.stage.calls_since(since).number("UpdateService"), 0);
    assert_eq!(play.stage.complaints(), Vec::<String>::new());
}

#[test]
fn every_sample_opens_with_a_comment_that_says_what_it_shows() {
    let samples = samples::load().unwrap();
    assert!(samples.len() >= 5);
    for sample in samples {
        let text = std::fs::read_to_string(&sample.path).unwrap();
        assert!(text.starts_with("# "), "{}", sample.path.display());
    }
}
