//! Residency and budgets: which entry has its body in memory, in which form, and who must leave.

mod holding;
mod room;

use super::bodies::EncodedBodies;
use super::holds::Holds;
use super::policy::{Admission, Fifo, Policy};
use crate::catalog::Slot;
use crate::hash::Hash;
use crate::hits::{Hits, single};

/// Heap taken by a value decoded from one byte of JSON, in quarters; V8 takes 1.68 on the
/// StructureDefinitions of R4, R4B and R5, 1.9 on the FHIR Schemas made of those of R4B.
pub const DECODED_QUARTERS: usize = 7;

/// Bookkeeping per resident entry on both sides of the wall, in bytes; an estimate.
pub const RESIDENT_BYTES: usize = 96;

/// In which form a body is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Only the host has it.
    Cold,
    /// Its bytes are in Wasm memory.
    Encoded,
    /// A value decoded from it is on the JavaScript side.
    Decoded,
    /// Both, where the bytes are the only truth.
    Both,
}

/// The budgets of the tier.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Encoded, decoded and pending bytes with their bookkeeping.
    pub bytes: usize,
    /// Entries with a body in memory.
    pub entries: usize,
}

/// Why a body was evicted; the numbers cross to JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The limit on bytes.
    Size = 0,
    /// The limit on entries.
    Entries = 1,
    /// The caller wanted memory back.
    Explicit = 2,
    /// The process, or Wasm memory, has no more.
    Pressure = 3,
    /// Nobody had read it for the idle time.
    Expired = 4,
}

/// An entry whose body left memory, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evicted {
    /// The entry.
    pub slot: Slot,
    /// What it had to make room for.
    pub cause: Cause,
}

/// Whether a body can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is.
    Held,
    /// It does not fit the limit on bytes beside what may not leave either.
    NoBytes,
    /// As many bodies are held as there may be in memory.
    NoEntries,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Resident {
    pub(super) form: Form,
    hash: Hash,
    size: usize,
    key_bytes: usize,
    /// In the queue of those that leave before any other.
    pub(super) demoted: bool,
}

impl Resident {
    fn decoded_bytes(&self) -> usize {
        match self.form {
            Form::Decoded | Form::Both => decoded_weight(self.size),
            Form::Cold | Form::Encoded => 0,
        }
    }

    pub(super) fn weight(&self) -> usize {
        let encoded = match self.form {
            Form::Encoded | Form::Both => self.size,
            Form::Cold | Form::Decoded => 0,
        };
        encoded + self.decoded_bytes() + self.key_bytes + RESIDENT_BYTES
    }
}

/// Estimated heap of a value decoded from `size` bytes of JSON.
pub(super) fn decoded_weight(size: usize) -> usize {
    size.saturating_mul(DECODED_QUARTERS) / 4
}

/// The resident bodies.
#[derive(Debug)]
pub struct Tier {
    pub(super) limits: Limits,
    /// Decoding keeps the bytes: they are the only copy.
    keeps_bytes: bool,
    pub(super) policy: Box<dyn Policy>,
    /// Bodies of hidden entries, unknown to the policy.
    demoted: Fifo,
    refusals: u64,
    pub(super) residents: Vec<Option<Resident>>,
    /// What is held is resident, unknown to the policy, and not demoted.
    pub(super) holds: Holds,
    bodies: EncodedBodies,
    decoded_bytes: usize,
    overhead_bytes: usize,
    pub(super) pending_bytes: usize,
}

impl Tier {
    /// An empty tier. `keeps_bytes`: no durable host, encoded bodies stay when decoded.
    pub fn new(limits: Limits, policy: Box<dyn Policy>, keeps_bytes: bool) -> Self {
        Self {
            limits,
            keeps_bytes,
            policy,
            demoted: Fifo::default(),
            refusals: 0,
            residents: Vec::new(),
            holds: Holds::default(),
            bodies: EncodedBodies::default(),
            decoded_bytes: 0,
            overhead_bytes: 0,
            pending_bytes: 0,
        }
    }

    /// In which form the body of an entry is here.
    pub fn form(&self, slot: Slot) -> Form {
        self.resident(slot)
            .map_or(Form::Cold, |resident| resident.form)
    }

    /// The bytes of an entry, if they are here.
    pub fn encoded(&self, slot: Slot) -> Option<&[u8]> {
        let resident = self.resident(slot)?;
        match resident.form {
            Form::Encoded | Form::Both => self.bodies.get(&resident.hash),
            Form::Cold | Form::Decoded => None,
        }
    }

    /// Makes the bytes of an entry resident. The budgets are restored by [`Tier::make_room`].
    pub fn admit_encoded(
        &mut self,
        admission: Admission,
        hash: Hash,
        bytes: Box<[u8]>,
        key_bytes: usize,
    ) {
        let resident = Resident {
            form: Form::Encoded,
            hash,
            size: bytes.len(),
            key_bytes,
            demoted: false,
        };
        self.remove(admission.slot);
        self.bodies.hold(hash, bytes);
        self.admit(admission, resident);
    }

