//! Damaged copies of the corpus's files.

use std::{io::Cursor, path::Path};

use safelight_testkit::corpus;

use crate::{LIMIT, corpus_files, describing};

/// Flips, overwrites and cuts off bytes of the corpus's files; nothing may panic, hang or take more memory than is allowed.
///
/// `SAFELIGHT_MUTANTS` says how many are made (5,000 by default); each is made from its number alone.
#[test]
fn damaged_files_are_survived() {
    let Some(corpus) = corpus() else { return };
    // Metadata lie at the beginning or at the end; large files would only cost time.
    let read = |path: &Path| std::fs::read(corpus.join(path)).unwrap();
    let mut files: Vec<Vec<u8>> = corpus_files(&corpus)
        .iter()
        .map(|path| read(path))
        .collect();
    files.retain(|bytes| (1..=300_000).contains(&bytes.len()));
    let mutants = std::env::var("SAFELIGHT_MUTANTS").map_or(5_000, |count| count.parse().unwrap());
    let mut dated = 0_u64;
    for number in 0..mutants {
        let mut chance = Chance(number);
        let mut bytes = files[chance.below(files.len())].clone();
        for _ in 0..=chance.below(16) {
            // Half of the damage hits the first kilobytes, where the structure is.
            let reach = if chance.below(2) == 0 {
                bytes.len().min(4096)
            } else {
                bytes.len()
            };
            let at = chance.below(reach);
            match chance.below(4) {
                0 => bytes[at] ^= 1 << chance.below(8),
                1 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][chance.below(5)],
                2 => bytes[at..].iter_mut().take(4).for_each(|byte| *byte = 0xFF),
                _ => bytes[at] = chance.below(256) as u8,
            }
        }
        if chance.below(4) == 0 {
            bytes.truncate(chance.below(bytes.len()));
        }
        let (facts, most) = describing(&mut Cursor::new(bytes));
        assert!(most <= LIMIT, "Mutant {number} took {most} bytes");
        dated += u64::from(facts.captured.is_some());
    }
    // Damage that leaves nothing to read would test nothing.
    assert!(
        dated > mutants / 10,
        "Only {dated} of {mutants} mutants had a date"
    );
}

/// Numbers that look random and are the same every time (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) as usize % limit.max(1)
    }
}
