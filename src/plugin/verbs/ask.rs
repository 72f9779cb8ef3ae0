//! What verbs that do have in common.
