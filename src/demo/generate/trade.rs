//! One made-up trade: a pure function of the batch and its number, so that nothing needs to be remembered.
//!
//! Its numbers agree as an exchange's do: amount = price x quantity in the instrument's unit, to the fen without rounding,
//! because prices are whole fen and quantities whole units; lots x units of a lot = quantity. A reversal (冲正) repeats an
//! earlier trade of the file under a number of its own, names it, and turns its money negative.

use super::customer::{CUSTOMERS, Customer};
use super::market::{Day, INSTRUMENTS, Instrument, Moment};
use super::random::Random;

/// Every so many trades one is a reversal, of the trade so far before it; likewise cancellations.
const REVERSAL: Pattern = Pattern { every: 97, at: 50, back: 7 };
const CANCELLATION: Pattern = Pattern { every: 211, at: 100, back: 3 };

struct Pattern {
    every: u64,
    at: u64,
    back: u64,
}

/// What all trades of a file share.
pub(super) struct Batch {
    pub(super) seed: u64,
    pub(super) day: Day,
    /// Front part of every trade number, which makes it the batch's own.
    pub(super) prefix: String,
    pub(super) trades: u64,
}

/// The fields of a detail record, before they are bytes.
pub(super) struct Trade {
    pub(super) sequence: u64,
    pub(super) number: String,
    pub(super) match_number: String,
    pub(super) order_number: String,
    pub(super) moment: Moment,
    pub(super) market: &'static str,
    pub(super) instrument: &'static str,
    pub(super) instrument_name: &'static str,
    /// `0` buy, `1` sell.
    pub(super) side: &'static str,
    /// `0` open, `1` close.
    pub(super) offset: &'static str,
    pub(super) lots: i64,
    pub(super) quantity: i64,
    pub(super) unit: &'static str,
    pub(super) price_fen: i64,
    pub(super) amount_fen: i64,
    pub(super) fee_fen: i64,
    pub(super) pnl_fen: i64,
    pub(super) customer: Customer,
    pub(super) channel: &'static str,
    pub(super) counterparty: String,
    /// `00` done, `01` cancelled, `02` reversed.
    pub(super) status: &'static str,
    pub(super) original: String,
    pub(super) value_date: String,
    pub(super) flags: &'static str,
}

impl Pattern {
    fn names(&self, n: u64) -> Option<u64> {
        (n % self.every == self.at).then(|| n.checked_sub(self.back)).flatten().filter(|original| *original > 0)
    }
}

impl Batch {
    /// Trade `n`, from 1.
    pub(super) fn trade(&self, n: u64) -> Trade {
        let reversed = REVERSAL.names(n);
        // A trade is undone once: what a reversal names or makes is not cancelled too.
        let cancelled = CANCELLATION.names(n).filter(|original| {
            reversed.is_none()
                && REVERSAL.names(*original).is_none()
                && REVERSAL.names(original + REVERSAL.back).is_none()
        });
        let Some(original) = reversed.or(cancelled) else { return self.plain(n) };
        let mut trade = self.plain(original);
        trade.original = std::mem::replace(&mut trade.number, self.number(n));
        trade.sequence = n;
        trade.moment = self.moment(n);
        trade.status = if reversed.is_some() { "02" } else { "01" };
        if reversed.is_some() {
            trade.amount_fen = -trade.amount_fen;
            trade.fee_fen = -trade.fee_fen;
            trade.pnl_fen = -trade.pnl_fen;
        }
        trade
    }

    /// The trade number (交易流水) of a trade.
    pub(super) fn number(&self, n: u64) -> String {
        format!("{}{n:09}", self.prefix)
    }

    fn moment(&self, n: u64) -> Moment {
        self.day.moment(n.saturating_sub(1), self.trades)
    }

    fn plain(&self, n: u64) -> Trade {
        let mut random = Random::of(&[self.seed, n]);
        let random = &mut random;
        let instrument = instrument(random.below(100));
        let price_fen = instrument.price_fen + instrument.tick_fen * random.between(-300, 300);
        let lots = 1 + random.between(0, 60).min(random.between(0, 400));
        let quantity = lots * instrument.lot_units;
        let amount_fen = price_fen * quantity;
        let moment = self.moment(n);
        let closes = instrument.market == "10" && random.below(2) == 1;
        let settles = if instrument.market == "10" { self.day.next() } else { self.day.date() };
        Trade {
            sequence: n,
            number: self.number(n),
            match_number: format!("{:014}", 50_000_000_000 + n),
            order_number: format!("{:08}{:08}", random.below(100_000_000), n),
            flags: if moment.night { "8001" } else { "0001" },
            moment,
            market: instrument.market,
            instrument: instrument.code,
            instrument_name: instrument.name,
            side: if random.below(2) == 0 { "0" } else { "1" },
            offset: if closes { "1" } else { "0" },
            lots,
            quantity,
            unit: instrument.unit,
            price_fen,
            amount_fen,
            // 0.035 percent, the half fen up.
            fee_fen: (amount_fen * 35 + 50_000) / 100_000,
            pnl_fen: if closes { quantity * instrument.tick_fen * random.between(-150, 150) } else { 0 },
            customer: Customer::of(self.seed, random.below(CUSTOMERS)),
            channel: random.one_of(&["MBK", "NBK", "CTR", "API"]).copied().unwrap_or("MBK"),
            counterparty: format!("{:04}", 1000 + random.below(250)),
            status: "00",
            original: String::new(),
            value_date: settles,
        }
    }
}

fn instrument(percent: u64) -> &'static Instrument {
    let mut passed = 0;
    let found = INSTRUMENTS.iter().find(|instrument| {
        passed += instrument.share;
        percent < passed
    });
    found.unwrap_or(&INSTRUMENTS[0])
}
