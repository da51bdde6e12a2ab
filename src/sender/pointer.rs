//! Finds values in an answer: JSON pointers (RFC 6901), in which `*` stands for every element of an array.

use serde_json::Value;

/// Everything that a pointer leads to.
pub(super) fn find<'v>(value: &'v Value, pointer: &str) -> Vec<&'v Value> {
    let mut found = vec![value];
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        found = found
            .into_iter()
            .flat_map(|v| match v {
                Value::Array(items) if part == "*" => items.iter().collect(),
                Value::Array(items) => name
                    .parse::<usize>()
                    .ok()
                    .and_then(|n| items.get(n))
                    .into_iter()
                    .collect(),
                Value::Object(fields) => fields.get(&name).into_iter().collect(),
                _ => Vec::new(),
            })
            .collect();
    }
    found
}

/// A text, number or truth value in words; empty texts and everything else are nothing.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|t| !t.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// Whether a pointer can lead anywhere.
pub(super) fn is_pointer(text: &str) -> bool {
    text.is_empty() || text.starts_with('/') && !text.chars().any(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_every_element_and_what_is_not_there_is_nothing() {
        let value = serde_json::json!({"data": [{"a/b": "x", "n": 0}, {"a/b": "y"}], "empty": ""});
        let words = |pointer| -> Vec<String> {
            find(&value, pointer)
                .into_iter()
                .filter_map(plain)
                .collect()
        };
        assert_eq!(words("/data/*/a~1b"), ["x", "y"]);
        assert_eq!(words("/data/0/n"), ["0"]);
        assert!(words("/data/7/n").is_empty() && words("/empty").is_empty());
        assert_eq!(find(&value, "").len(), 1);
        assert!(is_pointer("") && is_pointer("/a") && !is_pointer("a") && !is_pointer("/a b"));
    }
}
