export interface PlayerProps {
  readonly kind: 'video' | 'audio';
  readonly url: string;
  readonly name: string;
  readonly onError: () => void;
}

/** The browser's own player. */
export function Player({ kind, url, name, onError }: PlayerProps) {
  const shared = { ref: letGo, src: url, controls: true, autoPlay: true, 'aria-label': name, onError };
  return kind === 'video' ? (
    // oxlint-disable-next-line jsx-a11y/media-has-caption -- a stranger's film comes as it is
    <video {...shared} playsInline data-testid="preview-video" />
  ) : (
    // oxlint-disable-next-line jsx-a11y/media-has-caption -- as above
    <audio {...shared} data-testid="preview-audio" />
  );
}

/** A player that is taken off the page goes on reading, unless it is told to stop. */
function letGo(player: HTMLMediaElement | null): () => void {
  return () => {
    player?.pause();
    player?.removeAttribute('src');
    player?.load();
  };
}
