//! Murmur3: 32 bits behind `bucket`, x86 variant, seed 0, as the specification of Iceberg demands; 128 bits behind the
//! sums of rows. Both stay as they are for ever: what lakes keep was made with them.

/// The hash of these bytes.
pub(super) fn murmur3(bytes: &[u8]) -> u32 {
    let mut hash = 0_u32;
    let mut blocks = bytes.chunks_exact(4);
    for block in &mut blocks {
        hash ^= mix(u32::from_le_bytes([block[0], block[1], block[2], block[3]]));
        hash = hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let tail = blocks.remainder().iter().rev().fold(0_u32, |tail, byte| (tail << 8) | u32::from(*byte));
    hash ^= mix(tail);
    hash ^= bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

/// The bucket of these bytes among `count`.
pub(super) fn bucket(bytes: &[u8], count: u32) -> i32 {
    ((murmur3(bytes) & 0x7fff_ffff) % count.max(1)).cast_signed()
}

fn mix(block: u32) -> u32 {
    block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}

const FIRST: u64 = 0x87c3_7b91_1142_53d5;
const SECOND: u64 = 0x4cf5_ad43_2745_937f;

/// Murmur3, 128 bits, x64 variant: for sums of rows, which need more than 32 bits.
pub(super) fn murmur3_of_bytes(seed: u64, bytes: &[u8]) -> u128 {
    let (mut low, mut high) = (seed, seed);
    let mut blocks = bytes.chunks_exact(16);
    for block in &mut blocks {
        let (first, second) = block.split_at(8);
        low ^= mix_first(word(first));
        low = low.rotate_left(27).wrapping_add(high).wrapping_mul(5).wrapping_add(0x52dc_e729);
        high ^= mix_second(word(second));
        high = high.rotate_left(31).wrapping_add(low).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    let tail = blocks.remainder();
    let (first, second) = tail.split_at(tail.len().min(8));
    high ^= mix_second(word(second));
    low ^= mix_first(word(first));
    finish(low, high, bytes.len() as u64)
}

/// The same of the eight bytes of a number, the lowest first.
#[inline]
pub(super) fn murmur3_of_word(seed: u64, word: u64) -> u128 {
    finish(seed ^ mix_first(word), seed, 8)
}

/// Up to eight bytes, the lowest first.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    match <[u8; 8]>::try_from(bytes) {
        Ok(bytes) => u64::from_le_bytes(bytes),
        Err(_) => bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
    }
}

#[inline]
const fn mix_first(word: u64) -> u64 {
    word.wrapping_mul(FIRST).rotate_left(31).wrapping_mul(SECOND)
}

#[inline]
const fn mix_second(word: u64) -> u64 {
    word.wrapping_mul(SECOND).rotate_left(33).wrapping_mul(FIRST)
}

#[inline]
fn finish(low: u64, high: u64, length: u64) -> u128 {
    let (low, high) = (low ^ length, high ^ length);
    let low = low.wrapping_add(high);
    let high = high.wrapping_add(low);
    let (low, high) = (avalanche(low), avalanche(high));
    let low = low.wrapping_add(high);
    let high = high.wrapping_add(low);
    (u128::from(high) << 64) | u128::from(low)
}

#[inline]
const fn avalanche(mut word: u64) -> u64 {
    word = (word ^ (word >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    word = (word ^ (word >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ (word >> 33)
}
