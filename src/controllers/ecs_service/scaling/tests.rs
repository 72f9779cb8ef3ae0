//! Tests of scaling.
