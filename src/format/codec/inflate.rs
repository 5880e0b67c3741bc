//! Unpacking DEFLATE (RFC 1951) that may be hostile, within limits known in advance.
//!
//! What is accepted and what is refused is the same as in `miniz_oxide`, with which the tests
//! compare it; that one can stop and go on anywhere, and is five times the code.

use super::deflate::LENGTH_ORDER;

/// Longest code in bits.
const MAX_BITS: usize = 15;
/// Codes up to this length are found by one look-up.
const FAST_BITS: u8 = 9;
/// Ends a block; the codes of lengths begin behind it.
const END: usize = 256;
const LITERAL_CODES: usize = 286;
const DISTANCE_CODES: usize = 30;

/// The inflated form of all of `packed`, without a wrapper, behind `history`; `None` when it is
/// damaged or not `length` bytes.
pub(super) fn inflate(history: &[u8], packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let start = history.len();
    let mut bytes = Vec::with_capacity(start + length);
    bytes.extend_from_slice(history);
    let mut out = Out {
        end: start + length,
        bytes,
    };
    let mut input = Input {
        bytes: packed,
        at: 0,
        bits: 0,
        count: 0,
    };
    loop {
        let last = input.take(1)?;
        match input.take(2)? {
            0 => stored(&mut input, &mut out)?,
            1 => fixed(&mut input, &mut out)?,
            2 => dynamic(&mut input, &mut out)?,
            _ => return None,
        }
        if last == 1 {
            break;
        }
    }
    input.align();
    let whole = out.bytes.len() == out.end && input.at == packed.len();
    out.bytes.drain(..start);
    whole.then_some(out.bytes)
}

fn stored(input: &mut Input<'_>, out: &mut Out) -> Option<()> {
    input.align();
    let (length, complement) = (input.take(16)?, input.take(16)?);
    if length ^ complement != 0xffff {
        return None;
    }
    input.align();
    let end = input.at + length as usize;
    let bytes = input.bytes.get(input.at..end)?;
    input.at = end;
    out.room(bytes.len())?;
    out.bytes.extend_from_slice(bytes);
    Some(())
}

fn fixed(input: &mut Input<'_>, out: &mut Out) -> Option<()> {
    let mut lengths = [8; 288];
    for (length, number) in lengths.iter_mut().zip(0..) {
        match number {
            144..256 => *length = 9,
            256..280 => *length = 7,
            _ => {}
        }
    }
    block(input, out, &lengths, &[5; 32])
}

fn dynamic(input: &mut Input<'_>, out: &mut Out) -> Option<()> {
    let literals = input.take(5)? as usize + END + 1;
    let distances = input.take(5)? as usize + 1;
    if literals > LITERAL_CODES || distances > DISTANCE_CODES {
        return None;
    }
    let mut lengths = [0; LENGTH_ORDER.len()];
    let given = input.take(4)? as usize + 4;
    for &place in LENGTH_ORDER.iter().take(given) {
        *lengths.get_mut(place)? = u8::try_from(input.take(3)?).ok()?;
    }
    let code = Code::new(&lengths)?;
    let mut lengths = Vec::with_capacity(LITERAL_CODES + DISTANCE_CODES);
    while lengths.len() < literals + distances {
        let (length, times) = match code.next(input)? {
            16 => (*lengths.last()?, 3 + input.take(2)?),
            17 => (0, 3 + input.take(3)?),
            18 => (0, 11 + input.take(7)?),
            length => (u8::try_from(length).ok()?, 1),
        };
        lengths.resize(lengths.len() + times as usize, length);
    }
    if lengths.len() > literals + distances {
        return None;
    }
    let (literals, distances) = lengths.split_at_checked(literals)?;
    block(input, out, literals, distances)
}

/// What stands between the head of a block and its end, in codes of these lengths.
fn block(input: &mut Input<'_>, out: &mut Out, literals: &[u8], distances: &[u8]) -> Option<()> {
    let (literals, distances) = (Code::new(literals)?, Code::new(distances)?);
    loop {
        let number = literals.next(input)?;
        if let Ok(literal) = u8::try_from(number) {
            out.room(1)?;
            out.bytes.push(literal);
            continue;
        }
        let length = match number {
            END => return Some(()),
            // The longest has a code of its own.
            285 => 258,
            LITERAL_CODES.. => return None,
            _ => 3 + value(input, number - END - 1, 2)?,
        };
        let distance = match distances.next(input)? {
            DISTANCE_CODES.. => return None,
            number => 1 + value(input, number, 1)?,
        };
        out.repeat(distance, length)?;
    }
}

/// The value of a code with extra bits: past the first ones, every `1 << shared` codes have as many.
fn value(input: &mut Input<'_>, code: usize, shared: u32) -> Option<usize> {
    let group = code >> shared;
    if group < 2 {
        return Some(code);
    }
    let extra = u32::try_from(group - 1).ok()?;
    let high = code - ((group - 1) << shared);
    Some((high << extra) + input.take(extra)? as usize)
}

