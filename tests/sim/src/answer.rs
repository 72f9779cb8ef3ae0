//! The entry point: a request's bytes in, an answer's bytes out.

use serde_json::{Value, json};

use crate::fault::Effect;
use crate::lag;
use crate::model::{self, Service};
use crate::refusal::Refusal;
use crate::wire::call::{self, Call, Protocol};
use crate::wire::{HttpRequest, HttpResponse, cbor, xml};
use crate::world::{DEFAULT_ACCOUNT, Principal, RegionKey, Sim};
use crate::{ecs, named, neighbours};

impl Sim {
    /// Answers one request. The world is first advanced to `now_ms` (milliseconds since the epoch);
    /// a time before the world's own changes nothing.
    pub fn answer(&mut self, request: &HttpRequest, now_ms: i64) -> HttpResponse {
        self.advance_to(now_ms);
        let (mut call, unreadable) = call::read(request);
        let effect = self.faults.effect(&call, self.now, &mut self.rng);
        let applies = !matches!(
            effect,
            Some(
                Effect::Error { .. }
                    | Effect::Status { .. }
                    | Effect::Html
                    | Effect::ResetBefore
                    | Effect::Hang { applied: false }
            )
        );
        let result = match (&effect, unreadable) {
            (Some(Effect::Error { code, message, status }), _) => {
                Err(Refusal { code: code.clone(), message: message.clone(), status: *status })
            }
            (_, Some(refusal)) => Err(refusal),
            _ if !applies => Ok(json!({})),
            (Some(Effect::ApplyTwice), None) => {
                let mut first = call.clone();
                let _lost = self.apply(&mut first);
                self.apply(&mut call)
            }
            _ => self.apply(&mut call),
        };
        let response = self.write(&call, &result);
        let response = distort(response, effect.as_ref());
        self.note(&call, &result, effect.as_ref(), response.status);
        response
    }

    /// Who an access key belongs to.
    pub fn principal(&self, access_key: &str) -> Principal {
        self.access_keys.get(access_key).cloned().unwrap_or_else(|| Principal {
            account: DEFAULT_ACCOUNT.to_owned(),
            arn: format!("arn:aws:iam::{DEFAULT_ACCOUNT}:user/{access_key}"),
        })
    }

    /// Makes an access key belong to a principal of an account.
    pub fn mint(&mut self, access_key: impl Into<String>, principal: Principal) {
        self.access_keys.insert(access_key.into(), principal);
    }

    fn apply(&mut self, call: &mut Call) -> Result<Value, Refusal> {
        let principal = self.principal(&call.access_key);
        let key = RegionKey::new(principal.account.clone(), call.region.clone());
        if self.has_expired(&call.access_key) {
            return Err(Refusal::expired(call.model, call.protocol));
        }
        if let Some(service) = call.model
            && !self.throttle.admit(&key, service, &call.action, self.now)
        {
            return Err(Refusal::throttling(service));
        }
        let checked = match call.model {
            Some(service) => model::check_input(service, &call.action, &mut call.input),
            None => Ok(()),
        };
        let allowed = checked.and_then(|()| self.authorise(call, &key, &principal));
        let result = allowed.and_then(|()| match call.model {
            Some(Service::Sts) => self.call_sts(&principal, &call.action, &call.input),
            Some(Service::Iam) => self.call_iam(&principal, &call.action, &call.input),
            Some(Service::Sqs) => self.call_sqs(&principal, &call.region, &call.action, &call.input),
            _ => self.dispatch(call, &key, &principal.arn),
        });
        self.inspect(call, &result);
        result
    }

    fn dispatch(&mut self, call: &Call, key: &RegionKey, caller: &str) -> Result<Value, Refusal> {
        let stale = self.lag.view(key, &call.actor, &call.action, self.now, &mut self.rng);
        let changes = !lag::is_read(&call.action);
        let mut region = stale;
        if region.is_none() && changes {
            let present = self.accounts.entry(key.clone()).or_default();
            self.lag.record(key, self.now - 1, present);
        }
        let result = self.with_cx(key, caller, region.as_mut(), |region, cx| match call.model {
            Some(Service::Ecs) => ecs::dispatch(region, cx, &call.action, &call.input),
            Some(service) => neighbours::dispatch(region, cx, service, &call.action, &call.input),
            None => named::dispatch(&region.fixtures.named, &call.service, &call.action, &call.input),
        });
        if changes {
            self.record_lag(key);
        }
        result
    }

