//! Finding what stood before: hash chains, and a match put off where one of the next two bytes has a longer one.

use super::narrow;

/// How far back a match may begin.
pub(super) const WINDOW: usize = 32 * 1024;
const MIN_MATCH: usize = 3;
pub(super) const MAX_MATCH: usize = 258;
/// Places tried for one match.
const TRIES: usize = 256;
/// A match of this length ends the search for a better one.
const GOOD_MATCH: usize = 160;
/// A match of this length is not compared with the one two bytes on.
const DOUBTFUL_MATCH: usize = 40;
/// Further back, a match of three bytes takes more bits than they do.
const NEAR: usize = 1024;
const HASH_BITS: u32 = 15;

/// A literal, or a match of that length, so far back.
#[derive(Clone, Copy)]
pub(super) enum Token {
    Literal(u8),
    Match { length: u16, distance: u16 },
}

/// The literals and matches that make up `raw` from `start` on; what stands before may be matched.
pub(super) fn tokens_of(raw: &[u8], start: usize) -> Vec<Token> {
    let mut tokens = Vec::with_capacity((raw.len() - start) / 4);
    let mut chains = Chains::new();
    let mut at = start.saturating_sub(WINDOW);
    while at < start {
        chains.insert(raw, at);
        at += 1;
    }
    let mut found = chains.find(raw, at);
    while let Some(&byte) = raw.get(at) {
        let (length, distance) = found;
        chains.insert(raw, at);
        let next = if length < GOOD_MATCH {
            chains.find(raw, at + 1)
        } else {
            (0, 0)
        };
        let worthwhile = length > MIN_MATCH || (length == MIN_MATCH && distance <= NEAR);
        let later = || length < DOUBTFUL_MATCH && chains.find(raw, at + 2).0 > length + 1;
        if !worthwhile || next.0 > length || later() {
            tokens.push(Token::Literal(byte));
            at += 1;
            found = next;
            continue;
        }
        tokens.push(Token::Match {
            length: narrow(length),
            distance: narrow(distance),
        });
        for inside in at + 1..at + length {
            chains.insert(raw, inside);
        }
        at += length;
        found = chains.find(raw, at);
    }
    tokens
}

/// Where the same three bytes stood before: the last place by hash, and the one before each place.
/// Places count from 1.
struct Chains {
    last: Vec<u32>,
    before: Vec<u32>,
}

impl Chains {
    fn new() -> Self {
        Self {
            last: vec![0; 1 << HASH_BITS],
            before: vec![0; WINDOW],
        }
    }

    fn insert(&mut self, raw: &[u8], at: usize) {
        let place = u32::try_from(at + 1).unwrap_or(0);
        if let Some(last) = hash(raw, at).and_then(|hash| self.last.get_mut(hash))
            && let Some(before) = self.before.get_mut(at % WINDOW)
        {
            *before = core::mem::replace(last, place);
        }
    }

    /// Length and distance of the longest match, the nearest of its length.
    fn find(&self, raw: &[u8], at: usize) -> (usize, usize) {
        let mut best = (0, 0);
        let Some(&newest) = hash(raw, at).and_then(|hash| self.last.get(hash)) else {
            return best;
        };
        let mut place = newest as usize;
        for _ in 0..TRIES {
            // A place that has left the window was overwritten: from there on the chain is another's.
            if place == 0 || place + WINDOW <= at {
                break;
            }
            let from = place - 1;
            // A longer match has the byte behind the best one.
            if raw.get(from + best.0) == raw.get(at + best.0) {
                let length = common(raw, from, at);
                if length > best.0 {
                    best = (length, at - from);
                }
                if length >= GOOD_MATCH {
                    break;
                }
            }
            place = self
                .before
                .get(from % WINDOW)
                .map_or(0, |&before| before as usize);
        }
        best
    }
}

fn hash(raw: &[u8], at: usize) -> Option<usize> {
    let &[a, b, c] = raw.get(at..)?.first_chunk()?;
    let word = u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9e37_79b1);
    Some((word >> (32 - HASH_BITS)) as usize)
}

fn common(raw: &[u8], from: usize, at: usize) -> usize {
    let (left, right) = (raw.get(from..), raw.get(at..));
    let pairs = left
        .unwrap_or_default()
        .iter()
        .zip(right.unwrap_or_default());
    pairs
        .take(MAX_MATCH)
        .take_while(|(left, right)| left == right)
        .count()
}
