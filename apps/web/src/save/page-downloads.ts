/** The browser's own downloads, as this page can ask for them. */
export interface PageDownloads {
  /** Downloads what is served at an address of this page as an attachment. Answers how to tidy up when that is done. */
  fromAddress(url: string): () => void;
  fromBlob(blob: Blob, name: string): void;
}

/** The browser has taken hold of a blob by the time the click has been handled; a minute is for slow ones. */
const BLOB_MS = 60_000;

export const pageDownloads: PageDownloads = {
  fromAddress(url) {
    // A click on a link would count as leaving the page, and some browsers do not let a link's download pass the worker.
    const frame = document.createElement('iframe');
    frame.hidden = true;
    frame.src = url;
    document.body.append(frame);
    return () => frame.remove();
  },
  fromBlob(blob, name) {
    const url = URL.createObjectURL(blob);
    const anchor = document.createElement('a');
    anchor.href = url;
    anchor.download = name;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), BLOB_MS);
  },
};
