/** The numbers of the overlay that a peer does not need to share. Times are in milliseconds. */

/** Below so many known nodes everybody is linked to everybody: it costs little, and a first user's network is small. */
export const SMALL_NETWORK_NODES = 64;
/** Links to dial for. 40 give greedy forwarding several ways on from every node (see the table of simulations). */
export const TARGET_LINKS = 40;
/** Of the links that a tab may have, this share is kept free for nearer neighbours: surplus links are closed. */
export const FREE_LINKS = 1 / 8;
/** A link younger than this is not closed as surplus: its first messages are still on their way. */
export const PRUNE_MIN_AGE_MS = 10_000;
/** Links per bucket. Enough that one loss leaves a way, few enough that 500 connections suffice for any network. */
export const BUCKET_LINKS = 4;
/** Known but unlinked nodes per bucket. */
export const BUCKET_CONTACTS = 20;

export const MAX_DIALS_AT_ONCE = 4;
export const DIALS_PER_MINUTE = 10;
/**
 * In a small network each pair is dialed by one of its two ends, so a newcomer to the largest one dials half of 63
 * nodes. With a burst of 32 it does so at once; afterwards the sustained rate bounds what a liar can make us dial.
 */
export const DIAL_BURST = 32;
/** Where both ends of a missing link know of each other, one leaves the first try to the other. */
export const DIAL_YIELD_MS = 3_000;
/** Waits after a dial came to nothing; doubled with each failure in a row. */
export const DIAL_BACKOFF_MS = 30_000;
export const MAX_DIAL_BACKOFF_MS = 30 * 60_000;
/** A node that has left, or will not be linked, is not asked again for a while however many still name it. */
export const REFUSED_BACKOFF_MS = 5 * 60_000;
/** As long as a bad block bans its sender. */
export const MISBEHAVED_BACKOFF_MS = 60 * 60_000;
/** Without any link, whoever declined is asked again sooner. */
export const ALONE_RETRY_MS = 10_000;
/** Our own transport has no room: try again soon, it is nobody's fault. */
export const BUSY_PAUSE_MS = 5_000;
/** Contacts are dropped after so many failed dials in a row: after eight minutes, so that a break in the network heals. */
export const MAX_DIAL_FAILURES = 5;
export const MAX_BACKOFFS = 1_024;
/** Lost neighbours that are not forgotten, one of which is dialed in each period of REFRESH_MS. */
export const MAX_REMEMBERED = 16;
export const REMEMBERED_MS = 2 * 60 * 60_000;
/** A link younger than this tells little of who will be there later. */
export const REMEMBER_AFTER_MS = 60_000;

/** A hop that says nothing for three of its round trips has lost the request, or drops it. */
export const HOP_TIMEOUT_RTTS = 3;
export const MIN_HOP_TIMEOUT_MS = 300;
export const MAX_HOP_TIMEOUT_MS = 2_000;
/** Until a round trip has been measured. */
export const UNKNOWN_HOP_TIMEOUT_MS = 1_000;
/** One path of a lookup may take half of its time, so that what it tells of can still be asked. */
export const PATH_BUDGET_MS = 4_000;
/** A node that a lookup asks by name has so long; it takes up to 5 hops, of which one may have to be tried again. */
export const NAMED_BUDGET_MS = 2_500;
/**
 * After so long a request is waited for, but takes up none of its lookup's places: nearly all that are answered are
 * answered sooner, and nodes that liars invent must not keep a lookup from those that are there.
 */
export const SLOW_REQUEST_MS = 1_000;
/** Neighbours that one node tries in turn for one request. */
export const MAX_TRIES = 3;
/** A neighbour that let a request time out is passed over for so long while there are others. */
export const SUSPECT_MS = 30_000;

export const READ_PATHS = 3;
/** Stores and provider lookups: at 20 % nodes that drop everything, five paths find what three would miss. */
export const STORE_PATHS = 5;
/** Requests that one lookup may send from here, retries included. Most need 8 to 15. */
export const MAX_LOOKUP_REQUESTS = 40;
/**
 * So many of the nodes nearest to a key must have answered for themselves before what is read under it counts: where 30 %
 * lie, fewer than one in a hundred sets of four has nobody else in it, and few reads come to so few.
 */
export const READ_QUORUM = 4;
/**
 * Where so many nodes are within such a share of the distance at which the CLOSEST_COUNT nearest are to be expected,
 * somebody has placed them there. Honest nodes lie as a Poisson process does, so by chance it is so for one key in two
 * hundred, and one in thirty; that costs a few messages. Whoever keeps farther off leaves honest nodes between: with the
 * wider of the two all but 3 % of keys have one that is nearer than the crowd, and so keeps the records.
 */
