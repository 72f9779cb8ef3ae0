//! Stories of the scaling, told through the API.

use serde_json::{Value, json};

use super::control::{Metric, resource_id};
use crate::ecs::scheduler::timing::Timing;
use crate::model::{Service, check_input, check_output, error_is_modelled};
use crate::neighbours;
use crate::world::{RegionKey, Sim};

const RESOURCE: &str = "service/c1/web";

struct World {
    sim: Sim,
    key: RegionKey,
}

impl World {
    /// A cluster `c1` with a service `web` of two tasks that run.
    fn new() -> Self {
        let key = RegionKey::new("123456789012", "eu-west-1");
        let mut world = Self { sim: Sim::new(7, 1_800_000_000_000), key: key.clone() };
        world.sim.with_fleet(&key, |fleet| fleet.knobs.timing = Timing::brisk());
        world.ecs("CreateCluster", &json!({ "clusterName": "c1" }));
        world.register_definition("web:1");
        world.ecs(
            "CreateService",
            &json!({
                "cluster": "c1", "serviceName": "web", "taskDefinition": "web", "desiredCount": 2, "launchType": "FARGATE",
                "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"] } },
            }),
        );
        world.minutes(5);
        world
    }

    fn register_definition(&mut self, image: &str) {
        let input = json!({
            "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256",
            "memory": "512", "containerDefinitions": [{ "name": "app", "image": image }],
        });
        self.ecs("RegisterTaskDefinition", &input);
    }

    fn ecs(&mut self, operation: &str, input: &Value) -> Value {
        self.sim.call_ecs(&self.key, "arn:aws:iam::123456789012:user/test", operation, input).unwrap()
    }

    /// Calls about `service/c1/web`; request, answer and error code must fit the AWS model.
    fn try_call(&mut self, operation: &str, more: &Value) -> Result<Value, String> {
        let mut input = json!({ "ServiceNamespace": "ecs" });
        if !operation.ends_with("Targets") {
            input["ResourceId"] = json!(RESOURCE);
            input["ScalableDimension"] = json!("ecs:service:DesiredCount");
        }
        if more.get("ResourceARN").is_some() {
            input = json!({});
        }
        for (member, value) in more.as_object().unwrap() {
            input[member] = value.clone();
        }
        let model = Service::ApplicationAutoscaling;
        check_input(model, operation, &mut input).map_err(|refusal| refusal.to_string())?;
        let key = self.key.clone();
        let outcome = self.sim.with_cx(&key, "test", None, |region, cx| {
            neighbours::dispatch(region, cx, Service::ApplicationAutoscaling, operation, &input)
        });
        match &outcome {
            Ok(answer) => assert_eq!(check_output(model, operation, answer), Vec::<String>::new()),
            Err(refusal) => assert!(error_is_modelled(model, operation, &refusal.code), "{operation}: {refusal}"),
        }
        outcome.map_err(|refusal| refusal.to_string())
    }

    fn ok(&mut self, operation: &str, more: &Value) -> Value {
        self.try_call(operation, more).unwrap_or_else(|refusal| panic!("{operation}: {refusal}"))
    }

    fn code(&mut self, operation: &str, more: &Value) -> String {
        match self.try_call(operation, more) {
            Ok(answer) => panic!("{operation} was accepted: {answer}"),
            Err(refusal) => refusal.split(':').next().unwrap_or_default().to_owned(),
        }
    }

    fn bounds(&mut self, min: i64, max: i64) {
        self.ok("RegisterScalableTarget", &json!({ "MinCapacity": min, "MaxCapacity": max }));
    }

    fn track(&mut self, name: &str, metric: &str, target: f64) {
        let config = json!({
            "TargetValue": target, "PredefinedMetricSpecification": { "PredefinedMetricType": metric },
            "ScaleOutCooldown": 120, "ScaleInCooldown": 600,
        });
        let more = json!({
            "PolicyName": name, "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": config,
        });
        self.ok("PutScalingPolicy", &more);
    }

    fn load(&mut self, load: f64) {
        self.sim.with_scaling(&self.key, |scaling| scaling.metric("c1", "web", Some(Metric::Load(load))));
    }

    fn minutes(&mut self, minutes: i64) {
        let to = self.sim.now() + minutes * 60_000;
        self.sim.advance_to(to);
        assert_eq!(self.sim.violations(), Vec::<String>::new());
    }

    fn desired(&mut self) -> i64 {
        let answer = self.ecs("DescribeServices", &json!({ "cluster": "c1", "services": ["web"] }));
        answer["services"][0]["desiredCount"].as_i64().unwrap()
    }

    fn target(&mut self) -> Value {
        self.ok("DescribeScalableTargets", &json!({ "ResourceIds": [RESOURCE] }))["ScalableTargets"][0].clone()
    }
}

