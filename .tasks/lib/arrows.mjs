import { join } from 'node:path';
import { ROOT } from './root.mjs';
import { runNode, TOOLS } from './run.mjs';

const FOLDERS = ['packages', 'apps', 'signaling', 'e2e'];
/** Fewer than the code base has had since its first week: below it, the parser has not seen the code. */
const MIN_MODULES = 50;

/**
 * Holds imports against the arrows in .dependency-cruiser.cjs. A run that saw hardly any module counts as failed: the
 * tool reports success when its parser can read nothing.
 */
export async function checkArrows({ cwd = ROOT, folders = FOLDERS, minModules = MIN_MODULES } = {}) {
  const { output } = await runNode(
    TOOLS.depcruise,
    ['--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json', ...folders],
    { cwd, capture: true },
  );
  const { violations, totalCruised } = parseSummary(output);
  const problems = violations.map(
    ({ rule, from, to, cycle }) =>
      `${rule.name}: ${from} -> ${cycle ? cycle.map(({ name }) => name).join(' -> ') : to}`,
  );
  if (totalCruised < minModules) {
    problems.push(
      `only ${totalCruised} modules were seen, of at least ${minModules}: is the parser still right?`,
    );
  }
  return { ok: problems.length === 0, problems, modules: totalCruised };
}

function parseSummary(output) {
  try {
    return JSON.parse(output).summary;
  } catch (cause) {
    throw new Error(`dependency-cruiser did not answer: ${output}`, { cause });
  }
}
