import {
  createState,
  type Clock,
  type Log,
  type MutableState,
  type Random,
  type State,
} from '@tabswarm/base';
import {
  CLOSEST_COUNT,
  MAX_RECORD_LIFETIME_MS,
  providerValue,
  type RecordDraft,
  type SignedRecord,
} from '@tabswarm/protocol/dht';
import type { Bytes } from '@tabswarm/protocol/bytes';
import { compareDistance, type NodeId, type RecordKey, type Root } from '@tabswarm/protocol/ids';

import { NoNetworkError } from '../errors.ts';
import {
  ANNOUNCE_RETRY_MS,
  FIRST_ANNOUNCE_DELAY_MS,
  MAX_ANNOUNCING,
  REANNOUNCE_DELAY_MS,
  REPUBLISH_JITTER,
  REPUBLISH_MS,
} from '../limits.ts';

export type ProvisionState =
  /** No node but this one knows of it yet. */
  | { readonly state: 'waiting' }
  | { readonly state: 'announced'; readonly holders: readonly NodeId[]; readonly at: number }
  | { readonly state: 'withdrawn' };

/** A share that this tab tells the network it holds, until stopped. */
export interface Provision extends State<ProvisionState> {
  readonly root: Root;
  /** Withdraws the record: the network is told that we hold the share no longer. Resolves at once without a network. */
  stop(options?: { signal?: AbortSignal }): Promise<void>;
}

/** Announces provider records and keeps them alive. */
export interface Publisher {
  /** May be called at any time; providing the same share twice needs two stops. */
  provide(root: Root): Provision;
  /** From here on records are announced. */
  resume(): void;
  /** Stops announcing, without withdrawing anything. */
  pause(): void;
  /** A neighbour came or went: records whose nearest nodes changed by it are announced again. */
  changed(node: NodeId, change: 'joined' | 'left'): void;
  roots(): readonly Root[];
}

export interface PublisherParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly keyOf: (root: Root) => Promise<RecordKey>;
  readonly proofOf: (root: Root) => Promise<Bytes>;
  readonly seal: (draft: RecordDraft) => Promise<SignedRecord>;
  /** Keeps it here, as our own. */
  readonly keep: (record: SignedRecord) => void;
  /** Stores it at the nodes nearest to its key; throws a NoNetworkError. Resolves with those that keep it. */
  readonly store: (record: SignedRecord, options: { signal: AbortSignal }) => Promise<readonly NodeId[]>;
  readonly onChange: () => void;
}

interface Entry {
  readonly root: Root;
  readonly current: MutableState<ProvisionState>;
  uses: number;
  key: RecordKey | undefined;
  holders: readonly NodeId[];
  /** Milliseconds since the Unix epoch. */
  dueAt: number;
  cancel: () => void;
}

const WITHDRAWN = providerValue.encode({ type: 'withdrawn' });
const PROVIDER_SLOT = 0;
const NOTHING_TO_CANCEL = (): void => undefined;

