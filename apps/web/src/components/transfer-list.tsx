import type { Node, TransferView } from '@tabswarm/node';
import { TransferRow } from './transfer-row.tsx';

export function TransferList({
  node,
  transfers,
}: {
  readonly node: Node;
  readonly transfers: readonly TransferView[];
}) {
  return (
    <section className="transfers" aria-labelledby="transfers-heading">
      <h2 id="transfers-heading">Your shares and downloads</h2>
      <ul>
        {transfers.map((transfer) => (
          <TransferRow key={transfer.id} node={node} transfer={transfer} />
        ))}
      </ul>
    </section>
  );
}
