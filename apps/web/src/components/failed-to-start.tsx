/** Shown instead of the page where the browser lacks something, or its storage cannot be opened. */
export function FailedToStart({ reason }: { readonly reason: string }) {
  return (
    <main className="failed-to-start">
      <h1>Tabswarm cannot run here</h1>
      <p role="alert">{reason}</p>
      <p>
        It needs a current Chrome, Edge, Firefox or Safari with WebRTC and storage allowed for this site.
        Private windows often do not allow storage.
      </p>
    </main>
  );
}
