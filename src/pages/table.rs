//! Tables of Markdown.

/// A table: its head, then its rows.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|&word| word.to_owned()).collect();
    let rule = vec!["---".to_owned(); head.len()];
    let rows: String = rows.into_iter().map(|row| line(&row)).collect();
    format!("{}{}{rows}\n", line(&head), line(&rule))
}

/// A text as one cell.
pub(crate) fn cell(text: &str) -> String {
    paragraphs(text).join("<br>").replace('|', r"\|")
}

/// A word as code.
pub(crate) fn code(word: &str) -> String {
    format!("`{word}`")
}

/// The paragraphs of a doc comment, each in one line.
pub(super) fn paragraphs(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for line in text.lines().map(str::trim) {
        match found.last_mut() {
            Some(last) if !line.is_empty() => {
                let glue = if last.is_empty() { "" } else { " " };
                last.push_str(glue);
                last.push_str(line);
            }
            _ => found.push(String::new()),
        }
    }
    found.retain(|paragraph| !paragraph.is_empty());
    found
}

/// What a word of a closed list means, and when it is used.
pub(super) fn meaning(doc: &str) -> [String; 2] {
    let mut paragraphs = paragraphs(doc).into_iter();
    let means = paragraphs.next().unwrap_or_default();
    let when = paragraphs.collect::<Vec<_>>().join(" ");
    [cell(&means), cell(&when)]
}
