//! Compared with `miniz_oxide` on whole streams, damaged ones and ones nobody would make.

use super::*;
use crate::format::codec::deflate::deflate;
use flate2::{Compress, Compression, FlushCompress};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use proptest::collection::vec;
use proptest::prelude::*;

/// What `miniz_oxide` makes of it.
fn known(history: &[u8], packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let start = history.len();
    let mut raw = history.to_vec();
    raw.resize(start + length, 0);
    let mut state = Box::<DecompressorOxide>::default();
    let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, taken, made) = decompress(&mut state, packed, &mut raw, start, flags);
    raw.drain(..start);
    let whole = status == TINFLStatus::Done && taken == packed.len() && made == length;
    whole.then_some(raw)
}

fn same(history: &[u8], packed: &[u8], length: usize) -> bool {
    inflate(history, packed, length) == known(history, packed, length)
}

/// Deflated by another compressor, in blocks that end every so many bytes.
fn foreign(raw: &[u8], level: u32, block: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + 20 * raw.len().div_ceil(block) + 1000);
    let mut state = Compress::new(Compression::new(level), false);
    for piece in raw.chunks(block) {
        let flush = FlushCompress::Full;
        state.compress_vec(piece, &mut out, flush).unwrap();
    }
    let flush = FlushCompress::Finish;
    state.compress_vec(&[], &mut out, flush).unwrap();
    out
}

fn text(count: u32) -> Vec<u8> {
    let lines = (0..count).map(|line| {
        let word = line.wrapping_mul(2_654_435_761) >> 20;
        format!("{{\"url\":\"http://example.org/{word}\",\"n\":{line}}},")
    });
    lines.collect::<String>().into_bytes()
}

fn noise(count: u64) -> Vec<u8> {
    let words = (0..count).map(|word| crate::hash::sha256(&word.to_le_bytes()));
    words.flatten().collect()
}

/// Streams with blocks of every kind.
fn corpus() -> Vec<(Vec<u8>, Vec<u8>)> {
    let raws = [
        Vec::new(),
        b"a".to_vec(),
        vec![7; 700],
        text(9),
        text(60),
        noise(9),
        [noise(3), text(30), vec![0; 300], noise(3)].concat(),
    ];
    let mut streams = Vec::new();
    for raw in raws {
        streams.push((deflate(b"", &raw), raw.clone()));
        for (level, block) in [(0, 90), (1, 500), (6, 200), (9, 5000)] {
            streams.push((foreign(&raw, level, block), raw.clone()));
        }
    }
    streams
}

/// Lengths of a prefix code for some of so many numbers: complete, with a code too few or too many.
fn any_code(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let index = any::<prop::sample::Index>;
    let splits = vec(index(), 0..24);
    (splits, vec(index(), 25), 0..4, index()).prop_map(move |(splits, places, change, at)| {
        let mut leaves = vec![0_u8];
        for split in splits {
            let leaf = split.index(leaves.len());
            if leaves[leaf] < 15 {
                leaves[leaf] += 1;
                leaves.push(leaves[leaf]);
            }
        }
        let at = at.index(leaves.len());
        match change {
            0 => drop(leaves.remove(at)),
            1 => leaves.push(leaves[at]),
            _ => {}
        }
        let mut lengths = vec![0; most];
        for (leaf, place) in leaves.into_iter().zip(places) {
            lengths[place.index(most)] = leaf;
        }
        lengths
    })
}

/// The last block, with these codes and bits behind them that are to be read in them.
fn coded(literals: &[u8], distances: &[u8], behind: &[(u32, u32)]) -> Vec<u8> {
    let count = |lengths: &[u8], least| u32::try_from(lengths.len() - least).unwrap();
    let mut parts = vec![(1, 1), (2, 2)];
    parts.extend([(count(literals, 257), 5), (count(distances, 1), 5), (15, 4)]);
    // Four bits for every length, which are its number from the highest bit on.
    let widths = LENGTH_ORDER.map(|length| (if length < 16 { 4 } else { 0 }, 3));
    parts.extend(widths);
    for &length in literals.iter().chain(distances) {
        parts.push((u32::from(length.reverse_bits() >> 4), 4));
    }
    parts.extend(behind);
    bits(&parts)
}

/// Bits behind one another, written as numbers and their widths, the lowest bit first.
fn bits(parts: &[(u32, u32)]) -> Vec<u8> {
    let (mut out, mut pending, mut count) = (Vec::new(), 0_u64, 0);
    for &(bits, width) in parts {
        pending |= u64::from(bits) << count;
        count += width;
        while count >= 8 {
            out.push(pending.to_le_bytes()[0]);
            pending >>= 8;
            count -= 8;
        }
    }
    if count > 0 {
        out.push(pending.to_le_bytes()[0]);
    }
    out
}

#[test]
fn unpacks_every_stream() {
    for (packed, raw) in corpus() {
        assert_eq!(inflate(b"", &packed, raw.len()), Some(raw));
    }
}

#[test]
fn refuses_what_is_cut_off_or_goes_on() {
    for (packed, raw) in corpus() {
        for end in 0..packed.len() {
            assert_eq!(inflate(b"", &packed[..end], raw.len()), None);
        }
        let longer = [&packed[..], b"!"].concat();
        assert_eq!(inflate(b"", &longer, raw.len()), None);
        assert_eq!(inflate(b"", &packed, raw.len() + 1), None);
        let shorter = raw.len().checked_sub(1);
        assert!(shorter.is_none_or(|length| inflate(b"", &packed, length).is_none()));
    }
}

