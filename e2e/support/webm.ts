/*
 * Puts encoded frames into a WebM file as the format's specification (https://www.matroska.org/technical/elements.html)
 * has it, with its index at the end, where most programs write it: a player has to go there before it can seek.
 */
export interface Frame {
  readonly data: Buffer;
  /** Milliseconds. */
  readonly at: number;
  readonly key: boolean;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** As WebM calls it. */
  readonly codec: string;
}

const TRACK = 1;
const VIDEO = 1;
const KEYFRAME = 0x80;

/** Every key frame begins a cluster, and is in the index. `durationMs` is that of all frames. */
export function webm(
  frames: readonly Frame[],
  { width, height, codec }: Picture,
  durationMs: number,
): Buffer {
  const header = element(
    0x1a45dfa3,
    uint(0x4286, 1),
    uint(0x42f7, 1),
    uint(0x42f2, 4),
    uint(0x42f3, 8),
    text(0x4282, 'webm'),
    uint(0x4287, 4),
    uint(0x4285, 2),
  );
  const info = element(
    0x1549a966,
    uint(0x2ad7b1, 1_000_000),
    float(0x4489, durationMs),
    text(0x4d80, 'test'),
    text(0x5741, 'test'),
  );
  const picture = element(0xe0, uint(0xb0, width), uint(0xba, height));
  const track = element(
    0xae,
    uint(0xd7, TRACK),
    uint(0x73c5, TRACK),
    uint(0x83, VIDEO),
    text(0x86, codec),
    picture,
  );
  const tracks = element(0x1654ae6b, track);
  const clusters = clustersOf(frames).map((cluster) => {
    const [first] = cluster;
    const start = first?.at ?? 0;
    return {
      start,
      bytes: element(0x1f43b675, uint(0xe7, start), ...cluster.map((frame) => block(frame, start))),
    };
  });

  // Its own length does not depend on what it says.
  const seekHead = (index: number): Buffer =>
    element(
      0x114d9b74,
      element(0x4dbb, element(0x53ab, number(0x1549a966)), uint(0x53ac, seekLength, 8)),
      element(0x4dbb, element(0x53ab, number(0x1654ae6b)), uint(0x53ac, seekLength + info.length, 8)),
      element(0x4dbb, element(0x53ab, number(0x1c53bb6b)), uint(0x53ac, index, 8)),
    );
  let seekLength = 0;
  seekLength = seekHead(0).length;

  let position = seekLength + info.length + tracks.length;
  const points = clusters.map(({ start, bytes }) => {
    const place = element(0xb7, uint(0xf7, TRACK), uint(0xf1, position));
    position += bytes.length;
    return element(0xbb, uint(0xb3, start), place);
  });
  const index = element(0x1c53bb6b, ...points);
  const segment = [seekHead(position), info, tracks, ...clusters.map(({ bytes }) => bytes), index];
  return Buffer.concat([header, element(0x18538067, ...segment)]);
}

function clustersOf(frames: readonly Frame[]): Frame[][] {
  const clusters: Frame[][] = [];
  for (const frame of frames) {
    if (frame.key) clusters.push([]);
    clusters.at(-1)?.push(frame);
  }
  return clusters;
}

function block({ data, at, key }: Frame, start: number): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt8(0x80 | TRACK, 0);
  head.writeInt16BE(at - start, 1);
  head.writeUInt8(key ? KEYFRAME : 0, 3);
  return element(0xa3, head, data);
}

function element(id: number, ...content: readonly Buffer[]): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(content.reduce((sum, { length }) => sum + length, 0)) | (1n << 56n));
  return Buffer.concat([number(id), size, ...content]);
}

function uint(id: number, value: number, bytes?: number): Buffer {
  return element(id, number(value, bytes));
}

function float(id: number, value: number): Buffer {
  const content = Buffer.alloc(8);
  content.writeDoubleBE(value);
  return element(id, content);
}

function text(id: number, value: string): Buffer {
  return element(id, Buffer.from(value));
}

/** Big-endian, in as few bytes as it takes where nothing else is said. */
function number(value: number, bytes = Math.max(1, Math.ceil(Math.log2(value + 1) / 8))): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return out.subarray(8 - bytes);
}
