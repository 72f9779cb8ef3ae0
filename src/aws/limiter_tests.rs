//! The limiter on a paused clock.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, advance, sleep_until, timeout};

use super::*;
use crate::aws::turns::FLOOR;

fn limiter(share: f64) -> Arc<Limiter> {
    Arc::new(Limiter::new(LimiterSettings { share, quotas: BTreeMap::new() }))
}

fn here() -> Scope {
    Scope::new("eu-west-1")
}

async fn drain(limiter: &Limiter, op: Op) {
    while timeout(Duration::ZERO, limiter.acquire(&here(), op, Priority::Cleanup)).await.is_ok() {}
}

/// Queues calls of the given priorities in that order, returns the order they were served in.
async fn served(limiter: &Arc<Limiter>, asked: &[Priority]) -> Vec<usize> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let calls = asked.iter().enumerate().map(|(n, priority)| {
        let (limiter, order) = (Arc::clone(limiter), Arc::clone(&order));
        async move {
            limiter.acquire(&here(), Op::UpdateService, *priority).await;
            lock(&order).push(n);
        }
    });
    join_all(calls).await;
    lock(&order).clone()
}

#[tokio::test(start_paused = true)]
async fn half_of_the_burst_is_there_at_once_and_then_the_share_of_the_refill() {
    let limiter = limiter(0.5);
    let started = Instant::now();
    // RegisterTaskDefinition: burst 20, refill 1; at half share 10 and 0.5, starting half full with 5.
    for _ in 0..5 {
        assert_eq!(limiter.acquire(&here(), Op::RegisterTaskDefinition, Priority::Edit).await, Duration::ZERO);
    }
    let waited = limiter.acquire(&here(), Op::DeregisterTaskDefinition, Priority::Edit).await;
    assert_eq!(waited.as_secs(), 2, "register and deregister share the bucket");
    for _ in 0..9 {
        limiter.acquire(&here(), Op::RegisterTaskDefinition, Priority::Edit).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    assert!((20.0..20.1).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn never_more_than_burst_and_refill_in_any_window() {
    let limiter = limiter(1.0);
    let scope = here();
    limiter.rate(&scope, Bucket::ServiceModify);
    advance(Duration::from_hours(1)).await;
    let started = Instant::now();
    join_all((0..150).map(|_| limiter.acquire(&scope, Op::UpdateService, Priority::Edit))).await;
    // 50 at once, more than which an hour of rest does not save up, the other 100 at 5 a second.
    let seconds = started.elapsed().as_secs_f64();
    assert!((19.9..20.2).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn accounts_regions_and_buckets_do_not_wait_for_each_other() {
    let limiter = limiter(0.5);
    drain(&limiter, Op::UpdateService).await;
    let others = [
        (Scope::new("us-east-1"), Op::UpdateService),
        (Scope::of(crate::aws::AccountKey::named("b"), "eu-west-1"), Op::UpdateService),
        (here(), Op::DescribeServices),
    ];
    for (scope, op) in others {
        assert_eq!(limiter.acquire(&scope, op, Priority::Prune).await, Duration::ZERO);
    }
    assert!(limiter.acquire(&here(), Op::CreateService, Priority::Cleanup).await > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_by_priority_then_by_arrival() {
    let limiter = limiter(0.5);
    drain(&limiter, Op::UpdateService).await;
    lock(&limiter.queue(&here(), Bucket::ServiceModify).tokens).grants = 0;
    let order =
        served(&limiter, &[Priority::Sweep, Priority::Edit, Priority::Sweep, Priority::Cleanup, Priority::Edit]).await;
    assert_eq!(order, [3, 1, 4, 0, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_gets_one_grant_in_ten_while_edits_keep_coming() {
    let limiter = limiter(0.5);
    drain(&limiter, Op::UpdateService).await;
    lock(&limiter.queue(&here(), Bucket::ServiceModify).tokens).grants = 0;
    let mut asked = vec![Priority::Sweep, Priority::Sweep];
    asked.extend([Priority::Edit; 30]);
    let order = served(&limiter, &asked).await;
    assert_eq!((order[9], order[19]), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn parties_of_a_class_take_turns_however_much_one_asks() {
    let limiter = limiter(0.5);
    drain(&limiter, Op::UpdateService).await;
    let order = Mutex::new(String::new());
    // Party a asks for twelve, then b for two and c for one.
    let calls = "aaaaaaaaaaaabbc".chars().map(|party| {
        let (limiter, order) = (&limiter, &order);
        Asker::of(party).run(async move {
            limiter.acquire(&here(), Op::UpdateService, Priority::Edit).await;
            lock(order).push(party);
        })
    });
    join_all(calls).await;
    assert_eq!(*lock(&order), "abcabaaaaaaaaaa");
}

#[tokio::test(start_paused = true)]
async fn an_edit_moves_the_waiting_and_the_later_calls_of_its_object_forward() {
    let limiter = limiter(0.5);
    drain(&limiter, Op::UpdateService).await;
    let (scope, began) = (here(), Instant::now());
    let asker = Asker::of("a");
    let crowd = join_all((0..100).map(|_| limiter.acquire(&scope, Op::UpdateService, Priority::Sweep)));
    let edited = asker.clone().run(async {
        limiter.acquire(&scope, Op::UpdateService, Priority::Sweep).await;
        limiter.acquire(&scope, Op::UpdateService, Priority::Sweep).await;
        began.elapsed()
    });
    let edit = async {
        advance(Duration::from_millis(100)).await;
        asker.raise(Priority::Edit);
    };
    let both = async { tokio::join!(crowd, edited, edit).1 };
    let done = both.await;
    // 2.5 tokens a second, one in ten of them a sweep's.
    assert!(done < Duration::from_millis(1_300), "{done:?}");
    assert!(asker.stood() == done, "all of it in queues");
}

#[tokio::test(start_paused = true)]
async fn a_token_given_back_serves_another() {
    let limiter = limiter(0.5);
    drain(&limiter, Op::UpdateService).await;
    limiter.give_back(&here(), Op::CreateService);
    assert_eq!(limiter.acquire(&here(), Op::UpdateService, Priority::Sweep).await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn pruning_waits_for_a_half_full_bucket_and_lets_others_pass() {
    let limiter = limiter(0.5);
    drain(&limiter, Op::UpdateService).await;
    let started = Instant::now();
    let prune = async {
        limiter.acquire(&here(), Op::DeleteService, Priority::Prune).await;
        started.elapsed()
    };
    let edit = async {
        advance(Duration::from_millis(100)).await;
        limiter.acquire(&here(), Op::UpdateService, Priority::Edit).await;
        started.elapsed()
    };
    let (prune, edit) = tokio::join!(prune, edit);
    // Capacity 25, 2.5 a second, 0.5 left over: 12.5 tokens and the one the edit took.
    assert!(edit < Duration::from_millis(500), "{edit:?}");
    assert!((5_200..5_300).contains(&prune.as_millis()), "{prune:?}");
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_gives_up_passes_its_turn_on() {
    let limiter = limiter(0.5);
    drain(&limiter, Op::UpdateService).await;
    let scope = here();
    let gives_up = timeout(Duration::from_millis(50), limiter.acquire(&scope, Op::UpdateService, Priority::Cleanup));
    let stays = timeout(Duration::from_secs(1), limiter.acquire(&scope, Op::UpdateService, Priority::Sweep));
    let (gave_up, stayed) = tokio::join!(gives_up, stays);
    assert!(gave_up.is_err());
    assert!(stayed.is_ok());
    assert!(lock(&limiter.queue(&here(), Bucket::ServiceModify).tokens).nobody_waits());
}

#[tokio::test(start_paused = true)]
async fn throttling_cuts_the_rate_once_a_second_and_quiet_brings_it_back_within_a_minute() {
    let limiter = limiter(0.5);
    let rate = || limiter.rate(&here(), Bucket::ServiceModify);
    assert!((rate() - 2.5).abs() < 1e-9);
    limiter.throttled(&here(), Op::UpdateService);
    limiter.throttled(&here(), Op::CreateService);
    assert!((rate() - 1.75).abs() < 1e-9, "{}", rate());
    assert!(limiter.acquire(&here(), Op::UpdateService, Priority::Cleanup).await > Duration::from_millis(500));
    for _ in 0..40 {
        advance(Duration::from_secs(1)).await;
        limiter.throttled(&here(), Op::UpdateService);
    }
    assert!(rate() >= 2.5 * FLOOR && rate() < 0.3, "{}", rate());
    advance(Duration::from_mins(1)).await;
    assert!((rate() - 2.5).abs() < 1e-9, "{}", rate());
}

#[tokio::test(start_paused = true)]
async fn a_raised_quota_replaces_the_published_one() {
    let quotas = BTreeMap::from([(Bucket::TaskDefinitionModify, Quota { burst: 20.0, refill: 10.0 })]);
    let limiter = Limiter::new(LimiterSettings { share: 0.5, quotas });
    assert!((limiter.rate(&here(), Bucket::TaskDefinitionModify) - 5.0).abs() < 1e-9);
}

/// When each call got its token, for calls that arrive after these pauses (milliseconds) and priorities.
async fn grants(arrivals: Vec<(u64, u8)>) -> Vec<f64> {
    let (limiter, times) = (limiter(0.5), Mutex::new(Vec::new()));
    let started = Instant::now();
    let mut due = Duration::ZERO;
    let calls = arrivals.into_iter().map(|(pause, urgency)| {
        due += Duration::from_millis(pause);
        let (at, limiter, times) = (started + due, &limiter, &times);
        async move {
            sleep_until(at).await;
            let all = [Priority::Cleanup, Priority::Edit, Priority::Sweep, Priority::Prune];
            limiter.acquire(&here(), Op::UpdateService, all[usize::from(urgency)]).await;
            lock(times).push(started.elapsed().as_secs_f64());
        }
    });
    join_all(calls).await;
    lock(&times).clone()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_arrives_no_window_sees_more_than_our_share_and_everyone_is_served(
        arrivals in proptest::collection::vec((0u64..400, 0u8..4), 1..120),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let asked = arrivals.len();
        let times = runtime.block_on(grants(arrivals));
        proptest::prop_assert_eq!(times.len(), asked);
        // Half of service modify: 25 at once, 2.5 a second.
        for (i, from) in times.iter().enumerate() {
            for (j, to) in times.iter().enumerate().skip(i) {
                let count = f64::from(u32::try_from(j - i + 1).unwrap());
                proptest::prop_assert!(count <= 25.0 + 2.5 * (to - from) + 1e-6, "{count} in {}", to - from);
            }
        }
    }
}
