import { createDeferred, silentLog, systemClock, systemRandom } from '@tabswarm/base';
import { describe, expect, it } from 'vitest';
import { createJobs, type Job } from '../src/jobs.ts';
import { unknownRoom } from '../src/room.ts';

/** A job that is under way in a vault which fails to hold it up. */
async function beginJob(failure: Error) {
  const fail = (): Promise<never> => Promise.reject(failure);
  const vault = { cancel: () => Promise.resolve(), holdUp: fail, goOn: fail };
  const jobs = createJobs({
    vault,
    room: unknownRoom,
    random: systemRandom,
    clock: systemClock,
    log: silentLog,
    onChange: () => undefined,
  });
  const [begun, over] = [createDeferred<Job>(), createDeferred<void>()];
  void jobs.run(
    (job) => {
      begun.resolve(job);
      return over.promise;
    },
    { bytesTotal: 1 },
  );
  return { jobs, id: (await begun.promise).id };
}

describe('a job that cannot be held up', () => {
  it('[ST22] has come to its end while it was asked, which is no failure', async () => {
    const { jobs, id } = await beginJob(Object.assign(new Error('no such job'), { name: 'NotFoundError' }));
    expect(await jobs.setPaused(id, true)).toBe(true);
    expect(await jobs.setPaused(id, false)).toBe(true);
  });

  it('[ST22] says so where anything else is the matter, and leaves ids of shares to others', async () => {
    const { jobs, id } = await beginJob(new Error('the vault is closed'));
    await expect(jobs.setPaused(id, true)).rejects.toThrow('the vault is closed');
    expect(await jobs.setPaused('ab'.repeat(32), true)).toBe(false);
  });
});
