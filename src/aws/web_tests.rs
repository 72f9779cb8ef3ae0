//! The module over a scripted wire.
