/** Bytes from `start` up to `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const ONE_RANGE = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)$/i;

/**
 * What a `Range` header asks for of so many bytes (RFC 9110, section 14). Undefined where all of it is meant: there is no
 * header, it is malformed, or it names several ranges, which a server may pass over. `unsatisfiable` is answered with 416.
 */
export function parseRange(header: string | null, length: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = header?.trim().match(ONE_RANGE) ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const suffix = Number(last);
    return suffix === 0 || length === 0
      ? 'unsatisfiable'
      : { start: Math.max(0, length - suffix), end: length };
  }
  const start = Number(first);
  const end = last === '' ? length : Math.min(length, Number(last) + 1);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= length ? 'unsatisfiable' : { start, end };
}
