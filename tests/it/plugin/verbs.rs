//! Every verb as a person types it: what it does to the object, what the operator makes of it, when it refuses.

use std::path::Path;

use ecs_operator::plugin::cluster::{edit, read};
use ecs_operator::plugin::kind::Kind;
use ecs_sim::fixtures::ImageFate;
use serde_json::{Value, json};

use super::local::Desk;
use crate::local_api::server_group::group;
use crate::support::manifests::{cluster, service, web};

/// A desk with a service of two tasks that is ready; its tasks log to CloudWatch.
async fn serving(namespace: &str) -> Desk {
    let desk = Desk::new(namespace).await;
    desk.stage.apply(&[cluster("prod"), logging("nginx:1"), service("web", "prod", "web")]).await.unwrap();
    let ended = desk.ecs(&["wait", "svc/web", "--timeout", "90s"]).await.with(0);
    assert_eq!(ended.out, "ecsservice/web: ready\n");
    desk
}

fn logging(image: &str) -> Value {
    let mut web = web("web", image);
    let options = json!({"awslogs-group": "/shop/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"});
    web["spec"]["containerDefinitions"][0]["logConfiguration"] = json!({"logDriver": "awslogs", "options": options});
    web["spec"]["executionRoleArn"] = json!("arn:aws:iam::123456789012:role/execution");
    web
}

fn annotation(object: &Value, key: &str) -> Value {
    object["metadata"]["annotations"][format!("ecs-operator.dev/{key}")].clone()
}

#[tokio::test]
async fn a_service_is_seen_in_every_form_and_its_tasks_logs_and_events_are_found() {
    let desk = serving("desk-sees").await;
    let ended = desk.ecs(&["status", "web", "--tasks"]).await.with(0);
    assert!(ended.out.contains("✔ healthy, Succeeded") && ended.out.matches("task ").count() == 2, "{}", ended.out);
    assert!(!ended.out.contains('\u{1b}'), "no colours in a pipe");
    let report = desk.ecs(&["status", "svc", "web", "-o", "json"]).await.with(0).json();
    assert_eq!(
        (&report["health"], &report["reason"], &report["tree"]["tasks"]),
        (&json!("healthy"), &json!("Succeeded"), &json!("2/2"))
    );
    let yaml = desk.ecs(&["status", "-o", "yaml"]).await.with(0).out;
    assert!(yaml.contains("namespace: desk-sees") && yaml.contains("name: prod"), "{yaml}");
    assert!(desk.ecs(&["tree", "cluster/prod"]).await.with(0).out.contains("└─✔ service web"));
    desk.ecs(&["status", "nothing"]).await.with(4);
    desk.ecs(&["status", "pods", "web"]).await.with(64);
    desk.ecs(&["status", "web", "--no-such-flag"]).await.with(64);
    desk.ecs(&["status", "web", "--context", "elsewhere"]).await.with(6);

    let tasks = desk.ecs(&["tasks", "web", "-o", "json"]).await.with(0).json();
    let ids: Vec<&str> = tasks["tasks"].as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap()).collect();
    assert_eq!(
        (ids.len(), &tasks["tasks"][0]["lastStatus"], &tasks["tasks"][0]["service"]),
        (2, &json!("RUNNING"), &json!("web"))
    );
    let now = ecs_operator::controllers::clock::Clock::system().now().as_millisecond();
    let line = |id: &str, at: i64, text: &str| (format!("ecs/web/{id}"), at, text.to_owned());
    let told = [
        line(ids[0], now - 3_000, "first\n"),
        line(ids[1], now - 2_000, "second"),
        line(ids[0], now - 3_600_000, "old"),
        line("gone", now, "foreign"),
    ];
    desk.gate.logs.lock().unwrap().extend(told);
    let logs = desk.ecs(&["logs", "web"]).await.with(0).out;
    let expected = format!("{} web | first\n{} web | second\n", &ids[0][..8], &ids[1][..8]);
    assert_eq!(logs, expected);
    assert_eq!(desk.ecs(&["logs", "web", "--task", ids[1]]).await.with(0).out, "second\n");

    let events = desk.ecs(&["events", "web", "-o", "json"]).await.with(0).json();
    let sources: Vec<&Value> = events["events"].as_array().unwrap().iter().map(|event| &event["source"]).collect();
    assert!(sources.contains(&&json!("kubernetes")) && sources.contains(&&json!("ecs")), "{events}");
    let address = desk.ecs(&["open", "web"]).await.with(0).out;
    assert_eq!(
        address,
        "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod/services/web/health?region=eu-west-1\n"
    );
}

