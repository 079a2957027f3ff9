//! Notices: raised, counted up, told once and over once, closed.

use super::writing::Writing;
use fpp::ledger::change::{Change, NewNotice, Notice, RECOVERED};

impl Writing<'_> {
    /// A change that is about a notice, or about what was told.
    pub(super) fn notice(&mut self, change: &Change) {
        match change {
            Change::Raise(new) => self.raise(new),
            Change::Tell { key, notice } if !self.books.told.contains_key(key) => {
                self.books.told.insert(key.clone(), (self.now_ms, true));
                self.said(notice.as_ref());
            }
            Change::Over { key, notice } => {
                if let Some((_, open)) = self.books.told.get_mut(key).filter(|(_, open)| *open) {
                    *open = false;
                    self.said(notice.as_ref());
                }
            }
            Change::CloseNotice { topic, subject, by } => {
                let same = |n: &Notice| (&n.notice.topic, &n.notice.subject) == (topic, subject);
                for notice in self.books.notices.iter_mut().filter(|n| n.acknowledged.is_none() && same(n)) {
                    notice.acknowledged = Some((by.clone(), self.now_ms));
                }
            }
            Change::EndNotice { id, count, by, notice } => {
                let ends = |n: &&mut Notice| n.id == *id && n.count == *count && n.acknowledged.is_none();
                if let Some(ended) = self.books.notices.iter_mut().find(ends) {
                    ended.acknowledged = Some((by.clone(), self.now_ms));
                    self.said(notice.as_ref());
                }
            }
            _ => {}
        }
    }

    fn said(&mut self, notice: Option<&NewNotice>) {
        self.applied.told += 1;
        if let Some(notice) = notice {
            self.raise(notice);
        }
    }

    fn raise(&mut self, new: &NewNotice) {
        let now_ms = self.now_ms;
        let same = |n: &Notice, topic: &str| (n.notice.topic.as_str(), &n.notice.subject) == (topic, &new.subject);
        let known = self.books.notices.iter().any(|n| n.acknowledged.is_none() && same(n, &new.topic));
        if new.topic == RECOVERED || !known {
            for over in self.books.notices.iter_mut().filter(|n| n.acknowledged.is_none() && same(n, RECOVERED)) {
                over.acknowledged = Some(("fpp".into(), now_ms));
            }
        }
        let open = |n: &&mut Notice| {
            n.acknowledged.is_none() && (&n.notice.topic, &n.notice.subject) == (&new.topic, &new.subject)
        };
        match self.books.notices.iter_mut().find(open) {
            Some(notice) => {
                (notice.last_ms, notice.count, notice.notice) = (now_ms, notice.count + 1, new.clone());
            }
            None => {
                let id = self.books.notices.len() as i64 + 1;
                let notice = new.clone();
                self.books.notices.push(Notice {
                    id,
                    raised_ms: now_ms,
                    last_ms: now_ms,
                    count: 1,
                    notice,
                    acknowledged: None,
                });
            }
        }
    }
}
