//! Which target group a copied policy counts requests of: `app/<name>/<id>/targetgroup/<name>/<id>`. Pure.
//!
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html>

/// How the part of a label begins that names the target group.
const GROUP: &str = "targetgroup/";

/// A target group of the version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// `targetgroup/<name>/<id>`
    pub(super) group: String,
    /// Load balancers that forward to it, each `app/<name>/<id>`.
    pub(super) balancers: Vec<String>,
}

/// The target groups of the source and of the version, in the order of their services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Groups {
    /// Those of the source, `targetgroup/<name>/<id>`.
    pub(super) from: Vec<String>,
    /// Those of the version.
    pub(super) to: Vec<Own>,
}

impl Groups {
    /// The label at the version of what has this label at the source; or why there is none.
    pub(super) fn label(&self, label: &str) -> Result<String, String> {
        let parts = label.split_once("/targetgroup/").map(|(balancer, rest)| (balancer, format!("{GROUP}{rest}")));
        let Some((balancer, group)) = parts else {
            return Err(format!("its `resourceLabel` `{label}` names no target group"));
        };
        if self.to.iter().any(|own| own.group == group) {
            return Ok(label.to_owned());
        }
        let place = self.from.iter().position(|one| *one == group).filter(|_| self.from.len() == self.to.len());
        let own = match (place, self.to.as_slice()) {
            (Some(place), all) => all.get(place),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let Some(own) = own else {
            return Err(format!(
                "its `resourceLabel` names `{group}`, and which target group of the version takes its place cannot be told"
            ));
        };
        let front = own.balancers.iter().find(|one| *one == balancer).or(match own.balancers.as_slice() {
            [only] => Some(only),
            _ => None,
        });
        front.map(|front| format!("{front}/{}", own.group)).ok_or_else(|| {
            let count = own.balancers.len();
            format!("its `resourceLabel` would name `{}`, which stands behind {count} load balancers", own.group)
        })
    }
}

/// `targetgroup/<name>/<id>` of an ARN.
pub(super) fn group(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or(arn).to_owned()
}

/// `app/<name>/<id>` of the ARN of a load balancer.
pub(super) fn balancer(arn: &str) -> String {
    arn.split_once(":loadbalancer/").map_or(arn, |(_, label)| label).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(group: &str, balancers: &[&str]) -> Own {
        let balancers = balancers.iter().map(|name| format!("app/{name}/1")).collect();
        Own { group: format!("targetgroup/{group}/1"), balancers }
    }

    fn groups(from: &[&str], to: &[Own]) -> Groups {
        Groups { from: from.iter().map(|name| format!("targetgroup/{name}/1")).collect(), to: to.to_vec() }
    }

    const BLUE: &str = "app/web/1/targetgroup/blue/1";

    #[test]
    fn the_target_group_of_the_source_becomes_that_of_the_version() {
        for (groups, becomes) in [
            (groups(&["blue"], &[own("green", &["web"])]), "app/web/1/targetgroup/green/1"),
            (groups(&["blue"], &[own("green", &["other"])]), "app/other/1/targetgroup/green/1"),
            (groups(&["blue"], &[own("green", &["other", "web"])]), "app/web/1/targetgroup/green/1"),
            (groups(&["blue"], &[own("blue", &[])]), BLUE),
            (groups(&["grey", "blue"], &[own("a", &["web"]), own("b", &["web"])]), "app/web/1/targetgroup/b/1"),
            (groups(&[], &[own("green", &["web"])]), "app/web/1/targetgroup/green/1"),
        ] {
            assert_eq!(groups.label(BLUE).as_deref(), Ok(becomes), "{groups:?}");
        }
    }

    #[test]
    fn a_label_that_cannot_be_derived_is_refused() {
        for (groups, label, why) in [
            (groups(&["blue"], &[]), BLUE, "cannot be told"),
            (groups(&["blue"], &[own("a", &["web"]), own("b", &["web"])]), BLUE, "cannot be told"),
            (groups(&["blue"], &[own("green", &[])]), BLUE, "behind 0 load balancers"),
            (groups(&["blue"], &[own("green", &["x", "y"])]), BLUE, "behind 2 load balancers"),
            (groups(&["blue"], &[own("green", &["web"])]), "nonsense", "names no target group"),
        ] {
            assert!(groups.label(label).is_err_and(|said| said.contains(why)), "{groups:?}");
        }
    }

    #[test]
    fn arns_are_shortened_as_labels_write_them() {
        let arn = "arn:aws:elasticloadbalancing:eu-west-1:1:";
        assert_eq!(group(&format!("{arn}targetgroup/blue/9")), "targetgroup/blue/9");
        assert_eq!(balancer(&format!("{arn}loadbalancer/app/web/8")), "app/web/8");
    }
}
