//! Services that were there before the group: taken in as what they are, or not at all.

use ecs_operator::api::ServerGroup;
use serde_json::json;

use super::asks::made_by_spinnaker;
use super::{MINUTE, group, running, status, until, worlds};
use crate::support::wire::Fault;

const OLD: &str = "shop-prod-v004";
const NEW: &str = "shop-prod-v005";

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_once_does_not_lose_what_is_to_be_taken_in() {
    for (seed, operation) in [(741, "ListServices"), (742, "DescribeServices")] {
        let (world, mut operator) = worlds(seed).await;
        made_by_spinnaker(&world, OLD, 3).await;
        world.wait(MINUTE).await;
        let mut refused = false;
        world.aws.set_plan(Some(Box::new(move |_, called| {
            if called == operation && !std::mem::replace(&mut refused, true) {
                return Fault::Refuse(400, "AccessDeniedException", "not yet");
            }
            Fault::Pass
        })));
        world.apply::<ServerGroup>(&group("nginx:1", &json!({"adoptionPolicy": "Always"}))).await;
        until(&world, &mut operator, "True Succeeded: shop-prod-v005 is current").await;
        let versions = status(&world).await.versions;
        let taken: Vec<_> = versions.iter().map(|version| (version.name.as_str(), version.adopted)).collect();
        assert_eq!(taken, [(NEW, false), (OLD, true)], "{operation}");
        assert_eq!(running(&world, OLD).await, 0, "{operation}: replaced as the strategy says");
    }
}
