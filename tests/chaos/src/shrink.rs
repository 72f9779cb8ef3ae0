//! The smallest schedule that still fails: disturbances are left out one by one.

use crate::plan::Plan;
use crate::stage::play;

/// Which disturbances are needed for an oracle to be broken still.
pub fn shrink(plan: &Plan, oracle: &str) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..plan.disturbances.len()).collect();
    let mut at = 0;
    while at < kept.len() {
        let mut fewer = kept.clone();
        fewer.remove(at);
        if play(&plan.keeping(&fewer)).broken.iter().any(|broken| broken.oracle == oracle) {
            kept = fewer;
        } else {
            at += 1;
        }
    }
    kept
}
