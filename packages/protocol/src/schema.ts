import { decodeBencode, encodeBencode, isDict, type Bencode, type BencodeDict } from './bencode.ts';
import { fromUtf8, utf8, type Bytes } from './bytes.ts';
import { ProtocolError } from './error.ts';
import { ID_BYTES, idBytes, idFromBytes, type Id } from './ids.ts';

/*
 * How a typed value stands in bencoding, with its limits, said once: the type, the encoder and the decoder of every
 * message come from the same few words. Decoders throw a ProtocolError and nothing else.
 */
export interface Schema<T> {
  encode(value: T): Bencode;
  decode(value: Bencode): T;
}

export type Infer<S> = S extends Schema<infer T> ? T : never;

/** The codec of one message type: its bytes, at most `maxBytes` of them. */
export interface MessageCodec<T> {
  readonly maxBytes: number;
  /** Throws a RangeError for a value that would not fit: the caller's mistake, never the network's. */
  encode(value: T): Bytes;
  /** Throws a ProtocolError. */
  decode(bytes: Uint8Array): T;
}

export function message<T>(schema: Schema<T>, { maxBytes }: { maxBytes: number }): MessageCodec<T> {
  return {
    maxBytes,
    encode(value) {
      const bytes = encodeBencode(schema.encode(value));
      if (bytes.byteLength > maxBytes)
        throw new RangeError(`a message of ${bytes.byteLength} bytes, over ${maxBytes}`);
      return bytes;
    },
    decode(bytes) {
      if (bytes.byteLength > maxBytes) {
        throw new ProtocolError('too-large', `a message of ${bytes.byteLength} bytes, over ${maxBytes}`);
      }
      return schema.decode(decodeBencode(bytes));
    },
  };
}

/** A byte string of `min` to `max` bytes (or of exactly the number given). */
export function bytes(size: number | { readonly min?: number; readonly max: number }): Schema<Bytes> {
  const { min, max } =
    typeof size === 'number' ? { min: size, max: size } : { min: size.min ?? 0, max: size.max };
  return {
    encode: (value) => value,
    decode(value) {
      if (!(value instanceof Uint8Array)) throw new ProtocolError('malformed', 'expected a byte string');
      if (value.byteLength < min || value.byteLength > max) {
        throw new ProtocolError('malformed', `expected ${min} to ${max} bytes, got ${value.byteLength}`);
      }
      return value;
    },
  };
}

/** An integer in [min, max]. */
export function int(min: number, max: number = Number.MAX_SAFE_INTEGER): Schema<number> {
  return {
    encode: (value) => value,
    decode(value) {
      if (typeof value !== 'number' || value < min || value > max) {
        throw new ProtocolError('malformed', `expected an integer from ${min} to ${max}`);
      }
      return value;
    },
  };
}

/** 0 or 1. */
export const bool: Schema<boolean> = {
  encode: (value) => (value ? 1 : 0),
  decode: (value) => int(0, 1).decode(value) === 1,
};

/** UTF-8 text of at most `maxBytes` bytes. */
export function text(maxBytes: number): Schema<string> {
  const raw = bytes({ max: maxBytes });
  return {
    encode: (value) => utf8(value),
    decode(value) {
      try {
        return fromUtf8(raw.decode(value));
      } catch (cause) {
        if (cause instanceof ProtocolError) throw cause;
        throw new ProtocolError('malformed', 'text that is not UTF-8', { cause });
      }
    },
  };
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): Schema<T> {
  const raw = text(64);
  return {
    encode: (value) => raw.encode(value),
    decode(value) {
      const word = raw.decode(value);
      if (!(words as readonly string[]).includes(word)) throw new ProtocolError('unknown', 'an unknown word');
      return word as T;
    },
  };
}

/** A 256-bit id, as 32 bytes. */
export function id<T extends Id>(): Schema<T> {
  const raw = bytes(ID_BYTES);
  return { encode: (value) => idBytes(value), decode: (value) => idFromBytes<T>(raw.decode(value)) };
}

/** At most `max` values of one kind. */
export function list<T>(item: Schema<T>, { max }: { max: number }): Schema<readonly T[]> {
  return {
    encode: (values) => values.map((value) => item.encode(value)),
    decode(value) {
      if (!Array.isArray(value)) throw new ProtocolError('malformed', 'expected a list');
      if (value.length > max) throw new ProtocolError('too-large', `a list of ${value.length}, over ${max}`);
      return (value as readonly Bencode[]).map((entry) => item.decode(entry));
    },
  };
}

type Fields = Readonly<Record<string, Schema<unknown>>>;
type Optional<T> = Schema<T> & { readonly optional: true };
type OptionalKeys<F> = { [K in keyof F]: F[K] extends { readonly optional: true } ? K : never }[keyof F];
type DictValue<F> = { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]> } & {
  readonly [K in OptionalKeys<F>]?: Infer<F[K]> | undefined;
};

/** Marks a field of `dict` that may be absent. */
export function optional<T>(schema: Schema<T>): Optional<T> {
  return { ...schema, optional: true };
}

/** A dictionary with these fields. Fields of newer versions are passed over. */
// oxlint-disable-next-line typescript/no-explicit-any -- the field types differ; DictValue recovers each of them
export function dict<F extends Readonly<Record<string, Schema<any>>>>(fields: F): Schema<DictValue<F>> {
  const names = Object.keys(fields);
  const schemas: Fields = fields;
  return {
    encode(value) {
      const out = new Map<string, Bencode>();
      for (const name of names) {
        const field = (value as Readonly<Record<string, unknown>>)[name];
        if (field !== undefined) out.set(name, (schemas[name] as Schema<unknown>).encode(field));
      }
      return out;
    },
    decode(value) {
      const source = expectDict(value);
      const out: Record<string, unknown> = {};
      for (const name of names) {
        const schema = schemas[name] as Schema<unknown>;
        const field = source.get(name);
        if (field !== undefined) out[name] = schema.decode(field);
        else if (!('optional' in schema))
          throw new ProtocolError('malformed', `the field "${name}" is missing`);
      }
      return out as DictValue<F>;
    },
  };
}

type Variants = Readonly<Record<string, Schema<object>>>;
type TaggedValue<V> = { [K in keyof V]: { readonly type: K } & Infer<V[K]> }[keyof V];

/** A union told apart by the field `type`. An unknown type is a ProtocolError with the code `unknown`. */
export function tagged<V extends Variants>(variants: V): Schema<TaggedValue<V>> {
  const tag = text(64);
  return {
    encode(value) {
      const variant = variants[value.type as string] as Schema<object>;
      const fields = variant.encode(value) as BencodeDict;
      return new Map([...fields, ['type', tag.encode(value.type as string)]]);
    },
    decode(value) {
      const source = expectDict(value);
      const type = tag.decode(source.get('type') ?? new Uint8Array());
      const variant = Object.hasOwn(variants, type) ? variants[type] : undefined;
      if (!variant) throw new ProtocolError('unknown', 'a message of unknown type');
      return { ...variant.decode(source), type } as TaggedValue<V>;
    },
  };
}

function expectDict(value: Bencode): BencodeDict {
  if (!isDict(value)) throw new ProtocolError('malformed', 'expected a dictionary');
  return value;
}
