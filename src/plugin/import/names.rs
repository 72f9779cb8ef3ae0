//! Names for objects: valid in Kubernetes, and no two the same.

use std::collections::BTreeSet;

use crate::document::kind::object_name;

/// Names that are taken, by kind.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<(&'static str, String)>);

impl Names {
    /// A name for what is called `name` in ECS. One that is taken already gets what it belongs to before it, then a
    /// number behind it.
    pub(super) fn give(&mut self, kind: &'static str, name: &str, of: Option<&str>) -> String {
        let plain = valid(name);
        let within = of.map(|of| valid(&format!("{of}-{name}")));
        let numbered = (2..).map(|number| format!("{}-{number}", shortened(&plain, 240)));
        let mut all = std::iter::once(plain.clone()).chain(within).chain(numbered);
        let free = all.find(|name| !self.0.contains(&(kind, name.clone()))).unwrap_or_default();
        self.0.insert((kind, free.clone()));
        free
    }
}

/// Lower-case letters, digits and `-`, at most 253 of them; something, whatever the name was.
fn valid(name: &str) -> String {
    let folded = object_name(name);
    let folded = shortened(&folded, 253);
    if folded.is_empty() { "unnamed".to_owned() } else { folded.to_owned() }
}

fn shortened(name: &str, most: usize) -> &str {
    name.get(..most).unwrap_or(name).trim_end_matches('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_that_kubernetes_takes_and_no_two_are_the_same() {
        let mut names = Names::default();
        assert_eq!(names.give("EcsService", "Shop_Web", None), "shop-web");
        assert_eq!(names.give("EcsService", "shop-web", Some("prod")), "prod-shop-web");
        assert_eq!(names.give("EcsService", "SHOP-web", Some("prod")), "shop-web-2");
        assert_eq!(names.give("EcsTaskDefinition", "shop-web", None), "shop-web");
        assert_eq!(names.give("EcsService", "___", None), "unnamed");
        let long = names.give("EcsService", &"a".repeat(255), None);
        assert_eq!(long.len(), 253);
        assert!(names.give("EcsService", &"a".repeat(255), None).ends_with("a-2"));
    }
}
