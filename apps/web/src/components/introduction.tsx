export function Introduction() {
  return (
    <section className="introduction">
      <h2>Send files from tab to tab</h2>
      <p>
        No account, no upload to a server, no size limit but the room that browsers have. Files are sealed in
        this tab and go straight to the people you give the link to; everybody who has a part helps to pass it
        on.
      </p>
    </section>
  );
}
