//! `import`: manifests of what runs, from AWS or from the files of another tool.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::document;
use crate::plugin::cli::Format;
use crate::plugin::cloud::existing::Wanted;
use crate::plugin::exit::{Exit, PluginError};
use crate::plugin::import::files::{self, Text, Tool};
use crate::plugin::import::{Manifest, Wish, arrange, text};
use crate::plugin::page::written;
use crate::plugin::setting::Setting;
use crate::plugin::terminal::{note, print};

const EXAMPLES: &str = "\
Examples:
  kubectl ecs import --cluster prod --all-services > prod.yaml
  kubectl ecs import --cluster prod --service web -d manifests/
  kubectl ecs import --cluster prod --server-groups --all-services
  kubectl ecs import -f ecspresso.yml
  kubectl ecs import -f ack-objects.yaml --from ack --manage

What is written only looks (managementMode: Observe) unless --manage is given. Nothing is sent to Kubernetes, and
AWS is only read: DescribeClusters, ListServices, DescribeServices, DescribeServiceRevisions, ListTaskDefinitions,
DescribeTaskDefinition, and application-autoscaling:DescribeScalableTargets.";

/// Files larger than this are no manifests.
const LARGEST: u64 = 4 << 20;

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub struct Arguments {
    /// ECS cluster, by name or ARN; of files: the cluster of services that name none
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// Service in the cluster, with its task definition; may be repeated
    #[arg(long, value_name = "SERVICE", requires = "cluster", conflicts_with = "filename")]
    pub service: Vec<String>,
    /// All services of the cluster
    #[arg(long, requires = "cluster", conflicts_with_all = ["service", "filename"])]
    pub all_services: bool,
    /// Task definition: the newest of a family, or a revision; may be repeated
    #[arg(long, value_name = "FAMILY[:REVISION]", conflicts_with = "filename")]
    pub task_definition: Vec<String>,
    /// Services named `…-vNNN` (Spinnaker's) become versions of a `ServerGroup`
    #[arg(long)]
    pub server_groups: bool,
    /// Leave the cluster to others: it is only named
    #[arg(long, requires = "cluster", conflicts_with = "filename")]
    pub no_cluster: bool,
    /// File or folder of another tool, `-` for standard input; may be repeated
    #[arg(long, short = 'f', value_name = "FILE")]
    pub filename: Vec<PathBuf>,
    /// Tool whose files they are; default: told from what is in them
    #[arg(long, value_name = "TOOL", requires = "filename")]
    pub from: Option<Tool>,
    /// Take over at once, instead of only looking first
    #[arg(long)]
    pub manage: bool,
    /// Folder for one file an object; default: all to standard output
    #[arg(long, short = 'd', value_name = "FOLDER")]
    pub directory: Option<PathBuf>,
    /// AWS Region to read, which is then written too; default: that of the AWS configuration
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// `AwsAccount` that the objects refer to
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
}

/// Reads, arranges and writes.
pub async fn run(arguments: Arguments, setting: &Setting) -> Result<Exit, PluginError> {
    let (pieces, trouble, place) = if arguments.filename.is_empty() {
        let wanted = Wanted {
            region: arguments.region.clone(),
            cluster: arguments.cluster.clone(),
            with_cluster: !arguments.no_cluster,
            services: arguments.service.clone(),
            all_services: arguments.all_services,
            definitions: arguments.task_definition.clone(),
        };
        if wanted.cluster.is_none() && wanted.definitions.is_empty() {
            return Err(PluginError::Usage("say what: --cluster, --task-definition, or -f with files".to_owned()));
        }
        let found = setting.cloud().await?.existing(&wanted).await?;
        (found.pieces, found.trouble, found.place)
    } else {
        let read = files::read(&texts(&arguments.filename)?, arguments.from);
        (read.pieces, read.trouble, "files".to_owned())
    };
    let wish = Wish {
        manage: arguments.manage,
        namespace: setting.global.namespace.clone(),
        region: arguments.region.clone(),
        account: arguments.account.clone(),
        cluster: arguments.cluster.clone(),
        server_groups: arguments.server_groups,
    };
    let manifests = arrange::arrange(pieces, &wish);
    for line in &trouble {
        note(&format!("warning: {line}"))?;
    }
    for manifest in &manifests {
        for left in &manifest.left {
            note(&format!("warning: {}: {left}", manifest.address()))?;
        }
    }
    if manifests.is_empty() {
        return Err(PluginError::Missing("nothing was found that becomes an object".to_owned()));
    }
    write(&arguments, setting, &heading(&place, arguments.manage), &manifests)?;
    Ok(if trouble.is_empty() { Exit::Good } else { Exit::Failed })
}

