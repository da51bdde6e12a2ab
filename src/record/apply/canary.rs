//! What the canary means for the state: one row a request, the last run, and whether answers come.

use super::{Done, Step, Table};
use crate::record::canary::canary_key;
use crate::record::{Canary, CanaryRow, CanaryStage, CanaryStep};

impl Step<'_> {
    pub(super) fn canary(&mut self, canary: &Canary) -> Done {
        match canary {
            Canary::Begun { request, run, .. } => {
                let before = self.state().canary(*request)?;
                let (failing, arrived) = before.map_or((None, None), |b| (b.failing, b.arrived));
                let row = CanaryRow {
                    run: *run,
                    begun: self.at,
                    stage: CanaryStage::Begun,
                    over: false,
                    content: None,
                    answer: None,
                    failing,
                    arrived,
                };
                self.put(Table::Meta, &canary_key(*request), &row);
            }
            Canary::Moved { request, run, step } => {
                let row = self.state().canary(*request)?;
                // What is told of a run that was given up changes nothing.
                if let Some(mut row) = row.filter(|row| row.run == *run) {
                    self.moved(&mut row, step);
                    self.put(Table::Meta, &canary_key(*request), &row);
                }
            }
        }
        Ok(())
    }

    fn moved(&self, row: &mut CanaryRow, step: &CanaryStep) {
        match step {
            // It may be read before the server's word is written down.
            CanaryStep::Sent => row.stage = row.stage.max(CanaryStage::Sent),
            CanaryStep::Answered {
                content,
                answer,
                frozen,
                ..
            } => {
                row.stage = CanaryStage::Answered;
                row.content = Some(*content);
                row.answer = Some((*answer, frozen.key, self.position));
            }
            CanaryStep::Leaving => row.stage = CanaryStage::Leaving,
            CanaryStep::Left => row.stage = row.stage.max(CanaryStage::Left),
            CanaryStep::Arrived { folder } => {
                (row.stage, row.over, row.failing) = (CanaryStage::Arrived, true, None);
                let took = self.at.millis_since(row.begun);
                row.arrived = Some((self.at, took, folder.clone()));
            }
            CanaryStep::Failed { why } => {
                row.over = true;
                let since = row.failing.as_ref().map_or(self.at, |(since, _)| *since);
                row.failing = Some((since, why.clone()));
            }
        }
    }
}
