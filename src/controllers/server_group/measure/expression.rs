//! Conditions over `result`, in CEL. Pure.

use kube_cel::KubeCelExt;
use kube_cel::cel::parser::Parser;
use kube_cel::cel::{Context, ExecutionError, Value};

use super::equality::{by_value, register};

/// Elements of the list that expressions are tried with.
const SAMPLE: usize = 100;

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
    let mut parsed = Parser::default().parse(expression).map_err(|error| Failed::Compile(error.to_string()))?;
    by_value(&mut parsed);
    let mut context = Context::default().with_all();
    register(&mut context);
    context.add_variable_from_value("result", reading.value());
    match Value::resolve(&parsed, &context) {
        Ok(Value::Bool(holds)) => Ok(holds),
        Ok(_) => Err(Failed::NotBool),
        Err(error) => Err(Failed::Run(error)),
    }
}

/// Does the expression hold of what was measured?
pub(super) fn holds(expression: &str, reading: &Reading) -> Result<bool, String> {
    run(expression, reading).map_err(|failed| said(expression, failed))
}

/// What is wrong with an expression whatever is measured: neither a number nor a list can be judged by it.
pub(super) fn problem(expression: &str) -> Option<String> {
    let failed = run(expression, &Reading::Number(0.5)).err()?;
    let other = run(expression, &Reading::List(vec![0.5; SAMPLE])).err()?;
    if depends_on_value(&failed) || depends_on_value(&other) {
        return None;
    }
    Some(said(expression, failed))
}

/// Would other values do?
fn depends_on_value(failed: &Failed) -> bool {
    match failed {
        Failed::Run(error) => matches!(
            error,
            ExecutionError::IndexOutOfBounds(_)
                | ExecutionError::DivisionByZero(_)
                | ExecutionError::RemainderByZero(_)
                | ExecutionError::Overflow(..)
        ),
        Failed::Compile(_) | Failed::NotBool => false,
    }
}

fn said(expression: &str, failed: Failed) -> String {
    match failed {
        Failed::Compile(why) => format!("`{expression}` is not a CEL expression: {why}"),
        Failed::Run(why) => format!("`{expression}` cannot be evaluated: {why}"),
        Failed::NotBool => format!("`{expression}` is neither true nor false"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_value_can_mend_is_a_problem() {
        for sound in ["result < 1", "result[0] < 1.0", "result.all(r, r < 1.0)", "result[9999] > 0.0"] {
            assert_eq!(problem(sound), None);
        }
        for (wrong, why) in [
            ("result <", "is not a CEL expression"),
            ("result + 1.0", "is neither true nor false"),
            ("nothing > 1", "cannot be evaluated"),
        ] {
            assert!(problem(wrong).is_some_and(|said| said.contains(why)), "{wrong}: {:?}", problem(wrong));
        }
    }
}
