import { silentLog, systemClock, systemRandom } from '@tabswarm/base';
import { describeTransportContract } from '@tabswarm/net/contract';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { createSimplePeerOpener } from '../src/simple-peer-connection.ts';
import { createWebRtcTransport } from '../src/transport.ts';
import { createSwitchboard } from './switchboard.ts';

describeTransportContract('WebRTC over simple-peer', async (count) => {
  const switchboard = createSwitchboard();
  const transports = await Promise.all(
    Array.from({ length: count }, async () => {
      const identity = await identityFromKeys(await generateIdentityKeys());
      return createWebRtcTransport({
        identity,
        introducers: [switchboard.introducer(identity.id)],
        open: createSimplePeerOpener(),
        iceServers: () => [],
        clock: systemClock,
        random: systemRandom,
        log: silentLog,
      });
    }),
  );
  for (const transport of transports) await transport.start();
  return {
    transports,
    stop: async () => {
      for (const transport of transports) await transport.stop();
    },
  };
});
