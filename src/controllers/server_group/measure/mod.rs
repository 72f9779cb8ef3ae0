//! Metrics of an analysis: what to read, and what the values mean.
