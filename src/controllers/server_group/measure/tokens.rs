//! What the words in braces stand for. Pure.

/// The values of the tokens in a metric.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// `${service}`: name of the version's service.
    pub service: String,
    /// `${cluster}`: name of the ECS cluster.
    pub cluster: String,
    /// `${version}`: name of the version.
    pub version: String,
    /// `${targetGroup}`: the version's own, as in CloudWatch's dimension `TargetGroup`.
    pub target_group: String,
    /// `${loadBalancer}`: in front of it, as in CloudWatch's dimension `LoadBalancer`.
    pub load_balancer: String,
}

impl Tokens {
    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "service" => Some(&self.service),
            "cluster" => Some(&self.cluster),
            "version" => Some(&self.version),
            "targetGroup" => Some(&self.target_group),
            "loadBalancer" => Some(&self.load_balancer),
            _ => None,
        }
    }
}

/// The text with its tokens replaced, once each; other braces stay as they are.
pub fn substitute(text: &str, tokens: &Tokens) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let known = after.split_once('}').and_then(|(name, after)| Some((tokens.value(name)?, after)));
        if let Some((value, after)) = known {
            out.push_str(value);
            rest = after;
        } else {
            out.push_str("${");
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// The value of CloudWatch's dimension for the ARN of a target group (`targetgroup/name/id`) or of a load balancer
/// (`app/name/id`).
pub fn dimension(arn: &str) -> &str {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    resource.strip_prefix("loadbalancer/").unwrap_or(resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        Tokens {
            service: "web-v001".to_owned(),
            cluster: "${service}".to_owned(),
            version: "v".to_owned(),
            target_group: "targetgroup/t/1".to_owned(),
            load_balancer: "app/l/2".to_owned(),
        }
    }

    #[test]
    fn tokens_are_replaced_once_and_other_braces_stay() {
        let text = "${service} ${cluster} {x=\"${targetGroup}\"} ${loadBalancer} ${other} ${ ${version}${";
        let expected = "web-v001 ${service} {x=\"targetgroup/t/1\"} app/l/2 ${other} ${ v${";
        assert_eq!(substitute(text, &tokens()), expected);
    }

    #[test]
    fn a_dimension_is_the_end_of_the_arn() {
        let group = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/t/73e2";
        assert_eq!(dimension(group), "targetgroup/t/73e2");
        assert_eq!(dimension("arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/l/50dc"), "app/l/50dc");
    }
}
