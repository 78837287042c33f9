/** How many members may be away at once: a majority of all must stay, and below five members one at a time does. */
export function mostAway(members: number, maxUnavailable?: number): number {
  const bound = Math.max(1, members - majorityOf(members));
  const wanted = maxUnavailable ?? (members < 5 ? 1 : bound);
  return Math.max(1, Math.min(wanted, bound));
}

export function majorityOf(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** Sizes of the waves in which so many members restart: as few waves as the bound allows, and as even as they can be. */
export function waveSizes(restarts: number, atOnce: number): number[] {
  const waves = Math.ceil(restarts / atOnce);
  const small = waves === 0 ? 0 : Math.floor(restarts / waves);
  return Array.from({ length: waves }, (_, i) => small + (i < restarts - small * waves ? 1 : 0));
}
