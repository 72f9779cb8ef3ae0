//! What this process uses, as Linux tells it; elsewhere nothing is told.

use std::path::Path;
use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::Real;

/// Ticks a second in which Linux tells times to programs, on every architecture.
const TICKS: f64 = 100.0;

/// The labels of a family of one series.
type NoLabels = [(&'static str, &'static str); 0];

/// A family of one series, which there is only once it is known.
type One = Family<NoLabels, Real>;

/// What this process uses.
#[derive(Clone, Debug, Default)]
pub(super) struct UsageMetrics {
    cpu: Family<NoLabels, Counter<f64, AtomicU64>>,
    resident: One,
    virtual_memory: One,
    open: One,
    most: One,
    started: One,
    threads: One,
}

impl UsageMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("process");
        registry.register("cpu_seconds", "Processor time used", self.cpu.clone());
        registry.register("resident_memory_bytes", "Memory in use", self.resident.clone());
        registry.register("virtual_memory_bytes", "Memory mapped", self.virtual_memory.clone());
        registry.register("open_fds", "Open files and sockets", self.open.clone());
        registry.register("max_fds", "Files and sockets that may be open", self.most.clone());
        registry.register("start_time_seconds", "When the process began, in seconds since 1970", self.started.clone());
        registry.register("threads", "Threads", self.threads.clone());
    }

    /// So that the page of metrics is the same wherever it is made.
    pub(super) fn exemplify(&self) {
        for one in [&self.resident, &self.virtual_memory, &self.open, &self.most, &self.started, &self.threads] {
            set(one, Some(0.0));
        }
        drop(self.cpu.get_or_create(&[]));
    }

    /// Reads it anew.
    pub(super) fn refresh(&self) {
        let proc = Path::new("/proc");
        let read = |path: &str| std::fs::read_to_string(proc.join(path)).ok();
        let status = read("self/status").unwrap_or_default();
        set(&self.resident, kilobytes(&status, "VmRSS:"));
        set(&self.virtual_memory, kilobytes(&status, "VmSize:"));
        set(&self.threads, number(&status, "Threads:"));
        set(&self.most, read("self/limits").as_deref().and_then(|limits| number(limits, "Max open files")));
        // The directory that is being read is open too.
        let open = std::fs::read_dir(proc.join("self/fd")).ok().map(|open| open.count().saturating_sub(1));
        set(&self.open, open.and_then(|open| u32::try_from(open).ok()).map(f64::from));
        let Some(times) = read("self/stat").as_deref().and_then(times) else { return };
        let cpu = self.cpu.get_or_create(&[]);
        cpu.inc_by((times.cpu - cpu.get()).max(0.0));
        drop(cpu);
        let boot = read("stat").as_deref().and_then(|stat| number(stat, "btime"));
        set(&self.started, boot.map(|boot| boot + times.started));
    }
}

fn set(one: &One, value: Option<f64>) {
    if let Some(value) = value {
        one.get_or_create(&[]).set(value);
    }
}

/// The first number after a word at the start of a line.
fn number(text: &str, word: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(word))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn kilobytes(status: &str, word: &str) -> Option<f64> {
    number(status, word).map(|kilobytes| kilobytes * 1024.0)
}

struct Times {
    cpu: f64,
    started: f64,
}

/// Fields 14, 15 and 22 of `/proc/self/stat`; the second, a name in brackets, may hold blanks.
fn times(stat: &str) -> Option<Times> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
    Some(Times { cpu: (ticks(14)? + ticks(15)?) / TICKS, started: ticks(22)? / TICKS })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_after_a_name_with_blanks_and_brackets() {
        let fields: Vec<String> = (3..=52).map(|field| (field * 100).to_string()).collect();
        let times = times(&format!("7 (a ) b) {}", fields.join(" "))).unwrap();
        assert!((times.cpu - 29.0).abs() < 1e-9 && (times.started - 22.0).abs() < 1e-9);
    }
}
