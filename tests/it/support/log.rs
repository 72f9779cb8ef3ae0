//! What is logged in one thread.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

/// Everything that is logged in this thread.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Listens to this thread as an operator at the level `trace` does, as long as the guard lives.
    pub fn listen() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let filter = tracing_subscriber::EnvFilter::new("info,ecs_operator=trace");
        let listening = tracing_subscriber::fmt().with_env_filter(filter).with_writer(log.clone()).finish();
        let guard = tracing::subscriber::set_default(listening);
        (log, guard)
    }

    /// Forgets the log so far.
    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// The log so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
