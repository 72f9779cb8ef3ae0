//! Small pieces of text: cutting, wrapping, numbers.

/// At most `width` characters, with an ellipsis where something is missing.
pub fn clip(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short.chars().take(width).collect()
}

/// At most `width` characters of an image, without its beginning if need be: the tag says most.
pub fn clip_image(image: &str, width: usize) -> String {
    let length = image.chars().count();
    if length <= width {
        return image.to_owned();
    }
    std::iter::once('…').chain(image.chars().skip(length + 1 - width.max(1))).collect()
}

/// Exactly `width` characters.
pub fn pad(text: &str, width: usize) -> String {
    format!("{:width$}", clip(text, width))
}

/// Lines of at most `width` characters, broken between words where that is possible.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word;
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        while line.is_empty() && word.chars().count() > width {
            let cut = word.char_indices().nth(width).map_or(word.len(), |(at, _)| at);
            let (head, tail) = word.split_at(cut);
            lines.push(head.to_owned());
            word = tail;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// `1 task`, `2 tasks`.
pub fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// The first eight characters of an id.
pub fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

/// The text with the ids of tasks cut to their first eight characters.
pub fn shorten_ids(text: &str) -> String {
    let is_id = |word: &str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split(' ').map(|word| if is_id(word) { short(word) } else { word.to_owned() }).collect::<Vec<_>>().join(" ")
}

/// What follows the last slash.
pub fn tail(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_with_a_mark_and_padded_to_its_column() {
        assert_eq!(clip("webserver", 9), "webserver");
        assert_eq!(clip("webserver", 5), "webs…");
        assert_eq!(clip("web server", 5), "web…");
        assert_eq!(pad("é", 3), "é  ");
        assert_eq!(shorten_ids("task 188922e109c490aee5f79595b4a255bf is late"), "task 188922e1 is late");
        assert_eq!(clip_image("registry/shop:1.4.2", 9), "…op:1.4.2");
    }

    #[test]
    fn long_words_and_sentences_are_broken() {
        assert_eq!(wrap("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrap("a 1234567890123", 8), ["a", "12345678", "90123"]);
        assert!(wrap("", 20).is_empty());
    }
}
