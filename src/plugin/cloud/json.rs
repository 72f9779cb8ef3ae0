//! Services by AWS's JSON protocol of which a read or two is needed, so that there is no SDK crate for them.

use serde_json::Value;

use super::Cloud;
use super::wire::Asked;

/// A service, and how it is reached.
#[derive(Clone, Copy, Debug)]
pub struct Speaks {
    /// Its name in signatures.
    signing: &'static str,
    /// Its host before the Region.
    host: &'static str,
    /// What stands before the operation in `X-Amz-Target`.
    target: &'static str,
}

/// CloudWatch Logs.
pub const LOGS: Speaks = Speaks { signing: "logs", host: "logs", target: "Logs_20140328" };
/// Secrets Manager.
pub const SECRETS: Speaks = Speaks { signing: "secretsmanager", host: "secretsmanager", target: "secretsmanager" };
/// Systems Manager.
pub const PARAMETERS: Speaks = Speaks { signing: "ssm", host: "ssm", target: "AmazonSSM" };
/// Service Quotas.
pub const QUOTAS: Speaks = Speaks { signing: "servicequotas", host: "servicequotas", target: "ServiceQuotasV20190624" };
/// Amazon ECR.
pub const REGISTRY: Speaks = Speaks { signing: "ecr", host: "api.ecr", target: "AmazonEC2ContainerRegistry_V20150921" };

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Said {
    /// AWS's code; `error` where none came.
    pub code: String,
    /// What it says.
    pub message: String,
}

impl Cloud {
    /// Asks a service, once.
    pub async fn ask(&self, speaks: &Speaks, operation: &str, region: &str, asked: Value) -> Result<Value, Said> {
        let error = |message: String| Said { code: "error".to_owned(), message };
        let target = format!("{}.{operation}", speaks.target);
        let asked = Asked::json(speaks.signing, region, speaks.host, &target, &asked);
        let answer = self.send(asked).await.map_err(error)?;
        match answer.refusal() {
            Some((code, message)) => Err(Said { code, message }),
            None => serde_json::from_str(&answer.text).map_err(|wrong| error(wrong.to_string())),
        }
    }
}
