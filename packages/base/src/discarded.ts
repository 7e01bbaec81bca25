/** Newer than our compiler's library, and than the oldest browsers that we run in. */
interface TransferableBuffer extends ArrayBuffer {
  readonly transfer?: (length: number) => ArrayBuffer;
}

/** So much may lie about in a thread before its browser is asked to collect. */
const COLLECT_AFTER_BYTES = 16 * 1024 * 1024;
/**
 * V8 collects what is young before it gives out a buffer that would bring the young ones above twice its semi-space: 32 MiB
 * in Chromium 156, where 48 asked for suffice and 32 do not.
 */
const ASKED_FOR_BYTES = 64 * 1024 * 1024;

/** Of this thread, as its heap is. */
let lying = 0;

/**
 * Tells that buffers of so many bytes are of no use to this thread any more. Where gigabytes pass through one, browsers let
 * hundreds of MiB lie about: buffers that came from or went to their own code (messages, data channels, IndexedDB) are held
 * by objects of that code. Nothing frees those but a collection, and nothing in a page may ask for one: so memory is taken,
 * which costs nothing as it is never touched, and given back at once. Measured in Chromium 156, 1 GiB of messages of
 * 256 KiB from a worker: a page grew by 274 MiB without, by 21 with this, and by 971 where `ArrayBuffer.prototype.transfer`
 * emptied each buffer, which hides it from the collector and does not free it.
 */
export function discarded(byteCount: number): void {
  lying += byteCount;
  if (lying < COLLECT_AFTER_BYTES) return;
  lying = 0;
  if (!('transfer' in ArrayBuffer.prototype)) return;
  try {
    const asked: TransferableBuffer = new ArrayBuffer(ASKED_FOR_BYTES);
    asked.transfer?.(0);
  } catch (error) {
    // There is not so much left, so the browser has collected already.
    if (!(error instanceof RangeError)) throw error;
  }
}
