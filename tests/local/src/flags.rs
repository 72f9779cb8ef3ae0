//! The command lines of the three servers.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use crate::credentials::Credentials;

/// What our tests rely on, and nothing that would need nodes.
const CONTROLLERS: [&str; 11] = [
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller",
    "clusterrole-aggregation-controller",
    "horizontal-pod-autoscaler-controller",
    "resourcequota-controller",
    "validatingadmissionpolicy-status-controller",
    "deployment-controller",
    "replicaset-controller",
];

/// Loopback ports that were free a moment ago.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) etcd: u16,
    pub(crate) etcd_peer: u16,
    pub(crate) api: u16,
}

impl Ports {
    /// Takes three ports at once, so that they differ, and lets go of them.
    pub(crate) fn free() -> io::Result<Self> {
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let (etcd, peer, api) = (listen()?, listen()?, listen()?);
        Ok(Self {
            etcd: etcd.local_addr()?.port(),
            etcd_peer: peer.local_addr()?.port(),
            api: api.local_addr()?.port(),
        })
    }
}

/// A store that is gone with its directory: it need not survive a power cut.
pub(crate) fn etcd(ports: Ports, data: &Path) -> Vec<String> {
    let client = format!("http://127.0.0.1:{}", ports.etcd);
    let peer = format!("http://127.0.0.1:{}", ports.etcd_peer);
    vec![
        flag("--data-dir", data.display()),
        flag("--listen-client-urls", &client),
        flag("--advertise-client-urls", &client),
        flag("--listen-peer-urls", &peer),
        flag("--initial-advertise-peer-urls", &peer),
        flag("--initial-cluster", format!("default={peer}")),
        "--unsafe-no-fsync".to_owned(),
        flag("--log-level", "warn"),
    ]
}

/// RBAC, a static token for the admin, tokens for service accounts, and no
/// endpoints of its own (they may not be loopback addresses).
pub(crate) fn kube_apiserver(
    ports: Ports,
    dir: &Path,
    keys: &Credentials,
    controllers: bool,
    more: &[String],
) -> Vec<String> {
    let mut flags = vec![
        flag("--etcd-servers", format!("http://127.0.0.1:{}", ports.etcd)),
        flag("--bind-address", "127.0.0.1"),
        flag("--advertise-address", "127.0.0.1"),
        flag("--secure-port", ports.api),
        flag("--endpoint-reconciler-type", "none"),
        flag("--cert-dir", dir.join("certificates").display()),
        flag("--tls-cert-file", keys.serving_certificate.display()),
        flag("--tls-private-key-file", keys.serving_key.display()),
        flag("--client-ca-file", keys.authority.display()),
        flag("--token-auth-file", keys.tokens.display()),
        flag("--authorization-mode", "RBAC"),
        flag("--service-cluster-ip-range", "10.0.0.0/24"),
        flag("--service-account-issuer", "https://kubernetes.default.svc"),
        flag("--service-account-key-file", keys.account_public_key.display()),
        flag("--service-account-signing-key-file", keys.account_key.display()),
        flag("--enable-priority-and-fairness", false),
        flag("--profiling", false),
    ];
    if !controllers {
        // Nobody makes the default accounts that this plugin asks for.
        flags.push(flag("--disable-admission-plugins", "ServiceAccount"));
    }
    flags.extend_from_slice(more);
    flags
}

/// Only our controllers, alone (no election), answering no port.
pub(crate) fn kube_controller_manager(kubeconfig: &Path, keys: &Credentials) -> Vec<String> {
    vec![
        flag("--kubeconfig", kubeconfig.display()),
        flag("--controllers", CONTROLLERS.join(",")),
        flag("--leader-elect", false),
        flag("--secure-port", 0),
        flag("--service-account-private-key-file", keys.account_key.display()),
        flag("--root-ca-file", keys.authority.display()),
        flag("--profiling", false),
    ]
}

fn flag(name: &str, value: impl std::fmt::Display) -> String {
    format!("{name}={value}")
}
