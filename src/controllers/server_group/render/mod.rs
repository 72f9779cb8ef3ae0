//! From a template to the specs of a version's task definition and service. Pure.