/// A prefix code.
struct Code {
    /// By the next bits: number and length of the code they begin with; 0 for a longer one.
    fast: [u16; 1 << FAST_BITS],
    /// How many codes there are of each length.
    counts: [u16; MAX_BITS + 1],
    /// Their numbers in the order of the codes.
    numbers: Vec<u16>,
}

impl Code {
    /// `None` when there are more codes than patterns, or fewer: but a code may be missing where
    /// one bit is all there is, because a block without matches has no distances to tell apart.
    fn new(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0; MAX_BITS + 1];
        for &length in lengths.iter().filter(|length| **length > 0) {
            *counts.get_mut(usize::from(length))? += 1;
        }
        // By length: the next code, and the place of its number.
        let mut next = [(0, 0); MAX_BITS + 1];
        let (mut code, mut place, mut left) = (0_u16, 0, 1_u16);
        for (next, &count) in next.iter_mut().zip(&counts).skip(1) {
            (code, left) = (code << 1, (left << 1).checked_sub(count)?);
            *next = (code, usize::from(place));
            code += count;
            place += count;
        }
        if left > 0 && counts.get(1) != Some(&place) {
            return None;
        }
        let mut fast = [0; 1 << FAST_BITS];
        let mut numbers = vec![0; place.into()];
        for (&length, number) in lengths.iter().zip(0_u16..).filter(|(it, _)| **it > 0) {
            let (code, place) = next.get_mut(usize::from(length))?;
            *numbers.get_mut(*place)? = number;
            if length <= FAST_BITS {
                let first = code.reverse_bits() >> (16 - length);
                let entries = fast.iter_mut().skip(first.into());
                for entry in entries.step_by(1 << length) {
                    *entry = number << 4 | u16::from(length);
                }
            }
            *code += 1;
            *place += 1;
        }
        Some(Self {
            fast,
            counts,
            numbers,
        })
    }

    /// The number of the code that comes next.
    fn next(&self, input: &mut Input<'_>) -> Option<usize> {
        input.fill();
        let next = input.bits & ((1 << FAST_BITS) - 1);
        let entry = *self.fast.get(usize::try_from(next).ok()?)?;
        if entry > 0 {
            input.skip(u32::from(entry & 15))?;
            return Some(usize::from(entry >> 4));
        }
        self.long(input)
    }

    /// Bit by bit: codes of one length are numbers in a row, and begin where those of the length
    /// before ended.
    fn long(&self, input: &mut Input<'_>) -> Option<usize> {
        let (mut bits, mut code, mut first, mut passed) = (input.bits, 0, 0, 0);
        for (length, &count) in (0..).zip(&self.counts).skip(1) {
            let count = usize::from(count);
            code = code << 1 | usize::from(bits & 1 == 1);
            first <<= 1;
            if code < first + count {
                input.skip(length)?;
                let number = self.numbers.get(passed + code - first)?;
                return Some(usize::from(*number));
            }
            bits >>= 1;
            first += count;
            passed += count;
        }
        None
    }
}

/// Bits, the lowest of a byte first.
struct Input<'a> {
    bytes: &'a [u8],
    /// Of the next byte.
    at: usize,
    /// Those taken out of the bytes before; above them zeros.
    bits: u64,
    /// How many of them there are.
    count: u32,
}

impl Input<'_> {
    /// Makes at least 32 bits ready, unless the bytes end.
    fn fill(&mut self) {
        if self.count > 32 {
            return;
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if let Some(word) = rest.first_chunk() {
            self.bits |= u64::from(u32::from_le_bytes(*word)) << self.count;
            self.at += 4;
            self.count += 32;
            return;
        }
        for &byte in rest {
            self.bits |= u64::from(byte) << self.count;
            self.at += 1;
            self.count += 8;
        }
    }

    fn skip(&mut self, count: u32) -> Option<()> {
        self.count = self.count.checked_sub(count)?;
        self.bits >>= count;
        Some(())
    }

    /// At most 16 bits as a number.
    fn take(&mut self, count: u32) -> Option<u32> {
        self.fill();
        let bits = self.bits & ((1 << count) - 1);
        self.skip(count)?;
        u32::try_from(bits).ok()
    }

    /// Goes on at the next whole byte.
    fn align(&mut self) {
        self.at -= self.count as usize / 8;
        (self.bits, self.count) = (0, 0);
    }
}

struct Out {
    bytes: Vec<u8>,
    /// Length they are to have.
    end: usize,
}

impl Out {
    /// Whether so many more may come.
    fn room(&self, count: usize) -> Option<()> {
        (count <= self.end - self.bytes.len()).then_some(())
    }

    /// Appends what stands `distance` before; it may reach into what it makes.
    fn repeat(&mut self, distance: usize, mut length: usize) -> Option<()> {
        self.room(length)?;
        let from = self.bytes.len().checked_sub(distance)?;
        while length > 0 {
            let count = length.min(self.bytes.len() - from);
            self.bytes.extend_from_within(from..from + count);
            length -= count;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
