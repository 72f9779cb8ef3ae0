//! What a read gave. Unreadable is not absent.

use crate::aws::AwsError;

/// The answer of a read.
#[derive(Clone, Debug)]
pub enum Seen<T> {
    /// It is there.
    Present(T),
    /// AWS says that it is not there.
    Absent,
    /// Nobody knows.
    Unreadable(AwsError),
}

impl<T> Seen<T> {
    /// From a read that says `None` for "not there".
    pub fn from_read(read: Result<Option<T>, AwsError>) -> Self {
        match read {
            Ok(Some(value)) => Self::Present(value),
            Ok(None) => Self::Absent,
            Err(error) => Self::Unreadable(error),
        }
    }

    /// The value, if present.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Unreadable(_) => None,
        }
    }

    /// Does AWS say that it is not there?
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The error, if unreadable.
    pub fn error(&self) -> Option<&AwsError> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::Present(_) | Self::Absent => None,
        }
    }
}
