//! The page: one table, a plot, and the command that makes both.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::measures::{Measure, Target};

/// How it was measured.
#[derive(Clone, Debug)]
pub struct Method {
    /// The command.
    pub command: String,
    /// Processor cores.
    pub cores: usize,
    /// The seed.
    pub seed: u64,
}

/// Whose targets they are: what is shipped, as it is shipped.
const SHIPPED: &str = "operator, share 0.5";

/// Measures above their target, in words.
pub fn missed(measures: &[Measure], targets: &[Target]) -> Vec<String> {
    let mut missed = Vec::new();
    for target in targets {
        for measure in measures.iter().filter(|measure| is_of(target, measure)) {
            if measure.value.is_none_or(|value| value > target.at_most) {
                let value = measure.value.map_or("nothing".to_owned(), |value| value.to_string());
                missed.push(format!("{} ({}): {value}, at most {}", measure.what, measure.shape, target.at_most));
            }
        }
    }
    missed
}

/// Targets that nothing was measured for, in words: a run may leave sizes out.
pub fn unmeasured(measures: &[Measure], targets: &[Target]) -> Vec<String> {
    let open = targets.iter().filter(|target| !measures.iter().any(|measure| is_of(target, measure)));
    open.map(|target| format!("{} at {} services", target.id, target.services)).collect()
}

fn is_of(target: &Target, measure: &Measure) -> bool {
    measure.id == target.id && measure.services == target.services && measure.subject == SHIPPED
}

/// What came of the targets, in words.
fn outcome(measures: &[Measure], targets: &[Target]) -> String {
    let (missed, unmeasured) = (missed(measures, targets), unmeasured(measures, targets));
    let mut text = match (missed.is_empty(), unmeasured.is_empty()) {
        (true, true) => "Every target is met.".to_owned(),
        (true, false) => "Every target that was measured is met.".to_owned(),
        (false, _) => format!("Missed:\n\n- {}", missed.join("\n- ")),
    };
    if !unmeasured.is_empty() {
        let _ = write!(text, "\n\nNot measured: {}.", unmeasured.join(", "));
    }
    text
}

/// The table in Markdown: a line a measure and size, a column a subject.
pub fn table(measures: &[Measure], targets: &[Target]) -> String {
    let mut subjects: Vec<&str> = Vec::new();
    let mut lines: Vec<(&str, &str, &str)> = Vec::new();
    let mut cells: BTreeMap<(&str, &str, &str), &Measure> = BTreeMap::new();
    for measure in measures {
        let line = (measure.id.as_str(), measure.shape.as_str(), measure.what.as_str());
        if !subjects.contains(&measure.subject.as_str()) {
            subjects.push(&measure.subject);
        }
        if !lines.contains(&line) {
            lines.push(line);
        }
        cells.insert((line.0, line.1, &measure.subject), measure);
    }
    let mut text = format!("| Measure | Services | {} | Floor (share 0.5) | Target |\n", subjects.join(" | "));
    let _ = writeln!(text, "|---|---|{}---|---|", "---|".repeat(subjects.len()));
    for (id, shape, what) in lines {
        let figure =
            |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{}", (value * 100.0).round() / 100.0));
        let cell = |subject: &&str| {
            cells.get(&(id, shape, *subject)).map_or(String::new(), |measure| {
                measure.value.map_or("not reached".to_owned(), |value| figure(Some(value)))
            })
        };
        let values: Vec<String> = subjects.iter().map(cell).collect();
        let first = cells.get(&(id, shape, SHIPPED));
        let floor = first.and_then(|measure| measure.floor).map(|floor| figure(Some(floor))).unwrap_or_default();
        let services = first.map_or(0, |measure| measure.services);
        let target = targets.iter().find(|target| target.id == id && target.services == services);
        let target = target.map_or(String::new(), |target| format!("≤ {}", target.at_most));
        let _ = writeln!(text, "| {what} | {shape} | {} | {floor} | {target} |", values.join(" | "));
    }
    text
}

/// The page.
pub fn page(measures: &[Measure], targets: &[Target], method: &Method) -> String {
    let outcome = outcome(measures, targets);
    format!(
        "# Benchmark\n\n\
        Made by `{}` on {} processor cores, seed {}; the figures stand in [results.json](results.json). Do not edit.\n\n\
        The *naive poller* is a controller as one writes it first: each object has a timer of its own, a look describes \
        one service and its task definition, what failed is tried again as the queues of controller-runtime do (after \
        5 ms, doubled up to 1000 s; of all objects ten a second after the first hundred), the status is patched each \
        time. Both look at each service every five minutes, at the same simulated AWS with ECS's published request \
        quotas. Lines that begin with «real» are the subject as a process of its own, a real kube-apiserver and the \
        simulated AWS over loopback HTTP; all others are in one process and in virtual time, 40 ms a call, computed \
        beside the real ones at the lowest priority. Times differ a little from run to run, for delays have jitter. The \
        floor is the least that the quotas allow to somebody who takes half of each.\n\n\
        {}\n{outcome}\n\n![Calls a minute at rest](calls.svg)\n",
        method.command,
        method.cores,
        method.seed,
        table(measures, targets),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(subject: &str, value: Option<f64>) -> Measure {
        Measure {
            id: "reads".to_owned(),
            what: "reads".to_owned(),
            shape: "10 in 2".to_owned(),
            services: 10,
            subject: subject.to_owned(),
            value,
            floor: None,
            note: String::new(),
        }
    }

    fn target(services: usize) -> Target {
        Target { id: "reads".to_owned(), services, at_most: 3.0 }
    }

    #[test]
    fn a_target_is_that_of_the_shipped_share_and_size() {
        let measures = [measure(SHIPPED, Some(3.0)), measure("naive poller", Some(9.0))];
        assert_eq!(outcome(&measures, &[target(10)]), "Every target is met.");
        assert_eq!(missed(&[measure(SHIPPED, Some(3.1))], &[target(10)]), ["reads (10 in 2): 3.1, at most 3"]);
        assert_eq!(missed(&[measure(SHIPPED, None)], &[target(10)]), ["reads (10 in 2): nothing, at most 3"]);
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let measures = [measure(SHIPPED, Some(3.0))];
        let told = outcome(&measures, &[target(10), target(20)]);
        assert_eq!(told, "Every target that was measured is met.\n\nNot measured: reads at 20 services.");
    }
}