const CPU: &str = "ECSServiceAverageCPUUtilization";
const MEMORY: &str = "ECSServiceAverageMemoryUtilization";

#[test]
fn registering_pulls_the_count_inside_the_bounds_every_time() {
    let mut world = World::new();
    world.bounds(4, 8);
    assert_eq!(world.desired(), 4);
    world.ecs("UpdateService", &json!({ "cluster": "c1", "service": "web", "desiredCount": 20 }));
    world.minutes(10);
    assert_eq!(world.desired(), 20);
    world.ok("RegisterScalableTarget", &json!({}));
    assert_eq!(world.desired(), 8);
    world.ok("RegisterScalableTarget", &json!({ "MaxCapacity": 5 }));
    assert_eq!(world.desired(), 5);
    let target = world.target();
    assert_eq!((&target["MinCapacity"], &target["MaxCapacity"]), (&json!(4), &json!(5)));
    let activities = world.ok("DescribeScalingActivities", &json!({}));
    assert_eq!(activities["ScalingActivities"].as_array().unwrap().len(), 3);
    assert_eq!(activities["ScalingActivities"][0]["Description"], "Setting desired count to 5.");
}

#[test]
fn a_target_that_cannot_be_is_refused() {
    let mut world = World::new();
    let both = json!({ "MinCapacity": 1, "MaxCapacity": 2 });
    assert_eq!(world.code("RegisterScalableTarget", &json!({ "MinCapacity": 1 })), "ValidationException");
    assert_eq!(
        world.code("RegisterScalableTarget", &json!({ "MinCapacity": 3, "MaxCapacity": 2 })),
        "ValidationException"
    );
    let other = json!({ "MinCapacity": 1, "MaxCapacity": 2, "ResourceId": "service/c1/other" });
    assert!(world.try_call("RegisterScalableTarget", &other).unwrap_err().contains("doesn't exist"));
    let elsewhere = json!({ "MinCapacity": 1, "MaxCapacity": 2, "ScalableDimension": "rds:cluster:ReadReplicaCount" });
    assert_eq!(world.code("RegisterScalableTarget", &elsewhere), "ValidationException");
    world.ok("RegisterScalableTarget", &both);
    assert_eq!(world.code("RegisterScalableTarget", &json!({ "MinCapacity": 3 })), "ValidationException");
    assert_eq!(world.target()["MinCapacity"], 1);
}

#[test]
fn deregistering_takes_policies_and_actions_and_the_second_time_is_refused() {
    let mut world = World::new();
    assert_eq!(world.code("DeregisterScalableTarget", &json!({})), "ObjectNotFoundException");
    world.bounds(1, 8);
    world.track("cpu", CPU, 60.0);
    let night = json!({
        "ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)", "ScalableTargetAction": { "MaxCapacity": 2 },
    });
    world.ok("PutScheduledAction", &night);
    world.ok("DeregisterScalableTarget", &json!({}));
    assert_eq!(world.code("DeregisterScalableTarget", &json!({})), "ObjectNotFoundException");
    world.bounds(1, 8);
    assert_eq!(world.ok("DescribeScalingPolicies", &json!({}))["ScalingPolicies"], json!([]));
    assert_eq!(world.ok("DescribeScheduledActions", &json!({}))["ScheduledActions"], json!([]));
    assert!(world.sim.region(&world.key.clone()).fixtures.alarms.is_empty());
}

#[test]
fn policies_need_a_target_a_type_and_a_metric_of_their_own() {
    let mut world = World::new();
    let config = json!({ "TargetValue": 60.0, "PredefinedMetricSpecification": { "PredefinedMetricType": CPU } });
    let put = |name: &str| {
        json!({
            "PolicyName": name, "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": config,
        })
    };
    assert_eq!(world.code("PutScalingPolicy", &put("cpu")), "ObjectNotFoundException");
    world.bounds(1, 8);
    let made = world.ok("PutScalingPolicy", &put("cpu"));
    assert_eq!(made["Alarms"].as_array().unwrap().len(), 2);
    assert_eq!(world.ok("PutScalingPolicy", &put("cpu"))["PolicyARN"], made["PolicyARN"]);
    assert_eq!(world.code("PutScalingPolicy", &put("cpu2")), "ValidationException");
    let typed = json!({ "PolicyName": "cpu", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {} });
    assert_eq!(world.code("PutScalingPolicy", &typed), "ValidationException");
    assert_eq!(world.code("PutScalingPolicy", &json!({ "PolicyName": "bare" })), "ValidationException");
    let described = world.ok("DescribeScalingPolicies", &json!({ "PolicyNames": ["cpu"] }));
    assert_eq!(described["ScalingPolicies"][0]["TargetTrackingScalingPolicyConfiguration"]["DisableScaleIn"], false);
    world.ok("DeleteScalingPolicy", &json!({ "PolicyName": "cpu" }));
    assert_eq!(world.code("DeleteScalingPolicy", &json!({ "PolicyName": "cpu" })), "ObjectNotFoundException");
}

