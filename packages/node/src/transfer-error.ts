import type { Problem } from './snapshot.ts';

/** A transfer that needs the user: `problem` says for what. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.message} ${problem.advice}`);
    this.problem = problem;
  }
}
