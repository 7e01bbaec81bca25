import type { Node, Root, TransferView } from '@tabswarm/node';
import { useEffect, useState } from 'react';
import type { Published, Resources } from '../resources/resources.ts';

export type PublishedFile =
  | { readonly state: 'opening' }
  | { readonly state: 'open'; readonly url: string }
  /** This browser has no way to give it to a player. */
  | { readonly state: 'unavailable' };

/** A file of a share under a URL, for as long as it is shown. It is fetched as it is read. */
export function useResource(
  { node, resources }: { readonly node: Node; readonly resources: Resources },
  root: Root,
  { path, length }: TransferView['files'][number],
  type: string,
): PublishedFile {
  const [file, setFile] = useState<PublishedFile>({ state: 'opening' });
  const place = path.join('/');

  useEffect(() => {
    let published: Published | undefined;
    let left = false;
    const segments = place.split('/');
    resources
      .publish({
        name: segments.at(-1) ?? '',
        type,
        length,
        use: 'preview',
        open: (range) => node.stream(root, segments, range),
      })
      .then(
        (made) => {
          published = made;
          if (left) made.close();
          else setFile({ state: 'open', url: made.url });
        },
        () => setFile({ state: 'unavailable' }),
      );
    return () => {
      left = true;
      published?.close();
    };
  }, [node, resources, root, place, length, type]);

  return file;
}
