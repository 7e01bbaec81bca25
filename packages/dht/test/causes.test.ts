import { describe, expect, it } from 'vitest';
import type { NodeId } from '@tabswarm/protocol/ids';
import { idNear } from '../sim/adversaries.ts';
import { createPopulation, type Member } from '../sim/population.ts';

const MINUTE = 60_000;

describe('what a simulated lookup leads to is known', () => {
  it('also when it comes later: a connection that is tried because of it counts', async () => {
    const population = createPopulation({ seed: 3 });
    await population.grow(90, MINUTE);
    await population.clock.advance(MINUTE);
    const one = population.any();
    // Neighbours so near are always wanted, and nobody else could have told of these: they do not exist.
    const invented = (): NodeId => idNear(one.id, 24, population.random);
    const dialed = async (): Promise<number> => {
      const before = one.meter.dials;
      await population.clock.advance(MINUTE);
      return one.meter.dials - before;
    };
    one.dht.addContacts([invented()]);
    expect(await dialed()).toBeGreaterThan(0);
    expect(population.dialsOfLookups()).toBe(0);
    population.causes.begin(() => one.dht.addContacts([invented()]));
    expect(await dialed()).toBeGreaterThan(0);
    expect(population.dialsOfLookups()).toBeGreaterThan(0);
  });

  it('also at other nodes, and no longer than that', async () => {
    const population = createPopulation({ seed: 4 });
    const caused: boolean[] = [];
    const looking = (): boolean => {
      caused.push(population.causes.isCaused());
      return false;
    };
    population.join({ behaviour: looking });
    await population.grow(20, MINUTE);
    expect(caused.length).toBeGreaterThan(0);
    expect(caused).not.toContain(true);
    const { dht } = population.members()[5] as Member;
    for (let i = 0; i < 10; i += 1) {
      await population.clock.until(population.causes.begin(() => dht.findNode(population.randomId())));
    }
    expect(caused).toContain(true);
    caused.length = 0;
    await population.grow(25, MINUTE);
    expect(caused.length).toBeGreaterThan(0);
    expect(caused).not.toContain(true);
  });
});
