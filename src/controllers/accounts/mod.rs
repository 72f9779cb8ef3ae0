//! Where an object's calls go, and whether it may have them made there: accounts, namespaces, Regions, roles, ARNs.

mod allow;
mod gate;
mod known;
mod observe;
mod place;
mod session;

pub use allow::{Allowed, Restrictions, check};
pub use gate::{Gate, beside, gate};
pub use known::{Accounts, Knowledge, Known, Selected, Use, asking, uses};
pub use place::{Ambient, Asked, ClusterPlace, Installation, Place, Refused, resolve};
pub use session::{external_id, session_name};
