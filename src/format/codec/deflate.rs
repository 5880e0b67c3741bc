//! Packing with DEFLATE (RFC 1951): the bytes of an archive are to stay the same whatever a
//! dependency does, and this is a third of the code of a compressor with every strategy.
//!
//! [`matches`] finds what stood before, [`huffman`] makes the codes of each block.

mod huffman;
mod matches;

use huffman::{Bits, Huffman};
use matches::{MAX_MATCH, Token, tokens_of};

/// Literals and matches of one block.
const BLOCK_TOKENS: usize = 1 << 14;
/// Ends a block; the codes of lengths begin behind it.
const END: usize = 256;
const LITERAL_CODES: usize = 286;
const DISTANCE_CODES: usize = 30;
/// The order in which the lengths of the codes for code lengths are written.
pub(super) const LENGTH_ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// The deflated form of `raw`, without a wrapper; it is unpacked behind `history`.
pub(super) fn deflate(history: &[u8], raw: &[u8]) -> Vec<u8> {
    let tokens = tokens_of(&[history, raw].concat(), history.len());
    let mut out = Bits::default();
    let mut blocks = tokens.chunks(BLOCK_TOKENS).peekable();
    if blocks.peek().is_none() {
        write_block(&mut out, &[], true);
    }
    while let Some(block) = blocks.next() {
        write_block(&mut out, block, blocks.peek().is_none());
    }
    out.finish()
}

/// A code with the bits that follow it: how many, and which.
#[derive(Clone, Copy)]
struct Symbol {
    code: usize,
    extra: u32,
    bits: u32,
}

/// `first` codes stand for themselves, of those behind them as many share a number of extra bits.
fn symbol(number: u32, first: u32) -> Symbol {
    let extra = (number / first).checked_ilog2().map_or(0, |log| log + 1);
    let code = extra * (first / 2) + (number >> extra);
    Symbol {
        code: code as usize,
        extra,
        bits: number & ((1 << extra) - 1),
    }
}

fn length_symbol(length: u16) -> Symbol {
    // The longest has a code of its own.
    if usize::from(length) == MAX_MATCH {
        let code = LITERAL_CODES - 1;
        return Symbol {
            code,
            extra: 0,
            bits: 0,
        };
    }
    let symbol = symbol(u32::from(length) - 3, 8);
    Symbol {
        code: END + 1 + symbol.code,
        ..symbol
    }
}

fn distance_symbol(distance: u16) -> Symbol {
    symbol(u32::from(distance) - 1, 4)
}

fn write_block(out: &mut Bits, tokens: &[Token], last: bool) {
    let mut literals = [0; LITERAL_CODES];
    let mut distances = [0; DISTANCE_CODES];
    tally(&mut literals, END);
    for token in tokens {
        match *token {
            Token::Literal(byte) => tally(&mut literals, byte.into()),
            Token::Match { length, distance } => {
                tally(&mut literals, length_symbol(length).code);
                tally(&mut distances, distance_symbol(distance).code);
            }
        }
    }
    let (literals, distances) = (Huffman::new(&literals, 15), Huffman::new(&distances, 15));
    out.put(u32::from(last), 1);
    out.put(2, 2);
    write_codes(out, &literals.lengths, &distances.lengths);
    for token in tokens {
        match *token {
            Token::Literal(byte) => literals.put(out, byte.into()),
            Token::Match { length, distance } => {
                let (length, distance) = (length_symbol(length), distance_symbol(distance));
                literals.put(out, length.code);
                out.put(length.bits, length.extra);
                distances.put(out, distance.code);
                out.put(distance.bits, distance.extra);
            }
        }
    }
    literals.put(out, END);
}

fn tally(counts: &mut [u32], code: usize) {
    if let Some(count) = counts.get_mut(code) {
        *count += 1;
    }
}

/// Writes the lengths of all codes, which are packed themselves: 16 repeats the length before it 3 to
/// 6 times, 17 and 18 stand for 3 to 10 and 11 to 138 zeros.
fn write_codes(out: &mut Bits, literals: &[u8], distances: &[u8]) {
    let lengths = [literals, distances].concat();
    let mut symbols = Vec::new();
    for run in lengths.chunk_by(|left, right| left == right) {
        let length = run.first().copied().unwrap_or(0);
        let mut left = run.len();
        if length > 0 {
            symbols.push((usize::from(length), 0, 0));
            left -= 1;
        }
        while left > 0 {
            let (code, extra, least, most) = match (length, left) {
                (_, ..3) => (usize::from(length), 0, 1, 1),
                (0, ..11) => (17, 3, 3, 10),
                (0, _) => (18, 7, 11, 138),
                _ => (16, 2, 3, 6),
            };
            let taken = left.min(most);
            symbols.push((code, taken - least, extra));
            left -= taken;
        }
    }

    let mut counts = [0; LENGTH_ORDER.len()];
    for &(code, ..) in &symbols {
        tally(&mut counts, code);
    }
    let huffman = Huffman::new(&counts, 7);
    out.put(narrow(literals.len() - 257).into(), 5);
    out.put(narrow(distances.len() - 1).into(), 5);
    out.put(narrow(LENGTH_ORDER.len() - 4).into(), 4);
    for code in LENGTH_ORDER {
        out.put(huffman.length(code), 3);
    }
    for (code, bits, extra) in symbols {
        huffman.put(out, code);
        out.put(narrow(bits).into(), extra);
    }
}

/// What is known to be small.
fn narrow(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::matches::WINDOW;
    use super::*;
    use miniz_oxide::inflate::decompress_to_vec_with_limit;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn comes_back(raw: &[u8]) {
        let packed = deflate(b"", raw);
        let unpacked = decompress_to_vec_with_limit(&packed, raw.len());
        assert!(unpacked.is_ok_and(|unpacked| unpacked == raw));
    }

    proptest! {
        #[test]
        fn unpacks_to_what_it_was(raw in vec(any::<u8>(), 0..2000)) {
            comes_back(&raw);
        }

        #[test]
        fn repeats_are_found(
            words in vec("[a-d]{1,9}", 1..9),
            order in vec(any::<prop::sample::Index>(), 0..4000),
        ) {
            let text: String = order.iter().map(|index| index.get(&words).as_str()).collect();
            comes_back(text.as_bytes());
        }
    }

    #[test]
    fn every_length_and_distance_comes_back() {
        let noise: Vec<u8> = (0..2 * WINDOW as u64 / 8)
            .flat_map(|seed| seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes())
            .collect();
        for distance in [
            1,
            2,
            3,
            4,
            5,
            255,
            256,
            257,
            8191,
            WINDOW - 1,
            WINDOW,
            WINDOW + 1,
        ] {
            for length in [3, 4, 10, 11, 12, 130, 257, 258, 259, 700] {
                let mut raw = noise[..distance].to_vec();
                for at in 0..length {
                    raw.push(raw[at]);
                }
                comes_back(&raw);
            }
        }
    }

    /// The exact bytes: equal entries make equal archives in every version.
    #[test]
    fn the_packed_form_is_frozen() {
        let text = b"{\"url\":\"http://example.org/a\"},{\"url\":\"http://example.org/b\"}";
        let digest = crate::hash::sha256(&deflate(b"", &text.repeat(50)));
        assert_eq!(digest[..4], [229, 28, 244, 218]);
    }
}
