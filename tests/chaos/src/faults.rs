//! What can go wrong with one call, and where in a schedule it does.

use std::fmt;

use crate::dice::Dice;

/// Which wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wire {
    /// To AWS.
    Aws,
    /// To Kubernetes.
    Kube,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It is refused with status, code and message, and nothing is applied.
    Refuse(u16, &'static str, &'static str),
    /// A status without a body; nothing is applied.
    Empty(u16),
    /// The connection breaks before it arrives.
    Reset,
    /// It never arrives and is never answered.
    Hang,
    /// It is applied and the connection breaks.
    Lost,
    /// It is applied and never answered.
    LostHang,
    /// It is applied; half of the answer arrives.
    Cut,
    /// It is applied; a page of a proxy arrives under 200.
    Html,
    /// A describe is answered as if nothing were there.
    Missing,
    /// A listing begins with a page on which nothing stands but where the next begins.
    EmptyPage,
    /// The process dies before it is sent.
    CrashBefore,
    /// It is applied and the process dies before the answer arrives.
    CrashLost,
    /// The answer arrives and the process dies before it looks at it.
    CrashAfter,
}

impl Damage {
    /// Does the call reach the other side?
    pub fn applies(self) -> bool {
        !matches!(self, Self::Refuse(..) | Self::Empty(_) | Self::Reset | Self::Hang | Self::CrashBefore)
    }

    /// Is the answer lost to the process?
    pub fn loses(self) -> bool {
        matches!(self, Self::Lost | Self::LostHang | Self::Cut | Self::Html | Self::CrashLost | Self::CrashAfter)
    }

    /// May AWS refuse for good, so that the operator may wait an hour before it asks again?
    pub fn holds_back(self) -> bool {
        matches!(self, Self::Refuse(status, ..) if status < 500)
    }
}

/// A kind of fault, by its id in the list of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its id.
    pub id: &'static str,
    /// Which wire.
    pub wire: Wire,
    /// What happens.
    pub damage: Damage,
    /// Operations that it fits: a beginning of their name; empty = all.
    pub fits: &'static str,
    /// Only calls that change something.
    pub writes: bool,
}

const fn aws(id: &'static str, damage: Damage, fits: &'static str, writes: bool) -> Kind {
    Kind { id, wire: Wire::Aws, damage, fits, writes }
}

const fn kube(id: &'static str, damage: Damage, writes: bool) -> Kind {
    Kind { id, wire: Wire::Kube, damage, fits: "", writes }
}

impl Kind {
    /// Can it happen to a call of this place?
    pub fn happens(&self, wire: Wire, site: &str) -> bool {
        wire == self.wire && site.starts_with(self.fits) && !(self.writes && is_read(site))
    }

    /// Does the process die of it?
    pub fn is_crash(&self) -> bool {
        matches!(self.damage, Damage::CrashBefore | Damage::CrashLost | Damage::CrashAfter)
    }
}

/// Does a call of this place leave everything as it is?
pub fn is_read(site: &str) -> bool {
    crate::seen::reads(site) || site.starts_with("GET")
}

