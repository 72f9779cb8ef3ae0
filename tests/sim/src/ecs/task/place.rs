//! Where a task runs: container instance and host ports on EC2, subnet and network interface under awsvpc.

use serde_json::{Value, json};

use super::state::{Definition, Task};
use crate::ecs::scheduler::json::{Object, number, text, texts};
use crate::ecs::scheduler::{Fleet, Key};

/// A container instance of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Container instance ARN.
    pub arn: String,
    /// `i-` and 17 hexadecimal digits.
    pub ec2_id: String,
    /// Last part of the zone's name.
    pub zone: &'static str,
}

/// A container port that is bound to a port of the instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Container name.
    pub container: String,
    /// Port in the container.
    pub container_port: i64,
    /// Port of the instance.
    pub host_port: i64,
    /// `tcp` or `udp`.
    pub protocol: String,
}

/// What a task got to run on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// The container instance, on EC2.
    pub instance: Option<Instance>,
    /// Bound ports, under `bridge` and `host`.
    pub bindings: Vec<Binding>,
    /// The subnet, under `awsvpc`.
    pub subnet: Option<String>,
}

/// A target group in which a task registers a port of one of its containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registration {
    pub group: String,
    pub container: String,
    pub port: i64,
}

impl Placement {
    /// The port under which a container's port is reached from outside.
    pub(crate) fn reached(&self, registration: &Registration) -> i64 {
        let of = |binding: &&Binding| {
            binding.container == registration.container && binding.container_port == registration.port
        };
        self.bindings.iter().find(of).map_or(registration.port, |binding| binding.host_port)
    }

    /// `networkBindings` of a container.
    pub(super) fn view(&self, container: &str) -> Vec<Value> {
        let mine = self.bindings.iter().filter(|binding| binding.container == container);
        let view = |binding: &Binding| {
            json!({
                "bindIP": "0.0.0.0",
                "containerPort": binding.container_port,
                "hostPort": binding.host_port,
                "protocol": binding.protocol,
            })
        };
        mine.map(view).collect()
    }
}

/// Subnets of an awsvpc configuration.
pub(crate) fn subnets(network: Option<&Value>) -> Vec<String> {
    network.map(|value| texts(value, "/awsvpcConfiguration/subnets")).unwrap_or_default()
}

/// 64 bits that depend on the text only (FNV-1a).
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Fleet {
    /// How many container instances a cluster has: as set, else two.
    fn instance_count(&self, cluster: &str) -> i64 {
        self.knobs.instances.get(cluster).copied().unwrap_or(2)
    }

    fn instance(&self, cluster: &str, nth: i64) -> Instance {
        let seed = format!("{}{cluster}/{nth}", self.arn_prefix);
        let (one, two) = (digest(&seed), digest(&format!("{seed}/ec2")));
        let zones = ["a", "b", "c"];
        let zone = usize::try_from(nth.rem_euclid(3)).ok().and_then(|at| zones.get(at)).copied().unwrap_or("a");
        Instance {
            arn: self.arn(&format!("container-instance/{cluster}/{one:016x}{two:016x}")),
            ec2_id: format!("i-0{two:016x}"),
            zone,
        }
    }

    /// The container instances that a cluster shows: those that were set, or that tasks run on.
    pub(crate) fn instances_of(&self, cluster: &str) -> Vec<Instance> {
        let set = self.knobs.instances.contains_key(cluster);
        let runs = |task: &Task| task.cluster == cluster && task.placement.instance.is_some();
        if !set && !self.tasks.values().any(|task| runs(task) && task.stopped_at.is_none()) {
            return Vec::new();
        }
        (0..self.instance_count(cluster)).map(|nth| self.instance(cluster, nth)).collect()
    }

    /// The instance with the fewest live tasks of the same service; else they take turns.
    fn pick_instance(&mut self, cluster: &str, service: Option<&Key>) -> Option<Instance> {
        let count = self.instance_count(cluster);
        if count <= 0 {
            return None;
        }
        let turn = i64::try_from(self.next_sequence()).unwrap_or(0);
        let siblings = service.and_then(|key| self.services.get(key)).into_iter().flat_map(|service| &service.tasks);
        let taken: Vec<String> = siblings
            .filter_map(|id| self.tasks.get(id))
            .filter(|task| task.is_live())
            .filter_map(|task| task.placement.instance.as_ref().map(|instance| instance.ec2_id.clone()))
            .collect();
        let turns = (0..count).map(|nth| self.instance(cluster, (turn + nth).rem_euclid(count)));
        turns.min_by_key(|instance| taken.iter().filter(|id| **id == instance.ec2_id).count())
    }

    /// Places a task.
    pub(crate) fn place(
        &mut self,
        cluster: &str,
        service: Option<&Key>,
        definition: &Definition,
        echo: &Object,
        subnets: &[String],
    ) -> Placement {
        let on_ec2 = echo.get("launchType").and_then(Value::as_str) != Some("FARGATE");
        let instance = if on_ec2 { self.pick_instance(cluster, service) } else { None };
        let turn = usize::try_from(self.sequence).unwrap_or(0);
        let subnet = subnets.get(turn.checked_rem(subnets.len()).unwrap_or(0)).cloned();
        let bindings = match (&instance, definition.network_mode.as_str()) {
            (Some(instance), "bridge" | "host" | "default") => {
                let id = instance.ec2_id.clone();
                self.bind(&id, definition)
            }
            _ => Vec::new(),
        };
        Placement { instance, bindings, subnet: subnet.filter(|_| definition.network_mode == "awsvpc") }
    }

    fn bind(&mut self, instance: &str, definition: &Definition) -> Vec<Binding> {
        let mut bindings = Vec::new();
        for container in &definition.containers {
            let mappings = container.raw.get("portMappings").and_then(Value::as_array);
            for mapping in mappings.into_iter().flatten() {
                let Some(container_port) = number(mapping, "/containerPort") else {
                    continue;
                };
                let given = number(mapping, "/hostPort").filter(|port| *port != 0);
                let host_port = match (given, definition.network_mode.as_str()) {
                    (Some(port), _) => port,
                    (None, "host") => container_port,
                    (None, _) => self.next_host_port(instance),
                };
                bindings.push(Binding {
                    container: container.name.clone(),
                    container_port,
                    host_port,
                    protocol: text(mapping, "/protocol").unwrap_or("tcp").to_owned(),
                });
            }
        }
        bindings
    }

    /// API reference, `PortMapping`: a dynamic host port is of the ephemeral range, 32768 and above.
    fn next_host_port(&mut self, instance: &str) -> i64 {
        let next = self.host_ports.entry(instance.to_owned()).or_insert(32_768);
        let port = *next;
        *next = if port >= 60_999 { 32_768 } else { port + 1 };
        port
    }

    /// The zone's last part for a task, as its instance or subnet has it.
    pub(crate) fn zone_of(&self, placement: &Placement) -> Option<String> {
        if let Some(instance) = &placement.instance {
            return Some(instance.zone.to_owned());
        }
        let subnet = self.fixtures.subnets.get(placement.subnet.as_deref()?)?;
        Some(subnet.zone.strip_prefix(self.region_name())?.to_owned())
    }
}
