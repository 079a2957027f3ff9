//! The list of all code pages. Written by `tables/generate.py` from `tables/pages.tsv`; do not edit.
//!
//! A page is told by variant, name, CCSID (0: none), structure, pool and place of its table, other names and CCSIDs,
//! edition, and title.

use crate::text::structure::{Pool, Structure};

/// What the list tells about a page.
pub(super) struct Told {
    pub(super) name: &'static str,
    pub(super) ccsid: u16,
    pub(super) structure: Structure,
    pub(super) pool: Pool,
    pub(super) place: usize,
    pub(super) also: &'static [&'static str],
    pub(super) edition: &'static str,
    pub(super) title: &'static str,
}

macro_rules! pages {
    ($($variant:ident = $name:literal, $ccsid:literal, $structure:ident, $pool:ident $place:literal, [$($also:literal),*],
        $edition:literal, $title:literal;)*) => {
        /// A code page by the name used in configuration and lineage (D18).
        ///
        /// A closed set is an enum: the decode plan dispatches on it once a field, never through a trait object.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Page {
            $(#[doc = concat!("`", $name, "`: ", $title, ".")] $variant,)*
        }

        impl Page {
            /// Every page, in the order of the reference.
            pub const ALL: &'static [Page] = &[$(Page::$variant),*];
        }

        /// What is told about the pages, in their order.
        pub(super) static TOLD: &[Told] = &[$(Told {
            name: $name,
            ccsid: $ccsid,
            structure: Structure::$structure,
            pool: Pool::$pool,
            place: $place,
            also: &[$($also),*],
            edition: $edition,
            title: $title,
        }),*];
    };
}

