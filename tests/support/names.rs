//! Ids that differ in every run, replaced by words that do not.

use fpp::ledger::delivery::Delivery;
use fpp::ledger::transfer::Transfer;
use std::path::Path;

/// Ids and their placeholders.
#[derive(Default)]
pub(crate) struct Names {
    pairs: Vec<(String, String)>,
}

impl Names {
    /// Transfers in order of arrival, deliveries in order of planning, and the site's folder.
    pub(crate) fn new(transfers: &[Transfer], deliveries: &[Delivery], site: &Path) -> Names {
        let mut pairs = vec![(site.display().to_string(), "<site>".to_owned())];
        for (i, transfer) in transfers.iter().enumerate() {
            pairs.push((transfer.id.0.clone(), format!("<transfer {}>", i + 1)));
        }
        for (i, delivery) in deliveries.iter().enumerate() {
            pairs.push((delivery.id.0.clone(), format!("<delivery {}>", i + 1)));
        }
        Names { pairs }
    }

    /// Digests of the transfers' bytes as well, which are worth seeing but cannot be written down before they exist.
    pub(crate) fn with_digests(mut self, transfers: &[Transfer]) -> Names {
        for (i, transfer) in transfers.iter().enumerate() {
            self.pairs.extend(transfer.facts.sha256.clone().map(|d| (d, format!("<sha256 {}>", i + 1))));
        }
        self
    }

    /// A text without ids.
    pub(crate) fn hide(&self, text: &str) -> String {
        self.pairs.iter().fold(text.to_owned(), |text, (id, name)| text.replace(id, name))
    }

    /// A text with the ids that its placeholders stand for.
    pub(crate) fn show(&self, text: &str) -> String {
        self.pairs.iter().fold(text.to_owned(), |text, (id, name)| text.replace(name, id))
    }
}
