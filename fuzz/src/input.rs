//! Bytes to begin with.

/// Numbers that follow from a seed (xorshift64*).
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8
    }

    /// 0 to `bound - 1`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.next() as usize % bound.max(1)
    }
}

/// Noise of several lengths, for targets whose bytes are decisions.
pub fn noise() -> Vec<Vec<u8>> {
    (0..64u64)
        .map(|seed| {
            let mut numbers = Numbers::new(seed + 1);
            (0..64 << (seed % 4)).map(|_| numbers.next() as u8).collect()
        })
        .collect()
}
