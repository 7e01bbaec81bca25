/** Hands a file to the browser's downloads. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  // The browser has taken hold of the blob by the time the click has been handled; a minute is for slow ones.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
