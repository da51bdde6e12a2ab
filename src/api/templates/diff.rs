//! What changed between two texts, line by line: what a writer looks at before they publish.

use serde_json::{Value, json};

/// A line of a difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line<'a> {
    /// Stands in both.
    Same(&'a str),
    /// Stands in the first only.
    Removed(&'a str),
    /// Stands in the second only.
    Added(&'a str),
}

/// More pairs of lines are not compared: the middle is then shown as removed and added.
const MOST: usize = 4_000_000;

/// The shortest way from one text to the other.
pub fn lines<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (rest_old, rest_new) = (&old[head..], &new[head..]);
    let pairs = rest_old.iter().rev().zip(rest_new.iter().rev());
    let tail = pairs.take_while(|(a, b)| a == b).count();
    let a = &rest_old[..rest_old.len() - tail];
    let b = &rest_new[..rest_new.len() - tail];
    let mut all: Vec<Line<'a>> = old[..head].iter().map(|l| Line::Same(l)).collect();
    all.extend(middle(a, b));
    all.extend(old[old.len() - tail..].iter().map(|l| Line::Same(l)));
    all
}

/// Longest common subsequence of what lies between the equal ends.
fn middle<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<Line<'a>> {
    if a.len().saturating_mul(b.len()) > MOST {
        let removed = a.iter().map(|l| Line::Removed(l));
        return removed.chain(b.iter().map(|l| Line::Added(l))).collect();
    }
    let width = b.len() + 1;
    // Of the lines from here on: how many are common.
    let mut common = vec![0u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i * width + j] = match a[i] == b[j] {
                true => common[(i + 1) * width + j + 1] + 1,
                false => common[(i + 1) * width + j].max(common[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j, mut all) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            all.push(Line::Same(a[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len()
            || (i < a.len() && common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            all.push(Line::Removed(a[i]));
            i += 1;
        } else {
            all.push(Line::Added(b[j]));
            j += 1;
        }
    }
    all
}

/// Lines around a change that are shown.
const AROUND: usize = 3;

/// For programs and for people; lines far from any change are left out (`skipped` says how many).
pub fn tell(lines: &[Line<'_>]) -> (Vec<Value>, String) {
    let changed = |l: &Line<'_>| !matches!(l, Line::Same(_));
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        let to = (at + AROUND + 1).min(lines.len());
        lines[from..to].iter().any(changed)
    };
    let (mut data, mut text, mut skipped) = (Vec::new(), String::new(), 0usize);
    for (at, line) in lines.iter().enumerate() {
        if !near(at) {
            skipped += 1;
            continue;
        }
        if skipped > 0 {
            data.push(json!({"skipped": skipped}));
            text += &format!("  … {skipped} lines …\n");
            skipped = 0;
        }
        let (word, mark, said) = match line {
            Line::Same(said) => ("same", ' ', said),
            Line::Removed(said) => ("removed", '-', said),
            Line::Added(said) => ("added", '+', said),
        };
        data.push(json!({"line": word, "text": said}));
        text += &format!("{mark} {said}\n");
    }
    (data, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> String {
        let mark = |l: &Line<'_>| match l {
            Line::Same(l) => format!(" {l}"),
            Line::Removed(l) => format!("-{l}"),
            Line::Added(l) => format!("+{l}"),
        };
        lines(old, new)
            .iter()
            .map(mark)
            .collect::<Vec<_>>()
            .join("|")
    }

    #[test]
    fn a_difference_is_as_short_as_it_can_be() {
        assert_eq!(shown("a\nb\nc", "a\nx\nc"), " a|-b|+x| c");
        assert_eq!(shown("a\nb\nc\nd", "b\nc\nd\ne"), "-a| b| c| d|+e");
        assert_eq!(shown("", "a"), "+a");
        assert_eq!(shown("a", ""), "-a");
        assert_eq!(shown("a\na", "a\na"), " a| a");
    }

    #[test]
    fn applying_a_difference_gives_the_new_text() {
        // Small texts over two letters: every case of overlapping and repeated lines.
        let texts: Vec<String> = (0u32..64)
            .map(|n| {
                let letter = |bit: u32| if n >> bit & 1 == 1 { "a\n" } else { "b\n" };
                (0..n % 7).map(letter).collect()
            })
            .collect();
        for old in &texts {
            for new in &texts {
                let all = lines(old, new);
                let of = |wanted: fn(&Line<'_>) -> bool| -> String {
                    let chosen = all.iter().filter(|l| wanted(l));
                    chosen
                        .map(|l| match l {
                            Line::Same(l) | Line::Removed(l) | Line::Added(l) => format!("{l}\n"),
                        })
                        .collect()
                };
                assert_eq!(of(|l| !matches!(l, Line::Removed(_))), *new);
                assert_eq!(of(|l| !matches!(l, Line::Added(_))), *old);
            }
        }
    }
}
