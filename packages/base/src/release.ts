/** Newer than our compiler's library, and than the oldest browsers that we run in. */
interface TransferableBuffer {
  readonly transfer?: (length: number) => ArrayBuffer;
}

/**
 * Gives the memory of a buffer back at once; it is empty from then on. Where gigabytes pass through a thread, the browser
 * otherwise lets some 64 MiB of them lie in each before it collects what nobody refers to any more.
 */
export function release(buffer: ArrayBuffer): void {
  (buffer as TransferableBuffer).transfer?.(0);
}
