//! Volumes of a task, and the containers that mount them.

use super::names::{container, containers, items, twice};
use super::{Found, Rule};
use crate::api::ecs_task_definition::EcsTaskDefinitionSpec as Spec;
use crate::api::shapes::volume::{EfsVolumeConfiguration, Volume};

pub(super) const RULES: &[Rule<Spec>] =
    &[names, one_source, mount_points, volumes_from, efs_access, one_configured_at_launch];

fn path_of(volume: &Volume) -> String {
    format!("volumes[{}]", volume.name.as_deref().unwrap_or_default())
}

fn names(spec: &Spec, found: &mut Found) {
    for volume in items(spec.volumes.as_ref()).filter(|volume| volume.name.as_deref().is_none_or(str::is_empty)) {
        found.add(format!("{}.name", path_of(volume)), "is missing", "name the volume");
    }
    for name in twice(items(spec.volumes.as_ref()).filter_map(|volume| volume.name.as_deref())) {
        found.add(format!("volumes[{name}].name"), "occurs twice", "give each volume a name of its own");
    }
}

/// A volume is one thing.
fn one_source(spec: &Spec, found: &mut Found) {
    for volume in items(spec.volumes.as_ref()) {
        let sources = [
            ("host", volume.host.as_ref().is_some_and(|host| host.source_path.is_some())),
            ("dockerVolumeConfiguration", volume.docker_volume_configuration.is_some()),
            ("efsVolumeConfiguration", volume.efs_volume_configuration.is_some()),
            ("s3filesVolumeConfiguration", volume.s3files_volume_configuration.is_some()),
            ("fsxWindowsFileServerVolumeConfiguration", volume.fsx_windows_file_server_volume_configuration.is_some()),
            ("configuredAtLaunch", volume.configured_at_launch == Some(true)),
        ];
        let set: Vec<&str> = sources.iter().filter(|(_, set)| *set).map(|(name, _)| *name).collect();
        if set.len() > 1 {
            found.add(path_of(volume), format!("is several things: {}", set.join(", ")), "keep one of them");
        }
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_MountPoint.html>
fn mount_points(spec: &Spec, found: &mut Found) {
    for (path, container) in containers(spec) {
        for mount in items(container.mount_points.as_ref()) {
            let name = mount.source_volume.as_deref().unwrap_or_default();
            if !items(spec.volumes.as_ref()).any(|volume| volume.name.as_deref() == Some(name)) {
                let problem = format!("names the volume `{name}`, which the definition does not have");
                let path =
                    format!("{path}.mountPoints[{}].sourceVolume", mount.container_path.as_deref().unwrap_or(""));
                found.add(path, problem, "add it to `volumes` or correct the name");
            }
        }
    }
}

fn volumes_from(spec: &Spec, found: &mut Found) {
    for (path, dependent) in containers(spec) {
        for from in items(dependent.volumes_from.as_ref()) {
            let name = from.source_container.as_deref().unwrap_or_default();
            if container(spec, name).is_none() {
                let problem = format!("names the container `{name}`, which the definition does not have");
                found.add(format!("{path}.volumesFrom[{name}]"), problem, "correct `sourceContainer`");
            }
        }
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSAuthorizationConfig.html>
fn efs_access(spec: &Spec, found: &mut Found) {
    for volume in items(spec.volumes.as_ref()) {
        let Some(efs) = &volume.efs_volume_configuration else {
            continue;
        };
        let path = format!("{}.efsVolumeConfiguration", path_of(volume));
        let encrypted = efs.transit_encryption.as_deref() == Some("ENABLED");
        if needs_encryption(efs) && !encrypted {
            let problem = "must be ENABLED for an access point or for IAM";
            found.add(format!("{path}.transitEncryption"), problem, "set it to ENABLED");
        }
        let root = efs.root_directory.as_deref().unwrap_or("/");
        if access_point(efs).is_some() && !matches!(root, "/" | "") {
            let problem = "must be `/` or absent with an access point, which has a root of its own";
            found.add(format!("{path}.rootDirectory"), problem, "leave it out");
        }
    }
}

fn access_point(efs: &EfsVolumeConfiguration) -> Option<&str> {
    let id = efs.authorization_config.as_ref()?.access_point_id.as_deref();
    id.filter(|id| !id.is_empty())
}

fn needs_encryption(efs: &EfsVolumeConfiguration) -> bool {
    let iam = efs.authorization_config.as_ref().and_then(|config| config.iam.as_deref());
    iam == Some("ENABLED") || access_point(efs).is_some()
}

fn one_configured_at_launch(spec: &Spec, found: &mut Found) {
    let count = items(spec.volumes.as_ref()).filter(|volume| volume.configured_at_launch == Some(true)).count();
    if count > 1 {
        let problem = format!("has {count} volumes with `configuredAtLaunch`");
        found.add("volumes", problem, "keep one; a service configures one volume for each task");
    }
}