#[tokio::test]
async fn a_command_is_handed_to_the_session_manager_plugin_and_its_end_is_ours() {
    let desk = serving("desk-exec").await;
    desk.ecs(&["exec", "web", "-n", "desk-exec", "--", "env"]).await.refused("spec.enableExecuteCommand: true");
    let patch = json!({"spec": {"enableExecuteCommand": true}}).to_string();
    desk.stage.kubectl(&["patch", "ecss/web", "--type=merge", "-p", &patch]).await.unwrap();
    desk.ecs(&["wait", "web"]).await.with(0);
    desk.ecs(&["restart", "web", "--wait"]).await.with(0);
    desk.ecs(&["wait", "web", "--timeout", "90s"]).await.with(0);
    let command = ["exec", "web", "-n", "desk-exec", "--", "sh", "-c", "echo 'a b'"];
    let missing = desk.ecs(&command).await.with(6);
    assert!(missing.err.contains("session-manager-plugin is not on the PATH"), "{}", missing.err);
    assert_eq!(desk.gate.asked.lock().unwrap().len(), 0, "no session is left open");
    desk.tools.program("session-manager-plugin", "#!/bin/sh\nprintf '%s\\n' \"$@\"\nexit 3\n");
    let ended = desk.ecs(&command).await.with(3);
    let asked = desk.gate.asked.lock().unwrap()[0].clone();
    assert_eq!((&asked["command"], &asked["container"]), (&json!(r"sh -c 'echo '\''a b'\'''"), &json!("web")));
    let lines: Vec<&str> = ended.out.lines().collect();
    assert!(
        lines[0].contains("ecs-execute-command-0") && lines[1] == "eu-west-1" && lines[2] == "StartSession",
        "{lines:?}"
    );
    assert!(lines[4].contains("ecs:prod_"), "{lines:?}");
    desk.ecs(&["exec", "web", "-c", "no", "-n", "desk-exec", "--", "env"]).await.refused("there are web");
}

#[tokio::test]
async fn a_service_is_restarted_scaled_paused_and_refreshed_and_refuses_what_makes_no_sense() {
    let desk = serving("desk-does").await;
    for (verb, why) in [
        ("promote", "no gate waits"),
        ("abort", "no deployment is under way"),
        ("retry", "nothing failed and is held"),
        ("undo", "revert that in Git"),
    ] {
        desk.ecs(&[verb, "svc/web"]).await.refused(why);
    }
    desk.ecs(&["restart", "cluster/prod"]).await.refused("`restart` is for EcsService and ServerGroup");
    desk.ecs(&["resume", "svc/web"]).await.refused("it is not paused");
    desk.ecs(&["stop-task", "svc/web", "0123"]).await.refused("aws ecs stop-task --cluster prod");

    let restarted = desk.ecs(&["restart", "svc/web", "--wait", "-o", "json"]).await.with(0).json();
    assert_eq!((&restarted["answer"], &restarted["object"]), (&json!("answered"), &json!("ecsservice/web")));
    assert_eq!(annotation(&desk.stage.get("ecss/web").await, "restarted-at"), restarted["value"]);
    let forced = desk.stage.aws.sent().into_iter().filter(|call| call.body["forceNewDeployment"] == true).count();
    assert_eq!(forced, 1);
    desk.ecs(&["wait", "svc/web", "--timeout", "90s"]).await.with(0);

    let scaled = desk.ecs(&["scale", "svc/web", "--tasks", "3"]).await.with(0);
    assert_eq!((scaled.out.as_str(), scaled.err.as_str()), ("ecsservice/web: 2 → 3 tasks\n", ""));
    desk.ecs(&["wait", "svc/web", "--timeout", "90s"]).await.with(0);
    assert_eq!(desk.stage.get("ecss/web").await["status"]["runningCount"], 3);

    desk.ecs(&["pause", "svc/web"]).await.with(0);
    desk.ecs(&["pause", "svc/web"]).await.refused("it is paused already");
    desk.ecs(&["restart", "svc/web"]).await.refused("kubectl ecs resume ecsservice/web");
    assert!(desk.ecs(&["status", "svc/web"]).await.with(3).out.contains("Paused"));
    let late = desk.ecs(&["wait", "svc/web", "--timeout", "1s"]).await.with(2);
    assert!(late.err.contains("time is over"), "{}", late.err);
    desk.ecs(&["resume", "svc/web"]).await.with(0);
    assert_eq!(annotation(&desk.stage.get("ecss/web").await, "paused"), Value::Null);
    desk.ecs(&["refresh", "svc/web", "--wait"]).await.with(0);
    desk.ecs(&["wait", "svc/web"]).await.with(0);
}

