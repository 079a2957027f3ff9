#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fpp_fuzz::unpack(data));
