/** What is pointed at in a list, and stands out on the ring: one tab, or the part that shares so many bits. */
export type Mark = { readonly id: string } | { readonly bits: number };

export function isMarked(
  mark: Mark | undefined,
  { id, bits }: { id?: string; bits?: number | undefined },
): boolean {
  if (!mark) return false;
  return 'id' in mark ? mark.id === id : mark.bits === bits;
}