#[tokio::test]
async fn a_failure_ends_the_wait_with_its_reason_and_is_tried_again() {
    let desk = serving("desk-fails").await;
    desk.stage.aws.sim(|sim| sim.set_image("nginx:gone", ImageFate::Missing));
    desk.stage.apply(&[logging("nginx:gone")]).await.unwrap();
    desk.stage.until("ecss/web", "False", "DeploymentRolledBack").await;
    let ended = desk.ecs(&["wait", "svc/web", "--timeout", "90s"]).await.with(1);
    assert!(
        ended.err.contains("DeploymentRolledBack") && ended.err.contains("CannotPullContainerError"),
        "{}",
        ended.err
    );
    let status = desk.ecs(&["status", "svc/web"]).await.with(1).out;
    assert!(status.contains("kubectl ecs retry ecsservice/web") && status.contains("nginx:gone"), "{status}");
    desk.ecs(&["restart", "svc/web"]).await.refused("kubectl ecs retry ecsservice/web");
    desk.stage.aws.sim(|sim| sim.set_image("nginx:gone", ImageFate::Runs));
    desk.ecs(&["retry", "svc/web", "--wait"]).await.with(0);
    desk.ecs(&["wait", "svc/web", "--timeout", "90s"]).await.with(0);
}

#[tokio::test]
async fn a_canary_is_promoted_aborted_and_undone() {
    let desk = Desk::new("desk-group").await;
    let steps = json!({"strategy": {"canary": {"steps": [{"setCapacity": {"count": 1}}, {"pause": {}}]}}});
    desk.stage.apply(&[cluster("prod"), group("nginx:1", &steps)]).await.unwrap();
    desk.ecs(&["wait", "sg/shop-prod", "--timeout", "90s"]).await.with(0);
    desk.ecs(&["promote", "sg/shop-prod"]).await.refused("no rollout is under way");
    desk.ecs(&["undo", "sg/shop-prod"]).await.refused("no other version is kept");
    desk.ecs(&["restart", "svc/shop-prod-v000"]).await.refused("kubectl ecs restart servergroup/shop-prod");

    desk.stage.apply(&[group("nginx:2", &steps)]).await.unwrap();
    desk.stage.until("ecssg/shop-prod", "False", "AwaitingApproval").await;
    let waits = desk.ecs(&["status", "sg/shop-prod"]).await.with(3).out;
    assert!(
        waits.contains("kubectl ecs promote servergroup/shop-prod") && waits.contains("nginx:1 → nginx:2"),
        "{waits}"
    );
    desk.ecs(&["promote", "sg/shop-prod", "--wait"]).await.with(0);
    desk.ecs(&["wait", "sg/shop-prod", "--timeout", "90s"]).await.with(0);
    assert_eq!(desk.stage.get("ecssg/shop-prod").await["status"]["currentVersion"], "shop-prod-v001");

    desk.stage.apply(&[group("nginx:3", &steps)]).await.unwrap();
    desk.stage.until("ecssg/shop-prod", "False", "AwaitingApproval").await;
    desk.ecs(&["undo", "sg/shop-prod"]).await.refused("kubectl ecs abort servergroup/shop-prod");
    desk.ecs(&["abort", "sg/shop-prod", "--wait"]).await.with(0);
    desk.stage.until("ecssg/shop-prod", "False", "DeploymentRolledBack").await;
    desk.ecs(&["wait", "sg/shop-prod"]).await.with(1);

    desk.stage.apply(&[group("nginx:2", &steps)]).await.unwrap();
    desk.ecs(&["wait", "sg/shop-prod", "--timeout", "90s"]).await.with(0);
    let undone = desk.ecs(&["undo", "sg/shop-prod"]).await.with(0);
    assert!(
        undone.out.contains("shop-prod-v000 will serve") && undone.err.contains("revert the change in Git"),
        "{undone:?}"
    );
    desk.ecs(&["wait", "sg/shop-prod", "--timeout", "90s"]).await.with(0);
    assert_eq!(desk.stage.get("ecssg/shop-prod").await["status"]["currentVersion"], "shop-prod-v000");
    desk.ecs(&["undo", "sg/shop-prod", "--to", "nonsense"]).await.refused("it has no version nonsense");
    desk.ecs(&["undo", "sg/shop-prod", "--unpin"]).await.with(0);
    desk.ecs(&["wait", "sg/shop-prod", "--timeout", "90s"]).await.with(0);
    assert_eq!(desk.stage.get("ecssg/shop-prod").await["status"]["currentVersion"], "shop-prod-v001");

    let tasks = desk.ecs(&["tasks", "sg/shop-prod", "-o", "json"]).await.with(0).json();
    let id = tasks["tasks"][0]["id"].as_str().unwrap().to_owned();
    desk.ecs(&["stop-task", "sg/shop-prod", "zzzz"]).await.refused("it has no running task zzzz");
    let stopped = desk.ecs(&["stop-task", "sg/shop-prod", &id[..8], "--wait"]).await.with(0);
    assert!(stopped.out.contains(&id), "{stopped:?}");
    let asked = desk.stage.aws.sent().into_iter().filter(|call| call.operation == "StopTask").count();
    assert_eq!(asked, 1);
    desk.ecs(&["scale", "sg/shop-prod", "--tasks", "9"]).await.refused("outside of spec.capacity, 1 to 4");
    desk.ecs(&["scale", "sg/shop-prod", "--tasks", "3"]).await.with(0);
    assert_eq!(desk.stage.get("ecssg/shop-prod").await["spec"]["capacity"]["desired"], 3);
}

