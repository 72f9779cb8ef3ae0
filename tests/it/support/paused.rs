//! A clock of one's own, which stands still while something can run.

/// Runs it on such a clock, in one thread.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(Box::pin(future))
}
