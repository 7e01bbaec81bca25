import type { TransferView } from '@tabswarm/node';
import { formatPercent, formatRate, formatSeconds, plural } from './format.ts';

/** What a row says of how its transfer is getting on. */
export function describeStatus(transfer: TransferView): string {
  const { status, progress, downRate, upRate, secondsLeft, sources, receivers } = transfer;
  const sending =
    receivers.length > 0 ? `, sending to ${plural(receivers.length, 'peer')} at ${formatRate(upRate)}` : '';
  switch (status.state) {
    case 'hashing':
      return `Preparing: ${formatPercent(progress)} hashed`;
    case 'sharing':
      return receivers.length > 0
        ? `Sending to ${plural(receivers.length, 'peer')} at ${formatRate(upRate)}`
        : 'Ready: give the link to others and keep this tab open';
    case 'finding':
      return progress > 0
        ? `${formatPercent(progress)}: looking for peers`
        : 'Looking for peers that have it';
    case 'fetching': {
      if (status.elsewhere === true)
        return `${formatPercent(progress)}: another tab of this browser downloads it`;
      const time = secondsLeft === undefined ? '' : `, ${formatSeconds(secondsLeft)} left`;
      return `${formatPercent(progress)} from ${plural(sources.length, 'peer')} at ${formatRate(downRate)}${time}${sending}`;
    }
    case 'paused':
      if (status.problem?.code === 'no-room' && progress === 0) return 'Not started';
      return `Paused at ${formatPercent(progress)}`;
    case 'complete':
      return `Complete${sending}`;
    default:
      return 'Failed';
  }
}
