import type { Clock } from '@tabswarm/base';
import { UnreachableError, type Transport } from '@tabswarm/net';

/** For so long a dial that found no network path explains why there is no link. */
const NO_PATH_MS = 60_000;

/** The same transport, and whether one of its dials has found no network path lately. */
export function watchPaths<T extends Pick<Transport, 'dial'>>(
  transport: T,
  clock: Clock,
): { readonly transport: T; readonly noPath: () => boolean } {
  let noPathAt = -Infinity;
  return {
    noPath: () => clock.now() - noPathAt < NO_PATH_MS,
    transport: {
      ...transport,
      async dial(node, options) {
        try {
          return await transport.dial(node, options);
        } catch (cause) {
          if (cause instanceof UnreachableError && cause.reason === 'no-path') noPathAt = clock.now();
          throw cause;
        }
      },
    },
  };
}
