/* Drawn here, so that the page loads nothing from anywhere else. */

export function Logo() {
  return <img className="logo" src="./icon.svg" alt="" width="32" height="32" />;
}

export function DropIcon() {
  return (
    <svg className="drop-icon" viewBox="0 0 48 48" aria-hidden="true">
      <path d="M24 31V9m0 0-8 8m8-8 8 8" />
      <path d="M9 29v6a5 5 0 0 0 5 5h20a5 5 0 0 0 5-5v-6" />
    </svg>
  );
}

export function FileIcon() {
  return (
    <svg viewBox="0 0 24 24">
      <path d="M6 3h8l5 5v12a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1Z" />
      <path d="M14 3v5h5" />
    </svg>
  );
}

export function FolderIcon() {
  return (
    <svg viewBox="0 0 24 24">
      <path d="M3 7a2 2 0 0 1 2-2h4l2 2.5h8a2 2 0 0 1 2 2V17a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2Z" />
    </svg>
  );
}

export function LockIcon() {
  return (
    <svg className="lock-icon" viewBox="0 0 16 16" aria-hidden="true">
      <rect x="3" y="7" width="10" height="7" rx="1.5" />
      <path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2" />
    </svg>
  );
}