/// Every kind of fault of a call.
pub const KINDS: &[Kind] = &[
    aws("A1", Damage::Refuse(400, "ThrottlingException", "Rate exceeded"), "", false),
    aws("A1b", Damage::Refuse(400, "RequestLimitExceeded", "Request limit exceeded."), "", false),
    aws("A2", Damage::Refuse(500, "ServerException", "Service Unavailable."), "", false),
    aws("A2b", Damage::Empty(503), "", false),
    aws("A3", Damage::Reset, "", false),
    aws("A3b", Damage::Lost, "", true),
    aws("A4", Damage::Hang, "", false),
    aws("A4b", Damage::LostHang, "", true),
    aws("A5", Damage::Cut, "", false),
    aws("A5b", Damage::Html, "", false),
    aws(
        "A6",
        Damage::Refuse(400, "AccessDeniedException", "User is not authorized to perform this action."),
        "",
        false,
    ),
    aws(
        "A6b",
        Damage::Refuse(400, "ClientException", "User: x is not authorized to perform: iam:PassRole"),
        "Register",
        true,
    ),
    aws(
        "A7",
        Damage::Refuse(400, "ExpiredTokenException", "The security token included in the request is expired"),
        "",
        false,
    ),
    aws("A8", Damage::Refuse(400, "ClusterNotFoundException", "Cluster not found."), "CreateService", false),
    aws("A8b", Damage::Refuse(400, "ServiceNotFoundException", "Service not found."), "UpdateService", false),
    aws("A9", Damage::Refuse(400, "UpdateInProgressException", "The cluster is being updated."), "PutCluster", true),
    aws(
        "A9b",
        Damage::Refuse(
            400,
            "ClientException",
            "Too many concurrent attempts to create a new revision of the specified family.",
        ),
        "Register",
        true,
    ),
    aws(
        "A10",
        Damage::Refuse(400, "InvalidParameterException", "Unable to Start a service that is still Draining."),
        "CreateService",
        true,
    ),
    aws(
        "A11",
        Damage::Refuse(400, "InvalidParameterException", "Creation of service was not idempotent."),
        "CreateService",
        true,
    ),
    aws("A12", Damage::Refuse(400, "InvalidParameterException", "Something nobody has a word for."), "", true),
    aws(
        "A13",
        Damage::Refuse(
            400,
            "ClusterContainsServicesException",
            "The Cluster cannot be deleted while Services are active.",
        ),
        "DeleteCluster",
        true,
    ),
    aws(
        "A14",
        Damage::Refuse(400, "LimitExceededException", "The limit for the resource was exceeded."),
        "Create",
        true,
    ),
    aws("A15", Damage::Missing, "DescribeServices", false),
    aws("A15b", Damage::Missing, "DescribeClusters", false),
    aws("A16", Damage::EmptyPage, "List", false),
    aws("crash before", Damage::CrashBefore, "", false),
    aws("crash lost", Damage::CrashLost, "", true),
    aws("crash after", Damage::CrashAfter, "", true),
    kube("K1", Damage::Refuse(409, "Conflict", ""), true),
    kube("K4", Damage::Refuse(403, "Forbidden", ""), true),
    kube("K5", Damage::Refuse(422, "Invalid", ""), true),
    kube("K6", Damage::Refuse(429, "TooManyRequests", ""), false),
    kube("K7", Damage::Refuse(500, "InternalError", ""), false),
    kube("K7b", Damage::Refuse(503, "ServiceUnavailable", ""), false),
    kube("K7c", Damage::Refuse(504, "Timeout", ""), false),
    kube("K8", Damage::Reset, false),
    kube("K8b", Damage::Hang, false),
    kube("K8c", Damage::Lost, true),
    kube("K8d", Damage::LostHang, true),
    kube("crash before", Damage::CrashBefore, false),
    kube("crash lost", Damage::CrashLost, true),
    kube("crash after", Damage::CrashAfter, true),
];

/// A fault of a schedule: a kind, at the n-th call of a place, and of so many calls in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strike {
    /// What.
    pub kind: Kind,
    /// Where: operation, or verb and resource.
    pub site: String,
    /// The n-th call of that place, from 1.
    pub nth: usize,
    /// So many calls in a row.
    pub times: usize,
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} at {} no. {}", self.kind.id, self.kind.damage, self.site, self.nth)?;
        if self.times > 1 { write!(f, " and {} more", self.times - 1) } else { Ok(()) }
    }
}

impl Strike {
    /// A fault of one of these places (as [`crate::wires::Tap::sites`] names them), if any fits.
    pub fn draw(dice: &mut Dice, sites: &[String]) -> Option<Self> {
        for _ in 0..20 {
            let (kind, site) = (*dice.one(KINDS), dice.one(sites));
            let (wire, site) = site.split_once(' ')?;
            if wire != format!("{:?}", kind.wire) || !kind.happens(kind.wire, site) {
                continue;
            }
            let nth = 1 + dice.below(if is_read(site) { 5 } else { 2 });
            let times = if kind.is_crash() { 1 } else { *dice.one(&[1, 1, 1, 2, 5]) };
            return Some(Self { kind, site: site.to_owned(), nth, times });
        }
        None
    }
}

/// A fault that waits for its call, or calls.
#[derive(Clone, Debug)]
pub struct Armed {
    /// Which wire.
    pub wire: Wire,
    /// The place; empty = every call.
    pub site: String,
    /// From the n-th call on.
    pub nth: usize,
    /// So many of them.
    pub times: usize,
    /// Only before this time.
    pub until: i64,
    /// What happens.
    pub damage: Damage,
    /// Calls of the place so far.
    pub met: usize,
    /// How often it struck.
    pub struck: usize,
}

impl Armed {
    /// A fault of a schedule, waiting.
    pub fn of(strike: &Strike) -> Self {
        Self {
            wire: strike.kind.wire,
            site: strike.site.clone(),
            nth: strike.nth,
            times: strike.times,
            until: i64::MAX,
            damage: strike.kind.damage,
            met: 0,
            struck: 0,
        }
    }

    /// Everything on a wire fails until then.
    pub fn away(wire: Wire, damage: Damage, until: i64) -> Self {
        Self { wire, site: String::new(), nth: 1, times: usize::MAX, until, damage, met: 0, struck: 0 }
    }

    /// What happens to a call.
    pub fn strikes(&mut self, wire: Wire, site: &str, now: i64) -> Option<Damage> {
        if wire != self.wire || now >= self.until || !(self.site.is_empty() || self.site == site) {
            return None;
        }
        self.met += 1;
        let due = self.met >= self.nth && self.struck < self.times;
        self.struck += usize::from(due);
        due.then_some(self.damage)
    }
}
