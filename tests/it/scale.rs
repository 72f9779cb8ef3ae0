//! Many objects within the quotas: how many calls, who waits for whom, and what an outage costs. Small numbers stand for
//! large ones: the counts follow from the rules, not from the machine.

mod outage;
pub mod process;
mod queues;
mod rest;
