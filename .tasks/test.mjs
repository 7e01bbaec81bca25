/*
 * `npm test`: installs what is missing, a Chromium included, and runs every stage, also after one has failed.
 * `npm test -- lint unit` runs these stages only, and what stands after a second `--` goes to the runner of the one stage:
 * `npm test -- stories -- --grep reload`. The last line is `N passed, N failed`.
 */
import { checkNodeVersion } from './lib/node-version.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { TaskError } from './lib/root.mjs';
import { STAGES } from './lib/stages.mjs';

async function test(argv) {
  checkNodeVersion();
  const { names, rest } = parse(argv);
  await ensureInstalled();
  const results = [];
  for (const name of names) results.push(await runStage(name, rest));

  const passed = sum(results, 'passed');
  const failed = sum(results, 'failed');
  console.log(`\n${table(results)}\n`);
  // What failed stands at the end as well, where one looks first, and where a log that was cut still has it.
  for (const { problems = [] } of results) for (const line of problems) console.log(`✗ ${line}\n`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function parse(argv) {
  const split = argv.indexOf('--');
  const asked = split === -1 ? argv : argv.slice(0, split);
  const rest = split === -1 ? [] : argv.slice(split + 1);
  const known = Object.keys(STAGES);
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new TaskError(`There is no stage "${unknown[0]}". The stages are: ${known.join(', ')}.`);
  }
  if (rest.length > 0 && asked.length !== 1) {
    throw new TaskError(
      'What stands after -- goes to one stage; name it: npm test -- stories -- --grep reload',
    );
  }
  return { names: asked.length > 0 ? known.filter((name) => asked.includes(name)) : known, rest };
}

async function runStage(name, rest) {
  console.log(`\n── ${name} ${'─'.repeat(60 - name.length)}`);
  const startedAt = performance.now();
  let result;
  try {
    result = await STAGES[name](rest);
  } catch (error) {
    // A stage that could not run has failed; the others still have something to say.
    console.error(error instanceof TaskError ? error.message : error);
    result = { passed: 0, failed: 1, note: 'could not run' };
  }
  return { name, ...result, seconds: (performance.now() - startedAt) / 1_000 };
}

function table(results) {
  return results
    .map(({ name, passed, failed, seconds, note = '' }) =>
      [
        failed === 0 ? 'ok    ' : 'FAILED',
        name.padEnd(8),
        `${passed} passed`.padStart(11),
        `${failed} failed`.padStart(10),
        `${seconds.toFixed(1)} s`.padStart(9),
        note && `  ${note}`,
      ].join(' '),
    )
    .join('\n');
}

function sum(results, field) {
  return results.reduce((total, result) => total + result[field], 0);
}

test(process.argv.slice(2)).catch((error) => {
  console.error(error instanceof TaskError ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});