pages! {
    Cp37 = "37", 37, Single, Single 0, [],
        "37 IBM i 7.4 (jt400 21.0.6) sha256:af7a00c33ba7f9c8",
        "English (US), Portuguese, Dutch";
    Cp836 = "836", 836, Single, Single 1, ["13124"],
        "836 IBM i 7.4 (jt400 21.0.6) sha256:9827b3f6b27807a3",
        "Simplified Chinese, half of 935 and 1388";
    Cp256 = "256", 256, Single, Single 2, [],
        "256 (jt400 21.0.6) sha256:71483caa99007339",
        "the Netherlands, older";
    Cp273 = "273", 273, Single, Single 3, [],
        "273 (jt400 21.0.6) sha256:c0d0e8996db21e26",
        "Austria, Germany";
    Cp277 = "277", 277, Single, Single 4, [],
        "277 (jt400 21.0.6) sha256:357da705b825345d",
        "Denmark, Norway";
    Cp278 = "278", 278, Single, Single 5, [],
        "278 (jt400 21.0.6) sha256:60cee2f0c4b43b8f",
        "Finland, Sweden";
    Cp280 = "280", 280, Single, Single 6, [],
        "280 (jt400 21.0.6) sha256:13078954b4e7c676",
        "Italy";
    Cp284 = "284", 284, Single, Single 7, [],
        "284 (jt400 21.0.6) sha256:bcb63e1f636b4fa0",
        "Spain, Latin America";
    Cp285 = "285", 285, Single, Single 8, [],
        "285 (jt400 21.0.6) sha256:7f7e819a2ca58459",
        "United Kingdom";
    Cp290 = "290", 290, Single, Single 9, [],
        "290 (jt400 21.0.6) sha256:6ec1f606226c3681",
        "Japanese Katakana, half of 930";
    Cp297 = "297", 297, Single, Single 10, [],
        "297 (jt400 21.0.6) sha256:79ba30f59ca2eec9",
        "France";
    Cp420 = "420", 420, Single, Single 11, [],
        "420 X120-1999 (ICU 72.1) sha256:229815b5d571b04a",
        "Arabic";
    Cp423 = "423", 423, Single, Single 12, [],
        "423 (jt400 21.0.6) sha256:db7626f36c4fa8d0",
        "Greece, older";
    Cp424 = "424", 424, Single, Single 13, [],
        "424 (jt400 21.0.6) sha256:a8446da1986ec687",
        "Hebrew";
    Cp424Of1995 = "424-1995", 424, Single, Single 14, [],
        "424-1995 P100-1995 (ICU 72.1) sha256:e802872a2763310a",
        "Hebrew without euro and shekel";
    Cp500 = "500", 500, Single, Single 15, [],
        "500 (jt400 21.0.6) sha256:a63c3f308a4fc99a",
        "Belgium, Canada, Switzerland";
    Cp803 = "803", 803, Single, Single 16, [],
        "803 P100-1999 (ICU 72.1) sha256:8a9d07ae5b776c42",
        "Hebrew, older";
    Cp833 = "833", 833, Single, Single 17, ["13121"],
        "833 (jt400 21.0.6) sha256:37e8bb2f1af238a4",
        "Korean, half of 933";
    Cp838 = "838", 838, Single, Single 18, ["9030"],
        "838 (jt400 21.0.6) sha256:b54f2693758ad2ef",
        "Thai";
    Cp870 = "870", 870, Single, Single 19, [],
        "870 (jt400 21.0.6) sha256:1c9e879a83543514",
        "Latin-2";
    Cp871 = "871", 871, Single, Single 20, [],
        "871 (jt400 21.0.6) sha256:df4d71b46eb9f082",
        "Iceland";
    Cp875 = "875", 875, Single, Single 21, [],
        "875 (jt400 21.0.6) sha256:e4528d33a5be7bdc",
        "Greece";
    Cp880 = "880", 880, Single, Single 22, [],
        "880 (jt400 21.0.6) sha256:07172290bc2a50db",
        "Cyrillic, older";
    Cp905 = "905", 905, Single, Single 23, [],
        "905 (jt400 21.0.6) sha256:ce10400e90973b46",
        "Turkey, older";
    Cp918 = "918", 918, Single, Single 24, [],
        "918 (jt400 21.0.6) sha256:e09c7d523b2b7344",
        "Urdu";
    Cp924 = "924", 924, Single, Single 25, [],
        "924 (jt400 21.0.6) sha256:26eed102ac102104",
        "Latin-9 with euro";
    Cp1025 = "1025", 1025, Single, Single 26, [],
        "1025 (jt400 21.0.6) sha256:75b47fb8d639b6c0",
        "Cyrillic";
    Cp1026 = "1026", 1026, Single, Single 27, [],
        "1026 (jt400 21.0.6) sha256:57a2644dc06185f2",
        "Turkey";
    Cp1026Lira = "1026-lira", 1026, Single, Single 28, [],
        "1026-lira P100-1995 (ICU 72.1) sha256:66c355a4bfef8983",
        "the same, 9A as the lira sign";
    Cp1027 = "1027", 1027, Single, Single 29, [],
        "1027 (jt400 21.0.6) sha256:265d131594ff979d",
        "Japanese Latin, half of 939";
    Cp1047 = "1047", 1047, Single, Single 30, [],
        "1047 (jt400 21.0.6) sha256:18ffbb2576c3faed",
        "Latin-1 of open systems";
    Cp1097 = "1097", 1097, Single, Single 31, [],
        "1097 (jt400 21.0.6) sha256:238e1287b1eb0c80",
        "Farsi";
    Cp1112 = "1112", 1112, Single, Single 32, [],
        "1112 (jt400 21.0.6) sha256:44bbdf300f3028f5",
        "Baltic";
    Cp1122 = "1122", 1122, Single, Single 33, [],
        "1122 (jt400 21.0.6) sha256:c4cb65abfcf1674b",
        "Estonia";
    Cp1123 = "1123", 1123, Single, Single 34, [],
        "1123 (jt400 21.0.6) sha256:205eed3c802bbb47",
        "Ukraine";
    Cp1130 = "1130", 1130, Single, Single 35, [],
        "1130 (jt400 21.0.6) sha256:2f040f5853a946bb",
        "Vietnam";
    Cp1132 = "1132", 1132, Single, Single 36, [],
        "1132 P100-1998 (ICU 72.1) sha256:b3b345ff8d4bb09c",
        "Lao";
    Cp1137 = "1137", 1137, Single, Single 37, [],
        "1137 (jt400 21.0.6) sha256:c81ea69965b30db0",
        "Devanagari";
    Cp1140 = "1140", 1140, Single, Single 38, [],
        "1140 (jt400 21.0.6) sha256:daba13faf713ca40",
        "37 with euro";
    Cp1141 = "1141", 1141, Single, Single 39, [],
        "1141 (jt400 21.0.6) sha256:8ee6a74bf91ddea1",
        "273 with euro";
    Cp1142 = "1142", 1142, Single, Single 40, [],
        "1142 (jt400 21.0.6) sha256:ba4fcc87546dddff",
        "277 with euro";
    Cp1143 = "1143", 1143, Single, Single 41, [],
        "1143 (jt400 21.0.6) sha256:a6e70dfaf6acd075",
        "278 with euro";
    Cp1144 = "1144", 1144, Single, Single 42, [],
        "1144 (jt400 21.0.6) sha256:0cff307feebf22ed",
        "280 with euro";
    Cp1145 = "1145", 1145, Single, Single 43, [],
        "1145 (jt400 21.0.6) sha256:858015a367335940",
        "284 with euro";
    Cp1146 = "1146", 1146, Single, Single 44, [],
        "1146 (jt400 21.0.6) sha256:66e4cd7e037a9d3f",
        "285 with euro";
    Cp1147 = "1147", 1147, Single, Single 45, [],
        "1147 (jt400 21.0.6) sha256:ab80fe13707ada60",
        "297 with euro";
    Cp1148 = "1148", 1148, Single, Single 46, [],
        "1148 (jt400 21.0.6) sha256:1f143265ea5841c4",
        "500 with euro";
    Cp1149 = "1149", 1149, Single, Single 47, [],
        "1149 (jt400 21.0.6) sha256:397ebe94d01e2db9",
        "871 with euro";
    Cp1153 = "1153", 1153, Single, Single 48, [],
        "1153 (jt400 21.0.6) sha256:e2c592cf0b4e5eb0",
        "870 with euro";
    Cp1154 = "1154", 1154, Single, Single 49, [],
        "1154 (jt400 21.0.6) sha256:ffbd0cf66631e6fa",
        "1025 with euro";
    Cp1155 = "1155", 1155, Single, Single 50, [],
        "1155 (jt400 21.0.6) sha256:8a4fea502badc439",
        "1026 with euro";
    Cp1155Lira = "1155-lira", 1155, Single, Single 51, [],
        "1155-lira P100-1999 (ICU 72.1) sha256:2becf14710179a0f",
        "the same, 9A as the lira sign";
    Cp1156 = "1156", 1156, Single, Single 52, [],
        "1156 (jt400 21.0.6) sha256:8d0054107f79b68b",
        "1112 with euro";
    Cp1157 = "1157", 1157, Single, Single 53, [],
        "1157 (jt400 21.0.6) sha256:3935852f693afcbe",
        "1122 with euro";
    Cp1158 = "1158", 1158, Single, Single 54, [],
        "1158 (jt400 21.0.6) sha256:4099edd775cf8116",
        "1123 with euro";
    Cp1159 = "1159", 1159, Single, Single 55, [],
        "1159 P100-1999 (ICU 72.1) sha256:e6f3733a6c7c4e01",
        "28709 with euro, half of 1371";
    Cp1160 = "1160", 1160, Single, Single 56, [],
        "1160 (jt400 21.0.6) sha256:58595f35dc689a45",
        "838 with euro";
    Cp1164 = "1164", 1164, Single, Single 57, [],
        "1164 (jt400 21.0.6) sha256:58d71fcebe8fa15f",
        "1130 with euro";
    Cp1166 = "1166", 1166, Single, Single 58, [],
        "1166 (jt400 21.0.6) sha256:8d77117980692b5b",
        "Kazakhstan";
    Cp1175 = "1175", 1175, Single, Single 59, [],
        "1175 (jt400 21.0.6) sha256:2becf14710179a0f",
        "Turkey with euro and lira";
    Cp4517 = "4517", 4517, Single, Single 60, [],
        "4517 P100-2005 (ICU 72.1) sha256:98df07932a71ad60",
        "Arabic and French";
    Cp4899 = "4899", 4899, Single, Single 61, [],
        "4899 P100-1998 (ICU 72.1) sha256:8c1f94dca2842f1e",
        "803 with euro";
    Cp4971 = "4971", 4971, Single, Single 62, [],
        "4971 (jt400 21.0.6) sha256:ef81991953826c3d",
        "875 with euro";
    Cp5123 = "5123", 5123, Single, Single 63, [],
        "5123 (jt400 21.0.6) sha256:970c5ced50a82b41",
        "1027 with euro, half of 1399";
    Cp8482 = "8482", 8482, Single, Single 64, [],
        "8482 P100-1999 (ICU 72.1) sha256:3d78321f1f7f6a61",
        "290 with euro, half of 930 and 1390";
    Cp9067 = "9067", 9067, Single, Single 65, [],
        "9067 X100-2005 (ICU 72.1) sha256:d52fb8ff8096b898",
        "875 with euro, 2005";
    Cp12712 = "12712", 12712, Single, Single 66, [],
        "12712 P100-1998 (ICU 72.1) sha256:a8446da1986ec687",
        "424 with euro";
    Cp16804 = "16804", 16804, Single, Single 67, [],
        "16804 X110-1999 (ICU 72.1) sha256:49f53c135ea403e4",
        "420 with euro";
    Cp28709 = "28709", 28709, Single, Single 68, [],
        "28709 (jt400 21.0.6) sha256:16ccef2a762c15e0",
        "Traditional Chinese, half of 937";
    Cp37S390 = "37-s390", 37, Single, Single 69, [],
        "37-s390 P100-1995 with 15 and 25 exchanged (ICU 72.1) sha256:35b64df1cf789b96",
        "37 with 15 as line feed, as z/OS UNIX writes it";
    Cp1047S390 = "1047-s390", 1047, Single, Single 70, [],
        "1047-s390 P100-1995 with 15 and 25 exchanged (ICU 72.1) sha256:a06f851ba1f1c9ec",
        "1047 with 15 as line feed, as z/OS UNIX writes it";
    Cp1140S390 = "1140-s390", 1140, Single, Single 71, [],
        "1140-s390 P100-1997 with 15 and 25 exchanged (ICU 72.1) sha256:24dc75979f49955e",
        "1140 with 15 as line feed, as z/OS UNIX writes it";
    Cp1141S390 = "1141-s390", 1141, Single, Single 72, [],
        "1141-s390 P100-1997 with 15 and 25 exchanged (ICU 72.1) sha256:950848b188bbdc27",
        "1141 with 15 as line feed, as z/OS UNIX writes it";
    Cp1142S390 = "1142-s390", 1142, Single, Single 73, [],
        "1142-s390 P100-1997 with 15 and 25 exchanged (ICU 72.1) sha256:822f2b5ce1f45589",
        "1142 with 15 as line feed, as z/OS UNIX writes it";
    Cp1143S390 = "1143-s390", 1143, Single, Single 74, [],
        "1143-s390 P100-1997 with 15 and 25 exchanged (ICU 72.1) sha256:e4b864dff7c74d14",
        "1143 with 15 as line feed, as z/OS UNIX writes it";
    Cp1144S390 = "1144-s390", 1144, Single, Single 75, [],
        "1144-s390 P100-1997 with 15 and 25 exchanged (ICU 72.1) sha256:3a0eaf4f7525808f",
        "1144 with 15 as line feed, as z/OS UNIX writes it";
    Cp1145S390 = "1145-s390", 1145, Single, Single 76, [],
        "1145-s390 P100-1997 with 15 and 25 exchanged (ICU 72.1) sha256:80fd3c526f7db98a",
        "1145 with 15 as line feed, as z/OS UNIX writes it";
    Cp1146S390 = "1146-s390", 1146, Single, Single 77, [],
        "1146-s390 P100-1997 with 15 and 25 exchanged (ICU 72.1) sha256:659a2fcaa556c0c3",
        "1146 with 15 as line feed, as z/OS UNIX writes it";
    Cp1147S390 = "1147-s390", 1147, Single, Single 78, [],
        "1147-s390 P100-1997 with 15 and 25 exchanged (ICU 72.1) sha256:ef5d3fc1c669f3c9",
        "1147 with 15 as line feed, as z/OS UNIX writes it";
    Cp1148S390 = "1148-s390", 1148, Single, Single 79, [],
        "1148-s390 P100-1997 with 15 and 25 exchanged (ICU 72.1) sha256:7a83ab640df07dd1",
        "1148 with 15 as line feed, as z/OS UNIX writes it";
    Cp1149S390 = "1149-s390", 1149, Single, Single 80, [],
        "1149-s390 P100-1997 with 15 and 25 exchanged (ICU 72.1) sha256:87b5dcd88a8791e6",
        "1149 with 15 as line feed, as z/OS UNIX writes it";
    Cp1153S390 = "1153-s390", 1153, Single, Single 81, [],
        "1153-s390 P100-1999 with 15 and 25 exchanged (ICU 72.1) sha256:f6644d437a6d0f40",
        "1153 with 15 as line feed, as z/OS UNIX writes it";
    Cp12712S390 = "12712-s390", 12712, Single, Single 82, [],
        "12712-s390 P100-1998 with 15 and 25 exchanged (ICU 72.1) sha256:273f4eed005bd6ab",
        "12712 with 15 as line feed, as z/OS UNIX writes it";
    Cp16804S390 = "16804-s390", 16804, Single, Single 83, [],
        "16804-s390 X110-1999 with 15 and 25 exchanged (ICU 72.1) sha256:9e81456d62f1bbc3",
        "16804 with 15 as line feed, as z/OS UNIX writes it";
    EbcdicXml = "ebcdic-xml-us", 0, Single, Single 84, [],
        "ebcdic-xml-us (ICU 72.1) sha256:404a0557ab2f68d7",
        "37 with euro and 15 as no character, for XML";
    Cp935 = "935", 935, Mixed, Ebcdic 0, ["837"],
        "935 IBM i 7.4 (jt400 21.0.6) sha256:13efbad82a6a8f62",
        "Simplified Chinese (GB 2312), as a current IBM i converts it";
    Cp935Classic = "935-classic", 935, Mixed, Ebcdic 1, [],
        "935-classic P110-1999 (ICU 72.1) sha256:dbf56929f9a80130",
        "the same as ICU, glibc and Java have it";
    Cp1388 = "1388", 1388, Mixed, Ebcdic 2, ["9580", "4933"],
        "1388 IBM i 7.4 (jt400 21.0.6) sha256:13efbad82a6a8f62",
        "Simplified Chinese with GB 18030 content, as a current IBM i converts it";
    Cp1388Of2001 = "1388-2001", 1388, Mixed, Ebcdic 3, ["13676"],
        "1388-2001 P103-2001 (ICU 72.1) sha256:da4f2b0219eb033a",
        "the same, table of 2001";
    Cp937 = "937", 937, Mixed, Ebcdic 4, ["835"],
        "937 P110-1999 (ICU 72.1) sha256:bc337337c3b2b7dc",
        "Traditional Chinese";
    Cp1371 = "1371", 1371, Mixed, Ebcdic 5, ["9027"],
        "1371 (jt400 21.0.6, ICU 72.1) sha256:295d721d371e9781",
        "Traditional Chinese with euro, as a current IBM i converts it";
    Cp1371Of1999 = "1371-1999", 1371, Mixed, Ebcdic 6, [],
        "1371-1999 P100-1999 (ICU 72.1) sha256:f3c3da51d688e5ba",
        "the same, table of 1999";
    Cp930 = "930", 930, Mixed, Ebcdic 7, ["5026", "300"],
        "930 (jt400 21.0.6) sha256:e60a3b4a28a7492e",
        "Japanese with Katakana, as a current IBM i converts it";
    Cp930Of1999 = "930-1999", 930, Mixed, Ebcdic 8, [],
        "930-1999 P120-1999 (ICU 72.1) sha256:55c071de31da1d1d",
        "the same, table of 1999";
    Cp939 = "939", 939, Mixed, Ebcdic 9, ["5035"],
        "939 (jt400 21.0.6) sha256:cce206637063bbaf",
        "Japanese with small Latin letters, as a current IBM i converts it";
    Cp939Of1999 = "939-1999", 939, Mixed, Ebcdic 10, [],
        "939-1999 P120-1999 (ICU 72.1) sha256:c4c50dfc367c8751",
        "the same, table of 1999";
    Cp1390 = "1390", 1390, Mixed, Ebcdic 11, [],
        "1390 (jt400 21.0.6, ICU 72.1) sha256:1befb51696da5ae9",
        "Japanese with Katakana and JIS X 0213, as a current IBM i converts it";
    Cp1390Of2003 = "1390-2003", 1390, Mixed, Ebcdic 12, [],
        "1390-2003 P110-2003 (ICU 72.1) sha256:16bc3b710efda000",
        "the same, table of 2003";
    Cp1399 = "1399", 1399, Mixed, Ebcdic 13, ["16684"],
        "1399 (jt400 21.0.6) sha256:ca793b1f5273b203",
        "Japanese with small Latin letters and JIS X 0213, as a current IBM i converts it";
    Cp1399Of2003 = "1399-2003", 1399, Mixed, Ebcdic 14, [],
        "1399-2003 P110-2003 (ICU 72.1) sha256:ae0f409b1bc6af26",
        "the same, table of 2003";
    Cp933 = "933", 933, Mixed, Ebcdic 15, ["834"],
        "933 (jt400 21.0.6) sha256:bfb999de9294a2a2",
        "Korean, as a current IBM i converts it";
    Cp933Of1995 = "933-1995", 933, Mixed, Ebcdic 16, [],
        "933-1995 P110-1995 (ICU 72.1) sha256:86c7104ac3b97fae",
        "the same, table of 1995";
    Cp1364 = "1364", 1364, Mixed, Ebcdic 17, ["4930"],
        "1364 (jt400 21.0.6) sha256:bfb999de9294a2a2",
        "Korean, all syllables";
    Gbk = "gbk", 1386, Gbk, Ascii 0, ["1386"],
        "gbk P100-2001 with plain controls (ICU 72.1) sha256:bb95634955ae9e22",
        "GBK with ordinary control characters";
    Gbk936 = "gbk-936", 936, Gbk, Ascii 1, ["936", "windows-936"],
        "gbk-936 windows-936-2000 (ICU 72.1) sha256:855d0a5c946658ca",
        "Windows code page 936";
    GbkJdk = "gbk-jdk", 936, Gbk, Ascii 2, [],
        "gbk-jdk (JDK 17.0.15) sha256:09986cc0310c2ea0",
        "GBK as Java reads it";
    Gb18030Of2005 = "gb18030-2005", 54936, Gb18030, Ascii 3, [],
        "gb18030-2005 (ICU 72.1) sha256:8e1e89ff795088b2",
        "GB 18030-2005";
    Gb18030Of2022 = "gb18030-2022", 54936, Gb18030, Ascii 4, ["gb18030", "54936", "5488", "1392"],
        "gb18030-2022 (ICU 72.1 with 18 pairs exchanged) sha256:8641da834c18afb6",
        "GB 18030-2022";
    Cp950 = "950", 950, Big5, Ascii 5, ["big5"],
        "950 P110-1999 with plain controls (ICU 72.1) sha256:6ac190912c351aaa",
        "Big5 as IBM has it";
    Cp950Windows = "950-windows", 950, Big5, Ascii 6, ["windows-950"],
        "950-windows windows-950-2000 (ICU 72.1) sha256:2d3d8f118234d40f",
        "Windows code page 950";
    Utf8 = "1208", 1208, Utf8, Nothing 0, ["utf-8", "utf8"],
        "1208 UTF-8 (RFC 3629)",
        "UTF-8";
    Utf16 = "1200", 1200, Utf16, Nothing 1, ["utf-16", "utf-16be", "utf16"],
        "1200 UTF-16BE (RFC 2781)",
        "UTF-16, big-endian";
    Ucs2 = "13488", 13488, Ucs2, Nothing 2, ["ucs-2", "61952"],
        "13488 UCS-2BE (ISO/IEC 10646:2003)",
        "UCS-2, big-endian: UTF-16 without surrogates";
}
