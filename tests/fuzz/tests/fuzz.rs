//! A bounded run of every target; `ECS_FUZZ` asks for another number of inputs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails on the spot")]

use ecs_fuzz::seeds::{Diet, Seeds};
use ecs_fuzz::targets::ALL;
use ecs_fuzz::{input, run};

#[test]
fn parsers_of_outside_text_stand_mutated_inputs() {
    let inputs = std::env::var("ECS_FUZZ").ok().and_then(|text| text.parse().ok()).unwrap_or(1500);
    let seeds = Seeds::gather();
    let threads = ALL.iter().map(|target| {
        let seeds = &seeds;
        move || run(seeds, target, 1, inputs)
    });
    let stood: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = threads.map(|work| scope.spawn(work)).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for (target, stood) in ALL.iter().zip(stood) {
        assert_eq!(stood.fallen, [], "{}", target.name);
        assert!(stood.taken * 100 >= stood.inputs, "{}: too few are good: {stood:?}", target.name);
        assert!(stood.taken < stood.inputs || target.diet == Diet::Errors, "{}: all are good", target.name);
    }
}

#[test]
fn a_seed_makes_the_same_input_again() {
    let seeds = Seeds::gather();
    for target in ALL {
        assert_eq!(input(&seeds, target, 42), input(&seeds, target, 42));
        assert_ne!(input(&seeds, target, 42), input(&seeds, target, 43), "{}", target.name);
    }
}
