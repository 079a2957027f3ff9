//! Made-up customers: names as a bank's ledger holds them, with the ones that break careless code pages.
//!
//! Rare characters (喆 堃 镕 are outside GB2312), the dot of minority and foreign names (U+00B7), companies with brackets
//! and letters in one name, and Latin names. No person or company is meant.

use super::random::Random;

/// Customers of one bank; trades fall on them again and again.
pub(super) const CUSTOMERS: u64 = 20_000;

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马",
    "罗", "欧阳", "上官", "司徒", "诸葛",
];
const GIVEN: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀", "霞",
    "平", "刚", "桂", "英", "晨", "宇", "欣", "佳", "浩",
];
const RARE: &[&str] = &["喆", "堃", "镕", "珺", "昇", "旻", "玥"];
const DOTTED: &[&str] = &[
    "买买提·阿不都热合曼",
    "古丽娜尔·艾山",
    "阿卜杜拉·吾斯曼",
    "次仁·卓玛",
    "艾尼瓦尔·买买提·吐尔逊",
    "娜塔莉娅·彼得罗娃",
];
const PLACES: &[&str] = &["华东", "江南", "岭南", "燕山", "洞庭", "天府", "长白", "秦岭"];
const TRADES: &[&str] =
    &["金源珠宝首饰有限公司", "鑫隆黄金制品有限公司", "银泰白银冶炼股份有限公司", "AG贵金属(中国)有限公司"];
const LATIN: &[&str] = &["JOHN SMITH", "MARIA O'NEILL", "K. MUELLER GMBH", "ANNA-LENA BERG"];

/// One customer.
pub(super) struct Customer {
    pub(super) number: String,
    pub(super) name: String,
    pub(super) account: String,
    pub(super) branch: String,
}

impl Customer {
    /// The customer with an index below [`CUSTOMERS`]; the same under the same seed.
    pub(super) fn of(seed: u64, index: u64) -> Customer {
        let mut random = Random::of(&[seed, 0xC057, index]);
        let name = name(&mut random);
        let branch = format!("{:06}", 310_000 + random.below(240));
        // Account metal books have a letter in front; hash totals skip it (D5).
        let letter = if random.below(40) == 0 { "G" } else { "" };
        let account = format!("{letter}6228{:06}{:09}", random.below(1_000_000), index);
        Customer { number: format!("C{:011}", 10_000_000 + index), name, account, branch }
    }
}

fn name(random: &mut Random) -> String {
    let mut one = |list: &[&'static str]| random.one_of(list).copied().unwrap_or_default();
    match one(&["", "", "", "", "", "", "", "rare", "rare", "dotted", "company", "latin"]) {
        "rare" => [one(SURNAMES), one(RARE), one(&["", "明", "宇", "镕"])].concat(),
        "dotted" => one(DOTTED).to_owned(),
        "company" => [one(PLACES), one(TRADES)].concat(),
        "latin" => one(LATIN).to_owned(),
        _ => [one(SURNAMES), one(GIVEN), one(GIVEN)].concat(),
    }
}
