//! Opens engines and introduces the rooms to each other: the only place that reads settings for a room. `books.rs`
//! and `vaults.rs` beside it open ledger and vault, for commands as well.

use super::claimer::Claimer;
use super::outage::Outage;
use super::rooms::{Options, Partners, Rooms, WrapFolder};
use super::status::Status;
use crate::bell::Bell;
use crate::delivery::Deliveries;
use crate::delivery::allowed::{Commands, Shell};
use crate::delivery::outlet::Postings;
use crate::delivery::receipts::{self, Receipts};
use crate::error::{Error, Result};
use crate::inbound::examine::threads;
use crate::inbound::flag::DayFlag;
use crate::inbound::route::{AnswerTarget, FileOutlet, Publish, Route};
use crate::inbound::work::Inbound;
use crate::ledger::delivery::Purpose;
use crate::settings::{self, Settings, SftpAuth, Spool, SpoolKind};
use crate::vault::plans::Plans;
use fpp_codecs::Code;
use fpp_codecs::text::Page;
use fpp_spool::{
    Address, Algorithm, Auth, Control, Folder, LocalFolder, MarkerRule, NamePattern, NameTemplate, Readiness,
    ScanRules, SftpPool, SftpSettings,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Everything opened and introduced.
pub(super) async fn open(settings: Settings, options: Options) -> Result<Rooms> {
    let Options { clock, wrap_ledger, wrap_vault, wrap_folder, wrap_outlet } = options;
    let opened = super::books::open(&settings).await?;
    let ledger = match wrap_ledger {
        Some(wrap) => wrap(opened),
        None => opened,
    };
    let outage = Arc::new(Outage::default());
    let claimer = Claimer::new(ledger.clone(), &settings, outage.clone());
    let scratch = settings.data_dir.join("scratch");
    empty_folder(&scratch)?;
    let vault = super::vaults::open(&settings, claimer.holder(), &clock)?;
    let vault = match wrap_vault {
        Some(wrap) => wrap(vault),
        None => vault,
    };
    let (folders, partners) = folders(&settings, wrap_folder)?;
    let commands = commands(&settings, &partners);
    let receipts = receipts(&settings)?;
    let bell = Bell::default();
    let inbound = Arc::new(Inbound {
        ledger: ledger.clone(),
        vault: vault.clone(),
        routes: routes(&settings, &folders)?,
        plans: Arc::new(Plans::default()),
        frozen: Arc::default(),
        clock: clock.clone(),
        bell: bell.clone(),
        scratch,
        keep_free_bytes: settings.keeping.pause_below_free_bytes,
        intake: Default::default(),
        prove_threads: settings.work.prove_threads.unwrap_or_else(threads),
    });
    let deliveries = Arc::new(Deliveries {
        ledger: ledger.clone(),
        vault,
        folders,
        commands,
        receipts,
        clock: clock.clone(),
        replaceable: settings.may_be_replaced(),
        node: settings.node.clone(),
        reached: Default::default(),
    });
    let postings = Arc::new(Postings {
        books: inbound.books(),
        installation: settings.installation.clone(),
        clock: clock.clone(),
        outlets: super::outlets::outlets(&settings, &clock, wrap_outlet),
    });
    let status = Status::new(&settings, claimer.holder(), clock.clone());
    Ok(Rooms {
        settings,
        ledger,
        inbound,
        deliveries,
        postings,
        partners,
        claimer,
        status,
        clock,
        bell,
        outage,
        no_space: AtomicBool::new(false),
    })
}

/// What scratch files a killed node left is of no use to anybody.
fn empty_folder(path: &Path) -> Result<()> {
    let cannot =
        |e: std::io::Error| Error::halt(Code::LEDGER, format!("{} cannot be used", path.display())).caused_by(e);
    match std::fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(cannot(e)),
        _ => {}
    }
    std::fs::create_dir_all(path).map_err(cannot)
}

/// Folders by spool name.
type Folders = BTreeMap<String, Arc<dyn Folder>>;

/// The folders, and the sessions of those over SFTP. Spools that are reached in the same way in every respect, host keys
/// included, share a pool of sessions, whatever the number of a partner's folders.
fn folders(settings: &Settings, wrap: Option<WrapFolder>) -> Result<(Folders, Partners)> {
    let mut folders = Folders::new();
    let mut partners = Partners::new();
    let mut pools: Vec<Arc<SftpPool>> = Vec::new();
    for spool in settings.spools.iter().filter(|spool| settings.reaches(&spool.name)) {
        let folder: Arc<dyn Folder> = match &spool.kind {
            SpoolKind::Local { path } => {
                std::fs::create_dir_all(path).map_err(|e| {
                    Error::halt(Code::FOLDER, format!("spool `{}`: no folder {}", spool.name, path.display()))
                        .caused_by(e)
                })?;
                Arc::new(LocalFolder::open(path).map_err(|e| Error::from(e).at(format!("spool `{}`", spool.name)))?)
            }
            SpoolKind::Sftp(sftp) => {
                let wanted = sftp_settings(sftp);
                let known = pools.iter().find(|pool| *pool.settings() == wanted).cloned();
                let pool = known.unwrap_or_else(|| SftpPool::new(wanted));
                pools.push(pool.clone());
                partners.insert(spool.name.clone(), pool.clone());
                Arc::new(pool.folder(&sftp.path))
            }
        };
        let wrapped = match &wrap {
            Some(wrap) => wrap(&spool.name, folder),
            None => folder,
        };
        folders.insert(spool.name.clone(), wrapped);
    }
    Ok((folders, partners))
}

