import type { RtcLink } from '../rtc-link.ts';

/** Where all others together bring more than this share of what comes, no link is the sole source. */
const MAX_OF_OTHERS = 0.2;

/** Whether `link` is where nearly all comes from. Another lane for one of several sources takes from the others. */
export function isSoleSource(link: RtcLink, links: Iterable<RtcLink>): boolean {
  let all = 0;
  for (const one of links) all += one.bulkLately();
  const own = link.bulkLately();
  return own > 0 && all - own <= MAX_OF_OTHERS * all;
}