    /// Notes that a value decoded from the body is on the JavaScript side; drops the bytes unless
    /// they are the only copy.
    pub fn admit_decoded(
        &mut self,
        admission: Admission,
        hash: Hash,
        size: usize,
        key_bytes: usize,
    ) {
        if self.holds.has(admission.slot) {
            return;
        }
        let had = self.form(admission.slot);
        let bytes_stay = self.keeps_bytes && matches!(had, Form::Encoded | Form::Both);
        let form = if bytes_stay {
            Form::Both
        } else {
            Form::Decoded
        };
        let resident = Resident {
            form,
            hash,
            size,
            key_bytes,
            demoted: false,
        };
        if had == Form::Cold {
            self.admit(admission, resident);
            return;
        }
        self.uncount(admission.slot);
        if !bytes_stay && had == Form::Encoded {
            self.bodies.release(&hash);
        }
        self.count(&resident);
        self.policy.reweigh(admission.slot, resident.weight());
        // Decoding is a use: what is being read must not be the one to make room for its value.
        self.policy.hits(&[single(admission.slot.number())]);
        self.set(admission.slot, Some(resident));
    }

    /// Takes a report of hits.
    pub fn hits(&mut self, report: &[Hits]) {
        self.policy.hits(report);
    }

    /// The body of an entry leaves because the entry does, one that is held when it is released;
    /// returns whether it left.
    pub fn remove(&mut self, slot: Slot) -> bool {
        let held = self.holds.has(slot);
        let Some(resident) = self.resident(slot).filter(|_| !held) else {
            return false;
        };
        if resident.demoted {
            self.demoted.remove(slot);
        } else {
            self.policy.remove(slot);
        }
        self.forget(slot);
        true
    }

    /// Lets a body that is not held leave before all others when room must be made; its decoded value
    /// leaves now. Returns whether nothing of it stayed.
    pub fn demote(&mut self, slot: Slot) -> bool {
        let held = self.holds.has(slot);
        let moves = |resident: &&Resident| !resident.demoted && !held;
        let Some(&resident) = self.resident(slot).filter(moves) else {
            return false;
        };
        if resident.form == Form::Decoded {
            return self.remove(slot);
        }
        self.policy.remove(slot);
        self.uncount(slot);
        let resident = Resident {
            form: Form::Encoded,
            demoted: true,
            ..resident
        };
        self.count(&resident);
        self.set(slot, Some(resident));
        self.demoted.push(slot);
        false
    }

    /// Counts bytes that may not leave because they are not durable yet.
    pub fn add_pending(&mut self, bytes: usize) {
        self.pending_bytes += bytes;
    }

    /// Uncounts bytes that became durable or were given up.
    pub fn remove_pending(&mut self, bytes: usize) {
        self.pending_bytes = self.pending_bytes.saturating_sub(bytes);
    }

    /// What the limit on bytes bounds, as it is now.
    pub fn used_bytes(&self) -> usize {
        self.bodies.bytes() + self.decoded_bytes + self.overhead_bytes + self.pending_bytes
    }

    /// Bytes of the encoded bodies, each distinct one once.
    pub fn encoded_bytes(&self) -> usize {
        self.bodies.bytes()
    }

    /// Estimated bytes of the decoded values.
    pub fn decoded_bytes(&self) -> usize {
        self.decoded_bytes
    }

    /// Bytes not yet durable.
    pub fn pending_bytes(&self) -> usize {
        self.pending_bytes
    }

    /// Entries with a body in memory.
    pub fn len(&self) -> usize {
        self.policy.len() + self.holds.entries() + self.demoted.len()
    }

    /// How many newcomers were evicted because the policy preferred what it had.
    pub fn refusals(&self) -> u64 {
        self.refusals
    }

    /// Whether no body is in memory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The budgets.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What a body of that size weighs when it is decoded.
    pub(super) fn weight(&self, size: usize, key_bytes: usize) -> usize {
        let encoded = if self.keeps_bytes { size } else { 0 };
        encoded + decoded_weight(size) + key_bytes + RESIDENT_BYTES
    }

    fn admit(&mut self, mut admission: Admission, resident: Resident) {
        admission.weight = resident.weight();
        self.count(&resident);
        self.set(admission.slot, Some(resident));
        self.policy.insert(admission);
    }

    /// Takes out the slot that is to leave first.
    pub(super) fn victim(&mut self) -> Option<Slot> {
        self.demoted.victim().or_else(|| self.policy.victim())
    }

    pub(super) fn forget(&mut self, slot: Slot) {
        self.uncount(slot);
        if let Some(resident) = self.resident(slot) {
            let (form, hash) = (resident.form, resident.hash);
            if matches!(form, Form::Encoded | Form::Both) {
                self.bodies.release(&hash);
            }
        }
        self.set(slot, None);
    }

    pub(super) fn count(&mut self, resident: &Resident) {
        self.decoded_bytes += resident.decoded_bytes();
        self.overhead_bytes += resident.key_bytes + RESIDENT_BYTES;
    }

    pub(super) fn uncount(&mut self, slot: Slot) {
        if let Some(resident) = self.resident(slot).copied() {
            self.decoded_bytes -= resident.decoded_bytes();
            self.overhead_bytes -= resident.key_bytes + RESIDENT_BYTES;
        }
    }

    pub(super) fn resident(&self, slot: Slot) -> Option<&Resident> {
        self.residents.get(slot.index())?.as_ref()
    }

    pub(super) fn set(&mut self, slot: Slot, resident: Option<Resident>) {
        if self.residents.len() <= slot.index() {
            self.residents.resize(slot.index() + 1, None);
        }
        if let Some(place) = self.residents.get_mut(slot.index()) {
            *place = resident;
        }
    }
}
