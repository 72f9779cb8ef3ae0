//! Choices that are ours, not AWS's: what the operator may do with a resource.

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[$vdoc])* $variant),+
        }
        impl $name {
            /// The word as it stands in a manifest.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }
            /// The choice a word stands for.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $(stringify!($variant) => Some(Self::$variant),)+ _ => None }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

choice! {
    /// What happens in AWS when the object is deleted.
    DeletionPolicy {
        /// Delete what we made.
        #[default]
        Delete,
        /// Leave it running.
        Retain,
    }
}

choice! {
    /// Which existing AWS resources the object may take over.
    AdoptionPolicy {
        /// None, not even one that an earlier object of this name made.
        Never,
        /// One whose tags say that an earlier object of this name made it.
        #[default]
        IfTagged,
        /// Also one that carries no owner's tags.
        Always,
    }
}

choice! {
    /// What to do about a difference that appeared in AWS.
    DriftPolicy {
        /// Set it back.
        #[default]
        Correct,
        /// Report it and leave it.
        Warn,
    }
}

choice! {
    /// How much the operator may do. Ordered from least to most narrow.
    ManagementMode {
        /// Read and write.
        #[default]
        Manage,
        /// Say which calls would be made, make none.
        Plan,
        /// Only look.
        Observe,
    }
}

choice! {
    /// Who owns `desiredCount`.
    ScalingMode {
        /// The spec (Git, `kubectl scale`, HPA, KEDA).
        #[default]
        Managed,
        /// The spec at creation only; afterwards people and tools in AWS.
        CreateOnly,
        /// Application Auto Scaling.
        External,
    }
}

choice! {
    /// How a service is deleted.
    DeletionMode {
        /// Scale to zero, then delete.
        #[default]
        Drain,
        /// Delete with `force`, which stops the tasks.
        Force,
    }
}

pub(crate) use choice;
