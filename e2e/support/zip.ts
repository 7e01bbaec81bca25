import { createHash } from 'node:crypto';

const END_BYTES = 22;
const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL_ENTRY_BYTES = 30;

/** The files of a small ZIP whose contents are not compressed: SHA-256 in hexadecimal by path. */
export function filesInZip(bytes: Buffer): Readonly<Record<string, string>> {
  const end = bytes.byteLength - END_BYTES;
  if (bytes.readUInt32LE(end) !== END) throw new SyntaxError('not a ZIP, or one with a comment');
  const files: Record<string, string> = {};
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (bytes.readUInt32LE(at) !== ENTRY) throw new SyntaxError('a broken directory');
    if (bytes.readUInt16LE(at + 10) !== 0) throw new SyntaxError('a compressed file');
    const [size, nameLength] = [bytes.readUInt32LE(at + 24), bytes.readUInt16LE(at + 28)];
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const local = bytes.readUInt32LE(at + 42);
    const start = local + LOCAL_ENTRY_BYTES + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    files[name] = createHash('sha256')
      .update(bytes.subarray(start, start + size))
      .digest('hex');
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return files;
}
