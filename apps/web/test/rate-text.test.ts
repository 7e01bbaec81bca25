import { describe, expect, it } from 'vitest';
import { readRate, writeRate } from '../src/rate-text.ts';

describe('a rate that somebody writes', () => {
  it.each([
    ['', undefined],
    ['  ', undefined],
    ['500', 500_000],
    [' 62,5 ', 62_500],
    ['500 KB/s', 500_000],
    ['1.5MB/s', 1_500_000],
    ['2 MiB', 2_097_152],
    ['8 Mbit/s', 1_000_000],
    ['8 mbps', 1_000_000],
    ['1 Gbit', 125_000_000],
  ])('"%s" is understood', (text, bytesPerSecond) => {
    expect(readRate(text)).toEqual({ bytesPerSecond });
  });

  it.each(['fast', '-5', '5 apples', 'KB/s', '1 2', '1e9', '0', '15'])(
    '"%s" is answered with what to do',
    (text) => {
      expect(readRate(text)).toMatchObject({ error: expect.stringMatching(/[Ww]rite /) as string });
    },
  );

  it('is refused where no line is that fast', () => {
    expect(readRate('99999999 Gbit')).toMatchObject({
      error: expect.stringContaining('that fast') as string,
    });
    expect(readRate(writeRate(100_000_000_000))).toEqual({ bytesPerSecond: 100_000_000_000 });
  });

  it('comes back as it stands in the field', () => {
    expect([undefined, 500_000, 62_500, 125_000_000].map((rate) => writeRate(rate))).toEqual([
      '',
      '500',
      '62.5',
      '125000',
    ]);
    expect(readRate(writeRate(62_500))).toEqual({ bytesPerSecond: 62_500 });
  });
});
