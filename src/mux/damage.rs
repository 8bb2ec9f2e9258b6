//! The driver of the tests that show what a verifier is worth: files damaged on one point each, none of which it lets
//! pass.

/// Words of the refusal, and the damage.
pub(super) type Case = (&'static str, fn(&mut Vec<u8>));

/// Has `verify` refuse each damage to `bytes`, which it takes as they are. `repair` puts right what a damage breaks beside
/// its point, as a checksum, unless that is the point.
pub(super) fn refuse<T: std::fmt::Debug>(
    bytes: &[u8],
    verify: impl Fn(&[u8]) -> Result<T, String>,
    repair: impl Fn(&str, &mut Vec<u8>),
    cases: &[Case],
) {
    verify(bytes).unwrap();
    let mut missed = Vec::new();
    for (index, (words, damage)) in cases.iter().enumerate() {
        let mut damaged = bytes.to_vec();
        damage(&mut damaged);
        assert!(damaged != bytes, "case {index} does no damage");
        repair(words, &mut damaged);
        match verify(&damaged) {
            Err(error) if error.contains(words) => {}
            other => missed.push(format!("case {index}: {:?} instead of `{words}`", other.err())),
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Where `pattern` stands first.
pub(super) fn find(bytes: &[u8], pattern: &[u8]) -> usize {
    bytes.windows(pattern.len()).position(|window| window == pattern).expect("the pattern is there")
}
