/**
 * The link after `#` in the page's address, where there is one. It is taken out of the address and the history at once:
 * it may hold a share's key.
 */
export function takeLinkFromAddress(): string | undefined {
  const { hash } = window.location;
  if (hash.length < 2) return undefined;
  window.history.replaceState(null, '', window.location.pathname + window.location.search);
  return hash.slice(1);
}
