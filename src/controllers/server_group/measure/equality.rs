//! Equality of numbers whatever their form: the evaluator takes `5.0 == 5` for false, CEL for true. Pure.

use kube_cel::cel::common::ast::operators::{EQUALS, IN, NOT_EQUALS};
use kube_cel::cel::common::ast::{EntryExpr, Expr, IdedExpr};
use kube_cel::cel::{Context, ExecutionError, Value};

/// Names that no expression can contain.
const SAME: &str = "@same";
const OTHER: &str = "@other";
const AMONG: &str = "@among";

/// Adds the functions that [`by_value`] puts in the place of operators.
pub(super) fn register(context: &mut Context<'_>) {
    context.add_function(SAME, |a: Value, b: Value| a == b);
    context.add_function(OTHER, |a: Value, b: Value| a != b);
    context.add_function(AMONG, |item: Value, list: Value| {
        if let Value::List(items) = list { Ok(items.contains(&item)) } else { Err(ExecutionError::NoSuchOverload) }
    });
}

/// Lets `==`, `!=` and `in` compare values.
pub(super) fn by_value(expression: &mut IdedExpr) {
    match &mut expression.expr {
        Expr::Call(call) => {
            let function = match call.func_name.as_str() {
                EQUALS => Some(SAME),
                NOT_EQUALS => Some(OTHER),
                IN => Some(AMONG),
                _ => None,
            };
            if let Some(function) = function {
                function.clone_into(&mut call.func_name);
            }
            call.target.iter_mut().for_each(|target| by_value(target));
            call.args.iter_mut().for_each(by_value);
        }
        Expr::Comprehension(loops) => {
            let parts = [
                &mut loops.iter_range,
                &mut loops.accu_init,
                &mut loops.loop_cond,
                &mut loops.loop_step,
                &mut loops.result,
            ];
            parts.into_iter().for_each(by_value);
        }
        Expr::List(list) => list.elements.iter_mut().for_each(by_value),
        Expr::Map(map) => map.entries.iter_mut().for_each(|entry| entry_by_value(&mut entry.expr)),
        Expr::Struct(made) => made.entries.iter_mut().for_each(|entry| entry_by_value(&mut entry.expr)),
        Expr::Select(select) => by_value(&mut select.operand),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
    }
}

fn entry_by_value(entry: &mut EntryExpr) {
    match entry {
        EntryExpr::StructField(field) => by_value(&mut field.value),
        EntryExpr::MapEntry(entry) => {
            by_value(&mut entry.key);
            by_value(&mut entry.value);
        }
    }
}
