//! The one TLS provider of the process.

/// TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Something installed another provider first.
    #[error("another TLS provider is installed already")]
    Occupied,
}

/// Installs aws-lc-rs for every client of the process; call it first. A second call changes nothing.
pub fn install() -> Result<(), TlsError> {
    if rustls::crypto::CryptoProvider::get_default().is_some() {
        return Ok(());
    }
    rustls::crypto::aws_lc_rs::default_provider().install_default().map_err(|_| TlsError::Occupied)
}

#[cfg(test)]
mod tests {
    #[test]
    fn installing_twice_is_harmless() {
        super::install().unwrap();
        super::install().unwrap();
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }
}
