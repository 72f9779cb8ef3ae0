//! Which tasks of a version are well: tasks joined with their own targets. Pure.
