//! serde's words in the operator's, and the word that was meant.

/// serde's words, and what to do.
pub fn explain(section: &str, said: &str) -> (String, String) {
    if let Some(rest) = said.strip_prefix("unknown field `") {
        let (name, rest) = rest.split_once('`').unwrap_or((rest, ""));
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        let fix = match nearest(name, &known) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if known.is_empty() => "remove it".to_owned(),
            None => format!("remove it; [{section}] knows {}", known.join(", ")),
        };
        return (format!("\"{name}\" is not a setting of [{section}]"), fix);
    }
    if let Some(rest) = said.strip_prefix("missing field `") {
        let name = rest.trim_end_matches('`');
        return (
            format!("[{section}] has no \"{name}\""),
            format!("add a line: {name} = …"),
        );
    }
    if let Some(rest) = said.strip_prefix("unknown variant `") {
        let (name, rest) = rest.split_once('`').unwrap_or((rest, ""));
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        return (
            format!("\"{name}\" is not possible here"),
            format!("write one of {}", known.join(", ")),
        );
    }
    if let Some((what, fix)) = said.split_once("; say where it is: ") {
        return (
            format!("[{section}]: {what}"),
            format!("say where it is: {fix}"),
        );
    }
    (
        format!("[{section}]: {said}"),
        "correct the value; config/README.md lists every setting with its type".to_owned(),
    )
}

/// The known word that differs in at most two letters (a third of a short one), if there is one.
pub fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let best = known.iter().map(|k| (distance(word, k), *k)).min()?;
    (best.0 <= 2.min(1 + word.len() / 3)).then_some(best.1)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != *y))
                .min(above + 1)
                .min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}
