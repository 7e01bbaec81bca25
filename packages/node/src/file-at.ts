/** The file at `path`, the only one without a path. The share's own name may stand before the path. */
export function fileAt<F extends { readonly path: readonly string[] }>(
  files: readonly F[],
  path: readonly string[] | undefined,
  shareName: string | undefined,
): F | undefined {
  if (path === undefined) return files.length === 1 ? files[0] : undefined;
  const at = (wanted: readonly string[]): F | undefined =>
    files.find(
      (file) => file.path.length === wanted.length && file.path.every((name, i) => name === wanted[i]),
    );
  return at(path) ?? (path[0] === shareName ? at(path.slice(1)) : undefined);
}
