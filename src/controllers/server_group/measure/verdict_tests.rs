//! Conditions and what they say.

use super::*;
use crate::api::server_group::analysis::WebQuery;

fn metric(success: Option<&str>, failure: Option<&str>) -> Metric {
    Metric {
        name: Some("rate".to_owned()),
        web: Some(WebQuery::default()),
        success: success.map(str::to_owned),
        failure: failure.map(str::to_owned),
        ..Metric::default()
    }
}

fn judged(success: Option<&str>, failure: Option<&str>, value: f64) -> Outcome {
    verdict(&metric(success, failure), &Reading::Number(value))
}

#[test]
fn one_condition_decides_alone_and_two_leave_room_between_them() {
    let (low, high) = (Some("result < 0.01"), Some("result > 0.05"));
    assert_eq!(judged(low, None, 0.0), Outcome::Good("rate = 0: success `result < 0.01` holds".to_owned()));
    assert_eq!(judged(low, None, 0.5), Outcome::Bad("rate = 0.5: success `result < 0.01` does not hold".to_owned()));
    assert_eq!(judged(None, high, 0.5), Outcome::Bad("rate = 0.5: failure `result > 0.05` holds".to_owned()));
    assert_eq!(judged(None, high, 0.0), Outcome::Good("rate = 0: failure `result > 0.05` does not hold".to_owned()));
    assert!(matches!(judged(low, high, 0.02), Outcome::Inconclusive(_)));
    assert!(matches!(judged(low, high, 0.5), Outcome::Bad(_)));
    assert!(matches!(judged(low, high, 0.001), Outcome::Good(_)));
    assert!(matches!(judged(Some("true"), Some("true"), 1.0), Outcome::Bad(_)), "failure comes first");
    assert!(matches!(judged(None, None, 1.0), Outcome::Error(_)));
}

#[test]
fn numbers_are_compared_with_whole_ones_and_lists_by_their_elements() {
    for holds in ["result >= 5 && result == 5", "!(result != 5)", "result != 4", "result in [4, 5]", "result == 5.0"] {
        assert!(matches!(judged(Some(holds), None, 5.0), Outcome::Good(_)), "{holds}");
    }
    assert!(matches!(judged(Some("result == -1"), None, -1.0), Outcome::Good(_)));
    assert!(matches!(judged(Some("result == 5 || result in [5]"), None, 5.5), Outcome::Bad(_)));
    let list = Reading::List(vec![1.0, 2.0, 9.0]);
    let on_list = |success: &str| verdict(&metric(Some(success), None), &list);
    for holds in [
        "result[0] == 1.0",
        "result.all(x, x < 10)",
        "result.exists(x, x > 8.5)",
        "size(result) == 3",
        "result.max() > 8.0",
        "result.filter(x, x > 1.5).size() == 2",
        "result == [1, 2, 9]",
        "result[1] in [2, 3]",
        "result.exists_one(x, x == 9)",
        "result.map(x, x * 2.0) == [2, 4, 18]",
        "{'a': result[0] == 1}.a",
    ] {
        assert!(matches!(on_list(holds), Outcome::Good(_)), "{holds}: {:?}", on_list(holds));
    }
    assert!(matches!(on_list("result > 5"), Outcome::Error(_)), "a list is no number");
    assert!(matches!(on_list("result[7] > 1.0"), Outcome::Error(_)));
}

#[test]
fn an_expression_that_fails_is_an_error_unless_failure_is_certain() {
    assert!(matches!(judged(Some("result.nothing()"), None, 1.0), Outcome::Error(_)));
    assert!(matches!(judged(Some("result.nothing()"), Some("result > 0.0"), 1.0), Outcome::Bad(_)));
}

#[test]
fn no_data_means_what_the_metric_says() {
    let with = |no_data| verdict(&Metric { no_data, ..metric(Some("true"), None) }, &Reading::NoData);
    let text = || "rate: no data".to_owned();
    assert_eq!(with(None), Outcome::Inconclusive(text()));
    assert_eq!(with(Some(NoData::Success)), Outcome::Good(text()));
    assert_eq!(with(Some(NoData::Failure)), Outcome::Bad(text()));
}

#[test]
fn the_worst_metric_decides_and_its_equals_are_named() {
    let good = || Outcome::Good("g".to_owned());
    let inconclusive = || Outcome::Inconclusive("i".to_owned());
    let error = || Outcome::Error("e".to_owned());
    let bad = |text: &str| Outcome::Bad(text.to_owned());
    assert_eq!(worst(&[good(), inconclusive(), good()]), inconclusive());
    assert_eq!(worst(&[error(), inconclusive()]), error());
    assert_eq!(worst(&[bad("x"), error(), bad("y"), good()]), bad("x; y"));
    assert!(matches!(worst(&[]), Outcome::Error(_)), "nothing measured is nothing good");
    assert_eq!(worst(&[good(), good()]), Outcome::Good("g; g".to_owned()));
}

#[test]
fn mistakes_are_found_before_anything_is_measured() {
    let problems = |metric: Metric| problems(&Analysis { metrics: Some(vec![metric]), ..Analysis::default() });
    for fine in [
        "result < 0.05",
        "result.all(x, x < 1)",
        "result[0] > 1.0 || size(result) > 1",
        "result.max() < 3.0",
        "result[9] == 1",
    ] {
        assert_eq!(problems(metric(Some(fine), None)), Vec::<String>::new(), "{fine}");
    }
    for wrong in ["result <", "value < 1", "result", "result + 1.0", "'text'", "", "result * 2 > 5"] {
        let found = problems(metric(Some(wrong), None));
        assert_eq!(found.len(), 1, "{wrong}: {found:?}");
        assert!(found[0].starts_with("metric `rate`: `success`: `"), "{found:?}");
    }
    assert_eq!(problems(metric(None, None)), ["metric `rate`: `success` or `failure` must be set"]);
    let two = Metric { alarms: Some(Vec::new()), ..metric(Some("true"), None) };
    assert_eq!(
        problems(two),
        ["metric `rate`: exactly one of `cloudWatch`, `alarms`, `prometheus` and `web` must be set"]
    );
    let alarms = Metric { web: None, alarms: Some(vec!["a".to_owned()]), ..metric(None, None) };
    assert_eq!(problems(alarms), Vec::<String>::new());
}
