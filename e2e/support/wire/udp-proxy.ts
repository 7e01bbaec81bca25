import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Page } from 'playwright';
import type { SeededRandom } from '../random.ts';
import { createLine, type Line, type LineCounts, type LineSettings } from './line.ts';
import { rewriteCandidates, type WireWindow } from './page.ts';

const HOST = '127.0.0.1';
/** Where an end of a line is anybody. */
const ANYBODY = '*';

/** Which packets a line carries: those of one tab, to one tab, or both. */
export interface Direction {
  readonly from?: string;
  readonly to?: string;
}

/**
 * Stands between tabs of one machine: all that their peer connections exchange goes through it, by lines with delay, loss
 * and rate of their own. It needs no rights and nothing of the app: pages that joined are told its ports in place of the
 * candidates of others, so neither of two tabs ever learns where the other one is.
 */
export interface UdpProxy {
  /** Has the page's connections go through here. To be called before it is opened, with a name of its own. */
  join(page: Page, name: string): Promise<void>;
  /**
   * What goes in this direction shares one line with these settings. A packet takes the line that names both of its ends,
   * else that of its sender, of its receiver, or of anybody.
   */
  shape(direction: Direction, settings: LineSettings): void;
  /** What went through from one tab to another. */
  counts(from: string, to: string): LineCounts;
  /** All ports of the proxy: no page may send to another one. */
  ports(): ReadonlySet<number>;
  close(): void;
}

/** A port of the proxy that stands for one socket of a page. */
interface Station {
  readonly socket: Socket;
  readonly port: number;
  /** Where the page's socket is. */
  readonly target: { readonly address: string; readonly port: number };
}

export function createUdpProxy(random: SeededRandom): UdpProxy {
  /**
   * By the port of the page's socket alone: Chromium binds to any address, names that of the default route, and sends from
   * another one to here.
   */
  const stations = new Map<number, Promise<Station>>();
  const ports = new Set<number>();
  /** Whose socket has this port, as the pages say. */
  const owners = new Map<number, string>();
  const lines = new Map<string, Line>();
  const traffic = new Map<string, { packets: number; bytes: number; dropped: number }>();
  let isClosed = false;

  const lineOf = (from: string, to: string): Line | undefined =>
    lines.get(`${from}>${to}`) ??
    lines.get(`${from}>${ANYBODY}`) ??
    lines.get(`${ANYBODY}>${to}`) ??
    lines.get(`${ANYBODY}>${ANYBODY}`);

  const trafficOf = (from: string, to: string): { packets: number; bytes: number; dropped: number } => {
    const key = `${from}>${to}`;
    const counts = traffic.get(key) ?? { packets: 0, bytes: 0, dropped: 0 };
    traffic.set(key, counts);
    return counts;
  };

  const stationFor = (address: string, port: number): Promise<Station> => {
    const station = stations.get(port) ?? openStation(address, port);
    stations.set(port, station);
    return station;
  };

  const openStation = async (address: string, port: number): Promise<Station> => {
    const socket = createSocket('udp4');
    socket.bind(0, HOST);
    await once(socket, 'listening');
    const station: Station = { socket, port: socket.address().port, target: { address, port } };
    ports.add(station.port);
    socket.on('message', (packet, sender) => {
      // The receiver has to see the packet come from where it was told that its sender is.
      void stationFor(sender.address, sender.port).then((back) => forward(packet, station, back));
    });
    return station;
  };

  const forward = (packet: Buffer, station: Station, back: Station): void => {
    const [from, to] = [back, station].map(({ target }) => owners.get(target.port) ?? ANYBODY) as [
      string,
      string,
    ];
    const counts = trafficOf(from, to);
    const deliver = (): void => {
      if (isClosed) return;
      counts.packets += 1;
      counts.bytes += packet.byteLength;
      back.socket.send(packet, station.target.port, station.target.address);
    };
    const line = lineOf(from, to);
    const before = line?.counts().dropped;
    if (line) line.carry(packet.byteLength, deliver);
    else deliver();
    if (line && line.counts().dropped !== before) counts.dropped += 1;
  };

  return {
    async join(page, name) {
      await page.exposeFunction(
        'portFor' satisfies keyof WireWindow,
        async (address: string, port: number) => (await stationFor(address, port)).port,
      );
      await page.exposeFunction('claimPort' satisfies keyof WireWindow, (port: number) => {
        owners.set(port, name);
      });
      await page.addInitScript(rewriteCandidates);
    },
    shape({ from = ANYBODY, to = ANYBODY }, settings) {
      const key = `${from}>${to}`;
      const line = lines.get(key);
      if (line) line.set(settings);
      else lines.set(key, createLine(random, settings));
    },
    counts: (from, to) => ({ ...trafficOf(from, to) }),
    ports: () => ports,
    close() {
      isClosed = true;
      for (const line of lines.values()) line.close();
      for (const station of stations.values()) void station.then(({ socket }) => socket.close());
    },
  };
}
