//! `lint` and `verify`: what is wrong with manifests, said with place and remedy.

use std::collections::BTreeSet;

use ecs_operator::aws::Scope;
use ecs_operator::plugin::cloud::Cloud;
use ecs_operator::plugin::doctor::{self, Finding};
use ecs_operator::plugin::foresee::manifests::Files;
use ecs_operator::plugin::lint::findings;
use ecs_operator::plugin::render::plan::{checked, found};
use ecs_operator::plugin::verify::observe::look;
use ecs_operator::plugin::verify::wants::wants;
use ecs_operator::plugin::verify::{Check, Verdict};
use ecs_sim::fixtures::Network;
use ecs_sim::named::{Named, Secret};
use serde_json::json;

use super::look::drawn;
use crate::server_group::group;
use crate::support::manifests::{cluster, service, web};
use crate::support::world::{REGION, World, key};

const WRONG: &str = "\
apiVersion: ecs-operator.dev/v1alpha1
kind: EcsTaskDefinition
metadata:
  name: web
spec:
  containerDefinition:
    - name: web
      image: nginx:1
  networkMode: awsvpc
  cpu: 256
---
apiVersion: ecs-operator.dev/v1alpha1
kind: EcsService
metadata:
  name: web
spec:
  clusterRef: {name: prod}
  taskDefinitionRef: {name: web}
  desiredCount: '2'
  launchTyp: FARGATE
---
apiVersion: ecs-operator.dev/v1alpha1
kind: EcsCluster
metadata:
  name: prod
spec:
  tags:
    aws:owner: shop
---
apiVersion: ecs-operator.dev/v1alpha1
kind: ServerGroup
metadata:
  name: shop-prod
spec:
  application: shop
  clusterRef: {name: prod}
  strategy: {canary: {steps: [{setWeight: 120}]}}
