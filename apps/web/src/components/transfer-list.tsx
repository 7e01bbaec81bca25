import type { TransferView } from '@tabswarm/node';
import type { Booted } from '../boot.ts';
import { TransferRow } from './transfer-row.tsx';

export function TransferList({
  page,
  transfers,
}: {
  readonly page: Booted;
  readonly transfers: readonly TransferView[];
}) {
  return (
    <section className="transfers" aria-labelledby="transfers-heading">
      <h2 id="transfers-heading">Your shares and downloads</h2>
      <ul>
        {transfers.map((transfer) => (
          <TransferRow key={transfer.id} page={page} transfer={transfer} />
        ))}
      </ul>
    </section>
  );
}
