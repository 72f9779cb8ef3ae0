//! Calls of any service for the tests of this crate, held against the models like those of the wire.

use serde_json::Value;

use crate::model::{Service, check_input, check_output, error_is_modelled};
use crate::world::{RegionKey, Sim};
use crate::{Refusal, ecs, neighbours};

/// A world with one Region.
pub(crate) struct Desk {
    pub(crate) sim: Sim,
    pub(crate) key: RegionKey,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { sim: Sim::new(7, 1_800_000_000_000), key: RegionKey::new("123456789012", "eu-west-1") }
    }

    /// Calls as the wire does: request, answer and error code must fit the AWS model.
    pub(crate) fn call(&mut self, service: Service, operation: &str, input: &Value) -> Result<Value, Refusal> {
        let mut input = input.clone();
        let outcome = check_input(service, operation, &mut input).and_then(|()| {
            let caller = "arn:aws:iam::123456789012:user/test";
            self.sim.with_cx(&self.key, caller, None, |region, cx| match service {
                Service::Ecs => ecs::dispatch(region, cx, operation, &input),
                Service::ApplicationAutoscaling
                | Service::Elbv2
                | Service::CloudWatch
                | Service::Ec2
                | Service::Sts
                | Service::Iam
                | Service::Sqs => neighbours::dispatch(region, cx, service, operation, &input),
            })
        });
        match &outcome {
            Ok(answer) => assert_eq!(check_output(service, operation, answer), Vec::<String>::new()),
            Err(refusal) => assert!(error_is_modelled(service, operation, &refusal.code), "{operation}: {refusal}"),
        }
        outcome
    }

    pub(crate) fn ok(&mut self, service: Service, operation: &str, input: &Value) -> Value {
        self.call(service, operation, input).unwrap_or_else(|refusal| panic!("{operation} {input}: {refusal}"))
    }

    /// The error code of a call that must be refused.
    pub(crate) fn refused(&mut self, service: Service, operation: &str, input: &Value) -> String {
        match self.call(service, operation, input) {
            Ok(answer) => panic!("{operation} was accepted: {answer}"),
            Err(refusal) => refusal.code,
        }
    }

    pub(crate) fn advance(&mut self, seconds: i64) {
        let to = self.sim.now() + seconds * 1000;
        self.sim.advance_to(to);
        assert_eq!(self.sim.violations(), Vec::<String>::new());
    }
}
