//! Stories of calls that the others do not make: rollouts that fail, gates, stops, tags that go, alarms, measurements,
//! names of networks, scaling that is copied.

use ecs_sim::cloudwatch::Series;
use ecs_sim::elbv2::control::Balanced;
use ecs_sim::fixtures::{AlarmState, ImageFate, Network};
use ecs_sim::sts::Role;
use serde_json::{Value, json};

use crate::support::manifests::{cluster, errors, pausing};
use crate::support::world::{World, key};
use crate::workloads::{Act, Base, Workload, definition, group, shop};

/// These stories.
pub fn all() -> Vec<Workload> {
    use Act::{Annotate, Apply};
    let Some(balanced) = &Base::Balanced.beginning().balanced else { return Vec::new() };
    let made = |name, base, acts| Workload { name, base, acts, kept: None };
    let td = |image: &str| Apply(definition(image));
    let highlander = json!({"highlander": {}});
    let again = Annotate("EcsService", "web", "retry", "/status/held/rollout");
    let version = |image: &str| alarmed(group(image, balanced, &highlander));
    vec![
        made(
            "gate",
            Base::Shop,
            vec![
                Apply(gated()),
                td("nginx:2"),
                Annotate("EcsService", "web", "promote", "/status/rollout/promoteWith"),
            ],
        ),
        made(
            "stopped",
            Base::Shop,
            vec![td(HANGS), Annotate("EcsService", "web", "abort", "/status/rollout/id"), td("nginx:2")],
        ),
        made("tags", Base::Shop, [tagged(Some("shop")), tagged(None)].concat()),
        made("alarms", Base::Balanced, vec![Apply(version("nginx:1")), Apply(version("nginx:2"))]),
        made("analysis", Base::Group, vec![Apply(group("nginx:2", balanced, &measured()))]),
        made("names", Base::Group, vec![Apply(named(group("nginx:2", balanced, &highlander)))]),
        made(
            "task",
            Base::Group,
            vec![Annotate("ServerGroup", "shop-prod", "terminate-tasks", "a task of shop-prod-v000")],
        ),
        made("copies", Base::Legacy, vec![Apply(copying("nginx:1", balanced))]),
        made("copies on", Base::Copied, vec![Apply(copying("nginx:2", balanced))]),
        made("fails", Base::Shop, vec![td(MISSING), again, td("nginx:2")]),
    ]
}

/// An image whose tasks never run.
const HANGS: &str = "nginx:hangs";

/// An image that nobody pushed.
const MISSING: &str = "nginx:missing";

/// A role of tasks.
const ROLE: &str = "arn:aws:iam::123456789012:role/pull";

/// What these stories find in AWS.
pub fn prepare(world: &World) {
    world.aws.sim(|sim| {
        sim.set_image(HANGS, ImageFate::Hangs);
        sim.set_image(MISSING, ImageFate::Missing);
        sim.add_role(ROLE, Role::serving(&["ecs-tasks.amazonaws.com"]));
        // A version that fails is followed by others.
        for version in 1..9 {
            let service = format!("shop-prod-v00{version}");
            sim.set_series(&key(), "Shop", "Errors", &[("ServiceName", &service)], Series::Constant(1.0));
        }
        sim.with_fleet(&key(), |fleet| fleet.set_alarm("trouble", AlarmState::Ok));
        let fixtures = &mut sim.region(&key()).fixtures;
        for (id, name) in [("subnet-0a", "a"), ("subnet-0b", "b"), ("subnet-0d", "inner")] {
            let subnet = Network::subnet("vpc-1", "eu-west-1a").tagged(&[("Name", name)]);
            fixtures.subnets.insert(id.to_owned(), subnet);
        }
        fixtures.security_groups.insert("sg-0d".to_owned(), Network::security_group("vpc-1", "web"));
    });
}

/// A service whose rollouts wait until a person lets them go on.
fn gated() -> Value {
    let mut service = shop(2);
    service["spec"]["deploymentConfiguration"] = pausing();
    service
}

/// A cluster, and a service that is scaled, with a tag or without.
fn tagged(team: Option<&str>) -> Vec<Act> {
    let mut manifests = [cluster("prod"), shop(2)];
    manifests[1]["spec"]["scaling"] = json!({
        "minCapacity": 1, "maxCapacity": 10,
        "targetTracking": [{
            "policyName": "cpu", "targetValue": 60,
            "predefinedMetricSpecification": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
        }],
    });
    if team.is_some() {
        manifests[0]["spec"]["configuration"] = json!({"executeCommandConfiguration": {"logging": "NONE"}});
    }
    for manifest in &mut manifests {
        manifest["spec"]["tags"] = team.map_or(json!({"kind": "web"}), |team| json!({"kind": "web", "team": team}));
    }
    manifests.into_iter().map(Act::Apply).collect()
}

/// With step scaling by an alarm, and a scheduled action.
fn alarmed(mut group: Value) -> Value {
    group["spec"]["capacity"] = json!({"min": 1, "desired": 2, "max": 10});
    group["spec"]["scaling"] = json!({
        "stepScaling": [{
            "policyName": "up", "adjustmentType": "ChangeInCapacity",
            "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1}],
        }],
        "alarms": [{
            "alarmName": "busy", "policies": ["up"], "namespace": "AWS/ECS", "metricName": "CPUUtilization",
            "dimensions": {"ClusterName": "${cluster}", "ServiceName": "${service}"}, "statistic": "Average",
            "period": 60, "evaluationPeriods": 3, "threshold": 70, "comparisonOperator": "GreaterThanThreshold",
        }],
        "scheduledActions": [{
            "scheduledActionName": "morning", "schedule": "cron(0 8 * * ? *)",
            "scalableTargetAction": {"minCapacity": 2},
        }],
    });
    group["spec"]["gate"]["alarmNames"] = json!(["trouble"]);
    group
}

/// With the size and the scaling of the service `legacy`, and then of the version before.
pub fn copying(image: &str, balanced: &Balanced) -> Value {
    let mut group = alarmed(group(image, balanced, &json!({"highlander": {}})));
    group["spec"]["source"] = json!({"serviceName": "legacy", "cluster": "others"});
    group["spec"]["scaling"]["copyFromPrevious"] = json!(true);
    group
}

/// A canary that is measured.
fn measured() -> Value {
    let alarm = json!({"name": "trouble", "alarms": ["trouble"]});
    let analysis = json!({"intervalSeconds": 60, "count": 2, "metrics": [errors(60), alarm]});
    json!({"canary": {"steps": [{"setWeight": 50}, {"analysis": analysis}]}})
}

/// With the names of its network, and a role.
fn named(mut group: Value) -> Value {
    let template = &mut group["spec"]["template"];
    if let Some(template) = template.as_object_mut() {
        template.remove("networkConfiguration");
    }
    template["subnetNames"] = json!(["inner"]);
    template["securityGroupNames"] = json!(["web"]);
    template["executionRoleArn"] = json!(ROLE);
    group
}
