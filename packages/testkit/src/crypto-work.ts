/// <reference path="./async-hooks.d.ts" />
import { createHook } from 'node:async_hooks';

/*
 * WebCrypto works on threads and answers in their time, which a busy machine may stretch at will. A clock turned by hand
 * must stand still meanwhile, or time-outs run ahead of signatures. Node tells of each piece of such work as it begins
 * and as its answer comes.
 */

/** How Node names the work of its crypto threads: HASHREQUEST, SIGNREQUEST, KEYPAIRGENREQUEST and the like. */
const CRYPTO_WORK = /REQUEST$/;

let working: Set<number> | undefined;

/** Whether a hash, signature or key is being worked on; knows of what began after the first call. */
export function isCryptoWorking(): boolean {
  working ??= watch();
  return working.size > 0;
}

function watch(): Set<number> {
  const under = new Set<number>();
  createHook({
    init(id, type) {
      if (CRYPTO_WORK.test(type)) under.add(id);
    },
    before: (id) => void under.delete(id),
    destroy: (id) => void under.delete(id),
  }).enable();
  return under;
}
