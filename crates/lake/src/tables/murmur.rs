//! The hash behind `bucket`: Murmur3, 32 bits, x86 variant, seed 0, as the specification of Iceberg demands.

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