/// What may be run at the partners that this node reaches, and which deliveries it follows.
fn commands(settings: &Settings, partners: &Partners) -> Commands {
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
fn receipts(settings: &Settings) -> Result<Receipts> {
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
            rules.push(receipts::Rule { route, purpose, spool, name });
        }
    }
    Ok(Receipts::of(rules))
}

fn address(standby: &settings::Standby) -> Address {
    Address { host: standby.host.clone(), port: standby.port, host_keys: standby.host_keys.clone() }
}

pub(super) fn sftp_settings(sftp: &settings::Sftp) -> SftpSettings {
    SftpSettings {
        host: sftp.host.clone(),
        port: sftp.port,
        user: sftp.user.clone(),
        auth: match &sftp.auth {
            SftpAuth::KeyFile { path, passphrase_file } => {
                Auth::KeyFile { path: path.clone(), passphrase_file: passphrase_file.clone() }
            }
            SftpAuth::Agent => Auth::Agent,
            SftpAuth::PasswordFile(path) => Auth::PasswordFile(path.clone()),
        },
        host_keys: sftp.host_keys.clone(),
        connect_timeout_ms: sftp.connect_timeout_ms,
        call_timeout_ms: sftp.call_timeout_ms,
        sessions_max: sftp.sessions_max,
        ciphers: sftp.ciphers.clone(),
        standbys: sftp.standbys.iter().map(address).collect(),
    }
}

/// The routes, ready for work, for the node and for whoever walks files without one.
pub fn routes(
    settings: &Settings,
    folders: &BTreeMap<String, Arc<dyn Folder>>,
) -> Result<BTreeMap<String, Arc<Route>>> {
    let timezone = jiff::tz::TimeZone::get(&settings.timezone)
        .map_err(|e| Error::internal(format!("no time zone `{}`", settings.timezone)).caused_by(e))?;
    let mut routes = BTreeMap::new();
    for route in &settings.routes {
        let Some(spool) = settings.spool(&route.spool) else {
            return Err(Error::internal(format!("route `{}` names no known spool", route.name)));
        };
        let bundle = route.bundle(settings)?;
        let page = bundle.compile()?.format.page;
        let ready = Route {
            page,
            name: route.name.clone(),
            spool: route.spool.clone(),
            pattern: pattern(&route.files, spool.fold)?,
            fold: spool.fold,
            index: index(&route.ready, page)?,
            folder: folders.get(&route.spool).cloned(),
            source: source_action(&route.source),
            file_max_bytes: spool.file_max_bytes,
            algorithm: route.digest,
            day: route.day,
            series: route.series.clone(),
            timezone: timezone.clone(),
            bundle: Arc::new(bundle),
            second_person: route.second_person.clone(),
            files: file_outlets(route, settings)?,
            pushed: pushed(route),
            answer: route.answer.as_ref().map(|answer| answer_target(answer, settings)).transpose()?,
        };
        routes.insert(route.name.clone(), Arc::new(ready));
    }
    Ok(routes)
}

fn file_outlets(route: &settings::Route, settings: &Settings) -> Result<Vec<FileOutlet>> {
    let mut files = Vec::new();
    for outlet in &route.outlets {
        if let settings::Outlet::File { spool, form, name, required, masked, checksums, marker, .. } = outlet {
            files.push(FileOutlet {
                spool: spool.clone(),
                form: *form,
                template: NameTemplate::parse(name)?,
                required: *required,
                masked: *masked,
                publish: publish(settings, spool, checksums, marker.as_ref())?,
            });
        }
    }
    Ok(files)
}

fn pushed(route: &settings::Route) -> Vec<(String, bool)> {
    let named = route.outlets.iter().filter_map(|outlet| match outlet {
        settings::Outlet::Pushed { outlet, required, .. } => Some((outlet.clone(), *required)),
        _ => None,
    });
    named.collect()
}

fn answer_target(answer: &settings::Answer, settings: &Settings) -> Result<AnswerTarget> {
    Ok(AnswerTarget {
        spool: answer.spool.clone(),
        template: NameTemplate::parse(&answer.name)?,
        held_after_ms: answer.held_after_ms,
        publish: publish(settings, &answer.spool, &answer.checksums, answer.marker.as_ref())?,
    })
}

