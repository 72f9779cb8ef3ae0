//! The conditions that statements carry.

use crate::api::names::tag;

/// A condition of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The resource bears the installation's tag.
    OfUs,
    /// The request gives the installation's tag.
    MarksAsOurs,
    /// The resource bears no installation's tag.
    OfNobody,
    /// The request names only tags with our prefix.
    OurTagsOnly,
    /// The tags come with one of these calls.
    With(&'static [&'static str]),
    /// In a cluster of the account.
    InClusters,
    /// The role goes to this service.
    PassedTo(&'static str),
    /// The role is that of one of these services.
    LinkedTo(&'static [&'static str]),
    /// The target is one of ECS.
    OfEcs,
}

impl Condition {
    /// Operator, key and values as a document writes them.
    pub fn parts(self) -> (&'static str, String, Vec<String>) {
        let installation = || vec!["${installation}".to_owned()];
        let owned = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
        match self {
            Self::OfUs => ("StringEquals", format!("aws:ResourceTag/{}", tag::INSTALLATION), installation()),
            Self::MarksAsOurs => ("StringEquals", format!("aws:RequestTag/{}", tag::INSTALLATION), installation()),
            Self::OfNobody => ("Null", format!("aws:ResourceTag/{}", tag::INSTALLATION), vec!["true".to_owned()]),
            Self::OurTagsOnly => {
                ("ForAllValues:StringLike", "aws:TagKeys".to_owned(), vec![format!("{}*", tag::PREFIX)])
            }
            Self::With(calls) => ("StringEquals", "ecs:CreateAction".to_owned(), owned(calls)),
            Self::InClusters => {
                let clusters = "arn:${partition}:ecs:${region}:${account}:cluster/*";
                ("ArnLike", "ecs:cluster".to_owned(), vec![clusters.to_owned()])
            }
            Self::PassedTo(service) => ("StringEquals", "iam:PassedToService".to_owned(), vec![service.to_owned()]),
            Self::LinkedTo(services) => ("StringEquals", "iam:AWSServiceName".to_owned(), owned(services)),
            Self::OfEcs => {
                ("StringEquals", "application-autoscaling:service-namespace".to_owned(), vec!["ecs".to_owned()])
            }
        }
    }
}
