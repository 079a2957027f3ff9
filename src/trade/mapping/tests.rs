use super::*;
use crate::trade::event::Event;
use crate::trade::plan::Plan;
use crate::trade::plan::rules::Policy;
use crate::trade::sample::{self, Trade, silver, trade, with};
use sha2::{Digest, Sha256};

fn lineage() -> Lineage<'static> {
    Lineage {
        file: "CORE_PMTS_PMTRD_20250620_0003_01.TXT",
        digest: "ab",
        batch: Some(3),
        run: Some(1),
        record: 2,
        seq: 1,
        byte_offset: 480,
        layout_version: "0001",
        table: "1388",
    }
}

fn row(plan: &Plan, trade: &Trade) -> Row {
    let mut row = Row::default();
    let bytes = sample::encode(&plan.format, Role::Detail, trade);
    plan.format.record(Role::Detail).unwrap().decode(&bytes, &mut row);
    assert_eq!(row.faults, [], "{row:?}");
    row
}

fn event(plan: &Plan, trade: &Trade) -> Result<Event, TradeFault> {
    let mut out = Event::default();
    plan.mapping.event(&row(plan, trade), &lineage(), &plan.instruments, &mut out).map(|()| out)
}

/// A field and its new value.
type Change = (&'static str, &'static str);

const GOLD: &str = concat!(
    r#"{"specversion":"1.0","id":"2025-06-20:T2025062000000001:DONE","source":"urn:fpp:test:pmtrd","#,
    r#""type":"pm.trade.executed.v1","subject":"T2025062000000001","time":"2025-06-19T21:30:15.123456+08:00","#,
    r#""dataschema":"urn:fpp:schema:pm.trade.v1","datacontenttype":"application/json","fppsensitive":"customerId,customerName,account","datahash":"#,
    r#"HASH,"data":{"tradeId":"T2025062000000001","matchId":"M1","orderId":"O1","tradeDate":"2025-06-20","#,
    r#""accountingDate":"2025-06-20","settlDate":"2025-06-20","transactTime":"2025-06-19T21:30:15.123456+08:00","#,
    r#""market":{"code":"00","mic":"SGEX"},"instrument":"Au99.99","instrumentName":"黄金9999","side":"BUY","#,
    r#""positionEffect":"OPEN","lots":"10","quantity":{"value":"100.0000","unit":"GRM"},"#,
    r#""price":{"value":"780.5000","unit":"GRM"},"grossAmount":"78050.00","fee":"7.80","realizedPnl":"0.00","#,
    r#""currency":"CNY","customerId":"C0000000012345","customerName":"张三丰","account":"6222020200112233","#,
    r#""branch":"010001","channel":"MBK","counterparty":"1001","status":"DONE","origTradeId":null,"#,
    r#""lineage":{"file":"CORE_PMTS_PMTRD_20250620_0003_01.TXT","digest":"ab","batch":3,"run":1,"seq":1,"record":2,"#,
    r#""byteOffset":480,"layoutVersion":"0001","table":"1388"}}}"#,
);

#[test]
fn a_gold_trade_gives_this_event_from_both_twins() {
    for gbk in [false, true] {
        let plan = sample::plan(gbk, Policy::Strict);
        let event = event(&plan, &trade(1)).unwrap();
        let text = String::from_utf8(event.json).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(text, GOLD.replace("HASH", &json["datahash"].to_string()));
        let mut data = json["data"].clone();
        data.as_object_mut().unwrap().shift_remove("lineage");
        let hash: [u8; 32] = Sha256::digest(serde_json::to_vec(&data).unwrap()).into();
        assert_eq!(event.datahash, hash, "the hash covers the business data alone");
    }
}

#[test]
fn a_silver_trade_is_per_kilogram_whatever_unit_it_was_written_in() {
    let plan = sample::plan(false, Policy::Strict);
    for (quantity, unit, published) in [("15.0000", "KG", "15.0000"), ("15000.0000", "G", "15.0000000")] {
        let trade = with(silver(1), &[("QTY", quantity), ("UNIT", unit)]);
        let json: serde_json::Value = serde_json::from_slice(&event(&plan, &trade).unwrap().json).unwrap();
        let data = &json["data"];
        assert_eq!(data["quantity"], serde_json::json!({ "value": published, "unit": "KGM" }));
        assert_eq!(data["price"], serde_json::json!({ "value": "8700.0000", "unit": "KGM" }));
        assert_eq!(data["realizedPnl"], "-250.50");
        assert_eq!((&data["side"], &data["positionEffect"]), (&"SELL".into(), &"CLOSE".into()));
        plan.mapping.judge(&row(&plan, &trade), &plan.instruments, &mut Event::default()).unwrap();
    }
}

#[test]
fn every_business_fault_names_its_field_and_code() {
    let cases: &[(&[Change], &str, u16)] = &[
        (&[("TRDNO", "")], "TRDNO", 2009),
        (&[("TRDDAT", "20250230")], "TRDDAT", 2008),
        (&[("TRDDAT", "0")], "TRDDAT", 2009),
        (&[("MKTID", "77")], "MKTID", 2013),
        (&[("INSTID", "Au99.9")], "INSTID", 3001),
        (&[("INSTID", "")], "INSTID", 2009),
        (&[("BSFLG", "2")], "BSFLG", 2013),
        (&[("UNIT", "OZ")], "UNIT", 2013),
        (&[("UNIT", "")], "UNIT", 2009),
        (&[("UNIT", "KG")], "LOTS", 3006),
        (&[("CCY", "USD")], "CCY", 2013),
        (&[("STAT", "02")], "ORGNO", 3005),
        (&[("STAT", "09")], "STAT", 2013),
        (&[("AMT", "78050.02")], "AMT", 3002),
        (&[("LOTS", "11")], "LOTS", 3006),
        (&[("CCY", "USD"), ("BSFLG", "2"), ("AMT", "1.00")], "BSFLG", 2013),
    ];
    let plan = sample::plan(false, Policy::Strict);
    let record = plan.format.record(Role::Detail).unwrap();
    for (changes, field, code) in cases {
        let row = row(&plan, &with(trade(1), changes));
        let fault = plan.mapping.judge(&row, &plan.instruments, &mut Event::default()).unwrap_err();
        let layout = &record.layout.fields[fault.field];
        assert_eq!((layout.name.as_str(), fault.code.0, fault.at), (*field, *code, layout.offset), "{changes:?}");
    }
}

