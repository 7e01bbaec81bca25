import { silentLog } from '@tabswarm/base';
import { createMemoryTabs } from '@tabswarm/store';
import type { Limits } from '@tabswarm/swarm';
import { describe, expect, it } from 'vitest';
import { createLimiting, type Limiting } from '../src/limiting.ts';
import { createLimitsMemory } from '../src/limits.ts';

function createBrowser(storage: () => Storage = createStorage()) {
  const tabs = createMemoryTabs();
  return {
    openTab(): { limiting: Limiting; kept: Limits[]; close: () => void } {
      const kept: Limits[] = [];
      const over = new AbortController();
      const limiting = createLimiting({
        swarm: { setLimits: (limits) => kept.push(limits) },
        memory: createLimitsMemory(storage, tabs.open(), silentLog),
        onChange: () => undefined,
      });
      limiting.start({ signal: over.signal });
      return { limiting, kept, close: () => over.abort() };
    },
  };
}

function createStorage(): () => Storage {
  const values = new Map<string, string>();
  const storage = {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
  } as Storage;
  return () => storage;
}

describe("the user's limits", () => {
  it('are kept over a reload', () => {
    const browser = createBrowser();
    const before = browser.openTab();
    expect(before.kept).toEqual([{}]);
    before.limiting.set({ up: 100_000, down: 2_000_000.4 });
    before.limiting.set({ down: 50_000 });
    before.close();
    const after = browser.openTab();
    expect(after.kept).toEqual([{ down: 50_000 }]);
    after.limiting.set({ up: 100_000_000_000, down: 16_000 });
    after.close();
    expect(browser.openTab().kept).toEqual([{ up: 100_000_000_000, down: 16_000 }]);
  });

  it('are those of all tabs, as soon as one is told', async () => {
    const browser = createBrowser();
    const [one, other] = [browser.openTab(), browser.openTab()];
    one.limiting.set({ up: 100_000 });
    await Promise.resolve();
    expect(other.limiting.current()).toEqual({ up: 100_000 });
    expect(other.kept).toEqual([{}, { up: 100_000 }]);
  });

  it('are refused where they are none, and then stay as they are', () => {
    const { limiting } = createBrowser().openTab();
    limiting.set({ up: 20_000 });
    for (const up of [0, -1, 15_999, 100_000_000_001, Number.NaN, Infinity])
      expect(() => limiting.set({ up })).toThrow(RangeError);
    expect(limiting.current()).toEqual({ up: 20_000 });
  });

  it('hold as long as the tab is open where nothing can be remembered', () => {
    const { limiting, kept } = createBrowser(() => {
      throw new DOMException('turned off', 'SecurityError');
    }).openTab();
    limiting.set({ up: 20_000 });
    expect(kept.at(-1)).toEqual({ up: 20_000 });
  });
});
