#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| framewright_fuzz::run("raw_args", data));