fn publish(
    settings: &Settings,
    spool: &str,
    checksums: &[settings::DigestKind],
    marker: Option<&settings::MarkerOut>,
) -> Result<Publish> {
    Ok(Publish {
        checksums: checksums.iter().map(|kind| algorithm(*kind)).collect(),
        marker: marker.map(|m| Ok::<_, Error>((NameTemplate::parse(&m.pattern)?, content(m.content)))).transpose()?,
        name_max: settings.spool(spool).and_then(|spool| spool.name_max),
    })
}

fn content(content: settings::MarkerContent) -> fpp_spool::MarkerContent {
    match content {
        settings::MarkerContent::Empty => fpp_spool::MarkerContent::Empty,
        settings::MarkerContent::Size => fpp_spool::MarkerContent::Size,
        settings::MarkerContent::SizeAndDigest => fpp_spool::MarkerContent::SizeAndDigest,
    }
}

fn algorithm(kind: settings::DigestKind) -> Algorithm {
    match kind {
        settings::DigestKind::Sha256 => Algorithm::Sha256,
        settings::DigestKind::Sm3 => Algorithm::Sm3,
    }
}

fn source_action(action: &settings::SourceAction) -> fpp_spool::SourceAction {
    match action {
        settings::SourceAction::Leave => fpp_spool::SourceAction::Leave,
        settings::SourceAction::Delete => fpp_spool::SourceAction::Delete,
        settings::SourceAction::Move { subfolder } => fpp_spool::SourceAction::Move(subfolder.clone()),
    }
}

/// A flag counts when it has stood unchanged for so long.
const FLAG_QUIET_MS: u64 = 500;

/// What the scanner calls the files of a spool's flag, in the place of a route; no route can be called so.
fn flag_name(n: usize) -> String {
    format!("day_flag {n}")
}

/// The flags of a spool, by what the scanner calls them.
pub(super) fn day_flags(spool: &Spool) -> Result<BTreeMap<String, DayFlag>> {
    let flags = spool.day_flags.iter().enumerate().map(|(n, flag)| {
        let (pattern, source) = (pattern(&flag.files, spool.fold)?, source_action(&flag.source));
        Ok((flag_name(n), DayFlag { pattern, open: flag.open, routes: flag.routes.clone(), source }))
    });
    flags.collect()
}

/// What the scanner of a spool goes by; nothing when no route reads the spool.
pub(super) fn scan_rules(rooms: &Rooms, spool: &Spool) -> Result<Option<ScanRules>> {
    let (settings, routes) = (&rooms.settings, &rooms.inbound.routes);
    let mut patterns = Vec::new();
    // A flag is a flag, even if a route's pattern takes its name as well.
    for (n, flag) in spool.day_flags.iter().enumerate() {
        let readiness = Readiness::Quiet { quiet_ms: FLAG_QUIET_MS };
        patterns.push((flag_name(n), pattern(&flag.files, spool.fold)?, readiness));
    }
    for route in settings.routes.iter().filter(|r| r.spool == spool.name) {
        let readiness = match &route.ready {
            settings::Ready::Quiet { quiet_ms } => Readiness::Quiet { quiet_ms: *quiet_ms },
            settings::Ready::Marker { pattern, content: holds, control } => {
                let page = routes.get(&route.name).map(|r| r.page).unwrap_or(Page::Utf8);
                let rule = marker_rule(pattern, *holds, control.as_ref(), page)?.stating(route.digest);
                Readiness::Marker(if spool.fold { rule.folded() } else { rule })
            }
        };
        patterns.push((route.name.clone(), pattern(&route.files, spool.fold)?, readiness));
    }
    if patterns.is_empty() {
        return Ok(None);
    }
    let (max_bytes, listing_limit) = (spool.file_max_bytes, spool.list_max);
    Ok(Some(ScanRules { patterns, max_bytes, listing_limit, fold: spool.fold }))
}

fn pattern(text: &str, fold: bool) -> Result<NamePattern> {
    let pattern = NamePattern::parse(text)?;
    Ok(if fold { pattern.folded() } else { pattern })
}

fn marker_rule(
    name: &str,
    holds: settings::MarkerContent,
    control: Option<&Control>,
    page: Page,
) -> Result<MarkerRule> {
    let rule = match control {
        Some(control) => MarkerRule::controlled(name, control.clone())?,
        None => MarkerRule::new(name, content(holds))?,
    };
    Ok(rule.decoded_by(Arc::new(move |bytes| marker_text(page, bytes))))
}

/// The rule of the index that speaks of a route's files, where there is one.
fn index(ready: &settings::Ready, page: Page) -> Result<Option<MarkerRule>> {
    match ready {
        settings::Ready::Marker { pattern, content, control: Some(control) } if control.index => {
            marker_rule(pattern, *content, Some(control), page).map(Some)
        }
        _ => Ok(None),
    }
}

/// A marker's content is ASCII or the route's code page (D16). ASCII digits are no text in EBCDIC, so trying ASCII first
/// mistakes nothing.
fn marker_text(page: Page, bytes: &[u8]) -> Option<String> {
    if bytes.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) {
        return String::from_utf8(bytes.to_vec()).ok();
    }
    let mut text = String::new();
    fpp_codecs::text::decode(page, bytes, &mut text).ok().map(|()| text)
}
