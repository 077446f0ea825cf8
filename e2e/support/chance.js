// Seeded chance: a failing run is run again with its seed.

/** mulberry32. */
export const generator = (seed) => {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

export const picker = (random) => ({
  below: (limit) => Math.floor(random() * limit),
  of: (list) => list[Math.floor(random() * list.length)],
  chance: (share) => random() < share,
});