#[test]
fn listings_come_in_pages() {
    let mut world = World::new();
    world.bounds(1, 8);
    for number in 0..23 {
        let config = json!({ "AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{ "ScalingAdjustment": 1 }] });
        let name = format!("step-{number:02}");
        let more = json!({ "PolicyName": name, "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": config });
        world.ok("PutScalingPolicy", &more);
    }
    let (mut seen, mut token) = (0, Value::Null);
    for size in [10, 10, 3] {
        let page = world.ok("DescribeScalingPolicies", &json!({ "NextToken": token }));
        assert_eq!(page["ScalingPolicies"].as_array().unwrap().len(), size);
        seen += size;
        token = page["NextToken"].clone();
    }
    assert_eq!((seen, token), (23, Value::Null));
    assert_eq!(world.code("DescribeScalingPolicies", &json!({ "NextToken": "x" })), "InvalidNextTokenException");
    assert_eq!(world.code("DescribeScalingPolicies", &json!({ "MaxResults": 11 })), "ValidationException");
    let many: Vec<String> = (0..51).map(|n| resource_id("c1", &format!("s{n}"))).collect();
    assert_eq!(world.code("DescribeScalableTargets", &json!({ "ResourceIds": many })), "ValidationException");
}

#[test]
fn a_tracked_load_scales_out_and_later_in() {
    let mut world = World::new();
    world.bounds(1, 10);
    world.track("cpu", CPU, 60.0);
    world.load(360.0);
    world.minutes(2);
    assert_eq!(world.desired(), 2);
    world.minutes(10);
    assert_eq!(world.desired(), 6);
    world.load(50.0);
    world.minutes(14);
    assert_eq!(world.desired(), 6);
    world.minutes(10);
    assert_eq!(world.desired(), 1);
}

#[test]
fn scaling_in_waits_for_the_deployment_and_scaling_out_does_not() {
    let mut world = World::new();
    world.bounds(1, 10);
    world.track("cpu", CPU, 60.0);
    world.register_definition("web:2");
    world.sim.with_fleet(&world.key, |fleet| fleet.freeze("c1", "web"));
    world.ecs("UpdateService", &json!({ "cluster": "c1", "service": "web", "taskDefinition": "web:2" }));
    world.load(10.0);
    world.minutes(40);
    assert_eq!(world.desired(), 2);
    let value = Some(Metric::Value(90.0));
    world.sim.with_scaling(&world.key, |scaling| scaling.metric("c1", "web", value));
    world.minutes(4);
    assert_eq!(world.desired(), 3);
    world.load(10.0);
    world.sim.with_fleet(&world.key, |fleet| fleet.thaw("c1", "web"));
    world.minutes(40);
    assert_eq!(world.desired(), 1);
}

#[test]
fn the_largest_capacity_wins() {
    let mut world = World::new();
    world.bounds(1, 10);
    world.track("cpu", CPU, 60.0);
    world.track("memory", MEMORY, 50.0);
    let set = |world: &mut World, name: &str, load: f64| {
        world.sim.with_scaling(&world.key, |s| s.named_metric("c1", "web", name, Some(Metric::Load(load))));
    };
    set(&mut world, CPU, 180.0);
    set(&mut world, MEMORY, 400.0);
    world.minutes(10);
    assert_eq!(world.desired(), 8);
    set(&mut world, CPU, 10.0);
    world.minutes(60);
    assert_eq!(world.desired(), 8);
    world.ok("DeleteScalingPolicy", &json!({ "PolicyName": "memory" }));
    world.minutes(60);
    assert_eq!(world.desired(), 1);
}

#[test]
fn suspended_scaling_stands_still() {
    let mut world = World::new();
    world.bounds(1, 10);
    world.track("cpu", CPU, 60.0);
    world.ok("RegisterScalableTarget", &json!({ "SuspendedState": { "DynamicScalingOutSuspended": true } }));
    world.load(600.0);
    world.minutes(20);
    assert_eq!(world.desired(), 2);
    world.ok("RegisterScalableTarget", &json!({ "SuspendedState": { "DynamicScalingOutSuspended": false } }));
    world.minutes(5);
    assert_eq!(world.desired(), 10);
}

#[test]
fn a_breached_step_policy_adds_its_step_once_per_cooldown() {
    let mut world = World::new();
    world.bounds(1, 10);
    let steps = json!([
        { "MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1 },
        { "MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3 },
    ]);
    let config = json!({ "AdjustmentType": "ChangeInCapacity", "Cooldown": 300, "StepAdjustments": steps });
    let more = json!({ "PolicyName": "step", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": config });
    world.ok("PutScalingPolicy", &more);
    world.sim.with_scaling(&world.key, |scaling| scaling.breach("c1", "web", "step", Some(5.0)));
    world.minutes(4);
    assert_eq!(world.desired(), 3);
    world.sim.with_scaling(&world.key, |scaling| scaling.breach("c1", "web", "step", Some(10.0)));
    world.minutes(1);
    // Three more than before the cooldown, of which one is there already.
    assert_eq!(world.desired(), 5);
}

#[test]
fn a_schedule_moves_the_bounds_and_the_count_follows() {
    let mut world = World::new();
    world.bounds(1, 10);
    let put = json!({
        "ScheduledActionName": "up", "Schedule": "rate(1 hour)", "ScalableTargetAction": { "MinCapacity": 5 },
        "EndTime": 1_800_100_000,
    });
    world.ok("PutScheduledAction", &put);
    world.minutes(59);
    assert_eq!(world.desired(), 2);
    world.minutes(2);
    assert_eq!(world.desired(), 5);
    assert_eq!(world.target()["MinCapacity"], 5);
    let again = json!({ "ScheduledActionName": "up", "ScalableTargetAction": { "MinCapacity": 7 } });
    world.ok("PutScheduledAction", &again);
    let described = world.ok("DescribeScheduledActions", &json!({}))["ScheduledActions"][0].clone();
    assert_eq!((&described["Schedule"], &described["EndTime"]), (&json!("rate(1 hour)"), &Value::Null));
    world.ok("RegisterScalableTarget", &json!({ "SuspendedState": { "ScheduledScalingSuspended": true } }));
    world.minutes(180);
    assert_eq!(world.desired(), 5);
    world.ok("DeleteScheduledAction", &json!({ "ScheduledActionName": "up" }));
    assert_eq!(world.code("DeleteScheduledAction", &json!({ "ScheduledActionName": "up" })), "ObjectNotFoundException");
    let past = json!({
        "ScheduledActionName": "past", "Schedule": "at(2001-01-01T00:00:00)", "ScalableTargetAction": { "MinCapacity": 1 },
    });
    assert_eq!(world.code("PutScheduledAction", &past), "ValidationException");
}

#[test]
fn tags_live_on_the_target() {
    let mut world = World::new();
    let bounds = json!({ "MinCapacity": 1, "MaxCapacity": 2, "Tags": { "team": "shop" } });
    let arn = world.ok("RegisterScalableTarget", &bounds)["ScalableTargetARN"].clone();
    world.ok("TagResource", &json!({ "ResourceARN": arn, "Tags": { "cost": "7" } }));
    world.ok("UntagResource", &json!({ "ResourceARN": arn, "TagKeys": ["team", "absent"] }));
    assert_eq!(world.ok("ListTagsForResource", &json!({ "ResourceARN": arn }))["Tags"], json!({ "cost": "7" }));
    assert_eq!(world.code("ListTagsForResource", &json!({ "ResourceARN": "arn:none" })), "ResourceNotFoundException");
    let many: Value = (0..50).map(|n| (n.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(world.code("TagResource", &json!({ "ResourceARN": arn, "Tags": many })), "TooManyTagsException");
}

#[test]
fn two_writes_in_one_moment_are_concurrent_when_asked_for() {
    let mut world = World::new();
    world.bounds(1, 8);
    world.sim.with_scaling(&world.key, |scaling| scaling.settings.concurrent_window_ms = 1_000);
    assert_eq!(world.code("RegisterScalableTarget", &json!({ "MaxCapacity": 9 })), "ConcurrentUpdateException");
    world.minutes(1);
    world.ok("RegisterScalableTarget", &json!({ "MaxCapacity": 9 }));
}

#[test]
fn a_deleted_service_keeps_its_target_and_nothing_happens_to_it() {
    let mut world = World::new();
    world.bounds(1, 8);
    world.track("cpu", CPU, 60.0);
    world.ecs("DeleteService", &json!({ "cluster": "c1", "service": "web", "force": true }));
    world.load(600.0);
    world.minutes(5);
    world.ok("RegisterScalableTarget", &json!({ "MinCapacity": 3 }));
    assert_eq!(world.target()["MinCapacity"], 3);
    assert_eq!(world.desired(), 0);
}
