//! The samples of accounts. On the real API server they are only tried: an account is seen from every namespace, and
//! other tests work in theirs.

use ecs_operator::api::AwsAccount;
use ecs_operator::api::status::Status as _;
use ecs_sim::sts::Role;
use kube::api::{Api, Patch, PatchParams};

use super::{By, load};
use crate::local_api::plane::plane;
use crate::support::world::World;

/// Server-side apply, with every unknown field and every warning an error, of which nothing stays.
const TRY: [&str; 6] =
    ["apply", "--server-side", "--dry-run=server", "--validate=strict", "--warnings-as-errors", "--filename=-"];

#[tokio::test(start_paused = true)]
async fn every_sample_of_an_account_becomes_ready() {
    let world = World::ready(90).await;
    let mut operator = world.operator();
    let accounts: Api<AwsAccount> = Api::all(world.person.clone());
    let mut names = Vec::new();
    for sample in load().iter().filter(|sample| sample.by == By::Account) {
        for account in sample.manifests() {
            if let Some(role) = account["spec"]["roleArn"].as_str() {
                let external_id = account["spec"]["externalId"]["value"].as_str().map(str::to_owned);
                let trusting = Role { external_id, ..Role::trusting(&[ecs_sim::world::DEFAULT_ACCOUNT]) };
                world.aws.sim(|sim| sim.add_role(role, trusting));
            }
            let name = account["metadata"]["name"].as_str().unwrap().to_owned();
            accounts.patch(&name, &PatchParams::apply("admin").force(), &Patch::Apply(&account)).await.unwrap();
            names.push(name);
        }
    }
    assert!(names.len() >= 5, "{names:?}");
    operator.rest().await;
    for name in names {
        let status = accounts.get(&name).await.unwrap().status.unwrap();
        let ready = status.common().conditions.into_iter().find(|condition| condition.type_ == "Ready").unwrap();
        assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("True", "Succeeded"), "{name}: {}", ready.message);
    }
}

#[tokio::test]
async fn every_sample_of_an_account_is_admitted() {
    for sample in load().iter().filter(|sample| sample.by == By::Account) {
        let ran = plane().await.kubectl(&TRY, Some(sample.text.clone())).await;
        assert!(ran.ok, "{}: {}{}", sample.file, ran.out, ran.err);
    }
}
