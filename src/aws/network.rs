//! EC2: subnets and security groups.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_ecs::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use futures::FutureExt;
use roxmltree::{Document, Node};

use super::classify::code;
use super::clients::Aws;
use super::error::AwsError;
use super::form::{Protocol, Speaks};
use super::op::{Op, Priority};
use super::pages::pages;
use super::scope::Scope;

/// A filter takes so many values.
const VALUES: usize = 200;

/// Which subnets to read; all of the account where nothing is set. Set members must all fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubnetFilter {
    /// By id.
    pub ids: Vec<String>,
    /// By the value of the `Name` tag.
    pub names: Vec<String>,
    /// In this VPC.
    pub vpc_id: Option<String>,
}

/// A subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubnetSeen {
    /// Id.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Its Availability Zone.
    pub zone: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// A security group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityGroupSeen {
    /// Id.
    pub id: String,
    /// Name, unique in its VPC.
    pub name: String,
    /// Its VPC.
    pub vpc_id: String,
}

impl Aws {
    /// Subnets that fit the filter, sorted by id. What the filter names and nobody has is left out.
    pub async fn subnets(
        &self,
        scope: &Scope,
        filter: &SubnetFilter,
        priority: Priority,
    ) -> Result<Vec<SubnetSeen>, AwsError> {
        let vpc: Vec<String> = filter.vpc_id.iter().cloned().collect();
        let mut found = Vec::new();
        for ids in portions(&filter.ids) {
            for names in portions(&filter.names) {
                let filters = [("subnet-id", ids), ("tag:Name", names), ("vpc-id", vpc.as_slice())];
                found
                    .extend(self.ec2_items(scope, Op::DescribeSubnets, "subnetSet", &filters, priority, subnet).await?);
            }
        }
        found.sort_by(|a: &SubnetSeen, b| a.id.cmp(&b.id));
        found.dedup();
        Ok(found)
    }

    /// Security groups of a VPC by name, sorted by name. A name that nobody has is left out.
    pub async fn security_groups(
        &self,
        scope: &Scope,
        vpc_id: &str,
        names: &[String],
        priority: Priority,
    ) -> Result<Vec<SecurityGroupSeen>, AwsError> {
        let vpc = [vpc_id.to_owned()];
        let mut found = Vec::new();
        for names in names.chunks(VALUES) {
            let filters = [("vpc-id", vpc.as_slice()), ("group-name", names)];
            let op = Op::DescribeSecurityGroups;
            found.extend(self.ec2_items(scope, op, "securityGroupInfo", &filters, priority, security_group).await?);
        }
        found.sort_by(|a: &SecurityGroupSeen, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Security groups by id, sorted by id. An id that nobody has is left out.
    pub async fn security_groups_by_id(
        &self,
        scope: &Scope,
        ids: &[String],
        priority: Priority,
    ) -> Result<Vec<SecurityGroupSeen>, AwsError> {
        let mut found = Vec::new();
        for ids in ids.chunks(VALUES) {
            let (op, filters) = (Op::DescribeSecurityGroups, [("group-id", ids)]);
            found.extend(self.ec2_items(scope, op, "securityGroupInfo", &filters, priority, security_group).await?);
        }
        found.sort_by(|a: &SecurityGroupSeen, b| a.id.cmp(&b.id));
        Ok(found)
    }

    /// All items of a listing of EC2's.
    async fn ec2_items<T>(
        &self,
        scope: &Scope,
        op: Op,
        set: &str,
        filters: &[(&str, &[String])],
        priority: Priority,
        read: fn(Node<'_, '_>) -> T,
    ) -> Result<Vec<T>, AwsError> {
        let client = self.ec2(scope);
        pages(op, |token| {
            let mut parameters = parameters(filters);
            parameters.push(("MaxResults".to_owned(), "1000".to_owned()));
            parameters.extend(token.map(|token| ("NextToken".to_owned(), token)));
            let client = client.clone();
            async move {
                let send = || client.ask(op.name(), &parameters);
                let text = self.call(scope, op, priority, send).await?;
                let page = items(&text, set, read);
                page.map_err(|error| AwsError::new(op.name(), code::UNREADABLE, &error.to_string()))
            }
        })
        .await
    }
}

/// EC2 in a region.
pub(super) fn ec2(config: &SdkConfig, region: &str) -> Speaks {
    let endpoint = endpoint(config, region);
    let protocol = Protocol::Query { version: "2016-11-15" };
    Speaks { service: "ec2", protocol, region: region.to_owned(), endpoint }
}

/// EC2's endpoint in the region's partition: ECS's with the other service name, so that the SDK's table decides.
fn endpoint(config: &SdkConfig, region: &str) -> String {
    let params = Params::builder()
        .region(region)
        .use_fips(config.use_fips().unwrap_or_default())
        .use_dual_stack(config.use_dual_stack().unwrap_or_default())
        .build();
    let resolver = DefaultResolver::new();
    let found = params.ok().and_then(|params| resolver.resolve_endpoint(&params).now_or_never()?.ok());
    let url = found.and_then(|found| Some(format!("https://ec2{}", found.url().strip_prefix("https://ecs")?)));
    url.unwrap_or_else(|| format!("https://ec2.{region}.amazonaws.com"))
}

/// Portions that a filter takes; one empty portion where there is nothing to filter by.
fn portions(values: &[String]) -> Vec<&[String]> {
    if values.is_empty() { vec![&[]] } else { values.chunks(VALUES).collect() }
}

/// The filters as EC2 numbers them; those without values are left out.
fn parameters(filters: &[(&str, &[String])]) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let set = filters.iter().filter(|(_, values)| !values.is_empty());
    for (number, (name, values)) in (1..).zip(set) {
        all.push((format!("Filter.{number}.Name"), (*name).to_owned()));
        let values = (1..).zip(*values).map(|(at, value)| (format!("Filter.{number}.Value.{at}"), literal(value)));
        all.extend(values);
    }
    all
}

/// A filter's value without wildcards.
fn literal(value: &str) -> String {
    value.replace('\\', "\\\\").replace('*', "\\*").replace('?', "\\?")
}

/// The items of a set in EC2's answer, and the token of the next page.
fn items<T>(text: &str, set: &str, read: fn(Node<'_, '_>) -> T) -> Result<(Vec<T>, Option<String>), roxmltree::Error> {
    let document = Document::parse(text)?;
    let root = document.root_element();
    let found = member(root, set).into_iter().flat_map(|set| set.children().filter(Node::is_element)).map(read);
    Ok((found.collect(), member(root, "nextToken").and_then(|node| node.text()).map(str::to_owned)))
}

pub(super) fn member<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == name)
}

pub(super) fn text(node: Node<'_, '_>, name: &str) -> String {
    member(node, name).and_then(|node| node.text()).unwrap_or_default().to_owned()
}

fn subnet(node: Node<'_, '_>) -> SubnetSeen {
    let tags = member(node, "tagSet").into_iter().flat_map(|set| set.children().filter(Node::is_element));
    SubnetSeen {
        id: text(node, "subnetId"),
        vpc_id: text(node, "vpcId"),
        zone: text(node, "availabilityZone"),
        tags: tags.map(|tag| (text(tag, "key"), text(tag, "value"))).collect(),
    }
}

fn security_group(node: Node<'_, '_>) -> SecurityGroupSeen {
    SecurityGroupSeen { id: text(node, "groupId"), name: text(node, "groupName"), vpc_id: text(node, "vpcId") }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
