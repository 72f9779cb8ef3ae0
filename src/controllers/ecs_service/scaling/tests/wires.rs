//! Which calls a pass makes, over a scripted wire.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use aws_sdk_ecs::types::Service;
use http::{Request, Response};
use kube::client::Body;
use serde_json::{Value, json};

use super::super::{ScalingObserved, Step, observe, run};
use crate::api::EcsService;
use crate::aws::test_wire::{Asked, Reply, Wire};
use crate::controllers::accounts::{self, Accounts, Installation, resolve};
use crate::controllers::clock::Clock;
use crate::controllers::context::{Config, Context, Stores};
use crate::controllers::ecs_service::Desired;
use crate::controllers::pass::Pass;
use crate::controllers::relations::Wakes;
use crate::runtime::metrics::Metrics;

/// What Application Auto Scaling has; `None` refuses every read.
type Held = Arc<Mutex<Option<Value>>>;

fn answer(held: &Held, asked: &Asked) -> Reply {
    let Some(target) = held.lock().unwrap().clone() else {
        return Reply::error("AccessDeniedException", "no");
    };
    Reply::ok(match asked.operation.as_str() {
        "DescribeScalableTargets" if target.is_null() => json!({"ScalableTargets": []}),
        "DescribeScalableTargets" => json!({"ScalableTargets": [target]}),
        "DescribeScalingPolicies" => json!({"ScalingPolicies": []}),
        "DescribeScheduledActions" => json!({"ScheduledActions": []}),
        "ListTagsForResource" => json!({"Tags": {}}),
        "DeregisterScalableTarget" | "DeleteScalingPolicy" => {
            return Reply::error("ObjectNotFoundException", "no such target");
        }
        other => panic!("{other}"),
    })
}

fn target() -> Value {
    json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/prod/web", "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 1, "MaxCapacity": 9, "RoleARN": "r", "CreationTime": 1.0, "ScalableTargetARN": "arn:t",
    })
}

struct Bench {
    wire: Wire,
    held: Held,
    cx: Context,
    object: Value,
}

impl Bench {
    fn new(scaling: &Value, status: &Value) -> Self {
        let held: Held = Arc::new(Mutex::new(Some(target())));
        let script = Arc::clone(&held);
        let wire = Wire::new(move |asked| answer(&script, asked));
        let object = json!({
            "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsService",
            "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "generation": 1, "resourceVersion": "1"},
            "spec": {"cluster": "prod", "taskDefinition": "web:1", "desiredCount": 2, "scaling": scaling},
            "status": status,
        });
        let kept = object.to_string();
        let kube = tower::service_fn(move |_: Request<Body>| {
            let body = Body::from(kept.clone().into_bytes());
            async move { Ok::<_, Infallible>(Response::new(body)) }
        });
        let clock = Clock::starting_at(jiff::Timestamp::from_second(1_800_000_000).unwrap());
        let (client, metrics) = (kube::Client::new(kube, "shop"), Metrics::new(|_| {}));
        let context =
            Context::new(client, wire.aws(), clock, Stores::empty(), Config::default(), metrics, Wakes::new().0);
        Self { wire, held, cx: context, object }
    }

    /// One pass over the service with this count, and the operations that it asked for.
    async fn look(&self, count: i32) -> (ScalingObserved, Vec<String>) {
        let object: EcsService = serde_json::from_value(self.object.clone()).unwrap();
        let pass = self.pass(&object);
        let live = Service::builder().service_name("web").status("ACTIVE").desired_count(count).build();
        let desired = Desired::resolve(&object, &self.cx.stores);
        let before = self.wire.asked().len();
        let observed = observe(&desired, "arn:aws:ecs:eu-west-1:1:cluster/prod", "web", Some(&live), &pass).await;
        (observed, self.wire.operations().split_off(before))
    }

    async fn run(&self, step: &Step) -> bool {
        let object: EcsService = serde_json::from_value(self.object.clone()).unwrap();
        run(step, &self.pass(&object)).await.is_ok()
    }

    /// A pass by the operator's own identity.
    fn pass<'a>(&'a self, object: &'a EcsService) -> Pass<'a, EcsService> {
        let config = &self.cx.config;
        let here = Installation { id: &config.installation, region: &config.region, ambient: &config.ambient };
        let asked = accounts::Asked { namespace: "shop".into(), ..accounts::Asked::default() };
        let mut pass = Pass::new(object, &self.cx);
        pass.settle_in(resolve(&asked, &Accounts::default(), here).unwrap());
        pass
    }
}

fn settled(scaling: &Value) -> Value {
    json!({"observedGeneration": 1, "scaling": scaling})
}

