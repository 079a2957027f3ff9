use super::*;
use crate::trade::plan::rules::Policy;
use crate::trade::sample::{self, trade, with};
use fpp_codecs::Code;
use fpp_codecs::format::Role;
use fpp_codecs::record::Decimal;
use proptest::prelude::*;

type Told = Result<String, (String, u16)>;

/// What an expression gives for a sample trade with some other values: the value as text, or the fault's field and code.
fn told(text: &str, changes: &[(&'static str, &'static str)]) -> Told {
    let plan = sample::plan(false, Policy::Strict);
    let record = plan.format.record(Role::Detail).unwrap();
    let expression = Expression::parse(text, record).unwrap_or_else(|why| panic!("{text}: {why}"));
    let mut row = Row::default();
    record.decode(&sample::encode(&plan.format, Role::Detail, &with(trade(1), changes)), &mut row);
    let value = expression.evaluate(&row).map_err(|f| (record.layout.fields[f.field].name.clone(), f.code.0))?;
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.into_owned(),
    })
}

fn refused(text: &str) -> String {
    let plan = sample::plan(false, Policy::Strict);
    Expression::parse(text, plan.format.record(Role::Detail).unwrap()).unwrap_err()
}

#[test]
fn numbers_are_exact_and_rounding_is_said() {
    // QTY 100.0000, PRICE 780.5000, AMT 78050.00, FEE 7.80, LOTS 10
    for (text, value) in [
        ("QTY * PRICE - AMT", "0.00000000"),
        ("AMT + FEE", "78057.80"),
        ("round(FEE * number('0.125'), 2)", "0.98"),
        ("round(-FEE * number('0.125'), 2)", "-0.98"),
        ("truncate(FEE * number('0.125'), 2)", "0.97"),
        ("divide(AMT, 7, 4)", "11150.0000"),
        ("divide(1, LOTS, 0)", "0"),
        ("divide(5, LOTS, 0)", "1"),
        ("divide(-5, LOTS, 0)", "-1"),
        ("divide(AMT, QTY, 0)", "781"),
        ("-abs(PNL - 3)", "-3.00"),
        ("number('99999999999999999999.99') + LOTS", "100000000000000000009.99"),
        ("string(LOTS) + '/' + CCY", "10/CNY"),
        ("size(INSTNM) * 2", "12"),
    ] {
        assert_eq!(told(text, &[]), Ok(value.to_owned()), "{text}");
    }
    let nines = "number('99999999999999999999999999999999999999')";
    let big = format!("{nines} * {nines} * LOTS");
    assert_eq!(told(&big, &[]), Err(("LOTS".into(), 2013)), "too many digits are a fault, never a rounded number");
    assert_eq!(told("divide(AMT, PNL, 2)", &[]), Err(("PNL".into(), 2013)));
}

#[test]
fn text_choices_and_conditions() {
    for (text, value) in [
        ("STAT == '00' ? TRDNO : ORGNO", "T2025062000000001"),
        ("ORGNO == null ? 'none' : ORGNO", "none"),
        ("ORGNO", "null"),
        ("CHNL in ['MBK', 'CNT'] && !CPTY.startsWith('9')", "true"),
        ("LOTS in [1, 10]", "true"),
        ("AMT >= 78050 && QTY < number('100.0001')", "true"),
        ("INSTNM.substring(0, 2) + CCY.lowerAscii()", "黄金cny"),
        ("INSTNM.substring(2)", "9999"),
        ("TRDNO.replace('T', 'X').endsWith('01')", "true"),
        ("VALDAT < '2025-06-21'", "true"),
        // One side decides, whatever the other one is.
        ("ORGNO < 'A' || LOTS == 10", "true"),
        ("LOTS == 10 || ORGNO < 'A'", "true"),
        ("ORGNO < 'A' && LOTS == 11", "false"),
    ] {
        assert_eq!(told(text, &[]), Ok(value.to_owned()), "{text}");
    }
    for (text, field, code) in [
        ("ORGNO + 'x'", "ORGNO", 2009),
        ("ORGNO < 'A'", "ORGNO", 2009),
        ("ORGNO < 'A' || LOTS == 11", "ORGNO", 2009),
        ("INSTNM.substring(7)", "INSTNM", 2013),
        ("INSTNM.substring(3, 2)", "INSTNM", 2013),
        ("number(CCY) + LOTS", "CCY", 2013),
    ] {
        assert_eq!(told(text, &[]), Err((field.to_owned(), code)), "{text}");
    }
}

#[test]
fn what_is_not_computed_is_refused_with_what_to_write_instead() {
    for (text, part) in [
        ("AMT * 0.1", "number('1.5')"),
        ("AMT / 3", "divide(a, b, digits)"),
        ("AMT + CCY", "string(n)"),
        ("EXRATE * AMT", "no fixed digits"),
        ("NOPE == 1", "`NOPE` is no field"),
        ("'a' + 'b'", "no field"),
        ("['a'].all(x, x == CCY)", "loops"),
        ("round(AMT, LOTS)", "how many digits"),
        ("STAT == '00' ? AMT : CCY", "do not go together"),
        ("AMT < CCY", "do not go together"),
        ("AMT ==", "cannot be read"),
        ("CCY.matches('C.*')", "there is no matches"),
    ] {
        let why = refused(text);
        assert!(why.contains(part), "{text}: {why}");
    }
    let deep = format!("{}CCY{}", "(".repeat(400), ")".repeat(400));
    assert!(refused(&deep).contains("brackets"));
    assert!(refused(&format!("LOTS{}", " + 1".repeat(240))).contains("steps"));
    assert!(refused(&"x".repeat(LONGEST + 1)).contains("longer"));
}

#[test]
fn a_long_result_is_a_fault_of_the_record() {
    let mut text = "CUSTNM".to_owned();
    for _ in 0..4 {
        text = format!("({text}).replace('', 'xxxxxxxxxxxxxxxx')");
    }
    assert_eq!(told(&text, &[]), Err(("CUSTNM".into(), Code::TOO_LONG.0)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_text_is_an_expression_or_a_reason(text in "[A-Z'\"0-9 ().,+*?:&|!<>=\\[\\]{}-]{0,60}") {
        let plan = sample::plan(false, Policy::Strict);
        let _ = Expression::parse(&text, plan.format.record(Role::Detail).unwrap());
    }

    #[test]
    fn rounding_is_the_nearest_and_order_is_that_of_the_numbers(a in -10i128.pow(12)..10i128.pow(12), b in 1i128..10i128.pow(9)) {
        let (left, right) = (Decimal { unscaled: a, scale: 3 }, Decimal { unscaled: b, scale: 5 });
        // (a / 10^3) / (b / 10^5), to 2 digits, is a * 10^4 / b.
        let quotient = exact::divide(left, right, 2).unwrap();
        let rest = (a * 10_000 - quotient.unscaled * b).abs();
        prop_assert!(rest * 2 <= b);
        prop_assert_eq!(exact::order(left, right), (a * 100).cmp(&b));
        let rounded = exact::round(left, 1).unwrap();
        prop_assert!((rounded.unscaled * 100 - a).abs() <= 50);
    }
}