/// What to do next.
fn heading(place: &str, manage: bool) -> Vec<String> {
    let mut lines = vec![format!("Written by `kubectl ecs import` from {place}. What to do next:")];
    if manage {
        lines.push("1. Stop the other tool: two owners take turns for ever.".to_owned());
        lines.push("2. kubectl apply -f THIS: the operator tags what runs as its own, and keeps it so.".to_owned());
    } else {
        lines.push("1. kubectl apply -f THIS: the operator only looks (managementMode: Observe).".to_owned());
        lines.push(
            "2. kubectl ecs status: Synced is True where this equals what runs; correct it until it is.".to_owned(),
        );
        lines.push("3. managementMode: Plan shows in status.plan what would be done: tags only.".to_owned());
        lines.push(
            "4. Stop the other tool, remove managementMode, apply again: now the operator keeps it so.".to_owned(),
        );
    }
    lines.push(
        "What is adopted stays in AWS when its object is deleted, unless deletionPolicy: Delete is written.".to_owned(),
    );
    lines
}

fn write(
    arguments: &Arguments,
    setting: &Setting,
    heading: &[String],
    manifests: &[Manifest],
) -> Result<(), PluginError> {
    if let Some(folder) = &arguments.directory {
        for line in heading {
            note(line)?;
        }
        for path in in_folder(folder, manifests)? {
            print(&format!("{path}\n"))?;
        }
        return Ok(());
    }
    let text = if setting.format() == Some(Format::Json) {
        written(&text::list(manifests.iter().map(|manifest| manifest.value.clone())), Format::Json)?
    } else {
        text::stream(heading, manifests)?
    };
    Ok(print(&text)?)
}

/// One file an object; none that is there is overwritten.
fn in_folder(folder: &Path, manifests: &[Manifest]) -> Result<Vec<String>, PluginError> {
    let path = |manifest: &Manifest| folder.join(format!("{}-{}.yaml", manifest.kind.to_lowercase(), manifest.name));
    if let Some(there) = manifests.iter().map(path).find(|path| path.exists()) {
        return Err(PluginError::Refused(format!("{} is there already: choose another folder", there.display())));
    }
    std::fs::create_dir_all(folder)?;
    let mut paths = Vec::new();
    for manifest in manifests {
        let path = path(manifest);
        std::fs::write(&path, text::object(manifest)?)?;
        paths.push(path.display().to_string());
    }
    Ok(paths)
}

/// The files, and those that they name.
fn texts(paths: &[PathBuf]) -> Result<Vec<Text>, PluginError> {
    let mut files = Vec::new();
    for path in paths {
        below(path, &mut files)?;
    }
    let mut known: BTreeSet<String> = files.iter().map(|file: &Text| file.path.clone()).collect();
    let named: Vec<String> = files.iter().flat_map(files::named_by).collect();
    for path in named {
        if Path::new(&path).is_file() && known.insert(path.clone()) {
            files.push(file(Path::new(&path))?);
        }
    }
    Ok(files)
}

fn below(path: &Path, found: &mut Vec<Text>) -> Result<(), PluginError> {
    if !path.is_dir() {
        found.push(file(path)?);
        return Ok(());
    }
    let unreadable = |error| PluginError::Usage(format!("{}: {error}", path.display()));
    let entries: Result<Vec<PathBuf>, _> =
        std::fs::read_dir(path).map_err(unreadable)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut entries = entries.map_err(unreadable)?;
    entries.sort();
    let known = ["json", "yaml", "yml", "jsonnet"];
    for entry in entries {
        let wanted = entry.extension().and_then(|extension| extension.to_str());
        let hidden = entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && (entry.is_dir() || wanted.is_some_and(|extension| known.contains(&extension))) {
            below(&entry, found)?;
        }
    }
    Ok(())
}

fn file(path: &Path) -> Result<Text, PluginError> {
    let wrong = |what: &dyn std::fmt::Display| PluginError::Usage(format!("{}: {what}", path.display()));
    let mut bytes = Vec::new();
    let standard = path == Path::new("-");
    if standard {
        std::io::stdin().take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| wrong(&error))?;
    } else {
        let file = std::fs::File::open(path).map_err(|error| wrong(&error))?;
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| wrong(&error))?;
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
        return Err(wrong(&"is larger than 4 MiB"));
    }
    let text = document::decode(&bytes).map_err(|refused| wrong(&refused))?;
    let path = if standard { "standard input".to_owned() } else { path.to_string_lossy().replace('\\', "/") };
    Ok(Text { path, text })
}
