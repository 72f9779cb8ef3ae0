//! Certificates, the admin's token and the kubeconfig of one control plane.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::error::LocalError;
use crate::go::hex;

/// Files for the servers, and what a client needs.
pub(crate) struct Credentials {
    /// Signs the API server's certificate.
    pub(crate) authority: PathBuf,
    pub(crate) serving_certificate: PathBuf,
    pub(crate) serving_key: PathBuf,
    /// Signs and checks the tokens of service accounts.
    pub(crate) account_key: PathBuf,
    pub(crate) account_public_key: PathBuf,
    /// Static tokens: one line, the admin's.
    pub(crate) tokens: PathBuf,
    authority_pem: String,
    admin_token: String,
}

impl Credentials {
    /// Makes new keys and writes them into `dir`, which only we may read.
    pub(crate) fn generate(dir: &Path) -> Result<Self, LocalError> {
        let write = |name: &str, text: &str| {
            let path = dir.join(name);
            fs::write(&path, text).map_err(LocalError::io(format!("writing {}", path.display())))?;
            Ok::<_, LocalError>(path)
        };
        let authority_key = KeyPair::generate()?;
        // Unguessable, because the key it is derived from is.
        let admin_token = hex(&Sha256::digest(authority_key.serialize_der()), 32);
        let params = authority_params()?;
        let authority_pem = params.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(params, authority_key);
        let serving_key = KeyPair::generate()?;
        let serving = serving_params()?.signed_by(&serving_key, &issuer)?;
        let account_key = KeyPair::generate()?;
        Ok(Self {
            authority: write("ca.crt", &authority_pem)?,
            serving_certificate: write("apiserver.crt", &serving.pem())?,
            serving_key: write("apiserver.key", &serving_key.serialize_pem())?,
            account_key: write("service-accounts.key", &account_key.serialize_pem())?,
            account_public_key: write("service-accounts.pub", &account_key.public_key_pem())?,
            tokens: write("tokens.csv", &format!("{admin_token},admin,admin,system:masters\n"))?,
            authority_pem,
            admin_token,
        })
    }

    /// A kubeconfig that needs no other file. JSON, which every YAML reader takes.
    pub(crate) fn kubeconfig(&self, server: &str) -> String {
        let text = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "local",
            "clusters": [{"name": "local", "cluster": {
                "server": server,
                "certificate-authority-data": STANDARD.encode(&self.authority_pem),
            }}],
            "users": [{"name": "admin", "user": {"token": self.admin_token}}],
            "contexts": [{"name": "local", "context": {
                "cluster": "local", "user": "admin", "namespace": "default",
            }}],
        });
        format!("{text:#}\n")
    }
}

fn authority_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "local control plane");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    Ok(params)
}

fn serving_params() -> Result<CertificateParams, rcgen::Error> {
    let names = ["127.0.0.1", "localhost", "kubernetes.default.svc"];
    let mut params = CertificateParams::new(names.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "kube-apiserver");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
