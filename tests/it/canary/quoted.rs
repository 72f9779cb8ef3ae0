//! Others quote what is hidden: the API server in a refusal, STS in a denial.

use ecs_operator::api::{AwsAccount, EcsCluster, ServerGroup};
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use super::kept::{Source, manifest};
use super::{MARK, annotated, untold};
use crate::server_group::worlds;
use crate::support::log::Log;
use crate::support::manifests::cluster;
use crate::support::paused::run;
use crate::support::world::{REGION, World};

#[test]
fn a_version_that_the_api_server_refuses_is_told_of_without_the_value_it_quotes() {
    run(async {
        let (log, _guard) = Log::listen();
        let (world, mut operator) = worlds(741).await;
        world.api.with(|api| {
            api.add_validator(Box::new(|object, _| {
                let value = &object["spec"]["containerDefinitions"][0]["environment"][0]["value"];
                let refused = value.as_str().is_some_and(|value| value.starts_with(MARK));
                let why = format!("spec.containerDefinitions[0].environment[0].value: Invalid value: {value}: too odd");
                if refused { vec![why] } else { Vec::new() }
            }));
        });
        world.apply::<ServerGroup>(&annotated(manifest(Source::Inputs, "nginx:1"))).await;
        Box::pin(operator.settle(std::time::Duration::from_secs(60), std::time::Duration::from_secs(900))).await;
        untold(&world, &operator, &log, "refused");
        let told = super::told(&world, &operator, &log);
        assert!(told.iter().any(|(_, text)| text.contains("too odd")), "the refusal was told of: {told:#?}");
    });
}

#[test]
fn an_external_id_is_told_nowhere() {
    run(async {
        let (log, _guard) = Log::listen();
        let world = World::ready(742).await;
        let mut operator = world.operator();
        let account = json!({
            "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "AwsAccount", "metadata": {"name": "shop-prod"},
            "spec": {
                "roleArn": "arn:aws:iam::111122223333:role/ecs-operator", "regions": [REGION],
                "allowedNamespaces": {"names": ["shop"]}, "defaultFor": {"names": ["shop"]},
                "externalId": {"mode": "Fixed", "value": format!("{MARK}-external")},
            },
        });
        let accounts: Api<AwsAccount> = Api::all(world.person.clone());
        let params = PatchParams::apply("admin").force();
        accounts.patch("shop-prod", &params, &Patch::Apply(annotated(account))).await.unwrap();
        world.apply::<EcsCluster>(&cluster("prod")).await;
        Box::pin(operator.rest()).await;
        let asked = world.aws.identities();
        assert!(asked.iter().any(|call| call.body.to_string().contains(MARK)), "it was sent: {asked:#?}");
        untold(&world, &operator, &log, "denied");
        let role = ecs_sim::sts::Role {
            external_id: Some(format!("{MARK}-external")),
            ..ecs_sim::sts::Role::trusting(&[ecs_sim::world::DEFAULT_ACCOUNT])
        };
        world.aws.sim(|sim| sim.add_role("arn:aws:iam::111122223333:role/ecs-operator", role));
        Box::pin(operator.sweep()).await;
        Box::pin(operator.rest()).await;
        untold(&world, &operator, &log, "assumed");
    });
}
