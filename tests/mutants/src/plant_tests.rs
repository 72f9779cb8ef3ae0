//! What is planted in a snippet, and what is left alone.

use super::*;

fn planted(text: &str) -> Vec<String> {
    plant("room", "f.rs", text, 1)
        .unwrap()
        .mutants
        .iter()
        .map(|mutant| format!("{}:{} {}", mutant.line, mutant.column, mutant.what))
        .collect()
}

/// Those of an expression in a function whose body cannot be replaced.
fn of_expression(expr: &str) -> Vec<String> {
    let found = planted(&format!("fn f() -> impl Sized {{\n{expr}\n}}"));
    found.iter().map(|what| what.trim_end_matches(" in fn f").to_owned()).collect()
}

#[test]
fn each_operator_is_replaced_by_its_neighbours() {
    for (expr, expected) in [
        ("a == b", &["2:3 replace == with !="][..]),
        ("a != b", &["2:3 replace != with =="]),
        ("a < b", &["2:3 replace < with <=", "2:3 replace < with >"]),
        ("a <= b", &["2:3 replace <= with <", "2:3 replace <= with >"]),
        ("a > b", &["2:3 replace > with >=", "2:3 replace > with <"]),
        ("a >= b", &["2:3 replace >= with >", "2:3 replace >= with <"]),
        ("a && b", &["2:3 replace && with ||"]),
        ("a || b", &["2:3 replace || with &&"]),
        ("a + b", &["2:3 replace + with -", "2:3 replace + with *"]),
        ("a - b", &["2:3 replace - with +", "2:3 replace - with /"]),
        ("a * b", &["2:3 replace * with +", "2:3 replace * with /"]),
        ("a / b", &["2:3 replace / with *", "2:3 replace / with %"]),
        ("a += b", &["2:3 replace += with -=", "2:3 replace += with *="]),
        ("!a", &["2:1 delete !"]),
        ("-a", &["2:1 delete -"]),
        ("*a", &[]),
        ("a & b", &[]),
    ] {
        assert_eq!(of_expression(expr), expected, "{expr}");
    }
}

#[test]
fn guards_become_true_and_false_and_arms_go_where_a_wildcard_follows() {
    assert_eq!(
        of_expression("match a { Some(1) => b, Some(n) if c(n) => d, None => e, _ => g }"),
        [
            "2:11 delete the arm Some(1)",
            "2:25 delete the arm Some(n)",
            "2:47 delete the arm None",
            "2:36 replace the guard c(n) with true",
            "2:36 replace the guard c(n) with false",
        ]
    );
    assert!(of_expression("match a { Some(1) => b, Some(n) => d, None => e }").is_empty());
    assert_eq!(of_expression("match a { Some(n) if let Some(m) = n => d, _ => e }"), Vec::<String>::new());
}

#[test]
fn bodies_are_replaced_under_the_name_of_their_type() {
    assert_eq!(
        planted("impl<'a> Plan<'a> { #[must_use] fn go(&self) -> bool { self.step() } }"),
        ["1:36 replace the body with true in fn Plan::go", "1:36 replace the body with false in fn Plan::go",]
    );
    assert_eq!(planted("fn f() -> bool { true }"), ["1:4 replace the body with false in fn f"]);
    assert_eq!(
        planted("trait T { fn f(&self); fn g(&self) { self.f(); } }"),
        ["1:27 replace the body with () in fn T::g"]
    );
}

#[test]
fn what_cannot_be_switched_at_run_time_is_left_alone() {
    for text in [
        "const A: bool = 1 + 1 == 2;",
        "static A: bool = !true;",
        "const fn f() -> bool { 1 == 2 }",
        "fn main() { a(1 == 2) }",
        "fn f() {}",
        "#[cfg(test)] mod tests { fn f() -> bool { 1 == 2 } }",
        "#[cfg(test)] fn f() -> bool { 1 == 2 }",
        "#[cfg(test)] impl A { fn f() -> bool { 1 == 2 } }",
        "enum A { B = 1 + 2 }",
        "impl Default for A { fn default() -> Self { Self::new() } }",
        "fn f() -> impl Sized { [0; 1 + 1].map(drop::<[u8; { 1 + 1 }]>); const { 1 + 1 }; assert!(a == b) }",
        "fn f() -> impl Sized { if let Some(-1) = b && let Some(c) = d { e } else { g } }",
        "fn f() -> impl Sized { let A { b: 1..=-3 } = c else { return d }; e }",
    ] {
        let found = planted(text);
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}

#[test]
fn conditions_beside_a_binding_are_changed_but_not_the_and_that_joins_them() {
    assert_eq!(
        of_expression("if let Some(a) = b && a > 1 { c } else { d }"),
        ["2:25 replace > with >=", "2:25 replace > with <"]
    );
}
