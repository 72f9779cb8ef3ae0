//! Runs of measurements.

use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn after(outcomes: &[Outcome]) -> AnalysisRun {
    (0..).zip(outcomes).fold(AnalysisRun::default(), |run, (second, outcome)| fold(&run, outcome, at(second)))
}

fn outcomes(letters: &str) -> Vec<Outcome> {
    let outcome = |letter: char| match letter {
        'g' => Outcome::Good("fine".to_owned()),
        'b' => Outcome::Bad("ill".to_owned()),
        'i' => Outcome::Inconclusive("hm".to_owned()),
        _ => Outcome::Error("no answer".to_owned()),
    };
    letters.chars().map(outcome).collect()
}

fn where_it_stands(letters: &str, analysis: &Analysis) -> Course {
    course(&after(&outcomes(letters)), analysis)
}

#[test]
fn by_default_the_first_measurement_decides_and_four_errors_are_forgiven() {
    let analysis = Analysis::default();
    assert_eq!(where_it_stands("", &analysis), Course::GoesOn);
    assert_eq!(where_it_stands("g", &analysis), Course::Passed);
    assert_eq!(where_it_stands("b", &analysis), Course::Failed("a bad measurement: ill".to_owned()));
    assert!(matches!(where_it_stands("i", &analysis), Course::Undecided(_)));
    assert_eq!(where_it_stands("eeee", &analysis), Course::GoesOn);
    assert!(matches!(where_it_stands("eeeee", &analysis), Course::Failed(_)));
    assert_eq!(where_it_stands("eeeeg", &analysis), Course::Passed);
}

#[test]
fn forgiven_measurements_are_made_up_for() {
    let analysis = Analysis {
        count: Some(3),
        failure_limit: Some(1),
        inconclusive_limit: Some(1),
        error_limit: Some(1),
        ..Analysis::default()
    };
    assert_eq!(where_it_stands("gbi", &analysis), Course::GoesOn);
    assert_eq!(where_it_stands("gbigeg", &analysis), Course::Passed);
    assert!(matches!(where_it_stands("gbgb", &analysis), Course::Failed(_)));
    assert!(matches!(where_it_stands("igi", &analysis), Course::Undecided(_)));
    assert_eq!(where_it_stands("egegbe", &analysis), Course::GoesOn, "only errors in a row count");
    assert!(matches!(where_it_stands("gee", &analysis), Course::Failed(_)));
}

#[test]
fn the_run_keeps_numbers_time_and_text() {
    let run = after(&outcomes("gbie"));
    assert_eq!((run.measured, run.successful, run.failed, run.inconclusive, run.errors), (3, 1, 1, 1, 1));
    assert_eq!((run.measured_at, run.message.as_str()), (Some(Time(at(3))), "no answer"));
}

#[test]
fn the_first_measurement_waits_for_the_delay_and_the_others_for_the_interval() {
    let analysis = Analysis { initial_delay_seconds: Some(30), interval_seconds: Some(10), ..Analysis::default() };
    let none = AnalysisRun::default();
    assert!(!due(&none, &analysis, at(100), at(129)) && due(&none, &analysis, at(100), at(130)));
    let run = AnalysisRun { measured_at: Some(Time(at(200))), ..none.clone() };
    assert!(!due(&run, &analysis, at(100), at(209)) && due(&run, &analysis, at(100), at(210)));
    assert_eq!(next_at(&run, &Analysis::default(), at(100)), at(260));
    assert!(due(&none, &Analysis::default(), at(100), at(100)));
}

fn any_analysis() -> impl Strategy<Value = Analysis> {
    let limit = || prop::option::of(0..4_i32);
    (prop::option::of(1..6_i32), limit(), limit(), limit()).prop_map(|(count, failures, inconclusive, errors)| {
        Analysis {
            count,
            failure_limit: failures,
            inconclusive_limit: inconclusive,
            error_limit: errors,
            ..Analysis::default()
        }
    })
}

proptest! {
    #[test]
    fn a_run_passes_only_with_enough_good_measurements_and_within_its_limits(
        analysis in any_analysis(), letters in "[gbie]{0,20}",
    ) {
        let of = |letter: char| i32::try_from(letters.chars().filter(|found| *found == letter).count()).unwrap();
        let in_a_row = i32::try_from(letters.chars().rev().take_while(|found| *found == 'e').count()).unwrap();
        let fails = of('b') > analysis.failure_limit.unwrap_or(0) || in_a_row > analysis.error_limit.unwrap_or(4);
        let undecided = of('i') > analysis.inconclusive_limit.unwrap_or(0);
        let enough = of('g') >= analysis.count.unwrap_or(1);
        let stands = where_it_stands(&letters, &analysis);
        prop_assert_eq!(matches!(stands, Course::Failed(_)), fails);
        prop_assert_eq!(matches!(stands, Course::Undecided(_)), !fails && undecided);
        prop_assert_eq!(stands == Course::Passed, !fails && !undecided && enough);
    }

    #[test]
    fn every_run_comes_to_an_end(analysis in any_analysis(), letters in "[gbie]{120}") {
        let mut run = AnalysisRun::default();
        for outcome in outcomes(&letters) {
            if course(&run, &analysis) != Course::GoesOn {
                return Ok(());
            }
            run = fold(&run, &outcome, at(0));
        }
        prop_assert!(course(&run, &analysis) != Course::GoesOn);
    }
}
