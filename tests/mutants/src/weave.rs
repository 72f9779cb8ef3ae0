//! Weaves all mutants of a file into its text, each behind its own switch.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::plant::{Form, Place};

/// A file with its mutants woven in.
pub(crate) struct Woven {
    /// Rust.
    pub(crate) text: String,
    /// Bytes of `text` with the mutants that stand there: alternatives before the places that hold them.
    marks: Vec<(Range<usize>, Vec<usize>)>,
}

impl Woven {
    /// The mutants to blame for an error at these bytes: the alternative around them, or else all of the place.
    pub(crate) fn blamed(&self, at: &Range<usize>) -> &[usize] {
        self.marks
            .iter()
            .filter(|(range, _)| range.start <= at.start && at.end <= range.end)
            .min_by_key(|(range, _)| range.end - range.start)
            .map(|(_, ids)| ids.as_slice())
            .unwrap_or_default()
    }
}

/// Text put in at a byte; `marks` are relative to it.
struct Insert {
    at: usize,
    /// At the same byte: what closes an inner place, what closes an outer one, what opens an outer, an inner one.
    order: isize,
    text: String,
    marks: Vec<(Range<usize>, usize)>,
    place: usize,
}

fn switch(id: usize) -> String {
    format!("crate::mutant::on({id})")
}

/// `text` with all places but those of the mutants left out.
pub(crate) fn weave(text: &str, places: &[Place], left_out: &BTreeSet<usize>) -> Woven {
    let mut inserts = Vec::new();
    let kept: Vec<Vec<&(usize, String)>> = places
        .iter()
        .map(|place| place.alternatives.iter().filter(|(id, _)| !left_out.contains(id)).collect())
        .collect();
    for (index, (place, alternatives)) in places.iter().zip(&kept).enumerate() {
        if !alternatives.is_empty() {
            insert(index, place, alternatives, &mut inserts);
        }
    }
    inserts.sort_by_key(|insert| (insert.at, insert.order));
    let mut woven = Woven { text: String::new(), marks: Vec::new() };
    let mut done = 0;
    let mut extents: Vec<Option<Range<usize>>> = vec![None; places.len()];
    for insert in inserts {
        woven.text.push_str(text.get(done..insert.at).unwrap_or_default());
        done = insert.at;
        let start = woven.text.len();
        woven.text.push_str(&insert.text);
        let marks = insert.marks.into_iter();
        woven.marks.extend(marks.map(|(range, id)| (range.start + start..range.end + start, vec![id])));
        if let Some(extent) = extents.get_mut(insert.place) {
            let from = extent.as_ref().map_or(start, |extent| extent.start);
            *extent = Some(from..woven.text.len());
        }
    }
    woven.text.push_str(text.get(done..).unwrap_or_default());
    for (extent, alternatives) in extents.into_iter().zip(kept) {
        woven.marks.extend(extent.map(|extent| (extent, alternatives.iter().map(|(id, _)| *id).collect())));
    }
    woven
}

fn insert(index: usize, place: &Place, alternatives: &[&(usize, String)], inserts: &mut Vec<Insert>) {
    let number = isize::try_from(index).unwrap_or(isize::MAX / 2) + 1;
    let mut opening =
        Insert { at: place.range.start, order: number, text: String::new(), marks: Vec::new(), place: index };
    let mut closing =
        Insert { at: place.range.end, order: -number, text: String::new(), marks: Vec::new(), place: index };
    match &place.form {
        Form::Instead => {
            opening.text.push('(');
            for (id, text) in alternatives {
                opening.text.extend(["if ", &switch(*id), " { "]);
                let start = opening.text.len();
                opening.text.push_str(text);
                opening.marks.push((start..opening.text.len(), *id));
                opening.text.push_str(" } else ");
            }
            opening.text.push_str("{ ");
            closing.text.push_str(" })");
        }
        Form::Return => {
            opening.at += 1;
            for (id, text) in alternatives {
                opening.text.extend([" if ", &switch(*id), " { "]);
                let start = opening.text.len();
                opening.text.extend(["return ", text, ";"]);
                opening.marks.push((start..opening.text.len(), *id));
                opening.text.push_str(" }");
            }
        }
        Form::Passed(guard) => {
            let ids: Vec<String> = alternatives.iter().map(|(id, _)| format!("!{}", switch(*id))).collect();
            let on = ids.join(" && ");
            if let Some(guard) = guard {
                (opening.at, closing.at) = (guard.start, guard.end);
                opening.text.push('(');
                closing.text = format!(") && {on}");
            } else {
                closing.text = format!(" if {on}");
            }
        }
    }
    inserts.extend([opening, closing].into_iter().filter(|insert| !insert.text.is_empty()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::plant;

    const TEXT: &str = "fn f(a: u8, b: u8) -> bool { !a.eq(&b) && a == b }\n";

    #[test]
    fn what_is_woven_is_rust_and_nests() {
        let planted = plant("room", "f.rs", TEXT, 1).unwrap();
        let woven = weave(TEXT, &planted.places, &BTreeSet::new());
        assert_eq!(
            woven.text,
            "fn f(a: u8, b: u8) -> bool { if crate::mutant::on(1) { return true; } if crate::mutant::on(2) { return \
             false; } (if crate::mutant::on(3) { (!a.eq(&b)) || (a == b) } else { (if crate::mutant::on(4) { a.eq(&b) } \
             else { !a.eq(&b) }) && (if crate::mutant::on(5) { (a) != (b) } else { a == b }) }) }\n"
        );
        syn::parse_file(&woven.text).unwrap();
    }

    #[test]
    fn nothing_is_woven_of_what_is_left_out() {
        let planted = plant("room", "f.rs", TEXT, 1).unwrap();
        assert_eq!(weave(TEXT, &planted.places, &(1..=5).collect()).text, TEXT);
    }

    #[test]
    fn an_error_is_blamed_on_the_alternative_around_it_or_on_the_place() {
        let planted = plant("room", "f.rs", TEXT, 1).unwrap();
        let woven = weave(TEXT, &planted.places, &BTreeSet::new());
        let at = |part: &str| {
            let start = woven.text.find(part).unwrap();
            start..start + part.len()
        };
        assert_eq!(woven.blamed(&at("return true")), [1]);
        assert_eq!(woven.blamed(&at("(a) != (b)")), [5]);
        assert_eq!(woven.blamed(&at(" || ")), [3]);
        assert_eq!(woven.blamed(&at("else { a == b }")), [5]);
        assert!(woven.blamed(&at("b: u8")).is_empty());
    }

    #[test]
    fn an_arm_is_passed_over_by_its_guard_or_by_a_new_one() {
        let text = "fn f(a: u8) -> u8 { match a { 1 => 2, 3 if g() => 4, _ => 5 } }";
        let planted = plant("room", "f.rs", text, 1).unwrap();
        let woven = weave(text, &planted.places, &[1, 2].into()).text;
        assert!(woven.contains("1 if !crate::mutant::on(3) => 2"), "{woven}");
        assert!(
            woven.contains(
                "3 if ((if crate::mutant::on(5) { true } else if crate::mutant::on(6) { false } else { g() })) && \
                 !crate::mutant::on(4) => 4"
            ),
            "{woven}"
        );
        syn::parse_file(&woven).unwrap();
    }
}
