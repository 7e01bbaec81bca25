import { createState, silentLog } from '@tabswarm/base';
import type { NodeSnapshot, Problem, TransferView } from '@tabswarm/node';
import { describe, expect, it } from 'vitest';
import { isNeeded, keepAwake } from '../src/staying.ts';

const row = (about: Partial<TransferView>) =>
  ({ root: 'ab', status: { state: 'sharing' }, downRate: 0, upRate: 0, ...about }) as TransferView;
const rows = (...transfers: TransferView[]) => ({ transfers }) as unknown as NodeSnapshot;
const IDLE = rows(row({}));
const CHECKING = row({ supply: { id: 'j', status: { state: 'checking' }, progress: 0 } });
const PAUSED = row({ supply: { id: 'j', status: { state: 'paused' }, progress: 0 } });
const BUSY = rows(row({ upRate: 9 }));

/** A page whose browser grants wake locks, and takes them away when it is hidden. */
function createPage() {
  const state = createState(IDLE);
  const listeners: (() => void)[] = [];
  const page = { visible: true, refuses: false, asked: 0, held: undefined as WakeLockSentinel | undefined };
  const requestWakeLock = (): Promise<WakeLockSentinel> => {
    page.asked += 1;
    if (page.refuses) return Promise.reject(new Error('low battery'));
    const sentinel = {
      released: false,
      release() {
        sentinel.released = true;
        return Promise.resolve();
      },
    };
    page.held = sentinel as unknown as WakeLockSentinel;
    return Promise.resolve(page.held);
  };
  keepAwake(
    state,
    { requestWakeLock, isVisible: () => page.visible, onVisible: (listener) => listeners.push(listener) },
    silentLog,
  );
  return {
    page,
    async shows(snapshot: NodeSnapshot) {
      state.set(snapshot);
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    },
    async comesIntoView() {
      page.visible = true;
      for (const listener of listeners) listener();
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    },
  };
}

describe('the machine', () => {
  it('is kept awake while bytes move, and no longer', async () => {
    const { page, shows } = createPage();
    expect(page.asked).toBe(0);
    await shows(BUSY);
    await shows(rows(row({ downRate: 5 })));
    expect([page.asked, page.held?.released]).toEqual([1, false]);
    await shows(IDLE);
    expect(page.held?.released).toBe(true);
    await shows(rows(row({ status: { state: 'hashing' } })));
    expect([page.asked, page.held?.released]).toEqual([2, false]);
    await shows(rows(PAUSED));
    expect(page.held?.released).toBe(true);
    await shows(rows(CHECKING));
    expect([page.asked, page.held?.released]).toEqual([3, false]);
  });

  it('is kept awake again when the page comes back into view', async () => {
    const { page, shows, comesIntoView } = createPage();
    await shows(BUSY);
    page.visible = false;
    await page.held?.release();
    await shows(rows(row({ upRate: 8 })));
    expect(page.asked).toBe(1);
    await comesIntoView();
    expect([page.asked, page.held?.released]).toEqual([2, false]);
  });

  it('may fall asleep where the browser will not have it otherwise', async () => {
    const { page, shows, comesIntoView } = createPage();
    page.refuses = true;
    await shows(BUSY);
    for (let upRate = 1; upRate < 9; upRate += 1) await shows(rows(row({ upRate })));
    expect([page.asked, page.held]).toEqual([1, undefined]);
    page.refuses = false;
    await comesIntoView();
    expect([page.asked, page.held?.released]).toEqual([2, false]);
  });

  it('may fall asleep where the lock comes when nothing moves any more', async () => {
    const { page, shows } = createPage();
    void shows(BUSY);
    await shows(IDLE);
    expect([page.asked, page.held?.released]).toEqual([1, true]);
  });
});

describe('a tab', () => {
  it('is needed while it prepares a share or checks files for one, or others need it', () => {
    expect(isNeeded(IDLE)).toBe(false);
    expect(isNeeded(rows(CHECKING))).toBe(true);
    expect(isNeeded(rows(PAUSED))).toBe(true);
    const job = (status: TransferView['status']) => rows(row({ root: undefined, status }));
    expect(isNeeded(job({ state: 'hashing' }))).toBe(true);
    expect(isNeeded(job({ state: 'paused' }))).toBe(true);
    expect(isNeeded(job({ state: 'failed', problem: {} as Problem }))).toBe(false);
    expect(isNeeded(rows(row({}), row({ needed: 'receiving' })))).toBe(true);
  });
});