#[tokio::test]
async fn an_edit_that_git_will_undo_is_warned_of_and_one_that_was_overtaken_is_judged_anew() {
    let desk = Desk::new("desk-git").await;
    let mut kept = service("web", "prod", "web");
    kept["metadata"]["annotations"] =
        json!({"argocd.argoproj.io/tracking-id": "shop:ecs-operator.dev/EcsService:desk-git/web"});
    desk.stage
        .send(
            &["apply", "--server-side", "--field-manager=argocd-controller"],
            &[cluster("prod"), web("web", "nginx:1"), kept],
        )
        .await
        .unwrap();
    desk.ecs(&["wait", "svc/web", "--timeout", "90s"]).await.with(0);
    let scaled = desk.ecs(&["scale", "svc/web", "--tasks", "1"]).await.with(0);
    assert!(scaled.err.contains("Argo CD's application shop keeps this object"), "{}", scaled.err);
    let paused = desk.ecs(&["pause", "svc/web"]).await.with(0);
    assert_eq!(paused.err, "", "an annotation that is not in Git stays");
    let managers = desk.stage.get("ecss/web").await["metadata"]["managedFields"].to_string();
    assert!(
        managers.contains("\"manager\":\"ecs-plugin\"") && !managers.contains("\"manager\":\"kubectl-ecs\""),
        "{managers}"
    );

    let kube = desk.stage.plane.client().await;
    let old = read::get(&kube, "desk-git", Kind::Service, "web").await.unwrap().unwrap();
    desk.stage.kubectl(&["label", "ecss/web", "team=shop"]).await.unwrap();
    let seen = std::sync::Mutex::new(Vec::new());
    let edited = edit::edit(&kube, old.clone(), |object| {
        seen.lock().unwrap().push(object.labels.get("team").cloned());
        Ok(edit::annotation("example.com/mark", Some("x")))
    });
    let edited = edited.await.unwrap();
    let seen = seen.into_inner().unwrap();
    assert!(seen.len() > 1 && seen[0].is_none(), "{seen:?}");
    assert!(seen[1..].iter().all(|team| team.as_deref() == Some("shop")), "{seen:?}");
    assert_eq!(edited.annotations.get("example.com/mark").map(String::as_str), Some("x"));

    // A count too: the operator writes status while people scale.
    let seen = std::sync::Mutex::new(0);
    let scaled = edit::scale(&kube, old, 2, |_| {
        *seen.lock().unwrap() += 1;
        Ok(())
    });
    scaled.await.unwrap();
    assert!(seen.into_inner().unwrap() > 1);
    assert_eq!(desk.stage.get("ecss/web").await["spec"]["desiredCount"], 2);
}

