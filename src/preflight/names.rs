//! Names as ECS takes them, and ways to say where in a spec something stands.

use crate::api::ecs_task_definition::EcsTaskDefinitionSpec;
use crate::api::mirror::IntOrText;
use crate::api::shapes::container::ContainerDefinition;

/// What ECS says of names of clusters, services, families and containers.
pub(super) const NAME: &str = "use at most 255 letters, digits, `-` and `_`";

/// Whether the text can name a cluster, service, family or container.
pub(super) fn is_name(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !text.is_empty() && text.len() <= 255 && text.chars().all(known)
}

/// Whether the text can name a task definition: `family` or `family:revision`.
pub(super) fn is_family_and_revision(text: &str) -> bool {
    match text.split_once(':') {
        Some((family, revision)) => is_name(family) && revision.parse::<u32>().is_ok_and(|number| number > 0),
        None => is_name(text),
    }
}

/// Whether the text can name an image: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>
pub(super) fn is_image(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_:./#@".contains(c))
}

/// The containers, each with its path.
pub(super) fn containers(spec: &EcsTaskDefinitionSpec) -> impl Iterator<Item = (String, &ContainerDefinition)> {
    spec.container_definitions.iter().flatten().enumerate().map(|(index, container)| {
        let label = container.name.clone().unwrap_or_else(|| index.to_string());
        (format!("containerDefinitions[{label}]"), container)
    })
}

/// The container of this name.
pub(super) fn container<'a>(spec: &'a EcsTaskDefinitionSpec, name: &str) -> Option<&'a ContainerDefinition> {
    spec.container_definitions.iter().flatten().find(|container| container.name.as_deref() == Some(name))
}

/// The items of an optional list.
pub(super) fn items<T>(list: Option<&Vec<T>>) -> impl Iterator<Item = &T> {
    list.into_iter().flatten()
}

/// Whether a list is there and has an item.
pub(super) fn filled<T>(list: Option<&Vec<T>>) -> bool {
    list.is_some_and(|items| !items.is_empty())
}

/// A whole number, written as one or as text.
pub(super) fn whole(value: Option<&IntOrText>) -> Option<i64> {
    value.and_then(|value| value.text().trim().parse().ok())
}

/// The first value that occurs twice, in order of appearance, each once.
pub(super) fn twice<T: Ord + Clone>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = std::collections::BTreeMap::<T, usize>::new();
    for value in values {
        *seen.entry(value).or_default() += 1;
    }
    seen.into_iter().filter(|(_, count)| *count > 1).map(|(value, _)| value).collect()
}
