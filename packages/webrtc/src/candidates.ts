import type { Clock } from '@tabswarm/base';
import { fromUtf8, utf8 } from '@tabswarm/protocol/bytes';
import { ProtocolError } from '@tabswarm/protocol/error';
import { MAX_DESCRIPTION_BYTES } from '@tabswarm/protocol/introduction';

/** More than any browser finds on a machine with several networks and relays. */
const MAX_CANDIDATES = 32;
const MAX_CANDIDATE_CHARS = 1_024;
/**
 * Candidates found within this time travel together: each envelope costs a signature. The first, those of the machine
 * itself, come all at once, and nothing goes on without one.
 */
const FIRST_BATCH_MS = 1;
const BATCH_MS = 10;

/** Takes candidates one by one as they are found, and tells of them in bodies of several. */
export function batchCandidates(
  clock: Clock,
  tell: (body: string) => void,
): (candidate: RTCIceCandidateInit) => void {
  let candidates: RTCIceCandidateInit[] = [];
  let batchMs = FIRST_BATCH_MS;
  const flush = (): void => {
    for (const body of encodeCandidates(candidates)) tell(body);
    candidates = [];
    batchMs = BATCH_MS;
  };
  return (candidate) => {
    if (candidates.push(candidate) === 1) clock.after(batchMs, flush);
  };
}

/** ICE candidates as the bodies of `candidate` envelopes: JSON lists, as many as are needed to stay within the limit. */
function encodeCandidates(candidates: readonly RTCIceCandidateInit[]): string[] {
  if (candidates.length === 0) return [];
  const body = JSON.stringify(candidates);
  if (
    candidates.length === 1 ||
    (candidates.length <= MAX_CANDIDATES && utf8(body).byteLength <= MAX_DESCRIPTION_BYTES)
  ) {
    return [body];
  }
  const half = candidates.length >> 1;
  return [...encodeCandidates(candidates.slice(0, half)), ...encodeCandidates(candidates.slice(half))];
}

/** Throws a ProtocolError. */
export function decodeCandidates(body: Uint8Array): RTCIceCandidateInit[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(fromUtf8(body));
  } catch (cause) {
    throw new ProtocolError('malformed', 'candidates that are not JSON', { cause });
  }
  if (!Array.isArray(parsed) || parsed.length > MAX_CANDIDATES) {
    throw new ProtocolError('malformed', 'not a list of candidates');
  }
  return parsed.map((item: unknown) => decodeCandidate(item));
}

function decodeCandidate(item: unknown): RTCIceCandidateInit {
  if (typeof item !== 'object' || item === null) throw new ProtocolError('malformed', 'not a candidate');
  const { candidate, sdpMid, sdpMLineIndex } = item as Record<string, unknown>;
  if (typeof candidate !== 'string' || candidate.length > MAX_CANDIDATE_CHARS) {
    throw new ProtocolError('malformed', 'not a candidate');
  }
  return {
    candidate,
    sdpMid: typeof sdpMid === 'string' ? sdpMid : null,
    sdpMLineIndex: typeof sdpMLineIndex === 'number' ? sdpMLineIndex : null,
  };
}