#[test]
fn good_variants_pass() {
    let plan = sample::plan(true, Policy::Strict);
    let variants: &[&[(&str, &str)]] = &[
        &[("AMT", "78050.01")],
        &[("AMT", "-78050.00"), ("QTY", "-100.0000"), ("LOTS", "-10"), ("STAT", "02"), ("ORGNO", "T1")],
        &[("STAT", "01")],
        &[("OFFFLG", ""), ("VALDAT", "0001-01-01"), ("ACTDAT", "0"), ("CUSTNM", "")],
        &[("MKTID", "99"), ("LOTS", "0")],
    ];
    for changes in variants {
        let row = row(&plan, &with(trade(1), changes));
        plan.mapping.judge(&row, &plan.instruments, &mut Event::default()).unwrap();
    }
}

#[test]
fn a_masked_event_shows_no_sensitive_value_and_no_hash_of_one() {
    let plan = sample::plan(false, Policy::Strict);
    let row = row(&plan, &trade(1));
    let (mut clear, mut masked) = (Event::default(), Event::default());
    plan.mapping.event(&row, &lineage(), &plan.instruments, &mut clear).unwrap();
    plan.mapping.event_masked(&row, &lineage(), &plan.instruments, &mut masked).unwrap();
    let text = String::from_utf8(masked.json).unwrap();
    assert!(
        text.contains(r#""customerId":"**********2345","customerName":"张**","account":"************2233""#),
        "{text}"
    );
    assert_eq!(clear.id, masked.id);
    assert_ne!(clear.datahash, masked.datahash);
}

#[test]
fn faults_of_a_mapping_come_all_at_once() {
    let plan = sample::plan(false, Policy::Strict);
    let text = r#"
        name = "x"
        dataschema = "s"
        id = "{nobody}"
        subject = "{account}"
        time = "{optional}"
        [type]
        field = "NOPE"
        map = { "0" = "t" }
        [[data]]
        name = "account"
        from = "ACCTNO"
        mandatory = true
        [[data]]
        name = "optional"
        from = "TRDTS"
        time = "timestamp"
        [[data]]
        name = "price"
        from = "PRICE"
        unit = "price"
        [[data]]
        name = "account"
        const = "twice"
    "#;
    let faults = Mapping::parse("x.toml", text, &plan.format, &plan.instruments).unwrap_err();
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    for part in ["`nobody`", "account is sensitive", "optional must be mandatory", "`NOPE`", "no [instrument]", "twice"]
    {
        assert!(told.iter().any(|t| t.contains(part)), "{part} in {told:#?}");
    }
}

#[test]
fn a_sensitive_value_does_not_leave_through_an_expression() {
    let plan = sample::plan(false, Policy::Strict);
    let text = |extra: &str| {
        format!(
            "name = \"x\"\ndataschema = \"s\"\nid = \"{{tradeId}}\"\nsubject = \"{{tradeId}}\"\ntime = \"{{time}}\"\n\
             [type]\nconst = \"t\"\n[[data]]\nname = \"tradeId\"\nfrom = \"TRDNO\"\nmandatory = true\n\
             [[data]]\nname = \"time\"\nfrom = \"TRDTS\"\ntime = \"timestamp\"\nmandatory = true\n\
             [[data]]\nname = \"branch\"\nfrom = \"BRNO\"\nsensitive = \"last4\"\n\
             [[data]]\nname = \"both\"\ncel = \"CHNL + BRNO\"\n{extra}"
        )
    };
    let parse = |text: &str| Mapping::parse("x.toml", text, &plan.format, &plan.instruments);
    let faults = parse(&text("")).unwrap_err();
    assert!(faults.iter().any(|f| f.message.contains("`both` computes with a sensitive field")), "{faults:?}");
    let mapping = parse(&text("sensitive = \"last4\"\n")).unwrap();
    let mut event = Event::default();
    mapping.event_masked(&row(&plan, &trade(1)), &lineage(), &plan.instruments, &mut event).unwrap();
    let text = String::from_utf8(event.json).unwrap();
    assert!(text.contains(r#""both":"*****0001""#), "{text}");
    let faults = parse(&text_with_condition()).unwrap_err();
    assert!(faults.iter().any(|f| f.message.contains("gives no value")), "{faults:?}");
}

fn text_with_condition() -> String {
    "name = \"x\"\n[[data]]\nname = \"a\"\ncel = \"LOTS > 1\"\n".to_owned()
}

#[test]
fn a_comment_gives_no_other_edition_and_another_word_does() {
    let text = "name = \"pmtrd\"\n[data]\nqty = { field = \"QTY\" }\n";
    let commented = format!("# What it is for.\n{}", text.replace("[data]", "\n[data]   # the rest"));
    assert_eq!(super::edition(text), super::edition(&commented));
    assert_ne!(super::edition(text), super::edition(&text.replace("QTY", "AMT")));
}
