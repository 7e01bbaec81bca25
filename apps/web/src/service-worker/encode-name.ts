/** A name as a segment of a URL, percent-encoded. Half a character, which no file system minds, becomes a replacement. */
export function encodeName(name: string): string {
  return encodeURIComponent(new TextDecoder().decode(new TextEncoder().encode(name)));
}
