//! Numbers that look random and are not: the same input gives the same file.

/// FNV-1a over 128 bits.
///
/// Segments and tracks carry identifiers that should differ between files. Random ones would make two encodes of one
/// input differ, a hash of the tracks alone would be shared by every file of one camera; so what is hashed is the
/// content.
#[derive(Clone, Copy)]
pub(super) struct Fingerprint(u128);

impl Fingerprint {
    const OFFSET_BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

    pub fn new() -> Self {
        Fingerprint(Self::OFFSET_BASIS)
    }

    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(Self::PRIME);
        }
    }

    /// A number for one thing of several of a kind: `number`, below 2^24 and not 0, keeps it apart from the others.
    /// It stays below 2^53, which is where JavaScript stops counting.
    pub fn to_uid(self, number: u64) -> u64 {
        (((self.0 >> 99) as u64) << 24) ^ number
    }

    /// 16 bytes, not all of them 0.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.max(1).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_fnv_1a() {
        assert_eq!(Fingerprint::new().to_bytes(), Fingerprint::OFFSET_BASIS.to_be_bytes());
        let mut fingerprint = Fingerprint::new();
        fingerprint.add(b"a");
        assert_eq!(fingerprint.0, 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }
}
