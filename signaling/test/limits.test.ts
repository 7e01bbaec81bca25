import { describe, expect, it } from 'vitest';
import { addressGroup, createAddressCounter, createTokenBucket } from '../src/limits.ts';

describe('createTokenBucket', () => {
  it('gives a burst at once, and then its rate', () => {
    let time = 0;
    const bucket = createTokenBucket(() => time, { perSecond: 10, burst: 3 });
    expect([1, 2, 3, 4].map(() => bucket.take())).toEqual([true, true, true, false]);
    time += 100;
    expect([1, 2].map(() => bucket.take())).toEqual([true, false]);
  });

  it('saves up no more than a burst', () => {
    let time = 0;
    const bucket = createTokenBucket(() => time, { perSecond: 10, burst: 2 });
    time += 3_600_000;
    expect([1, 2, 3].map(() => bucket.take())).toEqual([true, true, false]);
  });
});

describe('createAddressCounter', () => {
  it('counts each address for itself, and this machine by its own number', () => {
    const counter = createAddressCounter({ maxSocketsPerAddress: 1, maxSocketsOnLoopback: 2 });
    expect(counter.enter('192.0.2.1')).toBe(true);
    expect(counter.enter('::ffff:192.0.2.1')).toBe(false);
    expect(counter.enter('192.0.2.2')).toBe(true);
    expect([counter.enter('127.0.0.1'), counter.enter('::1'), counter.enter('127.0.0.9')]).toEqual([
      true,
      true,
      false,
    ]);
    counter.leave('192.0.2.1');
    expect(counter.enter('192.0.2.1')).toBe(true);
  });
});

describe('addressGroup', () => {
  it.each([
    ['2001:db8:0:ff00::1', '2001:db8:0:ffff:1:2:3:4'],
    ['2001:db8::1', '2001:db8:0:00aa::'],
    ['2001:DB8::1', '2001:db8:0:0:0:0:0:2'],
    ['fe80::1%eth0', 'fe80::2'],
  ])('takes %s and %s for one household', (a, b) => {
    expect(addressGroup(a)).toBe(addressGroup(b));
  });

  it.each([
    ['2001:db8:0:100::1', '2001:db8:0:200::1'],
    ['192.0.2.1', '192.0.2.11'],
    ['::2', '::1'],
  ])('takes %s and %s for two', (a, b) => {
    expect(addressGroup(a)).not.toBe(addressGroup(b));
  });
});
