//! A cache that lags behind is harmless: a pass that sees the group as it was some writes ago has no effect.

use ecs_operator::api::ServerGroup;
use ecs_sim::kube::Call;
use serde_json::json;

use super::{balancer, ready, weighted, worlds, writes};
use crate::support::world::NAMESPACE;

#[tokio::test(start_paused = true)]
async fn a_pass_that_sees_an_earlier_status_has_no_effect() {
    let (world, mut operator) = worlds(521).await;
    let balanced = balancer(&world);
    let key = ("ServerGroup", NAMESPACE.to_owned(), "shop-prod".to_owned());
    let strategy = json!({"strategy": {"canary": {"steps": [{"setWeight": 50}]}}, "gate": {"minHealthySeconds": 2}});
    let (mut tried, mut refused) = (0, 0);
    for image in ["nginx:1", "nginx:2"] {
        world.apply::<ServerGroup>(&weighted(image, &balanced, &strategy)).await;
        while operator.next().await.is_some() {
            world.aws.take_sent();
            world.api.take_log();
            for writes_ago in [1, 2, 5] {
                tried += usize::from(operator.stale_pass(&key, writes_ago).await);
                assert_eq!(writes(&world), Vec::<String>::new(), "{image}, {writes_ago} writes ago");
                let log = world.api.take_log();
                let took = |call: &&Call| call.is_write() && call.status.is_none_or(|status| status < 400);
                refused += log.iter().filter(|call| call.is_write() && call.status == Some(409)).count();
                let took: Vec<&Call> = log.iter().filter(took).collect();
                assert!(took.is_empty(), "{image}, {writes_ago} writes ago: {took:#?}");
            }
        }
    }
    assert!(tried > 100 && refused > 50, "only {tried} passes, of which {refused} were refused");
    assert_eq!(ready(&world).await, "True Succeeded: shop-prod-v001 is current, 2/2 tasks.");
}