#[tokio::test]
async fn the_same_verbs_work_by_way_of_kubectl() {
    let desk = Desk::new("desk-kubectl").await;
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kubectl-ecs"), desk.tools.path.join("kubectl-ecs")).unwrap();
    let kubectl: &Path = desk.stage.plane.program();
    let version = desk.run(kubectl.to_owned(), &["ecs", "version", "-o", "json"]).await.with(0).json();
    let kinds: Vec<&str> = version["kinds"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
    for kind in Kind::ALL {
        assert!(kinds.contains(&kind.name()), "{kinds:?}");
    }
    desk.run(kubectl.to_owned(), &["ecs", "status", "nothing"]).await.with(4);
    for shell in ["bash", "zsh", "fish"] {
        let script = desk.ecs(&["completion", shell]).await.with(0).out;
        assert!(script.contains("stop-task") && script.contains("kubectl-ecs"), "{shell}");
    }
    let words = desk
        .run(env!("CARGO_BIN_EXE_kubectl-ecs").into(), &["-A", "completion", "--for-kubectl", "re"])
        .await
        .with(0)
        .out;
    assert_eq!(words, "restart\nresume\nretry\nrefresh\nreport\n:4\n");
}

#[tokio::test]
async fn manifests_are_linted_verified_and_planned_before_they_are_applied() {
    let desk = serving("desk-plans").await;
    let file = |name: &str, manifests: &[Value]| {
        let path = desk.tools.path.join(name);
        let documents: Vec<String> = manifests.iter().map(Value::to_string).collect();
        std::fs::write(&path, documents.join("\n---\n")).unwrap();
        path.display().to_string()
    };
    let here = |mut manifest: Value| {
        manifest["metadata"].as_object_mut().unwrap().remove("namespace");
        manifest
    };
    let mut wanted = [here(cluster("prod")), here(logging("nginx:1")), here(service("web", "prod", "web"))];
    let same = file("same.yaml", &wanted);
    desk.ecs(&["lint", "-f", &same]).await.with(0);
    let none = desk.ecs(&["plan", "-f", &same, "--exit-code"]).await.with(0);
    assert_eq!(none.out, "Plan: 0 to create, 0 in place, 0 rolls, 0 replaces, 0 to delete\n");
    wanted[1]["spec"]["containerDefinitions"][0]["image"] = json!("nginx:2");
    wanted[2]["spec"]["desiredCount"] = json!(3);
    let edited = file("edited.yaml", &wanted);
    let before = desk.stage.get("ecss/web").await;
    for offline in [&[][..], &["--offline"]] {
        let arguments = [&["plan", "-f", edited.as_str(), "--exit-code"], offline].concat();
        let plan = desk.ecs(&arguments).await.with(2).out;
        assert!(plan.contains("taskDefinition: web:1 → web:(new revision) (rolls)"), "{plan}");
        assert!(plan.ends_with("Plan: 0 to create, 1 in place, 1 rolls, 0 replaces, 0 to delete\n"), "{plan}");
    }
    let diff = desk.ecs(&["diff", "-f", &edited, "-o", "json"]).await.with(0).json();
    assert!(diff.to_string().contains("desiredCount"), "{diff}");
    assert!(desk.ecs(&["plan", "-f", &edited, "-o", "markdown"]).await.with(0).out.starts_with("**Plan: "));
    assert_eq!(desk.stage.get("ecss/web").await["metadata"]["generation"], before["metadata"]["generation"]);
    desk.ecs(&["status", "-o", "markdown"]).await.with(64);

    wanted[2]["spec"]["desiredCount"] = json!(-1);
    let refused = file("refused.yaml", &wanted);
    let said = desk.ecs(&["plan", "-f", &refused]).await.with(1).out;
    assert!(said.contains("✖ ecsservice/web  refused"), "{said}");
    let found = desk.ecs(&["lint", "-f", &refused, "-o", "json"]).await.with(1).json();
    assert_eq!(found["findings"][0]["field"], "spec.desiredCount", "{found}");
    let checks = desk.ecs(&["verify", "-f", &edited, "-o", "json"]).await.with(1).json();
    assert!(checks.to_string().contains("there is no such log group"), "{checks}");
    desk.ecs(&["plan", "-f", "nowhere.yaml"]).await.with(4);
}
