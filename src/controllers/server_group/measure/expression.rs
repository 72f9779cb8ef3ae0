//! Conditions over `result`, in CEL. Pure.

use kube_cel::KubeCelExt;
use kube_cel::cel::{Context, ExecutionError, Program, Value};

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading {
    /// One number.
    Number(f64),
    /// Several, the newest first.
    List(Vec<f64>),
    /// Nothing.
    NoData,
}

impl Reading {
    /// As people read it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::List(numbers) => format!("{numbers:?}"),
            Self::NoData => "no data".to_owned(),
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Number(number) => Value::Float(*number),
            Self::List(numbers) => Value::from(numbers.iter().copied().map(Value::Float).collect::<Vec<_>>()),
            Self::NoData => Value::Null,
        }
    }
}

enum Failed {
    Compile(String),
    Run(ExecutionError),
    NotBool,
}

fn run(expression: &str, reading: &Reading) -> Result<bool, Failed> {
    let program = Program::compile(expression).map_err(|error| Failed::Compile(error.to_string()))?;
    let mut context = Context::default().with_all();
    context.add_variable_from_value("result", reading.value());
    match program.execute(&context) {
        Ok(Value::Bool(holds)) => Ok(holds),
        Ok(_) => Err(Failed::NotBool),
        Err(error) => Err(Failed::Run(error)),
    }
}

/// Does the expression hold of what was measured?
pub(super) fn holds(expression: &str, reading: &Reading) -> Result<bool, String> {
    run(expression, reading).map_err(|failed| said(expression, failed))
}

/// What is wrong with an expression whatever is measured.
pub(super) fn problem(expression: &str) -> Option<String> {
    let samples = [Reading::Number(0.5), Reading::List(vec![0.5, 0.5])];
    let mut worst = None;
    for sample in samples {
        match run(expression, &sample) {
            Ok(_) => return None,
            Err(failed @ (Failed::Compile(_) | Failed::NotBool)) => worst = Some(failed),
            Err(failed @ Failed::Run(ExecutionError::UndeclaredReference(_))) => worst = Some(failed),
            // The other form of the result, or other values, may do.
            Err(Failed::Run(_)) => {}
        }
    }
    worst.map(|failed| said(expression, failed))
}

fn said(expression: &str, failed: Failed) -> String {
    match failed {
        Failed::Compile(why) => format!("`{expression}` is not a CEL expression: {why}"),
        Failed::Run(why) => format!("`{expression}` cannot be evaluated: {why}"),
        Failed::NotBool => format!("`{expression}` is neither true nor false"),
    }
}
