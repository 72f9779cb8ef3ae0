//! Stories of the scheduler, told through the API.

mod api;
mod daemon;
mod failing;
mod joining;
mod laws;
mod rolling;
mod shifting;
mod tasks;

use serde_json::{Value, json};

use super::Fleet;
use super::timing::Timing;
use crate::model::{Service, check_input, check_output, error_is_modelled};
use crate::refusal::Refusal;
use crate::world::{RegionKey, Sim};

pub(super) const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/1";
pub(super) const OTHER: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/green/2";
pub(super) const RULE: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/x/1/2/3";

/// A world with one cluster `c1` and a family `web` of one revision, image `web:1`.
pub(super) struct World {
    pub sim: Sim,
    pub key: RegionKey,
}

impl World {
    pub(super) fn brisk() -> Self {
        let mut world = Self::realistic();
        world.fleet(|fleet| fleet.knobs.timing = Timing::brisk());
        world
    }

    pub(super) fn realistic() -> Self {
        let key = RegionKey::new("123456789012", "eu-west-1");
        let mut world = Self { sim: Sim::new(7, 1_800_000_000_000), key };
        world.ok("CreateCluster", &json!({ "clusterName": "c1" }));
        world.register("web:1");
        world
    }

    pub(super) fn fleet<R>(&mut self, change: impl FnOnce(&mut Fleet) -> R) -> R {
        self.sim.with_fleet(&self.key, change)
    }

    /// Calls as the wire does: request, answer and error code must fit the AWS model.
    pub(super) fn call(&mut self, operation: &str, input: &Value) -> Result<Value, Refusal> {
        let mut input = input.clone();
        check_input(Service::Ecs, operation, &mut input)?;
        let caller = "arn:aws:iam::123456789012:user/test";
        let outcome = self.sim.call_ecs(&self.key, caller, operation, &input);
        match &outcome {
            Ok(answer) => assert_eq!(check_output(Service::Ecs, operation, answer), Vec::<String>::new()),
            Err(refusal) => {
                assert!(error_is_modelled(Service::Ecs, operation, &refusal.code), "{operation}: {refusal}");
            }
        }
        outcome
    }

    pub(super) fn ok(&mut self, operation: &str, input: &Value) -> Value {
        self.call(operation, input).unwrap_or_else(|refusal| panic!("{operation}: {refusal}"))
    }

    pub(super) fn refused(&mut self, operation: &str, input: &Value) -> String {
        match self.call(operation, input) {
            Ok(answer) => panic!("{operation} was accepted: {answer}"),
            Err(refusal) => refusal.to_string(),
        }
    }

    /// Registers the next revision of `web` and answers its ARN.
    pub(super) fn register(&mut self, image: &str) -> String {
        let input = json!({
            "family": "web",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [{ "name": "app", "image": image, "portMappings": [{ "containerPort": 80 }] }],
        });
        let answer = self.ok("RegisterTaskDefinition", &input);
        answer["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned()
    }

    /// A service on Fargate with members added.
    pub(super) fn request(name: &str, desired: i64, more: &Value) -> Value {
        let mut input = json!({
            "cluster": "c1",
            "serviceName": name,
            "taskDefinition": "web",
            "desiredCount": desired,
            "launchType": "FARGATE",
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"] } },
        });
        for (member, value) in more.as_object().unwrap() {
            input[member] = value.clone();
        }
        input
    }

    pub(super) fn create(&mut self, name: &str, desired: i64, more: &Value) -> Value {
        self.ok("CreateService", &Self::request(name, desired, more))["service"].clone()
    }

    pub(super) fn update(&mut self, name: &str, more: &Value) -> Value {
        let mut input = json!({ "cluster": "c1", "service": name });
        for (member, value) in more.as_object().unwrap() {
            input[member] = value.clone();
        }
        self.ok("UpdateService", &input)["service"].clone()
    }

    pub(super) fn service(&mut self, name: &str) -> Value {
        let answer = self.ok("DescribeServices", &json!({ "cluster": "c1", "services": [name] }));
        answer["services"][0].clone()
    }

    /// Newest service deployment.
    pub(super) fn rollout(&mut self, name: &str) -> Value {
        let list = self.ok("ListServiceDeployments", &json!({ "cluster": "c1", "service": name }));
        let arn = list["serviceDeployments"][0]["serviceDeploymentArn"].clone();
        self.ok("DescribeServiceDeployments", &json!({ "serviceDeploymentArns": [arn] }))["serviceDeployments"][0]
            .clone()
    }

    pub(super) fn tasks(&mut self, name: &str) -> Vec<String> {
        let answer = self.ok("ListTasks", &json!({ "cluster": "c1", "serviceName": name }));
        answer["taskArns"].as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()).collect()
    }

    pub(super) fn advance(&mut self, seconds: i64) {
        let to = self.sim.now() + seconds * 1000;
        self.sim.advance_to(to);
        assert_eq!(self.sim.violations(), Vec::<String>::new());
    }

    /// Advances second by second until `done`, at most `limit` seconds; answers how many.
    pub(super) fn until(&mut self, limit: i64, mut done: impl FnMut(&mut Self) -> bool) -> i64 {
        for second in 0..limit {
            if done(self) {
                return second;
            }
            self.advance(1);
        }
        panic!("not within {limit} s");
    }

    pub(super) fn settled(&mut self, name: &str) -> i64 {
        self.until(3600, |world| is_stable(&world.service(name)))
    }
}

/// What botocore's `ServicesStable` waiter asks for, and a finished rollout.
pub(super) fn is_stable(service: &Value) -> bool {
    service["deployments"].as_array().unwrap().len() == 1
        && service["runningCount"] == service["desiredCount"]
        && service["deployments"][0]["rolloutState"] == "COMPLETED"
}

/// One load balancer entry for `GROUP`.
pub(super) fn behind() -> Value {
    json!([{ "targetGroupArn": GROUP, "containerName": "app", "containerPort": 80 }])
}