export function createPublisher(parts: PublisherParts): Publisher {
  const { clock, random, log } = parts;
  const entries = new Map<Root, Entry>();
  const due = new Set<Entry>();
  let announcing = 0;
  let lastSequence = 0;
  let run: AbortController | undefined;
  /** Where the sweep through the key space stands. */
  let sweptTo: RecordKey | undefined;

  const schedule = (entry: Entry, ms: number): void => {
    entry.cancel();
    entry.dueAt = clock.now() + ms;
    if (!run) return;
    entry.cancel = clock.after(ms, () => {
      due.add(entry);
      sweep();
    });
  };

  const nextPeriod = (): number =>
    Math.round(REPUBLISH_MS * (1 + REPUBLISH_JITTER * (2 * random.number() - 1)));

  /** The next one due in the order of keys, so that lookups one after another go through the same part of the space. */
  const nextDue = (): Entry | undefined => {
    const sorted = [...due].toSorted((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : 1));
    const { length } = sorted;
    return length === 0 ? undefined : (sorted.find(({ key }) => (key ?? '') > (sweptTo ?? '')) ?? sorted[0]);
  };

  function sweep(): void {
    if (!run) return;
    const { signal } = run;
    while (announcing < MAX_ANNOUNCING) {
      const entry = nextDue();
      if (!entry) return;
      due.delete(entry);
      sweptTo = entry.key;
      announcing += 1;
      // announce() reports its own failures.
      void announce(entry, signal).finally(() => {
        announcing -= 1;
        sweep();
      });
    }
  }

  const sealFor = async (entry: Entry, value: RecordDraft['value']): Promise<SignedRecord> => {
    entry.key ??= await parts.keyOf(entry.root);
    // Clocks may count fractions; records do not.
    const issued = Math.floor(clock.now());
    // The time serves as the number, so that it goes on rising when this tab is loaded anew.
    lastSequence = Math.max(lastSequence + 1, issued);
    const record = await parts.seal({
      key: entry.key,
      slot: PROVIDER_SLOT,
      sequence: lastSequence,
      issued,
      expires: issued + MAX_RECORD_LIFETIME_MS,
      value,
    });
    parts.keep(record);
    return record;
  };

  const announce = async (entry: Entry, signal: AbortSignal): Promise<void> => {
    try {
      const proof = await parts.proofOf(entry.root);
      const record = await sealFor(entry, providerValue.encode({ type: 'providing', proof }));
      if (entry.uses === 0) return;
      schedule(entry, nextPeriod());
      const holders = await parts.store(record, { signal });
      if (entry.uses === 0) return;
      entry.holders = holders;
      entry.current.set({ state: 'announced', holders, at: clock.now() });
    } catch (cause) {
      if (signal.aborted || entry.uses === 0) return;
      entry.current.set({ state: 'waiting' });
      // Without a network the first link brings the next attempt.
      if (!(cause instanceof NoNetworkError)) {
        log.warn('not announced', { cause: String(cause) });
        schedule(entry, ANNOUNCE_RETRY_MS);
      }
    }
  };

  const withdraw = async (entry: Entry, signal: AbortSignal): Promise<void> => {
    entries.delete(entry.root);
    due.delete(entry);
    entry.cancel();
    entry.current.set({ state: 'withdrawn' });
    parts.onChange();
    const record = await sealFor(entry, WITHDRAWN);
    try {
      await parts.store(record, { signal });
    } catch (cause) {
      if (signal.aborted) throw cause;
      // Nobody to tell now. The record is kept here and offered to neighbours to come; the old one expires.
      log.debug('withdrawal not stored', { cause: String(cause) });
    }
  };

  const concerns = (entry: Entry, node: NodeId, change: 'joined' | 'left'): boolean => {
    if (entry.holders.length < CLOSEST_COUNT) return true;
    if (change === 'left') return entry.holders.includes(node);
    // Those behind a crowd come after the nearest, and are not what a newcomer takes the place of.
    const last = entry.holders[CLOSEST_COUNT - 1];
    if (last === undefined || entry.key === undefined) return true;
    return !entry.holders.includes(node) && compareDistance(entry.key, node, last) < 0;
  };

  return {
    provide(root) {
      const known = entries.get(root);
      const entry: Entry = known ?? {
        root,
        current: createState<ProvisionState>({ state: 'waiting' }),
        uses: 0,
        key: undefined,
        holders: [],
        dueAt: 0,
        cancel: NOTHING_TO_CANCEL,
      };
      entry.uses += 1;
      if (!known) {
        entries.set(root, entry);
        schedule(entry, 0);
        parts.onChange();
      }
      let stopped = false;
      return {
        root,
        get: () => entry.current.get(),
        subscribe: (onChange) => entry.current.subscribe(onChange),
        async stop({ signal = new AbortController().signal } = {}) {
          if (stopped) return;
          stopped = true;
          entry.uses -= 1;
          if (entry.uses === 0) await withdraw(entry, signal);
        },
      };
    },
    resume() {
      run ??= new AbortController();
      for (const entry of entries.values()) schedule(entry, Math.max(0, entry.dueAt - clock.now()));
    },
    pause() {
      run?.abort();
      run = undefined;
      due.clear();
      for (const entry of entries.values()) entry.cancel();
    },
    changed(node, change) {
      for (const entry of entries.values()) {
        if (!concerns(entry, node, change)) continue;
        const waiting = entry.current.get().state === 'waiting';
        const delay = waiting ? FIRST_ANNOUNCE_DELAY_MS : REANNOUNCE_DELAY_MS;
        // Later changes do not put off what is due soon anyway.
        if (entry.dueAt > clock.now() + delay || entry.dueAt <= clock.now()) schedule(entry, delay);
      }
    },
    roots: () => [...entries.keys()],
  };
}
