export interface PlayerProps {
  readonly kind: 'video' | 'audio';
  readonly url: string;
  readonly name: string;
  readonly onError: () => void;
}

/** The browser's own player. */
export function Player({ kind, url, name, onError }: PlayerProps) {
  const shared = { ref: play, src: url, controls: true, 'aria-label': name, onError };
  return kind === 'video' ? (
    // oxlint-disable-next-line jsx-a11y/media-has-caption -- a stranger's film comes as it is
    <video {...shared} playsInline data-testid="preview-video" />
  ) : (
    // oxlint-disable-next-line jsx-a11y/media-has-caption -- as above
    <audio {...shared} data-testid="preview-audio" />
  );
}

/**
 * Plays as soon as there is something to show. The attribute for that waits until the browser thinks that it need not
 * pause any more, which of a film that is still arriving is long after.
 */
function play(player: HTMLMediaElement | null): () => void {
  // Refused, or taken off the page before it began: the button is there.
  player?.play().catch(() => undefined);
  return () => {
    // A player that is taken off the page goes on reading, unless it is told to stop.
    player?.pause();
    player?.removeAttribute('src');
    player?.load();
  };
}
