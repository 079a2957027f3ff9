//! What partners do with what they are sent: commands that are run there, and receipts that they drop.

use crate::delivery::allowed::{Commands, Shell};
use crate::delivery::receipts::{Receipts, Rule};
use crate::error::Result;
use crate::ledger::delivery::Purpose;
use crate::node::rooms::Partners;
use crate::settings::{self, Settings, SpoolKind};
use fpp_spool::NameTemplate;
use std::sync::Arc;

/// What may be run at the partners that this node reaches, and which deliveries it follows.
pub(super) fn commands(settings: &Settings, partners: &Partners) -> Commands {
    let mut commands = Commands::default();
    for spool in &settings.spools {
        if let (SpoolKind::Sftp(sftp), Some(pool)) = (&spool.kind, partners.get(&spool.name)) {
            let shell: Arc<dyn Shell> = Arc::new(pool.clone());
            commands.partners.insert(spool.name.clone(), (shell, sftp.commands.clone()));
        }
    }
    for route in &settings.routes {
        let mut follow = |purpose, spool: &String, command: &Option<String>| {
            let command = command.iter().map(|command| (route.name.clone(), purpose, spool.clone(), command.clone()));
            commands.follows.extend(command);
        };
        if let Some(answer) = &route.answer {
            follow(Purpose::Answer, &answer.spool, &answer.run_after);
        }
        for outlet in &route.outlets {
            if let settings::Outlet::File { spool, run_after, .. } = outlet {
                follow(Purpose::Events, spool, run_after);
            }
        }
    }
    commands
}

/// What partners drop beside files that they have.
pub(super) fn receipts(settings: &Settings) -> Result<Receipts> {
    let mut rules = Vec::new();
    for route in &settings.routes {
        let answer = route.answer.iter().map(|answer| (Purpose::Answer, &answer.spool, &answer.receipt));
        let files = route.outlets.iter().filter_map(|outlet| match outlet {
            settings::Outlet::File { spool, receipt, .. } => Some((Purpose::Events, spool, receipt)),
            _ => None,
        });
        for (purpose, spool, receipt) in answer.chain(files) {
            let Some(receipt) = receipt else { continue };
            let (route, spool, name) = (route.name.clone(), spool.clone(), NameTemplate::parse(receipt)?);
            rules.push(Rule { route, purpose, spool, name });
        }
    }
    Ok(Receipts::of(rules))
}
