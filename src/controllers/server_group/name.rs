//! Names of groups and versions, as Spinnaker composes and takes them apart. Pure.
