//! The world behind a plain HTTP/1.1 server; controls live under `/_sim/`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::wire::{HttpRequest, HttpResponse};
use crate::world::Sim;

/// The path under which controls live.
pub const CONTROL_PREFIX: &str = "/_sim/";

#[derive(Debug)]
struct World {
    sim: Sim,
    saved: BTreeMap<String, Sim>,
    /// Virtual seconds per wall second; 0 = time moves only by control.
    speed: f64,
    anchor: Instant,
}

impl World {
    /// Moves the world to where the wall clock says it is.
    #[expect(clippy::cast_possible_truncation, reason = "a run is far shorter than 2^52 ms")]
    fn catch_up(&mut self) {
        let elapsed = (self.anchor.elapsed().as_secs_f64() * 1000.0 * self.speed) as i64;
        if elapsed > 0 {
            self.anchor = Instant::now();
            self.sim.advance_to(self.sim.now() + elapsed);
        }
    }

    fn control(&mut self, name: &str, body: Value) -> Result<Value, String> {
        let label = || body.get("name").and_then(Value::as_str).unwrap_or("default").to_owned();
        match name {
            "speed" => {
                let speed = body.get("speed").and_then(Value::as_f64).filter(|speed| (0.0..=1e6).contains(speed));
                self.speed = speed.ok_or("speed must be a number from 0 to 1000000")?;
                self.anchor = Instant::now();
            }
            "snapshot" => {
                self.saved.insert(label(), self.sim.clone());
            }
            "restore" => {
                self.sim = self.saved.get(&label()).cloned().ok_or("no such snapshot")?;
                self.anchor = Instant::now();
            }
            _ => {
                return self.sim.control(name, body).map_err(|error| error.to_string());
            }
        }
        Ok(json!({ "now": self.sim.now(), "speed": self.speed }))
    }
}

/// A running server. Dropping it leaves the server running; `stop` ends it.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    world: Arc<Mutex<World>>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Serves `sim` on `address` (port 0 = any free one). `speed`: virtual seconds per wall second.
    pub async fn start(sim: Sim, address: SocketAddr, speed: f64) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let world = World { sim, saved: BTreeMap::new(), speed, anchor: Instant::now() };
        let world = Arc::new(Mutex::new(world));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&world)));
        Ok(Self { address, world, accepting })
    }

    /// Looks at the world or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut Sim) -> T) -> T {
        let mut world = lock(&self.world);
        world.catch_up();
        look(&mut world.sim)
    }

    /// Stops accepting connections.
    pub fn stop(&self) {
        self.accepting.abort();
    }

    /// Runs until stopped.
    pub async fn wait(self) {
        let _stopped = self.accepting.await;
    }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, world: Arc<Mutex<World>>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(converse(stream, Arc::clone(&world)));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn converse(stream: TcpStream, world: Arc<Mutex<World>>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&world)));
    // An error here is a client that went away, or a connection that a fault asked to close.
    let _closed = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, world: Arc<Mutex<World>>) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    if let Some(name) = path.strip_prefix(CONTROL_PREFIX) {
        return control(name.trim_end_matches('/'), &body, &world);
    }
    let headers = head.headers.iter();
    let request = HttpRequest {
        method: head.method.to_string(),
        uri: path.to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: body.to_vec(),
    };
    let mut since = None;
    loop {
        let (waits, speed) = {
            let mut world = lock(&world);
            world.catch_up();
            let now = world.sim.now();
            let since = *since.get_or_insert(now);
            match world.sim.must_wait(&request, since) {
                Some(waits) => (Ok(waits), world.speed),
                None => (Err(world.sim.answer(&request, now)), world.speed),
            }
        };
        match waits {
            Ok(waits) => pause(waits, speed).await,
            Err(response) => return deliver(response, speed).await,
        }
    }
}

/// Delays are virtual; where time stands still they are taken as wall time.
#[expect(clippy::cast_precision_loss, reason = "delays are far below 2^52 ms")]
async fn pause(virtual_ms: i64, speed: f64) {
    let speed = if speed > 0.0 { speed } else { 1.0 };
    tokio::time::sleep(Duration::from_secs_f64(virtual_ms as f64 / 1000.0 / speed)).await;
}

async fn deliver(response: HttpResponse, speed: f64) -> io::Result<Response<Full<Bytes>>> {
    if response.hang {
        std::future::pending::<Infallible>().await;
    }
    if response.delay_ms > 0 {
        pause(response.delay_ms, speed).await;
    }
    if response.reset {
        return Err(io::Error::from(io::ErrorKind::ConnectionReset));
    }
    let mut builder = Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(Bytes::from(response.body))).map_err(io::Error::other)
}

fn control(name: &str, body: &[u8], world: &Mutex<World>) -> io::Result<Response<Full<Bytes>>> {
    let body: Result<Value, _> = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice(body) };
    let result = body.map_err(|error| error.to_string()).and_then(|body| {
        let mut world = lock(world);
        world.catch_up();
        world.control(name, body)
    });
    let (status, answer) = match result {
        Ok(answer) => (200, answer),
        Err(error) => (400, json!({ "error": error })),
    };
    let builder = Response::builder().status(status).header("content-type", "application/json");
    builder.body(Full::new(Bytes::from(answer.to_string()))).map_err(io::Error::other)
}