---
apiVersion: ecs-operator.dev/v1alpha1
kind: EcsServise
metadata: {name: x}
---
kind: [
";

fn read(text: &str) -> Files {
    let mut files = Files::default();
    files.add("shop.yaml", text.as_bytes());
    files
}

#[tokio::test(start_paused = true)]
async fn lint_names_file_line_member_and_remedy() {
    let world = World::new(51);
    let files = read(WRONG);
    let all = findings(&files);
    drawn(&world, "lint.txt", |look, height| {
        let mut lines = found(&all, files.manifests.len(), look);
        lines.truncate(height);
        lines
    });
    let at = |field: &str| all.iter().find(|finding| finding.field == field).map(|finding| finding.line);
    assert_eq!(at("spec.containerDefinition"), Some(6), "{all:#?}");
    assert_eq!(at("spec.launchTyp"), Some(20), "{all:#?}");
    assert_eq!(at("spec.desiredCount"), Some(19), "{all:#?}");
    let meant = all.iter().find(|finding| finding.field == "spec.launchTyp").unwrap();
    assert_eq!(meant.remedy, "did you mean `launchType`?");
}

#[test]
fn lint_finds_nothing_in_manifests_that_the_operator_takes() {
    let mut files = Files::default();
    let good = [cluster("prod"), web("web", "nginx:1"), service("web", "prod", "web"), group("nginx:1", &json!({}))];
    for manifest in good {
        files.add("good.json", manifest.to_string().as_bytes());
    }
    assert_eq!(files.manifests.len(), 4);
    assert_eq!(findings(&files), []);
}

const NAMES: &str = "\
apiVersion: ecs-operator.dev/v1alpha1
kind: EcsTaskDefinition
metadata: {name: web}
spec:
  executionRoleArn: arn:aws:iam::123456789012:role/execution
  taskRoleArn: arn:aws:iam::123456789012:role/person
  containerDefinitions:
    - name: web
      image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:2
      secrets:
        - {name: A, valueFrom: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-abcdef:password::'}
        - {name: B, valueFrom: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:gone-abcdef'}
        - {name: C, valueFrom: 'arn:aws:ssm:eu-west-1:123456789012:parameter/shop/token'}
        - {name: D, valueFrom: missing}
      logConfiguration:
        logDriver: awslogs
        options: {awslogs-group: /shop/web, awslogs-region: eu-west-1, awslogs-stream-prefix: x}
    - name: side
      image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1
      logConfiguration:
        logDriver: awslogs
        options: {awslogs-group: /shop, awslogs-region: eu-west-1}
    - {name: other, image: 'nginx:1'}
---
apiVersion: ecs-operator.dev/v1alpha1
kind: EcsService
metadata: {name: web}
spec:
  cluster: nowhere
  networkConfiguration:
    awsvpcConfiguration: {subnets: [subnet-a, subnet-b], securityGroups: [sg-other]}
  capacityProviderStrategy: [{capacityProvider: FARGATE}]
";

#[tokio::test(start_paused = true)]
async fn verify_tells_what_is_missing_what_does_not_fit_and_what_it_could_not_see() {
    let world = World::new(52);
    world.aws.sim(|sim| {
        let role = |services: &[&str]| ecs_sim::sts::Role::serving(services);
        sim.add_role("arn:aws:iam::123456789012:role/execution", role(&["ecs-tasks.amazonaws.com"]));
        sim.add_role("arn:aws:iam::123456789012:role/person", role(&["ec2.amazonaws.com"]));
        let fixtures = &mut sim.region(&key()).fixtures;
        for (id, vpc) in [("subnet-a", "vpc-1"), ("subnet-b", "vpc-1")] {
            fixtures.subnets.insert(id.into(), Network::subnet(vpc, "eu-west-1a"));
        }
        fixtures.security_groups.insert("sg-other".into(), Network::security_group("vpc-2", "other"));
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-abcdef".to_owned();
        fixtures.named = Named {
            secrets: [("shop".to_owned(), Secret { arn, ..Secret::default() })].into(),
            parameters: ["/shop/token".to_owned()].into(),
            log_groups: ["/shop/web".to_owned()].into(),
            repositories: [("shop/web".to_owned(), ["1".to_owned()].into())].into(),
        };
    });
    let files = read(NAMES);
    let cloud = Cloud::of(world.aws.config(REGION)).reading().unwrap();
    let checks = look(&cloud, &Scope::new(REGION), &wants(&files.manifests), &BTreeSet::new()).await;
    assert!(world.aws.take_sent().iter().all(|sent| !sent.is_write()));
    drawn(&world, "verify.txt", |look, height| {
        let mut lines = checked(&checks, |_| true, look);
        lines.truncate(height);
        lines
    });
    let wrong: Vec<&str> = of(&checks, Verdict::Wrong);
    assert_eq!(wrong.len(), 7, "{wrong:#?}");
    assert_eq!(of(&checks, Verdict::NotChecked).len(), 2, "{checks:#?}");
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong_and_what_to_do_on_every_page() {
    let check = |area, what: &str, finding, said: &str, remedy: Option<&str>| doctor::Check {
        area,
        what: what.to_owned(),
        finding,
        said: said.to_owned(),
        remedy: remedy.map(str::to_owned),
    };
    let (good, unknown, bad) = (Finding::Good, Finding::Unknown, Finding::Bad);
    let long = "DeploymentRolledBack: Deployment ecs-svc/1 of web:2 failed and ECS went back to web:1. ECS: tasks failed \
                to start.";
    let checks = [
        check("kubernetes", "server", good, "Kubernetes v1.34.4", None),
        check(
            "kubernetes",
            "operator",
            unknown,
            "no Deployment with app.kubernetes.io/name=ecs-operator",
            Some("install the chart, unless the operator runs elsewhere"),
        ),
        check("kubernetes", "ecsservice/web", bad, long, Some("kubectl ecs status ecsservice/web -n shop")),
        check(
            "aws",
            "clock against AWS",
            bad,
            "this machine is 400 s behind",
            Some("set the clock (NTP): AWS refuses requests that are more than 5 minutes off"),
        ),
        check("aws", "quotas of ECS", unknown, "not allowed to ask", None),
    ];
    let world = World::new(1);
    drawn(&world, "doctor.txt", |look, _| doctor::lines(&checks, look));
}

fn of(checks: &[Check], verdict: Verdict) -> Vec<&str> {
    checks.iter().filter(|check| check.verdict == verdict).map(|check| check.what.as_str()).collect()
}
