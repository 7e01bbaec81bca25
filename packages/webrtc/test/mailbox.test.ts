import { createListeners, silentLog } from '@tabswarm/base';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { openEnvelope, sealEnvelope, type Envelope } from '@tabswarm/protocol/introduction';
import { createManualClock } from '@tabswarm/testkit';
import { expect, it } from 'vitest';
import type { Arrival, Introducer } from '../src/introducer.ts';
import { createMailbox } from '../src/mailbox.ts';

it('[IN8] what an introducer of this tab has checked is not checked again, and all else is', async () => {
  const clock = createManualClock();
  const [self, other] = [
    await identityFromKeys(await generateIdentityKeys()),
    await identityFromKeys(await generateIdentityKeys()),
  ];
  const arrivals = createListeners<Arrival>();
  const introducer: Introducer = {
    name: 'peers',
    carry: () => Promise.resolve(true),
    onEnvelope: (listener) => arrivals.subscribe(listener),
    onAbsent: () => () => undefined,
  };
  const got: Envelope[] = [];
  createMailbox({
    identity: self,
    introducers: [introducer],
    clock,
    log: silentLog,
    onEnvelope: (envelope) => got.push(envelope),
  });
  const session = new Uint8Array(16);
  const fields = { kind: 'knock', to: self.id, session, time: clock.now(), body: new Uint8Array() } as const;
  const envelope = await sealEnvelope(other, fields);
  const opened = await openEnvelope(envelope, self.id, clock.now());
  const forged = envelope.with(envelope.length - 20, (envelope.at(-20) ?? 0) ^ 1);
  arrivals.emit({ envelope: forged });
  arrivals.emit({ envelope: forged, opened });
  arrivals.emit({ envelope });
  await clock.advance(10);
  expect(got).toEqual([opened, opened]);
});
