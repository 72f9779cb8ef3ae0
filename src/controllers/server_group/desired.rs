//! What a server group asks for: defaults filled in, names composed, the template hashed. Pure.
