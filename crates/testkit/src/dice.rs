//! Numbers that look random and are the same for the same seed.

/// xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016).
pub struct Dice(u64);

impl Dice {
    /// Dice that give the same numbers for the same seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        // 0 would give only zeros.
        Self(if seed == 0 { 1 } else { seed })
    }

    /// A number from 0 to `sides` - 1.
    pub fn roll<N: TryFrom<u64> + TryInto<u64>>(&mut self, sides: N) -> N {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let sides: u64 = sides.try_into().ok().expect("a number of sides");
        let rolled = (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides;
        rolled.try_into().ok().expect("less than the sides")
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let place = self.roll(from.len());
        &from[place]
    }
}