export const CROWDS: readonly Crowd[] = [
  { nodes: 4, within: 1 / 12 },
  { nodes: 8, within: 0.45 },
];
/** In a small network, where all that is near is linked as well, this will do: one key in thousands. */
export const CROWDS_OF_SMALL_NETWORK: readonly Crowd[] = [{ nodes: 8, within: 1 / 6 }];

interface Crowd {
  readonly nodes: number;
  readonly within: number;
}
/**
 * Then all nodes are asked within the distance at which the nearest were to be expected, or a little more, as nodes
 * differ in what they expect; up to so many.
 */
export const CROWD_REACH = 1.5;
export const MAX_CROWD = 40;
export const MAX_CROWDED_REQUESTS = 64;

/** Requests of others that are under way through this node. More are answered from what it knows itself. */
export const MAX_FORWARDED = 1_024;
export const MAX_FORWARDED_PER_LINK = 64;
/** Neighbours, present and past, whose use of us is remembered. */
export const MAX_ALLOWANCES = 256;
/** Requests per second that one neighbour may have answered: those that are forwarded, and as many that end here. */
export const REQUESTS_PER_SECOND = 100;
export const REQUEST_BURST = 400;
/** Requests per second that one neighbour may have forwarded. */
export const FORWARDS_PER_SECOND = 50;
export const FORWARD_BURST = 100;
/** Lookups remembered as having been here. */
export const MAX_SEEN_LOOKUPS = 2_048;
/** Messages waiting for room in one link's buffer; more are dropped, as a slow network would. */
export const MAX_UNSENT_PER_LINK = 256;

export const MAX_RECORDS = 4_096;
/** A record is taken where at most so many links are nearer to its key: views of the 8 nearest differ a little. */
export const RESPONSIBLE_COUNT = 16;
/** Or where it is at most so many times farther than the nearest nodes are to be expected. */
export const RESPONSIBLE_REACH = 2;
/** A record wanted from one neighbour is not asked of another before that. */
export const WANT_TIMEOUT_MS = 10_000;
export const MAX_WANTED = 2_048;
/** Records handed to one neighbour per second, after a first burst. */
export const HANDS_PER_SECOND = 20;
export const HAND_BURST = 1_024;

/** A third of a record's lifetime: two republications may fail before it is lost. Varied by a fifth to either side. */
export const REPUBLISH_MS = 15 * 60_000;
export const REPUBLISH_JITTER = 0.2;
/** After the first link, as soon as its neighbours are known; later changes wait for one another. */
export const FIRST_ANNOUNCE_DELAY_MS = 250;
export const REANNOUNCE_DELAY_MS = 3_000;
export const ANNOUNCE_RETRY_MS = 10_000;
/** Announcements under way at once; the others wait in the order of their keys. */
export const MAX_ANNOUNCING = 2;

/** Looks for nodes in thin buckets. Sweeps. */
export const REFRESH_MS = 60_000;
/** After a change among the nearest neighbours others are looked for, but not more often than this. */
export const NEIGHBOURHOOD_DELAY_MS = 1_000;
export const NEIGHBOURHOOD_PAUSE_MS = 10_000;
/** Without any change the neighbourhood is looked over so often: what neighbours tell of may have been missed. */
export const NEIGHBOURHOOD_MS = 5 * 60_000;
export const MAX_BUCKETS_PER_REFRESH = 4;
/** A bucket in which nothing was found is looked at again after this, then twice as long each time: it may be empty. */
export const EMPTY_BUCKET_MS = 60_000;
export const MAX_EMPTY_BUCKET_MS = 16 * 60_000;
/** Of its links a node in a large network names those nearest to the newcomer, and some for its far buckets. */
export const HELLO_NEAREST = 16;
export const HELLO_OTHERS = 8;
/**
 * Nodes that one neighbour may tell of, per second and at once. An honest one names its links when it is linked, perhaps
 * all of them again once a minute, and those that come: in the liveliest small network one in several seconds.
 */
export const TOLD_PER_SECOND = 2;
export const TOLD_BURST = 256;
/** New links are told of together. */
export const GOSSIP_DELAY_MS = 100;
/** Several changes in a row, as when a link opens, are looked at together before anybody is dialed. */
export const DIAL_DELAY_MS = 10;
export const SNAPSHOT_DELAY_MS = 100;
