//! What the summary says of each act. Pure.

use std::time::Duration;

use crate::calls::Calls;

/// How an act went.
#[derive(Clone, Debug)]
pub struct Played {
    /// Its title.
    pub title: &'static str,
    /// What happened, or what went wrong.
    pub outcome: Result<String, String>,
    /// How long it took.
    pub time: Duration,
    /// What the operator called.
    pub calls: Calls,
}

/// The summary as lines.
pub fn summary(acts: &[Played], of: usize) -> Vec<String> {
    let mut lines = vec![String::new(), "Summary".to_owned()];
    let width = of.to_string().len();
    for (index, act) in acts.iter().enumerate() {
        let mark = if act.outcome.is_ok() { "ok    " } else { "FAILED" };
        let seconds = act.time.as_secs_f64();
        lines.push(format!("{mark} {:<width$}  {}  ({seconds:.1} s)", index + 1, act.title));
        let (Ok(what) | Err(what)) = &act.outcome;
        lines.extend(what.lines().map(|line| format!("          {line}")));
        lines.push(format!("          AWS calls: {}", act.calls));
    }
    let good = acts.iter().filter(|act| act.outcome.is_ok()).count();
    let total: f64 = acts.iter().map(|act| act.time.as_secs_f64()).sum();
    lines.push(String::new());
    lines.push(format!("{good} of {of} acts ended as they should, in {total:.0} s."));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_act_is_told_from_the_others() {
        let act =
            |outcome| Played { title: "It rains", outcome, time: Duration::from_millis(1500), calls: Calls::default() };
        let text = summary(&[act(Ok("wet".to_owned())), act(Err("dry\nvery".to_owned()))], 3).join("\n");
        assert!(text.contains("ok     1  It rains  (1.5 s)\n          wet\n"), "{text}");
        assert!(text.contains("FAILED 2  It rains  (1.5 s)\n          dry\n          very\n"), "{text}");
        assert!(text.ends_with("1 of 3 acts ended as they should, in 3 s."), "{text}");
    }
}
