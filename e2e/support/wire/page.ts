import type { Page } from 'playwright';

export interface WireWindow extends Window {
  /** The port of the proxy that stands for a socket of another page. */
  portFor(address: string, port: number): Promise<number>;
  /** Says that a socket of this port is the page's own. */
  claimPort(port: number): Promise<void>;
  peerConnections: RTCPeerConnection[];
}

/** Where a peer connection of a page sends what it sends, as the browser says. */
export interface ChosenPath {
  readonly address: string;
  readonly port: number;
  readonly bytesSent: number;
}

/** The paths of all connections of a page that joined a proxy, and that are open. */
export function chosenPaths(page: Page): Promise<readonly ChosenPath[]> {
  return page.evaluate(async () => {
    const paths: ChosenPath[] = [];
    for (const connection of (globalThis as unknown as WireWindow).peerConnections) {
      if (connection.connectionState !== 'connected') continue;
      const stats = await connection.getStats();
      const byId = new Map<string, { readonly [field: string]: unknown }>();
      stats.forEach((entry: { readonly id: string }) => byId.set(entry.id, { ...entry }));
      for (const transport of byId.values()) {
        if (transport['type'] !== 'transport') continue;
        const pair = byId.get(String(transport['selectedCandidatePairId']));
        const remote = byId.get(String(pair?.['remoteCandidateId']));
        paths.push({
          address: String(remote?.['address']),
          port: Number(remote?.['port']),
          bytesSent: Number(pair?.['bytesSent']),
        });
      }
    }
    return paths;
  });
}

/**
 * Runs in the page, before anything else does: says which sockets are the page's, and where the app hands the browser candidates of another page, their
 * addresses become the proxy's. That is done here because nobody else can: on their way they are signed, and sealed
 * for whoever carries them.
 */
export function rewriteCandidates(): void {
  const scope = globalThis as unknown as WireWindow;
  scope.peerConnections = [];

  /** Fields: foundation, component, transport, priority, address, port, and more. Undefined where it is of no use here. */
  const rewritten = async (candidate: string): Promise<string | undefined> => {
    const fields = candidate.split(' ');
    const [, , transport = '', , address = '', port = ''] = fields;
    if (address.endsWith('.local')) throw new Error(`a candidate without an address: ${candidate}`);
    // What is not UDP over IPv4 would be a way around the proxy.
    if (transport.toLowerCase() !== 'udp' || address.includes(':')) return undefined;
    fields[4] = '127.0.0.1';
    fields[5] = String(await scope.portFor(address, Number(port)));
    return fields.join(' ');
  };

  const rewrittenDescription = async (sdp: string): Promise<string> => {
    const lines = sdp.split('\r\n').map(async (line) => {
      if (!line.startsWith('a=candidate:')) return [line];
      const candidate = await rewritten(line);
      return candidate === undefined ? [] : [candidate];
    });
    return (await Promise.all(lines)).flat().join('\r\n');
  };

  const { prototype } = RTCPeerConnection;
  // Of their overloads those that are not from before promises.
  const addIceCandidate: (this: RTCPeerConnection, candidate?: RTCIceCandidateInit | null) => Promise<void> =
    prototype.addIceCandidate;
  const setRemoteDescription: (
    this: RTCPeerConnection,
    description: RTCSessionDescriptionInit,
  ) => Promise<void> = prototype.setRemoteDescription;
  prototype.addIceCandidate = async function (
    this: RTCPeerConnection,
    given?: RTCIceCandidateInit | null,
  ): Promise<void> {
    if (given?.candidate === undefined || given.candidate === '') return addIceCandidate.call(this, given);
    const candidate = await rewritten(given.candidate);
    if (candidate === undefined || this.signalingState === 'closed') return undefined;
    const { sdpMid = null, sdpMLineIndex = null } = given;
    return addIceCandidate.call(this, { candidate, sdpMid, sdpMLineIndex });
  };

  prototype.setRemoteDescription = async function (
    this: RTCPeerConnection,
    { type, sdp = '' }: RTCSessionDescriptionInit,
  ): Promise<void> {
    const description = sdp.includes('a=candidate:') ? await rewrittenDescription(sdp) : sdp;
    return setRemoteDescription.call(this, { type, sdp: description });
  };

  const create = prototype.createDataChannel;
  prototype.createDataChannel = function (this: RTCPeerConnection, ...args) {
    if (!scope.peerConnections.includes(this)) {
      scope.peerConnections.push(this);
      this.addEventListener('icecandidate', ({ candidate }) => {
        if (candidate?.port != null) void scope.claimPort(candidate.port);
      });
    }
    return create.apply(this, args);
  };
}