    /// Remembers what a test should fail on: unknown actions, and answers that do not fit the model.
    fn inspect(&mut self, call: &Call, result: &Result<Value, Refusal>) {
        match (call.model, result) {
            (_, Err(refusal)) if refusal.code == "UnknownOperationException" => {
                self.unknown_actions.push(format!("{}:{}", call.service, call.action));
            }
            (Some(service), Ok(output)) if !self.knobs.skip_answer_checks => {
                self.shape_faults.extend(model::check_output(service, &call.action, output));
            }
            (Some(service), Err(refusal)) if !model::error_is_modelled(service, &call.action, &refusal.code) => {
                self.shape_faults.push(format!("{}: unmodelled error {}", call.action, refusal.code));
            }
            _ => {}
        }
    }

    fn write(&mut self, call: &Call, result: &Result<Value, Refusal>) -> HttpResponse {
        let request_id = self.rng.uuid();
        let mut response = HttpResponse { status: 200, ..HttpResponse::default() };
        let mut header = |name: &str, value: &str| response.headers.insert(name.to_owned(), value.to_owned());
        header("x-amzn-requestid", &request_id);
        let kind = match call.protocol {
            Protocol::Json => "application/x-amz-json-1.1",
            Protocol::Query => "text/xml",
            Protocol::Cbor => "application/cbor",
        };
        header("content-type", kind);
        if call.protocol == Protocol::Cbor {
            header("smithy-protocol", "rpc-v2-cbor");
        }
        if let Err(refusal) = result {
            header("x-amzn-errortype", &refusal.code);
            if call.model == Some(Service::CloudWatch) {
                // Its error codes are older than these protocols; clients read the old ones here.
                let fault = if refusal.status < 500 { "Sender" } else { "Receiver" };
                header("x-amzn-query-error", &format!("{};{fault}", refusal.code));
            }
            response.status = refusal.status;
        }
        let model = call.model.unwrap_or(Service::Ecs);
        response.body = match (call.protocol, result) {
            (Protocol::Json, Ok(output)) => output.to_string().into_bytes(),
            (Protocol::Query, Ok(output)) => xml::answer(model, &call.action, &request_id, output),
            (Protocol::Cbor, Ok(output)) => cbor::answer(model, &call.action, output),
            (Protocol::Json, Err(refusal)) => {
                let shape = model.error_shape(&refusal.code);
                json!({ "__type": shape, "message": refusal.message }).to_string().into_bytes()
            }
            (Protocol::Query, Err(refusal)) => xml::error(call.model, &request_id, refusal),
            (Protocol::Cbor, Err(refusal)) => cbor::error(model, model.error_shape(&refusal.code), &refusal.message),
        };
        response
    }

    fn note(&mut self, call: &Call, result: &Result<Value, Refusal>, effect: Option<&Effect>, status: u16) {
        if self.knobs.no_transcript {
            return;
        }
        let response = match result {
            Ok(output) => output.clone(),
            Err(refusal) => json!({ "__type": refusal.code, "message": refusal.message }),
        };
        let mut line = json!({
            "time": self.now, "actor": call.actor, "service": call.service, "action": call.action,
            "region": call.region, "request": call.input, "status": status, "response": response,
        });
        if let Some(effect) = effect {
            ecs::set(&mut line, "fault", format!("{effect:?}"));
        }
        self.transcript.push(line.to_string());
    }
}

fn distort(mut response: HttpResponse, effect: Option<&Effect>) -> HttpResponse {
    match effect {
        None | Some(Effect::Error { .. } | Effect::ApplyTwice) => {}
        Some(Effect::Status { status }) => {
            response.status = *status;
            response.body.clear();
        }
        Some(Effect::Html) => {
            response.status = 500;
            response.headers.insert("content-type".to_owned(), "text/html".to_owned());
            response.body = b"<html><body><h1>Internal Server Error</h1></body></html>".to_vec();
        }
        Some(Effect::Garbage) => response.body = b"\x00garbage{".to_vec(),
        Some(Effect::Truncated) => response.body.truncate(response.body.len() / 2),
        Some(Effect::ResetBefore | Effect::ApplyThenDrop) => response.reset = true,
        Some(Effect::Latency { ms }) => response.delay_ms = *ms,
        Some(Effect::Hang { .. }) => response.hang = true,
    }
    response
}
