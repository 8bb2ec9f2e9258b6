//! Inputs out of others, for machines without libFuzzer. What comes follows from the seed alone.

use crate::input::Numbers;

/// The longest input.
const LONGEST: usize = 1 << 15;
/// Numbers at which code is wrong.
const EDGES: [u64; 8] = [0, 1, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0xffff_ffff, u64::MAX];

/// Changes inputs of a corpus.
pub struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    dictionary: &'a [&'a [u8]],
    numbers: Numbers,
}

impl<'a> Mutator<'a> {
    pub fn new(corpus: &'a [Vec<u8>], dictionary: &'a [&'a [u8]], seed: u64) -> Self {
        Mutator { corpus, dictionary, numbers: Numbers::new(seed) }
    }

    /// The next input.
    pub fn input(&mut self) -> Vec<u8> {
        let mut input = self.one_of_the_corpus();
        for _ in 0..=self.numbers.below(6) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn one_of_the_corpus(&mut self) -> Vec<u8> {
        let index = self.numbers.below(self.corpus.len());
        self.corpus.get(index).cloned().unwrap_or_default()
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.numbers.below(input.len() + 1);
        let end = (at + 1 + self.numbers.below(16)).min(input.len());
        match self.numbers.below(9) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..end)),
            2 => {
                let piece = input[at..end].to_vec();
                input.splice(at..at, piece);
            }
            3 => input[at..end].iter_mut().for_each(|byte| *byte = self.numbers.next() as u8),
            4 => input[at..end].iter_mut().take(1).for_each(|byte| *byte ^= 1 << self.numbers.below(8)),
            5 => {
                let edge = EDGES[self.numbers.below(EDGES.len())].to_be_bytes();
                let width = 1 << self.numbers.below(4);
                self.overwrite(input, at, &edge[8 - width..]);
            }
            6 => {
                let other = self.one_of_the_corpus();
                let from = self.numbers.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            7 if !self.dictionary.is_empty() => {
                let word = self.dictionary[self.numbers.below(self.dictionary.len())];
                self.overwrite(input, at, word);
            }
            7 | 8 => {
                let count = 1 + self.numbers.below(32);
                let noise: Vec<u8> = (0..count).map(|_| self.numbers.next() as u8).collect();
                input.splice(at..at, noise);
            }
            _ => {}
        }
    }

    fn overwrite(&mut self, input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
        let end = if self.numbers.below(2) == 0 { at } else { (at + bytes.len()).min(input.len()) };
        input.splice(at..end, bytes.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_follow_from_the_seed() {
        let corpus = [b"one input".to_vec(), vec![0; 100], Vec::new()];
        let inputs = |seed| {
            let mut mutator = Mutator::new(&corpus, &[b"word"], seed);
            (0..200).map(|_| mutator.input()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(4), inputs(4));
        assert_ne!(inputs(4), inputs(5));
        assert!(inputs(4).iter().all(|input| input.len() <= LONGEST));
        assert!(Mutator::new(&[], &[], 1).input().len() <= LONGEST);
    }
}