#[tokio::test(start_paused = true)]
async fn a_service_without_scaling_is_asked_about_only_when_its_count_would_be_sent() {
    let bench = Bench::new(&Value::Null, &settled(&Value::Null));
    assert_eq!(bench.look(2).await.1, Vec::<String>::new());
    let (observed, asked) = bench.look(7).await;
    assert_eq!(asked, ["DescribeScalableTargets", "ListTagsForResource"]);
    let object: EcsService = serde_json::from_value(bench.object.clone()).unwrap();
    let desired = Desired::resolve(&object, &bench.cx.stores);
    assert!(observed.hands_off(&desired, &crate::controllers::facts::Facts::of(&Pass::new(&object, &bench.cx))));
}

#[tokio::test(start_paused = true)]
async fn without_permission_to_look_a_plain_service_keeps_its_count_and_a_scaled_one_says_so() {
    let plain = Bench::new(&Value::Null, &settled(&Value::Null));
    *plain.held.lock().unwrap() = None;
    let (observed, _) = plain.look(7).await;
    assert!(observed.target.is_none() && observed.error.is_none());
    let scaled = Bench::new(&json!({"minCapacity": 1, "maxCapacity": 9}), &settled(&Value::Null));
    *scaled.held.lock().unwrap() = None;
    assert!(scaled.look(7).await.0.error.is_some());
}

#[tokio::test(start_paused = true)]
async fn policies_are_read_once_and_then_at_the_slow_cadence_until_a_call_changes_them() {
    let owned = json!({"minCapacity": 1, "maxCapacity": 9});
    let bench = Bench::new(&json!({"minCapacity": 1, "maxCapacity": 9}), &settled(&owned));
    let target = "DescribeScalableTargets";
    let all = [target, "DescribeScalingPolicies", "DescribeScheduledActions"];
    assert_eq!(bench.look(2).await.1, all);
    tokio::time::advance(std::time::Duration::from_mins(5)).await;
    assert_eq!(bench.look(2).await.1, [target]);
    tokio::time::advance(std::time::Duration::from_hours(1)).await;
    assert_eq!(bench.look(2).await.1, all);
    let step = Step::DeletePolicy { resource: "service/prod/web".into(), name: "x".into() };
    assert!(bench.run(&step).await);
    assert_eq!(bench.look(2).await.1, all);
}

#[tokio::test(start_paused = true)]
async fn an_edit_reads_everything_with_the_tags_and_an_absent_target_nothing_more() {
    let bench = Bench::new(&json!({"minCapacity": 1, "maxCapacity": 9}), &Value::Null);
    let (observed, asked) = bench.look(2).await;
    assert_eq!(
        asked,
        ["DescribeScalableTargets", "ListTagsForResource", "DescribeScalingPolicies", "DescribeScheduledActions"]
    );
    assert_eq!(observed.resource, "service/prod/web");
    *bench.held.lock().unwrap() = Some(Value::Null);
    assert_eq!(bench.look(2).await.1, ["DescribeScalableTargets"]);
}

#[tokio::test(start_paused = true)]
async fn a_request_to_reconcile_reads_everything_anew() {
    let declared = json!({"minCapacity": 1, "maxCapacity": 9});
    let mut bench = Bench::new(&declared, &settled(&declared));
    bench.look(2).await;
    assert_eq!(bench.look(2).await.1, ["DescribeScalableTargets"]);
    bench.object["status"]["lastHandled"] = json!({});
    bench.object["metadata"]["annotations"] = json!({"ecs-operator.dev/reconcile-requested-at": "now"});
    assert_eq!(
        bench.look(2).await.1,
        ["DescribeScalableTargets", "ListTagsForResource", "DescribeScalingPolicies", "DescribeScheduledActions"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_edit_of_the_count_under_external_is_noticed_once_known() {
    let mut bench = Bench::new(&json!({"minCapacity": 1, "maxCapacity": 9}), &settled(&Value::Null));
    assert_eq!(bench.look(5).await.0.recounted, None, "a first look knows of no edit");
    bench.object["spec"]["desiredCount"] = json!(3);
    bench.object["metadata"]["generation"] = json!(2);
    assert_eq!(bench.look(5).await.0.recounted, Some((2, 3)));
    assert_eq!(bench.look(5).await.0.recounted, None, "told once");
}

#[tokio::test(start_paused = true)]
async fn what_is_to_go_and_is_not_there_is_gone() {
    let bench = Bench::new(&Value::Null, &settled(&Value::Null));
    assert!(bench.run(&Step::Deregister { resource: "service/prod/web".into() }).await);
    assert_eq!(bench.wire.asked()[0].body["ScalableDimension"], "ecs:service:DesiredCount");
}
