import type { TransferView } from '@tabswarm/node';
import { formatBytes, formatPercent, formatRate, formatSeconds, plural } from './format.ts';

/** What a row says of how its transfer is getting on. */
export function describeStatus(transfer: TransferView): string {
  const { status, progress, downRate, upRate, secondsLeft, sources, receivers, files, chosen } = transfer;
  const receiving = receivers.filter(({ state }) => state === 'receiving').length;
  const sending = receiving > 0 ? `, sending to ${plural(receiving, 'peer')} at ${formatRate(upRate)}` : '';
  switch (status.state) {
    case 'hashing':
      return `Preparing: ${formatPercent(progress)} hashed`;
    case 'sharing':
      return receiving > 0
        ? `Sending to ${plural(receiving, 'peer')} at ${formatRate(upRate)}`
        : describeIdle(transfer);
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
      if (status.choosing === true) return 'Choose what to download';
      if (status.problem?.code === 'no-room' && progress === 0) return 'Not started';
      return `Paused at ${formatPercent(progress)}`;
    case 'complete':
      return `Complete${chosen ? `: ${chosen.files} of ${plural(files.length, 'file')}` : ''}${sending}`;
    default:
      return 'Failed';
  }
}

/** Of a share that nobody is being sent: whether somebody else has it by now. */
function describeIdle({ receivers, needed }: TransferView): string {
  const holders = receivers.filter(({ whole }) => whole).length;
  if (holders > 0) return `${plural(holders, 'other')} ${holders === 1 ? 'has' : 'have'} all of it`;
  return needed === undefined ? 'Ready' : 'Ready: give the link to others and keep this tab open';
}

/** How large a share is, and how much of that is wanted. */
export function describeSize(size: number, chosen: TransferView['chosen']): string {
  return chosen && chosen.files > 0
    ? `${formatBytes(chosen.bytes)} of ${formatBytes(size)}`
    : formatBytes(size);
}

/** How many of a share's files are wanted. */
export function describeChoice(count: number, chosen: TransferView['chosen']): string {
  if (!chosen) return 'All are downloaded. Skip what you do not need.';
  return chosen.files === 0
    ? `None of ${count} files is chosen.`
    : `${chosen.files} of ${count} files chosen.`;
}
