//! The simulator as a server on the loopback address.

fn main() {}