#[test]
fn makes_the_same_of_every_flipped_bit() {
    let mut refused = 0;
    for (packed, raw) in corpus() {
        for bit in 0..8 * packed.len() {
            let mut flipped = packed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(same(b"", &flipped, raw.len()), "bit {bit} of {packed:?}");
            refused += usize::from(inflate(b"", &flipped, raw.len()).is_none());
        }
    }
    assert!(refused > 1000);
}

#[test]
fn a_code_of_one_bit_may_stand_alone() {
    let zeros = |count: usize| Some(vec![0; count]);
    let mut lengths = vec![0; END + 2];
    (lengths[0], lengths[END]) = (1, 1);
    for distances in [[0], [1]] {
        // Two literals and the end.
        let packed = coded(&lengths, &distances, &[(0b100, 3)]);
        assert_eq!(inflate(b"", &packed, 2), zeros(2));
    }
    (lengths[0], lengths[END], lengths[END + 1]) = (1, 2, 2);
    // A literal, a match of three, the end; the other distance stands for nothing.
    let behind = [(0, 1), (0b11, 2), (0, 1), (0b01, 2)];
    assert_eq!(inflate(b"", &coded(&lengths, &[1], &behind), 4), zeros(4));
    let behind = [(0, 1), (0b11, 2), (1, 1), (0b01, 2)];
    assert_eq!(inflate(b"", &coded(&lengths, &[1], &behind), 4), None);
    let mut lone = vec![0; END + 1];
    lone[END] = 1;
    assert_eq!(inflate(b"", &coded(&lone, &[0], &[(0, 1)]), 0), zeros(0));
    assert_eq!(inflate(b"", &coded(&lone, &[0], &[(1, 1)]), 0), None);
    lone[END] = 2;
    assert_eq!(inflate(b"", &coded(&lone, &[0], &[(0, 2)]), 0), None);
}

#[test]
fn the_code_of_the_lengths_is_complete() {
    let mut lengths = vec![0; END + 1];
    (lengths[0], lengths[END]) = (1, 1);
    let mut packed = coded(&lengths, &[0], &[(1, 1)]);
    assert_eq!(inflate(b"", &packed, 0), Some(Vec::new()));
    // The last width is that of 15, which is not used.
    let bit = 1 + 2 + 14 + 3 * (LENGTH_ORDER.len() - 1);
    assert_eq!(packed[bit / 8] >> (bit % 8) & 1, 0);
    packed[(bit + 2) / 8] ^= 1 << ((bit + 2) % 8);
    assert_eq!(inflate(b"", &packed, 0), None);
    assert!(same(b"", &packed, 0));
}

#[test]
fn bounds_what_it_makes() {
    let packed = deflate(b"", &vec![0; 1 << 20]);
    assert_eq!(inflate(b"", &packed, 1000), None);
    let reaching = deflate(b"0123456789", b"0123456789");
    assert_eq!(inflate(b"", &reaching, 10), None);
}

proptest! {
    #[test]
    fn unpacks_what_others_pack(
        words in vec(vec(any::<u8>(), 1..9), 1..20),
        order in vec(any::<prop::sample::Index>(), 0..3000),
        level in 0_u32..=9,
        block in 1_usize..9000,
        history in vec(any::<u8>(), 0..300),
    ) {
        let raw: Vec<u8> = order.iter().flat_map(|index| index.get(&words)).copied().collect();
        let packed = foreign(&raw, level, block);
        prop_assert_eq!(inflate(&history, &packed, raw.len()), Some(raw.clone()));
        prop_assert_eq!(inflate(&history, &deflate(&history, &raw), raw.len()), Some(raw));
    }

    #[test]
    fn makes_the_same_of_any_bytes(
        packed in vec(any::<u8>(), 0..400),
        history in vec(any::<u8>(), 0..40),
        length in 0_usize..600,
    ) {
        prop_assert!(same(&history, &packed, length));
        // As a block of the last kind, which most bytes are not.
        let dynamic = [&[5 | packed.first().copied().unwrap_or(0) & 0xf8], packed.as_slice()].concat();
        prop_assert!(same(&history, &dynamic, length));
    }

    /// Codes that no compressor makes, too.
    #[test]
    fn makes_the_same_of_any_code(
        mut literals in any_code(280),
        distances in any_code(30),
        end in 1_u8..5,
        bytes in vec(any::<u8>(), 0..60),
        length in 0_usize..300,
    ) {
        if literals[END] == 0 {
            literals[END] = end;
        }
        let behind: Vec<_> = bytes.iter().map(|&byte| (byte.into(), 8)).collect();
        let packed = coded(&literals, &distances, &behind);
        // Many lengths, because few streams have the one they are asked for.
        for packed in (packed.len() - bytes.len()..=packed.len()).map(|end| &packed[..end]) {
            for length in [0, 1, 2, 3, length] {
                prop_assert!(same(b"abc", packed, length));
            }
        }
    }

    #[test]
    fn makes_the_same_of_damage(
        count in 1_u32..80,
        level in 1_u32..=9,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let raw = text(count);
        let mut packed = foreign(&raw, level, 700);
        for (place, byte) in changes {
            let place = place.index(packed.len());
            packed[place] = byte;
        }
        prop_assert!(same(b"", &packed, raw.len()));
    }
}
