//! What people hide in their objects is told nowhere: not in a status, an event, a log line, a metric or a panic.

mod kept;
