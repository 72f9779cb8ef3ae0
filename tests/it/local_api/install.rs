//! The CRDs on a real API server.

use super::plane::{crds, plane};

#[tokio::test]
async fn crds_are_accepted_without_a_warning_and_a_second_apply_changes_nothing() {
    let plane = plane().await;
    for kind in ["ecsclusters", "ecsservices", "ecstaskdefinitions", "servergroups"] {
        let line = format!("customresourcedefinition.apiextensions.k8s.io/{kind}.ecs-operator.dev");
        assert!(plane.trial.contains(&format!("{line} created (server dry run)")), "{}", plane.trial);
        assert!(plane.upgrade.contains(&format!("{line} configured")), "{}", plane.upgrade);
    }
    let again = plane.kubectl(&["apply", "--warnings-as-errors", "-f", crds()], None).await.unwrap();
    assert_eq!(again.lines().filter(|line| line.ends_with(" unchanged")).count(), 5, "{again}");
    let diff = plane.kubectl(&["diff", "-f", crds()], None).await;
    assert!(diff.ok && diff.out.is_empty(), "{diff:?}");
    let other = ["diff", "--server-side", "--force-conflicts", "--field-manager=flux", "-f", crds()];
    let other = plane.kubectl(&other, None).await;
    assert!(!other.out.contains("\n+  ") || !other.out.contains("spec:"), "{}", other.out);
    for file in std::fs::read_dir(crds()).unwrap() {
        let file = file.unwrap();
        assert!(file.metadata().unwrap().len() < 200 * 1024, "{:?}", file.file_name());
    }
}

#[tokio::test]
async fn every_kind_has_its_short_name_and_is_in_the_category() {
    let plane = plane().await;
    let listed =
        plane.kubectl(&["api-resources", "--categories=ecs", "--no-headers", "-o", "wide"], None).await.unwrap();
    let kinds = [
        ("ecsacct", "AwsAccount"),
        ("ecsc", "EcsCluster"),
        ("ecss", "EcsService"),
        ("ecssg", "ServerGroup"),
        ("ecstd", "EcsTaskDefinition"),
    ];
    for (short, kind) in kinds {
        let row = listed.lines().find(|line| line.contains(&format!(" {kind} "))).unwrap_or_default();
        assert_eq!(row.split_whitespace().nth(1), Some(short), "{listed}");
        plane.kubectl(&["get", short, "--all-namespaces"], None).await.unwrap();
        let fields = plane.kubectl(&["explain", &format!("{short}.spec")], None).await.unwrap();
        assert!(fields.contains("What ECS is asked for") || fields.contains("The role to assume"), "{fields}");
    }
    assert_eq!(listed.lines().count(), 5, "{listed}");
    plane.kubectl(&["get", "ecs", "-A"], None).await.unwrap();
}
