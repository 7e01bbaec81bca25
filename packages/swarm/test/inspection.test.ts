import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { expect, it } from 'vitest';
import { createInspection } from '../src/inspection.ts';

const SENDER = idFromBytes<NodeId>(new Uint8Array(32).fill(7));

it('[EX5] names the sender of a bad block once, also where a good copy of it was taken for it', async () => {
  for (const isMistaken of [false, true]) {
    let named = 0;
    const verdict = await createInspection(() => false).look(SENDER, {
      async put(onVerified) {
        if (isMistaken) onVerified();
        await Promise.resolve();
        return 'corrupt';
      },
      onVerified: () => undefined,
      onCorrupt: () => (named += 1),
    });
    expect(verdict).toBe('corrupt');
    expect(named).toBe(1);
  }
});
