//! Listener rules: which target groups a weight belongs to, and the action list that changes only the weights. Pure.
