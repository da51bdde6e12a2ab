//! What is ill outside the state stands on the list of what waits.

use super::*;
use crate::record::MemoryTables;

#[test]
fn a_listener_that_is_down_is_a_need_of_its_own_and_ill() {
    let tables = MemoryTables::default();
    let status = Status::of_state(&State(&tables), Timestamp::from_millis(0), 7).unwrap();
    let door = |name, up| GuardReport {
        name,
        listen: "127.0.0.1:1".into(),
        up,
        asked: 0,
        refused: 0,
        failed: 0,
    };
    let well = status.with_guard(vec![door("policy", true)]);
    assert!(well.needs.is_empty() && !well.is_ill());
    let ill = well.with_guard(vec![door("policy", true), door("milter", false)]);
    let lines: Vec<String> = ill.needs.iter().map(Need::line).collect();
    let down = "milter on 127.0.0.1:1: a listener of the guard is down: nobody is told who must not be written to";
    assert_eq!(lines, [down]);
    assert!(ill.is_ill() && ill.to_string().contains("guard      milter DOWN"));
}
