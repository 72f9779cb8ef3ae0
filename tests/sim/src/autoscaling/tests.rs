//! Stories of the scaling, told through the API.
